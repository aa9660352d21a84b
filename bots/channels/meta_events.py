"""Reads what Meta posts of Facebook pages and Instagram. Its sister for WhatsApp is `meta_whatsapp`.

Nothing that can be parsed is left out: what nobody knows of becomes an `Event.OTHER`.
"""

import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

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
from bots.channels.meta_whatsapp import ROAD as WHATSAPP
from bots.channels.meta_whatsapp import Numbers
from bots.wire.commands import command_of
from store.domain import Automatic, Command, Delivered, Event, Visibility

MESSENGER, INSTAGRAM = "messenger", "instagram"
FACEBOOK, INSTAGRAM_COMMENT = "facebook", "instagram_kommentar"

# What lies with Meta itself. Anything else that has an address (a shared link) is somebody's choice of
# what our server would open, so it is never fetched.
_FILES = {
    "image": ("bild", "image/jpeg"),
    "video": ("film", "video/mp4"),
    "audio": ("ljud", "audio/mp4"),
    "file": ("fil", "application/octet-stream"),
    "story_mention": ("händelse", "image/jpeg"),
    "ig_reel": ("film", "video/mp4"),
    "reel": ("film", "video/mp4"),
}
_POSTS = frozenset({"post", "status", "photo", "video", "share", "link", "album"})
_VERBS = {"add": Event.NEW, "edited": Event.EDITED, "edit": Event.EDITED, "remove": Event.DELETED}
_STARTED = "GET_STARTED"
_MESSAGING = frozenset({"messages", "messaging_postbacks", "message_edits", "message_echoes", "standby"})


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Reads what is posted to one channel. `instagram` maps accounts there to their pages here."""

    name: str
    now: datetime
    pages: frozenset[str]
    instagram: Mapping[str, str]

    def read(self, payload: bytes) -> list[Told]:
        """Return every event of a post, in its order, and at least one: what cannot be read is `OTHER`."""
        try:
            body = table_of(json.loads(payload))
        except (ValueError, RecursionError):
            body = {}
        kind = text_of(body.get("object"))
        found = [event for entry in tables_of(body.get("entry")) for event in self._entry(kind, entry)]
        return found or [self._odd(kind, "", payload.hex())]

    def _entry(self, kind: str, entry: Mapping[str, Any]) -> list[Told]:
        account = self._page(text_of(entry.get("id")))
        messaging = [*tables_of(entry.get("messaging")), *tables_of(entry.get("standby"))]
        found = [event for one in messaging for event in self._messaging(kind, account, one)]
        # A change has been seen to stand bare on its entry as well.
        bare = [entry] if "field" in entry else []
        for change in [*tables_of(entry.get("changes")), *bare]:
            found += self._change(kind, account, change, entry.get("time"))
        return found or [self._odd(kind, account, entry)]

    def _change(self, kind: str, account: str, change: Mapping[str, Any], time: object) -> list[Told]:
        field, value = text_of(change.get("field")), table_of(change.get("value"))
        found: list[Told] = []
        if kind == "whatsapp_business_account":
            found = Numbers(name=self.name, now=self.now).read(value)
        elif field in _MESSAGING and "sender" in value:
            found = self._messaging(kind, account, value)
        elif field == "feed":
            found = [self.of_facebook(account, value, time)]
        elif field in {"comments", "live_comments"} and text_of(value.get("id")):
            found = [self.of_instagram(account, value, time)]
        return found or [self._odd(kind, account, change)]

    def of_facebook(self, page: str, value: Mapping[str, Any], time: object = None) -> Told:
        """Read a comment under a page's post, or a visitor's post there, as the field `feed` has it."""
        item, verb = text_of(value.get("item")), text_of(value.get("verb"))
        post = text_of(value.get("post_id"))
        about = parent = text_of(value.get("parent_id"))
        named = post if item in _POSTS else text_of(value.get("comment_id")) if item == "comment" else ""
        event = _VERBS.get(verb, Event.OTHER) if named else Event.OTHER
        if event is Event.OTHER:
            place = Place(road=FACEBOOK, account=page, other=named)
            return self._other(place, time, value, about=named or post, public=True)
        author = table_of(value.get("from"))
        words = text_of(value.get("message"))
        if event is Event.NEW:
            about = parent if parent != post else ""
        version = digest_of(words, value.get("created_time")) if event is Event.EDITED else ""
        link = text_of(value.get("permalink_url")) or text_of(
            table_of(value.get("post")).get("permalink_url")
        )
        is_ours = text_of(author.get("id")) in self._own(page)
        return told(
            self.name,
            Place(road=FACEBOOK, account=page, other=named),
            # An edit repeats when the comment was written, not when it was changed.
            at=heard_at(self.now, time if event is not Event.NEW else value.get("created_time"), time),
            external_id=named,
            event=event,
            answerable=not is_ours,
            sender_name=text_of(author.get("name")),
            text=words,
            files=_pictures(value),
            about=about if event is Event.NEW else named,
            version=version,
            visibility=Visibility.PUBLIC,
            automatic=Automatic.OWN_LOOP if is_ours else None,
            link=link,
        )

    def of_instagram(self, page: str, value: Mapping[str, Any], time: object = None) -> Told:
        """Read a comment under what the account has shown on Instagram."""
        named, author = text_of(value.get("id")), table_of(value.get("from"))
        name = text_of(author.get("username")) or text_of(value.get("username"))
        is_ours = text_of(author.get("id")) in self._own(page)
        return told(
            self.name,
            Place(road=INSTAGRAM_COMMENT, account=page, other=named),
            at=heard_at(self.now, value.get("timestamp"), time),
            external_id=named,
            answerable=not is_ours,
            sender_name=name,
            text=text_of(value.get("text")),
            about=text_of(value.get("parent_id")),
            visibility=Visibility.PUBLIC,
            automatic=Automatic.OWN_LOOP if is_ours else None,
            link=text_of(value.get("permalink")),
            media=text_of(table_of(value.get("media")).get("id")),
        )

    def _messaging(self, kind: str, account: str, event: Mapping[str, Any]) -> list[Told]:
        sender = text_of(table_of(event.get("sender")).get("id"))
        recipient = text_of(table_of(event.get("recipient")).get("id"))
        is_ours = sender in self._own(account)
        road = INSTAGRAM if kind == "instagram" else MESSENGER
        place = Place(road=road, account=account, other=recipient if is_ours else sender)
        at = heard_at(self.now, event.get("timestamp"))
        if place.other:
            if message := table_of(event.get("message")):
                return [self._message(place, at, event, message, is_ours=is_ours)]
            if edit := table_of(event.get("message_edit")):
                return [self._edit(place, at, edit, is_ours=is_ours)]
            if postback := table_of(event.get("postback")):
                return [self._postback(place, at, event, postback)]
            if reports := self._reports(place, at, event):
                return reports
        about = text_of(table_of(event.get("reaction")).get("mid"))
        return [self._other(place, event.get("timestamp"), event, about=about)]

    def _message(
        self,
        place: Place,
        at: datetime,
        event: Mapping[str, Any],
        message: Mapping[str, Any],
        *,
        is_ours: bool,
    ) -> Told:
        mid = text_of(message.get("mid")) or digest_of(event)
        is_ours = is_ours or message.get("is_echo") is True
        if is_ours and place.other == text_of(table_of(event.get("sender")).get("id")):
            place = Place(
                road=place.road,
                account=place.account,
                other=text_of(table_of(event.get("recipient")).get("id")),
            )
        if message.get("is_deleted") is True:
            return told(
                self.name,
                place,
                at=self.now,
                external_id=mid,
                event=Event.DELETED,
                about=mid,
                answerable=not is_ours,
                automatic=Automatic.OWN_LOOP if is_ours else None,
            )
        files, others = _attached(message)
        choice = text_of(table_of(message.get("quick_reply")).get("payload"))
        words = text_of(message.get("text")) or "\n".join(others)
        answered = table_of(message.get("reply_to"))
        lacks = () if words or files else ("Innehållet lämnas inte ut av tjänsten.",)
        return told(
            self.name,
            place,
            at=at,
            external_id=mid,
            answerable=not is_ours,
            text=words,
            files=files,
            about=text_of(answered.get("mid")),
            command=None if is_ours else Command.CHOICE if choice else command_of(words),
            choice=choice,
            automatic=Automatic.OWN_LOOP if is_ours else None,
            link=text_of(table_of(answered.get("story")).get("url")),
            lacks=lacks,
        )

    def _edit(self, place: Place, at: datetime, edit: Mapping[str, Any], *, is_ours: bool) -> Told:
        mid = text_of(edit.get("mid"))
        if not mid:
            return self._other(place, None, edit)
        return told(
            self.name,
            place,
            at=at,
            external_id=mid,
            event=Event.EDITED,
            answerable=not is_ours,
            text=text_of(edit.get("text")),
            about=mid,
            version=text_of(edit.get("num_edit")) or digest_of(edit),
            automatic=Automatic.OWN_LOOP if is_ours else None,
        )

    def _postback(
        self, place: Place, at: datetime, event: Mapping[str, Any], postback: Mapping[str, Any]
    ) -> Told:
        value = text_of(postback.get("payload"))
        is_start = value == _STARTED
        return told(
            self.name,
            place,
            at=at,
            external_id=text_of(postback.get("mid")) or digest_of(event),
            text=text_of(postback.get("title")),
            command=Command.START if is_start else Command.CHOICE,
            choice="" if is_start else value,
        )

    def _reports(self, place: Place, at: datetime, event: Mapping[str, Any]) -> list[Told]:
        """Read what became of letters. One that tells only up to when all have been read names none."""
        delivered, read = table_of(event.get("delivery")), table_of(event.get("read"))
        mids = delivered.get("mids")
        named = [(text_of(one), Delivered.ARRIVED) for one in (mids if isinstance(mids, list) else [])]
        named.append((text_of(read.get("mid")), Delivered.SEEN))
        return [
            told(
                self.name,
                place,
                at=at,
                external_id=f"{how}:{mid}",
                event=Event.DELIVERY,
                answerable=False,
                about=mid,
                delivered=how,
            )
            for mid, how in named
            if mid
        ]

    def _other(
        self, place: Place, time: object, what: object, *, about: str = "", public: bool = False
    ) -> Told:
        return told(
            self.name,
            place,
            at=heard_at(self.now, time),
            external_id=digest_of(what),
            event=Event.OTHER,
            answerable=False,
            about=about,
            visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
        )

    def _odd(self, kind: str, account: str, what: object) -> Told:
        roads = {"instagram": INSTAGRAM, "whatsapp_business_account": WHATSAPP}
        place = Place(road=roads.get(kind, MESSENGER), account=account, other="")
        return self._other(place, None, what)

    def _page(self, account: str) -> str:
        return self.instagram.get(account, account)

    def _own(self, page: str) -> frozenset[str]:
        return frozenset({page, *self.pages, *self.instagram} - {""})


def _attached(message: Mapping[str, Any]) -> tuple[tuple[Wanted, ...], list[str]]:
    """Return the files of a message, and in words what else was attached: a place, a link."""
    files, others = [], []
    for one in tables_of(message.get("attachments")):
        kind, inner = text_of(one.get("type")), table_of(one.get("payload"))
        address, where = text_of(inner.get("url")), table_of(inner.get("coordinates"))
        if kind in _FILES and address:
            files.append(_wanted(kind, address))
        elif where:
            others.append(f"Plats: {where.get('lat')}, {where.get('long')}")
        elif link := address or text_of(one.get("url")):
            others.append(link)
    return tuple(files), others


def _pictures(value: Mapping[str, Any]) -> tuple[Wanted, ...]:
    found = {kind: text_of(value.get(name)) for name, kind in (("photo", "image"), ("video", "video"))}
    return tuple(_wanted(kind, address) for kind, address in found.items() if address)


def _wanted(kind: str, address: str) -> Wanted:
    name, media_type = _FILES[kind]
    try:
        told_name = PurePosixPath(urlsplit(address).path).name
    except ValueError:  # no address at all; the fetching says so
        told_name = ""
    guessed = mimetypes.guess_type(told_name)[0]
    return Wanted(name=(told_name or name)[-100:], media_type=guessed or media_type, address=address)
