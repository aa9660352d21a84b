"""Marks of secrecy, and whose letters stop when they turn out to be protected (OSL 5:5, 21:3)."""

from datetime import timedelta

import pytest

from store import cases, lessons, outbox, secrecy
from store.domain import Address, Outgoing, Purpose
from store.engine import Store, StoreError
from store.secrecy import Ground
from tests.house import NOW, SENDER, rows_of
from tests.store.test_cases import a_new_case, opened
from tests.store.test_lessons import a_confirmed_case


def marked(store: Store, case_id: int, *, proposed: bool = False, message_id: int | None = None) -> int:
    with store.write() as transaction:
        return secrecy.mark(
            transaction,
            case_id,
            paragraph=" 26 kap. 1 § OSL ",
            authority="Omsorgsnämnden",
            why="rör hemtjänst",
            message_id=message_id,
            by="rita",
            proposed=proposed,
            now=NOW,
        )


def cautions(store: Store, case_id: int, regulated: str = "") -> list[tuple[str, str]]:
    with store.read() as transaction:
        found = secrecy.warnings(transaction, case_id, regulated=regulated)
    return [(str(one.ground), one.paragraph) for one in found]


def test_b14_a_mark_stores_paragraph_authority_day_and_who_and_is_a_warning_until_it_is_lifted(
    store: Store,
) -> None:
    case_id, _ = opened(store)

    mark_id = marked(store, case_id)
    warned = cautions(store, case_id)
    with store.write() as transaction:
        first = secrecy.lift(transaction, mark_id, by="rita", now=NOW + timedelta(days=1))
        second = secrecy.lift(transaction, mark_id, by="bo", now=NOW + timedelta(days=2))

    (row,) = rows_of(store, "secrecy_marks")
    assert warned == [("sekretessmarkerat", "26 kap. 1 § OSL")]
    assert (first, second, cautions(store, case_id)) == (True, False, [])
    assert (row["authority"], row["set_by"], row["set_at"]) == ("Omsorgsnämnden", "rita", NOW)
    assert (row["lifted_by"], row["lifted_at"]) == ("rita", NOW + timedelta(days=1))


def test_b14_a_proposed_mark_warns_of_nothing_before_it_is_set(store: Store) -> None:
    case_id, _ = opened(store)

    mark_id = marked(store, case_id, proposed=True)
    before = cautions(store, case_id)
    with store.write() as transaction:
        accepted = secrecy.accept(transaction, mark_id, by="bo", now=NOW)
        again = secrecy.accept(transaction, mark_id, by="bo", now=NOW)

    assert (before, accepted, again) == ([], True, False)
    assert cautions(store, case_id) == [("sekretessmarkerat", "26 kap. 1 § OSL")]


@pytest.mark.parametrize(("paragraph", "authority"), [("", "Nämnden"), ("21 kap. 1 § OSL", "  ")])
def test_b14_a_mark_without_its_paragraph_or_authority_is_refused(
    store: Store, paragraph: str, authority: str
) -> None:
    case_id, _ = opened(store)

    with pytest.raises(StoreError, match="paragraph and its authority"), store.write() as transaction:
        secrecy.mark(
            transaction,
            case_id,
            paragraph=paragraph,
            authority=authority,
            why="",
            message_id=None,
            by="rita",
            proposed=False,
            now=NOW,
        )
    assert rows_of(store, "secrecy_marks") == []


@pytest.mark.parametrize(
    ("regulated", "expected"),
    [
        ("sol", [("ska sekretessprövas", "26 kap. 1 § OSL")]),
        ("lss", [("ska sekretessprövas", "26 kap. 1 § OSL")]),
        ("hsl", [("ska sekretessprövas", "25 kap. 1 § OSL")]),
        ("skola", []),
        ("", []),
    ],
)
def test_b15_what_is_written_to_care_and_social_services_is_to_be_judged(
    store: Store, regulated: str, expected: list[tuple[str, str]]
) -> None:
    case_id, _ = opened(store)

    assert cautions(store, case_id, regulated) == expected


def test_b15_a_protected_sender_is_warned_of_first_and_known_again_by_the_address(store: Store) -> None:
    case_id, _ = opened(store)
    marked(store, case_id)
    with store.write() as transaction:
        before = secrecy.is_protected_sender(transaction, "email", SENDER.upper())
        cases.note(transaction, case_id, protected=True)
        after = secrecy.is_protected_sender(transaction, "email", SENDER.upper())
        elsewhere = secrecy.is_protected_sender(transaction, "sms", SENDER)

    assert [ground for ground, _ in cautions(store, case_id)] == [Ground.PROTECTED, Ground.MARKED]
    assert (before, after, elsewhere) == (False, True, False)


def test_b15_letters_that_wait_stop_when_their_sender_is_protected(store: Store) -> None:
    case_id, _ = opened(store)
    letters = {
        "svar": (Purpose.ANSWER, "sven@example.org"),
        "kvitto": (Purpose.ACKNOWLEDGEMENT, "sven@example.org"),
        "besked": (Purpose.HANDLER_NOTICE, "Bo@example.org"),
        "larm": (Purpose.ALARM, "rita@example.org"),
    }
    with store.write() as transaction:
        for key, (purpose, handle) in letters.items():
            recipient = Address(channel="email", handle=handle)
            letter = Outgoing(
                key=key, purpose=purpose, recipient=recipient, subject="x", body="x", case_id=case_id
            )
            outbox.put(transaction, letter, now=NOW)

    with store.write() as transaction:
        stopped = secrecy.hold_letters(
            transaction, case_id, because=Ground.PROTECTED, not_to={"bo@example.org"}, now=NOW
        )

    states = {row["key"]: (row["state"], row["state_because"]) for row in rows_of(store, "letters")}
    assert stopped == 2
    assert states == {
        "svar": ("hålls", "skyddade personuppgifter"),
        "kvitto": ("väntar", ""),
        "besked": ("ångrat", "ångrat innan det skickades"),
        "larm": ("väntar", ""),
    }


def test_b15_b18_what_a_protected_sender_wrote_is_never_learnt_from(store: Store) -> None:
    case_id = a_confirmed_case(store, "Maten var kall")
    with store.read() as transaction:
        before = lessons.confirmed(transaction, since=NOW - timedelta(days=1))
    with store.write() as transaction:
        cases.note(transaction, case_id, protected=True)
    with store.read() as transaction:
        after = lessons.confirmed(transaction, since=NOW - timedelta(days=1))

    assert ([one.case_id for one in before], after) == ([case_id], [])


def test_b14_what_is_divided_off_is_marked_as_the_whole_was(store: Store) -> None:
    first, second = opened(store)[0], opened(store, a_new_case(title="Maten"))[0]
    marked(store, first)

    with store.write() as transaction:
        secrecy.inherit(transaction, first, second)

    assert cautions(store, second) == [("sekretessmarkerat", "26 kap. 1 § OSL")]
