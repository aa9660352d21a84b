"""Empties the outbox through the channels; tries again, gives up aloud. `letters` writes what is sent."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bots.channel import (
    Capabilities,
    Channel,
    ChannelFailure,
    Form,
    NotKeptError,
    Outage,
    PermanentFailure,
    Receive,
    Rereads,
    Sent,
    TemporaryFailure,
)
from bots.desk.finish import finish
from bots.desk.rest import Rest
from bots.desk.trouble import place_of, reason_of, without_addresses
from bots.meter import SILENT, Meter
from store import outbox
from store.domain import LetterState, Outgoing
from store.engine import Store, StoreAwayError, Transaction
from store.inbox import clean

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Changed:
    """The message that a letter answers is no longer as whoever wrote the letter saw it."""


Outcome = Sent | TemporaryFailure | PermanentFailure | _Changed

_IN_HAND = 4
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(hours=1)
_LOOK_AGAIN = 5.0
_LOOK_FOR_DEAD = outbox.LEASE.total_seconds() / 4


@dataclass(kw_only=True)
class Delivery:
    """Sends what waits. Few letters are in hand at a time, since those are in doubt if the power goes."""

    store: Store
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    failed: Callable[[Transaction, Outgoing], None]  # tells whoever must know, in the same transaction
    arrived: Callable[[Transaction, Outgoing], None] = lambda _transaction, _letter: None  # likewise
    capabilities: Mapping[str, Capabilities] = field(default_factory=dict)  # of each road
    receive: Receive | None = None  # takes what is found changed when it is looked at again before an answer
    give_up_after: timedelta = timedelta(days=2)
    in_hand: int = _IN_HAND
    rest: Rest = field(default_factory=Rest)
    shared: bool = False  # other processes send from the same outbox; somebody calls `renew` meanwhile
    meter: Meter = SILENT
    loop: asyncio.AbstractEventLoop | None = None  # set while running, for those who ring from a thread
    _rang: asyncio.Event = field(default_factory=asyncio.Event)
    _unnoted: list[tuple[Outgoing, Outcome]] = field(default_factory=list)
    _ours: dict[int, Outgoing] = field(default_factory=dict)  # taken, and not noted yet
    _noting: asyncio.Lock = field(default_factory=asyncio.Lock)
    outages: dict[str, Outage] = field(default_factory=dict)  # of each channel the latest, over or not
    _random: random.Random = field(default_factory=random.Random)

    def ring(self) -> None:
        """Tell that there may be a letter to send. Call it in the event loop."""
        self._rang.set()

    async def run(self) -> None:
        """Send until cancelled; a letter in hand is finished first. Only one process, unless `shared`."""
        self.loop = asyncio.get_running_loop()
        doubt_at = self.loop.time()
        while True:
            self._rang.clear()
            try:
                # Before the first letter is taken. Alone never again: from then on, those being sent are
                # ours. With others now and then: whoever let a lease run out is dead.
                if self.loop.time() >= doubt_at:
                    await finish(asyncio.to_thread(self._doubt))
                    doubt_at = self.loop.time() + (_LOOK_FOR_DEAD if self.shared else float("inf"))
                while await finish(self.once()):
                    pass
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                log.error("letters wait: because=%s", reason_of(error))
            await self._wait()

    async def once(self) -> int:
        """Send what may be tried now, up to a handful, and return how many were tried."""
        # What became of letters while the store was away comes first: only we know it.
        await self._note_all()
        taken_at = self.clock()
        letters = await asyncio.to_thread(self._take)
        self._ours.update({letter.id: letter for letter in letters})
        if self.shared and self.clock() - taken_at > outbox.LEASE:
            # We stood still for so long that others may have these in doubt by now: nothing of them is sent.
            late = TemporaryFailure("det dröjde för länge innan brevet kunde sändas")
            self._unnoted.extend((letter, late) for letter in letters)
            return len(letters)
        tries = (self._send_and_note(letter) for letter in letters)
        # All are waited for, even when one could not be noted: nobody else would finish those in hand.
        ended = await asyncio.gather(*tries, return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return len(letters)

    async def _send_and_note(self, letter: Outgoing) -> None:
        """Note each outcome as soon as it is known: until then the letter is in doubt if the power goes."""
        began = time.perf_counter()
        outcome = await self._send(letter)
        took = time.perf_counter() - began
        self._unnoted.append((letter, outcome))
        await self._note_all()
        self.meter.tried(letter, _word_for(outcome), took)

    def renew(self) -> None:
        """Let others know that we still have our letters in hand. Blocking; far more often than the lease."""
        if self._ours:
            with self.store.write() as transaction:
                outbox.renew(transaction, list(self._ours.values()), now=self.clock())

    async def _note_all(self) -> None:
        async with self._noting:  # two who note at once would each strike out the other's
            if self._unnoted:  # whoever came first may have noted ours as well
                await asyncio.to_thread(self._note)

    async def _send(self, letter: Outgoing) -> Outcome:
        channel = self.channels[letter.recipient.channel]
        if await self._has_changed(letter, channel):
            return _Changed()
        try:
            taken = await channel.send(letter)
        except (TemporaryFailure, PermanentFailure) as failure:
            self._note_road(letter, failure)
            if isinstance(failure, TemporaryFailure) and not self._is_lost(channel.name):
                because = without_addresses(str(failure))
                self.outages[channel.name] = Outage(began=self.clock(), because=because)
                log.warning("channel lost: channel=%s because=%s", channel.name, because)
            return failure
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            log.error("channel broke its promise: channel=%s because=%s", channel.name, place_of(error))
            return TemporaryFailure(f"Kanalen gick sönder ({type(error).__name__}).", in_doubt=True)
        self.rest.worked(letter.recipient.channel)
        if self._is_lost(channel.name):
            self.outages[channel.name] = self.outages[channel.name].over(self.clock())
            log.info("channel back: channel=%s", channel.name)
        return taken if isinstance(taken, Sent) else Sent(service_id=taken)

    async def _has_changed(self, letter: Outgoing, channel: Channel) -> bool:
        """Look again at what a human answers, where the service tells of no changes; keep what is new."""
        if self.receive is None or not letter.is_by_human or not letter.in_reply_to:
            return False
        if not isinstance(channel, Rereads):
            return False
        try:
            found = await channel.reread(letter.in_reply_to)
            return found is not None and not (await self.receive(found)).duplicate
        except (ChannelFailure, NotKeptError) as failure:
            # It is better answered as it was than not at all.
            log.warning("not looked at again: letter=%d because=%s", letter.id, reason_of(failure))
            return False

    def _note_road(self, letter: Outgoing, failure: ChannelFailure) -> None:
        if isinstance(failure, TemporaryFailure):
            self.rest.failed(letter.recipient.channel, self.clock())
        else:
            self.rest.worked(letter.recipient.channel)

    def _is_lost(self, name: str) -> bool:
        return name in self.outages and self.outages[name].ended is None

    def _take(self) -> list[Outgoing]:
        with self.store.write() as transaction:
            return outbox.take(
                transaction,
                now=self.clock(),
                limit=self.in_hand,
                channels=self.rest.awake(self.channels, self.clock()),
                in_order=self._in_order(),
            )

    def _in_order(self) -> list[str]:
        """List the roads on which letters are read as they come: a mail has its date and its thread."""
        return [road for road, can in self.capabilities.items() if can.form is not Form.MAIL]

    def _idempotent(self) -> list[str]:
        """List the roads on which the same letter twice is one."""
        return [road for road, can in self.capabilities.items() if can.idempotent_send]

    def _doubt(self) -> None:
        with self.store.write() as transaction:
            doubtful = outbox.doubt(
                transaction, now=self.clock(), but=self._idempotent(), only_overdue=self.shared
            )
        if doubtful:
            since = "their sender died" if self.shared else "the last run"
            log.warning("letters in doubt since %s: count=%d", since, doubtful)

    def _note(self) -> None:
        while self._unnoted:
            group = list(self._unnoted)
            is_noted = len(group) > 1 and self._note_together(group)
            for letter, outcome in group:
                if not is_noted:
                    self._note_one(letter, outcome)
                self._ours.pop(letter.id, None)
                del self._unnoted[0]

    def _note_together(self, group: Sequence[tuple[Outgoing, Outcome]]) -> bool:
        """Note all that is known in one commit; False, and nothing noted, if one of them can not be."""
        try:
            with self.store.write() as transaction:
                for letter, outcome in group:
                    self._settle(transaction, letter, outcome, failed=self.failed, arrived=self.arrived)
        except StoreAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            log.info("noted one by one: letters=%d because=%s", len(group), reason_of(error))
            return False
        return True

    def _note_one(self, letter: Outgoing, outcome: Outcome) -> None:
        try:
            with self.store.write() as transaction:
                self._settle(transaction, letter, outcome, failed=self.failed, arrived=self.arrived)
        except StoreAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            log.error("not noted at once: letter=%d because=%s", letter.id, reason_of(error))
            # What became of the letter must be known, even if telling of it is what fails.
            with self.store.write() as transaction:
                self._settle(transaction, letter, outcome, failed=_tell_nobody, arrived=_tell_nobody)

    def _settle(
        self,
        transaction: Transaction,
        letter: Outgoing,
        outcome: Outcome,
        *,
        failed: Callable[[Transaction, Outgoing], None],
        arrived: Callable[[Transaction, Outgoing], None],
    ) -> None:
        now = self.clock()
        if isinstance(outcome, Sent):
            id_there, begun = clean(outcome.service_id), clean(outcome.conversation)
            outbox.sent(transaction, letter, id_there, now=now, conversation=begun)
            arrived(transaction, letter)
            return
        if isinstance(outcome, _Changed):
            # The handler is told of the change when it is read.
            because = (
                "Avsändaren har ändrat eller tagit bort det som brevet svarar på. Läs det, och sänd sedan."
            )
            outbox.give_up(transaction, letter, LetterState.HELD, because=because, now=now)
            return
        because = without_addresses(clean(str(outcome)))
        too_old = letter.created_at is not None and now - letter.created_at > self.give_up_after
        is_once = letter.recipient.channel in self._idempotent()
        if isinstance(outcome, TemporaryFailure) and outcome.in_doubt and not is_once:
            # The service may have taken it: a second letter would be worse than a question to a human.
            outbox.give_up(transaction, letter, LetterState.UNKNOWN, because=because, now=now)
        elif isinstance(outcome, PermanentFailure) or too_old:
            if outbox.give_up(transaction, letter, LetterState.FAILED, because=because, now=now):
                failed(transaction, letter)
        else:
            asked = outcome.again_after or timedelta(0)
            until = now + max(self._pause(letter.attempts), asked)
            outbox.postpone(transaction, letter, until=until, because=because)

    def _pause(self, attempts: int) -> timedelta:
        """Return how long to wait: doubling, at most an hour, with jitter so that not all come at once."""
        doubled = _FIRST_WAIT * int(2 ** min(max(attempts - 1, 0), 10))
        return min(doubled, _LONGEST_WAIT) * self._random.uniform(0.8, 1.2)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._rang.wait()
        except TimeoutError:
            return


def _word_for(outcome: Outcome) -> str:
    """Return what `Meter.tried` calls an outcome."""
    if isinstance(outcome, Sent):
        return "sent"
    if isinstance(outcome, TemporaryFailure):
        return "doubt" if outcome.in_doubt else "again"
    return "held" if isinstance(outcome, _Changed) else "failed"


def _tell_nobody(_transaction: Transaction, _letter: Outgoing) -> None:
    """Stand in for the one who is told what became of a letter."""
