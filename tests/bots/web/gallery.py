"""Every page of the house as it is sent, for those who judge how pages look and how they can be used.

The pages are those that the app itself lists: one that is new is here at once, and one whose address needs
something filled in is missed aloud, until `EXAMPLES` says what.
"""

import asyncio
import html
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Route
from starlette.applications import Starlette
from starlette.routing import Route as WebRoute

from bots.channels.webchat import Webchat
from bots.desk.by_link import ByLink
from bots.desk.directory import Directory
from bots.desk.disclosure.disclosing import Disclosing
from bots.desk.disposal import Disposal
from bots.desk.extract import Extract
from bots.desk.links import LinkAct
from bots.desk.reports.closing import Closed
from bots.desk.reports.opendata import Source
from bots.desk.reports.schedule import PATH as REPORTS
from bots.web.about import LANGUAGES, Notices
from bots.web.app import build
from bots.web.people import Live
from bots.web.show import STATIC
from bots.web.uploads import file_of
from bots.web.work import TASKS
from classifier import passages
from store import scans, snapshots
from store.deadlines import day_of
from store.domain import Factor, Inbound, Kind, Receipt, Role, ScanState
from store.engine import open_store
from store.figures.period import read
from store.retention import Record, Rule
from tests.bots.desk.archive.rig import archive_of
from tests.bots.web import chats
from tests.bots.web import house as small
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, STAFF, UNITS, code_of, token_of, value_of
from tests.bots.web.sample import MODELS, RUNNING, furnish, led_to, mails, remember
from tests.house import NOW, REGISTRATOR, Clock, House, an_inbound, open_house

HOST = "http://gallery.example"
BOSS = replace(STAFF[0], roles=(Role.OPERATOR, Role.REGISTRATOR))
PEOPLE = (REGISTRATOR, BOSS, STAFF[1])
NOTICES = Notices(controller="Kommunstyrelsen", address="webb@example.se", tested_on=date(2026, 9, 1))
_NEW_TEXT, _NEW_PERSON = "/installningar/svarsmallar/ny", "/installningar/personer/ny"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One page: its name, and what was sent."""

    name: str
    body: str


@dataclass
class Gallery:
    """The whole house with an ordinary Monday's cases, and a browser of our own in it."""

    house: House
    number: str  # of the case with the most to look at
    app: Starlette
    talk: str = ""  # the number of the case that came by a chat, once it has

    def exhibits(self) -> list[Exhibit]:
        """Fetch every page. Call it before Playwright is started: both have an event loop."""
        return asyncio.run(self._fetch())

    async def _fetch(self) -> list[Exhibit]:
        self.talk = await chats.fill(self.house)
        await self.house.hear(an_inbound())
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.7", 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
            found = await self._visitor(browser)
            door = await browser.get("/logga-in")
            await browser.post("/logga-in", data=hidden(door) | {"who": "anna", "password": PASSWORD})
            # What leads elsewhere for who has logged in was a page to a stranger.
            staff = await self._staff(browser)
            found |= {name: page for name, page in staff.items() if _is_page(page) or name not in found}
        return [Exhibit(name=name, body=page.text) for name, page in found.items() if _is_page(page)]

    async def _visitor(self, browser: httpx.AsyncClient) -> dict[str, httpx.Response]:
        """Fetch what somebody gets to see who is not logged in, and what comes of sending it."""
        found: dict[str, httpx.Response] = {}
        for path in ("/", "/svar", "/tillganglighet", "/personuppgifter", "/vart-register"):
            for language in LANGUAGES:
                found[f"{path}?sprak={language}"] = await browser.get(f"{path}?sprak={language}")
        found["/logga-in"] = door = await browser.get("/logga-in")
        found["/logga-in fel"] = await browser.post("/logga-in", data=hidden(door) | {"who": "anna"})
        found["/ fel"] = await self._send(
            browser, text="", level="kontakt", email="eva", phone="x", wish="brev", website="x"
        )
        sent = await self._send(browser, text="Gungan är trasig.", email="eva@example.org")
        found["/tack e-post"] = await browser.get(sent.headers["location"])
        found["/tack anonym"] = kept = await self._send(browser, text="Det är mörkt vid busshållplatsen.")
        code = {"code": code_of(kept), "language": "sv"}
        await asyncio.to_thread(self.house.judge)
        found["/svar fel"] = await browser.post("/svar", data={"code": "fel"})
        found["/svar ärende"] = case = await browser.post("/svar", data=code)
        found["/svar skriv fel"] = await browser.post("/svar/skriv", data=hidden(case) | {"text": ""})
        found["/svar skriv"] = await browser.post("/svar/skriv", data=hidden(case) | {"text": "En sak till."})
        found |= await self._talk(browser)
        found["/finns-inte"] = await browser.get("/finns-inte")
        return found

    async def _talk(self, browser: httpx.AsyncClient) -> dict[str, httpx.Response]:
        """Say something to the assistant, and fetch what it answers."""
        found = {f"/chatt?sprak={one}": await browser.get(f"/chatt?sprak={one}") for one in LANGUAGES}
        blank = hidden(found["/chatt?sprak=sv"])
        found["/chatt fel"] = await browser.post("/chatt", data=blank | {"text": "", "website": "x"})
        found["/chatt kod fel"] = await browser.post("/chatt/tillbaka", data=blank | {"code": "fel"})
        self.house.clock.forward(seconds=20)
        said = blank | {"text": "Gungan i parken vid skolan är trasig.\nEn kedja har gått av."}
        await browser.post("/chatt", data=said, files={"files": ("gunga.png", b"\x89PNG\r\n\x1a\n")})
        await asyncio.to_thread(self.house.judge)
        mine = {"webchat": self.house.delivery.channels["webchat"]}
        await replace(self.house.delivery, channels=mine).once()
        found["/chatt samtal"] = talk = await browser.get("/chatt")
        found["/chatt/avsluta"] = await browser.post("/chatt/avsluta", data=hidden(talk))
        return found

    async def _staff(self, browser: httpx.AsyncClient) -> dict[str, httpx.Response]:
        found: dict[str, httpx.Response] = {}
        for path in (_NEW_TEXT, _NEW_PERSON, "/installningar/enheter/ny"):
            found[f"{path} fel"] = await browser.post(path, data=hidden(await browser.get(path)))
        text = hidden(await browser.get(_NEW_TEXT)) | {
            "title": "Tack för beröm",
            "text": "Tack! Vi säger det.",
        }
        await browser.post(_NEW_TEXT, data=text)
        await self._disclose(browser, found)
        await self._dispose(browser, found)
        await self._report(browser, found)
        for path in self.paths():
            found[path] = await browser.get(path)
        found["/l klart"] = await self._by_link(browser)
        case = f"/arenden/{self.number}"
        for tab in ("mina", "sortera", "karantan", "brev", "alla"):
            found[f"/arenden {tab}"] = await browser.get(f"/arenden?visa={tab}")
        found["/arenden chatt"] = await browser.get(f"/arenden/{self.talk}")
        found["svara chatt"] = await browser.get(f"/arenden/{self.talk}/gor/svara")
        form = await browser.get("/registrera")
        found["/registrera fel"] = await browser.post(
            "/registrera", data=hidden(form) | {"text": "", "email": "x"}, files={"files": ("", b"")}
        )
        await self._mark(browser, found)
        for task in TASKS:
            page = await browser.get(f"{case}/gor/{task.slug}")
            if page.status_code == 200:
                data = hidden(page)
                found[f"{case}/gor/{task.slug} fel"] = await browser.post(str(page.url), data=data)
        found["skadlig fil"] = await self._harmful(browser)
        page = await browser.get(f"{case}/kod")
        found["kod gjord"] = await browser.post(f"{case}/kod", data=hidden(page))
        token = {"token": token_of(form), "version": "0", "kind": "beröm", "factor": str(Factor.FOOD)}
        found["gammal sida"] = await browser.post(f"{case}/bekrafta", data=token)
        return found

    async def _disclose(self, browser: httpx.AsyncClient, found: dict[str, httpx.Response]) -> None:
        """Begin one disclosure, and finish another, as the registrator; ask for a package of no case."""
        token = {"token": token_of(await browser.get("/registrera"))}
        found["/arkiv fel"] = await browser.post("/arkiv", data=token | {"vad": "arkiv", "nummer": "SYN-1"})
        begun = {**token, "nummer": self.number}
        await browser.post("/utlamnanden", data=begun)
        other = (await browser.post("/utlamnanden", data=begun)).headers["location"]
        found["/utlamnanden fel"] = await browser.post(other, data=token | {"gor": "lamna-ut"})
        for wish in ("maska", "lamna-ut"):
            await browser.post(other, data=token | {"gor": wish})
        found["/utlamnanden klart"] = await browser.get(other)

    async def _report(self, browser: httpx.AsyncClient, found: dict[str, httpx.Response]) -> None:
        """Close the quarter before, and write what a manager makes of it: badly, and then well."""
        await asyncio.to_thread(self._close_quarter)
        address = f"{REPORTS}/R1?period=2026-K3&enhet=gata"
        form = hidden(await browser.get(address))
        for name, text in (
            ("fel", "Sven Svensson på Storgatan 5 har fått svar."),
            ("klart", "Vi är färdiga."),
        ):
            typed = form | {"text": text, "gor": "signera"}
            found[f"/rapporter R1 {name}"] = await browser.post(f"{REPORTS}/R1/analys", data=typed)
        found["/rapporter R1"] = await browser.get(address)
        found["/rapporter visa fel"] = await browser.get(f"{REPORTS}/visa?rapport=R1&period=hösten")

    def _close_quarter(self) -> None:
        closed, now = Closed(house=self.house.work.house), self.house.clock()
        with self.house.store.write() as transaction:
            for one in closed.count(transaction, "R1", read("2026-K3"), today=day_of(now)):
                snapshots.keep(transaction, one, now=now)

    async def _dispose(self, browser: httpx.AsyncClient, found: dict[str, httpx.Response]) -> None:
        """Look at what may be disposed of, hold a case, gather an extract, and put a name right."""
        token = {"token": token_of(await browser.get("/registrera"))}
        found["/gallring fel"] = await browser.post("/gallring/sparr", data=token | {"nummer": "SYN-1"})
        held = token | {"nummer": self.number, "orsak": "Tvist"}
        await browser.post("/gallring/sparr", data=held)
        chosen = token | {"record": str(Record.CASE)}
        found["/gallring vald"] = await browser.post("/gallring", data=chosen)
        found["/registerutdrag fel"] = await browser.post("/registerutdrag", data=token | {"adresser": " "})
        wanted = token | {"adresser": "eva@example.org"}
        found["/registerutdrag funnet"] = await browser.post("/registerutdrag", data=wanted)
        case = f"/arenden/{self.number}"
        page = await browser.get(f"{case}/ratta")
        found[f"{case}/ratta fel"] = await browser.post(f"{case}/ratta", data=hidden(page))
        right = {"uppgift": "avsändarens namn", "ny": "Eva Prov", "varfor": "Felstavat."}
        await browser.post(f"{case}/ratta", data=hidden(page) | right)

    async def _mark(self, browser: httpx.AsyncClient, found: dict[str, httpx.Response]) -> None:
        """Mark a case, be refused to answer it by mail, and name somebody in its title."""
        case = f"/arenden/{self.number}"
        typed = {
            "sekretess": {"paragraph": "26 kap. 1 § OSL", "authority": "Omsorgsnämnden", "why": "Hemtjänst"},
            "svara": {"text": "Mammas demens är svår.", "outcome": "åtgärdad", "way": "brev"},
            "arendemening": {"title": "Eva Prov klagar på gungan"},
        }
        for task, fields in typed.items():
            page = await browser.get(f"{case}/gor/{task}")
            found[f"{task} markerat"] = await browser.post(str(page.url), data=hidden(page) | fields)
        found["ärende markerat"] = await browser.get(case)

    async def _harmful(self, browser: httpx.AsyncClient) -> httpx.Response:
        """Let a scanner find something in the first message of the case, and ask for it."""
        case = next(one for one in self.house.cases() if one["number"] == self.number)
        message = next(one for one in self.house.messages() if one["case_id"] == case["id"])
        with self.house.store.write() as transaction:
            scans.expect(transaction, message["id"])
            found = [(scans.WHOLE, "Win.Test.EICAR_HDB-1")]
            scans.settle(transaction, message["id"], ScanState.FOUND, found=found, now=self.house.clock())
        return await browser.get(f"/arenden/{self.number}/meddelande/{message['id']}/original")

    async def _by_link(self, browser: httpx.AsyncClient) -> httpx.Response:
        link = self._links()[0]
        return await browser.post(link, data=hidden(await browser.get(link)) | {"kind": "klagomål"})

    async def _send(self, browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
        page = await browser.get("/")
        self.house.clock.forward(seconds=20)
        return await browser.post("/", data=hidden(page) | {"ticket": value_of(page, "ticket")} | typed)

    def paths(self) -> list[str]:
        """List the address of every page of the app; raise `KeyError` for one that lacks an example."""
        examples = self._examples()
        found: list[str] = []
        for route in self.app.routes:
            if isinstance(route, WebRoute) and "GET" in (route.methods or ()):
                path = route.path.replace("{number}", self.number)
                found.extend(examples[route.path] if "{" in path else (path,))
        return found

    def _examples(self) -> Mapping[str, tuple[str, ...]]:
        """Say what stands for the parts of an address. What is no page (a file) may be empty."""
        case = f"/arenden/{self.number}"
        survey = self.house.work.letters.links.survey(self._own(), now=self.house.clock())
        person = f"{_NEW_PERSON.removesuffix('ny')}anna"
        return {
            f"{REPORTS}/{{report}}": (f"{REPORTS}/R2?period=2026-H1", f"{REPORTS}/R5?period=2026-H1"),
            f"{REPORTS}/{{report}}/fil": (),
            f"{REPORTS}/{{report}}/hela": (),  # with a style of its own: tests/bots/desk/reports
            "/arenden/{number}/gor/{task}": tuple(f"{case}/gor/{task.slug}" for task in TASKS),
            "/l/{token}": ("/l/ingen-sådan", *self._links()),
            "/enkat/{token}": ("/enkat/ingen-sådan", "/" + survey.split("/", 3)[3]),
            "/installningar/personer/{person}": (person,),
            "/installningar/personer/{person}/arenden": (f"{person}/arenden",),
            "/installningar/enheter/{unit}": ("/installningar/enheter/gata",),
            "/installningar/svarsmallar/{template:int}": ("/installningar/svarsmallar/1",),
            "/utlamnanden/{disclosure:int}": ("/utlamnanden/1",),
            "/utlamnanden/{disclosure:int}/avslag": ("/utlamnanden/1/avslag",),
            "/utlamnanden/{disclosure:int}/{number}": (f"/utlamnanden/1/{self.number}",),
        } | dict.fromkeys(FILES, ())

    def _links(self) -> list[str]:
        """List a link for each act in Anna's newest case."""
        make, now = self.house.work.letters.links.make, self.house.clock()
        about = {LinkAct.CONFIRM: (str(Kind.COMPLAINT), str(Factor.SAFETY)), LinkAct.SEND_DRAFT: ("0",)}
        whole = [
            make(act, case_id=self._own(), person="anna", now=now, about=about.get(act, ()))
            for act in LinkAct
        ]
        return ["/" + link.split("/", 3)[3] for link in whole]

    def _own(self) -> int:
        return next(int(one["id"]) for one in reversed(self.house.cases()) if one["handler"] == "anna")


FILES = (
    "/arenden/{number}/meddelande/{message:int}/original",
    "/arenden/{number}/meddelande/{message:int}/bilaga/{index:int}",
    "/arenden/{number}/meddelande/{message:int}/bilaga/{index:int}/bild",
    "/arenden/{number}/svarsfil/{file:int}",
    "/utlamnanden/{disclosure:int}/paket",
)


RULES = (
    Rule(record=Record.CASE, days=1, decision_ref="KS 2027-03-01 § 12"),
    Rule(record=Record.DRAFT, years=1, months=6),
)


@contextmanager
def opened(model: Path, folder: Path) -> Iterator[Gallery]:
    """Open the gallery on a copy of `model`, an empty database with its tables."""
    store = open_store(f"sqlite:///{shutil.copy(model, folder / 'galleri.db')}")
    # Anna has cases, answers for her unit and looks after the service: she sees every page.
    units = (replace(UNITS[0], managers=("anna",), words=("gunga",)), *UNITS[1:])
    chat = Webchat()
    house = open_house(store, people=PEOPLE, units=units, clock=Clock(NOW), others=[chat, chats.messenger()])
    furnished = small.House(store=store, clock=small.Clock())
    number = furnish(furnished)
    remember(furnished, months=1)
    led_to(furnished)

    async def receive(inbound: Inbound) -> Receipt:
        return (await house.receive(inbound))[0]

    directory = Directory(store=store, house=house.work.house, clock=house.clock)
    directory.load()
    app = build(
        store=store,
        acts=house.acts,
        desk=house.acts,
        by_link=ByLink(acts=house.acts),
        receive=receive,
        clock=house.clock,
        public=PUBLIC,
        notices=NOTICES,
        directory=directory,
        staff=Live(lambda: house.work.house.handlers.values()),
        units=Live(lambda: house.work.house.units),
        running=lambda: RUNNING,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        mailbox=mails,
        model_history=lambda: MODELS,
        patience=timedelta(0),
        chat=chat,
        candidates=chats.candidates(house),
        disposal=Disposal(store=store, rules=RULES, clock=house.clock),
        extract=Extract(
            store=store,
            clock=house.clock,
            find=passages.find,
            municipality="Lilla kommunen",
            reader=house.acts.reader,
        ),
        archive=archive_of(house),
        open_data=Source(publisher="Lilla kommunen", publisher_url="", contact="data@example.org", url=HOST),
        disclosing=Disclosing(
            store=store,
            house=house.work.house,
            clock=house.clock,
            find=lambda text, names: passages.find(text, names=names),
            file_in=file_of,
        ),
    )
    try:
        yield Gallery(house=house, number=number, app=app)
    finally:
        house.opinion.close()
        store.close()


def show_in(context: BrowserContext, exhibits: list[Exhibit]) -> None:
    """Let every page of a browser find exhibit N at `HOST/N`, with our own style and nothing else."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST).partition("?")[0]
        file = STATIC / Path(path).name
        if path.startswith("/static/") and file.is_file():
            route.fulfill(path=file)
        elif path[1:].isdigit():
            route.fulfill(body=exhibits[int(path[1:])].body, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    context.route("**/*", answer)


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return what a page's forms carry unseen."""
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}


def _is_page(page: httpx.Response) -> bool:
    kind = page.headers.get("content-type", "")
    # A piece of a page, which a small script fetches, is judged where it stands.
    return kind.startswith("text/html") and page.text.lstrip().lower().startswith("<!doctype")
