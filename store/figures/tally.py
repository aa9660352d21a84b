"""Sums of facts: how many of each, how many in time, how long it took."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate

from store.deadlines import why_closed
from store.domain import Kind, Outcome, Status
from store.figures.facts import Fact, Owed


class WorkingDays:
    """Counts working days between two days, of many cases: the calendar is walked through once."""

    def __init__(self, first: date, last: date, closed: Collection[date] = ()) -> None:
        """Prepare for the days from `first` to `last`, both with them."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        self._first = first.toordinal()
        self._until = list(accumulate((0 if why_closed(day, closed) else 1) for day in days))

    def between(self, received_on: date, answered_on: date) -> int:
        """Return how many working days after reception an answer came: 0 on the day itself, never less.

        Raises `IndexError` for days outside of those that were prepared.
        """
        start, end = received_on.toordinal() - self._first, answered_on.toordinal() - self._first
        if start < 0 or end < 0:
            raise IndexError("a day before the first that was prepared")
        return max(self._until[end] - self._until[start], 0)


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many. Of nothing there is no share."""

    part: int
    whole: int

    @property
    def percent(self) -> Fraction | None:
        """Return the share in percent, exactly."""
        return Fraction(100 * self.part, self.whole) if self.whole else None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What some cases add up to. Every figure is of synpunkter that have a type and a factor.

    Shares in time are of the promises that were kept or have fallen due by `today`; who was promised nothing
    is in none of them. Times are whole working days, over what has been answered.
    """

    total: int
    kinds: dict[Kind, int]
    anonymous: int
    preliminary: int
    first_feedback: Share
    answer: Share
    median_days: Fraction | None
    p90_days: int | None
    is_open: int
    late: int
    reminded: int
    escalated: int
    acted: int
    explained: int
    followed_up: int
    improving: int


def counted(facts: Iterable[Fact]) -> list[Fact]:
    """Return those that are counted: synpunkter with a type and a factor, so that all sums agree (C4)."""
    # Spelled out: it is asked of tens of thousands at a look, and a property takes several times as long.
    return [
        fact
        for fact in facts
        if fact.status is not Status.HANDED_OVER and fact.kind is not None and fact.factor is not None
    ]


def tally(facts: Sequence[Fact], *, today: date, days: WorkingDays) -> Tally:
    """Add up cases that are counted; `today` tells which promises have fallen due."""
    kinds = dict.fromkeys(Kind, 0)
    outcomes: dict[Outcome | None, int] = dict.fromkeys((*Outcome, None), 0)
    times: list[int] = []
    anonymous = preliminary = is_open = late = reminded = escalated = followed_up = improving = 0
    # One way through them: a year has thousands of cases, and each is added up in many rows.
    for fact in facts:
        if fact.kind is not None:
            kinds[fact.kind] += 1
        if fact.answered_on is not None:
            times.append(days.between(fact.received_on, fact.answered_on))
        if fact.is_open:
            is_open += 1
            late += is_late(fact, today)
        outcomes[fact.outcome] += 1
        anonymous += fact.is_anonymous
        preliminary += fact.is_preliminary
        reminded += fact.was_reminded
        escalated += fact.was_escalated
        followed_up += fact.is_followed_up
        improving += fact.has_improvement
    times.sort()
    return Tally(
        total=len(facts),
        kinds=kinds,
        anonymous=anonymous,
        preliminary=preliminary,
        first_feedback=in_time((fact.first_feedback for fact in facts), today),
        answer=in_time((fact.answer for fact in facts), today),
        median_days=_median(times),
        p90_days=times[-(-9 * len(times) // 10) - 1] if times else None,
        is_open=is_open,
        late=late,
        reminded=reminded,
        escalated=escalated,
        acted=outcomes[Outcome.DONE] + outcomes[Outcome.LATER],
        explained=outcomes[Outcome.NO_ACTION],
        followed_up=followed_up,
        improving=improving,
    )


def change(now: int, before: int) -> Fraction | None:
    """Return by how many percent a count has changed; None where there was nothing before."""
    return Fraction(100 * (now - before), before) if before else None


def in_time(owed: Iterable[Owed | None], today: date) -> Share:
    """Return how many promises were kept in time, of those that were kept or have fallen due by `today`."""
    part = whole = 0
    for one in owed:
        if one is not None and (kept := one.outcome(today)) is not None:
            whole += 1
            part += kept
    return Share(part=part, whole=whole)


def is_late(fact: Fact, today: date) -> bool:
    """Tell whether a case is open after the day of its answer, and unanswered."""
    return (
        fact.is_open
        and fact.answer is not None
        and fact.answer.kept_on is None
        and fact.answer.due_on < today
    )


def _median(times: Sequence[int]) -> Fraction | None:
    if not times:
        return None
    middle = len(times) // 2
    return Fraction(times[middle]) if len(times) % 2 else Fraction(times[middle - 1] + times[middle], 2)
