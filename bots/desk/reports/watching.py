"""R8: what waits for somebody now, and R9: what ran out until others had to be told (rows T10, T11, T12)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from bots.desk.reports.asked import Asked
from bots.desk.reports.lists import UnitNames, Words, bars, put_together
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import begun, cases, day, many, number, period
from store import life
from store.domain import Clock, Kind, Status
from store.engine import Transaction
from store.figures import watching
from store.figures.tally import WorkingDays
from store.figures.watching import Escalated, Waiting
from store.life import Rules

WATCHED = ("nummer", "typ", "faktor", "dagar_kvar", "tillstånd", "nästa_steg", "handläggare")
ESCALATED = ("nummer", "due", "påmind", "eskalerad_till", "dagar_över", "orsak")
_UNSORTED = frozenset({Status.RECEIVED, Status.SORTING})
_AWAY = frozenset({Status.AT_PROVIDER, Status.AT_OTHER_BOARD})
_TOLD = frozenset({Status.ANSWERED, Status.RETURNED})
_REASONS = {
    Clock.ANSWER: "svaret dröjer",
    Clock.FIRST_FEEDBACK: "avsändaren vet inte vem som har ärendet",
    Clock.ASSIGNMENT: "ingen har fått ärendet",
    Clock.STATEMENT: "redogörelsen har inte kommit",
    Clock.FOLLOW_UP: "uppföljningen är inte gjord",
}
_SOON = 3


def of_now(transaction: Transaction, asked: Asked) -> Report:
    """Make R8: the open cases that the reader answers for, the latest first. It is of now, not of a period.

    The days left are working days until the day of the answer, which counts; 0 is today, and less is late.
    Without a day, nothing is promised, or it is kept and something else remains.
    """
    found = watching.waiting(transaction, asked.reader, units=asked.units)
    days = [asked.today, *(one.due_on for one in found if one.due_on is not None)]
    calendar = WorkingDays(min(days), max(days), asked.house.days.closed)
    left = {one.case["id"]: _left(one.due_on, asked.today, calendar) for one in found}

    def turn(one: Waiting) -> tuple[bool, int, bool, int]:
        days_left = left[one.case["id"]]
        return (days_left is None, days_left or 0, _kind(one) != Kind.COMPLAINT, one.case["id"])

    found.sort(key=turn)
    rows: list[tuple[Cell, ...]] = [
        (
            one.case["number"],
            _kind(one),
            one.case["factor"] or one.case["suggested_factor"],
            left[one.case["id"]],
            str(one.case["status"]).replace("_", " "),
            next_step(one, asked.house.rules, asked.today),
            _person(asked, one.case["handler"]),
        )
        for one in found
    ]
    is_late = Counter(_span(left[one.case["id"]]) for one in found)
    sheet = Sheet(
        id="R8",
        title=f"Bevakning {day(asked.today)}",
        columns=WATCHED,
        rows=rows,
        notes=[("öppna ärenden", len(found)), ("räknat till och med", asked.today)],
    )
    spans = {name: is_late[name] for name in _SPANS}
    handlers = Counter(
        _person(asked, one.case["handler"]) for one in found if (left[one.case["id"]] or 0) < 0
    )
    return put_together(
        sheet,
        asked,
        headline=_watched(len(found), spans),
        sections=[
            Section(
                title="Försenade per handläggare",
                items=tuple(f"{who}: {count}" for who, count in sorted(handlers.items())),
            )
        ],
        charts=[bars("Öppna ärenden efter dagar kvar", "ärenden", spans)],
        is_of_now=True,
    )


def next_step(one: Waiting, rules: Rules, today: date) -> str:
    """Say in Swedish what a case waits for."""
    case, status = one.case, Status(one.case["status"])
    if status in _UNSORTED:
        return "Ge ärendet till en handläggare."
    if status is Status.AWAITING_SENDER:
        until = case["question_due_on"]
        return f"Vänta på avsändaren{f' till och med {until}' if until else ''}."
    if status in _AWAY:
        due_on = case["statement_due_on"]
        if due_on is not None and due_on < today:
            return f"Påminn om redogörelsen: den skulle ha kommit {due_on}."
        return f"För in redogörelsen{f', som ska komma senast {due_on}' if due_on else ''}."
    if status in _TOLD:
        missing = life.missing_at_close(one.facts, rules)
        return missing[0] if missing and status is Status.ANSWERED else "Avsluta ärendet."
    if one.facts.is_answered and not one.facts.is_delivered:
        return "Se till att svaret kommer fram."
    is_confirmed = one.facts.kind_confirmed and one.facts.factor_confirmed
    return "Svara avsändaren." if is_confirmed else "Bekräfta typ och faktor, och svara."


def of_escalations(transaction: Transaction, asked: Asked) -> Report:
    """Make R9: each clock that ran until others than the handler were told, of what came in during a period.

    The days over are working days from the day it was due until it was done, or until today. The sum of
    those whose answer is late is `eskalerade` of R1, but for what the reader may not see.
    """
    found = watching.escalated(transaction, asked.period, asked.reader, units=asked.units)
    days = [asked.today, *(day for one in found for day in (one.due_on, one.ended_on) if day is not None)]
    calendar = WorkingDays(min(days), max(days), asked.house.days.closed)
    words = Words(asked.house)
    rows: list[tuple[Cell, ...]] = [
        (
            one.number,
            one.due_on,
            one.reminded_on,
            ", ".join(_person(asked, person) for person in one.told),
            None if one.due_on is None else calendar.between(one.due_on, one.ended_on or asked.today),
            _why(one, words),
        )
        for one in found
    ]
    sheet = Sheet(
        id="R9",
        title=f"Eskaleringar, {period(asked.period)}",
        columns=ESCALATED,
        rows=rows,
        notes=[
            ("ärenden", len({one.case_id for one in found})),
            ("därav ännu inte klara", len({one.case_id for one in found if one.ended_on is None})),
            ("räknat till och med", asked.today),
        ],
    )
    clocks = Counter(one.clock for one in found)
    called = UnitNames(asked.house)
    units = Counter(called[one.unit] for one in found)
    return put_together(
        sheet,
        asked,
        headline=_escalations(found, asked),
        sections=[
            Section(
                title="Per enhet",
                items=tuple(
                    f"{unit}: {count}" for unit, count in sorted(units.items(), key=lambda u: (-u[1], u[0]))
                ),
            )
        ],
        charts=[
            bars(
                "Vad som drog över",
                "eskaleringar",
                {_REASONS.get(clock, str(clock)): count for clock, count in clocks.most_common()},
            )
        ],
    )


def _why(one: Escalated, words: Words) -> str:
    told = _REASONS.get(one.clock, str(one.clock))
    if not one.reason.strip():
        return told
    return f"{told}: {words.of(one.reason, one.sender_name)}"


def _kind(one: Waiting) -> str:
    case = one.case
    return str(case["kind"] or case["chosen_kind"] or case["suggested_kind"])


def _person(asked: Asked, person_id: str) -> str:
    known = asked.house.handlers.get(person_id)
    return known.name if known is not None else person_id


def _left(due_on: date | None, today: date, calendar: WorkingDays) -> int | None:
    if due_on is None:
        return None
    return calendar.between(today, due_on) if due_on >= today else -calendar.between(due_on, today)


_LATE, _TODAY, _NEAR, _LATER, _NO_DAY = "försenade", "i dag", "1–3 dagar", "mer än 3 dagar", "ingen dag lovad"
_SPANS = (_LATE, _TODAY, _NEAR, _LATER, _NO_DAY)


def _span(left: int | None) -> str:
    if left is None:
        return _NO_DAY
    if left < 0:
        return _LATE
    return _TODAY if left == 0 else _NEAR if left <= _SOON else _LATER


def _watched(total: int, spans: Mapping[str, int]) -> str:
    if not total:
        return "Inga öppna ärenden väntar."
    told = begun(many(total, "öppet ärende", "öppna ärenden", neuter=True))
    late = many(spans[_LATE], "är försenat", "är försenade") if spans[_LATE] else "inget är försenat"
    today = f", och {number(spans[_TODAY])} ska besvaras i dag" if spans[_TODAY] else ""
    return f"{told}: {late}{today}."


def _escalations(found: Sequence[Escalated], asked: Asked) -> str:
    if not found:
        return f"Inget av det som kom in under {period(asked.period)} har eskalerats."
    count = len({one.case_id for one in found})
    open_still = len({one.case_id for one in found if one.ended_on is None})
    rest = f"{number(open_still)} av dem är ännu inte {'klar' if open_still == 1 else 'klara'}"
    return f"{begun(cases(count))} som kom in under {period(asked.period)} fick eskaleras: {rest}."
