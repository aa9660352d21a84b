"""The cases that a report counts, read once, whatever periods and units it compares."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from bots.desk.reports.asked import Asked
from bots.desk.reports.swedish import listed
from store.domain import Factor, Unit
from store.engine import Transaction
from store.figures.cut import Cut
from store.figures.facts import Fact
from store.figures.period import Period
from store.figures.tally import Tally, WorkingDays, counted, tally

NO_UNIT = "(utan enhet)"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The cases of a period: all that came in, and of those the ones that are counted (`some`)."""

    period: Period
    all: Sequence[Fact]

    @cached_property
    def some(self) -> list[Fact]:
        """List what is counted: synpunkter that have a type and a factor."""
        return counted(self.all)

    @cached_property
    def _by_unit(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for fact in self.some:
            found.setdefault(fact.unit, []).append(fact)
        return found

    def at(self, units: Iterable[Unit | None]) -> list[Fact]:
        """List what is counted at some units; None is what lies at none."""
        return [fact for unit in units for fact in self._by_unit.get(unit.id if unit else "", ())]


class Reading:
    """What came in during the days from `span.first` to `span.last`, and nothing besides."""

    def __init__(self, transaction: Transaction, asked: Asked, span: Period) -> None:
        """Read it."""
        self.asked = asked
        self.span = span
        known = {unit.id for unit in asked.shown if unit}
        found = list(asked.facts(transaction, span))
        if asked.units:
            found = [fact for fact in found if fact.unit in known]
        else:
            # What lay at a unit that has been closed since is counted all the same.
            found = [fact if fact.unit in known else replace(fact, unit="") for fact in found]
        self.all = found
        last = max([asked.today, span.last, *(fact.answered_on for fact in found if fact.answered_on)])
        self.days = WorkingDays(span.first, last, asked.house.days.closed)
        self._sums: dict[tuple[Period, int], Tally] = {}

    def of(self, period: Period) -> Counted:
        """Return what came in during a period, which must lie within those that were read."""
        return Counted(period=period, all=[fact for fact in self.all if fact.received_on in period])

    def beside(self, period: Period, other: Period) -> Counted:
        """Return what came in during `other`, to compare `period` with: as many days if that goes on."""
        if not is_running(period, self.asked.today):
            return self.of(other)
        passed = (self.asked.today - period.first).days
        as_far = [fact for fact in self.all if 0 <= (fact.received_on - other.first).days <= passed]
        return Counted(period=other, all=[fact for fact in as_far if fact.received_on in other])

    def whole(self, some: Counted) -> Tally:
        """Add up all that is counted of a period, once."""
        key = some.period, len(some.all)  # less is there of one that is only compared with
        if key not in self._sums:
            self._sums[key] = self.add(some.some)
        return self._sums[key]

    def add(self, some: Sequence[Fact]) -> Tally:
        """Add up cases that are counted."""
        return tally(some, today=self.asked.today, days=self.days)


def span(periods: Collection[Period]) -> Period:
    """Return the days from the first to the last of some periods."""
    return Period(first=min(one.first for one in periods), last=max(one.last for one in periods))


def is_running(period: Period, today: date) -> bool:
    """Tell whether a period has not ended: what came today may not be all of today."""
    return today <= period.last


def by_factor(some: Iterable[Fact]) -> dict[Factor | None, list[Fact]]:
    """Divide cases that are counted by their factor; under None lie all of them."""
    found: dict[Factor | None, list[Fact]] = {None: [], **{factor: [] for factor in Factor}}
    for fact in some:
        found[None].append(fact)
        found[fact.factor].append(fact)
    return found


def by_source(some: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Divide cases by how they reached the municipality."""
    found: dict[str, list[Fact]] = {}
    for fact in some:
        found.setdefault(fact.source, []).append(fact)
    return found


def boards(asked: Asked) -> list[tuple[str, list[Unit | None]]]:
    """List each nämnd with its units, in the order of the configuration."""
    found: dict[str, list[Unit | None]] = {}
    for unit in asked.shown:
        found.setdefault(asked.house.authority_of(unit.id if unit else ""), []).append(unit)
    return list(found.items())


def name_of(unit: Unit | None) -> str:
    """Return what a unit is called in a report."""
    return unit.name if unit else NO_UNIT


def cut_of(
    asked: Asked,
    period: Period,
    units: Sequence[Unit | None],
    *,
    factor: Factor | None = None,
    source: str = "",
) -> Cut:
    """Name the cases of some units in a period, so that they can be shown."""
    is_all = not asked.units and len(units) == len(asked.shown)
    ids = () if is_all else tuple(unit.id if unit else "" for unit in units)
    return Cut(period=period, units=ids, factor=factor, source=source)


def place_of(asked: Asked) -> str:
    """Return what the units are called that a report is narrowed to; empty of the whole."""
    return listed([unit.name for unit in asked.shown if unit]) if asked.units else ""


def query(asked: Asked, report: str) -> str:
    """Write what was asked for, as `synpunkt report` would be asked again."""
    return " ".join([report, "--period", asked.period.name, *(f"--unit {unit}" for unit in asked.units)])
