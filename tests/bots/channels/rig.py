"""What the contract of all channels asks of a stand-in for a service, or of a real server on loopback."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, runtime_checkable

import httpx

from bots.channel import Channel, Given
from store.domain import Button, Delivered


class Fault(Enum):
    """How a service fails. Each holds for the next letter alone, but those that say otherwise."""

    BUSY = "too many at once: 429, or what the service has for it, with seven seconds to wait"
    AWAY = "no contact: nothing was taken"
    SILENT = "takes the letter, and breaks the connection before it answers"
    LOCKED = "the token counts no more, until `mend`"
    BLOCKED = "the reader has blocked us, until `mend`"
    LATE = "the service's window has closed, until `mend`"


class Can(Enum):
    """What a service knows of. What it cannot do is not asked of its channel, and its docs row says so."""

    PUSH = "it posts to us"
    EDIT = "senders change what they wrote, and we are told"
    REMOVE = "senders remove what they wrote, and we are told"
    PHOTO = "pictures"
    ECHO = "it tells us of our own letters, or of other machines"
    REPORT = "it tells what became of a letter"
    PUBLIC = "comments that anybody can read"
    BLOCK = "readers can block us"
    WINDOW = "readers can be written to for a time only"
    IDEMPOTENT = "the same letter twice is one"
    ALBUM = "several pictures that are one message"
    OURS = "it is our own page: nothing lies between that could fail"


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One letter, or a part of one, as the service has it. `to` is the person's name in the rig."""

    to: str
    text: str
    buttons: tuple[Button, ...] = ()
    public: bool = False


@dataclass(frozen=True, kw_only=True)
class Forged:
    """A request that does not come from the service, though it says so."""

    method: str = "POST"
    path: str  # from /hooks/ on
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Rig(Protocol):
    """One service. People are named freely ("asa", "bo"); each is somebody of their own there."""

    name: str  # of the channel's table
    road: str  # that private letters leave by
    can: frozenset[Can]
    # Where it posts to, if it does: our pages; set by the test, to None while we are away.
    ours: httpx.AsyncClient | None

    async def open(self, now: datetime) -> None:
        """Start the service."""

    async def close(self) -> None:
        """Stop it."""

    def channel(self, given: Given) -> Channel:
        """Build the channel on this service by its own `Settings` and `build`, as at a start."""

    async def say(self, text: str, *, person: str = "asa", photo: bytes = b"", album: str = "") -> str:
        """Write to us privately; return the service's id. One that posts tries once, and remembers."""

    async def again(self) -> int:
        """Let the service deliver once more what it thinks we have not confirmed, and the newest besides.

        Returns how many were still unconfirmed before. One that is asked for news makes them be told again
        as it can.
        """

    async def edit(self, message_id: str, text: str) -> None:
        """Change a message."""

    async def remove(self, message_id: str) -> None:
        """Remove a message."""

    async def echo(self, text: str) -> None:
        """Let the service tell of a message of our own, or of another machine's."""

    async def odd(self) -> None:
        """Let the service tell of something that nobody has heard of."""

    async def comment(self, text: str, *, person: str = "asa") -> str:
        """Write where anybody can read it; return the service's id."""

    async def report(self, letter: Arrived, how: Delivered) -> None:
        """Let the service tell what became of a letter."""

    def letters(self) -> Sequence[Arrived]:
        """List what the service has taken, in order, doubles and all."""

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        """Order a fault."""

    def mend(self) -> None:
        """End the faults that last."""

    def forged(self) -> Sequence[Forged]:
        """List requests that must be refused with 403: unsigned, wrongly signed, changed after signing."""

    def genuine_but_large(self) -> Forged | None:
        """Return a request of two megabytes, signed if it can be; None where nobody posts."""


@runtime_checkable
class Clocked(Protocol):
    """A service whose clock stands still until the test moves it."""

    def turn(self, now: datetime) -> None:
        """Let the service's clock show `now`: what happens there from now on, happens then."""
