"""Mastodon as its channel sees it: mastodon-mock, and before it a small server that does as the real one.

What the real one does otherwise: mentions are links, addresses are shortened by spans, nothing is emphasised,
our own server may stand in an address, a removed status leaves no notification, an answer to what is gone is
refused, and a refusal for haste tells when it ends in X-RateLimit-Reset.
"""

import asyncio
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import httpx
from aiohttp import web
from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, SeedAccount, SeedConfig, StreamingConfig
from mastodon_mock.testing import MockServer

from bots.channel import Channel, Given
from bots.channels.mastodon import Mastodon, Settings, build
from store.domain import Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged, Rig

DOMAIN = "mock.local"
OUR_NAME = "tycktill"
OURS = f"{OUR_NAME}@{DOMAIN}"
OUR_TOKEN = "hemlighet-for-tester-0123456789"
PEOPLE = {"asa": "social.example", "bo": None, "cilla": "annan.example"}  # None: on our own server
_SCOPES = ["read:accounts", "read:notifications", "read:statuses", "write:statuses"]
_DATE = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z))"')
_LINK = re.compile(r"https?://[^\s<]+")


def handle_of(person: str) -> str:
    return f"{person}@{PEOPLE[person] or DOMAIN}"


def rendered(text: str) -> str:
    """Return a status as Mastodon shows it: paragraphs, links with hidden ends, mentions as cards."""
    escaped = html.escape(text, quote=True).replace("&#x27;", "&#39;")
    linked = _LINK.sub(lambda found: _link(found[0]), escaped)
    carded = re.sub(
        rf"(?<![\w=/])@{OUR_NAME}(?:@{re.escape(DOMAIN)})?(?![\w@])",
        f'<span class="h-card" translate="no"><a href="https://{DOMAIN}/@{OUR_NAME}" '
        f'class="u-url mention">@<span>{OUR_NAME}</span></a></span>',
        linked,
    )
    paragraphs = [part.replace("\n", "<br />") for part in re.split(r"\n{2,}", carded)]
    return "".join(f"<p>{part}</p>" for part in paragraphs)


def _link(address: str) -> str:
    scheme, rest = address.split("://", 1)
    start = f"{scheme}://www." if rest.startswith("www.") else f"{scheme}://"
    shown = address.removeprefix(start)
    return (
        f'<a href="{address}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{start}</span><span class="ellipsis">{shown[:30]}</span>'
        f'<span class="invisible">{shown[30:]}</span></a>'
    )


@dataclass
class MastodonRig:
    """One server with one account of ours, and people there and elsewhere."""

    name: str = "mastodon"
    road: str = "mastodon"
    can: frozenset[Can] = frozenset({Can.PHOTO, Can.ECHO, Can.PUBLIC, Can.IDEMPOTENT})
    ours: httpx.AsyncClient | None = None
    # What a test may turn:
    scopes: list[str] = field(default_factory=lambda: list(_SCOPES))
    is_bot: bool = True
    streams: bool = True
    most: int = 500
    busy_seconds: int = 7
    files_fail: int = 0  # how many times files do not come
    posted: list[dict[str, Any]] = field(default_factory=list)  # by us, once each, as asked
    asked: list[str] = field(default_factory=list)
    _mock: MockServer | None = None
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None
    _base: str = ""
    _shift: timedelta = timedelta(0)
    _shifts: dict[str, timedelta] = field(default_factory=dict)  # by status: as it was when it was written
    _written: dict[str, str] = field(default_factory=dict)  # by status: the text as it was typed
    _removed: set[str] = field(default_factory=set)
    _odd: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _faults: list[Fault | None] = field(default_factory=list)
    _locked: bool = False
    _retell: bool = False

    async def open(self, now: datetime) -> None:
        self.turn(now)
        accounts = [SeedAccount(username=OUR_NAME, access_token=OUR_TOKEN, bot=self.is_bot)]
        accounts += [
            SeedAccount(username=name, domain=domain, display_name=name.title(), access_token=f"{name}_token")
            for name, domain in PEOPLE.items()
        ]
        accounts.append(
            SeedAccount(username="robot", domain="annan.example", bot=True, access_token="robot_token")
        )
        config = MastodonMockConfig(
            domain=DOMAIN,
            database=DatabaseConfig(path=":memory:"),
            seed=SeedConfig(accounts=accounts),
            streaming=StreamingConfig(heartbeat_seconds=0.05),
        )
        self._mock = await asyncio.to_thread(MockServer(config=config).start)
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=2**25)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def turn(self, now: datetime) -> None:
        self._shift = now - datetime.now(UTC)

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        if self._mock is not None:
            await asyncio.to_thread(self._mock.stop)

    def settings(self, **more: Any) -> Settings:
        return Settings(server=self._base, account=OURS, token="env:GEMENSAM", poll_seconds=0.05, **more)

    def channel(self, given: Given) -> Channel:
        made = build(self.settings(), given)
        assert isinstance(made, Mastodon)
        made.pause_seconds = made.stream_seconds = 0.02
        return made

    async def say(
        self,
        text: str,
        *,
        person: str = "asa",
        photo: bytes = b"",
        album: str = "",  # noqa: ARG002 - several pictures are one status here
        **more: Any,
    ) -> str:
        fields: dict[str, Any] = {"visibility": "direct", **more}
        if photo:
            files = aiohttp.FormData()
            files.add_field("file", photo, filename="bild.png", content_type="image/png")
            if description := fields.pop("description", ""):
                files.add_field("description", description)
            fields["media_ids"] = [(await self._as(person, "POST", "/api/v2/media", data=files))["id"]]
        typed = f"@{OUR_NAME} {text}"
        told = await self._as(person, "POST", "/api/v1/statuses", json={"status": typed, **fields})
        self._written[told["id"]] = typed
        self._shifts[told["id"]] = self._shift
        return str(told["id"])

    async def again(self) -> int:
        unconfirmed = len(set(self._written) - self._seen - self._removed)
        self._retell = True
        return unconfirmed

    async def edit(self, message_id: str, text: str) -> None:
        typed = f"@{OUR_NAME} {text}"
        await self._as("asa", "PUT", f"/api/v1/statuses/{message_id}", json={"status": typed})
        self._written[message_id] = typed

    async def remove(self, message_id: str) -> None:
        await self._as("asa", "DELETE", f"/api/v1/statuses/{message_id}")
        self._removed.add(message_id)

    async def echo(self, text: str) -> None:
        await self.say(text, person="robot")

    async def odd(self) -> None:
        self._odd.add(await self.say("något som ingen hört talas om"))

    async def comment(self, text: str, *, person: str = "asa", visibility: str = "public") -> str:
        return await self.say(text, person=person, visibility=visibility)

    async def report(self, letter: Arrived, how: Delivered) -> None:
        raise NotImplementedError("Mastodon tells nothing of what became of a status")

    def letters(self) -> Sequence[Arrived]:
        return [_arrived(one["status"], one["visibility"]) for one in self.posted]

    def fail(self, fault: Fault, *, person: str = "asa") -> None:  # noqa: ARG002 - nobody can block here
        if fault is Fault.LOCKED:
            self._locked = True
        else:
            self._faults.append(fault)

    def fail_after(self, letters: int, fault: Fault) -> None:
        """Order a fault for the letter that comes after so many."""
        self._faults += [*[None] * letters, fault]

    def mend(self) -> None:
        self._locked = False

    def forged(self) -> Sequence[Forged]:
        return []

    def genuine_but_large(self) -> Forged | None:
        return None

    async def policy(self, **fields: str) -> None:
        """Change what our account does with notifications of strangers."""
        await self._as(OUR_NAME, "PATCH", "/api/v2/notifications/policy", json=fields)

    # --- the small server

    async def _as(self, person: str, method: str, path: str, **more: Any) -> Any:
        assert self._session is not None
        assert self._mock is not None
        token = OUR_TOKEN if person == OUR_NAME else f"{person}_token"
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.request(
            method, self._mock.base_url + path, headers=headers, **more
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.asked.append(f"{request.method} {path}")
        if path.startswith("/media/"):
            return await self._file(request)
        if self._locked or request.headers.get("Authorization") != f"Bearer {OUR_TOKEN}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        if path == "/api/v1/apps/verify_credentials":
            return web.json_response({"name": "synpunkt", "scopes": self.scopes})
        if path.startswith("/api/v1/streaming/"):
            return await self._stream(request)
        if request.method == "POST" and path == "/api/v1/statuses":
            return await self._post(request)
        query = [(key, value) for key, value in request.query.items()]
        if path == "/api/v1/notifications" and self._retell and request.query.get("min_id"):
            self._retell = False
            query = [(key, value) for key, value in query if key != "min_id"]
        status, told = await self._upstream(request, query)
        return web.Response(body=self._as_real(path, told), status=status, content_type="application/json")

    async def _upstream(self, request: web.Request, query: Any, body: bytes | None = None) -> tuple[int, Any]:
        assert self._session is not None
        assert self._mock is not None
        headers = {
            key: request.headers[key]
            for key in ("Authorization", "Content-Type", "Idempotency-Key")
            if key in request.headers
        }
        async with self._session.request(
            request.method,
            self._mock.base_url + request.path,
            params=query,
            headers=headers,
            data=await request.read() if body is None else body,
        ) as answer:
            return answer.status, await answer.json()

    def _as_real(self, path: str, told: Any) -> bytes:
        if path == "/api/v1/notifications" and isinstance(told, list):
            told = [self._notification(one) for one in told if one["status"] is not None]
        elif path.startswith("/api/v1/statuses/") and "content" in told:
            told = self._status(told)
        elif path == "/api/v2/instance":
            port = self._base.rpartition(":")[2]
            told["configuration"]["urls"]["streaming"] = f"ws://127.0.0.1:{port}" if self.streams else None
            told["configuration"]["statuses"]["max_characters"] = self.most
        assert self._mock is not None
        text = json.dumps(told, ensure_ascii=False).replace(self._mock.base_url, self._base)
        return _DATE.sub(lambda found: f'"{self._shifted(found[1])}"', text).encode()

    def _notification(self, one: dict[str, Any]) -> dict[str, Any]:
        self._seen.add(one["status"]["id"])
        if one["status"]["id"] in self._odd:
            return {"id": one["id"], "type": "unheard_of", "created_at": one["created_at"], "thing": {"a": 1}}
        earlier = self._shifts.get(one["status"]["id"], self._shift) - self._shift
        told_at = (datetime.fromisoformat(one["created_at"]) + earlier).isoformat()
        return one | {"created_at": told_at, "status": self._status(one["status"])}

    def _status(self, one: dict[str, Any]) -> dict[str, Any]:
        return one | {"content": rendered(self._written[one["id"]])} if one["id"] in self._written else one

    def _shifted(self, told: str) -> str:
        return (datetime.fromisoformat(told) + self._shift).isoformat().replace("+00:00", "Z")

    async def _post(self, request: web.Request) -> web.StreamResponse:
        fault = self._faults.pop(0) if self._faults else None
        if fault is Fault.BUSY:
            now = datetime.now(UTC).replace(microsecond=0)
            return web.json_response(
                {"error": "Too many requests"},
                status=429,
                headers={
                    "Date": format_datetime(now, usegmt=True),
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": (now + timedelta(seconds=self.busy_seconds)).isoformat(),
                },
            )
        if fault is Fault.AWAY:
            return _break(request)
        asked = await request.json()
        if not await self._is_there(asked.get("in_reply_to_id", "")):
            gone = "The post you are trying to reply to does not appear to exist."
            return web.json_response({"error": gone}, status=404)
        body = json.dumps(asked | {"status": asked["status"].replace(f"@{DOMAIN} ", " ")}).encode()
        status, told = await self._upstream(request, [], body)
        if status == 200 and told["id"] not in {one["id"] for one in self.posted}:
            self.posted.append({**asked, "id": told["id"], "status": asked["status"]})
            self._written.setdefault(told["id"], asked["status"])
            self._seen.add(told["id"])
        if fault is Fault.SILENT:
            return _break(request)
        return web.Response(body=self._as_real("", told), status=status, content_type="application/json")

    async def _is_there(self, status: str) -> bool:
        if not status:
            return True
        assert self._session is not None
        assert self._mock is not None
        async with self._session.get(f"{self._mock.base_url}/api/v1/statuses/{status}") as answer:
            return answer.status == 200

    async def _file(self, request: web.Request) -> web.StreamResponse:
        assert "Authorization" not in request.headers, "our token is nobody else's"
        if self.files_fail > 0:
            self.files_fail -= 1
            return web.Response(status=503)
        assert self._session is not None
        assert self._mock is not None
        async with self._session.get(self._mock.base_url + request.path) as answer:
            return web.Response(body=await answer.read(), status=answer.status)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        assert self._mock is not None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        headers = {"Authorization": request.headers["Authorization"]}
        async with self._session.get(self._mock.base_url + request.path, headers=headers) as upstream:
            async for piece in upstream.content.iter_any():
                await response.write(piece)
        return response


def _arrived(status: str, visibility: str) -> Arrived:
    greeting, _, text = status.partition(" ")
    person = greeting.removeprefix("@").partition("@")[0]
    return Arrived(to=person, text=text, public=visibility != "direct")


def _break(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


RIGS: tuple[type[MastodonRig], ...] = (MastodonRig,)
_: type[Rig] = MastodonRig
