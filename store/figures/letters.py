"""Letters to senders that did not arrive, by how the sender reached us (report R15)."""

from sqlalchemy import func, select

from store.domain import LetterState, Status
from store.engine import Transaction
from store.figures.period import Period
from store.outbox import TO_CITIZENS
from store.tables import cases, letters

_LOST = (LetterState.FAILED, LetterState.UNDELIVERED)


def undelivered(transaction: Transaction, period: Period) -> dict[tuple[str, str], int]:
    """Count letters to senders that failed or came back, by source and unit of their cases.

    Of cases that came in during the period; letters that may have arrived (`okänt`) are not counted.
    """
    wanted = (
        select(cases.c.source, cases.c.unit, func.count())
        .join(letters, letters.c.case_id == cases.c.id)
        .where(
            cases.c.received_at >= period.begins,
            cases.c.received_at < period.ends,
            cases.c.status.not_in((Status.QUARANTINED, Status.DUPLICATE)),
            letters.c.purpose.in_(TO_CITIZENS),
            letters.c.state.in_(_LOST),
        )
        .group_by(cases.c.source, cases.c.unit)
    )
    return {(source, unit): count for source, unit, count in transaction.connection.execute(wanted)}
