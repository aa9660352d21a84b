"""Keeps each message before it is confirmed: many at a time in one commit. Reading them is `judge`'s work."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

from bots.channel import NoRoomError, NotKeptError
from bots.desk.finish import finish
from bots.desk.room import Room
from bots.desk.trouble import reason_of
from bots.meter import SILENT, Meter
from store import inbox
from store.domain import Inbound, Receipt
from store.engine import Store, StoreError

log = logging.getLogger(__name__)

_MOST = 64
_MOST_BYTES = 8 * 2**20
_HOPELESS_AFTER = 3
# Bytes of messages that may wait for the store together. Each door lets in so many, and each may be 25 MB.
_MOST_WAITING = 96 * 2**20


@dataclass(kw_only=True)
class Intake:
    """Group commit: while one group is being written, the next one forms; nobody waits for a timer.

    `receive` may be called before `run` is, but returns only once `run` has committed.
    """

    store: Store
    clock: Callable[[], datetime]
    kept: Callable[[], None]  # called after each commit, in the event loop
    closed: Callable[[], Collection[date]] = tuple  # the municipality's own days off, as they are now
    meter: Meter = SILENT
    room: Room = field(default_factory=Room)
    most_waiting: int = _MOST_WAITING
    _bytes: int = 0
    _waiting: list[tuple[Inbound, asyncio.Future[Receipt]]] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    async def receive(self, inbound: Inbound) -> Receipt:
        """Return when `inbound` is committed; raise `NotKeptError` when it could not be.

        It is refused at once where the disk is nearly full, or so much waits that memory would not hold it.
        """
        if self._closed:
            raise NotKeptError("the intake is closed")
        if not self.room.is_left():
            raise NoRoomError("the disk is nearly full")
        if self._waiting and self._bytes + len(inbound.raw) > self.most_waiting:
            raise NotKeptError("too much waits to be kept")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((inbound, future))
        self._bytes += len(inbound.raw)
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Commit what waits, until cancelled; what is in hand then is finished first."""
        loop = asyncio.get_running_loop()
        self._closed = False
        with ThreadPoolExecutor(1, thread_name_prefix="intake") as writer:
            try:
                while True:
                    await self._arrived.wait()
                    group = self._next_group()
                    outcome = loop.run_in_executor(writer, self._keep, [inbound for inbound, _ in group])
                    await finish(self._settle(group, outcome))
            finally:
                self._closed = True
                for _, future in self._waiting:
                    if not future.done():
                        future.set_exception(NotKeptError("the intake is closing"))
                self._waiting.clear()
                self._bytes = 0

    async def _settle(
        self,
        group: Sequence[tuple[Inbound, asyncio.Future[Receipt]]],
        outcome: asyncio.Future[list[Receipt | StoreError]],
    ) -> None:
        results = await outcome
        if lost := sum(isinstance(result, StoreError) for result in results):
            self.meter.not_kept(lost)
        for (_, future), result in zip(group, results, strict=True):
            if future.done():  # the peer went away; the message is kept all the same
                continue
            if isinstance(result, StoreError):
                failure = NotKeptError("the store could not commit")
                failure.__cause__ = result
                future.set_exception(failure)
            else:
                future.set_result(result)
        self.kept()

    def _next_group(self) -> list[tuple[Inbound, asyncio.Future[Receipt]]]:
        size, count = 0, 0
        for inbound, _ in self._waiting[:_MOST]:
            size += len(inbound.raw)
            if count and size > _MOST_BYTES:
                break
            count += 1
        group, self._waiting[:count] = self._waiting[:count], []
        self._bytes -= sum(len(inbound.raw) for inbound, _ in group)
        if not self._waiting:
            self._arrived.clear()
        return group

    def _keep(self, group: Sequence[Inbound]) -> list[Receipt | StoreError]:
        try:
            return list(self._commit(group))
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            if len(group) == 1:
                because = reason_of(error)
                log.error("not kept: messages=1 because=%s", because)
                return [StoreError(because)]
        # One bad message must not keep the others out: try them one by one.
        results: list[Receipt | StoreError] = []
        failures = 0
        for inbound in group:
            if failures == len(results) >= _HOPELESS_AFTER:
                results.append(StoreError("the store does not answer"))
                failures += 1
                continue
            single = self._keep([inbound])[0]
            failures += isinstance(single, StoreError)
            results.append(single)
        return results

    def _commit(self, group: Sequence[Inbound]) -> list[Receipt]:
        began = time.perf_counter()
        with self.store.write() as transaction:
            receipts = inbox.keep(transaction, group, self.clock(), closed=self.closed())
        self.meter.kept(group, receipts, time.perf_counter() - began)
        return receipts
