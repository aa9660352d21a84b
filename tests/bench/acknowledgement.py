"""How long a citizen waits: from the last dot of the mail until the relay has the acknowledgement.

Run it by hand: `python -m tests.bench.acknowledgement [--rate 10] [--seconds 120]`.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

import classifier
from tests.bench.figures import machine, percentile
from tests.bench.wire import Wire
from tests.journeys.mails import citizen, message_id, synpunkt
from tests.servers.product import Product, folder, running

_BAR = 2.0
_WARM_UP = 20
_PATIENCE = 60.0


@dataclass
class Relay:
    """Takes every letter, and notes when which mail was acknowledged."""

    accepted: dict[str, float] = field(default_factory=dict)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a letter."""
        assert isinstance(envelope.content, bytes)
        head = message_from_bytes(envelope.content)
        if head["Auto-Submitted"] == "auto-replied":
            self.accepted[str(head["In-Reply-To"])] = time.monotonic()
        return "250 2.0.0 Ok"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured, in seconds."""

    rate: float
    with_model: bool
    late: int  # mails that the client itself brought later than it should
    confirmed: list[float]
    acknowledged: list[float]
    missing: int

    def lines(self) -> Iterator[str]:
        """Write it as a table."""
        model = "with the model that comes along" if self.with_model else "without a model"
        yield f"{len(self.acknowledged)} mails at {self.rate:g}/s, {model}, SQLite; {machine()}"
        yield f"{'from the last dot until':28}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}"
        for name, values in (("250 (kept)", self.confirmed), ("relay has the receipt", self.acknowledged)):
            shares = [percentile(values, share) for share in (0.5, 0.95, 0.99, 1)]
            yield f"{name:28}" + "".join(f"{value * 1000:6.0f} ms" for value in shares)
        verdict = "kept" if percentile(self.acknowledged, 0.95) <= _BAR else "NOT kept"
        yield f"bar: p95 of the receipt within {_BAR:g} s: {verdict}; without receipt: {self.missing}"
        if self.late:
            yield f"{self.late} mails were sent late: the machine was too busy for this rate"


async def run(*, rate: float, seconds: float) -> Measured:
    """Bring mails at an even rate and time their acknowledgements."""
    relay = Relay()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(relay, hostname="relay.example"), "127.0.0.1", 0)
    with_model = (Path(classifier.__file__).parent / "models" / "full").exists()
    with folder() as place:
        port = server.sockets[0].getsockname()[1]
        product = Product(
            relay_port=port,
            folder=place,
            classifier=with_model,
            mail="notices_per_handler_and_hour = 1000000",
        )
        with running(product, start=False):
            await asyncio.to_thread(product.start)
            await _bring(product, range(_WARM_UP), rate=rate)
            await _all_in(relay, _WARM_UP)
            count = int(rate * seconds)
            sent, late = await _bring(product, range(_WARM_UP, _WARM_UP + count), rate=rate)
            await _all_in(relay, _WARM_UP + count)
    server.close()
    known = {number: relay.accepted.get(message_id(number)) for number in sent}
    return Measured(
        rate=rate,
        with_model=with_model,
        late=late,
        confirmed=[confirmed - began for began, confirmed in sent.values()],
        acknowledged=[at - sent[number][0] for number, at in known.items() if at is not None],
        missing=sum(at is None for at in known.values()),
    )


async def _bring(
    product: Product, numbers: range, *, rate: float
) -> tuple[dict[int, tuple[float, float]], int]:
    sent: dict[int, tuple[float, float]] = {}
    late = 0

    async def bring(number: int) -> None:
        wire = await Wire.connect(product.smtp_port)
        mail = synpunkt(number, to=product.address)
        sent[number] = await wire.deliver(mail, sender=citizen(number), to=product.address)
        await wire.close()

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for turn, number in enumerate(numbers):
            wait = began + turn / rate - time.monotonic()
            late += wait < -1 / rate
            await asyncio.sleep(max(wait, 0))
            group.create_task(bring(number))
    return sent, late


async def _all_in(relay: Relay, count: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while len(relay.accepted) < count:  # noqa: ASYNC110 - the relay only counts
                await asyncio.sleep(0.05)


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.acknowledgement", description=__doc__)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=120)
    chosen = parser.parse_args(arguments)
    print("\n".join(asyncio.run(run(rate=chosen.rate, seconds=chosen.seconds)).lines()))


if __name__ == "__main__":
    main()
