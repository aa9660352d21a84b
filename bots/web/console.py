"""The staff pages of one case: what it holds, and what may be done to it. The lists lie in `lists`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.on_behalf import UNANSWERED
from bots.desk.sensitive import OpenRoadError
from bots.web import beside as beside_pages
from bots.web import files, seen, views
from bots.web.access import Access, local_path
from bots.web.answer import AnswerPage
from bots.web.downloads import download
from bots.web.on_behalf import proposal
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import Work, told
from store import cases, inbox, journal, likeness, scans, secrecy
from store.cases import StaleCaseError
from store.deadlines import day_of
from store.domain import UNSURE, Factor, Handler, Kind, MessageState, Presence, Status
from store.engine import Row
from store.inbox import MAIL
from store.likeness import Similar, UnitProposal
from store.secrecy import Caution
from store.sight import HiddenCaseError, sees

_Judged = TypeVar("_Judged", bound=StrEnum)
_LATELY = timedelta(days=90)  # so old a case may be and still be shown as one alike
_NO_VERSION = 0  # no case has it, so a post without one is always stale


@dataclass(frozen=True, kw_only=True)
class Opened:
    """One case with all that belongs to it, seen at one moment."""

    case: Row
    belongings: Mapping[str, Sequence[Row]]
    suggestion: Row | None
    lines: Sequence[Row]
    scans: Mapping[int, Row]
    marks: Sequence[Row]  # of secrecy, lifted ones included
    cautions: Sequence[Caution]


@dataclass(frozen=True, kw_only=True)
class Alike:
    """The cases that are most like one, and the unit that usually gets such cases."""

    cases: Sequence[Similar]
    unit: UnitProposal | None


class Console:
    """The staff pages."""

    def __init__(
        self, *, parts: Parts, show: Show, access: Access, acts: tuple[Work, AnswerPage] | None = None
    ) -> None:
        self._parts = parts
        self._acts = acts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))
        self._beside = beside_pages.BesidePages(parts=parts, show=show, access=access)

    def routes(self) -> list[Route]:
        """List the staff pages, each behind the door."""
        guard = self._access.for_staff
        case = "/arenden/{number}"
        return [
            Route(case, guard(self.case), methods=["GET"]),
            Route(f"{case}/bekrafta", guard(self.confirm), methods=["POST"]),
            Route(f"{case}/slapp", guard(self.release), methods=["POST"]),
            Route(f"{case}/meddelande/{{message:int}}/original", guard(self.original), methods=["GET"]),
            Route(
                f"{case}/meddelande/{{message:int}}/bilaga/{{index:int}}",
                guard(self.attachment),
                methods=["GET"],
            ),
            Route(
                f"{case}/meddelande/{{message:int}}/bilaga/{{index:int}}/bild",
                guard(self.picture),
                methods=["GET"],
            ),
            Route("/brev/{letter:int}/skicka", guard(self.send), methods=["POST"]),
            *self._beside.routes(),
        ]

    async def case(self, request: Request, me: Handler) -> Response:
        """Show one case."""
        opened = await self._opened(request, me)
        if await asyncio.to_thread(self._parts.acts.open_to, opened.case["id"]):
            opened = await self._opened(request, me)
        await self._note(opened, me)
        alike, todo, beside = await asyncio.to_thread(self._around, opened, me)
        return self._case(request, me, opened, alike, todo, beside)

    def _around(
        self, opened: Opened, me: Handler
    ) -> tuple[Alike, Sequence[Mapping[str, object]], Mapping[str, Any]]:
        """Gather what is shown around a case: those alike, what can be done, and what stands beside it."""
        todo: Sequence[Mapping[str, object]] = []
        beside: Mapping[str, Any] = {}
        if self._acts is not None:
            work, answer = self._acts
            choices = work.todo(opened.case, me)
            todo = choices.acts
            beside = answer.beside(opened.case, opened.belongings["letters"], me)
            beside = {**beside, "may_change": choices.may_change}
        together = beside_pages.shown(self._beside.look(opened.case, me))
        return self._alike(opened.case["id"], me), todo, {**beside, **together}

    async def confirm(self, request: Request, me: Handler) -> Response:
        """Store what a human says of type and factor; on a stale page show both words and ask again."""
        sent = await self._access.sent(request)
        try:
            kind = _judged(Kind, sent.get("kind", ""))
            factor = _judged(Factor, sent.get("factor", ""))
        except ValueError as error:
            raise HTTPException(400) from error
        opened = await self._opened(request, me)
        case_id, version = opened.case["id"], _whole(sent.get("version", ""), otherwise=_NO_VERSION)
        try:
            changed = await asyncio.to_thread(
                self._parts.acts.confirm, case_id, kind=kind, factor=factor, by=me.id, version=version
            )
        except StaleCaseError:
            wish = {"kind": kind or UNSURE, "factor": factor or UNSURE}
            return await self._stale(request, me, wish=wish, seen_line=sent.get("rad", ""))
        if kind is None or factor is None:
            return _back(opened, "vet-ej")
        return _back(opened, "andrat" if changed else "bekraftat")

    async def release(self, request: Request, me: Handler) -> Response:
        """Let a case out of quarantine."""
        sent = await self._access.sent(request)
        opened = await self._opened(request, me)
        version = _whole(sent.get("version", ""), otherwise=_NO_VERSION)
        try:
            await asyncio.to_thread(self._parts.acts.release, opened.case["id"], by=me.id, version=version)
        except StaleCaseError:
            return await self._stale(request, me, wish=None, seen_line=sent.get("rad", ""))
        return _back(opened, "slappt" if opened.case["sender_handle"] else "slappt-tyst")

    async def send(self, request: Request, me: Handler) -> Response:
        """Let a letter go that waits for a human's word."""
        sent = await self._access.sent(request)
        back = local_path(sent.get("back", "")).partition("?")[0]
        try:
            went = await asyncio.to_thread(self._parts.acts.send, request.path_params["letter"], by=me.id)
            query = {"klart": "brev" if went else "brev-redan"}
        except OpenRoadError:
            query = {"klart": "brev-hemligt"}
        if back == "/arenden":
            query = {"visa": "brev", **query}
        return RedirectResponse(f"{back}?{urlencode(query)}", 303)

    async def original(self, request: Request, me: Handler) -> Response:
        """Hand out a message as it came, byte for byte."""
        opened = await self._opened(request, me)
        row, data = await self._bytes(request, opened)
        if (warned := self._stopped(request, me, opened, row["id"], None)) is not None:
            return warned
        is_mail = row["media_type"] == MAIL
        name = f"{opened.case['number']}-{row['id']}.{'eml' if is_mail else 'json'}"
        await self._note(opened, me, what=seen.ORIGINAL, message_id=row["id"])
        return download(data, name, media_type=MAIL if is_mail else "application/octet-stream")

    async def attachment(self, request: Request, me: Handler) -> Response:
        """Hand out one file of a message."""
        opened = await self._opened(request, me)
        row, data = await self._bytes(request, opened)
        index = request.path_params["index"]
        if (warned := self._stopped(request, me, opened, row["id"], index)) is not None:
            return warned
        handed_out = await files.fetched(row, index, data)
        await self._note(opened, me, what=seen.FILE, message_id=row["id"])
        return handed_out

    async def picture(self, request: Request, me: Handler) -> Response:
        """Show a picture that came with a message, drawn anew."""
        opened = await self._opened(request, me)
        row, data = await self._bytes(request, opened)
        shown = await files.picture(row, request.path_params["index"], data, opened.scans.get(row["id"]))
        await self._note(opened, me, what=seen.PICTURE, message_id=row["id"])
        return shown

    def _stopped(
        self, request: Request, me: Handler, opened: Opened, message_id: int, part: int | None
    ) -> Response | None:
        """Return a warning instead of what a scanner has found something in; None if it may be handed out."""
        found = scans.names(opened.scans.get(message_id), part)
        warned = files.Warned(
            show=self._show,
            is_registrator=lambda who: self._parts.acts.reader(who.id).is_registrator,
            token=self._access.token,
        )
        return warned.stops(request, me, number=opened.case["number"], found=found)

    async def _note(
        self, opened: Opened, me: Handler, *, what: str = seen.PAGE, message_id: int | None = None
    ) -> None:
        """Note that somebody reads a case, or takes away what lies in it."""
        await asyncio.to_thread(
            seen.note,
            self._parts.store,
            opened.case["id"],
            me.id,
            now=self._parts.clock(),
            what=what,
            doing=Presence.READING if what == seen.PAGE else None,
            message_id=message_id,
        )

    async def _opened(self, request: Request, me: Handler) -> Opened:
        """Return a case; somebody for whom it is not gets to know no more than that (rows N2, B6)."""
        opened = await asyncio.to_thread(self._open, request.path_params["number"])
        # Nobody learns which numbers there are: one without a case gets the same answer.
        if opened is None or not sees(self._parts.acts.reader(me.id), opened.case):
            raise HiddenCaseError
        return opened

    async def _bytes(self, request: Request, opened: Opened) -> tuple[Row, bytes]:
        """Return a message of this very case; a number from another case leads nowhere."""
        wanted = request.path_params["message"]
        row = next((one for one in opened.belongings["messages"] if one["id"] == wanted), None)
        data = await asyncio.to_thread(self._raw, wanted) if row else None
        if row is None or data is None:
            raise HTTPException(404)
        return row, data

    def _case(
        self,
        request: Request,
        me: Handler,
        opened: Opened,
        alike: Alike,
        todo: Sequence[Mapping[str, object]],
        beside: Mapping[str, Any],
    ) -> Response:
        case, today = opened.case, day_of(self._parts.clock())
        messages = opened.belongings["messages"]
        return self._show.page(
            "case",
            me=me,
            token=self._access.token(request),
            case=self._views.head(case),
            messages=[
                self._message(
                    row,
                    case["number"],
                    words=views.words_for(opened.suggestion, row),
                    scan=opened.scans.get(row["id"]),
                )
                for row in messages
            ],
            unreadable=any(row["state"] == MessageState.UNREADABLE for row in messages),
            suggestion=views.suggestion(opened.suggestion),
            promises=[views.promise(row, today) for row in opened.belongings["promises"]],
            letters=[
                self._views.letter(row) | {"files": beside.get("files", {}).get(row["key"], [])}
                for row in opened.belongings["letters"]
            ],
            noted_files=beside.get("files", {}).get("", []),
            undo=beside.get("undo"),
            window=beside.get("window"),
            may_change=beside.get("may_change", True),
            present=beside["present"],
            related=beside["related"],
            corrections=beside["corrections"],
            # Its own page says who may: here nothing is led to that can not be.
            codeable=self._acts is not None
            and beside.get("may_change", True)
            and bool(case["sender_handle"])
            and case["status"] != Status.DISPOSED,
            rectifiable=self._acts is not None
            and beside.get("may_change", True)
            and case["status"] != Status.DISPOSED,
            publishable=self._acts is not None
            and case["status"] in {Status.CLOSED, Status.ARCHIVED}
            and case["unit"] in self._parts.acts.reader(me.id).manages,
            part=beside["part"],
            follows_up=beside["follows_up"],
            divisible=beside["divisible"] and bool(todo),
            confirmations=[self._views.confirmation(row) for row in _judgements(opened)],
            doubts=[
                self._views.confirmation(row)
                for row in opened.belongings["confirmations"]
                if UNSURE in {row["kind"], row["factor"]}
            ],
            cautions=[one.words for one in opened.cautions],
            marks=[self._views.secrecy(row) for row in opened.marks],
            last_line=opened.lines[-1]["id"] if opened.lines else 0,
            journal=[self._views.entry(row) for row in opened.lines],
            kinds=[str(kind) for kind in Kind],
            factors=[str(factor) for factor in Factor],
            alike=[self._views.similar(one) for one in alike.cases],
            usual_unit=self._views.usual_unit(alike.unit, case["unit"]),
            notice=request.query_params.get("klart", ""),
            behalf_of=self._behalf_of(case, messages),
            todo=todo,
            done=_done(request.query_params.get("gjort", ""), waits=bool(beside.get("undo"))),
        )

    def _message(
        self, row: Row, number: str, *, words: Sequence[str], scan: Row | None
    ) -> Mapping[str, object]:
        shown = views.message(row, number, words=words, scan=scan)
        return {**shown, "taken_up": self._views.person(str(shown["taken_up"]))}

    def _behalf_of(self, case: Row, messages: Sequence[Row]) -> Mapping[str, str] | None:
        """Return what the form of row T14 begins with, where one of our own has sent a case in."""
        is_ours = bool(messages) and self._parts.acts.is_ours(messages[0]["from_addr"])
        return proposal(case) if is_ours and case["status"] in UNANSWERED else None

    async def _stale(
        self, request: Request, me: Handler, *, wish: Mapping[str, str] | None, seen_line: str
    ) -> Response:
        opened = await self._opened(request, me)
        said = _judgements(opened)
        line = _whole(seen_line, otherwise=0)
        return self._show.page(
            "stale",
            me=me,
            token=self._access.token(request),
            status=409,
            case=self._views.head(opened.case),
            wish=wish,
            latest=self._views.confirmation(said[-1]) if said else None,
            since=[self._views.entry(row) for row in opened.lines if line and row["id"] > line],
            last_line=opened.lines[-1]["id"] if opened.lines else 0,
        )

    def _open(self, number: str) -> Opened | None:
        with self._parts.store.read() as transaction:
            case = cases.find_number(transaction, number)
            if case is None:
                return None
            belongings = cases.of_case(transaction, case["id"])
            return Opened(
                case=case,
                belongings=belongings,
                suggestion=cases.latest_suggestion(transaction, case["id"]),
                lines=journal.of_case(transaction, case["id"]),
                scans=scans.of_messages(transaction, [row["id"] for row in belongings["messages"]]),
                marks=secrecy.marks(transaction, case["id"]),
                cautions=secrecy.warnings(transaction, case["id"], regulated=self._regulated(case["unit"])),
            )

    def _regulated(self, unit_id: str) -> str:
        return next((one.regulated for one in self._parts.units if one.id == unit_id), "")

    def _alike(self, case_id: int, me: Handler) -> Alike:
        may_see = partial(sees, self._parts.acts.reader(me.id))
        since = self._parts.clock() - _LATELY
        with self._parts.store.read() as transaction:
            near = likeness.near(transaction, case_id)
            return Alike(
                cases=likeness.similar(transaction, case_id, may_see=may_see, since=since, among=near),
                unit=likeness.unit_by_neighbours(transaction, case_id, may_see=may_see, among=near),
            )

    def _raw(self, message_id: int) -> bytes | None:
        with self._parts.store.read() as transaction:
            return inbox.raw(transaction, message_id)


def _done(slug: str, *, waits: bool) -> str:
    """Say what was done; nothing of a letter that waits, since the way to take it back says it better."""
    return "" if waits and slug in {"svara", "fraga"} else told(slug)


def _judged(values: type[_Judged], text: str) -> _Judged | None:
    """Return what somebody says, or None for what they can not judge; raise `ValueError` for nothing."""
    return None if text == UNSURE else values(text)


def _judgements(opened: Opened) -> list[Row]:
    """List what humans have said of type and factor, but for those who could not judge."""
    said = opened.belongings["confirmations"]
    return [row for row in said if UNSURE not in {row["kind"], row["factor"]}]


def _back(opened: Opened, notice: str) -> Response:
    return RedirectResponse(f"{views.case_url(opened.case['number'])}?{urlencode({'klart': notice})}", 303)


def _whole(text: str, *, otherwise: int) -> int:
    """Read a number of at most nine figures that came with a request."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else otherwise
