"""The pages on which something is marked, protected, worded, refused a road, and handed out as a register."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from store.domain import Purpose
from tests.bots.web.test_work import ANSWER, MANAGED, Desk, Make, a_confirmed, at_work, words

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # what differs is tried in tests/store
MARK = {"paragraph": "26 kap. 1 § OSL", "authority": "Omsorgsnämnden", "message": ""}


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        yield one


def value_of(page: httpx.Response, name: str) -> list[str]:
    select = page.text.partition(f'name="{name}"')[2].partition("</select>")[0]
    return [value for value in re.findall(r'<option value="([^"]*)"', select) if value]


async def test_b14_a_handler_proposes_the_registrator_sets_and_the_page_says_who_and_when(desk: Desk) -> None:
    await a_confirmed(desk)

    proposed = await desk.do("sekretess", **MARK)
    before = words(await desk.browser.get(desk.url))
    await desk.sign_in("rita")
    (mark,) = value_of(await desk.browser.get(f"{desk.url}/gor/sekretess-besked"), "mark")
    settled = await desk.do("sekretess-besked", mark=mark, wish="satt")
    after = words(await desk.browser.get(desk.url))

    assert (proposed.status_code, settled.status_code) == (303, 303)
    assert "Föreslagen av Anna Ek" in before
    assert "Väntar på registratorn." in before
    assert "Kan vara hemligt" not in before
    assert "Sekretessmarkerat av Omsorgsnämnden 2026-11-23, 26 kap. 1 § OSL." in after
    assert "Satt av Rita Lund" in after


async def test_b14_another_paragraph_can_be_typed_and_none_at_all_is_refused(desk: Desk) -> None:
    await a_confirmed(desk, who="rita")

    refused = await desk.do("sekretess", **(MARK | {"paragraph": ""}))
    done = await desk.do("sekretess", **(MARK | {"paragraph": "", "other_paragraph": "32 kap. 4 § OSL"}))

    assert (refused.status_code, done.status_code) == (422, 303)
    assert "Ange vilken bestämmelse det gäller" in words(refused)
    (row,) = desk.house.table("secrecy_marks")
    assert row["paragraph"] == "32 kap. 4 § OSL"


async def test_b15_whoever_protects_and_may_not_know_the_sender_is_led_out_of_the_case(desk: Desk) -> None:
    await a_confirmed(desk, who="omar")  # manages the unit

    done = await desk.do("skydda")
    gone = await desk.browser.get(desk.url)

    assert (done.status_code, done.headers["location"]) == (303, "/arenden?klart=lamnat")
    assert gone.status_code == 403
    assert "gunga" not in gone.text.casefold()


async def test_b13_a_title_is_looked_through_on_the_page_and_saved_when_it_is_confirmed(desk: Desk) -> None:
    await a_confirmed(desk, who="rita")
    title = "Sven Svensson 811218-9876"

    warned = await desk.do("arendemening", title=title)
    saved = await desk.do("arendemening", title=title, all_the_same="ja")

    assert warned.status_code == 422
    assert "Ärendemeningen är offentlig. Skriv om den utan ”Sven Svensson”" in words(warned)
    assert f'value="{title}"' in warned.text
    assert (saved.status_code, desk.case["title"]) == (303, title)


async def test_b20_a_marked_case_has_no_button_to_send_with_and_says_what_to_do_instead(desk: Desk) -> None:
    await a_confirmed(desk, who="rita")
    await desk.do("sekretess", **MARK)
    await desk.sign_in("anna")

    shown = await desk.do("svara", **ANSWER)
    pressed = await desk.again(shown, **(ANSWER | {"gor": "skicka", "despite": "Måste."}))

    assert 'value="skicka"' not in shown.text
    assert "Skicka med post, ring och anteckna det" in words(shown)
    assert pressed.status_code == 422
    assert desk.house.outbox(purpose=Purpose.ANSWER) == []


async def test_b20_a_question_with_words_of_health_asks_why_before_it_goes(desk: Desk) -> None:
    await a_confirmed(desk)
    question = {"question": "Hur länge har din mamma haft demens?"}

    refused = await desk.do("fraga", **question)
    sent = await desk.again(refused, **question, despite="Hon har bett om e-post.")

    assert refused.status_code == 422
    assert "Varför måste det skickas ändå?" in words(refused)
    assert question["question"] in words(refused)
    assert sent.status_code == 303
    assert len(desk.house.outbox(purpose=Purpose.QUESTION)) == 1


async def test_r7_the_registrator_reads_the_register_and_hands_it_out_and_it_is_journaled(desk: Desk) -> None:
    await a_confirmed(desk, who="rita")

    page = await desk.browser.get("/registret")
    file = await desk.browser.get("/registret.csv?serie=SYN&fran=2026-11-01&till=2026-11-30&utan=ja")
    nothing = await desk.browser.get("/registret?fran=9999-12-31&till=9999-12-31&serie=%00")

    assert "SYN-2026-000001 2026-11-23 Sven Svensson Trasig gunga in nej" in words(page)
    assert "/registret.csv?serie=SYN&amp;fran=2026-11-01&amp;till=2026-11-23" in page.text
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.content.decode("utf-8-sig").splitlines()[1:] == [
        "SYN-2026-000001;2026-11-23;–;Trasig gunga;in;n"
    ]
    assert nothing.status_code == 200
    (line,) = [row for row in desk.house.table("journal") if row["act"] == "registret uttaget"]
    assert line["actor"] == "rita"
    assert line["details"] == {"serie": "SYN", "från": "2026-11-01", "till": "2026-11-30", "rader": "1"}
