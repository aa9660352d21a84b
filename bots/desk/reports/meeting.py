"""R6, the list for a workplace meeting: what came, what was done and what is left, without anybody in it.

A machine looks every word through for people (`classifier.passages`) and leaves a text out rather than
mask it: what is left of a sentence could still tell who. It may miss something, so whoever prints the list
reads it first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.lists import put_together
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import cases, number, period
from classifier.passages import find
from store.deadlines import day_of
from store.domain import Factor, Kind, Status
from store.emptying import GONE
from store.engine import Row, Transaction
from store.figures import meeting

PERSONAL = "saknas: innehåller personuppgifter"
DISPOSED = "saknas: gallrad"
UNWRITTEN = "saknas"
_LONGEST = 300
_LONGEST_PERIOD = 366  # days
_COLUMNS = ("ärende", "månad", "typ", "faktor", "avidentifierad_sammanfattning", "åtgärd/förslag", "status")
_ENDED = (Status.CLOSED, Status.ARCHIVED, Status.DISPOSED)

_KINDS = frozenset(map(str, Kind))
_FACTORS = frozenset(map(str, Factor))

# Tells whether a text holds something of a person; the second is who is known of its case.
Finds = Callable[[str, tuple[str, ...]], bool]


def for_meeting(transaction: Transaction, asked: Asked) -> Report:
    """R6: each case that all who work in the units may talk of, without its sender (rows L17, K20, T16).

    Raises `NoReportError` for more than a year: nobody talks of it at a meeting, and it takes its time.
    """
    if (asked.period.last - asked.period.first).days > _LONGEST_PERIOD:
        raise NoReportError("R6 görs för högst ett år, till exempel 2026 eller 2026-K3.")
    shown = {unit.id: unit.name for unit in asked.shown if unit is not None}
    rows = [
        row for row in meeting.of_period(transaction, asked.period) if not asked.units or row["unit"] in shown
    ]
    finds = cache(_finds)
    lines = [_line(row, asked, finds) for row in rows]
    silent = sum(PERSONAL in str(line[4]) or PERSONAL in str(line[5]) for line in lines)
    where = ", ".join(shown.values()) if asked.units else asked.house.municipality
    return put_together(
        Sheet(
            id="R6",
            title=f"Att tala om på arbetsplatsträffen: {where}, {period(asked.period)}",
            columns=_COLUMNS,
            rows=lines,
            notes=[
                ("med en text som saknas för att den innehåller personuppgifter", silent),
                ("räknat till och med", asked.today),
            ],
        ),
        asked,
        headline=_headline(rows),
        sections=_sections(rows, lines),
    )


def _line(row: Row, asked: Asked, finds: Finds) -> tuple[Cell, ...]:
    known = tuple(one for one in (row["sender_name"], asked.house.person(row["handler"]).name) if one)
    came_of = [text for text in (row["measure"], row["improvement"]) if text]
    return (
        row["number"],
        f"{day_of(row['received_at']):%Y-%m}",
        _said(row, ("kind", "chosen_kind", "suggested_kind"), _KINDS),
        _said(row, ("factor", "suggested_factor"), _FACTORS),
        f"sammanfattning {missing}"
        if (missing := _missing(row["title"], known, finds))
        else _one(row["title"]),
        "" if not came_of else _told(" ".join(came_of), known, finds),
        row["status"],
    )


def _told(text: str, known: tuple[str, ...], finds: Finds) -> str:
    return f"text {missing}" if (missing := _missing(text, known, finds)) else _one(text)


def _missing(text: str, known: tuple[str, ...], finds: Finds) -> str:
    """Say why a text is not told; an empty text if it may be."""
    if not text.strip():
        return UNWRITTEN
    if GONE in text.split():
        return DISPOSED
    return PERSONAL if finds(text, known) else ""


def _finds(text: str, known: tuple[str, ...]) -> bool:
    return bool(find(text, names=known))


def _one(text: str) -> str:
    """Fold a text into one line of a table; a long one is cut at a word."""
    folded = " ".join(text.split())
    if len(folded) <= _LONGEST:
        return folded
    return folded[:_LONGEST].rsplit(" ", 1)[0] + " …"


def _headline(rows: Sequence[Row]) -> str:
    if not rows:
        return "Inga synpunkter att tala om under perioden."
    left = sum(row["status"] not in _ENDED for row in rows)
    done = sum(bool(row["measure"] or row["improvement"]) for row in rows)
    told = f"{cases(len(rows))} att tala om: {number(done)} med en åtgärd eller ett förslag"
    return f"{told[0].upper()}{told[1:]}, {number(left)} som inte är klara."


def _sections(rows: Sequence[Row], lines: Sequence[tuple[Cell, ...]]) -> list[Section]:
    factors: Mapping[str, int] = {
        str(factor): count for factor in Factor if (count := sum(line[3] == factor for line in lines))
    }
    common = sorted(factors.items(), key=lambda one: -one[1])[:3]
    sections = []
    if common:
        most = tuple(f"{factor}: {count}" for factor, count in common)
        sections.append(Section(title="Det handlar mest om", items=most))
    if rows:
        sections.append(
            Section(
                title="Prata om",
                items=(
                    "Vad säger synpunkterna tillsammans?",
                    "Vad kan vi ändra själva, redan nu?",
                    "Vem gör vad till nästa träff?",
                ),
            )
        )
    sections.append(
        Section(
            title="Det här är inte med",
            paragraphs=(
                "Avsändare står inte i listan. Ärenden som pekar ut en medarbetare, är begränsade, "
                "sekretessmarkerade eller från någon med skyddade personuppgifter är inte med. "
                "Ett program har letat efter personuppgifter i texterna. Läs listan innan du delar ut den.",
            ),
        )
    )
    return sections


def _said(row: Row, names: Sequence[str], known: Collection[str]) -> str:
    return next((row[name] for name in names if row[name] in known), "")
