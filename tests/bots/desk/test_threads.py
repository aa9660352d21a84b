"""What leads into a case, and what does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bots.mail.identity import Identity
from store.domain import Inbound, Lane, LetterState, MessageState, Purpose, Status
from tests.house import (
    ANNA,
    NOW,
    SENDER,
    TOWN,
    House,
    Scripted,
    a_mail,
    a_suggestion,
    an_inbound,
    said,
)

STRANGER = "Eva Berg <eva.berg@example.net>"


async def opened(house: House) -> str:
    """Open a case, answer it, and return the Message-ID of our acknowledgement."""
    await house.hear(an_inbound(message_id="<forsta@example.org>"))
    (letter,) = house.acknowledgements()
    return str(letter["external_id"])


def notices(house: House) -> int:
    return len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE))


async def test_a_reply_to_our_letter_joins_the_case_and_tells_the_handler(house: House) -> None:
    ours = await opened(house)

    await house.hear(an_inbound(text="Den är fortfarande trasig.", subject="Sv: Tack", in_reply_to=ours))

    case = house.case()
    (notice,) = house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)
    assert [text.strip() for text in said(house, case)][1] == "Den är fortfarande trasig."
    assert len(house.acknowledgements()) == 1
    assert notice["handle"] == ANNA.email
    assert "fortfarande" not in notice["body"] + notice["subject"]
    assert house.journal(case["id"])[-2:] == ["nytt meddelande i ärendet", "brev sänt"]


async def test_a_reply_finds_its_case_by_any_reference(house: House) -> None:
    ours = await opened(house)

    await house.hear(
        an_inbound(
            subject="Sv: Sv: Tack",
            in_reply_to="<kollega@example.org>",
            references=["<forsta@example.org>", ours, "<kollega@example.org>"],
            sender=STRANGER,
        )
    )

    assert len(house.cases()) == 1


async def test_a_mail_to_the_secret_reply_address_joins_the_case(house: House) -> None:
    await opened(house)
    address = house.identity.reply_address(house.case()["id"])

    await house.hear(an_inbound(subject="Ny rad", sender=STRANGER, to=address, envelope_to=(address,)))

    assert len(house.cases()) == 1
    assert notices(house) == 1


async def test_a_stranger_who_quotes_a_number_gets_a_case_that_refers_to_it(house: House) -> None:
    await opened(house)
    first = house.case()

    await house.hear(an_inbound(subject="Angående SYN-2026-000001", sender=STRANGER))

    second = house.cases()[1]
    assert second["refers_to"] == first["id"]
    assert [row["case_id"] for row in house.messages()] == [first["id"], second["id"]]
    assert len(house.acknowledgements()) == 2


@pytest.mark.parametrize(
    "forged",
    [
        "<s1.abc.aaaaaaaaaaaaaaaaaaaaaaaaaa@lillkommun.example>",
        "<s1@lillkommun.example>",
        "<SYN-2026-000001@lillkommun.example>",
    ],
)
async def test_a_forged_message_id_opens_a_case_of_its_own(house: House, forged: str) -> None:
    await opened(house)

    await house.hear(an_inbound(subject="Sv: Tack", in_reply_to=forged, sender=STRANGER))

    assert len(house.cases()) == 2


async def test_a_message_id_signed_with_another_secret_opens_a_case_of_its_own(house: House) -> None:
    await opened(house)
    other = Identity(address=TOWN, name="", secret=b"fel hemlighet")

    await house.hear(an_inbound(subject="Sv: Tack", in_reply_to=other.message_id(1), sender=STRANGER))

    assert len(house.cases()) == 2


async def test_a_forged_reply_address_opens_a_case_of_its_own(house: House) -> None:
    await opened(house)
    forged = Identity(address=TOWN, name="", secret=b"fel hemlighet").reply_address(1)

    await house.hear(an_inbound(subject="Ny rad", sender=STRANGER, envelope_to=(forged,)))

    assert len(house.cases()) == 2


async def test_a_signed_id_of_a_case_that_is_not_there_opens_a_case(house: House) -> None:
    await house.hear(an_inbound(in_reply_to=house.identity.message_id(4711)))

    assert house.case()["number"] == "SYN-2026-000001"


async def test_a_sender_who_refers_to_their_own_mail_joins_their_case(house: House) -> None:
    await opened(house)

    await house.hear(
        an_inbound(subject="Tillägg", text="Jag glömde: den vid ån.", references=["<forsta@example.org>"])
    )

    assert len(house.cases()) == 1
    assert notices(house) == 1


async def test_another_sender_who_refers_to_that_mail_does_not(house: House) -> None:
    await opened(house)

    await house.hear(an_inbound(subject="Tillägg", references=["<forsta@example.org>"], sender=STRANGER))

    assert len(house.cases()) == 2


async def test_what_the_handler_writes_in_the_case_tells_the_handler_nothing_new(house: House) -> None:
    ours = await opened(house)

    await house.hear(an_inbound(subject="Sv", in_reply_to=ours, sender=f"Anna Ek <{ANNA.email.upper()}>"))

    assert len(house.cases()) == 1
    assert notices(house) == 0


async def test_every_new_message_in_a_case_is_told_once(house: House) -> None:
    ours = await opened(house)
    follow_up = an_inbound(text="Ett", subject="Sv", in_reply_to=ours)

    await house.hear(follow_up)
    await house.hear(follow_up)
    await house.hear(an_inbound(text="Två", subject="Sv", in_reply_to=ours))

    assert notices(house) == 2


async def test_a_reply_that_quotes_our_letter_keeps_only_what_is_new(house: House) -> None:
    ours = await opened(house)
    (letter,) = house.acknowledgements()
    quoted = "".join(f"> {line}\n" for line in letter["body"].splitlines())

    await house.hear(an_inbound(text=f"Tack, men när?\n\n{quoted}", subject="Sv: Tack", in_reply_to=ours))

    assert said(house, house.case())[1].strip() == "Tack, men när?"


AUTOMATIC = {
    "autosvar": [("Auto-Submitted", "auto-replied")],
    "massutskick": [("Precedence", "bulk"), ("List-Id", "<nyheter.example.net>")],
    "automatiskt": [("Auto-Submitted", "auto-generated")],
}


async def test_what_our_own_letter_says_is_never_taken_for_the_senders_wish(house: House) -> None:
    ours = await opened(house)
    quoted = "\n".join(f"> {line}" for line in house.acknowledgements()[0]["body"].split("\n"))

    await house.hear(an_inbound(text=f"Ja tack!\n\n{quoted}", subject="Sv: Tack", in_reply_to=ours))

    assert "allmän handling" in house.messages()[1]["text"]
    assert house.suggester.asked[-1] == "Ja tack!"


def machine(kind: str, *, in_reply_to: str = "") -> Inbound:
    """Make a mail as each kind of machine writes it."""
    if kind in AUTOMATIC:
        return an_inbound(subject="Meddelande", headers=AUTOMATIC[kind], in_reply_to=in_reply_to)
    if kind == "ej_svarbar":
        return an_inbound(sender="Butiken <no-reply@example.net>", in_reply_to=in_reply_to)
    if kind == "egen_slinga":
        return an_inbound(sender=f"Tyck till <{TOWN}>", in_reply_to=in_reply_to)
    if kind == "kalendersvar":
        return an_inbound(subject="Accepterat: möte", in_reply_to=in_reply_to)
    if kind == "läskvitto":
        return an_inbound(subject="Läst: Vi har tagit emot din synpunkt", in_reply_to=in_reply_to)
    subjects = {
        "studs": "Undelivered Mail Returned to Sender",
        "försening": "Försenat: hej",
        "leveranskvitto": "Levererat: hej",
    }
    return an_inbound(
        subject=subjects[kind],
        envelope_from="",
        sender="Mail <mailer-daemon@example.net>",
        in_reply_to=in_reply_to,
    )


KINDS = [
    *AUTOMATIC,
    "ej_svarbar",
    "egen_slinga",
    "kalendersvar",
    "läskvitto",
    "studs",
    "försening",
    "leveranskvitto",
]


@pytest.mark.parametrize("kind", KINDS)
async def test_automatic_mail_is_kept_and_shown_but_nobody_is_answered(house: House, kind: str) -> None:
    await house.hear(machine(kind))

    case = house.case()
    (message,) = house.messages()
    assert message["automatic"] == kind
    assert (case["status"], case["quarantined_because"].partition(":")[0]) == (Status.QUARANTINED, kind)
    assert house.outbox() == []
    assert house.memory.letters == []


@pytest.mark.parametrize("kind", KINDS)
async def test_automatic_mail_in_a_case_changes_nothing_and_tells_nobody(house: House, kind: str) -> None:
    ours = await opened(house)
    before = house.case()

    await house.hear(machine(kind, in_reply_to=ours))

    after = house.case()
    assert after == before
    assert len(house.outbox()) == 2
    assert house.messages()[1]["state"] == MessageState.READ


async def test_an_abuse_report_is_kept_and_not_answered(house: House) -> None:
    raw = (
        b"From: abuse@example.net\r\nTo: synpunkt@lillkommun.example\r\nSubject: abuse\r\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain\r\n\r\nabuse\r\n--x\r\n"
        b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n--x--\r\n"
    )

    await house.hear(an_inbound(raw))

    assert house.messages()[0]["automatic"] == "missbruksrapport"
    assert house.outbox() == []


async def test_a_web_form_s_mail_is_answered_to_the_citizen_in_reply_to(house: House) -> None:
    await house.hear(
        an_inbound(
            sender="E-tjänst <form@eservice.example>",
            envelope_from="form@eservice.example",
            headers=[("Reply-To", SENDER), ("Auto-Submitted", "auto-generated")],
        )
    )

    (letter,) = house.acknowledgements()
    assert house.messages()[0]["automatic"] == "webbformulär"
    assert letter["handle"] == SENDER
    assert house.case()["status"] == Status.ASSIGNED


def a_report(
    *,
    action: str = "failed",
    original: str = "",
    to: str = TOWN,
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 User unknown",
) -> Inbound:
    """Make a delivery report (RFC 3464)."""
    raw = (
        "From: Mail Delivery System <mailer-daemon@example.net>\r\n"
        f"To: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <{action}.{status}@example.net>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nIt did not go well.\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {SENDER}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n\r\n"
        "--x\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {original}\r\nSubject: Tack\r\n\r\nHej\r\n--x--\r\n"
    )
    return an_inbound(raw.encode(), envelope_from="", envelope_to=(to,))


async def test_a_bounce_by_its_signed_address_marks_the_letter_and_tells_the_handler(house: House) -> None:
    await opened(house)
    (letter,) = house.acknowledgements()

    await house.hear(a_report(to=house.identity.bounce_address(letter["id"])))

    (returned,) = house.acknowledgements()
    (notice,) = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert (returned["state"], returned["state_because"]) == (
        LetterState.UNDELIVERED,
        "550 5.1.1 User unknown",
    )
    assert notice["handle"] == ANNA.email
    assert SENDER not in notice["body"] + notice["subject"]
    assert len(house.cases()) == 1
    assert house.journal(house.case()["id"])[-3:] == [
        "leveransrapport: studs",
        "brev ej levererat",
        "brev sänt",
    ]


async def test_the_journal_keeps_what_a_server_said_without_the_address_that_it_named(house: House) -> None:
    ours = await opened(house)

    await house.hear(a_report(original=ours, diagnostic=f"550 5.1.1 <{SENDER}>: User unknown"))

    (returned,) = house.acknowledgements()
    reasons = [row["details"].get("varför", "") for row in house.table("journal")]
    assert returned["state_because"] == "550 5.1.1 <adress> User unknown"
    assert [reason for reason in reasons if reason] == ["550 5.1.1 <adress> User unknown"]


async def test_a_bounce_that_carries_our_signed_message_id_finds_its_letter(house: House) -> None:
    ours = await opened(house)

    await house.hear(a_report(original=ours))

    assert [row["state"] for row in house.acknowledgements()] == [LetterState.UNDELIVERED]


async def test_a_bounce_told_twice_tells_the_handler_once(house: House) -> None:
    ours = await opened(house)

    await house.hear(a_report(original=ours))
    await house.hear(a_report(original=ours, status="5.1.2"))

    assert len(house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)) == 1


async def test_a_bounce_of_a_notice_tells_nobody_by_mail(house: House) -> None:
    await opened(house)
    (notice,) = house.outbox(purpose=Purpose.HANDLER_NOTICE)

    await house.hear(a_report(original=notice["external_id"]))

    assert [row["state"] for row in house.outbox(purpose=Purpose.HANDLER_NOTICE)] == [LetterState.UNDELIVERED]
    assert len(house.outbox()) == 2


async def test_a_forged_bounce_declares_no_letter_undelivered(house: House) -> None:
    await opened(house)
    other = Identity(address=TOWN, name="", secret=b"fel hemlighet")

    await house.hear(a_report(original=other.message_id(1), to=other.bounce_address(1)))

    assert [row["state"] for row in house.acknowledgements()] == [LetterState.SENT]
    assert [case["status"] for case in house.cases()] == [Status.ASSIGNED, Status.QUARANTINED]


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0")]
)
async def test_a_delay_or_a_delivery_is_only_noted(house: House, action: str, status: str) -> None:
    ours = await opened(house)

    await house.hear(a_report(action=action, status=status, original=ours))

    assert [row["state"] for row in house.acknowledgements()] == [LetterState.SENT]
    assert len(house.outbox()) == 2
    assert len(house.cases()) == 1


RSPAMD = (
    "Received: from okand (okand [192.0.2.1]) by mx.lillkommun.example (Postfix) with ESMTP id 1;"
    " Mon, 23 Nov 2026 10:29:00 +0100\r\n"
)


def suspect(*, spam: bool = False, dmarc_failed: bool = False, subject: str = "Trasig gunga") -> Inbound:
    """Make a mail on which the server before us has set its marks."""
    marks = RSPAMD
    if spam:
        marks = "X-Spam: Yes\r\n" + marks
    if dmarc_failed:
        marks = (
            "Authentication-Results: mx.lillkommun.example; dmarc=fail header.from=example.org\r\n" + marks
        )
    return an_inbound(a_mail(subject=subject, on_top=marks))


async def test_spam_waits_in_quarantine_and_nobody_is_answered(house: House) -> None:
    await house.hear(suspect(spam=True))

    case = house.case()
    assert (case["status"], case["quarantined_because"]) == (
        Status.QUARANTINED,
        "skräppost enligt servern framför oss",
    )
    assert house.outbox() == []


async def test_what_is_let_out_of_quarantine_is_acknowledged_with_the_day_it_came(house: House) -> None:
    await house.hear(suspect(spam=True))
    house.clock.forward(days=2)
    case = house.case()

    house.acts.release(case["id"], by="rita", version=case["version"])
    await house.deliver()

    (letter,) = house.acknowledgements()
    assert (letter["state"], letter["handle"]) == (LetterState.SENT, SENDER)
    assert "23 november" in letter["body"]
    assert "7 december" in letter["body"]
    assert (house.case()["status"], house.case()["received_at"]) == (Status.ASSIGNED, NOW)
    assert len(house.outbox(purpose=Purpose.HANDLER_NOTICE)) == 1


async def test_what_is_let_out_of_quarantine_late_needs_no_second_act(house: House) -> None:
    await house.hear(suspect(spam=True))
    house.clock.forward(days=9)
    case = house.case()

    house.acts.release(case["id"], by="rita", version=case["version"])
    await house.deliver()

    assert [letter["state"] for letter in house.acknowledgements()] == [LetterState.SENT]


async def test_a_handler_who_gets_too_many_notices_in_an_hour_gets_no_more_of_them(
    make_house: Callable[..., House],
) -> None:
    house = make_house(per_handler_and_hour=3)
    mails = [
        an_inbound(text=f"Gungan {number} är trasig", sender=f"a{number}@example.org") for number in range(5)
    ]

    await house.hear(*mails)

    notices = house.outbox(purpose=Purpose.HANDLER_NOTICE)
    assert [notice["state"] for notice in notices] == [LetterState.SENT] * 3 + [LetterState.HELD] * 2
    assert [letter["state"] for letter in house.acknowledgements()] == [LetterState.SENT] * 5


async def test_a_machine_s_mail_let_out_of_quarantine_is_still_not_answered(house: House) -> None:
    await house.hear(machine("autosvar"))
    case = house.case()

    house.acts.release(case["id"], by="rita", version=case["version"])

    assert house.acknowledgements() == []
    assert len(house.outbox(purpose=Purpose.HANDLER_NOTICE)) == 1


async def test_a_receipt_to_a_perhaps_forged_sender_is_held_until_a_human_lets_it_go(house: House) -> None:
    await house.hear(suspect(dmarc_failed=True))
    (held,) = house.acknowledgements()
    sent_before = [letter.purpose for letter in house.memory.letters]

    gone = house.acts.send(held["id"], by="rita")
    await house.deliver()

    (letter,) = house.acknowledgements()
    assert (held["state"], held["state_because"]) == (
        LetterState.HELD,
        "avsändaren kan vara förfalskad (DMARC underkänd)",
    )
    assert sent_before == [Purpose.HANDLER_NOTICE]
    assert (gone, letter["state"]) == (True, LetterState.SENT)
    assert "kvitto hålls" in house.journal(house.case()["id"])


async def test_marks_that_the_server_before_us_did_not_write_count_for_nothing(house: House) -> None:
    forged = RSPAMD.replace("mx.lillkommun.example", "annan.example.net")

    await house.hear(an_inbound(a_mail(on_top="X-Spam: Yes\r\n" + forged)))

    assert house.case()["status"] == Status.ASSIGNED


async def test_the_same_subject_from_the_same_sender_within_a_day_is_held(house: House) -> None:
    await house.hear(an_inbound(text="Ett"))
    house.clock.forward(hours=23)
    await house.hear(an_inbound(text="Två", received_at=house.clock()))
    house.clock.forward(hours=2)
    await house.hear(an_inbound(text="Tre", received_at=house.clock()))

    assert [row["state"] for row in house.acknowledgements()] == [
        LetterState.SENT,
        LetterState.HELD,
        LetterState.SENT,
    ]


async def test_the_sixth_acknowledgement_of_a_day_is_held(house: House) -> None:
    for number in range(6):
        await house.hear(an_inbound(subject=f"Gunga {number}"))
    await house.hear(an_inbound(subject="Gunga 7", sender=STRANGER))

    rows = house.acknowledgements()
    assert [row["state"] for row in rows] == [LetterState.SENT] * 5 + [LetterState.HELD, LetterState.SENT]
    assert rows[5]["state_because"] == "adressen har fått 5 kvitton det senaste dygnet"


async def test_the_guard_counts_also_within_one_group_and_whatever_the_case_of_the_address(
    house: House,
) -> None:
    await house.hear(
        an_inbound(text="Ett"),
        an_inbound(text="Två", sender="Sven <Sven.Svensson@Example.org>"),
    )

    assert [row["state"] for row in house.acknowledgements()] == [LetterState.SENT, LetterState.HELD]


async def test_two_machines_that_answer_each_other_stop_after_a_few_letters(house: House) -> None:
    subject, reply_to = "Hej", ""
    for turn in range(9):
        await house.hear(
            an_inbound(
                text=f"Tur {turn}", subject=subject, in_reply_to=reply_to, sender="R <robot@example.net>"
            )
        )
        house.clock.forward(hours=2)
        subject = f"Sv: {house.memory.letters[-1].subject} {turn}"

    to_robot = [letter for letter in house.memory.letters if letter.recipient.handle == "robot@example.net"]
    assert len(to_robot) == 5
    assert house.clock() - NOW < timedelta(hours=24)


@pytest.mark.parametrize(
    ("text", "ruled", "lanes"),
    [
        ("Den vid Ekhagen.", (), []),
        ("Jag överklagar beslutet.", (Lane.APPEAL,), ["överklagande"]),
        (
            "Jag vill berätta mer om det som hände vid gungan, för det har blivit värre sedan dess. " * 2,
            (),
            ["hot"],
        ),
    ],
    ids=["short and learnt", "short and plain", "long and learnt"],
)
async def test_a_short_line_in_a_case_raises_only_what_plain_words_raise(
    make_house: Callable[..., House], text: str, ruled: tuple[Lane, ...], lanes: list[str]
) -> None:
    thought = replace(a_suggestion(lanes=ruled or (Lane.THREAT,)), ruled=ruled)
    house = make_house(suggester=Scripted(a_suggestion(), said={text.split(".")[0]: thought}))
    ours = await opened(house)

    await house.hear(an_inbound(text=text, subject="Sv: Tack", in_reply_to=ours))

    assert house.cases()[0]["lanes"] == lanes
