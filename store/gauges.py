"""Counts what a watchdog asks for again and again: few questions, and nothing about a person.

What the operator's page shows besides is in `store.health`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_

from store import health
from store.cases import OPEN
from store.domain import LetterState, Purpose, Status
from store.engine import Transaction
from store.tables import cases, letters, messages, promises


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """The database at one moment; the same from whichever process asks."""

    waiting: int  # messages that are kept and not yet judged
    waiting_since: datetime | None
    unacknowledged_since: datetime | None  # when the oldest came whose receipt has yet to be written or sent
    letters: dict[LetterState, int]  # all that are not settled
    unsent_since: datetime | None
    open_cases: dict[Status, int]
    late_cases: int
    heard: dict[str, datetime]  # by channel, the newest among the `health.NEWEST` newest of all
    heard_from: datetime | None  # when the oldest of those came: other channels have been silent since then
    size: int  # bytes
    step: str  # of the tables
    newest_step: str

    @property
    def is_migrated(self) -> bool:
        """Tell whether the tables are those of this release."""
        return self.step == self.newest_step

    def silent_since(self, channel: str) -> datetime | None:
        """Return since when nothing has come by a channel, at least; None if nothing ever came by any."""
        return self.heard.get(channel, self.heard_from)


def count(transaction: Transaction, *, today: date) -> Gauges:
    """Count everything at one moment. `today` is the day in Stockholm, for what is late."""
    waiting, waiting_since = health.unread(transaction)
    unthanked = _unthanked_since(transaction)
    step, newest_step = health.steps(transaction)
    return Gauges(
        waiting=waiting,
        waiting_since=waiting_since,
        unacknowledged_since=min((one for one in (waiting_since, unthanked) if one), default=None),
        letters=health.unsettled(transaction),
        unsent_since=health.unsent_since(transaction),
        open_cases=_open_cases(transaction),
        late_cases=transaction.connection.scalar(_late(today)) or 0,
        heard=_heard(transaction),
        heard_from=transaction.connection.scalar(_oldest_looked_at()),
        size=health.size(transaction),
        step=step,
        newest_step=newest_step,
    )


def _unthanked_since(transaction: Transaction) -> datetime | None:
    """Return when the message came whose receipt has waited longest to be sent. What is held waits not."""
    oldest = (
        select(letters.c.case_id)
        .where(letters.c.state.in_(health.UNSENT), letters.c.purpose == Purpose.ACKNOWLEDGEMENT)
        .order_by(letters.c.id)
        .limit(1)
        .scalar_subquery()
    )
    first = select(messages.c.kept_at).where(messages.c.case_id == oldest).order_by(messages.c.id).limit(1)
    found: datetime | None = transaction.connection.scalar(first)
    return found


def _open_cases(transaction: Transaction) -> dict[Status, int]:
    wanted = (*OPEN, Status.QUARANTINED)
    counted = select(cases.c.status, func.count()).where(cases.c.status.in_(wanted)).group_by(cases.c.status)
    found = {one[0]: one[1] for one in transaction.connection.execute(counted)}
    return {status: found.get(status, 0) for status in wanted}


def _late(today: date) -> Select[Any]:
    """Count the open cases in which a promise of the present round is past its day, and not kept."""
    unkept = select(promises.c.case_id, promises.c.round).where(
        promises.c.kept_at.is_(None), promises.c.due_on < today
    )
    return select(func.count()).where(tuple_(cases.c.id, cases.c.round).in_(unkept), cases.c.status.in_(OPEN))


def _heard(transaction: Transaction) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for row in health.heard(transaction):
        newest[row["channel"]] = max(row["at"], newest.get(row["channel"], row["at"]))
    return newest


def _oldest_looked_at() -> Select[Any]:
    among = select(messages.c.kept_at).order_by(messages.c.id.desc()).limit(health.NEWEST).subquery()
    return select(func.min(among.c.kept_at))
