"""What a member of staff took down, from the page to the case; and mail sent in for somebody else (T14)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from store import profiles
from store.domain import (
    BY_STAFF,
    Address,
    Attachment,
    Factor,
    Inbound,
    Kind,
    Lane,
    LetterState,
    Outcome,
    Purpose,
    SenderCategory,
    Source,
    Status,
    Taken,
    Way,
)
from store.engine import StoreError
from store.life import IllegalActError
from store.sight import HiddenCaseError
from tests.bots.desk.test_acts import now_of, seen
from tests.house import ANNA, NOW, OMAR, PETRA, SENDER, UNITS, House, Scripted, a_suggestion, an_inbound

Make = Callable[..., House]

YESTERDAY = NOW - timedelta(days=3)  # the Friday before: the promises count from it
MANAGED = tuple(replace(unit, managers=("petra",)) for unit in UNITS)
WRITER = Address(channel="email", handle=SENDER)
FORWARDED = "Vidarebefordrat från en förälder: gungan är trasig."


def taken(source: Source = Source.PHONE, **more: Any) -> Taken:
    return Taken(source=source, **({"by": "Petra Holm", "recorder": "petra"} | more))


def a_call(
    text: str = "Gungan vid lekplatsen är trasig.",
    *,
    sender: Address | None = WRITER,
    received_at: Any = YESTERDAY,
    **more: Any,
) -> Inbound:
    """Make what somebody said, as the page hands it over."""
    told = taken(**more)
    raw = json.dumps({"text": text, "source": told.source, "at": received_at.isoformat()}).encode()
    return Inbound(
        channel=BY_STAFF,
        account=told.source,
        received_at=received_at,
        raw=raw,
        media_type="application/json",
        external_id=f"{text}{received_at}{told}",
        sender=sender,
        sender_name="Sven Svensson" if sender else "",
        text=text,
        taken=told,
    )


def told(house: House, purpose: Purpose) -> list[str]:
    return [row["handle"] for row in house.outbox(purpose=purpose)]


async def test_d5_a_talk_of_yesterday_has_yesterday_for_r_and_its_recorder_and_a_receipt_now(
    house: House,
) -> None:
    await house.hear(a_call(category=SenderCategory.RELATIVE))

    case = house.case()
    (receipt,) = house.acknowledgements()
    assert (case["received_at"], case["opened_at"]) == (YESTERDAY, NOW)
    assert (case["source"], case["taken_by"], case["sender_category"]) == ("telefon", "Petra Holm", "anhörig")
    assert (receipt["handle"], receipt["state"]) == (SENDER, LetterState.SENT)
    assert told(house, Purpose.HANDLER_NOTICE) == [ANNA.email]
    assert house.promises(case["id"])["svar"] == date(2026, 12, 4)


async def test_t5_a_receipt_is_not_held_for_being_late_and_promises_no_day_that_has_passed(
    house: House,
) -> None:
    await house.hear(a_call(received_at=NOW - timedelta(days=60)))

    (receipt,) = house.acknowledgements()
    assert receipt["state"] == LetterState.SENT
    assert "Din handläggare är Anna Ek" in receipt["body"]
    assert "Vi läser allt som kommer till oss." in receipt["body"]
    assert "2026-10" not in receipt["body"]


async def test_t5_nobody_suspects_a_mail_loop_of_what_is_taken_down_by_hand(house: House) -> None:
    for hour in range(7):
        await house.hear(a_call(received_at=YESTERDAY - timedelta(hours=hour)))

    assert [row["state"] for row in house.acknowledgements()] == [LetterState.SENT] * 7


async def test_a_double_click_is_one_case(house: House) -> None:
    await house.hear(a_call(), a_call())

    assert len(house.cases()) == 1


async def test_without_any_address_no_receipt_is_written_and_the_talk_was_the_receipt(house: House) -> None:
    await house.hear(a_call(sender=None))

    assert house.acknowledgements() == []
    kept = {row["kind"]: row["kept_at"] for row in house.table("promises")}
    assert (kept["kvitto"], kept["svar"]) == (NOW, None)


async def test_a_phone_that_no_road_leads_to_gets_no_letter_that_waits_for_ever(house: House) -> None:
    await house.hear(a_call(sender=Address(channel="telefon", handle="+46701740605")))

    case = house.case()
    assert {row["channel"] for row in house.outbox()} == {"email"}
    assert house.acknowledgements() == []
    assert (case["sender_channel"], case["sender_handle"]) == ("telefon", "+46701740605")
    with pytest.raises(IllegalActError, match="Ring, och välj telefon"):
        house.acts.answer(**seen(house, case), text="Klart.", outcome=Outcome.DONE, by="anna")
    house.acts.answer(**seen(house, case), text="Klart.", outcome=Outcome.DONE, by="anna", way=Way.PHONE)
    assert now_of(house, case)["status"] == Status.ANSWERED


async def test_a_proposed_unit_outranks_the_words_and_the_chosen_type_the_model(house: House) -> None:
    await house.hear(replace(a_call(unit="skola"), chosen_kind=Kind.PRAISE))

    case = house.case()
    assert (case["unit"], case["handler"], case["chosen_kind"]) == ("skola", "omar", "beröm")
    assert case["routed_because"] == "enheten är vald av den som registrerade"


async def test_a_unit_that_is_gone_is_no_fault(house: House) -> None:
    await house.hear(a_call(unit="borta"))

    assert house.case()["unit"] == "park"


async def test_a_proposed_unit_does_not_outrank_a_flag(make_house: Make) -> None:
    house = make_house(suggester=Scripted(a_suggestion(lanes=(Lane.EMERGENCY,))))

    await house.hear(a_call(unit="skola", measure="Ringde 112"))

    case = house.case()
    assert (case["status"], case["handler"]) == (Status.SORTING, "rita")
    assert house.table("answers") == []


async def test_files_are_listed_with_the_message(house: House) -> None:
    file = Attachment(name="brev.pdf", media_type="application/pdf", size=7)

    await house.hear(a_call(source=Source.LETTER, files=(file,)))

    (row,) = house.messages()
    assert row["attachments"] == [{"name": "brev.pdf", "media_type": "application/pdf", "size": 7}]


async def test_words_in_a_transcript_are_no_wish_about_the_road(house: House) -> None:
    await house.hear(a_call("Gungan är trasig. Jag vill vara anonym. Ring mig på 070-174 06 33."))

    (receipt,) = house.acknowledgements()
    assert house.case()["answer_channel"] == ""
    assert "anonym" not in receipt["body"]


# --- Fixed on the spot (row L18).


async def test_l18_what_was_fixed_on_the_spot_is_answered_by_its_recorder_and_waits_for_its_type(
    house: House,
) -> None:
    await house.hear(a_call(measure="Skruvade fast gungan"))

    case = house.case()
    (row,) = house.table("answers")
    assert (case["status"], case["handler"], case["kind"]) == (Status.ANSWERED, "petra", "")
    assert (row["way"], row["outcome"], row["measure"]) == (Way.PHONE, "åtgärdad", "Skruvade fast gungan")
    assert {one["kind"]: one["kept_at"] for one in house.table("promises")} == {
        "kvitto": NOW,
        "första_återkoppling": NOW,
        "svar": NOW,
    }
    assert told(house, Purpose.HANDLER_NOTICE) == []  # the recorder knows
    assert "Du får ett svar senast" not in house.acknowledgements()[0]["body"]

    with pytest.raises(IllegalActError, match="Bekräfta typ och faktor"):
        house.acts.close(**seen(house, case), by="petra")
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="petra")
    house.acts.close(**seen(house, case), by="petra")
    assert now_of(house, case)["status"] == Status.CLOSED


async def test_l18_for_who_can_not_be_told_what_was_done_is_noted_and_the_case_can_be_closed(
    house: House,
) -> None:
    await house.hear(a_call(sender=None, source=Source.LETTER, measure="Skruvade fast gungan"))

    case = house.case()
    assert [row["way"] for row in house.table("answers")] == [Way.NOTE]
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="petra")
    house.acts.close(**seen(house, case), by="petra")
    assert now_of(house, case)["status"] == Status.CLOSED


@pytest.mark.parametrize(
    "more",
    [
        {"source": Source.LETTER},  # its sender waits for an answer
        {"recorder": "borta"},
    ],
)
async def test_what_was_done_is_no_answer_if_its_sender_has_not_been_told_or_its_recorder_is_gone(
    house: House, more: dict[str, Any]
) -> None:
    await house.hear(a_call(measure="Skruvade fast gungan", **more))

    case = house.case()
    assert (case["status"], case["handler"]) == (Status.ASSIGNED, "anna")
    assert house.table("answers") == []
    assert told(house, Purpose.HANDLER_NOTICE) == [ANNA.email]


async def test_b6_who_the_words_are_about_has_not_fixed_it(house: House) -> None:
    await house.hear(a_call("Petra Holm var otrevlig vid gungan.", measure="Bad om ursäkt"))

    assert house.table("answers") == []
    assert house.case()["handler"] == "anna"


async def test_n4_where_the_answer_must_name_whom_to_turn_to_nothing_is_answered_without(
    make_house: Make,
) -> None:
    policy = profiles.load("standard")
    strict = policy.model_copy(
        update={"workflow": policy.workflow.model_copy(update={"further_contact_required": True})}
    )
    house = make_house()
    object.__setattr__(house.work.house, "policy", strict)

    await house.hear(a_call(measure="Skruvade fast gungan"))

    assert house.case()["status"] == Status.ASSIGNED
    assert house.table("answers") == []


# --- Who must know of what was said aloud (rows K1, N10, X20).


@pytest.mark.parametrize(
    ("source", "notify", "readers"),
    [
        (Source.PHONE, "chef", [OMAR.email]),
        (Source.QUESTION_TIME, "registrator", ["rita.lund@lillkommun.example"]),
        (Source.LETTER, "chef", []),
    ],
)
async def test_n10_what_was_said_aloud_is_told_to_whom_the_policy_names(
    make_house: Make, source: Source, notify: str, readers: list[str]
) -> None:
    policy = profiles.load("standard")
    workflow = policy.workflow.model_copy(update={"oral_notify": notify})
    house = make_house(
        policy=policy.model_copy(update={"workflow": workflow}),
        units=tuple(replace(unit, managers=("omar",)) for unit in UNITS),
    )

    await house.hear(a_call(source=source))

    assert told(house, Purpose.TASK) == readers
    assert told(house, Purpose.HANDLER_NOTICE) == [ANNA.email]


async def test_n10_who_took_it_down_is_not_told_of_it(make_house: Make) -> None:
    policy = profiles.load("standard")
    workflow = policy.workflow.model_copy(update={"oral_notify": "chef"})
    house = make_house(policy=policy.model_copy(update={"workflow": workflow}), units=MANAGED)

    await house.hear(a_call())

    assert PETRA.email not in [row["handle"] for row in house.outbox()]


# --- An employee sends in what a citizen wrote (row T14).


async def forwarded(house: House, **mail: Any) -> Any:
    await house.hear(an_inbound(text=FORWARDED, sender=f"Omar Dahl <{OMAR.email}>", **mail))
    return house.case()


def give(house: House, case: Any, *, by: str = "anna", **more: Any) -> None:
    said: dict[str, Any] = {
        "sender": Address(channel="email", handle="eva@example.org"),
        "name": "Eva Ek",
        "received_at": YESTERDAY,
    }
    house.acts.on_behalf(**seen(house, case), by=by, **(said | more))


async def test_t14_the_citizen_becomes_the_sender_r_is_when_the_employee_had_it_and_one_receipt_goes(
    house: House,
) -> None:
    case = await forwarded(house)
    before = house.promises(case["id"])

    give(house, case)
    await house.deliver()
    after = now_of(house, case)

    assert before["svar"] == date(2026, 12, 7)
    assert (after["sender_handle"], after["sender_name"]) == ("eva@example.org", "Eva Ek")
    assert (after["received_at"], after["number"]) == (YESTERDAY, case["number"])
    assert house.promises(case["id"]) == {
        "kvitto": date(2026, 11, 20),
        "första_återkoppling": date(2026, 11, 24),
        "svar": date(2026, 12, 4),
    }
    assert [row["handle"] for row in house.acknowledgements()] == [OMAR.email, "eva@example.org"]
    assert house.acknowledgements()[-1]["state"] == LetterState.SENT
    assert "Vi fick din synpunkt fredag 20 november 2026." in house.acknowledgements()[-1]["body"]
    assert house.journal(case["id"]).count("löfte flyttat") == 3
    assert all(row["kept_at"] for row in house.table("promises") if row["kind"] != "svar")


async def test_t14_the_journal_names_nobody(house: House) -> None:
    case = await forwarded(house)

    give(house, case)

    lines = [json.dumps(row["details"], ensure_ascii=False) for row in house.table("journal")]
    assert any("inkom var" in line for line in lines)
    assert not any("eva" in line.casefold() for line in lines)


async def test_t14_a_later_time_never_moves_r(house: House) -> None:
    case = await forwarded(house, received_at=NOW - timedelta(days=7))
    before = house.promises(case["id"])

    give(house, case, received_at=NOW)

    assert now_of(house, case)["received_at"] == NOW - timedelta(days=7)
    assert house.promises(case["id"]) == before


async def test_t14_a_mistyped_address_can_be_put_right_and_each_address_is_thanked_once(
    house: House,
) -> None:
    case = await forwarded(house)

    for address in ("evaek@example.org", "eva@example.org", "EVA@example.org", "evaek@example.org"):
        give(house, case, sender=Address(channel="email", handle=address))

    assert [row["handle"] for row in house.acknowledgements()] == [
        OMAR.email,
        "evaek@example.org",
        "eva@example.org",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sender": Address(channel="email", handle=ANNA.email)}, "Skriv medborgarens adress"),
        ({"sender": Address(channel="email", handle="x@lillkommun.example")}, "en av våra egna"),
        ({"received_at": NOW + timedelta(minutes=1)}, "har inte varit än"),
    ],
)
async def test_t14_what_can_not_be_is_refused_and_changes_nothing(
    house: House, more: dict[str, Any], words: str
) -> None:
    case = await forwarded(house)

    with pytest.raises(IllegalActError, match=words):
        give(house, case, **more)

    assert now_of(house, case) == case
    assert len(house.acknowledgements()) == 1


async def test_t14_whoever_the_case_is_not_for_says_nothing_of_its_sender(house: House) -> None:
    case = await forwarded(house)

    with pytest.raises(HiddenCaseError):
        give(house, case, by="omar")

    assert now_of(house, case) == case


async def test_t14_a_citizen_s_own_case_keeps_its_sender(house: House) -> None:
    await house.hear(an_inbound())

    with pytest.raises(IllegalActError, match="kom inte från en medarbetare"):
        give(house, house.case())


async def test_t14_after_an_answer_the_sender_stands(house: House) -> None:
    case = await forwarded(house)
    house.acts.answer(**seen(house, case), text="Klart.", outcome=Outcome.DONE, by="anna")

    with pytest.raises(IllegalActError, match="Ett svar är på väg"):
        give(house, case)
    await house.deliver()
    with pytest.raises(IllegalActError, match="innan ärendet är besvarat"):
        give(house, case)


async def test_t14_of_two_who_do_it_at_once_the_second_is_told(house: House) -> None:
    case = await forwarded(house)
    first = seen(house, case)
    give(house, case)

    with pytest.raises(StoreError, match="changed by somebody else"):
        house.acts.on_behalf(
            **first,
            sender=Address(channel="email", handle="x@example.org"),
            name="",
            received_at=NOW,
            by="anna",
        )
