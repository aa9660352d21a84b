"""The promise that every channel keeps, and the only two ways it may fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from store.domain import Inbound, Outgoing, Receipt


class ChannelFailure(Exception):
    """Something went wrong between us and the service behind a channel."""


class TemporaryFailure(ChannelFailure):
    """The service did not take it now; the same thing may work later.

    `in_doubt` says that the service may have taken it all the same: nothing was heard after the
    last byte. A letter in doubt is never sent again by a machine, but where sending is idempotent.
    `again_after` is how long the service itself asks us to wait.
    """

    def __init__(self, message: str, *, in_doubt: bool = False, again_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt
        self.again_after = again_after


class PermanentFailure(ChannelFailure):
    """The service will never take it there: the next road is tried, or a human has to look."""


class WindowClosedError(PermanentFailure):
    """The service lets nobody write there any more, until its reader writes to us again."""


class NotKeptError(Exception):
    """The message could not be committed. Do not confirm it to the service: the sender must try again."""


class NoRoomError(NotKeptError):
    """The disk is nearly full. It passes, and whoever is asked to come again should take their time."""


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


class LengthUnit(StrEnum):
    """What a service counts the length of a text in."""

    CHARACTERS = "characters"
    UTF16 = "utf16"
    BYTES = "bytes"  # of UTF-8


class Form(StrEnum):
    """In what form a letter is written for a road."""

    MAIL = "mail"
    SMS = "sms"
    CHAT = "chat"


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a channel can do, or one of the roads that it serves.

    `automatic_window` is how long after their last message a machine may write to a sender, `human_window`
    how long a person may; None is for ever. With `once` only a single letter can go to a place. What goes to
    a `public` road can be read by anybody.
    """

    hears: bool = True
    sends: bool = True
    idempotent_send: bool = False  # by the letter's key: the same one twice is one
    reports_delivery: bool = False
    max_length: int | None = None
    length_unit: LengthUnit = LengthUnit.CHARACTERS
    encloses: bool = False  # files can go with a letter
    automatic_window: timedelta | None = None
    human_window: timedelta | None = None
    once: bool = False
    public: bool = False
    form: Form = Form.MAIL
    buttons: bool = False
    reports_edits: bool = False
    reports_deletes: bool = False
    hides: bool = False  # a message can be hidden on the service
    abroad: str = ""  # who else gets to know what is written there, for the notice about personal data

    @property
    def reply_window(self) -> timedelta | None:
        """Return how long a sender can be written to at all."""
        return self.human_window or self.automatic_window

    def is_open(self, letter_by_human: bool, heard_at: datetime | None, now: datetime) -> bool:
        """Tell whether a letter may go there now. Without a last message, nobody knows of a window."""
        window = self.reply_window if letter_by_human else self.automatic_window
        return window is None or heard_at is None or now - heard_at < window


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a service says of a letter that it took: its id, and the conversation that it begins, if any."""

    service_id: str
    conversation: str = ""


class Channel(Protocol):
    """One connection to a service. Its `name` is that of its table in config.toml, and of its road."""

    name: str
    capabilities: Capabilities

    async def check(self) -> list[str]:
        """Prove address, key and network; return lines for the operator or raise a `ChannelFailure`."""

    async def listen(self, receive: Receive) -> None:
        """Hand on each message until cancelled; confirm to the service only after `receive` has returned."""

    async def send(self, letter: Outgoing) -> str | Sent:
        """Send once and return the service's own id; raise `TemporaryFailure` or `PermanentFailure` only."""


@runtime_checkable
class ManyRoads(Protocol):
    """A channel that serves more roads than the one of its own name, or others."""

    @property
    def roads(self) -> Mapping[str, Capabilities]:
        """Return the roads that letters can leave by, and what each can do."""


def roads_of(channel: Channel) -> Mapping[str, Capabilities]:
    """Return the roads that letters can leave by through a channel, and what each can do."""
    if isinstance(channel, ManyRoads):
        return channel.roads
    return {channel.name: channel.capabilities} if channel.capabilities.sends else {}


@runtime_checkable
class Closing(Protocol):
    """A channel with connections to let go of."""

    async def close(self) -> None:
        """Let go of every connection."""


@runtime_checkable
class Hides(Protocol):
    """A channel whose public messages can be hidden. Our copy stays."""

    async def hide(self, external_id: str) -> None:
        """Hide a message on the service; raise a `ChannelFailure` if it can not be."""


@runtime_checkable
class Rereads(Protocol):
    """A channel that does not tell of every change, so that a message is looked at again before an answer."""

    async def reread(self, external_id: str) -> Inbound | None:
        """Return a message as it stands now, as an `EDITED` or `DELETED` one; None if nothing has changed."""


@dataclass(frozen=True, kw_only=True)
class HookRequest:
    """What a service posts to us, untouched: `body` as it came, `path` what follows the channel's name."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes

    def header(self, name: str) -> str:
        """Return a header (name in lower case), or an empty text."""
        return next((value for one, value in self.headers if one == name), "")

    def parameter(self, name: str) -> str:
        """Return a parameter of the address, or an empty text."""
        return next((value for one, value in self.query if one == name), "")


@dataclass(frozen=True, kw_only=True)
class HookAnswer:
    """What we say to a service. Nothing of what was posted is ever said back."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Hooked(Protocol):
    """A channel that a service posts to, at `/hooks/<name>`."""

    async def hook(self, request: HookRequest, receive: Receive) -> HookAnswer:
        """Prove where a request comes from (else 403), keep what it holds, and confirm.

        `NotKeptError` may pass: the pages answer 503, so that the service tries again. A body over a megabyte
        never comes here.
        """


class Places(Protocol):
    """Keeps how far a channel has read, when the service itself does not."""

    def place(self, account: str, name: str) -> str:
        """Return a place, or an empty text if none is kept."""

    def keep_place(self, account: str, name: str, value: str) -> None:
        """Keep a place; only when everything up to it is committed. Blocking."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What every channel is given when it is built, besides its own table."""

    clock: Callable[[], datetime]
    secret: Callable[[str], str]  # what a reference such as "env:NAME" stands for; raises `SettingsError`
    places: Places
    public_url: str = ""  # of our pages, as the world knows them; empty without pages
    service_name: str = "Synpunkter"


class Plugin(Protocol):
    """What makes a channel: a module of `bots.channels`, or what an entry point `synpunkt.channels` names.

    Its name is that of its table below `[channels]`.
    """

    Settings: type[BaseModel]

    def build(self, settings: Any, given: Given) -> Channel:
        """Build the channel; raise `ValueError` in words for the operator when its table makes no sense."""
