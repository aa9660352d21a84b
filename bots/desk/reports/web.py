"""A report as a page of HTML that needs nothing besides itself. How it looks stands in the templates."""

from collections.abc import Sequence
from urllib.parse import quote

from bots.desk.reports.drawing import draw, value_of
from bots.desk.reports.layout import Column, Laid, Part, about, lay, left_out, notes
from bots.desk.reports.report import Chart, Report
from bots.desk.reports.sheet import Sheet, shown
from store.figures.columns import COLUMNS
from templates import document
from templates.document_facts import (
    ReportFacts,
    ReportTable,
    ShownCell,
    ShownChart,
    ShownColumn,
    ShownSection,
)

CASES = "/statistik/arenden"
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # HTML knows what an svg is


def as_html(report: Report, *, links: bool = False) -> str:
    """Write a page of its own, with the same text as the PDF. It prints on A4.

    With `links`, each figure leads to the cases that it is of (`CASES`): only for who may see them, in the
    console. What is saved or sent has no use of them.
    """
    sheet, laid = report.sheet, lay(report.sheet)
    facts: ReportFacts = {
        "title": sheet.title,
        "municipality": report.municipality,
        "running": f"{sheet.id} · {report.period.name}",
        "headline": report.headline,
        "about": about(report),
        "sections": [
            ShownSection(title=one.title, paragraphs=one.paragraphs, items=one.items)
            for one in report.sections
        ],
        "charts": [_chart(chart) for chart in report.charts],
        "notes": notes(sheet),
        "lines": left_out(sheet, laid),
        "wide": laid.is_wide,
        "parts": [_part(sheet, laid, part, links=links) for part in laid.parts] if sheet.rows else [],
    }
    return document("report", **facts)


def cases_of(sheet: Sheet, row: int, column: str) -> str:
    """Return where the cases of a figure are, or "" of one that has none: a goal, or another year's."""
    cut = sheet.cuts[row] if sheet.cuts else None
    if cut is None or column not in COLUMNS or not sheet.rows[row][sheet.columns.index(column)]:
        return ""
    return f"{CASES}?{cut.query}&kolumn={quote(column)}"


def _chart(chart: Chart) -> ShownChart:
    rows = [
        [
            ShownCell(text=label, address=""),
            *(ShownCell(text=value_of(chart, one.values[place]), address="") for one in chart.series),
        ]
        for place, label in enumerate(chart.labels)
    ]
    columns = [
        ShownColumn(name="", is_number=False),
        *(ShownColumn(name=one.name, is_number=True) for one in chart.series),
    ]
    table = ReportTable(of=chart.title, names=1, columns=columns, groups=[{"name": "", "rows": rows}])
    return ShownChart(title=chart.title, svg=draw(chart).replace(_NAMESPACE, "", 1), table=table)


def _part(sheet: Sheet, laid: Laid, part: Part, *, links: bool) -> ReportTable:
    return ReportTable(
        of=", ".join(column.name for column in part.columns[part.names :]) if len(laid.parts) > 1 else "",
        names=part.names,
        columns=[ShownColumn(name=column.name, is_number=column.is_number) for column in part.columns],
        groups=[
            {
                "name": group.name,
                "rows": [_row(sheet, number, part.columns, links=links) for number in group.rows],
            }
            for group in laid.groups
        ],
    )


def _row(sheet: Sheet, number: int, columns: Sequence[Column], *, links: bool) -> list[ShownCell]:
    cells = []
    for column in columns:
        cell = sheet.rows[number][column.place]
        address = cases_of(sheet, number, sheet.columns[column.place]) if links else ""
        cells.append(ShownCell(text=shown(cell), address=address))
    return cells
