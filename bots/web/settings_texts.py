"""The settings pages of reply templates (svarsmallar): texts that handlers begin an answer with."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.directory import NotAllowedError
from bots.desk.proofreading import Remark, look_through
from bots.web.settings_room import HOME, LONGEST, Room, Trouble, back, version_of
from store import reply_templates
from store.domain import Handler, Kind
from store.reply_templates import ReplyTemplate

_PATH = f"{HOME}/svarsmallar"


class SettingsTexts:
    """The pages: the registrator's are for all, a manager's for their own units."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def routes(self) -> list[Route]:
        """List the pages."""
        guard, one = self._room.access.for_staff, f"{_PATH}/{{template:int}}"
        return [
            Route(_PATH, guard(self.list), methods=["GET"]),
            Route(f"{_PATH}/ny", guard(self.look_new), methods=["GET"]),
            Route(f"{_PATH}/ny", guard(self.add), methods=["POST"]),
            Route(one, guard(self.look), methods=["GET"]),
            Route(one, guard(self.change), methods=["POST"]),
            Route(f"{one}/ta-bort", guard(self.remove), methods=["POST"]),
        ]

    async def list(self, request: Request, me: Handler) -> Response:
        """Show the templates; those that are somebody's to change lead to their page."""
        self._only_writers(me)
        desk = self._room.directory
        found = await asyncio.to_thread(self._all)
        return self._room.page(
            request,
            me,
            "settings_texts",
            notice=request.query_params.get("klart", ""),
            templates=[
                {
                    "id": one.id,
                    "title": one.title,
                    "kind": one.kind,
                    "unit": self._unit_name(one.unit),
                    "may_change": desk.may_change_template(me.id, one),
                }
                for one in found
            ],
        )

    async def look_new(self, request: Request, me: Handler) -> Response:
        """Show an empty form."""
        self._only_writers(me)
        return self._page(request, me, ReplyTemplate(title="", text=""))

    async def add(self, request: Request, me: Handler) -> Response:
        """Keep a new template; what in its words could hurt is remarked on once, and may stay."""
        sent = await self._room.access.sent(request)
        self._only_writers(me)
        return await self._save(request, me, _read(sent), sent)

    async def look(self, request: Request, me: Handler) -> Response:
        """Show a template."""
        return self._page(request, me, await self._found(request, me))

    async def change(self, request: Request, me: Handler) -> Response:
        """Save it, as in `add`."""
        sent = await self._room.access.sent(request)
        template_id = request.path_params["template"]
        self._only_writers(me)
        return await self._save(request, me, _read(sent, template_id=template_id), sent)

    async def remove(self, request: Request, me: Handler) -> Response:
        """Take it out of use."""
        sent = await self._room.access.sent(request)
        found, desk = await self._found(request, me), self._room.directory
        gone = await self._room.save(
            lambda: desk.remove_template(found.id, version=version_of(sent), by=me.id)
        )
        if isinstance(gone, Trouble):
            return self._page(request, me, found, trouble=gone)
        return back(_PATH, klart="borttagen")

    async def _save(
        self, request: Request, me: Handler, template: ReplyTemplate, sent: Mapping[str, str]
    ) -> Response:
        remarks = self._remarks(template.text)
        shown = " ".join(f"{remark.concern}:{','.join(remark.found)}" for remark in remarks)
        if remarks and sent.get("remarked", "") != shown:
            return self._page(request, me, template, remarks=remarks, remarked=shown)
        kept = await self._room.save(lambda: self._room.directory.keep_template(template, by=me.id))
        if not isinstance(kept, Trouble):
            return back(_PATH, klart="sparat")
        now = await asyncio.to_thread(self._find, template.id) if kept.is_stale else None
        if kept.is_stale and now is None:
            template = replace(template, id=0, version=0)  # removed meanwhile: it can be saved as a new one
        return self._page(request, me, template, trouble=kept, now=now)

    def _remarks(self, text: str) -> Sequence[Remark]:
        """List what sounds wrong in a text (requirements C3): a warning, never a refusal."""
        names = [one.name for one in self._room.directory.house.handlers.values()]
        return look_through(
            text,
            by_open_road=True,
            messages=(),
            expected=names,
            later=False,
            has_day=False,
            lacks_contact=False,
        )

    def _page(
        self,
        request: Request,
        me: Handler,
        template: ReplyTemplate,
        *,
        trouble: Trouble | None = None,
        remarks: Sequence[Remark] = (),
        remarked: str = "",
        now: ReplyTemplate | None = None,
    ) -> Response:
        rights = self._room.directory.rights(me.id)
        units = [unit for unit in self._room.directory.house.units if unit.id in rights.units]
        return self._room.page(
            request,
            me,
            "settings_text",
            trouble=trouble,
            template=template,
            version=now.version if now else template.version,
            kinds=[str(kind) for kind in Kind],
            units=[{"id": unit.id, "name": unit.name} for unit in units],
            for_all=rights.everything,
            remarks=[
                {"concern": str(one.concern), "found": list(one.found), "remedy": one.remedy}
                for one in remarks
            ],
            remarked=remarked,
            now={"title": now.title, "text": now.text, "unit": self._unit_name(now.unit), "kind": now.kind}
            if now
            else None,
        )

    def _only_writers(self, me: Handler) -> None:
        rights = self._room.directory.rights(me.id)
        if not rights.everything and not rights.units:
            raise NotAllowedError

    async def _found(self, request: Request, me: Handler) -> ReplyTemplate:
        self._only_writers(me)
        found = await asyncio.to_thread(self._find, request.path_params["template"])
        if found is None:
            raise HTTPException(404)
        if not self._room.directory.may_change_template(me.id, found):
            raise NotAllowedError
        return found

    def _find(self, template_id: int) -> ReplyTemplate | None:
        with self._room.directory.store.read() as transaction:
            return reply_templates.find(transaction, template_id)

    def _all(self) -> Sequence[ReplyTemplate]:
        with self._room.directory.store.read() as transaction:
            return reply_templates.all_of(transaction)

    def _unit_name(self, unit_id: str) -> str:
        unit = self._room.directory.house.unit(unit_id)
        return unit.name if unit else unit_id


def _read(sent: Mapping[str, str], *, template_id: int = 0) -> ReplyTemplate:
    kind = sent.get("kind", "")
    return ReplyTemplate(
        id=template_id,
        title=" ".join(sent.get("title", "").split()),
        text=sent.get("text", "").strip()[: LONGEST + 1],
        kind=kind if kind in set(Kind) else "",
        unit=sent.get("unit", ""),
        version=version_of(sent) if template_id else 0,
    )
