"""A report as a workbook (XLSX): numbers are numbers and days are days, so that one can go on counting."""

import io
from datetime import date, datetime
from fractions import Fraction

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from bots.desk.reports.layout import about, beside, notes
from bots.desk.reports.report import Chart, Report, Shape
from bots.desk.reports.sheet import Cell, shown, told

_LONGEST = 32_767  # signs that a cell may hold
_HEADER = 250  # and what is printed over a page
_WIDEST = 44
_A4 = 9
_TALL = 18  # rows that a chart takes
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#F0E442", "#D55E00", "#CC79A7")
_MARKS = ("circle", "square", "triangle", "diamond", "x", "long_dash")
_DASHES = ("solid", "dash", "round_dot", "dash_dot", "long_dash", "square_dot")
_PATTERNS = (
    "",
    "wide_upward_diagonal",
    "horizontal_brick",
    "narrow_vertical",
    "diagonal_cross",
    "percent_25",
)


def as_xlsx(report: Report) -> bytes:
    """Write a workbook of three sheets: what was found, all rows and columns, and the charts.

    A figure with decimals is the one that the CSV has, with one decimal. Words are never formulas. The same
    report is the same bytes: the file says that it was made on `report.today`.
    """
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True})
    book.set_properties(
        {
            "title": _plain(report.sheet.title),
            "author": _plain(report.municipality),
            "comments": _plain(report.query),
            "created": datetime(report.today.year, report.today.month, report.today.day),  # noqa: DTZ001 - a day
        }
    )
    pen = _Pen(book, report)
    pen.found()
    pen.rows()
    pen.charts()
    book.close()
    return out.getvalue()


class _Pen:
    def __init__(self, book: Workbook, report: Report) -> None:
        self._book, self._report = book, report
        self._title = book.add_format({"bold": True, "font_size": 16, "text_wrap": True, "valign": "top"})
        self._heading = book.add_format({"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"})
        self._bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._words = book.add_format({"text_wrap": True, "valign": "top"})
        self._whole = book.add_format({"num_format": "#,##0", "valign": "top", "align": "right"})
        self._decimal = book.add_format({"num_format": "#,##0.0", "valign": "top", "align": "right"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
        self._column = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 2, "bg_color": "#E6EFE9"}
        )

    def found(self) -> None:
        page, report = self._page("Rapport", is_wide=False), self._report
        page.set_column(0, 0, 34)
        page.set_column(1, 1, 62)
        at = 0
        for text, look in self._story():
            if text:
                page.merge_range(at, 0, at, 1, "", look)
                self._write(page, at, 0, text, look)
                page.set_row(at, _height(text, 96 if look is self._words else 66))
            at += 1
        for name, value in about(report):
            self._write(page, at, 0, name, self._bold)
            self._write(page, at, 1, value, self._words)
            at += 1
        at += 1
        for (name, _), (_, cell) in zip(notes(report.sheet), beside(report.sheet), strict=True):
            self._write(page, at, 0, name, self._words)
            self._write(page, at, 1, cell, self._words if isinstance(cell, str) else None)
            page.set_row(at, _height(name, 34))
            at += 1

    def _story(self) -> list[tuple[str, Format]]:
        report = self._report
        story = [(report.sheet.title, self._title)]
        if report.headline != report.sheet.title:
            story.append((report.headline, self._bold))
        for section in report.sections:
            story += [("", self._words), (section.title, self._heading)]
            story += [(paragraph, self._words) for paragraph in section.paragraphs]
            story += [(f"•  {item}", self._words) for item in section.items]
        return [*story, ("", self._words)]

    def rows(self) -> None:
        page, sheet = self._page("Tabell", is_wide=True), self._report.sheet
        page.freeze_panes(1, 0)
        page.repeat_rows(0)
        for place, name in enumerate(sheet.columns):
            self._write(page, 0, place, name, self._column)
            longest = max((len(shown(row[place])) for row in sheet.rows), default=0)
            page.set_column(place, place, min(max(longest, _longest_word(name)) + 4, _WIDEST))
        page.set_row(0, 48)
        for number, row in enumerate(sheet.rows, start=1):
            for place, cell in enumerate(row):
                self._write(page, number, place, cell)
        if sheet.columns:
            page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)

    def charts(self) -> None:
        if not self._report.charts:
            return
        page = self._page("Diagram", is_wide=False)
        page.set_column(0, 0, 34)
        page.set_column(1, 12, 14)
        at = 0
        for chart in self._report.charts:
            at = self._chart(page, chart, at)

    def _chart(self, page: Worksheet, chart: Chart, at: int) -> int:
        """Write the figures of a chart, and the chart below them; return the row that is free."""
        self._write(page, at, 0, chart.title, self._heading)
        self._write(page, at + 1, 0, f"({chart.unit})" if chart.unit else "", self._column)
        for place, one in enumerate(chart.series, start=1):
            self._write(page, at + 1, place, one.name, self._column)
        first, last = at + 2, at + 1 + len(chart.labels)
        for row, label in enumerate(chart.labels):
            self._write(page, first + row, 0, label)
            for place, one in enumerate(chart.series, start=1):
                self._write(page, first + row, place, one.values[row])
        if not chart.labels or not chart.series:
            return last + 2
        is_line = chart.shape is Shape.LINES
        drawn = self._book.add_chart({"type": "line" if is_line else "bar"})
        for place in range(len(chart.series)):
            drawn.add_series(
                {
                    "name": [page.get_name(), at + 1, place + 1],
                    "categories": [page.get_name(), first, 0, last, 0],
                    "values": [page.get_name(), first, place + 1, last, place + 1],
                    **(_line(place) if is_line else _bar(place)),
                }
            )
        drawn.set_title({"name": [page.get_name(), at, 0], "overlay": False})
        drawn.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
        drawn.show_blanks_as("gap")
        if not is_line:
            drawn.set_y_axis({"reverse": True})  # the first label on top, as in the table
        tall = max(_TALL, len(chart.labels) * len(chart.series) + 6)
        drawn.set_size({"width": 720, "height": tall * 20})
        page.insert_chart(last + 1, 0, drawn, {"description": _plain(chart.description or chart.title)})
        return last + tall + 3

    def _page(self, name: str, *, is_wide: bool) -> Worksheet:
        page, report = self._book.add_worksheet(name), self._report
        page.set_paper(_A4)
        if is_wide:
            page.set_landscape()
        page.fit_to_pages(1, 0)
        left, right = (
            _plain(text).replace("&", "&&")[: _HEADER // 2 - 4]
            for text in (report.municipality, f"{report.sheet.id} {report.period.name}")
        )
        page.set_header(f"&L{left}&R{right}")
        page.set_footer("&RSida &P av &N")
        return page

    def _write(self, page: Worksheet, row: int, column: int, cell: Cell, look: Format | None = None) -> None:
        if isinstance(cell, str):
            if cell:
                page.write_string(row, column, _plain(cell), look or self._words)
        elif isinstance(cell, Fraction):
            page.write_number(row, column, float(told(cell).replace(",", ".")), look or self._decimal)
        elif isinstance(cell, date):
            page.write_datetime(row, column, cell, look or self._day)
        elif cell is not None:
            page.write_number(row, column, cell, look or self._whole)


def _bar(place: int) -> dict[str, object]:
    colour, pattern = _COLOURS[place % len(_COLOURS)], _PATTERNS[place % len(_PATTERNS)]
    look: dict[str, object] = {"border": {"color": "#1A1A1A"}, "data_labels": {"value": True}}
    if pattern:
        return {**look, "pattern": {"pattern": pattern, "fg_color": "#1A1A1A", "bg_color": colour}}
    return {**look, "fill": {"color": colour}}


def _line(place: int) -> dict[str, object]:
    colour = _COLOURS[place % len(_COLOURS)]
    return {
        "line": {"color": colour, "width": 2, "dash_type": _DASHES[place % len(_DASHES)]},
        "marker": {
            "type": _MARKS[place % len(_MARKS)],
            "fill": {"color": colour},
            "border": {"color": "#1A1A1A"},
        },
    }


def _plain(text: str) -> str:
    """Return what a workbook can hold of a text: no control signs, and no more than a cell has room for."""
    kept = "".join(
        sign for sign in text if sign in "\n\t" or (sign >= " " and not "\ud800" <= sign <= "\udfff")
    )
    return kept[:_LONGEST]


def _longest_word(name: str) -> int:
    return max((len(word) for word in name.replace("_", " ").split()), default=0)


def _height(text: str, letters: int) -> float:
    """Return how high a row of so many letters must be: a spreadsheet does not ask cells that are merged."""
    lines = sum(-(-max(len(line), 1) // letters) for line in text.split("\n"))
    return max(20.0, 16.0 * lines + 4)
