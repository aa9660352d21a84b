"""Who has a case open right now. Only the last that each was seen doing is kept, and it is soon old."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.domain import Presence
from store.engine import Row, Transaction
from store.tables import presence

FRESH = timedelta(minutes=2)


def note(transaction: Transaction, case_id: int, person: str, doing: Presence, *, now: datetime) -> None:
    """Note that somebody has a case open; who was away for longer than `FRESH` comes anew."""
    transaction.connection.execute(delete(presence).where(presence.c.seen_at < now - FRESH))
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"case_id": case_id, "person": person, "doing": doing, "since": now, "seen_at": now}
    added = make(presence).values(row)
    transaction.connection.execute(
        added.on_conflict_do_update(
            index_elements=["case_id", "person"], set_={"doing": doing, "seen_at": now}
        )
    )


def others(transaction: Transaction, case_id: int, me: str, *, now: datetime) -> Sequence[Row]:
    """List who else has a case open, who came first before the others."""
    wanted = select(presence).where(
        presence.c.case_id == case_id, presence.c.person != me, presence.c.seen_at >= now - FRESH
    )
    return transaction.rows(wanted.order_by(presence.c.since, presence.c.person))
