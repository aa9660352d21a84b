"""A code to our own page for who must not be answered by an open road (row B20)."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from bots.desk.page_code import GIVEN
from store import cases, secrecy
from store.domain import LetterState, Purpose, Status
from tests.bots.web.test_work import ANSWER, Desk, Make, a_confirmed, at_work, hidden, token, words
from tests.house import NAME, SENDER

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
SECRET = "Hemtjänsten har fått nya rutiner för din medicin."


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house()):
        await a_confirmed(one)
        yield one


def mark(desk: Desk) -> None:
    """Let somebody mark the case as secret."""
    with desk.house.store.write() as transaction:
        secrecy.mark(
            transaction,
            desk.case["id"],
            paragraph="26 kap. 1 § OSL",
            authority="Omsorgsnämnden",
            why="",
            message_id=None,
            by="anna",
            proposed=False,
            now=desk.house.clock(),
        )


async def a_code(desk: Desk) -> str:
    page = await desk.browser.get(f"{desk.url}/kod")
    given = await desk.browser.post(f"{desk.url}/kod", data=hidden(page))
    found = re.search(r'class="code">([2-9A-Z-]{14})</strong>', given.text)
    assert found is not None, words(given)
    return found[1]


async def opened(desk: Desk, code: str) -> httpx.Response:
    return await desk.browser.post("/svar", data={"code": code, "language": "sv"})


async def answer(desk: Desk, text: str = SECRET) -> None:
    shown = await desk.do("svara", **(ANSWER | {"text": text}))
    await desk.again(shown, **(ANSWER | {"text": text}))


async def test_b20_a_marked_case_is_answered_on_our_page_and_its_sender_is_told_that_and_no_more(
    desk: Desk,
) -> None:
    mark(desk)
    refused = await desk.do("svara", **(ANSWER | {"text": SECRET}))
    code = await a_code(desk)

    await answer(desk)
    await desk.house.deliver()

    (notice,) = desk.house.outbox(purpose=Purpose.WAITS)
    assert "Ge avsändaren en kod" in words(refused)
    assert (notice["handle"], notice["state"]) == (SENDER, LetterState.SENT)
    assert code not in notice["body"]
    assert "medicin" not in notice["body"] + notice["subject"]
    assert "Gungan" not in notice["body"] + notice["subject"]
    assert [row["channel"] for row in desk.house.outbox(purpose=Purpose.ANSWER)] == ["svarssida"]
    assert [one.purpose for one in desk.house.memory.letters if "medicin" in one.body] == []
    assert desk.case["status"] == Status.ANSWERED
    assert words(await opened(desk, code)).count(SECRET) == 1


async def test_b20_a_code_is_shown_once_and_kept_nowhere(desk: Desk) -> None:
    code = await a_code(desk)

    again = await desk.browser.get(f"{desk.url}/kod")

    assert code not in again.text
    assert "Avsändaren har redan en kod." in words(again)
    everything = [str(desk.house.table(name)) for name in ("cases", "journal", "letters", "messages")]
    assert [rows for rows in everything if code in rows or code.replace("-", "") in rows] == []
    (line,) = [row for row in desk.house.table("journal") if row["act"] == GIVEN]
    assert (line["actor"], line["details"]) == ("anna", {})


async def test_a_new_code_ends_the_old_one(desk: Desk) -> None:
    old = await a_code(desk)

    new = await a_code(desk)

    assert ((await opened(desk, old)).status_code, (await opened(desk, new)).status_code) == (422, 200)


async def test_a_question_on_our_page_is_told_of_as_well_and_the_reply_joins_its_case(desk: Desk) -> None:
    code = await a_code(desk)

    await desk.do("fraga", question="Vilken dag var det?")
    page = await opened(desk, code)
    running = asyncio.ensure_future(desk.house.intake.run())
    await desk.browser.post("/svar/skriv", data=hidden(page) | {"text": "Det var i tisdags."})
    running.cancel()
    desk.house.judge()

    assert "Vilken dag var det?" in words(page)
    assert len(desk.house.outbox(purpose=Purpose.WAITS)) == 1
    assert [row["case_id"] for row in desk.house.messages()] == [desk.case["id"]] * 2


@pytest.mark.parametrize(("language", "said"), [("en", "Type the code"), ("fi", "Kirjoita koodi")])
async def test_the_letter_is_in_the_senders_language(desk: Desk, language: str, said: str) -> None:
    with desk.house.store.write() as transaction:
        cases.note(transaction, desk.case["id"], language=language)
    await a_code(desk)

    await answer(desk)

    (notice,) = desk.house.outbox(purpose=Purpose.WAITS)
    assert said in notice["body"]
    assert NAME not in notice["body"]


async def test_nobody_gives_a_code_in_a_case_that_is_not_theirs_or_from_a_stale_page(desk: Desk) -> None:
    page = hidden(await desk.browser.get(f"{desk.url}/kod"))
    await a_code(desk)
    before = desk.case["pick_up"]

    stale = await desk.browser.post(f"{desk.url}/kod", data=page)
    await desk.sign_in("omar")
    hidden_case = await desk.browser.get(f"{desk.url}/kod")
    form = await desk.browser.get("/registrera")
    forged = await desk.browser.post(f"{desk.url}/kod", data={"token": token(form), "version": "1"})

    assert stale.status_code == 409
    assert (hidden_case.status_code, forged.status_code) == (403, 403)
    assert desk.case["pick_up"] == before


async def test_who_wrote_without_an_address_has_a_code_already(desk: Desk) -> None:
    with desk.house.store.write() as transaction:
        cases.note(transaction, desk.case["id"], sender_handle="", sender_channel="")

    assert (await desk.browser.get(f"{desk.url}/kod")).status_code == 403
    assert "/kod" not in await desk.page()
