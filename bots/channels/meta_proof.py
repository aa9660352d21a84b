"""Proves that tokens count, that the app may do what it must, and that Meta posts to us."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure
from bots.channels.meta_graph import Graph
from bots.channels.meta_told import table_of, tables_of, text_of, time_of

SOON = timedelta(days=14)
_PAGE_SCOPES = (
    "pages_manage_engagement",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
)
_INSTAGRAM_SCOPES = ("instagram_basic", "instagram_manage_comments", "instagram_manage_messages")
_WHATSAPP_SCOPES = ("whatsapp_business_messaging",)
_PAGE_FIELDS = (
    "feed",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "messages",
    "messaging_postbacks",
)


@dataclass(kw_only=True)
class Report:
    """What was proved, what is wrong, and what soon will be; each a line for the operator."""

    fine: list[str] = field(default_factory=list)
    wrong: list[ChannelFailure] = field(default_factory=list)
    soon: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Looks at what Meta itself says of our tokens. It never tells a token in what it says."""

    graph: Graph
    app_id: str
    clock: Callable[[], datetime]
    address: str  # where Meta is to post, or an empty text when we do not know

    async def app(self, objects: Sequence[str]) -> Report:
        """Look at what the app subscribes to; `objects` are "page", "instagram" and the like."""
        report = Report()
        try:
            found = await self.graph.ask("GET", f"{self.app_id}/subscriptions", self._app_token)
        except ChannelFailure as failure:
            report.wrong.append(failure)
            return report
        there = {text_of(one.get("object")): one for one in tables_of(found.get("data"))}
        for kind in objects:
            one = there.get(kind, {})
            told = text_of(one.get("callback_url")).rstrip("/")
            if not one or one.get("active") is False:
                what = f"meta: appen prenumererar inte på {kind}. Slå på det under Webhooks i Metas apppanel."
                report.wrong.append(PermanentFailure(what))
            elif self.address and told and told != self.address:
                what = (
                    f"meta: {kind} går till en annan adress än vår. Ändra till {self.address} i apppanelen."
                )
                report.wrong.append(PermanentFailure(what))
            else:
                report.fine.append(f"meta: appen prenumererar på {kind}")
        return report

    async def page(self, page: str, name: str, token: str, *, instagram: bool) -> Report:
        """Look at one page's token, permissions and subscription."""
        needed = (*_PAGE_SCOPES, *(_INSTAGRAM_SCOPES if instagram else ()))
        report = await self._token(name, token, needed)
        if report.wrong:
            return report
        try:
            found = await self.graph.ask("GET", f"{page}/subscribed_apps", token)
        except ChannelFailure as failure:
            report.wrong.append(failure)
            return report
        ours = [one for one in tables_of(found.get("data")) if text_of(one.get("id")) == self.app_id]
        fields = {text_of(one) for app in ours for one in _list(app.get("subscribed_fields"))}
        if missing := sorted(set(_PAGE_FIELDS) - fields):
            what = (
                f"meta: sidan {name} skickar inte {', '.join(missing)} till appen. "
                f"Lägg till dem: POST /{page}/subscribed_apps med fälten, se docs/channels.md."
            )
            report.wrong.append(PermanentFailure(what))
        else:
            report.fine.append(f"meta: sidan {name} skickar sina händelser till appen")
        return report

    async def number(self, number: str, token: str) -> Report:
        """Look at WhatsApp's token, and at the number itself."""
        report = await self._token("WhatsApp", token, _WHATSAPP_SCOPES)
        if report.wrong:
            return report
        try:
            await self.graph.ask("GET", number, token, parameters={"fields": "id"})
        except ChannelFailure as failure:
            report.wrong.append(failure)
        else:
            report.fine.append("meta: numret i WhatsApp svarar")
        return report

    async def _token(self, name: str, token: str, needed: Iterable[str]) -> Report:
        report, now = Report(), self.clock()
        try:
            found = await self.graph.ask(
                "GET", "debug_token", self._app_token, parameters={"input_token": token}
            )
        except ChannelFailure as failure:
            report.wrong.append(failure)
            return report
        data = table_of(found.get("data"))
        if data.get("is_valid") is not True:
            what = (
                f"meta: åtkomsttoken för {name} gäller inte. Har sidans administratör bytt lösenord? "
                "Skapa en ny och byt den i inställningarna."
            )
            report.wrong.append(TemporaryFailure(what))
            return report
        if missing := sorted(set(needed) - {text_of(one) for one in _list(data.get("scopes"))}):
            what = f"meta: {name} saknar behörighet för {', '.join(missing)}. Skapa en ny token med dem."
            report.wrong.append(PermanentFailure(what))
        # 0 is "never".
        ends = [
            at for key in ("expires_at", "data_access_expires_at") if (at := time_of(data.get(key) or None))
        ]
        if ends and min(ends) - now < SOON:
            day = min(ends).astimezone(UTC).date().isoformat()
            report.soon.append(f"meta: åtkomsttoken för {name} slutar gälla {day}. Skapa en ny innan dess.")
        if not report.wrong:
            report.fine.append(f"meta: åtkomsttoken för {name} gäller")
        return report

    @property
    def _app_token(self) -> str:
        return f"{self.app_id}|{self.graph.app_secret}"


def together(reports: Iterable[Report]) -> Report:
    """Put reports together."""
    whole = Report()
    for one in reports:
        whole.fine += one.fine
        whole.wrong += one.wrong
        whole.soon += one.soon
    return whole


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
