"""The page of weak signals: more complaints than usual, with their cases, for who answers or oversees."""

import asyncio
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.directory import NotAllowedError
from bots.desk.reports.signals import PATH, Shown, Signals, month_name, usual
from bots.web import views
from bots.web.access import Access
from bots.web.improvements import improves
from bots.web.parts import Acts, Parts
from bots.web.show import Show
from store import journal
from store.domain import Entry, Handler, Role

_ALL = frozenset({Role.QUALITY, Role.REGISTRATOR})
_LISTED = 30  # cases of one signal


def hears(me: Handler, acts: Acts) -> bool:
    """Tell whether somebody may look: managers at their own, quality staff and the registrator at all."""
    return bool({*acts.roles(me.id)} & {*_ALL, Role.MANAGER})


class SignalsPage:
    """The page; that somebody looked is journaled."""

    def __init__(self, *, signals: Signals, parts: Parts, show: Show, access: Access) -> None:
        self._signals = signals
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        return [Route(PATH, self._access.for_staff(self.page), methods=["GET"])]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show what was told, the newest first."""
        if not hears(me, self._parts.acts):
            raise NotAllowedError
        found = await asyncio.to_thread(self._look_up, me)
        return self._show.page(
            "signals",
            me=me,
            token=self._access.token(request),
            found=[_signal(one) for one in found],
            improves=improves(me, self._parts),
        )

    def _look_up(self, me: Handler) -> list[Shown]:
        units: Collection[str] | None = self._parts.acts.reader(me.id).manages
        if {*self._parts.acts.roles(me.id)} & _ALL:
            units = None
        found = self._signals.told(me.id, units)
        with self._parts.store.write() as transaction:
            entry = Entry(actor=me.id, act=journal.READING, details={"vad": "svaga signaler"})
            journal.write(transaction, self._parts.clock(), entry)
        return found


def _signal(one: Shown) -> dict[str, object]:
    listed = one.cases[:_LISTED]
    return {
        "unit": one.unit,
        "factor": one.factor,
        "month": month_name(one.month),
        "since": one.month.first,
        "observed": one.observed,
        "usual": usual(one.expected),
        "cases": [
            {"number": row["number"], "url": views.case_url(row["number"]), "title": row["title"]}
            for row in listed
        ],
        "more": len(one.cases) - len(listed),
        "hidden": one.hidden,
    }
