"""What has been said in a talk on our own page, for whoever holds its cookie or its code, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from store.domain import Address, Event, LetterState
from store.engine import Row, Transaction
from store.tables import letters, messages

_MOST = 300  # of each side; who has said more sees the newest
# One that is being sent is committed, and nothing lies between the outbox and the page.
_SEEN = (LetterState.SENDING, LetterState.SENT)


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Both sides of a talk, each oldest first. Letters that wait, are held or were undone are not there."""

    messages: Sequence[Row]
    letters: Sequence[Row]


def has_begun(transaction: Transaction, address: Address) -> bool:
    """Tell whether anything has been said in a talk."""
    wanted = select(messages.c.id).where(messages.c.conversation == _name(address))
    return transaction.row(wanted.limit(1)) is not None


def read(transaction: Transaction, address: Address) -> Talk:
    """Read what was written from an address, and the letters that have gone there."""
    said = select(messages).where(messages.c.conversation == _name(address), messages.c.event == Event.NEW)
    told = select(letters).where(
        letters.c.channel == address.channel,
        letters.c.handle == address.handle,
        letters.c.state.in_(_SEEN),
    )
    return Talk(
        messages=transaction.rows(said.order_by(messages.c.id.desc()).limit(_MOST))[::-1],
        letters=transaction.rows(told.order_by(letters.c.id.desc()).limit(_MOST))[::-1],
    )


def _name(address: Address) -> str:
    return f"{address.channel}:{address.handle}"
