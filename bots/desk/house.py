"""What the desk knows of the house it works for: names, promises, people and their work."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bots.desk.doors import Doors
from store import life, profiles, sight
from store.deadlines import Days, Reminders
from store.domain import Board, Contact, Handler, Role, Unit
from store.engine import Row
from store.life import Actor, Rules
from store.profiles.policy import Profile
from store.sight import Confidant, Reader

SCHOOL_DAYS = 10  # skollagen 4:8 says promptly; the number is ours
SCHOOL_CLAUSE = "skollagen 4 kap. 8 §"


class HouseError(Exception):
    """The organisation does not hang together; the message names the unit or person."""


@dataclass(frozen=True)
class _Known:
    """What was found out of each person: every page asks many times."""

    readers: dict[str, Reader] = field(default_factory=dict)
    roles: dict[str, frozenset[Role]] = field(default_factory=dict)


@dataclass(kw_only=True)
class House:
    """The municipality, its units and its people. `registrator` has whatever nobody else can be found for.

    One object for as long as the service runs; only `renew` changes it (bots.desk.directory).
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
    policy: Profile = field(default_factory=lambda: profiles.load("standard"))
    medborgarcenter: Sequence[str] = ()  # who confirm and pass on, where the policy has them do so (K8)
    doors: Doors = field(default_factory=Doors)  # who is told of what may be no synpunkt
    boards: Mapping[str, Board] = field(default_factory=dict)  # nämnder that number their cases by themselves
    paragraphs: Sequence[str] = ("21 kap. 1 § OSL", "26 kap. 1 § OSL")  # offered when a mark is set (row B14)
    confidant: Confidant = Confidant.HANDLER  # who besides the registrator sees a protected sender (row B15)
    quality: Sequence[str] = ()  # who see what is late everywhere (row T12), and are the last to be told
    # Each unit with one pattern that finds its words, inflected or not, at the start of a word.
    words: Sequence[tuple[Unit, re.Pattern[str]]] = field(init=False, repr=False, compare=False)
    _known: "_Known" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.words = _patterns(self.units)
        self._known = _Known()
        if self.registrator not in self.handlers:
            raise HouseError(f"registratorn {self.registrator!r} finns inte bland handläggarna")
        for unit in self.units:
            if not unit.handlers:
                raise HouseError(f"enheten {unit.id!r} har ingen handläggare")
            for person, role in _named_in(unit):
                if person not in self.handlers:
                    raise HouseError(f"enheten {unit.id!r}: {role} {person!r} finns inte")
            self._keeps_the_policy(unit)
        for person in (*self.medborgarcenter, *self.quality):
            if person not in self.handlers:
                raise HouseError(f"{person!r} i [triage] finns inte bland handläggarna")
        if self.policy.roles.triage == "medborgarcenter" and not self.medborgarcenter:
            raise HouseError("policyn låter Medborgarcenter sortera, men medborgarcenter är tomt")
        for handler in self.handlers:
            self._chain(handler)

    def renew(self, new: "House") -> None:
        """Take over people, units, offices and closed days of a house that hangs together.

        Other threads read on meanwhile, so the order counts: nobody may be gone, and the people come first.
        Then no unit, old or new, ever names somebody who is not there.
        """
        if gone := self.handlers.keys() - new.handlers.keys():
            raise HouseError(f"{', '.join(sorted(gone))} kan inte tas bort, bara markeras med att ha slutat")
        self.handlers = new.handlers
        self.units, self.words = new.units, new.words
        self.medborgarcenter, self.quality = new.medborgarcenter, new.quality
        self.days = new.days
        self._known = _Known()  # last: what was found out meanwhile went into the old one

    def _keeps_the_policy(self, unit: Unit) -> None:
        """Raise `HouseError` if a unit lacks what the policy demands, or promises less (rows K9, N4, N6)."""
        if unit.board and unit.board not in self.boards:
            raise HouseError(f"enheten {unit.id!r}: nämnden {unit.board!r} finns inte")
        if self.policy.roles.handler_is == "chef" and not unit.managers:
            raise HouseError(f"enheten {unit.id!r} har ingen chef, och policyn låter chefen svara")
        contact = unit.contact or self.contact
        if self.policy.workflow.further_contact_required and (
            contact is None or not all((contact.name.strip(), contact.address.strip(), contact.phone.strip()))
        ):
            raise HouseError(
                f"enheten {unit.id!r} saknar kontakt med namn, adress och telefon för den som inte är nöjd"
            )
        promised = [days for days in (self.days.complaint, self.days.suggestion, self.days.praise) if days]
        if unit.answer_days is not None and promised and unit.answer_days > min(promised):
            raise HouseError(
                f"enheten {unit.id!r} lovar svar på {unit.answer_days} arbetsdagar, "
                f"policyn på {min(promised)}: en enhet kan bara lova mer"
            )

    @property
    def rules(self) -> Rules:
        """Return what the policy demands before a case may be answered and closed."""
        workflow = self.policy.workflow
        return Rules(
            require_service_note=workflow.require_tjansteanteckning,
            manager_approves_no_action=workflow.chef_approves_no_action,
            further_contact_required=workflow.further_contact_required,
            close_by_triage=workflow.close_by != "handler",
            clock_covers=self.policy.deadlines.clock_covers,
            pause_on_question=self.policy.deadlines.pause_on_question,
        )

    @property
    def reminders(self) -> Reminders:
        """Return when somebody is told that an answer is late."""
        return self.policy.watching

    @property
    def tells_registrator(self) -> bool:
        """Tell whether the registrator has a copy of what goes straight to a manager (row N16)."""
        return self.policy.roles.handler_is == "chef" and self.policy.roles.triage == "none"

    @property
    def sorters(self) -> tuple[str, ...]:
        """List who sort: Medborgarcenter where the policy says so, and the registrator always (row X4)."""
        if self.policy.roles.triage == "medborgarcenter":
            return (*self.medborgarcenter, self.registrator)
        return (self.registrator,)

    @property
    def called(self) -> dict[str, str]:
        """Return the ids of the units by what they may be called, id or name, in small letters."""
        return {name.casefold(): unit.id for unit in self.units for name in (unit.id, unit.name)}

    def unit(self, unit_id: str) -> Unit | None:
        """Return a unit, or None for the registrator's queue and for one that is no longer there."""
        return next((unit for unit in self.units if unit.id == unit_id), None)

    def series_of(self, unit_id: str) -> str:
        """Return the number series that a unit's cases are registered in (rows N8, B13)."""
        unit = self.unit(unit_id)
        return self.boards[unit.board].series if unit is not None and unit.board else self.series

    def authority_of(self, unit_id: str) -> str:
        """Return the nämnd that answers for a unit's cases; the municipality where none is named."""
        unit = self.unit(unit_id)
        return self.boards[unit.board].name if unit is not None and unit.board else self.municipality

    def regulated(self, unit_id: str) -> str:
        """Return what law of its own a unit works under, or an empty text; for `store.secrecy.warnings`."""
        unit = self.unit(unit_id)
        return unit.regulated if unit is not None else ""

    def days_for(self, unit_id: str) -> Days:
        """Return what is promised in a unit: the policy's days, or its own stricter ones (rows N6, B23)."""
        unit = self.unit(unit_id)
        days = self.days
        if unit is None:
            return days
        if unit.regulated == "skola" and None in (days.complaint, days.suggestion, days.praise):
            days = days.at_most(SCHOOL_DAYS, clause=SCHOOL_CLAUSE, also_undated=True)
        if unit.answer_days is not None:
            days = days.at_most(unit.answer_days, clause=f"{unit.name}, kvalitetsgaranti", also_undated=True)
        return days

    def owners(self, unit: Unit) -> tuple[str, ...]:
        """List who may have a unit's cases, the first choice first (rows X3, K9)."""
        if self.policy.roles.handler_is == "chef":
            return (*unit.managers, *(one for one in unit.handlers if one not in unit.managers))
        return unit.handlers

    def managers_of(self, unit_id: str) -> tuple[Handler, ...]:
        """List a unit's managers; the registrator, who has whatever nobody else does, where there is none."""
        unit = self.unit(unit_id)
        named = unit.managers if unit is not None else ()
        return tuple(self.handlers[one] for one in named or (self.registrator,))

    def answering_for(self, case: Row) -> tuple[Handler, ...]:
        """List who answers for a case: its unit's managers, or the level above those whom it is not for.

        A unit without a manager has the registrator for one, who has whatever nobody else can be found for.
        """
        unit = self.unit(case["unit"])
        levels = (self.managers_of(case["unit"]), *((self.above(unit.id),) if unit is not None else ()))
        named = [[one for one in level if self.may_be_told(one.id, case)] for level in levels]
        others = [
            self.handlers[one] for one in (self.registrator, *self.quality) if self.may_be_told(one, case)
        ]
        return tuple(next((level for level in named if level), others[:1]))

    def kept_away(self, named: Sequence[str]) -> tuple[str, ...]:
        """Return those of the staff named in a message who are kept from its case (row B6).

        When everybody is named, the registrator is not kept: what nobody may open would be lost (row L1).
        """
        if any(one not in named for one in self.handlers):
            return tuple(named)
        return tuple(one for one in named if one != self.registrator)

    def above(self, unit_id: str) -> tuple[Handler, ...]:
        """List the level above a unit's managers: its heads, else the quality staff, else the registrator."""
        unit = self.unit(unit_id)
        named = (unit.heads if unit is not None else ()) or tuple(self.quality) or (self.registrator,)
        return tuple(self.handlers[one] for one in named)

    def link(self, number: str) -> str:
        """Return the address of a case in the console."""
        return f"{self.console_url.rstrip('/')}/arenden/{number}"

    @property
    def form_url(self) -> str:
        """Return the address of the public form; an empty text where there are no pages."""
        return f"{self.console_url.rstrip('/')}/" if self.console_url else ""

    def by_mail(self, address: str) -> Handler | None:
        """Return the member of staff who has this mail address, in any case."""
        wanted = address.strip().casefold()
        found = (one for one in self.handlers.values() if one.email.casefold() == wanted)
        return next((one for one in found if not one.has_left), None)

    def employs(self, person_id: str) -> bool:
        """Tell whether somebody is known, and has not left."""
        return person_id in self.handlers and not self.handlers[person_id].has_left

    def person(self, handler_id: str) -> Handler:
        """Return a person; the registrator for a name that is no longer there."""
        return self.handlers.get(handler_id) or self.handlers[self.registrator]

    def present(
        self, handler_ids: Sequence[str], day: date, *, barred: Collection[str] = ()
    ) -> Handler | None:
        """Return the first of these who is at work, else the first substitute who is, else None.

        Nobody `barred` is returned: the case is about them (row B6).
        """
        substitutes = [one for handler_id in handler_ids for one in self._chain(handler_id)[1:]]
        for person in (*(self.handlers[one] for one in handler_ids), *substitutes):
            if person.id not in barred and is_at_work(person, day):
                return person
        return None

    def sorter(self, day: date, *, barred: Collection[str] = ()) -> Handler:
        """Return who sorts what nobody else has: the registrator, or who stands in for them.

        Where the case is about these it goes to quality, then to a manager, then to anybody (row B6).
        """
        if found := self.present([self.registrator], day, barred=barred):
            return found
        if self.registrator not in barred:
            return self.handlers[self.registrator]
        managers = [one for unit in self.units for one in (*unit.heads, *unit.managers)]
        others = [one for one in (*self.quality, *managers, *self.handlers) if one not in barred]
        found = self.present(others, day, barred=barred)
        return found or self.handlers[(others or [self.registrator])[0]]

    def reader(self, person_id: str) -> Reader:
        """Return what decides which cases a person may see."""
        known = self._known.readers
        if person_id not in self.handlers:
            return self._reader(person_id)
        if person_id not in known:
            known[person_id] = self._reader(person_id)
        return known[person_id]

    def _reader(self, person_id: str) -> Reader:
        return replace(
            self._reader_by_office(person_id),
            sorts=person_id in self.medborgarcenter or self.stands_in(person_id, self.registrator),
            units=frozenset(
                unit.id for unit in self.units if any(self.stands_in(person_id, one) for one in unit.handlers)
            ),
            stands_in_for=frozenset(
                one for one in self.handlers if one != person_id and self.stands_in(person_id, one)
            ),
        )

    def _reader_by_office(self, person_id: str) -> Reader:
        """Return what decides whether a restricted case is kept from a person."""
        person = self.handlers.get(person_id)
        return Reader(
            id=person_id,
            confidant=self.confidant,
            is_registrator=person_id == self.registrator,
            oversees=person_id in self.quality,
            manages=frozenset(unit.id for unit in self.units if person_id in unit.managers),
            lanes=frozenset(self.doors.lanes_of(person.email)) if person else frozenset(),
        )

    def roles(self, person_id: str) -> frozenset[Role]:
        """Return what a person is here for, of all cases together (requirements C3); `actor` says of one."""
        if not self.employs(person_id):
            return frozenset()
        known = self._known.roles
        if person_id not in known:
            known[person_id] = self._roles(person_id)
        return known[person_id]

    def _roles(self, person_id: str) -> frozenset[Role]:
        person, reader = self.handlers[person_id], self.reader(person_id)
        held = {
            Role.HANDLER: reader.units or reader.stands_in_for,
            Role.MANAGER: reader.manages,
            Role.HEAD: any(person_id in unit.heads for unit in self.units),
            Role.TRIAGE: reader.sorts,
            Role.REGISTRATOR: self.stands_in(person_id, self.registrator),  # they stand in for themselves
            Role.QUALITY: reader.oversees,
            Role.SPECIAL: reader.lanes,
            Role.DATA_PROTECTION: self.doors.data_protection_officer.casefold() == person.email.casefold(),
        }
        return frozenset({Role.STAFF, *person.roles, *(role for role, is_held in held.items() if is_held)})

    def may_be_told(self, person_id: str, case: Row) -> bool:
        """Tell whether a case is not kept from a person (rows N2, B6, B27, B28)."""
        return sight.may_be_told(self._reader_by_office(person_id), case)

    def may_read(self, person_id: str, case: Row) -> bool:
        """Tell whether a person has a reason besides to read a case (requirements C3)."""
        return sight.sees(self.reader(person_id), case)

    def contact_for(self, unit_id: str) -> Contact | None:
        """Return whom to turn to who is not satisfied with a unit's answer (row N4)."""
        unit = self.unit(unit_id)
        return unit.contact if unit is not None and unit.contact is not None else self.contact

    def actor(self, person_id: str, case: Row) -> Actor:
        """Return a person with the roles that they have in a case (requirements C3).

        Who stands in for the registrator sorts as they do. Where a case is about the registrator, whoever has
        it is its registrator; where it is about the managers, see `answering_for`.
        """
        if not self.employs(person_id):
            return Actor(id=person_id, roles=frozenset())
        if not self.may_be_told(person_id, case):
            return Actor(id=person_id, roles=frozenset())  # rows B6, N2: nor judges what is about themselves
        unit = self.unit(case["unit"])
        owners = {case["handler"], *(unit.handlers if unit else ())}
        standing_in = {one.id for owner in owners if owner in self.handlers for one in self._chain(owner)}
        about_registrator = self.registrator in case["barred"]
        roles = {life.STAFF}
        if person_id in standing_in:
            roles.add(life.HANDLER)
        if person_id in {one.id for one in self.answering_for(case)}:
            roles.add(life.MANAGER)
        if person_id in {one.id for one in self._chain(self.registrator)} or (
            about_registrator and person_id == case["handler"]
        ):
            roles |= {life.REGISTRATOR, life.TRIAGE}
        if person_id in self.medborgarcenter:
            roles.add(life.TRIAGE)
        return Actor(id=person_id, roles=frozenset(roles))

    def stands_in(self, person_id: str, colleague: str) -> bool:
        """Tell whether somebody is a colleague, or among those who stand in for them."""
        return person_id in {one.id for one in self._chain(colleague)}

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


def _patterns(units: Sequence[Unit]) -> tuple[tuple[Unit, re.Pattern[str]], ...]:
    return tuple(
        (unit, re.compile(r"\b(" + "|".join(re.escape(word.casefold()) for word in unit.words) + ")"))
        for unit in units
        if unit.words
    )


def _named_in(unit: Unit) -> Iterator[tuple[str, str]]:
    yield from ((one, "handläggaren") for one in unit.handlers)
    yield from ((one, "chefen") for one in unit.managers)
    yield from ((one, "nästa nivå") for one in unit.heads)


def is_at_work(handler: Handler, day: date) -> bool:
    """Tell whether a person works here, and no absence covers a day."""
    return not handler.has_left and not any(first <= day <= last for first, last in handler.absent)
