"""Counts how the house fares, for its operator: numbers and times, nothing of any case.

Each question keeps to an index or to the newest rows, so that the page answers in a register of many years.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import case, func, select, text

from store import migrations
from store.domain import LetterState, MessageState, Purpose
from store.engine import Row, Store, Transaction
from store.tables import letters, messages

NEWEST = 2000  # messages, and letters, among which the latest of each channel is looked for
_MOST = 5000  # receipts that are measured
UNSENT = (LetterState.PENDING, LetterState.SENDING)
_UNSETTLED = tuple(one for one in LetterState if one not in {LetterState.SENT, LetterState.UNDONE})
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """How long it took from a message being kept to its receipt being sent; None of no receipt."""

    days: int
    count: int
    half: timedelta | None
    most: timedelta | None  # within which 95 % were sent


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the store tells."""

    waiting: int  # messages that are kept and not yet judged
    waiting_since: datetime | None
    letters: dict[LetterState, int]  # all that are not settled
    sent: int  # of the letters written in the last day
    unsent_since: datetime | None
    receipts: tuple[Receipts, ...]
    heard: tuple[Row, ...]  # channel, account, at
    posted: dict[str, datetime]  # by channel, when a letter went out last
    size: int  # bytes
    step: str  # of the tables
    newest_step: str


def count(transaction: Transaction, *, now: datetime) -> Counted:
    """Count everything at one moment."""
    waiting, waiting_since = unread(transaction)
    step, newest_step = steps(transaction)
    return Counted(
        waiting=waiting,
        waiting_since=waiting_since,
        letters=unsettled(transaction),
        sent=_sent(transaction, now),
        unsent_since=unsent_since(transaction),
        receipts=tuple(_receipts(transaction, now, days=days) for days in (1, 7)),
        heard=tuple(heard(transaction)),
        posted=_posted(transaction),
        size=size(transaction),
        step=step,
        newest_step=newest_step,
    )


def room(store: Store) -> tuple[int, int] | None:
    """Return free and all bytes of the disk under SQLite; None for a database on a server or in memory."""
    database = store.engine.url.database
    if not store.is_sqlite or database in {None, "", ":memory:"}:
        return None
    usage = shutil.disk_usage(Path(str(database)).absolute().parent)
    return usage.free, usage.total


def unread(transaction: Transaction) -> tuple[int, datetime | None]:
    """Count the messages that are kept and not yet judged, and tell when the oldest of them was kept."""
    # Few wait to be read. SQLite knows only how many have a state on average, and would read them all.
    others = messages.alias()
    waiting = select(others.c.id).where(others.c.state == MessageState.KEPT)
    kept = select(func.count(), func.min(messages.c.kept_at)).where(messages.c.id.in_(waiting))
    count, since = transaction.connection.execute(kept).one()
    return count, since


def unsent_since(transaction: Transaction) -> datetime | None:
    """Return when the oldest letter was written that is to go out, and has not."""
    found: datetime | None = transaction.connection.scalar(
        select(func.min(letters.c.created_at)).where(letters.c.state.in_(UNSENT))
    )
    return found


def steps(transaction: Transaction) -> tuple[str, str]:
    """Return at which step the tables are, and which is the newest that this release knows."""
    here = transaction.connection.scalar(text("SELECT version_num FROM alembic_version"))
    return str(here or ""), migrations.newest()


def unsettled(transaction: Transaction) -> dict[LetterState, int]:
    """Count the letters of each state but those that were sent or taken back."""
    # What was sent is most of all letters, and would be counted one by one.
    wanted = select(letters.c.state, func.count()).where(letters.c.state.in_(_UNSETTLED))
    found = {one[0]: one[1] for one in transaction.connection.execute(wanted.group_by(letters.c.state))}
    return {state: found.get(state, 0) for state in _UNSETTLED}


def _sent(transaction: Transaction, now: datetime) -> int:
    # All purposes are named for the sake of the index, which begins with them. As a condition the state would
    # lead SQLite to an index of its own, and through all that was ever sent.
    is_sent = case((letters.c.state == LetterState.SENT, 1))
    wanted = select(func.count(is_sent)).where(
        letters.c.purpose.in_(tuple(Purpose)), letters.c.created_at >= now - _DAY
    )
    return transaction.connection.scalar(wanted) or 0


def _receipts(transaction: Transaction, now: datetime, *, days: int) -> Receipts:
    """Measure the newest receipts of some days. One that a human held and let go is as slow as that."""
    first = (
        select(messages.c.kept_at)
        .where(messages.c.case_id == letters.c.case_id)
        .order_by(messages.c.id)
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        select(letters.c.sent_at, first.label("kept_at"))
        .where(
            letters.c.purpose == Purpose.ACKNOWLEDGEMENT,
            letters.c.created_at >= now - days * _DAY,
            letters.c.sent_at.is_not(None),
        )
        .order_by(letters.c.created_at.desc())
        .limit(_MOST)
    )
    found = transaction.connection.execute(wanted)
    taken = sorted(sent - kept for sent, kept in found if kept is not None)
    return Receipts(days=days, count=len(taken), half=_within(taken, 0.5), most=_within(taken, 0.95))


def _within(taken: list[timedelta], share: float) -> timedelta | None:
    return taken[min(int(share * len(taken)), len(taken) - 1)] if taken else None


def heard(transaction: Transaction) -> list[Row]:
    """Tell when something came last by each channel and account, among the `NEWEST` messages."""
    newest = select(messages.c.channel, messages.c.account, messages.c.kept_at)
    newest = newest.order_by(messages.c.id.desc()).limit(NEWEST)
    among = newest.subquery()
    wanted = select(among.c.channel, among.c.account, func.max(among.c.kept_at).label("at"))
    wanted = wanted.group_by(among.c.channel, among.c.account)
    return list(transaction.rows(wanted.order_by(among.c.channel, among.c.account)))


def _posted(transaction: Transaction) -> dict[str, datetime]:
    among = (
        select(letters.c.channel, letters.c.sent_at).order_by(letters.c.id.desc()).limit(NEWEST).subquery()
    )
    wanted = select(among.c.channel, func.max(among.c.sent_at)).where(among.c.sent_at.is_not(None))
    return {one[0]: one[1] for one in transaction.connection.execute(wanted.group_by(among.c.channel))}


def size(transaction: Transaction) -> int:
    """Return how many bytes the database takes."""
    if transaction.connection.dialect.name == "sqlite":
        pages = transaction.connection.scalar(text("PRAGMA page_count")) or 0
        return int(pages) * int(transaction.connection.scalar(text("PRAGMA page_size")) or 0)
    return int(transaction.connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
