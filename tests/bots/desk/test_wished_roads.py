"""Where letters go when the sender wishes another road, or none at all (rows G10, T4, X9; scenarios 2, 6)."""

from collections.abc import Callable
from typing import Any

import pytest

from bots.channel import PermanentFailure
from bots.channels.memory import Memory
from store.domain import Act, Address, Factor, Inbound, Kind, LetterState, Outcome, Purpose, Status
from store.life import IllegalActError
from tests.house import NOW, SENDER, House, a_mail, a_suggestion, an_inbound
from tests.house import Scripted as Says

MakeHouse = Callable[..., House]
NUMBER = "+46701740633"


def answer(house: House, text: str = "Vi lagar gungan i dag.") -> None:
    case = house.case()
    house.acts.answer(
        case["id"], text, Outcome.DONE, by=case["handler"], version=case["version"], measure="Lagad."
    )


def sort_out(house: House) -> None:
    case = house.case()
    if case["status"] == Status.SORTING:
        house.acts.assign(case["id"], handler="anna", unit="park", by="rita", version=case["version"])


async def test_g10_the_receipt_goes_where_they_wrote_from_and_the_answer_where_they_wish(
    make_house: MakeHouse,
) -> None:
    sms = Memory(name="sms")
    house = make_house(roads={"sms": sms})

    await house.hear(an_inbound(text="Gungan i parken är trasig. Svara mig på SMS 070-174 06 33"))
    answer(house)
    await house.deliver()

    (receipt,) = house.acknowledgements()
    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert (receipt["channel"], receipt["handle"]) == ("email", SENDER)
    assert (letter["channel"], letter["handle"], letter["state"]) == ("sms", NUMBER, LetterState.SENT)
    assert [one.recipient.handle for one in sms.letters] == [NUMBER]
    assert [one.purpose for one in house.memory.letters if one.recipient.handle == SENDER] == [
        Purpose.ACKNOWLEDGEMENT
    ]
    assert house.case()["status"] == Status.ANSWERED


async def test_g10_when_the_wished_road_fails_the_answer_goes_where_they_wrote_from(
    make_house: MakeHouse,
) -> None:
    sms = Memory(name="sms", refused={NUMBER: PermanentFailure("numret finns inte")})
    house = make_house(roads={"sms": sms})
    await house.hear(an_inbound(text="Gungan i parken är trasig. Svara mig på SMS 070-174 06 33"))
    answer(house)
    await house.deliver()

    assert [
        (row["channel"], row["handle"], row["state"]) for row in house.outbox(purpose=Purpose.ANSWER)
    ] == [
        ("sms", NUMBER, LetterState.FAILED),
        ("email", SENDER, LetterState.SENT),
    ]
    done = house.journal(house.case()["id"])
    assert done.index("brev misslyckat") < done.index("brev går en annan väg") < len(done) - 1
    (told,) = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert "Vi har skickat det en annan väg i stället: e-post." in told["body"]
    assert house.case()["status"] == Status.ANSWERED


async def test_g10_when_no_road_is_left_the_handler_is_told_and_the_case_stays_open(
    make_house: MakeHouse,
) -> None:
    sms = Memory(name="sms", refused={NUMBER: PermanentFailure("numret finns inte")})
    house = make_house(roads={"sms": sms})
    await house.hear(an_inbound(text="Gungan i parken är trasig. Svara mig på SMS 070-174 06 33"))
    house.memory.refused[SENDER] = PermanentFailure("adressen finns inte")
    answer(house)
    await house.deliver()

    states = [row["state"] for row in house.outbox(purpose=Purpose.ANSWER)]
    assert states == [LetterState.FAILED, LetterState.FAILED]
    told = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert [row["handle"] for row in told] == ["anna.ek@lillkommun.example"] * 2
    assert "Vi skickar det inte igen av oss själva." in told[-1]["body"]
    assert house.case()["status"] == Status.IN_PROGRESS


async def test_a_wish_without_such_a_road_is_kept_for_the_handler_to_see(house: House) -> None:
    await house.hear(an_inbound(text="Gungan i parken är trasig. Ring mig på 070-174 06 33"))
    answer(house)

    case = house.case()
    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert (case["answer_channel"], case["answer_handle"]) == ("telefon", NUMBER)
    assert (letter["channel"], letter["handle"]) == ("email", SENDER)
    assert NUMBER not in str(house.table("journal"))


async def test_a_later_letter_can_wish_another_road(make_house: MakeHouse) -> None:
    house = make_house(roads={"sms": Memory(name="sms")})
    await house.hear(an_inbound(message_id="<ett@example.org>"))
    assert house.case()["answer_channel"] == ""

    await house.hear(
        an_inbound(
            text="Svara mig hellre på sms 070-174 06 33",
            references=["<ett@example.org>"],
            message_id="<tva@example.org>",
        )
    )

    assert (house.case()["answer_channel"], house.case()["answer_handle"]) == ("sms", NUMBER)


async def test_a_forged_sender_can_not_lead_the_answer_elsewhere(make_house: MakeHouse) -> None:
    house = make_house(roads={"sms": Memory(name="sms")})
    marks = (
        "Authentication-Results: mx.lillkommun.example; dmarc=fail header.from=example.org\r\n"
        "Received: from mx.example.net by mx.lillkommun.example; Mon, 23 Nov 2026 09:29:00 +0000\r\n"
    )
    raw = a_mail(text="Svara mig på SMS 070-174 06 33", on_top=marks)

    await house.hear(an_inbound(raw))

    assert house.messages()[0]["verdicts"] == ["dmarc_underkänd"]
    assert house.case()["answer_channel"] == ""


@pytest.mark.parametrize(
    ("kind", "confidence"), [(Kind.COMPLAINT, 0.95), (Kind.COMPLAINT, 0.6), (Kind.PRAISE, 0.95)]
)
async def test_t4_who_writes_anonymously_by_mail_is_told_that_the_address_can_be_read(
    make_house: MakeHouse, kind: Kind, confidence: float
) -> None:
    house = make_house(suggester=Says(a_suggestion(kind, confidence)))

    await house.hear(an_inbound(text="Personalen i parken röker. Jag vill vara anonym."))

    (letter,) = house.acknowledgements()
    body = " ".join(letter["body"].split())
    assert "Din adress står i brevet som du skickade." in body
    assert "allmän handling" in body
    assert "https://tycktill.lillkommun.example/" in body
    assert "Du är anonym" not in body
    assert letter["handle"] == SENDER


async def test_who_does_not_ask_for_anonymity_hears_nothing_of_it(house: House) -> None:
    await house.hear(an_inbound(text="Anonyma alkoholister behöver en lokal vid parken."))

    (letter,) = house.acknowledgements()
    assert "anonym" not in letter["body"].casefold()


def by_form(text: str, *, pick_up: str = "m" * 64, name: str = "1") -> Inbound:
    return Inbound(
        channel="web",
        account="form",
        received_at=NOW,
        raw=text.encode(),
        media_type="application/json",
        external_id=name,
        text=text,
        language="sv",
        pick_up=pick_up,
    )


async def test_x9_a_second_message_with_the_same_code_joins_the_case_and_tells_the_handler(
    house: House,
) -> None:
    await house.hear(by_form("Gungan i parken är trasig."))
    await house.hear(by_form("Den röda gungan.", name="2"))
    await house.hear(by_form("Någon annan skriver om parken.", pick_up="n" * 64, name="3"))
    await house.hear(by_form("Utan kod om parken.", pick_up="", name="4"))
    await house.hear(by_form("Också utan kod om parken.", pick_up="", name="5"))

    assert [case["pick_up"][:1] for case in house.cases()] == ["m", "n", "", ""]
    assert [row["case_id"] for row in house.messages()] == [1, 1, 2, 3, 4]
    assert [row["case_id"] for row in house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)] == [1]
    assert house.acknowledgements() == []


async def test_x9_a_question_to_an_anonymous_sender_lies_on_the_page_and_the_reply_ends_the_waiting(
    house: House,
) -> None:
    await house.hear(by_form("Gungan i parken är trasig."))
    case = house.case()

    house.acts.ask_sender(case["id"], "Vilken gunga är det?", by="anna", version=case["version"])
    sent = await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.QUESTION)
    assert (letter["channel"], letter["handle"], letter["state"]) == ("svarssida", "", LetterState.SENT)
    assert sent == 0
    assert house.case()["status"] == Status.AWAITING_SENDER

    await house.hear(by_form("Den röda.", name="2"))

    assert house.case()["status"] == Status.IN_PROGRESS


async def test_k2_nobody_can_be_asked_without_address_and_code(house: House) -> None:
    await house.hear(by_form("Gungan i parken är trasig.", pick_up=""))
    case = house.case()

    with pytest.raises(IllegalActError):
        house.acts.ask_sender(case["id"], "Vilken?", by="anna", version=case["version"])


async def test_x9_the_receipt_of_an_anonymous_sender_is_the_page_and_its_promise_is_kept(
    house: House,
) -> None:
    await house.hear(by_form("Gungan i parken är trasig."))

    assert {row["kind"]: row["kept_at"] is not None for row in house.table("promises")} == {
        "kvitto": True,
        "första_återkoppling": True,  # the page names who has the case
        "svar": False,
    }


async def test_scenario_6_closing_an_anonymous_case_demands_what_was_done_and_no_delivery(
    house: House,
) -> None:
    await house.hear(by_form("Gungan i parken är trasig."))
    case = house.case()
    house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )

    with pytest.raises(IllegalActError, match="åtgärden stå"):
        house.acts.answer(
            case["id"], "Tack!", Outcome.DONE, by="anna", version=house.case()["version"], measure=" "
        )
    house.acts.answer(
        case["id"],
        "Lagad i dag.",
        Outcome.DONE,
        by="anna",
        version=house.case()["version"],
        measure="Ny kedja.",
    )
    house.acts.close(case["id"], by="anna", version=house.case()["version"])

    assert house.case()["status"] == Status.CLOSED
    assert house.outbox(purpose=Purpose.ANSWER) == []
    assert Act.DELIVER in house.journal(case["id"])


async def test_letters_go_to_the_wish_of_the_form_before_the_address_of_the_form(
    make_house: MakeHouse,
) -> None:
    house = make_house(roads={"sms": Memory(name="sms")})
    inbound = Inbound(
        channel="web",
        account="form",
        received_at=NOW,
        raw=b"{}",
        media_type="application/json",
        sender=Address(channel="email", handle=SENDER),
        text="Gungan i parken är trasig.",
        language="sv",
        wished=Address(channel="sms", handle=NUMBER),
    )

    await house.hear(inbound)
    answer(house)

    assert [row["handle"] for row in house.acknowledgements()] == [SENDER]
    assert [row["handle"] for row in house.outbox(purpose=Purpose.ANSWER)] == [NUMBER]


@pytest.mark.parametrize("other", ["granne@example.net", "omar.dahl@lillkommun.example"])
async def test_nobody_but_the_sender_can_lead_the_answer_elsewhere(make_house: MakeHouse, other: str) -> None:
    house = make_house(roads={"sms": Memory(name="sms")})
    await house.hear(an_inbound())
    to = house.identity.reply_address(house.case()["id"])
    wish: dict[str, Any] = {"text": "Svara mig på SMS 070-174 06 33", "to": to, "envelope_to": (to,)}

    await house.hear(an_inbound(sender=other, **wish))
    before = house.case()
    await house.hear(an_inbound(**wish))

    assert len(house.messages()) == 3
    assert (before["answer_channel"], before["answer_handle"]) == ("", "")
    assert (house.case()["answer_channel"], house.case()["answer_handle"]) == ("sms", NUMBER)
