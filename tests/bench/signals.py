"""Measures weak signals on invented and shuffled months: false alarms, and which planted rises are found.

`python -m tests.bench.signals` takes a minute. The figures stand in docs/reports.md.
"""

import math
import random
from collections.abc import Mapping, Sequence

from store.domain import Factor
from store.figures.baseline import YEAR, judge

Cell = tuple[int, str]
_RUNS = 1000
_SEED = 20261122


def a_town(chance: random.Random, *, units: int, years: int = 3) -> dict[Cell, list[int]]:
    """Invent complaints month by month: units and factors of their own size, all with one season."""
    counts = {}
    for unit in range(units):
        size = chance.lognormvariate(0.3, 0.8)
        for factor in Factor:
            level = size * chance.lognormvariate(-0.3, 0.9)
            counts[unit, str(factor)] = [heard(chance, level, month) for month in range(years * YEAR + 1)]
    return counts


def heard(chance: random.Random, level: float, month: int) -> int:
    """Draw what is complained of in a month: more in spring than in autumn, and more uneven than chance."""
    season = 1 + 0.35 * math.sin(2 * math.pi * month / YEAR)
    return _poisson(chance, level * season * chance.gammavariate(25, 1 / 25))


def shuffled(counts: Mapping[Cell, Sequence[int]], chance: random.Random) -> dict[Cell, list[int]]:
    """Let each cell's years change places, month of the year by month of the year: what is left is chance."""
    mixed = {}
    for cell, months in counts.items():
        new = list(months)
        for first in range(YEAR):
            places = range(first, len(months), YEAR)
            drawn = [months[place] for place in places]
            chance.shuffle(drawn)
            for place, count in zip(places, drawn, strict=True):
                new[place] = count
        mixed[cell] = new
    return mixed


def _poisson(chance: random.Random, mean: float) -> int:
    """Draw by Knuth's way: fine for what a unit hears in a month."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def false_alarms(chance: random.Random, *, units: int, runs: int) -> tuple[int, int]:
    """Return in how many runs anything was told, and how many cells in all."""
    alarmed = told = 0
    for _ in range(runs):
        found = judge(shuffled(a_town(chance, units=units), chance))
        alarmed += bool(found)
        told += len(found)
    return alarmed, told


def found_of(chance: random.Random, *, level: float, times: float, units: int, runs: int) -> int:
    """Return in how many runs a rise planted in one cell of some level was told."""
    found = 0
    planted = (-1, "planterad")
    for _ in range(runs):
        counts = a_town(chance, units=units)
        past = [heard(chance, level, month) for month in range(3 * YEAR)]
        counts[planted] = [*past, heard(chance, times * level, 3 * YEAR)]
        found += planted in [rise.cell for rise in judge(counts)]
    return found


def main() -> None:
    """Print both tables."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    for units in (3, 10, 30):
        runs = _RUNS * 3 // units
        alarmed, told = false_alarms(chance, units=units, runs=runs)
        print(
            f"{units} units, {units * len(Factor)} cells, {runs} months: "
            f"a false alarm in {100 * alarmed / runs:.1f} % of the months, {told / runs:.3f} cells a month"
        )
    runs = 100
    for times in (2, 3):
        shares = [
            f"{level} a month: {found_of(chance, level=level, times=times, units=10, runs=runs)} %"
            for level in (1, 3, 10, 30)
        ]
        print(f"a rise of {times} times, among 10 units: {', '.join(shares)}")


if __name__ == "__main__":
    main()
