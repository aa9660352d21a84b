"""The page on which staff give a sender a code to our own page (row B20). The code is shown once."""

import asyncio
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.page_code import PageCode
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import STALE, version_of
from store import cases
from store.cases import StaleCaseError
from store.domain import Handler
from store.engine import Row
from store.life import IllegalActError
from store.sight import HiddenCaseError, OnlyReadingError, sees


class PageCodePage:
    """The page; it works without a script."""

    def __init__(self, *, page_code: PageCode, parts: Parts, show: Show, access: Access) -> None:
        self._page_code = page_code
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard, path = self._access.for_staff, "/arenden/{number}/kod"
        return [
            Route(path, guard(self.look), methods=["GET"]),
            Route(path, guard(self.give), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Say what a code does, and ask whether to make one."""
        return self._page(request, me, await self._found(request, me))

    async def give(self, request: Request, me: Handler) -> Response:
        """Make a code, and show it: nobody can read it again."""
        sent = await self._access.sent(request)
        case = await self._found(request, me)
        code = self._parts.codes.make(secrets.token_hex(16))
        mark = self._parts.codes.mark(code)
        try:
            await asyncio.to_thread(
                self._page_code.give, case["id"], mark, by=me.id, version=version_of(sent)
            )
        except IllegalActError as error:
            return self._page(request, me, case, problem=error.missing[0], status=422)
        except StaleCaseError:
            fresh = await self._found(request, me)
            return self._page(request, me, fresh, problem=STALE, status=409)
        return self._page(request, me, case, code=code)

    async def _found(self, request: Request, me: Handler) -> Row:
        return await asyncio.to_thread(self._look_up, request.path_params["number"], me)

    def _look_up(self, number: str, me: Handler) -> Row:
        with self._parts.store.read() as transaction:
            case = cases.find_number(transaction, number)
        if case is None or not sees(self._parts.acts.reader(me.id), case):
            raise HiddenCaseError
        if not self._page_code.may(case, by=me.id):
            raise OnlyReadingError
        return case

    def _page(
        self,
        request: Request,
        me: Handler,
        case: Row,
        *,
        code: str = "",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        return self._show.page(
            "page_code",
            me=me,
            token=self._access.token(request),
            status=status,
            case=self._views.head(case),
            version=case["version"],
            has_code=bool(case["pick_up"]),
            code=code,
            link=f"{self._page_code.house.form_url}svar",
            problem=problem,
        )
