"""What must be known of a conversation on a chat, an SMS or a social medium, besides its messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.domain import Event, MessageState, Status
from store.engine import Row, Transaction
from store.tables import cases, conversations, messages

_OF = select(conversations).where(conversations.c.conversation == bindparam("of"))
_OVER = (Status.CLOSED, Status.ARCHIVED, Status.DISPOSED, Status.DUPLICATE, Status.HANDED_OVER)


def of(transaction: Transaction, conversation: str) -> Row | None:
    """Return what is known of a conversation; None if its first message has not been read."""
    found = transaction.beside.execute(_OF, {"of": conversation}).mappings().first()
    return None if found is None else dict(found)


def begin(transaction: Transaction, conversation: str, *, now: datetime) -> bool:
    """Note that a conversation has begun; False if it had already."""
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"conversation": conversation, "begun_at": now, "language": "", "starts_anew": False}
    done = transaction.connection.execute(make(conversations).values(row).on_conflict_do_nothing())
    return done.rowcount == 1


def note(transaction: Transaction, conversation: str, **changes: Any) -> None:
    """Change what is known of a conversation that has begun."""
    transaction.connection.execute(
        update(conversations).where(conversations.c.conversation == conversation).values(**changes)
    )


def is_stopped(transaction: Transaction, conversation: str) -> bool:
    """Tell whether its sender wants no letters there."""
    row = of(transaction, conversation)
    return row is not None and row["stopped_at"] is not None


def cases_of(transaction: Transaction, conversation: str) -> Sequence[Row]:
    """List the cases that a conversation has messages in, the one written in last first."""
    spoken = (
        select(messages.c.case_id)
        .where(messages.c.conversation == conversation, messages.c.case_id.is_not(None))
        .order_by(messages.c.id.desc())
    )
    ids = list(dict.fromkeys(transaction.connection.scalars(spoken)))
    found = {row["id"]: row for row in transaction.rows(select(cases).where(cases.c.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def case_going_on(transaction: Transaction, conversation: str) -> int | None:
    """Return the case that a further message there continues; None if there is none, or it is over."""
    newest = next(iter(cases_of(transaction, conversation)), None)
    return int(newest["id"]) if newest is not None and newest["status"] not in _OVER else None


def case_of_message(transaction: Transaction, conversation: str, external_id: str) -> int | None:
    """Return the case of a message of this conversation, by its service's own id."""
    wanted = select(messages.c.case_id).where(
        messages.c.external_id == external_id,
        messages.c.conversation == conversation,
        messages.c.case_id.is_not(None),
    )
    return transaction.connection.scalar(wanted.limit(1)) if external_id else None


def original(transaction: Transaction, channel: str, account: str, external_id: str) -> Row | None:
    """Return the first version of a message that has been read, whatever became of it."""
    wanted = select(messages).where(
        messages.c.external_id == external_id,
        messages.c.channel == channel,
        messages.c.account == account,
        messages.c.event == Event.NEW,
        messages.c.state != MessageState.KEPT,
    )
    return transaction.row(wanted.order_by(messages.c.id).limit(1)) if external_id else None
