"""What the desk knows of the house it works for: names, promises, people and their work."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from store import life
from store.deadlines import Days
from store.domain import Contact, Handler, Unit
from store.engine import Row
from store.life import Actor


class HouseError(Exception):
    """The organisation does not hang together; the message names the unit or person."""


@dataclass(frozen=True, kw_only=True)
class House:
    """The municipality, its units and its people. `registrator` has whatever nobody else can be found for.

    Raises `HouseError` when a unit or a substitution names a person that is not there (row T6).
    """

    municipality: str
    service_name: str
    phone: str
    phone_hours: str
    privacy_url: str
    console_url: str
    days: Days
    handlers: Mapping[str, Handler]
    units: Sequence[Unit]
    registrator: str
    series: str = "SYN"
    contact: Contact | None = None  # for who is not satisfied, where a unit names nobody of its own

    def __post_init__(self) -> None:
        if self.registrator not in self.handlers:
            raise HouseError(f"registratorn {self.registrator!r} finns inte bland handläggarna")
        for unit in self.units:
            if not unit.handlers:
                raise HouseError(f"enheten {unit.id!r} har ingen handläggare")
            for handler in unit.handlers:
                if handler not in self.handlers:
                    raise HouseError(f"enheten {unit.id!r}: handläggaren {handler!r} finns inte")
            for manager in unit.managers:
                if manager not in self.handlers:
                    raise HouseError(f"enheten {unit.id!r}: chefen {manager!r} finns inte")
        for handler in self.handlers:
            self._chain(handler)

    @cached_property
    def words(self) -> tuple[tuple[Unit, re.Pattern[str]], ...]:
        """Pair each unit with one pattern that finds its words, inflected or not, at the start of a word."""
        return tuple(
            (unit, re.compile(r"\b(" + "|".join(re.escape(word.casefold()) for word in unit.words) + ")"))
            for unit in self.units
            if unit.words
        )

    def person(self, handler_id: str) -> Handler:
        """Return a person; the registrator for a name that is no longer there."""
        return self.handlers.get(handler_id) or self.handlers[self.registrator]

    def present(self, handler_ids: Sequence[str], day: date) -> Handler | None:
        """Return the first of these who is at work, else the first substitute who is, else None."""
        for handler_id in handler_ids:
            if _is_at_work(self.handlers[handler_id], day):
                return self.handlers[handler_id]
        for handler_id in handler_ids:
            for substitute in self._chain(handler_id)[1:]:
                if _is_at_work(substitute, day):
                    return substitute
        return None

    def contact_for(self, unit_id: str) -> Contact | None:
        """Return whom to turn to who is not satisfied with a unit's answer (row N4)."""
        unit = next((unit for unit in self.units if unit.id == unit_id), None)
        return unit.contact if unit is not None and unit.contact is not None else self.contact

    def actor(self, person_id: str, case: Row) -> Actor:
        """Return a person with the roles that they have in a case (requirements C3).

        A unit without a manager has the registrator for one, who has whatever nobody else can be found for.
        """
        if person_id not in self.handlers:
            return Actor(id=person_id, roles=frozenset())
        unit = next((unit for unit in self.units if unit.id == case["unit"]), None)
        owners = {case["handler"], *(unit.handlers if unit else ())}
        standing_in = {one.id for owner in owners if owner in self.handlers for one in self._chain(owner)}
        managers = (unit.managers if unit else ()) or (self.registrator,)
        roles = {life.STAFF}
        if person_id in standing_in:
            roles.add(life.HANDLER)
        if person_id in managers:
            roles.add(life.MANAGER)
        if person_id == self.registrator:
            roles |= {life.REGISTRATOR, life.TRIAGE}
        return Actor(id=person_id, roles=frozenset(roles))

    def _chain(self, handler_id: str) -> list[Handler]:
        chain: list[Handler] = []
        while handler_id:
            if handler_id not in self.handlers:
                raise HouseError(f"ersättaren {handler_id!r} för {chain[-1].id!r} finns inte")
            handler = self.handlers[handler_id]
            if handler in chain:
                break  # two who stand in for each other are common; nobody is asked twice
            chain.append(handler)
            handler_id = handler.substitute
        return chain


def _is_at_work(handler: Handler, day: date) -> bool:
    return not any(first <= day <= last for first, last in handler.absent)
