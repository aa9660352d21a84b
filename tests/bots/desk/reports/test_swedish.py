"""Reports write Swedish as people do."""

from datetime import date
from fractions import Fraction

import pytest

from bots.desk.reports import swedish
from store.figures.period import read


def test_small_numbers_are_words_and_large_ones_hold_together() -> None:
    assert [swedish.number(count) for count in (0, 1, 2, 12, 13, 1234, 1_000_000)] == [
        *("noll", "en", "två", "tolv", "13", "1\u00a0234", "1\u00a0000\u00a0000")
    ]
    assert [swedish.complaints(1), swedish.complaints(2)] == ["ett klagomål", "två klagomål"]
    assert [swedish.cases(1), swedish.cases(2)] == ["en synpunkt", "två synpunkter"]


def test_days_are_told_as_they_are_counted() -> None:
    told = [swedish.working_days(days) for days in (1, 2, Fraction(5, 2), 14)]

    assert told == ["en arbetsdag", "två arbetsdagar", "2,5 arbetsdagar", "14 arbetsdagar"]


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (Fraction(0), "0 procent"),
        (Fraction(1, 3), "mindre än 1 procent"),
        (Fraction(5, 2), "3 procent"),
        (Fraction(-5, 2), "-3 procent"),
        (Fraction(199, 2), "mer än 99 procent"),
        (Fraction(100), "100 procent"),
        (Fraction(2500), "2\u00a0500 procent"),
    ],
)
def test_a_share_that_is_not_all_is_never_told_as_all(share: Fraction, told: str) -> None:
    assert swedish.percent(share) == told


@pytest.mark.parametrize(
    ("written", "told", "before", "year_before"),
    [
        ("2026", "2026", "året innan", "samma tid året innan"),
        ("2026-K3", "tredje kvartalet 2026", "kvartalet innan", "samma kvartal året innan"),
        ("2026-T2", "andra tertialet 2026", "tertialet innan", "samma tertial året innan"),
        ("2026-H1", "första halvåret 2026", "halvåret innan", "samma halvår året innan"),
        ("2026-07", "juli 2026", "månaden innan", "samma månad året innan"),
        ("2026-01-01/2026-08-31", "januari–augusti 2026", "perioden innan", "samma tid året innan"),
        ("2026-01-15/2026-03-01", "15 januari–1 mars 2026", "perioden innan", "samma tid året innan"),
        (
            "2025-12-15/2026-01-14",
            "15 december 2025–14 januari 2026",
            "perioden innan",
            "samma tid året innan",
        ),
    ],
)
def test_a_period_is_named_as_it_is_said(written: str, told: str, before: str, year_before: str) -> None:
    period = read(written)

    assert swedish.period(period) == told
    assert swedish.before(period) == before
    assert swedish.year_before(period) == year_before


def test_words_are_put_together_and_days_written_out() -> None:
    assert [swedish.listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        *("", "a", "a och b", "a, b och c")
    ]
    assert swedish.day(date(2026, 11, 22)) == "22 november 2026"
    assert [swedish.month(date(2026, month, 1)) for month in (1, 3, 11)] == ["jan 26", "mars 26", "nov 26"]
    assert swedish.begun("året innan") == "Året innan"
