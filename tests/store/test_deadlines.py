"""Working days, counted once more in another way.

Easter is reckoned here by Meeus' rule and the red days by lag 1989:253; the eves that count as Sundays by
lag 1930:173 2 §. Nothing is borrowed from the library that the product uses.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from store.deadlines import Days, arithmetic, day_of, due, promises, red_days, why_closed, working_days_after
from store.domain import Kind, PromiseKind

STOCKHOLM = ZoneInfo("Europe/Stockholm")
YEARS = range(2020, 2041)


def easter(year: int) -> date:
    """Find Easter Sunday (Meeus, Astronomical Algorithms, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    step = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * step) // 451
    month, day = divmod(h + step - 7 * m + 114, 31)
    return date(year, month, day + 1)


def saturday_from(first: date) -> date:
    return first + timedelta(days=(5 - first.weekday()) % 7)


def by_law(year: int) -> dict[date, str]:
    """List the days that the two laws name, besides ordinary Saturdays and Sundays."""
    sunday = easter(year)
    midsummer = saturday_from(date(year, 6, 20))
    return {
        date(year, 1, 1): "nyårsdagen",
        date(year, 1, 6): "trettondedag jul",
        sunday - timedelta(days=2): "långfredagen",
        sunday: "påskdagen",
        sunday + timedelta(days=1): "annandag påsk",
        date(year, 5, 1): "första maj",
        sunday + timedelta(days=39): "kristi himmelsfärdsdag",
        sunday + timedelta(days=49): "pingstdagen",
        date(year, 6, 6): "sveriges nationaldag",
        midsummer - timedelta(days=1): "midsommarafton",
        midsummer: "midsommardagen",
        saturday_from(date(year, 10, 31)): "alla helgons dag",
        date(year, 12, 24): "julafton",
        date(year, 12, 25): "juldagen",
        date(year, 12, 26): "annandag jul",
        date(year, 12, 31): "nyårsafton",
    }


def days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in by_law(day.year)


def counted(start: date, days: int) -> date:
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_working(day)
    return day


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2020, 4, 12), (2024, 3, 31), (2026, 4, 5), (2038, 4, 25), (2040, 4, 1)]
)
def test_easter_is_where_the_almanac_has_it(year: int, month: int, day: int) -> None:
    assert easter(year) == date(year, month, day)


@pytest.mark.parametrize("year", YEARS)
def test_each_day_of_the_year_is_open_or_closed_as_the_law_says(year: int) -> None:
    differing = [day for day in days_of(year) if bool(why_closed(day)) is is_working(day)]

    assert differing == []


@pytest.mark.parametrize("year", YEARS)
def test_the_red_days_and_the_three_eves_are_those_of_the_law(year: int) -> None:
    assert set(red_days(year)) == set(by_law(year))


@pytest.mark.parametrize("year", YEARS)
def test_every_promise_of_the_year_falls_where_counting_by_hand_puts_it(year: int) -> None:
    for day in days_of(year):
        noon = datetime.combine(day, time(12), STOCKHOLM)
        found = [due(noon, count) for count in (1, 2, 7, 10, 14)]

        assert found == [counted(day, count) for count in (1, 2, 7, 10, 14)]


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-12-18T15:00", 2, date(2026, 12, 22)),
        ("2026-12-18T15:00", 7, date(2027, 1, 4)),
        ("2026-12-18T15:00", 10, date(2027, 1, 8)),
        ("2026-12-18T15:00", 14, date(2027, 1, 14)),
        ("2026-04-01T09:00", 10, date(2026, 4, 17)),
        ("2026-11-21T09:00", 2, date(2026, 11, 24)),
    ],
)
def test_dates_that_were_counted_by_hand_hold(received: str, days: int, expected: date) -> None:
    moment = datetime.fromisoformat(received).replace(tzinfo=STOCKHOLM)

    assert due(moment, days) == expected


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
