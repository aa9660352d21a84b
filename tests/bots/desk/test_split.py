"""One message with several matters becomes several cases, and its sender is told once (C5:1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bots.desk.split import Part
from store import cases, inbox, parts, pick_up, profiles
from store.cases import StaleCaseError
from store.domain import Factor, Kind, Lane, Purpose, Status
from store.engine import Row, StoreError
from store.life import IllegalActError
from tests.bots.desk.test_acts import a_case, answer, now_of, seen
from tests.bots.desk.test_secrecy import mark, protect
from tests.bots.desk.test_wished_roads import by_form
from tests.house import NOW, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]
TEXT = "Gungan är trasig.\n\nOch maten i skolan är kall."
SWING = Part(title="Gungan", words="Gungan är trasig.")
FOOD = Part(title="Maten", words="Och maten i skolan är kall.", unit="skola")


async def divided(house: House, *told: Part, by: str = "anna", **mail: Any) -> list[Row]:
    """Let a message with two matters come in, and divide it."""
    case = await a_case(house, text=TEXT, **mail)
    made = house.acts.split(**seen(house, case), told=told or (SWING, FOOD), by=by)
    return [now_of(house, {"id": one}) for one in made]


def promised(house: House, case: Row) -> dict[str, tuple[date, object]]:
    return {
        row["kind"]: (row["due_on"], row["kept_at"])
        for row in house.table("promises")
        if row["case_id"] == case["id"]
    }


async def test_c5_each_matter_becomes_a_case_with_the_same_r_sender_and_promises(house: House) -> None:
    swing, food = await divided(house)

    assert [(one["title"], one["unit"], one["handler"], one["status"]) for one in (swing, food)] == [
        ("Gungan", "park", "anna", Status.ASSIGNED),
        ("Maten", "skola", "omar", Status.ASSIGNED),
    ]
    assert (food["received_at"], food["sender_handle"]) == (swing["received_at"], SENDER)
    assert promised(house, food)["svar"] == promised(house, swing)["svar"]
    assert [one["number"][-6:] for one in (swing, food)] == ["000001", "000002"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b13_b14_b15_a_part_names_nobody_and_is_marked_and_protected_as_the_whole(house: House) -> None:
    case = await a_case(house, text=TEXT)
    mark(house, case)
    protect(house, case, by="anna")
    told = (replace(SWING, title="Eva Svenssons gunga"), FOOD)

    made = house.acts.split(**seen(house, case), told=told, by="anna")

    swing, food = (now_of(house, {"id": one}) for one in made)
    assert (swing["title"], food["title"]) == ("Synpunkt, Gata och park", "Maten")
    assert (swing["protected"], food["protected"]) == (True, True)
    marks = [(row["case_id"], row["paragraph"]) for row in house.table("secrecy_marks")]
    assert marks == [(one, "26 kap. 1 § OSL") for one in made]


async def test_the_sender_gets_one_letter_with_each_number_and_who_has_it(house: House) -> None:
    swing, food = await divided(house)
    before = promised(house, food)["första_återkoppling"][1]
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.SPLIT)
    body = " ".join(letter["body"].split())
    assert letter["handle"] == SENDER
    assert f"{swing['number']}: Gata och park Anna Ek (enhetschef) tar hand om det." in body
    assert f"{food['number']}: Skolan Omar Dahl (rektor) tar hand om det." in body
    assert "kall" not in body
    assert house.outbox(purpose=Purpose.HANDLER_NAMED) == []
    assert (before, promised(house, food)["första_återkoppling"][1]) == (None, NOW)


async def test_each_case_shows_the_whole_message_and_its_own_words(house: House) -> None:
    swing, food = await divided(house)

    with house.store.read() as transaction:
        messages = [cases.of_case(transaction, one["id"])["messages"] for one in (swing, food)]
        raw = [inbox.raw(transaction, rows[0]["id"]) for rows in messages]
        words = [parts.words_of(transaction, one["id"]) for one in (swing, food)]
        family = [[row["id"] for row in parts.family(transaction, one["id"])] for one in (swing, food)]
    assert [rows[0]["text"].split() for rows in messages] == [TEXT.split(), TEXT.split()]
    assert raw[0] == raw[1]
    assert words == [SWING.words, FOOD.words]
    assert family == [[swing["id"], food["id"]], [swing["id"], food["id"]]]


async def test_each_part_is_answered_by_its_own_handler_to_the_same_sender(house: House) -> None:
    swing, food = await divided(house)

    answer(house, swing)
    answer(house, food, by="omar", text="Maten är varm nu.")
    await house.deliver()

    letters = house.outbox(purpose=Purpose.ANSWER)
    assert [(row["handle"], row["case_id"]) for row in letters] == [
        (SENDER, swing["id"]),
        (SENDER, food["id"]),
    ]
    assert [now_of(house, one)["status"] for one in (swing, food)] == [Status.ANSWERED, Status.ANSWERED]


async def test_type_and_factor_that_are_chosen_are_confirmed_and_the_others_wait(house: House) -> None:
    food = replace(FOOD, kind=Kind.SUGGESTION, factor=Factor.FOOD)

    first, second, third = await divided(house, SWING, food, replace(SWING, title="Bänken"))

    assert [(one["kind"], one["factor"]) for one in (first, second, third)] == [
        ("klagomål", "Trygghet"),
        ("förslag", "Mat"),
        ("", ""),
    ]
    assert house.journal(second["id"])[:2] == ["ärende öppnat", "förslaget ändrat"]


async def test_a_part_to_which_more_is_promised_is_due_sooner(make_house: Make) -> None:
    quick = tuple(replace(unit, answer_days=3) if unit.id == "skola" else unit for unit in UNITS)
    house = make_house(units=quick)

    swing, food = await divided(house)

    assert promised(house, food)["svar"][0] == date(2026, 11, 26)
    assert promised(house, swing)["svar"][0] > date(2026, 11, 26)


async def test_few_eyes_stay_few_in_every_part(house: House) -> None:
    case = await a_case(house, text=TEXT)
    with house.store.write() as transaction:
        lanes = [Lane.NAMED_EMPLOYEE]
        cases.note(transaction, case["id"], restricted=True, barred=["petra"], lanes=lanes)

    made = house.acts.split(**seen(house, case), told=(SWING, FOOD), by="anna")

    food = now_of(house, {"id": made[1]})
    assert (food["restricted"], food["barred"], food["lanes"]) == (True, ["petra"], ["enskild_anställd"])


async def test_an_anonymous_sender_reads_every_part_with_the_same_code(house: House) -> None:
    await house.hear(by_form(f"Gungan i parken är trasig. {TEXT}"))
    case = house.case()
    made = house.acts.split(**seen(house, case), told=(SWING, FOOD), by="anna")
    food = now_of(house, {"id": made[1]})
    answer(house, food, by="omar", text="Maten är varm nu.", measure="Ny ugn")

    with house.store.read() as transaction:
        found = pick_up.case_of(transaction, "m" * 64)
        assert found is not None
        shown = pick_up.fetch(transaction, found)
    assert found["id"] == case["id"]
    assert [one.case["number"] for one in shown.parts] == [food["number"]]
    assert [row["text"] for row in shown.parts[0].answers] == ["Maten är varm nu."]


async def test_an_addition_with_the_code_joins_the_first_part(house: House) -> None:
    await house.hear(by_form(f"Gungan i parken är trasig. {TEXT}"))
    case = house.case()
    house.acts.split(**seen(house, case), told=(SWING, FOOD), by="anna")

    await house.hear(by_form("Den röda gungan.", name="2"))

    assert house.messages()[-1]["case_id"] == case["id"]


async def test_a_reply_to_the_senders_own_mail_joins_the_case_that_kept_its_number(house: House) -> None:
    swing, _ = await divided(house, message_id="<m1@example.org>")

    await house.hear(an_inbound(text="Den röda gungan.", in_reply_to="<m1@example.org>"))

    assert house.messages()[-1]["case_id"] == swing["id"]


async def test_what_is_sorted_may_be_divided_and_stays_to_be_sorted(house: House) -> None:
    case = await a_case(house, text=TEXT)
    house.acts.to_sorting(**seen(house, case), by="anna", reason="två saker")

    made = house.acts.split(
        **seen(house, case), told=(SWING, replace(FOOD, unit=""), replace(FOOD, title="Ugnen")), by="rita"
    )

    rows = [now_of(house, {"id": one}) for one in made]
    assert [one["status"] for one in rows] == [Status.SORTING, Status.SORTING, Status.ASSIGNED]
    (letter,) = house.outbox(purpose=Purpose.SPLIT)
    assert letter["body"].count("Du får veta vem") == 2


async def test_a_divided_case_may_be_divided_again_and_all_know_each_other(house: House) -> None:
    _, food = await divided(house)

    house.acts.split(**seen(house, food), told=(FOOD, replace(FOOD, title="Ugnen")), by="omar")

    with house.store.read() as transaction:
        assert len(parts.family(transaction, food["id"])) == 3


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((SWING,), "minst 2"),
        ((SWING,) * 7, "högst 6"),
        ((SWING, replace(FOOD, title=" ")), "rubrik"),
        ((SWING, replace(FOOD, words="")), "vilka ord"),
        ((SWING, replace(FOOD, kind=Kind.PRAISE)), "både typ och faktor"),
    ],
)
async def test_what_is_missing_is_told_and_nothing_is_divided(
    house: House, told: tuple[Part, ...], words: str
) -> None:
    case = await a_case(house, text=TEXT)

    with pytest.raises(IllegalActError, match=words):
        house.acts.split(**seen(house, case), told=told, by="anna")

    assert len(house.cases()) == 1


async def test_nobody_divides_on_an_old_page_or_gives_to_nobody(house: House) -> None:
    case = await a_case(house, text=TEXT)

    with pytest.raises(StaleCaseError):
        house.acts.split(case["id"], (SWING, FOOD), by="anna", version=case["version"] - 1)
    with pytest.raises(StoreError):
        house.acts.split(**seen(house, case), told=(SWING, replace(FOOD, handler="x")), by="anna")

    assert len(house.cases()) == 1


async def test_an_answered_case_is_not_divided(house: House) -> None:
    case = await a_case(house, text=TEXT)
    answer(house, case)

    with pytest.raises(IllegalActError, match="Ett svar är redan skrivet"):
        house.acts.split(**seen(house, case), told=(SWING, FOOD), by="anna")


async def test_a_late_part_is_told_no_day_that_has_been(make_house: Make) -> None:
    house = make_house(policy=profiles.load("standard"))
    case = await a_case(house, text=TEXT)
    house.clock.now += timedelta(days=60)

    house.acts.split(**seen(house, case), told=(SWING, FOOD), by="anna")

    (letter,) = house.outbox(purpose=Purpose.SPLIT)
    assert "senast" not in letter["body"]
