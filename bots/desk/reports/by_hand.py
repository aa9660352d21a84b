"""Closes a period by hand: keeps a report that no policy makes by itself (decision 22, row C4:1)."""

from dataclasses import dataclass
from datetime import date, datetime

from bots.desk.house import House
from bots.desk.reports import catalogue
from bots.desk.reports.catalogue import Entry
from bots.desk.reports.closing import Closed
from bots.desk.reports.swedish import day
from store import journal, snapshots
from store.deadlines import day_of, later
from store.domain import Entry as Line
from store.domain import Role
from store.engine import Store
from store.figures.period import Period

BY_HAND = "period stängd för hand"  # in the journal
_MAY = frozenset({Role.REGISTRATOR, Role.QUALITY})
_ITS_OWN_DAYS = 5  # working days that the schedule has for what it makes: it writes to the readers as well


class NotClosingError(ValueError):
    """A report is not closed by hand. The message says why, in Swedish."""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Whoever reads all units may close a period: the registrator, and the quality staff."""

    store: Store
    house: House

    def may(self, entry: Entry, person: str) -> bool:
        """Tell whether somebody may close periods of a report. Lists of what people did are never closed."""
        return entry.is_closable and bool(self.house.roles(person) & _MAY & entry.readers)

    def hindrance(self, entry: Entry, period: Period, today: date) -> str:
        """Say in Swedish why a period can not be closed by hand now; an empty text where it can."""
        if not period.kind:
            return "Bara hela månader, kvartal, tertial, halvår och år stängs."
        if today <= period.last:
            return "Perioden är inte slut."
        by_itself = any(
            plan.id == entry.id and plan.period == period.kind for plan in self.house.policy.reports
        )
        closed_days = self.house.days.closed
        if by_itself and today <= later(period.last, _ITS_OWN_DAYS, closed_days):
            on = later(period.last, 1, closed_days)
            return f"Rapporten görs av sig själv från {day(on)}, och då får de som ska ha den ett brev."
        return ""

    def close(self, report: str, period: Period, *, by: str, now: datetime) -> bool:
        """Keep a report of the whole, and of each unit where it is read unit by unit, for ever.

        False if somebody has closed it already. Nobody is written to. Raises `NotClosingError`, and
        `NoReportError` for a report that is not made of such a period.
        """
        entry = catalogue.entry(report)
        if not self.may(entry, by):
            raise NotClosingError("Registratorn och den som är kvalitetsansvarig stänger perioder.")
        if told := self.hindrance(entry, period, day_of(now)):
            raise NotClosingError(told)
        with self.store.read() as transaction:
            made = Closed(house=self.house).count(transaction, entry.id, period, today=day_of(now))
        with self.store.write() as transaction:
            for one in made:
                if snapshots.keep(transaction, one, now=now) is None:
                    return False  # somebody else was there first, with all of it
            details = {"rapport": entry.id, "period": period.name, "summa": made[0].sha256}
            journal.write(transaction, now, Line(actor=by, act=BY_HAND, details=details))
        return True
