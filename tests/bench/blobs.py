"""What it costs to encrypt bytes at rest, and what squeezing them before would save; nothing is asserted.

Run it by hand: `python -m tests.bench.blobs [--rounds 5]`.
"""

import argparse
import os
import time
import zlib
from base64 import encodebytes
from collections.abc import Callable, Iterator

from store.keys import of
from tests.bench.figures import machine, spread
from tests.journeys.mails import synpunkt

_MEGABYTE = 2**20


def lines(*, rounds: int) -> Iterator[str]:
    """Measure, and write it as a table."""
    ring = of([os.urandom(32)])
    small = synpunkt(1, to="synpunkt@lillkommun.example")
    # A photo is as chance to whoever would squeeze it; in a mail it stands as base64.
    samples = {
        f"mail of {len(small)} bytes": small,
        "mail with a photo, 4 MB": small + encodebytes(os.urandom(3 * _MEGABYTE)),
    }
    yield f"ms for each MB, {rounds} rounds: median (least–most); {machine()}"
    yield f"{'':26}{'encrypt':>24}{'decrypt':>24}{'zlib level 1':>24}{'left':>8}"
    for name, data in samples.items():
        sealed = ring.seal("x", data)
        squeezed = len(zlib.compress(data, 1)) / len(data)
        figures = [
            spread([_cost(act, len(data)) for _ in range(rounds)], digits=2)
            for act in (
                lambda data=data: ring.seal("x", data),
                lambda sealed=sealed: ring.open(ring.current, "x", sealed),
                lambda data=data: zlib.compress(data, 1),
            )
        ]
        yield f"{name:26}{''.join(f'{one:>24}' for one in figures)}{squeezed:>8.0%}"


def _cost(act: Callable[[], object], size: int) -> float:
    """Return the milliseconds of CPU that an act takes for each MB."""
    times = max(1, 8 * _MEGABYTE // size)
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) * 1000 / (times * size / _MEGABYTE)


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.blobs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    print("\n".join(lines(rounds=parser.parse_args(arguments).rounds)))


if __name__ == "__main__":
    main()
