"""What chance may explain is never told as a change."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bots.desk.reports.findings import Change, share_change
from store.figures.tally import Share

counts = st.integers(min_value=0, max_value=10**5)


@given(counts, counts)
def test_a_change_adds_up_and_is_as_large_the_other_way(now: int, before: int) -> None:
    change = Change(now=now, before=before)

    assert change.before + change.more == now
    assert change.weight == Change(now=before, before=now).weight
    assert (change.percent is None) == (before == 0)
    if change.percent is not None:
        assert before * (1 + change.percent / 100) == now
    assert not (change.is_marked and min(now, before) < 5)


def test_only_what_chance_does_not_make_is_marked() -> None:
    marked = [Change(now=now, before=100).is_marked for now in (100, 110, 130, 140, 60)]

    assert marked == [False, False, False, True, True]
    assert not Change(now=40, before=0).is_marked


def test_a_share_has_changed_when_both_have_enough_and_chance_does_not_explain_it() -> None:
    half = Share(part=50, whole=100)

    assert share_change(Share(part=80, whole=100), half) == Fraction(30)
    assert share_change(Share(part=60, whole=100), half) is None
    assert share_change(Share(part=9, whole=9), half) is None
    assert share_change(half, Share(part=0, whole=0)) is None
    assert share_change(Share(part=100, whole=100), Share(part=90, whole=90)) is None
