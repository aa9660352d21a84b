"""Cases that one message was divided into: which they are, and which of its words are whose."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select

from store import cases, inbox, secrecy
from store.domain import PromiseKind
from store.engine import Row, StoreError, Transaction
from store.tables import cases as case_table
from store.tables import messages, parts, promises

# What is the same in every part: who wrote, when, how, and who may see it.
_INHERITED = (
    "channel",
    "sender_channel",
    "sender_handle",
    "sender_name",
    "language",
    "lanes",
    "restricted",
    "protected",
    "barred",
    "shown_to",
    "answer_channel",
    "answer_handle",
    "pick_up",
    "source",
    "taken_by",
    "sender_category",
)


def split_off(
    transaction: Transaction,
    root: Row,
    new: cases.NewCase,
    *,
    words: str,
    has_told: bool,
    now: datetime,
    prefix: str,
) -> tuple[int, str]:
    """Open a case for one matter of a message whose first matter `root` keeps; return its id and number.

    The new case has the same R, sender and few eyes, a copy of the message with the same bytes, and the same
    promises, so that none gets later. `has_told` says that the sender knows already who has it.
    """
    case_id, number = cases.open_case(transaction, new, now=now, prefix=prefix)
    cases.note(transaction, case_id, **{name: root[name] for name in _INHERITED})
    _copy_message(transaction, root["id"], case_id)
    secrecy.inherit(transaction, root["id"], case_id)
    wanted = select(promises).where(promises.c.case_id == root["id"]).order_by(promises.c.id)
    owed = {row["kind"]: row for row in transaction.rows(wanted)}
    for row in owed.values():
        kept = row["kept_at"] if row["kind"] != PromiseKind.FIRST_FEEDBACK or has_told else None
        own = {name: value for name, value in row.items() if name != "id"}
        transaction.connection.execute(
            insert(promises).values(own | {"case_id": case_id, "round": 1, "kept_at": kept})
        )
    note(transaction, case_id, root_id=root_of(transaction, root["id"]), words=words)
    return case_id, number


def note(transaction: Transaction, case_id: int, *, root_id: int, words: str) -> None:
    """Note that a case is about these words of a divided message; words that are noted already stay."""
    if transaction.row(select(parts).where(parts.c.case_id == case_id)) is None:
        row = {"case_id": case_id, "root_id": root_id, "words": words}
        transaction.connection.execute(insert(parts).values(row))


def root_of(transaction: Transaction, case_id: int) -> int:
    """Return the case that kept the number of a divided message; the case itself if it is not divided."""
    found = transaction.connection.scalar(select(parts.c.root_id).where(parts.c.case_id == case_id))
    return case_id if found is None else int(found)


def words_of(transaction: Transaction, case_id: int) -> str:
    """Return the words that a case is about, or an empty text if its message is not divided."""
    return transaction.connection.scalar(select(parts.c.words).where(parts.c.case_id == case_id)) or ""


def family(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the cases of the same divided message, this one and the first included; none if it is whole."""
    root = select(parts.c.root_id).where(parts.c.case_id == case_id).scalar_subquery()
    wanted = select(case_table).join(parts, parts.c.case_id == case_table.c.id)
    return transaction.rows(wanted.where(parts.c.root_id == root).order_by(case_table.c.id))


def tied(transaction: Transaction, case: Row) -> Sequence[Row]:
    """List the cases that are duplicates of a case, and the one that it is a duplicate of or refers to."""
    others = case_table.c.refers_to == case["id"]
    if case["refers_to"] is not None:
        others = others | (case_table.c.id == case["refers_to"])
    return transaction.rows(select(case_table).where(others).order_by(case_table.c.id))


def _copy_message(transaction: Transaction, from_case: int, to_case: int) -> None:
    first = inbox.first_of_case(transaction, from_case)
    if first is None:
        raise StoreError(f"case {from_case} has no message")
    own = {name: value for name, value in first.items() if name != "id"}
    transaction.connection.execute(
        insert(messages).values(own | {"case_id": to_case, "dedupe_key": f"delat:{to_case}"})
    )
