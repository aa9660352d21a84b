"""Reads what stands in a Matrix room: one event becomes one message of ours. Nothing is fetched here."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bots.wire.commands import command_of
from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from store.domain import Address, Automatic, Command, Event, Inbound, Said, Source

ROAD = "matrix"

# What a room is made of. Nobody's words stand there, and the server tells it again whenever it is asked.
_FURNITURE = frozenset(
    {
        "m.room.create",
        "m.room.power_levels",
        "m.room.join_rules",
        "m.room.history_visibility",
        "m.room.guest_access",
        "m.room.canonical_alias",
        "m.room.server_acl",
    }
)
_FILES = {
    "m.image": ("bild", "image/jpeg"),
    "m.audio": ("ljud", "audio/ogg"),
    "m.video": ("film", "video/mp4"),
    "m.file": ("fil", "application/octet-stream"),
}
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "audio/ogg": ".ogg", "video/mp4": ".mp4"}
# The quotation that older programs put before an answer: "> <@asa:...> words", or "> * <@asa:...> does".
_FALLBACK = re.compile(r"> (?:\* )?<@[^>\n]{1,255}>")
_ID = re.compile(r"[!-~]{1,255}")
_ENCRYPTED = "Meddelandet är krypterat, så det går inte att läsa här."
_BELIEVED = timedelta(days=7)  # of what a foreign server says of its own hour


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file that lies at a server. `size` is 0 if it is not told."""

    address: str
    name: str
    media_type: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Room:
    """What is known of a room when its events are read. `names` are those who are in it, by id."""

    id: str
    names: Mapping[str, str]
    is_group: bool = False


@dataclass(frozen=True, kw_only=True)
class Read:
    """One event as we understand it."""

    inbound: Inbound
    payload: bytes
    file: Wanted | None = None
    is_encrypted: bool = False

    def with_file(self, data: bytes | None, lacks: str = "") -> Inbound:
        """Return the message to keep, with the file's bytes or with the words that it lacks it."""
        files = []
        if self.file is not None and data is not None:
            files.append(Fetched(name=self.file.name, media_type=self.file.media_type, data=data))
        said = self.inbound.said
        if said is not None and lacks:
            said = replace(said, lacks=(*said.lacks, lacks))
        return replace(self.inbound, raw=kept(self.payload, files), files=listed(files), said=said)


def read(told: object, room: Room, *, account: str, now: datetime) -> Read | None:
    """Read one event of a room; None for the room's own furniture. Never raises.

    What can not be read, or is none of ours, is an `OTHER` one.
    """
    payload = json.dumps(told).encode()  # with escapes only, so that every sign can be written
    event = told if isinstance(told, dict) else {}
    kind, sender = _text(event, "type"), _text(event, "sender")
    if "state_key" in event and _is_furniture(event, kind, account):
        return None
    name = _id(event, "event_id")
    said = Said(
        conversation=f"{ROAD}:{room.id}",
        event=Event.OTHER,
        version="" if name else hashlib.sha256(payload).hexdigest()[:16],
        automatic=Automatic.OWN_LOOP if sender == account else None,
        source=Source.CHAT,
    )
    # Nobody in a group has chosen to write to us, and what we wrote ourselves is in the outbox.
    is_theirs = bool(sender) and sender != account and not room.is_group
    inbound = Inbound(
        channel=ROAD,
        account=account,
        received_at=_when(event.get("origin_server_ts"), sender, account=account, now=now),
        raw=b"",  # put in with the file
        media_type=MEDIA_TYPE,
        external_id=name or f"{room.id}:okänt",
        sender=Address(channel=ROAD, handle=room.id) if is_theirs else None,
        sender_name=_sound(room.names.get(sender, "")) if is_theirs else "",
        said=said,
    )
    found = Read(inbound=inbound, payload=payload, is_encrypted=kind == "m.room.encrypted")
    if not is_theirs or not name or "state_key" in event:
        return found
    content = event.get("content")
    content = content if isinstance(content, dict) else {}
    if kind == "m.room.message":
        return _message(content, found, said, name)
    if kind == "m.room.redaction":
        # Since room version 11 it stands in the content.
        return _redaction(_id(event, "redacts") or _id(content, "redacts"), found, said, name)
    if found.is_encrypted:
        return _with(found, replace(said, lacks=(_ENCRYPTED,)))
    return found


def _message(content: Mapping[str, Any], found: Read, said: Said, name: str) -> Read:
    relates = content.get("m.relates_to")
    relates = relates if isinstance(relates, dict) else {}
    changed, is_edit = content.get("m.new_content"), relates.get("rel_type") == "m.replace"
    original = _id(relates, "event_id")
    if is_edit and original and isinstance(changed, dict):
        said = replace(said, event=Event.EDITED, version=name, about=original)
        return _with(_filled(changed, found, said), external_id=original)
    answered = relates.get("m.in_reply_to")
    about = _id(answered, "event_id") if isinstance(answered, dict) else ""
    return _filled(content, found, replace(said, event=Event.NEW, about=about))


def _filled(content: Mapping[str, Any], found: Read, said: Said) -> Read:
    """Put in what a message says. One of which we understand nothing stays as it came."""
    kind, text = _text(content, "msgtype"), _text(content, "body")
    if text != _sound(text) or kind.startswith("m.key.verification."):
        return found
    if kind in {"m.notice", "m.server_notice"}:
        said = replace(said, automatic=Automatic.OTHER)
    if kind in _FILES:
        return _with_wanted(content, kind, found, said)
    if not text:
        return found
    text = _without_quotation(text) if said.about and said.event is Event.NEW else text
    if said.event is Event.NEW and said.automatic is None:
        said = replace(said, command=_command(text))
    return _with(found, said, text=text)


def _with_wanted(content: Mapping[str, Any], kind: str, found: Read, said: Said) -> Read:
    body, shown = _text(content, "body"), _text(content, "filename")
    text = body if shown and shown != body else ""  # else the words are the file's name
    told = content.get("info")
    info = told if isinstance(told, dict) else {}
    name, media_type = _FILES[kind]
    media_type = _sound(_text(info, "mimetype"))[:100] or media_type
    name = _sound(shown or body)[:200] or name + _ENDINGS.get(media_type, "")
    address, size = _text(content, "url"), info.get("size")
    if not address:
        lacks = f"Filen {name} är krypterad eller saknar adress, så den gick inte att hämta."
        return _with(found, replace(said, lacks=(lacks,)), text=text)
    wanted = Wanted(
        address=address, name=name, media_type=media_type, size=size if isinstance(size, int) else 0
    )
    return replace(_with(found, said, text=text), file=wanted)


def _redaction(removed: str, found: Read, said: Said, name: str) -> Read:
    if not removed:
        return found
    return _with(found, replace(said, event=Event.DELETED, version=name, about=removed), external_id=removed)


def _with(found: Read, said: Said | None = None, **more: Any) -> Read:
    more |= {"said": said} if said is not None else {}
    return replace(found, inbound=replace(found.inbound, **more))


def _is_furniture(event: Mapping[str, Any], kind: str, account: str) -> bool:
    if kind != "m.room.member":
        return kind in _FURNITURE
    if _text(event, "sender") == account:
        return True
    content = event.get("content")
    # That somebody leaves, or shuts us out, is kept: letters do not reach them any more.
    return isinstance(content, dict) and content.get("membership") in {"join", "invite", "knock"}


def _when(told: object, sender: str, *, account: str, now: datetime) -> datetime:
    """Return when an event was written: by our own server, or by another that does not say too much."""
    if not isinstance(told, int) or not 0 < told <= now.timestamp() * 1000:
        return now
    at = datetime.fromtimestamp(told / 1000, UTC)
    is_ours = sender.partition(":")[2] == account.partition(":")[2]
    return at if is_ours or now - at <= _BELIEVED else now


def _without_quotation(text: str) -> str:
    """Return an answer without what it quotes (as programs wrote it before Matrix 1.13)."""
    if not _FALLBACK.match(text):
        return text
    lines = text.split("\n")
    while lines and lines[0].startswith("> "):
        del lines[0]
    if lines and not lines[0]:
        del lines[0]
    return "\n".join(lines)


def _command(text: str) -> Command | None:
    said = text.strip()
    # Many programs take a stroke for a command of their own; other bots have taught people "!".
    if said.startswith("!"):
        return command_of("/" + said[1:])
    return command_of(said)


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""


def _id(told: Mapping[str, Any], name: str) -> str:
    found = _text(told, name)
    return found if _ID.fullmatch(found) else ""


def _sound(text: str) -> str:
    """Return a text without what no database takes: halves of signs, and NUL."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
