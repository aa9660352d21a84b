"""Whether a count is more than its own history lets one expect. Pure figures: `signals` reads them.

The method, its false alarms and what it finds are told in decision 23 and docs/reports.md.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

YEAR = 12
LONGEST = 3 * YEAR  # months of history that are looked at
LEAST = 5  # fewer cases than this are never a signal
RATE = 0.1  # of all that is told, so much may be chance (Benjamini-Hochberg)

# How many cases of the whole house's season, and of its unevenness, a cell's own are weighed against.
_SEASON_WEIGHT = 10.0
_SPREAD_WEIGHT = 20.0
_HALF = 0.5  # a cell in which nothing has happened is not one in which nothing can (Jeffreys)

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Rise(Generic[Cell]):
    """A count above what was expected. `chance` is that of so many or more, had nothing changed."""

    cell: Cell
    observed: int
    expected: float
    chance: float


@dataclass(frozen=True, kw_only=True)
class _Season:
    """How each month of the year stands to the mean of all, for the whole house; 1 is no season."""

    index: Sequence[float]  # by months before the one that is judged: the judged month of the year first
    spread: float  # how much wider counts scatter than Poisson's


def judge(
    counts: Mapping[Cell, Sequence[int]], *, rate: float = RATE, least: int = LEAST
) -> list[Rise[Cell]]:
    """List the cells whose last month is more than chance, the least likely first.

    Each cell has its counts month by month, oldest first, the month that is judged last. Whole years are
    used, at most three: a cell with less than one before its last month says nothing and is not judged.
    A month with fewer than `least` cases is no rise, whatever the history.
    """
    known = {cell: _whole_years(months) for cell, months in counts.items() if len(months) > YEAR}
    season = _season_of([*known.values()])
    judged = []
    for cell, months in known.items():
        mean, variance = _expect(months, season)
        enough = months[-1] >= least
        chance = tail(months[-1], mean, variance) if enough else 1.0
        judged.append(Rise(cell=cell, observed=months[-1], expected=mean, chance=chance))
    return _sift(judged, rate)


def tail(count: int, mean: float, variance: float) -> float:
    """Return the chance of `count` or more, where the variance is at least the mean (negative binomial)."""
    if count <= 0:
        return 1.0
    over = variance - mean
    # Where there is next to no scatter it is Poisson's, and the other one can not be computed.
    shape = mean * mean / over if over > mean * 1e-6 else math.inf
    if math.isinf(shape):
        log_first = count * math.log(mean) - mean - math.lgamma(count + 1)
    else:
        log_first = (
            math.lgamma(count + shape)
            - math.lgamma(shape)
            - math.lgamma(count + 1)
            + shape * math.log(mean / variance)
            + count * math.log(over / variance)
        )
    if count < mean and log_first < -700:
        return 1.0  # so far below that the first term is nothing
    term = total = math.exp(log_first)
    # Term after term, until what is left is less than a thousandth of a thousandth of it.
    while term > total * 1e-7 or count < mean:
        grows = mean if math.isinf(shape) else (count + shape) * over / variance
        term *= grows / (count + 1)
        total += term
        count += 1
    return min(total, 1.0)


def _whole_years(months: Sequence[int]) -> Sequence[int]:
    years = min((len(months) - 1) // YEAR, LONGEST // YEAR)
    return months[-1 - years * YEAR :]


def _expect(months: Sequence[int], season: _Season) -> tuple[float, float]:
    """Return mean and variance of what the last month should be: its level of late, times its season.

    The variance holds what is not known for certain of the level and the season, too.
    """
    past, weight = months[:-1], _SEASON_WEIGHT
    starts = range(len(past) - YEAR, -1, -YEAR)  # of each year that ends where the next one begins
    same = sum(past[start] for start in starts)
    usual = sum(past) / YEAR
    own = (same + weight * season.index[0]) / (usual + weight)
    recent = sum(past[-YEAR:]) + _HALF
    mean = recent / YEAR * own
    spread = _spread_of(past, season)
    unsure = 1 / recent + 1 / (same + weight * season.index[0])
    return mean, spread * (mean + mean * mean * unsure)


def _season_of(all_months: Sequence[Sequence[int]]) -> _Season:
    here, usual = [0.0] * YEAR, 0.0
    for months in all_months:
        past = months[:-1]
        usual += sum(past) / YEAR
        for at, count in enumerate(past):
            here[at % YEAR] += count  # the first of whole years is the month of the year that is judged
    weight = _SEASON_WEIGHT
    index = [(one + weight) / (usual + weight) for one in here]
    season = _Season(index=index, spread=1.0)
    squares = expected = 0.0
    for months in all_months:
        more, of = _squares(months[:-1], season)
        squares, expected = squares + more, expected + of
    return _Season(index=index, spread=max(1.0, squares / expected) if expected else 1.0)


def _spread_of(past: Sequence[int], season: _Season) -> float:
    squares, expected = _squares(past, season)
    weight = _SPREAD_WEIGHT
    return max(1.0, (squares + weight * season.spread) / (expected + weight))


def _squares(past: Sequence[int], season: _Season) -> tuple[float, float]:
    """Add up how far months lay from what was usual then, and how far they would by chance alone."""
    squares = expected = 0.0
    for start in range(0, len(past), YEAR):
        level = sum(past[start : start + YEAR]) / YEAR
        for at in range(YEAR):
            mean = level * season.index[at]
            squares += (past[start + at] - mean) ** 2
            expected += mean
    return squares * YEAR / (YEAR - 1), expected


def _sift(judged: Sequence[Rise[Cell]], rate: float) -> list[Rise[Cell]]:
    """Keep the rises of which at most `rate` are chance (Benjamini and Hochberg 1995), over all cells."""
    ordered = sorted(judged, key=lambda one: one.chance)
    kept = 0
    for place, one in enumerate(ordered, 1):
        if one.chance <= rate * place / len(ordered):
            kept = place
    return ordered[:kept]
