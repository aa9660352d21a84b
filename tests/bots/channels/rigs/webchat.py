"""The talk on our own page: the "service" is a browser, and our pages are what it posts to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
from itsdangerous import URLSafeSerializer
from starlette.applications import Starlette

from bots.channel import Capabilities, Channel, Given, NotKeptError, Receive
from bots.channels.webchat import PAGE, ROAD, Settings, Webchat
from bots.channels.webchat import build as build_channel
from bots.web.app import build
from bots.web.codes import Codes
from store import talks
from store.domain import Address, Button, Delivered, Inbound, Outgoing, Receipt
from store.engine import Store
from store.positions import Positions
from tests.bots.channels.rig import Arrived, Can, Fault, Forged, Rig
from tests.bots.web import house as small
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, STAFF, value_of
from tests.house import Clock

HERE = "https://tycktill.lillkommun.example"
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(kw_only=True)
class _Heard:
    """The channel as it is, but for that it tells the pages where to hand on what is said, like the app."""

    chat: Webchat
    capabilities: Capabilities
    name: str = ROAD
    receive: Receive | None = None

    async def check(self) -> list[str]:
        return await self.chat.check()

    async def listen(self, receive: Receive) -> None:
        self.receive = receive
        await self.chat.listen(receive)

    async def send(self, letter: Outgoing) -> str:
        return await self.chat.send(letter)

    async def keep(self, inbound: Inbound) -> Receipt:
        if self.receive is None:
            raise NotKeptError("the doors are not open yet")
        return await self.receive(inbound)


@dataclass(frozen=True, kw_only=True)
class _Posted:
    """What a browser sends: once more, if nobody confirmed it."""

    person: str
    typed: dict[str, str]
    photo: bytes


@dataclass(kw_only=True)
class WebchatRig:
    """Each person has a browser of their own, with its own cookies."""

    name: str = ROAD
    road: str = ROAD
    can: frozenset[Can] = frozenset({Can.PUSH, Can.PHOTO, Can.IDEMPOTENT, Can.OURS})
    ours: httpx.AsyncClient | None = None
    app: Starlette | None = None
    store: Store | None = None
    clock: Clock | None = None
    cookies: dict[str, httpx.Cookies] = field(default_factory=dict)
    newest: _Posted | None = None
    unconfirmed: list[_Posted] = field(default_factory=list)
    # What was said while nobody could be reached: it has not even got a page.
    unsaid: list[_Posted] = field(default_factory=list)

    async def open(self, now: datetime) -> None:  # noqa: ARG002 - a browser has the same clock as we
        return

    async def close(self) -> None:
        return

    def channel(self, given: Given) -> Channel:
        assert isinstance(given.places, Positions)
        assert isinstance(given.clock, Clock)
        self.store, self.clock = given.places.store, given.clock
        chat = build_channel(Settings(), given)
        heard = _Heard(chat=chat, capabilities=chat.capabilities)
        self.app = build(
            store=self.store,
            acts=small.Acts(store=self.store, clock=small.Clock()),
            receive=heard.keep,
            clock=given.clock,
            public=PUBLIC,
            staff=STAFF,
            password=PASSWORD,
            session_secret=SECRET,
            secure_cookies=True,
            patience=timedelta(0),
            chat=chat,
        )
        self.ours = self._browser("ingen")
        return heard

    def _browser(self, person: str) -> httpx.AsyncClient:
        assert self.app is not None
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.9", 40000))
        cookies = self.cookies.setdefault(person, httpx.Cookies())
        client = httpx.AsyncClient(transport=transport, base_url=HERE)
        client.cookies = cookies
        return client

    async def say(self, text: str, *, person: str = "asa", photo: bytes = b"", album: str = "") -> str:  # noqa: ARG002 - a page has no albums
        posted = _Posted(person=person, typed={"text": text}, photo=photo)
        if self.ours is None:
            self.unsaid.append(posted)
            return ""
        return await self._post(await self._filled(posted))

    async def _filled(self, posted: _Posted) -> _Posted:
        """Open the page, and take a moment to write."""
        async with self._browser(posted.person) as browser:
            page = await browser.get(PAGE)
            self.cookies[posted.person] = browser.cookies
        assert self.clock is not None
        self.clock.forward(seconds=3)
        hidden = {name: value_of(page, name) for name in ("token", "ticket", "language")}
        return _Posted(person=posted.person, typed={**hidden, **posted.typed}, photo=posted.photo)

    async def _post(self, posted: _Posted) -> str:
        files = {"files": ("bild.png", posted.photo, "image/png")} if posted.photo else {"files": ("", b"")}
        async with self._browser(posted.person) as browser:
            answer = await browser.post(PAGE, data=posted.typed, files=files)
            self.cookies[posted.person] = browser.cookies
        self.newest = posted
        if answer.status_code != 303:
            self.unconfirmed.append(posted)
        return posted.typed["ticket"]

    async def again(self) -> int:
        waiting, self.unconfirmed = self.unconfirmed, []
        unsaid, self.unsaid = self.unsaid, []
        for posted in waiting:
            await self._post(posted)
        for posted in unsaid:
            await self._post(await self._filled(posted))
        if not waiting and not unsaid and self.newest is not None:
            await self._post(self.newest)
        return len(waiting) + len(unsaid)

    async def edit(self, message_id: str, text: str) -> None:
        raise NotImplementedError

    async def remove(self, message_id: str) -> None:
        raise NotImplementedError

    async def echo(self, text: str) -> None:
        raise NotImplementedError

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise NotImplementedError

    async def report(self, letter: Arrived, how: Delivered) -> None:
        raise NotImplementedError

    async def odd(self) -> None:
        posted = _Posted(person="asa", typed={"choice": "7:en knapp som ingen har"}, photo=b"")
        await self._post(await self._filled(posted))

    def letters(self) -> Sequence[Arrived]:
        """List what stands on each person's page."""
        assert self.store is not None
        found: list[tuple[int, Arrived]] = []
        for person in self.cookies:
            with self.store.read() as transaction:
                talk = talks.read(transaction, self._address(person))
            found += [
                (
                    row["id"],
                    Arrived(
                        to=person,
                        text=row["body"],
                        buttons=tuple(Button(**one) for one in row["buttons"]),
                    ),
                )
                for row in talk.letters
            ]
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def _address(self, person: str) -> Address:
        signed = self.cookies[person].get("__Host-synpunkt-chatt", "") or ""
        code = _code_in(signed)
        return Address(channel=ROAD, handle=Codes(SECRET).mark(f"CHATT{code}"))

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        raise NotImplementedError

    def mend(self) -> None:
        return

    def forged(self) -> Sequence[Forged]:
        typed = {"token": "gissad", "ticket": "gissad", "language": "sv", "text": "Ett påhitt."}
        cookie = {"cookie": "__Host-synpunkt-chatt=WyJjb2RlIiwiQkNERiIsMV0.gissad"}
        return [
            Forged(path=PAGE, content=urlencode({"text": "Ett påhitt."}).encode(), headers=_FORM),
            Forged(path=PAGE, content=urlencode(typed).encode(), headers=_FORM | cookie),
            Forged(method="GET", path=f"{PAGE}/nytt", headers=cookie),
            Forged(path=f"{PAGE}/avsluta", content=b"token=gissad", headers=_FORM | cookie),
        ]

    def genuine_but_large(self) -> Forged:
        return Forged(path=PAGE, content=b"text=" + b"a" * 2**21, headers=_FORM)


def _code_in(signed: str) -> str:
    if not signed:
        return ""
    loaded: list[str] = URLSafeSerializer(SECRET, salt="synpunkt talk").loads(signed)
    return loaded[1]


RIGS: Sequence[Callable[[], Rig]] = (WebchatRig,)
