"""The page where staff take down what was said to them, or came on paper (rows L6, G7, K1, N10).

It becomes an `Inbound` and goes the way of every other message: kept, numbered, thanked for.
"""

import asyncio
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.channel import NotKeptError
from bots.desk.taken import is_fixable
from bots.desk.wishes import PHONE, SMS, phone_number
from bots.web import fields, uploads
from bots.web.access import Access
from bots.web.form import EMAIL
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.tickets import Tickets
from bots.web.uploads import Upload
from bots.web.views import case_url
from store import pick_up
from store.deadlines import STOCKHOLM, day_of
from store.domain import (
    BY_STAFF,
    Address,
    Handler,
    Inbound,
    Kind,
    SenderCategory,
    Source,
    Status,
    Taken,
)
from store.engine import Row, StoreError
from store.sight import sees

log = logging.getLogger(__name__)

LONGEST = 20_000
# The form on the web writes its own cases.
SOURCES = tuple(one for one in Source if one is not Source.WEB)
_OLDEST = timedelta(days=5 * 366)
_TICKET_LIFE = timedelta(hours=24)
_LOOK_AGAIN = 0.1  # seconds
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_MOBILE = re.compile(r"\+467[02369]\d{7}")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What somebody has taken down. `day` and `time` are as they were typed, in Stockholm time."""

    source: str = ""
    day: str = ""
    time: str = ""
    by: str = ""
    text: str = ""
    kind: str = ""
    anonymous: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    category: str = ""
    unit: str = ""
    measure: str = ""

    @property
    def moment(self) -> datetime | None:
        """Return when it was said or came, or None for what is no time in Stockholm."""
        return moment_of(self.day, self.time)


class Register:
    """The form for staff, and its receipt. Whoever is logged in may use it (row G18)."""

    def __init__(self, *, parts: Parts, show: Show, access: Access, secret: str) -> None:
        self._parts = parts
        self._show = show
        self._access = access
        self._tickets = Tickets(secret, salt="synpunkt register", clock=parts.clock)

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route("/registrera", guard(self.blank, guests=True), methods=["GET"]),
            Route("/registrera", guard(self.post, guests=True), methods=["POST"]),
            Route("/registrera/klart", guard(self.done, guests=True), methods=["GET"]),
        ]

    async def blank(self, request: Request, me: Handler) -> Response:
        """Show an empty form; only who takes it down is filled in."""
        return self._form(request, me, Filled(by=me.name))

    async def post(self, request: Request, me: Handler) -> Response:
        """Keep what was taken down and lead to the receipt, or show the form again with what was typed."""
        sent = await uploads.read(request)
        filled, ticket = self._filled(sent.fields), self._ticket(sent.fields.get("ticket", ""))
        if not self._access.carries_token(request, sent.fields):
            ticket = ""  # a page from before the last login, or not ours at all: nothing is done with it
        errors = faults(filled, self._parts.clock())
        if wrong := uploads.fault(sent):
            errors["files"] = wrong
        if not ticket:
            errors["form"] = "old"
        if errors:
            lost = bool(sent.files) and "files" not in errors
            return self._form(
                request,
                me,
                filled,
                errors=errors | ({"files": "again"} if lost else {}),
                ticket=ticket,
                status=422 if ticket else 403,
            )
        message = inbound(filled, sent.files, ticket=ticket, recorder=me.id, roads=self._parts.roads)
        try:
            kept = await self._parts.receive(message)
        except NotKeptError:
            log.error("registered: not kept, shown again to its recorder")
            errors = {"form": "unkept"} | ({"files": "again"} if sent.files else {})
            return self._form(request, me, filled, errors=errors, ticket=ticket, status=503)
        receipt = self._tickets.sign(["klart", kept.message_id])
        return RedirectResponse(f"/registrera/klart?{urlencode({'kvitto': receipt})}", 303)

    async def done(self, request: Request, me: Handler) -> Response:
        """Show which case it became. Only our own redirect leads here."""
        match self._tickets.read(request.query_params.get("kvitto", "")):
            case ["klart", int(message_id)]:
                case = await self._case_of(message_id)
            case _:
                return RedirectResponse("/registrera", 303)
        seen = case is not None and sees(self._parts.acts.reader(me.id), case)
        return self._show.page(
            "register_done",
            me=me,
            token=self._access.token(request),
            number=case["number"] if case else "",
            url=case_url(case["number"]) if case and seen else "",
            answered=case is not None and case["status"] == Status.ANSWERED,
            thanked=case is not None and case["sender_channel"] in self._parts.roads,
        )

    def _form(
        self,
        request: Request,
        me: Handler,
        filled: Filled,
        *,
        errors: Mapping[str, str] | None = None,
        ticket: str = "",
        status: int = 200,
    ) -> Response:
        # The same ticket all the way through corrections, so that a double click stays one case.
        signed = self._tickets.sign(
            ["ticket", ticket or secrets.token_hex(16), self._parts.clock().timestamp()]
        )
        return self._show.page(
            "register",
            me=me,
            token=self._access.token(request),
            status=status,
            ticket=signed,
            filled=asdict(filled),
            errors=dict(errors or {}),
            sources=[str(one) for one in SOURCES],
            kinds=[str(one) for one in Kind],
            categories=[str(one) for one in SenderCategory],
            units=[{"id": one.id, "name": one.name} for one in self._parts.units],
            today=day_of(self._parts.clock()).isoformat(),
            most_files=uploads.MOST_FILES,
            most_megabytes=uploads.MOST_BYTES // 2**20,
        )

    def _filled(self, sent: Mapping[str, str]) -> Filled:
        def among(name: str, values: Sequence[str]) -> str:
            return sent.get(name, "") if sent.get(name, "") in values else ""

        return Filled(
            source=among("source", SOURCES),
            day=fields.one_line(sent.get("day", ""), most=20),
            time=fields.one_line(sent.get("time", ""), most=20),
            by=fields.one_line(sent.get("by", ""), most=100),
            text=sent.get("text", ""),
            kind=among("kind", list(Kind)),
            anonymous=among("anonymous", ["ja"]),
            name=fields.one_line(sent.get("name", ""), most=100),
            email=fields.one_line(sent.get("email", ""), most=254),
            phone=fields.one_line(sent.get("phone", ""), most=40),
            category=among("category", list(SenderCategory)),
            unit=among("unit", [one.id for one in self._parts.units]),
            measure=sent.get("measure", ""),
        )

    def _ticket(self, signed: str) -> str:
        match self._tickets.read(signed):
            case ["ticket", str(name), int(at) | float(at)]:
                age = self._parts.clock() - datetime.fromtimestamp(at, UTC)
                return name if age < _TICKET_LIFE else ""
            case _:
                return ""

    async def _case_of(self, message_id: int) -> Row | None:
        """Wait a moment for the message to get its case. Nothing may fail any more: it is kept."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._parts.patience.total_seconds()
        while True:
            try:
                found = await asyncio.to_thread(self._look, message_id)
            except StoreError as error:
                log.warning("case not found yet: because=%s", error)
                return None
            if found is not None or clock() >= until:
                return found
            await asyncio.sleep(_LOOK_AGAIN)

    def _look(self, message_id: int) -> Row | None:
        with self._parts.store.read() as transaction:
            return pick_up.case_of_message(transaction, message_id)


def faults(filled: Filled, now: datetime) -> dict[str, str]:
    """Name what is wrong, field by field, in the order of the page. Nothing is thrown away in silence."""
    found: dict[str, str] = {}
    if not filled.source:
        found["source"] = "empty"
    if wrong := _fault_of_time(filled, now):
        found["day"] = wrong
    if not filled.by:
        found["by"] = "empty"
    if not filled.text.strip():
        found["text"] = "empty"
    elif len(filled.text) > LONGEST:
        found["text"] = "long"
    found |= _faults_of_sender(filled)
    if wrong := _fault_of_measure(filled):
        found["measure"] = wrong
    return found


def _faults_of_sender(filled: Filled) -> dict[str, str]:
    if filled.anonymous:
        return {one: "anonymous" for one in ("name", "email", "phone") if getattr(filled, one)}
    found: dict[str, str] = {}
    if filled.email and not EMAIL.fullmatch(filled.email):
        found["email"] = "odd"
    if filled.phone and not phone_number(filled.phone):
        found["phone"] = "odd"
    return found


def _fault_of_measure(filled: Filled) -> str:
    if len(filled.measure) > LONGEST:
        return "long"
    if not filled.measure.strip() or not filled.source:
        return ""
    reachable = bool(filled.email or filled.phone)
    return "" if is_fixable(Source(filled.source), reachable=reachable) else "untold"


def inbound(
    filled: Filled, files: Sequence[Upload], *, ticket: str, recorder: str, roads: Sequence[str]
) -> Inbound:
    """Make the message. R is when it was said or came; its bytes are all that was filled in, files included.

    `filled` must be without `faults`. The time of registration is when it is kept, and so not in the bytes.
    """
    moment = filled.moment
    if moment is None:
        raise ValueError("what has no time can not be registered")
    content = asdict(filled) | {"recorder": recorder, "files": uploads.kept(files)}
    raw = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()
    phone = phone_number(filled.phone)
    return Inbound(
        channel=BY_STAFF,
        account=filled.source,
        received_at=moment,
        raw=raw,
        media_type="application/json",
        # Not the ticket alone: whoever goes back and changes a word has taken down something new.
        external_id=f"{ticket}.{hashlib.sha256(raw).hexdigest()[:16]}",
        sender=_sender(filled.email, phone, roads),
        sender_name=filled.name,
        text=filled.text.strip(),
        chosen_kind=Kind(filled.kind) if filled.kind else None,
        taken=Taken(
            source=Source(filled.source),
            by=filled.by,
            recorder=recorder,
            category=SenderCategory(filled.category) if filled.category else None,
            phone=phone,
            unit=filled.unit,
            measure=filled.measure.strip(),
            files=uploads.listed(files),
        ),
    )


def moment_of(day: str, time: str) -> datetime | None:
    """Return a moment in Stockholm, or None for what is none, such as the hour that is left out in March."""
    found = _TIME.fullmatch(time)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    if found is None:
        return None
    wall = datetime(on.year, on.month, on.day, int(found[1]), int(found[2]), tzinfo=STOCKHOLM)
    try:
        there_and_back = wall.astimezone(UTC).astimezone(STOCKHOLM)
    except OverflowError:  # the first hour of the year 1 is in the year before in UTC
        return None
    return wall if there_and_back.replace(tzinfo=None) == wall.replace(tzinfo=None) else None


def _sender(email: str, phone: str, roads: Sequence[str]) -> Address | None:
    if email:
        return Address(channel="email", handle=email)
    if not phone:
        return None
    # A letter goes to a mobile, if there is such a road; else somebody must phone.
    return Address(channel=SMS if SMS in roads and _MOBILE.fullmatch(phone) else PHONE, handle=phone)


def _fault_of_time(filled: Filled, now: datetime) -> str:
    if not filled.day or not filled.time:
        return "empty"
    moment = filled.moment
    if moment is None:
        return "odd"
    if moment > now:
        return "future"
    return "old" if now - moment > _OLDEST else ""
