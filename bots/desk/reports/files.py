"""The files that a report is written as, all of them from the same `Report`.

What writes workbooks and PDF comes with the first of them: most starts of the service make no report.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bots.desk.reports.report import Report
from bots.desk.reports.sheet import as_csv
from bots.desk.reports.web import as_html


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write a report. The same report is the same bytes; `media_type` is for who sends them."""

    ending: str
    media_type: str
    write: Callable[[Report], bytes]


def _as_xlsx(report: Report) -> bytes:
    from bots.desk.reports.workbook import as_xlsx

    return as_xlsx(report)


def _as_pdf(report: Report) -> bytes:
    from bots.desk.reports.paper import as_pdf

    return as_pdf(report)


FORMATS = {
    one.ending: one
    for one in (
        Format(ending="csv", media_type="text/csv; charset=utf-8", write=lambda report: as_csv(report.sheet)),
        Format(
            ending="xlsx",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            write=_as_xlsx,
        ),
        Format(ending="pdf", media_type="application/pdf", write=_as_pdf),
        Format(
            ending="html",
            media_type="text/html; charset=utf-8",
            write=lambda report: as_html(report).encode("utf-8", "replace"),
        ),
    )
}
