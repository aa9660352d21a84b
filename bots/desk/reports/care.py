"""R5: the synpunkter on care, one by one, with those that stand in the main diary (K16, K17, K14)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bots.desk.reports.asked import Asked
from bots.desk.reports.diary import DiaryCase
from bots.desk.reports.lists import WITHHELD, UnitNames, Words, bars, put_together
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import begun, many, period
from store.domain import Kind, Outcome, Unit
from store.engine import Transaction
from store.figures import care, facts
from store.figures.care import Detail
from store.figures.eyes import kept_from
from store.figures.facts import Fact
from store.figures.tally import WorkingDays, counted

COLUMNS = (
    *("källa", "id/dnr", "inkom", "typ", "faktor", "enhet", "allvarlig", "IVO/PN", "åtgärd", "svar_wd"),
    "förslag_på_åtgärd",
)
REGISTER, DIARY = "register", "diarium"
_CARE = frozenset({"sol", "lss", "hsl"})


@dataclass(frozen=True, kw_only=True)
class _Line:
    source: str
    number: str
    received_on: date
    kind: Kind | None
    factor: str
    unit: str
    is_serious: bool
    is_of_supervisor: bool
    came_of: str
    answered_on: date | None
    improvement: str


def of_care(transaction: Transaction, asked: Asked) -> Report:
    """Make R5. Where no unit works under SoL, LSS or HSL it is of all units.

    What is counted is as in R1; letters from IVO and the like are told as well (K14). What stands in both
    register and diary is told once. Words that may point at somebody are left out, and cases that are kept
    from the reader: a note tells how many these are, so that the sums agree with R1.
    """
    shown = _units(asked)
    ids = {unit.id if unit else "" for unit in shown}
    known = {unit.id for unit in asked.house.units}
    found = [
        fact
        for fact in facts.of_period(transaction, asked.period)
        if (fact.unit if fact.unit in known else "") in ids
    ]
    details = care.of_period(transaction, asked.period)
    told = counted(found)
    told += [fact for fact in found if not fact.is_synpunkt and details[fact.case_id].is_of_supervisor]
    told.sort(key=lambda fact: fact.case_id)
    hidden = kept_from(transaction, asked.reader)
    words, called = Words(asked.house), UnitNames(asked.house)
    lines = [
        _of_register(fact, details[fact.case_id], words, called[fact.unit])
        for fact in told
        if fact.case_id not in hidden
    ]
    both = {details[fact.case_id].diary_number for fact in told} - {""}
    in_time = [one for one in asked.diary if one.received_on in asked.period and one.unit in ids | {""}]
    ours = [one for one in in_time if one.number not in both]
    lines += [_of_diary(one, words, called[one.unit]) for one in ours]
    lines.sort(key=lambda line: (line.received_on, line.source == DIARY, line.number))
    notes: list[tuple[str, Cell]] = [
        ("enheter", ", ".join(unit.name for unit in shown if unit) or "alla"),
        (
            "begränsade, räknas i R1 men visas inte här",
            sum(fact.case_id in hidden and fact.is_synpunkt for fact in told),
        ),
        ("utan typ eller faktor, räknas inte än", sum(f.is_synpunkt and not f.is_classed for f in found)),
        ("överlämnade, räknas inte (L4)", sum(not fact.is_synpunkt for fact in found)),
        ("i diariefilen", len(asked.diary)),
        ("i diariefilen, för annan tid eller enhet", len(asked.diary) - len(in_time)),
        ("i både register och diarium, visas en gång", len(in_time) - len(ours)),
        ("räknat till och med", asked.today),
    ]
    sheet = Sheet(
        id="R5",
        title=f"Synpunkter på omsorgen, {period(asked.period)}",
        columns=COLUMNS,
        rows=_rows(lines, asked),
        notes=notes,
    )
    kinds = {str(kind): sum(line.kind is kind for line in lines) for kind in Kind}
    return put_together(
        sheet,
        asked,
        headline=_headline(lines, asked),
        sections=_sections(lines),
        charts=[bars("Synpunkter efter typ", "synpunkter", kinds)],
    )


def _units(asked: Asked) -> Sequence[Unit | None]:
    if asked.units:
        return asked.shown
    return [unit for unit in asked.house.units if unit.regulated in _CARE] or asked.shown


def _of_register(fact: Fact, detail: Detail, words: Words, unit: str) -> _Line:
    outcome = "" if fact.outcome is None else _OUTCOMES[fact.outcome]
    measure = words.of(detail.measure, detail.sender_name)
    return _Line(
        source=REGISTER,
        number=fact.number,
        received_on=fact.received_on,
        kind=fact.kind,
        factor=fact.factor or "",
        unit=unit,
        is_serious=detail.is_serious,
        is_of_supervisor=detail.is_of_supervisor,
        came_of=": ".join(part for part in (outcome, measure) if part),
        answered_on=fact.answered_on,
        improvement=words.of(detail.improvement, detail.sender_name),
    )


def _of_diary(one: DiaryCase, words: Words, unit: str) -> _Line:
    return _Line(
        source=DIARY,
        number=one.number,
        received_on=one.received_on,
        kind=one.kind,
        factor=one.factor or "",
        unit=unit,
        is_serious=one.is_serious,
        is_of_supervisor=one.is_of_supervisor,
        came_of=words.of(one.measure),
        answered_on=one.answered_on,
        improvement=words.of(one.improvement),
    )


def _rows(lines: Sequence[_Line], asked: Asked) -> list[tuple[Cell, ...]]:
    days = [asked.today, *(line.received_on for line in lines), *(one.answered_on for one in lines)]
    moments = [day for day in days if day is not None]
    calendar = WorkingDays(min(moments), max(moments), asked.house.days.closed)
    return [
        (
            line.source,
            line.number,
            line.received_on,
            line.kind or "",
            line.factor,
            line.unit,
            _word(line.is_serious),
            _word(line.is_of_supervisor),
            line.came_of,
            None if line.answered_on is None else calendar.between(line.received_on, line.answered_on),
            line.improvement,
        )
        for line in lines
    ]


def _headline(lines: Sequence[_Line], asked: Asked) -> str:
    when = period(asked.period)
    if not lines:
        return f"Inga synpunkter på omsorgen finns för {when}."
    by_source = Counter(line.source for line in lines)
    serious = sum(line.is_serious for line in lines)
    told = f"{begun(many(len(lines), 'synpunkt', 'synpunkter'))} på omsorgen kom in under {when}"
    parts = []
    if by_source[DIARY]:
        parts.append(f"{many(by_source[DIARY], 'står', 'står')} bara i diariet")
    parts.append(f"{many(serious, 'är allvarlig', 'är allvarliga')}" if serious else "ingen är allvarlig")
    return f"{told}: {' och '.join(parts)}."


def _sections(lines: Sequence[_Line]) -> list[Section]:
    units = Counter(line.unit for line in lines)
    grave = [line for line in lines if line.is_serious or line.is_of_supervisor]
    better = Counter(
        (line.improvement, line.unit) for line in lines if line.improvement not in ("", WITHHELD)
    )
    return [
        Section(
            title="Per enhet",
            items=tuple(
                f"{unit}: {count}" for unit, count in sorted(units.items(), key=lambda u: (-u[1], u[0]))
            ),
        ),
        Section(
            title="Allvarliga, och från tillsynsmyndighet eller patientnämnd",
            items=tuple(
                f"{line.number}, {line.unit}, kom {line.received_on}"
                f"{f': {line.came_of}' if line.came_of else ', ännu utan åtgärd'}"
                for line in grave
            ),
        ),
        Section(
            title="Förslag på åtgärder",
            items=tuple(
                f"{words} ({unit}, {many(count, 'ärende', 'ärenden', neuter=True)})"
                for (words, unit), count in better.most_common()
            ),
        ),
    ]


def _word(holds: bool) -> str:
    return "ja" if holds else "nej"


_OUTCOMES = {outcome: str(outcome).replace("_", " ") for outcome in Outcome}
