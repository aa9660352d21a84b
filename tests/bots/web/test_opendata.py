"""Open data on our pages: off until it is turned on, the same for everybody, and made once a day (B35)."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from bots.parts import build_open_data
from bots.settings import SettingsError, load
from tests.bots.test_settings import RIGHT
from tests.bots.web.whole import everything
from tests.house import House
from tests.store.figures.test_signals import put

PATHS = ("/oppna-data", "/oppna-data/synpunkter.csv", "/oppna-data/dcat.jsonld")
TURNED_ON = "\n[open_data]\nenabled = true\n"


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


@pytest.fixture
async def anybody(house: House) -> AsyncIterator[httpx.AsyncClient]:
    put(house.store, 7, "2026-08")
    put(house.store, 3, "2026-05")
    transport = httpx.ASGITransport(app=everything(house), client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        yield browser


async def test_b35_the_file_has_what_is_many_and_hides_what_is_few(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get(PATHS[1])

    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "år;kvartal;nämnd;typ;faktor;antal;i_tid_%"
    assert "2026;3;Lilla kommunen;klagomål;Bemötande;7;" in lines
    assert "2026;2;Lilla kommunen;klagomål;Bemötande;<5;" in lines
    assert len(lines) == 1 + 2 * 36 + 1
    assert not [line for line in lines if line.startswith("#")]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "set-cookie" not in answer.headers


async def test_b35_the_catalogue_leads_to_the_file_and_the_page_to_both(anybody: httpx.AsyncClient) -> None:
    page = (await anybody.get(PATHS[0])).text
    written = json.loads((await anybody.get(PATHS[2])).content)

    (file,) = [node for node in written["@graph"] if node["@type"] == "dcat:Distribution"]
    where = file["dcat:downloadURL"]["@id"].removeprefix("https://tycktill.lillkommun.example")
    assert (await anybody.get(where)).status_code == 200
    assert f'href="{PATHS[1]}"' in page
    assert f'href="{PATHS[2]}"' in page
    assert "Kvartalen 2026-K2 till 2026-K3." in page
    assert "data@example.org" in page


async def test_the_file_is_made_once_a_day_whoever_asks(house: House, anybody: httpx.AsyncClient) -> None:
    first = (await anybody.get(PATHS[1])).content
    put(house.store, 9, "2026-05")
    again = (await anybody.get(PATHS[1])).content
    house.clock.forward(days=1)
    tomorrow = (await anybody.get(PATHS[1])).content

    assert first == again
    assert b";12;" in tomorrow
    assert b";12;" not in first


@pytest.mark.parametrize("language", ["en", "fi"])
async def test_l10_the_page_speaks_three_languages(anybody: httpx.AsyncClient, language: str) -> None:
    page = (await anybody.get(f"{PATHS[0]}?sprak={language}")).text

    assert f'<html lang="{language}">' in page
    assert "&lt;5" in page
    assert "CC0 1.0" in page


async def test_without_the_setting_there_is_no_such_page(house: House) -> None:
    transport = httpx.ASGITransport(app=everything(house, open_data=None), client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        assert [(await browser.get(path)).status_code for path in PATHS] == [404, 404, 404]


def test_it_is_off_until_the_configuration_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(RIGHT, encoding="utf-8")
    off = build_open_data(load(file))
    file.write_text(RIGHT + TURNED_ON, encoding="utf-8")
    source = build_open_data(load(file))

    assert off is None
    assert source is not None
    assert (source.publisher, source.contact, source.url) == (
        "Lilla kommunen",
        "synpunkt@lillkommun.example",
        "https://tycktill.lillkommun.example",
    )


def test_it_needs_pages_to_be_found_on(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    without = RIGHT.partition("[web]")[0] + "[triage]" + RIGHT.partition("[triage]")[2]
    file.write_text(without + TURNED_ON, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"\[open_data\], nyckel enabled: kräver \[web\]"):
        load(file)
