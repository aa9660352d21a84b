"""The page of the register that anybody may read, and its list as a file (OSL 5:2, R7). For the registrator.

The page is not public: who has written is for the registrator to hand out, and to keep back where it must be.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk import public_list
from bots.desk.acts import Acts
from bots.desk.directory import NotAllowedError
from bots.desk.public_list import Line
from bots.web.access import Access
from bots.web.downloads import download
from bots.web.show import Show
from store import journal
from store.deadlines import day_of
from store.domain import Entry, Handler, Role

PATH = "/registret"
HANDED_OUT = "registret uttaget"
_SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody wants to see of the register."""

    series: str
    since: date
    until: date
    with_people: bool

    @property
    def query(self) -> str:
        """Write it as the end of an address."""
        told = {"serie": self.series, "fran": self.since.isoformat(), "till": self.until.isoformat()}
        return urlencode(told if self.with_people else told | {"utan": "ja"})


class PublicListPage:
    """The page, and the file."""

    def __init__(self, *, acts: Acts, show: Show, access: Access) -> None:
        self._acts = acts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route(PATH, guard(self.page), methods=["GET"]),
            Route(f"{PATH}.csv", guard(self.file), methods=["GET"]),
        ]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show the register of a series and some days, this month if nothing else is asked for."""
        asked = self._asked(request, me)
        found = await asyncio.to_thread(self._lines, asked)
        return self._show.page(
            "public_list",
            me=me,
            token=self._access.token(request),
            asked=asked,
            query=asked.query,
            series=self._series(),
            lines=found[:_SHOWN],
            total=len(found),
        )

    async def file(self, request: Request, me: Handler) -> Response:
        """Hand out the same as a file; the journal tells that it was, and what of it."""
        asked = self._asked(request, me)
        data = await asyncio.to_thread(self._file, asked, me)
        name = f"register-{asked.series}-{asked.since}-{asked.until}.csv"
        return download(data, name, media_type="text/csv; charset=utf-8")

    def _asked(self, request: Request, me: Handler) -> Asked:
        if Role.REGISTRATOR not in self._acts.work.house.roles(me.id):
            raise NotAllowedError
        query, today = request.query_params, day_of(self._acts.clock())
        known = [series for series, _ in self._series()]
        wanted = query.get("serie", "")
        until = _day(query.get("till", "")) or today
        return Asked(
            series=wanted if wanted in known else known[0],
            since=min(_day(query.get("fran", "")) or until.replace(day=1), until),
            until=until,
            with_people=query.get("utan") != "ja",
        )

    def _series(self) -> Sequence[tuple[str, str]]:
        house = self._acts.work.house
        return [
            (house.series, house.municipality),
            *((one.series, one.name) for one in house.boards.values()),
        ]

    def _lines(self, asked: Asked) -> list[Line]:
        with self._acts.store.read() as transaction:
            return public_list.lines(
                transaction,
                self._acts.work.house,
                series=asked.series,
                since=asked.since,
                until=asked.until,
                with_people=asked.with_people,
            )

    def _file(self, asked: Asked, me: Handler) -> bytes:
        found = self._lines(asked)
        details = {"serie": asked.series, "från": asked.since.isoformat(), "till": asked.until.isoformat()}
        details["rader"] = str(len(found))
        with self._acts.store.write() as transaction:
            journal.write(
                transaction, self._acts.clock(), Entry(actor=me.id, act=HANDED_OUT, details=details)
            )
        return public_list.as_csv(found)


def _day(text: str) -> date | None:
    """Read a day that came with a request; None for what is none, or has no day after it."""
    try:
        day = date.fromisoformat(text)
        _ = day + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return day if day.year > 1 else None
