"""The page "Arkiv", as the registrator meets it (rows B17, K13; C3)."""

import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from bots.desk.archive import checks
from bots.desk.archive.checks import Fault, NotValidError
from bots.web.app import build
from store import cases, scans
from store.archive import TO_ARCHIVE, TO_DIARY
from store.domain import ScanState
from tests.bots.desk.archive.rig import archive_of
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import PEOPLE, SENDER, UNITS, House, an_inbound

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
NUMBER = "SYN-2026-000001"


@pytest.fixture
async def house(make_house: Callable[..., House]) -> House:
    opened = make_house()
    await opened.hear(an_inbound(), an_inbound(text="Skolgården är fin.", subject="Skolan"))
    return opened


@pytest.fixture
async def rita(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async for browser in signed_in(house, "rita"):
        yield browser


async def signed_in(house: House, who: str) -> AsyncIterator[httpx.AsyncClient]:
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=PEOPLE,
        units=UNITS,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        archive=archive_of(house),
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        page = await browser.get("/logga-in")
        await browser.post(
            "/logga-in", data={"token": token(page), "who": who, "password": PASSWORD, "next": "/arkiv"}
        )
        yield browser


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def post(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    page = await browser.get("/registrera")
    return await browser.post("/arkiv", data={"token": token(page), **fields})


def given(house: House, act: str) -> list[tuple[str, str]]:
    """List who gave away what, by the journal: (who, sum)."""
    return [(row["actor"], row["details"]["summa"]) for row in house.table("journal") if row["act"] == act]


async def test_b17_the_registrator_gets_a_package_of_a_case_that_holds(
    house: House, rita: httpx.AsyncClient
) -> None:
    answer = await post(rita, vad="arkiv", nummer=f" {NUMBER} ")

    assert answer.headers["content-type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="SYN-2026-000001-\d{8}T\d{6}Z\.zip".*', answer.headers["content-disposition"]
    )
    assert list(checks.faults(io.BytesIO(answer.content))) == []
    assert given(house, TO_ARCHIVE) == [("rita", hashlib.sha256(answer.content).hexdigest())]


async def test_b17_the_registrator_gets_a_package_of_a_units_period(
    house: House, rita: httpx.AsyncClient
) -> None:
    unit = house.cases()[1]["unit"]

    answer = await post(rita, vad="period", fran="2026-11-01", till="2026-11-30", enhet=unit)

    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    number = house.cases()[1]["number"]
    assert {name.split("/")[5] for name in names if "/data/arenden/" in name} == {number}


async def test_k13_the_registrator_gets_the_package_for_the_main_diary(
    house: House, rita: httpx.AsyncClient
) -> None:
    answer = await post(rita, vad="diarium", nummer=NUMBER)

    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"{NUMBER}-diarium/arende.json" in names
    assert given(house, TO_DIARY) == [("rita", hashlib.sha256(answer.content).hexdigest())]


async def test_b15_what_is_protected_comes_only_where_it_is_asked_for(
    house: House, rita: httpx.AsyncClient
) -> None:
    with house.store.write() as transaction:
        cases.note(transaction, house.cases()[0]["id"], protected=True)

    without = await post(rita, vad="arkiv", nummer=NUMBER)
    asked = await post(rita, vad="arkiv", nummer=NUMBER, skyddade="ja")

    assert SENDER.encode() not in without.content
    assert SENDER.encode() in asked.content
    assert "-skyddade.zip" in asked.headers["content-disposition"]


async def test_b17_a_file_with_a_virus_is_told_before_the_package_is_made_without_it(
    house: House, rita: httpx.AsyncClient
) -> None:
    with house.store.write() as transaction:
        scans.settle(transaction, 1, ScanState.FOUND, found=[(scans.WHOLE, "Prov.Elak")], now=house.clock())

    for fields in (
        {"vad": "arkiv", "nummer": NUMBER},
        {"vad": "diarium", "nummer": NUMBER},
        {"vad": "period", "fran": "2026-11-01", "till": "2026-11-30"},
    ):
        asked = await post(rita, **fields)
        made = await post(rita, **fields, utan="ja")

        assert (asked.status_code, asked.text.count('name="utan"')) == (422, 1)
        assert f'<a href="/arenden/{NUMBER}">{NUMBER}</a>: original.eml' in asked.text
        assert made.headers["content-type"] == "application/zip"
    assert len(given(house, TO_DIARY)) == 1
    assert len(given(house, TO_ARCHIVE)) == 3  # one case, and both of the period


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"vad": "arkiv", "nummer": "SYN-1999-000001"}, "Inget ärende som du får se passar."),
        ({"vad": "diarium", "nummer": ""}, "Inget ärende som du får se passar."),
        ({"vad": "arkiv", "nummer": NUMBER, "skyddade": "ja"}, "Inget ärende som du får se passar."),
        ({"vad": "period", "fran": "1999-01-01", "till": "1999-01-02"}, "Inget ärende som du får se passar."),
        ({"vad": "period", "fran": "2026-12-31", "till": "2026-01-01"}, "den tidigare först"),
        ({"vad": "period", "fran": "i går", "till": ""}, "den tidigare först"),
        ({}, "den tidigare först"),
    ],
)
async def test_what_can_not_be_made_is_told_and_what_was_typed_stays(
    house: House, rita: httpx.AsyncClient, fields: dict[str, str], said: str
) -> None:
    answer = await post(rita, **fields)

    assert answer.status_code == 422
    assert said in answer.text
    assert [
        value for name, value in fields.items() if name in {"nummer", "fran"} and value not in answer.text
    ] == []
    assert given(house, TO_ARCHIVE) + given(house, TO_DIARY) == []


async def test_b17_a_package_that_does_not_hold_is_told_by_its_rule_and_not_given(
    house: House, rita: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise NotValidError([Fault(rule="CSIP71", where="a", what="b")])

    monkeypatch.setattr(checks, "check", broken)

    answer = await post(rita, vad="arkiv", nummer=NUMBER)

    assert answer.status_code == 422
    assert "CSIP71" in answer.text
    assert given(house, TO_ARCHIVE) == []


async def test_c3_a_case_that_is_about_the_registrator_is_not_theirs_to_take_out(
    house: House, rita: httpx.AsyncClient
) -> None:
    with house.store.write() as transaction:
        cases.note(transaction, house.cases()[0]["id"], barred=["rita"])

    for what in ("arkiv", "diarium"):
        assert (await post(rita, vad=what, nummer=NUMBER)).status_code == 422


async def test_c3_nobody_else_has_the_page_or_its_act(house: House) -> None:
    async for anna in signed_in(house, "anna"):
        assert (await anna.get("/arkiv")).status_code == 403
        assert (await post(anna, vad="arkiv", nummer=NUMBER)).status_code == 403
        assert 'href="/handlingar"' not in (await anna.get("/arenden")).text


async def test_a_link_brings_the_number_of_a_case_to_the_page(rita: httpx.AsyncClient) -> None:
    assert f'href="/arkiv?nummer={NUMBER}"' in (await rita.get(f"/arenden/{NUMBER}")).text

    page = await rita.get(f"/arkiv?nummer={NUMBER}")

    assert f'value="{NUMBER}"' in page.text
    assert '<a href="/arkiv" aria-current="page">Arkivpaket</a>' in page.text
