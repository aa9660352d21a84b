"""What was promised, told and reminded of when things happen in an order that nobody planned."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from store import cases, profiles
from store.deadlines import STOCKHOLM
from store.domain import Door, Factor, Inbound, Kind, PromiseKind, Purpose, Status, Way
from store.engine import Row
from store.life import IllegalActError
from store.profiles.policy import Profile
from tests.bots.desk.test_threads import a_report, suspect
from tests.bots.desk.test_watch import MANAGED, TYRESO, answer, at, seen, walk
from tests.house import (
    ANNA,
    NOW,
    OMAR,
    PETRA,
    REGISTRATOR,
    UNITS,
    House,
    Scripted,
    a_mail,
    a_suggestion,
    an_inbound,
)

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


async def test_b4_nobody_is_told_of_a_delay_who_waits_for_nothing(house: House) -> None:
    case = await a_case(house)
    confirm(house, case)
    answer(house, case)
    await house.deliver()

    for close in (False, True):
        if close:
            house.acts.close(**seen(house, case), by="anna")
        with pytest.raises(IllegalActError, match="väntar inte på något svar"):
            house.acts.delay(
                **seen(house, case), reason="Delar saknas.", answer_on=date(2026, 12, 30), by="anna"
            )
    assert house.outbox(purpose=Purpose.DELAY) == []


async def test_b6_who_is_barred_from_an_answered_case_is_followed_by_somebody_without_a_new_promise(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house)
    answer(house, case)
    await house.deliver()

    house.acts.bar(**seen(house, case), person="anna", by="anna")

    assert house.case()["handler"] == "omar"
    assert house.outbox(purpose=Purpose.HANDLER_NAMED) == []


async def test_b6_a_case_that_was_handed_over_gets_no_new_handler(make_house: Make) -> None:
    house = make_house(units=MANAGED, silent=True)
    case = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    hand_over(house, case, "Region Väst")
    before = house.outbox()

    house.acts.bar(**seen(house, case), person="rita", by="rita")

    assert house.outbox() == before


def hand_over(house: House, case: Row, to: str) -> None:
    house.acts.hand_over(
        **seen(house, case), door=Door.OTHER_AUTHORITY, to=to, by="rita", reason="busstrafik"
    )


async def test_a_case_handed_over_anew_is_told_of_anew(make_house: Make) -> None:
    house = make_house(silent=True)
    case = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    hand_over(house, case, "Region Väst")
    house.acts.take_back(**seen(house, case), by="rita", reason="det var inte deras")

    hand_over(house, case, "Trafikverket")

    first, second = house.outbox(purpose=Purpose.HANDED_OVER)
    assert "Region Väst" in first["body"]
    assert "Trafikverket" in second["body"]


async def test_two_cases_are_not_each_others_duplicates(make_house: Make) -> None:
    house = make_house(silent=True)
    one = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    two = await a_case(house, subject="Bussen igen", text="Bussen går för sällan här också.")
    house.acts.duplicate(**seen(house, one), original_id=two["id"], by="rita")

    with pytest.raises(IllegalActError, match="är dubblett, och där kommer inget svar"):
        house.acts.duplicate(**seen(house, two), original_id=one["id"], by="rita")


async def test_n9_a_letter_that_comes_back_a_second_time_is_told_a_second_time(house: House) -> None:
    case = await a_case(house)
    answer(house, case)
    await house.deliver()
    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    await come_back(house, letter)
    await come_back(house, letter, status="5.1.3")  # of the same sending: told once
    assert len(house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)) == 1
    house.acts.send(letter["id"], by="anna")
    await house.deliver()

    await come_back(house, letter, status="5.1.2")

    assert len(house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)) == 2


async def test_n20_a_handler_hears_that_the_provider_never_got_the_question(house: House) -> None:
    case = await a_case(house)
    house.acts.ask_statement(
        **seen(house, case), of="Parkbolaget", question="Vad hände?", by="anna", address="fel@bolag.example"
    )
    await house.deliver()

    await come_back(house, house.outbox(purpose=Purpose.STATEMENT_REQUEST)[0])

    (told,) = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert told["handle"] == "anna.ek@lillkommun.example"
    assert "Den som ska redogöra har alltså inte fått frågan." in told["body"]


async def test_g9_who_is_named_already_is_not_named_again(make_house: Make) -> None:
    house = make_house(silent=True)
    case = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    assert "Din handläggare är Rita Lund" in house.acknowledgements()[0]["body"]
    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), None)]

    for act in range(2):
        if act:
            house.acts.to_sorting(**seen(house, case), by="rita", reason="osäker")
        house.acts.assign(**seen(house, case), handler="rita", by="rita")

    assert house.outbox(purpose=Purpose.HANDLER_NAMED) == []
    assert promised(house, PromiseKind.FIRST_FEEDBACK) == [(1, date(2026, 11, 25), NOW)]


async def test_g9_who_has_a_case_again_that_was_handed_over_is_named_again(make_house: Make) -> None:
    house = make_house(silent=True)
    case = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    hand_over(house, case, "Region Väst")
    await house.deliver()
    house.acts.take_back(**seen(house, case), by="rita", reason="det var inte deras")

    house.acts.assign(**seen(house, case), handler="rita", by="rita")

    assert len(house.outbox(purpose=Purpose.HANDLER_NAMED)) == 1


async def test_g9_a_letter_that_never_came_has_named_nobody(make_house: Make) -> None:
    house = make_house(silent=True)
    case = await a_case(house, subject="Bussen", text="Bussen går för sällan.")
    await come_back(house, house.acknowledgements()[0])

    house.acts.assign(**seen(house, case), handler="rita", by="rita")

    assert len(house.outbox(purpose=Purpose.HANDLER_NAMED)) == 1


async def test_b7_no_letter_promises_a_day_that_has_been(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    await house.hear(suspect(spam=True))
    case = house.case()
    assert case["status"] == Status.QUARANTINED
    at(house, date(2026, 12, 20))

    house.acts.release(**seen(house, case), by="rita")
    house.acts.assign(**seen(house, case), handler="petra", by="rita")
    house.acts.ask_statement(**seen(house, case), of="Parkbolaget", question="Vad hände?", by="petra")

    letters = [row for row in house.outbox() if row["handle"] == "sven.svensson@example.org"]
    assert [row["purpose"] for row in letters] == [
        Purpose.ACKNOWLEDGEMENT,
        Purpose.HANDLER_NAMED,
        Purpose.SENT_ON,
    ]
    assert [row["purpose"] for row in letters if "senast" in row["body"]] == []


async def test_b4_who_was_told_a_new_day_hears_no_more_of_the_old_one(house: House) -> None:
    case = await a_case(house)
    at(house, date(2026, 12, 1))
    house.acts.delay(**seen(house, case), reason="Delar saknas.", answer_on=date(2026, 12, 30), by="anna")

    house.acts.ask_statement(**seen(house, case), of="Parkbolaget", question="Vad hände?", by="anna")

    (letter,) = house.outbox(purpose=Purpose.SENT_ON)
    assert "Du får vårt svar senast onsdag 30 december 2026." in letter["body"]


def pausing() -> Profile:
    policy = profiles.load("standard")
    clocks = policy.deadlines.model_copy(update={"pause_on_question": True})
    return policy.model_copy(update={"deadlines": clocks})


async def test_nobody_is_reminded_while_the_clock_stands_for_the_senders_reply(make_house: Make) -> None:
    house = make_house(units=MANAGED, policy=pausing())
    case = await a_case(house)
    at(house, date(2026, 12, 4))

    house.acts.ask_sender(**seen(house, case), question="Vilken gunga?", by="anna")

    assert walk(house, date(2026, 12, 18)) == []


async def test_days_of_waiting_do_not_count_when_the_handler_goes_on_without_a_reply(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED, policy=pausing())
    case = await a_case(house)
    house.acts.ask_sender(**seen(house, case), question="Vilken gunga?", by="anna")
    at(house, date(2026, 11, 27))

    answer(house, case)

    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 10), None)]


async def test_a_second_answer_waits_in_plain_words_when_the_first_is_there(house: House) -> None:
    case = await a_case(house)
    answer(house, case)
    house.acts.ask_sender(**seen(house, case), question="Blev det bra?", by="anna")
    await house.deliver()

    with pytest.raises(IllegalActError, match="Svaret är redan framme"):
        answer(house, case, text="En sak till.")


async def test_l19_a_follow_up_of_nothing_is_refused(house: House) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError, match="Ange dag för uppföljning"):
        house.acts.follow_up(**seen(house, case), by="anna")


async def test_l7_nobody_is_reminded_to_name_the_handler_to_nobody(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    await house.hear(
        Inbound(
            channel="web",
            account="formulär",
            received_at=NOW,
            raw=b"{}",
            media_type="application/json",
            external_id="1",
            subject="Gungan",
            text="Gungan i parken är trasig.",
        )
    )

    assert house.promises(house.case()["id"]).keys() == {PromiseKind.RECEIPT, PromiseKind.ANSWER}


async def test_b33_a_case_let_out_of_quarantine_that_nobody_opens_is_told_to_the_substitute(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED)
    await house.hear(suspect(spam=True))
    house.acts.release(**seen(house, house.case()), by="rita")
    await house.deliver()

    assert walk(house, date(2026, 11, 26)) == [(date(2026, 11, 26), "larm", "petra.holm")]


async def test_t11_who_is_handler_and_manager_and_head_is_watched_by_somebody_else(make_house: Make) -> None:
    alone = (replace(UNITS[0], managers=("anna",), heads=("anna",)),)
    house = make_house(units=alone, quality=("omar",))
    await a_case(house)

    told = [one for one in walk(house, date(2026, 12, 29)) if one[1] == Purpose.ESCALATION]

    assert told == [
        (date(2026, 12, 11), "eskalering", "anna.ek"),
        (date(2026, 12, 11), "eskalering", "omar.dahl"),
        (date(2026, 12, 29), "eskalering", "omar.dahl"),
    ]


async def test_a_case_that_cannot_be_told_of_does_not_silence_the_others(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_house(units=MANAGED)
    one = await a_case(house, subject="Gungan")
    await a_case(house, subject="Parken", text="Parken är mörk.")
    with house.store.write() as transaction:
        cases.note(transaction, one["id"], number=" ")  # no letter can be written about it

    told = walk(house, date(2026, 12, 8))

    assert told == [(date(2026, 11, 26), "larm", "petra.holm"), (date(2026, 12, 8), "påminnelse", "anna.ek")]
    assert "not watched: case=1 because=TemplateError" in caplog.text


async def test_a_member_of_staff_may_have_an_id_as_long_as_a_mail_address(make_house: Make) -> None:
    long = "anna.karolina.margareta.ekstrom-lindqvist@lillkommun.example"
    away = replace(ANNA, id=long, substitute=f"p{long}", absent=((date(2026, 11, 24), date(2026, 12, 30)),))
    people = (REGISTRATOR, away, replace(PETRA, id=f"p{long}"), OMAR)
    house = make_house(people=people, units=(replace(UNITS[0], handlers=(long,)),))
    await a_case(house)

    assert walk(house, date(2026, 11, 24)) == [(date(2026, 11, 24), "larm", "petra.holm")]


async def test_b7_a_mail_that_lay_in_another_of_our_mailboxes_before_moves_its_case_to_that_day(
    house: House,
) -> None:
    raw = a_mail()
    await house.hear(an_inbound(raw))
    await house.hear(an_inbound(raw, channel="imap", account="park", received_at=NOW - timedelta(days=3)))
    await house.hear(an_inbound(raw, channel="imap", account="skola", received_at=NOW + timedelta(days=1)))

    case = house.case()
    assert case["received_at"] == NOW - timedelta(days=3)
    assert promised(house, PromiseKind.ANSWER) == [(1, date(2026, 12, 4), None)]
    assert house.journal(case["id"]).count("inkom tidigare") == 1
