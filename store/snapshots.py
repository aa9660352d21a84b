"""What reports said when their period was closed, kept as they were. Managers' words are in `analyses`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.domain import Step
from store.engine import Row, Transaction
from store.figures.period import Period
from store.tables import analyses, cases, report_steps, snapshots


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A report of a period that has ended. `scope` is the id of the unit that it is of; empty: of all.

    `content` is the report as text (bots.desk.reports.canonical), `sha256` the sum of its UTF-8 bytes, and
    `csv` the file as it was first given out: a later release may write files in another way.
    """

    report: str
    period: str
    scope: str = ""
    last: date
    counted_to: date
    content: str
    sha256: str
    csv: bytes
    release: str


def keep(transaction: Transaction, made: Snapshot, *, now: datetime) -> int | None:
    """Keep a report for ever and return its id; None if one of that period and unit is kept already.

    What is kept is never changed. Write to its readers in the same transaction, and only after an id.
    """
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {
        "report": made.report,
        "period": made.period,
        "scope": made.scope,
        "last": made.last,
        "counted_to": made.counted_to,
        "content": made.content,
        "sha256": made.sha256,
        "csv": made.csv,
        "release": made.release,
        "made_at": now,
    }
    kept: int | None = transaction.connection.scalar(
        make(snapshots).values(row).on_conflict_do_nothing().returning(snapshots.c.id)
    )
    return kept


def find(transaction: Transaction, report: str, period: str, scope: str = "") -> Row | None:
    """Return what was kept of a report, with its content; None if nothing was."""
    wanted = select(snapshots).where(
        snapshots.c.report == report, snapshots.c.period == period, snapshots.c.scope == scope
    )
    return transaction.row(wanted)


def periods_of(transaction: Transaction, report: str) -> set[str]:
    """Return the names of the periods of which a report is kept."""
    wanted = select(snapshots.c.period).where(snapshots.c.report == report, snapshots.c.scope == "")
    return set(transaction.connection.scalars(wanted))


def has_cases(transaction: Transaction, period: Period) -> bool:
    """Tell whether anything came in during a period."""
    wanted = select(cases.c.id).where(cases.c.received_at >= period.begins, cases.c.received_at < period.ends)
    return transaction.connection.scalar(wanted.limit(1)) is not None


def newest(
    transaction: Transaction, reports: Collection[str], *, scopes: Collection[str], most: int = 200
) -> Sequence[Row]:
    """List what is kept of some reports and units, the latest period first, without content."""
    wanted = (
        select(*_BRIEF)
        .where(snapshots.c.report.in_(reports), snapshots.c.scope.in_(scopes))
        .order_by(snapshots.c.last.desc(), snapshots.c.report, snapshots.c.scope)
        .limit(most)
    )
    return transaction.rows(wanted)


def unsigned(transaction: Transaction, reports: Iterable[str]) -> Sequence[Row]:
    """List what is kept of units, and that no manager has signed a word of, the oldest first.

    Without content.
    """
    signed = select(analyses.c.id).where(
        and_(
            analyses.c.report == snapshots.c.report,
            analyses.c.period == snapshots.c.period,
            analyses.c.unit == snapshots.c.scope,
            analyses.c.signed_at.is_not(None),
        )
    )
    wanted = (
        select(*_BRIEF)
        .where(snapshots.c.report.in_(list(reports)), snapshots.c.scope != "", ~signed.exists())
        .order_by(snapshots.c.last, snapshots.c.id)
    )
    return transaction.rows(wanted)


def tell(
    transaction: Transaction, snapshot_id: int, step: Step, told: Sequence[str], *, now: datetime
) -> bool:
    """Note that somebody is told that a signature is missing; False if that step was taken before.

    Write the letters in the same transaction, and only after True.
    """
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {"snapshot_id": snapshot_id, "step": step, "told": list(told), "at": now}
    taken = make(report_steps).values(row).on_conflict_do_nothing().returning(report_steps.c.snapshot_id)
    return transaction.connection.scalar(taken) is not None


def told(transaction: Transaction, snapshot_ids: Collection[int]) -> dict[int, dict[Step, datetime]]:
    """Return when each step was taken, by snapshot."""
    found: dict[int, dict[Step, datetime]] = {}
    wanted = select(report_steps).where(report_steps.c.snapshot_id.in_(snapshot_ids))
    for row in transaction.rows(wanted):
        found.setdefault(row["snapshot_id"], {})[Step(row["step"])] = row["at"]
    return found


_BRIEF = tuple(column for column in snapshots.columns if column.name not in {"content", "csv"})
