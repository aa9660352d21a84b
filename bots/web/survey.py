"""One question to a sender whose case is closed: how it went. Answered once, by a link in a letter (T17)."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.links import Links
from bots.web import fields
from bots.web.show import Show
from store import cases, surveys
from store.engine import Store

_LONGEST = 2000
_LANGUAGES = ("sv", "en", "fi")


class Survey:
    """The page. Looking at it changes nothing; the token in its address is the whole right to it."""

    def __init__(self, *, store: Store, links: Links, show: Show, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._links = links
        self._show = show
        self._clock = clock

    def routes(self) -> list[Route]:
        """List the page."""
        return [
            Route("/enkat/{token}", self.look, methods=["GET"]),
            Route("/enkat/{token}", self.answer, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """Show the question, or that it has been answered."""
        return await asyncio.to_thread(self._look, request.path_params["token"])

    async def answer(self, request: Request) -> Response:
        """Keep the answer and say thank you."""
        sent = await fields.read(request)
        return await asyncio.to_thread(
            self._keep, request.path_params["token"], sent.get("score", ""), sent.get("words", "")
        )

    def _look(self, token: str) -> Response:
        case_id = self._links.surveyed(token, now=self._clock())
        if case_id is None:
            return self._page("gone", status=410)
        with self._store.read() as transaction:
            case = cases.find(transaction, case_id)
            done = surveys.is_answered(transaction, case_id)
        if case is None:
            return self._page("gone", status=410)
        return self._page("done" if done else "ask", language=case["language"])

    def _keep(self, token: str, score: str, words: str) -> Response:
        case_id = self._links.surveyed(token, now=self._clock())
        if case_id is None:
            return self._page("gone", status=410)
        with self._store.write() as transaction:
            case = cases.find(transaction, case_id)
            if case is None:
                return self._page("gone", status=410)
            if score not in {str(one) for one in surveys.SCORES}:
                return self._page("ask", language=case["language"], error=True, words=words, status=422)
            surveys.answer(
                transaction, case_id, score=int(score), words=words.strip()[:_LONGEST], now=self._clock()
            )
        return self._page("done", language=case["language"])

    def _page(
        self, state: str, *, language: str = "sv", error: bool = False, words: str = "", status: int = 200
    ) -> Response:
        page = self._show.page(
            "survey",
            language=language if language in _LANGUAGES else "sv",
            state=state,
            error=error,
            typed=words[:_LONGEST],
            scores=[str(one) for one in reversed(surveys.SCORES)],
            status=status,
        )
        page.headers["Referrer-Policy"] = "no-referrer"
        page.headers["X-Robots-Tag"] = "noindex, nofollow"
        return page
