"""The servers that `intake` compares, each as a process of its own: `python -m tests.bench.serve NAME [URL]`.

`nothing` is aiosmtpd that keeps nothing; `kept` confirms what is committed; `chain` also reads it, asks the
small model, opens the case and writes the acknowledgement. Each prints its port and its database.
"""

import asyncio
import contextlib
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from bots.channels.smtp import Smtp
from bots.desk.intake import Intake
from bots.mail.worker import Reader
from classifier.model import FAST, MODELS, Classifier
from store.engine import Store, open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace
from tests.house import TOWN, Clock, open_house

US = TOWN


class Nothing:
    """Says 250 to everything and keeps nothing."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Forget a mail."""
        return "250 OK"


class Now(Clock):
    """The real time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def nothing() -> None:
    """Run aiosmtpd as it comes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Nothing(), hostname="bench.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def kept(store: Store, url: str) -> None:
    """Run our door and our intake, with one commit to disk before each 250."""
    intake = Intake(store=store, clock=Now(), kept=lambda: None)
    async with asyncio.TaskGroup() as group:
        group.create_task(intake.run())
        await _open(intake, group, url)


async def chain(store: Store, url: str) -> None:
    """Run all that happens to a mail until its acknowledgement waits to be sent."""
    reader = Reader()
    house = open_house(
        store,
        suggester=Classifier.load(MODELS / FAST),
        reader=reader,
        clock=Now(),
        per_handler_and_hour=10**9,
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(house.intake.run())
            group.create_task(house.judge_.run())
            await _open(house.intake, group, url)
    finally:
        reader.close()


async def _open(intake: Intake, group: asyncio.TaskGroup, url: str) -> None:
    door = Smtp(account=US, recipients=[US], clock=Now(), port=0, max_connections=200)
    group.create_task(door.listen(intake.receive))
    await door.ready.wait()
    print(door.port, url, flush=True)


def main(name: str, url: str = "") -> None:
    """Run one of them until interrupted; without a URL it keeps its mails in SQLite, in its own folder."""
    if name == "nothing":
        asyncio.run(nothing())
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = url or f"sqlite:///{Path(folder) / 'bench.db'}"
        store = open_store(url, seal_key=KeyPlace(file=Path(folder) / "key"))
        upgrade(store)
        asyncio.run({"kept": kept, "chain": chain}[name](store, url))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its folder goes with it
    with contextlib.suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
