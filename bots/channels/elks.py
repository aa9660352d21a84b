"""Hears and sends SMS through 46elks, which signs nothing: each SMS is asked for before it is kept."""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.channel import (
    Capabilities,
    Channel,
    Given,
    HookAnswer,
    HookRequest,
    NotKeptError,
    PermanentFailure,
    Receive,
    TemporaryFailure,
)
from bots.channels.elks_api import Api
from bots.table import Name, Secret, Table, WebAddress
from bots.wire import sms
from bots.wire.http import Service
from bots.wire.pictures import Pictures
from store.domain import Delivered, Inbound, Outgoing

_NAME = "elks"
_SERVICE = "46elks"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_HOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,200}")
_IMAGE = re.compile(r"image\d{0,2}")
_REPORTS = "dlr"
_HOW = {"delivered": Delivered.ARRIVED, "failed": Delivered.FAILED}
# Whatever a body holds is sent to the citizen as an SMS (46elks.se/docs/receive-sms).
_KEPT = HookAnswer(status=204)
_REFUSED = HookAnswer(status=403)


class Settings(Table):
    """What a number at 46elks needs. The service posts to `/hooks/elks/<hook_secret>`."""

    username: Name
    password: Secret
    number: sms.OwnNumber
    hook_secret: Secret
    hook_username: str = ""
    hook_password: Secret | None = None
    base_url: WebAddress = "https://api.46elks.com"
    sends: bool = True


def build(settings: Settings, given: Given) -> Channel:
    """Build the channel; raise `ValueError` without pages, or with a secret that is none."""
    if not given.public_url:
        raise ValueError("46elks lämnar SMS till våra sidor: tabellen [web] med public_url behövs")
    hook_secret = given.secret(settings.hook_secret)
    if not _HOOK_SECRET.fullmatch(hook_secret):
        raise ValueError(
            "hook_secret ska vara minst 16 tecken av a-z, A-Z, 0-9, - och _ (prova: openssl rand -hex 24)"
        )
    hook_password = given.secret(settings.hook_password) if settings.hook_password else ""
    if bool(settings.hook_username) != bool(hook_password):
        raise ValueError("hook_username och hook_password hör ihop: ange båda, eller ingen")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", settings.hook_username + hook_password):
        raise ValueError("hook_username och hook_password får bara ha a-z, A-Z, 0-9, - och _")
    service = Service(
        name=_SERVICE,
        base_url=settings.base_url,
        auth=(settings.username, given.secret(settings.password)),
    )
    return Elks(
        api=Api(service=service, number=settings.number, clock=given.clock),
        line=sms.Line(channel=_NAME, number=settings.number, clock=given.clock),
        given=given,
        door=Door(secret=hook_secret, username=settings.hook_username, password=hook_password),
        sends=settings.sends,
    )


@dataclass(frozen=True, kw_only=True)
class Door:
    """What proves that a post comes from 46elks: a secret in its address, and Basic authentication if set."""

    secret: str
    username: str = ""
    password: str = ""

    def opens(self, request: HookRequest) -> bool:
        """Tell whether a post has the secret, and the password if there is one."""
        if not self.secret:
            return False
        shown, _, _ = request.path.partition("/")
        has_secret = hmac.compare_digest(_bytes(shown), _bytes(self.secret))
        if not self.username:
            return has_secret
        return hmac.compare_digest(_bytes(request.header("authorization")), self._basic) and has_secret

    def address(self, public_url: str, *more: str) -> str:
        """Return the address to give to 46elks, with all that proves it."""
        scheme, _, rest = public_url.partition("://")
        login = f"{self.username}:{self.password}@" if self.username else ""
        return "/".join((f"{scheme}://{login}{rest}", "hooks", _NAME, self.secret, *more))

    @property
    def _basic(self) -> bytes:
        return b"Basic " + base64.b64encode(f"{self.username}:{self.password}".encode())


class Elks:
    """One number at 46elks. `poll_seconds` is how often what may have been missed is looked for."""

    name = _NAME

    def __init__(
        self,
        *,
        api: Api,
        line: sms.Line,
        given: Given,
        door: Door,
        sends: bool,
        poll_seconds: float = 3600.0,
        patience: float = 60.0,
    ) -> None:
        self.capabilities = sms.capabilities(sends=sends)
        self.roads: Mapping[str, Capabilities] = {sms.ROAD: self.capabilities} if sends else {}
        self._api, self._line, self._given, self._door = api, line, given, door
        self._pictures = Pictures(service=api.service)
        self._poll_seconds, self._patience = poll_seconds, patience

    async def check(self) -> list[str]:
        """Prove the key, the number and where it leads, and tell what is left on the account."""
        return await self._api.check(self._door.address(self._given.public_url))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.service.close()

    async def hook(self, request: HookRequest, receive: Receive) -> HookAnswer:
        """Keep an SMS that 46elks knows of, or a report; 403 for what is not theirs. Never a body."""
        if request.method != "POST" or not self._door.opens(request):
            return _REFUSED
        _, _, kind = request.path.partition("/")
        fields = sms.first_of(sms.fields_of(request.body))
        if kind == _REPORTS:
            await receive(self._reported(fields, request.body))
            return _KEPT
        if kind:
            return _REFUSED
        if not fields.keys() & {"message", "from", "image"} and fields.get("direction") != "incoming":
            await receive(self._line.odd(request.body))
            return _KEPT
        return await self._take(fields, request.body, receive)

    async def _take(self, fields: Mapping[str, str], body: bytes, receive: Receive) -> HookAnswer:
        if not _ID.fullmatch(fields.get("id", "")):
            return _REFUSED
        try:
            record = await self._api.record(fields["id"])
        except (TemporaryFailure, PermanentFailure) as failure:
            raise NotKeptError("46elks could not be asked for it") from failure
        if record is None or not _is_same(fields, record):
            return _REFUSED
        pictures = [(address, "") for name, address in fields.items() if _IMAGE.fullmatch(name) and address]
        files, lacks = await self._pictures.fetch(fields["id"], pictures)
        heard = sms.Sms(
            id=fields["id"],
            sender=fields.get("from", ""),
            to=fields.get("to", ""),
            text=fields.get("message", ""),
            at=sms.time_of(str(record.get("created", ""))),
            files=files,
            lacks=lacks,
        )
        await receive(self._line.heard(heard, body))
        return _KEPT

    def _reported(self, fields: Mapping[str, str], body: bytes) -> Inbound:
        letter, status = fields.get("id", ""), fields.get("status", "")
        if not _ID.fullmatch(letter) or not status:
            return self._line.odd(body)
        return self._line.report(
            letter,
            status[:40],
            body,
            how=_HOW.get(status),
            because="46elks: operatören kunde inte lämna fram det.",
            at=sms.time_of(fields.get("delivered", "")),
        )

    async def listen(self, receive: Receive) -> None:
        """Look every hour for SMS that were never posted to us; pictures come by post alone."""

        async def look(since: datetime) -> None:
            for sent, payload in await self._api.incoming(since):
                await receive(self._line.heard(sent, payload))

        await sms.fill_gaps(self._line, self._given.places, look, pause=self._poll_seconds)

    async def send(self, letter: Outgoing) -> str:
        """Send a letter, as several SMS if it is long; 46elks keeps no copy of its words."""
        to = sms.answerable(letter.recipient.handle)
        if not to:
            raise PermanentFailure("46elks: dit går inte att sända SMS.")
        reports = self._door.address(self._given.public_url, _REPORTS)

        async def send(text: str) -> str:
            return await self._api.send(to, text, reports)

        return await sms.send_cut(letter.body, send, patience=self._patience)


def _is_same(fields: Mapping[str, str], record: Mapping[str, Any]) -> bool:
    """Tell whether 46elks has just this SMS. An account that logs no words can only prove the rest."""
    named = all(fields.get(name, "") == str(record.get(name, "")) for name in ("from", "to"))
    words = "message" not in record or _lines(fields.get("message", "")) == _lines(record["message"] or "")
    return named and words and record.get("direction") == "incoming"


def _lines(text: object) -> str:
    return str(text).replace("\r\n", "\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
