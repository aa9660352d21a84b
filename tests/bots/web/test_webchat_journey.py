import asyncio
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from store.domain import Purpose
from store.engine import Store
from tests.bots.web.served import CHROMIUM, chromium, served
from tests.bots.web.talking import Town
from tests.house import ANNA

WORDS = "Gungan i parken är trasig."


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with chromium() as opened:
        yield opened


@pytest.mark.journey
@pytest.mark.parametrize("with_script", [True, False], ids=["with a script", "without"])
def test_a_talk_from_the_first_word_to_the_answer_that_is_seen_to_arrive(
    chrome: Browser, store: Store, with_script: bool
) -> None:
    town = Town(store=store, at_once=True)
    context = chrome.new_context(java_script_enabled=with_script)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    with served(town.app) as address:
        page.goto(f"{address}/chatt")
        page.get_by_label("Skriv till oss").fill(WORDS)
        town.house.clock.forward(seconds=5)
        page.get_by_role("button", name="Skicka").click()
        expect(page.locator("li.own")).to_contain_text(WORDS)
        see(page, ANNA.name, with_script=with_script)
        expect(page.get_by_label("Skriv till oss")).to_have_value("")

        see(page, "Stämmer det?", with_script=with_script)
        page.get_by_role("button", name="Klagomål").click()
        expect(page.locator("li.own").nth(1)).to_contain_text("Klagomål")

        # It changes the case that is answered.
        until(page, lambda: bool(town.house.case()["chosen_kind"]))
        town.answer()
        assert town.loop is not None
        asyncio.run_coroutine_threadsafe(town.work(), town.loop).result(10)
        see(page, "Gungan är lagad nu.", with_script=with_script)
        until(page, lambda: town.house.outbox(purpose=Purpose.ANSWER)[0]["delivered_at"] is not None)
        journal = town.house.journal(town.house.case()["id"])
        context.close()  # before the house: a page that waits for news would tell that it is gone
    town.house.opinion.close()

    assert "brev framme" in journal
    assert complaints == []


def see(page: Page, words: str, *, with_script: bool) -> None:
    """Wait until something stands in the talk; without a script, by asking for it."""
    line = page.locator("li.ours", has_text=words)
    for _ in range(40):
        if with_script:
            break
        if line.count():
            return
        page.get_by_role("link", name="Hämta nya svar").click()
        page.wait_for_timeout(100)
    expect(line.first).to_be_visible(timeout=15_000)


def until(page: Page, true: Callable[[], bool]) -> None:
    """Wait until something holds; fail when it takes too long."""
    for _ in range(300):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("waited for too long")
