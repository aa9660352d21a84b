"""Reads the few words of cases that a report may repeat. Whether they name somebody is for the caller to see.

Never those of a case for few (rows N2, B15, B27), of one with a flag or a secrecy mark, even a proposed one,
or of one whose words are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal_column, not_, or_, select

from store.emptying import GONE
from store.engine import Transaction
from store.figures.period import Period
from store.sight import holds_any
from store.tables import answers, cases, improvements, messages, parts, secrecy_marks

_MANY = 500  # ids in one question


@dataclass(frozen=True, kw_only=True)
class Said:
    """The first message of a case. `sender` is a name to look for in it, empty where none is known."""

    case_id: int
    sender: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was done about a case, what will be better, and what the follow-up found; some may be empty.

    `approved` is what a manager has worded and approved for publishing of it, and not withdrawn.
    """

    case_id: int
    sender: str
    approved: str
    measure: str
    improvement: str
    follow_up: str


def said(transaction: Transaction, case_ids: Sequence[int]) -> list[Said]:
    """Read what senders wrote in Swedish, in the order of `case_ids`; nothing of what was divided."""
    found: dict[int, Said] = {}
    for first in range(0, len(case_ids), _MANY):
        ids = case_ids[first : first + _MANY]
        oldest = (
            select(func.min(messages.c.id))
            .where(messages.c.case_id.in_(ids), messages.c.automatic == "")
            .group_by(messages.c.case_id)
        )
        wanted = (
            select(cases.c.id, cases.c.sender_name, messages.c.text)
            .join(messages, messages.c.case_id == cases.c.id)
            .where(messages.c.id.in_(oldest), messages.c.text.not_in(("", GONE)), cases.c.language == "sv")
            .where(_may_be_repeated(), not_(exists().where(parts.c.root_id == cases.c.id)))
            .where(not_(exists().where(parts.c.case_id == cases.c.id)))
        )
        for case_id, sender, text in transaction.connection.execute(wanted):
            found[case_id] = Said(case_id=case_id, sender=sender, text=text)
    return [found[case_id] for case_id in case_ids if case_id in found]


def done(transaction: Transaction, period: Period) -> dict[int, Done]:
    """Read what was done about the cases of a period, by the newest answer that was there, by their ids."""
    wanted = (
        select(
            cases.c.id,
            cases.c.sender_name,
            improvements.c.text,
            answers.c.measure,
            answers.c.improvement,
            cases.c.follow_up_result,
        )
        .join(answers, answers.c.case_id == cases.c.id)
        .outerjoin(
            improvements,
            and_(improvements.c.case_id == cases.c.id, improvements.c.withdrawn_at.is_(None)),
        )
        .where(cases.c.received_at >= period.begins, cases.c.received_at < period.ends, _may_be_repeated())
        .where(answers.c.delivered_at.is_not(None), answers.c.undone_at.is_(None))
        .where(
            or_(
                improvements.c.text.is_not(None),
                answers.c.measure.not_in(("", GONE)),
                answers.c.improvement.not_in(("", GONE)),
            )
        )
        .order_by(answers.c.id)
    )
    found = transaction.connection.execute(wanted).all()
    return {
        case_id: Done(
            case_id=case_id,
            sender=sender,
            approved=_left(approved or ""),
            measure=_left(measure),
            improvement=_left(improvement),
            follow_up=_left(follow_up),
        )
        for case_id, sender, approved, measure, improvement, follow_up in found
    }


def _left(text: str) -> str:
    """Return a text, or an empty one where only the mark of disposal is left of it."""
    return "" if text == GONE else text


def _may_be_repeated() -> ColumnElement[bool]:
    marked = exists().where(secrecy_marks.c.case_id == cases.c.id, secrecy_marks.c.lifted_at.is_(None))
    return and_(
        not_(cases.c.restricted),
        not_(cases.c.protected),
        not_(holds_any(cases.c.lanes)),
        cast(cases.c.barred, String) == literal_column("'[]'"),
        not_(marked),
    )
