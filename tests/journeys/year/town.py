"""The town of the year: people, units and absences, as settings for the product and facts for the judge."""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

PROFILES = ("gislaved", "kristianstad", "landskrona", "norrmalm", "tyreso")
DOMAIN = "kontoret.example"
REGISTRATOR = "rita"
_FOLDER = Path(__file__).parents[3] / "store" / "profiles"
# Who is mostly there, and who is away for weeks.
_LENGTHS = (1, 1, 2, 5, 5, 12, 26)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at work. `absent` are first and last days."""

    id: str
    name: str
    title: str
    substitute: str = ""
    absent: tuple[tuple[date, date], ...] = ()

    @property
    def mail(self) -> str:
        """Return the mail address."""
        return f"{self.id}@{DOMAIN}"

    def is_away(self, day: date) -> bool:
        """Tell whether a day lies in an absence."""
        return any(first <= day <= last for first, last in self.absent)


@dataclass(frozen=True, kw_only=True)
class Office:
    """A unit of the town."""

    id: str
    name: str
    words: tuple[str, ...]
    handlers: tuple[str, ...]
    managers: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    regulated: str = ""
    answer_days: int | None = None
    has_provider: bool = False


@dataclass(frozen=True, kw_only=True)
class Town:
    """All that the judge needs to know of the town, and what the product is told."""

    profile: str
    people: Mapping[str, Person]
    offices: Mapping[str, Office]
    medborgarcenter: tuple[str, ...] = ()
    quality: tuple[str, ...] = ("kajsa",)

    @cached_property
    def policy(self) -> dict[str, dict[str, Any]]:
        """Return the profile's keys, with those of the standard profile where it is silent."""
        usual, own = (_read(name) for name in ("standard", self.profile))
        tables = ("deadlines", "reminders", "roles", "workflow")
        return {table: {**usual.get(table, {}), **own.get(table, {})} for table in tables}

    @property
    def sorters(self) -> tuple[str, ...]:
        """List who sort."""
        return (*self.medborgarcenter, REGISTRATOR)

    @property
    def staff(self) -> str:
        """Write the tables of handlers and units."""
        return "\n".join([*map(_handler, self.people.values()), *map(_unit, self.offices.values())])

    @property
    def triage(self) -> str:
        """Write more lines of the table of who sorts."""
        return f"medborgarcenter = {_list(self.medborgarcenter)}\nquality = {_list(self.quality)}"


def a_town(profile: str, year: int, choose: random.Random) -> Town:
    """Make the town for a profile; who is away when is chosen at random."""
    is_chief = _read(profile).get("roles", {}).get("handler_is") == "chef"
    sorts = _read(profile).get("roles", {}).get("triage") == "medborgarcenter"
    known = (
        ("rita", "Rita Lund", "registrator", "robert"),
        ("robert", "Robert Falk", "arkivarie", "rita"),
        ("petra", "Petra Holm", "parkarbetare", "pelle"),
        ("pelle", "Pelle Ström", "parkarbetare", "petra"),
        ("paula", "Paula Berg", "parkchef", "pelle"),
        ("hans", "Hans Vik", "förvaltningschef", ""),
        ("sara", "Sara Lind", "lärare", "sten"),
        ("sten", "Sten Dahl", "rektor", ""),
        ("olga", "Olga Ek", "enhetschef", ""),
        ("oskar", "Oskar Nord", "undersköterska", ""),
        ("gunnar", "Gunnar Sten", "gatuingenjör", "petra"),
        ("kajsa", "Kajsa Frid", "kvalitetschef", ""),
        ("mia", "Mia Rask", "kommunvägledare", "moa"),
        ("moa", "Moa Glad", "kommunvägledare", ""),
    )
    people = {
        one: Person(
            id=one,
            name=name,
            title=title,
            substitute=substitute,
            absent=() if one in {"hans", "kajsa"} else _absences(year, choose),
        )
        for one, name, title, substitute in known
    }
    offices = (
        Office(
            id="park",
            name="Park och renhållning",
            words=("gung", "lekplats", "park", "papperskorg"),
            handlers=("petra", "pelle"),
            managers=("paula",),
            heads=("hans",),
        ),
        Office(
            id="skola",
            name="Skolan",
            words=("skol", "elev"),
            handlers=("sara",),
            managers=("sten",),
            regulated="skola",
        ),
        # The first handler is the manager too, and has no substitute.
        Office(
            id="omsorg",
            name="Omsorgen",
            words=("hemtjänst", "omsorg"),
            handlers=("olga", "oskar"),
            managers=("olga",),
            answer_days=6,
            has_provider=True,
        ),
        # No manager of its own, where the policy allows that.
        Office(
            id="gata",
            name="Gatukontoret",
            words=("gata", "snö", "vägen"),
            handlers=("gunnar",),
            managers=("paula",) if is_chief else (),
        ),
    )
    return Town(
        profile=profile,
        people=people,
        offices={one.id: one for one in offices},
        medborgarcenter=("mia", "moa") if sorts else (),
    )


def _absences(year: int, choose: random.Random) -> tuple[tuple[date, date], ...]:
    found: list[tuple[date, date]] = []
    day = date(year, 1, 1) + timedelta(days=choose.randint(3, 60))
    while day.year == year:
        last = day + timedelta(days=choose.choice(_LENGTHS) - 1)
        found.append((day, last))
        day = last + timedelta(days=choose.randint(10, 110))
    return tuple(found)


def _handler(one: Person) -> str:
    lines = ["[[handlers]]", f'id = "{one.id}"', f'name = "{one.name}"', f'title = "{one.title}"']
    lines += [f'email = "{one.mail}"', f'substitute = "{one.substitute}"']
    periods = (f"{{ first = {first}, last = {last} }}" for first, last in one.absent)
    return "\n".join([*lines, f"absent = [{', '.join(periods)}]", ""])


def _unit(one: Office) -> str:
    lines = ["[[units]]", f'id = "{one.id}"', f'name = "{one.name}"', f"words = {_list(one.words)}"]
    lines += [f"handlers = {_list(one.handlers)}", f"managers = {_list(one.managers)}"]
    lines += [f"heads = {_list(one.heads)}", f'regulated = "{one.regulated}"']
    if one.answer_days is not None:
        lines.append(f"answer_days = {one.answer_days}")
    lines.append('contact = { name = "Kerstin Ny", address = "Torget 1", phone = "070-174 06 31" }')
    if one.has_provider:
        lines.append('provider = { name = "Omsorg AB", email = "svar@omsorg.example" }')
    return "\n".join([*lines, ""])


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in values) + "]"


def _read(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
