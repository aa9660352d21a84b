"""What one event of Meta's says, before its files are fetched; and careful ways to read JSON of any shape."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from store.domain import Address, Event, Inbound, Said, Source, Visibility

_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)  # what a service says is older has no time that can be trusted
_MILLISECONDS = 10**11  # a count above this is one of milliseconds: in seconds it is the year 5138


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file to fetch, by its address, or by the id that WhatsApp has it under."""

    name: str
    media_type: str
    address: str = ""
    media_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event: everything but what is posted with it. `media` is Instagram's id of what is commented."""

    inbound: Inbound
    said: Said
    files: tuple[Wanted, ...] = ()
    media: str = ""

    def whole(
        self, payload: bytes, files: list[Fetched], lacks: tuple[str, ...] = (), link: str = ""
    ) -> Inbound:
        """Return what is to be kept, with the posted bytes and the files."""
        said = replace(self.said, lacks=(*self.said.lacks, *lacks), link=self.said.link or link)
        return replace(self.inbound, raw=kept(payload, files), files=listed(files), said=said)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something was said: the road, our account there, and the other end of it."""

    road: str
    account: str
    other: str

    @property
    def handle(self) -> str:
        """Return the place as an address of its road has it."""
        return f"{self.account}:{self.other}"


def told(
    name: str,
    place: Place,
    *,
    at: datetime,
    external_id: str,
    event: Event = Event.NEW,
    answerable: bool = True,
    sender_name: str = "",
    text: str = "",
    files: tuple[Wanted, ...] = (),
    media: str = "",
    **said: Any,
) -> Told:
    """Make a `Told`; `said` is handed to `Said`.

    It has no sender if it is not `answerable`, or without an other end.
    """
    source = Source.SOCIAL_MEDIA if said.get("visibility") is Visibility.PUBLIC else Source.CHAT
    inbound = Inbound(
        channel=name,
        account=place.account,
        received_at=at,
        raw=b"",
        media_type=MEDIA_TYPE,
        external_id=external_id,
        sender=Address(channel=place.road, handle=place.handle) if answerable and place.other else None,
        sender_name=sender_name,
        text=text,
    )
    conversation = f"{place.road}:{place.handle}"
    return Told(
        inbound=inbound,
        said=Said(conversation=conversation, event=event, source=source, **said),
        files=files,
        media=media,
    )


def table_of(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def tables_of(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON list; what else stands there is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a text; a number as one; and an empty text in the place of anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def time_of(value: object) -> datetime | None:
    """Return a time that is told in seconds, in milliseconds or as ISO 8601; None if it is none of them."""
    said = text_of(value)
    try:
        if said.isascii() and said.isdigit():
            count = int(said[:20])
            return datetime.fromtimestamp(count / 1000 if count > _MILLISECONDS else count, UTC)
        found = datetime.fromisoformat(said)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def heard_at(now: datetime, *values: object) -> datetime:
    """Return the first of some times that can be believed, else now."""
    times = (time_of(value) for value in values)
    return next((one for one in times if one is not None and _EARLIEST <= one <= now), now)


def digest_of(*values: object) -> str:
    """Name something that its service has given no name: the same thing always gets the same one."""
    whole = json.dumps(values, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()[:32]
