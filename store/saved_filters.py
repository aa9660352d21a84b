"""The filters that each person has saved: a name, and the query string of a list."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Row, Transaction
from store.tables import saved_filters

MOST = 30


def of_person(transaction: Transaction, person: str) -> list[Row]:
    """List somebody's filters by name."""
    wanted = select(saved_filters).where(saved_filters.c.person == person)
    return sorted(transaction.rows(wanted), key=lambda row: row["name"].casefold())


def save(transaction: Transaction, person: str, *, name: str, query: str, now: datetime) -> bool:
    """Save a filter, in place of one with the same name; False when there is no room for one more."""
    others = select(func.count()).where(saved_filters.c.person == person, saved_filters.c.name != name)
    if (transaction.connection.scalar(others) or 0) >= MOST:
        return False
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"person": person, "name": name, "query": query, "saved_at": now}
    written = make(saved_filters).values(row)
    told = {"query": written.excluded.query, "saved_at": written.excluded.saved_at}
    transaction.connection.execute(
        written.on_conflict_do_update(index_elements=["person", "name"], set_=told)
    )
    return True


def remove(transaction: Transaction, person: str, *, name: str) -> None:
    """Remove a filter; nothing happens if there is none of that name."""
    transaction.connection.execute(
        delete(saved_filters).where(saved_filters.c.person == person, saved_filters.c.name == name)
    )
