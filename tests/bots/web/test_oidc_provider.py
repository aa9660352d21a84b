"""Signing in at a certified OpenID provider, in a browser without JavaScript: there, back, and out again."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from bots.web.app import build
from bots.web.oidc import IdentityProvider
from store.domain import Role
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, STAFF, UNITS, Acts, House
from tests.bots.web.served import CHROMIUM, chromium, served
from tests.servers.postfix import free_port
from tests.servers.provider import IS_HERE, provider

GROUPS = {"grupp-alla": Role.STAFF, "grupp-ombud": Role.DATA_PROTECTION}

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
    pytest.mark.skipif(not IS_HERE, reason="oidc-provider is not set up: make servers"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


@pytest.fixture
def known(house: House) -> Iterator[tuple[str, IdentityProvider]]:
    """Serve the pages beside a provider that knows them."""
    house.clock.now = datetime.now(UTC)
    port = free_port()
    with provider(f"http://127.0.0.1:{port}") as facts:
        asked = IdentityProvider(facts=replace(facts, groups=GROUPS), clock=lambda: datetime.now(UTC))
        app = build(
            store=house.store,
            acts=Acts(store=house.store, clock=house.clock),
            receive=house.receive,
            clock=house.clock,
            public=PUBLIC,
            staff=STAFF,
            units=UNITS,
            password=PASSWORD,
            session_secret=SECRET,
            secure_cookies=False,
            provider=asked,
        )
        with served(app, port=port) as address:
            yield address, asked


def sign_in(page: Page, address: str, who: str, *, path: str = "/arenden") -> None:
    """Follow the link, sign in at the provider and say yes there."""
    page.goto(f"{address}{path}")
    page.get_by_role("link", name="Logga in med kommunens inloggning").click()
    page.locator("input[name=login]").fill(who)
    page.locator("input[name=password]").fill("vad som helst")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()


def test_a_handler_signs_in_at_the_provider_and_out_of_both(
    known: tuple[str, IdentityProvider], page: Page
) -> None:
    address, _ = known

    sign_in(page, address, "anna", path="/arenden?visa=mina")
    expect(page).to_have_url(f"{address}/arenden?visa=mina")
    expect(page.get_by_text("Anna Ek", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Logga ut").click()
    page.locator("button[value=yes], button[name=logout]").first.click()

    expect(page).to_have_url(re.compile(r"/logga-in\?ute=1$"))
    expect(page.get_by_text("Du är utloggad.")).to_be_visible()
    page.goto(f"{address}/arenden")
    expect(page.get_by_role("heading", name="Logga in", level=1)).to_be_visible()


def test_a_colleague_with_a_group_may_register_and_one_without_is_told_whom_to_ask(
    known: tuple[str, IdentityProvider], browser: Browser, page: Page
) -> None:
    address, _ = known

    sign_in(page, address, "vera")
    expect(page).to_have_url(f"{address}/registrera")
    expect(page.get_by_text("Vera Lund", exact=True)).to_be_visible()
    with browser.new_context(java_script_enabled=False) as context:
        other = context.new_page()
        sign_in(other, address, "olle")

        expect(other.get_by_text("inte tillgång hit")).to_be_visible()


def test_check_finds_the_provider_its_keys_and_its_clock(known: tuple[str, IdentityProvider]) -> None:
    _, asked = known

    fine, wrong = asked.check()
    unknown = IdentityProvider(facts=replace(asked.facts, client_secret="fel"), clock=asked.clock).check()

    assert (len(fine), wrong) == (3, [])
    assert ["client_id/client_secret" in one for one in unknown[1]] == [True]
