"""What the small model has judged in haste, until the full one has looked at it (`bots.desk.again`)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update

from store.domain import LetterState, MessageState, Purpose
from store.engine import Row, Transaction
from store.outbox import TO_CITIZENS
from store.tables import letters, messages, second_looks

_EXPECT = second_looks.insert()


def expect(
    transaction: Transaction, *, message_id: int, case_id: int, now: datetime, untold: bool = False
) -> None:
    """Note that a message waits for a second look. With `untold` its handler is told only after it."""
    row = {"message_id": message_id, "case_id": case_id, "untold": untold, "wanted_at": now, "try_at": now}
    transaction.later(_EXPECT, row)


def take(transaction: Transaction, *, now: datetime, limit: int, lease: timedelta) -> Sequence[Row]:
    """Take the oldest that may be tried now, with `subject` and `text`; nobody else takes them for `lease`.

    Whoever is done with one calls `strike`; a try that failed is put off with `put_off`.
    """
    wanted = (
        _with_words()
        .where(second_looks.c.try_at <= now)
        .order_by(second_looks.c.message_id)
        .limit(limit)
        .with_for_update(of=second_looks, skip_locked=True)
    )
    rows = transaction.rows(wanted)
    put_off(transaction, [row["message_id"] for row in rows], until=now + lease)
    return rows


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List what waits in a case, whoever has it in hand, with `subject` and `text`."""
    wanted = _with_words().where(second_looks.c.case_id == case_id)
    return transaction.rows(wanted.order_by(second_looks.c.message_id))


def untold_since(transaction: Transaction, moment: datetime, *, limit: int) -> Sequence[Row]:
    """List those that have waited since before a moment with a handler who knows nothing, oldest first."""
    wanted = select(second_looks).where(second_looks.c.untold, second_looks.c.wanted_at < moment)
    return transaction.rows(wanted.order_by(second_looks.c.message_id).limit(limit))


def note_told(transaction: Transaction, message_id: int) -> bool:
    """Note that the handler is told; False if they were, or if the look is over."""
    done = transaction.connection.execute(
        update(second_looks)
        .where(second_looks.c.message_id == message_id, second_looks.c.untold)
        .values(untold=False)
    )
    return done.rowcount == 1


def strike(transaction: Transaction, message_id: int) -> Row | None:
    """Strike one out and return it; None if somebody else was faster, who has done what follows from it."""
    return transaction.row(
        delete(second_looks).where(second_looks.c.message_id == message_id).returning(second_looks)
    )


def put_off(
    transaction: Transaction, message_ids: Collection[int], *, until: datetime, failed: bool = False
) -> None:
    """Let some wait until they are tried again; with `failed` it counts as one try more."""
    if message_ids:
        transaction.connection.execute(
            update(second_looks)
            .where(second_looks.c.message_id.in_(message_ids))
            .values(try_at=until, attempts=second_looks.c.attempts + int(failed))
        )


def waiting(transaction: Transaction) -> int:
    """Count them."""
    return transaction.connection.scalar(select(func.count()).select_from(second_looks)) or 0


def unread(transaction: Transaction, *, most: int) -> int:
    """Count the messages that are kept and not read yet, no further than `most`: is it a storm?"""
    kept = select(messages.c.id).where(messages.c.state == MessageState.KEPT).limit(most)
    return transaction.connection.scalar(select(func.count()).select_from(kept.subquery())) or 0


def is_told(transaction: Transaction, case_id: int) -> bool:
    """Tell whether a handler has been written to of a new case, whatever became of the letter."""
    notice = letters.c.purpose == Purpose.HANDLER_NOTICE
    wanted = select(letters.c.id).where(letters.c.case_id == case_id, notice)
    return transaction.row(wanted.limit(1)) is not None


def sender_knows(transaction: Transaction, case_id: int, name: str) -> bool:
    """Tell whether a letter to the sender of a case names somebody, be it sent or still on its way."""
    wanted = select(letters.c.body).where(
        letters.c.case_id == case_id,
        letters.c.purpose.in_(TO_CITIZENS),
        letters.c.state != LetterState.UNDONE,
    )
    bodies = transaction.connection.scalars(wanted)
    return any(" ".join(name.split()) in " ".join(body.split()) for body in bodies)


def _with_words() -> "Select[tuple[object, ...]]":
    return select(second_looks, messages.c.subject, messages.c.text).join(
        messages, messages.c.id == second_looks.c.message_id
    )
