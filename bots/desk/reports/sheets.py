"""Makes the rows of R1 to R4 from what happened to the cases of a period (requirements C4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.counting import (
    Counted,
    Reading,
    boards,
    by_factor,
    by_source,
    cut_of,
    is_running,
    name_of,
    span,
)
from bots.desk.reports.improving import Improvements
from bots.desk.reports.sheet import PROPOSAL, Cell, Sheet
from store.domain import Factor, Kind, Source, Unit
from store.engine import Transaction
from store.figures import words
from store.figures.cut import Cut
from store.figures.facts import Fact
from store.figures.period import Period, holding
from store.figures.tally import Tally, change

ALL = "Alla"
_YEARS = 3
_SHOWN_PROPOSALS = 5


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a report is made of: its period, what that is compared with, and what its answers said.

    `earlier` has the comparison of the rows first; R3 counts whole years in its columns.
    """

    reading: Reading
    now: Counted
    earlier: tuple[Counted, ...]
    improvements: Improvements

    @property
    def asked(self) -> Asked:
        """Return what was asked for."""
        return self.reading.asked


def material(transaction: Transaction, asked: Asked, period: Period, others: Sequence[Period]) -> Material:
    """Read what a report over `period` needs that is compared with `others`, the most telling one first."""
    unlike = [other for n, other in enumerate(others) if other not in others[:n]]
    reading = Reading(transaction, asked, span([period, *unlike]))
    staff = [person.name for person in asked.house.handlers.values()]
    return Material(
        reading=reading,
        now=reading.of(period),
        earlier=tuple(reading.beside(period, other) for other in unlike),
        improvements=Improvements(words.done(transaction, period), staff),
    )


@dataclass(kw_only=True)
class _Rows:
    """Rows, and whose cases each counts."""

    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    cuts: list[Cut | None] = field(default_factory=list)

    def add(self, row: tuple[Cell, ...], cut: Cut) -> None:
        self.rows.append(row)
        self.cuts.append(cut)


_UNIT_COLUMNS = (
    *("period", "nämnd", "förvaltning", "avdelning", "enhet", "faktor", "totalt"),
    *("beröm", "förslag", "klagomål", "anonyma", "första_återkoppling_i_tid_%", "svar_i_tid_%", "mål_%"),
    *("median_svarstid_wd", "p90", "öppna", "försenade", "påminda", "eskalerade", "åtgärdade"),
    *("ingen_åtgärd_förklarad", "förändring_mot_föreg_%", "analys", "förbättringsförslag", "signerad_av"),
)


def of_units(found: Material) -> Sheet:
    """R1: each unit by factor, with the sum of the unit first."""
    asked, period = found.asked, found.now.period
    rows = _Rows()
    for unit in asked.shown:
        here, then = (by_factor(one.at([unit])) for one in (found.now, found.earlier[0]))
        if unit is None and not here[None]:
            continue
        for factor in (None, *Factor):
            some = here[factor]
            now = found.reading.add(some)
            row: tuple[Cell, ...] = (
                period.name,
                asked.house.authority_of(unit.id if unit else ""),
                unit.administration if unit else "",
                unit.department if unit else "",
                name_of(unit),
                factor or ALL,
                *_counts(now),
                *_times(now),
                *_states(now),
                change(now.total, len(then[factor])),
                "",
                _told(found.improvements.proposals(some)),
                "",
            )
            rows.add(row, cut_of(asked, period, [unit], factor=factor))
    return Sheet(
        id="R1",
        title=f"Synpunkter per enhet och faktor, {period.name}",
        columns=_UNIT_COLUMNS,
        rows=rows.rows,
        notes=notes(found),
        cuts=rows.cuts,
    )


_BOARD_COLUMNS = (
    *("period", "nämnd", "verksamhet", "kanal", "totalt", "beröm", "förslag", "klagomål", "anonyma"),
    *("första_återkoppling_i_tid_%", "svar_i_tid_%", "mål_%", "median_svarstid_wd", "p90", "öppna"),
    *("försenade", "påminda", "eskalerade", "åtgärdade", "ingen_åtgärd_förklarad"),
    *("förändring_mot_föreg_%", "genomförda_förbättringar"),
)


def of_boards(found: Material) -> Sheet:
    """R2: each nämnd by its units, and then by how it was reached."""
    rows = _Rows()
    for row, cut in _board_rows(found, found.now, found.earlier[0]):
        rows.add(row, cut)
    return Sheet(
        id="R2",
        title=f"Synpunkter till nämnden, {found.now.period.name}",
        columns=_BOARD_COLUMNS,
        rows=rows.rows,
        notes=notes(found, proposals=True),
        cuts=rows.cuts,
    )


def so_far(period: Period) -> Period:
    """Return the year up to the end of a tertial or year; raise `NoReportError` for any other period."""
    if period.kind not in {"tertial", "year"}:
        raise NoReportError("R4 görs för ett tertial, till exempel 2026-T2, eller för ett helt år.")
    return Period(first=date(period.first.year, 1, 1), last=period.last)


def of_tertials(found: Material) -> Sheet:
    """R4: as R2, for the year so far at the end of each tertial up to the one that was asked for."""
    rows = _Rows()
    whole = found.now.period
    for month in range(4, whole.last.month + 1, 4):
        tertial = holding("tertial", date(whole.first.year, month, 1))
        until = Period(first=whole.first, last=tertial.last)
        now, then = found.reading.of(until), found.reading.beside(until, until.year_before)
        named = f"{until.first.year}-T1" if month == 4 else f"{until.first.year}-T1–T{month // 4}"
        for row, cut in _board_rows(found, now, then):
            rows.add((named, *row[1:]), cut)
    return Sheet(
        id="R4",
        title=f"Synpunkter till nämnden, ackumulerat till och med {found.asked.period.name}",
        columns=_BOARD_COLUMNS,
        rows=rows.rows,
        notes=notes(found, proposals=True),
        cuts=rows.cuts,
    )


def _board_rows(found: Material, now: Counted, before: Counted) -> Iterator[tuple[tuple[Cell, ...], Cut]]:
    for board, units in boards(found.asked):
        here, then = now.at(units), before.at(units)
        if units == [None] and not here:
            continue
        by_road, then_by_road = by_source(here), by_source(then)
        parts: list[tuple[Sequence[Unit | None], str, str, list[Fact], list[Fact]]]
        parts = [(units, ALL, ALL, here, then)]
        parts += [
            ([unit], name_of(unit), ALL, now.at([unit]), before.at([unit]))
            for unit in units
            if unit is not None or now.at([None])
        ]
        parts += [
            (units, ALL, source, by_road.get(source, []), then_by_road.get(source, [])) for source in Source
        ]
        for whose, name, source, some, earlier in parts:
            added = found.reading.add(some)
            row: tuple[Cell, ...] = (
                now.period.name,
                board,
                name,
                source,
                *_counts(added),
                *_times(added),
                *_states(added),
                change(added.total, len(earlier)),
                _told(found.improvements.measures(some)),
            )
            road = "" if source == ALL else source
            yield row, cut_of(found.asked, now.period, whose, source=road)


_YEAR_COLUMNS = (
    *("nämnd", "verksamhetsområde", "totalt", *Kind, *Factor, "i_tid_%", "åtgärdade_%", "uppföljda_%"),
    "viktigaste_åtgärder",
)


def years(period: Period) -> list[Period]:
    """Return a year and the two before it; raise `NoReportError` for what is no year."""
    if period.kind != "year":
        raise NoReportError("R3 görs för ett år, till exempel 2026.")
    found = [period]
    while len(found) < _YEARS:
        found.append(found[-1].before)
    return found


def of_years(found: Material) -> Sheet:
    """R3: every nämnd and unit of a year, zero rows with them (L15), beside the two years before."""
    rows = _Rows()
    period = found.now.period
    earlier = [found.reading.of(year) for year in years(period)[1:]]
    for board, units in boards(found.asked):
        for whose, name in ((units, ALL), *(([unit], name_of(unit)) for unit in units)):
            some = found.now.at(whose)
            if whose == [None] and not some:
                continue
            now, factors = found.reading.add(some), by_factor(some)
            row: tuple[Cell, ...] = (
                board,
                name,
                now.total,
                *(now.kinds[kind] for kind in Kind),
                *(len(factors[factor]) for factor in Factor),
                now.answer.percent,
                _percent(now.acted, now.total),
                _percent(now.followed_up, now.total),
                _told(found.improvements.measures(some)),
                *(len(year.at(whose)) for year in earlier),
            )
            rows.add(row, cut_of(found.asked, period, whose))
    return Sheet(
        id="R3",
        title=f"Synpunkter under {period.name}",
        columns=(*_YEAR_COLUMNS, *(f"totalt_{year.period.name}" for year in earlier)),
        rows=rows.rows,
        notes=notes(found, proposals=True),
        cuts=rows.cuts,
    )


def notes(found: Material, *, proposals: bool = False) -> list[tuple[str, Cell]]:
    """Tell what is in no row. Row T7 wants `proposals` in R2 and R3, which have no column for them."""
    proposed = found.improvements.proposals(found.now.some, most=_SHOWN_PROPOSALS) if proposals else []
    everything, some = found.now.all, found.now.some
    notes: list[tuple[str, Cell]] = [
        ("överlämnade, räknas inte (L4)", sum(not fact.is_synpunkt for fact in everything)),
        (
            "utan typ eller faktor, räknas inte än",
            sum(fact.is_synpunkt and not fact.is_classed for fact in everything),
        ),
        ("preliminära: ingen människa har bekräftat dem", sum(fact.is_preliminary for fact in some)),
        ("räknat till och med", found.asked.today),
    ]
    if is_running(found.now.period, found.asked.today):
        notes.append(("perioden pågår: förändringen är mot lika många dagar", found.asked.today))
    if found.improvements.left_out:
        notes.append(("texter som inte visas: de kan peka ut någon", found.improvements.left_out))
    return [*notes, *((PROPOSAL, text) for _, text in proposed)]


def _told(chosen: Sequence[tuple[Fact, str]]) -> str:
    return " | ".join(text for _, text in chosen)


def _counts(now: Tally) -> tuple[Cell, ...]:
    return (now.total, *(now.kinds[kind] for kind in _KINDS), now.anonymous)


def _times(now: Tally) -> tuple[Cell, ...]:
    goal = 100  # what is promised is promised to everybody
    return (now.first_feedback.percent, now.answer.percent, goal, now.median_days, now.p90_days)


def _states(now: Tally) -> tuple[Cell, ...]:
    return (now.is_open, now.late, now.reminded, now.escalated, now.acted, now.explained)


def _percent(part: int, whole: int) -> Fraction | None:
    return Fraction(100 * part, whole) if whole else None


_KINDS = (Kind.PRAISE, Kind.SUGGESTION, Kind.COMPLAINT)
