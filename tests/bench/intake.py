"""How many mails a second are confirmed on disk, and acknowledged, against aiosmtpd that keeps nothing.

All servers take turns in one run; each rate is divided by that of aiosmtpd in the same round.
Run it by hand: `python -m tests.bench.intake [--rounds 5] [--mails 600]`.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from store.engine import Store, open_store
from store.tables import counters
from tests.bench.figures import machine, spread
from tests.bench.serve import US
from tests.bench.wire import Wire
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres

_ROOT = Path(__file__).parents[2]
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 600.0
_FILLING = (
    "Det här är en mening om vår gata, och den är ungefär så lång som folk skriver.\r\n" * 30
).encode()


@dataclass(frozen=True)
class Load:
    """How the mails come: over how many connections, and how many mails over each before it is closed."""

    name: str
    connections: int
    each: int | None = None


_LOADS = (
    Load("1 connection, reused", 1),
    Load("10 connections, reused", 10),
    Load("50 connections, reused", 50),
    Load("10 connections, one mail each", 10, 1),
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """One of the servers that take turns. `store` is its database, if it has one that must be waited for."""

    name: str
    port: int
    pid: int
    store: Store | None = None

    def acknowledged(self) -> int:
        """Count the cases that are open: each was committed together with its acknowledgement."""
        if self.store is None:
            return 0
        with self.store.read() as transaction:
            return transaction.connection.scalar(select(func.sum(counters.c.value))) or 0

    def spent(self) -> float:
        """Return the seconds of processor time that it and its children have used; a database's own not."""
        return sum(_spent(pid) for pid in _family(self.pid))


@dataclass(kw_only=True)
class Measured:
    """Mails a second, and milliseconds of processor time a mail, of one server under one load."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


Figures = dict[tuple[Load, str], Measured]


def run(*, rounds: int, mails: int, loads: Sequence[Load] = _LOADS, postgresql: bool = True) -> Figures:
    """Let the servers take turns."""
    found: Figures = {}
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(_serving("nothing", "aiosmtpd, keeps nothing"))]
        kinds = {"SQLite": ("", "")}
        if postgresql and not postgres.why_not():
            cluster = stack.enter_context(postgres.running())
            kinds["PostgreSQL"] = (cluster.database("kept"), cluster.database("chain"))
        for kind, (kept, chain) in kinds.items():
            servers.append(stack.enter_context(_serving("kept", f"kept, {kind}", kept)))
            servers.append(stack.enter_context(_serving("chain", f"acknowledged, {kind}", chain)))
        for server in servers:  # what is built at the first mail is no mail's
            asyncio.run(_bring(server, loads[-1], max(1, mails // 4), numbers))
        for _, load, server in itertools.product(range(rounds), loads, servers):
            one = found.setdefault((load, server.name), Measured())
            spent = server.spent()
            seconds = asyncio.run(_bring(server, load, mails, numbers))
            one.rates.append(mails / seconds)
            one.costs.append(1000 * (server.spent() - spent) / mails)
    return found


@contextlib.contextmanager
def _serving(name: str, called: str, url: str = "") -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.bench.serve", name, *([url] if url else [])]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    store = None
    try:
        assert process.stdout is not None
        port, _, database = process.stdout.readline().decode().strip().partition(" ")
        store = open_store(database) if name == "chain" else None
        yield Server(name=called, port=int(port), pid=process.pid, store=store)
    finally:
        if store is not None:
            store.close()
        process.terminate()
        process.wait(30)


async def _bring(server: Server, load: Load, count: int, numbers: Iterator[int]) -> float:
    """Bring mails, and return how many seconds it took until the last was confirmed, or acknowledged."""
    mails = [(number, synpunkt(number, to=US) + _FILLING) for number in itertools.islice(numbers, count)]
    waiting = iter(mails)

    async def client() -> None:
        while batch := list(itertools.islice(waiting, load.each or 10)):
            wire = await Wire.connect(server.port) if load.each else reused.pop()
            for number, mail in batch:
                await wire.deliver(mail, sender=citizen(number), to=US)
            if load.each:
                await wire.close()
            else:
                reused.append(wire)

    before = server.acknowledged()
    reused = [] if load.each else [await Wire.connect(server.port) for _ in range(load.connections)]
    began = time.monotonic()
    async with asyncio.timeout(_PATIENCE):
        async with asyncio.TaskGroup() as group:
            for _ in range(load.connections):
                group.create_task(client())
        while server.store is not None and server.acknowledged() < before + count:  # noqa: ASYNC110 - told by another process
            await asyncio.sleep(0.01)
    seconds = time.monotonic() - began
    for wire in reused:
        await wire.close()
    return seconds


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _family(int(child))


def _spent(pid: int) -> float:
    # Fields 14 and 15 of proc(5); the name before them may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def lines(found: Figures, *, mails: int) -> Iterator[str]:
    """Write it as a table."""
    bare = next(name for _, name in found)
    rounds = len(next(iter(found.values())).rates)
    yield f"{rounds} rounds of {mails} different mails of 2.8 kB, by turns: median (least–most); {machine()}"
    yield "| load | server | mails/s | × aiosmtpd | CPU ms a mail |"
    yield "|---|---|---:|---:|---:|"
    for (load, name), one in found.items():
        theirs = found[load, bare].rates
        ratios = [ours / other for ours, other in zip(one.rates, theirs, strict=True)]
        told = spread(ratios, digits=2) if name != bare else "1"
        yield f"| {load.name} | {name} | {spread(one.rates)} | {told} | {spread(one.costs, digits=2)} |"


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--connections", type=int, action="append", help="only these, reused")
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL out")
    chosen = parser.parse_args(arguments)
    loads = [one for one in _LOADS if not one.each and one.connections in (chosen.connections or ())]
    found = run(rounds=chosen.rounds, mails=chosen.mails, loads=loads or _LOADS, postgresql=not chosen.sqlite)
    print("\n".join(lines(found, mails=chosen.mails)))


if __name__ == "__main__":
    main()
