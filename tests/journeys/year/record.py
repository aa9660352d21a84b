"""What was seen while the year went by: each tick, and how the cases stood before, during and after it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from store.engine import Row, Store
from store.tables import cases, journal, letters, promises

STOCKHOLM = ZoneInfo("Europe/Stockholm")
GONE = ("arkiverad", "gallrad", "överlämnad", "dubblett")
_BACK = ("lämna till sortering", "ta tillbaka")
_COLUMNS = (
    "status",
    "handler",
    "unit",
    "kind",
    "chosen_kind",
    "barred",
    "round",
    "received_at",
    "assigned_at",
    "statement_asked_at",
    "statement_due_on",
    "question_asked_at",
    "question_due_on",
    "follow_up_on",
    "follow_up_result",
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How a case stood at one moment: its columns, and the unkept promises as (kind, round) to day."""

    case: Mapping[str, Any]
    unkept: Mapping[tuple[str, int], date]
    returned_at: datetime | None = None  # when it was last given back to be sorted, or taken back


Standing = Mapping[int, Seen]


@dataclass(kw_only=True)
class Tick:
    """One moment to which the clock was moved, and what was seen there.

    `unsettled` are cases with a letter on its way when the clock was moved: they may change by themselves.
    """

    at: datetime
    before: Standing
    unsettled: frozenset[int]
    looked: bool = False
    touched: dict[int, list[Seen]] = field(default_factory=dict)
    after: Standing = field(default_factory=dict)

    @property
    def day(self) -> date:
        """Return the day in Stockholm."""
        return self.at.astimezone(STOCKHOLM).date()


@dataclass(kw_only=True)
class Record:
    """The whole year: ticks, what the handlers did, and what went wrong while they did it."""

    ticks: list[Tick] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    sent: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # by Message-ID: R lies between
    faults: list[str] = field(default_factory=list)
    kills: int = 0
    second_looks: int = 0


def standing(store: Store, only: int | None = None) -> dict[int, Seen]:
    """Read how the cases stand that a clock may concern, or one of them."""
    asked = and_(cases.c.follow_up_on.is_not(None), cases.c.follow_up_result == "")
    concerned = and_(cases.c.status.not_in(GONE), or_(cases.c.status != "avslutad", asked))
    columns = [cases.c.id, *(cases.c[name] for name in _COLUMNS)]
    wanted = select(*columns).where(concerned if only is None else cases.c.id == only)
    owed = select(promises.c.case_id, promises.c.kind, promises.c.round, promises.c.due_on).where(
        promises.c.kept_at.is_(None)
    )
    if only is not None:
        owed = owed.where(promises.c.case_id == only)
    back = (
        select(journal.c.case_id, func.max(journal.c.at))
        .join(cases, cases.c.id == journal.c.case_id)
        .where(journal.c.act.in_(_BACK), journal.c.actor != "synpunkt", cases.c.status == "sortering")
        .group_by(journal.c.case_id)
    )
    if only is not None:
        back = back.where(journal.c.case_id == only)
    with store.read() as transaction:
        rows = transaction.rows(wanted)
        returned = {one[0]: one[1] for one in transaction.connection.execute(back)}
        unkept: dict[int, dict[tuple[str, int], date]] = {}
        for row in transaction.rows(owed):
            unkept.setdefault(row["case_id"], {})[row["kind"], row["round"]] = row["due_on"]
    return {
        row["id"]: Seen(case=row, unkept=unkept.get(row["id"], {}), returned_at=returned.get(row["id"]))
        for row in rows
    }


def on_their_way(store: Store) -> frozenset[int]:
    """List the cases with a letter that is not out yet."""
    wanted = select(letters.c.case_id).where(letters.c.state.in_(("väntar", "sänds")))
    with store.read() as transaction:
        return frozenset(transaction.connection.scalars(wanted))


def everything(store: Store, table: str) -> Sequence[Row]:
    """Read all rows of a table, oldest first."""
    found = cases.metadata.tables[table]
    with store.read() as transaction:
        return transaction.rows(found.select().order_by(*found.primary_key.columns))
