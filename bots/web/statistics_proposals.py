"""The page of R10: what the model proposed against what humans said. How it drifts tells `model_page`."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.house import House
from bots.desk.reports import agreement as r10
from bots.desk.reports import swedish
from bots.desk.reports.asked import Asked as AskedReport
from bots.desk.reports.drawing import draw
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.statistics_asked import PROPOSALS, Asked, read, whole_scope_of
from bots.web.statistics_choices import when, where
from bots.web.statistics_shown import NO_UNIT, Cell, Line, Part, count, share
from store.deadlines import day_of
from store.domain import Handler
from store.figures.agreement import Axis, Confusion, Judged, confusion, models
from store.figures.months import Months
from store.figures.period import Period

_OVER = ("Bedömda", "Typen stod sig", "Typen hittades", "Faktorn stod sig", "Faktorn hittades")


class ProposalsPage:
    """The page, for quality staff and the registrator."""

    def __init__(self, *, house: House, months: Months, parts: Parts, show: Show, access: Access) -> None:
        self._house = house
        self._months = months
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        return [Route(PROPOSALS, self._access.for_staff(self.page), methods=["GET"])]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show how proposals stood, class by class, and by month, unit and model."""
        scope, now = whole_scope_of(me, self._house), self._parts.clock()
        asked = read(request.url.query, scope, today=day_of(now))
        report = AskedReport(period=asked.until, today=asked.today, house=self._house, units=asked.cut.units)
        names = {unit.id: unit.name for unit in self._house.units}
        made = await asyncio.to_thread(self._make, asked, report, names)
        return self._show.page(
            "statistics_proposals",
            me=me,
            token=self._access.token(request),
            status=422 if asked.problem else 200,
            problem=asked.problem,
            title=", ".join(
                [
                    swedish.begun(swedish.period(asked.cut.period)),
                    *(names.get(unit, unit) for unit in asked.cut.units),
                ]
            ),
            counted_at=now,
            groups=[*when(asked, PROPOSALS), where(asked, PROPOSALS, names)],
            **made,
        )

    def _make(self, asked: Asked, report: AskedReport, names: dict[str, str]) -> dict[str, Any]:
        judged, before = (
            r10.narrowed(self._months.of(one).judged, report) for one in (asked.until, asked.before)
        )
        return {
            "headline": r10.headline(judged, asked.until),
            "sections": r10.sections(judged, before),
            "parts": list(_parts(judged, report, names)),
        }


def _parts(judged: Sequence[Judged], report: AskedReport, names: dict[str, str]) -> Iterator[Part]:
    lines, factors = [*r10.charts(judged, report), None, None][:2]
    months = [(swedish.month(one.first), _within(judged, one)) for one in r10.months_of(report)]
    yield _over("manader", "Månad för månad", "Månad", months, svg=draw(lines) if lines else "")
    for axis, name, classes in r10.AXES:
        made = confusion(judged, axis)
        svg = draw(factors) if factors and axis == "factor" else ""
        yield _of_classes(axis, name, made, classes, svg=svg)
    found = sorted({names.get(one.unit, NO_UNIT) for one in judged})
    by_unit = [(name, [one for one in judged if names.get(one.unit, NO_UNIT) == name]) for name in found]
    yield _over("enheter", "Enhet för enhet", "Enhet", by_unit)
    by_model = [(model, [one for one in judged if one.model == model]) for model in models(judged)]
    yield _over("modeller", "Modell för modell", "Modell", by_model)


def _of_classes(axis: Axis, name: str, made: Confusion, classes: Iterable[str], *, svg: str) -> Part:
    lines = []
    for one in classes:
        precision, recall = made.precision(one), made.recall(one)
        others = sorted(
            ((amount, right) for (said, right), amount in made.cells.items() if said == one != right),
            key=lambda other: (-other[0], other[1]),
        )
        lines.append(
            Line(
                name=one.capitalize(),
                cells=(
                    Cell(text=count(precision.whole)),
                    Cell(text=count(recall.whole)),
                    Cell(text=share(precision.percent)),
                    Cell(text=share(recall.percent)),
                    Cell(text=share(made.sure(one))),
                    Cell(text=", ".join(f"{right} {count(amount)}" for amount, right in others) or "–"),
                ),
            )
        )
    return Part(
        id=axis,
        title=name.capitalize(),
        columns=(
            *(name.capitalize(), "Föreslagen", "Bekräftad", "Precision", "Recall", "Modellen trodde"),
            "Ändrades till",
        ),
        lines=lines,
        svg=svg,
    )


def _over(
    part_id: str, title: str, column: str, some: Iterable[tuple[str, Sequence[Judged]]], *, svg: str = ""
) -> Part:
    lines = []
    for name, here in some:
        kind, factor = confusion(here, "kind"), confusion(here, "factor")
        shares = (kind.kept, kind.found, factor.kept, factor.found)
        cells = (Cell(text=count(len(here))), *(Cell(text=share(one.percent)) for one in shares))
        lines.append(Line(name=name, cells=cells))
    return Part(
        id=part_id,
        title=title,
        columns=(column, *_OVER),
        lines=lines,
        svg=svg,
        hint="Stod sig: av de ärenden som hade ett förslag. Hittades: av alla bedömda.",
    )


def _within(judged: Iterable[Judged], period: Period) -> list[Judged]:
    return [one for one in judged if one.received_on in period]
