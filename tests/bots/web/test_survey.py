"""One question when a case is closed: asked once, answered once, and only where the policy asks (row T17)."""

import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from bots.desk.links import LIFE
from bots.web.app import build
from store import profiles
from store.domain import Factor, Kind, Outcome, Purpose
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import PEOPLE, SENDER, House, an_inbound

Make = Callable[..., House]
STANDARD = profiles.load("standard")


def asking(make_house: Make) -> House:
    workflow = STANDARD.workflow.model_copy(update={"survey": True})
    return make_house(policy=STANDARD.model_copy(update={"workflow": workflow}))


async def close(house: House, *, language: str = "sv") -> None:
    """Take a case to its end."""
    await house.hear(an_inbound())
    case = house.cases()[-1]

    def version() -> int:
        return int(house.cases()[-1]["version"])

    house.acts.confirm(case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version())
    house.acts.answer(case["id"], "Lagad.", Outcome.DONE, by="anna", version=version())
    await house.deliver()
    house.acts.close(case["id"], by="anna", version=version())


def link(house: House) -> str:
    (letter,) = house.outbox(purpose=Purpose.CLOSED)
    found = re.search(r"https://\S*?(/enkat/\S+)", letter["body"])
    assert found is not None, letter["body"]
    return found[1]


async def browsing(house: House) -> AsyncIterator[httpx.AsyncClient]:
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=PEOPLE,
        units=house.work.house.units,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        yield browser


async def test_t17_a_sender_is_asked_once_and_answers_once(make_house: Make) -> None:
    house = asking(make_house)
    await close(house)
    async for browser in browsing(house):
        page = await browser.get(link(house))
        again = await browser.get(link(house))
        first = await browser.post(link(house), data={"score": "4", "words": "Snällt bemött."})
        second = await browser.post(link(house), data={"score": "1"})
        after = await browser.get(link(house))

    (letter,) = house.outbox(purpose=Purpose.CLOSED)
    (kept,) = house.table("surveys")
    assert letter["handle"] == SENDER
    assert page.text == again.text
    assert "Hur nöjd är du med hur du blev bemött?" in page.text
    assert [one.status_code for one in (page, first, second, after)] == [200] * 4
    assert "Tack för ditt svar!" in after.text
    assert (kept["score"], kept["words"]) == (4, "Snällt bemött.")
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_t17_closing_it_again_asks_nothing_more(make_house: Make) -> None:
    house = asking(make_house)
    await close(house)
    case = house.cases()[-1]

    house.acts.reopen(case["id"], by="rita", reason="nytt", version=case["version"])
    version = house.cases()[-1]["version"]
    house.acts.answer(case["id"], "Lagad igen.", Outcome.DONE, by="anna", version=version)
    await house.deliver()
    house.acts.close(case["id"], by="anna", version=house.cases()[-1]["version"])

    assert len(house.outbox(purpose=Purpose.CLOSED)) == 1


async def test_t17_without_the_policys_word_nobody_is_asked(make_house: Make) -> None:
    house = make_house()
    await close(house)

    assert house.outbox(purpose=Purpose.CLOSED) == []


@pytest.mark.parametrize("data", [{}, {"score": "6"}, {"score": "0"}, {"score": "<b>"}], ids=str)
async def test_what_is_no_answer_is_asked_for_again_with_what_was_typed(
    make_house: Make, data: dict[str, str]
) -> None:
    house = asking(make_house)
    await close(house)
    async for browser in browsing(house):
        page = await browser.post(link(house), data={"words": "Det gick bra."} | data)

    assert page.status_code == 422
    assert "Det gick bra." in page.text
    assert house.table("surveys") == []


async def test_a_forged_or_old_link_keeps_nothing(make_house: Make) -> None:
    house = asking(make_house)
    await close(house)
    async for browser in browsing(house):
        forged = await browser.post(link(house)[:-3] + "abc", data={"score": "5"})
        house.clock.now += LIFE
        old = await browser.post(link(house), data={"score": "5"})

    assert [forged.status_code, old.status_code] == [410, 410]
    assert "Länken gäller inte längre" in old.text
    assert house.table("surveys") == []
