"""Backs up while mails come, restores elsewhere, and compares every row with the moment of the backup.

Run it by hand: `python -m tests.journeys.backup --seconds 600 [--rate 1000] [--postgres]`. The rows to
compare with are read by ordinary questions in the transaction that the backup reads in, which stays open
until more mails have been confirmed: they must not be in it.
"""

import argparse
import asyncio
import contextlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
from sqlalchemy import inspect, select

from bots import backup as packed
from bots.backup import Told
from store import backup, blobs, migrations
from store.backup import Piece
from store.engine import Row, Transaction, open_store
from store.seal_key import KeyPlace
from store.tables import metadata
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres
from tests.servers.product import SECRETS, Product, folder, running
from tests.servers.world import a_world

_CLIENTS = 20
_MORE = 10  # mails that must be confirmed while the backup's moment lasts
_PATIENCE = 60.0

Rows = dict[str, list[Row]]


@dataclass(kw_only=True)
class Load:
    """Mails at an even rate through the front door, each until it has heard 250."""

    product: Product
    per_minute: float
    confirmed: int = 0
    _next: int = 0

    async def run(self) -> None:
        """Deliver until cancelled."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(_CLIENTS):
                group.create_task(self._client(began))

    async def _client(self, began: float) -> None:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.product.smtp_port, timeout=_PATIENCE
        ) as client:
            while True:
                number, self._next = self._next, self._next + 1
                await asyncio.sleep(max(0.0, began + number * 60 / self.per_minute - time.monotonic()))
                mail = synpunkt(number, to=self.product.address)
                await client.sendmail(citizen(number), [self.product.address], mail)
                self.confirmed += 1


@dataclass(kw_only=True)
class Figures:
    """What was counted. What must be nothing at all is listed in `faults`."""

    store: str
    per_minute: float
    confirmed: int
    messages: int
    during: int
    rows: int
    size: int
    backup_seconds: float
    restore_seconds: float
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Write them out."""
        yield f"store {self.store}, {self.per_minute:.0f} mails/min came in"
        yield f"mails confirmed in all   {self.confirmed}"
        yield f"messages in the backup   {self.messages}, {self.during} more confirmed while it was made"
        size = f"{self.size / 2**20:.2f} MB"
        yield f"backup                   {self.rows} rows, {size}, {self.backup_seconds:.2f} s"
        yield f"restore                  {self.restore_seconds:.2f} s"
        yield "differences, and verify  " + ("none" if not self.faults else "")
        yield from (f"  FAULT {fault}" for fault in self.faults)


async def run(
    *, seconds: float, per_minute: float = 1000, store_url: str = "", target_url: str = ""
) -> Figures:
    """Let mails come for so long, back up in the middle, restore into an empty database, and compare."""
    with folder() as place, folder() as elsewhere:
        async with a_world() as world:
            product = Product(
                relay_port=world.port,
                folder=place,
                store_url=store_url,
                mail="notices_per_handler_and_hour = 1000000",
            )
            with running(product):
                load = Load(product=product, per_minute=per_minute)
                began = time.monotonic()
                sending = asyncio.create_task(load.run())
                try:
                    await asyncio.sleep(seconds / 2)
                    made = await asyncio.to_thread(_back_up, product, load)
                    await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
                finally:
                    lasted = time.monotonic() - began
                    sending.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await sending
                target = target_url or f"sqlite:///{elsewhere / 'synpunkt.db'}"
                restore_seconds, faults = await asyncio.to_thread(_restore, made, target, product, elsewhere)
    return Figures(
        store=product.url.partition(":")[0],
        per_minute=load.confirmed * 60 / lasted,
        confirmed=load.confirmed,
        messages=len(made.rows["messages"]),
        during=made.during,
        rows=sum(len(rows) for rows in made.rows.values()),
        size=len(made.data),
        backup_seconds=made.seconds,
        restore_seconds=restore_seconds,
        faults=faults,
    )


@dataclass(frozen=True, kw_only=True)
class _Made:
    data: bytes
    secret: str
    rows: Rows
    during: int
    seconds: float


def _back_up(product: Product, load: Load) -> _Made:
    secret, public = packed.new_identity()
    out = io.BytesIO()
    seen: list[Rows] = []
    waited: list[float] = []
    before = load.confirmed

    def begun(transaction: Transaction) -> None:
        seen.append(_every_row(transaction))
        asked = time.monotonic()
        while load.confirmed < before + _MORE:
            if time.monotonic() > asked + _PATIENCE:
                raise TimeoutError("no mail was confirmed while the backup was made")
            time.sleep(0.01)
        waited.append(time.monotonic() - asked)

    began = time.monotonic()
    with closing(open_store(product.url, seal_key=_key_in(product.folder))) as store:
        packed.write(
            store,
            out,
            [public],
            files={},
            keys=[],
            version="0",
            now=datetime.now(UTC),
            begun=begun,
        )
    return _Made(
        data=out.getvalue(),
        secret=secret,
        rows=seen[0],
        during=load.confirmed - before,
        seconds=time.monotonic() - began - waited[0],
    )


def _restore(made: _Made, url: str, product: Product, elsewhere: Path) -> tuple[float, list[str]]:
    # The key of the seals is in no backup: its keeper brings it.
    shutil.copy(_key_file(product.folder), elsewhere)
    began = time.monotonic()
    with closing(open_store(url, seal_key=_key_in(elsewhere))) as store:

        def lay_in(told: Told, found: Iterator[Piece], prove: "object") -> int:
            assert callable(prove)
            return backup.lay_in(store, told.facts, found, is_whole=prove)

        packed.read(io.BytesIO(made.data), packed.identities(made.secret.encode(), str), lay_in)
        with store.read() as transaction:
            found = _every_row(transaction)
        faults = list(_differences(made.rows, found))
        migrations.upgrade(store)
        seconds = time.monotonic() - began
        with store.read() as transaction:
            faults += [f"bytes that are not their sum: {one}" for one in blobs.spoilt(transaction)]
    return seconds, [*faults, *_unproved(url, product, elsewhere)]


def _unproved(url: str, product: Product, elsewhere: Path) -> Iterator[str]:
    """Run `synpunkt verify` on what was restored, and give each fault that it tells."""
    settings = product.write_config().read_text(encoding="utf-8")
    moved = settings.replace(product.url, url).replace(
        f'folder = "{product.folder}"', f'folder = "{elsewhere}"'
    )
    (elsewhere / "config.toml").write_text(moved, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bots", "verify", "--config", str(elsewhere / "config.toml")],
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode != 0:
        yield from (done.stdout or done.stderr).splitlines()


def _key_in(place: Path) -> KeyPlace:
    file = _key_file(place)
    return KeyPlace(file=file, log=file.with_suffix(".seals"))


def _key_file(place: Path) -> Path:
    """Find the key of the seals: beside the database on SQLite, in the house's folder on PostgreSQL."""
    (found,) = place.glob("synpunkt*.key")
    return found


def _every_row(transaction: Transaction) -> Rows:
    names = set(inspect(transaction.connection).get_table_names())
    return {
        name: sorted(transaction.rows(select(table)), key=repr)
        for name, table in metadata.tables.items()
        if name in names
    }


def _differences(wanted: Rows, found: Rows) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        before, after = wanted.get(name, []), found.get(name, [])
        if len(before) != len(after):
            yield f"{name}: {len(before)} rows became {len(after)}"
        for one, two in zip(before, after, strict=False):
            columns = [column for column in one if one[column] != two.get(column)]
            if columns:
                yield f"{name}: {', '.join(columns)} differ"


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether a row differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.backup", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=1000, help="mails a minute")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        urls = {}
        if chosen.postgres:
            cluster = stack.enter_context(postgres.running())
            urls = {"store_url": cluster.database("source"), "target_url": cluster.database("target")}
        figures = asyncio.run(run(seconds=chosen.seconds, per_minute=chosen.rate, **urls))
    print("\n".join(figures.lines()))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
