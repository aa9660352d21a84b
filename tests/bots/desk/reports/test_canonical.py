"""What is kept of a report is a text from which the same report comes back, down to thirds and days."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.desk.reports import canonical
from bots.desk.reports.canonical import UnreadableError
from bots.desk.reports.report import Chart, Report, Section, Series, Shape
from bots.desk.reports.sheet import Sheet
from store.domain import Factor, Kind
from store.figures.cut import Cut
from store.figures.period import Period, holding

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))
WORDS = st.text(max_size=20)
PERIODS: st.SearchStrategy[Period] = st.one_of(
    st.builds(holding, st.sampled_from(["month", "quarter", "tertial", "half-year", "year"]), DAYS),
    st.builds(lambda one, other: Period(first=min(one, other), last=max(one, other)), DAYS, DAYS),
)
NUMBERS = st.one_of(st.integers(), st.fractions())
CELLS = st.one_of(st.none(), WORDS, NUMBERS, DAYS, st.sampled_from(Factor))
CUTS = st.builds(
    Cut,
    period=PERIODS,
    units=st.lists(WORDS, max_size=2).map(tuple),
    kind=st.one_of(st.none(), st.sampled_from(Kind)),
    factor=st.one_of(st.none(), st.sampled_from(Factor)),
    source=WORDS,
)


@st.composite
def sheets(draw: Callable[[Any], Any]) -> Sheet:
    columns = tuple(draw(st.lists(WORDS, min_size=1, max_size=4)))
    rows = tuple(draw(st.lists(st.tuples(*[CELLS] * len(columns)), max_size=4)))
    cuts = draw(st.one_of(st.just(()), st.tuples(*[st.one_of(st.none(), CUTS)] * len(rows))))
    notes = tuple(draw(st.lists(st.tuples(WORDS, CELLS), max_size=3)))
    return Sheet(id=draw(WORDS), title=draw(WORDS), columns=columns, rows=rows, notes=notes, cuts=cuts)


@st.composite
def charts(draw: Callable[[Any], Any]) -> Chart:
    labels = tuple(draw(st.lists(WORDS, max_size=3)))
    values = st.tuples(*[st.one_of(st.none(), NUMBERS)] * len(labels))
    series = tuple(draw(st.lists(st.builds(Series, name=WORDS, values=values), max_size=2)))
    return Chart(
        title=draw(WORDS),
        description=draw(WORDS),
        unit=draw(WORDS),
        labels=labels,
        series=series,
        shape=draw(st.sampled_from(Shape)),
    )


REPORTS = st.builds(
    Report,
    sheet=sheets(),
    period=PERIODS,
    today=DAYS,
    municipality=WORDS,
    query=WORDS,
    headline=WORDS,
    sections=st.lists(
        st.builds(
            Section,
            title=WORDS,
            paragraphs=st.lists(WORDS, max_size=2).map(tuple),
            items=st.lists(WORDS, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    charts=st.lists(charts(), max_size=2).map(tuple),
)


@given(REPORTS)
def test_every_report_comes_back_as_it_was_and_is_the_same_text_again(report: Report) -> None:
    content = canonical.written(report)

    assert canonical.read(content) == report
    assert canonical.written(canonical.read(content)) == content
    assert canonical.digest(content) == canonical.digest(str(content))


def a_report(*rows: tuple[Any, ...]) -> Report:
    return Report(
        sheet=Sheet(id="R1", title="Enheter", columns=("faktor", "andel"), rows=rows),
        period=holding("quarter", date(2026, 7, 1)),
        today=date(2026, 10, 1),
        municipality="Lilla kommunen",
        query="R1 --period 2026-K3",
        headline="Tre klagomål.",
    )


def test_what_is_kept_is_written_so_that_people_can_read_it_too() -> None:
    content = canonical.written(a_report((Factor.FOOD, Fraction(1, 3)), ("Alla", date(2026, 10, 1))))

    assert content.startswith('{"form":1,"report":{"charts":[],"headline":"Tre klagomål."')
    assert '"rows":[["Mat",{"bråk":"1/3"}],["Alla",{"dag":"2026-10-01"}]]' in content


def test_a_third_that_was_kept_is_a_third_and_a_word_that_looks_like_a_day_is_a_word() -> None:
    kept = canonical.read(canonical.written(a_report((Fraction(1, 3), "2026-10-01"))))

    assert kept.sheet.rows == ((Fraction(1, 3), "2026-10-01"),)


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "[]",
        '{"form":2,"report":{}}',
        '{"form":1}',
        '{"form":1,"report":{"sheet":[]}}',
        '{"form":1,"report":{"headline":3}}',
    ],
)
def test_what_is_no_report_is_refused(spoilt: str) -> None:
    with pytest.raises(UnreadableError):
        canonical.read(spoilt)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        canonical.read(text)


def test_a_number_that_is_only_nearly_what_it_says_is_not_kept() -> None:
    with pytest.raises(TypeError):
        canonical.written(a_report(("Mat", 0.1)))
