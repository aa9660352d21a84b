"""The organisation hangs together, and somebody is always found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bots.desk.house import House, HouseError
from store.deadlines import Days
from store.domain import Board, Handler, Unit

TODAY = date(2026, 11, 23)
AWAY = ((TODAY, TODAY),)


def person(name: str, *, substitute: str = "", away: bool = False) -> Handler:
    return Handler(
        id=name,
        name=name,
        email=f"{name}@example.se",
        substitute=substitute,
        absent=AWAY if away else (),
    )


def a_house(*people: Handler, units: Sequence[Unit] = (), registrator: str = "r") -> House:
    handlers: Mapping[str, Handler] = {one.id: one for one in (person("r"), *people)}
    return House(
        municipality="Lilla kommunen",
        service_name="Tyck till",
        phone="070-174 06 05",
        phone_hours="mån–fre 8–16",
        privacy_url="https://example.se",
        console_url="https://example.se",
        days=Days(),
        handlers=handlers,
        units=units,
        registrator=registrator,
    )


def found(house: House, *wanted: str, day: date = TODAY) -> str | None:
    handler = house.present(wanted, day)
    return handler.id if handler else None


@pytest.mark.parametrize(
    ("people", "units", "registrator", "told"),
    [
        ([], [], "x", "registratorn 'x' finns inte"),
        ([], [Unit(id="u", name="U", handlers=())], "r", "enheten 'u' har ingen handläggare"),
        ([], [Unit(id="u", name="U", handlers=("x",))], "r", "enheten 'u': handläggaren 'x' finns inte"),
        (
            [],
            [Unit(id="u", name="U", handlers=("r",), board="b")],
            "r",
            "enheten 'u': nämnden 'b' finns inte",
        ),
        ([person("a", substitute="x")], [], "r", "ersättaren 'x' för 'a' finns inte"),
    ],
)
def test_what_does_not_hang_together_is_told(
    people: list[Handler], units: list[Unit], registrator: str, told: str
) -> None:
    with pytest.raises(HouseError, match=told):
        a_house(*people, units=units, registrator=registrator)


def test_the_first_who_is_at_work_is_taken() -> None:
    house = a_house(person("a", away=True), person("b"), person("c"))

    assert found(house, "a", "b", "c") == "b"


def test_a_colleague_on_the_unit_comes_before_a_substitute_from_outside() -> None:
    house = a_house(person("a", away=True, substitute="c"), person("b"), person("c"))

    assert found(house, "a", "b") == "b"


def test_a_substitute_s_substitute_is_found() -> None:
    house = a_house(
        person("a", away=True, substitute="b"), person("b", away=True, substitute="c"), person("c")
    )

    assert found(house, "a") == "c"


def test_two_who_stand_in_for_each_other_and_are_both_away_lead_nowhere() -> None:
    house = a_house(person("a", away=True, substitute="b"), person("b", away=True, substitute="a"))

    assert found(house, "a") is None


def test_the_first_and_the_last_day_of_an_absence_both_count() -> None:
    handler = Handler(
        id="a", name="a", email="a@example.se", absent=((date(2026, 12, 21), date(2027, 1, 8)),)
    )
    house = a_house(handler)

    days = [date(2026, 12, 20), date(2026, 12, 21), date(2027, 1, 8), date(2027, 1, 9)]
    assert [found(house, "a", day=day) for day in days] == ["a", None, None, "a"]


def test_who_has_left_is_followed_by_the_registrator() -> None:
    assert a_house(person("a")).person("slutat").id == "r"
    assert a_house(person("a")).person("a").id == "a"


def test_the_words_of_a_unit_are_found_at_the_beginning_of_words_only() -> None:
    ((_, pattern),) = a_house(units=[Unit(id="u", name="U", handlers=("r",), words=("park", "c++"))]).words

    assert pattern.findall("parken, parkerad, lekpark och c++") == ["park", "park", "c++"]


NAMES = ("a", "b", "c", "d")


@given(
    substitutes=some.fixed_dictionaries({name: some.sampled_from(["", *NAMES]) for name in NAMES}),
    away=some.sets(some.sampled_from(NAMES)),
    wanted=some.lists(some.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
)
def test_whatever_the_chains_are_nobody_absent_is_found_and_the_search_ends(
    substitutes: dict[str, str], away: set[str], wanted: list[str]
) -> None:
    house = a_house(*(person(name, substitute=substitutes[name], away=name in away) for name in NAMES))

    chosen = found(house, *wanted)

    reachable = set(wanted)
    while more := {substitutes[name] for name in reachable if substitutes[name]} - reachable:
        reachable |= more
    assert chosen not in away
    assert (chosen is None) == (reachable <= away)
    assert chosen is None or chosen in reachable


def test_n8_b13_each_board_numbers_its_own_cases_and_answers_for_them() -> None:
    units = [
        Unit(id="skola", name="Skola", handlers=("r",), board="bun", regulated="skola"),
        Unit(id="park", name="Park", handlers=("r",)),
    ]
    board = Board(id="bun", name="Barn- och utbildningsnämnden", series="BUN")
    house = replace(a_house(), boards={"bun": board}, units=units)

    assert [house.series_of(unit) for unit in ("skola", "park", "")] == ["BUN", "SYN", "SYN"]
    assert [house.authority_of(unit) for unit in ("skola", "park")] == [board.name, "Lilla kommunen"]
    assert [house.regulated(unit) for unit in ("skola", "park", "okänd")] == ["skola", "", ""]
