"""What was asked of external providers and other boards, and what they told (rows N20, N21; report R11)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select

from store.deadlines import day_of
from store.engine import Transaction
from store.figures.period import Period
from store.tables import answers, cases


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A case that a provider works with, or that a statement was asked for. `of` is empty where none was.

    `told_on` is the day on which they told the sender, else the first day on or after `asked_on` on which an
    answer of ours was there.
    """

    case_id: int
    unit: str
    sender_name: str
    of: str
    asked_on: date | None
    received_on: date | None
    measure: str
    told_on: date | None


def of_period(transaction: Transaction, period: Period, *, units: Collection[str]) -> list[Errand]:
    """List what came in during a period and was asked about, or lies at one of the providers' `units`."""
    within = and_(
        cases.c.received_at >= period.begins,
        cases.c.received_at < period.ends,
        or_(cases.c.statement_asked_at.is_not(None), cases.c.unit.in_(sorted(units))),
    )
    there = (
        select(answers.c.case_id, answers.c.delivered_at)
        .join(cases, cases.c.id == answers.c.case_id)
        .where(within, answers.c.undone_at.is_(None), answers.c.delivered_at.is_not(None))
    )
    answered: dict[int, list[date]] = {}
    for case_id, delivered_at in transaction.connection.execute(there):
        answered.setdefault(case_id, []).append(day_of(delivered_at))
    names = (
        *("id", "unit", "sender_name", "statement_of", "statement_asked_at", "statement_received_at"),
        *("statement_measure", "statement_told_on"),
    )
    found = []
    for row in transaction.rows(
        select(*(cases.c[name] for name in names)).where(within).order_by(cases.c.id)
    ):
        asked_on = _day(row["statement_asked_at"])
        ours = [day for day in answered.get(row["id"], ()) if asked_on is not None and day >= asked_on]
        found.append(
            Errand(
                case_id=row["id"],
                unit=row["unit"],
                sender_name=row["sender_name"],
                of=row["statement_of"].strip() if asked_on is not None else "",
                asked_on=asked_on,
                received_on=_day(row["statement_received_at"]),
                measure=row["statement_measure"],
                told_on=row["statement_told_on"] or min(ours, default=None),
            )
        )
    return found


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else day_of(moment)
