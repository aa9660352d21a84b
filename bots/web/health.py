"""Tells a watchdog whether we are well. Counts only: nothing here is about a person."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from store import inbox, outbox
from store.engine import Store, StoreError

_PATIENCE = 5.0


class Health:
    """The health page."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """List the page."""
        return [Route("/health", self.health, methods=["GET"])]

    async def health(self, _request: Request) -> Response:
        """Answer 200 with what waits, or 503 when the store does not answer."""
        try:
            async with asyncio.timeout(_PATIENCE):
                waiting, letters = await asyncio.to_thread(self._count)
        except (StoreError, TimeoutError):
            return JSONResponse({"status": "store_unavailable"}, 503)
        return JSONResponse({"status": "ok", "waiting": waiting, "outbox": letters})

    def _count(self) -> tuple[int, dict[str, int]]:
        with self._store.read() as transaction:
            return inbox.waiting(transaction), outbox.counts(transaction)
