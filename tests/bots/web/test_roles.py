"""Requirements C3 as a matrix: every role, every page and act, and every way to stand to a case.

What each may read and do is written out here by hand, and compared with every address of the app: a page or
act that is added is tried as well, and has to be named here if it is not about one case.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bots.desk.candidates import Candidates
from bots.desk.directory import Directory
from bots.desk.disclosure.disclosing import Disclosing
from bots.desk.disposal import Disposal
from bots.desk.doors import Doors
from bots.desk.extract import Extract
from bots.web.app import build
from bots.web.work import TASKS
from store import cases, sight, tables
from store.domain import Handler, Kind, Lane, MessageState, Role, Status, Unit, Visibility
from store.engine import Row
from tests.bots.desk.archive.rig import archive_of
from tests.bots.desk.test_candidates import Square
from tests.bots.desk.test_chat import said
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import House, Scripted, a_suggestion, an_inbound, rows_of

Make = Callable[..., House]


def person(who: str, *roles: Role) -> Handler:
    return Handler(id=who, name=f"{who.title()} Prov", email=f"{who}@lillkommun.example", roles=roles)


STAFF = (
    person("hanna"),  # handles the park's cases
    person("olle"),  # the school's
    person("chris"),  # manages the park
    person("carin"),  # manages the school
    person("frida"),  # head of the department that has the park and the school
    person("mira"),  # Medborgarcenter
    person("rita"),  # registrator
    person("kim"),  # quality
    person("lex"),  # is told of lex Sarah
    person("nils", Role.SECRETARY),
    person("dora"),  # data protection
    person("sigrid", Role.OPERATOR),
    person("mats"),  # works here, and no more
)
UNITS = (
    Unit(id="park", name="Gata och park", handlers=("hanna",), managers=("chris",), heads=("frida",)),
    Unit(id="skola", name="Skolan", handlers=("olle",), managers=("carin",), heads=("frida",)),
)
PARK, SCHOOL = {"hanna", "chris"}, {"olle", "carin"}
ALL_SEEING = {"mira", "rita", "kim"}
# A case, and who may read it (C3 "R", rows N2, B6, B28).
READERS: Mapping[str, set[str]] = {
    "parkens": PARK | ALL_SEEING,
    "skolans": SCHOOL | ALL_SEEING,
    "karantän": PARK | ALL_SEEING,
    "osorterat": ALL_SEEING,
    "begränsat": {"chris", "rita", "kim"},
    "jäv": {"chris"} | ALL_SEEING,
    "jäv chef": {"hanna", "frida"} | ALL_SEEING,
    "lex Sarah": SCHOOL | ALL_SEEING | {"lex"},
    "eskalerat": SCHOOL | ALL_SEEING | {"frida"},
    "upptecknat": SCHOOL | ALL_SEEING | {"mats"},
    "visselblåsning": {"rita"},
    "skyddat": {"hanna", "rita"},
    "avslutat": PARK | ALL_SEEING,
}
# Who may change one that they may read: those who only follow or were only told may not.
ONLY_READ = {"kim", "lex", "mats", "nils", "dora", "sigrid"}
SORTERS = {"mira", "rita"}
# C3: Medborgarcenter and the registrator do not answer for a unit.
OF_OWNERS = {
    "svara",
    "fraga",
    "mer-tid",
    "begar-redogorelse",
    "for-in-redogorelse",
    "lamna-ater",
}
EVERYBODY = {one.id for one in STAFF}
# Pages that are about no case and are for staff alone, and who may open them.
ELSEWHERE: Mapping[str, set[str]] = {
    "/arenden": EVERYBODY,
    "/registrera": EVERYBODY,
    "/registrera/klart": EVERYBODY,
    "/modellen": EVERYBODY,
    "/statistik": {"chris", "carin", "frida", "rita", "kim"},
    "/statistik/arenden": {"chris", "carin", "frida", "rita", "kim"},
    "/statistik/forslag": {"rita", "kim"},
    "/signaler": {"chris", "carin", "rita", "kim"},
    "/publicera": {"chris", "carin"},
    "/osant": EVERYBODY,
    "/rapporter": EVERYBODY - {"lex", "sigrid", "mats"},
    "/rapporter/visa": EVERYBODY - {"lex", "sigrid", "mats"},
    "/installningar": EVERYBODY,
    "/installningar/andringar": {"rita", "sigrid", "dora"},
    "/installningar/personer/ny": {"rita", "sigrid"},
    "/installningar/enheter/ny": {"rita", "sigrid"},
    "/installningar/dagar": {"rita", "sigrid"},
    "/installningar/svarsmallar": {"rita", "sigrid", "chris", "carin"},
    "/installningar/svarsmallar/ny": {"rita", "sigrid", "chris", "carin"},
    "/halsa": {"rita", "sigrid"},
    "/handlingar": {"rita", "dora"},
    "/gallring": {"rita"},
    "/registerutdrag": {"rita", "dora"},
    "/gallring/protokoll": {"rita"},
    "/arkiv": {"rita"},
    "/registret": {"rita"},
    "/registret.csv": {"rita"},
    "/kandidater": SORTERS,
    "/utlamnanden": {"rita"},
}
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])  # what differs lies in the lists alone


@dataclass
class Town:
    """The pages, with a case of every sort behind them."""

    house: House
    app: Starlette
    numbers: Mapping[str, str]

    def case(self, sort: str) -> Row:
        with self.house.store.read() as transaction:
            found = cases.find_number(transaction, self.numbers[sort])
        assert found is not None
        return found

    def state(self) -> tuple[Any, ...]:
        """Return all that an act could change."""
        versions = tuple((row["id"], row["version"], row["status"]) for row in self.house.cases())
        letters = tuple((row["id"], row["state"]) for row in self.house.outbox())
        return versions, letters

    def browser(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.1", 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://test")

    async def everybody(self) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
        """Sign in one after the other."""
        for one in STAFF:
            async with self.browser() as browser:
                page = await browser.get("/logga-in")
                sent = {"token": token(page), "who": one.id, "password": PASSWORD, "next": "/arenden"}
                answer = await browser.post("/logga-in", data=sent)
                assert answer.status_code == 303, (one.id, answer.text)
                yield one.id, browser


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def a_case(house: House, sort: str, *, unit: str, handler: str, **columns: Any) -> str:
    """Let a message with a file come in, and put its case where the test wants it."""
    await house.hear(
        an_inbound(
            subject=f"Sak {sort}",
            text=f"Ordet som bara finns här är zz{sort.replace(' ', '')}.",
            sender=f"{len(house.cases())}@example.org",
        )
    )
    case = house.cases()[-1]
    status = columns.pop("status", Status.ASSIGNED)
    with house.store.write() as transaction:
        cases.note(transaction, case["id"], unit=unit, handler=handler, title=f"Sak {sort}", **columns)
        transaction.connection.execute(
            update(tables.cases).where(tables.cases.c.id == case["id"]).values(status=status)
        )
    return str(case["number"])


@pytest.fixture
async def town(make_house: Make) -> Town:
    house = make_house(
        people=STAFF,
        units=UNITS,
        suggester=Scripted(a_suggestion(Kind.COMPLAINT)),
        medborgarcenter=("mira",),
        quality=("kim",),
        doors=Doors(lex_sarah="lex@lillkommun.example", data_protection_officer="dora@lillkommun.example"),
    )
    numbers = {
        "parkens": await a_case(house, "parkens", unit="park", handler="hanna"),
        "skolans": await a_case(house, "skolans", unit="skola", handler="olle"),
        "karantän": await a_case(house, "karantän", unit="park", handler="hanna", status=Status.QUARANTINED),
        "osorterat": await a_case(house, "osorterat", unit="", handler="rita", status=Status.SORTING),
        "begränsat": await a_case(
            house, "begränsat", unit="park", handler="chris", restricted=True, lanes=[Lane.NAMED_EMPLOYEE]
        ),
        "jäv": await a_case(house, "jäv", unit="park", handler="chris", barred=["hanna"]),
        "jäv chef": await a_case(
            house, "jäv chef", unit="park", handler="hanna", barred=["chris"], shown_to=["frida"]
        ),
        "lex Sarah": await a_case(house, "lex Sarah", unit="skola", handler="olle", lanes=[Lane.LEX_SARAH]),
        "eskalerat": await a_case(house, "eskalerat", unit="skola", handler="olle", shown_to=["frida"]),
        "upptecknat": await a_case(house, "upptecknat", unit="skola", handler="olle", shown_to=["mats"]),
        "visselblåsning": await a_case(
            house,
            "visselblåsning",
            unit="",
            handler="rita",
            restricted=True,
            lanes=[Lane.WHISTLEBLOWING],
            status=Status.SORTING,
        ),
        "skyddat": await a_case(
            house, "skyddat", unit="park", handler="hanna", protected=True, shown_to=["frida", "mats"]
        ),
        "avslutat": await a_case(house, "avslutat", unit="park", handler="hanna", status=Status.CLOSED),
    }
    await house.deliver()
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=STAFF,
        units=UNITS,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        directory=Directory(store=house.store, house=house.work.house, clock=house.clock),
        disposal=Disposal(store=house.store, rules=(), clock=house.clock),
        archive=archive_of(house),
        extract=Extract(
            store=house.store,
            clock=house.clock,
            find=lambda _text: [],
            municipality="Lilla kommunen",
            reader=house.acts.reader,
        ),
        candidates=Candidates(
            store=house.store,
            house=house.work.house,
            clock=house.clock,
            taken_up=house.judge_.ring,
            hiders={"torget": Square()},
        ),
        disclosing=Disclosing(
            store=house.store,
            house=house.work.house,
            clock=house.clock,
            find=lambda _text, _names: [],
            file_in=lambda _raw, _index: b"",
        ),
    )
    return Town(house=house, app=app, numbers=numbers)


def routes(app: Starlette, method: str) -> Iterator[str]:
    for route in app.routes:
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route)
        if method in (route.methods or set()):
            yield route.path


def parts_of(town: Town, sort: str) -> Mapping[str, object]:
    """Say what stands in addresses about a case: itself, its first message and its first letter."""
    case = town.case(sort)
    with town.house.store.read() as transaction:
        belongings = cases.of_case(transaction, case["id"])
    letters = [*belongings["letters"], {"id": 1}]
    return {
        "number": case["number"],
        "message:int": belongings["messages"][0]["id"],
        "message": belongings["messages"][0]["id"],
        "index:int": 0,
        "letter:int": letters[0]["id"],
        "file:int": 0,
    }


def addresses(town: Town, method: str) -> Mapping[str, Sequence[str]]:
    """List every address that is about a case, for a case of every sort."""
    return {sort: tuple(_addresses(town, method, parts_of(town, sort))) for sort in READERS}


def _addresses(town: Town, method: str, parts: Mapping[str, object]) -> Iterator[str]:
    for path in routes(town.app, method):
        if "{number}" in path:
            for act in [task.slug for task in TASKS] if "{task}" in path else [""]:
                yield re.sub(
                    r"{([\w:]+)}", lambda found: str(parts.get(found[1], 1)), path.replace("{task}", act)
                )


@pytest.mark.slow
@ON_SQLITE
async def test_c3_each_role_opens_the_cases_that_are_theirs_and_no_address_of_any_other(town: Town) -> None:
    closed = addresses(town, "GET")
    async for who, browser in town.everybody():
        for sort, readers in READERS.items():
            opened = await browser.get(f"/arenden/{town.numbers[sort]}")
            assert (opened.status_code == 200) == (who in readers), (who, sort, opened.status_code)
            assert (f"Sak {sort}" in opened.text) == (who in readers), (who, sort)
            if who not in readers:
                for address in closed[sort]:
                    answer = await browser.get(address)
                    assert answer.status_code in {403, 404}, (who, sort, address)
                    assert f"zz{sort.replace(' ', '')}" not in answer.text, (who, sort, address)


async def test_c3_lists_searches_and_counts_hold_what_each_role_may_read(town: Town) -> None:
    async for who, browser in town.everybody():
        mine = {sort for sort, readers in READERS.items() if who in readers}
        everything = await browser.get("/arenden?visa=alla")
        listed = {sort for sort, number in town.numbers.items() if number in everything.text}
        assert listed <= mine
        if mine:
            assert listed == mine
        for sort in town.numbers:
            word = f"zz{sort.replace(' ', '')}"
            found = await browser.get("/arenden", params={"visa": "alla", "sok": word, "q": word})
            assert (town.numbers[sort] in found.text) == (sort in mine), (who, sort)
        with town.house.store.read() as transaction:
            counted = cases.counts(transaction, reader=town.house.acts.reader(who))
        assert sum(counted.values()) == len(mine), who


GIVEN = {
    "text": "Gungan är lagad sedan i går.",
    "outcome": "åtgärdad",
    "way": "brev",
    "question": "Vilken gunga?",
    "handler": "olle",
    "unit": "skola",
    "answer_on": "2027-01-15",
    "reason": "Det rör skolan och ingen annan.",
    "of": "Norra Omsorg AB",
    "service_note": "Talat med parken.",
    "follow_up_on": "2027-01-15",
    "door": "överklagande",
    "to": "byggnadsnämnden",
    "item": "lex_sarah",
    "person": "carin",
    "note": "klart",
    "statement": "Det gick fort för att bilen var full.",
    "form": "muntlig",
    "statement_measure": "Ännu en bil.",
    "kind": "klagomål",
    "factor": "Mat",
    "name": "Sven Prov",
    "email": "sven@example.org",
    "day": "2026-11-20",
}


FORM = {"content-type": "application/x-www-form-urlencoded"}


def may_change(who: str, sort: str) -> bool:
    return who in READERS[sort] - ONLY_READ


@pytest.mark.slow
@ON_SQLITE
async def test_c3_no_role_changes_a_case_that_is_not_theirs_to_change(town: Town) -> None:
    before, closed = town.state(), addresses(town, "POST")
    async for who, browser in town.everybody():
        page = await browser.get("/arenden")
        key = token(page) if page.status_code == 200 else token(await browser.get("/registrera"))
        for sort in READERS:
            case, other = town.case(sort), town.numbers["skolans" if sort != "skolans" else "parkens"]
            sent = urlencode(GIVEN | {"token": key, "version": str(case["version"]), "original": other})
            for address in closed[sort]:
                slug = address.rpartition("/")[2]
                # Row B15: of a protected sender no manager knows, so the registrator answers for them.
                is_last = sort == "skyddat" and who == "rita"
                is_owner = who not in SORTERS or who == case["handler"] or is_last
                if may_change(who, sort) and not (slug in OF_OWNERS and not is_owner):
                    continue
                answer = await browser.post(address, content=sent, headers=FORM)
                assert answer.status_code in {403, 404, 409, 422}, (who, sort, address, answer.status_code)
        assert town.state() == before, who


async def test_c3_who_may_classify_a_case_can(town: Town) -> None:
    async for who, browser in town.everybody():
        for sort in ("parkens", "skolans", "lex Sarah", "jäv", "jäv chef"):
            case = town.case(sort)
            key = token(await browser.get("/registrera"))
            sent = {"token": key, "version": str(case["version"]), "kind": "beröm", "factor": "Mat"}
            answer = await browser.post(f"/arenden/{case['number']}/bekrafta", data=sent)
            is_open = may_change(who, sort)
            assert (answer.status_code == 303) == is_open, (who, sort, answer.status_code)
            assert (town.case(sort)["kind"] == "beröm") == is_open, (who, sort)
            if is_open:
                with town.house.store.write() as transaction:
                    cases.note(transaction, case["id"], kind="")


@ON_SQLITE
async def test_nobody_reads_or_changes_anything_without_signing_in(town: Town) -> None:
    before, shown, acted = town.state(), addresses(town, "GET"), addresses(town, "POST")
    async with town.browser() as browser:
        for sort in READERS:
            for address in shown[sort]:
                answer = await browser.get(address)
                assert answer.status_code in {303, 307, 403}, address
                assert "zz" not in answer.text
            for address in acted[sort]:
                answer = await browser.post(address, content=urlencode(GIVEN), headers=FORM)
                assert answer.status_code in {303, 307, 403}, address
    assert town.state() == before


@ON_SQLITE
async def test_c3_pages_that_are_about_no_case_are_for_those_named_here(town: Town) -> None:
    async with town.browser() as browser:
        behind = {
            path
            for path in routes(town.app, "GET")
            if "{" not in path
            and (await browser.get(path)).headers.get("location", "").startswith("/logga-in?next=")
        }
    assert behind <= ELSEWHERE.keys()

    async for who, browser in town.everybody():
        for path in behind:
            answer = await browser.get(path)
            assert (answer.status_code < 400) == (who in ELSEWHERE[path]), (who, path, answer.status_code)


@ON_SQLITE
async def test_c3_only_who_sorts_sees_counts_and_judges_public_comments(town: Town) -> None:
    acts = [path for path in routes(town.app, "POST") if path.startswith("/kandidater/")]
    assert len(acts) == 3
    async for who, browser in town.everybody():
        for path in acts:
            comment = said(town.house, "zzkommentar", road="torget", visibility=Visibility.PUBLIC)
            await town.house.hear(comment)
            row = town.house.messages()[-1]
            assert row["state"] == MessageState.CANDIDATE
            lists = await browser.get("/arenden")
            listed = await browser.get("/kandidater")
            sent = {"token": token(lists), "orsak": "reklam"}
            answer = await browser.post(path.replace("{message:int}", str(row["id"])), data=sent)

            sorts = who in SORTERS
            assert (listed.status_code == 200) == sorts, (who, listed.status_code)
            assert ("zzkommentar" in listed.text) == sorts, who
            assert ('href="/kandidater"' in lists.text) == sorts, who
            assert answer.status_code == (303 if sorts else 403), (who, path)
            done = [line for line in rows_of(town.house.store, "journal") if line["message_id"] == row["id"]]
            assert bool(done) == sorts, (who, path)


def test_every_role_is_held_by_somebody_here(town: Town) -> None:
    held = {role for one in STAFF for role in town.house.work.house.roles(one.id)}

    assert held == set(Role)
    assert sight.Reader(id="okänd") == town.house.acts.reader("okänd")
    assert town.house.work.house.roles("okänd") == frozenset()
