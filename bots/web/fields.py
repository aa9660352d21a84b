"""Reads what a form sends, within limits. Files are not taken here."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MOST_BYTES = 262_144
_MOST_FIELDS = 200  # the page of a unit has a box for each person and office
_PATIENCE = 30.0
# PostgreSQL refuses NUL, and the rest of C0 and the line turners only serve to deceive the reader.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


async def read(request: Request) -> Mapping[str, str]:
    """Return the fields of a form post; the last wins if a name comes twice.

    Raises `HTTPException` (408, 413, 415, 400) for what no form of ours would send.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request)
    except TimeoutError as error:
        raise HTTPException(408) from error
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise HTTPException(400) from error
    return {name: clean(value) for name, value in pairs}


def clean(text: str) -> str:
    """Make line ends one kind and take away what can not be seen."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, *, most: int) -> str:
    """Fold a text into one line of at most `most` signs."""
    return " ".join(text.split())[:most].rstrip()


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MOST_BYTES:
            raise HTTPException(413)
        parts.append(part)
    return b"".join(parts)
