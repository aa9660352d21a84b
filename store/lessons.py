"""What handlers have confirmed: the lessons that a model may learn from, once a decision allows it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, not_, select

from store.domain import UNSURE, Status
from store.engine import Transaction
from store.tables import cases, confirmations, messages, parts, suggestions


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The sender's own words, and what a human said that they are."""

    case_id: int
    text: str
    kind: str
    factor: str
    language: str
    confirmed_at: datetime


def confirmed(transaction: Transaction, *, since: datetime) -> list[Lesson]:
    """Return the latest confirmation of each case since a day, oldest first.

    Left out are the words of who could not judge, those of protected senders, cases without a text to learn
    from, and those that a human has moved out of the synpunkter: what they hold is the business of another
    process.
    """
    latest = (
        select(confirmations.c.case_id, func.max(confirmations.c.id).label("id"))
        .where(
            confirmations.c.confirmed_at >= since,
            confirmations.c.kind != UNSURE,
            confirmations.c.factor != UNSURE,
        )
        .group_by(confirmations.c.case_id)
        .subquery()
    )
    first = (
        select(suggestions.c.case_id, func.min(suggestions.c.message_id).label("message_id"))
        .group_by(suggestions.c.case_id)
        .subquery()
    )
    found = transaction.connection.execute(
        select(
            cases.c.id,
            messages.c.subject,
            messages.c.text,
            parts.c.words,
            confirmations.c.kind,
            confirmations.c.factor,
            cases.c.language,
            confirmations.c.confirmed_at,
        )
        .join(latest, latest.c.id == confirmations.c.id)
        .join(cases, cases.c.id == confirmations.c.case_id)
        .join(first, first.c.case_id == cases.c.id)
        .join(messages, messages.c.id == first.c.message_id)
        .outerjoin(parts, parts.c.case_id == cases.c.id)
        .where(
            cases.c.status.not_in([Status.QUARANTINED, Status.HANDED_OVER, Status.DISPOSED]),
            not_(cases.c.protected),  # row B15
            messages.c.text != "",
        )
        .order_by(confirmations.c.confirmed_at, confirmations.c.id)
    )
    return [
        Lesson(
            case_id=row.id,
            # As the classifier read it; of a divided message, the words that are this case's.
            text=row.words or f"{row.subject}\n{row.text}".strip(),
            kind=row.kind,
            factor=row.factor,
            language=row.language,
            confirmed_at=row.confirmed_at,
        )
        for row in found
    ]
