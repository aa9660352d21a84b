"""Changes seeds without any coverage to guide it: what the ordinary tests can afford."""

import random
from collections.abc import Iterator, Sequence

_PIECES = (
    b"",
    b"\0",
    b"\xff",
    b"\n",
    b"\r\n",
    b'"',
    b"(",
    b"[",
    b"{",
    b":",
    b";",
    b"%",
    b"\\",
    b"9" * 30,
    b"\xed\xa0\x80",
)


def changed(seeds: Sequence[bytes], *, luck: random.Random) -> Iterator[bytes]:
    """Give seeds with pieces taken out, doubled, turned or exchanged with others, for ever."""
    while True:
        data = bytearray(luck.choice(seeds))
        for _ in range(luck.randint(1, 4)):
            at = luck.randint(0, len(data))
            end = min(len(data), at + luck.choice((0, 1, 2, 8, 40)))
            other = luck.choice(seeds)
            start = luck.randint(0, len(other))
            data[at:end] = luck.choice(
                (luck.choice(_PIECES), bytes(data[at:end] * 2), other[start : start + 20], luck.randbytes(2))
            )
        yield bytes(data[:4096])
