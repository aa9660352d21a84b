"""A world of one service: the service as its rig has it, our house, and the channel between them."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bots.channel import Channel, ChannelFailure, Closing, Given, Hooked, NotKeptError
from bots.web.hooks import Hooks
from store.domain import (
    Event,
    Inbound,
    Outcome,
    Purpose,
    Receipt,
)
from store.engine import Row, Store
from store.positions import Positions
from tests.bots.channels import rigs
from tests.bots.channels.rig import Can, Rig
from tests.house import NOW, Clock, House, open_house

RIGS: list[Callable[[], Rig]] = [
    make
    for module in pkgutil.iter_modules(rigs.__path__)
    for make in getattr(importlib.import_module(f"{rigs.__name__}.{module.name}"), "RIGS", ())
]
TEXT = "Gungan i parken är trasig sedan två veckor, snälla laga den."
_PATIENCE = 10.0
_SECRETS = {"env:GEMENSAM": "hemlighet-for-tester-0123456789"}


def name_of(make: Callable[[], Rig]) -> str:
    """Name a rig for the list of tests: its channel, and its road where that has another name."""
    rig = make()
    return rig.name if rig.name == rig.road else f"{rig.name}-{rig.road}"


def over(*abilities: Can, far: bool = False) -> pytest.MarkDecorator:
    """Run a test over every service that has these abilities; docs/channels.md says what each has not.

    With `far` it is not run where nothing lies between the sender and us. One worker runs all that needs the
    Matrix server: it takes seconds to start.
    """
    able = [make for make in RIGS if set(abilities) <= (can := make().can) and not (far and Can.OURS in can)]
    return pytest.mark.parametrize("make_rig", [_marked(make) for make in able])


def _marked(make: Callable[[], Rig]) -> Any:
    marks = (pytest.mark.slow, pytest.mark.xdist_group("matrix")) if make().name == "matrix" else ()
    return pytest.param(make, marks=marks, id=name_of(make))


@dataclass(kw_only=True)
class World:
    """One service, our house, and the channel between them."""

    rig: Rig
    store: Store
    clock: Clock = field(default_factory=Clock)
    refuses: int = 0  # how many messages the store will not keep
    channel: Channel = field(init=False)
    house: House = field(init=False)
    failures: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        given = Given(
            clock=self.clock,
            secret=lambda reference: _SECRETS.get(reference, "hemlighet-for-tester-0123456789"),
            places=Positions(self.store),
            public_url="https://tycktill.lillkommun.example",
            service_name="Tyck till",
        )
        self.channel = self.rig.channel(given)
        self.house = open_house(self.store, clock=self.clock, others=[self.channel])
        self._tasks = [
            asyncio.ensure_future(self.house.intake.run()),
            asyncio.ensure_future(self._listen()),
        ]
        if isinstance(self.channel, Hooked):
            hooks = Hooks(channels={self.channel.name: self.channel}, receive=self.receive)
            transport = httpx.ASGITransport(app=Starlette(routes=hooks.routes()))
            self.rig.ours = httpx.AsyncClient(
                transport=transport, base_url="https://tycktill.lillkommun.example"
            )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self.rig.ours is not None:
            await self.rig.ours.aclose()
            self.rig.ours = None
        if isinstance(self.channel, Closing):
            await self.channel.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.refuses > 0:
            self.refuses -= 1
            raise NotKeptError("the store is away")
        return await self.house.intake.receive(inbound)

    async def _listen(self) -> None:
        while True:
            try:
                await self.channel.listen(self.receive)
                return
            except ChannelFailure as failure:
                self.failures.append(str(failure))
            await asyncio.sleep(0.05)

    def messages(self, event: Event = Event.NEW) -> list[Row]:
        return [row for row in self.house.messages() if row["event"] == event]

    async def kept(self, count: int = 1, event: Event = Event.NEW) -> list[Row]:
        """Wait until so many messages are kept; more is a fault."""
        await until(lambda: len(self.messages(event)) >= count)
        return self.messages(event)

    async def work(self) -> None:
        """Read what is kept, and send what waits."""
        await asyncio.to_thread(self.house.judge)
        await self.house.deliver()

    async def opened(self, text: str = TEXT) -> Row:
        """Let a message become a case that is acknowledged; return the case."""
        await self.rig.say(text)
        await self.kept()
        await self.work()
        return self.house.case()

    def answer(self, text: str = "Gungan är lagad nu. Tack för att du sa till.") -> None:
        case = self.house.case()
        self.house.acts.answer(
            case["id"], text, Outcome.DONE, measure="lagad", by=case["handler"], version=case["version"]
        )

    def texts(self) -> list[str]:
        return [one.text for one in self.rig.letters()]

    def letters(self, purpose: Purpose) -> list[Row]:
        return self.house.outbox(purpose=purpose)


@asynccontextmanager
async def started(world: World) -> AsyncIterator[World]:
    """Start service, house and channel, and stop them again."""
    await world.rig.open(NOW)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()
        world.house.opinion.close()
        await world.rig.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait until something holds; fail when it takes too long."""
    async with asyncio.timeout(_PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell here
            await asyncio.sleep(0.02)
