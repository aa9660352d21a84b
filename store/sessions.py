"""Who is signed in, and what was typed on a page whose session had ended.

The browser holds a random id alone. Neither table holds the ids themselves, only their sums: a copy of the
database opens nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from store import journal
from store.domain import Entry, Role, SignIn
from store.engine import Row, Transaction
from store.tables import sessions, stranded

_REMEMBERED = timedelta(days=1)  # after its end, so that what was typed finds its way back to its writer


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long somebody may be signed in: without doing anything, and at most."""

    idle: timedelta = timedelta(hours=2)
    most: timedelta = timedelta(hours=10)


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody who has signed in.

    `guest` holds name and mail address of who is not in the configuration, `mark` what the session depends
    on: with another mark (a new shared password, another provider) it is worth nothing.
    """

    person: str
    how: SignIn
    mark: str = ""
    guest: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    id_token: str = ""  # what the provider wants to see when its own session is to end


@dataclass(frozen=True, kw_only=True)
class Stranded:
    """What was typed on a page whose session had ended; `sealed` is read with the browser's cookie alone."""

    person: str
    path: str
    media_type: str
    sealed: bytes
    files: int = 0
    until: datetime


def begin(transaction: Transaction, secret: str, session: Session, *, now: datetime, limits: Limits) -> None:
    """Begin a session, and forget those that are long over."""
    transaction.connection.execute(delete(sessions).where(sessions.c.ends_at < now - _REMEMBERED))
    transaction.connection.execute(
        insert(sessions).values(
            id=sum_of(secret),
            person=session.person,
            how=session.how,
            mark=session.mark,
            guest=dict(session.guest),
            roles=[str(one) for one in session.roles],
            id_token=session.id_token,
            created_at=now,
            seen_at=now,
            ends_at=now + limits.most,
        )
    )
    journal.write(
        transaction, now, Entry(actor=session.person, act="loggade in", details={"hur": session.how})
    )


def find(transaction: Transaction, secret: str) -> Row | None:
    """Return a session, whether it goes on or has ended; ask `is_alive`."""
    return transaction.row(select(sessions).where(sessions.c.id == sum_of(secret)))


def is_alive(session: Row, *, now: datetime, limits: Limits) -> bool:
    """Tell whether a session goes on. A clock that was set back ends it as well."""
    if session["ended_at"] is not None:
        return False
    return bool(
        session["created_at"] <= now < min(session["ends_at"], session["created_at"] + limits.most)
        and now - session["seen_at"] <= limits.idle
    )


def roles_of(transaction: Transaction, person: str, *, now: datetime, limits: Limits) -> frozenset[Role]:
    """Return the roles that the sessions of somebody carry, of those that go on."""
    found = transaction.rows(select(sessions).where(sessions.c.person == person))
    return frozenset(
        Role(role) for one in found if is_alive(one, now=now, limits=limits) for role in one["roles"]
    )


def saw(transaction: Transaction, secret: str, *, now: datetime) -> None:
    """Note that somebody does something, which keeps the session from ending for want of it."""
    transaction.connection.execute(
        update(sessions).where(sessions.c.id == sum_of(secret)).values(seen_at=now)
    )


def end(transaction: Transaction, secret: str, *, now: datetime, act: str = "loggade ut") -> None:
    """End a session, wherever its cookie has been copied. Nothing happens if it has ended already."""
    mine = sessions.c.id == sum_of(secret)
    row = transaction.row(select(sessions).where(mine, sessions.c.ended_at.is_(None)))
    if row is None:
        return
    transaction.connection.execute(update(sessions).where(mine).values(ended_at=now, id_token=""))
    if act:
        journal.write(transaction, now, Entry(actor=row["person"], act=act))


def end_all(transaction: Transaction, person: str, *, now: datetime) -> int:
    """End every session of a person, and return how many there were."""
    ended = transaction.connection.execute(
        update(sessions)
        .where(sessions.c.person == person, sessions.c.ended_at.is_(None), sessions.c.ends_at > now)
        .values(ended_at=now, id_token="")
    ).rowcount
    if ended:
        entry = Entry(
            actor="kommandorad", act="sessioner avslutade", details={"person": person, "antal": str(ended)}
        )
        journal.write(transaction, now, entry)
    return ended


def going_on(transaction: Transaction, *, now: datetime, limits: Limits) -> Sequence[Row]:
    """List the sessions that go on, the latest first."""
    wanted = select(sessions).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.created_at.desc())
    return [row for row in transaction.rows(wanted) if is_alive(row, now=now, limits=limits)]


def refused(transaction: Transaction, person: str, *, how: SignIn, now: datetime) -> None:
    """Write down that somebody was not let in. `person` is empty where nobody is known by what was typed."""
    entry = Entry(actor="inloggningen", act="inloggning nekad", details={"person": person, "hur": how})
    journal.write(transaction, now, entry)


def put_by(transaction: Transaction, secret: str, what: Stranded, *, now: datetime, most: int) -> None:
    """Keep what was typed, and forget what is too old; of one person at most `most` are kept."""
    transaction.connection.execute(delete(stranded).where(stranded.c.until <= now))
    older = select(stranded.c.id).where(stranded.c.person == what.person).order_by(stranded.c.until.desc())
    too_many = list(transaction.connection.scalars(older.offset(most - 1)))
    transaction.connection.execute(delete(stranded).where(stranded.c.id.in_(too_many)))
    transaction.connection.execute(
        insert(stranded).values(
            id=sum_of(secret),
            person=what.person,
            path=what.path,
            media_type=what.media_type,
            sealed=what.sealed,
            files=what.files,
            until=what.until,
        )
    )


def take_out(transaction: Transaction, secret: str, person: str, *, now: datetime) -> Stranded | None:
    """Return what this person typed, or None: too old, thrown away, or somebody else's."""
    row = transaction.row(
        select(stranded).where(
            stranded.c.id == sum_of(secret), stranded.c.person == person, stranded.c.until > now
        )
    )
    if row is None:
        return None
    return Stranded(
        person=row["person"],
        path=row["path"],
        media_type=row["media_type"],
        sealed=row["sealed"],
        files=row["files"],
        until=row["until"],
    )


def throw_away(transaction: Transaction, secret: str, person: str) -> None:
    """Forget what this person typed."""
    transaction.connection.execute(
        delete(stranded).where(stranded.c.id == sum_of(secret), stranded.c.person == person)
    )


def sum_of(secret: str) -> str:
    """Return what is kept of a random id."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
