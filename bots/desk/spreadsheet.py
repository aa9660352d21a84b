"""Lists as CSV that Swedish spreadsheets read as they are meant (requirements C4)."""

import csv
import io
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # by which a spreadsheet knows UTF-8
# A spreadsheet takes what begins like this for a formula (CWE-1236).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def written(rows: Iterable[Sequence[object]]) -> bytes:
    """Write rows: UTF-8 with the mark by which a spreadsheet knows it, and `;` between the cells.

    Cells are written as they are: give what somebody else has worded through `harmless` first.
    """
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def line(cells: Sequence[object]) -> str:
    """Write one row as text, its end included; for what is too long to be held as a whole.

    Begin with `MARK`, and give what somebody else has worded through `harmless` first.
    """
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def harmless(text: str) -> str:
    """Let no spreadsheet take somebody's words for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text
