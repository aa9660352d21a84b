"""The settings page of the municipality's closed days. Before anything is saved it tells what would move."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.settings_room import HOME, Room, Trouble, back
from store.deadlines import day_of, why_closed
from store.domain import Handler

_LONGEST = 60  # days in one go
_PATH = f"{HOME}/dagar"


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """Which days somebody wants closed, given those that they saw."""

    was: frozenset[date]
    closed: frozenset[date]
    problems: tuple[str, ...] = ()


class SettingsDays:
    """The page, for whoever may change everything."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def routes(self) -> list[Route]:
        """List the page."""
        guard = self._room.access.for_staff
        return [
            Route(_PATH, guard(self.look), methods=["GET"]),
            Route(_PATH, guard(self.change), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show the closed days to come."""
        self._room.only_for_all(me)
        return self._page(request, me, {})

    async def change(self, request: Request, me: Handler) -> Response:
        """Tell how many promises would move; once that has been seen, save."""
        sent = await self._room.access.sent(request)
        self._room.only_for_all(me)
        desk, wish = self._room.directory, self._read(sent)
        if wish.problems:
            return self._page(request, me, sent, trouble=Trouble(problems=wish.problems))
        count = await asyncio.to_thread(desk.would_move, wish.closed)
        seen = f"{count}:{','.join(sorted(day.isoformat() for day in wish.closed ^ wish.was))}"
        if sent.get("seen", "") != seen:
            return self._page(request, me, sent, wish=wish, count=count, seen=seen)
        saved = await self._room.save(lambda: desk.change_days(wish.closed, was=wish.was, by=me.id))
        if isinstance(saved, Trouble):
            return self._page(request, me, sent, trouble=saved)
        return back(klart="sparat")

    def _read(self, sent: Mapping[str, str]) -> _Wish:
        today = day_of(self._room.directory.clock())
        was = frozenset(_day(one) or today for one in sent.get("was", "").split())
        gone = {_day(name.partition(".")[2]) for name in sent if name.startswith("gone.")}
        first, last = sent.get("first", "").strip(), sent.get("last", "").strip() or sent.get("first", "")
        if not first and not last:
            new: set[date] = set()
        else:
            begins, ends = _day(first), _day(last)
            if begins is None or ends is None:
                return _Wish(was=was, closed=was, problems=("Ange första stängda dag, som 2026-12-28.",))
            if not begins <= ends <= begins + timedelta(days=_LONGEST):
                told = f"Sista dagen ska komma efter den första, inom {_LONGEST} dagar. Rätta någon av dem."
                return _Wish(was=was, closed=was, problems=(told,))
            span = [begins + timedelta(days=at) for at in range((ends - begins).days + 1)]
            # Saturdays and red days within a longer time are free anyway; one alone is a slip, and is told.
            new = set(span) if len(span) == 1 else {day for day in span if not why_closed(day)}
        closed = frozenset((was - gone) | new)
        if closed == was:
            return _Wish(was=was, closed=was, problems=("Välj en dag att stänga eller att ta bort.",))
        past = [day for day in closed ^ was if day < today]
        if past:
            return _Wish(was=was, closed=was, problems=(f"{past[0]} har varit. Välj dagar framåt.",))
        free = [(day, why_closed(day)) for day in new if why_closed(day)]
        if free:
            told = f"{free[0][0]} är redan ledig ({free[0][1]}). Välj en annan dag."
            return _Wish(was=was, closed=was, problems=(told,))
        return _Wish(was=was, closed=closed)

    def _page(
        self,
        request: Request,
        me: Handler,
        sent: Mapping[str, str],
        *,
        wish: _Wish | None = None,
        count: int = 0,
        seen: str = "",
        trouble: Trouble | None = None,
    ) -> Response:
        days = sorted(self._room.directory.house.days.closed)
        today = day_of(self._room.directory.clock())
        return self._room.page(
            request,
            me,
            "settings_days",
            trouble=trouble,
            days=[day for day in days if day >= today],
            # After a stale save the page starts from how it stands now.
            was=" ".join(day.isoformat() for day in days),
            typed=defaultdict(str, sent),
            added=sorted(wish.closed - wish.was) if wish else [],
            removed=sorted(wish.was - wish.closed) if wish else [],
            count=count,
            seen=seen,
            tomorrow=today + timedelta(days=1),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
