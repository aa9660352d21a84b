"""The accounts of the staff. `bots.web.keys` checks what opens one; of a password only the hash is kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from store import journal, sessions
from store.domain import Entry
from store.engine import Transaction
from store.tables import accounts


@dataclass(frozen=True, kw_only=True)
class Account:
    """What one member of staff signs in with. `person` is their id in the configuration."""

    person: str
    password_hash: str
    totp_secret: str
    changed_at: datetime


def exist(transaction: Transaction) -> bool:
    """Tell whether anybody has an account; then the shared password opens nothing."""
    return bool(transaction.connection.scalar(select(func.count()).select_from(accounts)))


def find(transaction: Transaction, person: str) -> Account | None:
    """Return somebody's account, or None."""
    row = transaction.row(select(accounts).where(accounts.c.person == person))
    if row is None:
        return None
    return Account(
        person=row["person"],
        password_hash=row["password_hash"],
        totp_secret=row["totp_secret"],
        changed_at=row["changed_at"],
    )


def people(transaction: Transaction) -> list[str]:
    """List the ids of those who have an account."""
    return list(transaction.connection.scalars(select(accounts.c.person).order_by(accounts.c.person)))


def keep(transaction: Transaction, account: Account) -> None:
    """Keep an account, anew if there was one: its old sessions end, and codes of before are worth nothing."""
    transaction.connection.execute(delete(accounts).where(accounts.c.person == account.person))
    transaction.connection.execute(
        insert(accounts).values(
            person=account.person,
            password_hash=account.password_hash,
            totp_secret=account.totp_secret,
            totp_step=0,
            changed_at=account.changed_at,
        )
    )
    entry = Entry(actor="kommandorad", act="konto", details={"person": account.person})
    journal.write(transaction, account.changed_at, entry)
    sessions.end_all(transaction, account.person, now=account.changed_at)


def remove(transaction: Transaction, person: str, *, now: datetime) -> bool:
    """Take an account away; False if there was none."""
    gone = transaction.connection.execute(delete(accounts).where(accounts.c.person == person)).rowcount == 1
    if gone:
        entry = Entry(actor="kommandorad", act="konto borttaget", details={"person": person})
        journal.write(transaction, now, entry)
        sessions.end_all(transaction, person, now=now)
    return gone


def spend(transaction: Transaction, person: str, step: int) -> bool:
    """Use up the one-time code of a step; False if it, or a later one, was used before (RFC 6238, 5.2)."""
    spent = transaction.connection.execute(
        update(accounts)
        .where(accounts.c.person == person, accounts.c.totp_step < step)
        .values(totp_step=step)
    )
    return spent.rowcount == 1
