"""The live statistics: who sees what of whom, and that every figure leads to as many cases as it says."""

import html
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import insert, update
from starlette.applications import Starlette

from bots.web.app import build
from store import tables
from store.domain import Factor, Handler, Kind, Role, Unit
from store.figures import facts
from store.figures.columns import COLUMNS
from store.figures.cut import Cut
from store.figures.period import read
from store.figures.tally import counted
from tests.bots.desk.reports.test_sheets import fill
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import House, rows_of

Make = Callable[..., House]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the questions have tests on both


def person(who: str, *roles: Role) -> Handler:
    return Handler(id=who, name=f"{who.title()} Prov", email=f"{who}@lillkommun.example", roles=roles)


STAFF = (
    *(person(who) for who in ("anna", "omar", "chris", "frida", "rita", "kim", "mats")),
    person("nils", Role.SECRETARY),
    person("sigrid", Role.OPERATOR),
)
UNITS = (
    Unit(id="park", name="Gata och park", handlers=("anna",), managers=("chris",), heads=("frida",)),
    Unit(id="skola", name="Skolan", handlers=("omar",)),
)


@dataclass
class Town:
    """The pages over two years of invented cases."""

    house: House
    app: Starlette

    async def sign_in(self, who: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.1", 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
            page = await browser.get("/logga-in")
            token = re.search(r'name="token" value="([^"]+)"', page.text)
            assert token is not None
            sent = {"token": token[1], "who": who, "password": PASSWORD, "next": "/arenden"}
            assert (await browser.post("/logga-in", data=sent)).status_code == 303
            yield browser

    async def get(self, who: str, path: str) -> httpx.Response:
        async for browser in self.sign_in(who):
            return await browser.get(path)
        raise AssertionError


@pytest.fixture
def town(make_house: Make) -> Town:
    house = make_house(people=STAFF, units=UNITS, quality=("kim",))
    fill(house.store, count=300, seed=11)
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
    )
    return Town(house=house, app=app)


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def figures_in(page: str) -> list[tuple[str, str]]:
    """List the figures of a page that lead to cases: how each reads, and its address."""
    found = re.findall(r'<a href="(/statistik/arenden[^"]+)">([^<]+)</a>', page)
    return [(text.replace("\xa0", ""), html.unescape(address)) for address, text in found]


def amount_in(page: str) -> int:
    found = re.search(r"(\d+) ärenden?\b", words_of(page))
    assert found is not None, page
    return int(found[1])


async def test_c3_the_figures_are_for_managers_quality_staff_and_the_registrator(town: Town) -> None:
    answered = {one.id: (await town.get(one.id, "/statistik")).status_code for one in STAFF}
    model = {one.id: (await town.get(one.id, "/statistik/forslag")).status_code for one in STAFF}

    assert {who for who, status in answered.items() if status == 200} == {"chris", "frida", "rita", "kim"}
    assert {who for who, status in model.items() if status == 200} == {"rita", "kim"}
    assert {*answered.values(), *model.values()} == {200, 403}
    assert 'href="/statistik"' in (await town.get("kim", "/arenden")).text
    assert 'href="/statistik"' not in (await town.get("mats", "/arenden")).text


async def test_every_count_on_the_page_has_as_many_cases_behind_it(town: Town) -> None:
    async for browser in town.sign_in("rita"):
        page = await browser.get("/statistik?period=2026-H1")
        assert page.status_code == 200
        followed = 0
        for text, address in figures_in(page.text):
            listed = await browser.get(address)
            assert listed.status_code == 200, address
            if text.isdigit() and "median" not in address and "p90" not in address:
                assert amount_in(listed.text) == int(text), address
                followed += 1
        assert followed > 60


async def test_every_column_of_a_report_leads_to_as_many_cases_as_it_counts(town: Town) -> None:
    period = read("2026-K2")
    with town.house.store.read() as transaction:
        some = counted(facts.of_period(transaction, period))
    cut = Cut(period=period, factor=Factor.FOOD)
    async for browser in town.sign_in("kim"):
        for column in COLUMNS:
            listed = await browser.get("/statistik/arenden", params=params(cut, column))
            here = [fact for fact in some if fact.factor is Factor.FOOD]
            if column == "totalt":
                assert amount_in(listed.text) == len(here)
            if column == str(Kind.COMPLAINT):
                assert amount_in(listed.text) == sum(fact.kind is Kind.COMPLAINT for fact in here)
            assert listed.status_code == 200, column


def params(cut: Cut, column: str) -> dict[str, list[str] | str]:
    return {**parse_qs(cut.query, keep_blank_values=True), "kolumn": column}


async def test_a_manager_sees_the_own_units_alone_beside_the_sums_of_all(town: Town) -> None:
    page = (await town.get("chris", "/statistik?period=2026")).text
    text = words_of(page)

    assert "Hela kommunen" in text
    assert "Skolan" not in text
    addresses = [address for _, address in figures_in(page)]
    assert {unit for one in addresses for unit in parse_qs(urlsplit(one).query)["enhet"]} == {"park"}
    for other in ("skola", ""):
        asked = f"period=2026&enhet={other}"
        assert (await town.get("chris", f"/statistik?{asked}")).status_code == 403
        assert (await town.get("chris", f"/statistik/arenden?{asked}&kolumn=totalt")).status_code == 403
    assert "Hela kommunen" not in words_of((await town.get("rita", "/statistik?period=2026")).text)


async def test_cases_that_are_not_for_the_reader_are_only_counted(town: Town) -> None:
    asked = "/statistik/arenden?period=2026&enhet=park&kolumn=totalt"
    before = await town.get("chris", asked)
    total = amount_in(before.text)
    assert "som du inte får se" not in before.text
    kept = [row for row in town.house.cases() if f">{row['number']}<" in before.text]
    hidden = kept[:3]
    with town.house.store.write() as transaction:
        ids = [row["id"] for row in hidden]
        changed = update(tables.cases).where(tables.cases.c.id.in_(ids)).values(protected=True)
        transaction.connection.execute(changed)

    after = await town.get("chris", asked)

    assert amount_in(after.text) == total
    assert f"{total} ärenden, varav 3 som du inte får se" in words_of(after.text)
    assert not any(f">{row['number']}<" in after.text for row in hidden)
    # The head of the department has the sums, and no case that they were not told of.
    assert f"{total} ärenden, varav {total} som du inte får se" in words_of(
        (await town.get("frida", asked)).text
    )


async def test_r14_who_follows_a_figure_is_in_the_journal(town: Town) -> None:
    await town.get("kim", "/statistik/arenden?period=2026-01&kolumn=totalt")

    read_lines = [row for row in rows_of(town.house.store, "journal") if row["act"] == "ärende läst"]
    assert [(row["actor"], row["details"]["vad"]) for row in read_lines] == [("kim", "statistik")]


NONSENSE = (
    *("period=h%C3%B6sten", "period=2026-K9", "period=0001", "period=9999", "typ=xyz", "faktor=%00"),
    *("period=1900-01-01/2026-01-01", "period=2026-02-30/2026-03-01", "enhet=park&period="),
)


async def test_what_can_not_be_read_is_said_and_the_page_is_there(town: Town) -> None:
    async for browser in town.sign_in("rita"):
        for query in NONSENSE:
            for path in ("/statistik", "/statistik/arenden", "/statistik/forslag"):
                page = await browser.get(f"{path}?{query}&kolumn=totalt")

                assert page.status_code == 422, (path, query)
                assert '<p class="alert" role="alert">' in page.text


async def test_an_unknown_column_is_said(town: Town) -> None:
    page = await town.get("rita", "/statistik/arenden?period=2026-01&kolumn=m%C3%A5l_%25")

    assert page.status_code == 422
    assert "Den siffran finns inte" in page.text


async def test_each_choice_is_an_address_that_narrows_the_page(town: Town) -> None:
    async for browser in town.sign_in("rita"):
        whole = amount_of_all((await browser.get("/statistik?period=2026")).text)
        parts = []
        for kind in Kind:
            page = (await browser.get(f"/statistik?period=2026&typ={kind}")).text
            parts.append(amount_of_all(page))
            assert f'aria-current="true">{kind.capitalize()}</a>' in page
        assert sum(parts) == whole > 100
        for link in sorted(set(re.findall(r'<li><a href="(/statistik\?[^"]+)"', page)))[::4]:
            assert (await browser.get(html.unescape(link))).status_code == 200, link


def amount_of_all(page: str) -> int:
    return next(int(text) for text, address in figures_in(page) if address.endswith("kolumn=totalt"))


async def test_what_has_changed_since_is_counted_at_the_next_look(town: Town) -> None:
    async for browser in town.sign_in("rita"):
        before = amount_of_all((await browser.get("/statistik?period=2026")).text)
        one = next(
            row for row in town.house.cases() if str(row["received_at"].year) == "2026" and row["kind"]
        )
        was = one["status"]
        assert was not in {"karantän", "överlämnad"}
        with town.house.store.write() as transaction:
            changed = update(tables.cases).where(tables.cases.c.id == one["id"]).values(status="överlämnad")
            transaction.connection.execute(changed)

        assert amount_of_all((await browser.get("/statistik?period=2026")).text) == before - 1


async def test_an_empty_house_has_a_page_with_dashes(make_house: Make, town: Town) -> None:
    with town.house.store.write() as transaction:
        everything = update(tables.cases).values(status="dubblett")
        transaction.connection.execute(everything)

    page = await town.get("rita", "/statistik")

    assert page.status_code == 200
    assert "Synpunkter 0" in words_of(page.text)
    assert (await town.get("rita", "/statistik/forslag")).status_code == 200


async def test_r10_the_page_tells_how_each_class_fared(town: Town) -> None:
    with town.house.store.write() as transaction:
        judged(transaction, [(Kind.COMPLAINT, Kind.COMPLAINT)] * 30 + [(Kind.COMPLAINT, Kind.PRAISE)] * 10)

    text = words_of((await town.get("kim", "/statistik/forslag?period=2026")).text)

    assert "Förslaget på typ stod sig i 75,0 % av 40 ärenden, förslaget på faktor i 100,0 %." in text
    assert "Klagomål 40 30 75,0 % 100,0 % 80,0 % beröm 10" in text
    assert "Typ: klagomål blev beröm i 10 ärenden" in text
    page = await town.get("kim", "/statistik/arenden?period=2026&kolumn=typ_%C3%A4ndrad")
    assert amount_in(page.text) == 10


async def test_r10_each_count_leads_to_its_cases(town: Town) -> None:
    with town.house.store.write() as transaction:
        judged(transaction, [(Kind.COMPLAINT, Kind.COMPLAINT)] * 30 + [(Kind.COMPLAINT, Kind.PRAISE)] * 10)

    async for browser in town.sign_in("kim"):
        report = (await browser.get("/rapporter/R10/hela?period=2026")).text
        counts = [(text, to) for text, to in figures_in(report) if to.endswith("kolumn=antal")]
        assert len(counts) > 12
        for text, address in counts[::5]:
            listed = await browser.get(address)
            assert amount_in(listed.text) == int(text), address
        pair = "/statistik/arenden?period=2026&axel=typ&förslag=klagomål&bekräftad=beröm&kolumn=antal"
        told = words_of((await browser.get(pair)).text)
        wrong = await browser.get("/statistik/arenden?period=2026&axel=humör&kolumn=antal")

    assert "2026, typ föreslagen: klagomål, bekräftad: beröm 10 ärenden" in told
    assert wrong.status_code == 422
    assert "Axeln 'humör' finns inte. Välj typ eller faktor." in words_of(wrong.text)


def judged(transaction: object, pairs: list[tuple[Kind, Kind]]) -> None:
    """Let somebody judge as many proposals of this year's counted cases."""
    connection = transaction.connection  # type: ignore[attr-defined]
    rows = connection.execute(
        tables.cases.select().where(tables.cases.c.received_at >= read("2026").begins)
    ).mappings()
    some = [
        row
        for row in rows
        if row["status"] in {"avslutad", "tilldelad", "besvarad"} and row["suggested_kind"]
    ][: len(pairs)]
    assert len(some) == len(pairs)
    for row, (proposed, confirmed) in zip(some, pairs, strict=True):
        one = row["id"]
        message = {
            "id": one,
            "channel": "web",
            "account": "",
            "external_id": str(one),
            "dedupe_key": str(one),
        }
        message |= {
            "sha256": f"{one:064d}",
            "media_type": "x",
            "envelope_to": [],
            "given": {},
            "case_id": one,
        }
        message |= {"received_at": row["received_at"], "kept_at": row["received_at"], "state": "läst"}
        connection.execute(
            insert(tables.blobs).values(sha256=f"{one:064d}", size=1, data=b"x", kept_at=row["received_at"])
        )
        connection.execute(insert(tables.messages).values(**message))
        suggested = {"kind": proposed, "kind_confidence": 0.8, "kind_sure": True, "factor": "Mat"}
        suggested |= {"factor_confidence": 0.5, "factor_sure": True, "lanes": [], "language": "sv", "why": []}
        connection.execute(
            insert(tables.suggestions).values(
                id=one, case_id=one, message_id=one, model="full-1", made_at=row["received_at"], **suggested
            )
        )
        said = {"kind": confirmed, "factor": "Mat", "changed": proposed != confirmed, "confirmed_by": "anna"}
        connection.execute(
            insert(tables.confirmations).values(
                case_id=one, suggestion_id=one, confirmed_at=row["received_at"], **said
            )
        )
        connection.execute(
            update(tables.cases).where(tables.cases.c.id == one).values(kind=confirmed, factor="Mat")
        )
