"""What a report is asked of, and the answer that there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from bots.desk.house import House
from bots.desk.reports.diary import DiaryCase
from store.domain import Unit
from store.engine import Transaction
from store.figures.facts import Fact, of_period
from store.figures.period import Period
from store.sight import Reader


class NoReportError(ValueError):
    """There is no such report, or not of such a period. The message says what there is, in Swedish."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a report is made of. `today` tells which promises have fallen due; `units` narrows it.

    `reader` is who the report is for: lists leave out the cases that are kept from them, and from nobody
    known (None) all that are for few eyes. `diary` are cases of the main diary, told of in R5 (row K17).
    `facts` reads what is counted: whoever makes many reports of one moment reads it once.
    """

    period: Period
    today: date
    house: House
    units: Sequence[str] = ()
    reader: Reader | None = None
    diary: Sequence[DiaryCase] = ()
    facts: Callable[[Transaction, Period], Sequence[Fact]] = of_period

    @property
    def shown(self) -> list[Unit | None]:
        """List the units of the report, and None for what lies at none, or at one that is gone."""
        if self.units:
            return [unit for unit in self.house.units if unit.id in self.units]
        return [*self.house.units, None]
