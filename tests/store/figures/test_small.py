"""What is published tells of no small group."""

from store.figures.small import suppressed


def test_counts_below_five_are_not_told() -> None:
    assert [suppressed(count) for count in (0, 1, 4, 5, 1200)] == ["<5", "<5", "<5", 5, 1200]
