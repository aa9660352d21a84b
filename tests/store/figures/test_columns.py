"""A column leads to as many cases as its figure says."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.domain import Factor, Kind
from store.figures.columns import COLUMNS, cases_of
from store.figures.facts import Fact
from store.figures.tally import Tally, counted, tally
from tests.store.figures.test_tally import CALENDAR, TODAY, facts


def figure_of(column: str, added: Tally, some: list[Fact]) -> int:
    """Say what a report writes in a column, or of a share how many are in it."""
    answered = sum(one.answered_on is not None for one in some)
    return {
        "totalt": added.total,
        "antal": added.total,
        **{str(kind): added.kinds[kind] for kind in Kind},
        **{str(factor): sum(one.factor is factor for one in some) for factor in Factor},
        "anonyma": added.anonymous,
        "preliminära": added.preliminary,
        "första_återkoppling_i_tid_%": added.first_feedback.part,
        "första_återkoppling_för_sent": added.first_feedback.whole - added.first_feedback.part,
        "svar_i_tid_%": added.answer.part,
        "i_tid_%": added.answer.part,
        "svar_för_sent": added.answer.whole - added.answer.part,
        "median_svarstid_wd": answered,
        "p90": answered,
        "öppna": added.is_open,
        "försenade": added.late,
        "påminda": added.reminded,
        "eskalerade": added.escalated,
        "åtgärdade": added.acted,
        "åtgärdade_%": added.acted,
        "ingen_åtgärd_förklarad": added.explained,
        "uppföljda_%": added.followed_up,
        "förbättringsförslag": added.improving,
        "genomförda_förbättringar": added.improving,
        "viktigaste_åtgärder": added.improving,
    }[column]


@settings(max_examples=40)
@given(st.lists(facts(), max_size=12))
def test_every_column_has_as_many_cases_as_its_figure_says(found: list[Fact]) -> None:
    some = counted(found)
    added = tally(some, today=TODAY, days=CALENDAR)

    for column in COLUMNS:
        listed = cases_of(column, some, today=TODAY)
        assert len(listed) == figure_of(column, added, some), column


def test_a_column_that_counts_no_cases_is_none() -> None:
    with pytest.raises(KeyError):
        cases_of("mål_%", [], today=date(2026, 12, 1))
