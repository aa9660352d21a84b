"""What was put right (GDPR art. 16): the new beside the old, with who and why. Nothing is written over.

A message stays as it came; what was taken down wrong is told anew beside it. What stands in the row of a
case is changed there, and how it stood is kept here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select

from store import acts, cases, search
from store.deadlines import STOCKHOLM, day_of
from store.domain import BY_STAFF, Status
from store.engine import Row, Transaction
from store.life import HANDLER, MANAGER, REGISTRATOR, Actor, IllegalActError
from store.tables import corrections, messages

WHO = frozenset({HANDLER, MANAGER, REGISTRATOR})
_ACT = "rätta uppgiften"
_LONGEST = 20_000


class Subject(StrEnum):
    """What can be put right."""

    NAME = "avsändarens namn"
    CONTACT = "kontaktuppgift"
    RECEIVED = "när det kom in"  # only where staff has written it: of others the servers know
    TRANSCRIPTION = "uppteckning"  # what somebody said, as staff took it down


_COLUMNS = {Subject.NAME: "sender_name", Subject.CONTACT: "sender_handle"}


def subjects_of(case: Row) -> list[Subject]:
    """List what can be put right in a case; nothing in one that is disposed of, or of nobody."""
    if case["status"] == Status.DISPOSED:
        return []
    found = [Subject.NAME, Subject.CONTACT] if case["sender_handle"] else [Subject.NAME]
    return [*found, Subject.RECEIVED, Subject.TRANSCRIPTION] if case["channel"] == BY_STAFF else found


def of_case(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List what was put right in a case, oldest first."""
    return transaction.rows(
        select(corrections).where(corrections.c.case_id == case_id).order_by(corrections.c.id)
    )


def now_of(transaction: Transaction, case: Row, subject: Subject) -> str:
    """Return how something stands now, as it is shown and typed."""
    if subject is Subject.RECEIVED:
        at: datetime = case["received_at"]
        return at.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    if subject is Subject.TRANSCRIPTION:
        told = [row for row in of_case(transaction, case["id"]) if row["subject"] == subject]
        return str(told[-1]["became"]) if told else _transcribed(transaction, case["id"])["text"]
    return str(case[_COLUMNS[subject]])


def correct(
    transaction: Transaction,
    case_id: int,
    subject: Subject,
    became: str,
    *,
    why: str,
    actor: Actor,
    version: int,
    closed: Collection[date],
    now: datetime,
) -> None:
    """Put something right, journaled without the words; how it stood is kept.

    An earlier R makes what is promised due sooner, and a later one changes no promise. Raises
    `IllegalActError`, in Swedish, for what can not be put right so, and `StaleCaseError`.
    """
    case = cases.get(transaction, case_id)
    became, was = became.strip(), now_of(transaction, case, subject)
    missing = list(_missing(case, subject, became, was, why, now))
    if missing:
        raise IllegalActError(_ACT, Status(case["status"]), missing)
    columns = _columns(subject, became)
    acts.mark(
        transaction,
        case_id,
        act="rättelse",
        actor=actor,
        who=WHO,
        now=now,
        version=version,
        details={"uppgift": str(subject)},
        **columns,
    )
    message = _transcribed(transaction, case_id)["id"] if subject is Subject.TRANSCRIPTION else None
    row = {
        "case_id": case_id,
        "message_id": message,
        "subject": subject,
        "was": was,
        "became": became,
        "why": why.strip(),
        "corrected_by": actor.id,
        "corrected_at": now,
    }
    transaction.connection.execute(insert(corrections).values(row))
    if subject is Subject.TRANSCRIPTION:
        search.rebuild(transaction, case_id)
    if subject is Subject.RECEIVED:
        cases.redate(
            transaction,
            case_id,
            turn=case["round"],
            received_at=columns["received_at"],
            closed=closed,
            afresh=(),
            why="rättad inkomstdag",
            now=now,
        )


def _missing(case: Row, subject: Subject, became: str, was: str, why: str, now: datetime) -> list[str]:
    found = []
    if subject not in subjects_of(case):
        found.append("Den uppgiften går inte att rätta i det här ärendet.")
    if not why.strip():
        found.append("Skriv varför uppgiften rättas.")
    if not became or len(became) > _LONGEST or "\0" in became:
        found.append("Skriv hur uppgiften ska vara.")
    elif became == was:
        found.append("Uppgiften står redan så.")
    elif subject is Subject.RECEIVED:
        at = _moment(became)
        if at is None or at > now:
            found.append("Skriv dag och tid som 2026-11-23 14:30, inte framåt i tiden.")
        elif day_of(at).year != day_of(case["received_at"]).year:
            found.append("Ärendets nummer hör till sitt år. Registrera det i rätt år i stället.")
    return found


def _columns(subject: Subject, became: str) -> Mapping[str, Any]:
    if subject is Subject.RECEIVED:
        return {"received_at": _moment(became)}
    return {_COLUMNS[subject]: became} if subject in _COLUMNS else {}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=STOCKHOLM)
    except ValueError:
        return None


def _transcribed(transaction: Transaction, case_id: int) -> Row:
    wanted = select(messages).where(messages.c.case_id == case_id).order_by(messages.c.id)
    return transaction.row(wanted.limit(1)) or {"id": None, "text": ""}
