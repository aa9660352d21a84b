"""A road that leads nowhere rests, and opens again with the first letter that goes."""

from datetime import timedelta

from bots.channel import TemporaryFailure
from bots.desk.rest import Rest
from store.domain import LetterState
from tests.house import NOW, House, an_inbound


def test_a_few_failures_say_nothing_of_the_road() -> None:
    rest = Rest()

    for _ in range(7):
        rest.failed("email", NOW)

    assert rest.awake(["email", "sms"], NOW) == ["email", "sms"]


def test_a_road_rests_twice_as_long_each_time_and_half_a_minute_at_most() -> None:
    rest, now = Rest(), NOW
    for _ in range(7):
        rest.failed("email", now)

    slept = []
    for _ in range(7):
        rest.failed("email", now)
        began = now
        while not rest.awake(["email"], now):
            now += timedelta(seconds=1)
        slept.append((now - began).total_seconds())

    assert slept == [1, 2, 4, 8, 16, 30, 30]


def test_one_letter_that_goes_opens_the_road() -> None:
    rest = Rest()
    for _ in range(20):
        rest.failed("email", NOW)

    before = rest.awake(["email"], NOW)
    rest.worked("email")

    assert before == []
    assert rest.awake(["email"], NOW) == ["email"]


def test_a_clock_that_is_set_back_wakes_the_road() -> None:
    rest = Rest()
    for _ in range(20):
        rest.failed("email", NOW)

    assert rest.awake(["email"], NOW - timedelta(hours=1)) == ["email"]


async def test_while_the_relay_is_away_few_letters_are_tried_and_all_go_when_it_is_back(house: House) -> None:
    house.memory.down = TemporaryFailure("away")
    await house.hear(*(an_inbound(sender=f"a{n}@example.org", text=f"nummer {n}") for n in range(30)))
    tried = sum(row["attempts"] for row in house.outbox())

    house.memory.down = None
    for _ in range(3):
        house.clock.forward(minutes=2)
        await house.deliver()

    assert 8 <= tried < 30
    assert {row["state"] for row in house.outbox()} == {LetterState.SENT}
