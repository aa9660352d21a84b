"""The pages for machines that watch us, on a port of their own: the proxy must not show them."""

import asyncio
from collections.abc import Callable
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.health import Health


class Numbers:
    """The page `/metrics`. With a token only who knows it may read it."""

    def __init__(self, *, text: Callable[[], bytes], media_type: str, token: str = "") -> None:
        self._text = text
        self._media_type = media_type
        self._token = token

    def routes(self) -> list[Route]:
        """List the page."""
        return [Route("/metrics", self.numbers, methods=["GET"])]

    async def numbers(self, request: Request) -> Response:
        """Answer with every number, or 401 without `Authorization: Bearer <token>`."""
        shown = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._token}"
        if self._token and not compare_digest(shown.encode("latin-1", "replace"), wanted.encode()):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        text = await asyncio.to_thread(self._text)
        return Response(text, headers={"Content-Type": self._media_type, "Cache-Control": "no-store"})


def build(*, numbers: Numbers, health: Health) -> Starlette:
    """Build the pages `/metrics`, `/health` and `/ready`."""
    return Starlette(routes=[*numbers.routes(), *health.routes()])
