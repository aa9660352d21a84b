"""Who can not judge says so, and who was late sees what the others did, beside their own words."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from store import lessons, quality
from store.domain import Factor, Kind, Outcome
from tests.bots.web.test_work import ANSWER, MANAGED, Desk, at_work, hidden, words
from tests.house import NOW, House, an_inbound

Make = Callable[..., House]


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        await one.house.hear(an_inbound())
        await one.sign_in("anna")
        yield one


async def judge(desk: Desk, kind: str, factor: str) -> str:
    page = await desk.browser.get(desk.url)
    sent = {"token": hidden(page)["token"], "version": str(desk.case["version"])}
    answer = await desk.browser.post(f"{desk.url}/bekrafta", data=sent | {"kind": kind, "factor": factor})
    return words(await desk.browser.get(answer.headers["location"]))


async def test_who_can_not_judge_says_so_and_the_case_goes_on(desk: Desk) -> None:
    page = await judge(desk, "vet_ej", "vet_ej")

    (row,) = desk.house.table("confirmations")
    assert (row["kind"], row["factor"], desk.case["kind"], desk.case["factor"]) == (
        "vet_ej",
        "vet_ej",
        "",
        "",
    )
    assert "Anna Ek kunde inte bedöma typ och faktor" in page
    assert "Bekräfta förslaget" in page
    assert desk.house.journal(desk.case["id"])[-1] == "kan inte bedöma"


async def test_a_type_may_be_known_and_the_factor_not_and_closing_asks_for_somebody_who_knows(
    desk: Desk,
) -> None:
    await judge(desk, "förslag", "vet_ej")
    case = desk.case
    desk.house.acts.answer(case["id"], "Lagad.", Outcome.DONE, by="anna", version=case["version"])
    await desk.house.deliver()

    assert (desk.case["kind"], desk.case["factor"]) == ("förslag", "")
    assert "Bekräfta typ och faktor." in words(await desk.browser.get(desk.url))


async def test_what_nobody_could_judge_is_no_lesson_and_no_figure(desk: Desk) -> None:
    await judge(desk, "klagomål", "Trygghet")
    with desk.house.store.read() as transaction:
        before = lessons.confirmed(transaction, since=NOW - timedelta(days=1))

    await judge(desk, "vet_ej", "Mat")

    with desk.house.store.read() as transaction:
        assert lessons.confirmed(transaction, since=NOW - timedelta(days=1)) == before
        figures = quality.quality(transaction, now=desk.house.clock())
    assert len(before) == 1
    assert [month.confirmed for month in figures.months][-1] == 1


async def test_a_confirmation_that_comes_late_shows_who_did_what_meanwhile(desk: Desk) -> None:
    page = await desk.browser.get(desk.url)
    mine = hidden(page) | {"kind": "förslag", "factor": "Mat"}
    case = desk.case
    desk.house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="omar", version=case["version"]
    )

    stale = await desk.browser.post(f"{desk.url}/bekrafta", data=mine)
    again = await desk.browser.post(f"{desk.url}/bekrafta", data=hidden(stale))

    told = words(stale)
    assert stale.status_code == 409
    assert "Förslag Mat" in told
    assert "Det här har hänt sedan du öppnade sidan" in told
    assert "förslaget ändrat Omar Dahl · typ: klagomål · faktor: Trygghet" in told
    assert (again.status_code, desk.case["factor"]) == (303, "Mat")


async def test_an_act_that_comes_late_shows_what_changed_beside_what_was_typed(desk: Desk) -> None:
    path = f"{desk.url}/gor/tilldela"
    page = await desk.browser.get(path)
    case = desk.case
    desk.house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="omar", version=case["version"]
    )

    stale = await desk.browser.post(path, data=hidden(page) | {"handler": "petra", "reason": "semester"})
    again = await desk.browser.post(path, data=hidden(stale) | {"handler": "petra", "reason": "semester"})

    assert stale.status_code == 409
    assert "faktor: Trygghet" in words(stale)
    assert "semester" in stale.text
    assert (again.status_code, desk.case["handler"]) == (303, "petra")


async def test_an_answer_looked_through_on_an_old_page_is_not_sent(desk: Desk) -> None:
    path = f"{desk.url}/gor/svara"
    page = await desk.browser.get(path)
    case = desk.case
    desk.house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="omar", version=case["version"]
    )

    shown = await desk.browser.post(path, data=hidden(page) | ANSWER)
    sent = await desk.browser.post(path, data=hidden(shown) | ANSWER)

    assert (shown.status_code, sent.status_code) == (200, 409)
    assert "förslaget ändrat Omar Dahl" in words(sent)
    assert ANSWER["text"] in sent.text


async def test_who_writes_an_answer_is_seen_doing_so(desk: Desk) -> None:
    await desk.browser.get(f"{desk.url}/gor/svara")

    await desk.sign_in("omar")

    assert "Anna Ek skriver svar (sedan" in words(await desk.browser.get(desk.url))
