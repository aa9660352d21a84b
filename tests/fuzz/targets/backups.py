"""A backup that is not what it says, and the files of keys that open one."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator

import pyrage

from bots.backup import Told, identities, read, recipient
from store.backup import BackupError, Piece
from store.keys import KeyFileError, keyring
from tests.fuzz.sound import NOW

_SECRET = pyrage.x25519.Identity.generate()
_FACTS = {"kind": "sqlite", "revision": "0001", "tables": {"cases": ["id"]}, "counters": {}, "key_ids": {}}
_ABOUT = {"format": 1, "made_at": NOW.isoformat(), "version": "0", "facts": _FACTS, "keys": []}


def _tar(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            told = tarfile.TarInfo(name.replace("__", "/").replace("_json", ".json"))
            told.size = len(data)
            tar.addfile(told, io.BytesIO(data))
    return out.getvalue()[:3072]


SEEDS = (
    _tar(backup_json=json.dumps(_ABOUT).encode(), tables__cases__1=b"[1]\n"),
    _tar(backup_json=b"[" * 900),
    _tar(backup_json=b'{"format":1,"facts":[]}'),
    b"age-encryption.org/v1\n-> X25519 AA\nAA\n--- AA\n",
    str(_SECRET).encode(),
    b"AGE-SECRET-KEY-1Q\n-----BEGIN %s KEY-----\n" % b"OPENSSH PRIVATE",
    b"# nycklar\n" + b"ab" * 32 + b"\nAAAA\n",
)


def fuzz(data: bytes) -> None:
    """Unpack it as it is and rightly encrypted, and read it as keys; what is wrong is said in words."""
    for sealed in (data, pyrage.encrypt(gzip.compress(data, 1), [_SECRET.to_public()])):
        try:
            read(io.BytesIO(sealed), [_SECRET], _swallowed)
        except BackupError as error:
            assert str(error)
    text = data.decode("utf-8", "replace")
    try:
        identities(data, lambda: "fel")
    except BackupError as error:
        assert str(error)
    try:
        keyring(text)
    except KeyFileError as error:
        assert str(error)
    try:
        recipient(text)
    except ValueError as error:
        assert str(error)


def _swallowed(_told: Told, pieces: Iterator[Piece], prove: Callable[[], None]) -> int:
    count = len(list(pieces))
    prove()
    return count
