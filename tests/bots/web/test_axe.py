"""Every page against WCAG 2.1 A and AA (rows B21, L10): axe-core, narrow screens, large text, seen focus.

A machine finds perhaps half of what can be wrong; the keyboard journeys are in `test_journeys`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from bots.desk.reports.web import as_html
from bots.web.show import STATIC
from tests.bots.desk.reports.shown import a_report
from tests.bots.web.gallery import HOST, Exhibit, opened, show_in
from tests.bots.web.served import CHROMIUM, chromium

AXE = Path(__file__).parents[2] / "axe"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Without the preload, which fetches the style anew for one rule; the last test stands in for that.
_RUN = """async run => (await axe.run(document, {
    runOnly: run, resultTypes: ["violations"], preload: false,
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
_WIDE: ViewportSize = {"width": 1120, "height": 900}
_NARROW: ViewportSize = {"width": 320, "height": 640}
_WRONG = """<!doctype html><html lang="sv"><title>x</title>
<style>:focus { outline: none } body, p { margin: 0 } div { width: 900px } main { width: 46.875rem }</style>
<img src="x"><div>En bred ruta</div><main><p style="color: #999">Grå text på vitt, lång nog att bedömas</p>
<a href="/x">En länk</a></main>"""

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


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was found wrong with one page, in each way that it was looked at."""

    name: str
    broken: list[str]
    wide: int  # with text twice as large
    dark: list[str]
    narrow: int
    narrow_broken: list[str]
    unseen: list[str]
    unseen_forced: list[str]


@pytest.fixture(scope="module")
def judged(browser: Browser, exhibits: list[Exhibit]) -> list[Judged]:
    """Look at every page once in every way: to open it anew for each would take most of the time."""
    # A colour that is on its way to another one would be judged as it is on the way.
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    show_in(context, exhibits)
    page = context.new_page()
    page.goto(f"{HOST}/0")
    page.add_script_tag(path=AXE / "axe.min.js")
    worth = few(exhibits)
    found = [judge(page, exhibit, in_all=exhibit in worth) for exhibit in exhibits]
    context.close()
    return found


def judge(page: Page, exhibit: Exhibit, *, in_all: bool) -> Judged:
    """Look at one page in the window that has axe in it."""
    page.set_viewport_size(_WIDE)
    page.set_content(exhibit.body)
    broken = violations(page)
    page.keyboard.press("Tab")  # from now on the browser knows that somebody uses the keyboard
    unseen = page.evaluate(_UNSEEN)
    page.emulate_media(forced_colors="active")
    unseen_forced = page.evaluate(_UNSEEN)
    page.emulate_media(forced_colors="none", color_scheme="dark")
    dark = violations(page, only="color-contrast") if in_all else []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(_NARROW)
    narrow = width(page)
    narrow_broken = violations(page) if in_all else []
    page.set_viewport_size(_WIDE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    return Judged(
        name=exhibit.name,
        broken=broken,
        wide=width(page),
        dark=dark,
        narrow=narrow,
        narrow_broken=narrow_broken,
        unseen=unseen,
        unseen_forced=unseen_forced,
    )


def violations(page: Page, *, only: str = "") -> list[str]:
    """List what axe finds; `only` names the one rule that is to be tried."""
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

    assert len(names) > 100
    assert {
        "/?sprak=fi",
        "/ fel",
        "/tack e-post",
        "/tack anonym",
        "/svar ärende",
        "/chatt samtal",
        "/arenden",
        "/arenden chatt",
        "/kandidater",
        "/halsa",
        "/installningar/personer/anna",
        "/l klart",
        "gammal sida",
        "/logga-in",
        "/logga-in fel",
    } <= names


def test_the_machine_finds_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=AXE / "axe.min.js")
    page.set_content(_WRONG)

    assert {one.partition(":")[0] for one in violations(page)} == {"color-contrast", "image-alt"}
    page.close()


def test_focus_that_is_not_shown_and_width_that_is_too_much_are_found_where_axe_stands(
    browser: Browser,
) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.add_script_tag(path=AXE / "axe.min.js")
    wrong = Exhibit(name="fel", body=_WRONG)

    found = judge(page, wrong, in_all=True)

    assert (found.narrow, found.wide) == (900, 1500)
    assert [len(found.unseen), len(found.unseen_forced)] == [1, 1]
    assert {one.partition(":")[0] for one in found.dark} == {"color-contrast"}
    context.close()


def test_b21_a_report_as_a_page_breaks_nothing_either(browser: Browser) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.add_script_tag(path=AXE / "axe.min.js")
    report = a_report(columns=[f"mått_nummer_{n}" for n in range(20)])

    found = judge(page, Exhibit(name="R1", body=as_html(report, links=True)), in_all=True)

    assert found.broken + found.dark + found.narrow_broken + found.unseen + found.unseen_forced == []
    assert (found.narrow, found.wide) == (_NARROW["width"], _WIDE["width"])
    context.close()


def test_b21_no_page_breaks_wcag(judged: list[Judged]) -> None:
    assert {one.name: one.broken for one in judged if one.broken} == {}


def test_b21_text_twice_as_large_fits(judged: list[Judged]) -> None:
    assert {one.name: one.wide for one in judged if one.wide != _WIDE["width"]} == {}


def test_b21_every_text_can_be_read_in_the_dark(judged: list[Judged]) -> None:
    assert {one.name: one.dark for one in judged if one.dark} == {}


def test_b21_no_page_scrolls_sideways_at_320_pixels(judged: list[Judged]) -> None:
    assert {one.name: one.narrow for one in judged if one.narrow != _NARROW["width"]} == {}


def test_b21_no_page_breaks_wcag_at_320_pixels(judged: list[Judged]) -> None:
    assert {one.name: one.narrow_broken for one in judged if one.narrow_broken} == {}


def test_b21_whatever_the_keyboard_reaches_shows_that_it_has_focus(judged: list[Judged]) -> None:
    assert {one.name: one.unseen for one in judged if one.unseen} == {}


def test_b21_focus_shows_in_the_colours_of_the_system_too(judged: list[Judged]) -> None:
    assert {one.name: one.unseen_forced for one in judged if one.unseen_forced} == {}


def test_b21_the_style_asks_nobody_to_turn_the_screen() -> None:
    assert "orientation" not in (STATIC / "house.css").read_text(encoding="utf-8")
