"""The page on which something in a case is put right (GDPR art. 16). How it stood is kept and shown."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.rectifying import Rectifying
from bots.web import seen, views
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import STALE, version_of
from store import cases
from store.cases import StaleCaseError
from store.corrections import Subject
from store.domain import Handler, Presence
from store.engine import Row
from store.life import IllegalActError
from store.sight import HiddenCaseError, OnlyReadingError, sees


class RectifyPage:
    """The page; it works without a script."""

    def __init__(self, *, rectifying: Rectifying, parts: Parts, show: Show, access: Access) -> None:
        self._rectifying = rectifying
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard, path = self._access.for_staff, "/arenden/{number}/ratta"
        return [
            Route(path, guard(self.look), methods=["GET"]),
            Route(path, guard(self.post), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what can be put right."""
        case = await asyncio.to_thread(self._found, request.path_params["number"], me)
        await asyncio.to_thread(
            seen.note,
            self._parts.store,
            case["id"],
            me.id,
            now=self._parts.clock(),
            doing=Presence.WRITING,
        )
        return await self._page(request, me, case)

    async def post(self, request: Request, me: Handler) -> Response:
        """Put one thing right."""
        sent = await self._access.sent(request)
        case = await asyncio.to_thread(self._found, request.path_params["number"], me)
        try:
            subject = Subject(sent.get("uppgift", ""))
        except ValueError:
            return await self._page(request, me, case, problems=("Välj vad som ska rättas.",), typed=sent)
        try:
            await asyncio.to_thread(
                self._rectifying.correct,
                case["id"],
                subject,
                sent.get("ny", ""),
                why=sent.get("varfor", ""),
                by=me.id,
                version=version_of(sent),
            )
        except IllegalActError as error:
            return await self._page(request, me, case, problems=error.missing, typed=sent)
        except StaleCaseError:
            return await self._page(request, me, case, problems=(STALE,), typed=sent, status=409)
        return RedirectResponse(f"{views.case_url(case['number'])}?{urlencode({'klart': 'rattat'})}", 303)

    def _found(self, number: str, me: Handler) -> Row:
        with self._parts.store.read() as transaction:
            case = cases.find_number(transaction, number)
        if case is None or not sees(self._parts.acts.reader(me.id), case):
            raise HiddenCaseError
        if not self._rectifying.may(case, by=me.id):
            raise OnlyReadingError
        return case

    async def _page(
        self,
        request: Request,
        me: Handler,
        case: Row,
        *,
        problems: tuple[str, ...] = (),
        typed: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> Response:
        shown = await asyncio.to_thread(self._rectifying.shown, case)
        return self._show.page(
            "rectify",
            me=me,
            token=self._access.token(request),
            status=status or (422 if problems else 200),
            case=self._views.head(case),
            version=case["version"],
            shown=[(str(subject), words) for subject, words in shown.items()],
            problems=problems,
            typed={"uppgift": "", "ny": "", "varfor": "", **(typed or {})},
        )
