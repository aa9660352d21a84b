"""Two houses whose letters go to each other: how many letters does it take until both are silent?

Run it by hand: `python -m tests.journeys.pingpong [--seconds 60]`.
"""

import argparse
import asyncio
import contextlib
import re
import smtplib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bots.channels.smtp import Smtp
from store.domain import Inbound, Receipt
from tests.journeys.mails import synpunkt
from tests.servers.hearing import listening
from tests.servers.product import Product, folder, running

ALFA, BETA = "synpunkt@alfa.example", "synpunkt@beta.example"
# What a bad server on the way might drop: everything by which a machine could be known.
_MARKS = re.compile(
    rb"(?im)^(?:auto-submitted|x-auto-response-suppress|in-reply-to|references|reply-to|message-id):"
    rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"
)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What two houses said to each other."""

    seconds: float
    naked: bool
    injected: int
    heard: int
    letters: int
    acknowledgements: dict[str, int]
    states: dict[str, Counter[str]]

    def lines(self) -> Iterator[str]:
        """Write them out."""
        marks = "stripped of all marks" if self.naked else "with their marks"
        yield f"letters {marks}, {self.seconds:.0f} s, {self.injected} mails in, as if from the other house"
        yield f"heard by both {self.heard}, letters on the way {self.letters}"
        for name, count in self.acknowledgements.items():
            states = ", ".join(f"{state} {n}" for state, n in self.states[name].most_common())
            yield f"{name}: {count} acknowledgements sent ({states})"


async def run(*, seconds: float, naked: bool) -> Figures:
    """Let two houses write to each other for a while; one mail a second is thrown in at the first."""
    with folder(in_memory=True) as one, folder(in_memory=True) as other, contextlib.ExitStack() as stack:
        alfa = Product(relay_port=0, folder=one, address=ALFA, handler_domain="alfa.example")
        beta = Product(relay_port=0, folder=other, address=BETA, handler_domain="beta.example")
        # The notices to handlers go to the other house as well, as if somebody had forwarded them there.
        alfa.recipients = (ALFA, "rita@beta.example", "petra@beta.example")
        beta.recipients = (BETA, "rita@alfa.example", "petra@alfa.example")
        on_the_way: list[tuple[float, Inbound]] = []
        async with (
            _road(beta, on_the_way, naked=naked) as alfa.relay_port,
            _road(alfa, on_the_way, naked=naked) as beta.relay_port,
        ):
            for house in (alfa, beta):
                stack.enter_context(running(house, start=False))
                await asyncio.to_thread(house.start)
            began = time.monotonic()
            injected = await _throw_in(alfa, until=began + seconds)
            await _silent(on_the_way)
            return _count(alfa, beta, on_the_way, seconds=seconds, naked=naked, injected=injected)


@asynccontextmanager
async def _road(
    house: Product, on_the_way: list[tuple[float, Inbound]], *, naked: bool
) -> AsyncIterator[int]:
    """Carry letters to a house, through a server that may strip them of their marks."""

    async def carry(inbound: Inbound) -> Receipt:
        on_the_way.append((time.monotonic(), inbound))
        # A server that strips our own notices of their marks and brings them to a synpunkt address is more
        # than any house can guard against: naked, only the letters to the other address go on.
        if naked and inbound.envelope_to[0] not in {ALFA, BETA}:
            return Receipt(message_id=len(on_the_way))
        raw = _MARKS.sub(b"", inbound.raw) if naked else inbound.raw
        # The envelope sender would give a machine away as well, had it been empty.
        await asyncio.to_thread(_hand_over, house, raw, inbound.envelope_from or "", inbound.envelope_to)
        return Receipt(message_id=len(on_the_way))

    server = Smtp(
        account="-", recipients=[ALFA, BETA, *_PEOPLE], clock=lambda: datetime.now(UTC), port=0, grace=1
    )
    async with listening(server, carry):
        yield server.port


_PEOPLE = [f"{name}@{town}.example" for name in ("rita", "petra") for town in ("alfa", "beta")]


def _hand_over(house: Product, raw: bytes, sender: str, recipients: tuple[str, ...]) -> None:
    with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=20) as client:
        client.sendmail(sender, list(recipients), raw)


async def _throw_in(alfa: Product, *, until: float) -> int:
    """Throw mails in at one house as if the other had written them, by hand and without any mark."""
    count = 0
    while time.monotonic() < until:
        mail = synpunkt(count, to=ALFA)
        mail = re.sub(rb"(?m)^From: [^\r]*", b"From: Tyck till <" + BETA.encode() + b">", mail, count=1)
        await asyncio.to_thread(_hand_over, alfa, mail, BETA, (ALFA,))
        count += 1
        await asyncio.sleep(min(max(until - time.monotonic(), 0), 1))
    return count


async def _silent(on_the_way: list[tuple[float, Inbound]]) -> None:
    """Return when nothing has been on the way for three seconds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if on_the_way and time.monotonic() - on_the_way[-1][0] > 3:
            return
        await asyncio.sleep(0.1)


def _count(
    alfa: Product,
    beta: Product,
    on_the_way: list[tuple[float, Inbound]],
    *,
    seconds: float,
    naked: bool,
    injected: int,
) -> Figures:
    houses = {"alfa": alfa, "beta": beta}
    letters = {name: house.query("SELECT purpose, state FROM letters") for name, house in houses.items()}
    return Figures(
        seconds=seconds,
        naked=naked,
        injected=injected,
        heard=sum(house.query("SELECT count(*) AS n FROM messages")[0]["n"] for house in houses.values()),
        letters=len(on_the_way),
        acknowledgements={
            name: sum(row["purpose"] == "kvitto" and row["state"] == "sänt" for row in rows)
            for name, rows in letters.items()
        },
        states={
            name: Counter(f"{row['purpose']} {row['state']}" for row in rows)
            for name, rows in letters.items()
        },
    )


def main(arguments: list[str] | None = None) -> int:
    """Run it both ways and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.pingpong", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args(arguments)
    for naked in (False, True):
        print("\n".join(asyncio.run(run(seconds=chosen.seconds, naked=naked)).lines()), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
