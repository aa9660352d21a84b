"""Has what was read looked through for viruses, when there is time: no message and no case waits for it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bots.channel import Outage
from bots.desk.finish import finish
from bots.desk.trouble import reason_of
from bots.wire.clamd import ScannerAwayError, TooLargeError
from store import inbox, journal, scans
from store.domain import Entry, ScanState
from store.engine import Row, Store, Transaction

log = logging.getLogger(__name__)

FOUND, REFUSED = "skadlig fil funnen", "skadlig fil nekad"  # in the journal
_IN_HAND = 5
_LOOK_AGAIN = 5.0
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


class Tell(Protocol):
    """Whoever tells staff of what was found, in the transaction in which it is kept."""

    def __call__(
        self,
        transaction: Transaction,
        *,
        message_id: int,
        case_id: int | None,
        names: Sequence[str],
        now: datetime,
    ) -> None:
        """Tell of a message; called once for each."""


class Scanner(Protocol):
    """Whoever looks bytes through."""

    async def scan(self, data: bytes) -> str:
        """Name what is in some bytes, or return an empty text; raise as `Clamd.scan` does."""

    async def version(self) -> str:
        """Tell that it is there; raise `ScannerAwayError`."""


async def look_through(scanner: Scanner, data: bytes) -> str | None:
    """Name what is in some bytes; an empty text for nothing, and None where the scanner does not tell."""
    try:
        return await scanner.scan(data)
    except (ScannerAwayError, TooLargeError):
        return None


@dataclass(kw_only=True)
class Scanning:
    """Looks through each message as a whole, and each of its files, as they came."""

    store: Store
    scanner: Scanner
    file_of: Callable[[str, bytes, int], bytes]  # of a message's media type and bytes: its file by number
    clock: Callable[[], datetime]
    tell: Tell
    told: Callable[[], None] = lambda: None  # letters wait; called in the event loop
    outage: Outage | None = None  # the latest, over or not

    async def run(self) -> None:
        """Look through what waits until cancelled; while the scanner is away everything waits."""
        while True:
            try:
                while await self.once():
                    pass
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                log.error("messages wait for the scanner: because=%s", reason_of(error))
            await asyncio.sleep(_LOOK_AGAIN)

    async def once(self) -> int:
        """Look through a handful, and return how many were settled."""
        settled = 0
        for row in await asyncio.to_thread(self._due):
            try:
                state, found = await self._look(row)
            except ScannerAwayError as error:
                if not await self._answers():
                    self._away(str(error))
                    return 0
                # It is well, but for this message: the others go first.
                await finish(asyncio.to_thread(self._put_off, row))
                continue
            self._back()
            await finish(asyncio.to_thread(self._settle, row, state, found))
            if found:
                self.told()
            settled += 1
        return settled

    async def prove(self) -> str:
        """Say whether the scanner answers, in a line for the operator; `outage` tells which it was."""
        try:
            return f"virusgranskaren svarar ({await self.scanner.version()})"
        except ScannerAwayError as error:
            self._away(str(error))
            return (
                f"tabell [clamav], nyckel address: {error}. Kontrollera att clamd är igång och att tjänsten "
                "får ansluta. Till dess är bilagor märkta som ännu inte granskade."
            )

    async def _look(self, row: Row) -> tuple[ScanState, list[tuple[int, str]]]:
        data = await asyncio.to_thread(self._raw, row["id"])
        if data is None:
            return ScanState.IMPOSSIBLE, []
        found: list[tuple[int, str]] = []
        state = ScanState.CLEAN
        for part in range(scans.WHOLE, len(row["attachments"])):
            try:
                bytes_of = (
                    data
                    if part == scans.WHOLE
                    else await asyncio.to_thread(self.file_of, row["media_type"], data, part)
                )
                if name := await self.scanner.scan(bytes_of):
                    found.append((part, name))
            except TooLargeError:
                state = ScanState.IMPOSSIBLE
        return (ScanState.FOUND if found else state), found

    async def _answers(self) -> bool:
        try:
            await self.scanner.version()
        except ScannerAwayError:
            return False
        return True

    def _due(self) -> list[Row]:
        with self.store.read() as transaction:
            return list(scans.due(transaction, now=self.clock(), limit=_IN_HAND))

    def _raw(self, message_id: int) -> bytes | None:
        with self.store.read() as transaction:
            return inbox.raw(transaction, message_id)

    def _settle(self, row: Row, state: ScanState, found: list[tuple[int, str]]) -> None:
        now = self.clock()
        with self.store.write() as transaction:
            if not scans.settle(transaction, row["id"], state, found=found, now=now) or not found:
                return
            names = [inbox.clean(one) for one in dict.fromkeys(name for _, name in found)]
            entry = Entry(
                actor="synpunkt",
                act=FOUND,
                case_id=row["case_id"],
                message_id=row["id"],
                details={"fynd": ", ".join(names)},
            )
            journal.write(transaction, now, entry)
            self.tell(transaction, message_id=row["id"], case_id=row["case_id"], names=names, now=now)
        log.warning("malware found: message=%d", row["id"])

    def _put_off(self, row: Row) -> None:
        with self.store.write() as transaction:
            doubled = _FIRST_WAIT * int(2 ** min(row["tries"], 10))
            scans.put_off(transaction, row["id"], until=self.clock() + min(doubled, _LONGEST_WAIT))

    def _away(self, because: str) -> None:
        if self.outage is None or self.outage.ended is not None:
            self.outage = Outage(began=self.clock(), because=because)
            log.error("scanner lost: because=%s", because)

    def _back(self) -> None:
        if self.outage is not None and self.outage.ended is None:
            self.outage = self.outage.over(self.clock())
            log.info("scanner back")
