"""Letters wait, are taken once, and are never sent again by a machine when nobody knows."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import pytest

from store import cases, outbox
from store.domain import Address, LetterState, Outgoing, Promise, PromiseKind, Purpose, Status
from store.engine import Row, Store
from tests.house import NOW, SENDER, rows_of

EMAIL = ("email",)


def a_case(store: Store, *, title: str = "Trasig gunga") -> int:
    new = cases.NewCase(
        status=Status.ASSIGNED,
        received_at=NOW,
        title=title,
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


def a_letter(
    key: str = "1:kvitto", *, purpose: Purpose = Purpose.ACKNOWLEDGEMENT, case_id: int | None = None
) -> Outgoing:
    return Outgoing(
        key=key,
        purpose=purpose,
        recipient=Address(channel="email", handle=SENDER),
        recipient_name="Sven Svensson",
        subject="Vi har tagit emot din synpunkt",
        body="Hej!\n\nÅäö.\n",
        language="sv",
        case_id=case_id,
        in_reply_to="<a@example.org>",
        references=("<b@example.org>", "<a@example.org>"),
        external_id=f"<{key}@lillkommun.example>",
        keeps=(PromiseKind.RECEIPT,) if purpose is Purpose.ACKNOWLEDGEMENT else (),
    )


def put(store: Store, letter: Outgoing, *, held_because: str = "") -> int | None:
    with store.write() as transaction:
        return outbox.put(transaction, letter, now=NOW, held_because=held_because)


def take(store: Store, *, after: timedelta = timedelta(0), limit: int = 8) -> list[Outgoing]:
    with store.write() as transaction:
        return outbox.take(transaction, now=NOW + after, limit=limit, channels=EMAIL)


def only(store: Store) -> Row:
    (row,) = rows_of(store, "letters")
    return row


def acts(store: Store) -> list[str]:
    return [row["act"] for row in rows_of(store, "journal")]


def test_a_letter_comes_out_as_it_was_put_in(store: Store) -> None:
    letter = a_letter()

    letter_id = put(store, letter)
    (taken,) = take(store)

    assert letter_id is not None
    assert taken == replace(letter, id=letter_id, attempts=1, created_at=NOW)


def test_a_letter_with_a_known_key_is_not_written_again(store: Store) -> None:
    first = put(store, a_letter())
    second = put(store, replace(a_letter(), subject="Något annat"))

    assert first is not None
    assert second is None
    assert only(store)["subject"] == "Vi har tagit emot din synpunkt"


def test_a_taken_letter_is_marked_as_being_sent_and_taken_by_nobody_else(store: Store) -> None:
    put(store, a_letter())

    taken = take(store)
    again = take(store, after=timedelta(days=9))

    assert [letter.key for letter in taken] == ["1:kvitto"]
    assert again == []
    assert (only(store)["state"], only(store)["attempts"]) == (LetterState.SENDING, 1)


def test_acknowledgements_are_served_before_notices(store: Store) -> None:
    put(store, a_letter("1:notis", purpose=Purpose.HANDLER_NOTICE))
    put(store, a_letter("1:kvitto"))
    put(store, a_letter("2:notis", purpose=Purpose.FOLLOW_UP_NOTICE))
    put(store, a_letter("2:kvitto"))

    taken = take(store, limit=3)

    assert [letter.key for letter in taken] == ["1:kvitto", "2:kvitto", "1:notis"]


def test_letters_for_other_channels_are_left(store: Store) -> None:
    put(store, replace(a_letter(), recipient=Address(channel="sms", handle="0701740605")))

    assert take(store) == []


def test_a_sent_letter_is_noted_and_the_receipt_promise_kept(store: Store) -> None:
    case_id = a_case(store)
    put(store, a_letter(case_id=case_id))
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.sent(transaction, letter, "250 2.0.0 ok", now=NOW + timedelta(minutes=1))

    row = only(store)
    assert (row["state"], row["service_id"], row["sent_at"]) == (
        LetterState.SENT,
        "250 2.0.0 ok",
        NOW + timedelta(minutes=1),
    )
    assert acts(store) == ["brev sänt"]


def test_the_first_time_that_a_promise_is_kept_stands(store: Store) -> None:
    case_id = a_case(store)
    with store.write() as transaction:
        owed = [Promise(kind=PromiseKind.RECEIPT, due_on=NOW.date(), clause="standard")]
        cases.promise(transaction, case_id, owed)
    put(store, a_letter(case_id=case_id))
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.sent(transaction, letter, "ett", now=NOW)
        outbox.sent(transaction, letter, "två", now=NOW + timedelta(hours=1))

    assert [row["kept_at"] for row in rows_of(store, "promises")] == [NOW]


def test_a_postponed_letter_waits_until_its_time(store: Store) -> None:
    put(store, a_letter())
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.postpone(transaction, letter, until=NOW + timedelta(minutes=5), because="upptaget")

    assert take(store, after=timedelta(minutes=4)) == []
    assert [letter.attempts for letter in take(store, after=timedelta(minutes=5))] == [2]


@pytest.mark.parametrize("state", [LetterState.FAILED, LetterState.UNKNOWN])
def test_a_letter_given_up_is_never_taken_again_and_shown(store: Store, state: LetterState) -> None:
    put(store, a_letter(case_id=a_case(store)))
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.give_up(transaction, letter, state, because="550 nej", now=NOW)

    with store.read() as transaction:
        troubled = [(row["state"], row["state_because"]) for row in outbox.troubled(transaction)]
    assert take(store, after=timedelta(days=9)) == []
    assert troubled == [(state, "550 nej")]
    assert acts(store) == [f"brev {state}"]


def test_what_was_in_hand_when_the_program_stopped_becomes_unknown(store: Store) -> None:
    put(store, a_letter("1:kvitto"))
    put(store, a_letter("2:kvitto"))
    take(store, limit=1)

    with store.write() as transaction:
        doubtful = outbox.doubt(transaction, now=NOW)
        again = outbox.doubt(transaction, now=NOW)

    assert (doubtful, again) == (1, 0)
    assert [row["state"] for row in rows_of(store, "letters")] == [LetterState.UNKNOWN, LetterState.PENDING]
    assert acts(store) == ["brev okänt"]


def test_a_returned_letter_is_undelivered_whatever_the_relay_said(store: Store) -> None:
    letter_id = put(store, a_letter())
    assert letter_id is not None
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.sent(transaction, letter, "250 ok", now=NOW)
        returned = outbox.undelivered(transaction, letter_id, because="okänd mottagare", now=NOW)

    assert returned is not None
    assert returned.key == letter.key
    assert (only(store)["state"], only(store)["state_because"]) == (
        LetterState.UNDELIVERED,
        "okänd mottagare",
    )
    assert acts(store) == ["brev sänt", "brev ej levererat"]


@pytest.mark.parametrize("outcome", ["sent", "postponed", "given up"])
def test_a_letter_that_came_back_before_the_try_was_noted_stays_returned(store: Store, outcome: str) -> None:
    letter_id = put(store, a_letter())
    assert letter_id is not None
    (letter,) = take(store)

    with store.write() as transaction:
        outbox.undelivered(transaction, letter_id, because="okänd mottagare", now=NOW)
        if outcome == "sent":
            outbox.sent(transaction, letter, "250 ok", now=NOW)
        elif outcome == "postponed":
            outbox.postpone(transaction, letter, until=NOW, because="upptaget")
        else:
            outbox.give_up(transaction, letter, LetterState.UNKNOWN, because="inget svar", now=NOW)

    row = only(store)
    assert (row["state"], row["state_because"]) == (LetterState.UNDELIVERED, "okänd mottagare")
    assert row["sent_at"] == (NOW if outcome == "sent" else None)
    assert acts(store) == ["brev ej levererat", *(["brev sänt"] if outcome == "sent" else [])]


def test_of_two_who_let_a_letter_go_at_once_only_the_first_does(store: Store) -> None:
    letter_id = put(store, a_letter(), held_because="DMARC")
    assert letter_id is not None

    def let_go(by: str) -> bool:
        with store.write() as transaction:
            return outbox.let_go(transaction, letter_id, by=by, now=NOW)

    with ThreadPoolExecutor(1) as other:
        with store.write() as transaction:
            first = outbox.let_go(transaction, letter_id, by="anna", now=NOW)
            second = other.submit(let_go, "rita")
            wait([second], timeout=0.1)  # until it stands in the queue behind us
        answers = (first, second.result(timeout=30))

    assert answers == (True, False)
    assert acts(store) == ["brev släppt"]


def test_a_letter_that_is_not_there_can_not_come_back(store: Store) -> None:
    with store.write() as transaction:
        assert outbox.undelivered(transaction, 4711, because="", now=NOW) is None


def test_a_held_letter_waits_for_a_human(store: Store) -> None:
    letter_id = put(store, a_letter(), held_because="DMARC")
    assert letter_id is not None
    before = take(store, after=timedelta(days=9))

    with store.write() as transaction:
        gone = outbox.let_go(transaction, letter_id, by="anna", now=NOW)
        again = outbox.let_go(transaction, letter_id, by="anna", now=NOW)

    assert before == []
    assert (gone, again) == (True, False)
    assert [letter.key for letter in take(store)] == ["1:kvitto"]
    assert acts(store) == ["brev släppt"]


@pytest.mark.parametrize("state", [LetterState.FAILED, LetterState.UNKNOWN])
def test_a_human_may_let_a_lost_letter_go_again(store: Store, state: LetterState) -> None:
    letter_id = put(store, a_letter())
    assert letter_id is not None
    (letter,) = take(store)
    with store.write() as transaction:
        outbox.give_up(transaction, letter, state, because="", now=NOW)

    with store.write() as transaction:
        gone = outbox.let_go(transaction, letter_id, by="anna", now=NOW + timedelta(days=3))

    (taken,) = take(store, after=timedelta(days=3))
    assert gone
    assert taken.created_at == NOW + timedelta(days=3)


def test_a_letter_on_its_way_or_sent_can_not_be_let_go(store: Store) -> None:
    letter_id = put(store, a_letter())
    assert letter_id is not None

    with store.write() as transaction:
        waiting = outbox.let_go(transaction, letter_id, by="anna", now=NOW)
    take(store)
    with store.write() as transaction:
        sending = outbox.let_go(transaction, letter_id, by="anna", now=NOW)

    assert (waiting, sending) == (False, False)
    assert only(store)["state"] == LetterState.SENDING


def test_no_letter_is_let_go_that_is_not_there(store: Store) -> None:
    with store.write() as transaction:
        assert outbox.let_go(transaction, 4711, by="anna", now=NOW) is False


def test_the_guard_counts_acknowledgements_but_not_held_ones_nor_notices(store: Store) -> None:
    for number, (purpose, held) in enumerate(
        [
            (Purpose.ACKNOWLEDGEMENT, ""),
            (Purpose.ACKNOWLEDGEMENT, "DMARC"),
            (Purpose.HANDLER_NOTICE, ""),
        ]
    ):
        case_id = a_case(store, title=f"Rubrik {number}")
        put(store, a_letter(f"{case_id}", purpose=purpose, case_id=case_id), held_because=held)

    with store.read() as transaction:
        to = Address(channel="email", handle=SENDER)
        found = outbox.acknowledged(transaction, to, since=NOW)
        later = outbox.acknowledged(transaction, to, since=NOW + timedelta(seconds=1))
        other = outbox.acknowledged(transaction, replace(to, handle="annan@example.org"), since=NOW)

    assert found == ["Rubrik 0"]
    assert (later, other) == ([], [])


def test_a_letter_is_found_by_what_it_is_called(store: Store) -> None:
    case_id = a_case(store)
    letter_id = put(store, a_letter(case_id=case_id))
    assert letter_id is not None

    with store.read() as transaction:
        found = outbox.find_external(transaction, "<1:kvitto@lillkommun.example>")
        missing = outbox.find_external(transaction, "<annat@lillkommun.example>")
        case = outbox.case_of(transaction, letter_id)
        there = [outbox.exists(transaction, one) for one in (letter_id, 4711)]
        texts = outbox.texts_of_case(transaction, case_id)

    assert (found, missing, case) == (letter_id, None, case_id)
    assert there == [True, False]
    assert texts == ["Hej!\n\nÅäö.\n"]


def test_a_reply_is_compared_with_the_acknowledgement_and_the_newest_letters_only(store: Store) -> None:
    case_id = a_case(store)
    put(store, replace(a_letter(case_id=case_id), body="Tack"))
    for number in range(30):
        notice = a_letter(f"notis {number}", purpose=Purpose.FOLLOW_UP_NOTICE, case_id=case_id)
        put(store, replace(notice, body=f"Notis {number}"))

    with store.read() as transaction:
        texts = outbox.texts_of_case(transaction, case_id)

    assert texts == ["Tack", *(f"Notis {number}" for number in range(29, 10, -1))]


def test_letters_are_counted_by_state(store: Store) -> None:
    put(store, a_letter("1"))
    put(store, a_letter("2"), held_because="DMARC")
    put(store, a_letter("3"), held_because="DMARC")

    with store.read() as transaction:
        assert outbox.counts(transaction) == {"väntar": 1, "hålls": 2}


def test_a_rollback_takes_letter_state_and_journal_line_with_it(store: Store) -> None:
    put(store, a_letter(case_id=a_case(store)))
    (letter,) = take(store)

    with pytest.raises(RuntimeError), store.write() as transaction:
        outbox.sent(transaction, letter, "250 ok", now=NOW)
        raise RuntimeError("the power goes")

    assert only(store)["state"] == LetterState.SENDING
    assert acts(store) == []


# SQLite lets one writer in at a time, so there is nobody to pass by.
@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_what_one_worker_holds_the_next_one_passes_by(store: Store) -> None:
    for key in ("1", "2", "3"):
        put(store, a_letter(key))

    with store.write() as first:
        mine = outbox.take(first, now=NOW, limit=2, channels=EMAIL)
        with store.write() as second:
            others = outbox.take(second, now=NOW, limit=2, channels=EMAIL)

    assert [letter.key for letter in mine] == ["1", "2"]
    assert [letter.key for letter in others] == ["3"]
