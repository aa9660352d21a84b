"""The key that rows are sealed with, and links signed. What is sealed is said in `store.sealing`.

One secret gives three: the key of the rows' digests (HMAC-SHA-256, RFC 2104), the key that signs the links
(Ed25519, RFC 8032), and a mark by which a wrong secret is told.
"""

import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_BLOCK = 64  # bytes; of SHA-256, RFC 2104
_DIGEST = 16  # bytes
_SHORTEST = 16


class SealKeyError(Exception):
    """The key that seals the record can not be used. The message says where it was looked for, in Swedish."""


@dataclass(frozen=True)
class SealKey:
    """What is made of one secret. Never logged, never shown."""

    secret: bytes = field(repr=False)

    @cached_property
    def mark(self) -> str:
        """Return what tells this key from others, and tells nothing of it."""
        return self._derived(b"mark").hex()[:16]

    @cached_property
    def _rows(self) -> bytes:
        return self._derived(b"rows")

    def digest(self, *values: object) -> bytes:
        """Return the digest of a row, as SQLite calls it: its table, its key, and its values."""
        # Pure ASCII, and the same in every release of Python; `repr` follows the tables of Unicode.
        return hmac.digest(self._rows, ascii(values).encode(), "sha256")[:_DIGEST]

    @property
    def options(self) -> str:
        """Return the options that a session on PostgreSQL starts with: the two pads of RFC 2104, in hex."""
        key = self._rows.ljust(_BLOCK, b"\0")
        inner, outer = (bytes(one ^ pad for one in key).hex() for pad in (0x36, 0x5C))
        return f"-c synpunkt.inner={inner} -c synpunkt.outer={outer}"

    @cached_property
    def public(self) -> str:
        """Return the public half of the key that signs, in hex."""
        return self._signing.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """Return the signature of `data`, in hex."""
        return self._signing.sign(data).hex()

    @cached_property
    def _signing(self) -> "Ed25519PrivateKey":
        # Imported here: only those who close and prove links need it.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._derived(b"links"))

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret, b"synpunkt\0" + purpose, "sha256")


def is_signed(data: bytes, signature: str, public: str) -> bool:
    """Tell whether a signature is that of `data` by the owner of a public key; False for what is no hex."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(kw_only=True)
class KeyPlace:
    """Where the key of a store is: given as a text, or in a file that is made when the first row is sealed.

    Without either there is none, and on PostgreSQL each row is noted as written by hand.
    """

    text: Callable[[], str] | None = None
    file: Path | None = None
    log: Path | None = None  # where each link is written as well (store.seals)
    _key: SealKey | None = None

    @property
    def key(self) -> SealKey | None:
        """Return the key, or None where there is none yet; raise `SealKeyError` for one too short."""
        if self._key is None:
            self._key = self._found()
        return self._key

    def make(self) -> None:
        """Make the file with a new key, if there is none. Several processes may do so at once."""
        if self.key is not None or self.file is None:
            return
        # Whole or not at all, and never over another's: a link fails where something is.
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as written:
                written.write(f"{secrets.token_hex(32)}\n")
                written.flush()
                os.fsync(written.fileno())
            with suppress(FileExistsError):
                os.link(draft, self.file)
        except OSError as error:
            raise SealKeyError(
                f"nyckeln till journalens försegling kan inte skrivas i {self.file}: "
                "låt tjänsten skriva i mappen, eller ange en annan under [journal], nyckel folder"
            ) from error
        finally:
            draft.unlink(missing_ok=True)

    def digest(self, *values: object) -> bytes:
        """Return the digest of a row, for SQLite; raise `SealKeyError` where there is no key."""
        key = self.key
        if key is None:
            raise SealKeyError(f"nyckeln till journalens försegling saknas ({self.name})")
        return key.digest(*values)

    @property
    def name(self) -> str:
        """Return what to call the place in a message."""
        return str(self.file) if self.file is not None else "under [journal], nyckel secret"

    def _found(self) -> SealKey | None:
        told = self.text() if self.text is not None else self._read()
        if told is None:
            return None
        if len(told) < _SHORTEST:
            raise SealKeyError(
                f"nyckeln till journalens försegling ({self.name}) är för kort: "
                f"minst {_SHORTEST} tecken, helst 64 som är slumpade"
            )
        return SealKey(told.encode())

    def _read(self) -> str | None:
        if self.file is None:
            return None
        try:
            return self.file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise SealKeyError(
                f"nyckeln till journalens försegling kan inte läsas i {self.file}: "
                "låt tjänsten, och bara den, läsa filen"
            ) from error


def in_memory() -> KeyPlace:
    """Return the place of a key that nobody keeps, for a database that nobody keeps."""
    made = secrets.token_hex(32)
    return KeyPlace(text=lambda: made)
