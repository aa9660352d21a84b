"""The few sums that a page needs of many groups of the same cases: each case is looked at once.

`store.figures.tally` adds up all that a report tells; a test holds both together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from store.figures.facts import Fact, Owed
from store.figures.tally import Share, WorkingDays

# Of one case: whether its first feedback and its answer were in time, None while nobody can say, and the
# working days that the answer took, None if there is none.
Measure = tuple[Fact, bool | None, bool | None, int | None]


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What some cases add up to, as in `store.figures.tally.Tally`."""

    total: int
    first_feedback: Share
    answer: Share
    median_days: Fraction | None
    p90_days: int | None


@dataclass
class Measures:
    """Measures each case, and remembers it until the case has changed, the day, or the calendar."""

    _of: tuple[date, frozenset[date]] | None = None
    _kept: dict[int, Measure] = field(default_factory=dict)

    def of(self, facts: Iterable[Fact], *, today: date, closed: Iterable[date] = ()) -> list[Measure]:
        """Look at each case; `today` tells which promises have fallen due."""
        state = today, frozenset(closed)
        # Another thread may ask of another day meanwhile: it then has a memory of its own.
        kept = self._kept if self._of == state else {}
        found: list[Measure] = []
        unknown: list[int] = []
        for fact in facts:
            measure = kept.get(fact.case_id)
            if measure is None or measure[0] is not fact:
                unknown.append(len(found))
                measure = (fact, None, None, None)
            found.append(measure)
        fresh = _measured([found[at][0] for at in unknown], today, state[1])
        for at, measure in zip(unknown, fresh, strict=True):
            found[at] = kept[measure[0].case_id] = measure
        self._of, self._kept = state, kept
        return found


def _measured(facts: Sequence[Fact], today: date, closed: frozenset[date]) -> list[Measure]:
    answered = [fact.answered_on for fact in facts if fact.answered_on is not None]
    if not facts:
        return []
    first = min(fact.received_on for fact in facts)
    days = WorkingDays(min([first, *answered]), max([first, *answered]), closed)
    return [
        (
            fact,
            _in_time(fact.first_feedback, today),
            _in_time(fact.answer, today),
            None if fact.answered_on is None else days.between(fact.received_on, fact.answered_on),
        )
        for fact in facts
    ]


def added(measures: Sequence[Measure]) -> Brief:
    """Add some of them up."""
    times = sorted([taken for _, _, _, taken in measures if taken is not None])
    middle = len(times) // 2
    median = Fraction(times[middle] + times[~middle], 2) if times else None
    return Brief(
        total=len(measures),
        first_feedback=_share([kept for _, kept, _, _ in measures]),
        answer=_share([kept for _, _, kept, _ in measures]),
        median_days=median,
        p90_days=times[-(-9 * len(times) // 10) - 1] if times else None,
    )


def _in_time(owed: Owed | None, today: date) -> bool | None:
    return None if owed is None else owed.outcome(today)


def _share(outcomes: Sequence[bool | None]) -> Share:
    kept = outcomes.count(True)
    return Share(part=kept, whole=kept + outcomes.count(False))
