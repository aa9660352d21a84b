"""The whole house with its real pages on loopback, the relay, and the world that gets the letters.

Nobody here is real. The clock stands until the test moves it. `acts` lists every post that changed a case, so
that a journey can say how many acts it took (row L12).
"""

import asyncio
import shutil
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.channels.relay import Relay
from bots.desk.by_link import ByLink
from bots.desk.directory import Directory
from bots.desk.doors import Doors
from bots.mail.identity import Identity
from bots.web.app import build
from bots.web.people import Live
from store import inbox, profiles
from store.domain import Handler, Inbound, Receipt, Role, Unit
from store.engine import Row, Store, open_store
from store.profiles.policy import Profile
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.bots.web.served import served
from tests.house import TOWN, Clock, House, an_inbound, open_house
from tests.servers.postfix import free_port
from tests.servers.product import folder
from tests.servers.world import World, a_world

UNDO = timedelta(seconds=30)
Found = TypeVar("Found")


def _person(who: str, name: str, title: str, *roles: Role, substitute: str = "") -> Handler:
    mail = f"{who}@lillkommun.example"
    return Handler(id=who, name=name, title=title, email=mail, roles=roles, substitute=substitute)


PEOPLE = (
    _person("hanna", "Hanna Ek", "parkförman", substitute="chris"),
    _person("olle", "Olle Dahl", "rektor"),
    _person("chris", "Chris Holm", "enhetschef"),
    _person("carin", "Carin Berg", "skolchef"),
    _person("mira", "Mira Lind", "medborgarvägledare"),
    _person("rita", "Rita Lund", "registrator"),
    _person("kim", "Kim Alm", "kvalitetschef"),
    _person("lena", "Lena Sten", "socialt ansvarig"),
    _person("nils", "Nils Gren", "nämndsekreterare", Role.SECRETARY),
    _person("dora", "Dora Falk", "dataskyddsombud"),
    _person("sigrid", "Sigrid Ask", "systemadministratör", Role.OPERATOR),
    _person("mats", "Mats Ros", "vaktmästare"),
)
UNITS = (
    Unit(id="park", name="Gata och park", handlers=("hanna",), managers=("chris",), words=("gung", "bänk")),
    Unit(id="skola", name="Skolan", handlers=("olle",), managers=("carin",), words=("skol", "elev")),
)


@dataclass(kw_only=True)
class Hall:
    """The house, and those who visit it."""

    house: House
    address: str
    world: World
    acts: list[str] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop
    _browser: Browser

    def run(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Do something of the house's while Playwright has the event loop of the test."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def hear(self, text: str, **mail: Any) -> str:
        """Let a citizen's mail come in and be answered; return the number of its case."""
        message_id = f"<{len(self.house.messages())}@example.org>"
        self.run(self.house.hear(an_inbound(text=text, **({"message_id": message_id} | mail))))
        number: str = self.house.cases()[-1]["number"]
        return number

    def deliver(self, *, after: timedelta = UNDO) -> None:
        """Let the seconds pass in which a letter can be taken back, and send what waits."""
        self.house.clock.forward(seconds=after.total_seconds())
        self.run(self.house.deliver())

    def case(self, number: str) -> Row:
        """Return a case as it is now."""
        return next(row for row in self.house.cases() if row["number"] == number)

    def mails(self, to: str, *, about: str = "") -> list[EmailMessage]:
        """List what somebody has got, oldest first; only what names a case, if one is given."""
        raw = [one.raw for one in self.world.mails if to in one.recipients]
        found = [message_from_bytes(one, _class=EmailMessage, policy=default) for one in raw]
        return [one for one in found if about in words_of(one) + str(one["Subject"])]

    @contextmanager
    def visitor(self, who: str = "", **context: Any) -> Iterator["Visitor"]:
        """Open a browser of somebody's own, signed in if somebody is named."""
        opened = self._browser.new_context(**({"viewport": {"width": 1000, "height": 800}} | context))
        visitor = Visitor(hall=self, context=opened, page=opened.new_page())
        visitor.page.set_default_timeout(6_000)
        try:
            if who:
                visitor.go("/logga-in")
                visitor.sign_in(who)
            yield visitor
        finally:
            opened.close()


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody in front of a screen."""

    hall: Hall
    context: BrowserContext
    page: Page

    def go(self, path: str) -> None:
        """Open a page of the house, or an address that stands in a letter."""
        self.page.goto(path if path.startswith("http") else self.hall.address + path)

    def sign_in(self, who: str) -> None:
        """Say who one is, on the page that asks for it."""
        self.page.get_by_label("Vem är du?").select_option(who)
        self.page.get_by_label("Lösenord").fill(PASSWORD)
        self.press("Logga in")

    def press(self, name: str) -> None:
        """Press a button that is called just so."""
        self.button(name).click()

    def button(self, name: str) -> Locator:
        """Find a button that is called just so."""
        return self.page.get_by_role("button", name=name, exact=True)

    def follow(self, name: str) -> None:
        """Follow a link that is called just so."""
        self.page.get_by_role("link", name=name, exact=True).click()

    def reads(self, words: str) -> None:
        """Fail if the page does not say this."""
        expect(self.page.locator("main")).to_contain_text(words)

    def is_told(self, words: str) -> None:
        """Fail if the page does not say this as news."""
        expect(self.page.get_by_role("status").filter(has_text=words)).to_be_visible()


class _Counted:
    """Writes down every post after which some case, or some letter, is another."""

    def __init__(self, app: ASGIApp, *, house: House, acts: list[str]) -> None:
        self._app, self._house, self._acts = app, house, acts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        before = await asyncio.to_thread(self._state)
        await self._app(scope, receive, send)
        if await asyncio.to_thread(self._state) != before:
            self._acts.append(scope["path"].rpartition("/")[2])

    def _state(self) -> list[tuple[object, ...]]:
        versions = [(row["id"], row["version"], row["status"]) for row in self._house.cases()]
        return [*versions, *((row["id"], row["state"]) for row in self._house.outbox())]


@contextmanager
def a_hall(
    browser: Browser, model: Path, *, profile: str = "standard", undo: timedelta = UNDO
) -> Iterator[Hall]:
    """Open the house for as long as the block lasts; `model` is an empty store to copy."""
    with folder(in_memory=True) as place, _a_loop() as loop:
        store = open_store(f"sqlite:///{shutil.copy(model, place)}")
        with (
            _outside(loop) as (world, relay),
            _pages(store, relay, profiles.load(profile), undo=undo) as (house, address, acts),
        ):
            yield Hall(house=house, address=address, world=world, acts=acts, _loop=loop, _browser=browser)
        store.close()


@contextmanager
def _pages(
    store: Store, relay: Relay, policy: Profile, *, undo: timedelta
) -> Iterator[tuple[House, str, list[str]]]:
    port = free_port()
    house = open_house(
        store,
        people=PEOPLE,
        units=UNITS,
        policy=policy,
        clock=Clock(),
        roads={"email": relay},
        console_url=f"http://127.0.0.1:{port}",
        per_address_and_day=500,
        medborgarcenter=("mira",),
        quality=("kim",),
        doors=Doors(
            social_services="lena@lillkommun.example", data_protection_officer="dora@lillkommun.example"
        ),
    )
    directory = Directory(store=store, house=house.work.house, clock=house.clock)
    directory.load()
    town, acts = house.work.house, list[str]()

    def keep(inbound: Inbound) -> Receipt:
        with store.write() as transaction:
            receipt = inbox.keep(transaction, [inbound], house.clock())[0]
        house.judge()
        return receipt

    async def receive(inbound: Inbound) -> Receipt:
        return await asyncio.to_thread(keep, inbound)

    app = build(
        store=store,
        acts=house.acts,
        desk=house.acts,
        by_link=ByLink(acts=house.acts),
        directory=directory,
        receive=receive,
        clock=house.clock,
        public=replace(PUBLIC, public_url=house.work.house.console_url),
        staff=Live(lambda: town.handlers.values()),
        units=Live(lambda: town.units),
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        undo=undo,
    )
    app.add_middleware(_Counted, house=house, acts=acts)
    try:
        with served(app, port=port) as address:
            yield house, address, acts
    finally:
        house.opinion.close()


@contextmanager
def _outside(loop: asyncio.AbstractEventLoop) -> Iterator[tuple[World, Relay]]:
    """Let there be a mail server that takes everything, and the relay that leads to it."""
    begun, over = threading.Event(), asyncio.Event()
    found: list[tuple[World, Relay]] = []

    async def live() -> None:
        async with a_world() as world:
            identity = Identity(
                address=TOWN, name="Tyck till", secret=b"en hemlighet som bara finns i testerna"
            )
            relay = Relay(host="127.0.0.1", port=world.port, identity=identity, security="none")
            found.append((world, relay))
            begun.set()
            await over.wait()
            await relay.close()

    living = asyncio.run_coroutine_threadsafe(live(), loop)
    assert begun.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        living.result(10)


@contextmanager
def _a_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def words_of(letter: EmailMessage) -> str:
    """Return the plain text of a mail, with one kind of line end."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
