"""What a report is asked of, and the answer that there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bots.desk.house import House
from bots.desk.reports.diary import DiaryCase
from store.domain import Unit
from store.figures.period import Period
from store.sight import Reader


class NoReportError(ValueError):
    """There is no such report, or not of such a period. The message says what there is, in Swedish."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a report is made of. `today` tells which promises have fallen due; `units` narrows it.

    `reader` is who the report is for: lists leave out the cases that are kept from them, and from nobody
    known (None) all that are for few eyes. `diary` are cases of the main diary, told of in R5 (row K17).
    """

    period: Period
    today: date
    house: House
    units: Sequence[str] = ()
    reader: Reader | None = None
    diary: Sequence[DiaryCase] = ()

    @property
    def shown(self) -> list[Unit | None]:
        """List the units of the report, and None for what lies at none, or at one that is gone."""
        if self.units:
            return [unit for unit in self.house.units if unit.id in self.units]
        return [*self.house.units, None]
