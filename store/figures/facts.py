"""What is counted of each case: read once for a period, whatever report is made of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, and_, func, select, type_coerce

from store.deadlines import STOCKHOLM
from store.domain import Clock, Factor, Kind, Outcome, PromiseKind, Status, Step
from store.engine import Transaction
from store.figures.period import Period
from store.tables import alarms, answers, cases, promises

# Neither is a synpunkt: a quarantined one is not looked at yet, and a duplicate is counted as its original.
_NOT_COUNTED = (Status.QUARANTINED, Status.DUPLICATE)
_ENDED = (Status.CLOSED, Status.ARCHIVED, Status.DISPOSED)
_TOLD = {Step.REMINDER: "reminded", Step.ESCALATION: "escalated", Step.NEXT_LEVEL: "escalated"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """A promise of a case's first round: its day, and the day on which it was kept, if it was."""

    due_on: date
    kept_on: date | None

    def outcome(self, today: date) -> bool | None:
        """Tell whether it was kept in time; None while nobody can say."""
        if self.kept_on is not None:
            return self.kept_on <= self.due_on
        return None if today <= self.due_on else False


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One case, as it is counted. `kind` and `factor` are a human's word, else a proposal (`is_preliminary`).

    Either is None where nobody has proposed anything. `answered_on` is when the first answer was there.
    Of one that `is_for_few` (N2, B15, B27) no list may tell more than that there is one more.
    """

    case_id: int
    number: str
    received_on: date
    kind: Kind | None
    factor: Factor | None
    is_preliminary: bool
    unit: str
    source: str
    status: Status
    is_anonymous: bool
    is_restricted: bool
    first_feedback: Owed | None
    answer: Owed | None
    answered_on: date | None
    outcome: Outcome | None
    has_improvement: bool
    is_followed_up: bool
    was_reminded: bool
    was_escalated: bool
    is_protected: bool = False

    @property
    def is_for_few(self) -> bool:
        """Tell whether even its number is kept from most."""
        return self.is_restricted or self.is_protected

    @property
    def is_open(self) -> bool:
        """Tell whether something remains to be done."""
        return self.status not in _ENDED

    @property
    def is_synpunkt(self) -> bool:
        """Tell whether it counts as a synpunkt: what was handed over does not (rows L4, L5)."""
        return self.status is not Status.HANDED_OVER

    @property
    def is_classed(self) -> bool:
        """Tell whether it has a type and a factor, so that the sums of both agree."""
        return self.kind is not None and self.factor is not None


def of_period(transaction: Transaction, period: Period) -> list[Fact]:
    """Read what came in during a period, by the day of R in Stockholm (C4), in the order of its numbers."""
    with _no_collecting():
        return _of_period(transaction, period)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Look for no garbage meanwhile: facts are in no circle, and to look takes a fifth of the time.

    For all threads, and two seconds at most; what is in no circle goes as always.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _of_period(transaction: Transaction, period: Period) -> list[Fact]:
    within = and_(cases.c.received_at >= period.begins, cases.c.received_at < period.ends)
    counted = and_(within, cases.c.status.not_in(_NOT_COUNTED))
    answered, came_of = _answers(transaction, counted)
    told = _told(transaction, counted)
    # What is promised is read in the same row: each case has one of either in its first round.
    feedback, answer = promises.alias("feedback"), promises.alias("answer")
    dues = (column for one in (feedback, answer) for column in (one.c.due_on, _moment(one.c.kept_at)))
    wanted = (
        select(*(_column(name) for name in _COLUMNS), *dues)
        .select_from(cases)
        .outerjoin(feedback, _promised(feedback, PromiseKind.FIRST_FEEDBACK))
        .outerjoin(answer, _promised(answer, PromiseKind.ANSWER))
        .where(counted)
        .order_by(cases.c.id)
    )
    facts = []
    for row in transaction.connection.execute(wanted).all():
        (
            case_id,
            number,
            received_at,
            kind,
            chosen,
            guessed,
            factor,
            guessed_factor,
            unit,
            source,
            status,
        ) = row[:11]
        handle, restricted, protected, follow_up = row[11:15]
        outcome, has_improvement = came_of.get(case_id, (None, False))
        steps = told.get(case_id, _NOBODY)
        facts.append(
            Fact(
                case_id=case_id,
                number=number,
                received_on=_day(received_at),
                kind=_KINDS.get(kind) or _KINDS.get(chosen) or _KINDS.get(guessed),
                factor=_FACTORS.get(factor) or _FACTORS.get(guessed_factor),
                is_preliminary=not (kind and factor),
                unit=unit,
                source=source,
                status=_STATUSES[status],
                is_anonymous=not handle,
                is_restricted=restricted,
                first_feedback=_owed(*row[15:17]),
                answer=_owed(*row[17:19]),
                answered_on=answered.get(case_id),
                outcome=outcome,
                has_improvement=has_improvement,
                is_followed_up=bool(follow_up),
                was_reminded="reminded" in steps,
                was_escalated="escalated" in steps,
                is_protected=protected,
            )
        )
    return facts


_COLUMNS = (
    *("id", "number", "received_at", "kind", "chosen_kind", "suggested_kind", "factor", "suggested_factor"),
    *("unit", "source", "status", "sender_handle", "restricted", "protected", "follow_up_result"),
)
# In Stockholm the clock is one or two hours before UTC, so that earlier than this the day is the same.
_SAME_DAY_UNTIL = 22
_NOBODY: frozenset[str] = frozenset()
# Many times quicker than to call the enum for each of many thousands.
_KINDS = {str(kind): kind for kind in Kind}
_FACTORS = {str(factor): factor for factor in Factor}
_STATUSES = {str(status): status for status in Status}
_OUTCOMES = {str(outcome): outcome for outcome in Outcome}


def _column(name: str) -> ColumnElement[Any]:
    return _moment(cases.c[name]) if name == "received_at" else cases.c[name]


def _moment(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Read a time as the database gives it, for `_day`: hundreds of thousands are read of three years."""
    return type_coerce(column, DateTime(timezone=True))


def _day(moment: datetime) -> date:
    """Return the day in Stockholm of a time as `_moment` reads it: in UTC, without a zone on SQLite."""
    if moment.tzinfo is None:
        if moment.hour < _SAME_DAY_UNTIL:
            return moment.date()
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(STOCKHOLM).date()


def _promised(promised: Any, kind: PromiseKind) -> ColumnElement[bool]:
    return and_(promised.c.case_id == cases.c.id, promised.c.kind == kind, promised.c.round == 1)


def _owed(due_on: date | None, kept_at: datetime | None) -> Owed | None:
    if due_on is None:
        return None
    return Owed(due_on=due_on, kept_on=None if kept_at is None else _day(kept_at))


def _answers(
    transaction: Transaction, counted: ColumnElement[bool]
) -> tuple[dict[int, date], dict[int, tuple[Outcome | None, bool]]]:
    """Return the day of each case's first answer, and what came of it by its latest one."""
    wanted = _beside(
        answers,
        answers.c.case_id,
        _moment(answers.c.delivered_at),
        answers.c.outcome,
        func.length(answers.c.improvement) > 0,
    ).where(counted, answers.c.undone_at.is_(None))
    first: dict[int, date] = {}
    latest: dict[int, tuple[Outcome | None, bool]] = {}
    found = transaction.connection.execute(wanted.order_by(answers.c.id)).all()
    for case_id, delivered_at, outcome, improves in found:
        if delivered_at is not None:
            day = _day(delivered_at)
            first[case_id] = min(day, first.get(case_id, day))
            # Who answered by own mail has not said yet what came of it.
            latest[case_id] = (_OUTCOMES.get(outcome), bool(improves))
    return first, latest


def _told(transaction: Transaction, counted: ColumnElement[bool]) -> dict[int, frozenset[str]]:
    wanted = _beside(alarms, alarms.c.case_id, alarms.c.step).where(
        counted, alarms.c.clock == Clock.ANSWER, alarms.c.step.in_(_TOLD)
    )
    found: dict[int, frozenset[str]] = {}
    for case_id, step in transaction.connection.execute(wanted).all():
        found[case_id] = found.get(case_id, _NOBODY) | {_TOLD[step]}
    return found


def _beside(table: Any, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).join(cases, cases.c.id == table.c.case_id)
