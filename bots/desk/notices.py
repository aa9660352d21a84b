"""Writes to staff what a clock says: reminders, escalations and other alarms. Never the citizen's words."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bots.desk.house import House
from bots.mail.identity import Identity
from store import outbox, sight
from store.deadlines import day_of, days_late
from store.domain import Address, Clock, Handler, Outgoing, Purpose
from store.engine import Row, Transaction
from templates import render
from templates.facts import Person

_LONGEST_ID = 32


@dataclass(frozen=True, kw_only=True)
class Notices:
    """The writing desk for what is late. Each letter's key names case, clock, step and person: once each."""

    house: House
    identity: Identity

    def remind(
        self,
        transaction: Transaction,
        case: Row,
        to: Iterable[Handler],
        *,
        due_on: date,
        mark: str,
        now: datetime,
    ) -> None:
        """Remind of an answer that is owed (letter I02, row T10). `mark` tells the step and its round."""
        facts = {
            "due_on": due_on,
            "days_late": days_late(due_on, day_of(now), self.house.days.closed),
            "closing": self.house.rules.clock_covers == "closed",
        }
        self._write(transaction, case, to, "handler_reminder", Purpose.REMINDER, mark, facts, now)

    def escalate(
        self,
        transaction: Transaction,
        case: Row,
        to: Iterable[Handler],
        *,
        due_on: date,
        level: int,
        mark: str,
        now: datetime,
    ) -> None:
        """Tell handler and manager, or the level above, that a promise is broken (letter I03, row T11)."""
        facts = {
            "due_on": due_on,
            "days_late": max(1, days_late(due_on, day_of(now), self.house.days.closed)),
            "handler": _named(self.house.person(case["handler"])),
            "level": level,
        }
        for reader in to:
            read_by = facts | {"reader": _named(reader)}
            purpose = Purpose.ESCALATION
            self._write(transaction, case, (reader,), "handler_escalation", purpose, mark, read_by, now)

    def alarm(
        self,
        transaction: Transaction,
        case: Row,
        to: Iterable[Handler],
        template: str,
        facts: Mapping[str, object],
        *,
        mark: str,
        now: datetime,
    ) -> None:
        """Tell of another clock, with a letter of its own; `facts` are those that it has besides its case."""
        self._write(transaction, case, to, template, Purpose.ALARM, mark, facts, now)

    def _write(
        self,
        transaction: Transaction,
        case: Row,
        to: Iterable[Handler],
        template: str,
        purpose: Purpose,
        mark: str,
        facts: Mapping[str, object],
        now: datetime,
    ) -> None:
        common = {
            "service_name": self.house.service_name,
            "case_number": case["number"],
            "link": self.house.link(case["number"]),
        }
        written = render(template, language="sv", **common, **facts)
        for person in to:
            letter = Outgoing(
                key=f"{case['id']}:{purpose}:{mark}:{_sign(person.id)}",
                purpose=purpose,
                recipient=Address(channel="email", handle=person.email),
                recipient_name=person.name,
                subject=written.subject,
                body=written.body,
                language=written.language,
                case_id=case["id"],
                external_id=self.identity.message_id(case["id"]),
            )
            outbox.put(transaction, letter, now=now)
            sight.show(transaction, case["id"], [person.id])


def mark_of(clock: Clock, step: str, turn: str) -> str:
    """Name one step of one clock, as a part of a letter's key."""
    return f"{clock}:{step}:{turn}"


def _sign(person_id: str) -> str:
    """Tell readers apart in a key that is no wider than its column, however long their ids are."""
    return person_id if len(person_id) <= _LONGEST_ID else hashlib.sha256(person_id.encode()).hexdigest()[:16]


def _named(handler: Handler) -> Person:
    return Person(name=handler.name, title=handler.title)
