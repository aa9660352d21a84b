"""What a model may learn from: the sender's words and the last thing that a human said of them."""

from datetime import timedelta

from store import cases, lessons
from store.domain import Factor, Kind, Status
from store.engine import Store
from tests.house import NOW, a_suggestion, an_inbound
from tests.store.test_cases import a_message, a_new_case, opened


def a_confirmed_case(
    store: Store, text: str, *, kind: Kind = Kind.PRAISE, status: Status = Status.ASSIGNED, days: int = 0
) -> int:
    case_id, _ = opened(store, a_new_case(title=text, status=status))
    message_id = a_message(store, case_id, an_inbound(text=text), text=text, subject="Ämne")
    with store.write() as transaction:
        cases.suggest(transaction, case_id, message_id, a_suggestion(), now=NOW)
    confirm(store, case_id, kind, days=days)
    return case_id


def confirm(store: Store, case_id: int, kind: Kind, *, version: int = 1, days: int = 0) -> None:
    with store.write() as transaction:
        cases.confirm(
            transaction,
            case_id,
            kind=kind,
            factor=Factor.FOOD,
            by="anna",
            version=version,
            now=NOW + timedelta(days=days),
        )


def learnt(store: Store, *, days: int = 0) -> list[tuple[str, str, str]]:
    with store.read() as transaction:
        found = lessons.confirmed(transaction, since=NOW + timedelta(days=days))
    return [(each.text, each.kind, each.factor) for each in found]


def test_the_last_word_of_a_human_is_what_is_learnt(store: Store) -> None:
    case_id = a_confirmed_case(store, "Maten var kall")
    confirm(store, case_id, Kind.COMPLAINT, version=2)

    assert learnt(store) == [("Ämne\nMaten var kall", Kind.COMPLAINT, Factor.FOOD)]


def test_lessons_come_oldest_first_and_not_from_before_the_day_asked_for(store: Store) -> None:
    a_confirmed_case(store, "ny", days=9)
    a_confirmed_case(store, "gammal", days=-40)
    a_confirmed_case(store, "äldre", days=1)

    assert [text for text, _, _ in learnt(store)] == ["Ämne\näldre", "Ämne\nny"]


def test_what_was_not_a_synpunkt_is_not_learnt(store: Store) -> None:
    a_confirmed_case(store, "överklagande", status=Status.HANDED_OVER)
    a_confirmed_case(store, "spam", status=Status.QUARANTINED)

    assert learnt(store) == []


def test_a_case_that_nobody_has_confirmed_teaches_nothing(store: Store) -> None:
    case_id, _ = opened(store)
    message_id = a_message(store, case_id, an_inbound(text="Maten"), text="Maten")
    with store.write() as transaction:
        cases.suggest(transaction, case_id, message_id, a_suggestion(), now=NOW)

    assert learnt(store) == []
