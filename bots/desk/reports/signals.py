"""Looks for weak signals when a month is over, and tells a unit's manager of each (`store.figures.signals`).

No letter holds a citizen's words, and none lists a case that its reader may not be told of.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bots.desk.house import House
from bots.mail.identity import Identity
from store import outbox
from store.deadlines import day_of
from store.domain import Address, Handler, Outgoing, Purpose
from store.engine import Row, Store, Transaction
from store.figures import signals
from store.figures.period import Period, holding
from store.figures.signals import Signal
from templates import language_of, render
from templates.facts import SignalFacts

PATH = "/signaler"
_LISTED = 20  # numbers in a letter; the page has them all


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A signal as one reader may see it. `hidden` counts those of its cases that are not for them."""

    unit: str
    factor: str
    month: Period
    observed: int
    expected: float
    cases: Sequence[Row]
    hidden: int


@dataclass(kw_only=True)
class Signals:
    """Blocking: call it from a thread. The watch asks each minute; a month is looked at once."""

    store: Store
    house: House
    identity: Identity
    _looked_on: date | None = field(default=None, init=False)

    def look(self, now: datetime) -> int:
        """Look at the month before this one, if nobody has, and return how many signals were told."""
        today = day_of(now)
        if self._looked_on == today:
            return 0
        this_month = holding("month", today)
        with self.store.read() as transaction:
            looked_on = signals.looked_on(transaction)
            is_known = looked_on is not None and looked_on in this_month
            month = this_month.before
            units = [unit.id for unit in self.house.units]
            found = [] if is_known else signals.find(transaction, month, units)
        told = 0
        if not is_known:
            with self.store.write() as transaction:
                told = sum(self._tell(transaction, one, now) for one in found)
                signals.looked(transaction, month, count=told, now=now)
        self._looked_on = today
        return told

    def _tell(self, transaction: Transaction, signal: Signal, now: datetime) -> bool:
        readers = self.house.managers_of(signal.unit)
        if not signals.note(transaction, signal, told=[one.id for one in readers], now=now):
            return False
        rows = signals.cases_of(transaction, signal.cases)
        for reader in readers:
            theirs = [row for row in rows.values() if self.house.may_be_told(reader.id, row)]
            self._write(transaction, signal, reader, sorted(row["number"] for row in theirs), now)
        return True

    def _write(
        self,
        transaction: Transaction,
        signal: Signal,
        reader: Handler,
        numbers: Sequence[str],
        now: datetime,
    ) -> None:
        unit = self.house.unit(signal.unit)
        facts: SignalFacts = {
            "service_name": self.house.service_name,
            "unit": unit.name if unit is not None else signal.unit,
            "factor": str(signal.factor),
            "month": month_name(signal.month),
            "observed": signal.observed,
            "usual": usual(signal.expected),
            "numbers": tuple(numbers[:_LISTED]),
            "more": max(len(numbers) - _LISTED, 0),
            "link": f"{self.house.console_url.rstrip('/')}{PATH}",
        }
        written = render("handler_signal", language="sv", **facts)
        cell = hashlib.sha256(f"{signal.unit}:{signal.factor}:{reader.id}".encode()).hexdigest()[:32]
        letter = Outgoing(
            key=f"signal:{signal.month.name}:{cell}",
            purpose=Purpose.ALARM,
            recipient=Address(channel="email", handle=reader.email),
            recipient_name=reader.name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            external_id=self.identity.message_id(None),
        )
        outbox.put(transaction, letter, now=now)

    def told(self, reader: str, units: Collection[str] | None) -> list[Shown]:
        """List what was told of some units, or of all where it is None, as somebody may see it."""
        names = {unit.id: unit.name for unit in self.house.units}
        with self.store.read() as transaction:
            rows = signals.told(transaction, units)
            known = signals.cases_of(transaction, {one for row in rows for one in row["cases"]})
        found = []
        for row in rows:
            theirs = [
                known[one] for one in row["cases"] if one in known and self.house.may_read(reader, known[one])
            ]
            found.append(
                Shown(
                    unit=names.get(row["unit"]) or str(row["unit"]),
                    factor=row["factor"],
                    month=holding("month", date.fromisoformat(f"{row['month']}-01")),
                    observed=row["observed"],
                    expected=row["expected"],
                    cases=theirs,
                    hidden=len(row["cases"]) - len(theirs),
                )
            )
        return found


def month_name(month: Period) -> str:
    """Write a month as people say it: "november 2026"."""
    return f"{language_of('sv').months[month.first.month - 1]} {month.first.year}"


def usual(expected: float) -> str:
    """Write what was expected as people say it: "2,4", or "färre än 1"."""
    if expected < 1:
        return "färre än 1"
    return f"{expected:.1f}".replace(".", ",").removesuffix(",0")
