"""The page of a code: what an anonymous sender sees, and what nobody can learn of them (rows X9, K2, N14)."""

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import templates
from bots.channel import NotKeptError
from bots.desk.answering import Answering, Reply
from bots.web.app import build
from bots.web.codes import Codes
from bots.web.pick_up import LANGUAGES
from store import profiles
from store.domain import Act, Enclosure, Factor, Inbound, Kind, Outcome, Purpose, Receipt, Status
from store.engine import open_store
from tests.bots.web.house import PUBLIC, SECRET, code_of, token_of, value_of
from tests.bots.web.test_safety import EVIL, assert_harmless
from tests.house import House, an_inbound, open_house

A_CODE = re.compile(r"([23456789BCDFGHJKMNPQRSTVXZ]{4}-){2}[23456789BCDFGHJKMNPQRSTVXZ]{4}")
WORDS = "Gungan i parken är trasig, och ingen bryr sig."


@dataclass(kw_only=True)
class Town:
    """The desk with its pages before it. While `slow` nothing is read, while `broken` nothing is kept."""

    desk: House
    app: Any = None
    slow: bool = False
    broken: bool = False

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.broken:
            raise NotKeptError("the disk is full")
        (receipt,) = await self.desk.receive(inbound)
        if not self.slow:
            await self.read()
        return receipt

    async def read(self) -> None:
        await asyncio.to_thread(self.desk.judge)
        await self.desk.deliver()

    def open(self) -> "Town":
        policy = self.desk.work.house.policy
        self.app = build(
            store=self.desk.store,
            acts=self.desk.acts,
            receive=self.receive,
            clock=self.desk.clock,
            public=replace(
                PUBLIC,
                public_url="https://tycktill.lillkommun.example",
                answers_anonymous=policy.deadlines.answer_anonymous,
            ),
            staff=list(self.desk.work.house.handlers.values()),
            password="",
            session_secret=SECRET,
            secure_cookies=False,
            patience=timedelta(0),
        )
        return self

    def browser(self, *, host: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(host, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    async def write(self, browser: httpx.AsyncClient, text: str = WORDS, **typed: str) -> httpx.Response:
        """Open the form, take a moment, and send it without saying who one is."""
        page = await browser.get("/")
        self.desk.clock.forward(seconds=20)
        hidden = {"token": token_of(page), "ticket": value_of(page, "ticket"), "language": "sv"}
        return await browser.post("/", data=hidden | {"text": text, "level": "anonym"} | typed)

    async def look(self, code: str, *, host: str = "192.0.2.1") -> httpx.Response:
        return await self.browser(host=host).post("/svar", data={"code": code})

    async def add(self, code: str, text: str, **typed: str) -> httpx.Response:
        page = await self.look(code)
        sent = {"code": code, "text": text, "ticket": value_of(page, "ticket"), "language": "sv"}
        return await self.browser().post("/svar/skriv", data=sent | typed)

    def answer(self, text: str = "Vi lagar gungan i dag.", **told: Any) -> None:
        case = self.desk.case()
        told = {"outcome": Outcome.DONE, "measure": "Ny kedja."} | told
        self.desk.acts.answer(case["id"], text, by="anna", version=case["version"], **told)


@pytest.fixture
def make_town(make_house: Callable[..., House]) -> Callable[..., Town]:
    return lambda **parts: Town(desk=make_house(**parts)).open()


@pytest.fixture
def town(make_town: Callable[..., Town]) -> Town:
    return make_town()


@given(
    st.text(max_size=50), st.sampled_from([str.lower, str.upper]), st.sampled_from(["", " ", " - ", "–", "."])
)
def test_a_code_is_known_again_however_it_is_typed(seed: str, case: Callable[[str], str], mark: str) -> None:
    codes = Codes(SECRET)
    code = codes.make(seed)

    assert A_CODE.fullmatch(code)
    assert codes.make(seed) == code
    assert codes.mark(f" {case(code).replace('-', mark)} ") == codes.mark(code)


def test_two_messages_two_secrets_and_two_codes_have_nothing_in_common() -> None:
    one, other = Codes(SECRET), Codes("en annan hemlighet för prov")
    code = one.make("ett")

    assert len({code, one.make("två"), other.make("ett")}) == 3
    assert len({one.mark(code), other.mark(code), one.mark(one.make("två")), one.mark("")}) == 4
    assert code.replace("-", "") not in one.mark(code).upper()


def test_the_words_of_the_page_are_there_in_every_language() -> None:
    loader = jinja2.FileSystemLoader(Path(templates.__file__).parent / "pages")
    room = vars(jinja2.Environment(loader=loader).get_template("pick_up_words.html").module)["said"]  # noqa: S701

    assert sorted(room) == sorted(LANGUAGES)
    shapes = [
        {key: sorted(value) if isinstance(value, dict) else "" for key, value in one.items()}
        for one in room.values()
    ]
    assert shapes[0] == shapes[1] == shapes[2]


async def test_x9_an_anonymous_sender_gets_a_code_once_with_number_and_day(town: Town) -> None:
    page = await town.write(town.browser())

    code, case = code_of(page), town.desk.case()
    assert page.status_code == 200
    assert "location" not in page.headers
    assert A_CODE.fullmatch(code)
    letter = " ".join(page.text.split())
    assert f"Den har ärendenummer {case['number']}." in letter
    assert f"Spara den här koden: {code}" in letter
    assert "https://tycktill.lillkommun.example/svar" in letter
    assert case["pick_up"] == Codes(SECRET).mark(code)
    assert town.desk.acknowledgements() == []


async def test_when_the_case_is_not_there_yet_the_code_is_shown_all_the_same_and_works(town: Town) -> None:
    town.slow = True

    page = await town.write(town.browser())
    waiting = await town.look(code_of(page))
    await town.read()
    there = await town.look(code_of(page))

    assert "Ärendet får sitt nummer om en liten stund." in page.text
    assert '<h2 id="lage">Mottaget</h2>' in waiting.text
    assert "SYN-2026-000001" not in waiting.text
    assert "SYN-2026-000001" in there.text


async def test_the_page_tells_who_has_the_case_and_when_the_answer_comes(town: Town) -> None:
    code = code_of(await town.write(town.browser()))

    page = await town.look(code.lower().replace("-", " "))

    due = town.desk.promises(1)["svar"]
    assert "<strong>Handläggs</strong>" in page.text
    assert "Anna Ek, enhetschef" in page.text
    assert templates.language_of("sv").date(due) in page.text


async def test_before_somebody_has_sorted_the_case_nobody_is_named(town: Town) -> None:
    code = code_of(await town.write(town.browser(), "Det är något annat som inte är bra."))

    page = await town.look(code)

    assert town.desk.case()["status"] == Status.SORTING
    assert "<strong>Mottaget</strong>" in page.text
    assert "Rita" not in page.text


async def test_n14_where_no_day_is_promised_to_the_anonymous_the_page_says_so(
    make_town: Callable[..., Town],
) -> None:
    town = make_town(policy=_without_a_day())

    code = code_of(await town.write(town.browser()))
    page = await town.look(code)

    assert "svar" not in town.desk.promises(1)
    town.answer()
    await town.add(code, "Den är fortfarande trasig.", unhappy="ja")
    assert (town.desk.case()["round"], "svar" in town.desk.promises(1)) == (2, False)
    assert "lovar inget datum för svar till den som är helt anonym" in page.text


async def test_scenario_6_the_answer_can_be_read_when_it_is_given_and_closing_demands_what_was_done(
    town: Town,
) -> None:
    code = code_of(await town.write(town.browser()))
    case = town.desk.case()
    before = await town.look(code)
    town.desk.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )

    town.answer("Hej!\n\nVi lagar gungan i dag.")
    after = await town.look(code)
    town.desk.acts.close(case["id"], by="anna", version=town.desk.case()["version"])
    closed = await town.look(code)

    assert ["Vi lagar gungan i dag." in page.text for page in (before, after, closed)] == [False, True, True]
    assert "<strong>Besvarat</strong>" in after.text
    assert "Anna Ek" in after.text
    assert "Ny kedja." not in after.text  # what was done is written for the case
    assert town.desk.outbox(purpose=Purpose.ANSWER) == []
    assert town.desk.case()["status"] == Status.CLOSED


async def test_of_each_round_the_newest_answer_is_shown_and_why_nothing_is_done(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    town.answer("Det första svaret.")
    town.desk.acts.reopen(1, by="anna", reason="inte nöjd", version=town.desk.case()["version"])
    town.answer(
        "Det andra svaret.",
        outcome=Outcome.NO_ACTION,
        explanation="Gungan tillhör föreningen och inte kommunen.",
    )

    page = await town.look(code)

    shown = [
        text in page.text for text in ("Det första svaret.", "Det andra svaret.", "Gungan tillhör föreningen")
    ]
    assert shown == [True, True, True]


async def test_a_question_is_read_and_answered_on_the_page(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    town.desk.acts.ask_sender(1, "Vilken gunga är det?", by="anna", version=town.desk.case()["version"])

    asked = await town.look(code)
    answered = await town.add(code, "Den röda vid dammen.")

    assert "Vilken gunga är det?" in asked.text
    assert "Svara oss" in asked.text
    assert "Tack. Vi har fått det du skrev" in answered.text
    assert "Den röda vid dammen." in answered.text
    assert [(row["case_id"], row["text"]) for row in town.desk.messages()][1:] == [
        (1, "Den röda vid dammen.")
    ]
    assert [row["handle"] for row in town.desk.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)] == [
        "anna.ek@lillkommun.example"
    ]
    assert town.desk.case()["status"] == Status.IN_PROGRESS


async def test_b4_a_later_day_is_told_on_the_page_with_its_reason(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    town.desk.acts.delay(
        1,
        "Vi väntar på en reservdel.",
        answer_on=date(2026, 12, 18),
        by="anna",
        version=town.desk.case()["version"],
    )

    page = await town.look(code)

    assert page.text.count("Vi väntar på en reservdel.") == 1
    assert "Nytt datum för svaret: fredag 18 december 2026" in page.text
    assert "<dt>Svar senast</dt><dd>fredag 18 december 2026</dd>" in page.text


async def test_n5_who_is_not_satisfied_says_so_and_the_case_is_opened_again(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    before = await town.look(code)
    town.answer()
    after = await town.look(code)

    await town.add(code, "Den är fortfarande trasig.", unhappy="ja")

    assert ["Jag är inte nöjd" in page.text for page in (before, after)] == [False, True]
    assert town.desk.messages()[-1]["text"] == (
        "Den är fortfarande trasig.\n\nAvsändaren är inte nöjd med svaret."
    )
    assert len(town.desk.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1
    assert (town.desk.case()["status"], town.desk.case()["round"]) == (Status.REOPENED, 2)


async def test_a_double_click_on_an_addition_is_one_message(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    page = await town.look(code)
    sent = {"code": code, "text": "Den röda.", "ticket": value_of(page, "ticket"), "language": "sv"}

    first = await town.browser().post("/svar/skriv", data=sent)
    second = await town.browser().post("/svar/skriv", data=sent)

    assert [first.status_code, second.status_code] == [200, 200]
    assert len(town.desk.messages()) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [("  ", "Skriv vad du vill lägga till."), ("å" * 10_001, "Texten är för lång.")],
)
async def test_an_addition_that_can_not_be_taken_is_shown_again(town: Town, text: str, told: str) -> None:
    code = code_of(await town.write(town.browser()))

    page = await town.add(code, text)

    assert page.status_code == 422
    assert told in page.text
    assert 'aria-describedby="text-hint text-fel" aria-invalid="true"' in page.text
    assert f">\n{text}</textarea>" in page.text
    assert len(town.desk.messages()) == 1


async def test_an_addition_that_can_not_be_kept_keeps_its_words_on_the_page(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    town.broken = True

    page = await town.add(code, "Viktigt")

    assert page.status_code == 503
    assert ">\nViktigt</textarea>" in page.text


async def test_one_network_may_add_ten_at_once(town: Town) -> None:
    code = code_of(await town.write(town.browser()))

    pages = [await town.add(code, f"Nummer {at}") for at in range(11)]

    assert [page.status_code for page in pages] == [200] * 10 + [429]
    assert pages[-1].headers["retry-after"] == "31"


async def test_a_code_that_is_unknown_mistyped_or_empty_gets_the_very_same_page(town: Town) -> None:
    await town.write(town.browser())
    # An ordinary case has no code at all, and no code leads to it.
    await town.write(town.browser(), level="namn", name="Eva Ek", email="eva@example.org")

    pages = [await town.look(code) for code in ("BCDF-GHJK-2345", "hej", "", "0OI1", "å" * 5000)]
    added = await town.browser().post("/svar/skriv", data={"code": "BCDF-GHJK-2345", "text": "Hej"})

    assert {page.status_code for page in (*pages, added)} == {422}
    assert len({page.text for page in (*pages, added)}) == 1
    assert len(town.desk.messages()) == 2


async def test_ten_wrong_codes_stop_that_network_also_with_the_right_one_and_disturb_no_other(
    town: Town,
) -> None:
    code = code_of(await town.write(town.browser()))

    wrong = [await town.look("BCDF-GHJK-2345") for _ in range(10)]
    stopped = await town.look(code)
    elsewhere = await town.look(code, host="198.51.100.7")
    town.desk.clock.forward(minutes=1)
    later = await town.look(code)

    assert {page.status_code for page in wrong} == {422}
    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "61")
    assert [elsewhere.status_code, later.status_code] == [200, 200]


async def test_the_right_code_can_be_used_as_often_as_one_likes(town: Town) -> None:
    code = code_of(await town.write(town.browser()))

    assert {(await town.look(code)).status_code for _ in range(15)} == {200}


async def test_the_code_is_in_no_address_and_the_page_needs_no_cookie(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    browser = town.browser()

    asked = await browser.get("/svar", params={"code": code})
    page = await browser.post("/svar", data={"code": code})

    assert code not in asked.text
    assert "SYN-2026" not in asked.text
    assert "set-cookie" not in page.headers
    assert re.findall(rf'(?:href|action)="[^"]*{code}', page.text) == []
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("language", "title", "case", "answered"),
    [
        ("sv", "Läs vårt svar", "Ditt ärende", "Besvarat"),
        ("en", "Read our answer", "Your case", "Answered"),
        ("fi", "Lue vastauksemme", "Asiasi", "Vastattu"),
    ],
)
async def test_the_page_speaks_the_language_of_the_form(
    town: Town, language: str, title: str, case: str, answered: str
) -> None:
    thanks = await town.write(town.browser(), language=language)
    town.answer()

    asked = await town.browser().get(f"/svar?sprak={language}")
    page = await town.browser().post("/svar", data={"code": code_of(thanks), "language": language})

    assert f"<h1>{title}</h1>" in asked.text
    assert f"<h1>{case}</h1>" in page.text
    assert f"<strong>{answered}</strong>" in page.text
    assert f'<html lang="{language}">' in thanks.text


async def test_scripts_in_additions_and_answers_stay_words(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    town.answer(EVIL)

    await town.add(code, EVIL)
    page = await town.look(code)

    assert page.text.count("&lt;script&gt;") >= 2
    assert_harmless(page)


async def test_where_no_codes_are_given_the_page_says_so(town: Town) -> None:
    pages = build(
        store=town.desk.store,
        acts=town.desk.acts,
        receive=town.receive,
        clock=town.desk.clock,
        public=replace(PUBLIC, fetch_code=False),
        staff=[],
        password="",
        session_secret=SECRET,
        secure_cookies=False,
    )
    browser = httpx.AsyncClient(transport=httpx.ASGITransport(app=pages), base_url="http://test")

    page = await browser.get("/svar")

    assert "Den som är helt anonym kan inte få något svar." in page.text


@pytest.fixture
def sqlite_town(sqlite_model: Path, tmp_path: Path) -> Iterator[tuple[Town, Path]]:
    file = tmp_path / "spår.db"
    file.write_bytes(sqlite_model.read_bytes())
    store = open_store(f"sqlite:///{file}")
    desk = open_house(store)
    yield Town(desk=desk).open(), file
    desk.opinion.close()
    store.close()


async def test_x9_nothing_of_an_anonymous_sender_is_in_store_journal_log_or_backup(
    sqlite_town: tuple[Town, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town, file = sqlite_town
    caplog.set_level(logging.DEBUG)
    traces = {
        "user-agent": "Sparhund/7.31 (prov)",
        "x-forwarded-for": "198.51.100.23",
        "forwarded": "for=198.51.100.24",
        "x-real-ip": "198.51.100.25",
        "accept-language": "sv-x-prov",
        "from": "eva.ek@example.org",
    }
    browser = town.browser(host="203.0.113.77", **traces)

    thanks = await town.write(browser)
    code = code_of(thanks)
    await browser.post("/svar", data={"code": "BCDF-GHJK-2345"})
    page = await browser.post("/svar", data={"code": code})
    sent = {"code": code, "text": "Den röda gungan.", "ticket": value_of(page, "ticket")}
    await browser.post("/svar/skriv", data=sent)
    town.answer()
    await browser.post("/svar", data={"code": code})

    copy = tmp_path / "kopia.db"
    with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    kept = await asyncio.to_thread(_bytes_of, file, copy, Path(f"{file}-wal"))
    everything = kept.decode("utf-8", "replace") + caplog.text
    assert everything.count(WORDS) >= 2  # what was written is there, and so would the rest be
    tokens = [cookie.value or "" for cookie in browser.cookies.jar]
    assert tokens
    hunted = ["203.0.113.77", "Sparhund", "198.51.100", "sv-x-prov", "eva.ek@example.org", *tokens]
    hunted += [code, code.replace("-", ""), code.lower(), code.replace("-", "").lower()]
    assert [one for one in hunted if one in everything] == []
    case = town.desk.case()
    assert (case["sender_channel"], case["sender_handle"], case["sender_name"]) == ("", "", "")
    assert [(row["from_addr"], row["from_name"], row["answer_to"]) for row in town.desk.messages()] == [
        ("", "", "")
    ] * 2


def _bytes_of(*files: Path) -> bytes:
    return b"".join(one.read_bytes() for one in files if one.exists())


def _without_a_day() -> Any:
    standard = profiles.load("standard")
    return standard.model_copy(
        update={
            "deadlines": standard.deadlines.model_copy(update={"answer_anonymous": False}),
            "id": "provet",
        }
    )


async def test_x9_what_staff_and_others_write_in_the_case_is_not_shown_with_the_code(town: Town) -> None:
    async with town.browser() as browser:
        code = code_of(await town.write(browser))
    await town.add(code, "Det gäller den röda gungan.")
    case, identity = town.desk.case(), town.desk.identity
    drafted = identity.handler_address(case["id"], "anna.ek@lillkommun.example")
    told = identity.reply_address(case["id"])

    for to, sender, text in (
        (drafted, "Anna Ek <anna.ek@lillkommun.example>", "Utkast: det får bli som det är."),
        (told, "Utföraren <post@utforare.example>", "Redogörelse: vi glömde gungan."),
    ):
        await town.desk.hear(an_inbound(text=text, to=to, envelope_to=(to,), sender=sender, subject="Sv"))
    page = await town.look(code)

    assert len(town.desk.messages()) == 4
    assert len(town.desk.table("drafts")) == 1
    assert "Det gäller den röda gungan." in page.text
    assert "Utkast" not in page.text
    assert "Redogörelse" not in page.text


async def test_x9_a_file_with_the_answer_is_fetched_with_the_code_and_with_no_other(town: Town) -> None:
    code = code_of(await town.write(town.browser()))
    other = code_of(await town.write(town.browser(host="192.0.2.9"), text="Papperskorgen vid bron är full."))
    case = town.desk.cases()[0]
    answering, file = (
        Answering(acts=town.desk.acts),
        Enclosure(name="karta.pdf", media_type="", data=b"%PDF-1"),
    )
    answering.keep(case, Act.ANSWER, {}, by="anna", files=[file])
    reply = Reply(text="Vi lagar den i dag.", outcome=Outcome.DONE, measure="Ny kedja.")
    answering.send(case, reply, (), by="anna", version=case["version"])

    page = await town.look(code)
    sent = {"code": code, "fil": value_of(page, "fil")}
    mine = await town.browser().post("/svar/fil", data=sent)
    stranger = await town.browser().post("/svar/fil", data=sent | {"code": other})

    assert "karta.pdf" in page.text
    assert (mine.content, mine.headers["content-disposition"][:10]) == (b"%PDF-1", "attachment")
    assert stranger.status_code == 404
