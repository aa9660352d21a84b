"""What 46elks can be asked for: one SMS, all that came, the account and its number; and to send one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure
from bots.wire import sms
from bots.wire.http import Service, json_of

_ASKED_IN_A_POST = 6.0  # seconds: our answer is waited for
_UNKNOWN = frozenset({400, 404, 410})
_REFUSED = frozenset({400, 403, 413, 422})
_SHARE = 10_000  # of a krona, or of a euro
_LOW = 100 * _SHARE
_MOST_PAGES = 100
_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Api:
    """The interface of 46elks, for one number of ours."""

    service: Service
    number: str
    clock: Callable[[], datetime]

    async def record(self, message_id: str) -> Mapping[str, Any] | None:
        """Return what 46elks has of a message, SMS or MMS; None if it has none by that id."""
        for kind in ("mms", "sms") if message_id.startswith("m") else ("sms", "mms"):
            answer = await self.service.ask("GET", f"/a1/{kind}/{message_id}", timeout=_ASKED_IN_A_POST)
            if answer.status_code == 200:
                return _table(answer)
            if answer.status_code not in _UNKNOWN:
                raise self._refusal(answer)
        return None

    async def incoming(self, since: datetime) -> list[tuple[sms.Sms, bytes]]:
        """List the SMS that came to our number since a time, oldest first, each with what is kept of it.

        What 46elks keeps no words of is left out: they would be lost to us when it is posted again.
        """
        asked = {"to": self.number, "end": _moment(since), "limit": str(_PAGE)}
        found: dict[str, Mapping[str, Any]] = {}
        for _ in range(_MOST_PAGES):
            answer = await self.service.ask("GET", "/a1/sms", params=asked)
            if answer.status_code != 200:
                raise self._refusal(answer)
            page = _table(answer)
            for one in _tables(page.get("data")):
                found.setdefault(str(one.get("id", "")), one)
            following = str(page.get("next") or "")
            if not following or following == asked.get("start"):
                break
            asked = {**asked, "start": following}
        ours = [one for one in found.values() if self._came_here(one)]
        return [(_sms(one), _payload(one)) for one in reversed(ours)]

    def _came_here(self, one: Mapping[str, Any]) -> bool:
        is_told = one.get("id") and "message" in one
        return bool(is_told) and one.get("direction") == "incoming" and one.get("to") == self.number

    async def send(self, to: str, text: str, reports: str) -> str:
        """Send one SMS and return its id; what becomes of it is posted to `reports`."""
        asked = {
            "from": self.number,
            "to": to,
            "message": text,
            "dontlog": "message",
            "whendelivered": reports,
        }
        answer = await self.service.ask("POST", "/a1/sms", data=asked)
        if answer.status_code != 200:
            raise self._refusal(answer)
        told = _table(answer)
        if told.get("status") == "failed":
            raise PermanentFailure("46elks: SMS:et gick inte att sända dit.")
        if not told.get("id"):
            raise TemporaryFailure("46elks: svaret gick inte att läsa.", in_doubt=True)
        return str(told["id"])

    async def check(self, address: str) -> list[str]:
        """Prove key, number and where its posts go; return lines with what is left of the money."""
        me = await self.service.ask("GET", "/a1/me")
        if me.status_code != 200:
            raise self._refusal(me)
        account = _table(me)
        found = await self.service.ask("GET", "/a1/numbers")
        if found.status_code != 200:
            raise self._refusal(found)
        numbers = _tables(_table(found).get("data"))
        own = next((one for one in numbers if one.get("number") == self.number), None)
        if own is None or own.get("active") == "no":
            raise PermanentFailure(
                "46elks: numret i [channels.elks] är inte ett aktivt nummer på kontot. Rätta number."
            )
        if own.get("sms_url") != address:
            raise PermanentFailure(
                "46elks: numrets sms_url leder inte hit. Sätt den till adressen i docs/channels.md, med er "
                "hook_secret (och hook_username:hook_password@ om ni har dem)."
            )
        lines = ["46elks: nyckeln godtas och numret leder hit", *_balance(account)]
        if "mms" in (own.get("capabilities") or ()) and own.get("mms_url") != address:
            lines.append("46elks: numret tar emot MMS, men mms_url leder inte hit. Sätt samma adress där.")
        return [*lines, *sms.skew("46elks", me, self.clock())]

    def _refusal(self, answer: httpx.Response) -> ChannelFailure:
        said = answer.text.lower()
        if answer.status_code == 401:
            return TemporaryFailure(
                "46elks: nyckeln godtas inte. Hämta ny på kontots sida och rätta username och password."
            )
        if "credit" in said or "balance" in said:
            return TemporaryFailure("46elks: kontot är tomt. Fyll på det, så går breven.")
        if answer.status_code in _REFUSED and '"from"' not in said and "from number" not in said:
            return PermanentFailure(f"46elks: tog inte emot brevet till det numret ({answer.status_code}).")
        return TemporaryFailure(
            f"46elks: svarade {answer.status_code}. Kontrollera [channels.elks] med synpunkt check."
        )


def _balance(account: Mapping[str, Any]) -> list[str]:
    left = account.get("balance")
    if not isinstance(left, int):
        return []
    currency = "EUR" if account.get("currency") == "EUR" else "SEK"
    advice = ". Fyll på snart, annars stannar breven" if left < _LOW else ""
    return [f"46elks: {left // _SHARE} {currency} kvar på kontot{advice}"]


def _sms(one: Mapping[str, Any]) -> sms.Sms:
    return sms.Sms(
        id=str(one["id"]),
        sender=str(one.get("from") or ""),
        to=str(one.get("to") or ""),
        text=str(one.get("message") or ""),
        at=sms.time_of(str(one.get("created") or "")),
    )


def _payload(one: Mapping[str, Any]) -> bytes:
    return json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat()


def _table(answer: httpx.Response) -> Mapping[str, Any]:
    told = json_of(answer)
    return told if isinstance(told, dict) else {}


def _tables(told: object) -> list[Mapping[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
