"""The due dates agree with the laws' own rules for every day of 21 years (row B31, X16)."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bots.cli import main
from store.deadlines import arithmetic, due, red_days, why_closed
from tests.policies.calendar import by_law, counted, easter, is_working

STOCKHOLM = ZoneInfo("Europe/Stockholm")
YEARS = range(2020, 2041)
DEADLINES = (2, 7, 10, 14)


def days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def random_receptions() -> list[datetime]:
    """Choose 2 000 moments of 2020-2040; the days around Easter, midsommar and jul come more often."""
    choose = random.Random(20261122)  # noqa: S311 - a seed, not a secret
    found = []
    for turn in range(2000):
        year = choose.choice(YEARS)
        first, length = (date(year, 1, 1), 365) if turn % 2 else choose.choice(_crowded(year))
        day = first + timedelta(days=choose.randrange(length))
        moment = datetime.combine(day, time(), UTC) + timedelta(seconds=choose.randrange(86_400))
        found.append(moment)
    return found


def _crowded(year: int) -> list[tuple[date, int]]:
    return [(easter(year) - timedelta(days=12), 70), (date(year, 6, 5), 25), (date(year, 12, 5), 35)]


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2020, 4, 12), (2024, 3, 31), (2026, 4, 5), (2038, 4, 25), (2040, 4, 1)]
)
def test_easter_is_where_the_almanac_has_it(year: int, month: int, day: int) -> None:
    assert easter(year) == date(year, month, day)


@pytest.mark.parametrize("year", YEARS)
def test_b31_each_day_of_the_year_is_open_or_closed_as_the_law_says(year: int) -> None:
    differing = [day for day in days_of(year) if bool(why_closed(day)) is is_working(day)]

    assert differing == []


@pytest.mark.parametrize("year", YEARS)
def test_b31_the_red_days_and_the_three_eves_are_those_of_the_law(year: int) -> None:
    assert set(red_days(year)) == set(by_law(year))


@pytest.mark.parametrize("year", YEARS)
def test_every_promise_of_the_year_falls_where_counting_by_hand_puts_it(year: int) -> None:
    for day in days_of(year):
        noon = datetime.combine(day, time(12), STOCKHOLM)

        assert [due(noon, days) for days in DEADLINES] == [counted(day, days) for days in DEADLINES]


def test_two_thousand_random_receptions_and_four_deadlines_differ_nowhere() -> None:
    receptions = random_receptions()

    found = {
        (moment, days): (due(moment, days), counted(moment.astimezone(STOCKHOLM).date(), days))
        for moment in receptions
        for days in DEADLINES
    }

    assert len(receptions) == 2000
    assert {moment.astimezone(STOCKHOLM).year for moment in receptions} >= set(YEARS)
    assert [one for one in found.items() if one[1][0] != one[1][1]] == []


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


def test_the_way_past_easter_is_shown_day_by_day() -> None:
    wednesday = datetime(2026, 4, 1, 9, tzinfo=STOCKHOLM)

    assert arithmetic(wednesday, 3) == (
        "ons 1/4 = mottaget",
        "tors 2/4 = dag 1",
        "fre 3/4 räknas inte (långfredagen)",
        "lör 4/4 räknas inte (lördag)",
        "sön 5/4 räknas inte (påskdagen)",
        "mån 6/4 räknas inte (annandag påsk)",
        "tis 7/4 = dag 2",
        "ons 8/4 = dag 3",
    )


@pytest.mark.parametrize(
    ("profile", "promise", "expected", "clause"),
    [
        ("gislaved", "första_återkoppling", "2026-12-22", "Gislaved KF 2013-03-27, avsnitt 11, Hantering"),
        ("gislaved", "svar_klagomål", "2027-01-04", "Gislaved KF 2013-03-27, avsnitt 11, Hantering"),
        ("tyreso", "svar_klagomål", "2027-01-08", "Tyresö dnr 2014/KS 0387, Handläggning av synpunkter"),
        (
            "kristianstad",
            "svar_förslag",
            "2027-01-08",
            "Kristianstads omsorgsförvaltning, Beröm, förslag och klagomål",
        ),
        (
            "norrmalm",
            "svar_beröm",
            "2027-01-14",
            "Norrmalm dnr 099-562/2009, Rutiner vid mottagande och återkoppling",
        ),
    ],
)
def test_the_command_prints_the_due_date_the_clause_and_the_way(
    profile: str, promise: str, expected: str, clause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["deadline", "--profile", profile, "--received", "2026-12-18T15:00"])

    shown = json.loads(capsys.readouterr().out)["promises"][promise]
    assert status == 0
    assert (shown["due"], shown["clause"]) == (expected, clause)
    assert shown["arithmetic"][0] == "fre 18/12 = mottaget"
    assert shown["arithmetic"][-1].endswith(f"= dag {len(_counting(shown['arithmetic']))}")


def _counting(lines: list[str]) -> list[str]:
    return [line for line in lines if "= dag" in line]
