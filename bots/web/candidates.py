"""The page of public comments that may be synpunkter. Its acts are those of `bots.desk.candidates`."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.candidates import Candidate, Candidates, Showing
from bots.web import views
from bots.web.access import Access
from bots.web.show import Show
from store import inbox
from store.domain import Dismissal, Event, Handler, Hiding
from store.engine import Row

PATH = "/kandidater"
_DONE_ALREADY = "redan"
_SAID = {Showing.HIDDEN: "dold", Showing.REFUSED: "gick-inte"}

_Reason = TypeVar("_Reason", bound=StrEnum)


class CandidatesPage:
    """The page and its three acts; each works without a script."""

    def __init__(self, *, candidates: Candidates, show: Show, access: Access) -> None:
        self._candidates = candidates
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        one = f"{PATH}/{{message:int}}"
        return [
            Route(PATH, guard(self.list), methods=["GET"]),
            Route(f"{one}/arende", guard(self.take_up), methods=["POST"]),
            Route(f"{one}/ingen-synpunkt", guard(self.dismiss), methods=["POST"]),
            Route(f"{one}/dolj", guard(self.hide), methods=["POST"]),
        ]

    async def list(self, request: Request, me: Handler) -> Response:
        """Show them, newest first."""
        found = await asyncio.to_thread(self._candidates.listed, me.id)
        count = await asyncio.to_thread(self._candidates.count, me.id)
        return self._show.page(
            "candidates",
            me=me,
            token=self._access.token(request),
            candidates=[_shown(one) for one in found],
            count=count,
            notice=request.query_params.get("klart", ""),
            dismissals=[str(one) for one in Dismissal],
            hidings=[str(one) for one in Hiding],
        )

    async def take_up(self, request: Request, me: Handler) -> Response:
        """Make a case of one."""
        await self._access.sent(request)
        done = await self._candidates.take_up(_message(request), by=me.id)
        return _back("arende" if done else _DONE_ALREADY)

    async def dismiss(self, request: Request, me: Handler) -> Response:
        """Lay one aside."""

        async def act(message_id: int, because: Dismissal) -> str:
            done = await self._candidates.dismiss(message_id, because, by=me.id)
            return "ingen" if done else _DONE_ALREADY

        return await self._with_reason(request, Dismissal, act)

    async def hide(self, request: Request, me: Handler) -> Response:
        """Hide one on its service."""

        async def act(message_id: int, because: Hiding) -> str:
            showing = await self._candidates.hide(message_id, because, by=me.id)
            return _DONE_ALREADY if showing is None else _SAID[showing]

        return await self._with_reason(request, Hiding, act)

    async def _with_reason(
        self, request: Request, reasons: type[_Reason], act: Callable[[int, _Reason], Awaitable[str]]
    ) -> Response:
        sent = await self._access.sent(request)
        given = sent.get("orsak", "")
        if given not in set(reasons):
            return _back("orsak")  # the page asks for one, so this is an old browser or no browser
        return _back(await act(_message(request), reasons(given)))


def _shown(one: Candidate) -> dict[str, object]:
    row = one.row
    return {
        "id": row["id"],
        "text": row["text"],
        "name": row["from_name"],
        "road": inbox.road_of(row),
        "link": views.outward_link(row),
        "received_at": row["received_at"],
        "warnings": list(row["warnings"]),
        "files": [file["name"] for file in row["attachments"]],
        "later": [_change(later) for later in one.later],
        "showing": str(one.showing),
        "hidden_at": one.hidden_at,
        "because": one.because,
        "can_be_hidden": one.can_be_hidden,
        "url": f"{PATH}/{row['id']}",
    }


def _change(row: Row) -> dict[str, object]:
    text = row["text"] or row["given"]["text"]  # the latter, until it has been read
    return {"removed": row["event"] == Event.DELETED, "at": row["received_at"], "text": text}


def _message(request: Request) -> int:
    message_id: int = request.path_params["message"]
    return message_id


def _back(notice: str) -> Response:
    return RedirectResponse(f"{PATH}?{urlencode({'klart': notice})}", 303)
