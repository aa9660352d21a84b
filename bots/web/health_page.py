"""The page "Driftläge", for who looks after the service. A watchdog asks `/health` instead."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.access import Access
from bots.web.condition import signs
from bots.web.parts import Acts, Parts
from bots.web.running import Running, Way
from bots.web.show import Show
from store import health
from store.domain import Handler, Role
from store.engine import Row
from store.health import Counted, Receipts

Facts = dict[str, object]


def operates(me: Handler, acts: Acts) -> bool:
    """Tell whether somebody looks after the service: by their own roles, or those that the provider gave."""
    return not {Role.OPERATOR, Role.REGISTRATOR}.isdisjoint({*me.roles, *acts.roles(me.id)})


class HealthPage:
    """Numbers and times only: who sees this page need not be somebody who may read a case."""

    def __init__(self, *, parts: Parts, show: Show, access: Access, running: Callable[[], Running]) -> None:
        self._parts = parts
        self._show = show
        self._access = access
        self._running = running

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        return [Route("/halsa", self._access.for_staff(self.page, guests=True), methods=["GET"])]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show how the service fares, and what to do about what is not well."""
        token = self._access.token(request)
        if not operates(me, self._parts.acts):
            return self._show.page("problem", me=me, token=token, status=403, code="operators")
        now = self._parts.clock()
        counted, room = await asyncio.to_thread(self._count, now)
        running = self._running()
        return self._show.page(
            "health",
            me=me,
            token=token,
            now=now,
            signs=signs(counted, running, room, now=now),
            ways=[*_ways_in(running, counted.heard), *_ways_out(running, counted.posted)],
            newest=health.NEWEST,
            letters=counted.letters,
            sent=counted.sent,
            unsent_for=_since(counted.unsent_since, now),
            waiting=counted.waiting,
            receipts=[_receipts(one) for one in counted.receipts],
            running=running,
            size=_bytes(counted.size),
            free=_bytes(room[0]) if room else "",
            tables=counted.step,
            certificate_days=(running.certificate_ends - now).days if running.certificate_ends else None,
        )

    def _count(self, now: datetime) -> tuple[Counted, tuple[int, int] | None]:
        with self._parts.store.read() as transaction:
            counted = health.count(transaction, now=now)
        return counted, health.room(self._parts.store)


def _ways_in(running: Running, heard: Sequence[Row]) -> list[Facts]:
    """Show the ways of the configuration, and others that something has come by."""
    last: dict[tuple[str, str], datetime] = {}
    for row in heard:
        # The form and the page of answers are one way to who looks after them.
        way = (row["channel"], "" if row["channel"] == "web" else row["account"])
        last[way] = max(row["at"], last.get(way, row["at"]))
    known = [way for way in running.ways if way.is_in]
    others = sorted(last.keys() - {(way.channel, way.account) for way in known})
    known += [Way(channel=channel, account=account) for channel, account in others]
    return [_way(way, last.get((way.channel, way.account))) for way in known]


def _ways_out(running: Running, posted: dict[str, datetime]) -> list[Facts]:
    known = [way for way in running.ways if not way.is_in]
    others = sorted(posted.keys() - {way.channel for way in known})
    known += [Way(channel=channel, is_in=False) for channel in others]
    return [_way(way, posted.get(way.channel)) for way in known]


def _way(way: Way, last_at: datetime | None) -> Facts:
    return {
        "channel": way.channel,
        "account": way.account,
        "is_in": way.is_in,
        "last_at": last_at,
        "outage": way.outage,
    }


def _receipts(one: Receipts) -> Facts:
    return {
        "days": one.days,
        "count": one.count,
        "half": "" if one.half is None else lasting(one.half),
        "most": "" if one.most is None else lasting(one.most),
    }


def _since(moment: datetime | None, now: datetime) -> str:
    return "" if moment is None else lasting(now - moment)


def lasting(time: timedelta) -> str:
    """Say how long something took, no finer than what matters."""
    seconds = max(time.total_seconds(), 0)
    if seconds < 10:
        return f"{seconds:.1f} sekunder".replace(".", ",")
    if seconds < 120:
        return f"{seconds:.0f} sekunder"
    if seconds < 120 * 60:
        return f"{seconds / 60:.0f} minuter"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} timmar"
    return f"{seconds / 86400:.0f} dygn"


def _bytes(size: int) -> str:
    if size < 10**9:
        return f"{size / 10**6:.0f} MB"
    return f"{size / 10**9:.1f} GB".replace(".", ",")
