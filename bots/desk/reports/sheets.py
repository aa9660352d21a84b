"""Makes each report from what happened to the cases of a period (requirements C4)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.sheet import Cell, Sheet
from store.domain import Factor, Kind, Source, Unit
from store.engine import Transaction
from store.figures import facts
from store.figures.facts import Fact
from store.figures.period import Period, holding
from store.figures.tally import Tally, WorkingDays, change, counted, tally

ALL = "Alla"
NO_UNIT = "(utan enhet)"
_YEARS = 3


@dataclass(frozen=True, kw_only=True)
class _Of:
    """The cases of a period that are counted, and those that are not."""

    period: Period
    all: list[Fact]
    some: list[Fact]
    days: WorkingDays
    today: date

    def add(self, some: Iterable[Fact]) -> Tally:
        return tally([*some], today=self.today, days=self.days)


def _read(transaction: Transaction, asked: Asked, period: Period) -> _Of:
    known = {unit.id for unit in asked.shown if unit}
    found = facts.of_period(transaction, period)
    if asked.units:
        found = [fact for fact in found if fact.unit in known]
    else:
        # What lay at a unit that has been closed since is counted all the same.
        found = [fact if fact.unit in known else replace(fact, unit="") for fact in found]
    last = max([asked.today, period.last, *(fact.answered_on for fact in found if fact.answered_on)])
    return _Of(
        period=period,
        all=found,
        some=counted(found),
        days=WorkingDays(period.first, last, asked.house.days.closed),
        today=asked.today,
    )


def _notes(of: _Of, asked: Asked) -> list[tuple[str, Cell]]:
    handed = sum(not fact.is_synpunkt for fact in of.all)
    unclassed = sum(fact.is_synpunkt and not fact.is_classed for fact in of.all)
    return [
        ("överlämnade, räknas inte (L4)", handed),
        ("utan typ eller faktor, räknas inte än", unclassed),
        ("preliminära: ingen människa har bekräftat dem", sum(fact.is_preliminary for fact in of.some)),
        ("räknat till och med", asked.today),
    ]


_UNIT_COLUMNS = (
    *("period", "nämnd", "förvaltning", "avdelning", "enhet", "faktor", "totalt"),
    *("beröm", "förslag", "klagomål", "anonyma", "första_återkoppling_i_tid_%", "svar_i_tid_%", "mål_%"),
    *("median_svarstid_wd", "p90", "öppna", "försenade", "påminda", "eskalerade", "åtgärdade"),
    *("ingen_åtgärd_förklarad", "förändring_mot_föreg_%", "analys", "förbättringsförslag", "signerad_av"),
)


def of_units(transaction: Transaction, asked: Asked) -> Sheet:
    """R1: each unit by factor, with the sum of the unit first."""
    of, before = (_read(transaction, asked, period) for period in (asked.period, asked.period.before))
    rows: list[tuple[Cell, ...]] = []
    for unit in asked.shown:
        here, then = _at(of.some, unit), _at(before.some, unit)
        if unit is None and not here:
            continue
        for factor in (None, *Factor):
            now = of.add(_about(here, factor))
            rows.append(
                (
                    of.period.name,
                    asked.house.authority_of(unit.id if unit else ""),
                    unit.administration if unit else "",
                    unit.department if unit else "",
                    unit.name if unit else NO_UNIT,
                    factor or ALL,
                    *_counts(now),
                    *_times(now),
                    *_states(now),
                    change(now.total, len(_about(then, factor))),
                    "",
                    now.improving,
                    "",
                )
            )
    return Sheet(
        id="R1",
        title=f"Synpunkter per enhet och faktor, {of.period.name}",
        columns=_UNIT_COLUMNS,
        rows=rows,
        notes=_notes(of, asked),
    )


_BOARD_COLUMNS = (
    *("period", "nämnd", "verksamhet", "kanal", "totalt", "beröm", "förslag", "klagomål", "anonyma"),
    *("första_återkoppling_i_tid_%", "svar_i_tid_%", "mål_%", "median_svarstid_wd", "p90", "öppna"),
    *("försenade", "påminda", "eskalerade", "åtgärdade", "ingen_åtgärd_förklarad"),
    *("förändring_mot_föreg_%", "genomförda_förbättringar"),
)


def of_boards(transaction: Transaction, asked: Asked) -> Sheet:
    """R2: each nämnd by its units, and then by how it was reached."""
    of, before = (_read(transaction, asked, period) for period in (asked.period, asked.period.before))
    return Sheet(
        id="R2",
        title=f"Synpunkter till nämnden, {of.period.name}",
        columns=_BOARD_COLUMNS,
        rows=list(_board_rows(of, before, asked)),
        notes=_notes(of, asked),
    )


def of_tertials(transaction: Transaction, asked: Asked) -> Sheet:
    """R4: as R2, for the year so far at the end of each tertial up to the one that was asked for."""
    if asked.period.kind not in {"tertial", "year"}:
        raise NoReportError("R4 görs för ett tertial, till exempel 2026-T2, eller för ett helt år.")
    rows: list[tuple[Cell, ...]] = []
    year = holding("year", asked.period.first)
    of = None
    for month in (4, 8, 12):
        if month > asked.period.last.month:
            break
        tertial = holding("tertial", date(year.first.year, month, 1))
        so_far = Period(first=year.first, last=tertial.last)
        of, before = _read(transaction, asked, so_far), _read(transaction, asked, so_far.year_before)
        named = f"{year.name}-T1" if month == 4 else f"{year.name}-T1–T{month // 4}"
        rows += [(named, *row[1:]) for row in _board_rows(of, before, asked)]
    assert of is not None  # noqa: S101 - a tertial ends in one of the three months
    return Sheet(
        id="R4",
        title=f"Synpunkter till nämnden, ackumulerat till och med {asked.period.name}",
        columns=_BOARD_COLUMNS,
        rows=rows,
        notes=_notes(of, asked),
    )


def _board_rows(of: _Of, before: _Of, asked: Asked) -> Iterator[tuple[Cell, ...]]:
    for board, units in _boards(asked):
        here, then = (_at_any(one.some, units) for one in (of, before))
        parts: list[tuple[str, str, list[Fact], list[Fact]]] = [(ALL, ALL, here, then)]
        parts += [
            (unit.name if unit else NO_UNIT, ALL, _at(here, unit), _at(then, unit))
            for unit in units
            if unit is not None or _at(here, None)
        ]
        parts += [(ALL, source, _by(here, source), _by(then, source)) for source in Source]
        for name, source, now, earlier in parts:
            added = of.add(now)
            yield (
                of.period.name,
                board,
                name,
                source,
                *_counts(added),
                *_times(added),
                *_states(added),
                change(added.total, len(earlier)),
                added.improving,
            )


_YEAR_COLUMNS = (
    *("nämnd", "verksamhetsområde", "totalt", *Kind, *Factor, "i_tid_%", "åtgärdade_%", "uppföljda_%"),
    "viktigaste_åtgärder",
)


def of_years(transaction: Transaction, asked: Asked) -> Sheet:
    """R3: every nämnd and unit of a year, zero rows with them (L15), beside the two years before."""
    if asked.period.kind != "year":
        raise NoReportError("R3 görs för ett år, till exempel 2026.")
    years = [asked.period]
    while len(years) < _YEARS:
        years.append(years[-1].before)
    found = [_read(transaction, asked, year) for year in years]
    rows: list[tuple[Cell, ...]] = []
    for board, units in _boards(asked):
        for unit in (ALL, *units):
            of_year = [
                _at_any(one.some, units) if isinstance(unit, str) else _at(one.some, unit) for one in found
            ]
            here, now = of_year[0], found[0].add(of_year[0])
            if unit is None and not here:
                continue
            rows.append(
                (
                    board,
                    unit if isinstance(unit, str) else unit.name if unit else NO_UNIT,
                    now.total,
                    *(now.kinds[kind] for kind in Kind),
                    *(len(_about(here, factor)) for factor in Factor),
                    now.answer.percent,
                    _percent(now.acted, now.total),
                    _percent(now.followed_up, now.total),
                    now.improving,
                    *(len(facts_of_year) for facts_of_year in of_year[1:]),
                )
            )
    return Sheet(
        id="R3",
        title=f"Synpunkter under {asked.period.name}",
        columns=(*_YEAR_COLUMNS, *(f"totalt_{year.name}" for year in years[1:])),
        rows=rows,
        notes=_notes(found[0], asked),
    )


def _boards(asked: Asked) -> list[tuple[str, list[Unit | None]]]:
    """List each nämnd with its units, in the order of the configuration."""
    found: dict[str, list[Unit | None]] = {}
    for unit in asked.shown:
        found.setdefault(asked.house.authority_of(unit.id if unit else ""), []).append(unit)
    return list(found.items())


def _at(some: Iterable[Fact], unit: Unit | None) -> list[Fact]:
    return _at_any(some, [unit])


def _at_any(some: Iterable[Fact], units: Iterable[Unit | None]) -> list[Fact]:
    ids = {unit.id if unit else "" for unit in units}
    return [fact for fact in some if fact.unit in ids]


def _by(some: Iterable[Fact], source: Source) -> list[Fact]:
    return [fact for fact in some if fact.source == source]


def _about(some: Iterable[Fact], factor: Factor | None) -> list[Fact]:
    return [fact for fact in some if factor is None or fact.factor is factor]


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
