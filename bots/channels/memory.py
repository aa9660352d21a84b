"""A channel in memory, for trying out the desk: what is sent stays in a list, and it fails when told to.

It is never set up by a configuration.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from bots.channel import Capabilities, ChannelFailure, NotKeptError, Receive
from store.domain import Inbound, Outgoing, Receipt


@dataclass(kw_only=True)
class Memory:
    """Keeps every letter in `letters`, also one that it gets twice: it is not idempotent.

    `failures` happen once each, in order, to the next letters. `refused` maps places to the failure that
    letters to them always meet. While `down` is set, nothing goes in or out.
    """

    name: str = "memory"
    capabilities: Capabilities = field(default_factory=Capabilities)
    letters: list[Outgoing] = field(default_factory=list)
    failures: deque[ChannelFailure] = field(default_factory=deque)
    refused: dict[str, ChannelFailure] = field(default_factory=dict)
    down: ChannelFailure | None = None
    _said: asyncio.Queue[tuple[Inbound, asyncio.Future[Receipt]]] = field(default_factory=asyncio.Queue)

    async def check(self) -> list[str]:
        """Tell that there is nothing to prove, or raise what the channel is down with."""
        if self.down is not None:
            raise self.down
        return [f"{self.name}: i minnet"]

    async def listen(self, receive: Receive) -> None:
        """Hand on what `say` is given until cancelled; only then does `say` return."""
        while True:
            if self.down is not None:
                raise self.down
            inbound, confirmed = await self._said.get()
            try:
                receipt = await receive(inbound)
            except NotKeptError as refused:
                _settle(confirmed, refused)
            except asyncio.CancelledError:
                confirmed.cancel()
                raise
            else:
                _settle(confirmed, receipt)

    async def say(self, inbound: Inbound) -> Receipt:
        """Say something to the house, as a sender; return when it is confirmed or raise `NotKeptError`."""
        confirmed: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._said.put_nowait((inbound, confirmed))
        return await confirmed

    async def send(self, letter: Outgoing) -> str:
        """Keep a letter and return its place in the list, or raise the failure that was ordered."""
        await asyncio.sleep(0)
        if self.down is not None:
            raise self.down
        if letter.recipient.handle in self.refused:
            raise self.refused[letter.recipient.handle]
        if self.failures:
            raise self.failures.popleft()
        self.letters.append(letter)
        return f"{self.name}-{len(self.letters)}"


def _settle(confirmed: asyncio.Future[Receipt], outcome: Receipt | NotKeptError) -> None:
    if confirmed.done():  # the sender has gone away
        return
    if isinstance(outcome, NotKeptError):
        confirmed.set_exception(outcome)
    else:
        confirmed.set_result(outcome)
