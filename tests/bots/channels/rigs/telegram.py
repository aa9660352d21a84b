"""A stand-in for Telegram's Bot API on loopback, and its rig: asked for news, or posting it."""
# ruff: noqa: ARG002 - every rig has the same acts, also those that its service does not know

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
from aiohttp import web

from bots.channel import Channel, Given
from bots.channels.telegram import Settings, Telegram, build
from bots.channels.telegram_api import Api
from store.domain import Button, Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged

TOKEN = "123456789:AAF-for-tests-only_0123456789abcdef"
BOT_ID = 123456789
SECRET = "posted-by-Telegram_and-nobody-else"
HOOK = "/hooks/telegram"
_SECRETS = {"env:TELEGRAM_TOKEN": TOKEN, "env:TELEGRAM_SECRET": SECRET}

Json = dict[str, Any]


class Service:
    """The interface as bots see it. What it takes stays in `taken`; `faults` hold for the next letters."""

    def __init__(self, now: datetime) -> None:
        self.now = int(now.timestamp())
        self.waiting: list[Json] = []  # what nobody has confirmed
        self.newest: Json | None = None
        self.taken: list[Json] = []
        self.faults: list[Fault | None] = []  # None: the letter goes well
        self.asks_to_wait: float = 7
        self.blocked: set[int] = set()
        self.is_locked = False
        self.webhook: Json = {}
        self.error: Json = {}  # what getWebhookInfo tells of the latest post that failed
        self.files: dict[str, bytes] = {}
        self.unfetchable: dict[str, int] = {}  # how many times more a file does not come
        self.calls: list[tuple[str, Json]] = []
        self.menu: list[Json] = []
        self.description = ""
        self.groups_allowed = False
        self.numbers = itertools.count(41)
        self.update_numbers = itertools.count(9001)
        self._poll = 0
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def update(self, **what: Any) -> Json:
        return {"update_id": next(self.update_numbers), **what}

    def put(self, update: Json) -> None:
        """Let an update wait, as the newest."""
        self.newest = update
        self.waiting.append(update)
        self._news.set()

    def put_again(self) -> None:
        if self.newest is not None and self.newest not in self.waiting:
            self.waiting.append(self.newest)
            self._news.set()

    def called(self, method: str) -> list[Json]:
        return [told for name, told in self.calls if name == method]

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"].lower()
        told = {**request.query, **await request.post()}
        self.calls.append((method, told))
        if self.is_locked or request.match_info["token"] != TOKEN:
            return _refusal(401, "Unauthorized")
        known: dict[str, Callable[[Json], Awaitable[web.Response]]] = {
            "getme": self._me,
            "getupdates": self._updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
            "setmycommands": self._set_menu,
            "getmycommands": self._get_menu,
            "setmydescription": self._describe,
            "getmydescription": self._description,
            "answercallbackquery": self._well,
            "leavechat": self._well,
            "getfile": self._get_file,
        }
        if method == "sendmessage":
            return await self._send(request, told)
        if method not in known:
            return _refusal(404, "Not Found")
        return await known[method](told)

    async def _me(self, _told: Json) -> web.Response:
        return _result(
            {
                "id": BOT_ID,
                "is_bot": True,
                "first_name": "Tyck till",
                "username": "lillkommun_bot",
                "can_join_groups": self.groups_allowed,
            }
        )

    async def _updates(self, told: Json) -> web.Response:
        if self.webhook:
            return _refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        mine = self._poll
        self._news.set()  # wakes the older question, which ends
        offset = int(told.get("offset") or 0)
        self.waiting = [one for one in self.waiting if one["update_id"] >= offset]
        with suppress(TimeoutError):
            async with asyncio.timeout(float(told.get("timeout") or 0)):
                while not self.waiting and mine == self._poll:
                    self._news.clear()
                    await self._news.wait()
        if mine != self._poll:
            return _refusal(409, "Conflict: terminated by other getUpdates request")
        news = [one for one in self.waiting if one["update_id"] >= offset]
        return _result(news[: int(told.get("limit") or 100)])

    async def _set_webhook(self, told: Json) -> web.Response:
        if not str(told.get("url")).startswith("https://"):
            return _refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = told
        return _result(data=True)

    async def _delete_webhook(self, _told: Json) -> web.Response:
        self.webhook = {}
        return _result(data=True)

    async def _webhook_info(self, _told: Json) -> web.Response:
        return _result(
            {
                "url": self.webhook.get("url", ""),
                "has_custom_certificate": False,
                "pending_update_count": len(self.waiting),
                **self.error,
            }
        )

    async def _set_menu(self, told: Json) -> web.Response:
        self.menu = json.loads(told["commands"])
        return _result(data=True)

    async def _get_menu(self, _told: Json) -> web.Response:
        return _result(self.menu)

    async def _describe(self, told: Json) -> web.Response:
        self.description = told["description"]
        return _result(data=True)

    async def _description(self, _told: Json) -> web.Response:
        return _result({"description": self.description})

    async def _well(self, _told: Json) -> web.Response:
        return _result(data=True)

    async def _send(self, request: web.Request, told: Json) -> web.Response:
        chat = int(told["chat_id"])
        if chat in self.blocked:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.BUSY:
            wait = self.asks_to_wait
            return _refusal(429, "Too Many Requests: retry later", parameters={"retry_after": wait})
        if not 0 < len(told["text"].encode("utf-16-le")) // 2 <= 4096:
            return _refusal(400, "Bad Request: message is too long")
        self.taken.append(told)
        if fault is Fault.SILENT and request.transport is not None:
            request.transport.abort()
        return _result(
            {
                "message_id": next(self.numbers),
                "date": self.now,
                "chat": {"id": chat, "type": "private", "first_name": "Någon"},
                "from": {"id": BOT_ID, "is_bot": True, "first_name": "Tyck till"},
                "text": told["text"],
            }
        )

    async def _get_file(self, told: Json) -> web.Response:
        name = told["file_id"]
        if name not in self.files:
            return _refusal(400, "Bad Request: file is too big")
        return _result(
            {
                "file_id": name,
                "file_unique_id": f"u{name}",
                "file_size": len(self.files[name]),
                "file_path": f"photos/{name}",
            }
        )

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["path"].removeprefix("photos/")
        if self.unfetchable.get(name, 0) > 0:
            self.unfetchable[name] -= 1
            return web.Response(status=502)
        return web.Response(body=self.files[name])


class _Cable(httpx.AsyncBaseTransport):
    """The way to the stand-in, which is cut once before a letter when `AWAY` is ordered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._whole = httpx.AsyncHTTPTransport(verify=False)  # loopback

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        faults = self._service.faults
        if request.url.path.endswith("/sendMessage") and faults and faults[0] is Fault.AWAY:
            del faults[0]
            raise httpx.ConnectError("All connection attempts failed", request=request)
        return await self._whole.handle_async_request(request)

    async def aclose(self) -> None:
        await self._whole.aclose()


class TelegramRig:
    """Telegram with people in it. With `posts` it posts to us, else it waits to be asked."""

    name = "telegram"
    road = "telegram"

    def __init__(self, *, posts: bool = False) -> None:
        self.posts = posts
        told = {Can.EDIT, Can.PHOTO, Can.ECHO, Can.BLOCK, Can.ALBUM}
        self.can = frozenset(told | {Can.PUSH} if posts else told)
        self.ours: httpx.AsyncClient | None = None
        self._people: dict[str, int] = {}
        self._messages: dict[str, Json] = {}
        self._edits = itertools.count(1)

    async def open(self, now: datetime) -> None:
        self.service = Service(now)
        await self.service.start()

    async def close(self) -> None:
        await self.service.stop()

    def turn(self, now: datetime) -> None:
        self.service.now = int(now.timestamp())

    def channel(self, given: Given) -> Channel:
        settings = Settings(
            token="env:TELEGRAM_TOKEN",
            mode="webhook" if self.posts else "poll",
            webhook_secret="env:TELEGRAM_SECRET",
            poll_seconds=0.1,
            api_url=self.service.url,
        )
        ours = replace(given, secret=_SECRETS.__getitem__, public_url="https://synpunkt.example")
        built = build(settings, ours)
        assert isinstance(built, Telegram)
        built.api = Api(TOKEN, self.service.url, transport=_Cable(self.service))
        built.pause = 0.02
        return built

    async def say(self, text: str, *, person: str = "asa", photo: bytes = b"", album: str = "") -> str:
        told: Json = {"text": text}
        if photo:
            told = {"photo": self.photo(photo)} | ({"caption": text} if text else {})
        if album:
            told["media_group_id"] = album
        return await self.tell(person, **told)

    async def tell(self, person: str, **told: Any) -> str:
        """Let a person send a message of any content; return its name."""
        message = self.message(person, **told)
        chat = message["chat"]["id"]
        name = f"{chat}:{message['message_id']}"
        self._messages[name] = message
        await self.happen(message=message)
        return name

    async def happen(self, **what: Any) -> Json:
        """Let an update of any kind happen, and post it if that is how it goes."""
        update = self.service.update(**what)
        self.service.put(update)
        if self.posts:
            await self._post(update)
        return update

    def message(self, person: str, **told: Any) -> Json:
        chat = self.chat(person)
        return {
            "message_id": next(self.service.numbers),
            "date": self.service.now,
            "chat": {"id": chat, "type": "private", "first_name": person.title(), "last_name": "Öst"},
            "from": self.user(person),
            **told,
        }

    def user(self, person: str) -> Json:
        return {
            "id": self.chat(person),
            "is_bot": False,
            "first_name": person.title(),
            "last_name": "Öst",
            "language_code": "sv",
        }

    def chat(self, person: str) -> int:
        return self._people.setdefault(person, 7001 + len(self._people))

    def photo(self, data: bytes) -> list[Json]:
        """Keep a picture in two sizes, of which the large one is `data`."""
        name = f"F{len(self.service.files)}"
        self.service.files |= {name: data, f"{name}s": b"small"}
        sizes = ((f"{name}s", 90, b"small"), (name, 1280, data))
        return [
            {"file_id": one, "file_unique_id": f"u{one}", "width": w, "height": w, "file_size": len(its)}
            for one, w, its in sizes
        ]

    async def again(self) -> int:
        for _ in range(10):  # what was kept is confirmed by the next question
            if self.posts or not self.service.waiting:
                break
            await asyncio.sleep(0.01)
        unconfirmed = list(self.service.waiting)
        if self.posts:
            newest = self.service.newest
            for update in unconfirmed:
                await self._post(update)
            if newest is not None and newest not in unconfirmed:
                await self._post(newest)
        else:
            self.service.put_again()
        return len(unconfirmed)

    async def edit(self, message_id: str, text: str) -> None:
        message = self._messages[message_id]
        field = "caption" if "photo" in message else "text"
        changed = message | {field: text, "edit_date": self.service.now + next(self._edits)}
        await self.happen(edited_message=changed)

    async def remove(self, message_id: str) -> None:
        raise AssertionError("Telegram tells bots of no removal")

    async def echo(self, text: str) -> None:
        message = self.message("robot", text=text)
        message["from"]["is_bot"] = True
        await self.happen(message=message)

    async def odd(self) -> None:
        await self.happen(hologram={"from": 1, "colours": ["blå"]})

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise AssertionError("nothing is public here")

    async def report(self, letter: Arrived, how: Delivered) -> None:
        raise AssertionError("Telegram does not tell what became of a letter")

    def letters(self) -> Sequence[Arrived]:
        names = {chat: person for person, chat in self._people.items()}
        return [
            Arrived(to=names[int(one["chat_id"])], text=one["text"], buttons=_buttons(one))
            for one in self.service.taken
        ]

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        if fault is Fault.LOCKED:
            self.service.is_locked = True
        elif fault is Fault.BLOCKED:
            self.service.blocked.add(self.chat(person))
        else:
            self.service.faults.append(fault)

    def mend(self) -> None:
        self.service.is_locked = False
        self.service.blocked.clear()

    def forged(self) -> Sequence[Forged]:
        if not self.posts:
            return ()
        body = json.dumps(self.service.update(message=self.message("eva", text="Jag är inte Eva"))).encode()
        header = "X-Telegram-Bot-Api-Secret-Token"
        return (
            Forged(path=HOOK, content=body),
            Forged(path=HOOK, content=body, headers={header: ""}),
            Forged(path=HOOK, content=body, headers={header: SECRET.upper()}),
            Forged(path=HOOK, content=body, headers={header: SECRET[:-1]}),
            Forged(path=f"{HOOK}/{SECRET}", content=body),
            Forged(path=HOOK, method="GET", headers={header: SECRET}),
        )

    def genuine_but_large(self) -> Forged | None:
        if not self.posts:
            return None
        body = json.dumps(self.service.update(message=self.message("asa", text="x" * 2 * 2**20))).encode()
        return Forged(path=HOOK, content=body, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})

    async def _post(self, update: Json) -> None:
        if self.ours is None:
            return
        secret = self.service.webhook.get("secret_token", SECRET)
        try:
            answer = await self.ours.post(
                HOOK,
                content=json.dumps(update).encode(),
                headers={"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"},
            )
        except httpx.HTTPError:
            return
        if answer.is_success and update in self.service.waiting:
            self.service.waiting.remove(update)


def _buttons(told: Json) -> tuple[Button, ...]:
    rows = json.loads(told.get("reply_markup") or "{}").get("inline_keyboard", [])
    return tuple(Button(label=one["text"], value=one["callback_data"]) for row in rows for one in row)


def _result(data: Any) -> web.Response:
    return web.json_response({"ok": True, "result": data})


def _refusal(code: int, words: str, **more: Any) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": words, **more}, status=code)


RIGS: Sequence[Callable[[], TelegramRig]] = (TelegramRig, lambda: TelegramRig(posts=True))
