"""Lays a wide sheet out for who reads it: parts that have room on a page, without what says nothing.

A report may have 26 columns, and a page has room for half as many. All columns are in the CSV and in the
workbook; here those that are empty, or the same in every row, are told in a line instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

from bots.desk.reports.report import Report
from bots.desk.reports.sheet import PROPOSAL, Cell, Sheet, shown

_WIDEST = 34  # letters of a column; a longer text is broken into lines
_NARROWEST = 4
_BETWEEN = 2
_ROOM = 160  # letters beside each other on a page that lies down
_ROOM_STANDING = 105
_ROOM_OF_NAMES = 60
_FEWEST = 3
_MOST = 30_000  # cells of a table that somebody is to read; they take 400 MB to draw


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as it is read. `place` is where it stands in the sheet; `width` is in letters."""

    place: int
    name: str
    width: int
    is_number: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that have something in common, said in `name`, or ""; `rows` are places in the sheet."""

    name: str
    rows: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Part:
    """As much of a sheet as has room beside each other. The first `names` columns say what a row is about."""

    names: int
    columns: Sequence[Column]


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A sheet laid out. Every part has the same rows: all of them, unless they are too many to read.

    `same` is what all rows share; `empty` are columns without figures.
    """

    parts: Sequence[Part]
    groups: Sequence[Group]
    same: Sequence[tuple[str, str]]
    empty: Sequence[str]

    @property
    def is_wide(self) -> bool:
        """Say whether a part needs a page that lies down."""
        return any(_width(part.columns) > _ROOM_STANDING for part in self.parts)


def lay(sheet: Sheet) -> Laid:
    """Lay a sheet out. Columns of names come first; what they share is said once, over their rows."""
    empty = [place for place in _places(sheet) if all(row[place] in (None, "") for row in sheet.rows)]
    left = [place for place in _places(sheet) if place not in empty]
    names = _names(sheet, left)
    same = [
        place for place in names[:-1] if len(sheet.rows) > 1 and len({row[place] for row in sheet.rows}) == 1
    ]
    names = [place for place in names if place not in same]
    figures = [place for place in left if place not in (*names, *same)]
    columns = {place: _column(sheet, place) for place in (*names, *figures)}
    over = []
    if _width([columns[place] for place in (*names, *figures)]) > _ROOM:
        while len(names) > 1 and _width([columns[place] for place in names]) > _ROOM_OF_NAMES:
            over.append(names.pop(0))
    return Laid(
        parts=_parts([columns[place] for place in names], [columns[place] for place in figures]),
        groups=_groups(sheet, over, _MOST // max(len(names) + len(figures), 1)),
        same=[(worded(sheet.columns[place]), shown(sheet.rows[0][place])) for place in same],
        empty=[worded(sheet.columns[place]) for place in empty] if sheet.rows else [],
    )


def about(report: Report) -> list[tuple[str, str]]:
    """Tell what a report is of, line by line: whose, of when, and how to ask for it again."""
    period = report.period
    days = f"{period.first}–{period.last}"
    named = f"{period.name} ({days})" if period.kind else days
    place = [("Gäller", report.place)] if report.place else []
    return [
        ("Kommun", report.municipality),
        *place,
        ("Period", named),
        ("Räknat till och med", str(report.today)),
        ("Rapport", report.query),
    ]


def notes(sheet: Sheet) -> list[tuple[str, str]]:
    """Return the notes of a sheet as they are read, each with its figure."""
    return [(name[:1].upper() + name[1:], shown(cell)) for name, cell in beside(sheet)]


def beside(sheet: Sheet) -> list[tuple[str, Cell]]:
    """Return the notes that the text above the table does not tell already: only a CSV is without it."""
    return [(name, cell) for name, cell in sheet.notes if name != PROPOSAL]


def left_out(sheet: Sheet, laid: Laid) -> list[str]:
    """Say what is not shown in the table, and where it is to be found."""
    if not sheet.rows:
        return ["Det finns inga rader."]
    lines = []
    if laid.same:
        lines.append(f"Gäller alla rader: {', '.join(f'{name} {value}' for name, value in laid.same)}.")
    if laid.empty:
        lines.append(f"Kolumner utan uppgifter visas inte: {', '.join(laid.empty)}.")
    count = sum(len(group.rows) for group in laid.groups)
    if count < len(sheet.rows):
        lines.append(f"Tabellen slutar efter {shown(count)} av {shown(len(sheet.rows))} rader.")
    if lines or len(laid.parts) > 1:
        lines.append("CSV-filen och arbetsboken (XLSX) har alla rader och kolumner i en tabell.")
    return lines


def worded(column: str) -> str:
    """Return the name of a column as it is read: `median_svarstid_wd` is of working days."""
    return column.replace("_wd", "_arbetsdagar").replace("_", " ").strip()


def is_figure(cell: Cell) -> bool:
    """Say whether a cell is a number, and not a name, a day or nothing."""
    return isinstance(cell, int | Fraction)


def _places(sheet: Sheet) -> range:
    return range(len(sheet.columns))


def _names(sheet: Sheet, left: Sequence[int]) -> list[int]:
    """Return the columns of words that the rows begin with; at least the first column of all."""
    found: list[int] = []
    for place in left:
        if any(is_figure(row[place]) or isinstance(row[place], date) for row in sheet.rows):
            break
        found.append(place)
    # Of a list that is all words, the first says what a row is about, and the others tell of it.
    if len(found) == len(left):
        return found[:1]
    return found or list(left[:1])


def _column(sheet: Sheet, place: int) -> Column:
    name = worded(sheet.columns[place])
    longest = max((len(shown(row[place])) for row in sheet.rows), default=0)
    header = max((len(word) for word in name.split()), default=0)
    return Column(
        place=place,
        name=name,
        width=max(min(longest, _WIDEST), header, _NARROWEST),
        is_number=any(is_figure(row[place]) for row in sheet.rows),
    )


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + _BETWEEN for column in columns)


def _parts(names: Sequence[Column], figures: Sequence[Column]) -> list[Part]:
    """Divide the figures into as few parts as have room, of about the same width."""
    room = max(_ROOM - _width(names), _FEWEST * _WIDEST)
    count = max(-(-_width(figures) // room), 1)
    parts: list[list[Column]] = [[]]
    for column in figures:
        here = [*parts[-1], column]
        is_full = _width(here) > room
        is_shared = len(parts) < count and _width(parts[-1]) + _width([column]) / 2 > _width(figures) / count
        if parts[-1] and (is_full or is_shared):
            parts.append([column])
        else:
            parts[-1] = here
    return [Part(names=len(names), columns=(*names, *part)) for part in parts]


def _groups(sheet: Sheet, over: Sequence[int], most: int) -> list[Group]:
    def name(number: int) -> str:
        row = sheet.rows[number]
        return " · ".join(dict.fromkeys(shown(row[place]) for place in over if row[place]))

    shared = groupby(range(min(len(sheet.rows), most)), key=name)
    return [Group(name=words, rows=[*numbers]) for words, numbers in shared]
