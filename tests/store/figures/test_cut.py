"""A figure can be followed to its cases: its name is enough."""

from datetime import date
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain import Factor, Kind, Source
from store.figures.cut import Cut, CutError
from store.figures.period import Period, holding

_KINDS = ["month", "quarter", "tertial", "half-year", "year"]
_PERIODS = st.builds(holding, st.sampled_from(_KINDS), st.dates(date(1000, 1, 1), date(9998, 12, 31)))
_CUTS = st.builds(
    Cut,
    period=_PERIODS,
    units=st.lists(st.text(), max_size=3).map(tuple),
    kind=st.none() | st.sampled_from(Kind),
    factor=st.none() | st.sampled_from(Factor),
    source=st.sampled_from(["", *Source]),
)


@given(_CUTS)
def test_a_cut_that_is_written_and_read_is_the_same(cut: Cut) -> None:
    assert Cut.read(cut.query) == cut


@given(st.text() | st.dictionaries(st.sampled_from(["period", "typ", "faktor"]), st.text()).map(urlencode))
def test_any_words_are_a_cut_or_said_to_be_none(words: str) -> None:
    try:
        Cut.read(words)
    except CutError as error:
        assert str(error)


def test_a_cut_of_any_dates_has_a_name_too() -> None:
    cut = Cut(period=Period(first=date(2026, 1, 15), last=date(2026, 3, 1)), units=("park", ""))
    assert Cut.read(cut.query) == cut


def test_a_factor_that_there_is_not_is_said() -> None:
    with pytest.raises(CutError, match="inte finns"):
        Cut.read("period=2026&faktor=Buller")
