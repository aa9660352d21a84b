"""The files of a message: what may be done with each, and the pages that hand them out.

A file is fetched to be saved, never shown; a picture that we have drawn anew is shown. What a scanner has
found something in is for the registrator alone, after a warning.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bots.mail.reading import attachment
from bots.web.downloads import download
from bots.web.pictures import drawn, may_be_shown
from bots.web.show import Show
from bots.web.uploads import file_of
from store.domain import Handler, ScanState
from store.engine import Row
from store.inbox import MAIL
from store.scans import names

_DRAWING = asyncio.Semaphore(1)  # a hostile picture may want much memory: one at a time


def file_in(media_type: str, raw: bytes, index: int) -> bytes:
    """Return a file out of a message of this media type; empty, or an error of its kind, if it has none."""
    return attachment(raw, index) if media_type == MAIL else file_of(raw, index)


def shown_files(row: Row, path: str, scan: Row | None) -> list[dict[str, object]]:
    """List the files of a message for its page, with what is known of each. `path` is the message's own."""
    found = []
    for index, one in enumerate(row["attachments"]):
        malware = names(scan, index)
        url = f"{path}/bilaga/{index}"
        picture = not malware and may_be_shown(one.get("media_type", ""), one["name"], one["size"])
        found.append(
            {
                "name": one["name"],
                "kilobytes": -(-one["size"] // 1024),
                "url": url,
                "malware": ", ".join(malware),
                "scanned": _scanned(scan),
                "picture": f"{url}/bild" if picture else "",
            }
        )
    return found


def _scanned(scan: Row | None) -> str:
    if scan is None or scan["state"] == ScanState.WAITING:
        return "ännu inte granskad"
    return "för stor för att granskas" if scan["state"] == ScanState.IMPOSSIBLE else ""


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Stands before what a scanner has found something in."""

    show: Show
    is_registrator: Callable[[Handler], bool]
    token: Callable[[Request], str]

    def stops(self, request: Request, me: Handler, *, number: str, found: Sequence[str]) -> Response | None:
        """Return the page that warns, or None where the file may be handed out."""
        if not found or (self.is_registrator(me) and request.query_params.get("trots") == "ja"):
            return None
        return self.show.page(
            "malware",
            me=me,
            token=self.token(request),
            status=403,
            number=number,
            found=", ".join(found),
            anyway=f"{request.url.path}?trots=ja" if self.is_registrator(me) else "",
        )


async def picture(row: Row, index: int, data: bytes, scan: Row | None) -> Response:
    """Answer with a picture of a message, drawn anew; 404 for what is no picture, or must not be opened."""
    if index >= len(row["attachments"]) or names(scan, index):
        raise HTTPException(404)
    content = await asyncio.to_thread(file_in, row["media_type"], data, index)
    async with _DRAWING:
        found = await asyncio.to_thread(drawn, content)
    if found is None:
        raise HTTPException(404)
    return Response(
        found.data,
        media_type=found.media_type,
        headers={"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Disposition": "inline"},
    )


async def fetched(row: Row, index: int, data: bytes) -> Response:
    """Answer with a file of a message, to be saved; 404 if there is none of this number."""
    if index >= len(row["attachments"]):
        raise HTTPException(404)
    content = await asyncio.to_thread(file_in, row["media_type"], data, index)
    return download(content, row["attachments"][index]["name"])
