"""What is posted to a page, in two pieces. The first line of the bytes is the content type."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A request as the server hands it to the pages."""

    scope: dict[str, Any]
    receive: Callable[[], Awaitable[dict[str, Any]]]


def posted(data: bytes) -> Posted:
    """Make a request of bytes."""
    media_type, _, body = data.partition(b"\n")
    half = len(body) // 2
    pieces = [body[:half], body[half:]]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", media_type)],
    }
    return Posted(scope=scope, receive=receive)
