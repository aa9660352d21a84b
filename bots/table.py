"""What one table of config.toml is made of; every room of `bots` may use it."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_mail_address(value: str) -> str:
    """Return a mail address as it is; raise `ValueError` for what is none."""
    local, _, domain = value.rpartition("@")
    if not local or "." not in domain or any(sign in value for sign in " <>,;\r\n"):
        raise ValueError("ska vara en e-postadress, till exempel synpunkt@kommun.example")
    return value


def is_secret(value: str) -> str:
    """Return the name of a secret; raise `ValueError` for what may be the secret itself."""
    if not value.startswith(("env:", "file:")):
        raise ValueError('ska vara "env:NAMN" eller "file:/sökväg", aldrig hemligheten själv')
    return value


def is_recipient(value: str) -> str:
    """Return whom a backup is encrypted to; raise `ValueError` for what is no public key of age or SSH."""
    if not value.startswith(("age1", "ssh-ed25519 ", "ssh-rsa ")):
        raise ValueError(
            'ska vara en mottagare i formatet age, "age1...", eller en öppen nyckel av SSH, '
            "aldrig den hemliga nyckeln"
        )
    return value


def is_web_address(value: str) -> str:
    """Return an address without the slash at its end; raise `ValueError` for what is none."""
    if not value.startswith(("https://", "http://")):
        raise ValueError("ska börja med https:// (eller http:// på den egna maskinen)")
    return value.rstrip("/")


def is_web_address_or_empty(value: str) -> str:
    """Return an address likewise, or an empty text."""
    return is_web_address(value) if value else ""


def is_issuer(value: str) -> str:
    """Return an address sign by sign; raise `ValueError` for what is none."""
    is_web_address(value)
    return value  # compared sign by sign, so a slash at its end stays


def is_guarded(address: str) -> bool:
    """Tell whether nobody on the way can read along: an address of https, or of this very machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


MailAddress = Annotated[str, AfterValidator(is_mail_address)]
Secret = Annotated[str, AfterValidator(is_secret)]
WebAddress = Annotated[str, AfterValidator(is_web_address)]
WebAddressAsTold = Annotated[str, AfterValidator(is_issuer)]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]  # as wide as the column
Security = Literal["none", "starttls", "tls"]


class Table(BaseModel):
    """One table of config.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
