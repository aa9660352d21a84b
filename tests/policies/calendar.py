"""Swedish working days by the laws' own rules: lag 1989:253 and lag 1930:173 2 §, and Meeus' Easter.

Nothing is borrowed from the library that the product uses, nor from the product.
"""

from datetime import date, timedelta
from functools import cache


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
    """Find the first Saturday on or after a day."""
    return first + timedelta(days=(5 - first.weekday()) % 7)


@cache
def by_law(year: int) -> dict[date, str]:
    """List the days that the two laws name, besides ordinary Saturdays and Sundays."""
    sunday = easter(year)
    midsummer = saturday_from(date(year, 6, 20))  # the Saturday of 20-26 June
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
        saturday_from(date(year, 10, 31)): "alla helgons dag",  # the Saturday of 31 October-6 November
        date(year, 12, 24): "julafton",
        date(year, 12, 25): "juldagen",
        date(year, 12, 26): "annandag jul",
        date(year, 12, 31): "nyårsafton",
    }


def is_working(day: date) -> bool:
    """Tell whether a day is a working day by law."""
    return day.weekday() < 5 and day not in by_law(day.year)


def counted(start: date, days: int) -> date:
    """Count so many working days forward, the day after the start being the first that can count."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_working(day)
    return day
