"""A report as rows and columns, and as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from bots.desk.spreadsheet import harmless, written
from store.figures.cut import Cut

Cell = str | int | Fraction | date | None

PROPOSAL = "förbättringsförslag"  # the name of a note (row T7)
_TENTH = Fraction(1, 10)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One report. Every row has a cell for every column; `notes` tell how many are not among them.

    `cuts` tell of each row whose cases it counts, so that a reader gets from a figure to them; None of a row
    that counts none. Empty where rows are cases themselves.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: Sequence[tuple[str, Cell]] = ()
    cuts: Sequence[Cut | None] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.id}: {len(row)} cells for {len(self.columns)} columns")
        if self.cuts and len(self.cuts) != len(self.rows):
            raise ValueError(f"{self.id}: {len(self.cuts)} cuts for {len(self.rows)} rows")


def as_csv(sheet: Sheet) -> bytes:
    """Write a report as Swedish spreadsheets read it: UTF-8 with BOM, `;`, decimal comma (C4).

    After the rows and an empty line come the notes, each beginning with `#`. The same is the same bytes.
    """
    rows: list[Sequence[str]] = [sheet.columns, *([told(cell) for cell in row] for row in sheet.rows)]
    if sheet.notes:
        rows += [[], *([f"# {name}", told(cell)] for name, cell in sheet.notes)]
    return written(rows)


def told(cell: Cell) -> str:
    """Write one cell: a fraction with one decimal and a comma, nothing where there is no figure."""
    if cell is None:
        return ""
    if isinstance(cell, Fraction):
        tenths = _rounded(cell / _TENTH)
        return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10},{abs(tenths) % 10}"
    return harmless(cell) if isinstance(cell, str) else str(cell)


def shown(cell: Cell) -> str:
    """Write one cell for who reads it on paper or on a page: `12 345,6`, and a dash where there is no figure.

    Whole numbers of four digits are not parted, so that a year is written as one.
    """
    if cell is None:
        return "–"
    if isinstance(cell, StrEnum):
        return cell.value.replace("_", " ")
    if isinstance(cell, str | date):
        return str(cell)
    tenths = _rounded(cell / _TENTH)
    whole = f"{abs(tenths) // 10:,}" if abs(tenths) >= 100_000 else f"{abs(tenths) // 10}"
    sign = "\N{MINUS SIGN}" if tenths < 0 else ""
    decimal = f",{abs(tenths) % 10}" if isinstance(cell, Fraction) else ""
    return sign + whole.replace(",", "\N{NO-BREAK SPACE}") + decimal


def _rounded(number: Fraction) -> int:
    """Round half away from zero, as people do; `round` would go to the even one."""
    whole = int(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole
