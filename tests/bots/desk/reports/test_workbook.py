"""A workbook holds numbers as numbers, and nobody's words as a formula (requirements C4, CWE-1236)."""

import io
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from bots.desk.reports.report import Section
from bots.desk.reports.sheet import Sheet
from bots.desk.reports.workbook import as_xlsx
from tests.bots.desk.reports.shown import COLUMNS, EVIL, a_report


@pytest.fixture(scope="module")
def book() -> Any:
    return opened(as_xlsx(a_report()))


def test_the_table_has_all_columns_and_rows_with_their_types(book: Any) -> None:
    report = a_report()
    page = book["Tabell"]

    header, *rows = page.iter_rows(values_only=True)
    assert header == COLUMNS
    assert len(rows) == len(report.sheet.rows)
    assert rows[0] == (
        "2026-K3",
        "Omsorgsnämnden",
        "Ekbackens äldreboende",
        "Alla",
        12_345,
        None,
        0,
        None,
        None,
    )
    assert rows[1][4:8] == (1, 7.7, 0.5, datetime(2026, 9, 2))  # noqa: DTZ001 - a day
    assert page["F3"].number_format == "#,##0.0"
    assert page["E2"].number_format == "#,##0"
    assert page["H3"].number_format == "yyyy-mm-dd"


def test_the_header_stays_is_printed_on_each_page_and_narrows_the_rows(book: Any) -> None:
    page = book["Tabell"]

    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:I27"
    assert page.print_title_rows == "$1:$1"
    assert page.page_setup.orientation == "landscape"
    assert page.page_setup.paperSize == 9
    assert page.column_dimensions["C"].width > len("Ekbackens äldreboende")


def test_the_first_sheet_tells_what_was_found(book: Any) -> None:
    written = [
        cell for row in book["Rapport"].iter_rows(values_only=True) for cell in row if cell is not None
    ]

    assert written[:2] == [
        "Synpunkter per enhet och faktor, 2026-K3",
        "Det kom 24 synpunkter, tio fler än kvartalet före.",
    ]
    assert {"Försenade", "Två svar är sena.", "•  Gungan", "Exempelby kommun", 3} <= set(written)


def test_each_chart_stands_beside_its_figures_and_has_a_text_for_who_does_not_see_it(book: Any) -> None:
    page = book["Diagram"]

    rows = [row[:3] for row in page.iter_rows(min_row=1, max_row=5, values_only=True)]
    assert rows == [
        ("Synpunkter per typ", None, None),
        ("(synpunkter)", "2026-K3", "2026-K2"),
        ("beröm", 4, 1),
        ("förslag", 6, None),
        ("klagomål", 14, 13),
    ]
    assert len(page._charts) == 2
    assert "Flest är klagomål, 14 av 24.".encode() in part_of(as_xlsx(a_report()), "xl/drawings/drawing1.xml")


def test_words_are_never_formulas() -> None:
    words = ["=1+1", "{=1}", "http://example.com/", "+46", "-1", "@x", EVIL]
    report = a_report(
        sheet=Sheet(id="R6", title="=1+1", columns=("=A1",), rows=[(word,) for word in words]),
        headline="=2+2",
        sections=(Section(title="=3", paragraphs=("=4",), items=("=5",)),),
        charts=(),
    )

    read = opened(as_xlsx(report))

    cells = [cell for page in read for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [row[0] for row in read["Tabell"].iter_rows(values_only=True)] == ["=A1", *words]
    assert [cell for cell in cells if cell.hyperlink] == []


def test_what_a_workbook_cannot_hold_is_left_out() -> None:
    words = "a\x00b\ud800c" + "x" * 40_000
    report = a_report(sheet=Sheet(id="R6", title="x", columns=("ord",), rows=[(words,)]), charts=())

    (cell,) = opened(as_xlsx(report))["Tabell"]["A2":"A2"][0]

    assert cell.value[:4] == "abcx"
    assert len(cell.value) == 32_767


def test_a_report_of_nothing_is_a_workbook_too() -> None:
    sheet = Sheet(id="R1", title="x", columns=("enhet", "totalt"), rows=[])

    read = opened(as_xlsx(replace(a_report(), sheet=sheet, charts=(), sections=())))

    assert read.sheetnames == ["Rapport", "Tabell"]
    assert [*read["Tabell"].iter_rows(values_only=True)] == [("enhet", "totalt")]


def test_the_same_report_is_the_same_workbook() -> None:
    assert as_xlsx(a_report()) == as_xlsx(a_report())
    made = opened(as_xlsx(a_report())).properties
    assert (made.created, made.creator) == (datetime(2026, 10, 1), "Exempelby kommun")  # noqa: DTZ001


def opened(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data))


def part_of(data: bytes, name: str) -> bytes:
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(data)) as packed:
        return packed.read(name)
