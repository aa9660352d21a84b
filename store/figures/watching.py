"""The cases that wait for somebody now (R8), and what ran out until others had to be told (R9)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, or_, select

from store.acts import facts_of_row
from store.cases import OPEN
from store.deadlines import day_of
from store.domain import Clock, Outcome, PromiseKind, Status, Step, Way
from store.engine import Row, Transaction
from store.figures.eyes import seen
from store.figures.period import Period
from store.life import CaseFacts
from store.sight import Reader
from store.tables import alarms, answers, cases, delays, promises

_SHOWN = (
    *("id", "number", "kind", "chosen_kind", "suggested_kind", "factor", "suggested_factor", "status"),
    *("handler", "unit", "received_at", "round", "sender_handle", "checklist", "serious", "diary_number"),
    *("service_note", "statement_asked_at", "statement_received_at", "statement_due_on", "question_due_on"),
)
_TOLD = (Step.ESCALATION, Step.NEXT_LEVEL)
_MANY = 400


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An open case. `due_on` is the day of the answer that is still owed; `facts` are what closing asks."""

    case: Row
    due_on: date | None
    facts: CaseFacts


def waiting(transaction: Transaction, reader: Reader | None, *, units: Sequence[str] = ()) -> list[Waiting]:
    """List the open cases that somebody answers for, in no order.

    Who oversees or sorts has all that they may read; a manager the units' and their own; everybody else
    what they handle, or stand in for. Duplicates that wait for an answer are not looked at.
    """
    owed = and_(
        promises.c.case_id == cases.c.id,
        promises.c.kind == PromiseKind.ANSWER,
        promises.c.round == cases.c.round,
        promises.c.kept_at.is_(None),
    )
    wanted = (
        select(*(cases.c[name] for name in _SHOWN), promises.c.due_on)
        .select_from(cases.outerjoin(promises, owed))
        .where(cases.c.status.in_(OPEN), seen(reader, of_few=True))
    )
    if reader is not None and not (reader.is_registrator or reader.oversees or reader.sorts):
        theirs = cases.c.handler.in_({reader.id, *reader.stands_in_for})
        wanted = wanted.where(or_(theirs, cases.c.unit.in_(sorted(reader.manages))))
    if units:
        wanted = wanted.where(cases.c.unit.in_(units))
    rows = transaction.rows(wanted)
    answered = _answers(transaction, [row["id"] for row in rows])
    return [
        Waiting(case=row, due_on=row["due_on"], facts=_facts(row, answered.get((row["id"], row["round"]))))
        for row in rows
    ]


def _answers(transaction: Transaction, case_ids: Sequence[int]) -> dict[tuple[int, int], Row]:
    """Return the newest answer of each round of each case."""
    found: dict[tuple[int, int], Row] = {}
    for first in range(0, len(case_ids), _MANY):
        some = answers.c.case_id.in_(case_ids[first : first + _MANY])
        wanted = select(answers).where(some, answers.c.undone_at.is_(None)).order_by(answers.c.id)
        found |= {(row["case_id"], row["round"]): row for row in transaction.rows(wanted)}
    return found


def _facts(case: Row, answer: Row | None) -> CaseFacts:
    """Gather what closing asks, as `store.acts.facts_of` does for one case; without its duplicates."""
    facts = facts_of_row(case)
    if answer is None:
        return facts
    return replace(
        facts,
        is_answered=True,
        is_anonymous=facts.is_anonymous or answer["way"] == Way.NOTE,
        is_delivered=answer["delivered_at"] is not None and answer["way"] != Way.NOTE,
        outcome=Outcome(answer["outcome"]) if answer["outcome"] else None,
        measure=answer["measure"],
        explanation=answer["explanation"],
        approved_by=answer["approved_by"],
        act_on=answer["act_on"],
        has_contact=answer["has_contact"],
    )


@dataclass(frozen=True, kw_only=True)
class Escalated:
    """A clock of a case that ran so far that others were told. `told` are ids of people.

    `ended_on` is the day on which what was late was done; None while it is not. `reason` is what the sender
    was told of why an answer takes longer, in the handler's words.
    """

    case_id: int
    number: str
    unit: str
    sender_name: str
    clock: Clock
    due_on: date | None
    reminded_on: date | None
    told: tuple[str, ...]
    ended_on: date | None
    reason: str


def escalated(
    transaction: Transaction, period: Period, reader: Reader | None, *, units: Sequence[str] = ()
) -> list[Escalated]:
    """List what was escalated of the cases that came in during a period, in the order of their numbers."""
    within = and_(
        cases.c.received_at >= period.begins,
        cases.c.received_at < period.ends,
        cases.c.status.not_in((Status.QUARANTINED, Status.DUPLICATE)),
        seen(reader, of_few=False),
    )
    if units:
        within = and_(within, cases.c.unit.in_(units))
    known = ("number", "unit", "sender_name", "assigned_at", "statement_received_at", "follow_up_result")
    wanted = (
        select(alarms, *(cases.c[name] for name in known))
        .join(cases, cases.c.id == alarms.c.case_id)
        .where(within, alarms.c.step.in_((Step.REMINDER, *_TOLD)))
        .order_by(alarms.c.case_id, alarms.c.id)
    )
    steps: dict[tuple[int, str, str], dict[Step, Row]] = {}
    for row in transaction.rows(wanted):
        steps.setdefault((row["case_id"], row["clock"], row["turn"]), {})[Step(row["step"])] = row
    late = {key: taken for key, taken in steps.items() if not taken.keys().isdisjoint(_TOLD)}
    case_ids = sorted({case_id for case_id, _, _ in late})
    kept, reasons = _kept(transaction, case_ids), _reasons(transaction, case_ids)
    return [
        _escalated(taken, kept.get(key), reasons.get(key[0], "") if key[1] == Clock.ANSWER else "")
        for key, taken in late.items()
    ]


def _escalated(taken: dict[Step, Row], kept_at: datetime | None, reason: str) -> Escalated:
    last = next(taken[step] for step in (Step.NEXT_LEVEL, Step.ESCALATION) if step in taken)
    clock = Clock(last["clock"])
    ended_at = {
        Clock.ANSWER: kept_at,
        Clock.FIRST_FEEDBACK: kept_at,
        Clock.ASSIGNMENT: last["assigned_at"],
        Clock.STATEMENT: last["statement_received_at"],
    }.get(clock)
    people = [person for step in _TOLD if step in taken for person in taken[step]["told"]]
    return Escalated(
        case_id=last["case_id"],
        number=last["number"],
        unit=last["unit"],
        sender_name=last["sender_name"],
        clock=clock,
        due_on=last["due_on"],
        reminded_on=day_of(taken[Step.REMINDER]["at"]) if Step.REMINDER in taken else None,
        told=tuple(dict.fromkeys(people)),
        ended_on=None if ended_at is None else day_of(ended_at),
        reason=reason,
    )


def _kept(transaction: Transaction, case_ids: Sequence[int]) -> dict[tuple[int, str, str], datetime | None]:
    """Return when each promise of some cases was kept, by case, clock and turn."""
    found = {}
    for first in range(0, len(case_ids), _MANY):
        some = promises.c.case_id.in_(case_ids[first : first + _MANY])
        wanted = select(promises.c.case_id, promises.c.kind, promises.c.round, promises.c.kept_at).where(some)
        for case_id, kind, turn, kept_at in transaction.connection.execute(wanted):
            found[case_id, kind, str(turn)] = kept_at
    return found


def _reasons(transaction: Transaction, case_ids: Sequence[int]) -> dict[int, str]:
    """Return why an answer was said to take longer, as the sender was last told."""
    found = {}
    for first in range(0, len(case_ids), _MANY):
        some = delays.c.case_id.in_(case_ids[first : first + _MANY])
        for row in transaction.rows(select(delays).where(some).order_by(delays.c.id)):
            found[row["case_id"]] = row["reason"]
    return found
