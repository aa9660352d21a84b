"""A report on paper is read by a screen reader too: what PDF/UA-1 (ISO 14289-1) asks, read back."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject

from bots.desk.reports.paper import as_pdf
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Sheet
from tests.bots.desk.reports.shown import BARS, EVIL, LINES, a_report


@pytest.fixture(scope="module")
def paper() -> PdfReader:
    return opened(a_report(columns=[f"mått_nummer_{n}" for n in range(20)], rows=30))


@pytest.fixture(scope="module")
def pages(paper: PdfReader) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in paper.pages]


def test_the_file_says_that_it_is_tagged_swedish_and_what_it_is_called(paper: PdfReader) -> None:
    root: Any = paper.root_object

    assert root["/MarkInfo"]["/Marked"] == BooleanObject(True)
    assert root["/Lang"] == "sv"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == BooleanObject(True)
    assert paper.metadata is not None
    assert paper.metadata.title == "Synpunkter per enhet och faktor, 2026-K3"
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()


def test_headings_lists_tables_and_figures_are_told_as_what_they_are(paper: PdfReader) -> None:
    found = [str(tag["/S"]) for tag in tags(paper)]

    assert found.count("/H1") == 1
    assert found.index("/H1") < found.index("/H2") < found.index("/H3")
    assert {"/P", "/L", "/LI", "/Table", "/THead", "/TBody", "/TR", "/TH", "/TD", "/Figure"} <= set(found)


def test_each_chart_has_a_text_instead_of_it_and_a_table_after_it(paper: PdfReader) -> None:
    told = [tag for tag in tags(paper) if tag["/S"] in ("/Figure", "/Table")]

    assert [tag.get("/Alt") for tag in told[:4]] == [BARS.description, None, LINES.description, None]


def test_each_cell_of_a_table_knows_what_its_column_is_called(paper: PdfReader) -> None:
    names = {tag["/ID"] for tag in tags(paper) if tag["/S"] == "/TH"}
    cells = [tag for tag in tags(paper) if tag["/S"] == "/TD"]

    assert cells
    assert all({*headers_of(cell)} <= names and headers_of(cell) for cell in cells)


def test_nothing_is_drawn_that_is_neither_told_nor_marked_as_ornament(paper: PdfReader) -> None:
    loose, marked = 0, set()
    for page in paper.pages:
        contents = page.get_contents()
        assert contents is not None
        around: list[str] = []
        for operands, operator in contents.operations:
            if operator in {b"BDC", b"BMC"}:
                around.append(str(operands[0]))
            elif operator == b"EMC":
                marked.add(around.pop())
            elif operator in {b"Tj", b"TJ", b"'", b"Do", b"S", b"f", b"B"}:
                loose += not around

    assert loose == 0
    assert marked == {"/Artifact", "/Span"}


def test_no_level_of_headings_is_left_out_and_every_row_is_as_long_as_its_table_is_wide(
    paper: PdfReader,
) -> None:
    every = [*tags(paper)]
    levels = [int(str(tag["/S"])[2:]) for tag in every if str(tag["/S"]) in {"/H1", "/H2", "/H3"}]
    tables = [tag for tag in every if tag["/S"] == "/Table"]

    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tables
    for table in tables:
        rows = [row for row in within(table) if row["/S"] == "/TR"]
        assert len({sum(map(breadth, row["/K"])) for row in rows}) == 1


def test_the_words_can_be_read_out_of_the_file_and_nothing_is_lent_from_elsewhere(
    paper: PdfReader, pages: list[str]
) -> None:
    words = " ".join(pages)

    assert "Det kom 24 synpunkter, tio fler än kvartalet före." in words
    assert "Ekbackens äldreboende" in words
    assert "Andelen" not in words  # the description is for who does not see the chart
    assert fonts(paper)
    assert all(any(key.startswith("/FontFile") for key in font) for font in fonts(paper))


def test_the_first_row_of_a_table_stands_on_each_of_its_pages_and_pages_are_numbered(
    pages: list[str],
) -> None:
    assert len(pages) > 4
    assert sum("enhet faktor totalt" in page for page in pages) >= 2
    assert f"Sida 2 av {len(pages)}" in pages[1]
    assert all("Exempelby kommun" in page and "R1 · 2026-K3" in page for page in pages)


def test_a_wide_table_lies_down_and_says_what_it_leaves_out(paper: PdfReader, pages: list[str]) -> None:
    shapes = [page.mediabox.width > page.mediabox.height for page in paper.pages]

    assert (shapes[0], shapes[-1]) == (False, True)
    assert "Kolumner utan uppgifter visas inte: analys." in " ".join(pages)
    assert "CSV-filen och arbetsboken (XLSX) har alla rader och kolumner i en tabell." in " ".join(pages)


def test_words_are_printed_as_they_are_whatever_they_look_like() -> None:
    report = a_report(
        sheet=Sheet(id="R6", title=EVIL, columns=(EVIL, "totalt"), rows=[(EVIL, 1)], notes=[(EVIL, EVIL)]),
        municipality=EVIL,
        headline='#panic("x")',
        sections=(Section(title=EVIL, paragraphs=('#read("DejaVuSans.ttf")',), items=(EVIL,)),),
    )

    words = text(opened(report))

    assert '#panic("x")' in words
    assert '#read("DejaVuSans.ttf")' in words
    assert words.count("#evil [x] *b* _c_ $x$ <b>&amp;") >= 6


def test_a_sign_that_no_font_has_is_a_square_and_no_fault() -> None:
    report = a_report(headline="Toppen \U0001fae0\x00\ud800 \u202e! 漢 שלום Ελλάδα", sections=(), charts=())

    words = text(opened(report))

    assert "Toppen □ ! □" in words.replace("  ", " ")
    assert "Ελλάδα" in words


def test_a_report_of_nothing_says_so() -> None:
    sheet = Sheet(id="R1", title="x", columns=("enhet", "totalt"), rows=[])

    assert "Det finns inga rader." in text(opened(a_report(sheet=sheet, sections=(), charts=())))


def test_the_same_report_is_the_same_file() -> None:
    assert as_pdf(a_report()) == as_pdf(a_report())


def test_reports_that_are_drawn_at_the_same_time_do_not_disturb_each_other() -> None:
    reports = [a_report(headline=f"Nummer {number}", charts=()) for number in range(3)]

    with ThreadPoolExecutor(3) as pool:
        drawn = [*pool.map(as_pdf, reports)]

    assert drawn == [as_pdf(report) for report in reports]


def opened(report: Report) -> PdfReader:
    return PdfReader(io.BytesIO(as_pdf(report)))


def text(paper: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in paper.pages).split())


def tags(paper: PdfReader) -> Iterator[Any]:
    """Go through what the file is marked up as, in the order in which it is read."""
    return within(paper.root_object["/StructTreeRoot"])


def within(tag: Any) -> Iterator[Any]:
    waiting: list[Any] = [tag]
    while waiting:
        here = waiting.pop(0).get_object()
        if isinstance(here, DictionaryObject):
            if "/S" in here:
                yield here
            here = here.get("/K", ArrayObject()).get_object()
        if isinstance(here, DictionaryObject):
            waiting.insert(0, here)
        elif isinstance(here, ArrayObject):
            waiting[:0] = [one for one in here if hasattr(one, "get_object")]


def breadth(cell: Any) -> int:
    """Return how many columns a cell takes."""
    looks = [look.get_object() for look in cell.get_object().get("/A", ())]
    return max((int(look.get("/ColSpan", 1)) for look in looks), default=1)


def headers_of(cell: Any) -> list[str]:
    return [name for look in cell["/A"] for name in look.get("/Headers", ())]


def fonts(paper: PdfReader) -> list[Any]:
    resources: list[Any] = [page["/Resources"] for page in paper.pages]
    return [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for one in resources
        for font in one.get("/Font", {}).values()
    ]
