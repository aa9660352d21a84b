"""Tells a watchdog whether we are well, and whether we are ready. Counts only: nothing about a person."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bots.web.running import Running
from store import health, inbox, outbox
from store.engine import Store, StoreError

_PATIENCE = 5.0
# The doors that we hold open ourselves. A mailbox that is out of reach makes nobody else's door a better one.
_OWN_DOORS = frozenset({"smtp"})


class Health:
    """The page that tells what waits, and the one that tells whether to send anything here."""

    def __init__(
        self,
        store: Store,
        watched_at: Callable[[], datetime | None],
        running: Callable[[], Running] = Running,
    ) -> None:
        self._store = store
        self._watched_at = watched_at
        self._running = running

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/ready", self.ready, methods=["GET"]),
        ]

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

    async def ready(self, _request: Request) -> Response:
        """Answer 200 when the tables are of this release, our doors are open and a model answers; else 503.

        The answer names each. Without the model that was chosen the small one will do; a house that is to
        have none is ready without.
        """
        found = {"database": await self._tables(), "doors": self._doors(), "model": self._model()}
        is_ready = not {"away", "old", "closed", "none"} & set(found.values())
        return JSONResponse(
            {"status": "ready" if is_ready else "not_ready"} | found, 200 if is_ready else 503
        )

    async def _tables(self) -> str:
        try:
            async with asyncio.timeout(_PATIENCE):
                here, newest = await asyncio.to_thread(self._steps)
        except (StoreError, TimeoutError):
            return "away"
        # Tables of a later release are no hindrance while it is being rolled out: they only have more.
        return "old" if here < newest else "ok"

    def _doors(self) -> str:
        own = [way for way in self._running().ways if way.is_in and way.channel in _OWN_DOORS]
        return "closed" if any(way.outage and way.outage.ended is None for way in own) else "open"

    def _model(self) -> str:
        model = self._running().model
        if not model.is_wanted:
            return "off"
        if not model.name:
            return "none"
        return "second" if model.is_second_choice else "chosen"

    def _steps(self) -> tuple[str, str]:
        with self._store.read() as transaction:
            return health.steps(transaction)

    def _count(self) -> tuple[int, dict[str, int]]:
        with self._store.read() as transaction:
            return inbox.waiting(transaction), outbox.counts(transaction)
