"""A report is asked for a period, and every day lies in just one of each kind."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.deadlines import day_of
from store.figures.period import Period, PeriodError, holding, read

KINDS = ("month", "quarter", "tertial", "half-year", "year")
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026-K1", (2026, 1, 1), (2026, 3, 31)),
        ("2026-q4", (2026, 10, 1), (2026, 12, 31)),
        ("2026T2", (2026, 5, 1), (2026, 8, 31)),
        ("2026-H2", (2026, 7, 1), (2026, 12, 31)),
        ("2028-02", (2028, 2, 1), (2028, 2, 29)),
        (" 2026-01-15/2026-03-01 ", (2026, 1, 15), (2026, 3, 1)),
    ],
)
def test_a_period_is_written_as_people_write_it(
    written: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    found = read(written)

    assert (found.first, found.last) == (date(*first), date(*last))


@pytest.mark.parametrize(
    "written",
    ["", "hösten", "2026-K5", "2026-H0", "2026-13", "2026-02-30/2026-03-01", "2026-03-02/2026-03-01"],
)
def test_what_is_no_period_is_refused_with_words_on_how_to_write_one(written: str) -> None:
    with pytest.raises(PeriodError, match="Skriv till exempel 2026, 2026-K3"):
        read(written)


@given(DAYS, st.sampled_from(KINDS))
def test_every_day_lies_in_one_period_of_a_kind_and_the_next_begins_after_it(day: date, kind: str) -> None:
    period = holding(kind, day)
    following = holding(kind, period.last + timedelta(days=1))

    assert day in period
    assert read(period.name) == period
    assert following.before == period
    assert (following.first - period.last).days == 1
    assert following.begins == period.ends
    assert period.year_before.name.replace(str(day.year - 1), str(day.year), 1) == period.name


@given(DAYS, st.integers(min_value=0, max_value=800))
def test_before_any_days_lie_as_many(first: date, more: int) -> None:
    period = Period(first=first, last=first + timedelta(days=more))

    assert period.before.last == first - timedelta(days=1)
    assert (period.before.last - period.before.first).days == more
    assert read(period.name) == period


@given(DAYS)
def test_a_period_begins_and_ends_at_midnight_in_stockholm(day: date) -> None:
    period = Period(first=day, last=day)

    assert (day_of(period.begins), day_of(period.ends - timedelta(microseconds=1))) == (day, day)
    assert day_of(period.ends) == day + timedelta(days=1)


def test_of_the_day_that_only_leap_years_have_the_year_before_has_the_one_before() -> None:
    period = Period(first=date(2028, 2, 1), last=date(2028, 2, 29))

    assert period.year_before == Period(first=date(2027, 2, 1), last=date(2027, 2, 28))
