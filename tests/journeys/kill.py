"""Kills the product again and again while mails arrive, and counts what is left.

Run it by hand: `python -m tests.journeys.kill --mails 3000 --kills 300 [--postgres] [--seed N]`.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from itertools import pairwise
from pathlib import Path

import aiosmtplib

from store.engine import Row
from tests.journeys.mails import citizen, message_id, synpunkt
from tests.servers import postgres
from tests.servers.product import Product, folder, running
from tests.servers.world import World, a_world

_CLIENTS = 6
_SETTLING = 120.0


@dataclass(kw_only=True)
class Post:
    """The mail servers before us: each tries a mail again until it hears 250."""

    product: Product
    total: int
    confirmed: set[int] = field(default_factory=set)
    attempts: int = 0
    _waiting: list[int] = field(default_factory=list)
    _given: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def bring(self, count: int) -> None:
        """Let so many more mails come."""
        last = min(self._given + count, self.total)
        self._waiting.extend(range(self._given, last))
        self._given = last
        self._news.set()

    @property
    def is_done(self) -> bool:
        """Tell whether every mail has been confirmed."""
        return len(self.confirmed) == self.total

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_CLIENTS):
                group.create_task(self._client())

    async def _client(self) -> None:
        while True:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.product.smtp_port, timeout=20)
                async with client:
                    await self._deliver(client)
            await asyncio.sleep(0.02)

    async def _deliver(self, client: aiosmtplib.SMTP) -> None:
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            number = self._waiting.pop(0)
            self.attempts += 1
            try:
                mail = synpunkt(number, to=self.product.address)
                await client.sendmail(citizen(number), [self.product.address], mail)
            except BaseException:
                self._waiting.append(number)
                raise
            self.confirmed.add(number)


@dataclass(kw_only=True)
class Figures:
    """What was counted when all was over. What must be nothing at all is listed in `faults`."""

    seed: int
    store: str
    mails: int
    kills: int
    attempts: int
    repeats: int
    cases: int
    letters: Counter[str]
    acknowledgements: Counter[str]
    acknowledgements_in_world: int
    unknown_in_world: int
    unknown: int
    starts: list[float]
    seconds: float
    faults: list[str]

    def lines(self) -> Iterator[str]:
        """Write them out."""
        starts = sorted(self.starts)
        yield f"seed {self.seed}, store {self.store}, {self.seconds:.0f} s"
        yield f"mails confirmed         {self.mails}"
        yield f"kill -9                 {self.kills}"
        yield f"deliveries tried        {self.attempts} (repeats told apart: {self.repeats})"
        yield f"cases                   {self.cases}"
        yield f"letters by state        {_counted(self.letters)}"
        yield f"receipts by state       {_counted(self.acknowledgements)}"
        yield f"receipts in the world   {self.acknowledgements_in_world}"
        yield f"letters unknown         {self.unknown}, of which {self.unknown_in_world} did arrive"
        yield f"start until 220         median {starts[len(starts) // 2]:.2f} s, slowest {starts[-1]:.2f} s"
        yield "lost, doubled, gaps     " + ("none" if not self.faults else "")
        yield from (f"  FAULT {fault}" for fault in self.faults)


async def run(*, mails: int, kills: int, seed: int, store_url: str = "") -> Figures:
    """Let `mails` arrive while the product is killed `kills` times, and count."""
    began = time.monotonic()
    with folder() as place:
        async with a_world() as world:
            product = Product(
                relay_port=world.port,
                folder=place,
                store_url=store_url,
                mail="notices_per_handler_and_hour = 1000000",
                bare=True,  # killed while it makes its tables, too
            )
            with running(product, start=False):
                return await _run(product, world, place, mails, kills, seed, began)


async def _run(
    product: Product, world: World, place: Path, mails: int, kills: int, seed: int, began: float
) -> Figures:
    post = Post(product=product, total=mails)
    delivering = asyncio.create_task(post.run())
    try:
        starts = await _lives(product, post, world, kills, random.Random(seed))  # noqa: S311 - chance, not a secret
        post.bring(mails)
        starts.append(await asyncio.to_thread(product.start))
        await _settled(product, post)
    finally:
        delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering
    product.ask_to_stop()
    await asyncio.to_thread(product.ended)
    figures = _count(product, world, post, seed=seed, kills=kills, starts=starts, began=began)
    figures.faults += [f"orphan process {pid}" for pid in await _orphans(product)]
    return figures


async def _orphans(product: Product, *, within: float = 30) -> list[int]:
    """List what outlives a killed house: on a busy machine a child takes a while to find out."""
    for _ in range(round(within / 0.2)):
        if not (left := product.orphans()):
            return []
        await asyncio.sleep(0.2)
    return left


async def _lives(
    product: Product, post: Post, world: World, kills: int, choose: random.Random
) -> list[float]:
    """Start and kill, and return how long the starts took that were seen to their end."""
    starts: list[float] = []
    share = max(post.total // max(kills, 1), 1)
    for _ in range(kills):
        product_began = time.monotonic()
        await asyncio.to_thread(product.launch)
        post.bring(share)
        usual = starts[-1] if starts else 1.0
        if choose.random() < 0.1:
            await asyncio.sleep(choose.uniform(0, usual))  # in the middle of its start
        else:
            await asyncio.to_thread(product.wait)
            starts.append(time.monotonic() - product_began)
            await _doom(post, world, choose)
        await asyncio.to_thread(product.kill)
    return starts


async def _doom(post: Post, world: World, choose: random.Random) -> None:
    """Wait for the moment of death: some time, some confirmed mails or some sent letters after the start."""
    moment = choose.choice(("time", "confirmed", "sent", "sent"))
    confirmed = len(post.confirmed) + choose.randint(1, 8)
    sent = len(world.mails) + choose.randint(1, 16)
    deadline = time.monotonic() + (choose.uniform(0, 0.8) if moment == "time" else 3.0)
    while time.monotonic() < deadline:
        if moment == "confirmed" and len(post.confirmed) >= confirmed:
            break
        if moment == "sent" and len(world.mails) >= sent:
            break
        await asyncio.sleep(0.001)
    await asyncio.sleep(choose.uniform(0, 0.02))


async def _settled(product: Product, post: Post) -> None:
    """Return when every mail is confirmed and has its case, and nothing waits to be sent."""
    waiting = (
        "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
        " + (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS left_over"
    )
    deadline = time.monotonic() + _SETTLING + post.total / 20
    while not (post.is_done and (await asyncio.to_thread(product.query, waiting))[0]["left_over"] == 0):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(post.confirmed)} of {post.total} confirmed\n{product.log()[-3000:]}")
        await asyncio.sleep(0.1)


def _count(
    product: Product,
    world: World,
    post: Post,
    *,
    seed: int,
    kills: int,
    starts: list[float],
    began: float,
) -> Figures:
    letters = product.query("SELECT external_id, purpose, state, case_id FROM letters")
    arrived = Counter(id_of(mail.raw) for mail in world.mails)
    receipts = [letter for letter in letters if letter["purpose"] == "kvitto"]
    unknown = [letter for letter in letters if letter["state"] == "okänt"]
    sequences = [row["sequence"] for row in product.query("SELECT sequence FROM cases ORDER BY sequence")]
    faults = [
        *case_faults(product, post.total),
        *(f"gap in the series after {one}" for one, two in pairwise([0, *sequences]) if two != one + 1),
        *(f"letter {known} reached the world {count} times" for known, count in arrived.items() if count > 1),
        *letter_faults(letters, arrived),
    ]
    return Figures(
        seed=seed,
        store=product.url.partition(":")[0],
        mails=len(post.confirmed),
        kills=kills,
        attempts=post.attempts,
        repeats=product.query("SELECT count(*) AS n FROM repeats")[0]["n"],
        cases=len(sequences),
        letters=Counter(letter["state"] for letter in letters),
        acknowledgements=Counter(letter["state"] for letter in receipts),
        acknowledgements_in_world=sum(arrived[letter["external_id"]] for letter in receipts),
        unknown=len(unknown),
        unknown_in_world=sum(letter["external_id"] in arrived for letter in unknown),
        starts=starts,
        seconds=time.monotonic() - began,
        faults=faults,
    )


def case_faults(product: Product, total: int) -> Iterator[str]:
    """Name each mail that is not one case, and each case that is not one mail with one receipt."""
    rows = product.query("SELECT message_id, case_id FROM messages")
    cases_of = Counter(row["message_id"].strip("<>") for row in rows if row["case_id"] is not None)
    for number in range(total):
        count = cases_of.pop(message_id(number).strip("<>"), 0)
        if count != 1:
            yield f"mail {number} has {count} cases"
    yield from (f"a case for a mail that nobody sent: {known}" for known in cases_of)
    distinct = product.query("SELECT count(DISTINCT case_id) AS n FROM messages")[0]["n"]
    counted = product.query("SELECT count(*) AS n FROM cases")[0]["n"]
    opened = product.query("SELECT count(*) AS n FROM journal WHERE act = 'ärende öppnat'")[0]["n"]
    if not total == distinct == counted == opened:
        yield f"{total} mails, {distinct} cases with mail, {counted} cases, {opened} openings in the journal"
    receipts = product.query("SELECT case_id FROM letters WHERE purpose = 'kvitto'")
    written = Counter(row["case_id"] for row in receipts)
    if len(written) != total or set(written.values()) != {1}:
        yield f"{len(written)} cases have receipts, some {max(written.values(), default=0)}"


def letter_faults(letters: list[Row], arrived: Counter[str]) -> Iterator[str]:
    """Name each letter whose state and fate do not agree."""
    for letter in letters:
        known, state = str(letter["external_id"]), letter["state"]
        if state == "sänt" and known not in arrived:
            yield f"letter {known} is marked as sent and never came"
        if state not in {"sänt", "okänt"}:
            yield f"letter {known} is left in state {state}"
    ours = {str(letter["external_id"]) for letter in letters}
    yield from (f"a letter that is not in the outbox: {known}" for known in arrived if known not in ours)


def id_of(raw: bytes) -> str:
    """Return the Message-ID of a mail."""
    return str(message_from_bytes(raw, policy=default)["Message-ID"]).strip()


def _counted(states: Counter[str]) -> str:
    return ", ".join(f"{state} {count}" for state, count in states.most_common())


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.kill", description=__doc__)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres.running()).database("kill") if chosen.postgres else ""
        figures = asyncio.run(run(mails=chosen.mails, kills=chosen.kills, seed=chosen.seed, store_url=url))
    print("\n".join(figures.lines()))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
