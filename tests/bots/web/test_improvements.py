"""What synpunkter led to: public once a manager says so, in words that tell of nobody, until withdrawn."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from bots.web.improvements import OWN, PATH
from store import journal
from store.domain import Factor, Kind, Outcome
from tests.bots.web.house import PASSWORD
from tests.bots.web.whole import everything
from tests.house import SENDER, UNITS, House, an_inbound

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
MANAGED = tuple(replace(unit, managers=("petra",)) for unit in UNITS)
TEXT = "Alla gungor i parkerna kontrolleras nu varje månad."
NUMBER = "SYN-2026-000001"
PAGE = f"/arenden/{NUMBER}/publicera"


@pytest.fixture
async def house(make_house: Callable[..., House]) -> House:
    """Open a house whose only case was answered with a measure, and closed."""
    opened = make_house(units=MANAGED)
    await opened.hear(an_inbound())
    case = opened.case()

    def version() -> int:
        return int(opened.case()["version"])

    acts = opened.acts
    acts.confirm(case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version())
    acts.answer(
        case["id"], "Den är lagad.", Outcome.DONE, by="anna", version=version(), measure="Gungan är lagad."
    )
    await opened.deliver()
    acts.close(case["id"], by="anna", version=version())
    return opened


async def signed_in(house: House, who: str = "") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=everything(house), client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        if who:
            page = await browser.get("/logga-in")
            await browser.post("/logga-in", data=fields(page) | {"who": who, "password": PASSWORD})
        yield browser


@pytest.fixture
async def petra(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async for browser in signed_in(house, "petra"):
        yield browser


@pytest.fixture
async def anybody(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async for browser in signed_in(house):
        yield browser


def fields(page: httpx.Response) -> dict[str, str]:
    """Return what the last form of a page carries hidden."""
    last = page.text.rpartition("<form")[2]
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', last))
    assert "token" in found, page.text
    return found


async def send(browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    page = await browser.get(PAGE)
    return await browser.post(PAGE, data=fields(page) | typed)


def acts_of(house: House) -> list[tuple[str, str]]:
    return [(row["actor"], row["act"]) for row in house.table("journal") if "förbättring" in row["act"]]


async def test_nothing_is_public_until_a_manager_approves_it(
    house: House, petra: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    before = await anybody.get(PATH)
    page = await petra.get(PAGE)
    answer = await send(petra, text=TEXT)
    after = await anybody.get(PATH)

    assert "Här finns inget ännu" in before.text
    assert ">Gungan är lagad.</textarea>" in page.text
    assert answer.headers["location"] == f"/arenden/{NUMBER}?klart=publicerat"
    assert TEXT in after.text
    assert "<h3>Gata och park</h3>" in after.text
    assert "1 förbättring<" in after.text
    assert not [one for one in (NUMBER, SENDER, "Svensson", "Gungan är lagad") if one in after.text]
    assert acts_of(house) == [("petra", "förbättring publicerad")]


async def test_what_is_withdrawn_is_gone_for_everybody(
    house: House, petra: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    await send(petra, text=TEXT)
    page = await petra.get(PAGE)
    form = page.text.split("<form")[2]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))

    await petra.post(PAGE, data=hidden)

    assert hidden["gor"] == "dra-in"
    assert TEXT not in (await anybody.get(PATH)).text
    assert [act for _, act in acts_of(house)] == ["förbättring publicerad", "förbättring indragen"]


@pytest.mark.parametrize(
    ("text", "may_stand"),
    [
        ("Vi har ringt Sven Svensson och lagat gungan.", True),
        ("Ring 070-174 06 05 om gungan går sönder.", False),
        ("Skriv till sven@example.org om gungan går sönder.", False),
    ],
)
async def test_a_text_that_tells_of_a_person_is_remarked_on_and_not_lost(
    house: House, petra: httpx.AsyncClient, anybody: httpx.AsyncClient, text: str, may_stand: bool
) -> None:
    answer = await send(petra, text=text)
    again = await petra.post(PAGE, data=fields(answer) | {"text": text, "anda": "ja"})

    assert answer.status_code == 422
    assert "Skriv om den utan" in answer.text
    assert f">{text}</textarea>" in answer.text
    assert ('name="anda"' in answer.text) == may_stand
    assert again.status_code == (303 if may_stand else 422)
    assert (text in (await anybody.get(PATH)).text) == may_stand
    approved = [row["details"] for row in house.table("journal") if row["act"] == "förbättring publicerad"]
    assert [one["trots anmärkningar"] for one in approved] == ["1"] * may_stand


async def test_only_the_manager_of_the_unit_comes_to_the_pages(house: House) -> None:
    for who, case_status, own_status in (
        ("petra", 200, 200),
        ("anna", 403, 403),
        ("omar", 403, 403),
        ("", 303, 303),
    ):
        async for browser in signed_in(house, who):
            assert (await browser.get(PAGE)).status_code == case_status, who
            assert (await browser.get(OWN)).status_code == own_status, who
    async for browser in signed_in(house, "anna"):
        token = re.search(r'name="token" value="([^"]+)"', (await browser.get("/arenden")).text)
        assert token is not None
        sent = {"token": token[1], "version": str(house.case()["version"]), "text": TEXT}
        assert (await browser.post(PAGE, data=sent)).status_code == 403
    assert house.table("improvements") == []


async def test_an_open_case_says_why_nothing_can_be_published(house: House, petra: httpx.AsyncClient) -> None:
    case = house.case()
    house.acts.reopen(case["id"], by="anna", reason="Den gick sönder igen.", version=case["version"])

    page = await petra.get(PAGE)

    assert "Ärendet är inte avslutat." in page.text
    assert "<textarea" not in page.text


async def test_a_page_that_somebody_else_has_changed_under_saves_nothing(
    house: House, petra: httpx.AsyncClient
) -> None:
    old = fields(await petra.get(PAGE))
    await send(petra, text=TEXT)

    answer = await petra.post(PAGE, data=old | {"text": "Något annat."})

    assert answer.status_code == 409
    assert [row["text"] for row in house.table("improvements")] == [TEXT]


async def test_the_list_has_what_waits_and_what_is_public(petra: httpx.AsyncClient) -> None:
    before = (await petra.get(OWN)).text
    await send(petra, text=TEXT)
    after = (await petra.get(OWN)).text

    assert "Gungan är lagad." in before
    assert TEXT not in before
    assert "Inget väntar." in after
    assert TEXT in after
    assert "godkänt av Petra Holm" in after


async def test_r14_that_somebody_looked_at_the_case_or_the_list_is_journaled(
    house: House, petra: httpx.AsyncClient
) -> None:
    await petra.get(PAGE)
    await petra.get(OWN)

    read = [row for row in house.table("journal") if row["act"] == journal.READING]
    assert [(row["actor"], row["case_id"]) for row in read] == [
        ("petra", house.case()["id"]),
        ("petra", None),
    ]


async def test_l10_the_page_speaks_three_languages_and_its_texts_say_that_they_are_swedish(
    petra: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    await send(petra, text=TEXT)

    for language, title in (
        ("en", "What your feedback has led to"),
        ("fi", "Mihin palautteenne on johtanut"),
    ):
        page = (await anybody.get(f"{PATH}?sprak={language}")).text
        assert f"<h1>{title}</h1>" in page
        assert f'<html lang="{language}">' in page
        assert re.search(rf'<section class="card" lang="sv">.*{TEXT}', page, re.DOTALL)
