"""What has run out, and who has been told: each step of each clock of a case once, whoever looks."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import journal
from store.cases import OPEN
from store.deadlines import day_of
from store.domain import Act, Clock, Entry, PromiseKind, Status, Step
from store.engine import Row, Transaction
from store.life import MACHINE
from store.tables import alarms, cases, promises
from store.tables import journal as journal_lines

_WATCHED = (*OPEN, Status.QUARANTINED)
_UNANSWERED = tuple(one for one in OPEN if one not in {Status.ANSWERED, Status.RETURNED})
_AT_WORK = (Status.ASSIGNED, Status.IN_PROGRESS, Status.REOPENED, Status.AWAITING_SENDER)
_GONE = (Status.ARCHIVED, Status.DISPOSED, Status.HANDED_OVER, Status.DUPLICATE)
_AWAY = (Status.AT_PROVIDER, Status.AT_OTHER_BOARD)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One step of a clock. `turn` tells apart what may run more than once: a round, or a day."""

    case_id: int
    clock: Clock
    step: Step
    turn: str = "1"
    due_on: date | None = None
    told: tuple[str, ...] = ()  # ids of people


def sound(transaction: Transaction, alarm: Alarm, *, now: datetime) -> bool:
    """Note that a step is taken, with a journal line; False if it was taken before, by whomever.

    Write the letters in the same transaction, and only after True: then each is written once.
    """
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {
        "case_id": alarm.case_id,
        "clock": alarm.clock,
        "turn": alarm.turn,
        "step": alarm.step,
        "due_on": alarm.due_on,
        "told": list(alarm.told),
        "at": now,
    }
    taken = make(alarms).values(row).on_conflict_do_nothing().returning(alarms.c.id)
    if transaction.connection.scalar(taken) is None:
        return False
    details = {"klocka": str(alarm.clock), "steg": str(alarm.step), "till": ", ".join(alarm.told)}
    if alarm.due_on is not None:
        details["dag"] = alarm.due_on.isoformat()
    entry = Entry(actor="synpunkt", act="bevakning", case_id=alarm.case_id, details=details)
    journal.write(transaction, now, entry)
    return True


def taken(
    transaction: Transaction, case_ids: Collection[int]
) -> dict[tuple[int, Clock, str], dict[Step, date]]:
    """Return the steps that are taken in some cases, with the day of each, by case, clock and turn."""
    found: dict[tuple[int, Clock, str], dict[Step, date]] = {}
    for ids in batched(sorted(case_ids)):
        for row in transaction.rows(select(alarms).where(alarms.c.case_id.in_(ids))):
            key = (row["case_id"], Clock(row["clock"]), row["turn"])
            found.setdefault(key, {})[Step(row["step"])] = day_of(row["at"])
    return found


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List a case's alarms, oldest first."""
    return transaction.rows(select(alarms).where(alarms.c.case_id == case_id).order_by(alarms.c.id))


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which cases are looked at: all, or those that have been found before and are looked at once more."""

    today: date
    among: Collection[int] | None = None

    def rows(self, transaction: Transaction, wanted: Select[Any]) -> Sequence[Row]:
        """Run a query on cases, oldest first."""
        if self.among is not None:
            wanted = wanted.where(cases.c.id.in_(self.among))
        return transaction.rows(wanted.order_by(cases.c.id))


def owing(
    transaction: Transaction, kind: PromiseKind, sought: Sought, *, until: date, last: Step
) -> Sequence[Row]:
    """List cases with an unkept promise of a kind that is due by a day: the case's columns, `due_on`, `turn`.

    Of an answer only the present round counts. Where the `last` step is taken there is nothing more to do.
    """
    turn = cast(promises.c.round, String(40))
    done = select(alarms.c.id).where(
        alarms.c.case_id == cases.c.id,
        alarms.c.clock == Clock(kind),
        alarms.c.turn == turn,
        alarms.c.step == last,
    )
    wanted = (
        select(cases, promises.c.due_on, turn.label("turn"))
        .join(promises, promises.c.case_id == cases.c.id)
        .where(
            promises.c.kind == kind,
            promises.c.kept_at.is_(None),
            promises.c.due_on <= until,
            cases.c.status.in_(_WATCHED),
            ~done.exists(),
        )
    )
    if kind is PromiseKind.ANSWER:
        wanted = wanted.where(promises.c.round == cases.c.round)
    return sought.rows(transaction, wanted)


def unassigned(transaction: Transaction, sought: Sought, *, before: datetime) -> Sequence[Row]:
    """List the cases that nobody has been given, and that came before a moment.

    `returned_at` is when somebody last gave one back to be sorted, or took it back from elsewhere.
    """
    waiting = (Status.RECEIVED, Status.SORTING)
    returned_at = (
        select(func.max(journal_lines.c.at))
        .where(
            journal_lines.c.case_id == cases.c.id,
            journal_lines.c.act.in_((Act.SORT, Act.TAKE_BACK)),
            journal_lines.c.actor != MACHINE.id,
        )
        .correlate(cases)
        .scalar_subquery()
    )
    wanted = select(cases, returned_at.label("returned_at")).where(
        cases.c.status.in_(waiting), cases.c.received_at < before
    )
    return sought.rows(transaction, wanted)


def flagged(transaction: Transaction, sought: Sought) -> Sequence[Row]:
    """List the cases that may be no synpunkt, and that nobody has sorted yet."""
    waiting = (Status.RECEIVED, Status.SORTING, Status.QUARANTINED)
    # As text, since databases compare JSON in different ways.
    is_flagged = cast(cases.c.lanes, String) != "[]"
    return sought.rows(transaction, select(cases).where(cases.c.status.in_(waiting), is_flagged))


def unopened(transaction: Transaction, sought: Sought, *, before: datetime) -> Sequence[Row]:
    """List the cases that their handler got before a moment, and has not begun with (row B33)."""
    waiting = (Status.ASSIGNED, Status.REOPENED)
    wanted = select(cases).where(cases.c.status.in_(waiting), cases.c.assigned_at < before)
    return sought.rows(transaction, wanted)


def awaiting_statement(transaction: Transaction, sought: Sought) -> Sequence[Row]:
    """List the cases in which a statement should have come before today (rows N20, N21)."""
    wanted = select(cases).where(cases.c.status.in_(_AWAY), cases.c.statement_due_on < sought.today)
    return sought.rows(transaction, wanted)


def awaiting_sender(transaction: Transaction, sought: Sought) -> Sequence[Row]:
    """List the cases in which we have waited long enough for the sender's reply."""
    waiting = cases.c.status == Status.AWAITING_SENDER
    return sought.rows(transaction, select(cases).where(waiting, cases.c.question_due_on < sought.today))


def to_follow_up(transaction: Transaction, sought: Sought) -> Sequence[Row]:
    """List the cases in which something should be done by today, closed ones too (row L19)."""
    wanted = select(cases).where(
        cases.c.follow_up_on <= sought.today, cases.c.follow_up_result == "", cases.c.status.not_in(_GONE)
    )
    return sought.rows(transaction, wanted)


def in_the_hands_of(transaction: Transaction, sought: Sought, people: Collection[str]) -> Sequence[Row]:
    """List the cases that these people work with."""
    if not people:
        return []
    wanted = select(cases).where(cases.c.handler.in_(people), cases.c.status.in_(_AT_WORK))
    return sought.rows(transaction, wanted)


def unanswered_by(transaction: Transaction, sought: Sought, roads: Collection[str]) -> Sequence[Row]:
    """List the cases that came by some roads, are not answered, and whose senders named no other road."""
    if not roads:
        return []
    wanted = select(cases).where(
        cases.c.status.in_(_UNANSWERED),
        cases.c.sender_channel.in_(sorted(roads)),
        cases.c.sender_handle != "",
        cases.c.answer_handle == "",
        cases.c.pick_up == "",
    )
    return sought.rows(transaction, wanted)


def batched(ids: Sequence[int], size: int = 200) -> Iterator[Sequence[int]]:
    """Divide ids into parts that a query can hold."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
