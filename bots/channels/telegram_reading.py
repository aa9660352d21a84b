"""Reads what Telegram tells of: one update becomes one message of ours. Nothing is fetched or sent here."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Location, Message, Update

from bots.wire.commands import command_of
from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from store.domain import Address, Automatic, Command, Event, Inbound, Said, Source

ROAD = "telegram"

# Said alone they mean the same as with a stroke, besides those of all channels.
_ALONE = {"status": Command.STATUS, "anonym": Command.ANONYMOUS, "hjalp": Command.HELP}
# In this order: Telegram tells of a moving picture as a document as well.
_FILES = {
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("ljud.mp3", "audio/mpeg"),
    "live_photo": ("rörlig_bild.mov", "video/quicktime"),
    "video": ("film.mp4", "video/mp4"),
    "video_note": ("videomeddelande.mp4", "video/mp4"),
    "voice": ("röstmeddelande.ogg", "audio/ogg"),
    "document": ("fil", "application/octet-stream"),
}
# What the library raises for an update that is not as Telegram says it should be.
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError)
_PRESENT = frozenset({ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.RESTRICTED, ChatMember.OWNER})


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file that lies at Telegram. `size` is 0 if it is not told."""

    file_id: str
    name: str
    media_type: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Read:
    """One update as we understand it, and what is to be done besides keeping it."""

    inbound: Inbound
    file: Wanted | None = None
    pressed: str = ""  # what a button's pressing is answered by, once it is kept
    leave: int | None = None  # a group that somebody has put us in

    def with_file(self, payload: bytes, data: bytes | None, lacks: str = "") -> Inbound:
        """Return the message to keep, with the file's bytes or with the words that it lacks it."""
        files = []
        if self.file is not None and data is not None:
            files.append(Fetched(name=self.file.name, media_type=self.file.media_type, data=data))
        said = self.inbound.said
        if said is not None and lacks:
            said = replace(said, lacks=(*said.lacks, lacks))
        return replace(self.inbound, raw=kept(payload, files), files=listed(files), said=said)


def read(payload: bytes, *, account: str, now: datetime) -> Read:
    """Read one update; what can not be read, or is none of ours, is an `OTHER` one. Never raises."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        told = None
    try:
        update = Update.de_json(told)
        found = _read(update, account=account, now=now)
    except _UNREADABLE:
        found = None
    if found is not None and _is_sound(found.inbound):
        return found
    number = told.get("update_id") if isinstance(told, dict) else None
    return Read(
        inbound=_inbound(
            external_id=f"update:{number}",
            account=account,
            received_at=now,
            said=Said(
                conversation=f"{ROAD}:{account}",
                event=Event.OTHER,
                version=hashlib.sha256(payload).hexdigest()[:16],
                source=Source.CHAT,
            ),
        )
    )


def age_of(told: dict[str, Any], now: datetime) -> float:
    """Return how many hours ago a message was written, 0 if it is not told."""
    message = told.get("message") or told.get("edited_message")
    date = message.get("date") if isinstance(message, dict) else None
    return (now.timestamp() - date) / 3600 if isinstance(date, int) else 0.0


def place_in(external_id: str) -> tuple[int, int]:
    """Return chat and number of a message from our name for it; raise `ValueError` for another service's."""
    chat, _, number = external_id.partition(":")
    return int(chat), int(number)


def _read(update: Update, *, account: str, now: datetime) -> Read | None:
    if message := update.message or update.edited_message:
        is_edit = update.message is None
        if message.chat.type != Chat.PRIVATE:
            return _from_group(
                message.chat.id, f"{message.chat.id}:{message.message_id}", update, account, now
            )
        return _message(message, update.update_id, is_edit=is_edit, account=account, now=now)
    if update.callback_query is not None:
        return _pressed(update.callback_query, account=account, now=now)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, update, account=account, now=now)
    return None


def _message(message: Message, update_id: int, *, is_edit: bool, account: str, now: datetime) -> Read:
    written_at = message.date
    if is_edit and message.edit_date is not None:
        written_at = message.edit_date
    text, file = _text(message), _file(message)
    content = _beyond_us(message)
    event = Event.EDITED if is_edit else Event.NEW
    if not (text or file or content):
        event = Event.OTHER  # it tells of the chat itself, such as that a message was pinned
    replied = message.reply_to_message
    said = Said(
        conversation=f"{ROAD}:{message.chat.id}",
        event=event,
        # Two edits within a second have the same date.
        version=f"{int(written_at.timestamp())}-{update_id}" if is_edit else "",
        about=f"{message.chat.id}:{replied.message_id}" if replied is not None else "",
        group=message.media_group_id or "",
        automatic=_automatic(message, account),
        command=_command(text) if event is Event.NEW and file is None else None,
        source=Source.CHAT,
        lacks=(content,) if content and not text and file is None else (),
    )
    who = message.from_user
    inbound = _inbound(
        external_id=f"{message.chat.id}:{message.message_id}",
        account=account,
        received_at=min(written_at, now),
        said=said,
        sender=Address(channel=ROAD, handle=str(message.chat.id)),
        sender_name=who.full_name if who is not None else message.chat.full_name or "",
        text=text,
    )
    return Read(inbound=inbound, file=file)


def _pressed(query: CallbackQuery, *, account: str, now: datetime) -> Read | None:
    under = query.message
    if under is None or under.chat.type != Chat.PRIVATE:
        return None
    inbound = _inbound(
        external_id=f"callback:{query.id}",
        account=account,
        received_at=now,  # Telegram does not tell when
        said=Said(
            conversation=f"{ROAD}:{under.chat.id}",
            about=f"{under.chat.id}:{under.message_id}",
            command=Command.CHOICE,
            choice=query.data or "",
            source=Source.CHAT,
        ),
        sender=Address(channel=ROAD, handle=str(under.chat.id)),
        sender_name=query.from_user.full_name,
    )
    return Read(inbound=inbound, pressed=query.id)


def _membership(change: ChatMemberUpdated, update: Update, *, account: str, now: datetime) -> Read:
    chat, status = change.chat, change.new_chat_member.status
    if chat.type != Chat.PRIVATE:
        read_as = _from_group(chat.id, f"update:{update.update_id}", update, account, now)
        return read_as if status in _PRESENT else replace(read_as, leave=None)
    said = Said(
        conversation=f"{ROAD}:{chat.id}",
        event=Event.OTHER,
        version=str(int(change.date.timestamp())),
        # Telegram tells of this in private chats only when we are blocked, and when we no longer are.
        command=Command.STOP if status == ChatMember.BANNED else Command.RESUME,
        source=Source.CHAT,
    )
    inbound = _inbound(
        external_id=f"update:{update.update_id}",
        account=account,
        received_at=min(change.date, now),
        said=said,
        sender=Address(channel=ROAD, handle=str(chat.id)),
        sender_name=change.from_user.full_name,
    )
    return Read(inbound=inbound)


def _from_group(chat_id: int, external_id: str, update: Update, account: str, now: datetime) -> Read:
    """Keep what is said in a group as it came, as nobody's: nobody there has chosen to write to us."""
    said = Said(
        conversation=f"{ROAD}:{chat_id}",
        event=Event.OTHER,
        version=str(update.update_id),
        source=Source.CHAT,
    )
    inbound = _inbound(external_id=external_id, account=account, received_at=now, said=said)
    return Read(inbound=inbound, leave=chat_id)


def _inbound(
    *,
    external_id: str,
    account: str,
    received_at: datetime,
    said: Said,
    sender: Address | None = None,
    sender_name: str = "",
    text: str = "",
) -> Inbound:
    return Inbound(
        channel=ROAD,
        account=account,
        received_at=received_at,
        raw=b"",  # put in with the file
        media_type=MEDIA_TYPE,
        external_id=external_id,
        sender=sender,
        sender_name=sender_name,
        text=text,
        said=said,
    )


def _automatic(message: Message, account: str) -> Automatic | None:
    who = message.from_user
    if who is None or not who.is_bot:
        return None
    return Automatic.OWN_LOOP if str(who.id) == account else Automatic.OTHER


def _command(text: str) -> Command | None:
    return command_of(text) or _ALONE.get(text.strip().rstrip(".?").lower())


def _text(message: Message) -> str:
    """Return the words of a message; a place, a contact and a sticker are put in words."""
    if message.text or message.caption:
        return message.text or message.caption or ""
    if message.venue is not None:
        return f"{message.venue.title}, {message.venue.address}\n{_place(message.venue.location)}"
    if message.location is not None:
        return _place(message.location)
    if (who := message.contact) is not None:
        name = " ".join(part for part in (who.first_name, who.last_name) if part)
        return f"Kontakt: {name}, {who.phone_number}"
    if message.sticker is not None:
        return f"Klistermärke: {message.sticker.emoji or ''}".rstrip(": ")
    return ""


def _place(at: Location) -> str:
    return f"Plats: {round(at.latitude, 6)}, {round(at.longitude, 6)}"


def _file(message: Message) -> Wanted | None:
    if message.photo:
        largest = max(message.photo, key=lambda one: one.width * one.height)
        return Wanted(
            file_id=largest.file_id, name="foto.jpg", media_type="image/jpeg", size=largest.file_size or 0
        )
    for kind, (name, media_type) in _FILES.items():
        found = getattr(message, kind, None)  # an older release of the library may not know of all
        if found is not None:
            return Wanted(
                file_id=found.file_id,
                name=getattr(found, "file_name", None) or name,
                media_type=getattr(found, "mime_type", None) or media_type,
                size=found.file_size or 0,
            )
    return None


def _beyond_us(message: Message) -> str:
    """Return words for content that is neither text nor a file, or nothing."""
    if message.effective_attachment is None and getattr(message, "checklist", None) is None:
        return ""
    return "Meddelandet har innehåll som bara går att se i Telegram, till exempel en omröstning."


def _is_sound(inbound: Inbound) -> bool:
    """Tell whether all that should be texts is: the library takes what it is given for what it should be."""
    said = inbound.said
    texts = [inbound.text, inbound.sender_name, inbound.external_id]
    texts += [said.group, said.choice, said.about] if said is not None else []
    return all(isinstance(one, str) for one in texts)
