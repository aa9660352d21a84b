"""What managers make of the figures of their unit: written, signed, then only written anew (row L13)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import journal
from store.domain import Entry
from store.engine import Row, Transaction
from store.tables import analyses


class StaleAnalysisError(Exception):
    """Somebody has written in between; look at their words before yours are saved."""


def mark(row: Row | None) -> str:
    """Return what a form carries, so that nobody writes over words that they have not seen."""
    if row is None:
        return "0"
    known = f"{row['version']}|{row['signed_at'] is not None}|{row['text']}"
    return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def latest(transaction: Transaction, report: str, period: str, unit: str) -> Row | None:
    """Return the newest words on a unit's report, signed or not."""
    wanted = select(analyses).where(*_of(report, period, unit)).order_by(analyses.c.version.desc())
    return transaction.row(wanted.limit(1))


def versions(transaction: Transaction, report: str, period: str, unit: str) -> Sequence[Row]:
    """List all words on a unit's report, the first version first."""
    return transaction.rows(select(analyses).where(*_of(report, period, unit)).order_by(analyses.c.version))


def signed(transaction: Transaction, report: str, period: str) -> dict[str, Row]:
    """Return the newest signed words of each unit, by the unit's id."""
    wanted = (
        select(analyses)
        .where(analyses.c.report == report, analyses.c.period == period, analyses.c.signed_at.is_not(None))
        .order_by(analyses.c.version)
    )
    return {row["unit"]: row for row in transaction.rows(wanted)}


def write(
    transaction: Transaction,
    report: str,
    period: str,
    unit: str,
    text: str,
    *,
    by: str,
    seen: str,
    now: datetime,
    sign_as: str = "",
) -> int:
    """Save words, and return which version they are; with `sign_as`, a name, they are signed by `by`.

    What is not signed is written over; what is signed stays, and these words are its next version. `seen` is
    the `mark` of what the writer had before them. Raises `StaleAnalysisError` where it is another.
    """
    before = latest(transaction, report, period, unit)
    if mark(before) != seen:
        raise StaleAnalysisError
    values: dict[str, object] = {
        "text": text,
        "written_by": by,
        "written_at": now,
        "signed_by": by if sign_as else "",
        "signed_name": sign_as,
        "signed_at": now if sign_as else None,
    }
    if before is not None and before["signed_at"] is None:
        version: int = before["version"]
        # Somebody may sign the same draft right now: PostgreSQL looks at these again when it is its turn.
        as_seen = (
            analyses.c.id == before["id"],
            analyses.c.signed_at.is_(None),
            analyses.c.text == before["text"],
        )
        changed: Executable = update(analyses).where(*as_seen).values(values).returning(analyses.c.id)
    else:
        version = 1 if before is None else before["version"] + 1
        named = {"report": report, "period": period, "unit": unit, "version": version}
        make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
        changed = make(analyses).values(values | named).on_conflict_do_nothing().returning(analyses.c.id)
    if transaction.connection.scalar(changed) is None:
        raise StaleAnalysisError
    journal.write(
        transaction,
        now,
        Entry(
            actor=by,
            act="analys signerad" if sign_as else "analys sparad",
            details={"rapport": report, "period": period, "enhet": unit, "version": str(version)},
        ),
    )
    return version


def _of(report: str, period: str, unit: str) -> tuple[ColumnElement[bool], ...]:
    return (analyses.c.report == report, analyses.c.period == period, analyses.c.unit == unit)
