"""Writes a ZIP whose bytes depend on nothing but what is put in: no clock, no machine, no compressor.

Nothing is compressed: another release of a compressor would give other bytes, and mails hold their files as
text that an archive packs better as a whole.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 2**20
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can tell


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file as it lies in the package. `path` is from the root folder, `name` what it was called before."""

    path: str
    media_type: str
    size: int
    sha256: str
    name: str = ""


class Zip:
    """A ZIP that is being written, with one folder at its root. Use it in a `with`."""

    def __init__(self, file: BinaryIO, root: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", compression=zipfile.ZIP_STORED, allowZip64=True)
        self._root = root
        self.files: list[Kept] = []

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, path: str, data: bytes, media_type: str, *, name: str = "") -> Kept:
        """Put a file in, and tell its size and sum. Each path once; the caller sees to it that it is safe."""
        info = zipfile.ZipInfo(f"{self._root}/{path}", _NO_TIME)
        info.external_attr = 0o644 << 16
        info.create_system = 3  # the same on every machine
        with self._zip.open(info, "w", force_zip64=len(data) > 2**31) as out:
            for start in range(0, len(data), _CHUNK):
                out.write(memoryview(data)[start : start + _CHUNK])
        sha256 = hashlib.sha256(data).hexdigest()
        kept = Kept(path=path, media_type=media_type, size=len(data), sha256=sha256, name=name)
        self.files.append(kept)
        return kept


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Read a file from its beginning in pieces."""
    file.seek(0)
    while piece := file.read(_CHUNK):
        yield piece


def sum_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a whole file."""
    found = hashlib.sha256()
    for piece in chunks(file):
        found.update(piece)
    return found.hexdigest()
