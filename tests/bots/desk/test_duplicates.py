"""Two who write of the same matter are both answered, each in a letter of their own (requirements C1)."""

from typing import Any

import pytest

from store import cases
from store.domain import Outcome, Purpose, Status, Way
from store.engine import Row
from store.life import IllegalActError
from tests.bots.desk.test_acts import TEXT, a_case, answer, come_back, now_of, seen
from tests.bots.desk.test_wished_roads import by_form
from tests.house import NOW, SENDER, House, an_inbound

KAJSA = "kajsa.ek@example.org"


async def two_cases(house: House, **mail: Any) -> tuple[Row, Row]:
    """Let two people write of the same swing, and tie the second case to the first."""
    original = await a_case(house)
    told = {"subject": "Gungan", "text": "Gungan är trasig.", "sender": f"Kajsa Ek <{KAJSA}>"}
    await house.hear(an_inbound(envelope_from=KAJSA, **(told | mail)))
    return original, tie(house, house.cases()[-1], original)


def tie(house: House, case: Row, original: Row) -> Row:
    house.acts.to_sorting(**seen(house, case), by="anna", reason="samma gunga")
    house.acts.duplicate(**seen(house, case), original_id=original["id"], by="rita")
    return now_of(house, case)


def answers_to(house: House, address: str) -> list[Row]:
    return [row for row in house.outbox(purpose=Purpose.ANSWER) if row["handle"] == address]


def kept(house: House, case: Row, kind: str = "svar") -> list[object]:
    return [
        row["kept_at"]
        for row in house.table("promises")
        if row["case_id"] == case["id"] and row["kind"] == kind
    ]


async def test_c1_the_sender_of_a_duplicate_gets_the_answer_with_a_number_of_their_own(house: House) -> None:
    original, duplicate = await two_cases(house)
    before = kept(house, duplicate)

    answer(house, original)
    await house.deliver()

    (first,), (second,) = answers_to(house, SENDER), answers_to(house, KAJSA)
    assert TEXT.splitlines()[0] in second["body"]
    assert (first["subject"][-15:], second["subject"][-15:]) == (original["number"], duplicate["number"])
    assert (duplicate["number"] in first["body"], original["number"] in second["body"]) == (False, False)
    assert ("Sven" in second["body"], "Kajsa" in first["body"]) == (False, False)
    assert (before, kept(house, duplicate), kept(house, duplicate, "första_återkoppling")[0] is None) == (
        [None],
        [NOW],
        False,
    )
    assert now_of(house, duplicate)["status"] == Status.DUPLICATE


async def test_the_letter_to_a_finn_is_framed_in_finnish(house: House) -> None:
    original, duplicate = await two_cases(house)
    with house.store.write() as transaction:
        cases.note(transaction, duplicate["id"], language="fi")

    answer(house, original)

    (letter,) = answers_to(house, KAJSA)
    assert "Etkö ole tyytyväinen vastaukseen?" in letter["body"]


async def test_each_of_a_chain_of_duplicates_is_answered_once(house: House) -> None:
    original, duplicate = await two_cases(house)
    other = await a_case(house, subject="Ännu en", text="Gungan!", sender="Ove <ove@example.org>")
    await house.hear(an_inbound(subject="Sist", text="Gunga.", sender="Eva <eva@example.org>"))
    tie(house, house.cases()[-1], other)
    tie(house, other, original)

    answer(house, original)
    await house.deliver()
    answer_again = [one["handle"] for one in house.outbox(purpose=Purpose.ANSWER)]

    assert sorted(answer_again) == sorted([SENDER, KAJSA, "ove@example.org", "eva@example.org"])
    assert house.acts.untold(original["id"]) == []
    assert now_of(house, duplicate)["status"] == Status.DUPLICATE


async def test_a_case_tied_while_the_answer_is_on_its_way_is_answered_as_well(house: House) -> None:
    original = await a_case(house)
    await house.hear(an_inbound(subject="Gungan", text="Gungan.", sender=f"Kajsa <{KAJSA}>"))
    answer(house, original)

    tie(house, house.cases()[-1], original)

    assert len(answers_to(house, KAJSA)) == 1


async def test_an_answer_that_came_back_breaks_the_promise_of_the_duplicate_alone(house: House) -> None:
    original, duplicate = await two_cases(house)
    answer(house, original)
    await house.deliver()
    (letter,) = answers_to(house, KAJSA)

    await come_back(house, letter)

    assert (kept(house, duplicate), kept(house, original)) == ([None], [NOW])
    assert now_of(house, original)["status"] == Status.ANSWERED
    assert house.outbox(purpose=Purpose.UNDELIVERED_NOTICE) != []


async def test_a_sender_who_left_only_a_phone_is_left_for_a_human_and_closing_waits(house: House) -> None:
    original = await a_case(house)
    await house.hear(an_inbound(subject="Gungan", text="Gungan.", sender=f"Kajsa <{KAJSA}>"))
    duplicate = tie(house, house.cases()[-1], original)
    with house.store.write() as transaction:
        cases.note(transaction, duplicate["id"], sender_channel="telefon", sender_handle="070-174 06 05")

    answer(house, original)
    await house.deliver()
    with pytest.raises(IllegalActError, match="om samma sak"):
        house.acts.close(**seen(house, original), by="anna")
    house.acts.answer_duplicate(
        **seen(house, original), duplicate=duplicate["number"], text="Lagad.", way=Way.PHONE, by="anna"
    )
    house.acts.close(**seen(house, original), by="anna")

    assert now_of(house, original)["status"] == Status.CLOSED
    assert kept(house, duplicate) == [NOW]


async def test_an_anonymous_sender_of_a_duplicate_reads_the_answer_with_the_code(house: House) -> None:
    original = await a_case(house)
    await house.hear(by_form("Gungan i parken är trasig."))
    duplicate = tie(house, house.cases()[-1], original)

    answer(house, original)

    rows = [row for row in house.table("answers") if row["case_id"] == duplicate["id"]]
    assert [(row["text"], row["delivered_at"]) for row in rows] == [(TEXT, NOW)]


async def test_a_tie_is_undone_while_there_is_no_answer_and_then_the_case_is_sorted_anew(
    house: House,
) -> None:
    original, duplicate = await two_cases(house)

    house.acts.untie(**seen(house, duplicate), by="rita", reason="en annan gunga")
    answer(house, original)

    free = now_of(house, duplicate)
    assert (free["status"], free["refers_to"]) == (Status.SORTING, None)
    assert answers_to(house, KAJSA) == []
    house.acts.assign(**seen(house, duplicate), handler="anna", by="rita")
    assert [row["handle"] for row in house.outbox(purpose=Purpose.HANDLER_NAMED)] == [KAJSA]


async def test_a_tie_stands_once_its_sender_has_the_answer(house: House) -> None:
    original, duplicate = await two_cases(house)
    answer(house, original)

    with pytest.raises(IllegalActError, match="redan fått svaret"):
        house.acts.untie(**seen(house, duplicate), by="rita", reason="fel")

    assert now_of(house, duplicate)["status"] == Status.DUPLICATE


async def test_an_answer_without_action_explains_it_to_both(house: House) -> None:
    original, _ = await two_cases(house)
    why = "Gungan ägs av en förening, och vi har talat med den."

    answer(house, original, outcome=Outcome.NO_ACTION, explanation=why)

    assert why in " ".join(answers_to(house, KAJSA)[0]["body"].split())


async def test_a_duplicate_that_is_answered_is_not_answered_by_hand_again(house: House) -> None:
    original, duplicate = await two_cases(house)
    answer(house, original)

    with pytest.raises(IllegalActError, match="Välj vem"):
        house.acts.answer_duplicate(
            **seen(house, original), duplicate=duplicate["number"], text="Igen.", way=Way.LETTER, by="anna"
        )

    assert len(answers_to(house, KAJSA)) == 1
