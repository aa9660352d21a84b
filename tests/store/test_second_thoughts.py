"""A letter that waits is sent or taken back, and never both, in whatever order that is tried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import enclosures, outbox, unsent
from store.domain import Act, Enclosure, LetterState, Outgoing, Purpose
from store.engine import Store
from tests.house import NOW, rows_of
from tests.store.test_outbox import a_case, a_letter, put, take

WAIT = timedelta(seconds=30)
STEPS = ("take back", "take", "send", "fail", "later")


def a_waiting_letter(store: Store, key: str = "1:svar:1") -> int:
    letter_id = put(store, a_letter(key, purpose=Purpose.ANSWER))
    assert letter_id is not None
    with store.write() as transaction:
        outbox.hold_back(transaction, letter_id, until=NOW + WAIT, undo={"status": "pågår"})
    return letter_id


def take_back(store: Store, letter_id: int) -> bool:
    with store.write() as transaction:
        return outbox.take_back(transaction, letter_id, by="anna", now=NOW) is not None


def test_a_letter_that_waits_is_not_taken_before_its_time(store: Store) -> None:
    a_waiting_letter(store)

    assert take(store, after=WAIT - timedelta(seconds=1)) == []
    assert [one.key for one in take(store, after=WAIT)] == ["1:svar:1"]


def test_what_is_taken_back_is_never_sent_and_is_journaled_once(store: Store) -> None:
    letter_id = a_waiting_letter(store)

    assert [take_back(store, letter_id), take_back(store, letter_id)] == [True, False]
    assert take(store, after=WAIT) == []
    assert [row["act"] for row in rows_of(store, "journal")] == ["brev ångrat"]


def test_a_letter_that_somebody_has_tried_to_send_is_not_taken_back(store: Store) -> None:
    letter_id = a_waiting_letter(store)
    (taken,) = take(store, after=WAIT)
    with store.write() as transaction:
        outbox.postpone(transaction, taken, until=NOW + WAIT, because="upptaget")

    assert take_back(store, letter_id) is False


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
def test_in_any_order_a_letter_is_either_sent_or_undone(store: Store, steps: list[str]) -> None:
    number = len(rows_of(store, "letters"))
    letter_id = a_waiting_letter(store, f"1:svar:{number}")
    sent, undone = 0, 0
    after, in_hand = timedelta(0), list[Outgoing]()
    for step in steps:
        if step == "take back":
            undone += take_back(store, letter_id)
        elif step == "later":
            after += WAIT
        elif step == "take":
            in_hand += [one for one in take(store, after=after) if one.id == letter_id]
        elif in_hand:
            one = in_hand.pop()
            with store.write() as transaction:
                if step == "send":
                    outbox.sent(transaction, one, "250", now=NOW)
                    sent += 1
                else:
                    outbox.postpone(transaction, one, until=NOW + after, because="upptaget")

    row = next(one for one in rows_of(store, "letters") if one["id"] == letter_id)
    assert sent + undone <= 1
    assert (row["state"] == LetterState.UNDONE) is bool(undone)
    assert (row["state"] == LetterState.SENT) is bool(sent)
    with store.write() as transaction:  # nothing is left for the next example
        outbox.take_back(transaction, letter_id, by="anna", now=NOW)
        for one in in_hand:
            outbox.sent(transaction, one, "250", now=NOW)
    take(store, after=timedelta(days=1), limit=100)


def test_at_the_same_moment_either_the_sending_or_the_undoing_wins(store: Store) -> None:
    for number in range(12):
        letter_id = a_waiting_letter(store, f"1:svar:{number}")
        with ThreadPoolExecutor(2) as pool:
            taken = pool.submit(take, store, after=WAIT)
            undone = pool.submit(take_back, store, letter_id)

        assert bool(taken.result()) is not undone.result()


def test_files_go_with_the_answer_and_their_bytes_with_the_letter(store: Store) -> None:
    case_id = a_case(store)
    file = Enclosure(name="karta.pdf", media_type="application/pdf", data=b"%PDF-1")
    with store.write() as transaction:
        begun = unsent.save(transaction, case_id, Act.ANSWER, {"text": "Hej"}, by="anna", now=NOW)
        again = unsent.save(transaction, case_id, Act.ANSWER, {"text": "Hej du"}, by="anna", now=NOW)
        enclosures.add(transaction, begun, file, now=NOW)
        enclosures.add(transaction, begun, file, now=NOW)
        first = enclosures.of_unsent(transaction, begun)[0]["id"]
        enclosures.drop(transaction, begun, only=first)
        kept = [row["name"] for row in enclosures.of_unsent(transaction, begun)]
        typed = unsent.find(transaction, case_id, Act.ANSWER, by="anna")

    assert begun == again
    assert typed is not None
    assert typed["typed"] == {"text": "Hej du"}
    assert kept == ["karta.pdf"]
    assert len(rows_of(store, "blobs")) == 1


def test_what_is_forgotten_takes_its_bytes_along(store: Store) -> None:
    case_id = a_case(store)
    file = Enclosure(name="karta.pdf", media_type="application/pdf", data=b"%PDF-1")
    with store.write() as transaction:
        begun = unsent.save(transaction, case_id, Act.ANSWER, {}, by="anna", now=NOW)
        enclosures.add(transaction, begun, file, now=NOW)

    with store.write() as transaction:
        unsent.forget(transaction, begun)

    assert [rows_of(store, name) for name in ("unsent", "enclosures", "blobs")] == [[], [], []]
