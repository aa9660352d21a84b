"""How far back there is anything to count."""

from datetime import date

from sqlalchemy import func, select

from store.deadlines import day_of
from store.engine import Transaction
from store.tables import cases


def first_day(transaction: Transaction) -> date | None:
    """Return the day on which the very first case came in; None where there is none."""
    at = transaction.connection.scalar(select(func.min(cases.c.received_at)))
    return None if at is None else day_of(at)
