"""Cases: opened, found, listed, confirmed. Which case a message belongs to is decided in `bots.desk`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import journal, search
from store.deadlines import day_of, moved, paused, rebased, stricter
from store.domain import (
    UNSURE,
    Address,
    Duty,
    Entry,
    Factor,
    Guess,
    Kind,
    Lane,
    Promise,
    PromiseKind,
    SenderCategory,
    Source,
    Status,
    Suggestion,
)
from store.engine import Row, StoreError, Transaction
from store.sight import Reader, seen_by
from store.tables import (
    cases,
    confirmations,
    counters,
    delays,
    letters,
    messages,
    parts,
    promises,
    suggestions,
)
from store.tables import journal as journal_table

OPEN = (
    Status.RECEIVED,
    Status.SORTING,
    Status.ASSIGNED,
    Status.IN_PROGRESS,
    Status.AWAITING_SENDER,
    Status.AT_PROVIDER,
    Status.AT_OTHER_BOARD,
    Status.ANSWERED,
    Status.RETURNED,
    Status.REOPENED,
)

# What each message asks for, built once: to build and name a statement anew costs more than to run it.
_OPEN = insert(cases).returning(cases.c.id)
_FIND = select(cases).where(cases.c.id == bindparam("of"))
_SUGGEST = insert(suggestions)
_PROMISE = insert(promises)
_KEEP = update(promises).where(
    promises.c.case_id == bindparam("of_case"),
    promises.c.kind == bindparam("of_kind"),
    promises.c.kept_at.is_(None),
)
_KEEP_ANSWER = _KEEP.where(
    promises.c.round == select(cases.c.round).where(cases.c.id == bindparam("of_case")).scalar_subquery()
)
_TAKE = {
    name: make(counters)
    .on_conflict_do_update(index_elements=["series"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
    for name, make in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}


class StaleCaseError(StoreError):
    """Somebody else changed the case in between; look at it again before you save."""


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is needed to open a case. Its number is given by the store, without gaps."""

    status: Status
    received_at: datetime
    title: str
    channel: str
    sender: Address | None
    sender_name: str
    language: str
    unit: str
    handler: str
    routed_because: str
    lanes: tuple[Lane, ...] = ()
    chosen_kind: Kind | None = None
    quarantined_because: str = ""
    refers_to: int | None = None
    assigned_at: datetime | None = None
    restricted: bool = False
    protected: bool = False  # row B15
    barred: tuple[str, ...] = ()
    shown_to: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()  # the checklist, nothing of it ticked yet
    wished: Address | None = None  # where the answer is wished (row G10)
    pick_up: str = ""  # of an anonymous sender's code
    source: Source | None = None  # None where the channel does not tell (row L6)
    taken_by: str = ""
    sender_category: SenderCategory | None = None
    suggestion: Suggestion | None = None  # what lists show of it; `suggest` keeps the rest


def open_case(
    transaction: Transaction, new: NewCase, *, now: datetime, prefix: str = "SYN"
) -> tuple[int, str]:
    """Open a case and return its id and number, for example `SYN-2026-000123` (row N8).

    The year is that of R in Stockholm. The number is taken in this transaction: if it does not commit,
    the next case gets the same number, and no gap is left.
    """
    series = f"{prefix}-{day_of(new.received_at).year}"
    sequence = _next(transaction, series)
    number = f"{series}-{sequence:06d}"
    row = {
        "number": number,
        "series": series,
        "sequence": sequence,
        "status": new.status,
        "received_at": new.received_at,
        "opened_at": now,
        "title": new.title,
        "channel": new.channel,
        "sender_channel": new.sender.channel if new.sender else "",
        "sender_handle": new.sender.handle if new.sender else "",
        "sender_name": new.sender_name,
        "language": new.language,
        "unit": new.unit,
        "handler": new.handler,
        "routed_because": new.routed_because,
        "chosen_kind": new.chosen_kind or "",
        "lanes": list(new.lanes),
        "quarantined_because": new.quarantined_because,
        "refers_to": new.refers_to,
        "assigned_at": new.assigned_at,
        "restricted": new.restricted,
        "protected": new.protected,
        "barred": list(new.barred),
        "shown_to": list(new.shown_to),
        "checklist": {duty: {} for duty in new.duties},
        "answer_channel": new.wished.channel if new.wished else "",
        "answer_handle": new.wished.handle if new.wished else "",
        "pick_up": new.pick_up,
        "source": new.source or "",
        "taken_by": new.taken_by,
        "sender_category": new.sender_category or "",
        "suggested_kind": new.suggestion.kind.value if new.suggestion else "",
        "suggested_factor": new.suggestion.factor.value if new.suggestion else "",
    }
    case_id: int | None = transaction.beside.scalar(_OPEN, row)
    if case_id is None:
        raise StoreError("the case got no id")
    search.open_words(transaction, case_id, row)
    return case_id, number


def find(transaction: Transaction, case_id: int) -> Row | None:
    """Return a case by its id."""
    # Beside what waits: a row of a case never does.
    found = transaction.beside.execute(_FIND, {"of": case_id}).mappings().first()
    return None if found is None else dict(found)


def get(transaction: Transaction, case_id: int) -> Row:
    """Return a case by its id; raise `StoreError` for one that is not there."""
    case = find(transaction, case_id)
    if case is None:
        raise StoreError(f"there is no case {case_id}")
    return case


def find_number(transaction: Transaction, number: str) -> Row | None:
    """Return a case by its number. A number is a name, never a right to write in the case."""
    wanted = select(cases).where(cases.c.number == number)
    return transaction.row(wanted)


def of_sender_message(transaction: Transaction, message_ids: Sequence[str], sender: str) -> int | None:
    """Return the case that this sender opened with one of these Message-IDs, the newest first.

    Both must agree: a Message-ID can be read by others on a list, and a sender address can be forged.
    """
    if not message_ids or not sender:
        return None
    wanted = (
        select(messages.c.case_id)
        .join(cases, cases.c.id == messages.c.case_id)
        .outerjoin(parts, parts.c.case_id == cases.c.id)
        .where(
            messages.c.message_id.in_(message_ids),
            func.lower(cases.c.sender_handle) == func.lower(sender),
            # Of a divided message the case that kept its number goes on with the thread.
            parts.c.root_id.is_(None) | (parts.c.root_id == cases.c.id),
        )
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    return transaction.connection.scalar(wanted)


def suggest(
    transaction: Transaction, case_id: int, message_id: int, suggestion: Suggestion, *, now: datetime
) -> int:
    """Store what the classifier thinks of a case, and return the suggestion's id."""
    row = _suggested(case_id, message_id, suggestion, now)
    made: int | None = transaction.connection.scalar(_SUGGEST.returning(suggestions.c.id), row)
    if made is None:
        raise StoreError("the suggestion got no id")
    # Not a change that anybody must look at again: the version stands.
    transaction.connection.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(suggested_kind=suggestion.kind.value, suggested_factor=suggestion.factor.value)
    )
    return made


def suggest_first(
    transaction: Transaction, case_id: int, message_id: int, suggestion: Suggestion, *, now: datetime
) -> None:
    """Store what the classifier thought of a case that was opened with it (`NewCase.suggestion`)."""
    transaction.later(_SUGGEST, _suggested(case_id, message_id, suggestion, now))


def _suggested(case_id: int, message_id: int, suggestion: Suggestion, now: datetime) -> Row:
    return {
        "case_id": case_id,
        "message_id": message_id,
        "kind": suggestion.kind.value,
        "kind_confidence": suggestion.kind.confidence,
        "kind_sure": suggestion.kind.sure,
        "factor": suggestion.factor.value,
        "factor_confidence": suggestion.factor.confidence,
        "factor_sure": suggestion.factor.sure,
        "area": suggestion.area.value if suggestion.area else "",
        "area_confidence": suggestion.area.confidence if suggestion.area else 0.0,
        "lanes": list(suggestion.lanes),
        "language": suggestion.language,
        "model": suggestion.model,
        "why": list(suggestion.why),
        "vector": suggestion.vector,
        "made_at": now,
    }


def promise(transaction: Transaction, case_id: int, owed: Sequence[Promise], *, turn: int = 1) -> None:
    """Store the dates that we owe the sender of a case; `turn` is the round of the case."""
    if owed:
        rows = (
            {
                "case_id": case_id,
                "kind": one.kind,
                "due_on": one.due_on,
                "clause": one.clause,
                "arithmetic": list(one.arithmetic),
                "round": turn,
            }
            for one in owed
        )
        transaction.later(_PROMISE, *rows)


def owed(transaction: Transaction, case_id: int) -> list[Promise]:
    """List what we have promised the sender of a case; of the same kind, what was promised last."""
    wanted = select(promises).where(promises.c.case_id == case_id).order_by(promises.c.id)
    newest = {row["kind"]: row for row in transaction.rows(wanted)}
    return [_promise_of(row) for row in newest.values()]


def due_on(transaction: Transaction, case_id: int, kind: PromiseKind) -> date | None:
    """Return the day of the newest promise of a kind, or None if none was given."""
    return next((one.due_on for one in owed(transaction, case_id) if one.kind is kind), None)


def delay(
    transaction: Transaction,
    case_id: int,
    *,
    turn: int,
    was_due_on: date,
    answer_on: date,
    reason: str,
    by: str,
    version: int,
    now: datetime,
) -> None:
    """Store the later day that a sender is told, and why. The promise stands as it was.

    Raises `StaleCaseError` if the case has changed since `version`.
    """
    changed = transaction.connection.execute(
        update(cases).where(cases.c.id == case_id, cases.c.version == version).values(version=version + 1)
    )
    if changed.rowcount != 1:
        raise StaleCaseError("the case has been changed by somebody else")
    transaction.connection.execute(
        insert(delays).values(
            case_id=case_id,
            round=turn,
            was_due_on=was_due_on,
            answer_on=answer_on,
            reason=reason,
            told_by=by,
            told_at=now,
        )
    )
    details = {"lovat": was_due_on.isoformat(), "ny dag": answer_on.isoformat()}
    journal.write(
        transaction, now, Entry(actor=by, act="fördröjning meddelad", case_id=case_id, details=details)
    )


def delayed_to(transaction: Transaction, case: Row) -> date | None:
    """Return the day that the sender was told last when an answer would be late; None in a new round."""
    wanted = select(delays.c.answer_on).where(delays.c.case_id == case["id"], delays.c.round == case["round"])
    return transaction.connection.scalar(wanted.order_by(delays.c.id.desc()).limit(1))


def wait_out(
    transaction: Transaction,
    case_id: int,
    *,
    turn: int,
    since: date,
    until: date,
    closed: Collection[date],
    now: datetime,
) -> None:
    """Do not count the days, `since` and `until` left out, on which an answer waited for the sender.

    Journaled. Only where the policy says so; a promise that is kept, or already broken, stands.
    """
    waited = {since + timedelta(days=n) for n in range(1, (until - since).days)}
    wanted = select(promises).where(
        promises.c.case_id == case_id,
        promises.c.kind == PromiseKind.ANSWER,
        promises.c.round == turn,
        promises.c.kept_at.is_(None),
        promises.c.due_on > since,
    )
    for row in transaction.rows(wanted):
        old = _promise_of(row)
        new = paused(old, waited, closed)
        if new.due_on == old.due_on:
            continue
        transaction.connection.execute(
            update(promises)
            .where(promises.c.id == row["id"])
            .values(due_on=new.due_on, arithmetic=list(new.arithmetic))
        )
        details = {
            "löfte": str(old.kind),
            "från": old.due_on.isoformat(),
            "till": new.due_on.isoformat(),
            "varför": "väntade på avsändaren",
        }
        entry = Entry(actor="synpunkt", act="löfte flyttat", case_id=case_id, details=details)
        journal.write(transaction, now, entry)


def recount(transaction: Transaction, closed: Collection[date], *, now: datetime) -> int:
    """Move the dates that another calendar moves, journal each move, and return how many they were.

    For unkept promises of cases in work only. Done twice, or by two processes at once, it moves nothing more.
    """
    today = day_of(now)
    found = 0
    for row in _movable(transaction, today):
        for move in moved([_promise_of(row)], closed, today=today):
            changed = transaction.connection.execute(
                update(promises)
                .where(
                    promises.c.id == row["id"],
                    promises.c.kept_at.is_(None),
                    promises.c.due_on == move.old.due_on,
                )
                .values(due_on=move.new.due_on, arithmetic=list(move.new.arithmetic))
            )
            if changed.rowcount == 1:
                details = {
                    "löfte": str(move.old.kind),
                    "från": move.old.due_on.isoformat(),
                    "till": move.new.due_on.isoformat(),
                    "varför": move.why,
                }
                entry = Entry(actor="synpunkt", act="löfte flyttat", case_id=row["case_id"], details=details)
                journal.write(transaction, now, entry)
                found += 1
    return found


def would_move(transaction: Transaction, closed: Collection[date], *, now: datetime) -> int:
    """Tell how many promises `recount` would move with these closed days; moves none."""
    today = day_of(now)
    return len(moved([_promise_of(row) for row in _movable(transaction, today)], closed, today=today))


def _movable(transaction: Transaction, today: date) -> Sequence[Row]:
    wanted = (
        select(promises)
        .join(cases, cases.c.id == promises.c.case_id)
        .where(
            promises.c.kept_at.is_(None),
            promises.c.due_on >= today,
            cases.c.status.in_((*OPEN, Status.QUARANTINED)),
        )
        .order_by(promises.c.id)
    )
    return transaction.rows(wanted)


def redate(
    transaction: Transaction,
    case_id: int,
    *,
    turn: int,
    received_at: datetime,
    closed: Collection[date],
    afresh: Collection[PromiseKind],
    why: str,
    now: datetime,
) -> None:
    """Count the promises of a round from an earlier R, each that moves with a journal line; none gets later.

    The kinds in `afresh` are owed to somebody else now: that they were kept is taken back. Others that are
    kept stand.
    """
    wanted = select(promises).where(promises.c.case_id == case_id, promises.c.round == turn)
    for row in transaction.rows(wanted.order_by(promises.c.id)):
        old = _promise_of(row)
        if old.kind in afresh:
            unkeep_promise(transaction, case_id, old.kind, turn=turn)
        elif row["kept_at"] is not None:
            continue
        new = rebased(old, received_at, closed)
        if new.due_on >= old.due_on:
            continue
        transaction.connection.execute(
            update(promises)
            .where(promises.c.id == row["id"])
            .values(due_on=new.due_on, arithmetic=list(new.arithmetic))
        )
        details = {
            "löfte": str(old.kind),
            "från": old.due_on.isoformat(),
            "till": new.due_on.isoformat(),
            "varför": why,
        }
        entry = Entry(actor="synpunkt", act="löfte flyttat", case_id=case_id, details=details)
        journal.write(transaction, now, entry)


def tighten(
    transaction: Transaction,
    case_id: int,
    new: Promise,
    *,
    turn: int,
    closed: Collection[date],
    why: str,
    kept_at: datetime | None,
    now: datetime,
) -> None:
    """Owe what a policy promises of a case as it turned out to be, journaled; no promise gets later.

    One that is kept stands. `kept_at` is when one that nobody knew of was kept, if it was.
    """
    wanted = select(promises).where(
        promises.c.case_id == case_id, promises.c.kind == new.kind, promises.c.round == turn
    )
    row = transaction.row(wanted)
    if row is not None and row["kept_at"] is not None:
        return
    found = stricter(None if row is None else _promise_of(row), new, closed)
    if found is None:
        return
    details = {"löfte": str(found.kind), "till": found.due_on.isoformat(), "varför": why}
    if row is None:
        promise(transaction, case_id, [found], turn=turn)
        if kept_at is not None:
            keep_promise(transaction, case_id, found.kind, kept_at)
    else:
        details["från"] = row["due_on"].isoformat()
        transaction.connection.execute(
            update(promises)
            .where(promises.c.id == row["id"])
            .values(due_on=found.due_on, arithmetic=list(found.arithmetic), clause=found.clause)
        )
    entry = Entry(actor="synpunkt", act="löfte flyttat", case_id=case_id, details=details)
    journal.write(transaction, now, entry)


def keep_promise(transaction: Transaction, case_id: int, kind: PromiseKind, at: datetime) -> None:
    """Note that a promise was kept; the first time stands. An answer keeps that of its round alone."""
    kept = _KEEP_ANSWER if kind is PromiseKind.ANSWER else _KEEP
    transaction.later(kept, {"of_case": case_id, "of_kind": kind, "kept_at": at})


def unkeep_promise(transaction: Transaction, case_id: int, kind: PromiseKind, *, turn: int) -> None:
    """Take back that a promise was kept, because it was not; its date stands."""
    transaction.connection.execute(
        update(promises)
        .where(promises.c.case_id == case_id, promises.c.kind == kind, promises.c.round == turn)
        .values(kept_at=None)
    )


def confirm(
    transaction: Transaction,
    case_id: int,
    *,
    kind: Kind | None,
    factor: Factor | None,
    by: str,
    version: int,
    now: datetime,
) -> bool:
    """Store a human's word on type and factor, and return whether it differs from the suggestion.

    None is for what they can not judge: it is stored that they said so, and the case keeps what it had.
    `version` is the one the human looked at. Raises `StaleCaseError` if the case has changed since.
    """
    judged = {name: word for name, word in (("kind", kind), ("factor", factor)) if word is not None}
    changed_rows = transaction.connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.version == version)
        .values(version=version + 1, **judged)
    )
    if changed_rows.rowcount != 1:
        raise StaleCaseError("the case has been changed by somebody else")
    suggested = latest_suggestion(transaction, case_id)
    changed = suggested is None or any(suggested[name] != word for name, word in judged.items())
    transaction.connection.execute(
        insert(confirmations).values(
            case_id=case_id,
            suggestion_id=suggested["id"] if suggested else None,
            kind=kind or UNSURE,
            factor=factor or UNSURE,
            changed=changed,
            confirmed_by=by,
            confirmed_at=now,
        )
    )
    act = "förslaget ändrat" if changed else "förslaget bekräftat"
    if len(judged) < 2:
        act = "kan inte bedöma"
    model = suggested["model"] if suggested else ""
    details = {"typ": kind or UNSURE, "faktor": factor or UNSURE, "modell": model}
    journal.write(transaction, now, Entry(actor=by, act=act, case_id=case_id, details=details))
    return changed


def latest_suggestion(transaction: Transaction, case_id: int) -> Row | None:
    """Return the newest suggestion for a case."""
    wanted = select(suggestions).where(suggestions.c.case_id == case_id).order_by(suggestions.c.id.desc())
    return transaction.row(wanted.limit(1))


def suggestion_of(row: Row) -> Suggestion:
    """Make a `Suggestion` of a stored one."""
    return Suggestion(
        kind=Guess(value=row["kind"], confidence=row["kind_confidence"], sure=row["kind_sure"]),
        factor=Guess(value=row["factor"], confidence=row["factor_confidence"], sure=row["factor_sure"]),
        area=Guess(value=row["area"], confidence=row["area_confidence"], sure=False) if row["area"] else None,
        lanes=tuple(Lane(lane) for lane in row["lanes"]),
        language=row["language"],
        model=row["model"],
        why=tuple(row["why"]),
        vector=row["vector"],
    )


def last_line(transaction: Transaction) -> Row | None:
    """Return the newest journal line that tells of a case, with the case's number."""
    wanted = (
        select(journal_table.c.act, cases.c.number)
        .join(cases, cases.c.id == journal_table.c.case_id)
        .where(journal_table.c.message_id.is_not(None))
        .order_by(journal_table.c.id.desc())
        .limit(1)
    )
    return transaction.row(wanted)


def of_case(transaction: Transaction, case_id: int) -> dict[str, Sequence[Row]]:
    """List all that belongs to a case: `messages`, `letters`, `promises`, `confirmations`, oldest first.

    For a page: with every text in full it may be much. `owed` and `inbox.first_of_case` ask for less.
    """
    found: dict[str, Sequence[Row]] = {}
    for table in (messages, letters, promises, confirmations):
        wanted = select(table).where(table.c.case_id == case_id).order_by(table.c.id)
        found[table.name] = transaction.rows(wanted)
    return found


def page(
    transaction: Transaction,
    *,
    statuses: Sequence[Status] = OPEN,
    handler: str = "",
    limit: int = 50,
    offset: int = 0,
    reader: Reader | None = None,
) -> Sequence[Row]:
    """List cases with their newest suggestion and answer date: klagomål first, then soonest due (row G20).

    Those that `reader` may not see are left out; without one, none is.
    """
    others = suggestions.alias()
    newest = (
        select(func.max(others.c.id)).where(others.c.case_id == cases.c.id).correlate(cases).scalar_subquery()
    )
    due = (
        select(func.max(promises.c.due_on))
        .where(promises.c.case_id == cases.c.id, promises.c.kind == PromiseKind.ANSWER)
        .scalar_subquery()
    )
    believed = func.coalesce(func.nullif(cases.c.kind, ""), suggestions.c.kind, "")
    wanted = (
        select(
            cases,
            suggestions.c.kind_confidence,
            suggestions.c.kind_sure,
            suggestions.c.factor_confidence,
            suggestions.c.factor_sure,
            due.label("answer_by"),
        )
        .select_from(cases)
        .outerjoin(suggestions, suggestions.c.id == newest)
        .where(cases.c.status.in_(statuses))
        .order_by((believed != Kind.COMPLAINT), due.is_(None), due, cases.c.id)
        .limit(limit)
        .offset(offset)
    )
    if handler:
        wanted = wanted.where(cases.c.handler == handler)
    if reader is not None:
        wanted = wanted.where(seen_by(reader))
    return transaction.rows(wanted)


def counts(transaction: Transaction, *, reader: Reader | None = None) -> dict[str, int]:
    """Count the cases of each status: those that `reader` may see, or all."""
    wanted = select(cases.c.status, func.count()).group_by(cases.c.status)
    if reader is not None:
        wanted = wanted.where(seen_by(reader))
    return {one[0]: one[1] for one in transaction.connection.execute(wanted)}


def note(transaction: Transaction, case_id: int, **changes: Any) -> None:
    """Change columns of a case, and raise its version. What `store.acts` watches over goes through there."""
    if "status" in changes:
        raise StoreError("the status of a case is changed by `store.acts.move` alone")
    transaction.connection.execute(
        update(cases).where(cases.c.id == case_id).values(version=cases.c.version + 1, **changes)
    )
    if search.BY_CASE & changes.keys():
        search.rebuild(transaction, case_id)


def _promise_of(row: Row) -> Promise:
    return Promise(
        kind=PromiseKind(row["kind"]),
        due_on=row["due_on"],
        clause=row["clause"],
        arithmetic=tuple(row["arithmetic"]),
    )


def _next(transaction: Transaction, series: str) -> int:
    taken = _TAKE[transaction.beside.dialect.name]
    value: int | None = transaction.beside.scalar(taken, {"series": series, "value": 1})
    if value is None:
        raise StoreError(f"no number could be taken in series {series}")
    return value
