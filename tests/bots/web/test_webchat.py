import asyncio
import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import templates
from bots.channels.webchat import LONGEST, Webchat
from bots.web.fields import clean
from store.domain import Event, MessageState, Purpose
from store.engine import Store, open_store
from tests.bots.web.house import PUBLIC, code_of, value_of
from tests.bots.web.talking import NAME, Town
from tests.house import ANNA

EVIL = '<img src=x onerror=alert(1)><script>alert("x")</script> "><svg onload=alert(1)>'
WORDS = "Gungan i parken är trasig."
_LINE = re.compile(r'<li id="(\w+)" class="(\w+)">(.*?)</li>', re.DOTALL)


@pytest.fixture
def town(store: Store) -> Iterator[Town]:
    town = Town(store=store)
    yield town
    town.house.opinion.close()


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with town.browser() as browser:
        yield browser


def lines(page: httpx.Response) -> list[tuple[str, str]]:
    """List who says what on a page, without marks."""
    return [(who, html.unescape(re.sub("<[^>]+>", " ", body))) for _, who, body in _LINE.findall(page.text)]


def mark_of(page: httpx.Response) -> str:
    found = re.search(r'data-efter="(\w+)"', page.text)
    assert found is not None
    return found[1]


def deliveries(town: Town) -> list[dict[str, Any]]:
    return [dict(row) for row in town.house.messages() if row["event"] == Event.DELIVERY]


async def test_before_anything_is_written_the_page_says_that_a_machine_answers_and_how_to_reach_a_person(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/chatt")

    said = page.text.partition('<div id="logg"')[0]
    assert "Här svarar en automatisk assistent, inte en människa." in said
    assert PUBLIC.phone in said
    assert f"mailto:{PUBLIC.intake_address}" in said
    assert "allmän handling" in said
    assert "Skriv inget känsligt" in said
    assert NAME not in browser.cookies


async def test_what_is_written_becomes_a_case_and_the_talk_names_its_handler(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    page = await browser.get("/chatt")

    case = town.house.case()
    assert (case["sender_channel"], case["source"]) == ("webchat", "chatt")
    (own, receipt, question) = lines(page)
    assert own[0] == "own"
    assert WORDS in own[1]
    assert case["number"] in receipt[1]
    assert ANNA.name in receipt[1]
    assert "Beröm" in question[1]


async def test_a_person_s_answer_is_not_called_the_assistant_s(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    town.answer()
    await town.work()

    *_, answer = lines(await browser.get("/chatt"))

    assert "Gungan är lagad nu." in answer[1]
    assert answer[1].split()[:2] == PUBLIC.municipality.split()
    assert "Assistenten" not in answer[1]


async def test_nobody_sees_the_talk_of_another(town: Town, browser: httpx.AsyncClient) -> None:
    await town.talked(browser)
    other = town.browser()
    await town.talked(other, "Biblioteket är varmt och skönt.")

    mine, theirs = await browser.get("/chatt"), await other.get("/chatt")

    assert WORDS in mine.text
    assert "Biblioteket" not in mine.text
    assert WORDS not in theirs.text
    numbers = [row["number"] for row in town.house.cases()]
    assert [number in theirs.text for number in numbers] == [False, True]


@pytest.mark.parametrize("cookie", ["", "x", "WyJjb2RlIiwiQkNERiIsMV0.gissad", "%00", "å" * 20])
async def test_a_cookie_that_we_have_not_signed_opens_nothing(
    town: Town, browser: httpx.AsyncClient, cookie: str
) -> None:
    await town.talked(browser)
    stranger = town.browser()
    header = {"cookie": f"{NAME}={cookie}".encode()}

    page = await stranger.get("/chatt", headers=header)  # type: ignore[arg-type]  # bytes are what is sent
    news = await stranger.get("/chatt/nytt", headers=header)  # type: ignore[arg-type]  # likewise

    assert lines(page) == []
    assert news.status_code == 403


async def test_neither_the_code_nor_the_network_address_is_kept(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    code = code_of(await browser.get("/chatt"))

    kept = " ".join(
        str(rows)
        for name in ("messages", "cases", "letters", "journal", "blobs", "conversations")
        for rows in town.house.table(name)
    )
    assert town.house.case()["sender_handle"] in kept
    assert len(town.house.case()["sender_handle"]) == 64
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert browser.cookies[NAME] not in kept
    assert "192.0.2.7" not in kept


async def test_the_cookie_is_for_our_pages_alone(town: Town) -> None:
    app = town.pages(secure=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://test") as browser:
        answer = await town.say(browser, WORDS)

    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "chatt" in one]
    assert cookie.startswith("__Host-synpunkt-chatt=")
    told = cookie.lower().split("; ")[1:]
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=1209600"} <= set(told)
    assert not any(one.startswith("domain") for one in told)


async def test_both_halves_of_the_first_double_click_are_one_message_of_one_talk(town: Town) -> None:
    opened = town.browser()
    typed = await town.filled(opened, text=WORDS)
    halves = [town.browser(), town.browser()]
    for one in halves:
        one.cookies.update(opened.cookies)

    first, second = await asyncio.gather(*(one.post("/chatt", data=typed) for one in halves))

    assert lines(first)[0][1] == lines(second)[0][1]
    assert len(town.house.messages()) == 1


async def test_the_same_words_written_twice_are_two_messages(town: Town, browser: httpx.AsyncClient) -> None:
    await town.say(browser, "Hallå?")
    await town.say(browser, "Hallå?")

    assert len(town.house.messages()) == 2


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"text": "  "}, 422, "Skriv något"),
        ({"text": "a" * (LONGEST + 1)}, 422, "för lång"),
        ({"text": WORDS, "website": "http://example.org"}, 422, "skulle vara tomt|ska vara tomt"),
        ({"text": WORDS, "token": "en annan"}, 403, "öppen för länge"),
        ({"text": WORDS, "ticket": "påhittad"}, 403, "öppen för länge"),
    ],
)
async def test_what_is_not_taken_is_told_and_the_words_stay(
    town: Town, browser: httpx.AsyncClient, typed: dict[str, str], status: int, words: str
) -> None:
    page = await browser.post("/chatt", data=await town.filled(browser, **typed))

    assert page.status_code == status
    assert re.search(words, page.text)
    assert typed["text"].strip() in page.text
    assert town.house.messages() == []


async def test_who_is_quicker_than_any_hand_is_asked_to_wait(town: Town, browser: httpx.AsyncClient) -> None:
    typed = await town.filled(browser, text=WORDS)
    town.house.clock.forward(seconds=-4)

    quick = await browser.post("/chatt", data=typed)
    town.house.clock.forward(seconds=4)
    slow = await browser.post("/chatt", data=typed)

    assert [quick.status_code, slow.status_code] == [422, 200]
    assert "tog dig för en robot" in quick.text
    assert len(town.house.messages()) == 1


async def test_one_network_can_not_drown_the_others(town: Town, browser: httpx.AsyncClient) -> None:
    typed = await town.filled(browser)
    answers = [await browser.post("/chatt", data=typed | {"text": f"Nummer {at}"}) for at in range(21)]
    elsewhere = await town.say(town.browser(host="198.51.100.4"), WORDS)

    assert [one.status_code for one in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "Nummer 20" in answers[-1].text
    assert elsewhere.status_code == 200


async def test_what_could_not_be_kept_is_shown_again_and_can_be_sent_again(
    town: Town, browser: httpx.AsyncClient
) -> None:
    typed = await town.filled(browser, text=WORDS)
    town.is_broken = True
    failed = await browser.post("/chatt", data=typed)
    town.is_broken = False
    again = typed | {"ticket": value_of(failed, "ticket")}
    taken = [await browser.post("/chatt", data=again) for _ in range(2)]

    assert failed.status_code == 503
    assert WORDS in failed.text
    assert [one.status_code for one in taken] == [200, 200]
    assert len(town.house.messages()) == 1


async def test_a_picture_comes_along_and_is_named_in_the_talk(town: Town, browser: httpx.AsyncClient) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"x" * 40
    typed = await town.filled(browser, text="Så här ser det ut.")

    page = await browser.post("/chatt", data=typed, files={"files": ("gunga.png", picture, "image/png")})

    (row,) = town.house.messages()
    assert [one["name"] for one in row["given"]["files"]] == ["gunga.png"]
    assert "gunga.png" in lines(page)[0][1]


async def test_a_file_that_is_no_picture_is_refused_and_asked_for_again(
    town: Town, browser: httpx.AsyncClient
) -> None:
    typed = await town.filled(browser, text="Se filen.")

    page = await browser.post("/chatt", data=typed, files={"files": ("x.exe", b"MZ", "image/png")})

    assert page.status_code == 422
    assert "varken bild eller pdf" in page.text
    assert "Välj filerna igen" in page.text
    assert town.house.messages() == []


async def test_a_button_is_pressed_once_and_stands_as_what_was_said(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    page = await browser.get("/chatt")
    values = re.findall(r'name="choice" value="([^"]+)"', page.text)
    chosen = next(html.unescape(one) for one in values if "klagom" in one)

    typed = await town.filled(browser, choice=chosen)
    for _ in range(2):
        await browser.post("/chatt", data=typed)
    await town.work()
    after = await browser.get("/chatt")

    assert town.house.case()["chosen_kind"] == "klagomål"
    assert [text.split()[-1] for who, text in lines(after) if who == "own"][-1] == "Klagomål"
    assert chosen not in [html.unescape(one) for one in re.findall(r'value="([^"]+)"', after.text)]
    assert len([row for row in town.house.messages() if row["event"] == Event.NEW]) == 2


async def test_a_button_of_another_s_letter_does_nothing_and_is_kept(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    page = await browser.get("/chatt")
    values = re.findall(r'name="choice" value="([^"]+)"', page.text)
    chosen = next(html.unescape(one) for one in values if "klagom" in one)
    stranger = town.browser()

    await stranger.post("/chatt", data=await town.filled(stranger, choice=chosen))
    await town.work()

    assert town.house.case()["chosen_kind"] == ""
    (row,) = [row for row in town.house.messages() if row["event"] == Event.OTHER]
    assert row["state"] == MessageState.ASIDE


async def test_who_has_ended_the_talk_comes_back_with_the_code_alone(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    before = await browser.get("/chatt")
    old = await town.filled(browser, text="Från en gammal sida")
    ended = await browser.post("/chatt/avsluta", data={"token": value_of(before, "token"), "language": "sv"})
    empty = await browser.get("/chatt")
    late = await browser.post("/chatt", data=old)

    other = town.browser(host="198.51.100.4")
    typed = code_of(ended).lower().replace("-", " ")
    token = value_of(await other.get("/chatt"), "token")
    back = await other.post("/chatt/tillbaka", data={"token": token, "code": typed, "language": "sv"})

    assert code_of(ended) == code_of(before)
    assert lines(empty) == []
    assert late.status_code == 403
    assert WORDS in lines(back)[0][1]
    assert code_of(back) == code_of(before)


async def test_the_browser_forgets_a_talk_that_has_been_idle_and_the_code_does_not(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    code = code_of(await browser.get("/chatt"))
    cookie = browser.cookies[NAME]
    town.house.clock.forward(days=13)
    still = await town.browser().get("/chatt", headers={"cookie": f"{NAME}={cookie}"})
    town.house.clock.forward(days=2)
    idle = await town.browser().get("/chatt", headers={"cookie": f"{NAME}={cookie}"})
    fresh = town.browser()
    token = value_of(await fresh.get("/chatt"), "token")
    back = await fresh.post("/chatt/tillbaka", data={"token": token, "code": code, "language": "sv"})

    assert [len(lines(one)) for one in (still, idle, back)] == [3, 0, 3]


async def test_codes_can_not_be_guessed_for_long(town: Town, browser: httpx.AsyncClient) -> None:
    token = value_of(await browser.get("/chatt"), "token")
    tries = [
        await browser.post("/chatt/tillbaka", data={"token": token, "code": f"BCDF-GHJK-234{at}"})
        for at in range(2, 13)
    ]

    assert [one.status_code for one in tries] == [422] * 10 + [429]
    assert all(lines(one) == [] for one in tries)


async def test_the_code_of_a_talk_opens_no_anonymous_case_and_the_other_way_round(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    code = code_of(await browser.get("/chatt"))

    page = await town.browser().post("/svar", data={"code": code, "language": "sv"})

    assert page.status_code == 422


async def test_news_come_as_soon_as_there_are_any_and_are_told_as_arrived_once(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.say(browser, WORDS)
    mark = mark_of(await browser.get("/chatt"))

    asked = asyncio.ensure_future(browser.get("/chatt/nytt", params={"efter": mark, "sprak": "sv"}))
    await until_waiting(town.chat)
    await town.work()
    news = await asked
    again = await browser.get("/chatt/nytt", params={"efter": mark, "sprak": "sv"})
    await town.work()

    assert news.status_code == again.status_code == 200
    assert ANNA.name in news.text or ANNA.name in again.text
    (receipt,) = town.house.outbox(purpose=Purpose.ACKNOWLEDGEMENT)
    assert receipt["delivered_at"] is not None
    assert "brev framme" in town.house.journal(town.house.case()["id"])
    told = [row["about"] for row in deliveries(town)]
    assert sorted(told) == sorted(set(told))
    assert str(receipt["id"]) in told


async def test_an_arrival_that_could_not_be_kept_is_told_again(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.talked(browser)
    town.is_broken = True
    await browser.get("/chatt")
    assert deliveries(town) == []
    town.is_broken = False
    await browser.get("/chatt")

    assert len(deliveries(town)) == 2


async def test_looking_with_head_reads_nothing_for_anybody(town: Town, browser: httpx.AsyncClient) -> None:
    await town.talked(browser)
    await browser.head("/chatt")

    assert deliveries(town) == []


async def test_who_goes_is_waited_for_no_more(town: Town, browser: httpx.AsyncClient) -> None:
    await town.say(browser, WORDS)
    mark = mark_of(await browser.get("/chatt"))
    answer: list[int] = []

    await play(town, browser, f"efter={mark}", answer)

    assert answer == [204]
    assert await town.chat.check() == ["webchat: /chatt, 0 av högst 200 sidor väntar nu"]


async def test_when_the_house_closes_those_who_wait_are_let_go(
    town: Town, browser: httpx.AsyncClient
) -> None:
    await town.say(browser, WORDS)
    mark = mark_of(await browser.get("/chatt"))
    listening = asyncio.ensure_future(town.chat.listen(town.receive))
    asked = asyncio.ensure_future(browser.get("/chatt/nytt", params={"efter": mark}))
    await until_waiting(town.chat)

    listening.cancel()

    assert (await asked).status_code == 204


async def test_when_too_many_wait_the_next_is_asked_to_come_back(store: Store) -> None:
    town = Town(store=store, chat=Webchat(most_open=1))
    first, second = town.browser(), town.browser()
    for one in (first, second):
        await town.say(one, WORDS)
    mark = mark_of(await first.get("/chatt"))
    asked = asyncio.ensure_future(first.get("/chatt/nytt", params={"efter": mark}))
    await until_waiting(town.chat)

    turned_away = await second.get("/chatt/nytt")
    await town.work()

    assert turned_away.status_code == 503
    assert turned_away.headers["retry-after"] == "20"
    assert (await asked).status_code == 200
    town.house.opinion.close()


async def test_scripts_that_are_written_stay_words(town: Town, browser: httpx.AsyncClient) -> None:
    page = await town.say(browser, EVIL)
    await town.work()
    news = await browser.get("/chatt/nytt", params={"efter": EVIL})
    wrong = await browser.post("/chatt", data=await town.filled(browser, text=EVIL, website=EVIL))

    for one in (page, news, wrong):
        assert "<script>alert" not in one.text
        assert "<img src=x" not in one.text
        assert "<svg" not in one.text
        assert "connect-src 'self'" in one.headers["content-security-policy"]
    assert EVIL in lines(page)[0][1]


async def test_the_button_for_other_sites_is_a_script_that_they_may_load_and_frames_nothing(
    browser: httpx.AsyncClient,
) -> None:
    script = await browser.get("/chatt/knapp.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "iframe" not in script.text
    assert "innerHTML" not in script.text


async def test_who_has_chosen_a_language_is_answered_in_it(town: Town, browser: httpx.AsyncClient) -> None:
    page = await browser.get("/chatt?sprak=fi")
    assert '<html lang="fi">' in page.text
    await town.say(browser, "The swing is broken.", language="fi")
    await town.say(browser, "Och bänken.", language="sv")

    assert [row["given"]["language"] for row in town.house.messages()] == ["fi", ""]


async def test_only_the_languages_of_the_table_are_offered(store: Store) -> None:
    town = Town(store=store, chat=Webchat(languages=("sv", "fi")))
    page = await town.browser().get("/chatt?sprak=en")

    assert '<html lang="sv">' in page.text
    assert re.findall(r'href="/chatt\?sprak=(\w+)" lang', page.text) == ["sv", "fi"]
    town.house.opinion.close()


def test_the_words_of_the_page_are_there_in_every_language() -> None:
    loader = jinja2.FileSystemLoader(Path(templates.__file__).parent / "pages")
    room = vars(jinja2.Environment(loader=loader).get_template("chat_words.html").module)["said"]  # noqa: S701

    assert sorted(room) == ["en", "fi", "sv"]
    shapes = [
        {key: sorted(value) if isinstance(value, dict) else "" for key, value in one.items()}
        for one in room.values()
    ]
    assert shapes[0] == shapes[1] == shapes[2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=LONGEST), language=st.text(max_size=8), choice=st.text(max_size=80))
def test_whatever_is_sent_is_kept_as_it_was_written_or_told_to_be_wrong(
    sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory, text: str, language: str, choice: str
) -> None:
    file = tmp_path_factory.mktemp("samtal") / "samtal.db"
    file.write_bytes(sqlite_model.read_bytes())

    async def send() -> None:
        store = open_store(f"sqlite:///{file}")
        town = Town(store=store)
        browser = town.browser()
        sayable = text.encode("utf-8", "replace").decode()
        typed = await town.filled(browser, text=sayable)
        typed |= {"language": language.encode("utf-8", "replace").decode()}
        typed |= {"choice": choice.encode("utf-8", "replace").decode()}
        page = await browser.post("/chatt", data=typed)
        rows = town.house.messages()
        if page.status_code == 422:
            assert rows == []
            assert not clean(sayable).strip() or len(clean(sayable)) > LONGEST
        else:
            assert page.status_code == 200
            (row,) = rows
            assert json.loads(town_raw(town))["payload"]
            if not clean(typed["choice"]):
                assert row["given"]["text"] == clean(sayable)
        town.house.opinion.close()
        store.close()

    asyncio.run(send())


def town_raw(town: Town) -> bytes:
    (blob,) = town.house.table("blobs")
    data: bytes = blob["data"]
    return data


async def until_waiting(chat: Webchat) -> None:
    async with asyncio.timeout(10):
        while "0 av" in (await chat.check())[0]:  # noqa: ASYNC110 - what is waited for rings no bell here
            await asyncio.sleep(0.02)


async def play(town: Town, browser: httpx.AsyncClient, query: str, answer: list[int]) -> None:
    """Ask for news, and go away at once."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/chatt/nytt",
        "raw_path": b"/chatt/nytt",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"test"), (b"cookie", cookies.encode())],
        "client": ("192.0.2.7", 40000),
        "server": ("test", 80),
    }
    pieces = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.append(message["status"])

    async with asyncio.timeout(10):
        await town.app(scope, receive, send)


def test_the_age_of_what_a_browser_is_known_by_follows_the_table() -> None:
    assert Webchat().idle == timedelta(days=14)
