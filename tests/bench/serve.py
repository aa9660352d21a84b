"""The two servers that `intake` compares, each as a process of its own: `nothing` and `synpunkt`."""

import asyncio
import contextlib
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from bots.channels.smtp import Smtp
from bots.desk.intake import Intake
from store.engine import open_store
from store.migrations import upgrade

US = "synpunkt@lillkommun.example"


class Nothing:
    """Says 250 to everything and keeps nothing."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Forget a mail."""
        return "250 OK"


async def nothing() -> None:
    """Run aiosmtpd as it comes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Nothing(), hostname="bench.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def synpunkt() -> None:
    """Run our door and our intake on SQLite, with one commit to disk before each 250."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(store)
        intake = Intake(store=store, clock=lambda: datetime.now(UTC), kept=lambda: None)
        door = Smtp(account=US, recipients=[US], clock=lambda: datetime.now(UTC), port=0, max_connections=200)
        async with asyncio.TaskGroup() as group:
            group.create_task(intake.run())
            group.create_task(door.listen(intake.receive))
            await door.ready.wait()
            print(door.port, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run({"nothing": nothing, "synpunkt": synpunkt}[sys.argv[1]]())
