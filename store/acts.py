"""What is done to a case, written down: the only door to its status. What may be done is said in `life`."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from store import cases, journal, life
from store.cases import StaleCaseError
from store.domain import Act, Entry, LetterState, Outcome, PromiseKind, Status, Way
from store.engine import Row, StoreError, Transaction
from store.life import MACHINE, Actor, CaseFacts, IllegalActError, Next, Rules
from store.tables import answers, letters
from store.tables import cases as case_table
from store.tables import journal as journal_lines

_ON_ITS_WAY = (LetterState.PENDING, LetterState.HELD, LetterState.SENDING)
_ENDED_FOR_GOOD = (Status.ARCHIVED, Status.DISPOSED)  # these keep the day on which they were closed
_LAX = Rules()
_FOLLOWERS = frozenset({life.HANDLER, life.MANAGER, life.REGISTRATOR})


def move(
    transaction: Transaction,
    case_id: int,
    act: Act,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    rules: Rules = _LAX,
    learned: Mapping[str, Any] | None = None,
    back_to: Status | None = None,
) -> Next:
    """Do an act if it is legal, with a journal line in the same transaction, and return where it led.

    `learned` are columns that come with the act: the guards see them, and they are stored with it. Raises
    `IllegalActError` when something is missing, and `StaleCaseError` when the case is no longer the
    `version` that somebody looked at (None for the machine); nothing is changed then. `back_to` is for
    what is undone: a case that had not been begun before is not begun afterwards.
    """
    case = _found(transaction, case_id, version)
    new = dict(learned or {})
    step = life.allowed(facts_of(transaction, {**case, **new}), act, roles=actor.roles, rules=rules)
    if act is Act.UNDO and back_to in life.BEFORE_BEGUN:
        step = replace(step, status=back_to)
    if act is Act.CLOSE:
        new["closed_at"] = now
    elif case["status"] == Status.CLOSED and step.status not in _ENDED_FOR_GOOD:
        new["closed_at"] = None
    done = transaction.connection.execute(
        update(case_table)
        .where(case_table.c.id == case_id, case_table.c.version == case["version"])
        .values(status=step.status, version=case["version"] + 1, **new)
    )
    if done.rowcount != 1:
        raise StaleCaseError("the case has been changed by somebody else")
    details = {"från": str(case["status"]), "till": str(step.status)} | ({"varför": reason} if reason else {})
    journal.write(transaction, now, Entry(actor=actor.id, act=str(act), case_id=case_id, details=details))
    if act is Act.CLOSE:
        cases.keep_promise(transaction, case_id, PromiseKind.ANSWER, now)
    if act in {Act.RESUME, Act.RECORD_STATEMENT} and _answer_arrived(transaction, case_id):
        return move(transaction, case_id, Act.DELIVER, actor=MACHINE, now=now)
    return step


def release(
    transaction: Transaction, case_id: int, *, to: Status, actor: Actor, version: int, now: datetime
) -> None:
    """Let a case out of quarantine, and on its way. R stands (row B7).

    Raises `StaleCaseError` if it is no longer there.
    """
    if _found(transaction, case_id, version)["status"] != Status.QUARANTINED:
        raise StaleCaseError("the case has been changed by somebody else")
    move(transaction, case_id, Act.RELEASE, actor=actor, now=now, version=version)
    onward = Act.ASSIGN if to is Status.ASSIGNED else Act.SORT
    learned = {"assigned_at": now} if to is Status.ASSIGNED else {}
    move(transaction, case_id, onward, actor=MACHINE, now=now, learned=learned)


def facts_of_row(case: Mapping[str, Any]) -> CaseFacts:
    """Gather what the case's own row tells whoever closes it; nothing of its answer or its duplicates."""
    return CaseFacts(
        status=Status(case["status"]),
        has_handler=bool(case["handler"]),
        kind_confirmed=bool(case["kind"]),
        factor_confirmed=bool(case["factor"]),
        is_anonymous=not case["sender_handle"],
        statement_asked=case["statement_asked_at"] is not None,
        statement_received=case["statement_received_at"] is not None,
        service_note=case["service_note"],
        is_serious=case["serious"],
        diary_number=case["diary_number"],
        unticked=unticked(case),
    )


def facts_of(transaction: Transaction, case: Mapping[str, Any]) -> CaseFacts:
    """Gather what the guards look at."""
    facts = replace(
        facts_of_row(case),
        handed_to=case["handed_to"],
        original=case["refers_to"],
        disposal_decision=case["disposal_decision"],
        untold=tuple(one["number"] for one in untold(transaction, case["id"])),
    )
    answer = answer_of(transaction, case["id"], case["round"])
    return facts if answer is None else _with_answer(transaction, facts, answer)


def note_down(
    transaction: Transaction,
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    version: int,
    service_note: str | None = None,
    serious: bool | None = None,
    diary_number: str | None = None,
) -> None:
    """Store what closing may ask for (rows K11, K13); what is None is left as it is.

    Raises `IllegalActError` in a closed case, which may not lose what closed it, and `StaleCaseError`.
    """
    case = _found(transaction, case_id, version)
    if case["status"] in {Status.CLOSED, Status.ARCHIVED, Status.DISPOSED}:
        raise IllegalActError(Act.CLOSE, Status(case["status"]), ["Öppna ärendet igen först."])
    told = {"service_note": service_note, "serious": serious, "diary_number": diary_number}
    new = {name: value for name, value in told.items() if value is not None}
    cases.note(transaction, case_id, **new)
    words = {"service_note": "tjänsteanteckning", "serious": "allvarlig", "diary_number": "diarienummer"}
    # Only that a note was written: the journal outlives its words.
    details = {
        words[name]: "ja" if value is True or name == "service_note" else str(value)
        for name, value in new.items()
    }
    entry = Entry(actor=actor.id, act="antecknat i ärendet", case_id=case_id, details=details)
    journal.write(transaction, now, entry)


def follow_up(
    transaction: Transaction,
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    version: int,
    on: date | None = None,
    result: str | None = None,
) -> None:
    """Set the day of a follow-up, or write what it found; also in a closed case (row L19).

    Raises `IllegalActError` for who has no part in the case, or a result without a day, and
    `StaleCaseError`.
    """
    case = _found(transaction, case_id, version)
    told = [] if actor.roles & _FOLLOWERS else [f"Det görs av {' eller '.join(sorted(_FOLLOWERS))}."]
    is_empty = on is None if result is None else not result.strip()
    if is_empty or (on or case["follow_up_on"]) is None:
        told.append("Ange dag för uppföljning, och skriv vad den visade.")
    if told:
        raise IllegalActError(Act.ANSWER, Status(case["status"]), told)
    new: dict[str, Any] = {"follow_up_on": on, "follow_up_result": ""} if on is not None else {}
    if result is not None:
        new["follow_up_result"] = result
    cases.note(transaction, case_id, **new)
    details = {"dag": (on or case["follow_up_on"]).isoformat()} | ({"resultat": "ja"} if result else {})
    journal.write(
        transaction, now, Entry(actor=actor.id, act="uppföljning", case_id=case_id, details=details)
    )


def mark(
    transaction: Transaction,
    case_id: int,
    *,
    act: str,
    actor: Actor,
    who: Collection[str],
    now: datetime,
    version: int,
    details: Mapping[str, str],
    **columns: Any,
) -> Row:
    """Change what a case is marked with, with a journal line, and return the case as it was.

    For whom it bars, who may see it and its checklist; the status goes through `move`. Raises
    `StaleCaseError`, and `IllegalActError` for somebody who has none of the roles in `who`.
    """
    case = _found(transaction, case_id, version)
    if not actor.roles & frozenset(who):
        told = f"Det görs av {' eller '.join(sorted(who))}."
        raise IllegalActError("ändra i ärendet", Status(case["status"]), [told])
    cases.note(transaction, case_id, **columns)
    journal.write(transaction, now, Entry(actor=actor.id, act=act, case_id=case_id, details=dict(details)))
    return case


def unticked(case: Mapping[str, Any]) -> tuple[str, ...]:
    """List what a case's checklist demands and nobody has ticked."""
    return tuple(item for item, done in case["checklist"].items() if not done)


def answer_of(transaction: Transaction, case_id: int, turn: int) -> Row | None:
    """Return the newest answer of a round of a case; one that was taken back is none."""
    wanted = select(answers).where(
        answers.c.case_id == case_id, answers.c.round == turn, answers.c.undone_at.is_(None)
    )
    return transaction.row(wanted.order_by(answers.c.id.desc()).limit(1))


def reopened_at(transaction: Transaction, case_id: int) -> datetime:
    """Return when the present round of a case began that was opened again; else when it came."""
    wanted = select(func.max(journal_lines.c.at)).where(
        journal_lines.c.case_id == case_id, journal_lines.c.act == Act.REOPEN
    )
    at: datetime | None = transaction.connection.scalar(wanted)
    received_at: datetime = _found(transaction, case_id, None)["received_at"]
    return at or received_at


def untold(transaction: Transaction, case_id: int) -> list[Row]:
    """List the duplicates of a case, and theirs, whose senders have no answer in the present round."""
    found: list[Row] = []
    originals = [case_id]
    while originals:
        wanted = select(case_table).where(
            case_table.c.refers_to.in_(originals), case_table.c.status == Status.DUPLICATE
        )
        tied = transaction.rows(wanted.order_by(case_table.c.id))
        found += tied
        originals = [one["id"] for one in tied]
    return [one for one in found if answer_of(transaction, one["id"], one["round"]) is None]


def answer_too(
    transaction: Transaction, duplicate: Row, answer: Row, *, text: str, way: Way, by: str, now: datetime
) -> int:
    """Store that the sender of a duplicate gets the answer of its original, and return its own answer's id.

    It keeps what was promised them when it is there, whatever the clock covers: a duplicate is never closed.
    One that needs no letter is there at once; else `goes_by` says which letter carries it.
    """
    same = ("outcome", "measure", "explanation", "act_on", "has_contact")
    row = {name: answer[name] for name in same} | {
        "case_id": duplicate["id"],
        "round": duplicate["round"],
        "text": text,
        "way": way,
        "keeps_promise": True,
        "written_by": by,
        "written_at": now,
    }
    answer_id: int | None = transaction.connection.scalar(insert(answers).values(row).returning(answers.c.id))
    if answer_id is None:
        raise StoreError("the answer got no id")
    original = _found(transaction, answer["case_id"], None)
    details = {"ur": original["number"], "väg": str(way)}
    entry = Entry(actor=by, act="svaras med originalet", case_id=duplicate["id"], details=details)
    journal.write(transaction, now, entry)
    if way is not Way.LETTER:
        _arrived(transaction, duplicate["id"], answer_id, now)
    return answer_id


def answers_of(transaction: Transaction, case_id: int) -> list[Row]:
    """List all answers of a case, oldest first, but for those that were taken back."""
    wanted = select(answers).where(answers.c.case_id == case_id, answers.c.undone_at.is_(None))
    wanted = wanted.order_by(answers.c.id)
    return list(transaction.rows(wanted))


def answer(
    transaction: Transaction,
    case_id: int,
    *,
    text: str,
    way: Way,
    outcome: Outcome,
    measure: str,
    improvement: str,
    explanation: str,
    act_on: date | None,
    has_contact: bool,
    actor: Actor,
    now: datetime,
    version: int,
    rules: Rules,
    is_shut: bool = False,
) -> int:
    """Store an answer and return its id. One that needs no letter is there at once, and the case answered.

    `is_shut` says that nothing can be sent any more to where the sender wrote. Raises as `move` does; then
    nothing is stored.
    """
    case = _found(transaction, case_id, version)
    if way is Way.NOTE and case["sender_handle"] and not is_shut:
        raise IllegalActError(
            Act.ANSWER, Status(case["status"]), ["Avsändaren kan nås. Skriv, ring eller skicka."]
        )
    if way is Way.LETTER and not case["sender_handle"]:
        raise IllegalActError(
            Act.ANSWER, Status(case["status"]), ["Avsändaren har ingen adress. Anteckna åtgärden."]
        )
    row = {
        "case_id": case_id,
        "round": case["round"],
        "text": text,
        "way": way,
        "outcome": outcome,
        "measure": measure,
        "improvement": improvement,
        "explanation": explanation,
        "act_on": act_on,
        "has_contact": has_contact,
        "keeps_promise": rules.clock_covers == "answered",
        "written_by": actor.id,
        "written_at": now,
    }
    facts = facts_of(transaction, case)
    told = replace(
        facts,
        is_answered=True,
        outcome=outcome,
        explanation=explanation,
        act_on=act_on,
        has_contact=has_contact,
    )
    life.allowed(told, Act.ANSWER, roles=actor.roles, rules=rules)
    answer_id: int | None = transaction.connection.scalar(insert(answers).values(row).returning(answers.c.id))
    if answer_id is None:
        raise StoreError("the answer got no id")
    move(
        transaction,
        case_id,
        Act.ANSWER,
        actor=actor,
        now=now,
        reason=str(outcome),
        version=version,
        rules=rules,
    )
    if act_on is not None:
        # Row L19: what is promised for a day is looked at on that day.
        cases.note(transaction, case_id, follow_up_on=act_on, follow_up_result="")
    if way is not Way.LETTER:
        _arrived(transaction, case_id, answer_id, now)
    return answer_id


def answer_by_mail(
    transaction: Transaction,
    case_id: int,
    *,
    text: str,
    has_contact: bool,
    actor: Actor,
    at: datetime,
    now: datetime,
    rules: Rules,
) -> int:
    """Store the answer that a handler has mailed to the sender, and return its id (row N17).

    It counts since `at`, R of that mail. Its outcome is empty until `choose_outcome`; closing asks for it.
    """
    case = _found(transaction, case_id, None)
    move(transaction, case_id, Act.ANSWER_BY_MAIL, actor=actor, now=now, rules=rules)
    row = {
        "case_id": case_id,
        "round": case["round"],
        "text": text,
        "way": Way.OWN_MAIL,
        "outcome": "",
        "has_contact": has_contact,
        "keeps_promise": rules.clock_covers == "answered",
        "written_by": actor.id,
        "written_at": at,
    }
    answer_id: int | None = transaction.connection.scalar(insert(answers).values(row).returning(answers.c.id))
    if answer_id is None:
        raise StoreError("the answer got no id")
    _arrived(transaction, case_id, answer_id, now, at=at)
    return answer_id


def choose_outcome(
    transaction: Transaction,
    case_id: int,
    *,
    outcome: Outcome,
    measure: str,
    explanation: str,
    act_on: date | None,
    actor: Actor,
    now: datetime,
    version: int,
    rules: Rules,
) -> None:
    """Store what came of a case that was answered by mail. Raises as `move` does, also if it is chosen."""
    case = _found(transaction, case_id, version)
    answer = answer_of(transaction, case_id, case["round"])
    if answer is None or answer["outcome"]:
        told = "Utfallet är redan valt." if answer else "Svara först."
        raise IllegalActError(Act.CHOOSE_OUTCOME, Status(case["status"]), [told])
    new = {"outcome": outcome, "measure": measure, "explanation": explanation, "act_on": act_on}
    transaction.connection.execute(update(answers).where(answers.c.id == answer["id"]).values(**new))
    move(
        transaction,
        case_id,
        Act.CHOOSE_OUTCOME,
        actor=actor,
        now=now,
        reason=str(outcome),
        version=version,
        rules=rules,
    )


def goes_by(transaction: Transaction, answer_id: int, letter_key: str) -> None:
    """Note which letter carries an answer."""
    transaction.connection.execute(
        update(answers).where(answers.c.id == answer_id).values(letter_key=letter_key)
    )


def close_when_there(transaction: Transaction, answer_id: int, *, by: str) -> None:
    """Note who wants the case closed as soon as this answer is there."""
    transaction.connection.execute(update(answers).where(answers.c.id == answer_id).values(then_closed_by=by))


def undo_answer(transaction: Transaction, answer_id: int, *, now: datetime) -> None:
    """Note that an answer was taken back before it was sent. The letter must have been taken back first."""
    transaction.connection.execute(update(answers).where(answers.c.id == answer_id).values(undone_at=now))


def carried_by(transaction: Transaction, letter_key: str) -> Row | None:
    """Return the answer that a letter carries, or None."""
    return _carried(transaction, letter_key) if letter_key else None


def approve(
    transaction: Transaction, case_id: int, *, actor: Actor, now: datetime, version: int, rules: Rules
) -> None:
    """Store that a manager stands behind doing nothing (row N12). Raises as `move` does."""
    move(transaction, case_id, Act.APPROVE, actor=actor, now=now, version=version, rules=rules)
    case = _found(transaction, case_id, None)
    answer = answer_of(transaction, case_id, case["round"])
    if answer is None:
        raise StoreError(f"case {case_id} has no answer to approve")
    transaction.connection.execute(
        update(answers).where(answers.c.id == answer["id"]).values(approved_by=actor.id, approved_at=now)
    )


def delivered(transaction: Transaction, letter_key: str, *, now: datetime) -> None:
    """Note that the letter with an answer is there: the promise is kept, and the case answered (row T9)."""
    answer = _carried(transaction, letter_key)
    if answer is not None and answer["delivered_at"] is None:
        _arrived(transaction, answer["case_id"], answer["id"], now)


def carry_over(transaction: Transaction, old_key: str, new_key: str) -> None:
    """Let another letter carry an answer: the same words by another road."""
    transaction.connection.execute(
        update(answers).where(answers.c.letter_key == old_key).values(letter_key=new_key)
    )


def returned(transaction: Transaction, letter_key: str, *, because: str, now: datetime) -> None:
    """Note that an answer did not arrive: the case is in progress again, and its promise unkept, as dated.

    An answer of an earlier round, or one that a newer has replaced, changes nothing.
    """
    answer = _carried(transaction, letter_key)
    if answer is None:
        return
    case = _found(transaction, answer["case_id"], None)
    # What came back is told to a human, and it is theirs to close the case after that.
    transaction.connection.execute(
        update(answers).where(answers.c.id == answer["id"]).values(delivered_at=None, then_closed_by="")
    )
    newest = answer_of(transaction, case["id"], case["round"])
    if newest is None or newest["id"] != answer["id"]:
        return
    cases.unkeep_promise(transaction, case["id"], PromiseKind.ANSWER, turn=case["round"])
    if case["status"] in {Status.ANSWERED, Status.RETURNED, Status.CLOSED}:
        move(transaction, case["id"], Act.BOUNCE, actor=MACHINE, now=now, reason=because)


def take_back_feedback(transaction: Transaction, case_id: int) -> None:
    """Take back that the sender knows who has the case, unless something that did arrive has told them (G9).

    Call it when a letter that told it has come back.
    """
    case = _found(transaction, case_id, None)
    if case["pick_up"]:
        return  # the page tells it
    theirs = {case[column].casefold() for column in ("sender_handle", "answer_handle")}
    wanted = select(letters).where(letters.c.case_id == case_id, letters.c.state == LetterState.SENT)
    told = [
        row["sent_at"]
        for row in transaction.rows(wanted)
        if PromiseKind.FIRST_FEEDBACK in row["keeps"] and row["handle"].casefold() in theirs
    ]
    told += [
        row["delivered_at"]
        for row in answers_of(transaction, case_id)
        if row["delivered_at"] is not None and row["way"] != Way.NOTE
    ]
    cases.unkeep_promise(transaction, case_id, PromiseKind.FIRST_FEEDBACK, turn=1)
    if told:
        cases.keep_promise(transaction, case_id, PromiseKind.FIRST_FEEDBACK, min(told))


def _arrived(
    transaction: Transaction, case_id: int, answer_id: int, now: datetime, *, at: datetime | None = None
) -> None:
    """Note that an answer is there: since `at`, if that was before now."""
    at = at or now
    transaction.connection.execute(update(answers).where(answers.c.id == answer_id).values(delivered_at=at))
    case = _found(transaction, case_id, None)
    newest = answer_of(transaction, case_id, case["round"])
    if newest is None or newest["id"] != answer_id:
        return
    if newest["way"] != Way.NOTE:
        # Who has an answer knows who wrote it (row G9).
        cases.keep_promise(transaction, case_id, PromiseKind.FIRST_FEEDBACK, at)
    if newest["keeps_promise"]:
        cases.keep_promise(transaction, case_id, PromiseKind.ANSWER, at)
    # Elsewhere it waits for the sender or a statement; when that is over, `move` follows up.
    if case["status"] == Status.IN_PROGRESS:
        move(transaction, case_id, Act.DELIVER, actor=MACHINE, now=now)


def _answer_arrived(transaction: Transaction, case_id: int) -> bool:
    case = _found(transaction, case_id, None)
    answer = answer_of(transaction, case_id, case["round"])
    return answer is not None and answer["delivered_at"] is not None


def _carried(transaction: Transaction, letter_key: str) -> Row | None:
    return transaction.row(select(answers).where(answers.c.letter_key == letter_key))


def _with_answer(transaction: Transaction, facts: CaseFacts, answer: Row) -> CaseFacts:
    key = answer["letter_key"]
    state = (
        transaction.connection.scalar(select(letters.c.state).where(letters.c.key == key)) if key else None
    )
    return replace(
        facts,
        is_answered=True,
        # A note is taken only where nobody can be written to, or nobody can any more.
        is_anonymous=facts.is_anonymous or answer["way"] == Way.NOTE,
        is_answer_on_its_way=state in _ON_ITS_WAY,
        # What is only written down has reached nobody.
        is_delivered=answer["delivered_at"] is not None and answer["way"] != Way.NOTE,
        outcome=Outcome(answer["outcome"]) if answer["outcome"] else None,
        measure=answer["measure"],
        explanation=answer["explanation"],
        approved_by=answer["approved_by"],
        act_on=answer["act_on"],
        has_contact=answer["has_contact"],
    )


def _found(transaction: Transaction, case_id: int, version: int | None) -> Row:
    case = cases.get(transaction, case_id)
    if version is not None and case["version"] != version:
        raise StaleCaseError("the case has been changed by somebody else")
    return case
