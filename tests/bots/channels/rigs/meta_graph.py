"""A stand-in for Meta's Graph API on loopback. It keeps the windows by the clock that it is given."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from store.domain import Button
from tests.bots.channels.rig import Arrived, Fault

APP, PAGE, INSTAGRAM, NUMBER = "300000000000001", "100000000000001", "17841400000000001", "200000000000001"
POST, MEDIA = f"{PAGE}_9000001", "17900000000000001"
FIELDS = ["feed", "message_deliveries", "message_echoes", "message_edits", "messages", "messaging_postbacks"]
SCOPES = [
    "instagram_basic",
    "instagram_manage_comments",
    "instagram_manage_messages",
    "pages_manage_engagement",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
    "whatsapp_business_messaging",
]

Json = dict[str, Any]


class Refused(Exception):
    """An error as Graph words it."""

    def __init__(
        self, code: int, subcode: int | None = None, *, status: int = 400, wait: int | None = None
    ) -> None:
        super().__init__(f"{code}/{subcode}")
        self.error = {"message": f"(#{code}) Åsa asked for it", "type": "OAuthException", "code": code}
        if subcode is not None:
            self.error["error_subcode"] = subcode
        self.status, self.wait = status, wait


@dataclass(kw_only=True)
class Comment:
    """One comment, or a reply of ours to one."""

    id: str
    text: str
    by: str
    at: datetime
    is_hidden: bool = False
    is_answered: bool = False


@dataclass(kw_only=True)
class FakeGraph:
    """What it takes stays in `letters`; what was asked, in `asked`.

    `faults` hold for the next letters, one each; None is for one that goes.
    """

    clock: Callable[[], datetime]
    token: str = "token"
    app_secret: str = "secret"
    verify_token: str = "verify"
    url: str = ""
    people: dict[str, str] = field(default_factory=dict)  # their ids to their names
    heard: dict[str, datetime] = field(default_factory=dict)  # when each id last wrote to us
    comments: dict[str, Comment] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    unfetchable: int = 0  # how many times more no file comes
    letters: list[Arrived] = field(default_factory=list)
    posted: list[tuple[str, Json]] = field(default_factory=list)  # every letter just as it was asked for
    named: list[tuple[str, Arrived]] = field(default_factory=list)  # the letters with their ids
    asked: list[str] = field(default_factory=list)
    faults: list[Fault | Refused | None] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    is_locked: bool = False
    is_late: bool = False
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    fields: list[str] = field(default_factory=lambda: list(FIELDS))
    expires: datetime | None = None
    callback: str = "https://tycktill.lillkommun.example/hooks/meta"
    objects: list[str] = field(default_factory=lambda: ["page", "instagram", "whatsapp_business_account"])
    _count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/files/{name}", self._file)
        app.router.add_route("*", "/v25.0/{path:.*}", self._call)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def number(self) -> int:
        return next(self._count)

    def store_file(self, data: bytes, ending: str = "png") -> str:
        name = f"bild-{self.number()}.{ending}"
        self.files[name] = data
        return f"{self.url}/files/{name}"

    def signed(self, raw: bytes) -> str:
        return f"sha256={hmac.new(self.app_secret.encode(), raw, hashlib.sha256).hexdigest()}"

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if self.unfetchable:
            self.unfetchable -= 1
            return web.Response(status=503)
        if name.startswith("media") and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if name not in self.files:
            return web.Response(status=404)
        return web.Response(body=self.files[name])

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append(f"{request.method} {path}")
        try:
            self._prove(request)
            if request.method == "GET":
                return web.json_response(self._read(path, dict(request.query)))
            body: Json = await request.json()
            answer, is_silent = self._write(path, body)
        except Refused as refused:
            headers = {"Retry-After": str(refused.wait)} if refused.wait is not None else {}
            return web.json_response({"error": refused.error}, status=refused.status, headers=headers)
        if is_silent and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer)

    def _prove(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        wanted = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        is_app = token == f"{APP}|{self.app_secret}"
        if not is_app and (self.is_locked or token != self.token):
            raise Refused(190, 460, status=401)
        if request.query.get("appsecret_proof") != wanted:
            raise Refused(100)

    def _read(self, path: str, query: dict[str, str]) -> Json:
        node, _, edge = path.partition("/")
        if path == "debug_token":
            is_valid = not self.is_locked and query.get("input_token") == self.token
            ends = int(self.expires.timestamp()) if self.expires else 0
            return {"data": {"is_valid": is_valid, "scopes": self.scopes, "expires_at": ends, "app_id": APP}}
        if edge == "subscriptions":
            told = [{"object": one, "callback_url": self.callback, "active": True} for one in self.objects]
            return {"data": told}
        if edge == "subscribed_apps":
            return {"data": [{"id": APP, "subscribed_fields": self.fields}]}
        if edge == "feed":
            under = [self._shown(one) for one in self.comments.values() if "_" in one.id]
            return {"data": [{"id": POST, "comments": {"data": under}}]}
        if edge == "media":
            under = [self._shown(one) for one in self.comments.values() if "_" not in one.id]
            link = "https://instagram.example/p/1"
            return {"data": [{"id": MEDIA, "permalink": link, "comments": {"data": under}}]}
        if node in self.comments:
            return self._shown(self.comments[node])
        if node == MEDIA:
            return {"id": node, "permalink": "https://instagram.example/p/1"}
        if node.startswith("media"):
            return {"id": node, "url": f"{self.url}/files/{node}", "mime_type": "image/png"}
        if node == NUMBER:
            return {"id": node}
        raise Refused(100, 33)

    def _shown(self, one: Comment) -> Json:
        if "_" in one.id:
            author = {"id": one.by, "name": self.people.get(one.by, "")}
            return {"id": one.id, "message": one.text, "from": author, "created_time": f"{one.at:%FT%T}+0000"}
        name = self.people.get(one.by, "")
        told = {"id": one.id, "text": one.text, "username": name, "timestamp": f"{one.at:%FT%T}+0000"}
        return {**told, "from": {"id": one.by, "username": name}}

    def _write(self, path: str, body: Json) -> tuple[Json, bool]:
        node, _, edge = path.partition("/")
        if not edge:
            self._comment(node).is_hidden = bool(body.get("is_hidden" if "_" in node else "hide"))
            return {"success": True}, False
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Refused):
            raise fault
        if fault is Fault.BUSY:
            raise Refused(613, wait=7)
        if fault is Fault.AWAY:
            raise Refused(2, status=503)
        self.posted.append((path, body))
        named, answer, letter = self._taken(node, edge, body)
        self.letters.append(letter)
        self.named.append((named, letter))
        return answer, fault is Fault.SILENT

    def _taken(self, node: str, edge: str, body: Json) -> tuple[str, Json, Arrived]:
        if edge in {"comments", "replies"}:
            named = f"{node}{self.number()}"
            by = self._comment(node).by
            return named, {"id": named}, Arrived(to=self.people[by], text=body["message"], public=True)
        if body.get("messaging_product") == "whatsapp":
            to, text = body["to"], body["text"]["body"]
            named = f"wamid.{self.number()}"
            self._may(to, timedelta(days=1), gone=131026, late=(131047, None))
            _fits(len(text), 4096)
            return named, {"messages": [{"id": named}]}, Arrived(to=self.people[to], text=text)
        recipient, message = body["recipient"], body["message"]
        named, text = f"m_{self.number()}", message["text"]
        if comment_id := recipient.get("comment_id") or recipient.get("post_id"):
            to = self._privately(comment_id)
        else:
            to = recipient["id"]
            days = 7 if body.get("tag") == "HUMAN_AGENT" else 1
            self._may(to, timedelta(days=days), gone=551, late=(10, 2018278))
        if to.startswith("5"):
            _fits(len(text.encode()), 1000)
        else:
            _fits(len(text), 2000)
        buttons = tuple(
            Button(label=one["title"], value=one["payload"]) for one in message.get("quick_replies", ())
        )
        answer = {"recipient_id": to, "message_id": named}
        return named, answer, Arrived(to=self.people[to], text=text, buttons=buttons)

    def _privately(self, comment_id: str) -> str:
        comment = self._comment(comment_id)
        if comment.is_answered:
            raise Refused(10900)
        if self.is_late or self.clock() - comment.at > timedelta(days=7):
            raise Refused(10, 2018278)
        if comment.by in self.blocked:
            raise Refused(551)
        comment.is_answered = True
        return comment.by

    def _may(self, to: str, window: timedelta, *, gone: int, late: tuple[int, int | None]) -> None:
        if to in self.blocked or to not in self.people:
            raise Refused(gone)
        if self.is_late or to not in self.heard or self.clock() - self.heard[to] > window:
            raise Refused(*late)

    def _comment(self, named: str) -> Comment:
        if named not in self.comments:
            raise Refused(100, 33)
        return self.comments[named]


def written(payload: Json) -> bytes:
    """Write JSON as Meta does: what is not ASCII is escaped."""
    return json.dumps(payload, ensure_ascii=True).encode("ascii")


def seconds(at: datetime) -> int:
    """Count the seconds to a time as Unix does."""
    return int(at.astimezone(UTC).timestamp())


def _fits(length: int, most: int) -> None:
    if length > most:
        raise Refused(100)
