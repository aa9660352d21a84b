"""The channel in memory keeps the promise that every channel keeps."""

import asyncio
from collections import deque
from contextlib import suppress

import pytest

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.memory import Memory
from store.domain import Address, Outgoing, Purpose, Receipt
from tests.house import an_inbound
from tests.servers.hearing import Kept

LETTER = Outgoing(
    key="1",
    purpose=Purpose.ACKNOWLEDGEMENT,
    recipient=Address(channel="email", handle="sven@example.org"),
    subject="Tack",
    body="Hej",
)


async def test_a_letter_is_kept_and_named_by_its_place() -> None:
    memory = Memory()

    ids = [await memory.send(LETTER) for _ in range(2)]

    assert ids == ["memory-1", "memory-2"]
    assert memory.letters == [LETTER, LETTER]


async def test_ordered_failures_happen_once_each_in_order() -> None:
    memory = Memory(failures=deque([TemporaryFailure("upptaget", in_doubt=True), PermanentFailure("nej")]))

    with pytest.raises(TemporaryFailure) as first:
        await memory.send(LETTER)
    with pytest.raises(PermanentFailure):
        await memory.send(LETTER)
    await memory.send(LETTER)

    assert first.value.in_doubt is True
    assert memory.letters == [LETTER]


async def test_a_refused_place_is_always_refused() -> None:
    memory = Memory(refused={"sven@example.org": PermanentFailure("nej")})

    for _ in range(2):
        with pytest.raises(PermanentFailure):
            await memory.send(LETTER)


async def test_a_channel_that_is_down_neither_hears_sends_nor_checks() -> None:
    memory = Memory(down=TemporaryFailure("ingen kontakt"))

    for act in (memory.check(), memory.listen(Kept()), memory.send(LETTER)):
        with pytest.raises(TemporaryFailure):
            await act
    memory.down = None

    assert await memory.check() == ["memory: i minnet"]


async def test_what_is_said_is_confirmed_only_after_it_is_kept() -> None:
    memory, kept = Memory(), Kept()
    kept.hold = asyncio.Event()
    listening = asyncio.ensure_future(memory.listen(kept))
    saying = asyncio.ensure_future(memory.say(an_inbound()))
    await asyncio.wait_for(kept.begun.wait(), 5)
    early = saying.done()

    kept.hold.set()
    receipt = await asyncio.wait_for(saying, 5)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening

    assert early is False
    assert receipt == Receipt(message_id=1)


async def test_what_is_not_kept_is_told_to_the_sender_and_the_next_one_is_heard() -> None:
    memory, kept = Memory(), Kept()
    kept.fail = [NotKeptError("the disk is full")]
    listening = asyncio.ensure_future(memory.listen(kept))

    with pytest.raises(NotKeptError):
        await asyncio.wait_for(memory.say(an_inbound(text="Ett")), 5)
    receipt = await asyncio.wait_for(memory.say(an_inbound(text="Två")), 5)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening

    assert receipt == Receipt(message_id=1)


async def test_a_sender_whose_message_is_in_hand_at_the_end_is_not_confirmed() -> None:
    memory, kept = Memory(), Kept()
    kept.hold = asyncio.Event()
    listening = asyncio.ensure_future(memory.listen(kept))
    saying = asyncio.ensure_future(memory.say(an_inbound()))
    await asyncio.wait_for(kept.begun.wait(), 5)

    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    with suppress(asyncio.CancelledError):
        await listening

    assert kept.mails == []
