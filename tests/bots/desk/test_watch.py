"""What runs out is told of: each step once, in office hours, to whoever is there to read it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from store import profiles
from store.deadlines import STOCKHOLM, later
from store.domain import Factor, Kind, Lane, LetterState, Outcome, PromiseKind, Purpose, Status, Way
from store.engine import Row
from store.life import IllegalActError
from store.sight import HiddenCaseError
from tests.house import ANNA, NOW, OMAR, PETRA, REGISTRATOR, UNITS, Clock, House, a_suggestion, an_inbound

Make = Callable[..., House]

TYRESO = profiles.load("tyreso")
GISLAVED = profiles.load("gislaved")
MANAGED = tuple(replace(unit, managers=("omar",)) for unit in UNITS)
STEPS = {Purpose.REMINDER, Purpose.ESCALATION, Purpose.ALARM}


def at(house: House, day: date, hour: int = 9, minute: int = 0) -> None:
    """Let it be a time in Stockholm."""
    house.clock.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=STOCKHOLM).astimezone(UTC)


def watched(house: House) -> list[tuple[str, str]]:
    """Look at the clocks once, and return what was written: purpose and who got it."""
    before = {row["id"] for row in house.outbox()}
    house.watch.once()
    return [
        (row["purpose"], row["handle"].partition("@")[0]) for row in house.outbox() if row["id"] not in before
    ]


def walk(house: House, until: date, *, start: date | None = None) -> list[tuple[date, str, str]]:
    """Look at the clocks at nine each day, and return what was written on which day."""
    found = []
    day = start or house.clock.now.date()
    while day <= until:
        at(house, day)
        found += [(day, purpose, who) for purpose, who in watched(house)]
        day += timedelta(days=1)
    return found


def seen(house: House, case: Row) -> dict[str, Any]:
    now = next(row for row in house.cases() if row["id"] == case["id"])
    return {"case_id": case["id"], "version": now["version"]}


async def a_case(house: House, *, begun: bool = True, by: str = "anna", **mail: Any) -> Row:
    """Let a complaint come in to Anna, and let her begin with it so that nobody else is told."""
    await house.hear(an_inbound(received_at=house.clock.now, **mail))
    case = house.cases()[-1]
    house.acts.confirm(case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by=by, version=case["version"])
    if begun and case["status"] == Status.ASSIGNED:
        house.acts.answer(**seen(house, case), text="Vi ser på det.", outcome=Outcome.DONE, by="anna")
        await house.deliver()
    return house.cases()[-1]


def answer(house: House, case: Row, **more: Any) -> None:
    told: dict[str, Any] = {"text": "Gungan är lagad.", "outcome": Outcome.DONE, "by": "anna"}
    house.acts.answer(**seen(house, case), **(told | more))


async def test_t10_t11_a_case_answered_but_not_closed_is_reminded_of_and_then_told_to_the_manager(
    make_house: Make,
) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    await a_case(house)  # Monday 23 November: day 10 is Monday 7 December

    told = walk(house, date(2027, 1, 20))

    assert told == [
        (date(2026, 12, 8), "påminnelse", "anna.ek"),
        (date(2026, 12, 11), "eskalering", "anna.ek"),
        (date(2026, 12, 11), "eskalering", "omar.dahl"),
        (date(2026, 12, 29), "eskalering", "rita.lund"),
    ]


async def test_t10_closing_keeps_the_promise_and_everybody_is_left_in_peace(make_house: Make) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    case = await a_case(house)
    house.acts.close(**seen(house, case), by="anna")

    assert walk(house, date(2027, 1, 20)) == []


async def test_t11_a_reminder_that_was_late_moves_the_escalation_too(make_house: Make) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    await a_case(house)

    told = walk(house, date(2026, 12, 22), start=date(2026, 12, 14))  # the machine was off for six days

    assert told == [
        (date(2026, 12, 14), "påminnelse", "anna.ek"),
        (date(2026, 12, 17), "eskalering", "anna.ek"),
        (date(2026, 12, 17), "eskalering", "omar.dahl"),
    ]


async def test_x11_a_policy_may_remind_before_the_day(make_house: Make) -> None:
    early = TYRESO.model_copy(update={"reminders": TYRESO.reminders.model_copy(update={"before_days": 2})})
    house = make_house(policy=early, units=MANAGED)
    await a_case(house)

    told = walk(house, date(2026, 12, 9))

    assert told == [
        (date(2026, 12, 3), "påminnelse", "anna.ek"),
        (date(2026, 12, 8), "påminnelse", "anna.ek"),
    ]


async def test_nobody_is_told_at_night_or_on_a_day_off_or_twice(make_house: Make) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    await a_case(house)
    at(house, date(2026, 12, 8), hour=6, minute=59)
    assert watched(house) == []
    at(house, date(2026, 12, 8), hour=18)
    assert watched(house) == []
    at(house, date(2026, 12, 12))  # a Saturday
    assert watched(house) == []

    at(house, date(2026, 12, 14), hour=7)
    assert watched(house) == [("påminnelse", "anna.ek")]
    assert watched(house) == []


async def test_two_watches_at_once_tell_each_step_once(make_house: Make) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    for number in range(12):
        await a_case(house, subject=f"Gungan {number}", text=f"Gungan nummer {number} är trasig.")
    at(house, date(2026, 12, 14))
    others = [replace(house.watch) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(lambda watch: watch.once(), others))

    assert sum(steps) == 12
    assert len(house.outbox(purpose=Purpose.REMINDER)) == 12


async def test_an_answer_between_two_looks_stops_the_reminder(make_house: Make) -> None:
    house = make_house(policy=GISLAVED, units=MANAGED)
    case = await a_case(house, begun=False)
    house.acts.assign(**seen(house, case), handler="anna", by="rita")
    at(house, date(2026, 12, 2))
    answer(house, case, way=Way.PHONE)

    assert [one for one in walk(house, date(2026, 12, 31)) if one[1] != "larm"] == []


async def test_g9_who_sorts_is_warned_on_the_last_day_and_the_manager_told_when_it_has_passed(
    make_house: Make,
) -> None:
    house = make_house(policy=GISLAVED, units=MANAGED)
    case = await a_case(house)  # two working days: Wednesday

    (receipt,) = house.acknowledgements()
    told = walk(house, date(2026, 11, 26))
    alarms = [(row["clock"], row["step"], row["told"]) for row in house.table("alarms")]

    assert case["status"] == Status.SORTING
    assert "Anna" not in receipt["body"]
    assert "Du får veta vem det är senast onsdag 25 november 2026." in receipt["body"]
    assert ("tilldelning", "påminnelse", ["rita"]) in alarms  # G12: nobody had it after a day
    assert ("första_återkoppling", "påminnelse", ["rita"]) in alarms
    assert ("första_återkoppling", "eskalering", ["rita", "omar"]) in alarms
    assert {day for day, *_ in told} == {date(2026, 11, 25), date(2026, 11, 26)}


async def test_g9_to_name_the_handler_stops_the_clock_when_the_letter_is_there(make_house: Make) -> None:
    house = make_house(policy=GISLAVED, units=MANAGED)
    case = await a_case(house)
    house.clock.forward(hours=2)

    house.acts.assign(**seen(house, case), handler="anna", by="rita")
    before = _kept(house, PromiseKind.FIRST_FEEDBACK)
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.HANDLER_NAMED)
    assert before is None
    assert _kept(house, PromiseKind.FIRST_FEEDBACK) == house.clock.now
    assert "Anna Ek" in letter["body"]
    assert letter["in_reply_to"] == house.messages()[0]["message_id"]
    assert [row["handle"] for row in house.outbox(purpose=Purpose.HANDLER_NOTICE)][-1] == ANNA.email
    assert house.promises(case["id"])["svar"] == date(2026, 12, 2)  # C2: passing on moves no day


async def test_g12_a_case_that_is_given_back_to_be_sorted_waits_for_a_handler_anew(make_house: Make) -> None:
    policy = profiles.load("landskrona")
    house = make_house(policy=policy, units=MANAGED, quality=("petra",))
    case = await a_case(house, by="rita", text="Något är fel.", subject="Hej")
    told = walk(house, date(2026, 11, 25))
    house.acts.assign(**seen(house, case), handler="anna", unit="park", by="rita")
    house.acts.to_sorting(**seen(house, case), by="anna", reason="rör en annan")

    again = walk(house, date(2026, 12, 4))

    assert told == [(date(2026, 11, 25), "larm", "rita.lund")]
    assert again == [
        (date(2026, 11, 27), "larm", "rita.lund"),
        (date(2026, 12, 2), "larm", "petra.holm"),
    ]


async def test_l9_another_handler_is_named_to_the_sender_and_the_clock_runs_on(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house, begun=False)
    before = house.promises(case["id"])

    house.acts.assign(**seen(house, case), handler="omar", unit="skola", by="anna", reason="rör skolan")

    (letter,) = house.outbox(purpose=Purpose.HANDLER_NAMED)
    now = house.cases()[0]
    assert (now["handler"], now["unit"]) == ("omar", "skola")
    assert "Omar Dahl" in letter["body"]
    assert house.promises(case["id"]) == before
    assert "tilldela" in house.journal(case["id"])


async def test_b33_a_case_that_nobody_opens_is_told_to_the_substitute(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    await a_case(house, begun=False)

    told = walk(house, date(2026, 11, 27))

    assert told == [(date(2026, 11, 26), "larm", "petra.holm")]


async def test_b33_a_reopened_case_that_nobody_opens_is_told_to_the_substitute_too(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house)
    house.acts.reopen(**seen(house, case), by="rita", reason="inte nöjd")

    told = walk(house, date(2026, 11, 27))

    assert told == [(date(2026, 11, 26), "larm", "petra.holm")]


async def test_b33_a_substitute_is_told_once_for_each_absence(make_house: Make) -> None:
    away = replace(ANNA, absent=((date(2026, 11, 25), date(2026, 12, 1)),))
    house = make_house(units=MANAGED, people=(REGISTRATOR, away, PETRA, OMAR))
    case = await a_case(house, begun=False)
    house.acts.ask_sender(**seen(house, case), question="Vilken gunga?", by="anna")

    told = walk(house, date(2026, 12, 4))

    assert told == [(date(2026, 11, 25), "larm", "petra.holm")]


async def test_a_reminder_goes_to_whoever_stands_in_for_the_absent(make_house: Make) -> None:
    away = replace(ANNA, absent=((date(2026, 12, 7), date(2026, 12, 9)),))
    house = make_house(policy=TYRESO, units=MANAGED, people=(REGISTRATOR, away, PETRA, OMAR))
    await a_case(house)

    assert (date(2026, 12, 8), "påminnelse", "petra.holm") in walk(house, date(2026, 12, 8))


async def test_b33_who_sorts_and_is_away_is_stood_in_for_when_a_case_has_no_handler(make_house: Make) -> None:
    away = replace(REGISTRATOR, substitute="petra", absent=((date(2026, 11, 24), date(2026, 11, 30)),))
    house = make_house(policy=GISLAVED, units=MANAGED, people=(away, ANNA, PETRA, OMAR))
    await a_case(house)

    told = walk(house, date(2026, 11, 25))

    assert told == [
        (date(2026, 11, 25), "larm", "petra.holm"),
        (date(2026, 11, 25), "larm", "petra.holm"),
    ]


async def test_b33_a_manager_who_is_away_is_stood_in_for(make_house: Make) -> None:
    away = replace(OMAR, substitute="rita", absent=((date(2026, 12, 9), date(2026, 12, 18)),))
    house = make_house(policy=TYRESO, units=MANAGED, people=(REGISTRATOR, ANNA, PETRA, away))
    await a_case(house)

    told = walk(house, date(2026, 12, 11))

    assert told == [
        (date(2026, 12, 8), "påminnelse", "anna.ek"),
        (date(2026, 12, 11), "eskalering", "anna.ek"),
        (date(2026, 12, 11), "eskalering", "rita.lund"),
    ]


async def test_n20_a_late_statement_is_told_to_handler_and_manager_then_to_the_level_above(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED, quality=("petra",))
    case = await a_case(house, begun=False)
    house.acts.ask_statement(**seen(house, case), of="Omsorg AB", question="Vad hände?", by="anna")

    told = [one for one in walk(house, date(2026, 12, 7)) if one[1] == "larm"]

    assert told == [
        (date(2026, 12, 1), "larm", "anna.ek"),
        (date(2026, 12, 1), "larm", "omar.dahl"),
        (date(2026, 12, 4), "larm", "petra.holm"),
    ]


async def test_a_question_that_nobody_answers_lets_the_case_go_on(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house, begun=False)
    house.acts.ask_sender(**seen(house, case), question="Vilken gunga är det?", by="anna")
    (letter,) = house.outbox(purpose=Purpose.QUESTION)
    assert "Vilken gunga är det?" in letter["body"]

    told = [one for one in walk(house, date(2026, 12, 8)) if one[1] == "larm"]

    assert told == [(date(2026, 12, 8), "larm", "anna.ek")]
    assert house.cases()[0]["status"] == Status.IN_PROGRESS


@pytest.mark.parametrize(("pauses", "due_on"), [(False, date(2026, 12, 7)), (True, date(2026, 12, 10))])
async def test_the_days_of_waiting_count_unless_the_policy_says_no(
    make_house: Make, pauses: bool, due_on: date
) -> None:
    policy = profiles.load("standard")
    clocks = policy.deadlines.model_copy(update={"pause_on_question": pauses})
    house = make_house(units=MANAGED, policy=policy.model_copy(update={"deadlines": clocks}))
    case = await a_case(house, begun=False)
    house.acts.ask_sender(**seen(house, case), question="Vilken gunga?", by="anna")
    (asked,) = house.outbox(purpose=Purpose.QUESTION)
    at(house, date(2026, 11, 27))  # Tuesday, Wednesday and Thursday went by
    reply = an_inbound(
        received_at=house.clock.now,
        text="Den vid Ekhagen.",
        subject="Re: din fråga",
        in_reply_to=asked["external_id"],
        references=[asked["external_id"]],
    )

    await house.hear(reply)

    assert house.cases()[0]["status"] == Status.IN_PROGRESS
    assert house.promises(case["id"])["svar"] == due_on
    with house.store.read() as transaction:
        from store import cases

        (answer_promise,) = [
            one for one in cases.owed(transaction, case["id"]) if one.kind is PromiseKind.ANSWER
        ]
    assert sum("väntar på avsändaren" in line for line in answer_promise.arithmetic) == 3 * pauses


async def test_l19_what_was_promised_for_a_day_is_asked_for_on_that_day_also_in_a_closed_case(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house, begun=False)
    answer(house, case, outcome=Outcome.LATER, act_on=date(2027, 2, 1), way=Way.PHONE)
    house.acts.close(**seen(house, case), by="anna")

    told = walk(house, date(2027, 2, 8))

    assert told == [
        (date(2027, 2, 1), "larm", "anna.ek"),
        (date(2027, 2, 4), "larm", "anna.ek"),
        (date(2027, 2, 4), "larm", "omar.dahl"),
    ]


async def test_l19_a_result_ends_the_follow_up(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house, begun=False)
    answer(house, case, outcome=Outcome.LATER, act_on=date(2026, 12, 1), way=Way.PHONE)

    with pytest.raises(IllegalActError, match="skriv vad den visade"):
        house.acts.follow_up(**seen(house, case), by="anna", result=" ")
    with pytest.raises(HiddenCaseError):
        house.acts.follow_up(**seen(house, case), by="petra-okänd", result="Gungan hänger.")
    house.acts.follow_up(**seen(house, case), by="anna", result="Gungan hänger igen.")

    assert walk(house, date(2027, 1, 15)) == []


async def test_b4_a_delay_is_told_with_a_reason_and_a_new_day_and_the_promise_stands(house: House) -> None:
    case = await a_case(house, begun=False)
    at(house, date(2026, 12, 7))

    for reason, day, words in (
        (" ", date(2026, 12, 18), "Skriv varför"),
        ("Delarna dröjer.", date(2026, 12, 7), "en dag som inte har varit"),
    ):
        with pytest.raises(IllegalActError, match=words):
            house.acts.delay(**seen(house, case), by="anna", reason=reason, answer_on=day)
    house.acts.delay(
        **seen(house, case), by="anna", reason="Delarna till gungan dröjer.", answer_on=date(2026, 12, 18)
    )

    (letter,) = house.outbox(purpose=Purpose.DELAY)
    assert "Delarna till gungan dröjer." in letter["body"]
    assert "18 december 2026" in letter["body"]
    assert house.promises(case["id"])["svar"] == date(2026, 12, 7)
    assert house.table("delays")[0]["told_by"] == "anna"


async def test_the_operator_hears_once_that_receipts_do_not_go_out(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_house()
    await house.receive(an_inbound())
    house.judge()
    caplog.set_level("INFO")
    house.clock.forward(minutes=6)
    house.watch.once()
    house.watch.once()
    await house.deliver()
    house.watch.once()

    told = [record.message for record in caplog.records if "receipts" in record.message]
    assert told == ["receipts wait for more than 5 minutes: count=1", "receipts go out again"]


async def test_a_reminder_names_no_word_of_the_citizens(make_house: Make) -> None:
    house = make_house(policy=TYRESO, units=MANAGED)
    await a_case(house, text="Gungan är trasig och chefen heter Zebulon.")
    walk(house, date(2027, 1, 20))

    letters = [row for row in house.outbox() if row["purpose"] in STEPS]

    assert letters
    assert [row for row in letters if "Zebulon" in row["subject"] + row["body"]] == []
    assert {row["state"] for row in letters} == {LetterState.PENDING}


@pytest.mark.parametrize(
    ("lane", "hour", "who"),
    [
        (Lane.CONCERN_REPORT, 23, {"rita.lund"}),
        (Lane.CONCERN_REPORT, 12, {"rita.lund"}),
        (Lane.APPEAL, 23, set()),
        (Lane.FAULT_REPORT, 12, set()),
    ],
)
async def test_c5_what_has_an_hour_is_told_of_at_night_as_well(
    make_house: Make, lane: Lane, hour: int, who: set[str]
) -> None:
    house = make_house(units=MANAGED)
    house.suggester.otherwise = a_suggestion(lanes=(lane,))
    await house.hear(an_inbound())
    at(house, date(2026, 11, 23), hour=hour)
    await house.deliver()

    assert {handle for _, handle in watched(house)} == who
    assert watched(house) == []


async def test_c5_an_appeal_that_nobody_has_passed_on_is_told_of_the_next_morning(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    house.suggester.otherwise = a_suggestion(lanes=(Lane.APPEAL,))
    await house.hear(an_inbound())

    told = [one for one in walk(house, date(2026, 11, 25)) if "överlämnande" in str(house.table("alarms"))]

    assert [(day, who) for day, _, who in told][:1] == [(date(2026, 11, 24), "rita.lund")]
    assert any("överklagande" in row["body"].casefold() for row in house.outbox(purpose=Purpose.ALARM))


async def test_b28_what_a_whistleblower_says_is_told_of_to_the_registrator_alone(make_house: Make) -> None:
    house = make_house(units=MANAGED, quality=("petra",))
    house.suggester.otherwise = a_suggestion(lanes=(Lane.WHISTLEBLOWING,))
    await house.hear(an_inbound())

    told = walk(house, date(2027, 1, 20))

    assert told
    assert {who for _, _, who in told} == {"rita.lund"}


def _kept(house: House, kind: PromiseKind) -> datetime | None:
    found: datetime | None = next(row["kept_at"] for row in house.table("promises") if row["kind"] == kind)
    return found


def test_the_days_in_these_tests_are_counted_right() -> None:
    assert later(NOW.date(), 10) == date(2026, 12, 7)
    assert Clock().now == NOW
