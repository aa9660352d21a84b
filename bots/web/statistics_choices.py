"""What the pages of statistics can be narrowed by, as links: each choice is an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bots.desk.reports import swedish
from bots.web.statistics_asked import PATH, Asked, latest_year
from store.figures.cut import Cut
from store.figures.period import Period, holding

_YEARS = 4


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice: what it is called, and the page with it."""

    name: str
    url: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Choices of which one holds; `chosen` names it, and is empty where none of them does."""

    name: str
    choices: Sequence[Choice]

    @property
    def chosen(self) -> str:
        """Return the name of the choice that holds."""
        return next((one.name for one in self.choices if one.chosen), "")


def group(name: str, choices: Sequence[tuple[str, Cut, bool]], path: str = PATH) -> Group:
    """Make a group of choices, each with the cut that it leads to and whether it is that of the page."""
    made = [
        Choice(name=title, url=f"{path}?{cut.query}", chosen=is_chosen) for title, cut, is_chosen in choices
    ]
    return Group(name=name, choices=made)


def when(asked: Asked, path: str) -> list[Group]:
    """List the periods: the last years, and the parts of the year that is looked at."""
    cut, today, year = asked.cut, asked.today, asked.cut.period.last.year
    years = [holding("year", date(today.year - n, 1, 1)) for n in range(_YEARS)]
    latest = [("Senaste tolv månaderna", latest_year(today)), *((one.name, one) for one in years)]
    named: list[tuple[str, list[tuple[str, Period]]]] = [("Period", latest)]
    for name, kind, length in (("Kvartal", "quarter", 3), ("Tertial", "tertial", 4), ("Månad", "month", 1)):
        parts = [holding(kind, date(year, month, 1)) for month in range(1, 13, length)]
        told = [(swedish.begun(swedish.period(one)), one) for one in parts if one.first <= today]
        named.append((name, told))
    return [
        group(name, [(title, replace(cut, period=one), one == cut.period) for title, one in choices], path)
        for name, choices in named
    ]


def where(asked: Asked, path: str, names: Mapping[str, str]) -> Group:
    """List the units that the reader may choose among."""
    cut, own = asked.cut, asked.scope.units or ()
    everywhere = ("Alla mina" if own else "Alla", replace(cut, units=own), cut.units == own)
    units = [
        (name, replace(cut, units=(unit,)), cut.units == (unit,)) for unit, name in names.items() if unit
    ]
    # Who has one unit has nothing to choose.
    return group("Enhet", units if len(own) == 1 else [everywhere, *units], path)
