"""Row B20: what is secret, or tells of somebody's health, does not go where others may read it on its way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bots.desk.sensitive import ALTERNATIVES, OpenRoadError
from store.domain import LetterState, Outcome, Purpose, Status, Way
from store.engine import Row
from tests.bots.desk.test_acts import a_case, answer, now_of, seen
from tests.bots.desk.test_secrecy import mark, protect
from tests.house import UNITS, House, an_inbound

Make = Callable[..., House]
PLAIN = "Gungan är lagad sedan i går."
DELICATE = "Din mammas demens gör att hon behöver mer hjälp."
BY_HAND = (Purpose.ANSWER, Purpose.QUESTION, Purpose.DELAY, Purpose.STATEMENT_REQUEST)
pytestmark = pytest.mark.parametrize(
    "database_kind", ["sqlite"]
)  # nothing here is asked of the database alone


def by_hand(house: House) -> list[Row]:
    """List the letters that hold words of staff."""
    return [row for row in house.outbox() if row["purpose"] in BY_HAND]


def writing(house: House, case: Row, text: str, despite: str = "") -> dict[str, Callable[[], object]]:
    """Return each way in which staff write to somebody outside."""
    acts, later = house.acts, date(2026, 12, 24)
    told: dict[str, Any] = {"by": "anna", "despite": despite}
    return {
        "svar": lambda: answer(house, case, text=text, despite=despite),
        "fråga": lambda: acts.ask_sender(**seen(house, case), question=text, **told),
        "fördröjning": lambda: acts.delay(**seen(house, case), reason=text, answer_on=later, **told),
        "redogörelse": lambda: acts.ask_statement(
            **seen(house, case), of="Norra Omsorg", question=text, address="svar@norra.example", **told
        ),
    }


@pytest.mark.parametrize("what", ["svar", "fråga", "fördröjning", "redogörelse"])
@pytest.mark.parametrize("hide", [mark, protect])
async def test_b20_nothing_that_staff_have_typed_goes_by_an_open_road_from_a_marked_case(
    house: House, what: str, hide: Callable[[House, Row], object]
) -> None:
    case = await a_case(house)
    hide(house, case)

    with pytest.raises(OpenRoadError) as refused:
        writing(house, case, PLAIN, despite="Det brådskar.")[what]()

    assert refused.value.stop.is_final
    assert ALTERNATIVES in refused.value.missing
    assert by_hand(house) == []


@pytest.mark.parametrize("what", ["svar", "fråga", "fördröjning", "redogörelse"])
async def test_b20_words_of_health_go_only_for_a_reason_and_the_journal_keeps_it(
    house: House, what: str
) -> None:
    case = await a_case(house)

    with pytest.raises(OpenRoadError, match="skriv varför"):
        writing(house, case, DELICATE)[what]()
    before = by_hand(house)
    writing(house, case, DELICATE, despite="Hon vill ha det så.")[what]()

    assert before == []
    assert [row["purpose"] for row in by_hand(house)] == [what]
    (line,) = [row for row in house.table("journal") if row["act"] == "skickat på öppen väg"]
    assert (line["actor"], line["details"]["varför"]) == ("anna", "Hon vill ha det så.")
    assert "demens" not in str(line["details"])


@pytest.mark.parametrize(
    ("text", "regulated", "is_stopped"),
    [
        (PLAIN, "", False),
        (PLAIN, "skola", False),
        (PLAIN, "sol", True),
        (PLAIN, "hsl", True),
        ("Vi har fört in 811218-9876 i registret.", "", True),
        (DELICATE, "", True),
    ],
)
async def test_b20_it_is_the_unit_or_the_words_that_stop_a_letter_in_a_case_that_nobody_has_marked(
    make_house: Make, text: str, regulated: str, is_stopped: bool
) -> None:
    house = make_house(units=[replace(unit, regulated=regulated) for unit in UNITS])
    case = await a_case(house)

    if is_stopped:
        with pytest.raises(OpenRoadError) as refused:
            answer(house, case, text=text)
        assert not refused.value.stop.is_final
    else:
        answer(house, case, text=text)

    assert len(by_hand(house)) == (not is_stopped)


@pytest.mark.parametrize("way", [Way.PHONE, Way.POST])
async def test_b20_by_phone_and_with_post_a_marked_case_is_answered(house: House, way: Way) -> None:
    case = await a_case(house)
    mark(house, case)

    answer(house, case, text=DELICATE, way=way)

    assert now_of(house, case)["status"] == Status.ANSWERED
    assert by_hand(house) == []


async def test_b20_an_answer_that_waits_when_its_case_is_marked_stays_until_it_goes_another_way(
    house: House,
) -> None:
    case = await a_case(house)
    answer(house, case)

    mark(house, case)
    await house.deliver()
    (letter,) = by_hand(house)
    with pytest.raises(OpenRoadError):
        house.acts.send(letter["id"], by="rita")

    assert letter["state"] == LetterState.HELD
    assert by_hand(house) == [letter]


async def test_b20_what_was_answered_by_phone_is_not_mailed_to_the_sender_of_a_duplicate(
    house: House,
) -> None:
    case = await a_case(house)
    await house.hear(an_inbound(text="Gungan vid lekplatsen igen", sender="eva@example.org"))
    twin = house.cases()[-1]
    house.acts.to_sorting(**seen(house, twin), by="rita", reason="samma sak")
    told = seen(house, twin)
    house.acts.duplicate(told["case_id"], case["id"], by="rita", version=told["version"])
    mark(house, case)

    answer(house, case, way=Way.PHONE)

    assert [row["number"] for row in house.acts.untold(case["id"])] == [twin["number"]]
    assert by_hand(house) == []
    told |= seen(house, case) | {"duplicate": twin["number"], "text": PLAIN, "by": "anna"}
    with pytest.raises(OpenRoadError):
        house.acts.answer_duplicate(**told, way=Way.LETTER)


async def test_b20_outcome_and_explanation_are_looked_through_like_the_text(house: House) -> None:
    case = await a_case(house)

    with pytest.raises(OpenRoadError):
        answer(house, case, outcome=Outcome.NO_ACTION, explanation=f"{DELICATE} Det kan vi inte ändra.")
