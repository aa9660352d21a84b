"""What an anonymous sender may read with a code (row X9). Of the code itself only a keyed mark is kept."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from store import acts, cases, enclosures, parts
from store.domain import PAGE, LetterState, MessageState, PromiseKind, Purpose
from store.engine import Row, Transaction
from store.tables import cases as case_table
from store.tables import delays, letters, messages


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A case as its anonymous sender may see it: nothing here was written by others, or for staff alone.

    `answers` are the newest of each round, and only those that have been given; `letters` are ours to the
    page, such as questions; `delays` are told in `answer_by` as well.
    """

    case: Row
    answer_by: date | None
    answers: Sequence[Row]
    letters: Sequence[Row]
    delays: Sequence[Row]
    additions: Sequence[Row]
    files: Sequence[Row] = ()  # of those answers
    parts: "Sequence[Fetched]" = ()  # where the message was divided: what became of its other matters


def case_of(transaction: Transaction, mark: str) -> Row | None:
    """Return the case that a code leads to. No mark leads nowhere: most cases have none."""
    if not mark:
        return None
    # Where a message was divided several cases have its code; the first is the one that was there before.
    wanted = select(case_table).where(case_table.c.pick_up == mark).order_by(case_table.c.id)
    found = transaction.row(wanted.limit(1))
    return found if found is not None and hmac.compare_digest(found["pick_up"], mark) else None


def is_kept(transaction: Transaction, mark: str) -> bool:
    """Tell whether a message with this mark is kept, but not yet read: it has no case and no number."""
    if not mark:
        return False
    wanted = select(messages.c.id).where(
        messages.c.state == MessageState.KEPT, messages.c.given["pick_up"].as_string() == mark
    )
    return transaction.row(wanted.limit(1)) is not None


def case_of_message(transaction: Transaction, message_id: int) -> Row | None:
    """Return the case that a message was given, or None until it has been read."""
    wanted = select(case_table).join(messages, messages.c.case_id == case_table.c.id)
    return transaction.row(wanted.where(messages.c.id == message_id))


def fetch(transaction: Transaction, case: Row) -> Fetched:
    """Gather what the sender of a case may read, with the other cases of a divided message."""
    others = [one for one in parts.family(transaction, case["id"]) if one["id"] != case["id"]]
    return replace(_fetch(transaction, case), parts=[_fetch(transaction, one) for one in others])


def _fetch(transaction: Transaction, case: Row) -> Fetched:
    mine = select(letters).where(letters.c.case_id == case["id"], letters.c.channel == PAGE)
    # Delays and answers are told from their own rows.
    elsewhere = (Purpose.DELAY, Purpose.ANSWER)
    shown = mine.where(letters.c.state == LetterState.SENT, letters.c.purpose.not_in(elsewhere))
    told = select(delays).where(delays.c.case_id == case["id"]).order_by(delays.c.id)
    later = transaction.rows(told)
    own = select(messages).where(messages.c.case_id == case["id"]).order_by(messages.c.id)
    given = {row["round"]: row for row in acts.answers_of(transaction, case["id"]) if row["delivered_at"]}
    shown_answers = {row["id"] for row in given.values()}
    return Fetched(
        case=case,
        files=[
            row for row in enclosures.of_case(transaction, case["id"]) if row["answer_id"] in shown_answers
        ],
        answer_by=_answer_by(transaction, case, later),
        answers=list(given.values()),
        letters=transaction.rows(shown.order_by(letters.c.id)),
        delays=later,
        # Staff and providers write in the case as well: only what came with the code is the sender's own.
        additions=[
            row for row in transaction.rows(own)[1:] if row["given"].get("pick_up") == case["pick_up"]
        ],
    )


def _answer_by(transaction: Transaction, case: Row, later: Sequence[Row]) -> date | None:
    """Return the day that was told last: a later day, or else the promise itself."""
    new = [row["answer_on"] for row in later if row["round"] == case["round"]]
    owed = (one.due_on for one in cases.owed(transaction, case["id"]) if one.kind is PromiseKind.ANSWER)
    day: date | None = new[-1] if new else next(owed, None)
    return day
