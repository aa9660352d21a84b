"""Nothing of a case is public that its manager has not approved, and nothing is after it is withdrawn."""

import pytest
from sqlalchemy import update

from store import improvements, secrecy
from store.cases import StaleCaseError
from store.domain import Status
from store.emptying import GONE
from store.engine import Store
from store.life import HANDLER, MANAGER, Actor, IllegalActError
from store.tables import cases
from tests.house import NOW, rows_of
from tests.store.figures.test_signals import put

BOSS = Actor(id="petra", roles=frozenset({MANAGER}))
TEXT = "Gungan är lagad och kontrolleras varje månad."


def approve(store: Store, text: str = TEXT, *, actor: Actor = BOSS, version: int = 1) -> None:
    with store.write() as transaction:
        improvements.approve(transaction, 1, text, actor=actor, version=version, now=NOW)


def public(store: Store) -> list[str]:
    with store.read() as transaction:
        return [row["text"] for row in improvements.public(transaction)]


def change(store: Store, **columns: object) -> None:
    with store.write() as transaction:
        transaction.connection.execute(update(cases).values(**columns))


def version(store: Store) -> int:
    return int(rows_of(store, "cases")[0]["version"])


@pytest.fixture
def closed(store: Store) -> Store:
    put(store, 1, "2026-10", unit="park")
    return store


def test_what_a_manager_approves_is_public_with_its_unit_and_nothing_of_the_case(closed: Store) -> None:
    before = public(closed)
    approve(closed)

    assert before == []
    with closed.read() as transaction:
        (row,) = improvements.public(transaction)
    assert dict(row) == {"unit": "park", "text": TEXT, "approved_at": NOW}
    (line,) = [line for line in rows_of(closed, "journal") if line["case_id"] == 1]
    assert (line["actor"], line["act"]) == ("petra", improvements.APPROVED)
    assert TEXT not in str(line["details"])


def test_a_new_text_takes_the_place_of_the_old_one_which_is_kept(closed: Store) -> None:
    approve(closed)
    approve(closed, "Alla gungor kontrolleras.", version=version(closed))

    assert public(closed) == ["Alla gungor kontrolleras."]
    rows = rows_of(closed, "improvements")
    assert [(row["text"], row["withdrawn_by"]) for row in rows] == [
        (TEXT, "petra"),
        ("Alla gungor kontrolleras.", ""),
    ]


def test_what_is_withdrawn_is_gone_from_the_page_and_can_not_be_withdrawn_twice(closed: Store) -> None:
    approve(closed)

    with closed.write() as transaction:
        improvements.withdraw(transaction, 1, actor=BOSS, version=version(closed), now=NOW)

    assert public(closed) == []
    with closed.read() as transaction:
        assert improvements.standing(transaction, 1) is None
        assert [row["withdrawn_by"] for row in improvements.of_case(transaction, 1)] == ["petra"]
    with pytest.raises(IllegalActError, match="Ingen text"), closed.write() as transaction:
        improvements.withdraw(transaction, 1, actor=BOSS, version=version(closed), now=NOW)


def test_only_a_manager_approves_and_only_what_they_have_seen(closed: Store) -> None:
    with pytest.raises(IllegalActError, match="chef"):
        approve(closed, actor=Actor(id="anna", roles=frozenset({HANDLER})))
    with pytest.raises(StaleCaseError):
        approve(closed, version=7)

    assert rows_of(closed, "improvements") == []
    assert [line for line in rows_of(closed, "journal") if line["act"] == improvements.APPROVED] == []
    approve(closed)
    assert public(closed) == [TEXT]


@pytest.mark.parametrize("text", ["", "  ", "x" * (improvements.LONGEST + 1)])
def test_a_text_has_to_be_there_and_short(closed: Store, text: str) -> None:
    with pytest.raises(IllegalActError, match="högst 600 tecken"):
        approve(closed, text)

    assert rows_of(closed, "improvements") == []


@pytest.mark.parametrize(
    "columns",
    [{"status": Status.IN_PROGRESS}, {"restricted": True}, {"protected": True}, {"barred": ["anna"]}],
)
def test_of_some_cases_nothing_may_be_published(closed: Store, columns: dict[str, object]) -> None:
    change(closed, **columns)

    with pytest.raises(IllegalActError, match="publicera"):
        approve(closed)

    assert public(closed) == []


@pytest.mark.parametrize("columns", [{"restricted": True}, {"protected": True}, {"status": Status.DISPOSED}])
def test_a_case_that_becomes_one_of_those_takes_its_text_along(
    closed: Store, columns: dict[str, object]
) -> None:
    approve(closed)
    change(closed, **columns)

    assert public(closed) == []


def test_b14_a_mark_of_secrecy_takes_the_text_away_until_it_is_lifted(closed: Store) -> None:
    approve(closed)
    with closed.write() as transaction:
        mark = secrecy.mark(
            transaction,
            1,
            paragraph="26 kap. 1 § OSL",
            authority="Nämnden",
            why="",
            message_id=None,
            by="rita",
            proposed=False,
            now=NOW,
        )
    hidden = public(closed)
    with closed.write() as transaction:
        secrecy.lift(transaction, mark, by="rita", now=NOW)

    assert (hidden, public(closed)) == ([], [TEXT])


def test_b16_a_disposed_case_has_no_words_here_either(closed: Store) -> None:
    approve(closed, GONE)

    assert public(closed) == []
