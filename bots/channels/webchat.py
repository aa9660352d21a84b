"""The talk on our own page: no service lies between. The pages themselves are `bots.web.webchat`.

A talk's place (`handle`) is a keyed mark of the code that its browser holds in a cookie, as for the codes of
anonymous senders: neither cookie nor code is kept, and no network address.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from bots.channel import Capabilities, Form, Given, Receive
from bots.table import Table
from bots.wire.commands import command_of
from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from store.domain import Address, Command, Delivered, Event, Inbound, Outgoing, Said, Source

ROAD = "webchat"
ACCOUNT = "chatt"
PAGE = "/chatt"
LONGEST = 4000
_MOST_OF_ONE = 4  # pages of one talk that wait at once: somebody has it open in several windows
_REMEMBERED = 10_000


class Settings(Table):
    """The table of the talk. The first of `languages` is that of who has chosen none."""

    languages: Annotated[list[Literal["sv", "en", "fi"]], Field(min_length=1)] = ["sv", "en", "fi"]
    most_open: Annotated[int, Field(ge=1, le=10_000)] = 200
    idle_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 24 * 14


class CrowdedError(Exception):
    """So many pages wait for news that this one has to ask again instead."""


@dataclass(kw_only=True)
class Webchat:
    """Rings those who wait. The letter itself lies in the outbox, where its reader's page finds it."""

    public_url: str = ""
    languages: Sequence[str] = ("sv", "en", "fi")
    most_open: int = 200
    idle: timedelta = timedelta(days=14)  # so long a browser is known without its code
    is_closing: bool = False
    name: str = ROAD
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            idempotent_send=True, reports_delivery=True, form=Form.CHAT, buttons=True
        )
    )
    _bells: dict[str, list[asyncio.Event]] = field(default_factory=dict)
    _reported: dict[int, None] = field(default_factory=dict)

    async def check(self) -> list[str]:
        """Tell where the page is; there is nothing to prove."""
        waiting = sum(len(bells) for bells in self._bells.values())
        return [f"{self.name}: {self.public_url}{PAGE}, {waiting} av högst {self.most_open} sidor väntar nu"]

    async def listen(self, receive: Receive) -> None:  # noqa: ARG002 - the pages hand on what is said
        """Wait until cancelled. Whoever waits for news is then let go."""
        try:
            await asyncio.Event().wait()
        finally:
            self.is_closing = True
            for handle in list(self._bells):
                self.ring(handle)

    async def send(self, letter: Outgoing) -> str:
        """Ring those who wait for this letter, if any, and return its own id."""
        self.ring(letter.recipient.handle)
        return str(letter.id)

    def ring(self, handle: str) -> None:
        """Tell the pages of a talk that there is something to read."""
        for bell in self._bells.get(handle, ()):
            bell.set()

    @contextmanager
    def waiting(self, handle: str) -> Iterator[asyncio.Event]:
        """Give a bell that rings at news; raise `CrowdedError` when too many wait already."""
        mine = self._bells.get(handle, [])
        if len(mine) >= _MOST_OF_ONE or sum(len(one) for one in self._bells.values()) >= self.most_open:
            raise CrowdedError
        bell = asyncio.Event()
        self._bells.setdefault(handle, []).append(bell)
        try:
            yield bell
        finally:
            left = [one for one in self._bells[handle] if one is not bell]
            if left:
                self._bells[handle] = left
            else:
                del self._bells[handle]

    def is_new(self, letter_id: int) -> bool:
        """Tell, once for each letter, that its arrival has not been told since the start."""
        if letter_id in self._reported:
            return False
        while len(self._reported) >= _REMEMBERED:
            del self._reported[next(iter(self._reported))]
        self._reported[letter_id] = None
        return True

    def forget(self, letter_id: int) -> None:
        """Let the arrival of a letter be told again: it could not be kept."""
        self._reported.pop(letter_id, None)


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button under a letter; without `value` it was none of that letter's."""

    letter: int = 0
    value: str = ""


def written(
    *,
    handle: str,
    external_id: str,
    text: str,
    payload: bytes,
    language: str,
    files: Sequence[Fetched],
    pressed: Pressed | None,
    now: datetime,
) -> Inbound:
    """Make a message of what was sent from the page. `text` of a button is what stands on it.

    A button that stands under no letter of this talk is kept as something other, and does nothing.
    """
    address = Address(channel=ROAD, handle=handle)
    command = (Command.CHOICE if pressed.value else None) if pressed else command_of(text)
    return Inbound(
        channel=ROAD,
        account=ACCOUNT,
        received_at=now,
        raw=kept(payload, files),
        media_type=MEDIA_TYPE,
        external_id=external_id,
        sender=address,
        text=text,
        language=language,
        files=listed(files),
        said=Said(
            conversation=f"{ROAD}:{handle}",
            event=Event.OTHER if pressed and not pressed.value else Event.NEW,
            about=str(pressed.letter) if pressed and pressed.value else "",
            command=command,
            choice=pressed.value if pressed else "",
            source=Source.CHAT,
        ),
    )


def arrival(letter_id: int, *, handle: str, now: datetime) -> Inbound:
    """Make the report that a browser has fetched a letter."""
    return Inbound(
        channel=ROAD,
        account=ACCOUNT,
        received_at=now,
        raw=kept(f'{{"framme": {letter_id}}}'.encode()),
        media_type=MEDIA_TYPE,
        external_id=f"{letter_id}.framme",
        said=Said(
            conversation=f"{ROAD}:{handle}",
            event=Event.DELIVERY,
            about=str(letter_id),
            delivered=Delivered.ARRIVED,
            source=Source.CHAT,
        ),
    )


def build(settings: Settings, given: Given) -> Webchat:
    """Build the channel; raise `ValueError` where there are no pages to talk on."""
    if not given.public_url:
        raise ValueError("samtalet är en av våra egna sidor. Ange public_url i tabellen [web]")
    if len(set(settings.languages)) < len(settings.languages):
        raise ValueError("languages: varje språk en gång")
    return Webchat(
        public_url=given.public_url.rstrip("/"),
        languages=tuple(settings.languages),
        most_open=settings.most_open,
        idle=timedelta(hours=settings.idle_hours),
    )
