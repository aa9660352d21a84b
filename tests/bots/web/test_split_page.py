"""The page on which a message is divided: nothing typed is lost, and no script is needed (C5:1)."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from store.domain import Purpose
from tests.bots.web.test_work import MANAGED, Desk, at_work, hidden, words
from tests.house import House, an_inbound

Make = Callable[..., House]
TEXT = "Gungan är trasig. Maten i skolan är kall."
TOLD = {
    "title-1": "Gungan",
    "words-1": "Gungan är trasig.",
    "title-2": "Maten",
    "words-2": "Maten i skolan är kall.",
    "unit-2": "skola",
    "kind-2": "klagomål",
    "factor-2": "Mat",
}


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        await one.house.hear(an_inbound(text=TEXT))
        await one.sign_in("anna")
        yield one


async def send(desk: Desk, **typed: str) -> httpx.Response:
    path = f"/arenden/{desk.house.cases()[0]['number']}/dela"
    page = await desk.browser.get(path)
    return await desk.browser.post(path, data=hidden(page) | typed)


async def test_the_page_begins_with_two_parts_that_hold_all_the_words(desk: Desk) -> None:
    page = await desk.browser.get(f"{desk.url}/dela")

    assert page.text.count(TEXT) == 2
    assert 'value="Trasig gunga"' in page.text


async def test_a_message_is_divided_from_the_case(desk: Desk) -> None:
    case = await desk.page()

    sent = await send(desk, **TOLD)

    first, second = desk.house.cases()
    assert f'href="/arenden/{first["number"]}/dela"' in case
    assert (sent.status_code, sent.headers["location"]) == (303, f"/arenden/{first['number']}?klart=delat")
    assert [(one["title"], one["unit"], one["factor"]) for one in (first, second)] == [
        ("Gungan", "park", ""),
        ("Maten", "skola", "Mat"),
    ]
    assert len(desk.house.outbox(purpose=Purpose.SPLIT)) == 1
    assert "Avsändaren får ett brev" in words(await desk.browser.get(sent.headers["location"]))


async def test_one_part_more_and_one_less_keep_what_was_typed(desk: Desk) -> None:
    more = await send(desk, **TOLD, gor="fler")
    less = await desk.browser.post(str(more.url), data=hidden(more) | TOLD | {"gor": "farre"})

    assert ('name="title-3"' in more.text, 'name="title-3"' in less.text) == (True, False)
    assert ('value="Maten"' in more.text, 'value="Maten"' in less.text) == (True, True)
    assert len(desk.house.cases()) == 1


async def test_a_part_without_a_title_is_told_and_nothing_is_lost(desk: Desk) -> None:
    page = await send(desk, **(TOLD | {"title-2": ""}))

    assert page.status_code == 422
    assert "Ge varje del en rubrik." in words(page)
    assert "Maten i skolan är kall." in page.text
    assert len(desk.house.cases()) == 1


async def test_a_page_that_is_old_divides_nothing_and_can_be_sent_again(desk: Desk) -> None:
    old = await send(desk, **TOLD, version="1000")

    assert (old.status_code, len(desk.house.cases())) == (409, 1)
    again = await desk.browser.post(str(old.url), data=hidden(old) | TOLD)
    assert (again.status_code, len(desk.house.cases())) == (303, 2)


@pytest.mark.parametrize("typed", [{"unit-2": "x"}, {"handler-2": "nobody"}])
async def test_a_unit_or_person_that_is_not_there_is_refused(desk: Desk, typed: dict[str, str]) -> None:
    assert (await send(desk, **(TOLD | typed))).status_code == 400
