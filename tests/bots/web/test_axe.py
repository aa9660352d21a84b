"""Every page against WCAG 2.1 A and AA (rows B21, L10): axe-core, narrow screens, large text, seen focus.

A machine finds perhaps half of what can be wrong; the keyboard journeys are in `test_journeys`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.bots.web.gallery import HOST, Exhibit, opened, show_in
from tests.bots.web.served import CHROMIUM, chromium

AXE = Path(__file__).parents[2] / "axe"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
_RUN = """async run => (await axe.run(document, {
    runOnly: run, resultTypes: ["violations"],
})).violations.map(one => one.id + ": " + one.nodes[0].target + ": " + one.nodes[0].html.slice(0, 120))"""
# Each stop that the keyboard can reach, unfocused and then focused; those that look the same in both.
_UNSEEN = """() => {
    const seen = one => {
        const style = getComputedStyle(one);
        const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
            ? [style.outlineStyle, style.outlineWidth, style.outlineColor].join() : "";
        return [outline, style.boxShadow, style.borderColor, style.borderWidth].join("|");
    };
    const all = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    const unseen = [];
    for (const one of document.querySelectorAll(all)) {
        if (!one.checkVisibility({visibilityProperty: true}) || one.matches(".trap *, :disabled")) continue;
        one.blur();
        const before = seen(one);
        one.focus();
        if (document.activeElement === one && seen(one) === before) unseen.push(one.outerHTML.slice(0, 120));
    }
    return unseen;
}"""

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
    pytest.mark.xdist_group("axe"),
]


@pytest.fixture(scope="module")
def exhibits(sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Exhibit]:
    with opened(sqlite_model, tmp_path_factory.mktemp("galleri")) as gallery:
        return gallery.exhibits()


@pytest.fixture(scope="module")
def browser(exhibits: list[Exhibit]) -> Iterator[Browser]:
    assert exhibits  # fetched first: both have an event loop
    with chromium() as opened_browser:
        yield opened_browser


def walk(browser: Browser, exhibits: list[Exhibit], **look: Any) -> Iterator[tuple[str, Page]]:
    """Open every page in a browser that is set so."""
    context = browser.new_context(bypass_csp=True, **look)
    show_in(context, exhibits)
    page = context.new_page()
    for at, exhibit in enumerate(exhibits):
        page.goto(f"{HOST}/{at}")
        yield exhibit.name, page
    context.close()


def violations(page: Page, *, only: str = "") -> list[str]:
    """List what axe finds; `only` names the one rule that is to be tried."""
    page.add_script_tag(path=AXE / "axe.min.js")
    run = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": _TAGS}
    found: list[str] = page.evaluate(_RUN, run)
    return found


def width(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found


def few(exhibits: list[Exhibit]) -> list[Exhibit]:
    """Leave out what differs only in words: other languages, and all but three of the pages of an act."""
    acts = [one for one in exhibits if "/gor/" in one.name]
    return [
        one for one in exhibits if one not in acts[3:] and not one.name.endswith(("sprak=en", "sprak=fi"))
    ]


def test_the_machine_is_the_one_that_its_makers_sent_out() -> None:
    total = hashlib.sha256((AXE / "axe.min.js").read_bytes()).hexdigest()

    assert f"{total}  axe.min.js" in (AXE / "README.md").read_text(encoding="utf-8")


def test_the_gallery_has_public_pages_staff_pages_and_what_comes_of_sending(exhibits: list[Exhibit]) -> None:
    names = {one.name for one in exhibits}

    assert len(names) > 50
    assert {
        "/?sprak=fi",
        "/ fel",
        "/tack anonym",
        "/svar ärende",
        "/arenden",
        "gammal sida",
        "/logga-in fel",
    } <= names


def test_the_machine_finds_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<html lang="sv"><title>x</title><img src="x"><p style="color:#999">Grå text på vitt')

    assert {one.partition(":")[0] for one in violations(page)} == {"color-contrast", "image-alt"}
    page.close()


def test_b21_no_page_breaks_wcag_and_text_twice_as_large_fits(
    browser: Browser, exhibits: list[Exhibit]
) -> None:
    found: dict[str, list[str]] = {}

    for name, page in walk(browser, exhibits, viewport={"width": 1120, "height": 900}):
        found[name] = violations(page)
        page.add_style_tag(content="html { font-size: 200% }")
        if width(page) > 1120:
            found[name].append(f"200 %: {width(page)} pixels wide")

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_b21_every_text_can_be_read_in_the_dark(browser: Browser, exhibits: list[Exhibit]) -> None:
    walked = walk(browser, few(exhibits), color_scheme="dark")

    found = {name: violations(page, only="color-contrast") for name, page in walked}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_b21_no_page_scrolls_sideways_at_320_pixels(browser: Browser, exhibits: list[Exhibit]) -> None:
    walked = walk(browser, exhibits, viewport={"width": 320, "height": 640})

    found = {name: width(page) for name, page in walked}

    assert {name: wide for name, wide in found.items() if wide != 320} == {}


def test_b21_no_page_breaks_wcag_at_320_pixels(browser: Browser, exhibits: list[Exhibit]) -> None:
    walked = walk(browser, few(exhibits), viewport={"width": 320, "height": 640})

    found = {name: violations(page) for name, page in walked}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("colours", ["none", "active"])
def test_b21_whatever_the_keyboard_reaches_shows_that_it_has_focus(
    browser: Browser, exhibits: list[Exhibit], colours: str
) -> None:
    unseen = {}

    for name, page in walk(browser, exhibits, forced_colors=colours):
        page.keyboard.press("Tab")  # from now on the browser knows that somebody uses the keyboard
        unseen[name] = page.evaluate(_UNSEEN)

    assert {name: stops for name, stops in unseen.items() if stops} == {}
