"""What Mastodon tells, made into our nouns. The channel is `mastodon`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from bots.channels.mastodon_text import text_of, without_greeting
from bots.wire.commands import command_of
from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from store.domain import Address, Automatic, Event, Inbound, Said, Source, Visibility

NAME = "mastodon"
DIRECT = "direct"


class Account(BaseModel):
    """Somebody on Mastodon. `acct` has no server in it for those on ours."""

    id: str
    acct: str
    display_name: str = ""
    bot: bool = False


class Medium(BaseModel):
    """A file in a status. Without `url`, our server has not fetched it."""

    id: str
    type: str = "unknown"
    url: str | None = None
    description: str | None = None


class Status(BaseModel):
    """What somebody has written, as the service tells it."""

    id: str
    account: Account
    content: str = ""
    spoiler_text: str = ""
    visibility: str
    created_at: str
    edited_at: str | None = None
    in_reply_to_id: str | None = None
    url: str | None = None
    uri: str | None = None
    media_attachments: list[Medium] = []


class Mention(BaseModel):
    """A notification that we are mentioned."""

    id: str
    type: str
    created_at: str
    status: Status


@dataclass(frozen=True, kw_only=True)
class Told:
    """One notification: its id, what it says sign by sign, and what we make of it, if anything."""

    id: str
    payload: str
    mention: Mention | None


def told_in(page: str) -> list[Told] | None:
    """Return the notifications of a page, oldest first; None if it is no page."""
    elements = _elements(page)
    if elements is None:
        return None
    told = [
        Told(id=str(one["id"]), payload=payload, mention=_mention(one))
        for payload, one in elements
        if isinstance(one, dict) and one.get("id")
    ]
    # Numbers that grow, or letters that do (GoToSocial).
    return sorted(told, key=lambda one: (len(one.id), one.id))


def _elements(page: str) -> list[tuple[str, Any]] | None:
    decoder, at, found = json.JSONDecoder(), page.find("[") + 1, list[tuple[str, Any]]()
    if not page.lstrip().startswith("["):
        return None
    while True:
        while page[at : at + 1] in {",", " ", "\n", "\r", "\t"}:
            at += 1
        if page[at : at + 1] == "]":
            return found
        try:
            one, stop = decoder.raw_decode(page, at)
        except (ValueError, RecursionError):
            return None
        found.append((page[at:stop], one))
        at = stop


def _mention(one: Any) -> Mention | None:
    try:
        mention = Mention.model_validate(one)
    except ValidationError:
        return None
    return mention if mention.type == "mention" else None


def status_of(payload: Any) -> Status | None:
    """Return a status; None for what is none."""
    try:
        return Status.model_validate(payload)
    except ValidationError:
        return None


def moment(told: str) -> datetime | None:
    """Return an aware moment; None for what is none."""
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def in_full(acct: str, own: str) -> str:
    """Return an account with its server, which is left out for those on the server of `own`."""
    return acct if "@" in acct else f"{acct}@{own.partition('@')[2]}"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a status is read with. `own` is our account (name@server), `now` the time here."""

    own: str
    now: datetime
    files: Sequence[Fetched] = ()
    lacks: Sequence[str] = ()


def inbound_of(status: Status, payload: str, heard: Heard, *, told_at: str) -> Inbound:
    """Return a mention as it came. `told_at` is when our server told of it."""
    return _inbound(status, payload, heard, event=Event.NEW, received_at=_not_later(told_at, heard.now))


def edited_of(status: Status, payload: str, heard: Heard) -> Inbound | None:
    """Return a status as it stands now; None if nobody has changed it since it was written."""
    if not status.edited_at:
        return None
    return _inbound(
        status,
        payload,
        heard,
        event=Event.EDITED,
        received_at=_not_later(status.edited_at, heard.now),
    )


def deleted_of(external_id: str, heard: Heard) -> Inbound:
    """Return that a status is no longer there. The service says no more, not even whose it was."""
    return Inbound(
        channel=NAME,
        account=heard.own,
        received_at=heard.now,
        raw=kept(b"{}"),
        media_type=MEDIA_TYPE,
        external_id=external_id,
        said=Said(conversation=f"{NAME}:{external_id}", event=Event.DELETED, about=external_id),
    )


def other_of(told: Told, heard: Heard) -> Inbound:
    """Return what nobody knows what to make of, as it came."""
    return Inbound(
        channel=NAME,
        account=heard.own,
        received_at=heard.now,
        raw=kept(told.payload.encode("utf-8", "surrogatepass")),
        media_type=MEDIA_TYPE,
        external_id=f"notification:{told.id}",
        said=Said(conversation=f"{NAME}:notification:{told.id}", event=Event.OTHER),
    )


def _inbound(status: Status, payload: str, heard: Heard, *, event: Event, received_at: datetime) -> Inbound:
    handle = in_full(status.account.acct, heard.own)
    text = _words(status, heard.own)
    is_private = status.visibility == DIRECT
    is_edit = event is Event.EDITED
    return Inbound(
        channel=NAME,
        account=heard.own,
        received_at=received_at,
        raw=kept(payload.encode("utf-8", "surrogatepass"), heard.files),
        media_type=MEDIA_TYPE,
        external_id=status.id,
        sender=Address(channel=NAME, handle=handle),
        sender_name=status.account.display_name or status.account.acct,
        text=text,
        files=listed(heard.files),
        said=Said(
            conversation=f"{NAME}:{handle}",
            event=event,
            version=(status.edited_at or "") if is_edit else "",
            about=status.id if is_edit else status.in_reply_to_id or "",
            visibility=Visibility.PRIVATE if is_private else Visibility.PUBLIC,
            automatic=_automatic(status, handle, heard.own),
            command=command_of(text) if is_private and not is_edit else None,
            source=Source.SOCIAL_MEDIA,
            link=status.url or status.uri or "",
            lacks=tuple(heard.lacks),
        ),
    )


def _automatic(status: Status, handle: str, own: str) -> Automatic | None:
    if handle.casefold() == own.casefold():
        return Automatic.OWN_LOOP
    return Automatic.OTHER if status.account.bot else None


def _words(status: Status, own: str) -> str:
    text = without_greeting(text_of(status.content), own)
    # A warning that hides the text until somebody presses it: words of the writer as well.
    pieces = [status.spoiler_text.strip(), text]
    pieces += [
        f"[Bildtext: {one.description.strip()}]" for one in status.media_attachments if one.description
    ]
    return "\n\n".join(piece for piece in pieces if piece)


def _not_later(told: str, now: datetime) -> datetime:
    found = moment(told)
    return now if found is None or found > now else found
