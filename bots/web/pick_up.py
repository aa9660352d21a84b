"""The page where a wholly anonymous sender reads with a code, and adds to the case (row X9).

No cookie and no address is needed, and the code is posted: it never stands in a link, a log or a history.
"""

import asyncio
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import templates
from bots.channel import NotKeptError
from bots.web import fields
from bots.web.about import PRIVACY
from bots.web.downloads import download
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.throttle import Buckets, Strangers
from store import enclosures, pick_up
from store.deadlines import day_of
from store.domain import Inbound, Purpose, Status
from store.engine import Row, StoreError
from store.pick_up import Fetched
from templates.facts import AnonymousAcknowledgementFacts

log = logging.getLogger(__name__)

LANGUAGES = ("sv", "en", "fi")
LONGEST = 10_000
_LOOK_AGAIN = 0.1  # seconds
_TICKET = re.compile(r"[0-9a-f]{32}")
_STAGES = {
    "received": (Status.RECEIVED, Status.QUARANTINED, Status.SORTING),
    "answered": (Status.ANSWERED, Status.RETURNED, Status.CLOSED, Status.ARCHIVED),
    "handed": (Status.HANDED_OVER,),
    "tied": (Status.DUPLICATE,),
    "gone": (Status.DISPOSED,),
}
_UNHAPPY = "Avsändaren är inte nöjd med svaret."


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a code leads to; `fetched` is None while its message is kept but not read."""

    fetched: Fetched | None = None


class PickUp:
    """The page of a code, and the receipt that shows one."""

    def __init__(self, *, parts: Parts, show: Show) -> None:
        self._parts = parts
        self._show = show
        self._codes = parts.codes
        self._staff = ById(parts.staff)
        self._strangers = Strangers()
        self._tries = Buckets(size=10, refill=timedelta(minutes=1), clock=parts.clock)
        self._posts = Buckets(size=10, refill=timedelta(seconds=30), clock=parts.clock)

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route("/svar", self.blank, methods=["GET"]),
            Route("/svar", self.open, methods=["POST"]),
            Route("/svar/skriv", self.add, methods=["POST"]),
            Route("/svar/fil", self.file, methods=["POST"]),
        ]

    async def blank(self, request: Request) -> Response:
        """Ask for a code."""
        return self._ask(_language(request.query_params.get("sprak", "")))

    async def open(self, request: Request) -> Response:
        """Show the case of a code. A code that is unknown and one that is mistyped get the same page."""
        sent = await fields.read(request)
        found = await self._enter(request, sent)
        return found if isinstance(found, Response) else self._case(sent, found)

    async def add(self, request: Request) -> Response:
        """Keep what the sender adds to the case, and show the case again."""
        sent = await fields.read(request)
        found = await self._enter(request, sent)
        if isinstance(found, Response):
            return found
        if error := _fault(sent.get("text", "")):
            return self._case(sent, found, error=error, status=422)
        if (wait := self._posts.take(self._strangers.name(request))) is not None:
            return _later(self._case(sent, found, error="post", status=429), wait)
        try:
            receipt = await self._parts.receive(self._addition(sent))
        except NotKeptError:
            log.error("addition: not kept, shown again to its sender")
            return self._case(sent, found, error="unkept", status=503)
        await self.case_of_message(receipt.message_id)
        now = await asyncio.to_thread(self._look, self._codes.mark(sent.get("code", "")))
        return self._case(sent, now or found, notice="sent")

    async def file(self, request: Request) -> Response:
        """Hand out a file of an answer to whoever has the code of its case."""
        sent = await fields.read(request)
        found = await self._enter(request, sent)
        if isinstance(found, Response):
            return found
        seen = [found.fetched, *found.fetched.parts] if found.fetched else []
        files = [file for one in seen for file in one.files]
        row = next((one for one in files if str(one["id"]) == sent.get("fil", "")), None)
        if row is None:
            raise HTTPException(404)
        data = await asyncio.to_thread(self._bytes, row["id"])
        return download(data, row["name"])

    async def thanks(self, request: Request, *, code: str, message_id: int, language: str) -> Response:
        """Show a code, once: with letter M04 if the message gets its case while we wait, else without."""
        found = await self.case_of_message(message_id)
        base = self._base(request)
        link = f"{base}/svar"
        return self._show.page(
            "thanks_anonymous",
            language=language,
            code=code,
            link=link,
            number=found.case["number"] if found else "",
            letter=self._letter(found, code, base, language) if found else "",
        )

    async def case_of_message(self, message_id: int) -> Fetched | None:
        """Wait a moment for a message to be read, and return its case. Nothing may fail now: it is kept."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._parts.patience.total_seconds()
        while True:
            try:
                found = await asyncio.to_thread(self._look_by_message, message_id)
            except StoreError as error:
                log.warning("case not found yet: because=%s", error)
                return None
            if found is not None or clock() >= until:
                return found
            await asyncio.sleep(_LOOK_AGAIN)

    async def _enter(self, request: Request, sent: Mapping[str, str]) -> Seen | Response:
        """Return what the code that was sent leads to, or the page for a wrong one or for too many tries."""
        stranger, language = self._strangers.name(request), _language(sent.get("language", ""))
        # Taken before the look-up: many tries at once must not slip through side by side.
        if (wait := self._tries.take(stranger)) is not None:
            return _later(self._ask(language, error="many", status=429), wait)
        found = await asyncio.to_thread(self._look, self._codes.mark(sent.get("code", "")))
        if found is None:
            return self._ask(language, error="wrong", status=422)
        self._tries.give_back(stranger)
        return found

    def _ask(self, language: str, *, error: str = "", status: int = 200) -> Response:
        return self._show.page(
            "pick_up",
            language=language,
            error=error,
            status=status,
            fetch_code=self._parts.public.fetch_code,
        )

    def _case(
        self, sent: Mapping[str, str], seen: Seen, *, error: str = "", notice: str = "", status: int = 200
    ) -> Response:
        # The same ticket through corrections, so that a double click stays one message.
        ticket = sent.get("ticket", "") if error else ""
        return self._show.page(
            "pick_up_case",
            language=_language(sent.get("language", "")),
            status=status,
            code=sent.get("code", "")[:100],
            case=None if seen.fetched is None else self._shown(seen.fetched),
            ticket=ticket if _TICKET.fullmatch(ticket) else secrets.token_hex(16),
            typed=sent.get("text", "") if error else "",
            unhappy=bool(sent.get("unhappy", "")) if error else False,
            error=error,
            notice=notice,
        )

    def _look(self, mark: str) -> Seen | None:
        with self._parts.store.read() as transaction:
            case = pick_up.case_of(transaction, mark)
            if case is not None:
                return Seen(fetched=pick_up.fetch(transaction, case))
            return Seen() if pick_up.is_kept(transaction, mark) else None

    def _bytes(self, enclosure_id: int) -> bytes:
        with self._parts.store.read() as transaction:
            return enclosures.read(transaction, enclosure_id) or b""

    def _look_by_message(self, message_id: int) -> Fetched | None:
        with self._parts.store.read() as transaction:
            case = pick_up.case_of_message(transaction, message_id)
            return None if case is None else pick_up.fetch(transaction, case)

    def _shown(self, found: Fetched) -> dict[str, object]:
        case, stage = found.case, _stage(found.case)
        handler = self._staff.get(case["handler"]) if stage in {"handled", "answered"} else None
        return {
            "number": case["number"],
            "received_at": case["received_at"],
            "stage": stage,
            "asked": case["status"] == Status.AWAITING_SENDER,
            "handler": {"name": handler.name, "title": handler.title} if handler else None,
            "handed_to": case["handed_to"],
            "answer_by": found.answer_by,
            "answers_anonymous": self._parts.public.answers_anonymous,
            "answers": [self._answer(row, found.files) for row in found.answers],
            "letters": [
                {
                    "is_question": row["purpose"] == Purpose.QUESTION,
                    "body": row["body"].strip(),
                    "at": row["sent_at"],
                }
                for row in found.letters
            ],
            "delays": [{"reason": row["reason"], "answer_on": row["answer_on"]} for row in found.delays],
            "additions": [{"text": row["text"], "at": row["received_at"]} for row in found.additions],
            "parts": [self._shown(one) for one in found.parts],
            "can_write": stage != "gone" and case["status"] != Status.ARCHIVED,
        }

    def _answer(self, row: Row, files: Sequence[Row]) -> dict[str, object]:
        writer = self._staff.get(row["written_by"])
        return {
            "text": row["text"],
            "explanation": row["explanation"],
            "files": [
                {"id": one["id"], "name": one["name"]} for one in files if one["answer_id"] == row["id"]
            ],
            "at": row["delivered_at"],
            "by": {"name": writer.name, "title": writer.title} if writer else None,
        }

    def _addition(self, sent: Mapping[str, str]) -> Inbound:
        text, unhappy = sent.get("text", "").strip(), bool(sent.get("unhappy", ""))
        raw = json.dumps({"text": text, "unhappy": unhappy}, ensure_ascii=False, sort_keys=True).encode()
        ticket = sent.get("ticket", "")
        ticket = ticket if _TICKET.fullmatch(ticket) else secrets.token_hex(16)
        return Inbound(
            channel="web",
            account="svar",
            received_at=self._parts.clock(),
            raw=raw,
            media_type="application/json",
            external_id=f"{ticket}.{hashlib.sha256(raw).hexdigest()[:16]}",
            text=f"{text}\n\n{_UNHAPPY}" if unhappy else text,
            language=_language(sent.get("language", "")),
            pick_up=self._codes.mark(sent.get("code", "")),
        )

    def _letter(self, found: Fetched, code: str, base: str, language: str) -> str:
        public = self._parts.public
        facts: AnonymousAcknowledgementFacts = {
            "service_name": public.service_name,
            "municipality": public.municipality,
            "case_number": found.case["number"],
            "received_on": day_of(found.case["received_at"]),
            "code": code,
            "link": f"{base}/svar",
            "answer_by": found.answer_by,
            "phone": public.phone,
            "phone_hours": public.phone_hours,
            "privacy_url": public.privacy_url or f"{base}{PRIVACY}",
            "marker": False,
        }
        return templates.render("citizen_acknowledgement_anonymous", language=language, **facts).body.strip()

    def _base(self, request: Request) -> str:
        return (self._parts.public.public_url or str(request.base_url)).rstrip("/")


def _fault(text: str) -> str:
    if not text.strip():
        return "empty"
    return "long" if len(text) > LONGEST else ""


def _later(answer: Response, wait: timedelta) -> Response:
    answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
    return answer


def _stage(case: Row) -> str:
    return next((name for name, statuses in _STAGES.items() if case["status"] in statuses), "handled")


def _language(wanted: str) -> str:
    return wanted if wanted in LANGUAGES else LANGUAGES[0]
