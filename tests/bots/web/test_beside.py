"""What stands beside a case: who is there, who has read it, and what belongs with it (rows R14, B8)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bots.desk.split import Part
from bots.web import seen
from store import cases, journal, presence
from store.domain import Lane, Presence
from store.engine import open_store
from tests.bots.web.test_work import MANAGED, Desk, at_work, words
from tests.house import NOW, House, an_inbound
from tests.store.test_cases import a_new_case

Make = Callable[..., House]


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        yield one


async def test_two_people_see_each_other_in_a_case(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in("rita")
    alone = await desk.page()

    await desk.sign_in("anna")
    page = await desk.page()

    assert "har ärendet öppet" not in alone
    assert "Rita Lund har ärendet öppet (sedan" in page
    assert "Anna Ek har ärendet öppet" not in page


async def test_who_left_two_minutes_ago_is_not_there(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in("rita")
    await desk.page()
    await desk.sign_in("anna")
    here = await desk.page()

    desk.house.clock.forward(minutes=2, seconds=1)

    assert ("Rita Lund har" in here, "Rita Lund har" in await desk.page()) == (True, False)


async def test_a_page_that_asks_again_keeps_its_reader_there_and_says_what_they_do(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in("rita")
    await desk.page()
    desk.house.clock.forward(minutes=1, seconds=30)
    fragment = await desk.browser.get(f"{desk.url}/narvaro?gor=skriver_svar")
    desk.house.clock.forward(minutes=1, seconds=30)

    await desk.sign_in("anna")

    assert "Rita Lund skriver svar (sedan" in await desk.page()
    assert "<html" not in fragment.text


async def test_nobody_sees_who_is_in_a_case_that_they_may_not_open(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    with desk.house.store.write() as transaction:
        cases.note(transaction, desk.case["id"], barred=["omar"])
    await desk.sign_in("omar")

    page = await desk.browser.get(f"{desk.url}/narvaro")

    assert page.status_code == 403
    assert desk.house.table("presence") == []


async def test_r14_each_reading_is_kept_and_shown_to_the_registrator_alone(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in("anna")
    page = await desk.page()
    message = desk.house.messages()[0]["id"]
    await desk.browser.get(f"{desk.url}/meddelande/{message}/original")
    refused = await desk.browser.get(f"{desk.url}/lasningar")

    await desk.sign_in("rita")
    case_page = await desk.page()
    told = words(await desk.browser.get(f"{desk.url}/lasningar"))

    assert ("Visa läsningar" in page, refused.status_code) == (False, 403)
    assert "ärende läst" not in case_page
    assert "Visa läsningar" in case_page
    assert "Anna Ek original" in told
    assert "Anna Ek sidan" in told
    assert "Rita Lund sidan" in told


def test_a_case_is_read_even_when_the_reading_can_not_be_noted(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    gone = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")

    seen.note(gone, 1, "anna", now=NOW)
    seen.still_here(gone, 1, "anna", Presence.READING, now=NOW)

    assert "reading not noted: case=1" in caplog.text
    assert "presence not noted: case=1" in caplog.text


async def test_readings_are_not_among_what_was_done(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    case = desk.case["id"]
    before = desk.house.journal(case)

    seen.note(desk.house.store, case, "anna", now=desk.house.clock())

    assert desk.house.journal(case) == before
    with desk.house.store.read() as transaction:
        assert [row["actor"] for row in journal.readings(transaction, case)] == ["anna"]


async def test_cases_of_one_message_are_linked_to_who_may_open_them(desk: Desk) -> None:
    await desk.house.hear(an_inbound(text="Gungan är trasig. Maten i skolan är kall."))
    case = desk.case
    told = (
        Part(title="Gungan", words="Gungan är trasig."),
        Part(title="Maten", words="Maten i skolan är kall.", unit="skola"),
    )
    desk.house.acts.split(case["id"], told, by="anna", version=case["version"])
    first, second = desk.house.cases()

    await desk.sign_in("rita")
    both = (await desk.browser.get(f"/arenden/{first['number']}")).text
    await desk.sign_in("anna")
    own = (await desk.browser.get(f"/arenden/{first['number']}")).text

    assert f"{second['number']}: Maten" in both
    assert "Hör ihop med" in both
    assert f'href="/arenden/{second["number"]}"' not in own
    assert '<div class="words">Gungan är trasig.</div>' in own


async def test_a_sealed_part_is_told_to_nobody_else(desk: Desk) -> None:
    await desk.house.hear(an_inbound(text="Gungan är trasig. Maten i skolan är kall."))
    case = desk.case
    told = (Part(title="Gungan", words="Gungan."), Part(title="Maten", words="Maten.", handler="rita"))
    desk.house.acts.split(case["id"], told, by="anna", version=case["version"])
    first, second = desk.house.cases()
    with desk.house.store.write() as transaction:
        cases.note(transaction, second["id"], restricted=True, lanes=[Lane.WHISTLEBLOWING])

    await desk.sign_in("anna")

    page = (await desk.browser.get(f"/arenden/{first['number']}")).text
    assert ("Det här ärendet gäller" in page, "Hör ihop med" in page) == (True, False)


def test_presence_has_one_line_for_each_person_and_case(house: House) -> None:
    now = house.clock()
    with house.store.write() as transaction:
        case_id, _ = cases.open_case(transaction, a_new_case(), now=now)
        for doing in (Presence.READING, Presence.ANSWERING):
            presence.note(transaction, case_id, "rita", doing, now=now)
        rows = presence.others(transaction, case_id, "anna", now=now)

    assert [(row["person"], row["doing"], row["since"]) for row in rows] == [("rita", "skriver_svar", now)]
