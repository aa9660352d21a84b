"""Empties one folder of a mailbox into `receive`. What is said to the server stands in `imap_session`."""

import asyncio
import imaplib
import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from bots.channel import ChannelFailure, NotKeptError, Outage, PermanentFailure, Receive
from bots.channels import imap_message
from bots.channels.imap_session import Done, Fetched, Login, Opened, Session

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

# A reply to SEARCH is one line, and imaplib refuses lines over 1 MB: 50 000 UIDs fit.
_WINDOW, _WIDEST = 1_000, 50_000
_SIZES_AT_ONCE = 500
# RFC 2177: a server may hang up on us after 29 minutes of silence.
_IDLE_SECONDS = 28 * 60.0
# A message that fails is asked for whole, then for its header, then only for when it came;
# at last a note takes its place.
_WHOLE_ATTEMPTS, _HEADER_ATTEMPTS, _LAST_ATTEMPTS = 3, 5, 6


class Ledger(Protocol):
    """Remembers how far each folder is imported. Kept in the store; called from our thread."""

    def position(self, account: str, folder: str) -> tuple[int, int]:
        """Return UIDVALIDITY and the highest UID imported, (0, 0) at first."""

    def advance(self, account: str, folder: str, uidvalidity: int, uid: int) -> None:
        """Note that everything up to and including `uid` is committed."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a folder is emptied."""

    account: str
    done: Done
    poll_seconds: float
    idle: bool
    batch: int
    batch_bytes: int
    message_cap: int
    own_domains: tuple[str, ...]
    first_retry_seconds: float
    last_retry_seconds: float


class Folder:
    """One folder, with a connection and a thread of its own, so that no folder waits for another.

    What counts as imported is the ledger and never \\Seen: colleagues read mail too.
    """

    def __init__(
        self,
        *,
        name: str,
        rules: Rules,
        log_in: Callable[[], Awaitable[Login]],
        ledger: Ledger,
        clock: Callable[[], datetime],
        receive: Receive,
    ) -> None:
        self._name = name
        self._rules = rules
        self._log_in = log_in
        self._ledger = ledger
        self._clock = clock
        self._receive = receive
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"imap-{rules.account}")
        self._stopping = asyncio.Event()
        self._abandoned = False
        self._session: Session | None = None
        self._scanned = (0, 0)  # uidvalidity, and the highest UID below which nothing is left to import
        self._attempts: dict[int, int] = {}
        self._failures = 0
        self._served = False
        self.outage: Outage | None = None  # the latest, over or not
        self._marking_fails = False

    async def run(self) -> None:
        """Serve the folder until `stop`. Errors are waited out, never raised."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._serve()
                except Exception as error:  # noqa: BLE001  # an odd server must not silence the folder for good
                    await self._pause(self._note_failure(error))
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """Ask `run` to finish the batch in hand and end."""
        self._stopping.set()
        if self._session is not None:
            self._session.wake()

    def abandon(self) -> None:
        """Break whatever still waits for the network."""
        self._abandoned = True
        if self._session is not None:
            self._session.abort()

    async def _serve(self) -> None:
        login = await asyncio.wait_for(self._log_in(), timeout=60)
        session = await self._call(self._connect, login)
        try:
            while not self._stopping.is_set():
                await self._import_new(session)
                await self._rest(session)
        finally:
            self._session, self._scanned = None, (0, 0)
            await self._call(session.close)

    def _connect(self, login: Login) -> Session:
        session = Session(login)
        if self._abandoned:
            session.close()
            raise NotKeptError
        self._session = session
        return session

    async def _rest(self, session: Session) -> None:
        if self._stopping.is_set():
            return
        if self._rules.idle and await self._call(session.hears_at_once):
            await self._call(session.wait, min(self._rules.poll_seconds, _IDLE_SECONDS))
            return
        await self._pause(self._rules.poll_seconds)

    async def _import_new(self, session: Session) -> None:
        opened = await self._call(session.open, self._name)
        scanned = await self._call(self._start, opened.uidvalidity)
        width = _WINDOW
        while opened.exists and scanned + 1 < opened.uidnext and not self._stopping.is_set():
            last = min(scanned + width, opened.uidnext - 1)
            uids = await self._call(session.uids, scanned + 1, last)
            for some in _slices(uids, _SIZES_AT_ONCE):
                sizes = await self._sizes(session, some)
                for batch in self._batches(sizes):
                    if self._stopping.is_set():
                        return
                    await self._import(session, opened, batch)
            scanned = last
            # UIDs may lie far apart in an old folder; nothing is fetched for the gaps.
            width = _WINDOW if uids else min(width * 2, _WIDEST)
        # RFC 9051 section 2.3.1.1: below UIDNEXT nothing new can come. Remembered for this connection
        # only; the ledger knows what is committed and nothing else.
        self._scanned = (opened.uidvalidity, max(scanned, opened.uidnext - 1))
        self._attempts.clear()
        self._note_success()

    def _start(self, uidvalidity: int) -> int:
        known, highest = self._ledger.position(self._rules.account, self._name)
        if known != uidvalidity:
            if known:
                _log.warning("imap_uidvalidity_changed %s", self._place)
                self._attempts.clear()
            # All numbers are new. Everything is handed over again; the intake knows what it has.
            highest = 0
        seen_validity, seen = self._scanned
        return max(highest, seen) if seen_validity == uidvalidity else highest

    async def _sizes(self, session: Session, uids: Sequence[int]) -> list[tuple[int, int]]:
        # What the server has stumbled on is not asked for in company again, not even for its size.
        trusted = [uid for uid in uids if uid not in self._attempts]
        try:
            sizes = await self._call(session.sizes, trusted) if trusted else {}
        except Exception:
            self._attempts.update(dict.fromkeys(trusted, 0))
            raise
        return [(uid, sizes.get(uid, 0)) for uid in uids]

    def _batches(self, sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
        batch: list[int] = []
        total = 0
        for uid, size in sizes:
            alone = uid in self._attempts or (batch and batch[-1] in self._attempts)
            full = len(batch) == self._rules.batch or total + size > self._rules.batch_bytes
            if batch and (alone or full):
                yield batch
                batch, total = [], 0
            batch.append(uid)
            total += size
        if batch:
            yield batch

    async def _import(self, session: Session, opened: Opened, batch: list[int]) -> None:
        fetched = await self._fetch(session, batch)
        present = [uid for uid in batch if uid in fetched]
        if len(present) < len(batch):
            # Someone moved or deleted them between our two questions.
            _log.info("imap_gone_before_fetch %s count=%d", self._place, len(batch) - len(present))
        inbounds = [
            imap_message.inbound(
                fetched[uid].raw,
                account=self._rules.account,
                external_id=f"{self._name}/{opened.uidvalidity}.{uid}",
                arrived=fetched[uid].arrived,
                now=self._clock(),
                own_domains=self._rules.own_domains,
            )
            for uid in present
        ]
        # All at once, so that they can share one commit.
        answers = await asyncio.gather(*map(self._receive, inbounds), return_exceptions=True)
        failures = [index for index, answer in enumerate(answers) if isinstance(answer, BaseException)]
        kept = present[: failures[0]] if failures else present
        if kept:
            # Only now, and in this order: a crash in between means that they are handed over and
            # marked once more, never that they are forgotten.
            await self._call(self._confirm, session, opened, kept)
        if failures:
            error = answers[failures[0]]
            raise error if isinstance(error, Exception) else NotKeptError()
        self._note_success()

    def _confirm(self, session: Session, opened: Opened, uids: list[int]) -> None:
        try:
            if opened.writable:
                session.mark(uids, self._rules.done)
            self._note_marking(fails=not opened.writable)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            # The mark is for people. It must not hold up the next citizen.
            self._note_marking(fails=True)
        self._ledger.advance(self._rules.account, self._name, opened.uidvalidity, uids[-1])
        for uid in uids:
            self._attempts.pop(uid, None)

    async def _fetch(self, session: Session, batch: list[int]) -> dict[int, Fetched]:
        try:
            if len(batch) == 1:
                return await self._call(self._fetch_one, session, batch[0])
            return await self._call(session.bodies, batch)
        except Exception:
            # One of them may be what the server stumbles on. Next time each is asked for alone,
            # and only one that is alone when it fails gets an attempt noted against it.
            for uid in batch:
                self._attempts[uid] = self._attempts.get(uid, 0) + (len(batch) == 1)
            raise

    def _fetch_one(self, session: Session, uid: int) -> dict[int, Fetched]:
        attempts = self._attempts.get(uid, 0)
        if attempts >= _WHOLE_ATTEMPTS:
            return {uid: self._salvage(session, uid, attempts)}
        size = session.sizes([uid]).get(uid, 0)
        if size <= self._rules.batch_bytes:
            return session.bodies([uid])
        cap = self._rules.message_cap
        # One byte more than we keep tells a cut message from one that just fits; sizes are only claims.
        found = session.body_in_parts(uid, cap=cap + 1)
        if found is None:
            return {}
        if len(found.raw) > cap:
            _log.warning("imap_message_cut %s uid=%d size=%d kept=%d", self._place, uid, size, cap)
            found = replace(found, raw=imap_message.cut(found.raw[:cap], size=size))
        return {uid: found}

    def _salvage(self, session: Session, uid: int, attempts: int) -> Fetched:
        found = Fetched(raw=b"", arrived=None)
        if attempts < _HEADER_ATTEMPTS:
            found = session.header(uid)
        elif attempts < _LAST_ATTEMPTS:
            found = session.arrival(uid)
        _log.warning("imap_message_incomplete %s uid=%d attempts=%d", self._place, uid, attempts)
        return replace(found, raw=imap_message.stand_in(found.raw, folder=self._name, uid=uid))

    async def _call(self, function: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *arguments))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), timeout=seconds)

    @property
    def _place(self) -> str:
        return f"account={self._rules.account} folder={self._name}"

    def _note_failure(self, error: Exception) -> float:
        """Count a failure, log the first of an outage, and say how long to wait."""
        self._failures += 1
        # Servers hang up now and then. It is an outage only when the next try fails as well.
        hung_up = self._failures == 1 and self._served and isinstance(error, OSError | imaplib.IMAP4.abort)
        if not hung_up and not self._is_out and not self._stopping.is_set():
            cause = _cause(error)
            self.outage = Outage(began=self._clock(), because=cause.strip("'\""))
            _log.warning("imap_outage_begins %s cause=%s", self._place, cause)
        if isinstance(error, PermanentFailure):
            # A wrong password tried in haste locks the account.
            return self._rules.last_retry_seconds
        grown = self._rules.first_retry_seconds * 2.0 ** min(self._failures - 1, 20)
        spread = random.uniform(0.5, 1.0)  # noqa: S311  # spreads retries, guards nothing
        return min(grown, self._rules.last_retry_seconds) * spread

    def _note_success(self) -> None:
        self._failures, self._served = 0, True
        if self.outage is not None and self._is_out:
            now = self._clock()
            lasted = (now - self.outage.began).total_seconds()
            self.outage = self.outage.over(now)
            _log.warning("imap_outage_ends %s seconds=%d", self._place, lasted)

    @property
    def _is_out(self) -> bool:
        return self.outage is not None and self.outage.ended is None

    def _note_marking(self, *, fails: bool) -> None:
        if fails and not self._marking_fails:
            _log.warning("imap_marking_fails %s done=%s", self._place, self._rules.done.act)
        if self._marking_fails and not fails:
            _log.warning("imap_marking_works %s", self._place)
        self._marking_fails = fails


def _cause(error: Exception) -> str:
    # Our own failures are worded without personal data. A server may put an address in its words.
    return f"{str(error)!r}" if isinstance(error, ChannelFailure) else type(error).__name__


def _slices(uids: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), length):
        yield uids[start : start + length]
