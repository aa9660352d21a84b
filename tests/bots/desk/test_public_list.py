"""Report R7 (OSL 5:2, row B13): the register as anybody may have it, and nobody's secrets in it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bots.desk import public_list
from bots.desk.public_list import Line
from store import cases, inbox
from store.domain import Board, Way
from tests.bots.desk.test_acts import a_case, answer
from tests.bots.desk.test_secrecy import mark, protect, retitle
from tests.house import NAME, UNITS, House, an_inbound

Make = Callable[..., House]
DAY = date(2026, 11, 23)


def listed(
    house: House, *, series: str = "SYN", since: date = DAY, until: date = DAY, with_people: bool = True
) -> list[Line]:
    with house.store.read() as transaction:
        return public_list.lines(
            transaction,
            house.work.house,
            series=series,
            since=since,
            until=until,
            with_people=with_people,
        )


async def test_r7_what_came_in_and_what_was_answered_stand_in_their_order(house: House) -> None:
    case = await a_case(house)
    house.clock.forward(days=1)
    answer(house, case)

    found = listed(house, until=DAY + timedelta(days=1))

    assert public_list.as_csv(found).decode("utf-8-sig").splitlines() == [
        "nummer;inkom/upprättad;avsändare/mottagare;kort om innehållet;in/ut;sekretessmarkering",
        f"SYN-2026-000001;2026-11-23;{NAME};Trasig gunga;in;n",
        f"SYN-2026-000001;2026-11-24;{NAME};Svar: Trasig gunga;ut;n",
    ]
    assert public_list.as_csv(found).startswith(b"\xef\xbb\xbf")
    assert listed(house, since=DAY + timedelta(days=1), until=DAY + timedelta(days=1)) == found[1:]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b14_a_marked_case_says_so_and_not_who_wrote_it(house: House) -> None:
    case = await a_case(house)
    answer(house, case, way=Way.PHONE)
    mark(house, case)

    assert [(one.who, one.is_marked) for one in listed(house)] == [("–", True), ("–", True)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b14_a_marked_message_hides_nothing_of_the_rest_of_its_case(house: House) -> None:
    case = await a_case(house)
    answer(house, case)
    mark(house, case, message_id=house.messages()[0]["id"])

    assert [(one.who, one.is_marked) for one in listed(house)] == [("–", True), (NAME, False)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b15_n2_protected_and_restricted_cases_keep_their_number_and_lose_name_and_title(
    house: House,
) -> None:
    first, second = await a_case(house), await a_case(house, text="En annan gunga", subject="Gunga två")
    protect(house, first)
    with house.store.write() as transaction:
        cases.note(transaction, second["id"], restricted=True)

    found = listed(house)

    assert [(one.number, one.who, one.is_marked) for one in found] == [
        ("SYN-2026-000001", "–", False),
        ("SYN-2026-000002", "–", False),
    ]
    assert {one.title for one in found} == {"Synpunkt om Trygghet, Gata och park"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b13_people_can_be_left_out_and_a_worded_title_stands(house: House) -> None:
    case = await a_case(house)
    retitle(house, case, "Gungan i Ekparken")

    (line,) = listed(house, with_people=False)

    assert (line.who, line.title) == ("–", "Gungan i Ekparken")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b13_who_wrote_in_a_case_of_somebody_else_is_named_and_a_machine_is_not_listed(
    house: House,
) -> None:
    case = await a_case(house)
    for number, columns in enumerate(
        ({"from_name": "Eva Ny", "from_addr": "eva@example.org"}, {"automatic": "autosvar"})
    ):
        await house.receive(an_inbound(text=f"Mer {number}"))
        with house.store.write() as transaction:
            state, message_id = house.messages()[0]["state"], house.messages()[-1]["id"]
            inbox.note_read(transaction, message_id, case_id=case["id"], state=state, read=columns)

    assert [one.who for one in listed(house)] == [NAME, "Eva Ny"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_n8_each_board_has_its_own_list_without_a_gap(make_house: Make) -> None:
    park, school = UNITS
    board = Board(id="bun", name="Barn- och utbildningsnämnden", series="BUN")
    house = make_house(units=(park, replace(school, board="bun")), boards={"bun": board})
    for number, text in enumerate(("Gungan i parken", "Läraren i skolan", "En gunga till", "Skolan igen")):
        await house.hear(an_inbound(text=f"{text} {number}", subject=f"Sak {number}"))

    numbers = {series: [one.number for one in listed(house, series=series)] for series in ("SYN", "BUN", "S")}

    assert numbers == {
        "SYN": ["SYN-2026-000001", "SYN-2026-000002"],
        "BUN": ["BUN-2026-000001", "BUN-2026-000002"],
        "S": [],
    }


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_spreadsheet_takes_the_words_of_a_citizen_for_a_formula(sign: str) -> None:
    line = Line(number="S-1", on=DAY, who=f"{sign}1;2", title="x", comes_in=True, is_marked=True)

    assert public_list.as_csv([line]).decode("utf-8-sig").splitlines()[1] == (
        f'S-1;2026-11-23;"\'{sign}1;2";x;in;j'
    )
