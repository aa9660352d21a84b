"""The chain: each link signs the lines since the one before it. What a line is, `store.sealing` says."""

import hashlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, insert, select, text

from store.engine import Row, Store, StoreAwayError, StoreError, Transaction
from store.seal_key import SealKey, SealKeyError
from store.tables import changes, seals

log = logging.getLogger(__name__)

_START = "0" * 64  # the link before the first one
_PATIENCE = 5.0  # seconds, for writers to end; the next try is a minute away
_LOOK_AGAIN = 0.02


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link of the chain. `lines` is the sum of the lines after the last link's `up_to`, to its own."""

    number: int
    up_to: int
    count: int
    lines: str
    previous: str
    made_at: datetime

    @property
    def sum(self) -> str:
        """Return the sum of all that it says, in hex; this is what is signed, and what the next one names."""
        at = self.made_at.astimezone(UTC).isoformat(timespec="microseconds")
        told = f"{self.number}|{self.up_to}|{self.count}|{self.lines}|{self.previous}|{at}"
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One line of the file beside the database: a link, as it was when it was made."""

    number: int
    sum: str
    signature: str
    public_key: str


def seal(store: Store, now: datetime) -> Link | None:
    """Close all lines that are committed into one signed link, and return it; None if there are none.

    Writes it to the file beside the database as well, for the operator to copy elsewhere. Waits for nobody
    who only reads. Raises `StoreError` when it can not be done; the lines wait for the next try.
    """
    key = _key(store)
    last = _last_line(store)
    with store.write() as transaction:
        _one_at_a_time(transaction)
        newest = transaction.row(select(seals).order_by(seals.c.number.desc()).limit(1))
        since = newest["up_to"] if newest else 0
        if last <= since:
            return None
        count, lines = _sum(transaction, since, last)
        made = Link(
            number=newest["number"] + 1 if newest else 1,
            up_to=last,
            count=count,
            lines=lines,
            previous=newest["sum"] if newest else _START,
            made_at=now,
        )
        signature = key.sign(bytes.fromhex(made.sum))
        row = {**vars(made), "sum": made.sum, "signature": signature, "public_key": key.public}
        transaction.connection.execute(insert(seals).values(row))
    _write_down(
        store.seal_key.log, f"{made.number} {made.sum} {signature} {key.public} {now:%Y-%m-%dT%H:%M:%SZ}\n"
    )
    return made


def public_key(store: Store) -> str:
    """Return the public half of the key that signs, in hex; raise `StoreError` if there is no key."""
    return _key(store).public


def links(transaction: Transaction) -> Iterator[Row]:
    """Walk through the links, the first one first."""
    wanted = select(seals).order_by(seals.c.number).execution_options(yield_per=500)
    yield from (dict(row) for row in transaction.connection.execute(wanted).mappings())


def link_of(row: Row) -> Link:
    """Return what a row of `seals` says, without its sum and signature."""
    return Link(**{name: row[name] for name in ("number", "up_to", "count", "lines", "previous", "made_at")})


def sum_of(transaction: Transaction, since: int, up_to: int) -> tuple[int, str]:
    """Count the lines after `since`, to `up_to`, and return their number and sum."""
    return _sum(transaction, since, up_to)


def noted(file: Path) -> Iterator[Noted]:
    """Read the file of links; a line that is none, such as one that a power cut has torn, is left out."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            parts = line.split()
            if len(parts) == 5 and parts[0].isdecimal():
                yield Noted(number=int(parts[0]), sum=parts[1], signature=parts[2], public_key=parts[3])


def _key(store: Store) -> SealKey:
    try:
        key = store.seal_key.key
    except SealKeyError as error:
        raise StoreError(str(error)) from error
    if key is None:
        raise StoreError(f"nyckeln till journalens försegling saknas ({store.seal_key.name})")
    return key


def _last_line(store: Store) -> int:
    """Return the last line such that none before it can still come; raise `StoreAwayError` if some may."""
    with store.write() as transaction:
        last: int = transaction.connection.scalar(select(func.coalesce(func.max(changes.c.id), 0))) or 0
        if store.is_sqlite:
            return last
        ours: int = transaction.connection.execute(text("SELECT txid_current()")).scalar_one()
    # A line gets its number before it is written, and a lock of the table would not know of those in between.
    # But whoever got a number has changed a row before, so is an older transaction than ours: they must end.
    until = time.monotonic() + _PATIENCE
    while _oldest_at_work(store) < ours:
        if time.monotonic() > until:
            raise StoreAwayError("någon skriver sedan länge; raderna försluts när det är klart")
        time.sleep(_LOOK_AGAIN)
    return last


def _oldest_at_work(store: Store) -> int:
    with store.read() as transaction:
        wanted = text("SELECT txid_snapshot_xmin(txid_current_snapshot())")
        oldest: int = transaction.connection.execute(wanted).scalar_one()
        return oldest


def _one_at_a_time(transaction: Transaction) -> None:
    if transaction.connection.dialect.name != "sqlite":
        transaction.connection.execute(text("LOCK TABLE seals IN SHARE ROW EXCLUSIVE MODE"))


def _sum(transaction: Transaction, since: int, up_to: int) -> tuple[int, str]:
    wanted = (
        select(changes)
        .where(changes.c.id > since, changes.c.id <= up_to)
        .order_by(changes.c.id)
        .execution_options(yield_per=2000)
    )
    count, total = 0, hashlib.sha256()
    for line in transaction.connection.execute(wanted):
        told = (line.id, line.subject, line.key, bytes(line.digest), line.how, line.note)
        total.update(ascii(told).encode())
        count += 1
    return count, total.hexdigest()


def _write_down(file: Path | None, line: str) -> None:
    if file is None:
        return
    try:
        with file.open("a", encoding="utf-8") as written:
            written.write(line)
    except OSError as error:
        # The link itself is kept. `synpunkt verify` tells how far the file goes.
        log.error("link not written beside the database: because=%s", error.strerror)
