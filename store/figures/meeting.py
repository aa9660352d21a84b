"""What a workplace meeting may talk of (APT, report R6): cases for all eyes, and what became of them."""

from collections.abc import Sequence

from sqlalchemy import exists, not_, select

from store.domain import Lane, Status
from store.engine import Row, Transaction
from store.figures.period import Period
from store.sight import holds, holds_any
from store.tables import answers, cases, secrecy_marks

_NO_SYNPUNKT = (Status.QUARANTINED, Status.DUPLICATE, Status.HANDED_OVER)


def of_period(transaction: Transaction, period: Period) -> Sequence[Row]:
    """List what came in during a period and is for all who work there, in the order of its numbers.

    Left out are cases that are restricted, about somebody who works here (row N2), of a protected sender
    (row B15), or with a mark of secrecy, proposed ones included. Each is a few columns of its case, with
    `measure` and `improvement` of its latest answer, or None without one. The words are as they were written.
    """
    later = answers.alias("later")
    newer = exists().where(
        later.c.case_id == answers.c.case_id, later.c.id > answers.c.id, later.c.undone_at.is_(None)
    )
    marked = exists().where(secrecy_marks.c.case_id == cases.c.id, secrecy_marks.c.lifted_at.is_(None))
    wanted = (
        select(
            *(cases.c[name] for name in _COLUMNS),
            answers.c.measure,
            answers.c.improvement,
        )
        .select_from(cases)
        .outerjoin(
            answers,
            (answers.c.case_id == cases.c.id) & answers.c.undone_at.is_(None) & ~newer,
        )
        .where(
            cases.c.received_at >= period.begins,
            cases.c.received_at < period.ends,
            cases.c.status.not_in(_NO_SYNPUNKT),
            not_(cases.c.restricted),
            not_(cases.c.protected),
            not_(holds_any(cases.c.barred)),
            not_(holds(cases.c.lanes, Lane.NAMED_EMPLOYEE)),
            ~marked,
        )
        .order_by(cases.c.id)
    )
    return transaction.rows(wanted)


_COLUMNS = (
    *("id", "number", "received_at", "status", "title", "unit", "handler", "sender_name"),
    *("kind", "chosen_kind", "suggested_kind", "factor", "suggested_factor"),
)
