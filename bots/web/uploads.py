"""Reads a form that brings files along, within limits. Forms without files are read in `fields`.

Files stay in memory until they are kept: nothing of a citizen's is written to a temporary folder.
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bots.web.downloads import file_name
from bots.web.fields import clean
from store.domain import Attachment

MOST_FILES = 10
MOST_BYTES = 15 * 2**20  # of all files together; kept as base64, it is a third more
_MOST_READ = 100 * 2**20  # files that are too large are read to their end, so that the words are not lost
_MOST_WORDS = 262_144
_MOST_FIELDS = 40
_PATIENCE = 120.0

# What a scanner or a phone makes; each by its first bytes, since a name or a browser's word proves nothing.
_KINDS: Sequence[tuple[str, tuple[str, ...], int, tuple[bytes, ...]]] = (
    ("application/pdf", (".pdf",), 0, (b"%PDF-",)),
    ("image/jpeg", (".jpg", ".jpeg"), 0, (b"\xff\xd8\xff",)),
    ("image/png", (".png",), 0, (b"\x89PNG\r\n\x1a\n",)),
    ("image/gif", (".gif",), 0, (b"GIF87a", b"GIF89a")),
    ("image/tiff", (".tif", ".tiff"), 0, (b"II*\0", b"MM\0*")),
    ("image/webp", (".webp",), 8, (b"WEBP",)),
    ("image/heic", (".heic", ".heif"), 4, (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")),
)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One file that was sent along. `media_type` is empty for what is no image and no PDF."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a form brought: its fields, and its files in order, cut off if they were `too_much`."""

    fields: Mapping[str, str]
    files: Sequence[Upload] = ()
    too_much: bool = False


class _InMemory(MultiPartParser):
    """Drops what is more than `MOST_BYTES`, and says so in `too_much`."""

    spool_max_size = MOST_BYTES + 1
    too_much = False
    _kept = 0

    def close(self) -> None:
        """Let go of every file that was begun, also of those that came to no end."""
        for file in self._files_to_close_on_error:
            file.close()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a field or a file."""
        if self._current_part.file is not None:
            self._kept += end - start
            if self._kept > MOST_BYTES:
                self.too_much = True
                return
        super().on_part_data(data, start, end)


async def read(request: Request) -> Sent:
    """Return what a form with files brought; the last field wins if a name comes twice.

    Raises `HTTPException` (408, 413, 415, 400) for what no form of ours would send. Files that are too many,
    too large or of another kind are for the page to tell: see `fault`.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    _, said = parse_options_header(request.headers.get("content-type", ""))
    # Browsers send UTF-8 and say nothing; among the other codecs some can not fail in an orderly way.
    if media_type != "multipart/form-data" or said.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise HTTPException(415)
    parser = _InMemory(
        request.headers,
        _limited(request),
        max_files=MOST_FILES * 3,
        max_fields=_MOST_FIELDS,
        max_part_size=_MOST_WORDS,
    )
    fields: dict[str, str] = {}
    files: list[Upload] = []
    try:
        async with asyncio.timeout(_PATIENCE):
            form = await parser.parse()
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields[name] = clean(value)
            elif data := await value.read():
                files.append(_upload(value.filename or "", data))
            # A file field that was left empty comes as a file without name and bytes.
    except TimeoutError as error:
        raise HTTPException(408) from error
    except MultiPartException as error:
        raise HTTPException(400) from error
    finally:
        parser.close()
    return Sent(fields=fields, files=files, too_much=parser.too_much)


def fault(sent: Sent) -> str:
    """Name what is wrong with the files, or return an empty text."""
    if len(sent.files) > MOST_FILES:
        return "many"
    if sent.too_much:
        return "large"
    return "kind" if any(not one.media_type for one in sent.files) else ""


def kept(files: Sequence[Upload]) -> list[dict[str, str]]:
    """Write files as they are kept within a message; `file_of` reads them again."""
    return [
        {"name": one.name, "media_type": one.media_type, "data": base64.b64encode(one.data).decode("ascii")}
        for one in files
    ]


def file_of(raw: bytes, index: int) -> bytes:
    """Return a file out of a message, numbered as it came."""
    return base64.b64decode(json.loads(raw)["files"][index]["data"])


def listed(files: Sequence[Upload]) -> tuple[Attachment, ...]:
    """List files without their bytes."""
    return tuple(Attachment(name=one.name, media_type=one.media_type, size=len(one.data)) for one in files)


def media_type_of(data: bytes) -> str:
    """Tell what a file is by its first bytes; an empty text for what is no image and no PDF."""
    return next(
        (
            media_type
            for media_type, _, at, beginnings in _KINDS
            if data[at:].startswith(beginnings) and (media_type != "image/webp" or data.startswith(b"RIFF"))
        ),
        "",
    )


def _upload(name: str, data: bytes) -> Upload:
    media_type, safe = media_type_of(data), file_name(name)
    endings = next((one[1] for one in _KINDS if one[0] == media_type), ())
    if endings and not safe.casefold().endswith(endings):
        # What a disk does with a file follows its name: a picture called .exe is called .exe.jpg.
        safe += endings[0]
    return Upload(name=safe, media_type=media_type, data=data)


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MOST_READ:
            raise HTTPException(413)
        yield part
