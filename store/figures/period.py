"""Periods of a calendar, as reports are asked for: a quarter, a tertial, a year, or any dates."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from store.deadlines import STOCKHOLM

_MONTHS = {"month": 1, "quarter": 3, "tertial": 4, "half-year": 6, "year": 12}
_LETTER = {"M": "month", "Q": "quarter", "K": "quarter", "T": "tertial", "H": "half-year"}
_WRITTEN = re.compile(r"(\d{4})(?:-?([MQKTH])(\d{1,2}))?", re.IGNORECASE)
_BETWEEN = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/|\.\.|--)(\d{4}-\d{2}-\d{2})")
_EARLIEST = 1990
_MONTH = re.compile(r"(\d{4})-(\d{2})")


class PeriodError(ValueError):
    """No period is written like this. The message says, in Swedish, how one is."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days in Stockholm, `first` to `last`, both with them. `kind` is empty for any dates."""

    first: date
    last: date
    kind: str = ""

    @property
    def name(self) -> str:
        """Return how the period is written, such as `2026-K3`; `read` understands it."""
        if self.kind == "year":
            return f"{self.first.year}"
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        letter = {"quarter": "K", "tertial": "T", "half-year": "H"}.get(self.kind)
        if letter is None:
            return f"{self.first}/{self.last}"
        return f"{self.first.year}-{letter}{(self.first.month - 1) // _MONTHS[self.kind] + 1}"

    @property
    def before(self) -> "Period":
        """Return the period that ended when this one began; of any dates, as many days."""
        if not self.kind:
            days = (self.last - self.first).days + 1
            return Period(first=self.first - timedelta(days=days), last=self.first - timedelta(days=1))
        return holding(self.kind, self.first - timedelta(days=1))

    @property
    def year_before(self) -> "Period":
        """Return the same period of the year before."""
        if self.kind:
            return holding(self.kind, date(self.first.year - 1, self.first.month, 1))
        return Period(first=_a_year_before(self.first), last=_a_year_before(self.last))

    @property
    def begins(self) -> datetime:
        """Return the first moment of the period."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=STOCKHOLM)

    @property
    def ends(self) -> datetime:
        """Return the first moment after the period."""
        after = self.last + timedelta(days=1)
        return datetime(after.year, after.month, after.day, tzinfo=STOCKHOLM)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def holding(kind: str, day: date) -> Period:
    """Return the period of a kind that a day lies in. Raises `KeyError` for an unknown kind."""
    months = _MONTHS[kind]
    at = (day.month - 1) // months * months
    following = day.year * 12 + at + months
    last = date(following // 12, following % 12 + 1, 1) - timedelta(days=1)
    return Period(first=date(day.year, at + 1, 1), last=last, kind=kind)


def read(written: str) -> Period:
    """Read `2026`, `2026-K3` (or Q3), `2026-T2`, `2026-H1`, `2026-07`, or `2026-01-15/2026-03-01`.

    Raises `PeriodError`.
    """
    written = written.strip()
    for pattern, make in _WAYS:
        if match := pattern.fullmatch(written):
            try:
                return make(match)
            except ValueError:
                break
    raise PeriodError(
        f"{written!r} är ingen period. Skriv till exempel 2026, 2026-K3, 2026-T2, 2026-H1, 2026-07 "
        "eller 2026-01-15/2026-03-01."
    )


def read_in_reach(written: str, today: date) -> Period:
    """Read a period as `read` does; raise `PeriodError` also for years that there can be no cases of."""
    period = read(written)
    if not _EARLIEST <= period.first.year <= period.last.year <= today.year + 1:
        raise PeriodError(f"Välj en period mellan {_EARLIEST} och {today.year + 1}.")
    return period


def _named(match: re.Match[str]) -> Period:
    year, letter, number = match[1], match[2], match[3]
    if letter is None:
        return holding("year", date(int(year), 1, 1))
    kind = _LETTER[letter.upper()]
    return holding(kind, date(int(year), (int(number) - 1) * _MONTHS[kind] + 1, 1))


def _of_month(match: re.Match[str]) -> Period:
    return holding("month", date(int(match[1]), int(match[2]), 1))


def _of_dates(match: re.Match[str]) -> Period:
    first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
    if first > last:
        raise ValueError
    return Period(first=first, last=last)


_WAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...] = (
    (_BETWEEN, _of_dates),
    (_MONTH, _of_month),
    (_WRITTEN, _named),
)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)
