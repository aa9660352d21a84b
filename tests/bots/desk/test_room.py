"""The doors shut before the disk is full, and open by themselves."""

import logging
from dataclasses import dataclass

import pytest

from bots.channel import NoRoomError, NotKeptError
from bots.desk.room import Room
from tests.house import House, an_inbound

MB = 2**20


@dataclass
class Disk:
    free_mb: int = 500
    asked: int = 0
    is_gone: bool = False

    def free(self) -> int:
        self.asked += 1
        if self.is_gone:
            raise OSError("no such folder")
        return self.free_mb * MB


def a_room(disk: Disk, moments: list[float]) -> Room:
    return Room(least_free=100 * MB, free=disk.free, timer=lambda: moments[-1])


def test_there_is_room_while_more_is_free_than_the_least() -> None:
    disk, moments = Disk(free_mb=100), [0.0]

    assert a_room(disk, moments).is_left()


def test_the_doors_shut_below_the_least_and_open_with_a_tenth_to_spare(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk, moments = Disk(), [0.0]
    room = a_room(disk, moments)

    told = []
    with caplog.at_level(logging.INFO):
        for free_mb in (500, 99, 99, 105, 110, 105):
            disk.free_mb = free_mb
            moments.append(moments[-1] + 1)
            told.append(room.is_left())

    assert told == [True, False, False, False, True, True]
    assert [record.getMessage() for record in caplog.records] == [
        "doors shut, the disk is nearly full: free_mb=99 least_free_mb=100",
        "doors open, there is room on the disk again: free_mb=110",
    ]


def test_the_disk_is_asked_once_a_second() -> None:
    disk, moments = Disk(), [0.0]
    room = a_room(disk, moments)

    for at in (0.0, 0.5, 0.9, 1.0, 1.5):
        moments.append(at)
        room.is_left()

    assert disk.asked == 2


def test_a_disk_that_can_not_be_asked_shuts_no_door() -> None:
    disk, moments = Disk(is_gone=True), [0.0]

    assert a_room(disk, moments).is_left()


def test_a_disk_of_which_nothing_is_known_shuts_no_door() -> None:
    assert Room(free=lambda: None, least_free=1).is_left()


def test_without_a_least_nobody_is_asked() -> None:
    disk = Disk(free_mb=0)

    assert Room(free=disk.free).is_left()
    assert disk.asked == 0


async def test_what_comes_while_there_is_no_room_is_not_kept_and_taken_when_there_is(house: House) -> None:
    disk, moments = Disk(free_mb=1), [0.0]
    house.intake.room = a_room(disk, moments)

    with pytest.raises(NoRoomError):
        await house.receive(an_inbound())
    before = house.messages()
    disk.free_mb, moments[-1] = 500, 2.0
    await house.receive(an_inbound())

    assert before == []
    assert len(house.messages()) == 1


async def test_what_was_kept_is_judged_and_answered_while_the_doors_are_shut(house: House) -> None:
    await house.receive(an_inbound())
    house.intake.room = a_room(Disk(free_mb=1), [0.0])

    house.judge()
    await house.deliver()

    assert len(house.acknowledgements()) == 1


async def test_no_more_waits_in_memory_than_there_is_room_for(house: House) -> None:
    house.intake.most_waiting = 1000

    big = an_inbound(text="x" * 2000)
    first = await house.receive(big)
    with pytest.raises(NotKeptError):
        await house.receive(an_inbound(text="y"), an_inbound(text="z" * 2000))

    assert len(first) == 1
