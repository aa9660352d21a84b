"""The keys that bytes at rest are encrypted with: read, sealed with and opened. `blobs` keeps the bytes."""

import hashlib
import os
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12  # random: safe for 2^32 blobs under one key (NIST SP 800-38D, 8.3)


class KeyFileError(ValueError):
    """The file of keys holds a line that is no key; the message tells which, and never what it says."""


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """The keys of one house by their ids. New bytes go under `current`; empty: they stay plain."""

    keys: tuple[tuple[str, AESGCM], ...] = ()

    @property
    def current(self) -> str:
        """Return the id of the key that seals what is new; empty if there is none."""
        return self.keys[0][0] if self.keys else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all keys, the current one first. An id tells nothing of its key."""
        return tuple(key_id for key_id, _ in self.keys)

    def seal(self, name: str, data: bytes) -> bytes:
        """Encrypt bytes under the current key, bound to their name; there must be a current key."""
        key_id, key = self.keys[0]
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + key.encrypt(nonce, data, _bound(key_id, name))

    def open(self, key_id: str, name: str, sealed: bytes) -> bytes | None:
        """Decrypt bytes; None if the key is not here. Raises `ValueError` if they were tampered with."""
        key = dict(self.keys).get(key_id)
        if key is None:
            return None
        try:
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(key_id, name))
        except InvalidTag as error:
            raise ValueError("the bytes are not those that were sealed") from error


NO_KEYS = Keyring()


def keyring(text: str) -> Keyring:
    """Read the text of a file of keys: one a line, 32 bytes each in base64 or hex, the current one first.

    Empty lines and lines that begin with # are passed over. Raises `KeyFileError`.
    """
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return of(_key(number, line) for number, line in lines if line and not line.startswith("#"))


def of(keys: Iterable[bytes]) -> Keyring:
    """Make a keyring of raw keys, 32 bytes each, the current one first."""
    return Keyring(keys=tuple((_id(key), AESGCM(key)) for key in keys))


def _key(number: int, line: str) -> bytes:
    try:
        key = bytes.fromhex(line) if len(line) == 2 * _KEY_BYTES else b64decode(line, validate=True)
    except (ValueError, Error):
        key = b""
    if len(key) != _KEY_BYTES:
        raise KeyFileError(f"rad {number} är ingen nyckel: skriv 32 slumpade byte som hex eller base64")
    return key


def _id(key: bytes) -> str:
    # One way, and of a random key: the id can stand beside what it seals, and in a backup.
    return hashlib.sha256(b"synpunkt blobs\0" + key).hexdigest()[:16]


def _bound(key_id: str, name: str) -> bytes:
    return f"{key_id}\0{name}".encode()
