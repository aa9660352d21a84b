"""How the page of statistics shows a figure: as it is read, and with a way to its cases."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from urllib.parse import urlencode

from bots.desk.reports import swedish
from bots.desk.reports.drawing import draw
from bots.desk.reports.report import Chart, Series
from bots.desk.reports.sheet import shown
from bots.web.statistics_asked import CASES, PATH, Asked
from store.domain import Kind, Source
from store.figures.agreement import Judged
from store.figures.brief import Measure, Measures
from store.figures.cut import Cut
from store.figures.facts import Fact
from store.figures.period import Period
from store.figures.tally import WorkingDays, change

NO_UNIT = "(utan enhet)"
WHOLE = "Hela kommunen"
KINDS = (Kind.PRAISE, Kind.SUGGESTION, Kind.COMPLAINT)
_BESIDE, _SHORT = 6, 12  # columns beside a drawing; letters of a heading
_AGES = ((0, 5), (6, 10), (11, 20), (21, 60))  # working days


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure as it is read, and where its cases are; an empty address where it has none."""

    text: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a table. `url` leads to the same page, narrowed to what the row is about."""

    name: str
    url: str = ""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the page: a chart, and the table of the same figures."""

    id: str
    title: str
    columns: tuple[str, ...]
    lines: Sequence[Line]
    svg: str = ""
    hint: str = ""

    @property
    def is_wide(self) -> bool:
        """Tell whether the table needs the whole breadth."""
        return len(self.columns) > _BESIDE

    @property
    def is_dense(self) -> bool:
        """Tell whether two of its figures have room beside each other on a narrow screen."""
        return all(len(column) <= _SHORT for column in self.columns[1:])


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All that the page is made of. `now` and `before` are counted cases of the cut, `open` of all times."""

    asked: Asked
    now: Sequence[Fact]
    before: Sequence[Fact]
    judged: Sequence[Judged]
    open: Sequence[Fact]
    whole: Sequence[Fact] | None  # of the municipality, for who sees but their own units
    names: Mapping[str, str]  # of the units that may be told
    memory: Measures
    closed: Collection[date]  # days on which the house does not work
    since: date  # of the oldest open case

    @cached_property
    def measures(self) -> Sequence[Measure]:
        """Return what was measured of each case of the cut."""
        return self.measure(self.now)

    def measure(self, some: Iterable[Fact]) -> Sequence[Measure]:
        """Look at some cases; `added` makes sums of them."""
        return self.memory.of(some, today=self.asked.today, closed=self.closed)


def cases_url(cut: Cut, column: str) -> str:
    """Return where the cases of a figure are."""
    return f"{CASES}?{_query(cut)}&{_column(column)}"


def page_url(cut: Cut) -> str:
    """Return the page of a cut."""
    return f"{PATH}?{cut.query}"


# A row has as many figures of the same cut as it has columns.
@lru_cache(maxsize=1024)
def _query(cut: Cut) -> str:
    return cut.query


@cache
def _column(column: str) -> str:
    return urlencode({"kolumn": column})


def figure(amount: int, cut: Cut, column: str) -> Cell:
    """Show a count, which leads to its cases if there are any."""
    return cell(count(amount), cut, column, is_known=bool(amount))


def cell(text: str, cut: Cut, column: str, *, is_known: bool) -> Cell:
    """Show a figure that leads to its cases, if there are any."""
    return Cell(text=text, url=cases_url(cut, column) if is_known else "")


def count(amount: int) -> str:
    """Write how many."""
    return shown(amount)


def share(percent: Fraction | None) -> str:
    """Write a share; a dash where there is none."""
    return shown(None) if percent is None else f"{shown(percent)}\u00a0%"


def number(value: Fraction | int | None) -> str:
    """Write a number without a needless decimal."""
    return shown(int(value) if value is not None and value.denominator == 1 else value)


def days(value: Fraction | int | None) -> str:
    """Write a time in working days."""
    return shown(None) if value is None else f"{number(value)} {'arbetsdag' if value == 1 else 'arbetsdagar'}"


def signed(percent: Fraction | None) -> str:
    """Write a change in percent with its sign."""
    if percent is None:
        return shown(None)
    return f"{'+' if percent > 0 else ''}{shown(percent)}\u00a0%"


def grown(now: int, then: int) -> str:
    """Tell how a count stands to the one before."""
    return f"{signed(change(now, then))} mot {count(then)}" if then else f"mot {count(then)}"


def was(value: Fraction | int | None, unit: str) -> str:
    """Tell what a figure was before."""
    if value is None:
        return "ingen uppgift före"
    return f"mot {share(Fraction(value)) if unit == '%' else days(value)}"


def compared(asked: Asked) -> str:
    """Say what a change is measured against."""
    return f"Förändringen är mot {swedish.period(asked.before)}."


def bars_of(title: str, bars: Sequence[tuple[str, int]]) -> str:
    """Draw one bar for each count; nothing where there is no bar."""
    if not bars:
        return ""
    chart = Chart(
        title=title,
        description="; ".join(f"{name}: {amount}" for name, amount in bars),
        unit="synpunkter",
        labels=tuple(name for name, _ in bars),
        series=(Series(name="Antal", values=tuple(amount for _, amount in bars)),),
    )
    return draw(chart)


def step_name(time: Period) -> str:
    """Name a step of a chart, as short as an axis needs it."""
    if time.kind == "year":
        return time.name
    if time.kind == "quarter":
        return f"K{(time.first.month + 2) // 3} {time.first.year}"
    if time.kind == "month":
        return swedish.month(time.first)
    if time.first == time.last:
        return f"{time.first.day}/{time.first.month}"
    if (time.last - time.first).days < 7:
        return f"v. {time.first.isocalendar().week}"
    if time.first.month == time.last.month:
        return swedish.month(time.first)
    return f"{time.first.day}/{time.first.month}–{time.last.day}/{time.last.month} {time.last:%y}"


def source_name(source: str) -> str:
    """Name a source as people say it."""
    return _SOURCES.get(source, source)


def ages(figures: Figures) -> list[tuple[str, Period]]:
    """List how long something may have waited, in working days, as the days on which it then came in."""
    today, one_day = figures.asked.today, timedelta(days=1)
    received = [figures.since + one_day * n for n in range((today - figures.since).days + 1)]
    days = WorkingDays(figures.since, today, figures.closed)
    waited = {day: days.between(day, today) for day in received}
    found = []
    for least, most in (*_AGES, (_AGES[-1][1] + 1, None)):
        some = [day for day, passed in waited.items() if passed >= least and (most is None or passed <= most)]
        name = f"{least}–{most} arbetsdagar" if most is not None else f"Mer än {least - 1} arbetsdagar"
        if some:
            found.append((name, Period(first=min(some), last=max(some))))
    return found


def places(times: Sequence[Period]) -> dict[date, int]:
    """Return for each day in which step it lies."""
    return {
        time.first + timedelta(days=n): place
        for place, time in enumerate(times)
        for n in range((time.last - time.first).days + 1)
    }


def by_step(some: Iterable[Fact], times: Sequence[Period]) -> Counter[tuple[int, Kind | None]]:
    """Count the types of each step; what came in none is left out."""
    by_day = Counter([(fact.received_on, fact.kind) for fact in some])
    at, found = places(times), Counter[tuple[int, Kind | None]]()
    for (day, kind), amount in by_day.items():
        if (place := at.get(day)) is not None:
            found[place, kind] += amount
    return found


_SOURCES = {
    str(Source.WEB): "Webbformuläret",
    str(Source.EMAIL): "E-post",
    str(Source.CHAT): "Chatt",
    str(Source.SMS): "SMS",
    str(Source.SOCIAL_MEDIA): "Sociala medier",
    str(Source.PHONE): "Telefon",
    str(Source.VISIT): "Besök",
    str(Source.MEETING): "Möte",
    str(Source.LETTER): "Brev",
    str(Source.PAPER_FORM): "Blankett",
    str(Source.FAX): "Fax",
    str(Source.QUESTION_TIME): "Nämndens frågestund",
}
