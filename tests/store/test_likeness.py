"""Cases alike: found by direction, within one encoder, and never among those that are hidden."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import update

from store import cases
from store.domain import Factor, Kind, Status
from store.engine import Row, Store
from store.likeness import Similar, UnitProposal, similar, unit_by_neighbours
from store.tables import cases as cases_table
from store.tables import messages, suggestions
from tests.house import NOW, a_suggestion, an_inbound
from tests.store.test_cases import a_message, a_new_case, opened

MINE = (100, 0, 0)


def a_vector(*numbers: int) -> bytes:
    return np.array(numbers, np.int8).tobytes()


def a_case(
    store: Store,
    title: str,
    direction: Sequence[int] = MINE,
    *,
    unit: str = "park",
    status: Status = Status.ASSIGNED,
    model: str = "full-1",
    confirmed: bool = False,
) -> int:
    new = replace(a_new_case(title=title, status=status), unit=unit)
    case_id, _ = opened(store, new)
    suggest(store, case_id, direction, model=model)
    if confirmed:
        with store.write() as transaction:
            cases.confirm(
                transaction, case_id, kind=Kind.PRAISE, factor=Factor.FOOD, by="anna", version=1, now=NOW
            )
    return case_id


def suggest(store: Store, case_id: int, direction: Sequence[int], *, model: str = "full-1") -> None:
    message_id = a_message(store, case_id, an_inbound(text=f"{case_id} {direction} {model}"))
    suggestion = replace(a_suggestion(), vector=a_vector(*direction), model=model)
    with store.write() as transaction:
        cases.suggest(transaction, case_id, message_id, suggestion, now=NOW)


def titles_like(store: Store, case_id: int, *, limit: int = 5, within: int = 5000) -> list[str]:
    with store.read() as transaction:
        return [one.title for one in similar(transaction, case_id, limit=limit, within=within)]


def proposal(store: Store, case_id: int) -> UnitProposal | None:
    with store.read() as transaction:
        return unit_by_neighbours(transaction, case_id)


def test_the_most_alike_come_first_and_those_that_are_not_alike_not_at_all(store: Store) -> None:
    a_case(store, "nästan", (100, 30, 0))
    a_case(store, "precis", (50, 0, 0))
    a_case(store, "något annat", (0, 0, 100))
    a_case(store, "tvärtom", (-100, 0, 0))
    mine = a_case(store, "min")

    assert titles_like(store, mine) == ["precis", "nästan"]


def test_a_case_alike_is_told_with_what_a_human_has_confirmed(store: Store) -> None:
    other = a_case(store, "andra", (60, 80, 0), unit="skola", status=Status.CLOSED, confirmed=True)
    mine = a_case(store, "min", (80, 60, 0))

    with store.read() as transaction:
        (found,) = similar(transaction, mine)

    assert found == Similar(
        case_id=other,
        number="SYN-2026-000001",
        title="andra",
        status=Status.CLOSED,
        unit="skola",
        kind="beröm",
        factor="Mat",
        cosine=found.cosine,
    )
    assert found.cosine == pytest.approx(0.96)


def test_cases_alike_are_those_of_late_and_tell_which_place_both_name(store: Store) -> None:
    for number, words in enumerate(("Gungan i Björkparken", "Gungan vid Ekbackens skola", "Gungan")):
        case_id = a_case(store, words)
        message_id = a_message(store, case_id, an_inbound(text=f"{words}. Nummer {number}."))
        with store.write() as transaction:
            fill = update(messages).where(messages.c.id == message_id)
            transaction.connection.execute(fill.values(text=f"{words}. Nummer {number}."))
    mine = a_case(store, "min")
    with store.write() as transaction:
        fill = update(messages).where(messages.c.case_id == mine)
        transaction.connection.execute(fill.values(text="Björkparkens gunga är trasig."))
        old = update(cases_table).where(cases_table.c.title == "Gungan")
        transaction.connection.execute(old.values(received_at=NOW - timedelta(days=91)))
        found = similar(transaction, mine, since=NOW - timedelta(days=90))

    assert {one.title: one.places for one in found} == {
        "Gungan i Björkparken": ("björkparken",),
        "Gungan vid Ekbackens skola": (),
    }


def test_no_case_in_quarantine_or_disposed_of_is_shown_as_alike(store: Store) -> None:
    for status in Status:
        a_case(store, status, status=status)
    mine = a_case(store, "min")

    assert set(titles_like(store, mine, limit=99)) == set(Status) - {Status.QUARANTINED, Status.DISPOSED}


def test_a_case_that_the_reader_may_not_see_gives_its_place_to_the_next(store: Store) -> None:
    a_case(store, "näst", (100, 20, 0), unit="park")
    a_case(store, "hemlig", unit="skola")
    mine = a_case(store, "min")

    def may_see(case: Row) -> bool:
        return str(case["unit"]) != "skola"

    with store.read() as transaction:
        found = similar(transaction, mine, limit=1, may_see=may_see)

    assert titles_like(store, mine, limit=1) == ["hemlig"]
    assert [one.title for one in found] == ["näst"]


def test_only_the_newest_cases_are_searched_and_of_equals_the_newest_comes_first(store: Store) -> None:
    for title in ("äldst", "mellan", "ny"):
        a_case(store, title)
    mine = a_case(store, "min")

    assert titles_like(store, mine) == ["ny", "mellan", "äldst"]
    assert titles_like(store, mine, within=3) == ["ny", "mellan"]
    assert titles_like(store, mine, limit=1) == ["ny"]


def test_vectors_of_another_encoder_or_length_are_never_compared(store: Store) -> None:
    a_case(store, "annan kodare", model="full-2")
    a_case(store, "annan längd", (100, 0, 0, 0))
    a_case(store, "utan vektor", ())
    a_case(store, "har lärt sig", model="full-1+c0ffee00")
    mine = a_case(store, "min", model="full-1+deadbeef")

    assert titles_like(store, mine) == ["har lärt sig"]


@pytest.mark.parametrize("direction", [(), (0, 0, 0)])
def test_a_case_without_a_direction_is_like_nothing(store: Store, direction: Sequence[int]) -> None:
    a_case(store, "annan")
    mine = a_case(store, "min", direction)
    without, _ = opened(store)

    assert titles_like(store, mine) == []
    assert titles_like(store, without) == []
    assert proposal(store, mine) is None


def test_what_was_suggested_last_is_what_counts_on_both_sides(store: Store) -> None:
    moved = a_case(store, "har bytt ämne")
    suggest(store, moved, (0, 100, 0))
    a_case(store, "annan")
    mine = a_case(store, "min", (0, 0, 100))

    before = titles_like(store, mine)
    suggest(store, mine, (0, 100, 0))

    assert before == []
    assert titles_like(store, mine) == ["har bytt ämne"]


def test_the_unit_of_three_of_the_nearest_confirmed_cases_is_proposed_with_its_share(store: Store) -> None:
    for unit in ("skola", "park", "skola", "skola"):
        a_case(store, unit, unit=unit, confirmed=True)
    mine = a_case(store, "min")

    found = proposal(store, mine)

    assert found == UnitProposal(unit="skola", agreeing=3, asked=4)
    assert found.share == 0.75


def test_only_the_seven_nearest_confirmed_cases_are_asked(store: Store) -> None:
    for _ in range(5):
        a_case(store, "längre bort", (100, 20, 0), unit="park", confirmed=True)
    for unit in ("skola", "skola", "skola", "vård"):
        a_case(store, "nära", unit=unit, confirmed=True)
    mine = a_case(store, "min")

    assert proposal(store, mine) is None  # three skola, three park and one vård
    a_case(store, "nära", unit="skola", confirmed=True)
    assert proposal(store, mine) == UnitProposal(unit="skola", agreeing=4, asked=7)


@pytest.mark.parametrize(
    ("agreeing", "direction", "unit", "confirmed"),
    [
        (2, MINE, "skola", True),
        (3, MINE, "skola", False),  # no human has said a word of them
        (3, (100, 60, 0), "skola", True),  # 0.86: alike, but not enough to follow
        (3, MINE, "", True),  # no unit is none to propose
    ],
)
def test_too_little_is_no_proposal(
    store: Store, agreeing: int, direction: Sequence[int], unit: str, confirmed: bool
) -> None:
    for _ in range(agreeing):
        a_case(store, "annan", direction, unit=unit, confirmed=confirmed)
    mine = a_case(store, "min", unit="park")

    assert len(titles_like(store, mine)) == agreeing
    assert proposal(store, mine) is None


def test_what_is_suggested_after_a_look_is_found_by_the_next_look(store: Store) -> None:
    mine = a_case(store, "min")
    assert titles_like(store, mine) == []

    first = a_case(store, "sedan", (90, 10, 0))
    assert titles_like(store, mine) == ["sedan"]
    suggest(store, first, (0, 0, 100))

    assert titles_like(store, mine) == []
    assert titles_like(store, mine, within=1) == []
    a_case(store, "sist")
    assert titles_like(store, mine, within=5000) == ["sist"]


def test_when_what_was_read_has_been_replaced_it_is_read_anew(store: Store) -> None:
    mine = a_case(store, "min")
    a_case(store, "lik", (90, 10, 0))
    assert titles_like(store, mine) == ["lik"]

    with store.write() as transaction:
        transaction.connection.execute(
            update(suggestions).where(suggestions.c.case_id != mine).values(vector=a_vector(0, 0, 100))
        )

    assert titles_like(store, mine) == []
