"""What handlers write from their own mail program: the answer itself, or a draft of it (row N17)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bots.desk.by_link import ByLink, NoLinkError, Reply, Trouble
from bots.desk.own_mail import names_contact
from bots.mail.identity import Identity
from bots.mail.writing import compose
from store import profiles
from store.domain import Contact, Inbound, LetterState, Outcome, Purpose, Status, Verdict
from store.engine import Row
from store.life import IllegalActError
from tests.house import ANNA, NOW, OMAR, PETRA, REGISTRATOR, SENDER, TOWN, UNITS, House, an_inbound

Make = Callable[..., House]

ANSWER = "Gungan lagas på fredag. Det är parkens egna som gör det."
WITH_MANAGER = tuple(replace(unit, managers=("petra",)) for unit in UNITS)
CONTACT = Contact(name="Rita Lund", address="Torget 1, 123 45 Lillby", phone="070-174 06 05")
VACATION = [("Auto-Submitted", "auto-replied")]
FORGED = [("Authentication-Results", "mx.lillkommun.example; dmarc=fail header.from=lillkommun.example")]


async def opened(house: House) -> Row:
    await house.hear(an_inbound(message_id="<forsta@example.org>"))
    return house.case()


def notice(house: House) -> Row:
    return house.outbox(purpose=Purpose.HANDLER_NOTICE)[-1]


def secret_address(house: House, *, of: str = ANNA.email) -> str:
    return house.identity.handler_address(house.case()["id"], of)


def reply(house: House, text: str = ANSWER, **mail: Any) -> Inbound:
    """Let Anna answer the notice, as her mail program does."""
    to = mail.pop("to", secret_address(house))
    usual: dict[str, Any] = {
        "sender": f"Anna Ek <{ANNA.email}>",
        "subject": f"Sv: {house.case()['number']}",
        "in_reply_to": notice(house)["external_id"],
    }
    return an_inbound(text=text, to=to, envelope_to=(to,), envelope_from=ANNA.email, **(usual | mail))


def to_the_sender(house: House, text: str = ANSWER, **mail: Any) -> Inbound:
    """Let Anna write to the sender herself, with us in copy."""
    ours = house.identity.reply_address(house.case()["id"])
    copies = mail.pop("cc", ours)
    usual: dict[str, Any] = {
        "sender": f"Anna Ek <{ANNA.email}>",
        "to": SENDER,
        "subject": "Gungan",
        "headers": [("Cc", copies)],
    }
    more = {**usual, **mail}
    return an_inbound(text=text, envelope_to=(copies,), envelope_from=ANNA.email, **more)


def token_in(letter: Row) -> str:
    found = re.findall(r"/l/(\S+)", letter["body"])
    assert found, letter["body"]
    return str(found[-1])


def by_link(house: House) -> ByLink:
    return ByLink(acts=house.acts)


def nothing_but_a_message(house: House, before: Row) -> None:
    assert house.table("drafts") == []
    assert house.table("answers") == []
    assert house.case()["status"] == before["status"]


def test_the_secret_address_is_for_one_person_in_one_case() -> None:
    identity = Identity(address=TOWN, name="", secret=b"hemlig")
    address = identity.handler_address(12, "Anna.Ek@lillkommun.example")

    assert re.fullmatch(r"synpunkt\+h12\.[0-9a-z]{26}@lillkommun\.example", address)
    assert identity.case_of_handler_address(address.upper(), ANNA.email) == 12
    assert identity.case_of_handler_address(address, PETRA.email) is None
    assert identity.case_of_handler_address(address.replace("h12", "h13"), ANNA.email) is None
    assert identity.case_of_address(address) is None
    assert identity.case_of_address(address.replace("+h", "+c")) is None


async def test_a_notice_asks_for_replies_at_the_secret_address_and_a_receipt_does_not(house: House) -> None:
    case = await opened(house)

    asked = {
        row["purpose"]: compose(house.letter(row), identity=house.identity).decode() for row in house.outbox()
    }

    assert f"Reply-To: {secret_address(house)}\r\n" in asked[Purpose.HANDLER_NOTICE]
    assert f"Reply-To: {house.identity.reply_address(case['id'])}\r\n" in asked[Purpose.ACKNOWLEDGEMENT]
    assert "+h" not in asked[Purpose.ACKNOWLEDGEMENT]


@pytest.mark.parametrize("sender", [ANNA.email, "anna.hemma@example.net"])
async def test_n17_a_reply_to_a_notice_from_any_address_is_a_draft_and_nothing_goes_to_the_sender(
    house: House, sender: str
) -> None:
    case = await opened(house)
    quoted = "".join(f"> {line}\n" for line in notice(house)["body"].splitlines())

    await house.hear(reply(house, f"{ANSWER}\n\n{quoted}", sender=f"Anna <{sender}>"))

    (draft,) = house.table("drafts")
    (told,) = house.outbox(purpose=Purpose.DRAFT_NOTICE)
    assert (draft["text"], draft["written_by"], draft["used_at"]) == (ANSWER, "anna", None)
    assert (told["handle"], "Gungan" in told["body"]) == (ANNA.email, False)
    assert house.case()["status"] == case["status"] == Status.ASSIGNED
    assert [row["handle"] for row in house.outbox()].count(SENDER) == 1
    assert house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE) == []
    assert house.journal(case["id"])[-3:] == ["nytt meddelande i ärendet", "utkast sparat", "brev sänt"]


async def test_n17_the_link_in_the_draft_s_letter_sends_it_once_as_it_was_shown(house: House) -> None:
    await opened(house)
    await house.hear(reply(house))
    token = token_in(house.outbox(purpose=Purpose.DRAFT_NOTICE)[0])
    seen = by_link(house).look(token)
    answer = Reply(text=seen.draft, outcome=Outcome.DONE, measure="Lagat")
    shown = by_link(house).preview(seen, answer)
    assert seen.case is not None

    by_link(house).answer(token, answer, version=seen.case["version"])
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert shown is not None
    assert (letter["subject"], letter["body"]) == (shown.subject, shown.body)
    assert (letter["handle"], letter["state"]) == (SENDER, LetterState.SENT)
    assert house.case()["status"] == Status.ANSWERED
    assert house.table("drafts")[0]["used_at"] == NOW
    with pytest.raises(NoLinkError) as told:
        by_link(house).answer(token, answer, version=house.case()["version"])
    assert told.value.trouble is Trouble.DONE
    assert len(house.outbox(purpose=Purpose.ANSWER)) == 1


async def test_a_vacation_reply_to_a_notice_is_a_line_in_the_journal_and_no_more(house: House) -> None:
    case = await opened(house)

    await house.hear(reply(house, "Jag är på semester.", headers=VACATION))

    nothing_but_a_message(house, case)
    assert house.journal(case["id"])[-1] == "automatiskt svar"
    assert len(house.outbox()) == 2


async def test_where_plus_addresses_do_not_work_the_thread_and_the_sender_tell_whose_draft_it_is(
    make_house: Make,
) -> None:
    house = make_house(plus_addressing=False)
    await opened(house)

    await house.hear(reply(house, to=TOWN))

    assert [(row["text"], row["written_by"]) for row in house.table("drafts")] == [(ANSWER, "anna")]


@pytest.mark.parametrize(
    "forged",
    [
        {"to": TOWN, "in_reply_to": "<s1.abc.aaaaaaaaaaaaaaaaaaaaaaaaaa@lillkommun.example>"},
        {"to": "synpunkt+h1.aaaaaaaaaaaaaaaaaaaaaaaaaa@lillkommun.example", "in_reply_to": ""},
        {"to": TOWN, "in_reply_to": "", "subject": "Sv: SYN-2026-000001"},
    ],
)
async def test_who_only_takes_a_handler_s_name_opens_a_case_and_makes_no_draft(
    house: House, forged: dict[str, str]
) -> None:
    await opened(house)

    await house.hear(reply(house, **forged))

    assert house.table("drafts") == []
    assert house.table("answers") == []
    assert [row["case_id"] for row in house.messages()] == [1, 2]


async def test_who_takes_a_handler_s_name_with_the_sender_s_own_letter_makes_no_draft(house: House) -> None:
    case = await opened(house)
    (receipt,) = house.acknowledgements()

    await house.hear(reply(house, to=TOWN, in_reply_to=receipt["external_id"]))

    nothing_but_a_message(house, case)
    assert [row["case_id"] for row in house.messages()] == [1, 1]


async def test_a_mail_that_failed_dmarc_is_neither_draft_nor_answer_but_told_to_the_handler(
    house: House,
) -> None:
    case = await opened(house)

    await house.hear(reply(house, sender="Någon <nagon@example.net>", on_top=_hop(FORGED)))
    await house.hear(to_the_sender(house, on_top=_hop(FORGED)))

    assert {tuple(row["verdicts"]) for row in house.messages()[1:]} == {(Verdict.DMARC_FAILED,)}
    nothing_but_a_message(house, case)
    assert len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1


def _hop(fields: list[tuple[str, str]]) -> str:
    received = "Received: from out.example.net by mx.lillkommun.example; Mon, 23 Nov 2026 10:29:30 +0100\r\n"
    return "".join(f"{name}: {value}\r\n" for name, value in fields) + received


async def test_the_sender_who_has_seen_a_handler_s_secret_address_still_writes_as_the_sender(
    house: House,
) -> None:
    case = await opened(house)

    await house.hear(reply(house, "Tack, men när?", sender=f"Sven <{SENDER}>"))

    nothing_but_a_message(house, case)
    assert len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1


async def test_a_handler_who_no_longer_has_the_case_writes_a_message_in_it(house: House) -> None:
    case = await opened(house)
    house.acts.assign(case["id"], handler="omar", unit="skola", by="anna", version=case["version"])
    before = house.case()

    await house.hear(reply(house))

    nothing_but_a_message(house, before)
    assert [row["handle"] for row in house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)] == [OMAR.email]


async def test_n17_a_handler_s_own_mail_to_the_sender_with_us_in_copy_is_the_answer(house: House) -> None:
    case = await opened(house)
    house.clock.forward(days=2)
    sent_at = NOW + timedelta(days=1)

    await house.hear(to_the_sender(house, received_at=sent_at))

    (answer,) = house.table("answers")
    (told,) = house.outbox(purpose=Purpose.TASK)
    after = house.case()
    assert (after["status"], after["handler"]) == (Status.ANSWERED, "anna")
    assert (answer["way"], answer["outcome"], answer["text"]) == ("eget_mejl", "", ANSWER)
    assert answer["delivered_at"] == answer["written_at"] == sent_at
    assert [row["kept_at"] for row in house.table("promises") if row["kind"] == "svar"] == [sent_at]
    assert (told["handle"], "Gungan" in told["body"]) == (ANNA.email, False)
    assert len(house.acknowledgements()) == 1
    assert house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE) == []
    assert house.outbox(purpose=Purpose.ANSWER) == []
    assert house.journal(case["id"])[-5:] == [
        "nytt meddelande i ärendet",
        "börja handlägga",
        "svara med eget mejl",
        "svaret är framme",
        "brev sänt",
    ]


async def test_n17_the_answer_by_mail_is_closed_first_when_its_outcome_is_chosen_by_the_link(
    house: House,
) -> None:
    case = await opened(house)
    await house.hear(to_the_sender(house))
    token = token_in(house.outbox(purpose=Purpose.TASK)[0])
    with pytest.raises(IllegalActError, match="Välj utfall när du svarar"):
        house.acts.close(case["id"], by="anna", version=house.case()["version"])

    by_link(house).choose_outcome(
        token, Reply(text="", outcome=Outcome.DONE, measure="Lagat"), version=house.case()["version"]
    )

    (answer,) = house.table("answers")
    assert (answer["outcome"], answer["measure"]) == ("åtgärdad", "Lagat")
    with pytest.raises(NoLinkError) as told:
        by_link(house).choose_outcome(
            token, Reply(text="", outcome=Outcome.LATER), version=house.case()["version"]
        )
    assert told.value.trouble is Trouble.DONE


async def test_n12_nothing_done_is_approved_by_the_manager_s_link(make_house: Make) -> None:
    house = make_house(units=WITH_MANAGER, policy=profiles.load("landskrona"))
    case = await opened(house)
    why = "Gungan ägs av en förening, och vi har talat med den."
    house.acts.answer(
        case["id"], ANSWER, Outcome.NO_ACTION, by="anna", version=case["version"], explanation=why
    )
    (asked,) = house.outbox(purpose=Purpose.TASK)
    token = token_in(asked)

    by_link(house).approve(token, version=house.case()["version"])

    assert asked["handle"] == PETRA.email
    assert house.table("answers")[0]["approved_by"] == "petra"
    assert by_link(house).look(token).trouble is Trouble.DONE


async def test_t10_where_the_clock_covers_closing_the_answer_by_mail_keeps_no_promise_yet(
    make_house: Make,
) -> None:
    house = make_house(policy=profiles.load("tyreso"))
    await opened(house)

    await house.hear(to_the_sender(house))

    assert house.case()["status"] == Status.ANSWERED
    assert [row["kept_at"] for row in house.table("promises") if row["kind"] == "svar"] == [None]


@pytest.mark.parametrize("road", ["hos_utförare", "väntar_avsändare"])
async def test_a_case_that_waits_for_somebody_is_answered_by_mail_all_the_same(
    house: House, road: str
) -> None:
    case = await opened(house)
    if road == "hos_utförare":
        house.acts.ask_statement(
            case["id"], of="Parkbolaget", question="Vad hände?", by="anna", version=case["version"]
        )
    else:
        house.acts.ask_sender(case["id"], "Vilken gunga?", by="anna", version=case["version"])
    assert house.case()["status"] == road

    await house.hear(to_the_sender(house))

    expected = {"hos_utförare": "hos_utförare", "väntar_avsändare": "besvarad"}
    assert house.case()["status"] == expected[road]
    assert [row["kept_at"] for row in house.table("promises") if row["kind"] == "svar"] == [NOW]


async def test_a_handler_s_mail_in_an_answered_case_is_a_message_and_no_second_answer(house: House) -> None:
    await opened(house)
    await house.hear(to_the_sender(house))

    await house.hear(to_the_sender(house, "Jag glömde: det är på lördag."))

    assert len(house.table("answers")) == 1
    assert len(house.messages()) == 3


async def test_the_same_answer_in_two_mailboxes_is_one(house: House) -> None:
    await opened(house)
    mail = to_the_sender(house)

    await house.hear(mail, replace(mail, channel="imap", envelope_to=()))

    assert len(house.table("answers")) == 1


async def test_a_stranger_s_mail_to_the_sender_with_us_in_copy_is_a_follow_up(house: House) -> None:
    case = await opened(house)

    await house.hear(to_the_sender(house, sender="Eva Berg <eva.berg@example.net>"))

    nothing_but_a_message(house, case)
    assert len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1


async def test_x4_a_registrator_who_answers_what_is_to_be_sorted_has_taken_it(house: House) -> None:
    await house.hear(an_inbound(text="Något helt annat.", subject="Hej"))
    assert (house.case()["status"], house.case()["handler"]) == (Status.SORTING, "rita")

    await house.hear(to_the_sender(house, sender="Rita Lund <rita.lund@lillkommun.example>"))

    assert (house.case()["status"], house.case()["handler"]) == (Status.ANSWERED, "rita")
    assert house.table("answers")[0]["written_by"] == "rita"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Vänd dig till Rita Lund, Torget 1, 123 45 Lillby, telefon 070-1740605.", True),
        ("Rita  lund\nTorget 1,\n123 45 Lillby\n070 174 06 05", True),
        ("Vänd dig till Rita Lund, 070-174 06 05.", False),
        ("", False),
    ],
)
def test_n4_a_mail_of_one_s_own_names_the_contact_or_it_does_not(text: str, *, named: bool) -> None:
    assert names_contact(text, CONTACT) is named
    assert names_contact(text, None) is False


async def test_n16_what_goes_to_a_manager_is_told_to_the_registrator_once_as_well(make_house: Make) -> None:
    units = tuple(replace(unit, contact=CONTACT) for unit in WITH_MANAGER)
    house = make_house(units=units, policy=profiles.load("norrmalm"))

    await opened(house)
    case = house.case()
    house.acts.assign(case["id"], handler="anna", by="petra", version=case["version"])

    (copy,) = house.outbox(purpose=Purpose.TASK)
    assert case["handler"] == "petra"
    assert copy["handle"] == REGISTRATOR.email
    assert "Petra Holm, parkchef, har fått det för bedömning." in copy["body"]
    assert "Gungan" not in copy["subject"] + copy["body"]


async def test_n16_elsewhere_the_registrator_hears_of_what_is_to_be_sorted_alone(house: House) -> None:
    await opened(house)

    assert REGISTRATOR.email not in {row["handle"] for row in house.outbox()}


async def test_a_machine_that_answers_every_letter_in_the_same_words_is_told_of_one_draft(
    house: House,
) -> None:
    await opened(house)

    for number in range(5):
        last = [row for row in house.outbox() if row["handle"] == ANNA.email][-1]
        await house.hear(
            reply(
                house,
                "Jag är ledig till måndag. Ring växeln.",
                subject=f"Ledig: {last['subject']}",
                in_reply_to=last["external_id"],
                message_id=f"<ledig{number}@lillkommun.example>",
            )
        )

    assert len(house.messages()) == 6
    assert len(house.table("drafts")) == len(house.outbox(purpose=Purpose.DRAFT_NOTICE)) == 1


async def test_a_draft_holds_no_link_of_its_writer_however_the_notice_is_quoted(house: House) -> None:
    await opened(house)
    quoted = "".join(f"| {line}\n" for line in notice(house)["body"].splitlines())
    assert "/l/" in quoted

    await house.hear(reply(house, f"{ANSWER}\n\n{quoted}"))

    (draft,) = house.table("drafts")
    assert draft["text"].startswith(ANSWER)
    assert "/l/" not in draft["text"]
