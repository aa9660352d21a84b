"""Reads what WhatsApp's Cloud API posts. Its sister for Facebook and Instagram is `meta_events`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.channels.meta_told import (
    Place,
    Told,
    Wanted,
    digest_of,
    heard_at,
    table_of,
    tables_of,
    text_of,
    told,
)
from bots.wire.commands import command_of
from store.domain import Automatic, Command, Delivered, Event

ROAD = "whatsapp"
_FILES = {
    "image": "bild",
    "video": "film",
    "audio": "ljud",
    "document": "dokument",
    "sticker": "klistermärke",
}
_DELIVERED = {"delivered": Delivered.ARRIVED, "read": Delivered.SEEN, "failed": Delivered.FAILED}
_BECAUSE = {
    "131026": "Numret tar inte emot meddelanden i WhatsApp.",
    "131047": "Det har gått mer än 24 timmar sedan avsändaren skrev.",
    "131049": "WhatsApp lät inte brevet gå fram, för att hålla nere antalet.",
}


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Reads events for the numbers of one channel. `now` is when they were posted."""

    name: str
    now: datetime

    def read(self, value: Mapping[str, Any]) -> list[Told]:
        """Return what one change tells, in its order; nothing if it tells of no message."""
        account = text_of(table_of(value.get("metadata")).get("phone_number_id"))
        people = {
            text_of(one.get(key)): text_of(table_of(one.get("profile")).get("name"))
            for one in tables_of(value.get("contacts"))
            for key in ("wa_id", "user_id")
        }
        found = [self._message(account, one, people) for one in tables_of(value.get("messages"))]
        found += [self._echo(account, one) for one in tables_of(value.get("message_echoes"))]
        found += [self._status(account, one) for one in tables_of(value.get("statuses"))]
        return found

    def _message(self, account: str, message: Mapping[str, Any], people: Mapping[str, str]) -> Told:
        # Somebody with a user name may hide their number: then only the other id is told.
        person = text_of(message.get("from")) or text_of(message.get("from_user_id"))
        place, mid, kind = _at(account, person), text_of(message.get("id")), text_of(message.get("type"))
        at = heard_at(self.now, message.get("timestamp"))
        inner = table_of(message.get(kind))
        original = text_of(inner.get("original_message_id"))
        if kind == "revoke" and original and person:
            return told(
                self.name,
                place,
                at=at,
                external_id=original,
                event=Event.DELETED,
                about=original,
                version=mid,
            )
        if kind == "edit" and original and person:
            new = table_of(inner.get("message"))
            return told(
                self.name,
                place,
                at=at,
                external_id=original,
                event=Event.EDITED,
                about=original,
                version=mid or digest_of(message),
                sender_name=people.get(person, ""),
                text=_words(new),
                files=_files(new),
            )
        if not mid or not person or not kind or kind in {"reaction", "system", "edit", "revoke"}:
            about = text_of(inner.get("message_id"))
            return self._other(place, at, message, about=about)
        choice, words = _choice(message), _words(message)
        files = _files(message)
        lacks = () if words or files else ("Innehållet lämnas inte ut av WhatsApp.",)
        return told(
            self.name,
            place,
            at=at,
            external_id=mid,
            sender_name=people.get(person, ""),
            text=words,
            files=files,
            about=text_of(table_of(message.get("context")).get("id")),
            command=Command.CHOICE if choice else command_of(words),
            choice=choice,
            lacks=lacks,
        )

    def _echo(self, account: str, message: Mapping[str, Any]) -> Told:
        """Tell of what the municipality's own people wrote in the app on a telephone."""
        return told(
            self.name,
            _at(account, text_of(message.get("to"))),
            at=heard_at(self.now, message.get("timestamp")),
            external_id=text_of(message.get("id")) or digest_of(message),
            answerable=False,
            text=_words(message),
            automatic=Automatic.OWN_LOOP,
        )

    def _status(self, account: str, status: Mapping[str, Any]) -> Told:
        place = _at(account, text_of(status.get("recipient_id")))
        mid, kind = text_of(status.get("id")), text_of(status.get("status"))
        at = heard_at(self.now, status.get("timestamp"))
        if not mid or kind not in _DELIVERED:  # "sent" says no more than the answer when we sent it
            return self._other(place, at, status, about=mid)
        codes = [text_of(one.get("code")) for one in tables_of(status.get("errors"))]
        because = " ".join(_BECAUSE.get(code, f"WhatsApp säger fel {code}.") for code in codes if code)
        return told(
            self.name,
            place,
            at=at,
            external_id=f"{kind}:{mid}",
            event=Event.DELIVERY,
            answerable=False,
            about=mid,
            delivered=_DELIVERED[kind],
            because=because if kind == "failed" else "",
        )

    def _other(self, place: Place, at: datetime, what: Mapping[str, Any], *, about: str) -> Told:
        return told(
            self.name,
            place,
            at=at,
            external_id=digest_of(what),
            event=Event.OTHER,
            answerable=False,
            about=about,
        )


def _at(account: str, person: str) -> Place:
    return Place(road=ROAD, account=account, other=person)


def _words(message: Mapping[str, Any]) -> str:
    kind = text_of(message.get("type"))
    inner = table_of(message.get(kind))
    if kind == "interactive":
        reply = table_of(inner.get("button_reply")) or table_of(inner.get("list_reply"))
        return text_of(reply.get("title"))
    if kind == "location":
        where = ", ".join(text for key in ("name", "address") if (text := text_of(inner.get(key))))
        return f"Plats: {inner.get('latitude')}, {inner.get('longitude')} {where}".strip()
    return text_of(inner.get("body")) or text_of(inner.get("caption")) or text_of(inner.get("text"))


def _choice(message: Mapping[str, Any]) -> str:
    pressed = table_of(message.get("interactive"))
    reply = table_of(pressed.get("button_reply")) or table_of(pressed.get("list_reply"))
    return text_of(reply.get("id")) or text_of(table_of(message.get("button")).get("payload"))


def _files(message: Mapping[str, Any]) -> tuple[Wanted, ...]:
    kind = text_of(message.get("type"))
    inner = table_of(message.get(kind))
    media_id = text_of(inner.get("id"))
    if kind not in _FILES or not media_id:
        return ()
    media_type = text_of(inner.get("mime_type")).partition(";")[0].strip() or "application/octet-stream"
    name = text_of(inner.get("filename")) or _FILES[kind]
    return (Wanted(name=name[:200], media_type=media_type[:100], media_id=media_id),)
