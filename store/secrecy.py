"""What may be secret in a case (OSL 5:5, row B14), and whose sender is protected (OSL 21:3, row B15).

A mark is a warning and no more: whether something is secret is judged each time that somebody asks for it.
Who may set and lift it is said in `bots.desk.secrecy`, who sees a protected case in `store.sight`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, bindparam, func, insert, select, update

from store import cases, journal, outbox
from store.deadlines import day_of
from store.domain import Entry, Purpose
from store.engine import Row, StoreError, Transaction
from store.tables import cases as case_table
from store.tables import secrecy_marks

# Row B15: what is written to these units is judged before it is given to anybody (OSL 25 and 26 kap.).
REGULATED = frozenset({"sol", "lss", "hsl"})
# What holds words that staff have typed.
BY_HAND = frozenset({Purpose.ANSWER, Purpose.QUESTION, Purpose.DELAY, Purpose.STATEMENT_REQUEST})
_PROTECTED_BEFORE = (
    select(case_table.c.id)
    .where(
        case_table.c.protected,
        case_table.c.sender_channel == bindparam("channel"),
        func.lower(case_table.c.sender_handle) == func.lower(bindparam("handle", type_=String)),
    )
    .limit(1)
)


class Ground(StrEnum):
    """Why something in a case may be secret."""

    MARKED = "sekretessmarkerat"
    PROTECTED = "skyddade personuppgifter"
    REGULATED = "ska sekretessprövas"


@dataclass(frozen=True, kw_only=True)
class Caution:
    """That something may be secret, and by which rule. `message_id` None is the whole case."""

    ground: Ground
    paragraph: str
    words: str  # for staff, in Swedish
    message_id: int | None = None


def warnings(transaction: Transaction, case_id: int, *, regulated: str = "") -> list[Caution]:
    """List why a case, or one message of it, must be judged before it is given away; the gravest first.

    `regulated` is that of the case's unit (`House.regulated`). An empty list is no promise that nothing is
    secret. Raises `StoreError` for a case that is not there.
    """
    case = cases.get(transaction, case_id)
    found = []
    if case["protected"]:
        words = "Avsändaren har skyddade personuppgifter."
        found.append(Caution(ground=Ground.PROTECTED, paragraph="21 kap. 3 § OSL", words=words))
    found += [
        Caution(
            ground=Ground.MARKED,
            paragraph=row["paragraph"],
            words=f"Sekretessmarkerat av {row['authority']} {day_of(row['set_at'])}, {row['paragraph']}.",
            message_id=row["message_id"],
        )
        for row in marks(transaction, case_id)
        if is_set(row)
    ]
    if regulated in REGULATED:
        chapter = "25 kap. 1 § OSL" if regulated == "hsl" else "26 kap. 1 § OSL"
        words = "Det som skrivits till enheten ska sekretessprövas innan det lämnas ut."
        found.append(Caution(ground=Ground.REGULATED, paragraph=chapter, words=words))
    return found


def marks(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the marks of a case, lifted and proposed ones included, oldest first."""
    wanted = select(secrecy_marks).where(secrecy_marks.c.case_id == case_id)
    return transaction.rows(wanted.order_by(secrecy_marks.c.id))


def is_set(mark: Row) -> bool:
    """Tell whether a mark stands: it was set by who may, and has not been lifted."""
    return mark["set_at"] is not None and mark["lifted_at"] is None


def is_proposed(mark: Row) -> bool:
    """Tell whether a mark waits for the registrator's word."""
    return mark["set_at"] is None and mark["lifted_at"] is None


def marked(transaction: Transaction, case_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Return the marks that stand in some cases, by the case; a case without any is not there."""
    wanted = select(secrecy_marks).where(
        secrecy_marks.c.case_id.in_(case_ids),
        secrecy_marks.c.set_at.is_not(None),
        secrecy_marks.c.lifted_at.is_(None),
    )
    found: dict[int, list[Row]] = {}
    for row in transaction.rows(wanted.order_by(secrecy_marks.c.id)):
        found.setdefault(row["case_id"], []).append(row)
    return found


def mark(
    transaction: Transaction,
    case_id: int,
    *,
    paragraph: str,
    authority: str,
    why: str,
    message_id: int | None,
    by: str,
    proposed: bool,
    now: datetime,
) -> int:
    """Set a mark, or only propose it, and return its id. The caller checks who may, and journals it.

    Raises `StoreError` for a mark without its paragraph or the authority that sets it (row B14).
    """
    if not paragraph.strip() or not authority.strip():
        raise StoreError("a secrecy mark needs its paragraph and its authority")
    who, at = ("proposed_by", "proposed_at") if proposed else ("set_by", "set_at")
    row = {
        "case_id": case_id,
        "message_id": message_id,
        "paragraph": paragraph.strip(),
        "authority": authority.strip(),
        "why": why.strip(),
        who: by,
        at: now,
    }
    made: int | None = transaction.connection.scalar(
        insert(secrecy_marks).values(row).returning(secrecy_marks.c.id)
    )
    if made is None:
        raise StoreError("the mark got no id")
    return made


def accept(transaction: Transaction, mark_id: int, *, by: str, now: datetime) -> bool:
    """Set a mark that was proposed; False if it does not wait any longer."""
    done = transaction.connection.execute(
        update(secrecy_marks)
        .where(
            secrecy_marks.c.id == mark_id,
            secrecy_marks.c.set_at.is_(None),
            secrecy_marks.c.lifted_at.is_(None),
        )
        .values(set_by=by, set_at=now)
    )
    return done.rowcount == 1


def lift(transaction: Transaction, mark_id: int, *, by: str, now: datetime) -> bool:
    """Lift a mark, or decline one that was proposed; its row stays. False if it was lifted already."""
    done = transaction.connection.execute(
        update(secrecy_marks)
        .where(secrecy_marks.c.id == mark_id, secrecy_marks.c.lifted_at.is_(None))
        .values(lifted_by=by, lifted_at=now)
    )
    return done.rowcount == 1


def inherit(transaction: Transaction, from_case: int, to_case: int) -> None:
    """Mark a case that was divided off as its first one is marked as a whole."""
    for row in marks(transaction, from_case):
        if row["message_id"] is None:
            own = {name: value for name, value in row.items() if name != "id"}
            transaction.connection.execute(insert(secrecy_marks).values(own | {"case_id": to_case}))


def is_protected_sender(transaction: Transaction, channel: str, handle: str) -> bool:
    """Tell whether somebody with this address is protected in another case: then they are in a new one."""
    if not handle:
        return False
    known = {"channel": channel, "handle": handle}
    return transaction.beside.scalar(_PROTECTED_BEFORE, known) is not None


def hold_letters(
    transaction: Transaction,
    case_id: int,
    *,
    because: Ground,
    now: datetime,
    not_to: Collection[str] = (),
) -> int:
    """Hold what staff have written in a case, and take back what waits for the addresses `not_to`.

    For what has just been marked or protected: returns how many letters do not go. One that is just being
    sent goes.
    """
    stopped = 0
    for row in outbox.waiting(transaction, case_id):
        if row["handle"].casefold() in not_to:
            stopped += outbox.take_back(transaction, row["id"], by="synpunkt", now=now) is not None
        elif row["purpose"] in BY_HAND and outbox.hold(transaction, row["id"], because=str(because)):
            stopped += 1
            entry = Entry(actor="synpunkt", act="brev hålls", case_id=case_id, details={"brev": row["key"]})
            journal.write(transaction, now, entry)
    return stopped
