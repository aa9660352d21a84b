from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bots.channel import PermanentFailure
from bots.mail.identity import Identity
from bots.mail.writing import compose, needs_smtputf8, writable
from store.domain import Address, Enclosure, Outgoing, Purpose

US = Identity(address="synpunkter@lillkommun.example", name="Lillkommun, synpunkter", secret=b"x" * 32)
OUR_ID = "<s7.0011223344556677.abcdefghijklmnopqrstuvwxyz@lillkommun.example>"


def a_letter(*, handle: str = "eva@example.se", **choices: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": "7:kvitto",
        "purpose": Purpose.ACKNOWLEDGEMENT,
        "recipient": Address(channel="email", handle=handle),
        "recipient_name": "Eva Exempel",
        "subject": "Tack för din synpunkt",
        "body": "Hej!\n\nVi har fått din synpunkt.\n",
        "case_id": 7,
        "id": 3,
        "external_id": OUR_ID,
        "created_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    }
    return Outgoing(**(usual | choices))


def parsed(letter: Outgoing) -> EmailMessage:
    message = message_from_bytes(compose(letter, identity=US), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def header(letter: Outgoing, name: str) -> str:
    """Return a header as an old and simple reader decodes it."""
    message = message_from_bytes(compose(letter, identity=US), policy=policy.compat32)
    unfolded = str(message[name]).replace("\r\n", "")
    return str(make_header(decode_header(unfolded)))


def test_an_acknowledgement_has_just_these_headers() -> None:
    letter = a_letter(in_reply_to="<a1@example.se>", references=("<a0@example.se>",))

    head = compose(letter, identity=US).partition(b"\r\n\r\n")[0].decode()

    assert head.replace("\r\n ", " ").split("\r\n") == [
        'From: "Lillkommun, synpunkter" <synpunkter@lillkommun.example>',
        'To: "Eva Exempel" <eva@example.se>',
        f"Reply-To: {US.reply_address(7)}",
        "Subject: =?utf-8?q?Tack_f=C3=B6r_din_synpunkt?=",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000",
        f"Message-ID: {OUR_ID}",
        "In-Reply-To: <a1@example.se>",
        "References: <a0@example.se> <a1@example.se>",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        "Content-Language: sv",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "MIME-Version: 1.0",
    ]


@pytest.mark.parametrize(
    ("purpose", "value"),
    [
        (Purpose.ACKNOWLEDGEMENT, "auto-replied"),
        (Purpose.HANDLER_NOTICE, "auto-generated"),
        (Purpose.FOLLOW_UP_NOTICE, "auto-generated"),
        (Purpose.UNDELIVERED_NOTICE, "auto-generated"),
    ],
)
def test_every_letter_says_that_a_machine_sent_it(purpose: Purpose, value: str) -> None:
    assert parsed(a_letter(purpose=purpose))["Auto-Submitted"] == value


def test_a_letter_without_a_case_has_no_reply_address() -> None:
    assert parsed(a_letter(case_id=None))["Reply-To"] is None


def test_the_text_comes_out_as_it_was_written() -> None:
    text = "Hej Åsa!\n.\nFrom oss: ärendet 2026-17.  \n" + "lång rad " * 200 + "\n\tslut 😀\n"

    mail = parsed(a_letter(body=text))

    assert mail.get_content().replace("\r\n", "\n") == text


def test_the_text_of_a_letter_may_hold_odd_signs_without_harm() -> None:
    mail = parsed(a_letter(body="a\r\nb\x00c\x1b[31m\udcff\n"))

    assert mail.get_content().replace("\r\n", "\n") == "a\nbc[31m?\n"


def test_all_of_a_letter_is_seven_bit_and_in_short_lines() -> None:
    mail = compose(a_letter(recipient_name="Åsa", body="å" * 3000), identity=US)

    assert mail.isascii()
    assert max(len(line) for line in mail.split(b"\r\n")) <= 998
    assert b"\n" not in mail.replace(b"\r\n", b"")
    assert b"\r" not in mail.replace(b"\r\n", b"")


def test_a_long_thread_keeps_its_ids_whole_and_only_the_newest_twenty() -> None:
    ids = tuple(f"<{number}.{'x' * 90}@mail.example.org>" for number in range(30))

    mail = compose(a_letter(references=ids, in_reply_to=ids[-1]), identity=US)

    head = mail.partition(b"\r\n\r\n")[0].decode()
    assert "References: " + "\r\n ".join(ids[10:]) + "\r\n" in head
    assert f"In-Reply-To: {ids[-1]}\r\n" in head


@pytest.mark.parametrize("odd", ["", "  ", "<>", "<a b@x>", "<å@x>", "x" * 2000, "<a>\r\nBcc: <b@x>"])
def test_what_is_no_message_id_is_left_out(odd: str) -> None:
    mail = parsed(a_letter(in_reply_to=odd, references=(odd,)))

    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    assert mail["Bcc"] is None


def test_a_message_id_without_brackets_gets_them() -> None:
    assert parsed(a_letter(in_reply_to="a1@example.se"))["In-Reply-To"] == "<a1@example.se>"


def test_a_subject_cannot_break_out_of_its_header() -> None:
    letter = a_letter(subject="Re: Hej\r\nBcc: alla@example.se\x00\x1b\u202e\r\n\r\nText")

    assert header(letter, "Subject") == "Re: Hej Bcc: alla@example.se Text"
    assert parsed(letter)["Bcc"] is None


def test_a_subject_is_cut_at_two_hundred_signs() -> None:
    assert header(a_letter(subject="ö" * 500), "Subject") == "ö" * 200


def test_a_subject_that_looks_encoded_is_shown_as_it_was_written() -> None:
    assert header(a_letter(subject="=?utf-8?q?hej?="), "Subject") == "=?utf-8?q?hej?="


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Eva Exempel", "Eva Exempel"),
        ("Exempel, Eva", "Exempel, Eva"),
        ("Åkesson, Eva (Eva) <E> A. B", "Åkesson, Eva (Eva) <E> A. B"),
        ('Eva "Evis" \\ Exempel', 'Eva "Evis" \\ Exempel'),
        ("=?utf-8?q?Eva?=", "=?utf-8?q?Eva?="),
        ("Eva\r\nBcc: alla", "Eva Bcc: alla"),
        ("Ö" * 300, "Ö" * 100),
        ("chef@lillkommun.example", ""),
        ("\udcff\x00", "?"),
        ("", ""),
    ],
)
def test_any_name_of_a_recipient_can_be_written(name: str, shown: str) -> None:
    letter = a_letter(recipient_name=name)

    raw = message_from_bytes(compose(letter, identity=US), policy=policy.compat32)["To"]
    [(encoded, address)] = getaddresses([str(raw).replace("\r\n", "")])

    assert address == "eva@example.se"
    assert str(make_header(decode_header(encoded))) == shown


@given(name=some.text(max_size=120), subject=some.text(max_size=300))
def test_no_name_and_no_subject_whatever_breaks_a_letter(name: str, subject: str) -> None:
    letter = a_letter(recipient_name=name, subject=subject, in_reply_to=name, references=(subject,))

    mail = message_from_bytes(compose(letter, identity=US), policy=policy.compat32)

    assert mail.defects == []
    assert mail["Auto-Submitted"] == "auto-replied"
    assert [address for _, address in getaddresses([str(mail["To"]).replace("\r\n", "")])] == [
        "eva@example.se"
    ]
    assert mail.get_payload(decode=True) == "Hej!\r\n\r\nVi har fått din synpunkt.\r\n".encode()


def test_a_domain_with_umlauts_is_written_as_dns_knows_it() -> None:
    assert writable("eva@grönköping.example") == "eva@xn--grnkping-o4ac.example"


def test_a_local_part_with_umlauts_needs_smtputf8_and_is_written_as_it_is() -> None:
    mail = compose(a_letter(handle="åsa@exempel.example"), identity=US)

    assert needs_smtputf8("åsa@exempel.example")
    assert not needs_smtputf8("eva@exempel.example")
    assert "<åsa@exempel.example>".encode() in mail


@pytest.mark.parametrize(
    "address",
    [
        "",
        "eva",
        "@example.se",
        "eva@",
        "eva@@example.se",
        "eva@ex ample.se",
        "eva@example.se\r\nBcc: <b@x>",
        "a,b@x",
    ],
)
def test_an_impossible_address_is_a_permanent_failure(address: str) -> None:
    with pytest.raises(PermanentFailure, match="går inte att skriva till"):
        compose(a_letter(handle=address), identity=US)


def test_files_go_along_and_the_same_letter_is_the_same_bytes() -> None:
    file = Enclosure(name="karta över ån.pdf", media_type="application/pdf", data=bytes(range(256)) * 40)
    letter = a_letter(enclosures=(file,))

    first, again = (compose(letter, identity=US) for _ in range(2))
    mail = parsed(letter)
    body, attached = mail.iter_parts()

    assert first == again
    assert all(len(line) <= 998 for line in first.split(b"\r\n"))
    assert isinstance(body, EmailMessage)
    assert isinstance(attached, EmailMessage)
    assert body.get_content().replace("\r\n", "\n") == letter.body
    assert (attached.get_filename(), attached.get_content()) == ("karta över ån.pdf", file.data)
