"""The page "Arkiv": cases as a package for the archive, or one of them for the main diary (rows B17, K13)."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import BinaryIO, cast

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bots.desk.archive.checks import NotValidError
from bots.desk.archive.exporting import Archive, Made, NothingToExportError, Wish
from bots.desk.archive.writing import chunks
from bots.web.access import Access
from bots.web.disposal import NotArchivingError, archives
from bots.web.downloads import disposition
from bots.web.parts import Parts
from bots.web.show import Show
from store.domain import Handler
from store.sight import HiddenCaseError

PATH = "/arkiv"
_FIELDS = ("nummer", "fran", "till", "enhet", "namnd", "skyddade")


class ArchivePage:
    """The page, which works without a script. Its reader gets the cases that they may see, and no other."""

    def __init__(self, *, archive: Archive, parts: Parts, show: Show, access: Access) -> None:
        self._archive = archive
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard = self._access.for_staff
        return [
            Route(PATH, guard(self.look), methods=["GET"]),
            Route(PATH, guard(self.make), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Ask which cases; a link from a case brings its number along."""
        self._demand(me)
        return self._page(request, me, typed={"nummer": request.query_params.get("nummer", "")[:40]})

    async def make(self, request: Request, me: Handler) -> Response:
        """Hand out a package as a file; what can not be made is told on the page."""
        sent = await self._access.sent(request)
        self._demand(me)
        try:
            if not sent.get("utan") and (unsafe := await asyncio.to_thread(self._unsafe, sent, me)):
                return self._page(request, me, typed=sent, problem="filer", unsafe=unsafe)
            file, made = await asyncio.to_thread(self._make, sent, me)
        except ValueError:
            return self._page(request, me, typed=sent, problem="dagar")
        except (NothingToExportError, HiddenCaseError):
            return self._page(request, me, typed=sent, problem="inget")
        except NotValidError as error:
            return self._page(
                request, me, typed=sent, problem="fel", faults=[one.rule for one in error.faults]
            )
        return StreamingResponse(
            chunks(file),
            media_type="application/zip",
            headers={"Content-Disposition": disposition(f"{made.name}.zip")},
            background=BackgroundTask(file.close),
        )

    def _make(self, sent: Mapping[str, str], me: Handler) -> tuple[BinaryIO, Made]:
        """Make a package in a file without a name, so that nothing of it is left behind."""
        make = self._maker(sent, me)
        # Closed by whoever sends it; a fault closes it here.
        file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
        try:
            return file, make(file)
        except BaseException:
            file.close()
            raise

    def _maker(self, sent: Mapping[str, str], me: Handler) -> Callable[[BinaryIO], Made]:
        reader = self._parts.acts.reader(me.id)
        wish = _wish(sent)
        if sent.get("vad") == "diarium":
            return lambda file: self._archive.to_diary(file, wish.number, by=me.id, reader=reader)
        only_protected = bool(sent.get("skyddade"))
        return lambda file: self._archive.export(
            file, wish, by=me.id, reader=reader, only_protected=only_protected
        )

    def _unsafe(self, sent: Mapping[str, str], me: Handler) -> list[dict[str, object]]:
        """List what would be left out of the package because of what a scanner says."""
        found = self._archive.unsafe(
            _wish(sent),
            reader=self._parts.acts.reader(me.id),
            only_protected=sent.get("vad") != "diarium" and bool(sent.get("skyddade")),
        )
        return [{"number": number, "files": names} for number, names in found]

    def _demand(self, me: Handler) -> None:
        if not archives(me, self._parts.acts):
            raise NotArchivingError

    def _page(
        self,
        request: Request,
        me: Handler,
        *,
        typed: Mapping[str, str],
        problem: str = "",
        faults: object = (),
        unsafe: Sequence[Mapping[str, object]] = (),
    ) -> Response:
        return self._show.page(
            "archive",
            me=me,
            token=self._access.token(request),
            status=422 if problem else 200,
            units=[{"id": unit.id, "name": unit.name} for unit in self._parts.units],
            boards=[{"id": one, "name": board.name} for one, board in self._archive.house.boards.items()],
            typed={name: typed.get(name, "") for name in _FIELDS},
            problem=problem,
            faults=faults,
            unsafe=unsafe,
            pressed=typed.get("vad", ""),
        )


def _wish(sent: Mapping[str, str]) -> Wish:
    """Read which cases are wanted; raise `ValueError` for a period that is none."""
    if sent.get("vad") in {"diarium", "arkiv"}:
        return Wish(number=sent.get("nummer", "").strip())
    return _period(sent)


def _period(sent: Mapping[str, str]) -> Wish:
    """Read a period; raise `ValueError` for days that are none, or stand the wrong way round."""
    since, until = (date.fromisoformat(sent.get(name, "").strip()) for name in ("fran", "till"))
    if since > until:
        raise ValueError("the period ends before it begins")
    return Wish(since=since, until=until, unit=sent.get("enhet", ""), board=sent.get("namnd", ""))
