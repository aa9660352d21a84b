"""What a script gives in a case is extra: vendored, pinned, allowed little, and possible to turn off."""

import hashlib
import html
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bots.web.show import STATIC
from tests.bots.web.test_work import MANAGED, Desk, at_work, words
from tests.house import House, an_inbound

Make = Callable[..., House]
ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        await one.house.hear(an_inbound())
        await one.sign_in("anna")
        yield one


def test_htmx_is_the_very_file_that_is_told() -> None:
    told = (ROOT / "docs" / "vendored.md").read_text(encoding="utf-8")

    assert hashlib.sha256((STATIC / "htmx.js").read_bytes()).hexdigest() in told


async def test_htmx_may_evaluate_nothing_and_ask_nobody_but_us(desk: Desk) -> None:
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", await desk.page())

    assert found is not None
    config = json.loads(html.unescape(found[1]))
    assert (config["allowEval"], config["includeIndicatorStyles"], config["selfRequestsOnly"]) == (
        False,
        False,
        True,
    )


async def test_only_the_pages_of_a_case_may_ask_and_only_us(desk: Desk) -> None:
    case = (await desk.browser.get(desk.url)).headers["content-security-policy"]
    others = [(await desk.browser.get(path)).headers["content-security-policy"] for path in ("/", "/svar")]

    assert "connect-src 'self'" in case
    assert "'unsafe" not in case
    assert [("connect-src" in one, "'unsafe" in one) for one in others] == [(False, False), (False, False)]


@pytest.mark.parametrize("path", ["/", "/svar", "/logga-in"])
async def test_the_pages_of_citizens_have_no_script_of_a_case(desk: Desk, path: str) -> None:
    desk.browser.cookies.clear()

    page = (await desk.browser.get(path)).text

    assert "htmx" not in page
    assert "case.js" not in page


async def test_every_key_is_told_on_the_page_and_has_something_to_press(desk: Desk) -> None:
    page = await desk.page()
    script = (STATIC / "case.js").read_text(encoding="utf-8")

    told = re.findall(r"<kbd>(.)</kbd>", page)
    assert told == ["b", "ä", "s", "a", "j", "k", "?"]
    assert all(f"{key}: () =>" in script or f'"{key}": () =>' in script for key in told)
    assert [key for key in "bäs" if f'data-tangent="{key}"' in page] == ["b", "ä", "s"]
    assert 'id="tangenter-av" hidden' in page


async def test_without_a_script_the_proposal_is_confirmed_by_the_same_form(desk: Desk) -> None:
    page = await desk.page()
    form = re.search(r'<form hx-post="([^"]+)"[^>]* method="post" action="([^"]+/bekrafta)">', page)

    assert form is not None
    assert form[1] == form[2] == f"{desk.url}/bekrafta"
    assert "Bekräfta förslaget" in words(await desk.browser.get(desk.url))
