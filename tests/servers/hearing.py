"""A channel that listens in a test, and what it hands on."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bots.channel import Channel, Receive
from bots.channels.smtp import Smtp
from store.domain import Inbound, Receipt


class Kept:
    """Takes what a channel hands on. `fail` holds what goes wrong, first things first."""

    def __init__(self) -> None:
        self.mails: list[Inbound] = []
        self.fail: list[Exception] = []
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self._news = asyncio.Event()

    async def __call__(self, inbound: Inbound) -> Receipt:
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.fail:
            raise self.fail.pop(0)
        self.mails.append(inbound)
        self._news.set()
        return Receipt(message_id=len(self.mails))

    async def has(self, count: int, *, within: float = 60) -> None:
        """Return when `count` mails have come; fail when the time is up."""
        async with asyncio.timeout(within):
            while len(self.mails) < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listening(channel: Smtp, receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """Let the channel listen for as long as the block lasts."""
    task = asyncio.create_task(channel.listen(receive))
    await asyncio.wait_for(channel.ready.wait(), 5)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def reading(channel: Channel, receive: Receive) -> AsyncIterator[None]:
    """Let a channel that opens no door, such as IMAP, listen for as long as the block lasts."""
    task = asyncio.ensure_future(channel.listen(receive))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=12)
    assert task.cancelled()


async def until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait for something to come true; fail when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)
