"""The page "Registerutdrag": all that is kept of one person, for the registrator and the DSO (row B18)."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.extract import Extract
from bots.web.access import Access
from bots.web.disposal import NotArchivingError
from bots.web.downloads import download
from bots.web.parts import Acts, Parts
from bots.web.show import Show
from store.domain import Handler, Role

PATH = "/registerutdrag"
_MOST = 20  # addresses


def extracts(me: Handler, acts: Acts) -> bool:
    """Tell whether somebody may make an extract: the registrator and the data protection officer (C3)."""
    return not {Role.REGISTRATOR, Role.DATA_PROTECTION}.isdisjoint({*me.roles, *acts.roles(me.id)})


class ExtractPage:
    """The page, which works without a script."""

    def __init__(self, *, extract: Extract, parts: Parts, show: Show, access: Access) -> None:
        self._extract = extract
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
        """Ask for the addresses."""
        self._demand(me)
        return self._page(request, me)

    async def make(self, request: Request, me: Handler) -> Response:
        """Hand out the extract as a file."""
        sent = await self._access.sent(request)
        self._demand(me)
        typed = sent.get("adresser", "")
        addresses = [line.strip() for line in typed.splitlines() if line.strip()]
        if not addresses or len(addresses) > _MOST:
            return self._page(request, me, problem=f"Skriv 1–{_MOST} adresser, en på varje rad.", typed=typed)
        made = await asyncio.to_thread(self._extract.make, addresses, by=me.id)
        if not sent.get("hämta"):
            return self._page(request, me, made=made, typed=typed)
        return download(made.data, "registerutdrag.zip", media_type="application/zip")

    def _demand(self, me: Handler) -> None:
        if not extracts(me, self._parts.acts):
            raise NotArchivingError

    def _page(
        self, request: Request, me: Handler, *, made: object = None, problem: str = "", typed: str = ""
    ) -> Response:
        return self._show.page(
            "extract",
            me=me,
            token=self._access.token(request),
            status=422 if problem else 200,
            made=made,
            problem=problem,
            typed=typed,
        )
