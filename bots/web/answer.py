"""The page on which an answer is written: kept, looked through, shown as it will be, sent, and taken back.

Every act works without a script. What was typed is kept for its writer as soon as it has been sent to us.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.answering import Answering, Begun, Reply, Shown
from bots.desk.scanning import Scanner, look_through
from bots.desk.sensitive import ALTERNATIVES
from bots.web import fields, uploads, views
from bots.web.access import Access, TokenError
from bots.web.downloads import download
from bots.web.marks import pieces
from bots.web.show import Show
from bots.web.uploads import Sent
from bots.web.work import ANSWER, DESPITE, LONGEST, STALE, Doing, Field, Look, LookedAt, Work, version_of
from store import enclosures
from store.cases import StaleCaseError
from store.deadlines import day_of
from store.domain import Act, Enclosure, Handler, Outcome, Presence, Way
from store.engine import Row, StoreError
from store.life import IllegalActError
from store.outbox import may_be_taken_back
from store.sight import OnlyReadingError

_CLOSES = Field(
    name="closes",
    label="Avsluta ärendet när svaret är framme",
    look=Look.TICK,
    optional=True,
)
_FIELDS = (*ANSWER.fields, _CLOSES, DESPITE)
_SAVED, _LATE = "sparat", "for-sent"
_FAULTS = {
    "many": f"Högst {uploads.MOST_FILES} filer i taget.",
    "large": "Filerna är för stora. Välj färre eller mindre.",
    "kind": "Bara bilder och pdf kan skickas med. Gör om filen till pdf.",
    "virus": "Virusgranskaren har funnit något skadligt i {name}. Filen är inte sparad. "
    "Tala med den som sköter driften.",
    "unscanned": "{name} kan inte virusgranskas just nu och är inte sparad. "
    "Försök igen om en stund, eller svara utan filen.",
}


@dataclass(kw_only=True)
class _View:
    """What the page shows besides the case and what was typed."""

    problems: Sequence[str] = ()
    shown: Shown | None = None
    status: int = 200
    notice: str = ""
    looked: LookedAt | None = None  # None is the case as it is now
    files: Sequence[Row] = field(default_factory=list)


class AnswerPage:
    """The pages. Put their routes before those of `Work`, which has a page for each other act."""

    def __init__(
        self, *, answering: Answering, work: Work, show: Show, access: Access, scanner: Scanner | None = None
    ) -> None:
        self._answering = answering
        self._scanner = scanner
        self._work = work
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard, case = self._access.for_staff, "/arenden/{number}"
        return [
            Route(f"{case}/gor/svara", guard(self.look), methods=["GET"]),
            Route(f"{case}/gor/svara", guard(self.post), methods=["POST"]),
            Route(f"{case}/brev/{{letter:int}}/angra", guard(self.take_back), methods=["POST"]),
            Route(f"{case}/svarsfil/{{file:int}}", guard(self.file), methods=["GET"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show the editor, with what this person has begun; `mall` adds a reply template to it."""
        case = await self._found(request, me)
        await asyncio.to_thread(self._work.seen, case, me, Presence.ANSWERING)
        begun = await asyncio.to_thread(self._answering.begun, case, Act.ANSWER, by=me.id)
        typed = {"way": Way.LETTER if case["sender_handle"] else "", **(begun.typed if begun else {})}
        if chosen := request.query_params.get("mall", ""):
            typed["text"] = await asyncio.to_thread(self._with_template, case, typed, chosen)
        view = _View(files=begun.files if begun else (), notice="angrat" * ("angrat" in request.query_params))
        return await self._page(request, me, case, typed, view)

    async def post(self, request: Request, me: Handler) -> Response:
        """Keep what was typed; then save, add a template, show the letter, or send the one that was shown."""
        sent = await self._sent(request)
        case = await self._found(request, me)
        typed = {one.name: sent.fields.get(one.name, "")[:LONGEST] for one in _FIELDS}
        if (wish := sent.fields.get("gor", "")) == "mall":
            chosen = sent.fields.get("mall", "")
            typed["text"] = await asyncio.to_thread(self._with_template, case, typed, chosen)
        if wrong := uploads.fault(sent) or await self._harm(sent, case, me):
            return await self._page(
                request,
                me,
                case,
                typed,
                _View(
                    problems=[_FAULTS.get(wrong, wrong)],
                    status=422,
                    looked=self._work.looked_at(sent.fields),
                ),
            )
        view = _View(looked=self._work.looked_at(sent.fields))
        try:
            begun = await asyncio.to_thread(self._keep, case, typed, sent, me)
            view.files = begun.files
            if wish == _SAVED:
                return RedirectResponse(f"{views.case_url(case['number'])}?gjort={_SAVED}", 303)
            if wish == "mall":
                return await self._page(request, me, case, typed, view)
            reply = self._reply(case, typed, me)
            shown = await asyncio.to_thread(self._answering.show, case, reply, begun.files, by=me.id)
            is_read = wish != "granska" and sent.fields.get("shown", "") == shown.mark
            is_done = is_read and (shown.stop is None or bool(reply.despite))
            # Who may not answer is told so, and shown nothing first.
            if (shown.letter or shown.remarks) and not is_done and self._answering.may(case, by=me.id):
                view.shown = shown
                view.status = 422 if is_read else 200
                return await self._page(request, me, case, typed, view)
            version = version_of(sent.fields)
            await asyncio.to_thread(
                self._answering.send, case, reply, shown.remarks, by=me.id, version=version
            )
        except IllegalActError as error:
            view.problems, view.status = error.missing, 422
            return await self._page(request, me, case, typed, view)
        except StaleCaseError:
            fresh = await self._found(request, me)
            line = self._work.looked_at(sent.fields).line
            view.looked = await asyncio.to_thread(self._work.now, fresh, since=line)
            view.problems, view.status = [STALE], 409
            return await self._page(request, me, fresh, typed, view)
        except StoreError as error:
            raise HTTPException(400) from error
        return RedirectResponse(f"{views.case_url(case['number'])}?gjort=svara", 303)

    async def take_back(self, request: Request, me: Handler) -> Response:
        """Take a letter back, and lead to where it can be written anew; or say that it is too late."""
        await self._access.sent(request)
        case = await self._found(request, me)
        url, letter = views.case_url(case["number"]), request.path_params["letter"]
        if not self._answering.may(case, by=me.id):
            raise OnlyReadingError
        try:
            act = await asyncio.to_thread(self._answering.take_back, case["id"], letter, by=me.id)
        except IllegalActError as error:
            raise OnlyReadingError from error
        if act is None:
            return RedirectResponse(f"{url}?{urlencode({'gjort': _LATE})}", 303)
        task = "svara" if act is Act.ANSWER else "fraga"
        return RedirectResponse(f"{url}/gor/{task}?angrat=1", 303)

    async def file(self, request: Request, me: Handler) -> Response:
        """Hand out a file of an answer, or of one's own draft."""
        case = await self._found(request, me)
        wanted = request.path_params["file"]
        found = await asyncio.to_thread(self._answering.file, case["id"], wanted, by=me.id)
        if found is None:
            raise HTTPException(404)
        return download(found[1], found[0])

    def beside(self, case: Row, letters: Sequence[Row], me: Handler) -> dict[str, Any]:
        """Tell the page of a case what files went with which letter, and what may be taken back. Blocking."""
        acts = self._answering.acts
        with acts.store.read() as transaction:
            kept = enclosures.of_case(transaction, case["id"])
        files: dict[str, list[dict[str, object]]] = {}
        for row in kept:
            files.setdefault(row["letter_key"], []).append(_file(case, row))
        waiting = next((row for row in reversed(letters) if may_be_taken_back(row)), None)
        undo = None
        if waiting is not None and self._answering.may(case, by=me.id):
            left = waiting["next_try_at"] - acts.clock()
            undo = {
                "url": f"{views.case_url(case['number'])}/brev/{waiting['id']}/angra",
                "purpose": waiting["purpose"],
                "seconds": max(0, -(-left // timedelta(seconds=1))),
            }
        return {"files": files, "undo": undo, "window": self._answering.window(case)}

    async def _found(self, request: Request, me: Handler) -> Row:
        return await asyncio.to_thread(self._work.case_for, request.path_params["number"], me.id)

    async def _sent(self, request: Request) -> Sent:
        """Read a form with files or without; raise `TokenError` when it does not come from our page."""
        has_files = request.headers.get("content-type", "").startswith("multipart/form-data")
        sent = await uploads.read(request) if has_files else Sent(fields=await fields.read(request))
        if not self._access.carries_token(request, sent.fields):
            raise TokenError
        return sent

    async def _harm(self, sent: Sent, case: Row, me: Handler) -> str:
        """Say which file may not go to a sender, or return an empty text. What is found is journaled.

        Unlike what comes in, it waits for the scanner: it goes out within a minute, and nobody is kept from
        writing without it.
        """
        if self._scanner is None:
            return ""
        for file in sent.files:
            verdict = await look_through(self._scanner, file.data)
            if verdict is None:
                return _FAULTS["unscanned"].format(name=file.name)
            if verdict:
                await asyncio.to_thread(self._answering.note_harm, case["id"], verdict, by=me.id)
                return _FAULTS["virus"].format(name=file.name)
        return ""

    def _keep(self, case: Row, typed: Mapping[str, str], sent: Sent, me: Handler) -> Begun:
        dropped = [name.removeprefix("bort_") for name in sent.fields if name.startswith("bort_")]
        return self._answering.keep(
            case,
            Act.ANSWER,
            typed,
            by=me.id,
            files=[Enclosure(name=one.name, media_type=one.media_type, data=one.data) for one in sent.files],
            without=[int(one) for one in dropped if one.isascii() and one.isdigit() and len(one) < 10],
        )

    def _reply(self, case: Row, typed: Mapping[str, str], me: Handler) -> Reply:
        """Make an answer of what was typed; raise `IllegalActError` for what no answer can be without."""
        doing = Doing(
            acts=self._answering.acts,
            answering=self._answering,
            case=case,
            by=me.id,
            version=0,
            typed=typed,
        )
        if not doing.text("text"):
            raise doing.missing("Skriv svaret.")
        way = Way(doing.text("way")) if doing.text("way") in set(Way) else None
        return Reply(
            text=doing.text("text"),
            outcome=doing.one_of("outcome", Outcome, "Välj utfall."),
            act_on=doing.day("act_on"),
            explanation=doing.text("explanation"),
            measure=doing.text("measure"),
            improvement=doing.text("improvement"),
            way=way if case["sender_handle"] else None,
            closes=doing.text("closes") == "ja",
            despite=doing.text("despite"),
        )

    def _with_template(self, case: Row, typed: Mapping[str, str], chosen: str) -> str:
        """Return the text with a reply template below it; unchanged for one that is not for this case."""
        text = typed.get("text", "").rstrip()
        found = next((one for one in self._answering.templates(case) if str(one.id) == chosen), None)
        return "\n\n".join(part for part in (text, found.text if found else "") if part)

    async def _page(
        self, request: Request, me: Handler, case: Row, typed: Mapping[str, str], view: _View
    ) -> Response:
        acts = self._answering.acts
        choices = await asyncio.to_thread(self._answering.templates, case)
        closable = not acts.rules.close_by_triage
        stop = view.shown.stop if view.shown else None
        return self._show.page(
            "answer",
            me=me,
            token=self._access.token(request),
            status=view.status,
            case=self._work.head(case),
            looked=view.looked or await asyncio.to_thread(self._work.now, case),
            fields=[
                self._work.field(one, typed, case)
                for one in _FIELDS
                if one is not DESPITE and (one is not _CLOSES or closable)
            ],
            stop=stop,
            despite=self._work.field(DESPITE, typed, case) if stop and not stop.is_final else None,
            alternatives=ALTERNATIVES,
            problems=list(view.problems),
            messages=await asyncio.to_thread(self._work.messages, case["id"]),
            templates=[{"id": str(one.id), "title": one.title} for one in choices],
            files=[_file(case, row) for row in view.files],
            letter=self._letter(case, view.shown) if view.shown else None,
            remarks=[
                {"concern": str(one.concern), "found": list(one.found), "remedy": one.remedy}
                for one in (view.shown.remarks if view.shown else ())
            ],
            shown=view.shown.mark if view.shown else "",
            window=await asyncio.to_thread(self._answering.window, case),
            previews=bool(case["sender_handle"]),
            also=list(case["untold"]),
            notice=view.notice,
            seconds=int(self._answering.undo.total_seconds()),
            most_files=uploads.MOST_FILES,
            most_megabytes=self._answering.most_bytes // 2**20,
            tomorrow=(day_of(acts.clock()) + timedelta(days=1)).isoformat(),
        )

    def _letter(self, case: Row, shown: Shown) -> dict[str, object] | None:
        if shown.letter is None:
            return None
        identity = self._answering.acts.work.identity
        words = [found for one in shown.remarks for found in one.found]
        return {
            "subject": shown.letter.subject,
            "pieces": pieces(shown.letter.body, words),
            "language": shown.letter.language,
            "sender": f"{identity.name} <{identity.address}>",
            "channel": shown.to.address.channel if shown.to else "",
            "to": shown.to.address.handle if shown.to else "",
            "is_address": shown.to is not None and views.is_address(shown.to.address.handle),
            "to_name": shown.to.name if shown.to else "",
            "files": [_file(case, row) for row in shown.files],
            "reply_by": shown.reply_by,
        }


def _file(case: Row, row: Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "name": row["name"],
        "kilobytes": -(-row["size"] // 1024),
        "url": f"{views.case_url(case['number'])}/svarsfil/{row['id']}",
    }
