"""Reads what was kept, asks the classifier and opens the cases, many at a time in one transaction."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bots.desk.again import Again
from bots.desk.cases import CaseWork
from bots.desk.finish import finish
from bots.desk.heard import Heard, from_given, from_mail, unreadable
from bots.desk.opinion import Opinion
from bots.desk.trouble import reason_of
from bots.mail.reading import ReadMail, TrustedFront
from bots.mail.worker import Job
from bots.meter import SILENT, Meter
from store import inbox, second_looks
from store.domain import Suggestion
from store.engine import Store, StoreAwayError

log = logging.getLogger(__name__)

_GROUP = 64
_GROUP_BYTES = 8 * 2**20
_LEASE = timedelta(minutes=1)
_MOST_ATTEMPTS = 3
_LOOK_AGAIN = 5.0


class MailReader(Protocol):
    """Reads mail somewhere where a hostile one can do no harm."""

    def read_many(self, jobs: Sequence[Job]) -> list[ReadMail]:
        """Read mails, in order; never raises for what a mail holds."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What reading must know that no mail tells: our addresses, our web forms, and the server before us."""

    own: tuple[str, ...]
    form_senders: tuple[str, ...] = ()
    trusted: TrustedFront | None = None


@dataclass(kw_only=True)
class Judge:
    """The second step of a message's way. A message that breaks it opens a case for the registrator."""

    store: Store
    clock: Callable[[], datetime]
    reader: MailReader
    surroundings: Surroundings
    opinion: Opinion
    work: CaseWork
    judged: Callable[[], None]  # called in the event loop when letters may have been written
    meter: Meter = SILENT
    again: Again | None = None  # has looked at again what was judged in haste, between the groups
    _crowd: int = 0  # messages that waited when the last group was taken, as far as they were counted
    _rang: asyncio.Event = field(default_factory=asyncio.Event)
    _in_hand: tuple[int, ...] = ()
    _innocent: set[int] = field(default_factory=set)  # messages whose last attempt the store is to blame for

    def ring(self) -> None:
        """Tell that a message has been kept. Call it in the event loop."""
        self._rang.set()

    async def run(self) -> None:
        """Judge what is kept until cancelled; a group in hand is finished first."""
        # The reader starts its process at the first mail. Let it do so before one is in hand: whoever is
        # in hand when the power goes is suspected.
        with suppress(Exception):  # if it can not start now, the loop below will tell
            await finish(asyncio.to_thread(self.reader.read_many, [Job(raw=b"")]))
        while True:
            self._rang.clear()
            try:
                while await finish(asyncio.to_thread(self.round)):
                    self.judged()
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                log.error("messages wait: because=%s", reason_of(error))
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._rang.wait()
            except TimeoutError:
                continue

    def round(self) -> int:
        """Judge one group, and look again at a few when no storm is on; count both. Blocking."""
        judged = self.once()
        is_calm = self._crowd < self.opinion.storm  # not by the group: a few large mails fill one
        looked = self.again.once(is_calm=is_calm) if self.again is not None else 0
        return judged + looked

    def once(self) -> int:
        """Judge one group and return how many messages got their case. Blocking."""
        try:
            return self._once()
        finally:
            self._in_hand = ()

    def renew(self) -> None:
        """Let other judges know that we still have our group in hand. Blocking; several times a minute."""
        if in_hand := self._in_hand:
            with self.store.write() as transaction:
                inbox.renew(transaction, in_hand, now=self.clock(), lease=_LEASE)

    def _once(self) -> int:
        with self.store.write() as transaction:
            if self._innocent:
                inbox.spare(transaction, self._innocent)
            rows: list[Mapping[str, Any]] = inbox.claim(
                transaction, now=self.clock(), limit=_GROUP, max_bytes=_GROUP_BYTES, lease=_LEASE
            )
            waiting = second_looks.unread(transaction, most=self.opinion.most_in_calm)
        self._crowd = waiting
        self._innocent.clear()
        self._in_hand = tuple(row["id"] for row in rows)
        heard = self._read(rows)
        # Whoever was in hand so often is taken alone (`claim`), and once more without an opinion of it.
        is_suspect = any(row["attempts"] > _MOST_ATTEMPTS for row in rows)
        began = time.perf_counter()
        suggestions = self._suggestions(heard, is_suspect=is_suspect, waiting=waiting)
        if heard:
            ids = [one.message_id for one in heard]
            self.meter.judged(ids, suggestions, time.perf_counter() - began)
        return self._settle(list(zip(heard, suggestions, strict=True)))

    def _read(self, rows: Sequence[Mapping[str, Any]]) -> list[Heard]:
        mails = [row for row in rows if row["media_type"] == inbox.MAIL and row["attempts"] <= _MOST_ATTEMPTS]
        found = self.reader.read_many([self._job(row) for row in mails])
        read = {row["id"]: mail for row, mail in zip(mails, found, strict=True)}
        heard = []
        for row in rows:
            if row["id"] in read:
                heard.append(from_mail(row, read[row["id"]]))
            elif row["media_type"] == inbox.MAIL or row["attempts"] > 2 * _MOST_ATTEMPTS:
                heard.append(unreadable(row))
            else:
                heard.append(from_given(row))
        return heard

    def _suggestions(
        self, heard: Sequence[Heard], *, is_suspect: bool, waiting: int
    ) -> list[Suggestion | None]:
        if is_suspect:
            return [None] * len(heard)
        return self.opinion.of(self._texts(heard), waiting=waiting)

    def _texts(self, heard: Sequence[Heard]) -> list[str]:
        if not heard:
            return []
        with self.store.read() as transaction:
            return [self.work.for_classifier(transaction, one) for one in heard]

    def _job(self, row: Mapping[str, Any]) -> Job:
        return Job(
            raw=row["data"],
            own=self.surroundings.own,
            envelope_from=row["envelope_from"],
            form_senders=self.surroundings.form_senders,
            trusted=self.surroundings.trusted,
        )

    def _settle(self, group: list[tuple[Heard, Suggestion | None]]) -> int:
        if not group:
            return 0
        began = time.perf_counter()
        try:
            with self.store.write() as transaction:
                for heard, suggestion in group:
                    self.work.settle(transaction, heard, suggestion)
        except StoreAwayError as error:
            # A full disk is nobody's fault: else a few tries later all would pass for unreadable.
            self._innocent.update(heard.message_id for heard, _ in group)
            log.error("messages wait: because=%s", error)
            return 0
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            if len(group) > 1:
                return sum(self._settle([one]) for one in group)
            # Its claim runs out, and it is tried again; the last try reads nothing and so can not fail on it.
            log.error("not judged: message=%d because=%s", group[0][0].message_id, reason_of(error))
            return 0
        ids = [heard.message_id for heard, _ in group]
        self.meter.given(ids, time.perf_counter() - began)
        return len(group)
