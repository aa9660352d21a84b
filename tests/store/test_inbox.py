"""What is kept, and when two messages are one."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from store import cases, inbox
from store.domain import Address, Inbound, Kind, MessageState, Receipt, Status
from store.engine import Row, Store, StoreError
from store.tables import messages
from tests.house import NOW, SENDER, TOWN, a_mail, an_inbound, rows_of

LEASE = timedelta(minutes=2)


def keep(store: Store, *group: Inbound, now: datetime = NOW) -> list[Receipt]:
    with store.write() as transaction:
        return inbox.keep(transaction, group, now)


def claim(
    store: Store, *, now: datetime = NOW, limit: int = 64, max_bytes: int = 2**20, lease: timedelta = LEASE
) -> list[Row]:
    with store.write() as transaction:
        return inbox.claim(transaction, now=now, limit=limit, max_bytes=max_bytes, lease=lease)


def a_case(store: Store) -> int:
    new = cases.NewCase(
        status=Status.ASSIGNED,
        received_at=NOW,
        title="Trasig gunga",
        channel="smtp",
        sender=Address(channel="email", handle=SENDER),
        sender_name="",
        language="sv",
        unit="park",
        handler="anna",
        routed_because="orden gunga",
    )
    with store.write() as transaction:
        return cases.open_case(transaction, new, now=NOW)[0]


def test_a_message_is_kept_with_its_bytes_envelope_and_time(store: Store) -> None:
    raw = a_mail("Gungan är trasig.")

    receipts = keep(store, an_inbound(raw, external_id="77", envelope_to=(TOWN, "park@lillkommun.example")))

    (row,) = rows_of(store, "messages")
    with store.read() as transaction:
        found = inbox.raw(transaction, row["id"])
        waiting = inbox.waiting(transaction)
    assert receipts == [Receipt(message_id=row["id"], duplicate=False)]
    assert found == raw
    assert (row["state"], row["received_at"], row["external_id"]) == (MessageState.KEPT, NOW, "77")
    assert row["envelope_to"] == [TOWN, "park@lillkommun.example"]
    assert waiting == 1


def test_a_message_that_is_not_there_has_no_bytes(store: Store) -> None:
    with store.read() as transaction:
        assert inbox.raw(transaction, 4711) is None


def test_the_null_sender_and_no_envelope_are_told_apart(store: Store) -> None:
    keep(store, an_inbound(text="Ett", envelope_from=""), an_inbound(text="Två", envelope_from=None))

    assert [row["envelope_from"] for row in rows_of(store, "messages")] == ["", None]


def test_the_same_bytes_twice_are_one_message(store: Store) -> None:
    mail = an_inbound()

    first = keep(store, mail)
    second = keep(store, mail)

    assert second == [Receipt(message_id=first[0].message_id, duplicate=True)]
    assert len(rows_of(store, "messages")) == 1


def test_two_copies_in_one_group_are_one_message(store: Store) -> None:
    mail = an_inbound()

    receipts = keep(store, mail, an_inbound(text="Något annat"), mail)

    assert [receipt.duplicate for receipt in receipts] == [False, False, True]
    assert receipts[2].message_id == receipts[0].message_id
    assert len(rows_of(store, "repeats")) == 1


def test_one_mail_in_two_mailboxes_is_one_message(store: Store) -> None:
    raw = a_mail()
    first = b"Delivered-To: synpunkt@lillkommun.example\r\nReceived: from a (a [192.0.2.1])\r\n" + raw
    second = b"Delivered-To: tycktill@lillkommun.example\r\nReceived: from b (b [192.0.2.2])\r\n" + raw

    receipts = keep(store, an_inbound(first, account="ett"), an_inbound(second, account="två"))

    assert receipts[1] == Receipt(message_id=receipts[0].message_id, duplicate=True)


def test_line_ends_do_not_make_another_message(store: Store) -> None:
    raw = a_mail("Rad ett\nRad två\n")

    receipts = keep(store, an_inbound(raw), an_inbound(raw.replace(b"\r\n", b"\n"), channel="imap"))

    assert [receipt.duplicate for receipt in receipts] == [False, True]


def test_line_ends_after_the_last_word_do_not_make_another_message(store: Store) -> None:
    raw = a_mail()

    receipts = keep(store, an_inbound(raw), an_inbound(raw + b"\r\n\r\n"))

    assert [receipt.duplicate for receipt in receipts] == [False, True]


def test_a_reused_message_id_with_another_text_is_another_message(store: Store) -> None:
    one = an_inbound(text="Gungan är trasig.", message_id="<samma@example.org>")
    two = an_inbound(text="Gatlyktan är släckt.", message_id="<samma@example.org>")

    receipts = keep(store, one, two)

    assert [receipt.duplicate for receipt in receipts] == [False, False]
    assert len({receipt.message_id for receipt in receipts}) == 2


def test_the_same_text_with_another_message_id_is_another_message(store: Store) -> None:
    receipts = keep(
        store, an_inbound(message_id="<ett@example.org>"), an_inbound(message_id="<tva@example.org>")
    )

    assert [receipt.duplicate for receipt in receipts] == [False, False]


def test_without_message_id_sender_date_subject_and_text_decide(store: Store) -> None:
    raw = a_mail(message_id="")
    other_road = b"Received: from c (c [192.0.2.3])\r\n" + raw
    other_subject = a_mail(subject="Något annat", message_id="")

    receipts = keep(store, an_inbound(raw), an_inbound(other_road), an_inbound(other_subject))

    assert [receipt.duplicate for receipt in receipts] == [False, True, False]


def test_without_any_header_only_the_same_bytes_are_the_same(store: Store) -> None:
    receipts = keep(store, an_inbound(b"Hej hej"), an_inbound(b"Hej hej"), an_inbound(b"Hej hej!"))

    assert [receipt.duplicate for receipt in receipts] == [False, True, False]


def test_a_folded_message_id_is_the_same_message_id(store: Store) -> None:
    raw = a_mail(message_id="<vikt@example.org>")
    folded = raw.replace(b"Message-ID: <vikt@example.org>", b"Message-ID:\r\n <vikt@example.org>")

    receipts = keep(store, an_inbound(raw), an_inbound(folded))

    assert folded != raw
    assert [receipt.duplicate for receipt in receipts] == [False, True]


def test_a_message_id_in_the_text_names_nothing(store: Store) -> None:
    body = "Message-ID: <citat@example.org>\nsamma rad i två olika brev"
    one = an_inbound(text=body, subject="Ett", message_id="")
    two = an_inbound(text=body, subject="Två", message_id="")

    receipts = keep(store, one, two)

    assert [receipt.duplicate for receipt in receipts] == [False, False]


def test_other_channels_are_named_by_the_service_s_own_id(store: Store) -> None:
    form = Inbound(
        channel="web",
        account="formular",
        received_at=NOW,
        raw=b"{}",
        media_type="application/json",
        external_id="1",
    )

    receipts = keep(
        store,
        form,
        form,
        replace(form, external_id="2"),
        replace(form, account="annat"),
        replace(form, channel="sms"),
    )

    assert [receipt.duplicate for receipt in receipts] == [False, True, False, False, False]


def test_r_becomes_the_earlier_time_when_the_same_message_comes_again(store: Store) -> None:
    mail = an_inbound()
    earlier = NOW - timedelta(hours=3)

    keep(store, mail)
    keep(store, replace(mail, received_at=earlier))

    assert [row["received_at"] for row in rows_of(store, "messages")] == [earlier]


def test_r_stands_when_the_same_message_comes_again_later(store: Store) -> None:
    mail = an_inbound()

    keep(store, mail)
    keep(store, replace(mail, received_at=NOW + timedelta(hours=3)))

    assert [row["received_at"] for row in rows_of(store, "messages")] == [NOW]


def test_each_repeat_is_recorded_with_its_road_and_journaled(store: Store) -> None:
    mail = an_inbound()
    (first,) = keep(store, mail)

    keep(store, replace(mail, channel="imap", account="brevladan", external_id="9", received_at=NOW + LEASE))

    (repeat,) = rows_of(store, "repeats")
    (line,) = rows_of(store, "journal")
    assert (repeat["message_id"], repeat["channel"], repeat["account"]) == (
        first.message_id,
        "imap",
        "brevladan",
    )
    assert (repeat["external_id"], repeat["received_at"]) == ("9", NOW + LEASE)
    assert (line["act"], line["message_id"]) == ("samma meddelande igen", first.message_id)


def test_nul_and_lone_surrogates_keep_no_message_out(store: Store) -> None:
    odd = Inbound(
        channel="web",
        account="formular",
        received_at=NOW,
        raw=b"{}",
        media_type="application/json",
        external_id="a\0b\ud800",
        envelope_from="a\0@example.org",
        envelope_to=("b\udce5@example.org",),
        sender=Address(channel="email", handle="c\0@example.org"),
        sender_name="Sven\0 \udc80",
        subject="Gu\0nga",
        text="Trasig\0 \ud83d gunga",
        chosen_kind=Kind.PRAISE,
    )

    keep(store, odd)

    (row,) = rows_of(store, "messages")
    assert (row["external_id"], row["envelope_from"]) == ("ab?", "a@example.org")
    assert row["envelope_to"] == ["b?@example.org"]
    assert row["given"] == {
        "sender_channel": "email",
        "sender_handle": "c@example.org",
        "sender_name": "Sven ?",
        "subject": "Gunga",
        "text": "Trasig ? gunga",
        "language": "",
        "chosen_kind": "beröm",
        "wished_channel": "",
        "wished_handle": "",
        "pick_up": "",
    }


def test_any_bytes_can_be_kept(store: Store) -> None:
    raws = [b"", b"\0", bytes(range(256)), b"\r\n\r\nx", b"Message-ID:\r\n\r\n"]

    keep(store, *(an_inbound(raw) for raw in raws))

    with store.read() as transaction:
        found = [inbox.raw(transaction, row["id"]) for row in rows_of(store, "messages")]
    assert found == raws


def test_a_group_of_sixty_four_is_kept_in_order(store: Store) -> None:
    receipts = keep(store, *(an_inbound(text=f"Synpunkt {number}") for number in range(64)))

    assert [receipt.duplicate for receipt in receipts] == [False] * 64
    assert [receipt.message_id for receipt in receipts] == [row["id"] for row in rows_of(store, "messages")]


def test_a_huge_header_is_kept_and_recognised(store: Store) -> None:
    raw = b"X-Fyllnad: " + b"x" * 400_000 + b"\r\n" + a_mail()

    receipts = keep(store, an_inbound(raw), an_inbound(raw))

    assert [receipt.duplicate for receipt in receipts] == [False, True]


def test_the_same_bytes_under_two_names_are_stored_once(store: Store) -> None:
    form = Inbound(
        channel="web", account="a", received_at=NOW, raw=b"{}", media_type="application/json", external_id="1"
    )

    keep(store, form)
    keep(store, replace(form, external_id="2"))

    assert [row["sha256"] for row in rows_of(store, "messages")] == [hashlib.sha256(b"{}").hexdigest()] * 2
    assert [(row["size"], row["data"]) for row in rows_of(store, "blobs")] == [(2, b"{}")]


def test_nothing_is_kept_when_one_in_the_group_can_not_be(store: Store) -> None:
    naive = an_inbound(text="Två", received_at=datetime(2026, 11, 23))  # noqa: DTZ001 - that is the fault

    with pytest.raises(StoreError):
        keep(store, an_inbound(text="Ett"), naive)

    assert rows_of(store, "messages") == []
    assert rows_of(store, "blobs") == []


def test_claims_come_in_the_order_of_arrival_with_their_bytes(store: Store) -> None:
    raws = [a_mail(f"Synpunkt {number}") for number in range(5)]
    keep(store, *(an_inbound(raw) for raw in raws))

    first = claim(store, limit=3)
    second = claim(store, limit=3)

    assert [row["data"] for row in (*first, *second)] == raws
    assert [row["attempts"] for row in (*first, *second)] == [1] * 5


def test_what_is_claimed_is_left_alone_until_the_claim_runs_out(store: Store) -> None:
    keep(store, an_inbound())
    claim(store)

    during = claim(store, now=NOW + LEASE)
    after = claim(store, now=NOW + LEASE + timedelta(seconds=1))

    assert during == []
    assert [row["attempts"] for row in after] == [2]


def test_released_claims_can_be_taken_at_once(store: Store) -> None:
    keep(store, an_inbound())
    claim(store)

    with store.write() as transaction:
        inbox.release(transaction)

    assert [row["attempts"] for row in claim(store)] == [2]


def test_a_claim_stops_before_too_many_bytes(store: Store) -> None:
    keep(store, *(an_inbound(bytes([65 + number]) * 100) for number in range(4)))

    first = claim(store, max_bytes=250)
    second = claim(store, max_bytes=250)

    assert [len(rows) for rows in (first, second)] == [2, 2]


def test_one_message_is_claimed_however_large_it_is(store: Store) -> None:
    keep(store, an_inbound(b"A" * 1000), an_inbound(b"B"))

    assert [row["data"] for row in claim(store, max_bytes=10)] == [b"A" * 1000]


def test_nothing_is_claimed_when_nothing_waits(store: Store) -> None:
    assert claim(store) == []


def test_a_read_message_belongs_to_its_case_and_waits_no_more(store: Store) -> None:
    (receipt,) = keep(store, an_inbound())
    case_id = a_case(store)

    with store.write() as transaction:
        noted = inbox.note_read(
            transaction,
            receipt.message_id,
            case_id=case_id,
            state=MessageState.READ,
            read={"subject": "Trasig gunga"},
        )

    (row,) = rows_of(store, "messages")
    assert noted
    assert (row["case_id"], row["state"], row["subject"]) == (case_id, MessageState.READ, "Trasig gunga")
    assert claim(store, now=NOW + timedelta(days=1)) == []


def test_a_message_is_read_only_once(store: Store) -> None:
    (receipt,) = keep(store, an_inbound())
    first, second = a_case(store), a_case(store)

    with store.write() as transaction:
        noted = [
            inbox.note_read(
                transaction,
                receipt.message_id,
                case_id=case_id,
                state=MessageState.READ,
                read={"subject": f"ärende {case_id}"},
            )
            for case_id in (first, second)
        ]

    (row,) = rows_of(store, "messages")
    assert noted == [True, False]
    assert (row["case_id"], row["subject"]) == (first, f"ärende {first}")


# SQLite lets one writer in at a time, so there is nobody to pass by.
@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_two_workers_never_claim_the_same_message(store: Store) -> None:
    keep(store, *(an_inbound(text=f"Synpunkt {number}") for number in range(4)))

    with store.engine.begin() as connection:
        held = connection.execute(
            select(messages.c.id).order_by(messages.c.id).limit(2).with_for_update()
        ).scalars()
        taken = list(held)
        others = claim(store)

    assert len(taken) == 2
    assert [row["id"] for row in others] == [row["id"] for row in rows_of(store, "messages")][2:]


@given(raw=some.binary(max_size=400))
def test_any_bytes_have_one_short_name(raw: bytes) -> None:
    name = inbox.dedupe_key(an_inbound(raw))

    assert name == inbox.dedupe_key(an_inbound(raw, channel="imap", account="annat"))
    assert len(name) == 69


@given(
    name=some.text(some.sampled_from("abcå<>@. "), min_size=1, max_size=30).filter(lambda text: text.strip()),
    body=some.text(max_size=200),
    road=some.integers(0, 9),
)
def test_what_servers_write_above_never_changes_the_name(name: str, body: str, road: int) -> None:
    mail = f"From: a@example.org\r\nMessage-ID: {name.strip()}\r\nSubject: x\r\n\r\n".encode()
    raw = mail + body.encode("utf-8", "replace")
    above = b"".join(b"Received: from m%d by n\r\n" % number for number in range(road))

    assert inbox.dedupe_key(an_inbound(above + raw)) == inbox.dedupe_key(an_inbound(raw))


@given(text=some.text(max_size=300))
def test_a_clean_text_can_be_written_in_utf8_and_has_no_nul(text: str) -> None:
    cleaned = inbox.clean(text)

    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert inbox.clean(cleaned) == cleaned


@given(text=some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
def test_an_ordinary_text_is_kept_as_it_is(text: str) -> None:
    assert inbox.clean(text) == text


def test_times_are_kept_in_utc_whatever_the_zone(store: Store) -> None:
    stockholm = datetime.fromisoformat("2026-11-23T10:30:00+01:00")

    keep(store, an_inbound(received_at=stockholm))

    (row,) = rows_of(store, "messages")
    assert row["received_at"] == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert row["received_at"].tzinfo is UTC
