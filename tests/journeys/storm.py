"""Lets a storm of mails come through a real Postfix while the relay is away, and counts what became of them.

Run it by hand: `python -m tests.journeys.storm --mails 3000 [--postgres] [--without-model]`. The relay is
away until half of the mails are kept.
"""

import argparse
import asyncio
import contextlib
import smtplib
import sys
import time
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from store.engine import Row
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres
from tests.servers.postfix import Postfix, why_not
from tests.servers.postfix import running as postfix_running
from tests.servers.product import Product, folder, running
from tests.servers.world import CLOSE, World, a_world

_CLIENTS = 6
_SLOWEST = 1  # mails a second that are waited for, at least
_LOOK = 0.5
LEAST_IN_ORDER = 0.95
MOST_MEMORY_MB = 400


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was counted when all was over. What must be nothing at all is listed in `faults`."""

    store: str
    mails: int
    kept_per_second: float
    settled_after: float
    memory_mb: int
    reader_mb: int
    given_in_order: float
    sent_in_order: float
    hasty: int
    again: int
    slowest_receipt: float
    median_receipt: float
    faults: Sequence[str]

    def lines(self) -> Iterator[str]:
        """Write them out."""
        yield f"store                   {self.store}, {self.mails} mails through Postfix"
        yield f"kept                    {self.kept_per_second:.1f} mails/s"
        yield f"all sent and settled    after {self.settled_after:.0f} s"
        yield f"memory at most          {self.memory_mb} MB, the child that reads mail {self.reader_mb} MB"
        yield f"first come, given       {self.given_in_order:.1%} of pairs in order"
        yield f"first come, thanked     {self.sent_in_order:.1%} of pairs in order"
        yield f"judged in haste         {self.hasty}, of which {self.again} again by the full model"
        yield f"receipt, median         {self.median_receipt:.1f} s after the mail was kept"
        yield f"receipt, slowest        {self.slowest_receipt:.1f} s"
        yield "lost, doubled, unthanked " + ("none" if not self.faults else "")
        yield from (f"  FAULT {fault}" for fault in self.faults)


async def run(*, mails: int, store_url: str = "", with_model: bool = True) -> Figures:
    """Let `mails` come as fast as Postfix gives them, and count."""
    with folder() as place:
        async with a_world() as world:
            world.faults["EHLO"] = CLOSE
            product = Product(
                relay_port=world.port,
                folder=place,
                store_url=store_url,
                protocol="lmtp",
                classifier=with_model,
                mail="notices_per_handler_and_hour = 1000000",
            )
            with running(product, start=False):
                await asyncio.to_thread(product.start, within=180)
                with postfix_running(Postfix(lmtp_port=product.smtp_port, world_port=world.port)) as postfix:
                    return await _run(product, world, postfix, mails)


async def _run(product: Product, world: World, postfix: Postfix, mails: int) -> Figures:
    began = time.monotonic()
    shares = [range(start, mails, _CLIENTS) for start in range(_CLIENTS)]
    writing = asyncio.gather(*(asyncio.to_thread(_hand_in, postfix, product, share) for share in shares))
    watched = _Watched()
    deadline = began + 120 + mails / _SLOWEST
    try:
        while not watched.is_done(mails):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not settled: {watched}\n{product.log()[-3000:]}")
            await asyncio.sleep(_LOOK)
            await asyncio.to_thread(watched.look, product)
            if watched.kept >= mails / 2:
                world.faults.pop("EHLO", None)
            if watched.kept >= mails and watched.all_kept is None:
                watched.all_kept = time.monotonic() - began
    finally:
        await writing
    memory, reader = _memory(product)
    settled = time.monotonic() - began
    return _count(product, world, watched, mails=mails, settled=settled, memory=memory, reader=reader)


@dataclass(kw_only=True)
class _Watched:
    """How far it has come."""

    kept: int = 0
    unread: int = 1
    unsent: int = 1
    looks: int = 1
    all_kept: float | None = None

    def look(self, product: Product) -> None:
        (row,) = product.query(
            "SELECT (SELECT count(*) FROM messages) AS kept,"
            " (SELECT count(*) FROM messages WHERE state = 'mottaget') AS unread,"
            " (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS unsent,"
            " (SELECT count(*) FROM second_looks) AS looks"
        )
        self.kept, self.unread, self.unsent, self.looks = (
            row[name] for name in ("kept", "unread", "unsent", "looks")
        )

    def is_done(self, mails: int) -> bool:
        return self.kept >= mails and not (self.unread or self.unsent or self.looks)


def _hand_in(postfix: Postfix, product: Product, share: range) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.smtp_port, timeout=60) as client:
        for number in share:
            client.sendmail(citizen(number), [product.address], synpunkt(number, to=product.address))


def _memory(product: Product) -> tuple[int, int]:
    """Return the most memory that the service and its child have had, in MB."""
    tasks = Path(f"/proc/{product.pid}/task").glob("*/children")  # the thread that began it has it
    children = [one for task in tasks for one in task.read_text(encoding="ascii").split()]
    return _peak(product.pid), max((_peak(int(one)) for one in children), default=0)


def _peak(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def _count(
    product: Product,
    world: World,
    watched: _Watched,
    *,
    mails: int,
    settled: float,
    memory: int,
    reader: int,
) -> Figures:
    rows = product.query(
        "SELECT m.id, m.kept_at, m.case_id, l.created_at, l.external_id, l.state FROM messages m"
        " LEFT JOIN letters l ON l.case_id = m.case_id AND l.purpose = 'kvitto' ORDER BY m.id"
    )
    models = Counter(
        row["n"] for row in product.query("SELECT count(*) AS n FROM suggestions GROUP BY case_id")
    )
    arrived = [_id_of(mail.raw) for mail in world.mails]
    receipts = {str(row["external_id"]): int(row["id"]) for row in rows if row["external_id"]}
    waits = sorted(_seconds(row) for row in rows if row["created_at"] is not None)
    given = [int(row["case_id"]) for row in rows if row["case_id"] is not None]
    faults = list(_faults(rows, Counter(arrived), mails))
    in_order, sent_in_order = ordered(given), ordered([receipts[one] for one in arrived if one in receipts])
    if min(in_order, sent_in_order) < LEAST_IN_ORDER:
        faults.append(f"only {min(in_order, sent_in_order):.1%} of pairs in order")
    if memory > MOST_MEMORY_MB:
        faults.append(f"{memory} MB of memory, of at most {MOST_MEMORY_MB}")
    return Figures(
        store=product.url.partition(":")[0],
        mails=mails,
        kept_per_second=mails / watched.all_kept if watched.all_kept else 0.0,
        settled_after=settled,
        memory_mb=memory,
        reader_mb=reader,
        given_in_order=in_order,
        sent_in_order=sent_in_order,
        hasty=product.query("SELECT count(*) AS n FROM suggestions WHERE model LIKE 'fast%'")[0]["n"],
        again=models[2],
        median_receipt=waits[len(waits) // 2] if waits else 0.0,
        slowest_receipt=waits[-1] if waits else 0.0,
        faults=faults,
    )


def _faults(rows: Sequence[Row], arrived: Counter[str], mails: int) -> Iterator[str]:
    if len(rows) != mails:
        yield f"{len(rows)} messages with their receipts, of {mails} mails"
    if unthanked := sum(row["state"] != "sänt" for row in rows):
        yield f"{unthanked} messages whose receipt is not sent"
    ids = [str(row["external_id"]) for row in rows]
    if missing := sum(one not in arrived for one in ids):
        yield f"{missing} receipts that the world has not got"
    if doubled := sum(count > 1 for count in arrived.values()):
        yield f"{doubled} letters that came twice"


def ordered(numbers: Sequence[int]) -> float:
    """Return which share of all pairs stand in ascending order; 1.0 for fewer than two."""
    seen: list[int] = []
    before = 0
    for number in numbers:
        before += bisect_left(seen, number)
        insort(seen, number)
    pairs = len(numbers) * (len(numbers) - 1) // 2
    return before / pairs if pairs else 1.0


def _seconds(row: Row) -> float:
    return (_time(row["created_at"]) - _time(row["kept_at"])).total_seconds()


def _time(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _id_of(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=default)["Message-ID"]).strip()


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether anything was lost or too large."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.storm", description=__doc__)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--without-model", action="store_true", help="without the classifier")
    chosen = parser.parse_args(arguments)
    if reason := why_not():
        print(reason)
        return 2
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres.running()).database("storm") if chosen.postgres else ""
        figures = asyncio.run(run(mails=chosen.mails, store_url=url, with_model=not chosen.without_model))
    print("\n".join(figures.lines()))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
