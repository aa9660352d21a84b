"""What report R5 tells of each case besides what is counted: how serious, and what was done about it."""

from dataclasses import dataclass

from sqlalchemy import and_, select

from store.domain import Door
from store.engine import Transaction
from store.figures.period import Period
from store.tables import answers, cases


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """Of one case. `measure` and `improvement` are somebody's words, of the latest answer that was there."""

    is_serious: bool
    diary_number: str
    is_of_supervisor: bool
    sender_name: str
    measure: str = ""
    improvement: str = ""


def of_period(transaction: Transaction, period: Period) -> dict[int, Detail]:
    """Return what is known of each case that came in during a period, by the day of R in Stockholm."""
    within = and_(cases.c.received_at >= period.begins, cases.c.received_at < period.ends)
    told = (
        select(answers.c.case_id, answers.c.measure, answers.c.improvement)
        .join(cases, cases.c.id == answers.c.case_id)
        .where(within, answers.c.undone_at.is_(None), answers.c.delivered_at.is_not(None))
        .order_by(answers.c.id)
    )
    latest = {case_id: (measure, better) for case_id, measure, better in transaction.connection.execute(told)}
    columns = ("id", "serious", "diary_number", "door", "sender_name")
    found = {}
    wanted = select(*(cases.c[name] for name in columns)).where(within)
    for case_id, serious, diary_number, door, sender_name in transaction.connection.execute(wanted):
        measure, improvement = latest.get(case_id, ("", ""))
        found[case_id] = Detail(
            is_serious=serious,
            diary_number=diary_number.strip(),
            is_of_supervisor=door == Door.SUPERVISOR,
            sender_name=sender_name,
            measure=measure,
            improvement=improvement,
        )
    return found
