"""The settings pages of units: name, people, the words and addresses that lead there, whom to turn to."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.settings_room import HOME, LONGEST, Room, Trouble, back, lines_of, named, version_of
from store.directory import Subject
from store.domain import Contact, Handler, Unit

_OFFICES = ("handlers", "managers", "heads")


class SettingsUnits:
    """The pages, for whoever may change everything."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def routes(self) -> list[Route]:
        """List the pages."""
        guard, one = self._room.access.for_staff, f"{HOME}/enheter/{{unit}}"
        return [
            Route(f"{HOME}/enheter/ny", guard(self.look_new), methods=["GET"]),
            Route(f"{HOME}/enheter/ny", guard(self.add), methods=["POST"]),
            Route(one, guard(self.look), methods=["GET"]),
            Route(one, guard(self.change), methods=["POST"]),
        ]

    async def look_new(self, request: Request, me: Handler) -> Response:
        """Show an empty form."""
        self._room.only_for_all(me)
        return self._page(request, me, None, {})

    async def add(self, request: Request, me: Handler) -> Response:
        """Add a unit, which can have cases from now on."""
        sent = await self._room.access.sent(request)
        self._room.only_for_all(me)
        values = _read(sent, None)
        made = await self._room.save(lambda: self._room.directory.add_unit(values, by=me.id))
        if isinstance(made, Trouble):
            return self._page(request, me, None, _typed(sent), trouble=made)
        return back(klart="sparat")

    async def look(self, request: Request, me: Handler) -> Response:
        """Show a unit."""
        unit = self._found(request, me)
        version = await asyncio.to_thread(self._room.directory.version, Subject.UNIT, unit.id)
        return self._page(request, me, unit, _filled(unit), version=version)

    async def change(self, request: Request, me: Handler) -> Response:
        """Save it."""
        sent = await self._room.access.sent(request)
        unit = self._found(request, me)
        values, version = _read(sent, unit), version_of(sent)
        saved = await self._room.save(
            lambda: self._room.directory.change_unit(unit.id, values, by=me.id, version=version)
        )
        if not isinstance(saved, Trouble):
            return back(klart="sparat")
        if saved.is_stale:
            unit = self._found(request, me)
            version = await asyncio.to_thread(self._room.directory.version, Subject.UNIT, unit.id)
        return self._page(request, me, unit, _typed(sent), version=version, trouble=saved)

    def _found(self, request: Request, me: Handler) -> Unit:
        self._room.only_for_all(me)
        unit = self._room.directory.house.unit(request.path_params["unit"])
        if unit is None:
            raise HTTPException(404)
        return unit

    def _page(
        self,
        request: Request,
        me: Handler,
        unit: Unit | None,
        typed: Mapping[str, str],
        *,
        version: int = 0,
        trouble: Trouble | None = None,
    ) -> Response:
        house = self._room.directory.house
        return self._room.page(
            request,
            me,
            "settings_unit",
            trouble=trouble,
            unit={"id": unit.id, "name": unit.name} if unit else None,
            typed=defaultdict(str, typed),
            people=named([one for one in house.handlers.values() if not one.has_left]),
            offices=list(_OFFICES),
            version=version,
            now=self._now(unit) if unit and trouble and trouble.is_stale else None,
        )

    def _now(self, unit: Unit) -> list[tuple[str, str]]:
        """Say how a unit stands now, for who was slower."""
        names = self._room.directory.house.handlers
        contact = unit.contact
        return [
            ("name", unit.name),
            *((one, ", ".join(names[person].name for person in getattr(unit, one))) for one in _OFFICES),
            ("words", ", ".join(unit.words)),
            ("addresses", ", ".join(unit.addresses)),
            ("contact", f"{contact.name}, {contact.address}, {contact.phone}" if contact else ""),
        ]


def _filled(unit: Unit) -> dict[str, str]:
    """Fill the form with how a unit stands."""
    typed = {f"{office}.{one}": "ja" for office in _OFFICES for one in getattr(unit, office)}
    contact = unit.contact or Contact(name="", address="", phone="")
    return typed | {
        "name": unit.name,
        "words": "\n".join(unit.words),
        "addresses": "\n".join(unit.addresses),
        "contact_name": contact.name,
        "contact_address": contact.address,
        "contact_phone": contact.phone,
        "contact_handler": contact.handler,
    }


def _typed(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:LONGEST] for name, value in sent.items() if name not in {"token", "version"}}


def _read(sent: Mapping[str, str], known: Unit | None) -> dict[str, Any]:
    """Read the form. Those who were there keep their order: the first has the cases."""
    line = {name: " ".join(value.split())[:LONGEST] for name, value in sent.items()}
    values: dict[str, Any] = {
        "name": line.get("name", ""),
        "words": lines_of(sent.get("words", "")),
        "addresses": lines_of(sent.get("addresses", "")),
    }
    for office in _OFFICES:
        chosen = [name.partition(".")[2] for name in sent if name.startswith(f"{office}.")]
        before = getattr(known, office) if known else ()
        values[office] = (
            *(one for one in before if one in chosen),
            *(one for one in chosen if one not in before),
        )
    contact = {name: line.get(f"contact_{name}", "") for name in ("name", "address", "phone", "handler")}
    is_named = any(contact[name] for name in ("name", "address", "phone"))
    return values | {"contact": Contact(**contact) if is_named else None}
