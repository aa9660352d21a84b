"""Working days and due dates. That they agree with the law is proven in `tests/policies/test_calendar.py`."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from store.deadlines import (
    Days,
    Reminders,
    arithmetic,
    day_of,
    due,
    promises,
    watch,
    why_closed,
    working_days_after,
)
from store.domain import Kind, PromiseKind

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 12, 1, 22, 59, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 12, 1, 23, 0, tzinfo=UTC), date(2026, 12, 2)),
        (datetime(2026, 12, 1, 23, 30, tzinfo=STOCKHOLM), date(2026, 12, 1)),
        # The clock goes forward on 29 March and back on 25 October 2026.
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_a_moment_falls_on_the_day_that_it_is_in_stockholm(moment: datetime, day: date) -> None:
    assert day_of(moment) == day


def test_half_an_hour_before_midnight_in_stockholm_counts_from_that_day() -> None:
    before = datetime(2026, 12, 1, 23, 30, tzinfo=STOCKHOLM)

    assert due(before, 2) == date(2026, 12, 3)
    assert due(before + timedelta(minutes=30), 2) == date(2026, 12, 4)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        day_of(datetime(2026, 12, 1))  # noqa: DTZ001 - that is the fault


def test_a_promise_of_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        due(datetime(2026, 12, 1, tzinfo=UTC), 0)


def test_the_municipality_s_own_closed_days_are_not_counted() -> None:
    friday = datetime(2026, 5, 13, 9, tzinfo=STOCKHOLM)
    closed = frozenset({date(2026, 5, 15)})

    assert due(friday, 1) == date(2026, 5, 15)
    assert due(friday, 1, closed) == date(2026, 5, 18)
    assert why_closed(date(2026, 5, 15), closed) == "stängt hos kommunen"


def test_the_way_to_a_date_is_shown_day_by_day() -> None:
    thursday = datetime(2026, 12, 23, 9, tzinfo=STOCKHOLM)

    assert arithmetic(thursday, 2) == (
        "ons 23/12 = mottaget",
        "tors 24/12 räknas inte (julafton)",
        "fre 25/12 räknas inte (juldagen)",
        "lör 26/12 räknas inte (annandag jul)",
        "sön 27/12 räknas inte (söndag)",
        "mån 28/12 = dag 1",
        "tis 29/12 = dag 2",
    )


def test_the_standard_promise_is_receipt_the_same_day_feedback_in_two_and_answer_in_ten() -> None:
    owed = promises(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), Kind.COMPLAINT, Days())

    assert [(one.kind, one.due_on, one.clause) for one in owed] == [
        (PromiseKind.RECEIPT, date(2026, 11, 23), "standardprofil"),
        (PromiseKind.FIRST_FEEDBACK, date(2026, 11, 25), "standardprofil"),
        (PromiseKind.ANSWER, date(2026, 12, 7), "standardprofil"),
    ]


def test_no_date_is_promised_where_the_policy_names_none() -> None:
    days = Days(first_feedback=None, complaint=10, suggestion=None, praise=None)
    monday = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    assert [one.kind for one in promises(monday, Kind.PRAISE, days)] == [PromiseKind.RECEIPT]
    assert [one.kind for one in promises(monday, Kind.COMPLAINT, days)] == [
        PromiseKind.RECEIPT,
        PromiseKind.ANSWER,
    ]


def test_the_strictest_promise_holds_while_the_type_is_unknown() -> None:
    days = Days(complaint=10, suggestion=30, praise=None)

    assert [days.answer(kind) for kind in (None, *Kind)] == [10, None, 30, 10]
    assert Days(complaint=None, suggestion=None, praise=None).answer(None) is None


def test_each_promise_shows_the_clause_that_it_comes_from() -> None:
    days = Days(clause="KF § 1", clauses={PromiseKind.ANSWER: "KF § 1, Svar"})

    owed = promises(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), Kind.COMPLAINT, days)

    assert [one.clause for one in owed] == ["KF § 1", "KF § 1", "KF § 1, Svar"]


def test_who_can_not_be_reached_is_promised_an_answer_only_where_the_policy_says_so() -> None:
    monday = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    owed = {
        answers: promises(monday, Kind.PRAISE, Days(answers_anonymous=answers), anonymous=True)
        for answers in (True, False)
    }

    assert [one.kind for one in owed[True]] == list(PromiseKind)
    assert [one.kind for one in owed[False]] == [PromiseKind.RECEIPT, PromiseKind.FIRST_FEEDBACK]
    assert promises(monday, Kind.PRAISE, Days(answers_anonymous=False)) == owed[True]


def test_reminders_go_out_on_working_days_only_and_one_after_the_other() -> None:
    wednesday = date(2026, 12, 23)
    reminders = Reminders(before_days=2, after_days=1, escalate_after_days=3, escalate_next_after_days=10)

    found = watch(wednesday, reminders)

    assert found.remind_before == date(2026, 12, 21)
    assert found.remind == date(2026, 12, 29)
    assert found.escalate == date(2027, 1, 5)
    assert found.escalate_next == date(2027, 1, 20)
    assert watch(wednesday, Reminders()).remind_before is None


MOMENTS = some.datetimes(datetime(2020, 1, 1), datetime(2039, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001


@given(received=MOMENTS, days=some.integers(1, 60))
def test_a_promise_falls_on_a_working_day_and_just_so_many_of_them_later(
    received: datetime, days: int
) -> None:
    day = day_of(received)
    last = due(received, days)

    between = [day + timedelta(days=step) for step in range(1, (last - day).days + 1)]
    assert sum(not why_closed(one) for one in between) == days
    assert not why_closed(last)


@given(received=MOMENTS, days=some.integers(1, 30), closed=some.sets(some.integers(1, 60), max_size=10))
def test_a_closed_day_never_brings_a_promise_forward(received: datetime, days: int, closed: set[int]) -> None:
    shut = frozenset(day_of(received) + timedelta(days=step) for step in closed)

    assert due(received, days, shut) >= due(received, days)
    assert due(received, days, shut) not in shut


@given(received=MOMENTS, days=some.integers(1, 30), later=some.integers(0, 10**7))
def test_who_writes_later_is_never_answered_earlier(received: datetime, days: int, later: int) -> None:
    assert due(received + timedelta(seconds=later), days) >= due(received, days)


@given(received=MOMENTS, days=some.integers(1, 30))
def test_the_way_shown_ends_on_the_due_date(received: datetime, days: int) -> None:
    lines = arithmetic(received, days)
    last = due(received, days)

    assert lines[-1].endswith(f"{last.day}/{last.month} = dag {days}")
    assert len(lines) == (last - day_of(received)).days + 1


def test_the_walk_goes_on_for_ever() -> None:
    walk = working_days_after(date(2026, 12, 30))

    assert [next(walk) for _ in range(2)] == [date(2027, 1, 4), date(2027, 1, 5)]
