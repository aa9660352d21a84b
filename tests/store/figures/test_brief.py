"""What is added up in brief is what is added up at length."""

from datetime import date
from operator import attrgetter

from hypothesis import given, settings
from hypothesis import strategies as st

from store.figures.brief import Measures, added
from store.figures.facts import Fact
from store.figures.tally import counted, tally
from tests.store.figures.test_tally import CALENDAR, IN_2026, TODAY, facts


@settings(max_examples=40)
@given(st.lists(facts(), max_size=12))
def test_the_brief_sums_are_those_of_the_tally(found: list[Fact]) -> None:
    some = counted(found)
    long, brief = tally(some, today=TODAY, days=CALENDAR), added(Measures().of(some, today=TODAY))

    assert (brief.total, brief.first_feedback, brief.answer) == (long.total, long.first_feedback, long.answer)
    assert (brief.median_days, brief.p90_days) == (long.median_days, long.p90_days)


@settings(max_examples=40)
@given(
    st.lists(facts(), max_size=6, unique_by=attrgetter("case_id")),
    st.lists(facts(), max_size=6, unique_by=attrgetter("case_id")),
    st.lists(st.tuples(IN_2026, st.frozensets(IN_2026, max_size=3)), min_size=2, max_size=3),
)
def test_what_is_remembered_is_what_is_measured_anew(
    some: list[Fact], others: list[Fact], asked: list[tuple[date, frozenset[date]]]
) -> None:
    memory = Measures()

    # The same cases again, changed, on another day and with another calendar.
    for today, closed in (*asked, asked[0]):
        for found in (some, others, [*some, *others]):
            assert memory.of(found, today=today, closed=closed) == Measures().of(
                found, today=today, closed=closed
            )
