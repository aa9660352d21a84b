"""Asks Meta's Graph API, and says what its error codes mean. The two failures are `bots.channel`'s."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure, WindowClosedError
from bots.channels.meta_told import table_of, tables_of, text_of
from bots.wire.http import Service, json_of, wait_of

_A_MINUTE = timedelta(minutes=1)
_LONGEST_ASKED = timedelta(hours=6)
_PAIR = timedelta(seconds=10)  # WhatsApp: one message in six seconds to one person, in the long run

# Codes, or a code with its subcode. Meta's pages "error-codes" of Graph, Messenger and WhatsApp tell of them.
_TOKEN = frozenset({"102", "190"})
_CLOSED = frozenset({"10/2018278", "10/2534022", "131047"})
_UNREACHABLE = frozenset({"551", "200/1545041", "100/2018001", "131026", "131021"})
_BUSY = frozenset({"4", "17", "32", "368", "613", "130429", "131048", "80006", "80007"})
_UNWELL = frozenset({"1", "2", "131000", "131016"})
_FORBIDDEN = frozenset({"3", "10", "131005", "131031", *(str(code) for code in range(200, 300))})
_GONE = frozenset({"100/33"})


class NotThereError(PermanentFailure):
    """What was asked for is not there, or not to be seen with the token that asked."""


@dataclass(kw_only=True)
class Graph:
    """Meta's Graph API in one version. Each question is asked with the token of its account."""

    service: Service
    version: str
    app_secret: str = field(repr=False)

    async def ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        is_safe: bool | None = None,
    ) -> dict[str, Any]:
        """Ask, and return the object that is answered; raise a `ChannelFailure` for everything else."""
        answer = await self.service.ask(
            method,
            f"/{self.version}/{path}",
            is_safe=is_safe,
            params={**(parameters or {}), "appsecret_proof": proof(self.app_secret, token)},
            headers={"Authorization": f"Bearer {token}"},
            json=body,
        )
        safe = method == "GET" if is_safe is None else is_safe
        found = json_of(answer)
        if answer.is_success and isinstance(found, dict) and "error" not in found:
            return found
        raise failure_of(answer, table_of(table_of(found).get("error")), is_safe=safe)


def proof(secret: str, token: str) -> str:
    """Prove that who asks with a token also knows the app's secret: a stolen token alone is of no use."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def failure_of(answer: httpx.Response, error: Mapping[str, Any], *, is_safe: bool) -> ChannelFailure:
    """Say what an error is to us. The words are ours alone: Meta's own may name somebody."""
    code = text_of(error.get("code"))
    names = {code, f"{code}/{text_of(error.get('error_subcode'))}"}
    if answer.is_success and not error:
        return TemporaryFailure("Meta: svaret går inte att läsa.", in_doubt=not is_safe)
    if refused := _refused(names):
        return refused
    if names & _TOKEN:
        return TemporaryFailure(
            "Meta: åtkomsttoken gäller inte längre. Har sidans administratör bytt lösenord? "
            "Skapa en ny token och byt den i inställningarna; breven väntar så länge."
        )
    if names & _BUSY:
        return TemporaryFailure("Meta: för många på en gång.", again_after=_wait_of(answer, _A_MINUTE))
    if "131056" in names:
        again = _wait_of(answer, _PAIR)
        return TemporaryFailure("Meta: för många till samma mottagare.", again_after=again)
    if names & _UNWELL or error.get("is_transient") is True:
        return TemporaryFailure(f"Meta: fel hos tjänsten ({code}).", in_doubt=not is_safe)
    if names & _FORBIDDEN or answer.status_code in {401, 403}:
        return TemporaryFailure(
            f"Meta: behörighet saknas ({code}). "
            "Se efter att appen är godkänd för det, och att sidan inte är spärrad."
        )
    if answer.status_code == 404:
        return NotThereError("Meta: det som söks finns inte längre.")
    return PermanentFailure(f"Meta: säger nej ({code or answer.status_code}).")


def _refused(names: set[str]) -> PermanentFailure | None:
    if names & _CLOSED:
        return WindowClosedError("Meta: tiden för att skriva till mottagaren har gått ut.")
    if names & _UNREACHABLE:
        return PermanentFailure("Meta: mottagaren tar inte emot meddelanden från oss.")
    if "10900" in names:
        return PermanentFailure("Meta: kommentaren är redan besvarad privat, och det går bara en gång.")
    if names & _GONE:
        return NotThereError("Meta: det som söks finns inte längre.")
    if "100" in names:
        return PermanentFailure("Meta: tar inte emot det som det är skrivet, eller dit.")
    return None


def _wait_of(answer: httpx.Response, usual: timedelta) -> timedelta:
    """Return how long we are asked to wait: in a header of Meta's own, in minutes, or in everybody's."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", ""))
    except (ValueError, RecursionError):
        usage = {}
    minutes = [
        count
        for one in table_of(usage).values()
        for each in tables_of(one)
        if isinstance(count := each.get("estimated_time_to_regain_access"), int) and 0 < count < 10_000
    ]
    if minutes:
        return min(timedelta(minutes=max(minutes)), _LONGEST_ASKED)
    asked = wait_of(answer)
    return usual if asked is None else asked
