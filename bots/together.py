"""Lets a house work as several processes on one database: bells between them, and what only one may do.

The line itself, and why it can be trusted, is in `store.line`; the choice is in docs/decisions/0025.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from bots.desk.finish import finish
from store.alone import OccupiedError
from store.engine import Store, StoreError
from store.line import Line, ring

log = logging.getLogger(__name__)

_TURN = 1.0  # seconds in which a free duty is looked for; a stop waits as long
_AGAIN = 1.0  # seconds, before a broken line is opened anew
# Less than the server waits (store.line): we have let go of what was ours before anybody else begins with it.
_PATIENCE = 10.0
_GATHER = 0.02  # seconds in which the same bell is rung once
_OFTEN = 15.0  # seconds between renewals; the shortest lease is a minute
_HOUSE_AGAIN = 30.0  # seconds, if no bell tells that the organisation has changed


class Part(StrEnum):
    """A part of the house that can be a process of its own."""

    RECEIVE = "receive"
    JUDGE = "judge"
    DELIVER = "deliver"
    WEB = "web"
    WATCH = "watch"


class Bell(StrEnum):
    """What processes tell each other: look now."""

    KEPT = "kept"  # messages wait to be judged
    WRITTEN = "written"  # letters wait to be sent
    CHANGED = "changed"  # people, units or closed days are others


@dataclass
class _Duty:
    """Something that only one process does. `ours` and `lost` are each other's opposite."""

    ours: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(kw_only=True)
class Together:
    """One process among others. Bells may be rung before `run`, and are told when it runs."""

    store: Store
    parts: frozenset[Part]
    bells: Mapping[str, Callable[[], None]] = field(default_factory=dict)  # what each rings here
    turn: float = _TURN
    patience: float = _PATIENCE
    _duties: dict[str, _Duty] = field(default_factory=dict)
    _to_ring: set[str] = field(default_factory=set)
    _rings: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _sure_until: float = 0.0
    is_shut_out: bool = False  # a house alone has taken the database
    line: Line = field(init=False)

    def __post_init__(self) -> None:
        names = " ".join(one for one in Part if one in self.parts)
        self.line = Line(store=self.store, name=f"{names}@{socket.gethostname()[:30]}:{os.getpid()}")

    def ring(self, bell: Bell) -> None:
        """Ring in the other processes. Call it in the event loop."""
        self._to_ring.add(bell)
        self._rings.set()

    def ring_from_thread(self, bell: Bell) -> None:
        """Ring in the other processes, from any thread; before `run` nobody hears it."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ring, bell)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the line until cancelled. Sets `stop` if a house alone has taken the database meanwhile."""
        self._loop = asyncio.get_running_loop()
        # A thread of its own: the line belongs to one, and must not wait behind other work.
        with ThreadPoolExecutor(1, thread_name_prefix="line") as thread:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._tell())
                    group.create_task(self._doubt_ourselves())
                    await self._listen(thread, stop)
            finally:
                self._lose_all()
                thread.submit(self.line.close)

    async def only_one(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` while no other process of the house does, and begin again when it is our turn again.

        It is cancelled when the line is lost. It may still be finishing what is in hand when another begins:
        so it must be such that, done twice, it is done once (docs/decisions/0025).
        """
        duty = self._duties.setdefault(name, _Duty())
        while True:
            await duty.ours.wait()
            log.info("duty begins here: duty=%s", name)
            working = asyncio.ensure_future(work())
            losing = asyncio.ensure_future(duty.lost.wait())
            is_lost = False
            try:
                await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
                is_lost = not working.done()
            finally:
                losing.cancel()
                working.cancel()
                await asyncio.wait({working, losing})
            if not is_lost:
                working.result()
                return
            if not working.cancelled() and (error := working.exception()) is not None:
                log.error("duty ended in a failure: duty=%s because=%s", name, type(error).__name__)
            log.warning("duty ends here, the line to the database is lost: duty=%s", name)

    async def _listen(self, thread: ThreadPoolExecutor, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        is_lost = False
        while True:
            act = partial(self.line.turn, frozenset(self._duties), seconds=self.turn)
            began = loop.time()
            try:
                heard = await finish(_in(thread, act))
            except OccupiedError as error:
                log.error("stops: because=%s", error)
                self.is_shut_out = True
                self._lose_all()
                stop.set()
                await asyncio.Event().wait()  # until we are cancelled, as the whole house is
            except StoreError as error:
                self._lose_all()
                if not is_lost:
                    log.error("line to the database lost: because=%s", error)
                is_lost = True
                await asyncio.sleep(_AGAIN)
                continue
            if is_lost:
                log.info("line to the database is back")
                is_lost = False
            # Counted from before the turn: by then the server had heard nothing newer of us.
            self._sure_until = began + self.turn + self.patience
            self._note(heard.held)
            for bell in self.bells if heard.is_new else heard.bells & set(self.bells):
                self.bells[bell]()

    def _note(self, held: Collection[str]) -> None:
        for name, duty in self._duties.items():
            here, gone = (duty.ours, duty.lost) if name in held else (duty.lost, duty.ours)
            here.set()
            gone.clear()

    def _lose_all(self) -> None:
        self._note(())

    async def _doubt_ourselves(self) -> None:
        """Give up what is ours when the server has not answered: it may think that we are dead."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.5)
            if loop.time() > self._sure_until:
                self._lose_all()

    async def _tell(self) -> None:
        while True:
            await self._rings.wait()
            await asyncio.sleep(_GATHER)
            self._rings.clear()
            bells, self._to_ring = self._to_ring, set()
            try:
                await asyncio.to_thread(ring, self.store, bells)
            except StoreError as error:
                # They look by themselves every few seconds.
                log.debug("bells not rung: because=%s", error)


async def renewed(*acts: Callable[[], None], seconds: float = _OFTEN) -> None:
    """Call what renews claims again and again until cancelled; a store that is away is asked again."""
    while True:
        await asyncio.sleep(seconds)
        for act in acts:
            try:
                await finish(asyncio.to_thread(act))
            except StoreError as error:
                log.error("claims not renewed: because=%s", error)


async def reloaded(load: Callable[[], None], rang: asyncio.Event, *, seconds: float = _HOUSE_AGAIN) -> None:
    """Load the organisation anew when a bell tells that it has changed, and now and then without one."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                await rang.wait()
        except TimeoutError:
            pass
        rang.clear()
        try:
            await finish(asyncio.to_thread(load))
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            log.error("organisation not loaded anew: because=%s", type(error).__name__)


async def _in(thread: ThreadPoolExecutor, act: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(thread, act)
