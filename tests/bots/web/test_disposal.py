"""The pages "Gallring" and "Registerutdrag", as the registrator meets them (rows B16, B18)."""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from bots.desk.disposal import Disposal
from bots.desk.extract import Extract
from bots.web.app import build
from store.domain import Handler, Lane, Status
from store.retention import Record, Rule
from store.tables import cases
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import PEOPLE, UNITS, House, an_inbound

DECISION = "KS 2027-03-01 § 12"
RULES = (Rule(record=Record.CASE, years=2, decision_ref=DECISION), Rule(record=Record.DRAFT, days=30))
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
async def house(make_house: Callable[..., House]) -> House:
    opened = make_house()
    await opened.hear(an_inbound(text="Hjortronsylt vid gungan."))
    with opened.store.write() as transaction:
        closed = {"status": Status.CLOSED, "closed_at": opened.clock() - timedelta(days=3 * 366)}
        transaction.connection.execute(update(cases).values(closed))
    return opened


@pytest.fixture
async def rita(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async for browser in signed_in(house, "rita"):
        yield browser


async def signed_in(house: House, who: str) -> AsyncIterator[httpx.AsyncClient]:
    staff: tuple[Handler, ...] = PEOPLE
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=staff,
        units=UNITS,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        disposal=Disposal(store=house.store, rules=RULES, clock=house.clock),
        extract=Extract(
            store=house.store,
            clock=house.clock,
            find=lambda _text: [],
            municipality="Lilla kommunen",
            reader=house.acts.reader,
        ),
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        page = await browser.get("/logga-in")
        sent = {"token": token(page), "who": who, "password": PASSWORD, "next": "/gallring"}
        answer = await browser.post("/logga-in", data=sent)
        assert answer.headers["location"] == "/gallring"
        yield browser


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def seen(page: httpx.Response) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_b16_the_page_tells_what_may_go_and_deletes_nothing(
    house: House, rita: httpx.AsyncClient
) -> None:
    page = await rita.get("/gallring")

    assert page.status_code == 200
    assert f"Beslut: {DECISION}" in page.text
    assert "1 ärende, 3 handlingar, det äldsta från" in page.text
    assert "Hjortronsylt" not in page.text
    assert house.case()["status"] == Status.CLOSED
    assert [line["details"] for line in house.table("journal")][-1] == {"vad": "gallring"}


async def test_b16_the_second_step_needs_what_was_seen_and_the_decision(
    house: House, rita: httpx.AsyncClient
) -> None:
    number = house.case()["number"]
    first = await rita.post(
        "/gallring", data={"token": token(await rita.get("/gallring")), "record": "ärende"}
    )
    assert house.case()["status"] == Status.CLOSED
    sent = {"token": token(first), "record": "ärende", "seen": seen(first)}

    wrong = await rita.post("/gallring", data={**sent, "beslut": "KS 2027 § 13"})
    stale = await rita.post("/gallring", data={**sent, "seen": "9:9", "beslut": DECISION})
    before = house.case()["status"]
    done = await rita.post("/gallring", data={**sent, "beslut": DECISION})

    assert number in first.text
    assert "Det går inte att ångra" in first.text
    assert (wrong.status_code, "inte det beslut som gäller" in wrong.text) == (422, True)
    assert (stale.status_code, before) == (200, Status.CLOSED)
    assert done.headers["location"] == "/gallring?gallrat=3"
    assert house.case()["status"] == Status.DISPOSED
    protocol = await rita.get("/gallring/protokoll")
    assert protocol.content.startswith(b"\xef\xbb\xbfnummer;handlingstyp;beslut;")
    assert f"{number};ärende;{DECISION}" in protocol.text
    assert "attachment" in protocol.headers["content-disposition"]


async def test_b16_the_page_of_a_disposed_case_shows_its_status_and_none_of_its_words(
    house: House, rita: httpx.AsyncClient
) -> None:
    first = await rita.post(
        "/gallring", data={"token": token(await rita.get("/gallring")), "record": "ärende"}
    )
    sent = {"token": token(first), "record": "ärende", "seen": seen(first), "beslut": DECISION}
    await rita.post("/gallring", data=sent)

    page = await rita.get(f"/arenden/{house.case()['number']}")

    assert page.status_code == 200
    assert "gallrad" in page.text.casefold()
    assert "Hjortronsylt" not in page.text
    assert "sven.svensson" not in page.text


async def test_b16_a_rule_without_a_decision_has_no_second_step(
    house: House, rita: httpx.AsyncClient
) -> None:
    assert "Beslut saknas, så inget raderas." in (await rita.get("/gallring")).text
    answer = await rita.post(
        "/gallring", data={"token": token(await rita.get("/gallring")), "record": "utkast", "seen": "0:0"}
    )
    assert answer.status_code == 303
    assert house.table("disposals") == []


async def test_b16_the_registrator_holds_a_case_and_lets_it_go_again(
    house: House, rita: httpx.AsyncClient
) -> None:
    number = house.case()["number"]
    key = token(await rita.get("/gallring"))
    without = await rita.post("/gallring/sparr", data={"token": key, "nummer": number, "orsak": " "})

    held = await rita.post("/gallring/sparr", data={"token": key, "nummer": number, "orsak": "Tvist"})
    page = await rita.get("/gallring")
    await rita.post("/gallring/sparr/hav", data={"token": key, "nummer": number})

    assert without.status_code == 422
    assert held.status_code == 303
    assert "1 rörs inte: spärrat av registratorn" in page.text
    assert "Inget att gallra i dag." in page.text
    assert "1 ärende, 3 handlingar" in (await rita.get("/gallring")).text


async def test_b16_nobody_holds_a_case_that_they_may_not_see(house: House, rita: httpx.AsyncClient) -> None:
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).values(barred=["rita"], lanes=[Lane.NAMED_EMPLOYEE]))
    number = house.case()["number"]

    answers = [
        await rita.post(
            "/gallring/sparr",
            data={"token": token(await rita.get("/gallring")), "nummer": one, "orsak": "Tvist"},
        )
        for one in (number, "SYN-2026-999999")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert house.table("holds") == []


async def test_c3_nobody_but_the_registrator_disposes_or_holds(house: House) -> None:
    number = house.case()["number"]
    async for browser in signed_in(house, "anna"):
        menu = await browser.get("/arenden")
        sent = {"token": token(menu), "record": "ärende", "beslut": DECISION, "nummer": number, "orsak": "x"}
        answers = [
            await browser.get("/gallring"),
            await browser.get("/gallring/protokoll"),
            await browser.get("/registerutdrag"),
            await browser.post("/registerutdrag", data={**sent, "adresser": "x@example.org"}),
            *[
                await browser.post(path, data=sent)
                for path in ("/gallring", "/gallring/sparr", "/gallring/sparr/hav")
            ],
        ]

        assert 'href="/handlingar"' not in menu.text
        assert [answer.status_code for answer in answers] == [403] * 7
    assert (house.table("holds"), house.case()["status"]) == ([], Status.CLOSED)


async def test_b18_the_extract_is_counted_first_and_then_handed_out_as_a_file(
    house: House, rita: httpx.AsyncClient
) -> None:
    key = token(await rita.get("/registerutdrag"))
    sent = {"token": key, "adresser": "sven.svensson@example.org\r\nannan@example.org"}

    nothing = await rita.post("/registerutdrag", data={**sent, "adresser": " "})
    counted = await rita.post("/registerutdrag", data=sent)
    fetched = await rita.post("/registerutdrag", data={**sent, "hämta": "ja"})

    assert nothing.status_code == 422
    assert "<li>1 ärende</li>" in counted.text
    assert "Hjortronsylt" not in counted.text
    assert fetched.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        assert b"Hjortronsylt" in archive.read("registerutdrag.json")


async def test_b18_the_case_shows_what_was_put_right_and_how_it_stood(
    house: House, rita: httpx.AsyncClient
) -> None:
    number = house.case()["number"]
    address = f"/arenden/{number}/ratta"
    page = await rita.get(address)
    version = str(house.case()["version"])
    sent = {"token": token(page), "version": version, "uppgift": "avsändarens namn", "ny": "Sven Svärd"}

    without = await rita.post(address, data=sent)
    stale = await rita.post(address, data={**sent, "varfor": "Fel namn", "version": "999"})
    done = await rita.post(address, data={**sent, "varfor": "Fel namn"})
    case = await rita.get(f"/arenden/{number}")

    assert f'href="{address}"' in case.text
    assert (without.status_code, stale.status_code) == (422, 409)
    assert "Sven Svärd" in without.text
    assert done.headers["location"] == f"/arenden/{number}?klart=rattat"
    assert '<h2 id="rattat">Rättat</h2>' in case.text
    assert "Förut: Sven Svensson · Fel namn · Rita Lund" in case.text
