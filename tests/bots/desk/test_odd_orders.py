"""What was promised, told and reminded of when things happen in an order that nobody planned."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from store import profiles
from store.deadlines import STOCKHOLM
from store.domain import Factor, Kind, PromiseKind, Purpose, Way
from store.engine import Row
from tests.bots.desk.test_threads import a_report
from tests.bots.desk.test_watch import MANAGED, TYRESO, answer, at, seen, walk
from tests.house import NOW, House, Scripted, a_suggestion, an_inbound

Make = Callable[..., House]

KRISTIANSTAD = profiles.load("kristianstad")  # nothing is promised to praise
GUARANTEED = tuple(replace(unit, answer_days=5 if unit.id == "skola" else None) for unit in MANAGED)


def promised(house: House, kind: PromiseKind) -> list[tuple[int, date, datetime | None]]:
    """List the promises of a kind: round, day and when it was kept."""
    rows = [row for row in house.table("promises") if row["kind"] == kind]
    return [(row["round"], row["due_on"], row["kept_at"]) for row in rows]


def confirm(house: House, case: Row, kind: Kind = Kind.COMPLAINT, *, by: str = "anna") -> None:
    house.acts.confirm(**seen(house, case), kind=kind, factor=Factor.SAFETY, by=by)


async def a_case(house: House, **mail: Any) -> Row:
    await house.hear(an_inbound(received_at=house.clock.now, **mail))
    return house.cases()[-1]


async def come_back(house: House, letter: Row, *, status: str = "5.1.1") -> None:
    """Let a letter come back. Each `status` is a report of its own."""
    await house.hear(a_report(to=house.identity.bounce_address(letter["id"]), status=status))


async def test_x12_praise_that_turns_out_to_be_a_complaint_is_owed_an_answer_from_the_day_it_came(
    make_house: Make,
) -> None:
    house = make_house(days=KRISTIANSTAD.days, suggester=Scripted(a_suggestion(Kind.PRAISE, 0.95)))
    case = await a_case(house)
    assert promised(house, PromiseKind.ANSWER) == []
    at(house, date(2026, 11, 30))

    confirm(house, case)

    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 7), None)]
    assert "löfte flyttat" in house.journal(case["id"])


async def test_x12_a_promise_that_is_told_does_not_get_later_when_the_type_is_corrected(
    make_house: Make,
) -> None:
    house = make_house(days=replace(KRISTIANSTAD.days, suggestion=12))
    case = await a_case(house)

    confirm(house, case, Kind.SUGGESTION)
    confirm(house, case, Kind.PRAISE)

    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 7), None)]


async def test_x12_an_answer_that_is_there_keeps_a_promise_that_was_found_later(make_house: Make) -> None:
    house = make_house(days=KRISTIANSTAD.days, suggester=Scripted(a_suggestion(Kind.PRAISE, 0.95)))
    case = await a_case(house)
    answer(house, case)
    await house.deliver()

    confirm(house, case)

    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 7), NOW)]


async def test_x12_a_reopened_case_is_owed_its_new_answer_from_the_day_of_the_objection(
    make_house: Make,
) -> None:
    house = make_house(days=KRISTIANSTAD.days, suggester=Scripted(a_suggestion(Kind.PRAISE, 0.95)))
    case = await a_case(house)
    confirm(house, case, Kind.PRAISE)
    answer(house, case)
    await house.deliver()
    at(house, date(2026, 12, 1))
    house.acts.reopen(**seen(house, case), by="anna", reason="det var inget beröm")
    at(house, date(2026, 12, 3))

    confirm(house, case)

    assert promised(house, PromiseKind.ANSWER) == [(2, date(2026, 12, 15), None)]


async def test_n6_a_unit_that_promises_more_is_held_to_it_by_a_case_that_comes_to_it_later(
    make_house: Make,
) -> None:
    house = make_house(units=GUARANTEED)
    case = await a_case(house)
    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 7), None)]

    house.acts.assign(**seen(house, case), handler="omar", unit="skola", by="anna")

    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 11, 30), None)]
    house.acts.assign(**seen(house, case), handler="anna", unit="park", by="omar")
    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 11, 30), None)]


async def test_t10_a_promise_of_an_earlier_round_is_not_kept_by_closing_the_next_one(
    make_house: Make,
) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    case = await a_case(house)
    confirm(house, case)
    answer(house, case)
    await house.deliver()
    at(house, date(2026, 12, 15))
    house.acts.reopen(**seen(house, case), by="anna", reason="inte nöjd")
    answer(house, case)
    await house.deliver()

    house.acts.close(**seen(house, case), by="anna")

    assert promised(house, PromiseKind.ANSWER) == [
        (1, date(2026, 12, 7), None),
        (2, date(2027, 1, 4), datetime(2026, 12, 15, 9, tzinfo=STOCKHOLM).astimezone(UTC)),
    ]


async def test_g9_who_has_been_answered_knows_who_has_the_case_also_if_the_receipt_came_back(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house)
    await come_back(house, house.acknowledgements()[0])
    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), None)]

    answer(house, case, way=Way.PHONE)

    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), NOW)]
    assert walk(house, date(2026, 12, 20)) == []


@pytest.mark.parametrize("lost", [Purpose.ACKNOWLEDGEMENT, Purpose.HANDLER_NAMED])
async def test_g9_one_letter_that_comes_back_does_not_undo_what_another_has_told(
    make_house: Make, lost: Purpose
) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house)
    house.acts.assign(**seen(house, case), handler="petra", by="anna")
    await house.deliver()

    await come_back(house, house.outbox(purpose=lost)[0])

    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), NOW)]


async def test_g9_an_answer_that_comes_back_has_told_nobody_who_has_the_case(house: House) -> None:
    case = await a_case(house)
    await come_back(house, house.acknowledgements()[0])
    answer(house, case)
    await house.deliver()
    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), NOW)]

    await come_back(house, house.outbox(purpose=Purpose.ANSWER)[0], status="5.1.2")

    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), None)]
