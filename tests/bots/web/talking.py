"""The page of a talk with the whole desk behind it, and browsers that talk there. Nobody here is real."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from starlette.applications import Starlette

from bots.channel import NotKeptError
from bots.channels.webchat import Webchat
from bots.web.app import build
from store import inbox
from store.domain import Inbound, Outcome, Receipt
from store.engine import Store
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, value_of
from tests.house import PEOPLE, UNITS, House, open_house

NAME = "synpunkt-chatt"


@dataclass(kw_only=True)
class Town:
    """What is said is judged and answered when the test says so; with `at_once` by itself."""

    store: Store
    chat: Webchat = field(default_factory=Webchat)
    at_once: bool = False
    is_broken: bool = False
    house: House = field(init=False)
    app: Starlette = field(init=False)
    loop: asyncio.AbstractEventLoop | None = None
    _working: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.house = open_house(self.store, others=[self.chat])
        self.app = self.pages()

    def pages(self, *, secure: bool = False) -> Starlette:
        return build(
            store=self.store,
            acts=self.house.acts,
            receive=self.receive,
            clock=self.house.clock,
            public=PUBLIC,
            staff=PEOPLE,
            units=UNITS,
            password=PASSWORD,
            session_secret=SECRET,
            secure_cookies=secure,
            patience=timedelta(0),
            chat=self.chat,
        )

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.is_broken:
            raise NotKeptError("the disk is full")
        self.loop = asyncio.get_running_loop()
        receipt = await asyncio.to_thread(self._keep, inbound)
        if self.at_once:
            task = asyncio.ensure_future(self.work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return receipt

    def _keep(self, inbound: Inbound) -> Receipt:
        with self.store.write() as transaction:
            return inbox.keep(transaction, [inbound], self.house.clock())[0]

    async def work(self) -> None:
        """Read what is kept, and send what waits."""
        await asyncio.to_thread(self.house.judge)
        await self.house.deliver()

    def answer(self, text: str = "Gungan är lagad nu. Tack för att du sa till.") -> None:
        case = self.house.case()
        self.house.acts.answer(case["id"], text, Outcome.DONE, by=case["handler"], version=case["version"])

    def browser(self, *, host: str = "192.0.2.7", app: Starlette | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app or self.app, client=(host, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True)

    async def filled(self, browser: httpx.AsyncClient, **typed: str) -> dict[str, str]:
        """Open the page, and take a moment to write."""
        page = await browser.get("/chatt")
        self.house.clock.forward(seconds=5)
        hidden = {name: value_of(page, name) for name in ("token", "ticket", "language")}
        return {**hidden, "website": "", **typed}

    async def say(self, browser: httpx.AsyncClient, text: str, **typed: str) -> httpx.Response:
        """Write something and send it."""
        return await browser.post("/chatt", data=await self.filled(browser, text=text, **typed))

    async def talked(self, browser: httpx.AsyncClient, text: str = "Gungan i parken är trasig.") -> None:
        """Write something, and let it become a case."""
        await self.say(browser, text)
        await self.work()
