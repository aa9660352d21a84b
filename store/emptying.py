"""What is taken out of a case when it is disposed of, and what its row keeps. When is said in `retention`.

Every column that could hold somebody's words, name or address is listed here, or among those that stay; a
test compares the list with the tables. A text that was there leaves the word `gallrad`, so that counts of
what had a text stay as they were (row B16: statistics survive).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, case, delete, exists, select, update

from store import blobs as at_rest
from store import search, tables
from store.engine import Transaction
from store.tables import blobs, conversations, drafts, enclosures, messages, metadata, presence, unsent

GONE = "gallrad"
# The sum of no bytes: what a message without its bytes points at.
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Emptied:
    """What becomes of a row: `words` leave a mark where there were any, `blank` leave nothing.

    `stay` are the other columns that hold text; the rest are numbers, times and yes or no.
    """

    words: tuple[str, ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)
    stay: tuple[str, ...] = ()


MESSAGE = Emptied(
    words=("from_name", "subject", "text", "full_text"),
    blank={
        "external_id": "",
        "envelope_from": None,
        "envelope_to": [],
        "given": {},
        "from_addr": "",
        "answer_to": "",
        "message_id": "",
        "automatic_kind": "",
        "attachments": [],
        "verdicts": [],
        "warnings": [],
        "conversation": "",
        "about": "",
        "album": "",
        "sha256": NOTHING,
    },
    # The name of a message is a sum: by it the same mail is known again, and opens no new case.
    stay=("channel", "account", "dedupe_key", "media_type", "state", "automatic", "event"),
)
OF_CASE: Mapping[Table, Emptied] = {
    tables.cases: Emptied(
        words=(
            "title",
            "sender_handle",
            "sender_name",
            "routed_because",
            "quarantined_because",
            "service_note",
            "statement_of",
            "statement",
            "statement_measure",
            "handed_to",
            "answer_handle",
            "taken_by",
            "follow_up_result",
        ),
        blank={"pick_up": ""},
        stay=(
            *("number", "series", "status", "channel", "sender_channel", "language", "unit", "handler"),
            *("chosen_kind", "kind", "factor", "suggested_kind", "suggested_factor", "lanes", "door"),
            *("diary_number", "barred", "shown_to", "checklist", "answer_channel", "source"),
            *("sender_category", "disposal_decision", "titled_by", "statement_form"),
        ),
    ),
    tables.suggestions: Emptied(
        blank={"why": [], "vector": b""},
        stay=("kind", "factor", "area", "lanes", "language", "model"),
    ),
    tables.confirmations: Emptied(stay=("kind", "factor", "confirmed_by")),
    tables.promises: Emptied(stay=("kind", "clause", "arithmetic")),
    tables.answers: Emptied(
        words=("text", "measure", "improvement", "explanation"),
        stay=("way", "outcome", "letter_key", "written_by", "approved_by", "then_closed_by"),
    ),
    tables.letters: Emptied(
        words=("handle", "recipient_name", "subject", "body"),
        blank={
            "in_reply_to": "",
            "references": [],
            "state_because": "",
            "service_id": "",
            "undo": {},
            "buttons": [],
            "conversation": "",
        },
        stay=("key", "purpose", "channel", "language", "external_id", "keeps", "state"),
    ),
    tables.alarms: Emptied(stay=("clock", "turn", "step", "told")),
    tables.delays: Emptied(words=("reason",), stay=("told_by",)),
    tables.used_links: Emptied(stay=("id", "act", "used_by")),
    tables.parts: Emptied(words=("words",)),
    tables.surveys: Emptied(words=("words",)),
    tables.corrections: Emptied(words=("was", "became", "why"), stay=("subject", "corrected_by")),
    tables.holds: Emptied(words=("reason",), stay=("set_by", "lifted_by")),
    tables.disclosed: Emptied(blank={"contents": {}}),
    tables.improvements: Emptied(words=("text",), stay=("unit", "approved_by", "withdrawn_by")),
    tables.secrecy_marks: Emptied(
        words=("why",), stay=("paragraph", "authority", "proposed_by", "set_by", "lifted_by")
    ),
}
# These rows go altogether: what nobody has sent is no record once the case is over (row B10), and where
# something was masked tells of words that are gone.
DELETED: tuple[Table, ...] = (drafts, unsent, presence, tables.maskings, tables.second_looks)


def empty_case(transaction: Transaction, case_id: int, *, now: datetime) -> None:
    """Take the words, names, addresses and bytes of a case away; numbers, dates and outcomes stay.

    Whether it may be done is for `retention` to say, which alone calls this.
    """
    of_case = select(messages.c.id).where(messages.c.case_id == case_id)
    empty_messages(transaction, list(transaction.connection.scalars(of_case)), now=now)
    begun = list(transaction.connection.scalars(select(unsent.c.id).where(unsent.c.case_id == case_id)))
    answered = select(tables.answers.c.id).where(tables.answers.c.case_id == case_id)
    _drop_files(transaction, enclosures.c.unsent_id.in_(begun) | enclosures.c.answer_id.in_(answered))
    for table in DELETED:
        transaction.connection.execute(delete(table).where(table.c.case_id == case_id))
    for table, emptied in OF_CASE.items():
        key = table.c.id if table is tables.cases else table.c.case_id
        _empty(transaction, table, emptied, key == case_id)
    asked_there = tables.disclosures.c.request_id == case_id
    transaction.connection.execute(update(tables.disclosures).where(asked_there).values(refusal=""))
    search.rebuild(transaction, case_id)  # what is left to be found by is its number


def empty_messages(transaction: Transaction, message_ids: Collection[int], *, now: datetime) -> None:
    """Take away what some messages hold, and their bytes where nothing else holds them."""
    ours = messages.c.id.in_(message_ids)
    talks = set(transaction.connection.scalars(select(messages.c.conversation).where(ours))) - {""}
    sums = set(transaction.connection.scalars(select(messages.c.sha256).where(ours)))
    at_rest.keep(transaction, [b""], now)
    _empty(transaction, messages, MESSAGE, ours, disposed_at=now)
    again = tables.repeats.c.message_id.in_(message_ids)
    _empty(transaction, tables.repeats, REPEAT, again)
    transaction.connection.execute(delete(tables.scans).where(tables.scans.c.message_id.in_(message_ids)))
    _forget_bytes(transaction, sums)
    still = exists().where(messages.c.conversation == conversations.c.conversation)
    transaction.connection.execute(
        delete(conversations).where(conversations.c.conversation.in_(talks), ~still)
    )


def empty_letters(transaction: Transaction, letter_ids: Sequence[int]) -> None:
    """Take away what some letters hold, and to whom they went; that they went stays."""
    for first in range(0, len(letter_ids), 500):
        some = tables.letters.c.id.in_(letter_ids[first : first + 500])
        _empty(transaction, tables.letters, OF_CASE[tables.letters], some)


def drop_bytes(transaction: Transaction, message_ids: Collection[int], *, now: datetime) -> None:
    """Take away the bytes of some messages; what was read out of them stays."""
    ours = messages.c.id.in_(message_ids)
    sums = set(transaction.connection.scalars(select(messages.c.sha256).where(ours)))
    at_rest.keep(transaction, [b""], now)
    transaction.connection.execute(update(messages).where(ours).values(sha256=NOTHING, disposed_at=now))
    _forget_bytes(transaction, sums)


def drop_unsent(transaction: Transaction, case_ids: Collection[int]) -> int:
    """Take away what was begun in some cases and never sent, and count it."""
    begun = list(transaction.connection.scalars(select(unsent.c.id).where(unsent.c.case_id.in_(case_ids))))
    _drop_files(transaction, enclosures.c.unsent_id.in_(begun))
    gone = 0
    for table in (drafts, unsent):
        gone += transaction.connection.execute(delete(table).where(table.c.case_id.in_(case_ids))).rowcount
    return gone


def drop_survey_words(transaction: Transaction, case_ids: Collection[int]) -> None:
    """Take away what senders wrote beside their scores, which stay."""
    _empty(transaction, tables.surveys, OF_CASE[tables.surveys], tables.surveys.c.case_id.in_(case_ids))


REPEAT = Emptied(blank={"external_id": "", "envelope_to": []}, stay=("channel", "account"))


def _empty(
    transaction: Transaction, table: Table, emptied: Emptied, which: ColumnElement[bool], **besides: Any
) -> None:
    values: dict[str, Any] = {**emptied.blank, **besides}
    for name in emptied.words:
        column = table.c[name]
        values[name] = case((column == "", ""), else_=GONE)
    if values:
        transaction.connection.execute(update(table).where(which).values(values))


def _drop_files(transaction: Transaction, which: ColumnElement[bool]) -> None:
    sums = set(transaction.connection.scalars(select(enclosures.c.sha256).where(which)))
    transaction.connection.execute(delete(enclosures).where(which))
    _forget_bytes(transaction, sums)


def _forget_bytes(transaction: Transaction, sums: Iterable[str]) -> None:
    """Delete bytes that no row of any table points at."""
    held = [
        exists().where(column == blobs.c.sha256)
        for table in metadata.tables.values()
        for column in table.columns
        if any(key.column is blobs.c.sha256 for key in column.foreign_keys)
    ]
    gone = [one for one in sums if one != NOTHING]
    transaction.connection.execute(delete(blobs).where(blobs.c.sha256.in_(gone), *(~one for one in held)))
