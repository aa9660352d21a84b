"""How senders thought that it went: one answer for each case, never changed (row T17)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Transaction
from store.tables import surveys

SCORES = (1, 2, 3, 4, 5)


def answer(transaction: Transaction, case_id: int, *, score: int, words: str, now: datetime) -> bool:
    """Keep an answer; False if the case has one. Raises `ValueError` for a score that is not offered."""
    if score not in SCORES:
        raise ValueError(f"a score is one of {SCORES}")
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"case_id": case_id, "score": score, "words": words, "answered_at": now}
    kept = make(surveys).values(row).on_conflict_do_nothing().returning(surveys.c.case_id)
    return transaction.connection.scalar(kept) is not None


def is_answered(transaction: Transaction, case_id: int) -> bool:
    """Tell whether a case has its answer."""
    wanted = select(surveys.c.case_id).where(surveys.c.case_id == case_id)
    return transaction.connection.scalar(wanted) is not None
