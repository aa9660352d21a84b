"""Open data for anybody: a page about it, the counts as CSV, and what a data portal reads (R12, row B35)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.house import House
from bots.desk.reports.opendata import (
    COLUMNS,
    CSV_PATH,
    DCAT_PATH,
    LICENCE,
    PAGE_PATH,
    Source,
    catalogue_of,
    published,
)
from bots.desk.reports.sheet import as_csv
from bots.web.about import LANGUAGES
from bots.web.downloads import download
from bots.web.show import Show
from store.deadlines import day_of
from store.engine import Store
from store.figures.small import FEW


@dataclass(frozen=True, kw_only=True)
class _Made:
    """The files of one day."""

    day: date
    csv: bytes
    catalogue: bytes
    quarters: tuple[str, ...]
    rows: int


class OpenDataPages:
    """The page and both files, at addresses that stay. They are made once a day, whoever asks how often."""

    def __init__(
        self, *, store: Store, house: House, clock: Callable[[], datetime], source: Source, show: Show
    ) -> None:
        self._store = store
        self._house = house
        self._clock = clock
        self._source = source
        self._show = show
        self._made: _Made | None = None
        self._making = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the page and the files, open to everybody."""
        return [
            Route(PAGE_PATH, self.page, methods=["GET"]),
            Route(CSV_PATH, self.csv, methods=["GET"]),
            Route(DCAT_PATH, self.catalogue, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Tell what the data is, and how it may be used."""
        wanted = request.query_params.get("sprak", "")
        made = await self._today()
        return self._show.page(
            "opendata",
            language=wanted if wanted in LANGUAGES else LANGUAGES[0],
            path=PAGE_PATH,
            csv=CSV_PATH,
            dcat=DCAT_PATH,
            licence=LICENCE,
            columns=COLUMNS,
            hidden=FEW,
            first=made.quarters[0] if made.quarters else "",
            last=made.quarters[-1] if made.quarters else "",
            rows=made.rows,
            publisher=self._source.publisher,
            contact=self._source.contact,
        )

    async def csv(self, _request: Request) -> Response:
        """Hand out the counts."""
        made = await self._today()
        return download(made.csv, "synpunkter.csv", media_type="text/csv; charset=utf-8")

    async def catalogue(self, _request: Request) -> Response:
        """Hand out what a data portal reads."""
        made = await self._today()
        return Response(made.catalogue, media_type="application/ld+json")

    async def _today(self) -> _Made:
        async with self._making:
            day = day_of(self._clock())
            if self._made is None or self._made.day != day:
                self._made = await asyncio.to_thread(self._make, day)
            return self._made

    def _make(self, day: date) -> _Made:
        with self._store.read() as transaction:
            sheet, quarters = published(transaction, self._house, day)
        return _Made(
            day=day,
            csv=as_csv(replace(sheet, notes=())),
            catalogue=catalogue_of(self._source, quarters),
            quarters=tuple(one.name for one in quarters),
            rows=len(sheet.rows),
        )
