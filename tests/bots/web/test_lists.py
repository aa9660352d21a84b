"""Search, filters and saved filters, as a handler meets them."""

import html
import re

import httpx
import pytest
from sqlalchemy import select

from store.domain import Kind, Lane
from store.journal import READING
from store.tables import journal
from tests.bots.web.house import House, a_suggestion, log_in, token_of
from tests.bots.web.test_console import numbers_in, staff_page

EVIL = "<script>alert(1)</script>"


async def test_a_search_finds_words_and_marks_them_escaped(house: House) -> None:
    found = house.add_case(f"Gungan {EVIL} är trasig", title="Lekplatsen")
    house.add_case("Maten är kall", title="Mat")

    page = await staff_page(house, "/arenden?visa=alla&q=gungor")

    assert numbers_in(page) == [found]
    assert "<mark>Gungan</mark> &lt;script&gt;alert(1)&lt;/script&gt; är trasig" in page.text
    assert '<p class="amount-found" role="status">1 ärende</p>' in page.text
    assert 'name="q" value="gungor"' in page.text


async def test_r14_a_search_is_noted_with_who_and_how_many_but_not_with_its_words(house: House) -> None:
    house.add_case("Gungan är trasig", title="Lekplatsen")

    await staff_page(house, "/arenden?visa=alla")
    await staff_page(house, "/arenden?visa=alla&q=gungor")

    with house.store.read() as transaction:
        noted = [
            (row["actor"], row["case_id"], row["details"])
            for row in transaction.rows(select(journal))
            if row["act"] == READING
        ]
    assert noted == [("anna", None, {"vad": "sökning", "träffar": "1"})]


async def test_what_is_found_nowhere_is_told_with_what_to_do(house: House) -> None:
    house.add_case()

    page = await staff_page(house, "/arenden?visa=alla&q=zzz")

    assert "Inget ärende stämmer med det du har valt. Ta bort ett filter" in page.text


async def test_each_filter_is_a_chip_whose_link_leaves_the_others(house: House) -> None:
    one = house.add_case("a", title="a", suggestion=a_suggestion(Kind.COMPLAINT), lanes=[Lane.APPEAL])
    house.add_case("b", title="b", suggestion=a_suggestion(Kind.PRAISE), lanes=[Lane.APPEAL])

    page = await staff_page(house, "/arenden?typ=klagomål&enhet=gata&flagga=överklagande")
    chips = [
        (" ".join(re.sub(r"<[^>]+>", "", words).split()), html.unescape(url))
        for url, words in re.findall(
            r'<li><a href="(/arenden[^"]*)"><span class="unseen">(.*?)</a></li>', page.text
        )
    ]

    assert numbers_in(page) == [one]
    assert [words for words, _ in chips] == [
        "Ta bort filtret Typ: Klagomål ×",
        "Ta bort filtret Enhet: Gata och park ×",
        "Ta bort filtret Flagga: Kan vara ett överklagande ×",
    ]
    assert chips[1][1] == "/arenden?typ=klagom%C3%A5l&flagga=%C3%B6verklagande"


@pytest.mark.parametrize(
    "query",
    [
        "visa=hittepå",
        "typ=hittepå&faktor=x&flagga=y&status=z&kanal=q",
        "fran=igår&till=2026-13-45",
        "fran=0001-01-01&till=9999-12-31",
        "efter=x&fore=1.x.y",
        "efter=0.2026-12-04.99999999999999",
        "efter=0.0001-01-01.1&fore=1.9999-12-31.3",
        "enhet=%00&ansvarig=%ff&q=%00",
        "q=%22%22%22&visa=alla",
        "q=" + "a" * 5000,
        "sida=2",
    ],
)
async def test_an_odd_address_is_the_list_all_the_same(house: House, query: str) -> None:
    house.add_case()

    page = await staff_page(house, f"/arenden?{query}")

    assert page.status_code == 200


async def test_old_addresses_of_lists_still_lead_there(house: House) -> None:
    number = house.add_case()

    page = await staff_page(house, "/arenden?visa=mina&sida=1")

    assert numbers_in(page) == [number]


async def test_c3_a_list_of_another_role_is_the_ordinary_one_and_is_not_shown(house: House) -> None:
    anna = await staff_page(house, "/arenden?visa=registrera")
    bo = await staff_page(house, "/arenden?visa=registrera", who="bo")

    assert ["?visa=registrera" in page.text for page in (anna, bo)] == [False, True]
    assert '<a href="/arenden" aria-current="page">Öppna' in anna.text


async def post(browser: httpx.AsyncClient, path: str, **sent: str) -> httpx.Response:
    page = await browser.get("/arenden")
    return await browser.post(path, data={"token": token_of(page), **sent})


async def test_a_filter_is_saved_opened_and_removed_without_a_script(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    saved = await post(
        browser, "/arenden/filter", name="  Mina  klagomål ", query="visa=mina&typ=klagomål&x=1&efter=2"
    )
    page = await browser.get(saved.headers["location"])
    gone = await post(browser, "/arenden/filter/bort", name="Mina klagomål", query="visa=mina")
    after = await browser.get(gone.headers["location"])

    assert saved.headers["location"] == "/arenden?visa=mina&typ=klagom%C3%A5l&klart=filter"
    assert "Filtret är sparat." in page.text
    assert '<li><a href="/arenden?visa=mina&amp;typ=klagom%C3%A5l">Mina klagomål</a></li>' in page.text
    assert "Filtret är borttaget." in after.text
    assert "Mina klagomål</a>" not in after.text


async def test_a_filter_without_a_name_or_one_too_many_is_refused_with_what_to_do(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    nameless = await post(browser, "/arenden/filter", name=" ", query="typ=klagomål")
    for n in range(30):
        await post(browser, "/arenden/filter", name=f"filter {n}", query="typ=klagomål")
    full = await post(browser, "/arenden/filter", name="ett till", query="typ=klagomål")

    assert nameless.headers["location"].endswith("klart=filter-namn")
    assert "Ta bort ett som du inte använder" in (await browser.get(full.headers["location"])).text


async def test_a_filter_is_not_saved_without_the_page_s_token(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    refused = await browser.post(
        "/arenden/filter", data={"name": "x", "query": "typ=klagomål", "token": "gissat"}
    )

    assert refused.status_code == 403
    assert ">x</a>" not in (await browser.get("/arenden")).text


async def test_the_keyboard_script_is_a_file_of_our_own(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    page = await browser.get("/arenden")
    sources = re.findall(r'<script src="([^"]+)" defer></script>', page.text)
    scripts = [await browser.get(source) for source in sources]

    assert any(source.startswith("/static/console.js?") for source in sources)
    assert {script.status_code for script in scripts} == {200}
    assert all(script.headers["content-type"].startswith("text/javascript") for script in scripts)
