"""Hears and sends SMS through Twilio. Each post is signed; what is missed is looked for every hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field
from twilio.request_validator import RequestValidator, get_signature_algorithm

from bots.channel import (
    Capabilities,
    Channel,
    Given,
    HookAnswer,
    HookRequest,
    PermanentFailure,
    Receive,
)
from bots.channels.twilio_api import Api, because_of
from bots.table import Secret, Table, WebAddress
from bots.wire import sms
from bots.wire.http import Service
from bots.wire.pictures import Pictures
from store.domain import Command, Delivered, Inbound, Outgoing

_NAME = "twilio"
_STATUS = "status"
_ARRIVING = frozenset({"", "receiving", "received"})
_HOW = {
    "delivered": Delivered.ARRIVED,
    "read": Delivered.SEEN,
    "undelivered": Delivered.FAILED,
    "failed": Delivered.FAILED,
}
# What Twilio itself has understood, where its own opt-out is on (it has then answered, too).
_OPT_OUT = {"STOP": Command.STOP, "START": Command.RESUME, "HELP": Command.HELP}
_MOST_PICTURES = 10
# Without a message in it, nothing is sent to the citizen.
_KEPT = HookAnswer(status=200, body=b"<Response/>", media_type="text/xml")
_REFUSED = HookAnswer(status=403)


class Settings(Table):
    """What a number at Twilio needs. The service posts to `/hooks/twilio`."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Secret
    shared_key: Secret | None = None
    number: sms.OwnNumber
    base_url: WebAddress = "https://api.twilio.com"
    poll_seconds: Annotated[float, Field(ge=60)] = 3600.0
    sends: bool = True


def build(settings: Settings, given: Given) -> Channel:
    """Build the channel; raise `ValueError` without pages, or without a token."""
    if not given.public_url:
        raise ValueError("Twilio lämnar SMS till våra sidor: tabellen [web] med public_url behövs")
    token = given.secret(settings.auth_token)
    shared_key = given.secret(settings.shared_key) if settings.shared_key else ""
    if not token.strip() or (settings.shared_key and not shared_key.strip()):
        raise ValueError("auth_token och shared_key prövar att posten är Twilios, och får inte vara tomma")
    service = Service(name="Twilio", base_url=settings.base_url, auth=(settings.account_sid, token))
    return Twilio(
        api=Api(service=service, account=settings.account_sid, number=settings.number, clock=given.clock),
        line=sms.Line(channel=_NAME, number=settings.number, clock=given.clock),
        given=given,
        door=Door(public_url=given.public_url, token=token, shared_key=shared_key),
        sends=settings.sends,
        poll_seconds=settings.poll_seconds,
    )


class Door:
    """Proves that a post is Twilio's, by the address that the world knows us by and all that was posted."""

    def __init__(self, *, public_url: str, token: str, shared_key: str = "") -> None:
        self.address = f"{public_url}/hooks/{_NAME}"
        self.reports = f"{self.address}/{_STATUS}"
        self._token = RequestValidator(token)
        self._shared_key = RequestValidator(shared_key) if shared_key else None

    def opens(self, request: HookRequest, fields: list[tuple[str, str]]) -> bool:
        """Tell whether a post is signed, by the account's token or by the shared key that it names."""
        address = {"": self.address, _STATUS: self.reports}.get(request.path)
        signature = request.header("x-twilio-signature")
        if request.method != "POST" or address is None or not signature:
            return False
        if request.query:
            address += "?" + urlencode(request.query, errors="replace")
        told = request.header("x-twilio-webhooks-signature-settings")
        validator = self._shared_key if told else self._token
        if validator is None:
            return False
        return bool(validator.validate(address, _Fields(fields), signature, get_signature_algorithm(told)))


class _Fields(dict[str, list[str]]):
    """A form as the validator reads it: every value of a field counts."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in fields:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        """Return all values of a field."""
        return self[name]


class Twilio:
    """One number at Twilio. `poll_seconds` is how often what may have been missed is looked for."""

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
        self.capabilities = sms.capabilities(sends=sends, abroad="Twilio Inc. i USA")
        self.roads: Mapping[str, Capabilities] = {sms.ROAD: self.capabilities} if sends else {}
        self._api, self._line, self._given, self._door = api, line, given, door
        self._pictures = Pictures(service=api.service)
        self._poll_seconds, self._patience = poll_seconds, patience

    async def check(self) -> list[str]:
        """Prove the token, the account, the number and where it leads."""
        return await self._api.check(self._door.address)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.service.close()

    async def hook(self, request: HookRequest, receive: Receive) -> HookAnswer:
        """Keep what is signed, whatever it is; 403 for all else. Answer with nothing to send."""
        fields = sms.fields_of(request.body)
        if not self._door.opens(request, fields):
            return _REFUSED
        await receive(await self._told(sms.first_of(fields), request.body))
        return _KEPT

    async def _told(self, fields: Mapping[str, str], body: bytes) -> Inbound:
        message_id = fields.get("MessageSid") or fields.get("SmsSid", "")
        status = (fields.get("MessageStatus") or fields.get("SmsStatus", "")).lower()
        if message_id and status in _ARRIVING and fields.get("From"):
            return await self._heard(message_id, fields, body)
        if message_id and status not in _ARRIVING:
            return self._line.report(
                message_id,
                status[:40],
                body,
                how=_HOW.get(status),
                to=fields.get("To", ""),
                because=because_of(fields.get("ErrorCode", "")),
            )
        return self._line.odd(body)

    async def _heard(self, message_id: str, fields: Mapping[str, str], body: bytes) -> Inbound:
        told = [
            (fields[f"MediaUrl{number}"], fields.get(f"MediaContentType{number}", ""))
            for number in range(_MOST_PICTURES)
            if f"MediaUrl{number}" in fields
        ]
        files, lacks = await self._pictures.fetch(message_id, told)
        heard = sms.Sms(
            id=message_id,
            sender=fields["From"],
            to=fields.get("To", ""),
            text=fields.get("Body", ""),
            command=_OPT_OUT.get(fields.get("OptOutType", "")),
            files=files,
            lacks=lacks,
        )
        return self._line.heard(heard, body)

    async def listen(self, receive: Receive) -> None:
        """Look every hour for SMS that were never posted to us: Twilio does not try for long."""

        async def look(since: datetime) -> None:
            for message in await self._api.incoming(since):
                told = await self._api.media(message)
                files, lacks = await self._pictures.fetch(message.told.id, told)
                await receive(self._line.heard(message.with_files(files, lacks), message.payload))

        await sms.fill_gaps(self._line, self._given.places, look, pause=self._poll_seconds)

    async def send(self, letter: Outgoing) -> str:
        """Send a letter, as several SMS if it is long."""
        to = sms.answerable(letter.recipient.handle)
        if not to:
            raise PermanentFailure("Twilio: dit går inte att sända SMS.")

        async def send(text: str) -> str:
            return await self._api.send(to, text, self._door.reports)

        return await sms.send_cut(letter.body, send, patience=self._patience)
