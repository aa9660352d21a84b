"""A real Synapse with people in it, and before it a proxy for the faults that nobody can order of it."""
# ruff: noqa: ARG002 - every rig has the same acts, also those that its service does not know

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web

from bots.channel import Channel, Given
from bots.channels.matrix import Matrix, Settings, build
from store.domain import Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged
from tests.servers import synapse
from tests.servers.synapse import Json, Synapse, User

_HOP = frozenset({"host", "content-length", "transfer-encoding", "content-encoding", "connection"})


@dataclass
class Way:
    """Forwards everything to the server, but for what is ordered. It sees who asks by their token."""

    to: str
    ours: str  # our own token
    faults: list[Fault] = field(default_factory=list)  # of our letters, one each
    is_locked: bool = False
    refusal: tuple[int, str] | None = None  # status and code of everything
    away: set[str] = field(default_factory=set)  # rooms whose own server does not answer
    files_fail: int = 0  # how many times files do not come
    asked: list[str] = field(default_factory=list)
    unconfirmed: int = 0
    reached: str = ""  # where the newest answer ends
    _retell: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def retell(self) -> None:
        """Let the next answer hold all that stands in the rooms; one that is waited for comes at once."""
        self._retell.set()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if self.is_locked:
            return _refusal(401, "M_UNKNOWN_TOKEN")
        if self.refusal is not None:
            return _refusal(*self.refusal)
        if request.path.endswith("/sync"):
            return await self._sync(request)
        if request.path.rpartition("/join/")[2] in self.away:
            return web.Response(status=504)
        if "/media/download/" in request.path and self.files_fail:
            self.files_fail -= 1
            return web.Response(status=502)
        is_letter = request.method == "PUT" and "/send/" in request.path
        fault = self.faults.pop(0) if is_letter and self.faults else None
        if fault is Fault.BUSY:
            return _refusal(429, "M_LIMIT_EXCEEDED", retry_after_ms=7000)
        if fault is Fault.AWAY:
            return await _broken(request)
        answer = await self._forward(request)
        return await _broken(request) if fault is Fault.SILENT else answer

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        since = request.query.get("since", "")
        if since == self.reached:
            self.unconfirmed = 0
        told = asyncio.ensure_future(self._forward(request))
        retold = asyncio.ensure_future(self._retell.wait())
        try:
            await asyncio.wait({told, retold}, return_when=asyncio.FIRST_COMPLETED)
            if not retold.done():
                return self._noted(await told)
        finally:
            told.cancel()
            retold.cancel()
        self._retell.clear()
        return self._noted(await self._forward(request, since="", timeout="0"))

    def _noted(self, answer: web.Response) -> web.Response:
        assert isinstance(answer.body, bytes)
        if answer.status == 200:
            told: Json = httpx.Response(200, content=answer.body).json()
            self.reached = told["next_batch"]
            rooms = told.get("rooms", {}).get("join", {}).values()
            self.unconfirmed = sum(len(room["timeline"]["events"]) for room in rooms)
        return answer

    async def _forward(self, request: web.Request, **instead: str) -> web.Response:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        query = {name: value for name, value in {**request.query, **instead}.items() if value}
        async with self._session.request(
            request.method,
            # As it was asked: room ids hold signs that must stay as they are written.
            f"{self.to}{request.rel_url.raw_path}",
            params=query,
            headers=headers | {"Accept-Encoding": "identity"},
            data=await request.read(),
        ) as answer:
            passed = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=passed)


class MatrixRig:
    """One account of ours on a real server, and people who write to it."""

    name = "matrix"
    road = "matrix"
    can = frozenset({Can.EDIT, Can.REMOVE, Can.PHOTO, Can.ECHO, Can.BLOCK, Can.IDEMPOTENT})
    ours: httpx.AsyncClient | None = None

    def __init__(self) -> None:
        self.people: dict[str, User] = {}
        self.rooms: dict[str, str] = {}
        self._echoes: set[str] = set()

    async def open(self, now: datetime) -> None:
        if reason := synapse.why_not():
            pytest.skip(reason)
        self.server: Synapse = await asyncio.to_thread(synapse.shared)
        self.bot = self.server.user("tycktill", shown="Tyck till")
        self.way = Way(self.server.url, self.bot.token)
        self.url = await self.way.start()

    async def close(self) -> None:
        await self.way.stop()

    def settings(self, **more: Any) -> Settings:
        told: Json = {"access_token": "env:MATRIX_TOKEN"} | more
        return Settings(homeserver=self.url, user_id=self.bot.id, poll_seconds=20.0, **told)

    def channel(self, given: Given, **more: Any) -> Channel:
        secrets = {"env:MATRIX_TOKEN": self.bot.token, "env:MATRIX_PASSWORD": self.bot.password}
        made = build(self.settings(**more), replace(given, secret=secrets.__getitem__))
        assert isinstance(made, Matrix)
        made.pause = made.breath = 0.02
        return made

    def person(self, name: str) -> User:
        """Return somebody, who has an account from now on."""
        if name not in self.people:
            self.people[name] = self.server.user(name, shown=f"{name.title()} Öst")
        return self.people[name]

    def room(self, person: str = "asa") -> str:
        """Return the room where somebody writes to us alone, and to which we are invited."""
        if person not in self.rooms:
            self.rooms[person] = self.server.room(self.person(person), self.bot)
        return self.rooms[person]

    def tell(self, person: str = "asa", kind: str = "m.room.message", **content: Any) -> str:
        """Let somebody put an event of any kind in their room."""
        return self.server.tell(self.person(person), self.room(person), kind, **content)

    def picture(self, data: bytes, *, person: str = "asa", text: str = "", **more: Any) -> str:
        address = self.server.upload(self.person(person), data, "image/png")
        told: Json = {"msgtype": "m.image", "url": address, "body": text or "gunga.png"}
        told |= {"filename": "gunga.png", "info": {"mimetype": "image/png", "size": len(data)}}
        return self.tell(person, **(told | more))

    async def say(self, text: str, *, person: str = "asa", photo: bytes = b"", album: str = "") -> str:
        if photo:
            return self.picture(photo, person=person, text=text)
        return self.tell(person, msgtype="m.text", body=text)

    async def again(self) -> int:
        unconfirmed = self.way.unconfirmed
        self.way.retell()
        return unconfirmed

    async def edit(self, message_id: str, text: str) -> None:
        told: Json = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": message_id},
        }
        self.tell(**told)

    async def remove(self, message_id: str) -> None:
        self.server.redact(self.person("asa"), self.room(), message_id)

    async def echo(self, text: str) -> None:
        room = self.room()
        self.server.act(self.bot, room, "join")
        self._echoes.add(self.server.tell(self.bot, room, msgtype="m.text", body=text))

    async def odd(self) -> None:
        self.tell(kind="example.hologram", colours=["blå"])

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise AssertionError("nothing is public here")

    async def report(self, letter: Arrived, how: Delivered) -> None:
        raise AssertionError("Matrix tells what has been read, and we do not ask")

    def letters(self) -> Sequence[Arrived]:
        found = [
            (event["origin_server_ts"], Arrived(to=person, text=event["content"]["body"]))
            for person, room in self.rooms.items()
            for event in self.server.events(self.people[person], room)
            if event["sender"] == self.bot.id
            and event["type"] == "m.room.message"
            and event["event_id"] not in self._echoes
        ]
        return [letter for _, letter in sorted(found, key=lambda one: one[0])]

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        if fault is Fault.LOCKED:
            self.way.is_locked = True
        elif fault is Fault.BLOCKED:
            self.server.act(self.person(person), self.room(person), "leave")
        else:
            self.way.faults.append(fault)

    def mend(self) -> None:
        self.way.is_locked = False

    def forged(self) -> Sequence[Forged]:
        return ()

    def genuine_but_large(self) -> Forged | None:
        return None


async def _broken(request: web.Request) -> web.StreamResponse:
    """Begin an answer and break it off. Before it began, the client would ask again by itself."""
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"{")
    assert request.transport is not None
    request.transport.abort()
    return answer


def _refusal(status: int, code: str, **more: Any) -> web.Response:
    return web.json_response({"errcode": code, "error": "No", **more}, status=status)


RIGS: Sequence[Callable[[], MatrixRig]] = (MatrixRig,)
