"""Facebook pages, Messenger, Instagram and WhatsApp, all by Meta's Graph API and one webhook.

What is posted is read in `meta_events` and `meta_whatsapp`; the roads for letters are in `meta_roads`.
"""

import asyncio
import hashlib
import hmac
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from bots.channel import (
    Capabilities,
    ChannelFailure,
    Form,
    Given,
    HookAnswer,
    HookRequest,
    NotKeptError,
    PermanentFailure,
    Receive,
    Sent,
    TemporaryFailure,
)
from bots.channels.meta_again import COMMENT, Again, remember
from bots.channels.meta_events import FACEBOOK, INSTAGRAM, INSTAGRAM_COMMENT, MESSENGER, Pages
from bots.channels.meta_files import Files
from bots.channels.meta_gaps import Gaps
from bots.channels.meta_graph import Graph
from bots.channels.meta_proof import Proof, Report, together
from bots.channels.meta_roads import OF_INSTAGRAM, OF_PAGES, ROADS, on_road
from bots.channels.meta_told import Told, text_of
from bots.channels.meta_whatsapp import ROAD as WHATSAPP
from bots.table import Name, Secret, Table, WebAddress
from bots.wire.http import Service
from bots.wire.texts import parted
from store.domain import Inbound, Outgoing

log = logging.getLogger(__name__)

NAME = "meta"
Number = Annotated[str, Field(pattern=r"^\d{1,30}$")]

_CHALLENGE = re.compile(r"[\w.~-]{1,200}", re.ASCII)
_A_DAY = timedelta(days=1)


class PageSettings(Table):
    """A page on Facebook, with the account on Instagram that belongs to it, if any."""

    id: Number
    name: Name
    token: Secret
    instagram_id: Annotated[str, Field(pattern=r"^\d{0,30}$")] = ""


class WhatsappSettings(Table):
    """A number in WhatsApp's Cloud API."""

    phone_number_id: Number
    token: Secret


class Settings(Table):
    """The app at Meta, and the accounts that it serves."""

    app_id: Number
    app_secret: Secret
    verify_token: Secret
    graph_url: WebAddress = "https://graph.facebook.com"
    version: Annotated[str, Field(pattern=r"^v\d{1,3}\.\d$")] = "v25.0"
    pages: list[PageSettings] = []
    whatsapp: WhatsappSettings | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page with its token."""

    id: str
    name: str
    token: str = field(repr=False)
    instagram: str = ""


@dataclass(kw_only=True, eq=False)
class Meta:
    """Confirms to Meta what is kept, and asks every hour for comments that were never posted to us."""

    graph: Graph
    files: Files
    gaps: Gaps
    proof: Proof
    again: Again
    read_by: Callable[[], Pages]
    verify_token: str = field(repr=False)
    pages: Mapping[str, Page]
    number: str  # of WhatsApp, or an empty text
    number_token: str = field(repr=False)
    clock: Callable[[], datetime]
    pause: float = 3600.0  # seconds between two looks for what was not posted
    short_pause: float = 60.0  # after something that could not be kept
    patience: float = 60.0  # how long a letter of several parts waits between them
    name: str = NAME
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(form=Form.CHAT))
    _links: OrderedDict[str, str] = field(default_factory=OrderedDict)

    @property
    def roads(self) -> Mapping[str, Capabilities]:
        """Return the roads of the accounts that are set up."""
        names = [*(OF_PAGES if self.pages else ()), *((WHATSAPP,) if self.number else ())]
        if any(page.instagram for page in self.pages.values()):
            names += OF_INSTAGRAM
        return {name: ROADS[name] for name in names}

    async def hook(self, request: HookRequest, receive: Receive) -> HookAnswer:
        """Take what Meta posts: 403 for what it did not sign. Every event is kept before the 200."""
        if request.method == "GET":
            return self._shake_hands(request)
        if request.method != "POST" or not self._is_signed(request):
            return HookAnswer(status=403)
        found = self.read_by().read(request.body)
        # All at once: one after the other, a few slow files would outlast whoever waits for our answer.
        whole = await asyncio.gather(
            *(self._whole(one, request.body) for one in found), return_exceptions=True
        )
        for_want_of: NotKeptError | None = None
        for told, inbound in zip(found, whole, strict=True):
            try:
                if isinstance(inbound, BaseException):
                    raise inbound
                await self._keep(told, inbound, receive)
            except NotKeptError as refused:  # the others are kept all the same; Meta posts all of it again
                for_want_of = refused
        if for_want_of is not None:
            raise for_want_of
        return HookAnswer(status=200)

    async def listen(self, receive: Receive) -> None:
        """Look for what was never posted, every hour; once a day see whether Meta still posts at all."""
        proved_at: datetime | None = None
        while True:
            pause = self.pause
            try:
                await self._catch_up(receive)
            except NotKeptError:
                pause = self.short_pause
            now = self.clock()
            if proved_at is None or now - proved_at >= _A_DAY:
                await self._prove_in_passing()
                proved_at = now
            await asyncio.sleep(pause)

    async def check(self) -> list[str]:
        """Prove tokens, permissions and subscriptions. What ends within 14 days is a failure as well."""
        report = await self._report()
        if report.wrong or report.soon:
            kind = TemporaryFailure if _may_pass(report) else PermanentFailure
            raise kind("\n".join([*map(str, report.wrong), *report.soon]))
        return report.fine

    async def send(self, letter: Outgoing) -> Sent:
        """Send a letter in as many parts as its road needs. Nothing that Meta does is idempotent."""
        can, token = self._road_of(letter)
        parts = parted(letter.body, can.max_length or len(letter.body) + 16, can.length_unit)
        if can.once and len(parts) > 1:
            raise PermanentFailure("Meta: brevet är för långt för det enda privata svaret på en kommentar.")
        answer = await self._post(letter, parts[0], token, is_last=len(parts) == 1)
        for number, part in enumerate(parts[1:], 2):
            try:
                answer = await self._post_patiently(letter, part, token, is_last=number == len(parts))
            except ChannelFailure as failure:
                what = f"{failure} Del {number} av {len(parts)} kom inte iväg; de före gjorde det."
                raise TemporaryFailure(what, in_doubt=True) from failure
        return self._sent(letter, answer)

    async def hide(self, external_id: str) -> None:
        """Hide a comment for everybody but its author and the author's friends. Ours is kept."""
        await self.again.hide(external_id)

    async def reread(self, external_id: str) -> Inbound | None:
        """Look at a comment again: Instagram tells of no change. None for a private message."""
        return await self.again.look(external_id)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.graph.service.close()
        await self.files.service.close()

    # What is heard.

    def _shake_hands(self, request: HookRequest) -> HookAnswer:
        told = request.parameter("hub.verify_token").encode()
        challenge = request.parameter("hub.challenge")
        is_known = hmac.compare_digest(told, self.verify_token.encode())
        if (
            request.parameter("hub.mode") != "subscribe"
            or not is_known
            or not _CHALLENGE.fullmatch(challenge)
        ):
            return HookAnswer(status=403)
        return HookAnswer(status=200, body=challenge.encode())

    def _is_signed(self, request: HookRequest) -> bool:
        # Over the bytes as they came: Meta escapes what is not ASCII, and another writing is another sum.
        own = hmac.new(self.graph.app_secret.encode(), request.body, hashlib.sha256).hexdigest()
        signed = request.header("x-hub-signature-256").encode("utf-8", "replace")
        return hmac.compare_digest(signed, f"sha256={own}".encode())

    async def _whole(self, told: Told, payload: bytes) -> Inbound:
        files, lacks = await self.files.of(told)
        return told.whole(payload, files, lacks, await self._link(told))

    async def _keep(self, told: Told, inbound: Inbound, receive: Receive) -> None:
        await receive(inbound)
        self.again.note(told)

    async def _link(self, told: Told) -> str:
        """Return the address of what is commented on Instagram, which tells its id only."""
        page = self.pages.get(told.inbound.account)
        if not told.media or told.said.link or page is None or not COMMENT.fullmatch(told.media):
            return ""
        if told.media not in self._links:
            # The message matters, its link does not: no fault here keeps it from being kept.
            with suppress(ChannelFailure, TimeoutError):
                async with asyncio.timeout(3):
                    asked = {"fields": "permalink"}
                    found = await self.graph.ask("GET", told.media, page.token, parameters=asked)
                    remember(self._links, told.media, text_of(found.get("permalink")))
        return self._links.get(told.media, "")

    async def _catch_up(self, receive: Receive) -> None:
        failed: ChannelFailure | None = None
        for page in self.pages.values():
            try:
                async for told, raw in self.gaps.of(page.id, page.token, page.instagram):
                    await self._keep(told, await self._whole(told, raw), receive)
            except ChannelFailure as failure:  # the other pages first
                failed = failure
        if failed is not None:
            raise failed

    # What is proved.

    async def _report(self) -> Report:
        objects = [
            *(["page"] if self.pages else []),
            *(["instagram"] if any(page.instagram for page in self.pages.values()) else []),
            *(["whatsapp_business_account"] if self.number else []),
        ]
        reports = [await self.proof.app(objects)]
        for page in self.pages.values():
            has_instagram = bool(page.instagram)
            reports.append(await self.proof.page(page.id, page.name, page.token, instagram=has_instagram))
        if self.number:
            reports.append(await self.proof.number(self.number, self.number_token))
        return together(reports)

    async def _prove_in_passing(self) -> None:
        report = await self._report()
        for line in report.soon:
            log.warning("token ends soon: channel=%s because=%s", self.name, line)
        if report.wrong:
            raise report.wrong[0]

    # What is sent.

    def _road_of(self, letter: Outgoing) -> tuple[Capabilities, str]:
        road, handle = letter.recipient.channel, letter.recipient.handle
        account, _, other = handle.partition(":")
        page = self.pages.get(account)
        if road == WHATSAPP:
            token = self.number_token if account == self.number else ""
        else:
            token = page.token if page else ""
        if road not in self.roads or not token or not other or "/" in handle:
            raise PermanentFailure("Meta: den sidan eller vägen finns inte i inställningarna.")
        return self.roads[road], token

    async def _post(self, letter: Outgoing, part: str, token: str, *, is_last: bool) -> dict[str, Any]:
        path, body = on_road(letter, part, is_last=is_last, now=self.clock())
        return await self.graph.ask("POST", path, token, body=body)

    async def _post_patiently(
        self, letter: Outgoing, part: str, token: str, *, is_last: bool
    ) -> dict[str, Any]:
        left = self.patience
        while True:
            try:
                return await self._post(letter, part, token, is_last=is_last)
            except TemporaryFailure as failure:
                wait = failure.again_after
                if failure.in_doubt or wait is None or wait.total_seconds() > left:
                    raise
                # At least a second goes: a wait of none, told again and again, would never end.
                left -= max(wait.total_seconds(), 1.0)
                await asyncio.sleep(wait.total_seconds())

    def _sent(self, letter: Outgoing, answer: Mapping[str, Any]) -> Sent:
        road = letter.recipient.channel
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else {}
        named = text_of(answer.get("message_id")) or text_of(answer.get("id"))
        named = named or text_of(first.get("id") if isinstance(first, dict) else "")
        if not named:
            raise TemporaryFailure("Meta: svaret säger inte om brevet togs emot.", in_doubt=True)
        private = {FACEBOOK: MESSENGER, INSTAGRAM_COMMENT: INSTAGRAM}.get(road)
        person = text_of(answer.get("recipient_id"))
        if private is None or not person:
            return Sent(service_id=named)
        account = letter.recipient.handle.partition(":")[0]
        return Sent(service_id=named, conversation=f"{private}:{account}:{person}")


def build(settings: Settings, given: Given) -> Meta:
    """Build the channel; raise `ValueError` without an account, or with a secret that is empty."""
    if not settings.pages and settings.whatsapp is None:
        raise ValueError("ange minst en sida i pages, eller tabellen whatsapp")
    ids = [page.id for page in settings.pages] + [page.instagram_id for page in settings.pages]
    if len(named := [one for one in ids if one]) != len(set(named)):
        raise ValueError("pages: två sidor eller konton har samma id")
    whatsapp = settings.whatsapp
    pages = {
        page.id: Page(
            id=page.id,
            name=page.name,
            token=_secret(given, "pages.token", page.token),
            instagram=page.instagram_id,
        )
        for page in settings.pages
    }
    number_token = _secret(given, "whatsapp.token", whatsapp.token) if whatsapp else ""
    graph = Graph(
        service=Service(name="Meta", base_url=settings.graph_url),
        version=settings.version,
        app_secret=_secret(given, "app_secret", settings.app_secret),
    )
    files = Files(
        graph=graph,
        service=Service(name="Meta", base_url=settings.graph_url, timeout=8.0),
        token=lambda _account: number_token,
    )
    accounts = {page.instagram: page.id for page in pages.values() if page.instagram}

    def read_by() -> Pages:
        return Pages(name=NAME, now=given.clock(), pages=frozenset(pages), instagram=accounts)

    return Meta(
        graph=graph,
        files=files,
        gaps=Gaps(graph=graph, places=given.places, clock=given.clock, pages=read_by),
        again=Again(graph=graph, tokens={page.id: page.token for page in pages.values()}, pages=read_by),
        read_by=read_by,
        proof=Proof(
            graph=graph,
            app_id=settings.app_id,
            clock=given.clock,
            address=f"{given.public_url}/hooks/{NAME}" if given.public_url else "",
        ),
        verify_token=_secret(given, "verify_token", settings.verify_token),
        pages=pages,
        number=whatsapp.phone_number_id if whatsapp else "",
        number_token=number_token,
        clock=given.clock,
    )


def _secret(given: Given, key: str, reference: str) -> str:
    found = given.secret(reference).strip()
    if not found:  # anybody could sign with an empty one
        raise ValueError(f"{key}: hemligheten är tom")
    return found


def _may_pass(report: Report) -> bool:
    return bool(report.wrong) and all(isinstance(one, TemporaryFailure) for one in report.wrong)
