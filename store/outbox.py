"""The outbox: letters wait here, and are sent once. `bots.desk.delivery` empties it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, bindparam, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import acts, cases, enclosures, inbox, journal, parts, search
from store.domain import (
    PAGE,
    Address,
    Button,
    Delivered,
    Enclosure,
    Entry,
    LetterState,
    Outgoing,
    PromiseKind,
    Purpose,
    Status,
)
from store.engine import Row, Transaction
from store.sight import Reader, seen_by
from store.tables import cases as case_table
from store.tables import letters

# Citizens' letters are served before notices to staff.
TO_CITIZENS = (
    Purpose.ACKNOWLEDGEMENT,
    Purpose.ANSWER,
    Purpose.HANDLER_NAMED,
    Purpose.QUESTION,
    Purpose.DELAY,
    Purpose.SENT_ON,
    Purpose.HANDED_OVER,
    Purpose.DUPLICATE,
    Purpose.SPLIT,
    Purpose.REOPENED,
    Purpose.CLOSED,
    Purpose.ASSISTANT,
    Purpose.FOLLOW_UP_QUESTION,
    Purpose.ADDED,
    Purpose.PUBLIC_NOTE,
    Purpose.WAITS,
)
# An alarm may be about a life: it waits for its turn among citizens, never behind notices.
_PRIORITY = dict.fromkeys((*TO_CITIZENS, Purpose.ALARM), 1)
# Whoever writes a thousand times in a case must not make each reading slower than the last.
_MOST_QUOTED = 20
# So long a letter in hand is its taker's; whoever shares the outbox with others renews it meanwhile.
LEASE = timedelta(seconds=60)
# These wait for a human, and only a human lets them go (again).
TROUBLED = (LetterState.HELD, LetterState.FAILED, LetterState.UNKNOWN, LetterState.UNDELIVERED)

# What each letter asks for, built once: to build and name a statement anew costs more than to run it.
_PUT = {
    name: make(letters).on_conflict_do_nothing(index_elements=["key"]).returning(letters.c.id)
    for name, make in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}
_ACKNOWLEDGED = (
    select(case_table.c.title)
    .join(letters, letters.c.case_id == case_table.c.id)
    .where(
        letters.c.channel == bindparam("channel"),
        # Both sides by the database: SQLite folds other letters than Python does.
        func.lower(letters.c.handle) == func.lower(bindparam("handle", type_=String)),
        letters.c.created_at >= bindparam("since"),
        letters.c.purpose == Purpose.ACKNOWLEDGEMENT,
        letters.c.state != LetterState.HELD,
    )
)
# Oldest first: where many are held, they are the newest, and the index is read no further than needed.
_SENT_TO = select(func.count()).select_from(
    select(letters.c.id)
    .where(
        letters.c.channel == bindparam("channel"),
        letters.c.handle == bindparam("handle"),
        letters.c.created_at >= bindparam("since"),
        letters.c.state != LetterState.HELD,
    )
    .order_by(letters.c.created_at)
    .limit(bindparam("most", type_=Integer))
    .subquery()
)
_NOT_BACK = letters.c.state != LetterState.UNDELIVERED
_NOTE_SENT = update(letters).where(letters.c.id == bindparam("of"), _NOT_BACK)


def put(transaction: Transaction, letter: Outgoing, *, now: datetime, held_because: str = "") -> int | None:
    """Put a letter in the outbox and return its id, or None if a letter with that key was written before.

    With `held_because` it waits until a human lets it go. One to our own page is there at once.
    """
    row = {
        "key": letter.key,
        "case_id": letter.case_id,
        "purpose": letter.purpose,
        "channel": letter.recipient.channel,
        "handle": letter.recipient.handle,
        "recipient_name": letter.recipient_name,
        "subject": letter.subject,
        "body": letter.body,
        "language": letter.language,
        "external_id": letter.external_id,
        "in_reply_to": letter.in_reply_to,
        "references": list(letter.references),
        "keeps": list(letter.keeps),
        "buttons": [{"label": one.label, "value": one.value} for one in letter.buttons],
        "state": LetterState.HELD if held_because else LetterState.PENDING,
        "state_because": held_because,
        "priority": _PRIORITY.get(letter.purpose, 5),
        "created_at": now,
        "next_try_at": now,
    }
    written: int | None = transaction.beside.scalar(_PUT[transaction.beside.dialect.name], row)
    if written is not None and letter.case_id is not None:
        search.add(transaction, letter.case_id, letter.subject, letter.body, ours=True)
    if written is not None and letter.recipient.channel == PAGE and not held_because:
        sent(transaction, replace(letter, id=written), "", now=now)
    return written


def take(
    transaction: Transaction,
    *,
    now: datetime,
    limit: int,
    channels: Sequence[str],
    in_order: Collection[str] = (),
) -> list[Outgoing]:
    """Take letters that may be tried now and mark them as being sent; commit before the first byte goes out.

    On the roads `in_order` a letter waits while an older one to the same reader does. Whoever dies with
    letters in hand leaves them in `sänds`; `doubt` makes them unknown at the next start, or when `LEASE` has
    run out. Until then `next_try_at` tells how long they are their taker's; `attempts` tells which try it is.
    """
    wanted = (
        select(letters.c.id)
        .where(
            letters.c.state == LetterState.PENDING,
            letters.c.next_try_at <= now,
            letters.c.channel.in_(channels),
            or_(letters.c.channel.not_in(in_order), ~_an_older_one_waits()) if in_order else true(),
        )
        .order_by(letters.c.priority, letters.c.next_try_at, letters.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(transaction.connection.scalars(wanted))
    if not ids:
        return []
    transaction.connection.execute(
        update(letters)
        .where(letters.c.id.in_(ids))
        .values(state=LetterState.SENDING, attempts=letters.c.attempts + 1, next_try_at=now + LEASE)
    )
    taken = select(letters).where(letters.c.id.in_(ids)).order_by(letters.c.priority, letters.c.id)
    return [
        replace(
            _letter(row),
            enclosures=_enclosures(transaction, row),
            heard_at=_heard_at(transaction, row),
        )
        for row in transaction.rows(taken)
    ]


def renew(transaction: Transaction, in_hand: Collection[Outgoing], *, now: datetime) -> None:
    """Let the claims on letters last for `LEASE` from now; a letter that is somebody else's try is left."""
    for letter in in_hand:
        transaction.connection.execute(
            update(letters)
            .where(
                letters.c.id == letter.id,
                letters.c.state == LetterState.SENDING,
                letters.c.attempts == letter.attempts,
            )
            .values(next_try_at=now + LEASE)
        )


def _an_older_one_waits() -> ColumnElement[bool]:
    older = letters.alias()
    waiting = select(older.c.id).where(
        older.c.channel == letters.c.channel,
        older.c.handle == letters.c.handle,
        older.c.id < letters.c.id,
        older.c.state.in_((LetterState.PENDING, LetterState.SENDING)),
    )
    return waiting.exists()


def newest_id(transaction: Transaction) -> int:
    """Return the id of the newest letter, or 0."""
    return transaction.connection.scalar(select(func.max(letters.c.id))) or 0


def written_at(transaction: Transaction, now: datetime, *, after: int) -> Sequence[Row]:
    """List the letters of one act that wait to be sent: written at its moment, with ids above `after`."""
    wanted = select(letters).where(
        letters.c.id > after, letters.c.created_at == now, letters.c.state == LetterState.PENDING
    )
    return transaction.rows(wanted.order_by(letters.c.id))


def hold_back(
    transaction: Transaction, letter_id: int, *, until: datetime, undo: Mapping[str, Any] | None = None
) -> None:
    """Let a letter that was just written wait. `undo` says what to go back to if it is taken back."""
    transaction.connection.execute(
        update(letters)
        .where(letters.c.id == letter_id, letters.c.state == LetterState.PENDING)
        .values(next_try_at=until, undo=dict(undo or {}))
    )


def waiting(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the letters of a case that will be tried, oldest first."""
    wanted = select(letters).where(letters.c.case_id == case_id, letters.c.state == LetterState.PENDING)
    return transaction.rows(wanted.order_by(letters.c.id))


def hold(transaction: Transaction, letter_id: int, *, because: str) -> bool:
    """Let a waiting letter wait for a human's word, and not be taken back; False if it is on its way."""
    done = transaction.connection.execute(
        update(letters)
        .where(letters.c.id == letter_id, letters.c.state == LetterState.PENDING)
        .values(state=LetterState.HELD, state_because=because, undo={})
    )
    return done.rowcount == 1


def may_be_taken_back(row: Row) -> bool:
    """Tell whether a letter waits for its writer's second thoughts. `take_back` knows if it is too late."""
    return bool(row["undo"]) and row["state"] == LetterState.PENDING and row["attempts"] == 0


def take_back(transaction: Transaction, letter_id: int, *, by: str, now: datetime) -> Row | None:
    """Take a letter back that nobody has tried to send, and return it; None if it is too late.

    Of this and `take`, whichever comes first decides: both change the row only if it still waits.
    """
    done = transaction.connection.execute(
        update(letters)
        .where(letters.c.id == letter_id, letters.c.state == LetterState.PENDING, letters.c.attempts == 0)
        .values(state=LetterState.UNDONE, state_because="ångrat innan det skickades")
    )
    row = transaction.row(select(letters).where(letters.c.id == letter_id))
    if done.rowcount != 1 or row is None:
        return None
    details = {"brev": row["key"]}
    entry = Entry(actor=by, act="brev ångrat", case_id=row["case_id"], details=details)
    journal.write(transaction, now, entry)
    return row


def find(transaction: Transaction, letter_id: int) -> Row | None:
    """Return a letter."""
    return transaction.row(select(letters).where(letters.c.id == letter_id))


def sent(
    transaction: Transaction, letter: Outgoing, service_id: str, *, now: datetime, conversation: str = ""
) -> None:
    """Note that the service took a letter; the promises that it keeps are kept from now on.

    One that came back stays returned. `conversation` is the one that the letter began, if any.
    """
    taken = {"sent_at": now, "service_id": service_id, "conversation": conversation}
    is_there = _settle(transaction, letter, LetterState.SENT, state_because="", **taken)
    if not is_there:
        _change(transaction, letter, **taken)
    if is_there and letter.purpose is Purpose.ANSWER:
        acts.delivered(transaction, letter.key, now=now)
    if letter.case_id is not None:
        for kind in letter.keeps:
            # That a receipt went out stands; who has the case is not told until the letter is there (G9).
            if is_there or kind is PromiseKind.RECEIPT:
                for case_id in _told_of(transaction, letter):
                    cases.keep_promise(transaction, case_id, kind, now)
    _tell(transaction, letter, "brev sänt", now)
    # A service may be quicker than our note.
    for told in inbox.reports_of(transaction, letter.recipient.channel, service_id):
        said = told["given"]["said"]
        arrived_as = Delivered(said["delivered"])
        if arrived_as is not Delivered.FAILED:
            note_arrival(transaction, letter.id, arrived_as, at=told["received_at"], now=now)


def note_arrival(
    transaction: Transaction, letter_id: int, how: Delivered, *, at: datetime, now: datetime
) -> None:
    """Note that a letter is there, or was seen, as its service tells; the first time counts."""
    column = letters.c.seen_at if how is Delivered.SEEN else letters.c.delivered_at
    row = transaction.row(
        update(letters)
        .where(letters.c.id == letter_id, column.is_(None))
        .values({column: at})
        .returning(letters.c.key, letters.c.case_id)
    )
    if row is not None:
        entry = Entry(
            actor="synpunkt", act=f"brev {how}", case_id=row["case_id"], details={"brev": row["key"]}
        )
        journal.write(transaction, now, entry)


def of_service(transaction: Transaction, channel: str, service_id: str) -> Row | None:
    """Return the letter that a service gave this id."""
    wanted = select(letters).where(letters.c.service_id == service_id, letters.c.channel == channel)
    return transaction.row(wanted.limit(1)) if service_id else None


def case_of_conversation(transaction: Transaction, conversation: str) -> int | None:
    """Return the case of the newest letter that began a conversation, such as the answer to a comment."""
    wanted = select(letters.c.case_id).where(
        letters.c.conversation == conversation, letters.c.case_id.is_not(None)
    )
    return (
        transaction.connection.scalar(wanted.order_by(letters.c.id.desc()).limit(1)) if conversation else None
    )


def postpone(transaction: Transaction, letter: Outgoing, *, until: datetime, because: str) -> None:
    """Let a letter wait for its next try."""
    _settle(transaction, letter, LetterState.PENDING, next_try_at=until, state_because=because)


def give_up(
    transaction: Transaction, letter: Outgoing, state: LetterState, *, because: str, now: datetime
) -> bool:
    """Stop trying: the letter is shown to a human. `state` is `misslyckat`, `okänt` or `hålls`.

    Returns False, and changes nothing, if something else is known of the letter by then.
    """
    is_so = _settle(transaction, letter, state, state_because=because)
    if is_so:
        _tell(transaction, letter, f"brev {state}", now, because=because)
    return is_so


def doubt(
    transaction: Transaction, *, now: datetime, but: Collection[str] = (), only_overdue: bool = False
) -> int:
    """Mark as unknown what another process was sending when it died, and return how many.

    The service may have taken them or not; only a human may send them again. On the roads `but`, where the
    same letter twice is one, they are simply sent again. Where others work on the outbox as well, call it
    with `only_overdue`: what is in hand of somebody who lives is then left.
    """
    dead = letters.c.state == LetterState.SENDING
    if only_overdue:
        dead &= letters.c.next_try_at < now
    transaction.connection.execute(
        update(letters)
        .where(dead, letters.c.channel.in_(but))
        .values(state=LetterState.PENDING, next_try_at=now)
    )
    # Who comes at the same time passes by, instead of telling of each letter once more.
    sending = select(letters).where(dead).with_for_update(skip_locked=True)
    found = [_letter(row) for row in transaction.rows(sending)]
    for letter in found:
        because = "programmet stannade medan brevet sändes"
        give_up(transaction, letter, LetterState.UNKNOWN, because=because, now=now)
    return len(found)


def undelivered(transaction: Transaction, letter_id: int, *, because: str, now: datetime) -> Outgoing | None:
    """Note that a letter came back, and return it; None if there is no such letter.

    Row N9: what we sent is not delivered, whatever the relay said at first.
    """
    row = transaction.row(select(letters).where(letters.c.id == letter_id))
    if row is None:
        return None
    letter = _letter(row)
    _change(transaction, letter, state=LetterState.UNDELIVERED, state_because=because)
    _tell(transaction, letter, "brev ej levererat", now, because=because)
    if letter.purpose is Purpose.ANSWER:
        acts.returned(transaction, letter.key, because=because, now=now)
    tells_who = letter.purpose is Purpose.ANSWER or PromiseKind.FIRST_FEEDBACK in letter.keeps
    if tells_who:
        for case_id in _told_of(transaction, letter):
            acts.take_back_feedback(transaction, case_id)
    return letter


def find_external(transaction: Transaction, external_id: str) -> int | None:
    """Return the id of the letter that carried this Message-ID."""
    return transaction.connection.scalar(select(letters.c.id).where(letters.c.external_id == external_id))


def went_to(transaction: Transaction, external_ids: Sequence[str], handle: str) -> bool:
    """Tell whether a letter with one of these Message-IDs was written to an address."""
    found = transaction.connection.scalars(
        select(letters.c.handle).where(letters.c.external_id.in_(external_ids))
    )
    return handle.casefold() in {one.casefold() for one in found}


def case_of(transaction: Transaction, letter_id: int) -> int | None:
    """Return the case that a letter is about."""
    return transaction.connection.scalar(select(letters.c.case_id).where(letters.c.id == letter_id))


def exists(transaction: Transaction, letter_id: int) -> bool:
    """Tell whether there is a letter with this id."""
    return transaction.connection.scalar(select(letters.c.id).where(letters.c.id == letter_id)) is not None


def let_go(transaction: Transaction, letter_id: int, *, by: str, now: datetime) -> bool:
    """Let a letter go out (again) on a human's word; False if it does not wait for one."""
    # Locked: of two who press the button at once, the second must see what the first has done.
    row = transaction.row(select(letters).where(letters.c.id == letter_id).with_for_update())
    if row is None or row["state"] not in TROUBLED:
        return False
    letter = _letter(row)
    _change(transaction, letter, state=LetterState.PENDING, next_try_at=now, created_at=now, state_because="")
    details = {"brev": letter.key}
    journal.write(
        transaction, now, Entry(actor=by, act="brev släppt", case_id=letter.case_id, details=details)
    )
    return True


def acknowledged(transaction: Transaction, recipient: Address, *, since: datetime) -> list[str]:
    """List the titles of the cases acknowledged to an address since a moment, for the rate guard."""
    asked = {"channel": recipient.channel, "handle": recipient.handle, "since": since}
    return list(transaction.beside.scalars(_ACKNOWLEDGED, asked))


def receipts_since(transaction: Transaction, moment: datetime) -> int:
    """Count the acknowledgements that were to go out before a moment, and still have not."""
    wanted = select(func.count()).where(
        letters.c.purpose == Purpose.ACKNOWLEDGEMENT,
        letters.c.state.in_((LetterState.PENDING, LetterState.SENDING)),
        letters.c.created_at < moment,
    )
    return transaction.connection.scalar(wanted) or 0


def has_failed(transaction: Transaction, case_id: int, recipient: Address) -> bool:
    """Tell whether a letter of a case to an address could not be delivered."""
    wanted = select(letters.c.id).where(
        letters.c.case_id == case_id,
        letters.c.channel == recipient.channel,
        letters.c.handle == recipient.handle,
        letters.c.state.in_((LetterState.FAILED, LetterState.UNDELIVERED)),
    )
    return transaction.row(wanted.limit(1)) is not None


def has_gone(transaction: Transaction, recipient: Address) -> bool:
    """Tell whether any letter has gone to an address, or is on its way there."""
    wanted = select(letters.c.id).where(
        letters.c.channel == recipient.channel,
        letters.c.handle == recipient.handle,
        letters.c.state.not_in((LetterState.FAILED, LetterState.UNDELIVERED, LetterState.UNDONE)),
    )
    return transaction.row(wanted.limit(1)) is not None


def take_over(transaction: Transaction, old_key: str, new_key: str) -> None:
    """Let a letter stand for another that carried an answer and could not be delivered."""
    acts.carry_over(transaction, old_key, new_key)


def told_by(transaction: Transaction, case_id: int, name: str) -> datetime | None:
    """Return when a letter named somebody as the handler of a case, if the sender has heard of no other.

    None if it is not there, or tells of another or of who else has the case.
    """
    elsewhere = (Purpose.HANDED_OVER, Purpose.DUPLICATE)
    tells = (Purpose.ACKNOWLEDGEMENT, Purpose.HANDLER_NAMED, Purpose.REOPENED, *elsewhere)
    wanted = select(letters).where(letters.c.case_id == case_id, letters.c.purpose.in_(tells))
    row = transaction.row(wanted.order_by(letters.c.id.desc()).limit(1))
    if row is None or row["state"] != LetterState.SENT or row["purpose"] in elsewhere:
        return None
    at: datetime = row["sent_at"]
    return at if " ".join(name.split()) in " ".join(row["body"].split()) else None


def sent_to(transaction: Transaction, recipient: Address, *, since: datetime, most: int) -> int:
    """Count the letters to an address since a moment, those that are held left out; stop at `most`."""
    asked = {"channel": recipient.channel, "handle": recipient.handle, "since": since, "most": most}
    return transaction.beside.scalar(_SENT_TO, asked) or 0


def texts_of_case(transaction: Transaction, case_id: int) -> list[str]:
    """List the letters of a case that a reply may quote: what the sender got, and the newest others."""
    wanted = (
        select(letters.c.body)
        .where(letters.c.case_id == case_id, letters.c.state != LetterState.UNDONE)
        .order_by(letters.c.priority, letters.c.id.desc())
        .limit(_MOST_QUOTED)
    )
    return list(transaction.connection.scalars(wanted))


def troubled(transaction: Transaction, *, limit: int = 100, reader: Reader | None = None) -> Sequence[Row]:
    """List the letters that need a human: held, failed, unknown or returned, newest first.

    Those of cases that `reader` may not see are left out; without one, none is.
    """
    wanted = select(letters).where(_is_troubled(), _shown_to(reader))
    return transaction.rows(wanted.order_by(letters.c.id.desc()).limit(limit))


def count_troubled(transaction: Transaction, *, reader: Reader) -> int:
    """Count what `troubled` lists, however many they are."""
    wanted = select(func.count()).select_from(letters).where(_is_troubled(), _shown_to(reader))
    return transaction.connection.scalar(wanted) or 0


def counts(transaction: Transaction, *, reader: Reader | None = None) -> dict[str, int]:
    """Count the letters of each state: those of cases that `reader` may see, or all."""
    wanted = select(letters.c.state, func.count()).where(_shown_to(reader)).group_by(letters.c.state)
    return {one[0]: one[1] for one in transaction.connection.execute(wanted)}


def _enclosures(transaction: Transaction, row: Row) -> tuple[Enclosure, ...]:
    """Return the files of a letter; only answers have any."""
    return enclosures.of_letter(transaction, row["key"]) if row["purpose"] == Purpose.ANSWER else ()


def _heard_at(transaction: Transaction, row: Row) -> datetime | None:
    """Return when the reader of a letter last wrote on that road; mail has no such windows."""
    if row["channel"] in {"email", PAGE}:
        return None
    newest = inbox.last_in(transaction, f"{row['channel']}:{row['handle']}")
    return newest["received_at"] if newest else None


def _told_of(transaction: Transaction, letter: Outgoing) -> list[int]:
    """List the cases that a letter tells of: its own; of a divided message, those that are sorted."""
    if letter.case_id is None:
        return []
    if letter.purpose is not Purpose.SPLIT:
        return [letter.case_id]
    family = parts.family(transaction, letter.case_id)
    return [one["id"] for one in family if one["status"] != Status.SORTING]


def _is_troubled() -> ColumnElement[bool]:
    # Nearly all letters are sent. SQLite knows only how many a state has on average, and would read them all.
    others = letters.alias("others")
    return letters.c.id.in_(select(others.c.id).where(others.c.state.in_(TROUBLED)))


def _shown_to(reader: Reader | None) -> ColumnElement[bool]:
    if reader is None:
        return true()
    seen = select(case_table.c.id).where(case_table.c.id == letters.c.case_id, seen_by(reader, of_few=True))
    return or_(letters.c.case_id.is_(None), seen.exists())


def _settle(transaction: Transaction, letter: Outgoing, state: LetterState, **changes: Any) -> bool:
    """Note what became of a try; False if something else is known by then, which says more."""
    # A bounce can be quicker than our note: the relay answers, bounces, and only then do we commit.
    if state is LetterState.SENT:
        noted = {"of": letter.id, "state": state, **changes}
        return transaction.beside.execute(_NOTE_SENT, noted).rowcount == 1
    # We may have been taken for dead meanwhile. That a letter has gone is always worth knowing; that it
    # has not says nothing of another's try, nor of one that a human has let go since.
    is_ours = letters.c.state.in_((LetterState.SENDING, LetterState.UNKNOWN))
    may_change = _NOT_BACK & is_ours & (letters.c.attempts == letter.attempts)
    done = transaction.connection.execute(
        update(letters).where(letters.c.id == letter.id, may_change).values(state=state, **changes)
    )
    return done.rowcount == 1


def _change(transaction: Transaction, letter: Outgoing, **changes: Any) -> None:
    transaction.connection.execute(update(letters).where(letters.c.id == letter.id).values(**changes))


def _tell(transaction: Transaction, letter: Outgoing, act: str, now: datetime, *, because: str = "") -> None:
    details = {"brev": letter.key} | ({"varför": because} if because else {})
    journal.write(transaction, now, Entry(actor="synpunkt", act=act, case_id=letter.case_id, details=details))


def _letter(row: Row) -> Outgoing:
    return Outgoing(
        key=row["key"],
        purpose=Purpose(row["purpose"]),
        recipient=Address(channel=row["channel"], handle=row["handle"]),
        recipient_name=row["recipient_name"],
        subject=row["subject"],
        body=row["body"],
        language=row["language"],
        case_id=row["case_id"],
        in_reply_to=row["in_reply_to"],
        references=tuple(row["references"]),
        id=row["id"],
        external_id=row["external_id"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        keeps=tuple(PromiseKind(kind) for kind in row["keeps"]),
        buttons=tuple(Button(**one) for one in row["buttons"]),
    )
