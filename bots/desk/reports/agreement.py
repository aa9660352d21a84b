"""R10: what the model proposed against what humans said, per class, month, unit and model version."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from bots.desk.reports.asked import Asked
from bots.desk.reports.counting import place_of
from bots.desk.reports.report import Chart, Report, Section, Series, Shape
from bots.desk.reports.sheet import Cell, Sheet, shown
from bots.desk.reports.swedish import month as month_on_axis
from bots.desk.reports.swedish import period as in_words
from store.domain import Factor, Kind
from store.engine import Transaction
from store.figures import agreement
from store.figures.agreement import Axis, Confusion, Judged, confusion
from store.figures.cut import Cut, Proposal
from store.figures.period import Period, holding

ALL = "Alla"
NO_UNIT = "(utan enhet)"
AXES: tuple[tuple[Axis, str, tuple[str, ...]], ...] = (
    ("kind", "typ", tuple(Kind)),
    ("factor", "faktor", tuple(Factor)),
)
COLUMNS = (
    *("period", "månad", "enhet", "modellversion", "axel", "förslag", "bekräftad", "antal"),
    *("sannolikhet_%", "precision_%", "recall_%"),
)
_ENOUGH = 20  # judged cases: of fewer a share says little
_SOME = 10  # of one class
_MOST = 5


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Some of what was judged, and where it stands in the table."""

    period: Period
    units: tuple[str, ...]
    month: str = ALL
    unit: str = ALL
    model: str = ALL
    judged: Sequence[Judged]
    with_cells: bool = False


def of_agreement(transaction: Transaction, asked: Asked) -> Report:
    """Make R10. Each part begins with its sum, then its classes; the whole and each model have every cell.

    Of a sum, precision is how often a proposal stood, and recall how many of all judged cases were proposed
    right: a case without a proposal was not.
    """
    judged = narrowed(agreement.of_period(transaction, asked.period), asked)
    before = narrowed(agreement.of_period(transaction, asked.period.before), asked)
    rows: list[tuple[Cell, ...]] = []
    cuts: list[Cut] = []
    for part in _parts(judged, asked):
        for axis, name, classes in AXES:
            made = confusion(part.judged, axis)
            where = (asked.period.name, part.month, part.unit, part.model, name)
            for row in _rows(made, classes, with_cells=part.with_cells):
                rows.append((*where, *row))
                proposed, confirmed, model = ("" if one == ALL else one for one in (*row[:2], part.model))
                proposal = Proposal(axis=name, proposed=proposed, confirmed=confirmed, model=model)
                cuts.append(Cut(period=part.period, units=part.units, proposal=proposal))
    sheet = Sheet(
        id="R10",
        title=f"Modellens förslag mot handläggarnas ord, {asked.period.name}",
        columns=COLUMNS,
        rows=rows,
        notes=[
            ("bedömda ärenden utan förslag", sum(not one.model for one in judged)),
            ("räknat till och med", asked.today),
        ],
        cuts=cuts,
    )
    words = [sheet.id, "--period", asked.period.name, *(f"--unit {unit}" for unit in asked.units)]
    return Report(
        sheet=sheet,
        period=asked.period,
        today=asked.today,
        municipality=asked.house.municipality,
        query=" ".join(words),
        headline=headline(judged, asked.period),
        sections=sections(judged, before),
        charts=charts(judged, asked),
        place=place_of(asked),
    )


def narrowed(judged: Iterable[Judged], asked: Asked) -> list[Judged]:
    """Return what was judged in the units that are asked for."""
    return [one for one in judged if not asked.units or one.unit in asked.units]


def months_of(asked: Asked) -> list[Period]:
    """List the months of a period, up to the running one."""
    found = []
    month = holding("month", asked.period.first)
    while month.first <= min(asked.period.last, asked.today):
        found.append(month)
        month = holding("month", month.last + timedelta(days=1))
    return found


def headline(judged: Sequence[Judged], period: Period) -> str:
    """Say the first finding in one sentence."""
    kind, factor = (confusion(judged, axis) for axis in ("kind", "factor"))
    if not kind.proposed:
        return f"Ingen människa har bedömt något förslag som gäller {in_words(period)}."
    if kind.proposed < _ENOUGH:
        return f"Bara {_cases(kind.proposed)} är bedömda för {in_words(period)}: för få för att jämföra."
    return (
        f"Förslaget på typ stod sig i {_percent(kind.kept.percent)} av {_cases(kind.proposed)}, "
        f"förslaget på faktor i {_percent(factor.kept.percent)}."
    )


def sections(judged: Sequence[Judged], before: Sequence[Judged]) -> list[Section]:
    """Tell what has changed, what is changed most, where the model is weak, and how it is counted."""
    found = []
    changed, weak, models = list(_since(judged, before)), list(_weak(judged)), list(_models(judged))
    if changed:
        found.append(Section(title="Mot perioden före", paragraphs=tuple(changed)))
    if corrected := list(_corrected(judged)):
        found.append(Section(title="Det här ändras oftast", items=tuple(corrected)))
    if weak:
        found.append(Section(title="Det här missas oftast", items=tuple(weak)))
    if len(models) > 1:
        found.append(Section(title="Modellerna", items=tuple(models)))
    return [*found, _COUNTED]


def charts(judged: Sequence[Judged], asked: Asked) -> list[Chart]:
    """Draw how often proposals stood month by month, and each factor's precision and recall."""
    if not judged:
        return []
    months = months_of(asked)
    by_month = [[one for one in judged if one.received_on in month] for month in months]
    factors = confusion(judged, "factor")
    return [
        Chart(
            title="Så ofta stod förslaget sig",
            description="Andel av förslagen på typ och på faktor som handläggarna lät stå, månad för månad.",
            unit="%",
            labels=tuple(month_on_axis(month.first) for month in months),
            series=tuple(
                Series(
                    name=name.capitalize(),
                    values=tuple(confusion(some, axis).kept.percent for some in by_month),
                )
                for axis, name, _ in AXES
            ),
            shape=Shape.LINES,
        ),
        Chart(
            title="Precision och recall för varje faktor",
            description="Hur ofta en faktor var rätt när den föreslogs, och föreslogs när den var rätt.",
            unit="%",
            labels=tuple(Factor),
            series=(
                Series(name="Precision", values=tuple(factors.precision(one).percent for one in Factor)),
                Series(name="Recall", values=tuple(factors.recall(one).percent for one in Factor)),
            ),
        ),
    ]


def _parts(judged: Sequence[Judged], asked: Asked) -> Iterator[_Part]:
    """Walk through the whole, and what of each model, month and unit has been judged at all."""
    period, units = asked.period, tuple(asked.units)
    yield _Part(period=period, units=units, judged=judged, with_cells=True)
    for model in agreement.models(judged):
        here = [one for one in judged if one.model == model]
        yield _Part(period=period, units=units, model=model, judged=here, with_cells=True)
    for month in months_of(asked):
        if here := [one for one in judged if one.received_on in month]:
            # Any dates may begin or end within a month.
            days = Period(first=max(month.first, period.first), last=min(month.last, period.last))
            yield _Part(period=days, units=units, month=month.name, judged=here)
    known = {unit.id for unit in asked.house.units}
    for unit in asked.shown:
        if here := [one for one in judged if (one.unit == unit.id if unit else one.unit not in known)]:
            name, ids = (unit.name, (unit.id,)) if unit else (NO_UNIT, ("",))
            yield _Part(period=period, units=ids, unit=name, judged=here)


def _rows(
    made: Confusion, classes: Sequence[str], *, with_cells: bool
) -> Iterator[tuple[str, str, int, Fraction | None, Fraction | None, Fraction | None]]:
    yield ALL, ALL, made.proposed, made.sure(), made.kept.percent, made.found.percent
    every = (*classes, *(one for one in made.classes if one not in classes))
    for one in every:
        precision, recall = made.precision(one), made.recall(one)
        yield one, ALL, precision.whole, made.sure(one), precision.percent, recall.percent
    if with_cells:
        for proposed in every:
            for confirmed in every:
                if count := made.cells[proposed, confirmed]:
                    yield proposed, confirmed, count, made.sure(proposed, confirmed), None, None


def _since(judged: Sequence[Judged], before: Sequence[Judged]) -> Iterator[str]:
    for axis, name, _ in AXES:
        now, then = confusion(judged, axis).kept, confusion(before, axis).kept
        if now.whole < _ENOUGH or then.whole < _ENOUGH or now.percent is None or then.percent is None:
            continue
        points = now.percent - then.percent
        if abs(points) < 1:
            yield f"Förslaget på {name} står sig ungefär som förut: {_percent(now.percent)}."
            continue
        way = "oftare" if points > 0 else "mer sällan"
        yield (
            f"Förslaget på {name} står sig {way} än förut: {_percent(now.percent)} "
            f"mot {_percent(then.percent)}."
        )


def _corrected(judged: Sequence[Judged]) -> Iterator[str]:
    changed = [
        (count, name, cell)
        for axis, name, _ in AXES
        for cell, count in confusion(judged, axis).cells.items()
        if cell[0] != cell[1]
    ]
    for count, name, (proposed, confirmed) in sorted(changed, key=lambda one: (-one[0], *one[1:]))[:_MOST]:
        yield f"{name.capitalize()}: {proposed} blev {confirmed} i {_cases(count)}"


def _weak(judged: Sequence[Judged]) -> Iterator[str]:
    shares = [
        (recall.percent, name, one, recall)
        for axis, name, classes in AXES
        for made in (confusion(judged, axis),)
        for one in classes
        if (recall := made.recall(one)).whole >= _SOME and recall.percent is not None and recall.percent < 70
    ]
    for _, name, one, recall in sorted(shares, key=lambda one: one[:3])[:_MOST]:
        found = f"föreslogs i {recall.part} av de {recall.whole} ärenden där det var rätt"
        yield f"{name.capitalize()}: {one} {found}"


def _models(judged: Sequence[Judged]) -> Iterator[str]:
    for model in agreement.models(judged):
        some = [one for one in judged if one.model == model]
        kind, factor = (confusion(some, axis).kept for axis in ("kind", "factor"))
        yield (
            f"{model}: {_cases(len(some))}, typ {_percent(kind.percent)}, faktor {_percent(factor.percent)}"
        )


_COUNTED = Section(
    title="Så är det räknat",
    paragraphs=(
        "Ett ärende räknas på dagen då det kom in, med det som en människa sade senast och det förslag som "
        "hen då såg. Det som är överlämnat, dubbletter och det som ingen har bedömt är inte med.",
        "Precision är hur ofta en klass var rätt när den föreslogs. Recall är hur ofta den föreslogs när den "
        "var rätt; ett ärende utan förslag är en miss. Sannolikheten är hur säker modellen var i medeltal.",
    ),
)


def _percent(share: Fraction | None) -> str:
    return f"{shown(share)}\u00a0%" if share is not None else shown(None)


def _cases(count: int) -> str:
    return f"{shown(count)} {'ärende' if count == 1 else 'ärenden'}"
