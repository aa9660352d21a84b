"""The settings pages of people: who they are, when they are away, who stands in, and that they have left."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.acts import Acts
from bots.desk.directory import PERSON_FIELDS, NotAllowedError
from bots.desk.house import is_at_work
from bots.web.settings_room import HOME, Room, Trouble, back, named, version_of
from bots.web.views import case_url
from store import cases
from store.cases import StaleCaseError
from store.deadlines import day_of
from store.directory import Subject
from store.domain import Handler
from store.engine import Row, StoreError
from store.life import IllegalActError
from store.sight import HiddenCaseError

_PERIODS = 8
_MOST_CASES = 200
_WORDS = ("name", "email", "title", "phone")
_LONGEST = 1000


@dataclass(kw_only=True)
class Passed:
    """What became of the cases that were passed on at once."""

    to: str
    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


class SettingsPeople:
    """The pages of one person each, and of the cases that they leave behind."""

    def __init__(self, room: Room, acts: Acts) -> None:
        self._room = room
        self._acts = acts

    def routes(self) -> list[Route]:
        """List the pages."""
        guard, one = self._room.access.for_staff, f"{HOME}/personer/{{person}}"
        return [
            Route(f"{HOME}/personer/ny", guard(self.look_new), methods=["GET"]),
            Route(f"{HOME}/personer/ny", guard(self.add), methods=["POST"]),
            Route(one, guard(self.look), methods=["GET"]),
            Route(one, guard(self.change), methods=["POST"]),
            Route(f"{one}/arenden", guard(self.cases), methods=["GET"]),
            Route(f"{one}/arenden", guard(self.pass_on), methods=["POST"]),
        ]

    async def look_new(self, request: Request, me: Handler) -> Response:
        """Show an empty form."""
        self._room.only_for_all(me)
        return self._page(request, me, None, PERSON_FIELDS - {"has_left"}, {"languages": "sv"})

    async def add(self, request: Request, me: Handler) -> Response:
        """Add a person, who can have cases from now on."""
        sent = await self._room.access.sent(request)
        self._room.only_for_all(me)
        allowed = PERSON_FIELDS - {"has_left"}
        values, problems = _read(sent, allowed)
        made: Handler | Trouble = Trouble(problems=problems)
        if not problems:
            made = await self._room.save(lambda: self._room.directory.add_person(values, by=me.id))
        if isinstance(made, Trouble):
            return self._page(request, me, None, allowed, _typed(sent), trouble=made)
        return back(klart="sparat")

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what somebody may change of a person."""
        person, allowed = self._found(request, me)
        version = await asyncio.to_thread(self._room.directory.version, Subject.PERSON, person.id)
        return self._page(request, me, person, allowed, _filled(person), version=version)

    async def change(self, request: Request, me: Handler) -> Response:
        """Save it. Whoever is away or has left, and has cases, leads on to these."""
        sent = await self._room.access.sent(request)
        person, allowed = self._found(request, me)
        if {_field_of(name) for name in sent} & (PERSON_FIELDS - allowed):
            raise NotAllowedError
        values, problems = _read(sent, allowed)
        desk, version = self._room.directory, version_of(sent)
        saved: Handler | Trouble = Trouble(problems=problems)
        if not problems:
            saved = await self._room.save(
                lambda: desk.change_person(person.id, values, by=me.id, version=version)
            )
        if isinstance(saved, Trouble):
            if saved.is_stale:
                person, allowed = self._found(request, me)
                version = await asyncio.to_thread(desk.version, Subject.PERSON, person.id)
            return self._page(request, me, person, allowed, _typed(sent), version=version, trouble=saved)
        if not is_at_work(saved, day_of(desk.clock())) and await asyncio.to_thread(
            self._has_cases, saved, me
        ):
            return back(f"{HOME}/personer/{person.id}/arenden", klart="sparat")
        return back(klart="sparat")

    async def cases(self, request: Request, me: Handler) -> Response:
        """List a person's open cases, each with a link to pass it on, and a form for all of them."""
        return await self._cases(request, me, self._found(request, me)[0])

    async def pass_on(self, request: Request, me: Handler) -> Response:
        """Give all of a person's open cases to one other, each with its journal line and letters."""
        sent = await self._room.access.sent(request)
        person, _ = self._found(request, me)
        house, to = self._room.directory.house, sent.get("to", "")
        if not house.employs(to) or to == person.id:
            trouble = Trouble(problems=["Välj vem som ska ha ärendena."])
            return await self._cases(request, me, person, trouble=trouble)
        passed = await asyncio.to_thread(self._pass_on, person, house.handlers[to], me)
        return await self._cases(request, me, person, passed=passed)

    def _found(self, request: Request, me: Handler) -> tuple[Handler, frozenset[str]]:
        desk = self._room.directory
        person = desk.house.handlers.get(request.path_params["person"])
        if person is None:
            # Whoever may change nobody is not told either who there is.
            self._room.only_for_all(me)
            raise HTTPException(404)
        allowed = desk.fields_for(me.id, person.id)
        if not allowed:
            raise NotAllowedError
        return person, allowed

    def _page(
        self,
        request: Request,
        me: Handler,
        person: Handler | None,
        allowed: Collection[str],
        typed: Mapping[str, str],
        *,
        version: int = 0,
        trouble: Trouble | None = None,
    ) -> Response:
        house = self._room.directory.house
        others = [one for one in house.handlers.values() if not one.has_left and one is not person]
        used = [at for at in range(_PERIODS) if typed.get(f"first{at}") or typed.get(f"last{at}")]
        return self._room.page(
            request,
            me,
            "settings_person",
            trouble=trouble,
            person={"id": person.id, "name": person.name, "is_me": person.id == me.id} if person else None,
            allowed=sorted(allowed),
            typed=defaultdict(str, typed),
            periods=list(range(min(_PERIODS, max(used, default=-1) + 3))),
            people=named(others),
            version=version,
            now=self._now(person) if person and trouble and trouble.is_stale else None,
        )

    def _now(self, person: Handler) -> list[tuple[str, str]]:
        """Say how a person stands now, for who was slower."""
        substitute = self._room.directory.house.handlers.get(person.substitute)
        return [
            ("name", person.name),
            ("email", person.email),
            ("title", person.title),
            ("phone", person.phone),
            ("languages", ", ".join(person.languages)),
            ("substitute", substitute.name if substitute else ""),
            ("absent", ", ".join(f"{first} – {last}" for first, last in person.absent)),
            ("has_left", "ja" if person.has_left else "nej"),
        ]

    async def _cases(
        self,
        request: Request,
        me: Handler,
        person: Handler,
        *,
        passed: Passed | None = None,
        trouble: Trouble | None = None,
    ) -> Response:
        rows = await asyncio.to_thread(self._open, person, me)
        house = self._room.directory.house
        others = [one for one in house.handlers.values() if not one.has_left and one.id != person.id]
        return self._room.page(
            request,
            me,
            "settings_cases",
            trouble=trouble,
            person={"id": person.id, "name": person.name, "has_left": person.has_left},
            cases=[
                {
                    "number": row["number"],
                    "title": row["title"],
                    "url": case_url(row["number"]),
                    "status": row["status"],
                    "answer_by": row["answer_by"],
                }
                for row in rows
            ],
            people=named(others),
            suggested=person.substitute,
            passed=passed,
            notice=request.query_params.get("klart", ""),
        )

    def _open(self, person: Handler, me: Handler) -> Sequence[Row]:
        """List the open cases of a person that somebody may read; others tell nobody that they are there."""
        with self._acts.store.read() as transaction:
            reader = self._acts.reader(me.id)
            return cases.page(transaction, reader=reader, handler=person.id, limit=_MOST_CASES)

    def _has_cases(self, person: Handler, me: Handler) -> bool:
        return bool(self._open(person, me))

    def _pass_on(self, person: Handler, to: Handler, me: Handler) -> Passed:
        passed = Passed(to=to.name)
        reason = f"{person.name} har slutat" if person.has_left else f"{person.name} är frånvarande"
        for row in self._open(person, me):
            number = row["number"]
            try:
                self._acts.pass_on(row["id"], handler=to.id, by=me.id, version=row["version"], reason=reason)
                passed.done.append(number)
            except IllegalActError as error:
                passed.failed.append((number, " ".join(error.missing)))
            except HiddenCaseError:
                passed.failed.append((number, "Ärendet är inte för dig."))
            except StaleCaseError:
                passed.failed.append((number, "Någon annan ändrade ärendet just nu. Försök igen."))
            except StoreError:
                passed.failed.append((number, "Ärendet gick inte att nå. Försök igen."))
        return passed


def _filled(person: Handler) -> dict[str, str]:
    """Fill the form with how a person stands."""
    typed = {name: getattr(person, name) for name in _WORDS}
    typed |= {"languages": ", ".join(person.languages), "substitute": person.substitute}
    typed["has_left"] = "ja" if person.has_left else ""
    for at, (first, last) in enumerate(person.absent):
        typed |= {f"first{at}": first.isoformat(), f"last{at}": last.isoformat()}
    return typed


def _typed(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:_LONGEST] for name, value in sent.items() if name not in {"token", "version"}}


def _field_of(name: str) -> str:
    """Return which field of a person a field of the form belongs to."""
    return "absent" if name.startswith(("first", "last")) else name


def _read(sent: Mapping[str, str], allowed: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Read what may be changed, and say what can not be read."""
    values: dict[str, Any] = {name: " ".join(sent.get(name, "").split()) for name in _WORDS}
    codes = sent.get("languages", "").replace(",", " ").casefold().split()
    values["languages"] = tuple(dict.fromkeys(codes)) or ("sv",)
    values["substitute"] = sent.get("substitute", "")
    values["has_left"] = sent.get("has_left", "") == "ja"
    values["absent"], problems = _periods(sent)
    return {name: value for name, value in values.items() if name in allowed}, problems


def _periods(sent: Mapping[str, str]) -> tuple[tuple[tuple[date, date], ...], list[str]]:
    found, problems = [], []
    for at in range(_PERIODS):
        first, last = sent.get(f"first{at}", "").strip(), sent.get(f"last{at}", "").strip()
        if not first and not last:
            continue
        try:
            found.append((date.fromisoformat(first), date.fromisoformat(last)))
        except ValueError:
            problems.append(f"Frånvaro {at + 1}: ange både första och sista dag, som 2026-12-24.")
    return tuple(sorted(found)), problems
