"""Keeps what was heard, before anybody is told that it was. Reading and judging come later."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert

from store import blobs as kept
from store import cases, journal, scans, search
from store.domain import Attachment, Entry, Event, Inbound, MessageState, Receipt, Said, Taken
from store.engine import Row, Transaction
from store.tables import blobs, messages, repeats

_MESSAGE_ID = re.compile(rb"(?im)^message-id:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]{1,998})")
_FALLBACK = re.compile(rb"(?im)^(?:from|date|subject):[^\r\n]*")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_HEADER_CAP = 262_144
MAIL = "message/rfc822"
_READ = update(messages).where(messages.c.id == bindparam("of"), messages.c.state == MessageState.KEPT)
# Any number will do, as long as nobody else in the database uses it.
_CLAIMING = 0x53594E52


def dedupe_key(inbound: Inbound) -> str:
    """Name a message so that the same one gets the same name by whatever road it comes.

    Mail is named by its Message-ID and body, since the headers above differ from mailbox to mailbox and a
    Message-ID alone is reused for other texts. Without Message-ID, sender, date and subject stand in.
    Other channels are named by the service's own id, and the versions of one message by theirs.
    """
    if inbound.media_type != MAIL:
        told = f"{inbound.channel}\0{inbound.account}\0{inbound.external_id}"
        if inbound.said is not None and (inbound.said.event is not Event.NEW or inbound.said.version):
            told += f"\0{inbound.said.event}\0{inbound.said.version}"
        name = told.encode("utf-8", "surrogatepass")
        return f"{inbound.channel}:{hashlib.sha256(name).hexdigest()}"
    end = _HEADER_END.search(inbound.raw, 0, _HEADER_CAP)
    head = inbound.raw[: end.start()] if end else inbound.raw[:_HEADER_CAP]
    body = inbound.raw[end.end() :] if end else inbound.raw[_HEADER_CAP:]
    match = _MESSAGE_ID.search(head)
    if match is not None and match[1].strip():
        name = match[1].strip()
    elif found := sorted(_FALLBACK.findall(head)):
        name = b"\0".join(found)
    else:
        name = head  # nothing to name it by: only the very same bytes are the same message
    # IMAP and SMTP may differ in the last line ends of the body.
    canonical = body.replace(b"\r\n", b"\n").rstrip(b"\n")
    digest = hashlib.sha256(name + b"\0\0" + canonical).hexdigest()
    return f"mail:{digest}"


def clean(text: str) -> str:
    """Make a text that every database takes: no NUL (PostgreSQL refuses it), no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def keep(
    transaction: Transaction, group: Sequence[Inbound], now: datetime, *, closed: Collection[date] = ()
) -> list[Receipt]:
    """Keep a group of messages and return a receipt for each, in order.

    One that is already here (or twice in the group) gets the first one's receipt, marked as duplicate;
    its R becomes the earlier of the two, and so does that of the case that it opened, with its promises
    (`closed` are the municipality's own days off). Nothing is safe until the transaction has committed.
    """
    keys = [dedupe_key(inbound) for inbound in group]
    known = _ids(transaction, keys)
    fresh: dict[str, Inbound] = {}
    again: list[tuple[str, Inbound]] = []
    for key, inbound in zip(keys, group, strict=True):
        if key in known or key in fresh:
            again.append((key, inbound))
        else:
            fresh[key] = inbound
    if fresh:
        _insert(transaction, fresh, now)
    ids = {**known, **_ids(transaction, list(fresh))}
    if again:
        _note_again(transaction, [(ids[key], inbound) for key, inbound in again], now, closed)
    new = set(fresh)
    receipts = []
    for key in keys:
        receipts.append(Receipt(message_id=ids[key], duplicate=key not in new))
        new.discard(key)
    return receipts


def claim(
    transaction: Transaction, *, now: datetime, limit: int, max_bytes: int, lease: timedelta
) -> list[Row]:
    """Take up to `limit` kept messages, oldest first, with their bytes (`data`), and count one more attempt.

    At least one is taken, but no more than `max_bytes` of raw bytes besides. A claim lasts `lease`; after
    that the message may be taken again, so whoever takes it looks at `attempts` before reading once more.
    One that has been taken before waits for the others, and is then taken alone: if it brings the house
    down, no innocent one is in hand. Of a conversation nothing is taken while an older message is in hand:
    what one says next must find the case of what they said first.
    """
    may_be_taken = messages.c.claimed_until.is_(None) | (messages.c.claimed_until < now)
    if transaction.connection.dialect.name != "sqlite":  # which has one process, and one judge in it
        # One at a time: else two would each see the other's message of a conversation as nobody's yet.
        transaction.connection.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIMING})"))
        may_be_taken &= ~_follows_one_in_hand(now)
    waiting = transaction.connection.execute(
        select(messages.c.id, blobs.c.size, messages.c.attempts)
        .join(blobs, blobs.c.sha256 == messages.c.sha256)
        .where(messages.c.state == MessageState.KEPT, may_be_taken)
        .order_by(messages.c.attempts, messages.c.id)
        .limit(limit)
        .with_for_update(of=messages, skip_locked=True)
    ).all()
    ids: list[int] = []
    total = 0
    for message_id, size, attempts in waiting:
        total += size
        if ids and (attempts > 0 or total > max_bytes):
            break
        ids.append(message_id)
    if not ids:
        return []
    transaction.connection.execute(
        update(messages)
        .where(messages.c.id.in_(ids))
        .values(claimed_until=now + lease, attempts=messages.c.attempts + 1)
    )
    rows = transaction.rows(
        select(messages, blobs.c.data, blobs.c.key_id)
        .join(blobs, blobs.c.sha256 == messages.c.sha256)
        .where(messages.c.id.in_(ids))
        .order_by(messages.c.id)
    )
    return [_opened(transaction, row) for row in rows]


def _follows_one_in_hand(now: datetime) -> ColumnElement[bool]:
    older = messages.alias("older")
    in_hand = select(older.c.id).where(
        older.c.conversation == messages.c.conversation,
        older.c.conversation != "",
        older.c.id < messages.c.id,
        older.c.state == MessageState.KEPT,
        older.c.claimed_until >= now,
    )
    return (messages.c.conversation != "") & in_hand.exists()


def renew(transaction: Transaction, kept_ids: Collection[int], *, now: datetime, lease: timedelta) -> None:
    """Let claims that still hold last for `lease` from now; one that has run out is not taken back."""
    transaction.connection.execute(
        update(messages)
        .where(
            messages.c.id.in_(kept_ids),
            messages.c.state == MessageState.KEPT,
            messages.c.claimed_until >= now,
        )
        .values(claimed_until=now + lease)
    )


def spare(transaction: Transaction, kept_ids: Collection[int]) -> None:
    """Give back the claim and one attempt of each: it failed, but not for what the message holds."""
    transaction.connection.execute(
        update(messages)
        .where(messages.c.id.in_(kept_ids), messages.c.state == MessageState.KEPT, messages.c.attempts > 0)
        .values(attempts=messages.c.attempts - 1, claimed_until=None)
    )


def release(transaction: Transaction) -> None:
    """Give back every claim. Only for a start at which no other process can be reading."""
    in_hand = (messages.c.state == MessageState.KEPT) & messages.c.claimed_until.is_not(None)
    if (transaction.connection.scalar(select(func.count()).where(in_hand)) or 0) > 1:
        # Several were in hand when the last process ended, so nobody knows that one of them was the reason.
        transaction.connection.execute(
            update(messages).where(in_hand, messages.c.attempts > 1).values(attempts=messages.c.attempts - 1)
        )
    transaction.connection.execute(update(messages).where(in_hand).values(claimed_until=None))


def waiting(transaction: Transaction) -> int:
    """Count the messages that are kept but not yet read."""
    count = select(func.count()).where(messages.c.state == MessageState.KEPT)
    return transaction.connection.scalar(count) or 0


def raw(transaction: Transaction, message_id: int) -> bytes | None:
    """Return a message's bytes exactly as they came, or None if there is no such message."""
    wanted = select(*kept.STORED).join(messages, messages.c.sha256 == blobs.c.sha256)
    return kept.one(transaction, wanted.where(messages.c.id == message_id))


def first_of_case(transaction: Transaction, case_id: int) -> Row | None:
    """Return the message that opened a case."""
    wanted = select(messages).where(messages.c.case_id == case_id).order_by(messages.c.id).limit(1)
    return transaction.row(wanted)


def note_read(
    transaction: Transaction, kept_id: int, *, case_id: int, state: MessageState, read: Mapping[str, Any]
) -> bool:
    """Tie a kept message to its case and store what reading made of it (columns of `messages`).

    Returns False, and changes nothing, if somebody else has done so already.
    """
    found = {"of": kept_id, "case_id": case_id, "state": state, "claimed_until": None, **read}
    if transaction.beside.execute(_READ, found).rowcount != 1:
        return False
    scans.expect(transaction, kept_id)
    found_by = {name: str(read.get(name, "")) for name in ("subject", "text", "full_text")}
    search.add(transaction, case_id, *search.message_texts(**found_by))
    return True


def lay_aside(
    transaction: Transaction,
    kept_id: int,
    state: MessageState,
    *,
    read: Mapping[str, Any],
    case_id: int | None = None,
) -> bool:
    """Note that a message opens no case: it is laid aside, or a candidate. False if it was read already."""
    done = transaction.connection.execute(
        update(messages)
        .where(messages.c.id == kept_id, messages.c.state == MessageState.KEPT)
        .values(state=state, case_id=case_id, claimed_until=None, **read)
    )
    if done.rowcount == 1:
        scans.expect(transaction, kept_id)
    return done.rowcount == 1


def find(transaction: Transaction, message_id: int) -> Row | None:
    """Return a message."""
    return transaction.row(select(messages).where(messages.c.id == message_id))


def of_album(transaction: Transaction, conversation: str, album: str) -> int | None:
    """Return the case that an earlier message of the same album opened."""
    wanted = select(messages.c.case_id).where(
        messages.c.conversation == conversation, messages.c.album == album, messages.c.case_id.is_not(None)
    )
    return transaction.connection.scalar(wanted.order_by(messages.c.id).limit(1)) if album else None


def candidates(transaction: Transaction, *, limit: int = 100) -> Sequence[Row]:
    """List the public comments that may be synpunkter, newest first."""
    wanted = select(messages).where(messages.c.state == MessageState.CANDIDATE)
    return transaction.rows(wanted.order_by(messages.c.id.desc()).limit(limit))


def count_candidates(transaction: Transaction) -> int:
    """Count them."""
    wanted = select(func.count()).where(messages.c.state == MessageState.CANDIDATE)
    return transaction.connection.scalar(wanted) or 0


def changes_of(transaction: Transaction, candidates: Sequence[Row]) -> dict[int, list[Row]]:
    """Return what senders have changed or removed since, oldest first, by the id of the message it is about.

    For rows of `messages` that are what their service told of first.
    """
    ids = {
        (row["channel"], row["account"], row["external_id"]): row["id"]
        for row in candidates
        if row["external_id"]
    }
    wanted = select(messages).where(
        messages.c.external_id.in_({key[2] for key in ids}),
        messages.c.event.in_((Event.EDITED, Event.DELETED)),
    )
    found: dict[int, list[Row]] = {}
    for row in transaction.rows(wanted.order_by(messages.c.id)):
        about = ids.get((row["channel"], row["account"], row["external_id"]))
        if about is not None:
            found.setdefault(about, []).append(row)
    return found


def take_up(transaction: Transaction, message_id: int, *, by: str) -> bool:
    """Give a candidate back to be read, and made a case; False if it is none any more.

    What its sender has changed or removed since is read again after it, and so laid in the same case.
    """
    row = find(transaction, message_id)
    if row is None or not row["given"].get("said"):
        return False
    given = row["given"] | {"said": row["given"]["said"] | {"taken_up": by}}
    done = transaction.connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state == MessageState.CANDIDATE)
        .values(state=MessageState.KEPT, attempts=0, claimed_until=None, given=given)
    )
    if done.rowcount != 1:
        return False
    later = [one["id"] for one in changes_of(transaction, [row]).get(message_id, ())]
    transaction.connection.execute(
        update(messages)
        .where(messages.c.id.in_(later), messages.c.state == MessageState.ASIDE, messages.c.case_id.is_(None))
        .values(state=MessageState.KEPT, attempts=0, claimed_until=None)
    )
    return True


def dismiss(transaction: Transaction, message_id: int) -> bool:
    """Lay a candidate aside; False if it is none any more."""
    done = transaction.connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state == MessageState.CANDIDATE)
        .values(state=MessageState.ASIDE)
    )
    return done.rowcount == 1


def road_of(message: Row) -> str:
    """Return the road that a message came by. One channel may serve several, none of its own name."""
    road: str = message["conversation"].partition(":")[0] or message["channel"]
    return road


def reports_of(transaction: Transaction, road: str, service_id: str) -> Sequence[Row]:
    """List what a service has told of a letter that it took, oldest first."""
    if not service_id or road == "email":
        return []  # what becomes of a mail is told by a mail
    wanted = select(messages).where(messages.c.about == service_id, messages.c.event == Event.DELIVERY)
    told = transaction.rows(wanted.order_by(messages.c.id))
    return [row for row in told if road_of(row) == road]


def last_in(transaction: Transaction, conversation: str) -> Row | None:
    """Return the newest message of a sender in a conversation; commands count, reports and echoes do not."""
    wanted = select(messages).where(
        messages.c.conversation == conversation,
        messages.c.event.in_((Event.NEW, Event.EDITED)),
        messages.c.automatic == "",
    )
    return transaction.row(wanted.order_by(messages.c.received_at.desc(), messages.c.id.desc()).limit(1))


def _ids(transaction: Transaction, keys: Sequence[str]) -> dict[str, int]:
    if not keys:
        return {}
    wanted = select(messages.c.dedupe_key, messages.c.id).where(messages.c.dedupe_key.in_(set(keys)))
    return {one[0]: one[1] for one in transaction.connection.execute(wanted)}


def _insert(transaction: Transaction, fresh: dict[str, Inbound], now: datetime) -> None:
    sums = kept.keep(transaction, [inbound.raw for inbound in fresh.values()], now)
    rows = [
        _row(key, sha256, inbound, now) for (key, inbound), sha256 in zip(fresh.items(), sums, strict=True)
    ]
    transaction.connection.execute(_unless_there(transaction, messages), rows)


def _opened(transaction: Transaction, row: Row) -> Row:
    try:
        data = kept.plain(transaction, row)
    except kept.SpoiltBlobError:
        # It is given up as any that can not be read, instead of keeping all others waiting.
        data = b""
    return {name: value for name, value in row.items() if name != "key_id"} | {"data": data}


def _unless_there(transaction: Transaction, table: Table) -> Insert:
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    return make(table).on_conflict_do_nothing()


def _taken(taken: Taken) -> dict[str, Any]:
    return {
        "source": taken.source,
        "by": clean(taken.by),
        "recorder": taken.recorder,
        "category": taken.category or "",
        "phone": clean(taken.phone),
        "unit": taken.unit,
        "measure": clean(taken.measure),
        "files": _files(taken.files),
    }


def _said(said: Said) -> dict[str, Any]:
    return {
        "conversation": clean(said.conversation)[:300],
        "event": said.event,
        "version": clean(said.version),
        "about": clean(said.about)[:400],
        "group": clean(said.group)[:200],
        "visibility": said.visibility,
        "automatic": said.automatic or "",
        "command": said.command or "",
        "choice": clean(said.choice),
        "delivered": said.delivered or "",
        "because": clean(said.because),
        "source": said.source or "",
        "link": clean(said.link),
        "lacks": [clean(one) for one in said.lacks],
        "taken_up": said.taken_up,
    }


def _files(files: Sequence[Attachment]) -> list[dict[str, Any]]:
    return [{"name": clean(one.name), "media_type": one.media_type, "size": one.size} for one in files]


def _row(key: str, sha256: str, inbound: Inbound, now: datetime) -> dict[str, Any]:
    given: dict[str, Any] = {
        "sender_channel": inbound.sender.channel if inbound.sender else "",
        "sender_handle": clean(inbound.sender.handle) if inbound.sender else "",
        "sender_name": clean(inbound.sender_name),
        "subject": clean(inbound.subject),
        "text": clean(inbound.text),
        "language": inbound.language,
        "chosen_kind": inbound.chosen_kind or "",
        "wished_channel": inbound.wished.channel if inbound.wished else "",
        "wished_handle": clean(inbound.wished.handle) if inbound.wished else "",
        "pick_up": inbound.pick_up,
    }
    if inbound.taken is not None:
        given |= {"taken": _taken(inbound.taken)}
    if inbound.files:
        given |= {"files": _files(inbound.files)}
    said = inbound.said
    if said is not None:
        given |= {"said": _said(said)}
    return {
        "channel": inbound.channel,
        "account": inbound.account,
        "external_id": clean(inbound.external_id)[:400],
        "dedupe_key": key,
        "sha256": sha256,
        "media_type": inbound.media_type,
        "envelope_from": None if inbound.envelope_from is None else clean(inbound.envelope_from),
        "envelope_to": [clean(address) for address in inbound.envelope_to],
        "given": given,
        "received_at": inbound.received_at,
        "kept_at": now,
        "state": MessageState.KEPT,
        "attempts": 0,
        "conversation": clean(said.conversation)[:300] if said else "",
        "event": said.event if said else "",
        "about": clean(said.about)[:400] if said else "",
        "album": clean(said.group)[:200] if said else "",
    }


def _had_earlier(
    transaction: Transaction,
    message_id: int,
    case_id: int,
    received_at: datetime,
    now: datetime,
    closed: Collection[date],
) -> None:
    """Give the case that a message opened its earlier R, and count its promises from there."""
    first, case = first_of_case(transaction, case_id), cases.find(transaction, case_id)
    if first is None or first["id"] != message_id or case is None or case["received_at"] <= received_at:
        return
    cases.note(transaction, case_id, received_at=received_at)
    details = {"inkom var": case["received_at"].isoformat(), "inkom": received_at.isoformat()}
    entry = Entry(actor="synpunkt", act="inkom tidigare", case_id=case_id, details=details)
    journal.write(transaction, now, entry)
    cases.redate(
        transaction,
        case_id,
        turn=1,
        received_at=received_at,
        closed=closed,
        afresh=(),
        why="fanns hos oss tidigare",
        now=now,
    )


def _note_again(
    transaction: Transaction, again: list[tuple[int, Inbound]], now: datetime, closed: Collection[date]
) -> None:
    transaction.connection.execute(
        insert(repeats),
        [
            {
                "message_id": message_id,
                "channel": inbound.channel,
                "account": inbound.account,
                "external_id": clean(inbound.external_id)[:400],
                "envelope_to": [clean(address) for address in inbound.envelope_to],
                "received_at": inbound.received_at,
            }
            for message_id, inbound in again
        ],
    )
    for message_id, inbound in again:
        # FL 22 §: what counts is when the first of our systems had it.
        moved = transaction.row(
            update(messages)
            .where(messages.c.id == message_id, messages.c.received_at > inbound.received_at)
            .values(received_at=inbound.received_at)
            .returning(messages.c.case_id)
        )
        if moved is not None and moved["case_id"] is not None:
            _had_earlier(transaction, message_id, moved["case_id"], inbound.received_at, now, closed)
        journal.write(
            transaction,
            now,
            Entry(actor="synpunkt", act="samma meddelande igen", message_id=message_id),
        )
