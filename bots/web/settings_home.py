"""The first of the settings pages, and the one of the latest changes. Each person begins at their own."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.directory import NotAllowedError
from bots.web.settings_room import HOME, Room
from store import directory, reply_templates
from store.deadlines import day_of
from store.directory import Subject
from store.domain import Handler, Role, Unit
from store.engine import Row

_MOST_CHANGES = 200


class SettingsHome:
    """What can be changed, and what has been."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def routes(self) -> list[Route]:
        """List the pages."""
        guard = self._room.access.for_staff
        return [
            Route(HOME, guard(self.home), methods=["GET"]),
            Route(f"{HOME}/andringar", guard(self.changes), methods=["GET"]),
        ]

    async def home(self, request: Request, me: Handler) -> Response:
        """Show what somebody may change; whoever has no office sees only what is their own."""
        desk = self._room.directory
        rights, today = desk.rights(me.id), day_of(desk.clock())
        units = [unit for unit in desk.house.units if unit.id in rights.units]
        people = [one for one in desk.house.handlers.values() if desk.fields_for(me.id, one.id)]
        return self._room.page(
            request,
            me,
            "settings",
            notice=request.query_params.get("klart", ""),
            everything=rights.everything,
            reads_changes=self._reads_changes(me),
            writes_templates=bool(rights.units) or rights.everything,
            people=[
                {
                    "id": one.id,
                    "name": one.name,
                    "title": one.title,
                    "is_me": one.id == me.id,
                    "has_left": one.has_left,
                    "away_until": _away_until(one, today),
                }
                for one in sorted(people, key=lambda one: (one.has_left, one.name.casefold()))
            ],
            units=[self._unit(unit) for unit in sorted(units, key=lambda unit: unit.name.casefold())],
            closed=sorted(day for day in desk.house.days.closed if day >= today),
        )

    async def changes(self, request: Request, me: Handler) -> Response:
        """Show the latest changes: who, when, and from what to what."""
        if not self._reads_changes(me):
            raise NotAllowedError
        rows, titles = await asyncio.to_thread(self._changes)
        return self._room.page(
            request, me, "settings_changes", changes=[self._change(row, titles) for row in rows]
        )

    def _reads_changes(self, me: Handler) -> bool:
        desk = self._room.directory
        return desk.rights(me.id).everything or Role.DATA_PROTECTION in desk.roles(me.id)

    def _changes(self) -> tuple[Sequence[Row], Mapping[str, str]]:
        with self._room.directory.store.read() as transaction:
            titles = {str(one.id): one.title for one in reply_templates.all_of(transaction)}
            return directory.changes(transaction, limit=_MOST_CHANGES), titles

    def _change(self, row: Row, titles: Mapping[str, str]) -> dict[str, Any]:
        house, was, becomes = self._room.directory.house, row["was"], row["becomes"]
        known = house.handlers.get(row["name"]) if row["subject"] == Subject.PERSON else None
        unit = house.unit(row["name"]) if row["subject"] == Subject.UNIT else None
        title = titles.get(row["name"], "") if row["subject"] == Subject.REPLY_TEMPLATE else ""
        title = title or was.get("title", "") or becomes.get("title", "")
        return {
            "at": row["at"],
            "by": house.handlers[row["actor"]].name if row["actor"] in house.handlers else row["actor"],
            "subject": row["subject"],
            "name": known.name if known else unit.name if unit else title or row["name"],
            "is_new": not was,
            "is_removed": not becomes,
            "fields": [
                {"name": name, "was": self._said(was.get(name)), "becomes": self._said(becomes.get(name))}
                for name in dict.fromkeys((*was, *becomes))
            ],
        }

    def _said(self, value: Any) -> str:
        """Put a value of the journal in words."""
        if isinstance(value, bool):
            return "ja" if value else "nej"
        if isinstance(value, dict):
            return ", ".join(str(one) for one in value.values() if one)
        if isinstance(value, list):
            periods = [" – ".join(one) if isinstance(one, list) else self._name(one) for one in value]
            return ", ".join(periods)
        return self._name(value) if value else ""

    def _name(self, value: Any) -> str:
        known = self._room.directory.house.handlers.get(str(value))
        return known.name if known else str(value)

    def _unit(self, unit: Unit) -> dict[str, object]:
        house = self._room.directory.house
        return {
            "id": unit.id,
            "name": unit.name,
            "handlers": [house.handlers[one].name for one in unit.handlers],
            "managers": [house.handlers[one].name for one in unit.managers],
        }


def _away_until(person: Handler, today: Any) -> Any:
    return next((last for first, last in person.absent if first <= today <= last), None)
