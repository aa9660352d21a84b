"""Tells a watchdog whether we are well. Counts only: nothing here is about a person."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from store import inbox, outbox
from store.engine import Store, StoreError

_PATIENCE = 5.0


class Health:
    """The health page."""

    def __init__(self, store: Store, watched_at: Callable[[], datetime | None]) -> None:
        self._store = store
        self._watched_at = watched_at

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
        watched = self._watched_at()
        return JSONResponse(
            {
                "status": "ok",
                "waiting": waiting,
                "outbox": letters,
                "watched_at": watched.isoformat() if watched else None,
            }
        )

    def _count(self) -> tuple[int, dict[str, int]]:
        with self._store.read() as transaction:
            return inbox.waiting(transaction), outbox.counts(transaction)
