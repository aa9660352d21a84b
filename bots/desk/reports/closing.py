"""Closes periods: a report is made once, kept, and given out as it was then (C4, rule 1; decision 22).

Managers' words are laid over it when it is read. What has changed in the register since is told beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.metadata import version

from bots.desk.house import House
from bots.desk.reports import canonical, catalogue
from bots.desk.reports.asked import Asked
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet, as_csv
from bots.desk.reports.swedish import day, listed
from store import analyses, snapshots
from store.deadlines import day_of
from store.domain import Factor, Kind
from store.engine import Row, Transaction
from store.figures.facts import Fact
from store.figures.facts import of_period as facts_of_period
from store.figures.period import Period
from store.snapshots import Snapshot

Make = Callable[[str, Transaction, Asked], Report]
Facts = Callable[[Transaction, Period], Sequence[Fact]]

# Reports that managers read and sign unit by unit (L13, B25), and those made for each unit besides (K20).
SIGNED = frozenset({"R1"})
BY_UNIT = SIGNED | {"R6"}
_WORDS, _SIGNED_BY = "analys", "signerad_av"
_ALL = "Alla"
# What tells one row from another, and is no figure.
_LABELS = frozenset(
    {
        *("period", "nämnd", "förvaltning", "avdelning", "enhet", "faktor", "verksamhet"),
        *("verksamhetsområde", "kanal", "typ", "källa", "id/dnr", "ärende", "nummer", "utförare", "månad"),
    }
)
# What came in on a day stays what it was, unless somebody puts it right. All else goes on with its cases.
_FIXED = frozenset({"totalt", "antal", "anonyma", *Kind, *Factor})


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A report as it was when its period was closed; `scope` is its unit, or empty."""

    id: int
    report: Report
    scope: str
    sha256: str
    made_at: datetime
    csv: bytes


@dataclass(frozen=True, kw_only=True)
class Change:
    """A figure that is another today. `row` names its row by its labels; empty of what stands under the rows.

    One that `goes_on` changes by itself while cases are handled; any other was put right.
    """

    row: str
    figure: str
    then: Cell
    now: Cell
    goes_on: bool


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Reads and makes what is kept of periods. Every method is given a transaction, and opens none."""

    house: House
    make: Make = catalogue.make

    def count(self, transaction: Transaction, report: str, period: Period, *, today: date) -> list[Snapshot]:
        """Make a report of a period that has ended: of all, and of each unit where it is read unit by unit.

        All are of one moment, so that their sums agree. Nothing is kept yet.
        """
        scopes: list[str] = [""]
        if report in BY_UNIT:
            scopes += [unit.id for unit in self.house.units]
        facts, made = _once(facts_of_period), []
        for scope in scopes:
            found = self._fresh(transaction, report, period, scope, today=today, facts=facts)
            content = canonical.written(found)
            made.append(
                Snapshot(
                    report=report,
                    period=period.name,
                    scope=scope,
                    last=period.last,
                    counted_to=today,
                    content=content,
                    sha256=canonical.digest(content),
                    csv=as_csv(found.sheet),
                    release=_release(),
                )
            )
        return made

    def kept(self, transaction: Transaction, report: str, period: Period, unit: str = "") -> Kept | None:
        """Return what was kept of a period, or None. Raises `canonical.UnreadableError` if it was spoilt."""
        row = snapshots.find(transaction, report, period.name, unit)
        return None if row is None else _kept(row)

    def report(self, transaction: Transaction, report: str, asked: Asked, *, fresh: bool = False) -> Report:
        """Return a report as it is to be read: as it was kept, else counted now, with what managers signed.

        `fresh` counts it now in any case.
        """
        kept = None if fresh else self.kept_for(transaction, report, asked)
        found = kept.report if kept else self.make(report, transaction, asked)
        return self.with_words(transaction, report, found)

    def kept_for(self, transaction: Transaction, report: str, asked: Asked) -> Kept | None:
        """Return what was kept of what is asked for, or None.

        Of several units together nothing is kept, nor with cases of the main diary. What is kept holds no
        case that is for few eyes, whoever asks.
        """
        if len(asked.units) > 1 or asked.diary:
            return None
        return self.kept(transaction, report, asked.period, *asked.units)

    def with_words(self, transaction: Transaction, report: str, found: Report) -> Report:
        """Lay what managers have signed over a report that has room for it (R1)."""
        if report not in SIGNED:
            return found
        signed = analyses.signed(transaction, report, found.period.name)
        return with_words(found, signed, {unit.id: unit.name for unit in self.house.units})

    def csv(self, transaction: Transaction, kept: Kept) -> bytes:
        """Return the file of what was kept: the very bytes from then, unless somebody has signed since."""
        found = self.with_words(transaction, kept.report.sheet.id, kept.report)
        return kept.csv if found == kept.report else as_csv(found.sheet)

    def changes(self, transaction: Transaction, kept: Kept) -> list[Change]:
        """List the figures that are others today, counted anew to the day that was counted to then."""
        period, report = kept.report.period, kept.report.sheet.id
        now = self._fresh(transaction, report, period, kept.scope, today=kept.report.today)
        return list(changes(kept.report.sheet, now.sheet))

    def _fresh(
        self,
        transaction: Transaction,
        report: str,
        period: Period,
        scope: str,
        *,
        today: date,
        facts: Facts = facts_of_period,
    ) -> Report:
        units = (scope,) if scope else ()
        asked = Asked(period=period, today=today, house=self.house, units=units, facts=facts)
        return self.make(report, transaction, asked)


def with_words(report: Report, signed: Mapping[str, Row], names: Mapping[str, str]) -> Report:
    """Lay signed words, by the unit's id, over the sum of each unit, and put them into a section of the text.

    `names` are those of the units today; rows that say by their cut of which unit they are do not need them.
    """
    sheet = report.sheet
    if not signed or _WORDS not in sheet.columns:
        return report
    by_name = {name: unit for unit, name in names.items()}
    rows, items, missing = [], [], []
    for row, unit in zip(sheet.rows, _units(sheet, by_name), strict=True):
        name = str(row[sheet.columns.index("enhet")]) if unit and "enhet" in sheet.columns else ""
        words = signed.get(unit) if unit else None
        if words is None:
            rows.append(row)
            missing += [name] if name else []
            continue
        signature = f"{words['signed_name']} {day_of(words['signed_at']).isoformat()}"
        told = {_WORDS: words["text"], _SIGNED_BY: signature}
        rows.append(tuple(told.get(column, cell) for column, cell in zip(sheet.columns, row, strict=True)))
        items.append(f"{name}: {words['text']} ({words['signed_name']}, {day(day_of(words['signed_at']))})")
    if not items:
        return report
    lacking = (f"Analys saknas från {listed(missing)}.",) if missing else ()
    section = Section(title="Chefens analys", paragraphs=lacking, items=tuple(items))
    return replace(report, sheet=replace(sheet, rows=tuple(rows)), sections=(*report.sections, section))


def changes(then: Sheet, now: Sheet) -> Iterator[Change]:
    """Walk through the figures that differ between two sheets of the same report and period."""
    if then.columns != now.columns:
        # A later release counts in other columns: what both have can still be compared.
        common = tuple(column for column in then.columns if column in now.columns)
        then, now = _narrowed(then, common), _narrowed(now, common)
    before, after = _by_label(then), _by_label(now)
    for label in [*before, *(one for one in after if one not in before)]:
        old, new = before.get(label, {}), after.get(label, {})
        for figure in dict.fromkeys([*old, *new]):
            if old.get(figure) != new.get(figure):
                yield Change(
                    row=label[0],
                    figure=figure,
                    then=old.get(figure),
                    now=new.get(figure),
                    goes_on=figure not in _FIXED and not figure.startswith("totalt"),
                )
    old_notes, new_notes = dict(then.notes), dict(now.notes)
    for name in dict.fromkeys([*old_notes, *new_notes]):
        if old_notes.get(name) != new_notes.get(name):
            yield Change(
                row="", figure=name, then=old_notes.get(name), now=new_notes.get(name), goes_on=False
            )


def _by_label(sheet: Sheet) -> dict[tuple[str, int], dict[str, Cell]]:
    """Return the figures of each row by its labels, and by its turn among those labelled alike."""
    found: dict[tuple[str, int], dict[str, Cell]] = {}
    turns: dict[str, int] = {}
    for row in sheet.rows:
        cells = dict(zip(sheet.columns, row, strict=True))
        label = ", ".join(str(cells[name]) for name in cells if name in _LABELS - {"period"} and cells[name])
        turns[label] = turns.get(label, 0) + 1
        found[label, turns[label]] = {
            name: cell for name, cell in cells.items() if name not in _LABELS | {_WORDS, _SIGNED_BY}
        }
    return found


def _narrowed(sheet: Sheet, columns: Sequence[str]) -> Sheet:
    places = [sheet.columns.index(column) for column in columns]
    rows = tuple(tuple(row[place] for place in places) for row in sheet.rows)
    return replace(sheet, columns=tuple(columns), rows=rows, cuts=())


def _units(sheet: Sheet, by_name: Mapping[str, str]) -> Iterator[str]:
    """Give for each row the unit whose sum it is; an empty text for any other row."""
    for place, row in enumerate(sheet.rows):
        cells = dict(zip(sheet.columns, row, strict=True))
        if cells.get("faktor") != _ALL:
            yield ""
            continue
        cut = sheet.cuts[place] if sheet.cuts else None
        if cut is not None and len(cut.units) == 1:
            yield cut.units[0]
        else:
            yield by_name.get(str(cells.get("enhet")), "")


def _once(read: Facts) -> Facts:
    """Read the same days once: what a hundred units are counted from is the same."""
    known: dict[Period, Sequence[Fact]] = {}

    def facts(transaction: Transaction, span: Period) -> Sequence[Fact]:
        if span not in known:
            known[span] = read(transaction, span)
        return known[span]

    return facts


def _kept(row: Row) -> Kept:
    if canonical.digest(row["content"]) != row["sha256"]:
        raise canonical.UnreadableError("den sparade rapporten är inte den som sparades: summan stämmer inte")
    return Kept(
        id=row["id"],
        report=canonical.read(row["content"]),
        scope=row["scope"],
        sha256=row["sha256"],
        made_at=row["made_at"],
        csv=bytes(row["csv"]),
    )


@cache
def _release() -> str:
    return version("synpunkt")
