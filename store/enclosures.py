"""Files that go with answers: kept by their bytes, first with what is being written, then with the answer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from store import blobs as kept
from store.domain import Enclosure
from store.engine import Row, Transaction
from store.tables import answers, blobs, enclosures, messages


def add(transaction: Transaction, unsent_id: int, file: Enclosure, *, now: datetime) -> None:
    """Keep a file with what is being written; the same bytes are kept once."""
    (sha256,) = kept.keep(transaction, [file.data], now)
    row = {
        "unsent_id": unsent_id,
        "sha256": sha256,
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.data),
    }
    transaction.connection.execute(insert(enclosures).values(row))


def drop(transaction: Transaction, unsent_id: int, *, only: int | None = None) -> None:
    """Drop one file, or all, of what is being written; bytes that nothing else holds are forgotten."""
    mine = enclosures.c.unsent_id == unsent_id
    mine = mine if only is None else mine & (enclosures.c.id == only)
    sums = list(transaction.connection.scalars(select(enclosures.c.sha256).where(mine)))
    transaction.connection.execute(delete(enclosures).where(mine))
    used = (
        select(messages.c.id).where(messages.c.sha256 == blobs.c.sha256).exists(),
        select(enclosures.c.id).where(enclosures.c.sha256 == blobs.c.sha256).exists(),
    )
    transaction.connection.execute(delete(blobs).where(blobs.c.sha256.in_(sums), ~used[0], ~used[1]))


def of_unsent(transaction: Transaction, unsent_id: int) -> Sequence[Row]:
    """List the files of what is being written, in the order that they were added."""
    wanted = select(enclosures).where(enclosures.c.unsent_id == unsent_id)
    return transaction.rows(wanted.order_by(enclosures.c.id))


def give(transaction: Transaction, *, unsent_id: int, answer_id: int) -> None:
    """Let the files of what was being written go with the answer."""
    transaction.connection.execute(
        update(enclosures)
        .where(enclosures.c.unsent_id == unsent_id)
        .values(unsent_id=None, answer_id=answer_id)
    )


def copy(transaction: Transaction, *, unsent_id: int, answer_id: int) -> None:
    """Let the same files go with another answer as well. Call it before `give`."""
    same = [
        {name: row[name] for name in ("sha256", "name", "media_type", "size")} | {"answer_id": answer_id}
        for row in of_unsent(transaction, unsent_id)
    ]
    if same:
        transaction.connection.execute(insert(enclosures), same)


def take_back(transaction: Transaction, *, answer_id: int, unsent_id: int) -> None:
    """Let the files of an answer that was undone be with what is being written again."""
    transaction.connection.execute(
        update(enclosures)
        .where(enclosures.c.answer_id == answer_id)
        .values(unsent_id=unsent_id, answer_id=None)
    )


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the files of a case's answers, each with its answer's `letter_key`; undone answers have none."""
    wanted = select(enclosures, answers.c.letter_key).join(answers, answers.c.id == enclosures.c.answer_id)
    return transaction.rows(wanted.where(answers.c.case_id == case_id).order_by(enclosures.c.id))


def of_letter(transaction: Transaction, letter_key: str) -> tuple[Enclosure, ...]:
    """Return the files that go with a letter, with their bytes."""
    wanted = (
        select(enclosures, blobs.c.key_id, blobs.c.data)
        .join(answers, answers.c.id == enclosures.c.answer_id)
        .join(blobs, blobs.c.sha256 == enclosures.c.sha256)
        .where(answers.c.letter_key == letter_key)
        .order_by(enclosures.c.id)
    )
    return tuple(
        Enclosure(name=row["name"], media_type=row["media_type"], data=kept.plain(transaction, row))
        for row in transaction.rows(wanted)
    )


def read(transaction: Transaction, enclosure_id: int) -> bytes | None:
    """Return the bytes of a file. Whether the reader may have it is for the caller to know."""
    wanted = select(*kept.STORED).join(enclosures, enclosures.c.sha256 == blobs.c.sha256)
    return kept.one(transaction, wanted.where(enclosures.c.id == enclosure_id))
