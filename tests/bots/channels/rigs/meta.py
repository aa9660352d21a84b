"""Meta with people in it: three rigs (Messenger, Instagram, WhatsApp) on one stand-in for its Graph API."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from bots.channel import Channel, Given
from bots.channels.meta import Meta, Settings, build
from store.domain import Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged
from tests.bots.channels.rigs.meta_graph import (
    APP,
    INSTAGRAM,
    MEDIA,
    NUMBER,
    PAGE,
    POST,
    Comment,
    FakeGraph,
    Json,
    seconds,
    written,
)

HOOK = "/hooks/meta"


class MetaRig:
    """What the three have in common: who is who, posting to us once and remembering, and faults."""

    name = "meta"
    road = ""
    first_id = 0  # of the people there
    can: frozenset[Can] = frozenset()

    def __init__(self) -> None:
        self.ours: httpx.AsyncClient | None = None
        self.graph = FakeGraph(clock=lambda: self._opened_at)
        self._opened_at = datetime(2026, 11, 23, tzinfo=UTC)
        self._unconfirmed: list[bytes] = []
        self._newest = b""

    async def open(self, now: datetime) -> None:
        self._opened_at = now
        await self.graph.start()

    async def close(self) -> None:
        await self.graph.stop()

    def channel(self, given: Given) -> Channel:
        return self.built(given)

    def built(self, given: Given, **more: Any) -> Meta:
        token = given.secret("env:META_TOKEN")
        self.graph.clock, self.graph.token = given.clock, token
        self.graph.app_secret = given.secret("env:META_APP_SECRET")
        self.graph.verify_token = given.secret("env:META_VERIFY_TOKEN")
        table = {
            "app_id": APP,
            "app_secret": "env:META_APP_SECRET",
            "verify_token": "env:META_VERIFY_TOKEN",
            "graph_url": self.graph.url,
            "pages": [
                {"id": PAGE, "name": "Lillkommun", "token": "env:META_TOKEN", "instagram_id": INSTAGRAM}
            ],
            "whatsapp": {"phone_number_id": NUMBER, "token": "env:META_TOKEN"},
        }
        return build(Settings.model_validate(table | more), given)

    def letters(self) -> Sequence[Arrived]:
        return list(self.graph.letters)

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        if fault is Fault.LOCKED:
            self.graph.is_locked = True
        elif fault is Fault.LATE:
            self.graph.is_late = True
        elif fault is Fault.BLOCKED:
            self.graph.blocked.add(self.id_of(person))
        else:
            self.graph.faults.append(fault)

    def mend(self) -> None:
        self.graph.is_locked = self.graph.is_late = False
        self.graph.blocked.clear()

    def forged(self) -> Sequence[Forged]:
        genuine = written(self.payload(self.message("m_forged", "Detta har ingen skrivit.")))
        changed = genuine.replace(b"ingen", b"n\\u00e5gon")
        signed = self.graph.signed(genuine)
        shake = f"{HOOK}?hub.mode=subscribe&hub.challenge=17&hub.verify_token"
        return (
            Forged(path=HOOK, content=genuine),
            Forged(path=HOOK, content=genuine, headers={"X-Hub-Signature-256": "sha256="}),
            Forged(path=HOOK, content=genuine, headers={"X-Hub-Signature-256": f"sha256={'0' * 64}"}),
            Forged(
                path=HOOK, content=genuine, headers={"X-Hub-Signature-256": signed.removeprefix("sha256=")}
            ),
            Forged(path=HOOK, content=changed, headers={"X-Hub-Signature-256": signed}),
            Forged(path=HOOK, content=b"", headers={"X-Hub-Signature-256": signed}),
            Forged(method="PUT", path=HOOK, content=genuine, headers={"X-Hub-Signature-256": signed}),
            Forged(method="GET", path=HOOK),
            Forged(method="GET", path=f"{shake}=gissad"),
            Forged(method="GET", path=f"{shake}="),
        )

    def genuine_but_large(self) -> Forged | None:
        content = written(self.payload(self.message("m_large", "å" * 350_000)))
        return Forged(path=HOOK, content=content, headers={"X-Hub-Signature-256": self.graph.signed(content)})

    async def again(self) -> int:
        waiting, self._unconfirmed = self._unconfirmed, []
        for raw in [*waiting, *([self._newest] if self._newest not in waiting else [])]:
            if raw:
                await self._try(raw)
        return len(waiting)

    async def post(self, payload: Json) -> int:
        """Post something to us once; return the status, or 0 while we are away."""
        self._newest = written(payload)
        return await self._try(self._newest)

    async def odd(self) -> None:
        event = {**self._ends("asa"), "timestamp": self.milliseconds(), "game_play": {"score": 17}}
        await self.post(self.payload(event))

    def id_of(self, person: str) -> str:
        for known, name in self.graph.people.items():
            if name == person and self.is_mine(known):
                return known
        number = str(self.first_id + sum(map(self.is_mine, self.graph.people)))
        self.graph.people[number] = person
        return number

    def is_mine(self, known: str) -> bool:
        return known.startswith(str(self.first_id)[0])

    def milliseconds(self) -> int:
        return seconds(self.graph.clock()) * 1000

    def message(self, mid: str, text: str = "", *, person: str = "asa", **more: Any) -> Json:
        words = {"text": text} if text else {}
        message = {"mid": mid, **words, **more}
        return {**self._ends(person), "timestamp": self.milliseconds(), "message": message}

    def payload(self, *events: Json) -> Json:
        entry = {"id": PAGE, "time": self.milliseconds(), "messaging": list(events)}
        return {"object": "page", "entry": [entry]}

    def _ends(self, person: str) -> Json:
        return {"sender": {"id": self.id_of(person)}, "recipient": {"id": PAGE}}

    async def _try(self, raw: bytes) -> int:
        status = 0
        if self.ours is not None:
            headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.graph.signed(raw)}
            status = (await self.ours.post(HOOK, content=raw, headers=headers)).status_code
        if status != 200:
            self._unconfirmed.append(raw)
        return status

    # What is the same for Messenger and Instagram.

    async def say(
        self,
        text: str,
        *,
        person: str = "asa",
        photo: bytes = b"",
        album: str = "",  # noqa: ARG002 - the protocol's; an album here is one message
    ) -> str:
        mid = f"m_in{self.graph.number()}"
        self.graph.heard[self.id_of(person)] = self.graph.clock()
        image = {"type": "image", "payload": {"url": self.graph.store_file(photo)}} if photo else None
        more = {"attachments": [image]} if image else {}
        await self.post(self.payload(self.message(mid, text, person=person, **more)))
        return mid

    async def edit(self, message_id: str, text: str) -> None:
        edited = {"mid": message_id, "text": text, "num_edit": 1}
        event = {**self._ends("asa"), "timestamp": self.milliseconds(), "message_edit": edited}
        await self.post(self.payload(event))

    async def remove(self, message_id: str) -> None:
        await self.post(self.payload(self.message(message_id, "", is_deleted=True)))

    async def echo(self, text: str) -> None:
        event = self.message(f"m_echo{self.graph.number()}", text, is_echo=True, app_id=int(APP))
        ends = {"sender": event["recipient"], "recipient": event["sender"]}
        await self.post(self.payload({**event, **ends}))

    async def report(
        self,
        letter: Arrived,
        how: Delivered,  # noqa: ARG002 - the protocol's; it tells of what arrived and nothing else
    ) -> None:
        mid = next(named for named, one in self.graph.named if one == letter)
        told = {"mids": [mid], "watermark": self.milliseconds()}
        event = {**self._ends(letter.to), "timestamp": self.milliseconds(), "delivery": told}
        await self.post(self.payload(event))

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise NotImplementedError


class MessengerRig(MetaRig):
    """Messenger, and comments under a page's posts. Facebook tells of no message that is unsent there."""

    road = "messenger"
    first_id = 4000000000000001
    can = frozenset({Can.PUSH, Can.EDIT, Can.PHOTO, Can.ECHO, Can.PUBLIC, Can.BLOCK, Can.WINDOW})

    async def comment(self, text: str, *, person: str = "asa") -> str:
        named, by, at = f"9000001_{self.graph.number()}", self.id_of(person), self.graph.clock()
        self.graph.comments[named] = Comment(id=named, text=text, by=by, at=at)
        await self.post(self.feed(named, "add"))
        return named

    def feed(self, named: str, verb: str, **more: Any) -> Json:
        """Return what the field `feed` tells of a comment."""
        one = self.graph.comments[named]
        value = {
            "item": "comment",
            "verb": verb,
            "comment_id": named,
            "post_id": POST,
            "parent_id": POST,
            "created_time": seconds(one.at),
            "from": {"id": one.by, "name": self.graph.people[one.by]},
            "message": one.text,
            "post": {"permalink_url": "https://facebook.example/p/1"},
            **more,
        }
        change = {"field": "feed", "value": {key: told for key, told in value.items() if told is not None}}
        entry = {"id": PAGE, "time": seconds(self.graph.clock()), "changes": [change]}
        return {"object": "page", "entry": [entry]}


class InstagramRig(MetaRig):
    """Messages on Instagram, and comments under what the account shows. Nothing tells of a change."""

    road = "instagram"
    first_id = 5000000000000001
    can = frozenset({Can.PUSH, Can.REMOVE, Can.PHOTO, Can.ECHO, Can.PUBLIC, Can.BLOCK, Can.WINDOW})

    def payload(self, *events: Json) -> Json:
        entry = {"id": INSTAGRAM, "time": self.milliseconds(), "messaging": list(events)}
        return {"object": "instagram", "entry": [entry]}

    def _ends(self, person: str) -> Json:
        return {"sender": {"id": self.id_of(person)}, "recipient": {"id": INSTAGRAM}}

    async def comment(self, text: str, *, person: str = "asa") -> str:
        named, by, at = f"1799{self.graph.number()}", self.id_of(person), self.graph.clock()
        self.graph.comments[named] = Comment(id=named, text=text, by=by, at=at)
        await self.post(self.shown(named))
        return named

    def shown(self, named: str, **more: Any) -> Json:
        """Return what the field `comments` tells of a comment."""
        one = self.graph.comments[named]
        author = {"id": one.by, "username": self.graph.people[one.by]}
        value = {"id": named, "from": author, "media": {"id": MEDIA}, "text": one.text, **more}
        change = {"field": "comments", "value": value}
        entry = {"id": INSTAGRAM, "time": seconds(self.graph.clock()), "changes": [change]}
        return {"object": "instagram", "entry": [entry]}


class WhatsappRig(MetaRig):
    """WhatsApp's Cloud API, with a number that is in the app on a telephone as well."""

    road = "whatsapp"
    first_id = 46701740605
    can = frozenset({Can.PUSH, Can.EDIT, Can.REMOVE, Can.PHOTO, Can.ECHO, Can.REPORT, Can.BLOCK, Can.WINDOW})

    def is_mine(self, known: str) -> bool:
        return known.startswith("46")

    def message(self, mid: str, text: str = "", *, person: str = "asa", **more: Any) -> Json:
        words: Json = more or {"type": "text", "text": {"body": text}}
        return {"from": self.id_of(person), "id": mid, "timestamp": str(seconds(self.graph.clock())), **words}

    def payload(self, *events: Json) -> Json:
        asa = {"profile": {"name": "Åsa"}, "wa_id": self.id_of("asa")}
        return self.change({"contacts": [asa], "messages": list(events)})

    def change(self, told: Json, field: str = "messages") -> Json:
        """Return what one change tells of the number."""
        number = {"display_phone_number": "46701740699", "phone_number_id": NUMBER}
        value = {"messaging_product": "whatsapp", "metadata": number, **told}
        changes = [{"value": value, "field": field}]
        return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}

    async def say(
        self,
        text: str,
        *,
        person: str = "asa",
        photo: bytes = b"",
        album: str = "",  # noqa: ARG002 - the protocol's; an album here is one message
    ) -> str:
        mid = f"wamid.in{self.graph.number()}"
        self.graph.heard[self.id_of(person)] = self.graph.clock()
        more: Json = {}
        if photo:
            media = f"media{self.graph.number()}"
            self.graph.files[media] = photo
            more = {"type": "image", "image": {"id": media, "mime_type": "image/png"}}
            more["image"] |= {"caption": text} if text else {}
        await self.post(self.payload(self.message(mid, text, person=person, **more)))
        return mid

    async def edit(self, message_id: str, text: str) -> None:
        new = {"type": "text", "text": {"body": text}}
        edit = {"original_message_id": message_id, "message": new}
        await self.post(self.payload(self.message(self._mid(), "", type="edit", edit=edit)))

    async def remove(self, message_id: str) -> None:
        revoke = {"original_message_id": message_id}
        await self.post(self.payload(self.message(self._mid(), "", type="revoke", revoke=revoke)))

    async def echo(self, text: str) -> None:
        echo = {**self.message(self._mid(), text), "from": "46701740699", "to": self.id_of("asa")}
        await self.post(self.change({"message_echoes": [echo]}, "smb_message_echoes"))

    async def odd(self) -> None:
        await self.post(self.change({"event": "APPROVED"}, "phone_number_name_update"))

    async def report(self, letter: Arrived, how: Delivered) -> None:
        mid = next(named for named, one in self.graph.named if one == letter)
        words = {Delivered.ARRIVED: "delivered", Delivered.SEEN: "read", Delivered.FAILED: "failed"}
        status: Json = {"id": mid, "status": words[how], "recipient_id": self.id_of(letter.to)}
        if how is Delivered.FAILED:
            status["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
        await self.post(self.change({"statuses": [status]}))

    def _mid(self) -> str:
        return f"wamid.in{self.graph.number()}"


RIGS = (MessengerRig, InstagramRig, WhatsappRig)
