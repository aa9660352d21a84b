"""Who we are in the world of mail: signed Message-IDs, reply addresses and bounce addresses.

Only a signature lets a reply into a case, never a number that anybody can read or guess.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_MESSAGE_ID = re.compile(r"<?s(\d{1,12})\.([0-9a-z]{1,24})\.([0-9a-z]{26})@([^>\s]{1,255})>?")
_TAGGED = re.compile(r"([^+@]{1,64})\+([cbh])(\d{1,12})\.([0-9a-z]{26})@(.{1,255})")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Our address, and the secret that signs what we send.

    `secret` must stay the same for as long as replies are to find their cases. Set `plus_addressing` to
    False where the mail system refuses `synpunkt+...@`; then replies are found by Message-ID alone.
    """

    address: str
    name: str
    secret: bytes
    plus_addressing: bool = True

    @property
    def domain(self) -> str:
        """Return the domain of our address, in lower case."""
        return self.address.rpartition("@")[2].lower()

    def message_id(self, case_id: int | None) -> str:
        """Make a new Message-ID, with angle brackets, that leads back to the case."""
        number, nonce = case_id or 0, secrets.token_hex(8)
        return f"<s{number}.{nonce}.{self._sign(f'm{number}.{nonce}')}@{self.domain}>"

    def case_of_message_id(self, message_id: str) -> int | None:
        """Return the case that a Message-ID of ours names, or None if we did not sign it."""
        match = _MESSAGE_ID.fullmatch(message_id.strip())
        if match is None or match[4].lower() != self.domain:
            return None
        if not self._is_signed(f"m{match[1]}.{match[2]}", match[3]):
            return None
        return int(match[1]) or None

    def reply_address(self, case_id: int) -> str:
        """Return the secret address that leads to the case, or our plain address without plus addressing."""
        return self._tagged("c", case_id)

    def bounce_address(self, letter_id: int) -> str:
        """Return the envelope sender that leads a bounce back to the letter."""
        return self._tagged("b", letter_id)

    def case_of_address(self, address: str) -> int | None:
        """Return the case that a reply address of ours names, or None if we did not sign it."""
        return self._untagged("c", address)

    def letter_of_address(self, address: str) -> int | None:
        """Return the letter that a bounce address of ours names, or None if we did not sign it."""
        return self._untagged("b", address)

    def handler_address(self, case_id: int, reader: str) -> str:
        """Return the secret address by which `reader`, a handler's mail address, writes in the case.

        It names the person as well: whoever knows it is taken for them. Never show it to anybody else.
        """
        return self._tagged("h", case_id, of=reader.strip().casefold())

    def case_of_handler_address(self, address: str, reader: str) -> int | None:
        """Return the case of a secret address that was made for `reader`, or None for any other."""
        return self._untagged("h", address, of=reader.strip().casefold())

    def is_handler_address(self, address: str) -> bool:
        """Tell whether an address is written as those that handlers are given, whoever has signed it."""
        return self._tag_of("h", address) is not None

    def is_ours(self, address: str) -> bool:
        """Tell whether an address is our intake address, with or without a tag."""
        local, _, domain = address.strip().lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" == self.address.lower()

    def _tagged(self, mark: str, number: int, *, of: str = "") -> str:
        if not self.plus_addressing:
            return self.address
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{mark}{number}.{self._sign(_text(mark, number, of))}@{domain}"

    def _untagged(self, mark: str, address: str, *, of: str = "") -> int | None:
        match = self._tag_of(mark, address)
        if match is None or not self._is_signed(_text(mark, match[3], of), match[4]):
            return None
        return int(match[3])

    def _tag_of(self, mark: str, address: str) -> re.Match[str] | None:
        match = _TAGGED.fullmatch(address.strip().lower())
        if match is None or match[2] != mark or f"{match[1]}@{match[5]}" != self.address.lower():
            return None
        return match

    def _sign(self, text: str) -> str:
        # Base32 in lower case, since mail servers on the way may fold the case of an address.
        digest = hmac.new(self.secret, text.encode(), hashlib.sha256).digest()[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def _is_signed(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(text), signature)


def _text(mark: str, number: int | str, of: str) -> str:
    return f"{mark}{number}.{of}" if of else f"{mark}{number}"
