"""What anybody may read of the register (OSL 5:2, report R7): what came in and what was answered.

Only rows are gathered here; what may be told of them, such as who wrote, is said in `bots.desk.public_list`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from store import secrecy
from store.domain import Automatic
from store.engine import Row, Transaction
from store.tables import answers, cases, messages

_AT_A_TIME = 500  # cases whose marks are asked for
_TOLD = ("number", "title", "titled_by", "sender_name", "sender_handle", "unit", "factor", "suggested_factor")
_HIDES = ("protected", "restricted", "received_at")


def incoming(transaction: Transaction, series: str, since: datetime, until: datetime) -> Sequence[Row]:
    """List what came in a number series, such as `SYN`, from `since` and before `until`.

    With columns of its case, and `message_id`, `at`, `from_name` and `from_addr` of the message. A machine's
    answer in a case is left out, and never what opened a case: no number is missing.
    """
    others = messages.alias()
    first = select(func.min(others.c.id)).where(others.c.case_id == cases.c.id).scalar_subquery()
    wanted = (
        select(
            cases.c.id.label("case_id"),
            *(cases.c[name] for name in (*_TOLD, *_HIDES)),
            messages.c.id.label("message_id"),
            messages.c.received_at.label("at"),
            messages.c.from_name,
            messages.c.from_addr,
        )
        .join(cases, cases.c.id == messages.c.case_id)
        .where(
            cases.c.series.startswith(f"{series}-", autoescape=True),
            messages.c.received_at >= since,
            messages.c.received_at < until,
            or_(messages.c.automatic.in_(("", Automatic.WEB_FORM)), messages.c.id == first),
        )
    )
    return transaction.rows(wanted.order_by(messages.c.received_at, messages.c.id))


def outgoing(transaction: Transaction, series: str, since: datetime, until: datetime) -> Sequence[Row]:
    """List what was answered in a number series, likewise; one that was taken back is none."""
    wanted = (
        select(
            cases.c.id.label("case_id"),
            *(cases.c[name] for name in (*_TOLD, *_HIDES)),
            answers.c.written_at.label("at"),
        )
        .join(cases, cases.c.id == answers.c.case_id)
        .where(
            cases.c.series.startswith(f"{series}-", autoescape=True),
            answers.c.written_at >= since,
            answers.c.written_at < until,
            answers.c.undone_at.is_(None),
        )
    )
    return transaction.rows(wanted.order_by(answers.c.written_at, answers.c.id))


def marks(transaction: Transaction, case_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Return the marks of secrecy that stand in any number of cases, by the case."""
    found: dict[int, list[Row]] = {}
    for start in range(0, len(case_ids), _AT_A_TIME):
        found |= secrecy.marked(transaction, case_ids[start : start + _AT_A_TIME])
    return found
