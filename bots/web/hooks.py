"""The one entrance for services that post to us: `/hooks/<channel>/...`. Each channel proves what comes."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.channel import Hooked, HookRequest, NotKeptError, Receive

log = logging.getLogger(__name__)

PREFIX = "/hooks"
MOST_BYTES = 2**20
_PATIENCE = 15.0  # seconds; less than any service waits


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Hands what is posted to its channel, untouched. What we answer never holds what was posted."""

    channels: Mapping[str, Hooked]
    receive: Receive
    most_bytes: int = MOST_BYTES

    def routes(self) -> list[Route]:
        """Return the routes; there are none without channels."""
        if not self.channels:
            return []
        address = f"{PREFIX}/{{channel}}"
        ways = ["GET", "POST", "PUT", "OPTIONS"]
        return [
            Route(address, self.take, methods=ways),
            Route(f"{address}/{{rest:path}}", self.take, methods=ways),
        ]

    async def take(self, request: Request) -> Response:
        """Answer a service: 404 without such a channel, 413 for too much, 503 when it must try again."""
        channel = self.channels.get(request.path_params["channel"])
        if channel is None:
            return Response(status_code=404)
        body = await _body(request, self.most_bytes)
        if body is None:
            return Response(status_code=413)
        posted = HookRequest(
            method=request.method,
            path=request.path_params.get("rest", ""),
            query=tuple(request.query_params.multi_items()),
            headers=tuple((name.lower(), value) for name, value in request.headers.items()),
            body=body,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await channel.hook(posted, self.receive)
        except (NotKeptError, TimeoutError):
            return Response(status_code=503, headers={"Retry-After": "30"})
        return Response(
            answer.body,
            status_code=answer.status,
            media_type=answer.media_type,
            headers=dict(answer.headers),
        )


async def _body(request: Request, most: int) -> bytes | None:
    size, pieces = 0, []
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)
