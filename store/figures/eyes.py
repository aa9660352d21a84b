"""Which cases a list may tell of, for the one whom it is made for (rows N2, B6, B15, B27).

A report of sums counts all; one whose rows are cases asks here first. Nobody known sees what anybody may.
"""

from sqlalchemy import ColumnElement, and_, not_, or_, select

from store.engine import Transaction
from store.sight import Reader, holds_any, may_be_told, seen_by
from store.tables import cases

_ASKED = ("id", "barred", "protected", "restricted", "handler", "unit", "lanes")


def kept_from(transaction: Transaction, reader: Reader | None) -> frozenset[int]:
    """Return the ids of all cases that somebody must not be told of, whoever else works with them."""
    few = or_(cases.c.restricted, cases.c.protected)
    if reader is None:
        return frozenset(transaction.connection.scalars(select(cases.c.id).where(few)))
    wanted = select(*(cases.c[name] for name in _ASKED)).where(or_(few, holds_any(cases.c.barred)))
    return frozenset(row["id"] for row in transaction.rows(wanted) if not may_be_told(reader, row))


def seen(reader: Reader | None, *, of_few: bool) -> ColumnElement[bool]:
    """Say to the database which cases somebody has a reason to read, as `store.sight.seen_by` does."""
    if reader is None:
        return and_(not_(cases.c.restricted), not_(cases.c.protected))
    return seen_by(reader, of_few=of_few)
