"""Signed links that have been used. Each works once; what they say is read in `bots.desk.links`."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import StoreError, Transaction
from store.tables import used_links


class UsedLinkError(StoreError):
    """The link has been used before; log in, or ask for a new one."""


def use(transaction: Transaction, link_id: str, *, case_id: int, act: str, by: str, now: datetime) -> None:
    """Note that a link is used, in the same transaction as its act; raise `UsedLinkError` the second time."""
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"id": link_id, "case_id": case_id, "act": act, "used_by": by, "used_at": now}
    written = make(used_links).values(row).on_conflict_do_nothing().returning(used_links.c.id)
    if transaction.connection.scalar(written) is None:
        raise UsedLinkError("the link has been used before")


def is_used(transaction: Transaction, link_id: str) -> bool:
    """Tell whether a link has been used."""
    return (
        transaction.connection.scalar(select(used_links.c.id).where(used_links.c.id == link_id)) is not None
    )
