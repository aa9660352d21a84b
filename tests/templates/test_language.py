"""Dates, times and shares in each language."""

from datetime import UTC, date, datetime

import pytest

from templates import language_of, languages

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("code", "alone", "in_a_sentence"),
    [
        ("sv", "måndag 23 november 2026", "måndag 23 november 2026"),
        ("en", "Monday 23 November 2026", "Monday 23 November 2026"),
        ("fi", "maanantai 23. marraskuuta 2026", "maanantaina 23. marraskuuta 2026"),
    ],
)
def test_a_date_is_written_out_in_each_language(code: str, alone: str, in_a_sentence: str) -> None:
    words = language_of(code)

    assert (words.date(DAY), words.on_date(DAY)) == (alone, in_a_sentence)


@pytest.mark.parametrize("code", ["sv", "en", "fi"])
def test_each_weekday_and_each_month_has_a_name_of_its_own(code: str) -> None:
    words = language_of(code)

    week = {words.date(date(2026, 6, day)) for day in range(1, 8)}
    year = {words.date(date(2026, month, 1)) for month in range(1, 13)}

    assert (len(week), len(year)) == (7, 12)
    assert (len(set(words.weekdays)), len(set(words.weekdays_on)), len(set(words.months))) == (7, 7, 12)


def test_a_finnish_weekday_in_a_sentence_says_when() -> None:
    assert language_of("fi").weekdays_on == (
        "maanantaina",
        "tiistaina",
        "keskiviikkona",
        "torstaina",
        "perjantaina",
        "lauantaina",
        "sunnuntaina",
    )


def test_a_moment_late_in_the_evening_utc_is_the_next_day_in_stockholm() -> None:
    late = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)

    assert language_of("sv").date(late) == "måndag 23 november 2026"


@pytest.mark.parametrize(("code", "written"), [("sv", "kl. 0.05"), ("en", "0:05"), ("fi", "klo 0.05")])
def test_the_time_of_day_is_that_of_stockholm(code: str, written: str) -> None:
    late = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)

    assert language_of(code).time(late) == written


def test_summer_time_is_kept() -> None:
    assert language_of("sv").time(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == "kl. 14.00"


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 8, 0)  # noqa: DTZ001 - that it has no zone is the point

    with pytest.raises(ValueError, match="without zone"):
        language_of("sv").date(naive)


def test_text_is_no_date_and_a_date_is_no_time() -> None:
    with pytest.raises(TypeError, match="a str is no date"):
        language_of("sv").date("2026-11-23")
    with pytest.raises(TypeError, match="a date is no time of day"):
        language_of("sv").time(DAY)


def test_shares_are_whole_percent() -> None:
    assert [language_of(code).percent(0.936) for code in ("en", "fi", "sv")] == ["94%", "94 %", "94 %"]


def test_the_languages_are_the_folders_with_an_acknowledgement() -> None:
    assert languages() == ("en", "fi", "sv")
