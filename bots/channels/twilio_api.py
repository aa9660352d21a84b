"""What Twilio can be asked for: what came, its pictures, the account and its number; and to send an SMS."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure
from bots.wire import sms
from bots.wire.http import Service, json_of
from bots.wire.kept import Fetched

_MOST_PAGES = 100
_PAGE = 100
# twilio.com/docs/api/errors. The first are the place's fault, the others ours.
_NEVER = {
    21211: "numret finns inte",
    21217: "numret finns inte",
    21265: "numret tar inte emot SMS från vårt",
    21408: "sms dit är avstängt för kontot (Messaging, Geo permissions)",
    21610: "mottagaren har svarat STOP och får inga fler",
    21612: "numret kan inte nås från vårt",
    21614: "numret tar inte emot SMS",
    21617: "brevet är för långt",
}
_OURS = {
    20003: "auth_token godtas inte. Hämta den på kontots sida och rätta den",
    20005: "kontot är avstängt. Kontakta Twilio",
    21606: "numret i [channels.twilio] får inte sända SMS. Rätta number",
    21659: "numret i [channels.twilio] är inte kontots. Rätta number",
    21660: "numret i [channels.twilio] är inte kontots. Rätta number",
}
_UNDELIVERED = {
    "21610": "Mottagaren har svarat STOP.",
    "30003": "Telefonen är avstängd eller utan täckning.",
    "30004": "Mottagaren eller operatören har spärrat våra SMS.",
    "30005": "Numret finns inte, eller används inte längre.",
    "30006": "Numret är fast och tar inte emot SMS.",
    "30007": "Operatören har stoppat det som oönskat.",
    "30008": "Operatören sa inte varför.",
}


def because_of(code: str) -> str:
    """Return in words why a letter did not arrive."""
    return _UNDELIVERED.get(code, "Twilio kunde inte lämna fram det" + (f" ({code[:10]})." if code else "."))


@dataclass(frozen=True, kw_only=True)
class Message:
    """One SMS from Twilio's list, with what is kept of it. Its pictures are asked for apart."""

    told: sms.Sms
    payload: bytes
    pictures: int = 0

    def with_files(self, files: tuple[Fetched, ...], lacks: tuple[str, ...]) -> sms.Sms:
        """Return the SMS with its pictures."""
        return replace(self.told, files=files, lacks=lacks)


@dataclass(frozen=True, kw_only=True)
class Api:
    """The interface of Twilio, for one account and one number of ours."""

    service: Service
    account: str
    number: str
    clock: Callable[[], datetime]

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}"

    async def incoming(self, since: datetime) -> list[Message]:
        """List the SMS that came to our number since a time, oldest first."""
        # Twilio counts in days here; what is older than asked for is left out below.
        first_day = since.astimezone(UTC).date().isoformat()
        page = await self._get(
            f"{self._path}/Messages.json", **{"To": self.number, "DateSent>": first_day, "PageSize": _PAGE}
        )
        found = [_message(one) for one in _tables(page, "messages") if _came_in(one)]
        for _ in range(_MOST_PAGES):
            following = str(page.get("next_page_uri") or "")
            if not following.startswith("/2010-04-01/"):
                break
            page = await self._get(following)
            found += [_message(one) for one in _tables(page, "messages") if _came_in(one)]
        return [one for one in reversed(found) if one.told.at is None or one.told.at >= since]

    async def media(self, message: Message) -> list[tuple[str, str]]:
        """List the pictures of a message: (address, media type)."""
        if not message.pictures:
            return []
        page = await self._get(f"{self._path}/Messages/{message.told.id}/Media.json")
        return [
            (
                self.service.base_url + str(one["uri"]).removesuffix(".json"),
                str(one.get("content_type") or ""),
            )
            for one in _tables(page, "media_list")
            if str(one.get("uri", "")).startswith("/")
        ]

    async def send(self, to: str, text: str, reports: str) -> str:
        """Send one SMS and return its id; what becomes of it is posted to `reports`."""
        asked = {"From": self.number, "To": to, "Body": text, "StatusCallback": reports}
        answer = await self.service.ask("POST", f"{self._path}/Messages.json", data=asked)
        if answer.status_code != 201:
            raise _refusal(answer)
        told = _table(answer)
        if told.get("status") in {"failed", "undelivered"}:
            raise PermanentFailure("Twilio: SMS:et gick inte att sända dit.")
        if not told.get("sid"):
            raise TemporaryFailure("Twilio: svaret gick inte att läsa.", in_doubt=True)
        return str(told["sid"])

    async def check(self, address: str) -> list[str]:
        """Prove token, account, number and where its posts go."""
        answer = await self.service.ask("GET", f"{self._path}.json")
        if answer.status_code != 200:
            raise _refusal(answer)
        account = _table(answer)
        if account.get("status") != "active":
            raise PermanentFailure("Twilio: kontot är avstängt eller nedlagt. Öppna det på kontots sida.")
        page = await self._get(f"{self._path}/IncomingPhoneNumbers.json", PhoneNumber=self.number)
        own = next(iter(_tables(page, "incoming_phone_numbers")), None)
        if own is None:
            raise PermanentFailure("Twilio: numret i [channels.twilio] är inte kontots. Rätta number.")
        # What follows "#" tells Twilio how to try again, and is no part of the address.
        leads_to = str(own.get("sms_url") or "").partition("#")[0]
        if leads_to != address or own.get("sms_method", "POST") != "POST":
            raise PermanentFailure(
                f"Twilio: numrets adress för SMS leder inte hit. Sätt den till {address} med HTTP POST."
            )
        trial = ["Twilio: kontot är på prov och sänder bara till nummer som ni har bekräftat där"]
        return [
            "Twilio: nyckeln godtas och numret leder hit",
            *(trial if account.get("type") == "Trial" else []),
            *sms.skew("Twilio", answer, self.clock()),
        ]

    async def _get(self, path: str, **asked: object) -> Mapping[str, Any]:
        answer = await self.service.ask("GET", path, params=asked or None)
        if answer.status_code != 200:
            raise _refusal(answer)
        return _table(answer)


def _refusal(answer: httpx.Response) -> ChannelFailure:
    code = _table(answer).get("code")
    known = code if isinstance(code, int) else 0
    if known in _NEVER:
        return PermanentFailure(f"Twilio: {_NEVER[known]} ({known}).")
    if known in _OURS or answer.status_code == 401:
        return TemporaryFailure(f"Twilio: {_OURS.get(known, _OURS[20003])}.")
    if answer.status_code == 400:
        return PermanentFailure(f"Twilio: tog inte emot brevet ({known or 400}).")
    return TemporaryFailure(
        f"Twilio: svarade {known or answer.status_code}. Kontrollera [channels.twilio] med synpunkt check."
    )


def _came_in(one: Mapping[str, Any]) -> bool:
    return one.get("direction") == "inbound" and bool(one.get("sid"))


def _message(one: Mapping[str, Any]) -> Message:
    pictures = str(one.get("num_media") or "0")
    return Message(
        told=sms.Sms(
            id=str(one["sid"]),
            sender=str(one.get("from") or ""),
            to=str(one.get("to") or ""),
            text=str(one.get("body") or ""),
            at=sms.time_of(str(one.get("date_sent") or one.get("date_created") or "")),
        ),
        payload=json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass"),
        pictures=int(pictures) if pictures.isdecimal() else 0,
    )


def _table(answer: httpx.Response) -> Mapping[str, Any]:
    told = json_of(answer)
    return told if isinstance(told, dict) else {}


def _tables(page: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    told = page.get(name)
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
