"""Registers many synpunkter at the same moment while the product is killed, and proves the record afterwards.

Run it by hand: `python -m tests.journeys.registering --kills 50 [--mails 50] [--postgres] [--seed N]`.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiosmtplib

from bots.desk.judge import Surroundings
from bots.desk.replay import replay
from store.engine import open_store
from store.seal_key import KeyPlace
from store.verify import Tally, prove
from tests.house import PlainReader
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres
from tests.servers.product import Product, folder, running
from tests.servers.world import a_world

_AT_ONCE = 50
_SETTLING = 180.0


@dataclass(kw_only=True)
class Figures:
    """What was counted when all was over. What must be nothing at all is listed in `faults`."""

    seed: int
    store: str
    kills: int
    mails: int
    cases: int
    most_at_once: int
    counts: dict[str, int]
    remarks: list[str]
    seconds: float
    faults: list[str]

    def lines(self) -> Iterator[str]:
        """Write them out."""
        yield f"seed {self.seed}, store {self.store}, {self.seconds:.0f} s"
        yield f"kill -9                 {self.kills}"
        yield f"mails confirmed         {self.mails}, up to {self.most_at_once} in hand at once"
        yield f"cases                   {self.cases}"
        yield "proved                  " + ", ".join(f"{name} {count}" for name, count in self.counts.items())
        yield from (f"remark                  {one}" for one in self.remarks)
        yield "gaps, broken chain      " + ("none" if not self.faults else "")
        yield from (f"  FAULT {fault}" for fault in self.faults)


@dataclass(kw_only=True)
class Crowd:
    """Citizens who all write at the same time, each trying again until they hear 250."""

    product: Product
    total: int
    confirmed: set[int] = field(default_factory=set)
    most_at_once: int = 0
    _left: list[int] = field(default_factory=list)
    _at_once: int = 0

    async def run(self) -> None:
        """Deliver until everything is confirmed."""
        self._left.extend(range(self.total))
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._one())

    async def _one(self) -> None:
        while self._left:
            number = self._left.pop(0)
            while number not in self.confirmed:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await self._deliver(number)
                await asyncio.sleep(0.02)

    async def _deliver(self, number: int) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.product.smtp_port, timeout=20)
        async with client:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                mail = synpunkt(number, to=self.product.address)
                await client.sendmail(citizen(number), [self.product.address], mail)
            finally:
                self._at_once -= 1
        self.confirmed.add(number)


async def run(*, mails: int, kills: int, seed: int, store_url: str = "") -> Figures:
    """Let `mails` come at once while the product is killed `kills` times, then prove what it has kept."""
    began = time.monotonic()
    choose = random.Random(seed)  # noqa: S311 - chance, not a secret
    with folder() as place:
        async with a_world() as world:
            product = Product(
                relay_port=world.port,
                folder=place,
                store_url=store_url,
                mail="notices_per_handler_and_hour = 1000000",
                smtp="max_per_peer = 100",
            )
            with running(product, start=False):
                crowd = Crowd(product=product, total=mails)
                delivering = asyncio.create_task(crowd.run())
                try:
                    for number in range(kills):
                        await asyncio.to_thread(product.start)
                        await _doom(crowd, choose, share=(number + 1) / (kills + 1))
                        await asyncio.to_thread(product.kill)
                    await asyncio.to_thread(product.start)
                    await asyncio.wait_for(delivering, _SETTLING)
                    await _settled(product)
                finally:
                    delivering.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await delivering
                product.ask_to_stop()
                await asyncio.to_thread(product.ended)
                tally, cases, faults = await asyncio.to_thread(_prove, product)
    if (len(crowd.confirmed), cases) != (mails, mails):
        faults.append(f"{mails} mails, {len(crowd.confirmed)} confirmed, {cases} cases")
    return Figures(
        seed=seed,
        store=product.url.partition(":")[0],
        kills=kills,
        mails=len(crowd.confirmed),
        cases=cases,
        most_at_once=crowd.most_at_once,
        counts=tally.counts,
        remarks=tally.remarks,
        seconds=time.monotonic() - began,
        faults=faults,
    )


async def _doom(crowd: Crowd, choose: random.Random, *, share: float) -> None:
    """Wait for the moment of death: some time, or that so many have heard 250, and then a little."""
    deadline = time.monotonic() + choose.uniform(0.1, 2.0)
    heard = share * crowd.total
    while time.monotonic() < deadline and len(crowd.confirmed) < heard:  # noqa: ASYNC110 - it rings no bell
        await asyncio.sleep(0.002)
    await asyncio.sleep(choose.uniform(0, 0.5))


async def _settled(product: Product) -> None:
    """Return when every message has its case, and nothing waits to be sent."""
    waiting = (
        "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
        " + (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS left_over"
    )
    deadline = time.monotonic() + _SETTLING
    while (await asyncio.to_thread(product.query, waiting))[0]["left_over"] > 0:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all is registered\n{product.log()[-3000:]}")
        await asyncio.sleep(0.1)


def _prove(product: Product) -> tuple[Tally, int, list[str]]:
    place = None
    if product.store_url:
        place = KeyPlace(file=product.folder / "synpunkt.key", log=product.folder / "synpunkt.seals")
    store = open_store(product.url, seal_key=place)
    tally = Tally()
    try:
        faults = [
            *prove(store, tally),
            *replay(store, PlainReader(), Surroundings(own=(product.address,)), tally),
        ]
    finally:
        store.close()
    sequences = [row["sequence"] for row in product.query("SELECT sequence FROM cases ORDER BY sequence")]
    gaps = [] if sequences == list(range(1, len(sequences) + 1)) else [f"the series is {sequences}"]
    return tally, len(sequences), [*map(str, faults), *gaps]


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether the record is whole."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.registering", description=__doc__)
    parser.add_argument("--mails", type=int, default=_AT_ONCE)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres.running()).database("register") if chosen.postgres else ""
        figures = asyncio.run(run(mails=chosen.mails, kills=chosen.kills, seed=chosen.seed, store_url=url))
    print("\n".join(figures.lines()))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
