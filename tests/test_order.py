"""In which order the suite runs, and what is handed out together."""

from collections.abc import Callable

import pytest

from tests.conftest import handfuls, turn

Make = Callable[..., pytest.Item]


def nothing() -> None:
    pass


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Make:
    def make(*marks: str) -> pytest.Item:
        item: pytest.Item = pytest.Function.from_parent(request.node.parent, name="test_x", callobj=nothing)
        for name in marks:
            item.add_marker(name)
        return item

    return make


def test_what_takes_long_begins_and_is_handed_out_alone(make: Make) -> None:
    items = [make(), make("journey"), make("slow"), make("xdist_group")]

    assert [turn(item) for item in sorted(items, key=turn)] == [0, 1, 2, 3]
    assert list(handfuls(items)) == ["tests/test_order.py 0", "", "", ""]


def test_quick_tests_of_a_file_are_handed_out_by_the_handful(make: Make) -> None:
    named = list(handfuls([make() for _ in range(60)]))

    assert [named.count(f"tests/test_order.py {at}") for at in range(3)] == [25, 25, 10]
