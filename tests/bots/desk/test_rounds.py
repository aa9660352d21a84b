"""What the policy and the sender's own words decide: who answers again, who sorts, and in what language."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bots.desk.letters import writing
from store import profiles
from store.domain import Address, Contact, Factor, Kind, Outcome, Purpose, Status
from store.engine import Row
from tests.house import ANNA, OMAR, PETRA, REGISTRATOR, SENDER, UNITS, House, a_suggestion, an_inbound

Make = Callable[..., House]

CONTACT = Contact(name="Omar Dahl", address="Torget 1, 123 45 Lillby", phone="070-174 06 05", handler="omar")
NAMED = tuple(replace(unit, contact=CONTACT, managers=("omar",)) for unit in UNITS)
STANDARD = profiles.load("standard")


def now_of(house: House, case: Row) -> Row:
    return next(row for row in house.cases() if row["id"] == case["id"])


async def an_answered(house: House) -> tuple[Row, Row]:
    """Answer a complaint, and return its case and the answer as it went out."""
    await house.hear(an_inbound())
    case = house.cases()[-1]
    house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )
    version = now_of(house, case)["version"]
    house.acts.answer(case["id"], "Gungan är lagad.", Outcome.DONE, by="anna", version=version)
    await house.deliver()
    return now_of(house, case), house.outbox(purpose=Purpose.ANSWER)[-1]


async def reply(house: House, to: Row, text: str, **more: Any) -> None:
    told = {"subject": "Re: svar", "in_reply_to": to["external_id"], "references": [to["external_id"]]}
    await house.hear(an_inbound(text=text, **(told | more)))


async def test_n5_whoever_is_not_satisfied_gets_the_one_whom_the_answer_named_and_a_new_day(
    make_house: Make,
) -> None:
    house = make_house(units=NAMED)
    case, answer = await an_answered(house)
    assert "Omar Dahl" in answer["body"]
    house.clock.forward(days=7)

    await reply(house, answer, "Jag är inte nöjd med svaret. Gungan hänger snett.")

    again = now_of(house, case)
    (letter,) = house.outbox(purpose=Purpose.REOPENED)
    (task,) = house.outbox(purpose=Purpose.TASK)
    days = [row["due_on"] for row in house.table("promises") if row["kind"] == "svar"]
    assert (again["status"], again["handler"], again["round"]) == (Status.REOPENED, "omar", 2)
    assert days == [date(2026, 12, 7), date(2026, 12, 14)]
    assert letter["handle"] == SENDER
    assert "Omar Dahl" in letter["body"]
    assert task["handle"] == OMAR.email
    assert "öppna igen" in house.journal(case["id"])


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Tack, nu är jag nöjd!", {}),
        ("Jag är inte nöjd med svaret.", {"sender": "Nisse <nisse@example.org>"}),
        (
            "Jag är inte nöjd med svaret.",
            {
                "on_top": "Authentication-Results: mx.lillkommun.example; dmarc=fail\r\n"
                "Received: from x.example by mx.lillkommun.example; Mon, 23 Nov 2026 10:29:00 +0100\r\n"
            },
        ),
    ],
    ids=["satisfied", "somebody else", "perhaps forged"],
)
async def test_n5_no_other_reply_opens_an_answered_case(
    make_house: Make, text: str, more: dict[str, Any]
) -> None:
    house = make_house(units=NAMED)
    case, answer = await an_answered(house)

    await reply(house, answer, text, **more)

    assert now_of(house, case)["status"] == Status.ANSWERED
    assert len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1


async def test_b5_who_speaks_the_senders_language_comes_first(make_house: Make) -> None:
    finnish = replace(PETRA, languages=("sv", "fi"))
    units = tuple(replace(unit, handlers=("anna", "petra")) if unit.id == "park" else unit for unit in UNITS)
    house = make_house(people=(REGISTRATOR, ANNA, finnish, OMAR), units=units)
    house.suggester.otherwise = a_suggestion(language="fi")
    await house.hear(an_inbound(text="Hyvää päivää, gunga on rikki.", subject="gunga"))
    house.suggester.otherwise = a_suggestion()
    await house.hear(an_inbound())

    assert [case["handler"] for case in house.cases()] == ["petra", "anna"]


async def test_g6_where_the_registrator_registers_mail_nobody_else_hears_of_it_before(
    make_house: Make,
) -> None:
    workflow = STANDARD.workflow.model_copy(update={"email_registration": "registrator"})
    house = make_house(policy=STANDARD.model_copy(update={"workflow": workflow}))

    await house.hear(an_inbound())

    (receipt,) = house.acknowledgements()
    (notice,) = house.outbox(purpose=Purpose.HANDLER_NOTICE)
    case = house.case()
    assert (case["status"], case["handler"], case["unit"]) == (Status.SORTING, "rita", "park")
    assert notice["handle"] == REGISTRATOR.email
    assert "Anna" not in receipt["body"]
    assert "onsdag 25 november 2026" in receipt["body"]


@pytest.mark.parametrize(
    ("letters", "first"),
    [(("sv", "en", "uk"), "uk"), (("sv", "en"), "sv")],
    ids=["switched on", "off"],
)
async def test_a_draft_of_a_language_is_used_only_where_it_is_switched_on(
    make_house: Make, letters: tuple[str, ...], first: str
) -> None:
    language = STANDARD.language.model_copy(update={"letters": letters})
    house = make_house(policy=STANDARD.model_copy(update={"language": language}))
    house.suggester.otherwise = a_suggestion(confidence=0.95, language="uk")

    await house.hear(an_inbound(text="Гойдалка зламана."))

    (receipt,) = house.acknowledgements()
    assert receipt["language"] == first
    assert ("Thank you" in receipt["body"]) == (first == "sv")


async def test_g10_a_letter_by_sms_is_short_where_it_fits(make_house: Make) -> None:
    house = make_house()
    await house.hear(an_inbound())
    case, work = house.case(), house.work
    about = work.letters
    with house.store.write() as transaction:
        sender = work.sender(transaction, case)
        assert sender is not None
        by_sms = replace(sender, address=Address(channel="sms", handle="+46701740633"))
        about.name_handler(
            transaction,
            writing(transaction, case),
            by_sms,
            handler=ANNA,
            instead=False,
            mark="prov",
            now=house.clock.now,
        )

    (letter,) = house.outbox(purpose=Purpose.HANDLER_NAMED)
    assert len(letter["body"]) <= 306
    assert "Anna Ek" in letter["body"]
