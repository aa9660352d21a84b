"""Imports a large backlog from a real Dovecot and prints speed and memory.

Run it by hand: `python -m tests.bench.imap_backlog [count] [kilobytes each]`.
"""

import asyncio
import contextlib
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from bots.channels.imap import Imap
from store.domain import Inbound, Receipt
from tests.servers.dovecot import Dovecot, dovecot

_MAILBOX = "synpunkt@lillkommun.example"
_PAGE = 4096


class Counter:
    """Counts what comes and keeps nothing; the ledger at the same time."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.count = 0
        self.uid = (0, 0)
        self.finished = threading.Event()
        self.began = time.monotonic()

    def position(self, account: str, folder: str) -> tuple[int, int]:  # noqa: ARG002  # there is only one
        """Return how far we are."""
        return self.uid

    def advance(self, account: str, folder: str, uidvalidity: int, uid: int) -> None:  # noqa: ARG002  # likewise
        """Note how far we are."""
        self.uid = (uidvalidity, uid)
        if uid >= self.total:
            self.finished.set()

    async def __call__(self, inbound: Inbound) -> Receipt:  # noqa: ARG002  # only counted
        """Take one message."""
        self.count += 1
        if self.count in (1, self.total // 2, self.total):
            print(f"{self.count:>7} mails  {time.monotonic() - self.began:6.1f} s  {_resident():6.1f} MB")
        return Receipt(message_id=self.count)


def main() -> None:
    """Fill a mailbox and import it."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    kilobytes = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    with dovecot() as server:
        mail = b"From: kim@example.org\r\nSubject: hej\r\n\r\n" + (b"x" * 62 + b"\r\n") * (16 * kilobytes)
        server.drop(_MAILBOX, [mail] * total)
        counter = Counter(total)
        print(f"before: {_resident():.1f} MB")
        asyncio.run(_import(server, counter))
        seconds = time.monotonic() - counter.began
        print(f"after: {_resident():.1f} MB, {counter.count} mails, {total / seconds:.0f} mails/s")


async def _import(server: Dovecot, counter: Counter) -> None:
    channel = Imap(
        account="bench",
        host="127.0.0.1",
        port=server.imap_port,
        security="none",
        username=_MAILBOX,
        password=server.password,
        ledger=counter,
        clock=lambda: datetime.now(UTC),
    )
    listening = asyncio.ensure_future(channel.listen(counter))
    await asyncio.to_thread(counter.finished.wait, 3600)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


if __name__ == "__main__":
    main()
