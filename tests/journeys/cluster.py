"""Divides the house into processes on one PostgreSQL, kills each, cuts its link, and counts what is left.

Run it by hand: `python -m tests.journeys.cluster [--mails N] [--cuts N] [--seed N]`.
"""

import argparse
import asyncio
import contextlib
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiosmtplib

from store.engine import open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace
from tests.journeys import kill
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres
from tests.servers.link import Link, a_link
from tests.servers.product import SECRETS, Product, folder
from tests.servers.world import World, a_world

_CLIENTS = 4
_SETTLING = 180.0
_BEGINS = re.compile(r"duty begins here: duty=bevakning")


@dataclass(kw_only=True)
class Post:
    """Mail servers with two next hops: each tries the next one when the first does not answer with 250."""

    ports: Sequence[int]
    address: str
    confirmed: dict[int, float] = field(default_factory=dict)  # when each was, by the clock of this process
    refused: int = 0  # mails that no door took at the first round of all
    given: int = 0
    _waiting: list[int] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def bring(self, count: int) -> list[int]:
        """Let so many more mails come, and return their numbers."""
        fresh = list(range(self.given, self.given + count))
        self.given += count
        self._waiting.extend(fresh)
        self._news.set()
        return fresh

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(_CLIENTS):
                group.create_task(self._client(number))

    async def _client(self, turn: int) -> None:
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            number, tries = self._waiting.pop(0), 0
            while not await self._deliver(number, self.ports[(turn + tries) % len(self.ports)]):
                tries += 1
                self.refused += tries == len(self.ports)
                await asyncio.sleep(0.05 if tries >= len(self.ports) else 0)
            turn += 1

    async def _deliver(self, number: int, port: int) -> bool:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            mail = synpunkt(number, to=self.address)
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, timeout=20)
            async with client:
                await client.sendmail(citizen(number), [self.address], mail)
                self.confirmed[number] = time.monotonic()
        return number in self.confirmed


@dataclass(kw_only=True)
class Cluster:
    """The house in parts. `direct` asks the database past the link that the parts have."""

    parts: dict[str, list[Product]]
    direct: Product
    world: World
    post: Post
    link: Link
    takeovers: dict[str, list[float]] = field(default_factory=dict)

    async def start(self, *parts: Product) -> None:
        """Start parts, and return when each has its line to the database."""
        for part in parts:
            await asyncio.to_thread(part.launch)
        for part in parts:
            await self.until(lambda part=part: self._is_open(part), what=f"{part.only} starts")  # type: ignore[misc]

    def _is_open(self, part: Product) -> bool:
        names = self.direct.query("SELECT application_name AS name FROM pg_stat_activity")
        is_there = any(str(row["name"]).endswith(f":{part.pid}") for row in names)
        return is_there and ("receive" not in part.only or part.answers())

    async def until(self, condition: Callable[[], bool], *, what: str, within: float = _SETTLING) -> float:
        """Return after how many seconds something was so; fail when the time is up."""
        began = time.monotonic()
        while not await asyncio.to_thread(condition):
            if time.monotonic() - began > within:
                logs = "\n".join(one.log()[-1500:] for both in self.parts.values() for one in both)
                raise TimeoutError(f"not in time: {what}\n{logs}")
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    def thanked(self, numbers: Sequence[int]) -> bool:
        """Tell whether the citizens of these mails have their receipts."""
        there = {one for mail in self.world.mails for one in mail.recipients}
        return all(citizen(number) in there for number in numbers)

    def left_over(self, *, up_to: int = 2**31 - 1) -> int:
        """Count the messages that wait to be judged."""
        wanted = f"SELECT count(*) AS n FROM messages WHERE state = 'mottaget' AND id <= {up_to}"  # noqa: S608
        return int(self.direct.query(wanted)[0]["n"])

    def newest(self) -> int:
        """Return the id of the newest message."""
        return int(self.direct.query("SELECT coalesce(max(id), 0) AS n FROM messages")[0]["n"])

    def is_quiet(self) -> bool:
        """Tell whether every mail is confirmed and judged, and nothing waits to be sent."""
        wanted = "SELECT count(*) AS n FROM letters WHERE state IN ('väntar', 'sänds')"
        is_in = len(self.post.confirmed) == self.post.given and self.left_over() == 0
        return is_in and self.direct.query(wanted)[0]["n"] == 0

    def watcher(self) -> Product | None:
        """Return the process that has the watch, as far as the logs tell: the one that began last."""
        began = [
            (line[:23], one)
            for both in self.parts.values()
            for one in both
            if one.is_running
            for line in one.log().splitlines()
            if _BEGINS.search(line)
        ]
        return max(began, key=lambda told: told[0])[1] if began else None

    def note(self, what: str, seconds: float) -> None:
        """Keep how long something took."""
        self.takeovers.setdefault(what, []).append(seconds)

    async def lose(self, part: Product) -> None:
        """Kill a part in the middle of its work, and wait until others do it."""
        is_watcher = self.watcher() is part
        self.post.bring(6)
        await asyncio.sleep(random.uniform(0.0, 0.3))  # noqa: S311 - chance, no secret
        await asyncio.to_thread(part.kill)
        newest, fresh = await asyncio.to_thread(self.newest), self.post.bring(1)
        took = await self.until(lambda: self.thanked(fresh), what=f"a receipt without {part.only}")
        self.note(f"{part.only}: new mail to its receipt", took)
        if "judge" in part.only:
            took += await self.until(lambda: self.left_over(up_to=newest) == 0, what="mails of the dead")
            self.note(f"{part.only}: what it had in hand is judged", took)
        if is_watcher:
            took = await self.until(lambda: self.watcher() not in (None, part), what="another watch")
            self.note(f"{part.only}: another has the watch", took)


def faults_of(cluster: Cluster) -> Iterator[str]:
    """Name what is lost, doubled or left behind, and whatever `verify` finds."""
    house, total = cluster.direct, cluster.post.given
    letters = house.query("SELECT external_id, purpose, state, case_id FROM letters")
    arrived = Counter(kill.id_of(mail.raw) for mail in cluster.world.mails)
    sequences = [row["sequence"] for row in house.query("SELECT sequence FROM cases ORDER BY sequence")]
    yield from kill.case_faults(house, total)
    yield from (f"gap in the series after {one}" for one, two in pairwise([0, *sequences]) if two != one + 1)
    yield from (
        f"letter {known} reached the world {count} times" for known, count in arrived.items() if count > 1
    )
    yield from kill.letter_faults(letters, arrived)
    proved = _verify(house)
    if proved.returncode != 0:
        yield f"verify ends with {proved.returncode}: {proved.stdout[-600:]}{proved.stderr[-600:]}"


def _verify(house: Product) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bots", "verify", "--config", str(house.write_config())],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@contextlib.asynccontextmanager
async def a_cluster(server: postgres.Postgres, parts: Sequence[str]) -> AsyncIterator[Cluster]:
    """Make a house of two processes for each of these parts, not started yet."""
    with folder() as place:
        async with a_world() as world, a_link(server.port) as link:
            url = server.database("cluster")
            _make_tables(url, place)
            through = url.replace(f":{server.port}/", f":{link.port}/")
            made: dict[str, list[Product]] = {}
            for only in parts:
                made[only] = [_part(place, only, number, world, through) for number in (1, 2)]
            doors = [one.smtp_port for only, both in made.items() if "receive" in only for one in both]
            direct = _part(place, "", 0, world, url)
            cluster = Cluster(
                parts=made,
                direct=direct,
                world=world,
                post=Post(ports=doors, address=direct.address),
                link=link,
            )
            delivering = asyncio.create_task(cluster.post.run())
            try:
                yield cluster
            finally:
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)
                for both in made.values():
                    for one in both:
                        await asyncio.to_thread(one.close)


def _make_tables(url: str, place: Path) -> None:
    store = open_store(url, seal_key=KeyPlace(file=place / "synpunkt.key", log=place / "synpunkt.seals"))
    upgrade(store)
    store.close()


def _part(place: Path, only: str, number: int, world: World, url: str) -> Product:
    own = place / f"{only.replace(',', '-') or 'direct'}{number}"
    own.mkdir()
    return Product(
        relay_port=world.port,
        folder=own,
        store_url=url,
        only=only,
        key_folder=place,
        mail="notices_per_handler_and_hour = 1000000",
    )


async def run(server: postgres.Postgres, *, mails: int, cuts: int, seed: int) -> tuple[Cluster, list[str]]:
    """Kill each of eight processes, cut the link again and again, restart all; return what is wrong then.

    Mails come all the time.
    """
    random.seed(seed)
    async with a_cluster(server, ("receive", "judge", "deliver", "watch")) as cluster:
        everybody = [one for both in cluster.parts.values() for one in both]
        await cluster.start(*everybody)
        cluster.post.bring(mails // 4)
        for part in everybody:
            await cluster.lose(part)
            await cluster.start(part)
        for _ in range(cuts):
            cluster.post.bring(max(mails // 4 // cuts, 1))
            cluster.link.cut()
            await asyncio.sleep(random.uniform(0.05, 2.0))  # noqa: S311 - chance, no secret
            cluster.link.mend()
            fresh, began = cluster.post.bring(1), time.monotonic()
            await cluster.until(lambda fresh=fresh: cluster.thanked(fresh), what="a receipt after a cut")  # type: ignore[misc]
            cluster.note("link cut: mended to the receipt of a new mail", time.monotonic() - began)
        refused = cluster.post.refused
        for part in everybody:
            cluster.post.bring(max(mails // 4 // len(everybody), 1))
            part.ask_to_stop()
            await asyncio.to_thread(part.ended, within=60)
            await cluster.start(part)
        cluster.note("mails without an open door while all were restarted", cluster.post.refused - refused)
        return cluster, await settled(cluster)


async def run_shortly(server: postgres.Postgres) -> tuple[Cluster, list[str]]:
    """Let two processes do everything; kill the one that has the watch, and cut the link of the other."""
    async with a_cluster(server, ("receive,judge,deliver,watch",)) as cluster:
        both = cluster.parts["receive,judge,deliver,watch"]
        await cluster.start(*both)
        first = cluster.post.bring(6)
        await cluster.until(lambda: cluster.thanked(first), what="receipts of two")
        await cluster.until(cluster.is_quiet, what="nothing is in hand")
        watcher = cluster.watcher()
        assert watcher is not None
        await asyncio.to_thread(watcher.kill)
        second, began = cluster.post.bring(6), time.monotonic()
        await cluster.until(lambda: cluster.watcher() not in (None, watcher), what="another watch")
        cluster.note("another has the watch", time.monotonic() - began)
        for _ in range(2):
            cluster.link.cut()
            await asyncio.sleep(0.3)
            cluster.link.mend()
            second = cluster.post.bring(3)
            await cluster.until(lambda two=second: cluster.thanked(two), what="receipts after a cut")  # type: ignore[misc]
        return cluster, await settled(cluster)


async def settled(cluster: Cluster) -> list[str]:
    """Wait until nothing is left to do, stop all, and list what is wrong."""
    await cluster.until(cluster.is_quiet, what="all is quiet")
    for both in cluster.parts.values():
        for part in both:
            if part.is_running:
                part.ask_to_stop()
                await asyncio.to_thread(part.ended, within=60)
    return await asyncio.to_thread(lambda: list(faults_of(cluster)))


def told(cluster: Cluster, faults: Sequence[str]) -> Iterator[str]:
    """Write out what was counted."""
    letters = Counter(row["state"] for row in cluster.direct.query("SELECT state FROM letters"))
    yield f"mails confirmed {len(cluster.post.confirmed)}, link cut {cluster.link.cuts - 1} times"
    yield "letters by state: " + ", ".join(f"{state} {count}" for state, count in letters.most_common())
    for what, values in cluster.takeovers.items():
        yield f"{what}: {', '.join(f'{value:.1f}' for value in values)}"
    yield "lost, doubled, gaps, faults of verify: " + ("none" if not faults else "")
    yield from (f"  FAULT {fault}" for fault in faults)


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.cluster", description=__doc__)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args(arguments)
    print(f"seed {chosen.seed}", flush=True)
    began = time.monotonic()
    with postgres.running() as server:
        cluster, faults = asyncio.run(run(server, mails=chosen.mails, cuts=chosen.cuts, seed=chosen.seed))
        print("\n".join(told(cluster, faults)))
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
