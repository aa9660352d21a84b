"""Cases that the registrator keeps from disposal (gallringsspärr), whatever is decided of their kind."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from store import journal
from store.domain import Entry
from store.engine import Row, Transaction
from store.tables import cases, holds


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the holds of a case, lifted ones too, oldest first."""
    return transaction.rows(select(holds).where(holds.c.case_id == case_id).order_by(holds.c.id))


def standing(transaction: Transaction) -> Sequence[Row]:
    """List the cases that are held now, with `hold` as its reason, `held_by` and `held_at`."""
    wanted = (
        select(
            cases,
            holds.c.reason.label("hold"),
            holds.c.set_by.label("held_by"),
            holds.c.set_at.label("held_at"),
        )
        .join(holds, holds.c.case_id == cases.c.id)
        .where(holds.c.lifted_at.is_(None))
        .order_by(holds.c.id)
    )
    return transaction.rows(wanted)


def put(transaction: Transaction, case_id: int, *, reason: str, by: str, now: datetime) -> None:
    """Hold a case, journaled. Raises `ValueError` without a reason."""
    if not reason.strip():
        raise ValueError("a hold has a reason")
    row = {"case_id": case_id, "reason": reason.strip(), "set_by": by, "set_at": now}
    transaction.connection.execute(insert(holds).values(row))
    # Not the reason: the journal outlives the words of the case.
    journal.write(transaction, now, Entry(actor=by, act="gallring spärrad", case_id=case_id))


def lift(transaction: Transaction, case_id: int, *, by: str, now: datetime) -> int:
    """Lift every hold of a case, journaled, and count them."""
    standing = update(holds).where(holds.c.case_id == case_id, holds.c.lifted_at.is_(None))
    lifted = transaction.connection.execute(standing.values(lifted_by=by, lifted_at=now)).rowcount
    if lifted:
        entry = Entry(actor=by, act="gallringsspärr hävd", case_id=case_id)
        journal.write(transaction, now, entry)
    return lifted
