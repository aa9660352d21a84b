"""What staff have begun to write to a sender and not sent, with its files: one for each person, case and act.

Answers that came by mail and wait for a word are in `drafts`.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import enclosures
from store.domain import Act
from store.engine import Row, StoreError, Transaction
from store.tables import unsent


def save(
    transaction: Transaction, case_id: int, act: Act, typed: Mapping[str, str], *, by: str, now: datetime
) -> int:
    """Keep what somebody has typed, in place of what they had typed before, and return its id."""
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    new = {"typed": dict(typed), "saved_at": now}
    row = {"case_id": case_id, "person": by, "act": act, **new}
    unsent_id: int | None = transaction.connection.scalar(
        make(unsent)
        .values(row)
        .on_conflict_do_update(index_elements=["case_id", "person", "act"], set_=new)
        .returning(unsent.c.id)
    )
    if unsent_id is None:
        raise StoreError("what was typed got no id")
    return unsent_id


def find(transaction: Transaction, case_id: int, act: Act, *, by: str) -> Row | None:
    """Return what somebody has begun to write in a case, or None."""
    mine = (unsent.c.case_id == case_id, unsent.c.person == by, unsent.c.act == act)
    return transaction.row(select(unsent).where(*mine))


def forget(transaction: Transaction, unsent_id: int) -> None:
    """Forget what was begun, and its files but for those that have gone with an answer."""
    enclosures.drop(transaction, unsent_id)
    transaction.connection.execute(delete(unsent).where(unsent.c.id == unsent_id))
