"""The charts of R1 to R4: types, factors, units, what came in each month, and how much was in time."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from bots.desk.reports import swedish
from bots.desk.reports.counting import Counted, name_of
from bots.desk.reports.report import Chart, Series, Shape
from bots.desk.reports.sheets import Material
from store.domain import Factor, Kind
from store.figures.facts import Fact
from store.figures.period import Period, holding
from store.figures.tally import in_time

_MOST_MONTHS = 30
_MOST_UNITS = 15
_FEW = 5  # of fewer promises a share says nothing
_KINDS = (Kind.COMPLAINT, Kind.SUGGESTION, Kind.PRAISE)


def charts(found: Material) -> tuple[Chart, ...]:
    """Draw nothing: say what is to be drawn of a report. Without a single case there is nothing."""
    if not found.now.some:
        return ()
    drawn = [_kinds(found), _factors(found)]
    if sum(bool(found.now.at([unit])) for unit in found.asked.shown) > 1:
        drawn.append(_units(found))
    spans = _from_the_first(found, _spans(found.reading.span, found.asked.today))
    if len(spans) > 1:
        drawn += _over_time(found, spans)
    return tuple(drawn)


def _kinds(found: Material) -> Chart:
    labels = tuple(swedish.begun(kind) for kind in _KINDS)
    counts = [Counter(fact.kind for fact in one.some) for one in _two(found)]
    first = max(_KINDS, key=lambda kind: counts[0][kind])
    return Chart(
        title="Typer",
        description=f"Flest är {first}, {swedish.number(counts[0][first])}. {_compared(found)}",
        unit="",
        labels=labels,
        series=_series(found, [[count[kind] for kind in _KINDS] for count in counts]),
    )


def _factors(found: Material) -> Chart:
    counts = [Counter(fact.factor for fact in one.some) for one in _two(found)]
    first = max(Factor, key=lambda factor: counts[0][factor])
    return Chart(
        title="Kvalitetsfaktorer",
        description=f"Flest handlar om {first}, {swedish.number(counts[0][first])}. {_compared(found)}",
        unit="",
        labels=tuple(str(factor) for factor in Factor),
        series=_series(found, [[count[factor] for factor in Factor] for count in counts]),
    )


def _units(found: Material) -> Chart:
    asked = found.asked
    known = [unit for unit in asked.shown if found.now.at([unit])]
    known.sort(key=lambda unit: -len(found.now.at([unit])))
    shown = known[:_MOST_UNITS]
    left = len(known) - len(shown)
    more = f" {swedish.begun(swedish.many(left, 'enhet', 'enheter'))} med färre visas inte." if left else ""
    return Chart(
        title="Enheter",
        description=f"Flest gäller {name_of(shown[0])}. {_compared(found)}{more}",
        unit="",
        labels=tuple(name_of(unit) for unit in shown),
        series=_series(found, [[len(one.at([unit])) for unit in shown] for one in _two(found)]),
    )


def _over_time(found: Material, spans: Sequence[Period]) -> list[Chart]:
    start = {day: n for n, one in enumerate(spans) for day in _firsts(one)}
    lying: list[list[Fact]] = [[] for _ in spans]
    for fact in found.reading.all:
        place = start.get(fact.received_on.replace(day=1))
        if place is not None and fact.is_synpunkt and fact.is_classed:
            lying[place].append(fact)
    is_monthly = spans[0].kind == "month"
    labels = tuple(swedish.month(one.first) if is_monthly else one.name for one in spans)
    each = "månad" if is_monthly else "kvartal"
    volumes = tuple(
        Series(
            name=swedish.begun(kind), values=tuple(sum(one.kind is kind for one in some) for some in lying)
        )
        for kind in _KINDS
    )
    between = f"från {swedish.period(spans[0])} till {swedish.period(spans[-1])}"
    answered, fed_back = (
        Series(name=name, values=tuple(_share(some, name, found.asked.today) for some in lying))
        for name in ("Svar", "Första återkoppling")
    )
    shares = tuple(one for one in (answered, fed_back) if any(value is not None for value in one.values))
    made = [
        Chart(
            title=f"Synpunkter varje {each}",
            description=f"Hur många som kom in varje {each}, {between}, efter typ.",
            unit="",
            labels=labels,
            series=volumes,
            shape=Shape.LINES,
        )
    ]
    if shares:
        made.append(
            Chart(
                title="I tid",
                description=f"Hur stor del som kom i tid av det vi lovat dem som hörde av sig, {between}. "
                f"Där färre än {_FEW} skulle ha fått svar visas ingenting.",
                unit="%",
                labels=labels,
                series=shares,
                shape=Shape.LINES,
            )
        )
    return made


def _from_the_first(found: Material, spans: Sequence[Period]) -> Sequence[Period]:
    """Leave out what lies before the first case of all: there was no register, which is not 0."""
    first = min(fact.received_on for fact in found.reading.all)
    return [one for one in spans if one.last >= first]


def _share(some: Sequence[Fact], name: str, today: date) -> Fraction | None:
    owed = (fact.answer if name == "Svar" else fact.first_feedback for fact in some)
    share = in_time(owed, today)
    return share.percent if share.whole >= _FEW else None


def _spans(whole: Period, today: date) -> list[Period]:
    """Divide what was read into months, or into quarters where that is too many; only those that are over."""
    for kind in ("month", "quarter"):
        found = []
        one = holding(kind, whole.first)
        while one.last <= whole.last:
            if one.first >= whole.first and one.last < today:
                found.append(one)
            one = holding(kind, _after(one))
        if len(found) <= _MOST_MONTHS:
            break
    return found


def _after(one: Period) -> date:
    return date(one.last.year + one.last.month // 12, one.last.month % 12 + 1, 1)


def _firsts(one: Period) -> list[date]:
    months = range(one.first.month, one.last.month + 1)
    return [date(one.first.year, month, 1) for month in months]


def _two(found: Material) -> tuple[Counted, ...]:
    """Return the period and what it is first of all compared with."""
    return found.now, *found.earlier[:1]


def _series(found: Material, values: Sequence[Sequence[int]]) -> tuple[Series, ...]:
    return tuple(
        Series(name=swedish.period(one.period), values=tuple(of_period))
        for one, of_period in zip(_two(found), values, strict=True)
    )


def _compared(found: Material) -> str:
    now, *earlier = (swedish.period(one.period) for one in (found.now, *found.earlier[:1]))
    return f"{swedish.begun(now)} jämförs med {earlier[0]}." if earlier else ""
