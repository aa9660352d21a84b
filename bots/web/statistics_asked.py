"""What an address of the statistics asks for, and of which units its reader may have it (requirements C3)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bots.desk.house import House
from store.domain import Handler, Role
from store.figures.cut import Cut, CutError
from store.figures.facts import Fact
from store.figures.period import Period, holding

PATH = "/statistik"
CASES = f"{PATH}/arenden"
PROPOSALS = f"{PATH}/forslag"
_EARLIEST = 1990
_STEPS = ((31, "day"), (100, "week"), (1200, "month"), (3700, "quarter"))  # as many days, in such steps
_ALL = frozenset({Role.QUALITY, Role.REGISTRATOR})


class NotForFiguresError(Exception):
    """The figures are for managers, quality staff and the registrator, and each manager's own alone."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What somebody may see the figures of. `units` is None for all of them, else their own."""

    units: tuple[str, ...] | None

    @property
    def is_whole(self) -> bool:
        """Tell whether all units are theirs to look at."""
        return self.units is None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks for, within what its reader may see. `problem` tells what was wrong in it."""

    cut: Cut
    scope: Scope
    today: date
    problem: str = ""

    @property
    def until(self) -> Period:
        """Return the part of the period that has been: up to today."""
        period = self.cut.period
        return (
            period
            if period.last <= self.today
            else replace(period, last=max(period.first, self.today), kind="")
        )

    @property
    def before(self) -> Period:
        """Return what to compare with: the period before, as much of it as has been of this one."""
        if self.cut.period == latest_year(self.today):
            return self.cut.period.year_before
        before = self.cut.period.before
        if self.until == self.cut.period:
            return before
        days = self.until.last - self.until.first
        return Period(first=before.first, last=min(before.last, before.first + days))


def figures_of(me: Handler, house: House) -> str:
    """Tell whose figures somebody may see: `alla`, `egna`, or an empty text for none."""
    if {*me.roles, *house.roles(me.id)} & _ALL:
        return "alla"
    return "egna" if _own(me, house) else ""


def scope_of(me: Handler, house: House) -> Scope:
    """Return what somebody may see; raise `NotForFiguresError` for who may see nothing."""
    may = figures_of(me, house)
    if not may:
        raise NotForFiguresError
    return Scope(units=None if may == "alla" else _own(me, house))


def whole_scope_of(me: Handler, house: House) -> Scope:
    """Return what somebody may see who sees every unit; raise `NotForFiguresError` for who does not."""
    scope = scope_of(me, house)
    if not scope.is_whole:
        raise NotForFiguresError
    return scope


def read(query: str, scope: Scope, *, today: date) -> Asked:
    """Read an address. What can not be read is told on the page, beside what is shown if nothing is asked.

    Raises `NotForFiguresError` for a unit that is not the reader's.
    """
    problem = ""
    cut = Cut(period=latest_year(today))
    if any(name in query for name in ("period=", "enhet=", "typ=", "faktor=", "k%C3%A4lla=", "källa=")):
        try:
            asked = Cut.read(query if "period=" in query else f"period={cut.period.name}&{query}")
            _in_reach(asked.period, today)
            cut = asked
        except CutError as error:
            problem = str(error)
    if scope.units is not None:
        if not set(cut.units) <= set(scope.units):
            raise NotForFiguresError
        # Written out, so that the address means the same to whoever gets it.
        cut = replace(cut, units=cut.units or scope.units)
    return Asked(cut=cut, scope=scope, today=today, problem=problem)


def latest_year(today: date) -> Period:
    """Return the running month and the eleven before it, up to today."""
    month = today.year * 12 + today.month - 12
    return Period(first=date(month // 12, month % 12 + 1, 1), last=today)


def known(facts: Iterable[Fact], units: Collection[str]) -> list[Fact]:
    """Move what lies at a unit that is gone to none, as reports count it."""
    # What lies at none already is the same fact on: `Measures` knows it again.
    return [fact if fact.unit in units or not fact.unit else replace(fact, unit="") for fact in facts]


def within(cut: Cut, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Return those that a cut counts of what came in during a period, whatever period the cut has."""
    if not (cut.units or cut.kind or cut.factor or cut.source):
        return facts
    return [
        fact
        for fact in facts
        if (not cut.units or fact.unit in cut.units)
        and (cut.kind is None or fact.kind is cut.kind)
        and (cut.factor is None or fact.factor is cut.factor)
        and (not cut.source or fact.source == cut.source)
    ]


def steps(period: Period) -> Sequence[Period]:
    """Cut a period into what a chart follows: days, weeks, months, quarters or years, as long as it is."""
    days = (period.last - period.first).days + 1
    kind = next(
        (
            kind
            for most, kind in ((31, "day"), (100, "week"), (1200, "month"), (3700, "quarter"))
            if days <= most
        ),
        "year",
    )
    found, first = [], period.first
    while first <= period.last:
        whole = _holding(kind, first)
        last = min(whole.last, period.last)
        found.append(whole if whole.first == first and whole.last == last else Period(first=first, last=last))
        first = last + timedelta(days=1)
    return found


def _own(me: Handler, house: House) -> tuple[str, ...]:
    if not house.employs(me.id):
        return ()
    return tuple(unit.id for unit in house.units if me.id in (*unit.managers, *unit.heads))


def _holding(kind: str, day: date) -> Period:
    if kind == "day":
        return Period(first=day, last=day)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(first=monday, last=monday + timedelta(days=6))
    return holding(kind, day)


def _in_reach(period: Period, today: date) -> None:
    if period.first.year < _EARLIEST or period.last.year > today.year + 1:
        raise CutError(
            f"Perioden {period.name} ligger för långt bort. Välj en mellan {_EARLIEST} och nästa år."
        )
