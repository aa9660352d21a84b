"""Reads the cases of a main diary that are told of together with ours (K17): a CSV that people fill in."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from store.domain import Factor, Kind

_Value = TypeVar("_Value")

COLUMNS = (
    *("dnr", "inkom", "typ", "faktor", "enhet", "allvarlig", "ivo/pn", "åtgärd", "besvarad"),
    "förslag_på_åtgärd",
)
_NEEDED = ("dnr", "inkom")
_YEARS = range(1990, 2101)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YES, _NO = frozenset({"ja", "j", "x", "1"}), frozenset({"", "nej", "n", "0"})
_KINDS = {str(kind): kind for kind in Kind}
_FACTORS = {factor.casefold(): factor for factor in Factor}
_TOLD = 20  # so many problems are told at once: who mends them sees the rest the next time


class DiaryError(ValueError):
    """A file of diary cases can not be used. `problems` say in Swedish on which line, and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = [f"… och {len(problems) - _TOLD} rader till."] if len(problems) > _TOLD else []
        super().__init__("\n".join([*problems[:_TOLD], *more]))


@dataclass(frozen=True, kw_only=True)
class DiaryCase:
    """One case of the main diary. `unit` is an id of ours, empty where the file names none."""

    number: str
    received_on: date
    kind: Kind | None = None
    factor: Factor | None = None
    unit: str = ""
    is_serious: bool = False
    is_of_supervisor: bool = False
    measure: str = ""
    answered_on: date | None = None
    improvement: str = ""


def read(data: bytes, *, units: Mapping[str, str]) -> list[DiaryCase]:
    """Read a CSV as Swedish spreadsheets save it: `;` between the cells, the names of `COLUMNS` first.

    `units` are ids by what a unit may be called, in small letters. Either every row is understood or none is
    taken: raises `DiaryError` with all that must be mended.
    """
    reader = csv.reader(io.StringIO(_text(data), newline=""), delimiter=";", strict=True)
    found: list[DiaryCase] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    try:
        names = _head(next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                row = _Row(line=line, cells=dict(zip(names, (cell.strip() for cell in cells), strict=False)))
                wrong = [] if len(cells) <= len(names) else [row.wrong("har fler celler än rad 1 har namn")]
                case = row.case(units)
                wrong += row.problems
                if case.number in lines:
                    told = f"dnr {case.number} står redan på rad {lines[case.number]}: ta bort den ena"
                    wrong.append(row.wrong(told))
                lines.setdefault(case.number, line)
                problems += wrong
                found.append(case)
            line = reader.line_num + 1
    except csv.Error:
        problems.append(f"rad {reader.line_num}: citattecknen går inte ihop. Spara om filen som CSV.")
    if problems:
        raise DiaryError(problems)
    return found


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DiaryError(["Filen är ingen text. Spara den som CSV (UTF-8) ur kalkylprogrammet."])


def _head(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    known = ", ".join(COLUMNS)
    problems = [
        f"rad 1: kolumnen {name!r} finns inte, välj bland {known}." for name in names if name not in COLUMNS
    ]
    problems += [
        f"rad 1: kolumnen {name!r} står flera gånger."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    problems += [f"rad 1: kolumnen {name!r} saknas." for name in _NEEDED if name not in names]
    if problems:
        separated = "" if len(names) > 1 else " Spara som CSV med semikolon mellan cellerna."
        raise DiaryError([*problems[:-1], problems[-1] + separated])
    return names


class _Row:
    """One row, read cell by cell; what is wrong with it is gathered."""

    def __init__(self, *, line: int, cells: Mapping[str, str]) -> None:
        self._line = line
        self._cells = cells
        self.problems: list[str] = []

    def wrong(self, words: str) -> str:
        """Say what is wrong, and on which line."""
        return f"rad {self._line}: {words}."

    def case(self, units: Mapping[str, str]) -> DiaryCase:
        """Read the row. What can not be read is left out, and told in `problems`."""
        number = self._cells.get("dnr", "")
        if not number:
            self._tell("dnr saknas: skriv ärendets nummer i diariet")
        received_on = self._day("inkom")
        if received_on is None and not self._cells.get("inkom"):
            self._tell("inkom saknas: skriv dagen som 2026-11-22")
        answered_on = self._day("besvarad")
        if received_on and answered_on and answered_on < received_on:
            self._tell(f"besvarad {answered_on} är före inkom {received_on}: rätta den ena")
        return DiaryCase(
            number=number,
            received_on=received_on or date.min,
            kind=self._one_of("typ", _KINDS),
            factor=self._one_of("faktor", _FACTORS),
            unit=self._one_of("enhet", units) or "",
            is_serious=self._yes("allvarlig"),
            is_of_supervisor=self._yes("ivo/pn"),
            measure=self._cells.get("åtgärd", ""),
            answered_on=answered_on,
            improvement=self._cells.get("förslag_på_åtgärd", ""),
        )

    def _tell(self, words: str) -> None:
        self.problems.append(self.wrong(words))

    def _day(self, name: str) -> date | None:
        written = self._cells.get(name, "")
        try:
            day = date.fromisoformat(written) if _DAY.fullmatch(written) else None
        except ValueError:
            day = None
        if written and (day is None or day.year not in _YEARS):
            self._tell(f"{name} {written!r} är ingen dag: skriv den som 2026-11-22")
            return None
        return day

    def _yes(self, name: str) -> bool:
        written = self._cells.get(name, "").casefold()
        if written not in _YES | _NO:
            self._tell(f"{name} {self._cells[name]!r}: skriv ja eller nej")
        return written in _YES

    def _one_of(self, name: str, known: Mapping[str, _Value]) -> _Value | None:
        written = self._cells.get(name, "")
        if written and written.casefold() not in known:
            some = ", ".join(_sample(known))
            self._tell(f"{name} {written!r} finns inte: välj bland {some}, eller lämna cellen tom")
        return known.get(written.casefold())


def _sample(known: Mapping[str, object]) -> Iterator[str]:
    for place, word in enumerate(known):
        if place == 12:
            yield "…"
            return
        yield word
