"""The journal: who did what, and when. Lines are added, never changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select

from store.domain import Entry
from store.engine import Row, Transaction
from store.tables import journal


def write(transaction: Transaction, at: datetime, *entries: Entry) -> None:
    """Add lines, in the same transaction as what they tell of."""
    if entries:
        transaction.connection.execute(insert(journal), [_row(at, entry) for entry in entries])


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List a case's lines, oldest first."""
    wanted = select(journal).where(journal.c.case_id == case_id).order_by(journal.c.id)
    return transaction.rows(wanted)


def _row(at: datetime, entry: Entry) -> dict[str, object]:
    return {
        "at": at,
        "actor": entry.actor,
        "act": entry.act,
        "case_id": entry.case_id,
        "message_id": entry.message_id,
        "details": entry.details,
    }
