"""How many mails a second are confirmed on disk, against aiosmtpd that keeps nothing; by turns, in one run.

Run it by hand: `python -m tests.bench.intake [--rounds 5] [--mails 1500]`.
"""

import argparse
import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import machine, spread
from tests.bench.serve import US
from tests.bench.wire import Wire
from tests.journeys.mails import citizen, synpunkt

_ROOT = Path(__file__).parents[2]
_FILLING = (
    "Det här är en mening om vår gata, och den är ungefär så lång som folk skriver.\r\n" * 30
).encode()


@dataclass(frozen=True)
class Load:
    """How the mails come: over how many connections, and how many mails over each before it is closed."""

    name: str
    connections: int
    each: int | None = None


@dataclass(kw_only=True)
class Compared:
    """Mails a second of both, round by round."""

    load: Load
    nothing: list[float] = field(default_factory=list)
    synpunkt: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Return ours by theirs, round by round."""
        return [ours / theirs for ours, theirs in zip(self.synpunkt, self.nothing, strict=True)]


def run(*, rounds: int, mails: int) -> list[Compared]:
    """Let the servers take turns."""
    loads = [Load("50 connections, reused", 50), Load("10 connections, one mail each", 10, 1)]
    compared = [Compared(load=load) for load in loads]
    numbers = itertools.count()
    with _serving("nothing") as nothing, _serving("synpunkt") as synpunkt_:
        for _ in range(rounds):
            for one in compared:
                one.nothing.append(asyncio.run(_rate(nothing, one.load, mails, numbers)))
                one.synpunkt.append(asyncio.run(_rate(synpunkt_, one.load, mails, numbers)))
    return compared


@contextlib.contextmanager
def _serving(name: str) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.serve", name]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


async def _rate(port: int, load: Load, count: int, numbers: Iterator[int]) -> float:
    mails = [(number, synpunkt(number, to=US) + _FILLING) for number in itertools.islice(numbers, count)]
    waiting = iter(mails)

    async def client() -> None:
        while batch := list(itertools.islice(waiting, load.each or 10)):
            wire = await Wire.connect(port) if load.each else reused.pop()
            for number, mail in batch:
                await wire.deliver(mail, sender=citizen(number), to=US)
            if load.each:
                await wire.close()
            else:
                reused.append(wire)

    reused = [] if load.each else [await Wire.connect(port) for _ in range(load.connections)]
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(load.connections):
            group.create_task(client())
    seconds = time.monotonic() - began
    for wire in reused:
        await wire.close()
    return count / seconds


def lines(compared: list[Compared], *, mails: int) -> Iterator[str]:
    """Write it as a table."""
    rounds = len(compared[0].nothing)
    yield f"{rounds} rounds of {mails} different mails of 2.8 kB, by turns: median (least–most); {machine()}"
    yield f"{'mails/s':32}{'aiosmtpd, keeps nothing':>28}{'synpunkt, on disk':>28}{'ratio':>20}"
    for one in compared:
        figures = f"{spread(one.nothing):>28}{spread(one.synpunkt):>28}{spread(one.ratios, digits=2):>20}"
        yield f"{one.load.name:32}{figures}"


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=1500)
    chosen = parser.parse_args(arguments)
    print("\n".join(lines(run(rounds=chosen.rounds, mails=chosen.mails), mails=chosen.mails)))


if __name__ == "__main__":
    main()
