"""What an archive is given of a case: all of its rows, read at one moment.

The package itself is made in `bots.desk.archive`; what is thrown away, and by which decision, is told in
`store.retention`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from store import acts, cases, enclosures, journal, parts, scans, secrecy
from store.deadlines import STOCKHOLM
from store.domain import Entry, LetterState, Purpose
from store.engine import Row, Transaction
from store.sight import Reader, seen_by
from store.tables import cases as case_table
from store.tables import corrections, delays

TO_ARCHIVE = "exporterat till arkiv"
TO_DIARY = "exporterat till huvuddiarium"
# What goes to somebody outside. Notices and reminders to our own staff are no record (TF 2:12).
OUTWARD = frozenset(
    {
        Purpose.ACKNOWLEDGEMENT,
        Purpose.ADDED,
        Purpose.ANSWER,
        Purpose.CLOSED,
        Purpose.DELAY,
        Purpose.DUPLICATE,
        Purpose.FOLLOW_UP_QUESTION,
        Purpose.HANDED_OVER,
        Purpose.HANDLER_NAMED,
        Purpose.PUBLIC_NOTE,
        Purpose.QUESTION,
        Purpose.REOPENED,
        Purpose.SENT_ON,
        Purpose.SPLIT,
        Purpose.STATEMENT_REQUEST,
        Purpose.WAITS,
    }
)
# A letter in doubt may have gone out, so it is among what was sent.
_GONE = frozenset({LetterState.SENT, LetterState.UNKNOWN, LetterState.UNDELIVERED})


@dataclass(frozen=True, kw_only=True)
class Record:
    """One case with all that belongs to it. Drafts are no record until they are sent (row B10).

    `lines` is the journal without readings; `ties` are (how, number) of the cases that this one belongs with;
    `scans` is what a scanner said, by the message.
    """

    case: Row
    messages: Sequence[Row]
    letters: Sequence[Row]
    answers: Sequence[Row]
    enclosures: Sequence[Row]
    promises: Sequence[Row]
    confirmations: Sequence[Row]
    delays: Sequence[Row]
    lines: Sequence[Row]
    marks: Sequence[Row]
    corrections: Sequence[Row]
    ties: Sequence[tuple[str, str]]
    scans: Mapping[int, Row]


def of_period(
    transaction: Transaction,
    *,
    since: date,
    until: date,
    unit: str = "",
    series: str = "",
    reader: Reader | None = None,
) -> tuple[list[int], int]:
    """List the cases that came in from `since` to `until`, both days included, Stockholm time.

    Returns their ids in the order of their numbers, and how many more `reader` may not see. Without a reader
    every case is listed. `series` is how the numbers of one nämnd begin.
    """
    wanted = [
        case_table.c.received_at >= _midnight(since),
        case_table.c.received_at < _midnight(until + timedelta(days=1)),
    ]
    if unit:
        wanted.append(case_table.c.unit == unit)
    if series:
        wanted.append(case_table.c.series.startswith(f"{series}-", autoescape=True))
    found = select(case_table.c.id).where(*wanted).order_by(case_table.c.series, case_table.c.sequence)
    if reader is None:
        return list(transaction.connection.scalars(found)), 0
    whole = transaction.connection.scalar(select(func.count()).select_from(case_table).where(*wanted)) or 0
    seen = list(transaction.connection.scalars(found.where(seen_by(reader))))
    return seen, whole - len(seen)


def of_case(transaction: Transaction, case_id: int) -> Record:
    """Read all that belongs to a case; raise `StoreError` for one that is not there."""
    case = cases.get(transaction, case_id)
    whole = cases.of_case(transaction, case_id)
    return Record(
        case=case,
        messages=whole["messages"],
        letters=[row for row in whole["letters"] if row["purpose"] in OUTWARD and row["state"] in _GONE],
        answers=acts.answers_of(transaction, case_id),
        enclosures=enclosures.of_case(transaction, case_id),
        promises=whole["promises"],
        confirmations=whole["confirmations"],
        delays=transaction.rows(select(delays).where(delays.c.case_id == case_id).order_by(delays.c.id)),
        lines=journal.of_case(transaction, case_id),
        marks=[row for row in secrecy.marks(transaction, case_id) if row["set_at"] is not None],
        corrections=transaction.rows(
            select(corrections).where(corrections.c.case_id == case_id).order_by(corrections.c.id)
        ),
        ties=_ties(transaction, case),
        scans=scans.of_messages(transaction, [row["id"] for row in whole["messages"]]),
    )


def note(
    transaction: Transaction,
    case_ids: Sequence[int],
    *,
    by: str,
    act: str,
    package: str,
    sha256: str,
    now: datetime,
) -> None:
    """Journal that cases were given away in a package, in each of them (rows B17, R14)."""
    details = {"paket": package, "summa": sha256}
    journal.write(
        transaction, now, *(Entry(actor=by, act=act, case_id=one, details=details) for one in case_ids)
    )


def _ties(transaction: Transaction, case: Row) -> list[tuple[str, str]]:
    others = [(row, "delat meddelande") for row in parts.family(transaction, case["id"])]
    others += [(row, "hör ihop med") for row in parts.tied(transaction, case)]
    return [(how, row["number"]) for row, how in others if row["id"] != case["id"]]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=STOCKHOLM)
