"""All that is kept of one person, found by their addresses (GDPR art. 15, row B18)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, or_, select

from store import journal
from store.engine import Row, Transaction
from store.outbox import TO_CITIZENS
from store.tables import (
    answers,
    cases,
    corrections,
    delays,
    letters,
    messages,
    promises,
    suggestions,
    surveys,
)
from store.tables import journal as journal_lines


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of a person in one case. `by_others` counts the messages of it that others wrote.

    Where the case is not their own, but they wrote in it, all but messages and letters is empty.
    """

    case: Row
    is_own: bool
    messages: Sequence[Row] = ()
    by_others: int = 0
    letters: Sequence[Row] = ()
    answers: Sequence[Row] = ()
    promises: Sequence[Row] = ()
    delays: Sequence[Row] = ()
    suggestions: Sequence[Row] = ()
    corrections: Sequence[Row] = ()
    survey: Row | None = None
    readings: int = 0
    readers: int = 0  # how many different people have read it


@dataclass(frozen=True, kw_only=True)
class Found:
    """The cases of a person, oldest first, and the messages of theirs that are of no case."""

    cases: Sequence[Kept] = ()
    aside: Sequence[Row] = field(default=())


def folded(addresses: Collection[str]) -> frozenset[str]:
    """Write addresses as they are compared: without case and spaces; empty ones are left out."""
    return frozenset("".join(one.split()).casefold() for one in addresses if one.strip())


def of_person(transaction: Transaction, addresses: Collection[str]) -> Found:
    """Find all that is kept of whoever has these addresses: mail, phone or the place in a chat.

    A message counts as theirs by its sender, a letter by whom it went to; letters to staff do not. No
    address finds nothing. What a text says of somebody is not found: nobody can look for a person there.
    """
    wanted = sorted(folded(addresses))
    if not wanted:
        return Found()
    theirs = _is_one(wanted, messages.c.from_addr, messages.c.answer_to, messages.c.envelope_from)
    sent = _is_one(wanted, letters.c.handle) & letters.c.purpose.in_(TO_CITIZENS)
    ids = set(
        transaction.connection.scalars(
            select(cases.c.id).where(_is_one(wanted, cases.c.sender_handle, cases.c.answer_handle))
        )
    )
    for table, which in ((messages, theirs), (letters, sent)):
        of_case = select(table.c.case_id).where(which, table.c.case_id.is_not(None)).distinct()
        ids.update(transaction.connection.scalars(of_case))
    aside = transaction.rows(
        select(messages).where(theirs, messages.c.case_id.is_(None)).order_by(messages.c.id)
    )
    kept = [_kept(transaction, case_id, theirs, sent, wanted) for case_id in sorted(ids)]
    return Found(cases=kept, aside=aside)


def _is_one(wanted: Collection[str], *columns: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(func.lower(func.replace(column, " ", "")).in_(wanted) for column in columns))


def _kept(
    transaction: Transaction,
    case_id: int,
    theirs: ColumnElement[bool],
    sent: ColumnElement[bool],
    wanted: Collection[str],
) -> Kept:
    (case,) = transaction.rows(select(cases).where(cases.c.id == case_id))
    own = messages.c.case_id == case_id
    count = select(func.count()).select_from(messages).where(own)
    written = transaction.rows(select(messages).where(own, theirs).order_by(messages.c.id))
    given = transaction.rows(select(letters).where(letters.c.case_id == case_id, sent).order_by(letters.c.id))
    if folded([case["sender_handle"], case["answer_handle"]]).isdisjoint(wanted):
        return Kept(case=case, is_own=False, messages=written, letters=given)
    read = select(func.count(), func.count(journal_lines.c.actor.distinct())).where(
        journal_lines.c.case_id == case_id, journal_lines.c.act == journal.READING
    )
    readings, readers = transaction.connection.execute(read).one()
    others = {
        table.name: transaction.rows(select(table).where(table.c.case_id == case_id).order_by(table.c.id))
        for table in (answers, promises, delays, suggestions, corrections)
    }
    return Kept(
        case=case,
        is_own=True,
        messages=written,
        by_others=(transaction.connection.scalar(count) or 0) - len(written),
        letters=given,
        answers=[row for row in others["answers"] if row["undone_at"] is None],
        promises=others["promises"],
        delays=others["delays"],
        suggestions=others["suggestions"],
        corrections=others["corrections"],
        survey=transaction.row(select(surveys).where(surveys.c.case_id == case_id)),
        readings=readings,
        readers=readers,
    )
