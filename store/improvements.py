"""What came of synpunkter, as everybody may read it once a manager has approved it, until it is withdrawn.

What a text may hold is looked at in `bots.desk.improvements`. Each approval and withdrawal stays, with who
and when; the words go when their case is disposed of.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, not_, select, update

from store import acts, secrecy
from store.domain import Status
from store.emptying import GONE
from store.engine import Row, Transaction
from store.life import MANAGER, Actor, IllegalActError
from store.tables import answers, cases, improvements, secrecy_marks

LONGEST = 600
APPROVED, WITHDRAWN = "förbättring publicerad", "förbättring indragen"
_ENDED = (Status.CLOSED, Status.ARCHIVED)
_PUBLISH, _WITHDRAW = "publicera", "dra in"


def standing(transaction: Transaction, case_id: int) -> Row | None:
    """Return the text of a case that is approved and not withdrawn, if there is one."""
    wanted = select(improvements).where(
        improvements.c.case_id == case_id, improvements.c.withdrawn_at.is_(None)
    )
    return transaction.row(wanted)


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List what was approved of a case, withdrawn texts included, oldest first."""
    wanted = select(improvements).where(improvements.c.case_id == case_id)
    return transaction.rows(wanted.order_by(improvements.c.id))


def why_not(transaction: Transaction, case: Row) -> list[str]:
    """Say to staff why nothing of a case may be published; an empty list if something may."""
    found = []
    if case["status"] not in _ENDED:
        found.append("Ärendet är inte avslutat.")
    if case["restricted"] or case["barred"]:
        found.append("Ärendet är begränsat eller gäller någon som arbetar här.")
    if case["protected"]:
        found.append("Avsändaren har skyddade personuppgifter.")
    if any(secrecy.is_set(mark) for mark in secrecy.marks(transaction, case["id"])):
        found.append("Ärendet är sekretessmarkerat.")
    return found


def approve(
    transaction: Transaction,
    case_id: int,
    text: str,
    *,
    actor: Actor,
    version: int,
    now: datetime,
    despite: int = 0,
) -> None:
    """Let everybody read a text of what came of a case, in the place of one that was approved before.

    `despite` is how many remarks on the words its manager has read and let be; the journal tells.
    Raises `IllegalActError`, in Swedish, for whoever is not its manager or a case of which nothing may be
    published, and `StaleCaseError`. The words themselves are for the caller to look through first.
    """
    case = acts.mark(
        transaction,
        case_id,
        act=APPROVED,
        actor=actor,
        who=(MANAGER,),
        now=now,
        version=version,
        details={"tecken": str(len(text))} | ({"trots anmärkningar": str(despite)} if despite else {}),
    )
    missing = why_not(transaction, case)
    if not text.strip() or len(text) > LONGEST:
        missing.append(f"Skriv en text på högst {LONGEST} tecken.")
    if missing:
        raise IllegalActError(_PUBLISH, Status(case["status"]), missing)
    _end(transaction, case_id, by=actor.id, now=now)
    row = {
        "case_id": case_id,
        "unit": case["unit"],
        "text": text.strip(),
        "approved_by": actor.id,
        "approved_at": now,
    }
    transaction.connection.execute(insert(improvements).values(row))


def withdraw(transaction: Transaction, case_id: int, *, actor: Actor, version: int, now: datetime) -> None:
    """Take the text of a case off the public page. Raises as `approve` does, and where there is none."""
    case = acts.mark(
        transaction,
        case_id,
        act=WITHDRAWN,
        actor=actor,
        who=(MANAGER,),
        now=now,
        version=version,
        details={},
    )
    if not _end(transaction, case_id, by=actor.id, now=now):
        raise IllegalActError(_WITHDRAW, Status(case["status"]), ["Ingen text är publicerad."])


def public(transaction: Transaction) -> Sequence[Row]:
    """List what everybody may read, the newest first: `unit`, `text`, `approved_at` and nothing of the case.

    A case that has become restricted, protected, marked as secret or disposed of since is not among them.
    """
    wanted = (
        select(improvements.c.unit, improvements.c.text, improvements.c.approved_at)
        .join(cases, cases.c.id == improvements.c.case_id)
        .where(
            improvements.c.withdrawn_at.is_(None),
            improvements.c.text != GONE,
            cases.c.status != Status.DISPOSED,
            *_is_open(),
        )
        .order_by(improvements.c.approved_at.desc(), improvements.c.id.desc())
    )
    return transaction.rows(wanted)


def waiting(transaction: Transaction, units: Collection[str], *, most: int = 100) -> Sequence[Row]:
    """List closed cases of some units whose answer tells of a measure and of which nothing was ever approved.

    Each is the row of its case with `measure` and `improvement` of its latest answer, the last closed first.
    Whether a reader may see one is for `sight`.
    """
    later = answers.alias("later")
    newer = exists().where(
        later.c.case_id == answers.c.case_id, later.c.id > answers.c.id, later.c.undone_at.is_(None)
    )
    wanted = (
        select(cases, answers.c.measure, answers.c.improvement)
        .join(answers, answers.c.case_id == cases.c.id)
        .where(
            cases.c.unit.in_(sorted(units)),
            cases.c.status.in_(_ENDED),
            answers.c.undone_at.is_(None),
            (answers.c.measure != "") | (answers.c.improvement != ""),
            ~newer,
            ~exists().where(improvements.c.case_id == cases.c.id),
            *_is_open(),
        )
        .order_by(cases.c.closed_at.desc(), cases.c.id.desc())
        .limit(most)
    )
    return transaction.rows(wanted)


def shown(transaction: Transaction, units: Collection[str]) -> Sequence[Row]:
    """List the texts of some units that stand, with the row of their case as well, the newest first."""
    wanted = (
        select(cases, improvements.c.text, improvements.c.approved_by, improvements.c.approved_at)
        .join(improvements, improvements.c.case_id == cases.c.id)
        .where(improvements.c.withdrawn_at.is_(None), cases.c.unit.in_(sorted(units)))
        .order_by(improvements.c.id.desc())
    )
    return transaction.rows(wanted)


def _is_open() -> list[ColumnElement[Any]]:
    marked = exists().where(
        secrecy_marks.c.case_id == cases.c.id,
        secrecy_marks.c.set_at.is_not(None),
        secrecy_marks.c.lifted_at.is_(None),
    )
    return [not_(cases.c.restricted), not_(cases.c.protected), ~marked]


def _end(transaction: Transaction, case_id: int, *, by: str, now: datetime) -> bool:
    stands = improvements.c.case_id == case_id, improvements.c.withdrawn_at.is_(None)
    ended = update(improvements).where(*stands).values(withdrawn_by=by, withdrawn_at=now)
    return transaction.connection.execute(ended).rowcount > 0
