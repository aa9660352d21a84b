"""A report as a page says what the PDF says, fetches nothing, and leads to cases when it is asked to."""

from dataclasses import replace
from fractions import Fraction

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Sheet
from bots.desk.reports.web import as_html
from tests.bots.desk.reports.shown import BARS, EVIL, LINES, PERIOD, a_report


@pytest.fixture(scope="module")
def page() -> LexborHTMLParser:
    return opened(a_report())


def test_the_page_tells_the_finding_the_text_the_charts_and_the_rows(page: LexborHTMLParser) -> None:
    assert texts(page, "h1, h2, .headline") == [
        "Synpunkter per enhet och faktor, 2026-K3",
        "Det kom 24 synpunkter, tio fler än kvartalet före.",
        *("Försenade", "Synpunkter per typ", "Svar i tid", "Att veta om siffrorna", "Tabell"),
    ]
    assert texts(page, ".notes li") == [
        "Överlämnade, räknas inte (L4): 3",
        "Räknat till och med: 2026-10-01",
    ]
    assert len(page.css("section tbody tr")) == 26
    assert texts(page, "section tbody tr:first-child > *") == [
        *("Omsorgsnämnden", "Ekbackens äldreboende", "Alla", "12\u00a0345", "–", "0,0", "–"),
    ]


def test_every_chart_has_a_table_of_its_figures_beside_it(page: LexborHTMLParser) -> None:
    figures = page.css("figure")

    assert [len(figure.css("svg[role=img]")) for figure in figures] == [1, 1]
    assert texts(figures[0], "desc") == [BARS.description]
    assert texts(figures[1], "tbody tr > *") == [
        *("2026-07", "70\u00a0%", "2026-08", "–", "2026-09", "90,9\u00a0%"),
    ]
    assert LINES.title in texts(page, "h2")


def test_every_table_says_what_it_is_and_each_figure_has_its_column_and_row(page: LexborHTMLParser) -> None:
    tables = page.css("table")

    assert len(tables) == 3
    assert all(table.css("caption") and table.css("thead th[scope=col]") for table in tables)
    assert all(row.css("th[scope=row]") for table in tables for row in table.css("tbody tr"))


def test_no_id_is_there_twice_and_nothing_is_fetched(page: LexborHTMLParser) -> None:
    ids = [node.attributes["id"] for node in page.css("[id]")]

    assert len(ids) == len(set(ids)) > 0
    assert page.css("script, link, img, iframe, object") == []
    assert "http" not in as_html(a_report())


def test_words_are_shown_as_they_are_whatever_they_look_like() -> None:
    report = a_report(
        sheet=Sheet(id="R6", title=EVIL, columns=(EVIL, "totalt"), rows=[(EVIL, 1)], notes=[(EVIL, EVIL)]),
        municipality=EVIL,
        headline="<script>alert(1)</script>",
        sections=(Section(title=EVIL, paragraphs=(EVIL,), items=(EVIL,)),),
        charts=(replace(BARS, title=EVIL, description=EVIL, labels=(EVIL, "<svg>", "b")),),
    )

    page = opened(report)

    assert page.css("script, b") == []
    assert texts(page, "h1") == [EVIL]
    assert texts(page, ".headline") == ["<script>alert(1)</script>"]
    assert texts(page, "svg desc") == [EVIL]


def test_a_figure_leads_to_its_cases_only_where_that_is_asked_for() -> None:
    links = [node.attributes["href"] for node in opened(a_report(), links=True).css("a")]

    assert opened(a_report()).css("a") == []
    assert (
        links[0] == f"/statistik/arenden?period={PERIOD.name}&enhet=Ekbackens+%C3%A4ldreboende&kolumn=totalt"
    )
    assert {link.rpartition("=")[2] for link in links if link} == {
        *("totalt", "svar_i_tid_%25", "median_svarstid_wd"),
    }
    assert len(links) == 26 + 24 + 24  # of nought there are no cases to be led to


def test_what_counts_no_cases_of_its_row_leads_nowhere() -> None:
    sheet = Sheet(
        id="R3",
        title="x",
        columns=("enhet", "totalt", "mål_%", "förändring_mot_föreg_%", "totalt_2025", "öppna"),
        rows=[("Parkenheten", 3, 100, Fraction(7), 8, 0)],
        cuts=[a_report().sheet.cuts[0]],
    )

    page = opened(a_report(sheet=sheet), links=True)

    assert texts(page, "a") == ["3"]
    assert opened(a_report(sheet=replace(sheet, cuts=())), links=True).css("a") == []


def test_the_same_report_is_the_same_page() -> None:
    assert as_html(a_report()) == as_html(a_report())


def opened(report: Report, *, links: bool = False) -> LexborHTMLParser:
    return LexborHTMLParser(as_html(report, links=links))


def texts(where: LexborHTMLParser | LexborNode, selector: str) -> list[str]:
    return [node.text().strip() for node in where.css(selector)]
