"""Keeps what is counted of each month, and reads a month anew once a case of it has changed.

Years of cases take seconds to read, and a live page is looked at often. Every row of the record that is
written leaves a line (store.sealing): the new lines tell which cases have changed, so what is kept is never
older than the question.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from threading import Lock
from typing import TypeVar

from sqlalchemy import func, select

from store.cases import OPEN
from store.deadlines import day_of
from store.engine import Store, Transaction
from store.figures import agreement, facts
from store.figures.agreement import Judged
from store.figures.facts import Fact
from store.figures.period import Period, holding
from store.sight import Reader, seen_by
from store.tables import alarms, answers, cases, changes, confirmations, metadata, promises, suggestions

_TELLING = frozenset(table.name for table in (cases, promises, answers, alarms, confirmations, suggestions))
# PostgreSQL gives numbers to lines before they are committed: one may become visible after a later one. So
# these newest ones are looked at again. SQLite has one writer at a time.
_OVERLAP = 2000
_AT_ONCE = 500
_Dated = TypeVar("_Dated", Fact, Judged)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What is known of the cases of some days. `open` are those of the facts that are not ended."""

    facts: Sequence[Fact]
    judged: Sequence[Judged]
    open: Sequence[Fact]


@dataclass
class Months:
    """What has been read, month by month. One for all readers; it takes about a kilobyte for each case."""

    store: Store
    _kept: dict[Period, Counted] = field(default_factory=dict)
    _lies_in: dict[int, Period] = field(default_factory=dict)  # the month of each case that is kept
    _seen: frozenset[int] = frozenset()  # the newest lines that have been looked at
    _last: int | None = None
    _bounds: Period | None = None  # from the first case to the last one
    _lock: Lock = field(default_factory=Lock)

    def of(self, period: Period) -> Counted:
        """Return what came in during a period, as it is now, in the order of the cases. Blocking."""
        (found,) = self.each(period)
        return found

    def each(self, *periods: Period) -> list[Counted]:
        """Return what came in during each of some periods, all of one moment; as `of`."""
        # The transaction begins under the lock: an older moment must not be kept after a newer one.
        with self._lock, self.store.read() as transaction:
            self._forget_changed(transaction)
            found = [
                [
                    (month, self._month(transaction, month))
                    for month in _months(self._held(transaction, period))
                ]
                for period in periods
            ]
        return [
            Counted(
                facts=_joined([(month, known.facts) for month, known in months], period),
                judged=_joined([(month, known.judged) for month, known in months], period),
                open=_joined([(month, known.open) for month, known in months], period),
            )
            for period, months in zip(periods, found, strict=True)
        ]

    def _month(self, transaction: Transaction, month: Period) -> Counted:
        if month not in self._kept:
            every = facts.of_period(transaction, month)
            read = Counted(
                facts=every,
                judged=agreement.of_period(transaction, month),
                open=[fact for fact in every if fact.is_open],
            )
            self._kept[month] = read
            self._lies_in |= {fact.case_id: month for fact in read.facts}
        return self._kept[month]

    def _held(self, transaction: Transaction, period: Period) -> Period | None:
        """Return the part of a period in which anything came in; None if nothing did."""
        if self._bounds is None:
            self._bounds = _bounds(transaction)
        if self._bounds is None:
            return None
        begins, ends = max(period.first, self._bounds.first), min(period.last, self._bounds.last)
        return Period(first=begins, last=ends) if begins <= ends else None

    def _forget_changed(self, transaction: Transaction) -> None:
        """Forget the months of the cases that lines tell of which have not been looked at."""
        newest = transaction.connection.scalar(select(func.max(changes.c.id))) or 0
        overlap = 0 if self.store.is_sqlite else _OVERLAP
        since = (newest if self._last is None else self._last) - overlap
        wanted = select(changes.c.id, changes.c.subject, changes.c.key).where(changes.c.id > since)
        lines = transaction.connection.execute(wanted).all()
        if self._last is not None:
            rows: dict[str, set[int]] = {}
            for line, subject, key in lines:
                if line not in self._seen and subject in _TELLING:
                    rows.setdefault(subject, set()).add(int(key))
            if cases.name in rows:
                self._bounds = None
            changed = _cases_of(transaction, rows)
            if changed is None:
                self._kept.clear()
            for month in list(self._months_of(transaction, changed or ())):
                self._kept.pop(month, None)
        self._seen = frozenset(line for line, _, _ in lines if line > newest - overlap)
        self._last = newest

    def _months_of(self, transaction: Transaction, case_ids: Iterable[int]) -> Iterator[Period]:
        for some in _parted(case_ids):
            wanted = select(cases.c.id, cases.c.received_at).where(cases.c.id.in_(some))
            for case_id, received_at in transaction.connection.execute(wanted):
                yield holding("month", day_of(received_at))
                # R itself can be put right: the case may have been counted in another month.
                if (before := self._lies_in.get(case_id)) is not None:
                    yield before


def open_since(transaction: Transaction) -> date | None:
    """Return the day on which the oldest case came in that is open; None if none is."""
    oldest = select(func.min(cases.c.received_at)).where(cases.c.status.in_(OPEN))
    found: datetime | None = transaction.connection.scalar(oldest)
    return None if found is None else day_of(found)


def visible(transaction: Transaction, period: Period, reader: Reader) -> frozenset[int]:
    """Return the ids of what came in during a period that somebody may read (store.sight)."""
    wanted = select(cases.c.id).where(
        cases.c.received_at >= period.begins, cases.c.received_at < period.ends, seen_by(reader)
    )
    return frozenset(transaction.connection.scalars(wanted))


def _cases_of(transaction: Transaction, rows: dict[str, set[int]]) -> set[int] | None:
    """Return the cases of some rows; None where a row is gone, and nobody can say whose it was."""
    found = rows.pop(cases.name, set())
    for subject, ids in rows.items():
        table = metadata.tables[subject]
        for some in _parted(ids):
            theirs = transaction.connection.scalars(select(table.c.case_id).where(table.c.id.in_(some))).all()
            if len(theirs) < len(some):
                return None
            found.update(theirs)
    return found


def _bounds(transaction: Transaction) -> Period | None:
    bounds = select(func.min(cases.c.received_at), func.max(cases.c.received_at))
    first, last = transaction.connection.execute(bounds).one()
    return None if first is None else Period(first=day_of(first), last=day_of(last))


def _months(period: Period | None) -> Iterator[Period]:
    if period is None:
        return
    month = holding("month", period.first)
    while month.first <= period.last:
        yield month
        month = holding("month", month.last + timedelta(days=1))


def _joined(months: Iterable[tuple[Period, Sequence[_Dated]]], period: Period) -> list[_Dated]:
    """Put together what months hold of a period, in the order of the cases."""
    found: list[_Dated] = []
    for month, some in months:
        # Most months lie within it wholly, and years of cases are asked for at once.
        is_whole = period.first <= month.first and month.last <= period.last
        found += some if is_whole else [one for one in some if one.received_on in period]
    found.sort(key=attrgetter("case_id"))
    return found


def _parted(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for at in range(0, len(ordered), _AT_ONCE):
        yield ordered[at : at + _AT_ONCE]
