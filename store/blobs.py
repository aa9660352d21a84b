"""The bytes of messages and files: kept by their sum, encrypted if there is a key, and read only here."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Row, StoreError, Transaction
from store.tables import blobs

STORED = (blobs.c.sha256, blobs.c.key_id, blobs.c.data)  # what `plain` needs of a row
_GROUP_BYTES = 8 * 2**20


class KeyLostError(StoreError):
    """Bytes are encrypted with a key that is not in the file of keys; they wait until it is there again."""


class SpoiltBlobError(StoreError):
    """Bytes at rest are not those that were kept: the disk, or somebody, has changed them."""


def keep(transaction: Transaction, contents: Iterable[bytes], now: datetime) -> list[str]:
    """Keep bytes and return the sum of each (SHA-256, hex), in order; the same bytes are kept once."""
    rows = {}
    sums = []
    for data in contents:
        sha256 = hashlib.sha256(data).hexdigest()
        sums.append(sha256)
        if sha256 not in rows:
            rows[sha256] = {
                "sha256": sha256,
                "size": len(data),
                "kept_at": now,
                **_stored(transaction, sha256, data),
            }
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    if rows:
        transaction.connection.execute(make(blobs).on_conflict_do_nothing(), list(rows.values()))
    return sums


def plain(transaction: Transaction, row: Row) -> bytes:
    """Return the bytes of a row with the columns `STORED` as they came, whether encrypted or not.

    Raises `KeyLostError` or `SpoiltBlobError`. Bytes that lie plain are not summed anew: `spoilt` does that.
    """
    if not row["key_id"]:
        return bytes(row["data"])
    try:
        data = transaction.keys.open(row["key_id"], row["sha256"], bytes(row["data"]))
    except ValueError as error:
        raise SpoiltBlobError(f"bytes at rest were changed: sum {row['sha256']}") from error
    if data is None:
        raise KeyLostError(
            f"bytes are encrypted with the key {row['key_id']}, which is not in the file that [store] "
            "encryption_key names: put it back there, below the first line"
        )
    return data


def read(transaction: Transaction, sha256: str) -> bytes | None:
    """Return bytes by their sum, or None if there are none; raise as `plain` does."""
    row = transaction.row(select(*STORED).where(blobs.c.sha256 == sha256))
    return None if row is None else plain(transaction, row)


def one(transaction: Transaction, wanted: Select[tuple[str, str, bytes]]) -> bytes | None:
    """Return the bytes that a question for the columns `STORED` finds first, or None; raise likewise."""
    row = transaction.row(wanted)
    return None if row is None else plain(transaction, row)


def key_ids(transaction: Transaction) -> dict[str, int]:
    """Count the blobs under each key id; those under the empty id are not encrypted."""
    counted = select(blobs.c.key_id, func.count()).group_by(blobs.c.key_id)
    return {row[0]: row[1] for row in transaction.connection.execute(counted)}


def lost_keys(transaction: Transaction) -> list[str]:
    """List the ids of keys that bytes need and that are not here."""
    return sorted(set(key_ids(transaction)) - {"", *transaction.keys.ids})


def rekey(transaction: Transaction, *, after: str = "", most_bytes: int = _GROUP_BYTES) -> Sequence[str]:
    """Bring some blobs under the current key, in the order of their sums, and return their sums.

    Call it again in a new transaction, `after` the last sum, until nothing is returned. At least one is done,
    but no more than `most_bytes` besides. Raises as `plain` does, for the old keys must be here.
    """
    current = transaction.keys.current
    wanted = select(blobs.c.sha256, blobs.c.size).where(blobs.c.key_id != current, blobs.c.sha256 > after)
    group: list[str] = []
    total = 0
    for sha256, size in transaction.connection.execute(wanted.order_by(blobs.c.sha256).limit(200)):
        total += size
        if group and total > most_bytes:
            break
        group.append(sha256)
    for sha256 in group:
        data = read(transaction, sha256)
        if data is not None:
            changed = update(blobs).where(blobs.c.sha256 == sha256)
            transaction.connection.execute(changed.values(_stored(transaction, sha256, data)))
    return group


def spoilt(transaction: Transaction) -> Iterator[str]:
    """Walk through all bytes, and give each sum whose bytes are others, or can not be opened."""
    for (sha256,) in transaction.connection.execute(select(blobs.c.sha256).order_by(blobs.c.sha256)).all():
        try:
            data = read(transaction, sha256)
        except (KeyLostError, SpoiltBlobError):
            data = None
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            yield sha256


def _stored(transaction: Transaction, sha256: str, data: bytes) -> dict[str, object]:
    current = transaction.keys.current
    return {"key_id": current, "data": transaction.keys.seal(sha256, data) if current else data}
