"""The promise that every channel keeps, and the only two ways it may fail."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from store.domain import Inbound, Outgoing, Receipt


class ChannelFailure(Exception):
    """Something went wrong between us and the service behind a channel."""


class TemporaryFailure(ChannelFailure):
    """The service did not take it now; the same thing may work later.

    `in_doubt` says that the service may have taken it all the same: nothing was heard after the
    last byte. A letter in doubt is never sent again by a machine.
    """

    def __init__(self, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt


class PermanentFailure(ChannelFailure):
    """The service will never take it; a human has to look."""


class NotKeptError(Exception):
    """The message could not be committed. Do not confirm it to the service: the sender must try again."""


class Receive(Protocol):
    """Takes one message and returns only when it is committed."""

    async def __call__(self, inbound: Inbound) -> Receipt:
        """Keep `inbound`; raise `NotKeptError` when it is not safe on disk."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A time in which a channel had no contact. `because` holds no address and nobody's words."""

    began: datetime
    because: str
    ended: datetime | None = None

    def over(self, now: datetime) -> "Outage":
        """Return it as it is when contact is back."""
        return replace(self, ended=self.ended or now)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a channel can do."""

    hears: bool = True
    sends: bool = True
    idempotent_send: bool = False
    reports_delivery: bool = False
    max_length: int | None = None
    encloses: bool = False  # files can go with a letter
    reply_window: timedelta | None = None  # how long after their last message a sender can be written to


class Channel(Protocol):
    """One road between citizens and us."""

    name: str
    capabilities: Capabilities

    async def check(self) -> list[str]:
        """Prove address, key and network; return lines for the operator or raise a `ChannelFailure`."""

    async def listen(self, receive: Receive) -> None:
        """Hand on each message until cancelled; confirm to the service only after `receive` has returned."""

    async def send(self, letter: Outgoing) -> str:
        """Send once and return the service's own id; raise `TemporaryFailure` or `PermanentFailure` only."""
