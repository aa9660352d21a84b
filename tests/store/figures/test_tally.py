"""What is added up can be recomputed by hand, and every sum agrees with every other (C4)."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.deadlines import working_days_after
from store.domain import Factor, Kind, Outcome, Status
from store.figures.facts import Fact, Owed
from store.figures.tally import Share, WorkingDays, change, counted, tally

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
TODAY = date(2026, 12, 1)
IN_2026 = st.dates(min_value=FIRST, max_value=TODAY)
CALENDAR = WorkingDays(FIRST, LAST)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    received = draw(IN_2026)
    answered = draw(st.none() | st.dates(min_value=received, max_value=max(received, TODAY)))
    owed = draw(st.none() | st.dates(min_value=received, max_value=LAST))
    return Fact(
        case_id=draw(st.integers(min_value=1, max_value=10**6)),
        number="SYN-2026-000001",
        received_on=received,
        kind=draw(st.sampled_from([*Kind, None])),
        factor=draw(st.sampled_from([*Factor, None])),
        is_preliminary=draw(st.booleans()),
        unit=draw(st.sampled_from(["park", "gata", ""])),
        source="webb",
        status=draw(st.sampled_from([Status.ASSIGNED, Status.CLOSED, Status.HANDED_OVER, Status.DISPOSED])),
        is_anonymous=draw(st.booleans()),
        is_restricted=draw(st.booleans()),
        first_feedback=None,
        answer=None if owed is None else Owed(due_on=owed, kept_on=answered),
        answered_on=answered,
        outcome=draw(st.none() | st.sampled_from(Outcome)),
        has_improvement=draw(st.booleans()),
        is_followed_up=draw(st.booleans()),
        was_reminded=draw(st.booleans()),
        was_escalated=draw(st.booleans()),
    )


@given(st.lists(facts(), max_size=30))
def test_the_sums_by_type_by_factor_and_by_unit_are_the_total(found: list[Fact]) -> None:
    some = counted(found)

    whole = tally(some, today=TODAY, days=CALENDAR)
    by_factor = [
        tally([one for one in some if one.factor is factor], today=TODAY, days=CALENDAR) for factor in Factor
    ]
    by_unit = [
        tally([one for one in some if one.unit == unit], today=TODAY, days=CALENDAR)
        for unit in {one.unit for one in some}
    ]

    assert whole.total == len(some) == sum(whole.kinds.values())
    for parts in (by_factor, by_unit):
        assert sum(part.total for part in parts) == whole.total
        assert sum(part.answer.whole for part in parts) == whole.answer.whole
        assert sum(part.late for part in parts) == whole.late


@given(st.lists(facts(), max_size=30))
def test_shares_and_times_can_be_recomputed_case_by_case(found: list[Fact]) -> None:
    some = counted(found)
    kept = missed = 0
    times = []
    for one in some:
        if one.answered_on is not None:
            until = one.answered_on
            times.append(sum(1 for _ in takewhile(until.__ge__, working_days_after(one.received_on))))
        if one.answer is not None and (one.answered_on is not None or one.answer.due_on < TODAY):
            is_kept = one.answered_on is not None and one.answered_on <= one.answer.due_on
            kept, missed = kept + is_kept, missed + (not is_kept)

    whole = tally(some, today=TODAY, days=CALENDAR)

    assert whole.answer == Share(part=kept, whole=kept + missed)
    assert whole.median_days == (Fraction(median(map(Fraction, times))) if times else None)
    if times:
        assert whole.p90_days in times
        assert sum(time <= whole.p90_days for time in times) * 10 >= len(times) * 9
        assert sum(time < whole.p90_days for time in times) * 10 < len(times) * 9


@given(facts())
def test_what_was_handed_over_or_has_no_type_is_not_among_what_is_counted(one: Fact) -> None:
    is_in = one.status is not Status.HANDED_OVER and one.kind is not None and one.factor is not None

    assert counted([one]) == ([one] if is_in else [])


def test_of_nothing_there_is_no_share_and_no_change() -> None:
    assert Share(part=0, whole=0).percent is None
    assert Share(part=2, whole=3).percent == Fraction(200, 3)
    assert [change(3, 2), change(0, 4), change(3, 0)] == [Fraction(50), Fraction(-100), None]


def test_a_day_that_was_not_prepared_is_refused() -> None:
    with pytest.raises(IndexError):
        CALENDAR.between(FIRST - timedelta(days=1), LAST)
    with pytest.raises(IndexError):
        CALENDAR.between(FIRST, LAST + timedelta(days=1))
