"""Staff say here who wrote what an employee has sent in (row T14). The rules lie in `bots.desk.on_behalf`."""

import asyncio
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.web import fields
from bots.web.access import Access
from bots.web.form import EMAIL
from bots.web.parts import Parts
from bots.web.register import moment_of
from bots.web.show import Show
from bots.web.views import case_url
from store import cases
from store.cases import StaleCaseError
from store.deadlines import STOCKHOLM
from store.domain import Address, Handler
from store.engine import Row
from store.life import IllegalActError
from store.sight import HiddenCaseError, sees

_STALE = "Någon annan ändrade ärendet medan du hade sidan öppen. Inget är sparat. Se efter, och spara igen."
_NO_ADDRESS = "Skriv avsändarens e-postadress som namn@example.se."
_NO_TIME = "Skriv dagen som 2026-11-23 och klockslaget som 09:30."


class OnBehalfPage:
    """The form on the page of a case that one of our own sent in, and the same when it must be mended."""

    def __init__(self, *, parts: Parts, show: Show, access: Access) -> None:
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard = self._access.for_staff
        return [Route("/arenden/{number}/avsandare", guard(self.post), methods=["POST"])]

    async def post(self, request: Request, me: Handler) -> Response:
        """Store who the sender is, or show the form again with what was typed and what is missing."""
        sent = await self._access.sent(request)
        case = await self._case(request, me)
        email = fields.one_line(sent.get("email", ""), most=254)
        moment = moment_of(sent.get("day", "").strip(), sent.get("time", "").strip())
        missing = [] if EMAIL.fullmatch(email) else [_NO_ADDRESS]
        if moment is None:
            missing.append(_NO_TIME)
        if missing or moment is None:
            return self._again(request, me, case, sent, missing)
        version = sent.get("version", "")
        try:
            await asyncio.to_thread(
                self._parts.acts.on_behalf,
                case["id"],
                sender=Address(channel="email", handle=email),
                name=fields.one_line(sent.get("name", ""), most=100),
                received_at=moment,
                by=me.id,
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 7 else 0,
            )
        except IllegalActError as error:
            return self._again(request, me, case, sent, error.missing)
        except StaleCaseError:
            fresh = await self._case(request, me)
            return self._again(request, me, fresh, sent, [_STALE], status=409)
        return RedirectResponse(f"{case_url(case['number'])}?klart=avsandare", 303)

    async def _case(self, request: Request, me: Handler) -> Row:
        case = await asyncio.to_thread(self._find, request.path_params["number"])
        if case is None or not sees(self._parts.acts.reader(me.id), case):
            raise HiddenCaseError
        return case

    def _again(
        self,
        request: Request,
        me: Handler,
        case: Row,
        sent: Mapping[str, str],
        missing: Sequence[str],
        *,
        status: int = 422,
    ) -> Response:
        return self._show.page(
            "on_behalf",
            me=me,
            token=self._access.token(request),
            status=status,
            missing=list(missing),
            case={"number": case["number"], "url": case_url(case["number"]), "version": case["version"]},
            typed={name: sent.get(name, "")[:254] for name in ("email", "name", "day", "time")},
        )

    def _find(self, number: str) -> Row | None:
        with self._parts.store.read() as transaction:
            return cases.find_number(transaction, number)


def proposal(case: Row) -> dict[str, str]:
    """Return what the form begins with: nobody, and R as it is."""
    received = case["received_at"].astimezone(STOCKHOLM)
    return {"email": "", "name": "", "day": f"{received:%Y-%m-%d}", "time": f"{received:%H:%M}"}
