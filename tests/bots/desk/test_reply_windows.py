"""Where a service closes its door to us, the handler is warned while there is time to answer."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from store.deadlines import day_of
from store.domain import Address, Clock, Command, Outcome, Purpose
from tests.bots.desk.test_chat import chat, of_chat, said
from tests.bots.desk.test_watch import at, walk, watched
from tests.house import House, an_inbound

Make = Callable[..., House]
WEEK = timedelta(days=7)
WARNED = [("larm", "anna.ek")]


def a_house(make_house: Make, window: timedelta = WEEK) -> House:
    """Open a house with a chat that closes; it is Monday 23 November, half past ten in Stockholm."""
    return make_house(others=[chat(human_window=window, automatic_window=timedelta(hours=24))])


def windows(house: House, until: date | None = None) -> list[tuple[date, list[str]]]:
    """Look at the clocks each morning until a day, and return when who has been warned of a window."""
    if until is not None:
        walk(house, until)
    alarms = [row for row in house.table("alarms") if row["clock"] == Clock.REPLY_WINDOW]
    return [(day_of(row["at"]), row["told"]) for row in alarms]


async def test_a_week_that_ends_on_a_monday_is_warned_of_on_the_friday(make_house: Make) -> None:
    house = a_house(make_house)
    await house.hear(said(house))

    assert windows(house, date(2026, 12, 4)) == [(date(2026, 11, 27), ["anna"])]
    (letter,) = [row for row in house.outbox(purpose=Purpose.ALARM) if "svarsfönster" in row["key"]]
    assert "till och med måndag 30 november 2026 kl. 10.30" in " ".join(letter["body"].split())
    assert "bevakning" in house.journal(house.case()["id"])


async def test_a_window_that_closes_on_a_weekday_is_warned_of_a_day_before(make_house: Make) -> None:
    house = a_house(make_house, timedelta(hours=72))
    await house.hear(said(house))

    at(house, date(2026, 11, 25), 10, 29)
    assert watched(house) == []
    at(house, date(2026, 11, 25), 10, 30)
    assert watched(house) == WARNED
    assert watched(house) == []


async def test_of_a_short_window_a_third_is_left_at_the_warning(make_house: Make) -> None:
    house = a_house(make_house, timedelta(hours=36))
    await house.hear(said(house))  # closes at half past ten on Tuesday evening

    at(house, date(2026, 11, 24), 10, 29)
    assert watched(house) == []
    at(house, date(2026, 11, 24), 10, 30)
    assert watched(house) == WARNED


async def test_a_window_that_only_opens_over_a_weekend_is_warned_of_before_it(make_house: Make) -> None:
    house = a_house(make_house, timedelta(hours=24))
    at(house, date(2026, 11, 27), 16)
    await house.hear(said(house))

    assert watched(house) == WARNED


async def test_each_new_window_is_warned_of_anew(make_house: Make) -> None:
    house = a_house(make_house)
    await house.hear(said(house))
    assert len(windows(house, date(2026, 11, 27))) == 1

    at(house, date(2026, 11, 27), 15)
    await house.hear(said(house, "Den är fortfarande trasig."))

    told = windows(house, date(2026, 12, 7))
    assert told == [(date(2026, 11, 27), ["anna"]), (date(2026, 12, 4), ["anna"])]


async def test_who_has_an_answer_on_its_way_is_not_warned(make_house: Make) -> None:
    house = a_house(make_house)
    await house.hear(said(house))
    case = house.case()
    house.acts.answer(case["id"], "Lagad.", Outcome.DONE, by="anna", version=case["version"])

    assert windows(house, date(2026, 12, 4)) == []
    await house.deliver()
    assert of_chat(house).letters[-1].purpose is Purpose.ANSWER


@pytest.mark.parametrize(
    "wished", [Address(channel="email", handle="asa@example.org"), Address(channel="telefon", handle="070")]
)
async def test_a_sender_with_another_road_needs_no_warning(make_house: Make, wished: Address) -> None:
    house = a_house(make_house)
    await house.hear(said(house, wished=wished))
    assert house.case()["answer_handle"] == wished.handle

    assert windows(house, date(2026, 12, 4)) == []


async def test_there_is_nothing_to_warn_of_where_nobody_may_write(make_house: Make) -> None:
    house = a_house(make_house)
    await house.hear(said(house))
    await house.hear(said(house, "STOPP", command=Command.STOP))
    await house.hear(an_inbound())

    assert windows(house, date(2026, 12, 4)) == []


async def test_the_case_knows_until_when_it_can_be_answered_and_how_after_that(make_house: Make) -> None:
    house = a_house(make_house)
    await house.hear(said(house))
    ways, now = house.work.ways, house.clock()

    with house.store.read() as transaction:
        window = ways.window(transaction, house.case())
        phoned = ways.window(
            transaction, {**house.case(), "answer_channel": "telefon", "answer_handle": "+46701740633"}
        )
        mailed = ways.window(
            transaction, {**house.case(), "answer_channel": "email", "answer_handle": "asa@example.org"}
        )
    assert window is not None
    assert phoned is not None
    assert (window.road, window.closes_at, window.is_open, window.then) == ("chatt", now + WEEK, True, "")
    assert phoned.then == "telefon"
    assert mailed is None

    house.clock.forward(days=8)
    with house.store.read() as transaction:
        closed = ways.window(transaction, house.case())
    assert closed is not None
    assert (closed.closes_at, closed.is_open, closed.then) == (now + WEEK, False, "")
