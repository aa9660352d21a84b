"""What came of synpunkter: the public page, and the staff pages where a manager approves its texts."""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.directory import NotAllowedError
from bots.desk.improvements import Improvements, PersonalTextError
from bots.web import fields, seen, views
from bots.web.about import LANGUAGES
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import STALE, version_of
from store import cases, journal
from store.cases import StaleCaseError
from store.domain import Entry, Handler, Presence
from store.engine import Row
from store.improvements import LONGEST
from store.life import IllegalActError
from store.sight import HiddenCaseError, OnlyReadingError, sees

PATH = "/forbattringar"
OWN = "/publicera"


def improves(me: Handler, parts: Parts) -> bool:
    """Tell whether somebody answers for a unit, and so for what is published of it."""
    return bool(parts.acts.reader(me.id).manages)


class ImprovementPages:
    """The pages; they work without a script. Nothing is public that no manager has approved."""

    def __init__(self, *, improvements: Improvements, parts: Parts, show: Show, access: Access) -> None:
        self._improvements = improvements
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the pages: the first is open to everybody, the others lie behind the door."""
        guard, case = self._access.for_staff, "/arenden/{number}/publicera"
        return [
            Route(PATH, self.public, methods=["GET"]),
            Route(OWN, guard(self.own), methods=["GET"]),
            Route(case, guard(self.look), methods=["GET"]),
            Route(case, guard(self.post), methods=["POST"]),
        ]

    async def public(self, request: Request) -> Response:
        """Show what synpunkter have led to, by year and unit."""
        wanted = request.query_params.get("sprak", "")
        years = await asyncio.to_thread(self._improvements.years)
        return self._show.page(
            "improvements",
            language=wanted if wanted in LANGUAGES else LANGUAGES[0],
            path=PATH,
            years=[
                {"year": one.year, "count": one.count, "units": [(of.unit, of.texts) for of in one.units]}
                for one in years
            ],
        )

    async def own(self, request: Request, me: Handler) -> Response:
        """Show a manager what could be published of the own units, and what is."""
        if not improves(me, self._parts):
            raise NotAllowedError
        waiting, shown = await asyncio.to_thread(self._of, me)
        return self._show.page(
            "improvements_own",
            me=me,
            token=self._access.token(request),
            waiting=waiting,
            shown=shown,
        )

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what could be published of a case, and what is."""
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
        """Approve a text, or withdraw the one that stands."""
        sent = await self._access.sent(request)
        case = await asyncio.to_thread(self._found, request.path_params["number"], me)
        text = fields.one_line(sent.get("text", ""), most=LONGEST + 1)
        try:
            done = await asyncio.to_thread(self._act, case["id"], text, sent, me)
        except PersonalTextError as error:
            return await self._page(
                request, me, case, problems=error.remarks, text=text, may_stand=error.may_stand
            )
        except IllegalActError as error:
            return await self._page(request, me, case, problems=error.missing, text=text)
        except StaleCaseError:
            return await self._page(request, me, case, problems=(STALE,), text=text, status=409)
        return RedirectResponse(f"{views.case_url(case['number'])}?{urlencode({'klart': done})}", 303)

    def _act(self, case_id: int, text: str, sent: Mapping[str, str], me: Handler) -> str:
        """Do what was sent, and return the name of the notice that says so."""
        version = version_of(sent)
        if sent.get("gor") == "dra-in":
            self._improvements.withdraw(case_id, by=me.id, version=version)
            return "indraget"
        despite = sent.get("anda") == "ja"
        self._improvements.approve(case_id, text, by=me.id, version=version, despite=despite)
        return "publicerat"

    def _found(self, number: str, me: Handler) -> Row:
        with self._parts.store.read() as transaction:
            case = cases.find_number(transaction, number)
        if case is None or not sees(self._parts.acts.reader(me.id), case):
            raise HiddenCaseError
        if not self._improvements.may(case, by=me.id):
            raise OnlyReadingError
        return case

    def _of(self, me: Handler) -> tuple[Sequence[Mapping[str, object]], Sequence[Mapping[str, object]]]:
        reader = self._parts.acts.reader(me.id)
        waiting, shown = self._improvements.of_units(reader.manages)
        with self._parts.store.write() as transaction:
            entry = Entry(actor=me.id, act=journal.READING, details={"vad": "förbättringar att publicera"})
            journal.write(transaction, self._parts.clock(), entry)
        return (
            [
                self._line(row) | {"text": row["improvement"] or row["measure"]}
                for row in waiting
                if sees(reader, row)
            ],
            [
                self._line(row)
                | {
                    "text": row["text"],
                    "by": self._views.person(row["approved_by"]),
                    "at": row["approved_at"],
                }
                for row in shown
                if sees(reader, row)
            ],
        )

    def _line(self, row: Row) -> dict[str, object]:
        return {
            "number": row["number"],
            "url": f"{views.case_url(row['number'])}/publicera",
            "unit": self._views.unit(row["unit"]),
        }

    async def _page(
        self,
        request: Request,
        me: Handler,
        case: Row,
        *,
        problems: Sequence[str] = (),
        text: str | None = None,
        may_stand: bool = False,
        status: int = 0,
    ) -> Response:
        why_not = await asyncio.to_thread(self._improvements.why_not, case)
        begun = await asyncio.to_thread(self._improvements.begun, case)
        stands = await asyncio.to_thread(self._stands, case["id"])
        return self._show.page(
            "improvement",
            me=me,
            token=self._access.token(request),
            status=status or (422 if problems else 200),
            case=self._views.head(case),
            version=case["version"],
            why_not=why_not,
            text=begun if text is None else text,
            most=LONGEST,
            stands=stands,
            problems=problems,
            may_stand=may_stand,
        )

    def _stands(self, case_id: int) -> Mapping[str, object] | None:
        row = self._improvements.stands(case_id)
        if row is None:
            return None
        return {"text": row["text"], "by": self._views.person(row["approved_by"]), "at": row["approved_at"]}
