"""Disposal (gallring): what may go, by which decision, and the protocol of it (row B16, report R13).

Nothing is deleted without a decision of the municipality's own, and nothing that is still needed. What is
taken out of a case is listed in `emptying`; its row stays, so that every count is the same afterwards.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, not_, or_, select

from store import acts, emptying, inbox
from store.deadlines import STOCKHOLM, day_of
from store.domain import Act, Door, Inbound, Lane, LetterState, MessageState, Status
from store.engine import Row, Store, StoreError, Transaction
from store.life import ARCHIVIST, Actor
from store.sight import holds as has
from store.sight import holds_any
from store.tables import (
    answers,
    cases,
    disclosed,
    disclosures,
    disposals,
    drafts,
    holds,
    journal,
    letters,
    messages,
    surveys,
    unsent,
)

_BATCH = 50  # cases in one transaction: others get in between


class Record(StrEnum):
    """The kinds of records (handlingstyper) that a decision may name."""

    CASE = "ärende"
    HANDED_OVER = "felriktat"
    TRIFLING = "ringa_betydelse"  # what is in quarantine
    RAW = "råmeddelande"  # the bytes, once what they say stands in the case
    ASIDE = "utan_ärende"  # commands, delivery reports, comments that were no synpunkt
    DRAFT = "utkast"
    SURVEY = "enkätsvar"
    CHANNEL_COPY = "kanalkopia"  # what is left in a mailbox: gone through by its channel
    BACKUP = "säkerhetskopia"  # only its age is looked at: nobody here deletes a backup


class Start(StrEnum):
    """From when the time is counted."""

    CLOSED = "avslutat"
    RECEIVED = "inkommet"
    YEAR_END = "årets_slut"  # the last day of the year in which it was closed


class UndecidedError(StoreError):
    """Nothing is deleted without a decision (row B16). The message says in Swedish what to do."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How long a kind of record is kept, and who decided it. Without `decision_ref` it deletes nothing."""

    record: Record
    counted_from: Start = Start.CLOSED
    years: int = 0
    months: int = 0
    days: int = 0
    decision_ref: str = ""

    @property
    def is_decided(self) -> bool:
        """Tell whether somebody has decided."""
        return bool(self.decision_ref.strip())

    def before(self, today: date) -> datetime:
        """Return the moment before which something must have ended to be due: its last day counts whole."""
        months = today.year * 12 + today.month - 1 - self.years * 12 - self.months
        year, month = divmod(months, 12)
        first = date(year, month + 1, 1)
        after = date(year + month // 11, (month + 1) % 12 + 1, 1)
        last = min(first + timedelta(days=today.day - 1), after - timedelta(days=1)) - timedelta(
            days=self.days
        )
        if self.counted_from is Start.YEAR_END:
            last = date(last.year, 1, 1)
        return datetime.combine(last, time(), STOCKHOLM)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a rule would delete today. `held` counts what is due and must stay, by the reason in Swedish."""

    rule: Rule
    numbers: Mapping[int, str] = field(default_factory=dict)  # of the cases, by their ids
    message_ids: tuple[int, ...] = ()  # of what belongs to no case, or whose bytes alone go
    letter_ids: tuple[int, ...] = ()  # ours that belong to no case, such as what the assistant says
    pieces: int = 0  # documents
    oldest: datetime | None = None
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to delete."""
        return not self.numbers and not self.message_ids and not self.letter_ids


_STATUSES = {
    Record.CASE: (Status.CLOSED, Status.ARCHIVED, Status.DUPLICATE),
    Record.HANDED_OVER: (Status.HANDED_OVER,),
    Record.TRIFLING: (Status.QUARANTINED,),
    Record.RAW: (Status.CLOSED, Status.ARCHIVED, Status.DUPLICATE, Status.HANDED_OVER),
    Record.DRAFT: (Status.CLOSED, Status.ARCHIVED, Status.DUPLICATE, Status.HANDED_OVER),
    Record.SURVEY: (Status.CLOSED, Status.ARCHIVED),
}
_ENDED = (*_STATUSES[Record.RAW], Status.DISPOSED, Status.QUARANTINED)
# The last act that led to where such a case stands, for those that were never closed.
_LEAVING = (Act.HAND_OVER, Act.DUPLICATE, Act.QUARANTINE)
_ON_THEIR_WAY = (LetterState.PENDING, LetterState.HELD, LetterState.SENDING)
_SETTLED = (LetterState.SENT, LetterState.FAILED, LetterState.UNDELIVERED, LetterState.UNDONE)


def plan(transaction: Transaction, rule: Rule, *, now: datetime, only: Collection[int] | None = None) -> Plan:
    """Find what a rule would delete today; deletes nothing. `only` looks at these cases or messages alone."""
    if rule.record in {Record.CHANNEL_COPY, Record.BACKUP}:
        return Plan(rule=rule)
    before = rule.before(day_of(now))
    if rule.record is Record.ASIDE:
        return _aside(transaction, rule, before, only)
    due = _due(transaction, rule, before, only)
    reasons = _reasons(transaction, [row["id"] for row in due])
    held: dict[str, int] = {}
    free = []
    for row in due:
        because = next((reason for reason, ids in reasons.items() if row["id"] in ids), "")
        if because:
            held[because] = held.get(because, 0) + 1
        else:
            free.append(row)
    numbers = {row["id"]: row["number"] for row in free}
    of_record = _raw_of(transaction, numbers) if rule.record is Record.RAW else ()
    return Plan(
        rule=rule,
        numbers=numbers,
        message_ids=of_record,
        pieces=len(of_record) or sum(_pieces(transaction, rule.record, numbers).values()),
        oldest=min((row["ended_at"] for row in free), default=None),
        held=held,
    )


def carry_out(
    store: Store,
    rule: Rule,
    *,
    decision_ref: str,
    by: str,
    clock: Callable[[], datetime],
) -> int:
    """Delete what a rule says, some cases at a time, each with its line in the protocol; return the pieces.

    `decision_ref` is what whoever does it has read the decision to be: it must be the rule's own. Raises
    `UndecidedError` before anything is touched. What is committed stays deleted if a later part fails; done
    again, it goes on. The words lie in the database's free pages until `store.scrub.scrub`.
    """
    _demand(rule, decision_ref)
    with store.read() as transaction:
        found = plan(transaction, rule, now=clock())
    keys = list(found.message_ids if rule.record is Record.ASIDE else found.numbers)
    total = 0
    for first in range(0, len(keys), _BATCH):
        with store.write() as transaction:
            total += _dispose(transaction, rule, keys[first : first + _BATCH], by=by, now=clock())
    if found.letter_ids:
        with store.write() as transaction:
            emptying.empty_letters(transaction, found.letter_ids)
            _protocol(transaction, rule, {"": len(found.letter_ids)}, by=by, now=clock())
        total += len(found.letter_ids)
    return total


def protocol(transaction: Transaction) -> Sequence[Row]:
    """List all that was ever disposed of, oldest first (R13)."""
    return transaction.rows(select(disposals).order_by(disposals.c.id))


def is_imported(transaction: Transaction, mail: bytes) -> bool:
    """Tell whether a mail in a mailbox is only a copy: what lies here is of the same name, and unspoilt.

    The name is that of `inbox.dedupe_key`: Message-ID and body, since the lines above differ from mailbox to
    mailbox. What lies here is named anew from its bytes, and their sum taken. What has not been read is not
    safe yet. Of what was disposed of since, nothing is here any more, and the copy has to go as well.
    """
    name = inbox.dedupe_key(
        Inbound(channel="imap", account="", received_at=datetime.now(STOCKHOLM), raw=mail)
    )
    row = transaction.row(select(messages).where(messages.c.dedupe_key == name))
    if row is None or row["state"] == MessageState.KEPT:
        return False
    if row["disposed_at"] is not None:
        return True
    kept = inbox.raw(transaction, row["id"])
    if kept is None or hashlib.sha256(kept).hexdigest() != row["sha256"]:
        return False
    again = Inbound(channel="imap", account="", received_at=row["received_at"], raw=kept)
    return inbox.dedupe_key(again) == name


def note_copies(transaction: Transaction, rule: Rule, *, pieces: int, by: str, now: datetime) -> None:
    """Write in the protocol that copies in a channel are gone; raise `UndecidedError` without a decision."""
    _demand(rule, rule.decision_ref)
    _protocol(transaction, rule, {"": pieces}, by=by, now=now)


def _demand(rule: Rule, decision_ref: str) -> None:
    if not rule.is_decided:
        raise UndecidedError(
            f"Inget raderas av handlingstypen {rule.record}: gallringsbeslutet saknas. Skriv in det i "
            "tabell [[retention]], nyckel decision_ref."
        )
    if decision_ref.strip() != rule.decision_ref.strip():
        raise UndecidedError(
            f"Inget raderas: {decision_ref.strip() or 'inget beslut'} är inte det beslut som gäller för "
            f"handlingstypen {rule.record}. Det är {rule.decision_ref}."
        )


def _dispose(transaction: Transaction, rule: Rule, keys: Sequence[int], *, by: str, now: datetime) -> int:
    # Looked at again where nobody else can change it: a case may have been opened again since.
    locked = select(cases.c.id).where(cases.c.id.in_(keys)).with_for_update()
    if rule.record is not Record.ASIDE:
        transaction.rows(locked)
    found = plan(transaction, rule, now=now, only=keys)
    if found.is_empty:
        return 0
    if rule.record is Record.ASIDE:
        emptying.empty_messages(transaction, found.message_ids, now=now)
        pieces = {"": len(found.message_ids)}
    elif rule.record is Record.RAW:
        pieces = _pieces(transaction, rule.record, found.numbers)
        emptying.drop_bytes(transaction, found.message_ids, now=now)
    else:
        pieces = _pieces(transaction, rule.record, found.numbers)
        _empty(transaction, rule, found.numbers, by=by, now=now)
    _protocol(transaction, rule, pieces, by=by, now=now)
    return sum(pieces.values())


def _empty(
    transaction: Transaction, rule: Rule, numbers: Mapping[int, str], *, by: str, now: datetime
) -> None:
    if rule.record is Record.DRAFT:
        emptying.drop_unsent(transaction, numbers)
        return
    if rule.record is Record.SURVEY:
        emptying.drop_survey_words(transaction, numbers)
        return
    actor = Actor(id=by, roles=frozenset({ARCHIVIST}))
    for case_id in numbers:
        decided = {"disposal_decision": rule.decision_ref}
        acts.move(
            transaction, case_id, Act.DISPOSE, actor=actor, now=now, reason=rule.decision_ref, learned=decided
        )
        emptying.empty_case(transaction, case_id, now=now)


def _protocol(
    transaction: Transaction, rule: Rule, pieces: Mapping[str, int], *, by: str, now: datetime
) -> None:
    rows = [
        {
            "number": number,
            "record": rule.record,
            "decision_ref": rule.decision_ref,
            "carried_out_at": now,
            "carried_out_by": by,
            "pieces": count,
        }
        for number, count in pieces.items()
        if count
    ]
    if rows:
        transaction.connection.execute(insert(disposals), rows)


def _due(
    transaction: Transaction, rule: Rule, before: datetime, only: Collection[int] | None
) -> Sequence[Row]:
    ended = _ended_at(rule.counted_from)
    wanted = (
        select(cases.c.id, cases.c.number, ended.label("ended_at"))
        .where(cases.c.status.in_(_STATUSES[rule.record]), ended < before)
        .order_by(cases.c.id)
    )
    holding = _holding(rule.record)
    if holding is not None:
        wanted = wanted.where(holding)
    if only is not None:
        wanted = wanted.where(cases.c.id.in_(only))
    return transaction.rows(wanted)


def _ended_at(start: Start) -> ColumnElement[datetime]:
    if start is Start.RECEIVED:
        return cases.c.received_at
    left = (
        select(func.max(journal.c.at))
        .where(journal.c.case_id == cases.c.id, journal.c.act.in_(_LEAVING))
        .scalar_subquery()
    )
    return func.coalesce(cases.c.closed_at, left, cases.c.opened_at, type_=cases.c.closed_at.type)


def _holding(record: Record) -> ColumnElement[bool] | None:
    """Say which cases have anything of a kind that is part of a case."""
    if record is Record.RAW:
        return exists().where(messages.c.case_id == cases.c.id, _raw())
    if record is Record.DRAFT:
        return or_(
            exists().where(drafts.c.case_id == cases.c.id), exists().where(unsent.c.case_id == cases.c.id)
        )
    if record is Record.SURVEY:
        return exists().where(surveys.c.case_id == cases.c.id, _survey_words())
    return None


def _raw() -> ColumnElement[bool]:
    # A file lies in the bytes alone, and of what could not be read nothing stands anywhere else.
    return and_(
        messages.c.state == MessageState.READ,
        messages.c.disposed_at.is_(None),
        not_(holds_any(messages.c.attachments)),
    )


def _survey_words() -> ColumnElement[bool]:
    return surveys.c.words.not_in(["", emptying.GONE])


def _raw_of(transaction: Transaction, case_ids: Collection[int]) -> tuple[int, ...]:
    wanted = select(messages.c.id).where(messages.c.case_id.in_(list(case_ids)), _raw())
    return tuple(transaction.connection.scalars(wanted.order_by(messages.c.id)))


def _aside(transaction: Transaction, rule: Rule, before: datetime, only: Collection[int] | None) -> Plan:
    wanted = select(messages.c.id, messages.c.received_at).where(
        messages.c.state == MessageState.ASIDE,
        messages.c.case_id.is_(None),
        messages.c.disposed_at.is_(None),
        messages.c.received_at < before,
    )
    if only is not None:
        wanted = wanted.where(messages.c.id.in_(only))
    rows = transaction.rows(wanted.order_by(messages.c.id))
    ours = select(letters.c.id, letters.c.created_at).where(
        letters.c.case_id.is_(None),
        letters.c.state.in_(_SETTLED),
        letters.c.handle != emptying.GONE,
        letters.c.created_at < before,
    )
    sent = transaction.rows(ours.order_by(letters.c.id)) if only is None else []
    moments = [*(row["received_at"] for row in rows), *(row["created_at"] for row in sent)]
    return Plan(
        rule=rule,
        message_ids=tuple(row["id"] for row in rows),
        letter_ids=tuple(row["id"] for row in sent),
        pieces=len(moments),
        oldest=min(moments, default=None),
    )


def _reasons(transaction: Transaction, case_ids: Sequence[int]) -> dict[str, set[int]]:
    """Say why some of these cases must stay, whatever is decided of their kind."""
    found: dict[str, set[int]] = {}
    for reason, which in _stays():
        ids: set[int] = set()
        for first in range(0, len(case_ids), 500):
            wanted = select(cases.c.id).where(cases.c.id.in_(case_ids[first : first + 500]), which)
            ids.update(transaction.connection.scalars(wanted))
        found[reason] = ids
    return found


def _stays() -> Iterator[tuple[str, ColumnElement[bool]]]:
    no_diary = func.trim(cases.c.diary_number) == ""
    yield (
        "spärrat av registratorn",
        exists().where(holds.c.case_id == cases.c.id, holds.c.lifted_at.is_(None)),
    )
    yield "allvarligt, utan diarienummer", and_(cases.c.serious, no_diary)
    # Row B9: an appeal belongs to the authority that decided, in its diary, before anything is forgotten.
    appeal = or_(cases.c.door == Door.APPEAL, has(cases.c.lanes, Lane.APPEAL))
    yield "överklagande, utan diarienummer", and_(appeal, no_diary)
    yield "från tillsynsmyndighet, utan diarienummer", and_(cases.c.door == Door.SUPERVISOR, no_diary)
    under_way = exists().where(letters.c.case_id == cases.c.id, letters.c.state.in_(_ON_THEIR_WAY))
    yield "brev på väg", under_way
    yield "hör ihop med ett öppet ärende", _tied_to_open()
    being_made = (
        select(disclosed.c.case_id)
        .join(disclosures, disclosures.c.id == disclosed.c.disclosure_id)
        .where(disclosures.c.state == "påbörjat")
    )
    yield "ska lämnas ut", cases.c.id.in_(being_made)


def _tied_to_open() -> ColumnElement[bool]:
    other = cases.alias("other")
    tied = or_(other.c.refers_to == cases.c.id, other.c.id == cases.c.refers_to)
    return exists(_one().select_from(other).where(tied, not_(other.c.status.in_(_ENDED))))


def _one() -> Select[tuple[int]]:
    return select(1)


def _pieces(transaction: Transaction, record: Record, numbers: Mapping[int, str]) -> dict[str, int]:
    """Count the documents of each case that go."""
    counted = {
        Record.RAW: ((messages, _raw()),),
        Record.DRAFT: ((drafts, None), (unsent, None)),
        Record.SURVEY: ((surveys, _survey_words()),),
    }.get(record, ((messages, None), (letters, None), (answers, answers.c.letter_key == "")))
    found = dict.fromkeys(numbers.values(), 0)
    for table, which in counted:
        wanted = select(table.c.case_id, func.count()).where(table.c.case_id.in_(list(numbers)))
        if which is not None:
            wanted = wanted.where(which)
        for case_id, count in transaction.connection.execute(wanted.group_by(table.c.case_id)):
            found[numbers[case_id]] += count
    return found
