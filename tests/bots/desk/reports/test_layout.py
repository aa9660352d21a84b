"""A sheet of 26 columns is read on paper: in parts, and without what says nothing."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.desk.reports.layout import about, lay, left_out, notes, worded
from bots.desk.reports.sheet import Cell, Sheet, as_csv, shown
from store.domain import Source
from tests.bots.desk.reports.shown import a_report

_WORDS = st.text(max_size=40)
_CELLS: st.SearchStrategy[Cell] = st.none() | _WORDS | st.integers() | st.fractions() | st.dates()


@st.composite
def sheets(choose: st.DrawFn) -> Sheet:
    columns = choose(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=12))
    rows = choose(st.lists(st.tuples(*[_CELLS for _ in columns]), max_size=5))
    return Sheet(id="R1", title="Prov", columns=tuple(columns), rows=rows)


@settings(max_examples=40, deadline=None)
@given(sheets())
def test_every_column_is_shown_or_told_and_every_row_is_there(sheet: Sheet) -> None:
    laid = lay(sheet)

    seen = {column.place for part in laid.parts for column in part.columns}
    assert [number for group in laid.groups for number in group.rows] == [*range(len(sheet.rows))]
    if sheet.rows:
        over = {name for group in laid.groups for name in group.name.split(" · ")}
        told = [*(name for name, _ in laid.same), *laid.empty]
        gone = [place for place in range(len(sheet.columns)) if place not in seen]
        grouped = [place for place in gone if worded(sheet.columns[place]) not in told]
        assert all(
            str(row[place]) in " · ".join(over) for row in sheet.rows for place in grouped if row[place]
        )


def test_a_column_that_is_the_same_everywhere_is_told_once() -> None:
    sheet = a_report().sheet

    laid = lay(sheet)

    assert laid.same == [("period", "2026-K3")]
    assert laid.empty == ["analys"]
    assert left_out(sheet, laid) == [
        "Gäller alla rader: period 2026-K3.",
        "Kolumner utan uppgifter visas inte: analys.",
        "CSV-filen och arbetsboken (XLSX) har alla rader och kolumner i en tabell.",
    ]
    assert [column.name for column in laid.parts[0].columns][:3] == ["nämnd", "enhet", "faktor"]
    assert laid.parts[0].names == 3


def test_what_has_no_room_is_parted_and_each_part_says_what_its_rows_are_about() -> None:
    sheet = a_report(columns=[f"mått_nummer_{n}" for n in range(20)]).sheet

    laid = lay(sheet)

    assert len(laid.parts) == 2
    named = [[column.name for column in part.columns[: part.names]] for part in laid.parts]
    assert named == [["enhet", "faktor"], ["enhet", "faktor"]]
    figures = [column.name for part in laid.parts for column in part.columns[part.names :]]
    assert figures == [
        *("totalt", "svar i tid %", "median svarstid arbetsdagar", "senast"),
        *(f"mått nummer {n}" for n in range(20)),
    ]
    assert laid.is_wide


def test_names_that_take_all_the_room_are_said_over_their_rows() -> None:
    laid = lay(a_report(columns=[f"mått_nummer_{n}" for n in range(20)]).sheet)

    assert [(group.name, len(group.rows)) for group in laid.groups] == [
        ("Omsorgsnämnden", 13),
        ("Tekniska nämnden", 13),
    ]


def test_a_list_of_words_keeps_all_its_columns() -> None:
    sheet = Sheet(id="R6", title="x", columns=("ärende", "månad", "status"), rows=[("1", "maj", "ny")] * 2)

    laid = lay(sheet)

    assert [column.name for column in laid.parts[0].columns] == ["ärende", "månad", "status"]
    assert (laid.parts[0].names, laid.same) == (1, [])


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        (None, "–"),
        (0, "0"),
        (2026, "2026"),
        (12_345, "12\u00a0345"),
        (-1_234_567, "−1\u00a0234\u00a0567"),
        (Fraction(-1, 20), "−0,1"),
        (Fraction(1_234_567, 10), "123\u00a0456,7"),
        (date(2026, 10, 1), "2026-10-01"),
        ("snake_case", "snake_case"),
        (Source.SOCIAL_MEDIA, "sociala medier"),
    ],
)
def test_a_figure_is_written_as_swedes_write_it(cell: Cell, read: str) -> None:
    assert shown(cell) == read


def test_a_sheet_without_rows_says_so() -> None:
    sheet = replace(a_report().sheet, rows=[], cuts=[])

    assert left_out(sheet, lay(sheet)) == ["Det finns inga rader."]


def test_rows_that_are_too_many_to_read_are_cut_and_the_page_says_so() -> None:
    rows: list[tuple[Cell, ...]] = [(f"SYN-{n}", n) for n in range(20_000)]
    sheet = Sheet(id="R13", title="x", columns=("nummer", "antal"), rows=rows)

    laid = lay(sheet)

    assert [len(group.rows) for group in laid.groups] == [15_000]
    assert left_out(sheet, laid)[0] == "Tabellen slutar efter 15\u00a0000 av 20\u00a0000 rader."


def test_a_report_tells_whose_it_is_of_when_and_how_to_ask_again() -> None:
    assert about(a_report()) == [
        ("Kommun", "Exempelby kommun"),
        ("Period", "2026-K3 (2026-07-01–2026-09-30)"),
        ("Räknat till och med", "2026-10-01"),
        ("Rapport", "R1 --period 2026-K3"),
    ]
    assert ("Gäller", "Ekbackens äldreboende") in about(a_report(place="Ekbackens äldreboende"))


def test_what_the_text_tells_already_is_no_note_on_paper_but_stands_in_the_csv() -> None:
    report = a_report()
    proposal = ("förbättringsförslag", "Vi ser över gungorna.")
    noted = replace(report.sheet, notes=[*report.sheet.notes, proposal])

    assert notes(noted) == notes(report.sheet)
    assert "# förbättringsförslag;Vi ser över gungorna." in as_csv(noted).decode()
