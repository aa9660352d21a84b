"""One Mastodon server, asked as one account: what it answers, and what its refusals mean. See `mastodon`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bots.channel import PermanentFailure, TemporaryFailure
from bots.wire.http import Service, json_of

_NEEDED = ("read:accounts", "read:notifications", "read:statuses", "write:statuses")
_STRICTEST_SKEW = timedelta(minutes=2)
_POLICIES: Mapping[str, str] = {
    "for_not_following": "personer du inte följer",
    "for_not_followers": "personer som inte följer dig",
    "for_new_accounts": "nya konton",
    "for_private_mentions": "oönskade privata omnämnanden",
    "for_limited_accounts": "modererade konton",
}


@dataclass(frozen=True, kw_only=True)
class About:
    """What a server says of itself. `streaming` is empty where there is no stream."""

    most: int = 500  # signs in a status
    streaming: str = ""


@dataclass(kw_only=True)
class Server:
    """The server of our account."""

    base_url: str
    token: str = field(repr=False)
    timeout: float = 20.0
    _service: Service = field(init=False)
    _about: About | None = None

    def __post_init__(self) -> None:
        self._service = Service(
            name="Mastodon",
            base_url=self.base_url,
            timeout=self.timeout,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask, and return an answer of 200, 404, 410 or 422; anything else is raised.

        Doing it twice must do no harm: a status is posted with its Idempotency-Key.
        """
        answer = await self._service.ask(method, path, is_safe=True, **more)
        if answer.status_code == 401:
            raise TemporaryFailure(
                "Mastodon: åtkomstnyckeln gäller inte. Skapa en ny på servern under Inställningar, "
                "Utveckling, och byt den som token pekar på i [channels.mastodon]."
            )
        if answer.status_code == 403:
            raise TemporaryFailure(
                "Mastodon: servern vägrar. Åtkomstnyckeln saknar behörighet, eller så är kontot avstängt. "
                f"Nyckeln behöver {', '.join(_NEEDED)}; fråga annars den som sköter servern."
            )
        if 300 <= answer.status_code < 400:
            raise TemporaryFailure("Mastodon: servern har flyttat. Rätta server i [channels.mastodon].")
        if answer.status_code >= 400 and answer.status_code not in {404, 410, 422}:
            raise PermanentFailure(f"Mastodon: servern tar inte emot det ({answer.status_code}).")
        return answer

    async def about(self) -> About:
        """Return what the server says of itself; asked once."""
        if self._about is None:
            answer = await self.ask("GET", "/api/v2/instance")
            self._about = about_of(_table(answer))
        if self.base_url.startswith("https:") and not self._about.streaming.startswith("https:"):
            return replace(self._about, streaming="")  # our token goes nowhere in clear
        return self._about

    async def close(self) -> None:
        """Let go of the connections."""
        await self._service.close()

    async def prove(self, account: str, now: datetime) -> list[str]:
        """Prove token, account, scopes and filters; return lines for the operator.

        Raises a `ChannelFailure` that says what to do when letters or mentions would be lost.
        """
        answer = await self.ask("GET", "/api/v1/accounts/verify_credentials")
        ours = _table(answer)
        name, _, domain = account.partition("@")
        if str(ours.get("acct", "")).partition("@")[0].casefold() != name.casefold():
            raise PermanentFailure(
                "Mastodon: åtkomstnyckeln hör till ett annat konto än account i [channels.mastodon]. "
                "Skapa nyckeln när du är inloggad som kontot, eller rätta account."
            )
        instance = await self.ask("GET", "/api/v2/instance")
        told = str(_table(instance).get("domain") or domain)
        if told.casefold() != domain.casefold():
            raise PermanentFailure(
                f"Mastodon: servern heter {told} i adresser. "
                f"Skriv account i [channels.mastodon] som {name}@{told}."
            )
        about = self._about = about_of(_table(instance))
        lines = [f"Mastodon: kontot @{account} svarar. Högst {about.most} tecken i ett inlägg."]
        lines += await self._scopes()
        lines += await self._filters()
        if not ours.get("bot"):
            lines.append(
                "Mastodon: kontot är inte märkt som automatiskt. Kryssa i det under Inställningar, Profil, "
                "så att den som skriver ser att en maskin svarar."
            )
        if not about.streaming:
            lines.append("Mastodon: servern har ingen ström. Nytt hämtas vid varje poll_seconds.")
        return lines + _skew(instance, now)

    async def _scopes(self) -> list[str]:
        # What the key may, as far as it can be proved without posting anything.
        await self.ask("GET", "/api/v1/notifications", params={"limit": 1})
        told = _table(await self.ask("GET", "/api/v1/apps/verify_credentials")).get("scopes")
        if not isinstance(told, list):
            return [
                "Mastodon: servern säger inte vad nyckeln får göra. Den behöver " + ", ".join(_NEEDED) + "."
            ]
        lacking = [one for one in _NEEDED if one not in told and one.partition(":")[0] not in told]
        if lacking:
            raise PermanentFailure(
                f"Mastodon: åtkomstnyckeln saknar {', '.join(lacking)}. Lägg till det på servern under "
                "Inställningar, Utveckling, och skapa en ny nyckel."
            )
        return []

    async def _filters(self) -> list[str]:
        policy = _table(await self.ask("GET", "/api/v2/notifications/policy"))
        dropped = [words for key, words in _POLICIES.items() if policy.get(key) == "drop"]
        if dropped:
            raise PermanentFailure(
                f"Mastodon: kontot slänger notiser från {', '.join(dropped)}, så att synpunkter "
                "går förlorade. Välj Acceptera för dem på servern under Notiser, Filtrera notiser från."
            )
        filtered = [words for key, words in _POLICIES.items() if policy.get(key) == "filter"]
        if not filtered:
            return []
        return [
            f"Mastodon: notiser från {', '.join(filtered)} läggs åt sidan på servern. De läses ändå, "
            "men först vid nästa poll_seconds. Välj Acceptera för dem under Notiser, Filtrera notiser från."
        ]


def about_of(instance: Any) -> About:
    """Return what `/api/v2/instance` says that matters to us; without an answer, what is usual."""
    told = instance if isinstance(instance, dict) else {}
    most = _at(told, "configuration", "statuses", "max_characters")
    streaming = _at(told, "configuration", "urls", "streaming")
    return About(
        most=most if isinstance(most, int) and most > 0 else 500,
        streaming=_over_http(streaming) if isinstance(streaming, str) else "",
    )


def _over_http(address: str) -> str:
    """Return where events of a streaming server are fetched: it names itself for web sockets."""
    for socket, http in (("wss://", "https://"), ("ws://", "http://")):
        if address.startswith(socket):
            address = http + address.removeprefix(socket)
    try:
        return address.rstrip("/") if httpx.URL(address).host and address.startswith("http") else ""
    except httpx.InvalidURL:
        return ""


def _at(told: Any, *keys: str) -> Any:
    for key in keys:
        told = told.get(key) if isinstance(told, dict) else None
    return told


def _table(answer: httpx.Response) -> dict[str, Any]:
    told = json_of(answer) if answer.status_code == 200 else {}
    return told if isinstance(told, dict) else {}


def _skew(answer: httpx.Response, now: datetime) -> list[str]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return []
    off = abs(now - theirs) if theirs.tzinfo else timedelta(0)
    if off <= _STRICTEST_SKEW:
        return []
    return [f"Mastodon: klockorna skiljer {off.total_seconds():.0f} sekunder. Ställ serverns klocka med NTP."]
