"""How the journey counts order; the journey itself is run by hand."""

import pytest

from tests.journeys.storm import ordered


@pytest.mark.parametrize(
    ("numbers", "share"),
    [([1, 2, 3], 1.0), ([3, 2, 1], 0.0), ([2, 1, 3, 4], 5 / 6), ([7], 1.0), ([], 1.0)],
)
def test_the_order_is_the_share_of_pairs_that_came_as_they_were_sent(
    numbers: list[int], share: float
) -> None:
    assert ordered(numbers) == pytest.approx(share)
