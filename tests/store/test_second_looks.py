"""What waits for the full model: had by one at a time, struck out once."""

from datetime import timedelta

from store import second_looks
from store.engine import Store
from tests.house import NOW, an_inbound
from tests.store.test_cases import a_message, opened

LEASE = timedelta(minutes=2)


def waits(store: Store, *texts: str, untold: bool = False) -> list[int]:
    made = []
    for text in texts:
        case_id, _ = opened(store)
        made.append(a_message(store, case_id, an_inbound(text=text), subject="Gunga", text=text))
        with store.write() as transaction:
            second_looks.expect(transaction, message_id=made[-1], case_id=case_id, now=NOW, untold=untold)
    return made


def test_the_oldest_are_taken_first_and_by_nobody_else_meanwhile(store: Store) -> None:
    made = waits(store, "ett", "två", "tre")

    with store.write() as transaction:
        first = second_looks.take(transaction, now=NOW, limit=2, lease=LEASE)
        others = second_looks.take(transaction, now=NOW, limit=2, lease=LEASE)
        after = second_looks.take(transaction, now=NOW + LEASE, limit=9, lease=LEASE)

    assert [(row["message_id"], row["subject"], row["text"]) for row in first] == [
        (made[0], "Gunga", "ett"),
        (made[1], "Gunga", "två"),
    ]
    assert [row["message_id"] for row in others] == [made[2]]
    assert [row["message_id"] for row in after] == made


def test_only_one_of_two_strikes_a_look_out(store: Store) -> None:
    (made,) = waits(store, "ett", untold=True)

    with store.write() as transaction:
        struck = second_looks.strike(transaction, made)
        again = second_looks.strike(transaction, made)

    assert struck is not None
    assert struck["untold"]
    assert again is None


def test_a_handler_is_told_once(store: Store) -> None:
    (made,) = waits(store, "ett", untold=True)

    with store.write() as transaction:
        before = second_looks.untold_since(transaction, NOW, limit=5)
        late = second_looks.untold_since(transaction, NOW + LEASE, limit=5)
        told = [second_looks.note_told(transaction, made) for _ in range(2)]
        after = second_looks.untold_since(transaction, NOW + LEASE, limit=5)

    assert list(before) == []
    assert [row["message_id"] for row in late] == [made]
    assert told == [True, False]
    assert list(after) == []


def test_a_try_that_failed_is_counted_and_put_off(store: Store) -> None:
    (made,) = waits(store, "ett")

    with store.write() as transaction:
        second_looks.put_off(transaction, [made], until=NOW + LEASE, failed=True)
        early = second_looks.take(transaction, now=NOW, limit=1, lease=LEASE)
        (row,) = second_looks.take(transaction, now=NOW + LEASE, limit=1, lease=LEASE)

    assert list(early) == []
    assert row["attempts"] == 1
