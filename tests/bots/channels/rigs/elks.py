"""A stand-in for 46elks on loopback: takes and lists SMS, posts what comes, and fails."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

import httpx
from aiohttp import web

from bots.channel import Channel, Given
from bots.channels.elks import Settings, build
from store.domain import Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged, Rig

OURS = "+46701740699"
PEOPLE = {"asa": "+46701740605", "bo": "+46701740606", "cilla": "+46701740607"}
USERNAME = "u0123456789"
HOOK_USERNAME = "elks"
SECRET = "hemlighet-for-tester-0123456789"


@dataclass(kw_only=True)
class ElksRig:
    """46elks, with one account and one number. `posts` are told until 200-204, as the real one does."""

    name: str = "elks"
    road: str = "sms"
    can: frozenset[Can] = frozenset({Can.PUSH, Can.PHOTO, Can.REPORT})
    ours: httpx.AsyncClient | None = None
    sends: bool = True
    logs_words: bool = True  # an account can be set to keep no words
    is_away: bool = False  # for those who ask
    balance: int = 5_000_000
    sms_url: str = ""  # empty: where it should lead
    base_url: str = ""
    answers: list[httpx.Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # paths, in order
    forms: list[dict[str, str]] = field(default_factory=list)  # of letters
    images: dict[str, bytes] = field(default_factory=dict)
    image_faults: int = 0
    records: dict[str, dict[str, object]] = field(default_factory=dict)
    _now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _letters: list[tuple[str, Arrived]] = field(default_factory=list)
    _unconfirmed: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _newest: tuple[str, bytes] | None = None
    _fault: Fault | None = None
    _is_locked: bool = False
    _public_url: str = "https://tycktill.lillkommun.example"
    _unlisted: set[str] = field(default_factory=set)
    _count: int = 0
    _runner: web.AppRunner | None = None

    async def open(self, now: datetime) -> None:
        self._now = now
        app = web.Application(middlewares=[self._guard])
        app.router.add_post("/a1/sms", self._take)
        app.router.add_get("/a1/sms", self._list)
        app.router.add_get("/a1/{kind:sms|mms}/{id}", self._show)
        app.router.add_get("/a1/images/{name}", self._image)
        app.router.add_get("/a1/me", self._me)
        app.router.add_get("/a1/numbers", self._numbers)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def turn(self, now: datetime) -> None:
        self._now = now

    def channel(self, given: Given) -> Channel:
        self._public_url = given.public_url
        settings = Settings(
            username=USERNAME,
            password="env:ELKS_PASSWORD",
            number=OURS,
            hook_secret="env:ELKS_HOOK_SECRET",
            hook_username=HOOK_USERNAME,
            hook_password="env:ELKS_HOOK_PASSWORD",
            base_url=self.base_url,
            sends=self.sends,
        )
        return build(settings, given)

    async def say(  # an SMS has no album
        self,
        text: str,
        *,
        person: str = "asa",
        photo: bytes = b"",
        album: str = "",  # noqa: ARG002
    ) -> str:
        message_id = self._id("m" if photo else "s")
        images = {}
        if photo:
            self.images[f"{message_id}-i0.png"] = photo
            images["image"] = f"{self.base_url}/a1/images/{message_id}-i0.png"
        fields = {**self.noted(message_id, text, PEOPLE.get(person, person)), **images}
        await self.post(hook_path(), urlencode(fields).encode())
        return message_id

    def noted(self, message_id: str, text: str, sender: str, *, is_listed: bool = True) -> dict[str, str]:
        """Let 46elks get an SMS without posting it; return the fields of the post."""
        fields = {
            "direction": "incoming",
            "id": message_id,
            "from": sender,
            "to": OURS,
            "created": self._now.astimezone(UTC).replace(tzinfo=None).isoformat(),
            "message": text,
        }
        kept = fields if self.logs_words else {name: fields[name] for name in fields if name != "message"}
        self.records[message_id] = dict(kept)
        if not is_listed:
            self._unlisted.add(message_id)
        return fields

    async def again(self) -> int:
        waiting = list(self._unconfirmed.values())
        for path, body in [*waiting, *([self._newest] if self._newest else [])]:
            await self.post(path, body)
        return len(waiting)

    async def edit(self, message_id: str, text: str) -> None:
        raise NotImplementedError("an SMS is never changed")

    async def remove(self, message_id: str) -> None:
        raise NotImplementedError("an SMS is never removed")

    async def echo(self, text: str) -> None:
        raise NotImplementedError("46elks does not tell us of our own")

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise NotImplementedError("nobody else reads an SMS")

    async def odd(self) -> None:
        await self.post(hook_path(), b"event=porting&state=done")

    async def report(self, letter: Arrived, how: Delivered) -> None:
        status = {Delivered.ARRIVED: "delivered", Delivered.FAILED: "failed"}[how]
        letter_id = next(found for found, one in self._letters if one == letter)
        await self.tell_of(letter_id, status)

    async def tell_of(self, letter_id: str, status: str) -> None:
        """Report a letter by its id, with any status."""
        await self.post(f"{hook_path()}/dlr", urlencode({"id": letter_id, "status": status}).encode())

    def letters(self) -> Sequence[Arrived]:
        return [one for _, one in self._letters]

    def fail(self, fault: Fault, *, person: str = "asa") -> None:  # noqa: ARG002 - it blocks nobody
        if fault is Fault.LOCKED:
            self._is_locked = True
        else:
            self._fault = fault

    def mend(self) -> None:
        self._is_locked, self._fault = False, None

    def forged(self) -> Sequence[Forged]:
        real = self.noted("s0000forged", "Gungan är trasig.", PEOPLE["asa"], is_listed=False)
        true = urlencode(real).encode()
        changed = urlencode({**real, "message": "Riv gungan."}).encode()
        another = urlencode({**real, "from": PEOPLE["bo"]}).encode()
        unknown = urlencode({**real, "id": "s0000unknown"}).encode()
        elsewhere = urlencode({**real, "id": "../me"}).encode()
        outgoing = {**real, "id": "s0000letter"}
        self.records["s0000letter"] = {**outgoing, "direction": "outgoing"}
        return [
            _forged("/hooks/elks", true),
            _forged("/hooks/elks/", true),
            _forged("/hooks/elks/fel-hemlighet-0123456789", true),
            _forged(f"{hook_path()}x", true),
            _forged(f"{hook_path()}/annat", true),
            _forged("/hooks/elks/fel-hemlighet-0123456789/dlr", b"id=s1&status=failed"),
            Forged(path=hook_path(), content=true, headers=_FORM),
            Forged(path=f"{hook_path()}/dlr", content=b"id=s1&status=failed", headers=_FORM),
            Forged(path=hook_path(), content=true, headers={**_FORM, "authorization": _basic("fel")}),
            Forged(method="GET", path=f"{hook_path()}?{true.decode()}", headers=_headers()),
            _forged(hook_path(), changed),
            _forged(hook_path(), another),
            _forged(hook_path(), unknown),
            _forged(hook_path(), elsewhere),
            _forged(hook_path(), urlencode(outgoing).encode()),
            _forged(hook_path(), b"from=%2B46701740605&message=hej"),
        ]

    def genuine_but_large(self) -> Forged | None:
        fields = self.noted(self._id("s"), "x" * 2 * 2**20, PEOPLE["asa"], is_listed=False)
        return _forged(hook_path(), urlencode(fields).encode())

    async def post(self, path: str, body: bytes) -> None:
        """Post to us once, as 46elks does; what is not confirmed is remembered."""
        self._newest = (path, body)
        key = f"{path} {body!r}"
        self._unconfirmed[key] = (path, body)
        if self.ours is None:
            return
        answer = await self.ours.post(path, content=body, headers=_headers())
        self.answers.append(answer)
        if 200 <= answer.status_code <= 204:
            del self._unconfirmed[key]
            if answer.content:  # the real one sends a body to the citizen
                person = next(iter(PEOPLE))
                self._letters.append((self._id("s"), Arrived(to=person, text=answer.text)))

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count:032x}"

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(request.path)
        login = f"{USERNAME}:{SECRET}".encode()
        expected = f"Basic {base64.b64encode(login).decode()}"
        if self._is_locked or request.headers.get("authorization") != expected:
            return web.Response(status=401, text="API access requires Basic HTTP authentication.")
        if self.is_away:
            return web.Response(status=503)
        answer = await handler(request)
        answer.headers["Date"] = format_datetime(self._now.astimezone(UTC), usegmt=True)
        return answer

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault, self._fault = self._fault, None
        if fault is Fault.BUSY:
            return web.Response(status=429, headers={"Retry-After": "7"})
        if fault is Fault.AWAY:
            return web.Response(status=503)
        if not form.get("to", "").startswith("+"):
            return web.Response(status=403, text="Invalid to number")
        if self.balance <= 0:
            return web.Response(status=403, text="Not enough credits")
        letter_id = self._id("s")
        person = next((name for name, number in PEOPLE.items() if number == form["to"]), form["to"])
        self.forms.append(form)
        self._letters.append((letter_id, Arrived(to=person, text=form["message"])))
        if fault is Fault.SILENT:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"id": letter_id, "status": "created", "direction": "outgoing"})

    async def _list(self, request: web.Request) -> web.Response:
        """List, newest first, two to a page."""
        after, before = request.query.get("end", ""), request.query.get("start", "9")
        found = [
            one
            for one in reversed(self.records.values())
            if str(one["id"]).startswith("s") and one["id"] not in self._unlisted
            if after <= str(one["created"]) < before
        ]
        told: dict[str, object] = {"data": found[:2]}
        if len(found) > 2:
            told["next"] = found[1]["created"]
        return web.json_response(told)

    async def _show(self, request: web.Request) -> web.Response:
        record = self.records.get(request.match_info["id"])
        is_mms = request.match_info["id"].startswith("m")
        if record is None or is_mms != (request.match_info["kind"] == "mms"):
            return web.Response(status=404, text="Not found")
        return web.json_response(record)

    async def _image(self, request: web.Request) -> web.Response:
        if self.image_faults > 0:
            self.image_faults -= 1
            return web.Response(status=502)
        data = self.images.get(request.match_info["name"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _me(self, _request: web.Request) -> web.Response:
        return web.json_response({"currency": "SEK", "balance": self.balance})

    async def _numbers(self, _request: web.Request) -> web.Response:
        scheme, _, rest = self._public_url.partition("://")
        url = f"{scheme}://{HOOK_USERNAME}:{SECRET}@{rest}{hook_path()}"
        number = {
            "number": OURS,
            "active": "yes",
            "capabilities": ["sms", "mms"],
            "sms_url": self.sms_url or url,
            "mms_url": url,
        }
        return web.json_response({"data": [{"number": "+46701740698", "active": "yes"}, number]})


def hook_path() -> str:
    """Return where 46elks posts to."""
    return f"/hooks/elks/{SECRET}"


_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"{HOOK_USERNAME}:{password}".encode()).decode()


def _headers() -> dict[str, str]:
    return {**_FORM, "authorization": _basic(SECRET)}


def _forged(path: str, content: bytes) -> Forged:
    return Forged(path=path, content=content, headers=_headers())


RIGS: Sequence[Callable[[], Rig]] = (ElksRig,)
