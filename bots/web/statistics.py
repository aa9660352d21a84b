"""The live statistics: counted as the cases are now, narrowed by links, each figure followed to its cases."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.house import House
from bots.desk.reports import swedish
from bots.web import seen
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.statistics_asked import (
    CASES,
    PATH,
    PROPOSALS,
    Asked,
    Scope,
    known,
    latest_year,
    read,
    scope_of,
    within,
)
from bots.web.statistics_choices import Group, group, when, where
from bots.web.statistics_parts import parts, sums
from bots.web.statistics_shown import NO_UNIT, Figures, page_url, source_name
from bots.web.views import case_url
from store.deadlines import day_of
from store.domain import Factor, Handler, Kind, Source
from store.figures.agreement import Axis, Judged, of_proposal
from store.figures.brief import Measures
from store.figures.columns import COLUMNS, cases_of
from store.figures.cut import Cut, Proposal
from store.figures.facts import Fact
from store.figures.months import Months, open_since, visible
from store.figures.period import Period
from store.figures.tally import counted

_PAGE = 100
# What a column of the proposals counts: on which axis, and whether the proposal stood.
_PROPOSED: dict[str, tuple[Axis, bool]] = {
    "typ_behållen": ("kind", True),
    "typ_ändrad": ("kind", False),
    "faktor_behållen": ("factor", True),
    "faktor_ändrad": ("factor", False),
}


@dataclass(frozen=True, kw_only=True)
class Followed:
    """The cases of a figure: those that the reader may see, newest first, and how many there are besides."""

    shown: Sequence[Fact]
    hidden: int


class StatisticsPage:
    """The page, and the list behind each of its figures. Both work without a script."""

    def __init__(self, *, house: House, months: Months, parts: Parts, show: Show, access: Access) -> None:
        self._house = house
        self._months = months
        self._measures = Measures()
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route(PATH, guard(self.page), methods=["GET"]),
            Route(CASES, guard(self.cases), methods=["GET"]),
        ]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show the figures of what the address asks for."""
        scope, now = scope_of(me, self._house), self._parts.clock()
        asked = read(request.url.query, scope, today=day_of(now))
        made = await asyncio.to_thread(self._make, asked)
        return self._show.page(
            "statistics",
            me=me,
            token=self._access.token(request),
            status=422 if asked.problem else 200,
            problem=asked.problem,
            title=self._told(asked.cut),
            counted_at=now,
            **made,
            groups=self._groups(asked),
            chips=self._chips(asked),
            proposals=PROPOSALS if scope.is_whole else "",
        )

    async def cases(self, request: Request, me: Handler) -> Response:
        """List the cases of one figure. Of those that the reader may not see only the number is told."""
        scope, now = scope_of(me, self._house), self._parts.clock()
        asked = read(request.url.query, scope, today=day_of(now))
        column = request.query_params.get("kolumn", "totalt")
        problem = asked.problem
        if column not in COLUMNS and column not in _PROPOSED:
            problem, column = problem or "Den siffran finns inte. Här är alla i urvalet.", "totalt"
        found = await asyncio.to_thread(self._follow, asked, column, me)
        first = (_number(request.query_params.get("sida", "")) - 1) * _PAGE
        shown = found.shown[first : first + _PAGE]
        await asyncio.to_thread(
            seen.note_search, self._parts.store, me.id, found=len(shown), now=now, what=seen.STATISTICS
        )
        total, more = len(found.shown) + found.hidden, first + _PAGE < len(found.shown)
        return self._show.page(
            "statistics_cases",
            me=me,
            token=self._access.token(request),
            status=422 if problem else 200,
            problem=problem,
            title=self._told(asked.cut),
            column=column_name(column),
            total=total,
            hidden=found.hidden,
            rows=[self._row(fact) for fact in shown],
            back=page_url(replace(asked.cut, proposal=None)),
            previous=_turned(asked.cut, column, first // _PAGE) if first else "",
            following=_turned(asked.cut, column, first // _PAGE + 2) if more else "",
        )

    def _make(self, asked: Asked) -> dict[str, Any]:
        """Count and draw, which takes some tenths of a second: not on the loop that all pages wait for."""
        figures, left_out = self._count(asked)
        return {
            "sums": sums(figures),
            "parts": parts(figures),
            "left_out": left_out,
            "preliminary": sum(fact.is_preliminary for fact in figures.now),
        }

    def _count(self, asked: Asked) -> tuple[Figures, dict[str, int]]:
        cut, here = asked.cut, {unit.id for unit in self._house.units}
        read_now, read_before = self._months.each(cut.period, asked.before)
        every = known(read_now.facts, here)
        whole = counted(every)
        now = within(cut, whole)
        before = within(cut, counted(known(read_before.facts, here)))
        since, waiting = self._open(asked, here)
        ids = {fact.case_id for fact in now}
        figures = Figures(
            asked=asked,
            now=now,
            before=before,
            judged=[one for one in read_now.judged if one.case_id in ids],
            open=waiting,
            whole=None if asked.scope.is_whole else within(replace(cut, units=()), whole),
            names=self._names(asked.scope),
            memory=self._measures,
            closed=self._house.days.closed,
            since=since,
        )
        mine = [fact for fact in every if not cut.units or fact.unit in cut.units]
        left_out = [fact for fact in mine if not (fact.is_synpunkt and fact.is_classed)]
        handed_over = sum(not fact.is_synpunkt for fact in left_out)
        return figures, {"handed_over": handed_over, "unclassed": len(left_out) - handed_over}

    def _open(self, asked: Asked, here: set[str]) -> tuple[date, list[Fact]]:
        with self._parts.store.read() as transaction:
            since = min(open_since(transaction) or asked.today, asked.today)
        period = Period(first=since, last=asked.today)
        return since, list(within(asked.cut, counted(known(self._months.of(period).open, here))))

    def _follow(self, asked: Asked, column: str, me: Handler) -> Followed:
        here = {unit.id for unit in self._house.units}
        read_now = self._months.of(asked.cut.period)
        some = within(asked.cut, counted(known(read_now.facts, here)))
        if column in _PROPOSED:
            axis, is_kept = _PROPOSED[column]
            ids = {one.case_id for one in read_now.judged if _is(one, axis, is_kept=is_kept)}
            some = [fact for fact in some if fact.case_id in ids]
        else:
            some = cases_of(column, some, today=asked.today)
        if asked.cut.proposal:
            ids = {one.case_id for one in of_proposal(read_now.judged, asked.cut.proposal)}
            some = [fact for fact in some if fact.case_id in ids]
        with self._parts.store.read() as transaction:
            mine = visible(transaction, asked.cut.period, self._parts.acts.reader(me.id))
        newest = sorted(some, key=attrgetter("received_on", "case_id"), reverse=True)
        shown = [fact for fact in newest if fact.case_id in mine]
        return Followed(shown=shown, hidden=len(some) - len(shown))

    def _row(self, fact: Fact) -> dict[str, object]:
        return {
            "number": fact.number,
            "url": case_url(fact.number),
            "received_on": fact.received_on,
            "kind": fact.kind or "",
            "factor": fact.factor or "",
            "preliminary": fact.is_preliminary,
            "unit": self._unit(fact.unit),
            "status": fact.status,
        }

    def _unit(self, unit_id: str) -> str:
        unit = self._house.unit(unit_id)
        return unit.name if unit is not None else NO_UNIT

    def _names(self, scope: Scope) -> dict[str, str]:
        if scope.units is not None:
            return {unit: self._unit(unit) for unit in scope.units}
        return {unit.id: unit.name for unit in self._house.units} | {"": NO_UNIT}

    def _told(self, cut: Cut) -> str:
        """Say in words what is counted."""
        words = [swedish.begun(swedish.period(cut.period))]
        if cut.units:
            words.append(swedish.listed([self._unit(unit) for unit in cut.units]))
        words += [str(one) for one in (cut.kind, cut.factor) if one is not None]
        if cut.source:
            words.append(source_name(cut.source))
        if cut.proposal:
            words += _proposed(cut.proposal)
        return ", ".join(words)

    def _groups(self, asked: Asked) -> list[Group]:
        """List what the page can be narrowed by: each choice is the same page with another address."""
        cut = asked.cut
        return [
            *when(asked, PATH),
            where(asked, PATH, self._names(asked.scope)),
            group(
                "Typ",
                [
                    ("Alla", replace(cut, kind=None), cut.kind is None),
                    *((one.capitalize(), replace(cut, kind=one), cut.kind is one) for one in Kind),
                ],
            ),
            group(
                "Faktor",
                [
                    ("Alla", replace(cut, factor=None), cut.factor is None),
                    *((str(one), replace(cut, factor=one), cut.factor is one) for one in Factor),
                ],
            ),
            group(
                "Kanal",
                [
                    ("Alla", replace(cut, source=""), not cut.source),
                    *((source_name(one), replace(cut, source=one), cut.source == one) for one in Source),
                ],
            ),
        ]

    def _chips(self, asked: Asked) -> list[dict[str, str]]:
        """List what narrows the page now, each with the address that does without."""
        cut, own = asked.cut, asked.scope.units or ()
        chips = []
        if cut.period != latest_year(asked.today):
            wider = replace(cut, period=latest_year(asked.today))
            chips.append(("Period", swedish.period(cut.period), wider))
        if cut.units and cut.units != own:
            named = swedish.listed([self._unit(unit) for unit in cut.units])
            chips.append(("Enhet", named, replace(cut, units=own)))
        if cut.kind:
            chips.append(("Typ", str(cut.kind), replace(cut, kind=None)))
        if cut.factor:
            chips.append(("Faktor", str(cut.factor), replace(cut, factor=None)))
        if cut.source:
            chips.append(("Kanal", source_name(cut.source), replace(cut, source="")))
        return [{"name": name, "value": value, "url": page_url(one)} for name, value, one in chips]


def _proposed(asked: Proposal) -> list[str]:
    """Say which proposals are counted."""
    told = f"{asked.axis} föreslagen"
    return [
        f"{told}: {asked.proposed}" if asked.proposed else told,
        *([f"bekräftad: {asked.confirmed}"] if asked.confirmed else []),
        *([f"modell {asked.model}"] if asked.model else []),
    ]


def column_name(column: str) -> str:
    """Say what the cases of a column have in common."""
    return _COLUMN_NAMES.get(column, column.removesuffix("_%").replace("_", " ").capitalize())


def _is(one: Judged, axis: Axis, *, is_kept: bool) -> bool:
    said = one.on(axis)
    return bool(said.proposed) and said.is_kept is is_kept


def _turned(cut: Cut, column: str, page: int) -> str:
    return f"{CASES}?{cut.query}&{urlencode({'kolumn': column, 'sida': page})}"


def _number(written: str) -> int:
    """Read the number of a page; the first for anything else."""
    return (
        int(written)
        if written.isascii() and written.isdigit() and 0 < len(written) < 7 and int(written)
        else 1
    )


_COLUMN_NAMES = {
    "totalt": "Alla synpunkter",
    "antal": "Bedömda förslag",
    "preliminära": "Preliminära: ingen människa har bekräftat dem",
    "första_återkoppling_i_tid_%": "Första återkoppling i tid",
    "första_återkoppling_för_sent": "Första återkoppling för sent",
    "svar_i_tid_%": "Svar i tid",
    "i_tid_%": "Svar i tid",
    "svar_för_sent": "För sena svar",
    "median_svarstid_wd": "Besvarade",
    "p90": "Besvarade",
    "öppna": "Öppna",
    "försenade": "Försenade",
    "ingen_åtgärd_förklarad": "Ingen åtgärd, förklarad",
    "typ_behållen": "Typen behölls",
    "typ_ändrad": "Typen ändrades",
    "faktor_behållen": "Faktorn behölls",
    "faktor_ändrad": "Faktorn ändrades",
}
