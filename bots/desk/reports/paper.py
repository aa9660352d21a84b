"""A report as a tagged PDF that a screen reader can read (PDF/UA-1). How it looks stands in `paper.typ`."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from bots.desk.disclosure import pdf
from bots.desk.reports.drawing import draw, value_of
from bots.desk.reports.layout import Column, Laid, Part, about, lay, left_out, notes
from bots.desk.reports.report import Chart, Report, Section, Series
from bots.desk.reports.sheet import Sheet, shown

_LOOK = Path(__file__).with_name("paper.typ")
_WIDEST = 24  # letters of a label beside a chart
_ALONE = Lock()
_KEPT = 11  # documents after which typst has forgotten one
_LACKING = "\N{WHITE SQUARE}"


def as_pdf(report: Report) -> bytes:
    """Draw a report on A4. The same report is the same bytes, of the same typst.

    Nothing is read but fonts that come along, and nothing is fetched. What no font has is drawn as a square.
    Columns that are empty, or the same in all rows, are told in a line: all of them are in the CSV.
    """
    words = json.dumps(_drawable(_told(report)), ensure_ascii=False)
    # A compiler is for one thread at a time, and one large document at a time is enough.
    with _ALONE:
        made = _compiler().compile(
            input=_LOOK.read_bytes(),
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"report": words},
            timestamp=datetime.combine(report.today, time(12), UTC),
        )
        _forget()
    if not isinstance(made, bytes):
        raise TypeError("typst wrote no single file")
    return made


def _forget() -> None:
    """Let typst forget what it has laid out; it would keep that, 400 MB of a long one, for ten documents."""
    for _ in range(_KEPT):
        _compiler().compile(input=b"", format="svg")


@cache
def _compiler() -> typst.Compiler:
    # A folder of its own as root: a text could not name a file in it even if it were read as markup.
    return typst.Compiler(
        root=pdf.FONT.parent,
        font_paths=[pdf.FONT.parent],
        ignore_system_fonts=True,
        package_path=pdf.FONT.parent,
        package_cache_path=pdf.FONT.parent,
    )


def _told(report: Report) -> dict[str, object]:
    sheet, laid = report.sheet, lay(report.sheet)
    return {
        "title": sheet.title,
        "municipality": report.municipality,
        "running": f"{sheet.id} · {report.period.name}",
        "headline": report.headline,
        "about": about(report),
        "sections": [_section(one) for one in report.sections],
        "charts": [_chart(one) for one in report.charts],
        "notes": notes(sheet),
        "lines": left_out(sheet, laid),
        "wide": laid.is_wide,
        "parts": [_part(sheet, laid, part) for part in laid.parts] if sheet.rows else [],
    }


def _section(section: Section) -> dict[str, object]:
    return {"title": section.title, "paragraphs": section.paragraphs, "items": section.items}


def _chart(chart: Chart) -> dict[str, object]:
    rows = [
        [label, *(value_of(chart, one.values[place]) for one in chart.series)]
        for place, label in enumerate(chart.labels)
    ]
    return {
        "title": chart.title,
        "description": chart.description or chart.title,
        "labels": len(chart.labels),
        "svg": draw(chart, font="Libertinus Serif, DejaVu Sans"),
        "table": {
            "columns": ["", *(one.name for one in chart.series)],
            "widths": [min(_longest(chart.labels), _WIDEST), *(_longest_word(one) for one in chart.series)],
            "numbers": [False, *(True for _ in chart.series)],
            "groups": [{"name": "", "rows": rows}] if rows and chart.series else [],
        },
    }


def _longest(labels: Sequence[str]) -> int:
    return max((len(label) for label in labels), default=0) + 2


def _longest_word(series: Series) -> int:
    return max((len(word) for word in series.name.split()), default=0) + 4


def _part(sheet: Sheet, laid: Laid, part: Part) -> dict[str, object]:
    return {
        "of": ", ".join(column.name for column in part.columns[part.names :]),
        "columns": [column.name for column in part.columns],
        "widths": [column.width + 2 for column in part.columns],
        "numbers": [column.is_number for column in part.columns],
        "groups": [
            {"name": group.name, "rows": [_row(sheet, number, part.columns) for number in group.rows]}
            for group in laid.groups
        ],
    }


def _row(sheet: Sheet, number: int, columns: Sequence[Column]) -> list[str]:
    return [shown(sheet.rows[number][column.place]) for column in columns]


def _drawable(told: object) -> object:
    """Put a square for each sign that no font has: a file with a hole in it is no PDF/UA (7.21.8)."""
    if isinstance(told, dict):
        return {name: _drawable(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_drawable(value) for value in told]
    return "".join(map(_sign, unicodedata.normalize("NFC", told))) if isinstance(told, str) else told


def _sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in {"Zl", "Zp", "Cc"}:
        return " "
    if kind in {"Cf", "Cs"}:
        return ""  # what can not be seen, and what turns the direction of a line
    return sign if ord(sign) in pdf.signs() else _LACKING
