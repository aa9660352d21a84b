"""The public form: what a citizen types becomes an `Inbound`, kept before anybody is thanked."""

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.channel import NotKeptError
from bots.web import fields
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.throttle import Buckets, Strangers
from store.deadlines import STOCKHOLM
from store.domain import Address, Inbound, Kind

log = logging.getLogger(__name__)

LANGUAGES = ("sv", "en", "fi")
LONGEST = 10_000
_LEAST_TIME = timedelta(seconds=2)
_TICKET_LIFE = timedelta(hours=24)
# Enough to answer; the rest of RFC 5321 and 6531 is left to the mail server that meets it.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,180}\.[^\s@.<>()\[\]\\,;:\"]{2,63}")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a citizen has typed and chosen. Empty texts are left out by choice; a name is never demanded."""

    text: str = ""
    kind: str = ""
    where: str = ""
    name: str = ""
    email: str = ""
    reply: bool = False
    language: str = "sv"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a form was given when it was shown: its own id, and when."""

    id: str
    at: datetime


class Form:
    """The form and its receipt."""

    def __init__(self, *, parts: Parts, show: Show, access: Access, secret: str) -> None:
        self._parts = parts
        self._show = show
        self._access = access
        self._signer = URLSafeSerializer(secret, salt="synpunkt form")
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
        sent = await fields.read(request)
        filled = _filled(sent)
        ticket = self._ticket(sent.get("ticket", ""))
        if not self._access.carries_token(request, sent) or ticket is None:
            return self._form(request, filled, errors={"form": "old"}, status=403)
        errors = faults(filled)
        # What is caught here is told, never dropped: a message in our own trap would count as received (B7).
        if sent.get("website", ""):
            errors["website"] = "filled"
        elif not errors and self._parts.clock() - ticket.at < _LEAST_TIME:
            errors["form"] = "fast"
        if errors:
            return self._form(request, filled, errors=errors, ticket=ticket, status=422)
        wait = self._posts.take(self._strangers.name(request))
        if wait is not None:
            answer = self._form(request, filled, errors={"form": "many"}, ticket=ticket, status=429)
            answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        try:
            await self._parts.receive(inbound(filled, ticket, self._parts.clock()))
        except NotKeptError:
            log.error("form: not kept, shown again to its sender")
            return self._form(request, filled, errors={"form": "unkept"}, ticket=ticket, status=503)
        receipt = self._signer.dumps(["tack", reference(ticket.id), bool(filled.email), filled.language])
        return RedirectResponse(f"/tack?{urlencode({'kvitto': receipt})}", 303)

    async def thanks(self, request: Request) -> Response:
        """Show that a message was received. Only our own redirect leads here."""
        match self._read_signed(request.query_params.get("kvitto", "")):
            case ["tack", str(name), bool(by_mail), str(language)]:
                return self._show.page("thanks", language=language, reference=name, by_mail=by_mail)
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
        ticket = ticket or Ticket(id=secrets.token_hex(16), at=self._parts.clock())
        return self._show.page(
            "form",
            token=self._access.token(request),
            language=filled.language,
            status=status,
            ticket=self._signer.dumps(["ticket", ticket.id, ticket.at.timestamp()]),
            filled=asdict(filled),
            errors=dict(errors or {}),
            kinds=[str(kind) for kind in Kind],
            languages=LANGUAGES,
            longest=LONGEST,
        )

    def _ticket(self, signed: str) -> Ticket | None:
        match self._read_signed(signed):
            case ["ticket", str(name), int(at) | float(at)]:
                ticket = Ticket(id=name, at=datetime.fromtimestamp(at, STOCKHOLM))
                return ticket if self._parts.clock() - ticket.at < _TICKET_LIFE else None
            case _:
                return None

    def _read_signed(self, signed: str) -> Any:
        try:
            return self._signer.loads(signed)
        except BadSignature:
            return None


def faults(filled: Filled) -> dict[str, str]:
    """Name what is wrong, field by field. Row K23: an address is demanded only for an answer."""
    found: dict[str, str] = {}
    if not filled.text.strip():
        found["text"] = "empty"
    elif len(filled.text) > LONGEST:
        found["text"] = "long"
    if filled.reply and not filled.email:
        found["email"] = "empty"
    elif filled.email and not _EMAIL.fullmatch(filled.email):
        found["email"] = "odd"
    return found


def inbound(filled: Filled, ticket: Ticket, now: datetime) -> Inbound:
    """Make the message. R is the time of the post (row B7); its bytes are all that was filled in."""
    content = asdict(filled) | {"reference": reference(ticket.id)}
    raw = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()
    text = filled.text.strip()
    if filled.where:
        text += f"\n\nPlats eller verksamhet: {filled.where}"
    return Inbound(
        channel="web",
        account="form",
        received_at=now,
        raw=raw,
        media_type="application/json",
        # Not the ticket alone: whoever goes back, changes a word and sends again has written something new.
        external_id=f"{ticket.id}.{hashlib.sha256(raw).hexdigest()[:16]}",
        sender=Address(channel="email", handle=filled.email) if filled.email else None,
        sender_name=filled.name,
        text=text,
        language=filled.language,
        chosen_kind=Kind(filled.kind) if filled.kind else None,
    )


def reference(ticket_id: str) -> str:
    """Name a message shortly, to be read aloud: `4F2A-91C0`."""
    return f"{ticket_id[:4]}-{ticket_id[4:8]}".upper()


def _filled(sent: Mapping[str, str]) -> Filled:
    kind = sent.get("kind", "")
    return Filled(
        text=sent.get("text", ""),
        kind=kind if kind in set(Kind) else "",
        where=fields.one_line(sent.get("where", ""), most=200),
        name=fields.one_line(sent.get("name", ""), most=100),
        email=fields.one_line(sent.get("email", ""), most=254),
        reply=sent.get("reply", "") == "ja",
        language=_language(sent.get("language", "")),
    )


def _language(wanted: str) -> str:
    return wanted if wanted in LANGUAGES else LANGUAGES[0]
