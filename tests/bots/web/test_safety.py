"""What strangers write stays words, and every answer carries its guard."""

import html
import re
from html.parser import HTMLParser

import httpx
import pytest

from bots.web.downloads import disposition, file_name
from bots.web.parts import MailboxMail
from store.domain import LetterState, Status
from tests.bots.web.house import NOW, House, a_suggestion, fill_in, log_in

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


class Tags(HTMLParser):
    """Reads a page as a browser would, and notes what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script" and re.fullmatch(r"/static/[a-z]+\.js\?[0-9a-f]+", named.get("src") or ""):
            return  # one of our own files
        if tag in {"script", "style", "iframe", "object"} or (tag == "img" and "x" in (named["src"] or "")):
            self.dangerous.append(tag)
        self.dangerous += [name for name in named if name.startswith("on") or name == "style"]


def dangers_in(page: str) -> list[str]:
    tags = Tags()
    tags.feed(page)
    return tags.dangerous


def assert_harmless(page: httpx.Response) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text  # it was there to be escaped
    assert dangers_in(page.text) == []


def test_the_reader_of_this_test_sees_what_could_run() -> None:
    assert dangers_in(f'<input value="{EVIL}"><p style="x">') == ["script", "img", "onerror", "style"]


async def test_scripts_in_subject_words_name_address_files_and_letters_stay_words(house: House) -> None:
    number = house.add_case(
        EVIL,
        title=EVIL,
        name=EVIL,
        status=Status.QUARANTINED,
        attachments=[(EVIL, b"x")],
        warnings=[EVIL],
        quarantined_because=EVIL,
        quoted=EVIL,
        suggestion=a_suggestion(why=(EVIL,)),
    )
    house.add_letter(number, subject=EVIL, body=EVIL, name=EVIL, state=LetterState.FAILED, because=EVIL)
    browser = house.browser()
    await log_in(browser)

    for path in ("/arenden?visa=karantan", "/arenden?visa=brev", f"/arenden/{number}"):
        assert_harmless(await browser.get(path))


@pytest.mark.parametrize("word", [EVIL, "script", "alert(1)", "img", "<", "&", "mark", "lt", "quot"])
async def test_no_marked_word_lets_a_script_out_of_its_text(house: House, word: str) -> None:
    number = house.add_case(
        f"x {EVIL} </mark> <mark onclick=x> {word} x", suggestion=a_suggestion(why=(word,))
    )
    browser = house.browser()
    await log_in(browser)

    page = await browser.get(f"/arenden/{number}")

    shown = page.text.partition('<div class="words">')[2].partition("</div>")[0]
    assert "<mark>" in shown
    assert html.unescape(re.sub("</?mark>", "", shown)) == f"x {EVIL} </mark> <mark onclick=x> {word} x"
    assert dangers_in(page.text) == []


async def test_scripts_in_the_form_stay_words_when_it_is_shown_again(house: House) -> None:
    page = await fill_in(
        house, house.browser(), text=EVIL, where=EVIL, name=EVIL, email=EVIL, level="namn", kind=EVIL
    )

    assert page.status_code == 422
    assert_harmless(page)


async def test_scripts_in_cases_alike_and_in_the_history_of_models_stay_words(house: House) -> None:
    suggestion = a_suggestion(vector=bytes([100, 0, 0]))
    house.add_case(EVIL, title=EVIL, unit=EVIL, suggestion=suggestion)
    number = house.add_case("x", title="x", suggestion=suggestion)
    line = {"at": EVIL, "act": EVIL, "challenger": EVIL, "reasons": [EVIL], "to": EVIL}
    browser = house.browser(house.app(model_history=lambda: [line]))
    await log_in(browser)

    for path in (f"/arenden/{number}", "/modellen"):
        assert_harmless(await browser.get(path))


async def test_scripts_in_the_mailbox_of_the_demonstration_stay_words(house: House) -> None:
    mail = MailboxMail(at=NOW, sender=EVIL, recipient=EVIL, subject=EVIL, body=EVIL)

    page = await house.browser(house.app(mailbox=lambda: [mail])).get("/demo/post")

    assert_harmless(page)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/svar",
        "/logga-in",
        "/arenden",
        "/modellen",
        "/tack",
        "/health",
        "/finns-inte",
        "/static/house.css",
    ],
)
async def test_every_answer_carries_its_guard(house: House, path: str) -> None:
    answer = await house.browser().get(path)

    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    expected = "public, max-age=86400" if path.startswith("/static") else "no-store"
    assert answer.headers["cache-control"] == expected


async def test_a_fault_of_ours_is_a_guarded_page_without_its_cause(house: House) -> None:
    def out_of_order() -> list[MailboxMail]:
        raise RuntimeError("hemligt")

    app = house.app(mailbox=out_of_order)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        answer = await browser.get("/demo/post")

    assert answer.status_code == 500
    assert "<h1>Något gick fel</h1>" in answer.text
    assert "hemligt" not in answer.text
    assert answer.headers["content-security-policy"] == CSP


async def test_when_the_store_is_gone_the_page_says_so_and_names_nothing(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    house.store.close()
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE cases RENAME TO borta")

    answer = await browser.get("/arenden")

    assert answer.status_code == 503
    assert "<h1>Vi når inte våra uppgifter</h1>" in answer.text
    assert "cases" not in answer.text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("bild.pdf", "bild.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\bild.pdf", "bild.pdf"),
        ('a"; filename="b.exe', "a_; filename=_b.exe"),
        ("rad\r\nSet-Cookie: x", "radSet-Cookie_ x"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("..", "fil"),
        ("", "fil"),
        ("å" * 300 + ".pdf", "å" * 146 + ".pdf"),
    ],
)
def test_a_file_name_from_a_stranger_is_made_harmless(name: str, safe: str) -> None:
    assert file_name(name) == safe


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("bild.pdf", "attachment; filename=\"bild.pdf\"; filename*=UTF-8''bild.pdf"),
        ("åäö.pdf", "attachment; filename=\"aao.pdf\"; filename*=UTF-8''%C3%A5%C3%A4%C3%B6.pdf"),
        ("书.pdf", "attachment; filename=\"pdf\"; filename*=UTF-8''%E4%B9%A6.pdf"),
        ("a\"b';.pdf", "attachment; filename=\"a_b__.pdf\"; filename*=UTF-8''a_b%27%3B.pdf"),
    ],
)
def test_no_file_name_breaks_out_of_its_header(name: str, header: str) -> None:
    assert disposition(name) == header
