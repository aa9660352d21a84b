"""The public form: what a citizen types becomes an `Inbound`, kept before anybody is thanked."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.channel import NotKeptError
from bots.desk.wishes import PHONE, SMS, phone_number
from bots.web import fields, uploads
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.pick_up import PickUp
from bots.web.show import Show
from bots.web.throttle import Buckets, Strangers
from bots.web.tickets import Ticket, Tickets
from bots.web.uploads import Sent, Upload
from store.domain import Address, Inbound, Kind

log = logging.getLogger(__name__)

LANGUAGES = ("sv", "en", "fi")
LONGEST = 10_000
ROADS = ("email", SMS)  # those that the form has words for
POST, NO_ANSWER = "brev", "inget"
_BY_HAND = (PHONE, POST, NO_ANSWER)  # what can always be wished: a human does it, or nobody has to
_MOST_MEGABYTES = 10
# Enough to answer; the rest of RFC 5321 and 6531 is left to the mail server that meets it.
EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,180}\.[^\s@.<>()\[\]\\,;:\"]{2,63}")


class Level(StrEnum):
    """How much a sender tells of who they are (rows L7, K2, X9)."""

    NAMED = "namn"
    CONTACT = "kontakt"  # an address, but no name
    ANONYMOUS = "anonym"


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a citizen has typed and chosen. Empty texts are left out by choice; a name is never demanded.

    `level` is empty when nothing was chosen: then what is filled in speaks for itself.
    """

    text: str = ""
    kind: str = ""
    where: str = ""
    level: str = ""
    name: str = ""
    email: str = ""
    wish: str = ""  # the road by which the answer is wished
    phone: str = ""
    address: str = ""
    language: str = "sv"

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nothing is known of the sender, by their own choice."""
        told = self.name or self.email or self.phone or self.address
        return self.level == Level.ANONYMOUS or (not self.level and not told)


class Form:
    """The form and its receipt."""

    def __init__(self, *, parts: Parts, show: Show, access: Access, pick_up: PickUp, secret: str) -> None:
        self._parts = parts
        self._pick_up = pick_up
        self._show = show
        self._access = access
        self._tickets = Tickets(secret, salt="synpunkt form", clock=parts.clock)
        self._strangers = Strangers()
        # A library or a school is one network, so the bucket is wide.
        self._posts = Buckets(size=10, refill=timedelta(seconds=30), clock=parts.clock)

    def routes(self) -> list[Route]:
        """List the public pages."""
        return [
            Route("/", self.blank, methods=["GET"]),
            Route("/", self.post, methods=["POST"]),
            Route("/tack", self.thanks, methods=["GET"]),
        ]

    async def blank(self, request: Request) -> Response:
        """Show an empty form."""
        return self._form(request, Filled(language=_language(request.query_params.get("sprak", ""))))

    async def post(self, request: Request) -> Response:
        """Keep what was written and lead to the receipt, or show the form again with all that was typed."""
        whole = await _read(request)
        sent, files = whole.fields, whole.files
        filled = _filled(sent, self._parts.roads)
        ticket = self._tickets.taken(sent.get("ticket", ""))
        if not self._access.carries_token(request, sent) or ticket is None:
            return self._form(request, filled, errors={"form": "old"} | _lost(files), status=403)
        errors = faults(filled) | _fault_of_files(whole)
        # What is caught here is told, never dropped: a message in our own trap would count as received (B7).
        if sent.get("website", ""):
            errors["website"] = "filled"
        elif not errors and self._tickets.is_hasty(ticket):
            errors["form"] = "fast"
        if errors:
            return self._form(request, filled, errors=_lost(files) | errors, ticket=ticket, status=422)
        wait = self._posts.take(self._strangers.name(request))
        if wait is not None:
            errors = {"form": "many"} | _lost(files)
            answer = self._form(request, filled, errors=errors, ticket=ticket, status=429)
            answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        message, code = inbound(filled, ticket, self._parts.clock(), files=files), ""
        if filled.is_anonymous and self._parts.public.fetch_code:
            code = self._parts.codes.make(f"{ticket.seed}.{message.external_id}")
            message = replace(message, pick_up=self._parts.codes.mark(code))
        try:
            kept = await self._parts.receive(message)
        except NotKeptError:
            log.error("form: not kept, shown again to its sender")
            errors = {"form": "unkept"} | _lost(files)
            return self._form(request, filled, errors=errors, ticket=ticket, status=503)
        if code:
            # No redirect: it would put the code into an address, and so into logs and histories.
            return await self._pick_up.thanks(
                request, code=code, message_id=kept.message_id, language=filled.language
            )
        receipt = self._tickets.sign(["tack", reference(ticket.id), _comes_by(filled), filled.language])
        return RedirectResponse(f"/tack?{urlencode({'kvitto': receipt})}", 303)

    async def thanks(self, request: Request) -> Response:
        """Show that a message was received. Only our own redirect leads here."""
        match self._tickets.read(request.query_params.get("kvitto", "")):
            case ["tack", str(name), str(road), str(language)]:
                return self._show.page("thanks", language=language, reference=name, road=road)
            case _:
                return RedirectResponse("/", 303)

    def _form(
        self,
        request: Request,
        filled: Filled,
        *,
        errors: Mapping[str, str] | None = None,
        ticket: Ticket | None = None,
        status: int = 200,
    ) -> Response:
        # The same ticket all the way through corrections, so that a double click stays one message.
        ticket = ticket or self._tickets.new()
        return self._show.page(
            "form",
            token=self._access.token(request),
            language=filled.language,
            status=status,
            ticket=self._tickets.give(ticket),
            filled=asdict(filled),
            errors=dict(errors or {}),
            kinds=[str(kind) for kind in Kind],
            levels=[str(level) for level in Level],
            roads=[*(road for road in self._parts.roads if road in ROADS), *_BY_HAND],
            most_files=uploads.MOST_FILES,
            most_megabytes=_MOST_MEGABYTES,
            fetch_code=self._parts.public.fetch_code,
            languages=LANGUAGES,
            longest=LONGEST,
        )


def faults(filled: Filled) -> dict[str, str]:
    """Name what is wrong, field by field. Row K23: an address is demanded only for an answer.

    Nothing is thrown away in silence: who chose to be anonymous, and told who they are, is asked which it is.
    """
    found: dict[str, str] = {}
    if not filled.text.strip():
        found["text"] = "empty"
    elif len(filled.text) > LONGEST:
        found["text"] = "long"
    found |= _faults_of_roads(filled)
    if filled.name and filled.level == Level.ANONYMOUS:
        found["name"] = "anonymous"
    elif filled.name and filled.level == Level.CONTACT:
        found["name"] = "unnamed"
    return found


def _faults_of_roads(filled: Filled) -> dict[str, str]:
    if filled.level == Level.ANONYMOUS:
        return {one: "anonymous" for one in ("email", "phone", "address") if getattr(filled, one)}
    found: dict[str, str] = {}
    wants_answer = filled.level in {Level.NAMED, Level.CONTACT}
    if wants_answer and not filled.email and filled.wish in {"", "email"}:
        found["email"] = "empty"
    elif filled.email and not EMAIL.fullmatch(filled.email):
        found["email"] = "odd"
    if (filled.wish in {SMS, PHONE} or filled.phone) and not phone_number(filled.phone):
        found["phone"] = "odd" if filled.phone else "empty"
    if filled.wish == POST and not filled.address:
        found["address"] = "empty"
    return found


def inbound(filled: Filled, ticket: Ticket, now: datetime, *, files: Sequence[Upload] = ()) -> Inbound:
    """Make the message. R is the time of the post (row B7); its bytes are all that was filled in."""
    content = asdict(filled) | {"reference": reference(ticket.id)}
    if files:
        content |= {"files": uploads.kept(files)}
    raw = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()
    text = filled.text.strip()
    if filled.where:
        text += f"\n\nPlats eller verksamhet: {filled.where}"
    number = phone_number(filled.phone)
    by_phone = Address(channel=PHONE if filled.wish == PHONE else SMS, handle=number) if number else None
    by_post = Address(channel=POST, handle=filled.address) if filled.wish == POST else None
    return Inbound(
        channel="web",
        account="form",
        received_at=now,
        raw=raw,
        media_type="application/json",
        # Not the ticket alone: whoever goes back, changes a word and sends again has written something new.
        external_id=f"{ticket.id}.{hashlib.sha256(raw).hexdigest()[:16]}",
        sender=Address(channel="email", handle=filled.email) if filled.email else by_phone,
        sender_name=filled.name,
        text=text,
        language=filled.language,
        chosen_kind=Kind(filled.kind) if filled.kind else None,
        wished=by_phone if filled.wish in {SMS, PHONE} else by_post,
        files=uploads.listed(files),
    )


def reference(ticket_id: str) -> str:
    """Name a message shortly, to be read aloud: `4F2A-91C0`."""
    return f"{ticket_id[:4]}-{ticket_id[4:8]}".upper()


async def _read(request: Request) -> Sent:
    # A page without files to choose sends its fields as ever.
    if request.headers.get("content-type", "").startswith("multipart/"):
        return await uploads.read(request)
    return Sent(fields=await fields.read(request))


def _fault_of_files(sent: Sent) -> dict[str, str]:
    too_much = sum(len(one.data) for one in sent.files) > _MOST_MEGABYTES * 2**20
    found = uploads.fault(sent) or ("large" if too_much else "")
    return {"files": found} if found else {}


def _lost(files: Sequence[Upload]) -> dict[str, str]:
    """Tell that files must be chosen again: no browser keeps them for a page that comes back."""
    return {"files": "again"} if files else {}


def _comes_by(filled: Filled) -> str:
    """Name the road by which the receipt or the answer comes; empty if none was told."""
    if filled.wish in _BY_HAND:
        return filled.wish
    return "email" if filled.email else SMS if filled.phone else ""


def _filled(sent: Mapping[str, str], roads: Sequence[str]) -> Filled:
    kind, level, wish = sent.get("kind", ""), sent.get("level", ""), sent.get("wish", "")
    return Filled(
        text=sent.get("text", ""),
        kind=kind if kind in set(Kind) else "",
        where=fields.one_line(sent.get("where", ""), most=200),
        name=fields.one_line(sent.get("name", ""), most=100),
        email=fields.one_line(sent.get("email", ""), most=254),
        level=level if level in set(Level) else "",
        wish=wish if wish in _BY_HAND or (wish == SMS and SMS in roads) else "",
        phone=fields.one_line(sent.get("phone", ""), most=40),
        address=fields.one_line(sent.get("address", ""), most=200),
        language=_language(sent.get("language", "")),
    )


def _language(wanted: str) -> str:
    return wanted if wanted in LANGUAGES else LANGUAGES[0]
