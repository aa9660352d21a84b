"""Swedish working days, and the dates that a promise falls due. The only place that counts days.

Day 1 is the first working day after reception; a promise is kept until the end of its last day,
Stockholm time (rows B31, X16; lag 1930:173 2 §, lag 1989:253).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import DE_FACTO, PUBLIC, country_holidays

from store.domain import Kind, Promise, PromiseKind

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_WEEKDAYS = ("mån", "tis", "ons", "tors", "fre", "lör", "sön")


@dataclass(frozen=True, kw_only=True)
class Days:
    """How many working days each promise has; None promises no date (row L: no answer deadline)."""

    first_feedback: int | None = 2
    complaint: int | None = 10
    suggestion: int | None = 10
    praise: int | None = 10
    clause: str = "standardprofil"
    closed: Collection[date] = ()  # the municipality's own closed days

    def answer(self, kind: Kind | None) -> int | None:
        """Return the days for an answer; when the type is not known, the strictest promise holds."""
        if kind is None:
            known = [days for days in (self.complaint, self.suggestion, self.praise) if days is not None]
            return min(known, default=None)
        by_kind = {Kind.COMPLAINT: self.complaint, Kind.SUGGESTION: self.suggestion, Kind.PRAISE: self.praise}
        return by_kind[kind]


@lru_cache(maxsize=64)
def red_days(year: int) -> dict[date, str]:
    """Return the year's public holidays and the three eves that the law treats alike, with Swedish names."""
    found = country_holidays("SE", years=year, categories=(PUBLIC, DE_FACTO), language="sv")
    return {day: found[day].lower() for day in found}


def why_closed(day: date, closed: Collection[date] = ()) -> str:
    """Say why a day is no working day, or return an empty text if it is one."""
    if day in red_days(day.year):
        return red_days(day.year)[day]
    if day.weekday() >= 5:
        return "lördag" if day.weekday() == 5 else "söndag"
    return "stängt hos kommunen" if day in closed else ""


def working_days_after(day: date, closed: Collection[date] = ()) -> Iterator[date]:
    """Walk through the working days after a day, without end."""
    while True:
        day += timedelta(days=1)
        if not why_closed(day, closed):
            yield day


def day_of(moment: datetime) -> date:
    """Return the day in Stockholm on which a moment falls. `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone has no day in Stockholm")
    return moment.astimezone(STOCKHOLM).date()


def due(received_at: datetime, days: int, closed: Collection[date] = ()) -> date:
    """Return the last working day on which a promise of `days` working days is kept (1 or more)."""
    if days < 1:
        raise ValueError("a promise has at least one working day")
    walk = working_days_after(day_of(received_at), closed)
    for _ in range(days - 1):
        next(walk)
    return next(walk)


def arithmetic(received_at: datetime, days: int, closed: Collection[date] = ()) -> tuple[str, ...]:
    """Show how a due date was reached, day by day, in Swedish."""
    day = day_of(received_at)
    last = due(received_at, days, closed)
    lines = [f"{_short(day)} = mottaget"]
    counted = 0
    while day < last:
        day += timedelta(days=1)
        why = why_closed(day, closed)
        if why:
            lines.append(f"{_short(day)} räknas inte ({why})")
        else:
            counted += 1
            lines.append(f"{_short(day)} = dag {counted}")
    return tuple(lines)


def promises(received_at: datetime, kind: Kind | None, days: Days) -> tuple[Promise, ...]:
    """List what we owe the sender of a message received at R: receipt, first feedback and answer."""
    owed = [Promise(kind=PromiseKind.RECEIPT, due_on=day_of(received_at), clause=days.clause)]
    for promise, count in (
        (PromiseKind.FIRST_FEEDBACK, days.first_feedback),
        (PromiseKind.ANSWER, days.answer(kind)),
    ):
        if count is not None:
            owed.append(
                Promise(
                    kind=promise,
                    due_on=due(received_at, count, days.closed),
                    clause=days.clause,
                    arithmetic=arithmetic(received_at, count, days.closed),
                )
            )
    return tuple(owed)


def _short(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day}/{day.month}"
