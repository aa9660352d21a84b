"""Drafts: answers that came by mail and wait for their writer's word (row N17). None is sent by itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from store.engine import Row, StoreError, Transaction
from store.tables import drafts


def keep(
    transaction: Transaction, case_id: int, message_id: int, text: str, *, by: str, now: datetime
) -> int:
    """Keep what a message said as a draft of the answer, and return the draft's id."""
    row = {"case_id": case_id, "message_id": message_id, "text": text, "written_by": by, "written_at": now}
    draft_id: int | None = transaction.connection.scalar(insert(drafts).values(row).returning(drafts.c.id))
    if draft_id is None:
        raise StoreError("the draft got no id")
    return draft_id


def find(transaction: Transaction, draft_id: int) -> Row | None:
    """Return a draft."""
    return transaction.row(select(drafts).where(drafts.c.id == draft_id))


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the drafts of a case, oldest first."""
    return transaction.rows(select(drafts).where(drafts.c.case_id == case_id).order_by(drafts.c.id))


def use(transaction: Transaction, draft_id: int, *, now: datetime) -> bool:
    """Note that a draft has been sent; False if it was sent before."""
    done = transaction.connection.execute(
        update(drafts).where(drafts.c.id == draft_id, drafts.c.used_at.is_(None)).values(used_at=now)
    )
    return done.rowcount == 1
