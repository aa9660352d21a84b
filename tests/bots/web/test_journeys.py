"""The pages in a real browser: by keyboard alone, without JavaScript, and on a narrow screen."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from store import cases, inbox
from tests.bots.web.house import PASSWORD, House
from tests.bots.web.sample import MODELS, furnish, mails, remember
from tests.bots.web.served import CHROMIUM, chromium, served

_A_WHILE = timedelta(seconds=20)
_ADDRESS_TOLD = (
    "Obligatoriskt om du vill ha svaret med e-post. Till exempel namn@example.se "
    "Fel: Skriv din e-postadress, eller välj att vara helt anonym."
)

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
    # One browser for all of them, also when tests are spread over workers.
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


def log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/logga-in")
    page.get_by_label("Vem är du?").select_option("anna")
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_role("heading", name="Ärenden", level=1)).to_be_visible()


def tab_to(page: Page, words: str) -> None:
    """Press the tab key until what has focus carries these words."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if words in (page.locator(":focus").text_content() or ""):
            return
    pytest.fail(f"the keyboard does not reach {words!r}")


def test_a_handler_finds_and_confirms_a_case_by_keyboard_alone(house: House, page: Page) -> None:
    number = furnish(house)
    with served(house.app()) as address:
        page.goto(f"{address}/arenden/{number}")
        page.get_by_label("Vem är du?").focus()
        page.keyboard.type("Anna")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Hålet i cykelbanan är kvar")).to_be_visible()
        tab_to(page, "Bekräfta förslaget")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Förslaget är bekräftat.")

    with house.store.read() as transaction:
        (said,) = cases.of_case(transaction, 1)["confirmations"]
    assert (said["kind"], said["factor"], said["changed"], said["confirmed_by"]) == (
        "klagomål",
        "Boendemiljö",
        False,
        "anna",
    )


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(house: House, page: Page) -> None:
    with served(house.app()) as address:
        page.goto(address)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Hoppa till innehållet")
        expect(page.locator(":focus")).to_be_in_viewport()


def test_a_citizen_mends_an_error_and_sends_the_form_without_javascript(house: House, page: Page) -> None:
    with served(house.app()) as address:
        page.goto(address)
        page.get_by_label("Vad vill du berätta?").fill("Gungan i parken är trasig.")
        page.get_by_label("Klagomål").check()
        page.get_by_label("Jag vill ha svar, och ni får veta vad jag heter").check()
        house.clock.forward(_A_WHILE)
        page.get_by_role("button", name="Skicka").click()
        expect(page.get_by_role("alert")).to_contain_text("Skriv din e-postadress")
        expect(page.get_by_label("Vad vill du berätta?")).to_have_value("Gungan i parken är trasig.")
        expect(page.get_by_label("Klagomål")).to_be_checked()
        expect(page.get_by_label("E-postadress")).to_have_accessible_description(_ADDRESS_TOLD)

        page.get_by_label("E-postadress").fill("eva@example.org")
        page.get_by_role("button", name="Skicka").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tack för att du hör av dig")

    with house.store.read() as transaction:
        assert inbox.waiting(transaction) == 1


def test_a_double_click_on_send_is_one_message(house: House, page: Page) -> None:
    with served(house.app()) as address:
        page.goto(address)
        page.get_by_label("Vad vill du berätta?").fill("Bra bibliotek!")
        house.clock.forward(_A_WHILE)
        page.get_by_role("button", name="Skicka").dblclick()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tack för att du hör av dig")

    with house.store.read() as transaction:
        assert inbox.waiting(transaction) == 1


def test_x9_an_anonymous_sender_reads_with_the_code_by_keyboard_alone(house: House, page: Page) -> None:
    with served(house.app()) as address:
        page.goto(address)
        page.get_by_label("Vad vill du berätta?").fill("Gungan i parken är trasig.")
        page.get_by_label("Jag vill vara helt anonym").check()
        house.clock.forward(_A_WHILE)
        page.get_by_role("button", name="Skicka").click()
        code = page.locator("strong.code").text_content() or ""
        tab_to(page, "/svar")

        page.goto(f"{address}/svar")
        expect(page.get_by_label("Din kod")).to_have_accessible_description(re.compile("Tolv tecken"))
        page.get_by_label("Din kod").focus()
        page.keyboard.type(code.replace("-", " ").lower())
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Mottaget")).to_be_visible()
        assert page.url == f"{address}/svar"


def test_no_page_scrolls_sideways_at_320_pixels(house: House, browser: Browser) -> None:
    number = furnish(house)
    remember(house)
    long = house.add_case(
        "x" * 400, title="Å" * 200, name="Ö" * 90, sender=f"{'a' * 60}@{'b' * 60}.example", unit="u" * 90
    )
    house.add_letter(long, subject="S" * 200, held_because="h" * 200)
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    paths = [
        "/",
        "/?sprak=fi",
        "/svar",
        "/svar?sprak=fi",
        "/arenden",
        "/arenden?visa=karantan",
        "/arenden?visa=brev",
        f"/arenden/{number}",
        f"/arenden/{long}",
        "/registrera",
        "/modellen",
        "/demo/post",
        "/finns-inte",
    ]

    widths = {}
    with served(house.app(mailbox=mails, model_history=lambda: MODELS)) as address:
        log_in(page, address)
        for path in paths:
            page.goto(address + path)
            widths[path] = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert widths == dict.fromkeys(paths, 320)


def test_nothing_on_the_pages_is_refused_by_their_own_policy(house: House, browser: Browser) -> None:
    number = furnish(house)
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    with served(house.app()) as address:
        log_in(page, address)
        for path in ("/", "/arenden", "/modellen", f"/arenden/{number}"):
            page.goto(address + path)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()

    assert complaints == []
    assert background == "rgb(245, 244, 239)"  # the style is there
