"""What has changed so much that chance does not explain it, and which of it matters most.

Counts are held against each other as two counts of the same chance (their difference over the root of their
sum), shares as two shares of the same chance. What passes for a change must be two and a half times what
chance makes; in one of hundreds of cells, four times. Weaker signs over longer time are for `signals`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from store.domain import Factor, Kind
from store.figures.facts import Fact
from store.figures.tally import Share

FEW = 5  # below it nothing is compared
_CHANGED, _CELL_CHANGED = 2.5, 4.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """A count then and now."""

    now: int
    before: int

    @property
    def more(self) -> int:
        """Return how many more, negative for fewer."""
        return self.now - self.before

    @property
    def percent(self) -> Fraction | None:
        """Return the change in percent; None where there was nothing before."""
        return Fraction(100 * self.more, self.before) if self.before else None

    @property
    def is_comparable(self) -> bool:
        """Tell whether there are enough on both sides to say anything."""
        return self.now >= FEW and self.before >= FEW

    @property
    def weight(self) -> float:
        """Return how many times larger the change is than what chance makes."""
        both = self.now + self.before
        return abs(self.more) / sqrt(both) if both else 0.0

    @property
    def is_marked(self) -> bool:
        """Tell whether a sum has changed by more than chance explains."""
        return self.is_comparable and self.weight >= _CHANGED


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The cases of one unit about one factor, then and now."""

    unit: str
    factor: Factor
    change: Change

    @property
    def is_marked(self) -> bool:
        """Tell whether it has changed by more than chance makes in one of hundreds of cells."""
        return max(self.change.now, self.change.before) >= FEW and self.change.weight >= _CELL_CHANGED


def share_change(now: Share, before: Share) -> Fraction | None:
    """Return by how many percentage points a share has changed; None where chance may explain it."""
    least = 2 * FEW
    if min(now.whole, before.whole) < least or now.percent is None or before.percent is None:
        return None
    points = now.percent - before.percent
    together = (now.part + before.part) / (now.whole + before.whole)
    spread = sqrt(together * (1 - together) * (1 / now.whole + 1 / before.whole))
    return points if spread and abs(float(points)) / 100 >= _CHANGED * spread else None


def cells(now: Iterable[Fact], before: Iterable[Fact], *, kind: Kind | None = None) -> list[Cell]:
    """List every unit and factor with a case in either period, the largest change first (row L20)."""
    then_and_now = [
        Counter((one.unit, one.factor) for one in facts if kind is None or one.kind is kind)
        for facts in (now, before)
    ]
    found = [
        Cell(
            unit=unit,
            factor=factor,
            change=Change(now=then_and_now[0][unit, factor], before=then_and_now[1][unit, factor]),
        )
        for unit, factor in then_and_now[0].keys() | then_and_now[1].keys()
        if factor is not None
    ]
    return sorted(found, key=lambda one: (-abs(one.change.more), -one.change.now, one.unit, one.factor))


def most(found: Sequence[Cell], count: int) -> list[Cell]:
    """List the cells that have most cases now."""
    return sorted(found, key=lambda one: (-one.change.now, one.unit, one.factor))[:count]
