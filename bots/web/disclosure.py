"""The pages on which the record is handed out: chosen, masked, packed. Acts: `bots.desk.disclosure`.

They ask neither who wants it nor what for (TF 2:18). All works without a script.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk import doors
from bots.desk.disclosure import masking
from bots.desk.disclosure.disclosing import MOST, Disclosing, NotReadyError, Overview
from bots.desk.disclosure.masking import BOX, Decision, Pieces, Span
from bots.desk.disclosure.package import ChangedError
from bots.desk.disclosure.papers import File
from bots.desk.disclosure.review import Judged, Review
from bots.desk.disclosure.rules import WHOLE
from bots.web import seen, views
from bots.web.access import Access
from bots.web.downloads import download
from bots.web.fields import one_line
from bots.web.filters import NAMES, Asked, read
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import LONGEST
from store import cases, lists
from store.deadlines import day_of
from store.disclosures import State
from store.domain import Handler, Kind, Lane
from store.engine import Row
from store.lists import Queue

PATH = "/utlamnanden"
READ = "genomgång för utlämnande"  # what the journal says of who has judged a case
_AT_A_TIME = 80  # passages of one form: a post has at most 200 fields
_MOST_SENTENCES = 300  # those that are ticked are sent, and no others
_LONGEST_NUMBER = 40
_CHOOSES = ("unit", "kind", "since", "until", "text")


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a page shows besides what there is: what is missing, or what was just done."""

    problems: Sequence[str] = ()
    status: int = 200


class DisclosurePages:
    """The pages. Only the registrator sees them (requirements C3)."""

    def __init__(self, *, disclosing: Disclosing, parts: Parts, show: Show, access: Access) -> None:
        self._disclosing = disclosing
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        one = f"{PATH}/{{disclosure:int}}"
        case = f"{one}/{{number}}"
        return [
            Route(PATH, guard(self.listed), methods=["GET"]),
            Route(PATH, guard(self.begin), methods=["POST"]),
            Route(one, guard(self.look), methods=["GET"]),
            Route(one, guard(self.act), methods=["POST"]),
            Route(f"{one}/paket", guard(self.package), methods=["GET"]),
            Route(f"{one}/avslag", guard(self.refusal), methods=["GET"]),
            Route(f"{one}/avslag", guard(self.refuse), methods=["POST"]),
            Route(case, guard(self.case), methods=["GET"]),
            Route(case, guard(self.judge), methods=["POST"]),
        ]

    async def listed(self, request: Request, me: Handler) -> Response:
        """Show what has been handed out, or is being made ready."""
        return await self._list(request, me, _Told())

    async def begin(self, request: Request, me: Handler) -> Response:
        """Begin with one case, with those of a list, or with none where something was asked for."""
        sent = await self._access.sent(request)
        number, query = sent.get("nummer", "")[:_LONGEST_NUMBER], sent.get("urval", "")
        asked_in = sent.get("begaran", "")[:_LONGEST_NUMBER]
        try:
            chosen, words = await asyncio.to_thread(self._chosen, me, number, query, is_list="urval" in sent)
            made = await asyncio.to_thread(
                self._disclosing.begin, chosen, selection=words, by=me.id, request=asked_in
            )
        except NotReadyError as error:
            return await self._list(request, me, _Told(problems=error.problems, status=422))
        return RedirectResponse(f"{PATH}/{made}", 303)

    async def look(self, request: Request, me: Handler) -> Response:
        """Show one disclosure: its cases, what waits to be decided, and what to do next."""
        return await self._overview(request, me, _Told())

    async def act(self, request: Request, me: Handler) -> Response:
        """Add cases, decide of what nobody has decided of, hand out, or give up."""
        sent, desk = await self._access.sent(request), self._disclosing
        desk.only_registrators(me.id)
        made, wish = _id(request), sent.get("gor", "")
        url = f"{PATH}/{made}"
        try:
            if wish == "lagg-till":
                number = sent.get("nummer", "").strip()[:_LONGEST_NUMBER]
                query = urlencode({NAMES[one]: sent.get(NAMES[one], "") for one in _CHOOSES})
                chosen, _ = await asyncio.to_thread(self._chosen, me, number, query, is_list=not number)
                await asyncio.to_thread(desk.add, made, chosen, by=me.id)
            elif wish in {"maska", "visa"}:
                await asyncio.to_thread(
                    desk.decide_all, made, masked=wish == "maska", by=me.id, kind=sent.get("slag", "")[:40]
                )
            elif wish == "lamna-ut":
                await asyncio.to_thread(desk.hand_out, made, by=me.id)
            elif wish == "avbryt":
                await asyncio.to_thread(desk.abandon, made, by=me.id)
                url = PATH
            else:
                raise HTTPException(400)
        except NotReadyError as error:
            return await self._overview(request, me, _Told(problems=error.problems, status=422))
        return RedirectResponse(url, 303)

    async def package(self, request: Request, me: Handler) -> Response:
        """Hand out the package, the same as the first time."""
        made = _id(request)
        try:
            data = await asyncio.to_thread(self._disclosing.package, made, by=me.id)
        except ChangedError as error:
            words = f"Paketet kan inte göras likadant igen: {error}. Det som lämnades ut står nedanför."
            return await self._overview(request, me, _Told(problems=[words], status=409))
        return download(data, f"utlamnande-{made}.zip", media_type="application/zip")

    async def refusal(self, request: Request, me: Handler) -> Response:
        """Show the decision to refuse, to be written on."""
        text = await asyncio.to_thread(self._disclosing.refusal, _id(request), by=me.id)
        return await self._refusal(request, me, text, _Told())

    async def refuse(self, request: Request, me: Handler) -> Response:
        """Keep the decision, and hand it over as a PDF."""
        sent, made = await self._access.sent(request), _id(request)
        text = sent.get("text", "")[:LONGEST]
        try:
            data = await asyncio.to_thread(self._disclosing.refuse, made, text, by=me.id)
        except NotReadyError as error:
            return await self._refusal(request, me, text, _Told(problems=error.problems, status=422))
        return download(data, f"beslut-{made}.pdf", media_type="application/pdf")

    async def _refusal(self, request: Request, me: Handler, text: str, told: _Told) -> Response:
        return await self._one(
            request, me, "disclosure_refusal", told, lambda _: {"text": text, "longest": LONGEST}
        )

    async def case(self, request: Request, me: Handler) -> Response:
        """Show the papers of one case, before and after, with each passage to be decided of."""
        return await self._case(request, me, _Told())

    async def judge(self, request: Request, me: Handler) -> Response:
        """Decide of the passages of one paper, of the files, or leave the case out."""
        sent, desk = await self._access.sent(request), self._disclosing
        desk.only_registrators(me.id)
        made, number, wish = _id(request), request.path_params["number"], sent.get("gor", "")
        url = f"{PATH}/{made}/{number}"
        try:
            if wish == "lamna-inte":
                await asyncio.to_thread(desk.leave_out, made, number, by=me.id)
                url = f"{PATH}/{made}"
            elif wish == "bilagor":
                files = [name.removeprefix("fil_") for name in sent if name.startswith("fil_")]
                await asyncio.to_thread(desk.enclose, made, number, files, by=me.id)
            elif wish in {"maska", "visa"}:
                await asyncio.to_thread(
                    desk.decide_all, made, masked=wish == "maska", by=me.id, number=number
                )
            elif wish == "avgor":
                await asyncio.to_thread(self._decide, made, number, sent, me)
                url += f"#{sent.get('handling', '')[:80]}"
            else:
                raise HTTPException(400)
        except NotReadyError as error:
            return await self._case(request, me, _Told(problems=error.problems, status=422))
        return RedirectResponse(url, 303)

    def _decide(self, made: int, number: str, sent: Mapping[str, str], me: Handler) -> None:
        self._disclosing.decide(
            made,
            number,
            sent.get("handling", ""),
            shown=sent.get("visade", "").split(","),
            masked=[name.removeprefix("m_") for name in sent if name.startswith("m_")],
            sentences=[name.removeprefix("s_") for name in sent if name.startswith("s_")],
            words=one_line(sent.get("ord", ""), most=500),
            paragraph=sent.get("grund", ""),
            by=me.id,
        )

    def _chosen(self, me: Handler, number: str, query: str, *, is_list: bool) -> tuple[list[int], str]:
        """Return the cases that somebody means, and how they were chosen in words."""
        reader, clock = self._parts.acts.reader(me.id), self._parts.clock
        with self._parts.store.read() as transaction:
            if number and not is_list:
                row = cases.find_number(transaction, number.upper())
                return ([row["id"]] if row else []), number.upper()
            if not is_list:
                return [], ""
            queues = lists.queues_of({*self._parts.acts.roles(me.id), *me.roles})
            asked = read({"visa": Queue.ALL, **dict(parse_qsl(query, max_num_fields=50))}, queues)
            page = lists.page(
                transaction,
                queue=asked.queue,
                reader=reader,
                today=day_of(clock()),
                filters=asked.filters,
                limit=MOST + 1,
            )
        ids = [row["id"] for row in page.rows]
        return (ids[::-1] if asked.queue is Queue.ALL else ids), self._in_words(asked)

    def _in_words(self, asked: Asked) -> str:
        shown = {
            "unit": self._views.unit(asked.filters.unit),
            "handler": self._views.person(asked.filters.handler),
        }
        values = asked.values()
        narrowed = [f"{name}: {shown.get(field) or values[name]}" for field, name in asked.narrowed.items()]
        return ", ".join(narrowed) or f"hela listan {asked.queue}"

    async def _list(self, request: Request, me: Handler, told: _Told) -> Response:
        rows = await asyncio.to_thread(self._disclosing.newest, by=me.id)
        return self._show.page(
            "disclosures",
            me=me,
            token=self._access.token(request),
            status=told.status,
            problems=list(told.problems),
            rows=[self._line(row) for row in rows],
            **self._choices(),
        )

    def _line(self, row: Row) -> Mapping[str, object]:
        return {
            "id": row["id"],
            "url": f"{PATH}/{row['id']}",
            "state": row["state"],
            "selection": row["selection"],
            "cases": row.get("cases", 0),
            "begun_at": row["begun_at"],
            "begun_by": self._views.person(row["begun_by"]),
            "handed_at": row["handed_at"],
            "handed_by": self._views.person(row["handed_by"]) if row["handed_by"] else "",
            "sha256": row["sha256"],
            "kilobytes": -(-row["size"] // 1024),
            "made_with": row["made_with"],
        }

    def _choices(self) -> dict[str, Any]:
        return {
            "units": [(one.id, one.name) for one in self._parts.units],
            "kinds": [str(one) for one in Kind],
        }

    async def _overview(self, request: Request, me: Handler, told: _Told) -> Response:
        return await self._one(request, me, "disclosure", told, self._whole)

    async def _one(
        self,
        request: Request,
        me: Handler,
        page: str,
        told: _Told,
        more: Callable[[Overview], dict[str, Any]],
    ) -> Response:
        """Show a page of one disclosure; `more` is what it has besides what every such page has."""
        overview = await asyncio.to_thread(self._disclosing.look, _id(request), by=me.id)
        asking = await asyncio.to_thread(self._disclosing.requested, overview.row, by=me.id)
        return self._show.page(
            page,
            me=me,
            token=self._access.token(request),
            status=told.status,
            problems=list(told.problems),
            one=self._line(overview.row),
            asking=self._asking(asking),
            **more(overview),
        )

    def _whole(self, overview: Overview) -> dict[str, Any]:
        waiting: dict[str, int] = {}
        for one in overview.reviews:
            for judged in one.judged:
                for span in judged.undecided:
                    waiting[span.kind] = waiting.get(span.kind, 0) + 1
        return {
            "is_open": overview.is_open,
            "is_handed_out": overview.row["state"] == State.HANDED_OUT,
            "waiting": sorted(waiting.items()),
            "cases": [self._in_set(overview, one) for one in overview.reviews],
            "given": [dict(one.contents) for one in overview.given],
            **self._choices(),
        }

    def _asking(self, case: Row | None) -> Mapping[str, object] | None:
        if case is None:
            return None
        now = self._parts.clock()
        due = doors.due(Lane.DOCUMENT_REQUEST, case["received_at"], self._disclosing.house.days.closed)
        return {
            "number": case["number"],
            "url": views.case_url(case["number"]),
            "received_at": case["received_at"],
            "hours": int((now - case["received_at"]).total_seconds() // 3600),
            "due": due,
            "is_late": due is not None and now > due,
        }

    def _in_set(self, overview: Overview, one: Review) -> Mapping[str, object]:
        return {
            "number": one.case["number"],
            "url": f"{PATH}/{overview.row['id']}/{one.case['number']}",
            "title": one.case["title"],
            "received_at": one.case["received_at"],
            "papers": len(one.judged),
            "waiting": one.undecided,
            "masked": sum(one.by_paragraph(self._disclosing.grounds).values()),
            "cautions": [caution.words for caution in one.cautions],
            "left_over": one.left_over(),
            "files": len(one.papers.files),
            "chosen": sum(file.key in overview.row["enclosed"] for file in one.papers.files),
        }

    async def _case(self, request: Request, me: Handler, told: _Told) -> Response:
        number = request.path_params["number"]
        overview, one = await asyncio.to_thread(self._disclosing.look_at, _id(request), number, by=me.id)
        opened = await asyncio.to_thread(self._disclosing.opened, one.case["id"], by=me.id)
        await asyncio.to_thread(
            seen.note,
            self._parts.store,
            one.case["id"],
            me.id,
            now=self._parts.clock(),
            what=READ,
            doing=None,
        )
        return self._show.page(
            "disclosure_case",
            me=me,
            token=self._access.token(request),
            status=told.status,
            problems=list(told.problems),
            back=f"{PATH}/{overview.row['id']}",
            disclosure=overview.row["id"],
            one=self._in_set(overview, one),
            case_url=views.case_url(number),
            papers=[_paper(judged) for judged in one.judged],
            files=[_file(file, number, overview, opened) for file in one.papers.files],
            held_back=list(one.papers.held_back),
            paragraphs=list(self._disclosing.grounds.all()),
        )


def _paper(judged: Judged) -> Mapping[str, object]:
    text, spans = judged.paper.text, judged.spans
    groups = [spans[at : at + _AT_A_TIME] for at in range(0, len(spans), _AT_A_TIME)] or [()]
    return {
        "key": judged.paper.key,
        "heading": judged.paper.heading,
        "before": _marked(text, spans),
        "after": _boxes(judged.pieces(with_suggested=True)),
        "waiting": len(judged.undecided),
        "groups": [
            {
                "shown": ",".join(one.name for one in group if not one.fixed),
                "spans": [_span(text, one) for one in group],
            }
            for group in groups
        ],
        "sentences": [
            {"name": f"{begins}-{ends}", "words": text[begins:ends]}
            for begins, ends in masking.sentences(text)[:_MOST_SENTENCES]
        ],
    }


def _span(text: str, one: Span) -> Mapping[str, object]:
    return {
        "name": one.name,
        "words": "" if one.kind == WHOLE else text[one.begins : one.ends],
        "kind": str(one.kind),
        "why": one.why,
        "masked": one.fixed or one.decision is not Decision.LEAVE,
        "decided": one.decision is not Decision.NONE,
        "fixed": one.fixed,
    }


def _marked(text: str, spans: Sequence[Span]) -> list[dict[str, object]]:
    """Cut a text at its passages, whatever is decided of them."""
    cut: list[dict[str, object]] = []
    at = 0
    for one in sorted((one for one in spans if one.kind != WHOLE), key=lambda span: span.begins):
        if one.ends <= at:
            continue
        begins = max(one.begins, at)
        cut += [{"text": text[at:begins], "marked": False}, {"text": text[begins : one.ends], "marked": True}]
        at = one.ends
    cut.append({"text": text[at:], "marked": False})
    return [piece for piece in cut if piece["text"]]


def _boxes(cut: Pieces) -> list[dict[str, object]]:
    return [{"text": one or "", "box": one is BOX} for one in cut]


def _file(file: File, number: str, overview: Overview, opened: set[int]) -> Mapping[str, object]:
    case = views.case_url(number)
    if file.enclosure_id:
        url = f"{case}/svarsfil/{file.enclosure_id}"
    else:
        url = f"{case}/meddelande/{file.message_id}/bilaga/{file.index}"
    return {
        "key": file.key,
        "name": file.name,
        "kilobytes": -(-file.size // 1024),
        "url": url,
        "chosen": file.key in overview.row["enclosed"],
        "opened": bool(file.enclosure_id) or file.message_id in opened,
        "is_image": file.media_type.startswith("image/"),
    }


def _id(request: Request) -> int:
    made: int = request.path_params["disclosure"]
    return made
