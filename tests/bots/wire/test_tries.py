"""What does not come is waited for a few times, and no name is remembered for ever."""

from bots.wire.tries import Tries


def test_the_third_failure_is_the_last() -> None:
    tries = Tries()

    assert [tries.is_worth_another("a") for _ in range(4)] == [True, True, False, False]
    assert tries.is_worth_another("b")


def test_what_came_at_last_begins_anew() -> None:
    tries = Tries()
    tries.is_worth_another("a")
    tries.is_worth_another("a")
    tries.forget("a")
    tries.forget("okänd")

    assert tries.is_worth_another("a")


def test_the_oldest_are_forgotten_first() -> None:
    tries = Tries(most=2)
    for number in range(1001):
        tries.is_worth_another(str(number))

    assert tries.is_worth_another("0")  # forgotten, so that it is the first failure again
    assert not tries.is_worth_another("1000")
