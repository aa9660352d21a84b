"""A unit's manager is told of a rise when the month is over: once, with the cases that they may read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from bots.desk.reports.signals import Signals, usual
from store.tables import cases
from tests.house import UNITS, Clock, House
from tests.store.figures.test_signals import a_year_of_few, put

MANAGED = tuple(replace(unit, managers=("petra",)) for unit in UNITS)
SECOND = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # the first working day of November


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """Open a house in which October brought nine complaints where there used to be one."""
    opened = make_house(units=MANAGED, clock=Clock(SECOND), quality=("omar",))
    a_year_of_few(opened.store)
    put(opened.store, 9, "2026-10")
    opened.watch.signals = signals_of(opened)
    return opened


def signals_of(house: House) -> Signals:
    return Signals(store=house.store, house=house.work.house, identity=house.identity)


def letters(house: House) -> list[tuple[str, str]]:
    return [(row["handle"], row["body"]) for row in house.outbox() if row["key"].startswith("signal:")]


def test_the_manager_is_told_once_with_the_numbers_and_no_words_of_anybody(house: House) -> None:
    house.watch.once()
    house.watch.once()
    house.watch.signals = signals_of(house)  # as after a start of the service
    house.watch.once()

    ((to, body),) = letters(house)
    assert to == "petra.holm@lillkommun.example"
    assert "Under oktober 2026 kom 9 klagomål om Bemötande till Gata och park." in body
    assert [f"SYN-{number}" for number in range(25, 34)] == [
        line.removeprefix("- ") for line in body.splitlines() if line.startswith("- ")
    ]
    assert "https://tycktill.lillkommun.example/signaler" in body
    assert "example.org" not in body
    assert [row["told"] for row in house.table("signals")] == [["petra"]]


def test_nobody_is_told_at_night_and_a_month_without_a_rise_is_looked_at_once(house: House) -> None:
    house.clock.now = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
    house.watch.once()
    at_night = letters(house)
    house.clock.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    house.watch.once()
    house.clock.forward(days=1)
    house.watch.once()

    assert at_night == letters(house) == []
    looked = [row["details"] for row in house.table("journal") if row["act"] == "svaga signaler sökta"]
    assert looked == [{"månad": "2026-11", "signaler": "0"}]


def test_b6_a_manager_is_not_told_of_the_case_that_is_kept_from_them(house: House) -> None:
    signals = signals_of(house)
    signals.look(SECOND)
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).where(cases.c.id == 30).values(barred=["petra"]))

    (of_petra,), (of_omar,) = signals.told("petra", ["park"]), signals.told("omar", None)

    assert (len(of_petra.cases), of_petra.hidden, of_petra.observed) == (8, 1, 9)
    assert (len(of_omar.cases), of_omar.hidden) == (9, 0)
    assert signals.told("petra", ["skola"]) == []


def test_many_cases_are_counted_where_they_are_not_listed(house: House) -> None:
    put(house.store, 30, "2026-10")

    signals_of(house).look(SECOND)

    ((_, body),) = letters(house)
    assert len([line for line in body.splitlines() if line.startswith("- SYN-")]) == 20
    assert "- och 19 till" in body


@pytest.mark.parametrize(
    ("expected", "words"), [(0.04, "färre än 1"), (2.44, "2,4"), (7.0, "7"), (11.96, "12")]
)
def test_what_is_usual_is_said_as_people_do(expected: float, words: str) -> None:
    assert usual(expected) == words
