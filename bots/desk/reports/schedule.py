"""Makes the reports of the policy, tells their readers, and reminds of signatures (rows X15, L13).

A report is made on the first working day after its period, or on the next day on which somebody is at work
and the service runs. That it is kept, and that its letters are written, is one transaction: so each is made
once, whoever looks and whenever it stops.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from bots.desk.house import House, is_at_work
from bots.desk.reports import catalogue
from bots.desk.reports.closing import SIGNED, Closed, Make
from bots.desk.reports.swedish import listed
from bots.desk.reports.swedish import period as in_words
from bots.desk.trouble import reason_of
from bots.mail.identity import Identity
from store import journal, outbox, snapshots
from store.deadlines import day_of, later
from store.domain import Address, Entry, Handler, Outgoing, Purpose, Role, Step, Unit
from store.engine import Row, Store, StoreAwayError, Transaction
from store.figures.period import Period, holding, read
from store.positions import Positions
from store.profiles.policy import Report as Plan
from templates import render

log = logging.getLogger(__name__)

PATH = "/rapporter"
_PLACE = ("rapporter", "sedan")
_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A report of the policy whose period has ended, and that is not kept yet; `on` is its first day."""

    plan: Plan
    period: Period
    on: date


@dataclass(kw_only=True)
class Schedule:
    """What the policy wants made and when. Call `once` in office hours, as often as you like. Blocking."""

    store: Store
    house: House
    identity: Identity
    make: Make = catalogue.make
    _done_on: date | None = None
    _again_at: datetime | None = None

    def once(self, now: datetime) -> int:
        """Make and tell what is due, and return how many steps that were. One that fails stops no other."""
        today = day_of(now)
        if today == self._done_on or (self._again_at is not None and now < self._again_at):
            return 0
        since = self._since(today)
        with self.store.read() as transaction:
            due = list(self.due(transaction, today, since=since))
            missing = list(self._missing(transaction))
        steps, failed = 0, False
        tasks: list[tuple[str, Callable[[], int]]] = [
            *((f"{one.plan.id}/{one.period.name}", partial(self._produce, one, now)) for one in due),
            *((f"{row['report']}/{row['period']}", partial(self._remind, row, now)) for row in missing),
        ]
        for name, act in tasks:
            try:
                steps += act()
            except StoreAwayError:
                raise
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                log.error("report not made: report=%s because=%s", name, reason_of(error))
                failed = True
        # Nothing falls due before tomorrow; what failed is tried again within the day.
        self._done_on = None if failed else today
        self._again_at = now + _AGAIN if failed else None
        return steps

    def due(self, transaction: Transaction, today: date, *, since: date) -> Iterator[Due]:
        """List what is due and not kept, the oldest period first.

        Of periods that had ended before `since`, when this began to run, only the last one is made, and only
        if anything came in during it: nobody wants the reports of all years in one morning.
        """
        found = []
        for plan in self.house.policy.reports:
            kept = snapshots.periods_of(transaction, plan.id)
            period = holding(plan.period, today).before
            is_last = True
            while period.last >= since or (is_last and snapshots.has_cases(transaction, period)):
                on = later(period.last, 1, self.house.days.closed)
                if on <= today and period.name not in kept:
                    found.append(Due(plan=plan, period=period, on=on))
                period, is_last = period.before, False
        yield from sorted(found, key=lambda one: one.on)

    def _since(self, today: date) -> date:
        """Return the day on which this first ran in this house."""
        places = Positions(self.store)
        if known := places.place(*_PLACE):
            return date.fromisoformat(known)
        places.keep_place(*_PLACE, today.isoformat())
        return today

    def _produce(self, due: Due, now: datetime) -> int:
        with self.store.read() as transaction:
            closed = Closed(house=self.house, make=self.make)
            made = closed.count(transaction, due.plan.id, due.period, today=day_of(now))
        with self.store.write() as transaction:
            for one in made:
                if snapshots.keep(transaction, one, now=now) is None:
                    return 0  # somebody else was there first, with letters and all
            told = self._tell(transaction, due, now)
            details = {
                "rapport": due.plan.id,
                "period": due.period.name,
                "summa": made[0].sha256,
                "till": ", ".join(told),
            }
            journal.write(transaction, now, Entry(actor="synpunkt", act="rapport gjord", details=details))
        log.info("report made: report=%s period=%s told=%d", due.plan.id, due.period.name, len(told))
        return 1

    def _tell(self, transaction: Transaction, due: Due, now: datetime) -> list[str]:
        """Write to everybody whom the plan names, once each, and return who they are."""
        today, plan = day_of(now), due.plan
        sign_by = later(today, plan.sign_within_days, self.house.days.closed)
        readers = self.readers(plan, today)
        for person, units in readers.items():
            signs = plan.id in SIGNED and bool(units)
            self._write(
                transaction,
                self.house.handlers[person],
                mark=f"{plan.id}:{due.period.name}:klar",
                now=now,
                report=_called(plan.id),
                period=in_words(due.period),
                unit="",
                meant_for="" if signs else listed(plan.to),
                account_by=None if signs else _account_by(plan, due.period),
                analysis_missing=False,
                analysis_by=sign_by if signs else None,
                to_above=False,
                link=self._link(plan.id, due.period.name, units[0].id if len(units) == 1 else ""),
            )
        return list(readers)

    def readers(self, plan: Plan, today: date) -> Mapping[str, list[Unit]]:
        """Return who is told of a report, each once, with the units that they are told of it as managers of.

        Who is away is told through who stands in for them. Where nobody has a role, the registrator is told.
        """
        found: dict[str, list[Unit]] = {}
        for role in plan.roles:
            if Role(role) is Role.MANAGER:
                for unit in self.house.units:
                    for person in self._there(self.house.managers_of(unit.id), today):
                        found.setdefault(person.id, []).append(unit)
            else:
                people = self._holding(Role(role)) or [self.house.handlers[self.house.registrator]]
                for person in self._there(people, today):
                    found.setdefault(person.id, [])
        return found

    def _holding(self, role: Role) -> list[Handler]:
        house = self.house
        if role is Role.REGISTRATOR:
            return [house.handlers[house.registrator]]
        if role is Role.QUALITY:
            return [house.handlers[one] for one in house.quality]
        if role is Role.HEAD:
            heads = dict.fromkeys(one for unit in house.units for one in unit.heads)
            return [house.handlers[one] for one in heads]
        return [one for one in house.handlers.values() if role in one.roles and not one.has_left]

    def _missing(self, transaction: Transaction) -> Iterator[Row]:
        """List the reports of units that wait for a signature, as long as the policy wants such reports."""
        wanted = {plan.id for plan in self.house.policy.reports} & SIGNED
        known = {unit.id for unit in self.house.units}
        rows = [row for row in snapshots.unsigned(transaction, wanted) if row["scope"] in known]
        told = snapshots.told(transaction, {row["id"] for row in rows})
        for row in rows:
            yield {**row, "told": told.get(row["id"], {})}

    def _remind(self, row: Row, now: datetime) -> int:
        """Remind the unit's managers when the days have passed, and later tell the level above (row L13)."""
        house, today, done = self.house, day_of(now), row["told"]
        plan = next(one for one in house.policy.reports if one.id == row["report"])
        unit = house.unit(row["scope"])
        assert unit is not None  # noqa: S101 - only those of units that there are
        sign_by = later(day_of(row["made_at"]), plan.sign_within_days, house.days.closed)
        to: Sequence[Handler] = house.managers_of(unit.id)
        if Step.REMINDER not in done:
            step, is_due = Step.REMINDER, today > sign_by
        else:
            wait = house.reminders.escalate_after_days
            is_due = today >= later(day_of(done[Step.REMINDER]), wait, house.days.closed)
            step, to = Step.ESCALATION, self._above(unit)
        if step in done or not is_due:
            return 0
        people = self._there(to, today)
        with self.store.write() as transaction:
            ids = [person.id for person in people]
            if not snapshots.tell(transaction, row["id"], step, ids, now=now):
                return 0
            for person in people:
                self._write(
                    transaction,
                    person,
                    mark=f"{row['id']}:{step}",
                    now=now,
                    report=_called(row["report"]),
                    period=in_words(read(row["period"])),
                    unit=unit.name,
                    meant_for="",
                    account_by=None,
                    analysis_missing=True,
                    analysis_by=sign_by,
                    to_above=step is Step.ESCALATION,
                    link=self._link(row["report"], row["period"], unit.id),
                )
            details = {"rapport": row["report"], "period": row["period"], "enhet": unit.id}
            details |= {"steg": str(step), "till": ", ".join(ids)}
            journal.write(transaction, now, Entry(actor="synpunkt", act="analys saknas", details=details))
        return 1

    def _above(self, unit: Unit) -> list[Handler]:
        """Return the level above a unit and the quality staff, without those who have been reminded."""
        quality = [self.house.handlers[one] for one in self.house.quality]
        both = {one.id: one for one in (*self.house.above(unit.id), *quality)}
        others = [one for one in both.values() if one.id not in unit.managers]
        return others or list(both.values())

    def _there(self, people: Iterable[Handler], today: date) -> list[Handler]:
        """Return those who are at work; else who stands in for them; else all of them."""
        named = list(people)
        if present := [one for one in named if is_at_work(one, today)]:
            return present
        instead = self.house.present([one.id for one in named], today)
        return named if instead is None else [instead]

    def _write(
        self, transaction: Transaction, person: Handler, *, mark: str, now: datetime, **facts: object
    ) -> None:
        written = render("handler_report_ready", language="sv", service_name=self.house.service_name, **facts)
        letter = Outgoing(
            key=f"{Purpose.REPORT}:{mark}:{hashlib.sha256(person.id.encode()).hexdigest()[:16]}",
            purpose=Purpose.REPORT,
            recipient=Address(channel="email", handle=person.email),
            recipient_name=person.name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            external_id=self.identity.message_id(None),
        )
        outbox.put(transaction, letter, now=now)

    def _link(self, report: str, period: str, unit: str) -> str:
        query = urlencode({"period": period} | ({"enhet": unit} if unit else {}))
        return f"{self.house.console_url.rstrip('/')}{PATH}/{report}?{query}"


def _called(report: str) -> str:
    return f"{catalogue.entry(report).title} ({report})"


def _account_by(plan: Plan, period: Period) -> date | None:
    """Return the day by which a report is to be accounted for: the first such day after its period."""
    if not plan.ready_by:
        return None
    day = date.fromisoformat(f"{period.last.year}-{plan.ready_by}")
    return day if day > period.last else day.replace(year=day.year + 1)
