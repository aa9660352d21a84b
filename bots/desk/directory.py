"""The people, units and closed days of the house, as the settings pages change them while it runs.

The configuration is the base; what is changed on a page lies over it (store.directory). A change is judged by
building a whole new house of both: what does not hang together is refused, and nothing of it is kept.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from bots.desk.house import House, HouseError
from store import cases, directory, reply_templates
from store.deadlines import day_of, why_closed
from store.directory import Changed, Overlay, StaleSettingError, Subject
from store.domain import Handler, Role, Unit
from store.engine import Store, Transaction
from store.reply_templates import ReplyTemplate

PERSON_FIELDS = frozenset(
    {"name", "email", "title", "phone", "substitute", "languages", "absent", "has_left"}
)
_OWN = frozenset({"absent", "phone"})
_OF_OWN_STAFF = frozenset({"absent", "substitute"})
_ALL = frozenset({Role.REGISTRATOR, Role.OPERATOR})
_MOST_ABSENCES = 8
_LONGEST = 200
_LONGEST_TEXT = 20_000
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class RefusedError(Exception):
    """The change can not be saved. `problems` say in Swedish what is wrong and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class NotAllowedError(Exception):
    """This is not for the one who asks to change."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What somebody may change: everything, or the absences and templates of the `units` that they manage."""

    everything: bool
    units: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Directory:
    """Blocking: call it from a thread. `load` comes first; every change is journaled with who made it.

    Changing raises `RefusedError`, `NotAllowedError`, and `StaleSettingError` when somebody was faster.
    """

    store: Store
    house: House
    clock: Callable[[], datetime]
    # The roles that somebody has besides, while they are signed in at the municipality's own provider.
    given: Callable[[str], Collection[Role]] = lambda _person: ()
    changed: Callable[[], None] = lambda: None  # somebody changed something here; called in their thread
    base: House = field(init=False)  # what the configuration says
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.base = replace(self.house)

    def load(self) -> None:
        """Put what was changed over the configuration; raise `HouseError` if they do not go together."""
        with self._changing:
            with self.store.read() as transaction:
                new = organised(self.base, directory.read(transaction))
            self.house.renew(new)

    def roles(self, person_id: str) -> frozenset[Role]:
        """Return the roles of a person, those included that the provider tells of."""
        return frozenset({*self.house.roles(person_id), *self.given(person_id)})

    def rights(self, person_id: str) -> Rights:
        """Return what a person may change besides their own absence and phone."""
        if _ALL & self.roles(person_id):
            return Rights(everything=True, units=frozenset(unit.id for unit in self.house.units))
        own = frozenset(unit.id for unit in self.house.units if person_id in unit.managers)
        return Rights(everything=False, units=own)

    def fields_for(self, by: str, person_id: str) -> frozenset[str]:
        """Return what somebody may change of a person: all, what a manager may, or what is their own."""
        rights = self.rights(by)
        if rights.everything:
            return PERSON_FIELDS
        units = (unit for unit in self.house.units if unit.id in rights.units)
        is_own = any(person_id in (*unit.handlers, *unit.managers) for unit in units)
        return (_OWN if by == person_id else frozenset()) | (_OF_OWN_STAFF if is_own else frozenset())

    def version(self, subject: Subject, name: str) -> int:
        """Return what must come back with a change: 0 for what nobody has changed."""
        with self.store.read() as transaction:
            return directory.read(transaction).of(subject, name).version

    def change_person(self, person_id: str, values: Mapping[str, Any], *, by: str, version: int) -> Handler:
        """Change some fields of a person, as `store.domain.Handler` has them."""
        known = self.house.handlers.get(person_id)
        if known is None or not values.keys() <= self.fields_for(by, person_id):
            raise NotAllowedError
        person = replace(known, **values)
        _refuse(_person_problems(person, self.house, by=by, touched=values.keys()))
        self._keep(Subject.PERSON, person, known, by=by, version=version)
        return person

    def add_person(self, values: Mapping[str, Any], *, by: str) -> Handler:
        """Add a person; their id is made of the mail address."""
        if not self.rights(by).everything:
            raise NotAllowedError
        taken = self.house.handlers
        new_id = _id_of(str(values.get("email", "")).partition("@")[0], taken, otherwise="person")
        person = replace(Handler(id=new_id, name="", email=""), **values)
        _refuse(_person_problems(person, self.house, by=by, touched=PERSON_FIELDS))
        self._keep(Subject.PERSON, person, None, by=by, version=0)
        return person

    def change_unit(self, unit_id: str, values: Mapping[str, Any], *, by: str, version: int) -> Unit:
        """Change some fields of a unit, as `store.domain.Unit` has them."""
        known = self.house.unit(unit_id)
        if known is None or not self.rights(by).everything:
            raise NotAllowedError
        unit = replace(known, **values)
        _refuse(_unit_problems(unit, self.house))
        self._keep(Subject.UNIT, unit, known, by=by, version=version)
        return unit

    def add_unit(self, values: Mapping[str, Any], *, by: str) -> Unit:
        """Add a unit; its id is made of the name."""
        if not self.rights(by).everything:
            raise NotAllowedError
        taken = {unit.id for unit in self.house.units}
        new_id = _id_of(str(values.get("name", "")), taken, otherwise="enhet")
        unit = replace(Unit(id=new_id, name="", handlers=()), **values)
        _refuse(_unit_problems(unit, self.house))
        self._keep(Subject.UNIT, unit, None, by=by, version=0)
        return unit

    def would_move(self, closed: Collection[date]) -> int:
        """Tell how many promises would move if just these days were closed."""
        with self.store.read() as transaction:
            return cases.would_move(transaction, closed, now=self.clock())

    def change_days(self, closed: frozenset[date], *, was: frozenset[date], by: str) -> int:
        """Close just these days besides the red ones; return how many promises moved.

        `was` is what was shown. Days that have been, and those that are free anyway, are refused.
        """
        if not self.rights(by).everything:
            raise NotAllowedError
        now = self.clock()
        _refuse(_day_problems(sorted(closed ^ was), today=day_of(now)))
        with self._changing:
            if frozenset(self.house.days.closed) != was:
                raise StaleSettingError("the closed days have been changed by somebody else")
            with self.store.write() as transaction:
                for day in sorted(closed ^ was):
                    in_base = day in self.base.days.closed
                    kept = None if (day in closed) == in_base else day in closed
                    directory.close_day(transaction, day, closed=kept, by=by, now=now)
                    directory.note(
                        transaction,
                        Subject.CLOSED_DAY,
                        day.isoformat(),
                        was={"closed": day in was},
                        becomes={"closed": day in closed},
                        by=by,
                        now=now,
                    )
                new = self._judged(transaction)
                count = cases.recount(transaction, new.days.closed, now=now)
            self.house.renew(new)
        self.changed()
        # A case that another thread opened meanwhile counted with the days of before.
        with self.store.write() as transaction:
            return count + cases.recount(transaction, self.house.days.closed, now=now)

    def may_change_template(self, by: str, template: ReplyTemplate) -> bool:
        """Tell whether a reply template is somebody's to change: a manager's are those of their own units."""
        rights = self.rights(by)
        return rights.everything or template.unit in rights.units

    def keep_template(self, template: ReplyTemplate, *, by: str) -> int:
        """Keep a reply template, new or changed, and return its id."""
        with self.store.write() as transaction:
            self._may_touch(transaction, template.id, by)
            if not self.may_change_template(by, template):
                raise NotAllowedError
            _refuse(_template_problems(template, self.house))
            return reply_templates.keep(transaction, template, by=by, now=self.clock())

    def remove_template(self, template_id: int, *, version: int, by: str) -> None:
        """Take a reply template out of use."""
        with self.store.write() as transaction:
            self._may_touch(transaction, template_id, by)
            reply_templates.remove(transaction, template_id, version=version, by=by, now=self.clock())

    def _may_touch(self, transaction: Transaction, template_id: int, by: str) -> None:
        known = reply_templates.find(transaction, template_id)
        if known is not None and not self.may_change_template(by, known):
            raise NotAllowedError

    def _keep(
        self,
        subject: Subject,
        new: Handler | Unit,
        known: Handler | Unit | None,
        *,
        by: str,
        version: int,
    ) -> None:
        now = self.clock()
        was, becomes = directory.facts_of(known) if known else {}, directory.facts_of(new)
        with self._changing:
            with self.store.write() as transaction:
                if was == becomes:
                    return
                base = self._in_base(subject, new.id)
                directory.keep(
                    transaction,
                    subject,
                    new.id,
                    directory.difference(new, base),
                    version=version,
                    by=by,
                    now=now,
                )
                directory.note(transaction, subject, new.id, was=was, becomes=becomes, by=by, now=now)
                house = self._judged(transaction)
                _refuse(sorted({*_lonely(house)} - {*_lonely(self.house)}))
            self.house.renew(house)
        self.changed()

    def _in_base(self, subject: Subject, name: str) -> Handler | Unit | None:
        return self.base.handlers.get(name) if subject is Subject.PERSON else self.base.unit(name)

    def _judged(self, transaction: Transaction) -> House:
        try:
            return organised(self.base, directory.read(transaction))
        except HouseError as error:
            words = str(error)
            raise RefusedError([f"{words[:1].upper()}{words[1:]}."]) from error


def organised(base: House, overlay: Overlay) -> House:
    """Build the house of the configuration with what was changed; raise `HouseError` if that can not be.

    Who has left stays known by name, and is dropped from units and offices.
    """
    handlers = {
        name: directory.person(name, base.handlers.get(name), overlay.people.get(name, _SAME).facts)
        for name in dict.fromkeys((*base.handlers, *overlay.people))
    }
    if handlers[base.registrator].has_left:
        raise HouseError(
            f"{handlers[base.registrator].name} är registrator; välj en annan i config.toml "
            "([triage], nyckel registrator) först"
        )

    def here(people: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in people if one not in handlers or not handlers[one].has_left)

    known = {unit.id: unit for unit in base.units}
    units = [
        directory.unit(name, known.get(name), overlay.units.get(name, _SAME).facts)
        for name in dict.fromkeys((*known, *overlay.units))
    ]
    for unit in units:
        if unit.handlers and not here(unit.handlers):
            raise HouseError(f"{unit.name} blir utan handläggare: ge enheten någon annan först")
    closed = {*base.days.closed, *(day for day, is_closed in overlay.days.items() if is_closed)}
    opened = {day for day, is_closed in overlay.days.items() if not is_closed}
    return replace(
        base,
        handlers=handlers,
        units=[
            replace(unit, handlers=here(unit.handlers), managers=here(unit.managers), heads=here(unit.heads))
            for unit in units
        ],
        medborgarcenter=here(base.medborgarcenter),
        quality=here(base.quality),
        days=replace(base.days, closed=frozenset(closed - opened)),
    )


_SAME = Changed()


def _refuse(problems: Sequence[str] | Iterator[str]) -> None:
    if found := list(problems):
        raise RefusedError(found)


def _person_problems(person: Handler, house: House, *, by: str, touched: Collection[str]) -> Iterator[str]:
    if not person.name.strip():
        yield "Skriv personens namn."
    if any(len(text) > _LONGEST for text in (person.name, person.email, person.title, person.phone)):
        yield f"Korta texten: namn, e-post, titel och telefon får ha högst {_LONGEST} tecken."
    if "email" in touched:
        yield from _address_problems(person, house)
    if not all(_LANGUAGE.fullmatch(code) for code in person.languages):
        yield "Skriv språken som koder med komma emellan, till exempel sv, en, fi."
    if "substitute" in touched and person.substitute == person.id:
        yield "Välj någon annan som ersättare: ingen kan ersätta sig själv."
    elif "substitute" in touched and person.substitute and not house.employs(person.substitute):
        yield "Välj en ersättare som arbetar här."
    if "absent" in touched:
        yield from _absence_problems(person)
    if person.has_left and person.id == by:
        yield "Någon annan behöver markera att du har slutat."


def _absence_problems(person: Handler) -> Iterator[str]:
    if any(last < first for first, last in person.absent):
        yield "En frånvaro slutar före den börjar. Byt plats på dagarna eller rätta året."
    if len(person.absent) > _MOST_ABSENCES:
        yield f"Högst {_MOST_ABSENCES} frånvaroperioder får plats. Ta bort någon som har varit."


def _address_problems(person: Handler, house: House) -> Iterator[str]:
    if not _ADDRESS.fullmatch(person.email):
        yield "Skriv e-postadressen som namn@kommun.example."
    owner = house.by_mail(person.email)
    if owner is not None and owner.id != person.id:
        yield f"{owner.name} har redan den e-postadressen. Ange en annan."


def _unit_problems(unit: Unit, house: House) -> Iterator[str]:
    if not unit.name.strip() or len(unit.name) > _LONGEST:
        yield f"Skriv enhetens namn, högst {_LONGEST} tecken."
    if any(other.id != unit.id and other.name.casefold() == unit.name.casefold() for other in house.units):
        yield f"Det finns redan en enhet som heter {unit.name}. Ge den ett annat namn."
    if not unit.handlers:
        yield "Välj minst en handläggare."
    unknown = [one for one in (*unit.handlers, *unit.managers, *unit.heads) if not house.employs(one)]
    if unknown:
        yield f"Välj personer som arbetar här, inte {', '.join(unknown)}."
    for address in unit.addresses:
        if not _ADDRESS.fullmatch(address):
            yield f"{address} är ingen e-postadress. Skriv en på varje rad, som gata@kommun.example."
        owner = _owner_of(address, unit, house)
        if owner:
            yield f"{owner} har redan adressen {address}. Ta bort den från en av enheterna."
    contact = unit.contact
    if contact and not all((contact.name.strip(), contact.address.strip(), contact.phone.strip())):
        yield "Ange namn, adress och telefon för kontakten, eller lämna alla tre tomma."


def _owner_of(address: str, unit: Unit, house: House) -> str:
    wanted = address.casefold()
    return next(
        (
            other.name
            for other in house.units
            if other.id != unit.id and wanted in {one.casefold() for one in other.addresses}
        ),
        "",
    )


def _lonely(house: House) -> Iterator[str]:
    """Say which units nobody else can take over (as `bots.settings` says of the configuration)."""
    for unit in house.units:
        (first, *others) = dict.fromkeys(unit.handlers)
        if not others and not any(house.employs(one) for one in [house.handlers[first].substitute] if one):
            name = house.handlers[first].name
            yield f"På {unit.name} kan ingen ersätta {name}. Ge enheten en till, eller ange ersättare."


def _day_problems(days: Sequence[date], *, today: date) -> Iterator[str]:
    for day in days:
        if day < today:
            yield f"{day} har varit. Bara dagar framåt kan ändras."
        elif why := why_closed(day):
            yield f"{day} är redan ledig ({why}). Ta bort den."


def _template_problems(template: ReplyTemplate, house: House) -> Iterator[str]:
    if not template.title.strip() or len(template.title) > _LONGEST:
        yield f"Ge mallen en rubrik på högst {_LONGEST} tecken."
    if not template.text.strip() or len(template.text) > _LONGEST_TEXT:
        yield f"Skriv mallens text, högst {_LONGEST_TEXT} tecken."
    if template.unit and house.unit(template.unit) is None:
        yield "Välj en enhet som finns."


def _id_of(text: str, taken: Collection[str], *, otherwise: str) -> str:
    """Make an id of a name: plain small letters, with a number after it where that is taken."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:60] or otherwise
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem}{number}"
    return found
