"""The journal: who did what, and when. Lines are added, never changed."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, and_, insert, or_, select

from store.domain import Entry
from store.engine import Row, Transaction
from store.tables import cases, journal

# Not among what was done to a case, and many: shown by themselves, to those who may follow them up.
READING = "ärende läst"
_LINE = insert(journal)


def write(transaction: Transaction, at: datetime, *entries: Entry) -> None:
    """Add lines, in the same transaction as what they tell of: at its end, many at once."""
    if entries:
        transaction.later(_LINE, *(_row(at, entry) for entry in entries))


def of_case(transaction: Transaction, case_id: int, *, since: int = 0) -> Sequence[Row]:
    """List what was done to a case, oldest first, after the line with the id `since`. See also `readings`."""
    wanted = select(journal).where(
        journal.c.case_id == case_id, journal.c.act != READING, journal.c.id > since
    )
    return transaction.rows(wanted.order_by(journal.c.id))


def of_messages(transaction: Transaction, message_ids: Collection[int]) -> dict[int, list[Row]]:
    """Return what was done to some messages, oldest first, by the message."""
    found: dict[int, list[Row]] = {}
    wanted = select(journal).where(journal.c.message_id.in_(message_ids), journal.c.act != READING)
    for row in transaction.rows(wanted.order_by(journal.c.id)):
        found.setdefault(row["message_id"], []).append(row)
    return found


def readings(transaction: Transaction, case_id: int, *, most: int = 500) -> Sequence[Row]:
    """List who has opened a case, its originals and its files, the last one first (row R14)."""
    wanted = select(journal).where(journal.c.case_id == case_id, journal.c.act == READING)
    return transaction.rows(wanted.order_by(journal.c.id.desc()).limit(most))


def latest(transaction: Transaction, act: str) -> datetime | None:
    """Return when an act was last done to anything; None if never. It reads the journal from its end."""
    wanted = select(journal.c.at).where(journal.c.act == act)
    return transaction.connection.scalar(wanted.order_by(journal.c.id.desc()).limit(1))


def between(
    transaction: Transaction,
    begins: datetime,
    ends: datetime,
    *,
    after: int = 0,
    actor: str = "",
    number: str = "",
    most: int = 5000,
) -> Sequence[Row]:
    """List lines from a time up to another, readings too, in the order in which they were written (row B19).

    Each has its case's `number`, or None. Go on with the last id as `after`.
    """
    wanted = select(*journal.c, cases.c.number).outerjoin_from(journal, cases).order_by(journal.c.id)
    wanted = wanted.where(journal.c.at >= begins, journal.c.at < ends, journal.c.id > after)
    if actor:
        wanted = wanted.where(journal.c.actor == actor)
    if number:
        wanted = wanted.where(cases.c.number == number)
    return transaction.rows(wanted.limit(most))


def by_people(
    transaction: Transaction, begins: datetime, ends: datetime, *, machine: str
) -> Iterator[RowMapping]:
    """Walk over what people did and read from a time up to another, in its order (report R14).

    Of the `machine` only what belongs to no case: a backup, a log that was taken out. Each line has the
    `number` of its case, or None. Streams: use it before the transaction ends.
    """
    wanted = (
        select(
            journal.c.at, journal.c.actor, journal.c.act, journal.c.case_id, journal.c.details, cases.c.number
        )
        .outerjoin_from(journal, cases)
        .where(
            journal.c.at >= begins,
            journal.c.at < ends,
            or_(
                journal.c.actor != machine, and_(journal.c.case_id.is_(None), journal.c.message_id.is_(None))
            ),
        )
        .order_by(journal.c.id)
    )
    yield from transaction.connection.execute(wanted).mappings()


def _row(at: datetime, entry: Entry) -> dict[str, object]:
    return {
        "at": at,
        "actor": entry.actor,
        "act": entry.act,
        "case_id": entry.case_id,
        "message_id": entry.message_id,
        "details": entry.details,
    }
