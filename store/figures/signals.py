"""Weak signals: more complaints of a factor at a unit than in the same months before (requirements C4, L20).

What is told once is kept in `signals`. Whom a case is about, whose sender is protected and what is for few
eyes (rows N2, B6, B15) is never part of one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

from sqlalchemy import not_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store import journal
from store.deadlines import day_of
from store.domain import Entry, Factor, Kind, Status
from store.emptying import GONE
from store.engine import Row, Transaction
from store.figures.baseline import LONGEST, YEAR, judge
from store.figures.period import Period
from store.sight import holds_any
from store.tables import cases, signals

LOOKED = "svaga signaler sökta"
TOLD = "svag signal"
_NO_SYNPUNKT = (Status.QUARANTINED, Status.DUPLICATE, Status.HANDED_OVER)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A rise at a unit, of a factor, in a month; `cases` are the ids of those that it counts."""

    unit: str
    factor: Factor
    month: Period
    observed: int
    expected: float
    chance: float
    cases: tuple[int, ...]


def find(transaction: Transaction, month: Period, units: Collection[str]) -> list[Signal]:
    """List what has risen in a month that is over, the least likely first.

    A sender is counted once for each unit, factor and month. A unit in which nothing is known from a year
    before says nothing. Reads up to three years of cases, so do not call it for every page.
    """
    span = _months_until(month)
    earlier = Period(first=span[0].first, last=month.last)
    rows = transaction.rows(
        select(
            cases.c.id,
            cases.c.received_at,
            cases.c.unit,
            cases.c.sender_handle,
            *(cases.c[name] for name in (*_KINDS, *_FACTORS)),
        )
        .where(
            cases.c.received_at >= earlier.begins,
            cases.c.received_at < earlier.ends,
            cases.c.unit.in_(sorted(units)),
            cases.c.status.not_in(_NO_SYNPUNKT),
            not_(cases.c.restricted),
            not_(cases.c.protected),
            not_(holds_any(cases.c.barred)),
        )
        .order_by(cases.c.id)
    )
    place = {one.name: at for at, one in enumerate(span)}
    found: dict[tuple[str, Factor], list[dict[str, list[int]]]] = {}
    since: dict[str, int] = {}
    for row in rows:
        at = place[f"{day_of(row['received_at']):%Y-%m}"]
        since[row["unit"]] = min(at, since.get(row["unit"], at))
        if _said(row, _KINDS, Kind) != Kind.COMPLAINT:
            continue
        factor = _said(row, _FACTORS, Factor)
        if factor is None:
            continue
        handle = row["sender_handle"]
        # Who is unknown may be anybody: each is counted.
        sender = f"#{row['id']}" if handle in {"", GONE} else handle.casefold()
        cell = found.setdefault((row["unit"], Factor(factor)), [{} for _ in span])
        cell[at].setdefault(sender, []).append(row["id"])
    counts = {
        (unit, factor): [len(senders) for senders in found.get((unit, factor), [{}] * len(span))][first:]
        for (unit, first), factor in product(since.items(), Factor)
        if len(span) - first > YEAR
    }
    return [
        Signal(
            unit=rise.cell[0],
            factor=rise.cell[1],
            month=month,
            observed=rise.observed,
            expected=rise.expected,
            chance=rise.chance,
            cases=tuple(sorted(one for ids in found[rise.cell][-1].values() for one in ids)),
        )
        for rise in judge(counts)
    ]


def note(transaction: Transaction, signal: Signal, *, told: Sequence[str], now: datetime) -> bool:
    """Keep a signal, with a journal line; False if it was told before. Write its letters only after True."""
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    row = {
        "unit": signal.unit,
        "factor": signal.factor,
        "month": signal.month.name,
        "observed": signal.observed,
        "expected": signal.expected,
        "chance": signal.chance,
        "cases": list(signal.cases),
        "told": list(told),
        "at": now,
    }
    kept = make(signals).values(row).on_conflict_do_nothing().returning(signals.c.id)
    if transaction.connection.scalar(kept) is None:
        return False
    details = {"enhet": signal.unit, "faktor": str(signal.factor), "månad": signal.month.name}
    journal.write(transaction, now, Entry(actor="synpunkt", act=TOLD, details=details))
    return True


def looked(transaction: Transaction, month: Period, *, count: int, now: datetime) -> None:
    """Note that a month has been looked at, whatever came of it."""
    details = {"månad": month.name, "signaler": str(count)}
    journal.write(transaction, now, Entry(actor="synpunkt", act=LOOKED, details=details))


def looked_on(transaction: Transaction) -> date | None:
    """Return the day on which a month was last looked at. It reads the journal: ask it once a day."""
    at = journal.latest(transaction, LOOKED)
    return None if at is None else day_of(at)


def told(transaction: Transaction, units: Collection[str] | None, *, most: int = 200) -> Sequence[Row]:
    """List the signals of some units, or of all where it is None, the newest month first."""
    wanted = select(signals).order_by(signals.c.month.desc(), signals.c.chance, signals.c.id).limit(most)
    if units is not None:
        wanted = wanted.where(signals.c.unit.in_(sorted(units)))
    return transaction.rows(wanted)


def cases_of(transaction: Transaction, ids: Collection[int]) -> Mapping[int, Row]:
    """Return the rows of some cases, by their ids, for who decides what a reader may be shown of them."""
    wanted = select(cases).where(cases.c.id.in_(sorted(ids)))
    return {row["id"]: row for row in transaction.rows(wanted)}


_KINDS = ("kind", "chosen_kind", "suggested_kind")
_FACTORS = ("factor", "suggested_factor")


def _said(row: Row, names: Sequence[str], values: type[Kind] | type[Factor]) -> str | None:
    """Return the first word that is one of the values: a human's, else the newest proposal."""
    known = {str(one) for one in values}
    return next((row[name] for name in names if row[name] in known), None)


def _months_until(month: Period) -> list[Period]:
    found = [month]
    while len(found) <= LONGEST:
        found.append(found[-1].before)
    return found[::-1]
