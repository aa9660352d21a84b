"""Pages behind the signed links in letters to handlers: no login, no cookie, and looking changes nothing."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.by_link import ByLink, NoLinkError, Reply, Seen, Trouble
from bots.desk.links import LinkAct
from bots.desk.sensitive import OpenRoadError
from bots.web import fields, views
from bots.web import seen as reading
from bots.web.people import ById
from bots.web.show import Show
from store.cases import StaleCaseError
from store.deadlines import day_of
from store.domain import Factor, Handler, Kind, Outcome, Unit
from store.life import IllegalActError
from store.links import UsedLinkError
from templates import Rendered

_CODES = {
    Trouble.FORGED: 404,
    Trouble.EXPIRED: 410,
    Trouble.USED: 410,
    Trouble.DONE: 410,
    Trouble.NOT_YOURS: 403,
    Trouble.BARRED: 403,
    Trouble.RESTRICTED: 403,
    Trouble.NOT_NOW: 409,
}
_HEADERS = {
    # The address of the page is the key to it: no other site may see where its reader came from.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_LONGEST = 20_000
_STALE = (
    "Ärendet ändrades medan du hade sidan öppen. Inget är sparat. Se efter att det stämmer, och försök igen."
)
_ANSWERS = frozenset({LinkAct.ANSWER, LinkAct.SEND_DRAFT})


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody has filled in, as it was typed: shown again when something is missing."""

    text: str = ""
    outcome: str = ""
    act_on: str = ""
    explanation: str = ""
    measure: str = ""
    handler: str = ""
    unit: str = ""
    reason: str = ""
    answer_on: str = ""
    despite: str = ""


class LinkPages:
    """The pages. The token in the address is the whole right to them, and is never logged."""

    def __init__(
        self, *, by_link: ByLink, show: Show, staff: Sequence[Handler], units: Sequence[Unit]
    ) -> None:
        self._by_link = by_link
        self._show = show
        self._staff = staff
        self._units = units
        self._views = views.Views(staff=ById(staff), units=ById(units))

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route("/l/{token}", self.look, methods=["GET"]),
            Route("/l/{token}", self.act, methods=["POST"]),
            Route("/l/{token}/ny", self.renew, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """Show what a link does. Filters that follow every link in a mail change nothing by it."""
        token, seen = request.path_params["token"], await self._seen(request)
        if seen.trouble is not None:
            return self._closed(seen.trouble, seen, token)
        if seen.case is not None and seen.person is not None:
            acts = self._by_link.acts
            await asyncio.to_thread(
                reading.note,
                acts.store,
                seen.case["id"],
                seen.person.id,
                now=acts.clock(),
                what=reading.LINK,
                doing=None,  # filters open the links of a mail as well: nobody is seen to be there
            )
        return self._page(token, seen, Typed(text=seen.draft))

    async def act(self, request: Request) -> Response:
        """Do what the link says, once; if something is missing, show again all that was typed."""
        sent = await fields.read(request)
        token, seen = request.path_params["token"], await self._seen(request)
        if seen.trouble is not None or seen.ticket is None:
            return self._closed(seen.trouble or Trouble.FORGED, seen, token)
        typed = _typed(sent)
        reply, problems = self._read(seen, typed)
        if problems:
            return self._page(token, seen, typed, problems=problems, status=422)
        if seen.ticket.act in _ANSWERS and sent.get("shown", "") != _mark(self._preview(seen, reply)):
            return self._page(token, seen, typed)  # nobody sends a letter that has not been read
        try:
            await asyncio.to_thread(self._doing(request, seen, typed, reply, _version(sent)))
        except OpenRoadError as error:
            may = not error.stop.is_final
            return self._page(token, seen, typed, problems=error.missing, status=422, asks_why=may)
        except IllegalActError as error:
            return self._page(token, seen, typed, problems=error.missing, status=422)
        except StaleCaseError:
            return self._page(token, await self._seen(request), typed, problems=[_STALE], status=409)
        except UsedLinkError:
            return self._closed(Trouble.USED, await self._seen(request), token)
        except NoLinkError as error:
            return self._closed(error.trouble, await self._seen(request), token)
        return self._answer("link_done", seen, done=_told(seen))

    async def renew(self, request: Request) -> Response:
        """Mail a fresh link to the address that we know."""
        sent = await asyncio.to_thread(self._by_link.ask_anew, request.path_params["token"])
        return self._guard(self._show.page("link_new", sent=sent))

    async def _seen(self, request: Request) -> Seen:
        return await asyncio.to_thread(self._by_link.look, request.path_params["token"])

    def _doing(
        self, request: Request, seen: Seen, typed: Typed, reply: Reply, version: int
    ) -> Callable[[], None]:
        """Return what is to be done, with everything that was typed, for a thread to do."""
        token, by_link = request.path_params["token"], self._by_link

        def do() -> None:
            match seen.ticket and seen.ticket.act:
                case LinkAct.CONFIRM:
                    by_link.confirm(token, version=version)
                case LinkAct.APPROVE:
                    by_link.approve(token, version=version)
                case LinkAct.CHOOSE_OUTCOME:
                    by_link.choose_outcome(token, reply, version=version)
                case LinkAct.MORE_TIME:
                    day = _day(typed.answer_on) or date.min
                    by_link.more_time(
                        token, reason=typed.reason, answer_on=day, version=version, despite=typed.despite
                    )
                case LinkAct.PASS_ON:
                    by_link.pass_on(
                        token,
                        handler=typed.handler,
                        unit=typed.unit or None,
                        reason=typed.reason,
                        version=version,
                    )
                case _:
                    by_link.answer(token, reply, version=version)

        return do

    def _read(self, seen: Seen, typed: Typed) -> tuple[Reply, list[str]]:
        """Make an answer of what was typed, and list in Swedish what is missing for this act."""
        act = seen.ticket.act if seen.ticket else None
        outcome = Outcome(typed.outcome) if typed.outcome in set(Outcome) else None
        problems = {
            "Skriv svaret.": act in _ANSWERS and not typed.text.strip(),
            "Välj utfall.": (act in _ANSWERS or act is LinkAct.CHOOSE_OUTCOME) and outcome is None,
            "Skriv dagen som 2026-12-24.": any(
                text and _day(text) is None for text in (typed.act_on, typed.answer_on)
            ),
            "Välj vem som ska ha ärendet.": act is LinkAct.PASS_ON
            and typed.handler not in {one.id for one in self._staff if not one.has_left},
            "Skriv den nya dagen.": act is LinkAct.MORE_TIME and not typed.answer_on,
        }
        reply = Reply(
            text=typed.text,
            outcome=outcome or Outcome.DONE,
            act_on=_day(typed.act_on),
            explanation=typed.explanation,
            measure=typed.measure,
            despite=typed.despite,
        )
        return reply, [words for words, is_so in problems.items() if is_so]

    def _preview(self, seen: Seen, reply: Reply) -> Rendered | None:
        if not reply.text.strip() or (reply.outcome is Outcome.NO_ACTION and not reply.explanation.strip()):
            return None
        return self._by_link.preview(seen, reply)

    def _page(
        self,
        token: str,
        seen: Seen,
        typed: Typed,
        *,
        problems: Sequence[str] = (),
        status: int = 200,
        asks_why: bool = False,
    ) -> Response:
        if seen.trouble is not None or seen.ticket is None or seen.case is None:
            return self._closed(seen.trouble or Trouble.FORGED, seen, token)
        ticket, case = seen.ticket, seen.case
        letter = self._preview(seen, self._read(seen, typed)[0]) if ticket.act in _ANSWERS else None
        today = day_of(self._by_link.acts.clock())
        return self._answer(
            "link",
            seen,
            status=status,
            act=str(ticket.act),
            about=_proposal(ticket.about) if ticket.act is LinkAct.CONFIRM else None,
            messages=[views.message(row, case["number"]) for row in seen.messages],
            promise={"day": seen.answer_by, "left": (seen.answer_by - today).days}
            if seen.answer_by
            else None,
            answer=seen.answer,
            letter={"subject": letter.subject, "body": letter.body} if letter else None,
            shown=_mark(letter),
            reachable=bool(case["sender_handle"]),
            typed=asdict(typed),
            problems=list(problems),
            asks_why=asks_why or bool(typed.despite),
            outcomes=[str(one) for one in Outcome],
            staff=[
                {"id": one.id, "name": one.name, "title": one.title}
                for one in self._staff
                if one.id not in {case["handler"], *case["barred"]} and not one.has_left
            ],
            units=[{"id": one.id, "name": one.name} for one in self._units],
            tomorrow=(today + timedelta(days=1)).isoformat(),
        )

    def _closed(self, trouble: Trouble, seen: Seen, token: str) -> Response:
        number = seen.case["number"] if seen.case else ""
        return self._guard(
            self._show.page(
                "link_closed",
                status=_CODES[trouble],
                trouble=str(trouble),
                number=number,
                url=views.case_url(number) if number else "/arenden",
                renewable=seen.renewable,
                renew=f"/l/{token}/ny" if seen.renewable else "",
            )
        )

    def _answer(self, name: str, seen: Seen, *, status: int = 200, **facts: Any) -> Response:
        assert seen.case is not None  # noqa: S101 - for the reader of types: the caller has looked
        assert seen.person is not None  # noqa: S101 - likewise
        head = self._views.head(seen.case)
        return self._guard(self._show.page(name, status=status, case=head, person=seen.person.name, **facts))

    def _guard(self, page: Response) -> Response:
        page.headers.update(_HEADERS)
        return page


def _typed(sent: Mapping[str, str]) -> Typed:
    return Typed(
        text=sent.get("text", "")[:_LONGEST],
        outcome=sent.get("outcome", ""),
        act_on=sent.get("act_on", ""),
        explanation=sent.get("explanation", "")[:_LONGEST],
        measure=sent.get("measure", "")[:_LONGEST],
        handler=sent.get("handler", ""),
        unit=sent.get("unit", ""),
        reason=sent.get("reason", "")[:_LONGEST],
        answer_on=sent.get("answer_on", ""),
        despite=sent.get("despite", "")[:_LONGEST],
    )


def _version(sent: Mapping[str, str]) -> int:
    text = sent.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _mark(letter: Rendered | None) -> str:
    """Name the very words of a letter, so that what was read is what is sent."""
    words = f"{letter.subject}\0{letter.body}" if letter else ""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _proposal(about: Sequence[str]) -> dict[str, str]:
    if len(about) != 2 or about[0] not in set(Kind) or about[1] not in set(Factor):
        raise HTTPException(404)
    return {"kind": about[0], "factor": about[1]}


def _told(seen: Seen) -> str:
    """Say what was done."""
    act = seen.ticket.act if seen.ticket else None
    if act in _ANSWERS:
        is_letter = bool(seen.case and seen.case["sender_handle"])
        return "Svaret är på väg till avsändaren." if is_letter else "Anteckningen är sparad i ärendet."
    return {
        LinkAct.CONFIRM: "Typ och faktor är bekräftade.",
        LinkAct.PASS_ON: "Ärendet är lämnat vidare. Den nya handläggaren får besked.",
        LinkAct.MORE_TIME: "Avsändaren får besked om den nya dagen.",
        LinkAct.APPROVE: "Du har godkänt att ingen åtgärd görs.",
        LinkAct.CHOOSE_OUTCOME: "Utfallet är sparat.",
    }[act or LinkAct.CONFIRM]
