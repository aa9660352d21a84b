"""Swedish working days, and the dates that a promise falls due. The only place that counts days.

Day 1 is the first working day after reception; a promise is kept until the end of its last day,
Stockholm time (rows B31, X16; lag 1930:173 2 §, lag 1989:253).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from holidays import DE_FACTO, PUBLIC, country_holidays

from store.domain import Kind, Promise, PromiseKind

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_SKIPPED = "räknas inte ("
_WAITED = "väntar på avsändaren"
_WEEKDAYS = ("mån", "tis", "ons", "tors", "fre", "lör", "sön")


@dataclass(frozen=True, kw_only=True)
class Days:
    """How many working days each promise has; None promises no date (row L: no answer deadline)."""

    first_feedback: int | None = 2
    complaint: int | None = 10
    suggestion: int | None = 10
    praise: int | None = 10
    answers_anonymous: bool = True  # false: no answer date for who can not be reached (row N14)
    clause: str = "standardprofil"
    clauses: Mapping[PromiseKind, str] = field(default_factory=dict)  # where they differ from `clause`
    closed: Collection[date] = ()  # the municipality's own closed days

    def clause_of(self, promise: PromiseKind) -> str:
        """Return the paragraph that a promise comes from."""
        return self.clauses.get(promise, self.clause)

    def answer(self, kind: Kind | None) -> int | None:
        """Return the days for an answer; when the type is not known, the strictest promise holds."""
        if kind is None:
            known = [days for days in (self.complaint, self.suggestion, self.praise) if days is not None]
            return min(known, default=None)
        by_kind = {Kind.COMPLAINT: self.complaint, Kind.SUGGESTION: self.suggestion, Kind.PRAISE: self.praise}
        return by_kind[kind]

    def at_most(self, days: int, *, clause: str, also_undated: bool = False) -> "Days":
        """Return the same promises with no answer later than `days`; `clause` says who promises more.

        With `also_undated`, types that have no answer date get one.
        """

        def sooner(own: int | None) -> int | None:
            if own is None:
                return days if also_undated else None
            return min(own, days)

        new = replace(
            self,
            complaint=sooner(self.complaint),
            suggestion=sooner(self.suggestion),
            praise=sooner(self.praise),
        )
        if new == self:
            return self
        return replace(new, clauses={**self.clauses, PromiseKind.ANSWER: clause})


@lru_cache(maxsize=64)
def red_days(year: int) -> dict[date, str]:
    """Return the year's public holidays and the three eves that the law treats alike, with Swedish names."""
    found = country_holidays("SE", years=year, categories=(PUBLIC, DE_FACTO), language="sv")
    return {day: found[day].lower() for day in found}


def why_closed(day: date, closed: Collection[date] = ()) -> str:
    """Say why a day is no working day, or return an empty text if it is one."""
    if day in red_days(day.year):
        return red_days(day.year)[day]
    if day.weekday() >= 5:
        return "lördag" if day.weekday() == 5 else "söndag"
    return "stängt hos kommunen" if day in closed else ""


def working_days_after(day: date, closed: Collection[date] = ()) -> Iterator[date]:
    """Walk through the working days after a day, without end."""
    while True:
        day += timedelta(days=1)
        if not why_closed(day, closed):
            yield day


def day_of(moment: datetime) -> date:
    """Return the day in Stockholm on which a moment falls. `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone has no day in Stockholm")
    return moment.astimezone(STOCKHOLM).date()


def due(received_at: datetime, days: int, closed: Collection[date] = ()) -> date:
    """Return the last working day on which a promise of `days` working days is kept (1 or more)."""
    if days < 1:
        raise ValueError("a promise has at least one working day")
    return _dated(day_of(received_at), days, frozenset(closed))[0]


def arithmetic(received_at: datetime, days: int, closed: Collection[date] = ()) -> tuple[str, ...]:
    """Show how a due date was reached, day by day, in Swedish."""
    return _dated(day_of(received_at), days, frozenset(closed))[1]


def promises(
    received_at: datetime, kind: Kind | None, days: Days, *, anonymous: bool = False
) -> tuple[Promise, ...]:
    """List what we owe the sender of a message received at R: receipt, first feedback and answer.

    `anonymous` means that nobody can be reached: some policies promise no answer then.
    """
    receipt = PromiseKind.RECEIPT
    owed = [Promise(kind=receipt, due_on=day_of(received_at), clause=days.clause_of(receipt))]
    answer = None if anonymous and not days.answers_anonymous else days.answer(kind)
    for promise, count in ((PromiseKind.FIRST_FEEDBACK, days.first_feedback), (PromiseKind.ANSWER, answer)):
        if count is not None:
            owed.append(
                Promise(
                    kind=promise,
                    due_on=due(received_at, count, days.closed),
                    clause=days.clause_of(promise),
                    arithmetic=arithmetic(received_at, count, days.closed),
                )
            )
    return tuple(owed)


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """How many working days before or after a due date somebody is told; 0 before is not at all."""

    before_days: int = 0
    after_days: int = 0
    escalate_after_days: int = 3
    escalate_next_after_days: int = 10


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The days on which a late promise is told of: to the handler, then the chef too, then one level up."""

    remind_before: date | None
    remind: date
    escalate: date
    escalate_next: date


def watch(due_on: date, reminders: Reminders, closed: Collection[date] = ()) -> Watch:
    """Return when somebody is told that a promise is about to break, or has."""
    # Tyresö 2014, "Bevakning": the reminder goes out when the ten days have passed, not before.
    remind = _later(due_on, 1 + reminders.after_days, closed)
    escalate = _later(remind, reminders.escalate_after_days, closed)
    return Watch(
        remind_before=_earlier(due_on, reminders.before_days, closed) if reminders.before_days else None,
        remind=remind,
        escalate=escalate,
        escalate_next=_later(escalate, reminders.escalate_next_after_days, closed),
    )


@dataclass(frozen=True, kw_only=True)
class Move:
    """A promise whose date another calendar moved. `why` names the days that it counts otherwise."""

    old: Promise
    new: Promise
    why: str


def moved(promises: Iterable[Promise], closed: Collection[date], *, today: date) -> tuple[Move, ...]:
    """List the promises that fall due on another day, now that these days are closed.

    A promise carries its own arithmetic: from it come the day of reception and the number of days.
    What was due before today stays: no calendar mends a promise that is broken, or breaks one afterwards.
    """
    moves = []
    for old in promises:
        if not old.arithmetic or old.due_on < today:
            continue
        received = _received(old)
        lines = _lines(received, _counted(old.arithmetic), closed, waited=_waited(old))
        new = replace(old, due_on=received + timedelta(days=len(lines) - 1), arithmetic=lines)
        why = _difference(old.arithmetic, lines)
        if why and new.due_on >= today:
            moves.append(Move(old=old, new=new, why=why))
    return tuple(moves)


def later(day: date, days: int, closed: Collection[date] = ()) -> date:
    """Return the working day that is `days` (1 or more) after a day."""
    if days < 1:
        raise ValueError("later is at least one working day")
    return _later(day, days, closed)


def days_late(due_on: date, today: date, closed: Collection[date] = ()) -> int:
    """Count the working days after a due date up to and with today; 0 until it has passed."""
    return sum(
        day <= today for day in islice(working_days_after(due_on, closed), max(0, (today - due_on).days))
    )


def paused(promise: Promise, waited: Collection[date], closed: Collection[date] = ()) -> Promise:
    """Return a promise that does not count the days on which we waited for the sender.

    Only for a policy that says so (`deadlines.pause_on_question`); one without arithmetic stands.
    """
    if not promise.arithmetic:
        return promise
    received = _received(promise)
    lines = _lines(received, _counted(promise.arithmetic), closed, waited={*waited, *_waited(promise)})
    return replace(promise, due_on=received + timedelta(days=len(lines) - 1), arithmetic=lines)


def rebased(promise: Promise, received_at: datetime, closed: Collection[date] = ()) -> Promise:
    """Return the same promise counted from another R; one that counts no days is due on the day of R."""
    received = day_of(received_at)
    if not promise.arithmetic:
        return replace(promise, due_on=received)
    lines = _lines(received, _counted(promise.arithmetic), closed, waited=_waited(promise))
    return replace(promise, due_on=received + timedelta(days=len(lines) - 1), arithmetic=lines)


def stricter(old: Promise | None, new: Promise, closed: Collection[date] = ()) -> Promise | None:
    """Return the new promise if it falls due before the old one, or None. Days waited still wait."""
    if old is None:
        return new
    found = paused(new, _waited(old), closed)
    return found if found.due_on < old.due_on else None


def _received(promise: Promise) -> date:
    return promise.due_on - timedelta(days=len(promise.arithmetic) - 1)


def _waited(promise: Promise) -> set[date]:
    first = _received(promise)
    return {first + timedelta(days=at) for at, line in enumerate(promise.arithmetic) if _WAITED in line}


def _short(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day}/{day.month}"


@lru_cache(maxsize=256)
def _dated(day: date, days: int, closed: frozenset[date]) -> tuple[date, tuple[str, ...]]:
    """Return a due date and how it was reached: the same for all that comes on a day."""
    return _later(day, days, closed), _lines(day, days, closed)


def _later(day: date, days: int, closed: Collection[date]) -> date:
    return next(islice(working_days_after(day, closed), days - 1, None))


def _earlier(day: date, days: int, closed: Collection[date]) -> date:
    while days:
        day -= timedelta(days=1)
        days -= not why_closed(day, closed)
    return day


def _lines(
    day: date, days: int, closed: Collection[date], *, waited: Collection[date] = ()
) -> tuple[str, ...]:
    lines = [f"{_short(day)} = mottaget"]
    counted = 0
    while counted < days:
        day += timedelta(days=1)
        if why := why_closed(day, closed) or (_WAITED if day in waited else ""):
            lines.append(f"{_short(day)} {_SKIPPED}{why})")
        else:
            counted += 1
            lines.append(f"{_short(day)} = dag {counted}")
    return tuple(lines)


def _counted(lines: Sequence[str]) -> int:
    return sum(_SKIPPED not in line for line in lines[1:])


def _difference(before: Sequence[str], after: Sequence[str]) -> str:
    """Name the days that only one of two calendars counts, up to the earlier of the two due dates."""
    told = []
    for then, now in zip(before, after, strict=False):
        if (_SKIPPED in now) and _SKIPPED not in then:
            told.append(now)
        elif (_SKIPPED in then) and _SKIPPED not in now:
            told.append(then.replace("räknas inte", "räknas igen, inte längre"))
    return "; ".join(told)
