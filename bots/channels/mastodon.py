"""Mastodon: mentions heard by a poll that a stream hastens, and answered privately, or where they stand."""

import asyncio
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from bots.channel import (
    Capabilities,
    Channel,
    Form,
    Given,
    NotKeptError,
    PermanentFailure,
    Receive,
    TemporaryFailure,
)
from bots.channels.mastodon_server import Server
from bots.channels.mastodon_status import (
    DIRECT,
    NAME,
    Heard,
    Medium,
    Status,
    Told,
    deleted_of,
    edited_of,
    in_full,
    inbound_of,
    moment,
    other_of,
    status_of,
    told_in,
)
from bots.channels.mastodon_stream import Bell
from bots.channels.mastodon_text import cut, defused
from bots.table import Secret, Table, WebAddress
from bots.wire.http import Service, json_of
from bots.wire.kept import Fetched
from bots.wire.tries import Tries
from store.domain import Inbound, Outgoing

OPENLY = "mastodon_offentligt"

_PLACE = "mastodon.notifications"
_PAGE, _MOST_PAGES = 80, 80
_SECONDS_PER_FILE, _BYTES_PER_FILE = 10.0, 20 * 2**20
_PATIENCE, _LEAST_WAIT = timedelta(seconds=60), timedelta(seconds=1)  # within a letter of several parts
_HANDLE = re.compile(r"[\w.-]{1,64}@[\w.-]{1,255}(?::\d{1,5})?", re.ASCII)
_ID = re.compile(r"\w{1,64}", re.ASCII)  # a Message-ID, of a case that came by mail, is none

_ABROAD = "de som sköter Mastodonservern där kontot finns, och de som sköter den server du själv använder"
PRIVATE = Capabilities(idempotent_send=True, max_length=500, form=Form.CHAT, abroad=_ABROAD)
PUBLIC = Capabilities(
    hears=False, idempotent_send=True, max_length=500, public=True, form=Form.CHAT, abroad=_ABROAD
)


class Settings(Table):
    """The table `[channels.mastodon]`."""

    server: WebAddress  # where the account lives
    account: Annotated[str, Field(min_length=3, max_length=320)]  # "tycktill@social.lillkommun.example"
    token: Secret
    poll_seconds: Annotated[float, Field(gt=0)] = 60.0
    timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    history_days: Annotated[int, Field(ge=0)] = 30  # at the first start, older mentions are left alone


def build(settings: Settings, given: Given) -> Channel:
    """Build the channel; raise `ValueError` in words for the operator when its table makes no sense."""
    account = settings.account.removeprefix("@")
    if not _HANDLE.fullmatch(account):
        msg = "account ska vara kontots namn med server, till exempel tycktill@social.lillkommun.example"
        raise ValueError(msg)
    token = given.secret(settings.token).strip()
    if not token or not token.isascii() or not token.isprintable():
        msg = "token är tom eller trasig. Kopiera åtkomstnyckeln från servern: Inställningar, Utveckling"
        raise ValueError(msg)
    return Mastodon(
        account=account,
        server=Server(base_url=settings.server, token=token, timeout=settings.timeout_seconds),
        given=given,
        token=token,
        poll_seconds=settings.poll_seconds,
        history=timedelta(days=settings.history_days),
    )


@dataclass(kw_only=True)
class Mastodon:
    """One account. Private mentions are the road `mastodon`; what anybody can read, `mastodon_offentligt`.

    The handle of the first is a person (name@server), of the second the id of the status that is answered.
    """

    name: str = NAME
    capabilities: Capabilities = PRIVATE
    account: str
    server: Server
    given: Given
    token: str = field(repr=False)
    poll_seconds: float = 60.0
    pause_seconds: float = 5.0  # before asking again for what could not be kept
    stream_seconds: float = 5.0  # before the stream is opened again
    history: timedelta = timedelta(days=30)
    # Without the token: files may lie with somebody else.
    _files: Service = field(
        default_factory=lambda: Service(name="Mastodon", base_url="", timeout=_SECONDS_PER_FILE)
    )
    _tries: Tries = field(default_factory=Tries)  # of the files of each status
    _begun: dict[str, list[str]] = field(
        default_factory=dict
    )  # by letter: the ids of the parts that have gone

    @property
    def roads(self) -> Mapping[str, Capabilities]:
        """Return the private road and the public one."""
        return {NAME: PRIVATE, OPENLY: PUBLIC}

    async def close(self) -> None:
        """Let go of every connection."""
        await self.server.close()
        await self._files.close()

    async def check(self) -> list[str]:
        """Prove token, account, scopes, filters and clock; raise what says in Swedish what to do."""
        return await self.server.prove(self.account, self.given.clock())

    async def listen(self, receive: Receive) -> None:
        """Ask for mentions at every ring of the stream, and every `poll_seconds`; until cancelled."""
        about = await self.server.about()
        rung = asyncio.Event()
        bell = Bell(address=about.streaming, token=self.token, pause=self.stream_seconds)
        try:
            async with asyncio.TaskGroup() as group:
                if about.streaming:
                    group.create_task(bell.ring(rung))
                await self._poll(receive, rung)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def send(self, letter: Outgoing) -> str:
        """Post a letter, in parts if need be, and return the id of the last.

        Each part has its Idempotency-Key, which servers remember for an hour.
        """
        if letter.recipient.channel == OPENLY:
            return await self._send_openly(letter)
        reply_to = letter.in_reply_to if _ID.fullmatch(letter.in_reply_to) else ""
        return await self._post(letter, letter.recipient.handle, visibility=DIRECT, reply_to=reply_to)

    async def reread(self, external_id: str) -> Inbound | None:
        """Return a status that its writer has changed or removed, as it is now; None if it is untouched.

        One that we are no longer allowed to see counts as removed: servers do not tell these apart.
        """
        if not _ID.fullmatch(external_id):
            return None
        answer = await self.server.ask("GET", f"/api/v1/statuses/{external_id}")
        heard = Heard(own=self.account, now=self.given.clock())
        if answer.status_code in {404, 410}:
            return deleted_of(external_id, heard)
        status = status_of(json_of(answer))
        if status is None:
            raise TemporaryFailure("Mastodon: svaret gick inte att läsa.")
        if not status.edited_at:
            return None
        files, lacks = await self._fetch_all(status, patiently=False)
        heard = Heard(own=self.account, now=heard.now, files=files, lacks=lacks)
        return edited_of(status, answer.text, heard)

    # --- what is heard

    async def _poll(self, receive: Receive, rung: asyncio.Event) -> None:
        while True:
            rung.clear()
            try:
                await self._catch_up(receive)
            except NotKeptError:
                await asyncio.sleep(self.pause_seconds)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_seconds):
                    await rung.wait()

    async def _catch_up(self, receive: Receive) -> None:
        places = self.given.places
        kept = await asyncio.to_thread(places.place, self.account, _PLACE)
        place = kept or await self._first_place()
        while page := await self._page(min_id=place):
            for told in page:
                await receive(await self._inbound(told))
            if _order(page[-1].id) <= _order(place):
                break  # nothing but what we had
            # Only now: all of it is committed.
            place = kept = page[-1].id
            await asyncio.to_thread(places.keep_place, self.account, _PLACE, place)
        if not kept:
            await asyncio.to_thread(places.keep_place, self.account, _PLACE, place)

    async def _first_place(self) -> str:
        """Return where to begin when nothing has been read: before the oldest that is young enough."""
        youngest_left = self.given.clock() - self.history
        before: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self._page(**before)
            old = [told for told in page if told.mention and _is_before(told, youngest_left)]
            if old:
                return old[-1].id
            if not page or before.get("max_id") == page[0].id:
                break
            before = {"max_id": page[0].id}
        return "0"

    async def _page(self, **place: str) -> list[Told]:
        """Return a page of mentions, oldest first; those that the server's filters lay aside as well."""
        wanted = {"types[]": "mention", "limit": str(_PAGE), "include_filtered": "true", **place}
        answer = await self.server.ask("GET", "/api/v1/notifications", params=wanted)
        page = told_in(answer.text) if answer.status_code == 200 else None
        if page is None:
            raise TemporaryFailure("Mastodon: svaret gick inte att läsa.")
        return page

    async def _inbound(self, told: Told) -> Inbound:
        now = self.given.clock()
        if told.mention is None:
            return other_of(told, Heard(own=self.account, now=now))
        status = told.mention.status
        files, lacks = await self._fetch_all(status, patiently=True)
        heard = Heard(own=self.account, now=now, files=files, lacks=lacks)
        return inbound_of(status, told.payload, heard, told_at=told.mention.created_at)

    async def _fetch_all(self, status: Status, *, patiently: bool) -> tuple[list[Fetched], list[str]]:
        files, lacks = [], []
        for number, medium in enumerate(status.media_attachments, 1):
            try:
                files.append(await self._fetch(medium))
            except PermanentFailure as failure:
                lacks.append(f"Fil {number} kunde inte hämtas. {failure}")
            except TemporaryFailure as failure:
                is_worth_another = self._tries.is_worth_another(status.id)
                if patiently and is_worth_another:
                    raise NotKeptError from failure
                lacks.append(f"Fil {number} kunde inte hämtas. {failure}")
        self._tries.forget(status.id)
        return files, lacks

    async def _fetch(self, medium: Medium) -> Fetched:
        if not medium.url or urlsplit(medium.url).scheme not in {"https", "http"}:
            raise PermanentFailure("Mastodon: servern har inte hämtat filen från avsändarens server.")
        try:
            async with asyncio.timeout(_SECONDS_PER_FILE):
                data = await self._files.fetch(medium.url, most=_BYTES_PER_FILE)
        except TimeoutError:
            raise TemporaryFailure("Mastodon: filen kom inte i tid.") from None
        name = PurePosixPath(urlsplit(medium.url).path).name or medium.id
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Fetched(name=name, media_type=media_type, data=data)

    # --- what is sent

    async def _send_openly(self, letter: Outgoing) -> str:
        handle = letter.recipient.handle
        gone = PermanentFailure("Mastodon: inlägget som skulle besvaras finns inte längre.")
        if not _ID.fullmatch(handle):
            raise gone
        answer = await self.server.ask("GET", f"/api/v1/statuses/{handle}")
        if answer.status_code != 200:
            raise gone
        status = status_of(json_of(answer))
        if status is None:
            raise TemporaryFailure("Mastodon: svaret gick inte att läsa.")
        acct = in_full(status.account.acct, self.account)
        # As wide as what is answered, never wider.
        return await self._post(letter, acct, visibility=status.visibility, reply_to=handle, or_gone=gone)

    async def _post(
        self,
        letter: Outgoing,
        acct: str,
        *,
        visibility: str,
        reply_to: str,
        or_gone: PermanentFailure | None = None,
    ) -> str:
        greeting = f"@{acct} "
        if not _HANDLE.fullmatch(acct):
            raise PermanentFailure("Mastodon: mottagaren är inget konto där.")
        most = (await self.server.about()).most
        try:
            parts = cut(defused(letter.body), most - len(greeting))
        except ValueError as error:
            raise PermanentFailure("Mastodon: servern tar för korta inlägg för ett brev.") from error
        gone = self._begun.setdefault(letter.key, [])
        while len(gone) < len(parts):
            fields = {
                "status": greeting + parts[len(gone)],
                "visibility": visibility,
                "language": letter.language,
                "in_reply_to_id": gone[-1] if gone else reply_to,
            }
            try:
                gone.append(await self._post_part(letter.key, len(gone), fields, or_gone))
            except (PermanentFailure, TemporaryFailure) as failure:
                if isinstance(failure, PermanentFailure) or not gone:
                    del self._begun[letter.key]
                raise
        del self._begun[letter.key]
        return gone[-1]

    async def _post_part(
        self, key: str, number: int, fields: dict[str, str], or_gone: PermanentFailure | None
    ) -> str:
        once = hashlib.sha256(f"{key}\0{number}".encode()).hexdigest()
        answer = await self._ask_patiently(once, fields, is_first=number == 0)
        if answer.status_code in {404, 410} and fields["in_reply_to_id"]:
            if or_gone is not None:
                raise or_gone
            # What is answered has been removed; its writer is still there.
            answer = await self._ask_patiently(once, fields | {"in_reply_to_id": ""}, is_first=number == 0)
        if answer.status_code != 200:
            raise PermanentFailure(f"Mastodon: servern tar inte emot inlägget ({answer.status_code}).")
        told = json_of(answer)
        posted = told.get("id") if isinstance(told, dict) else None
        if not isinstance(posted, str) or not posted:
            raise TemporaryFailure("Mastodon: svaret gick inte att läsa.", in_doubt=True)
        if told.get("mentions") == []:
            # Nobody is mentioned, so nobody will ever see it: the account is gone.
            with suppress(TemporaryFailure, PermanentFailure):
                await self.server.ask("DELETE", f"/api/v1/statuses/{posted}")
            raise PermanentFailure("Mastodon: mottagarens konto finns inte längre.")
        return posted

    async def _ask_patiently(self, once: str, fields: dict[str, str], *, is_first: bool) -> Any:
        headers = {"Idempotency-Key": once}
        body = {name: value for name, value in fields.items() if value}
        left = _PATIENCE
        while True:
            try:
                return await self.server.ask("POST", "/api/v1/statuses", headers=headers, json=body)
            except TemporaryFailure as failure:
                wait = failure.again_after
                # A letter that has begun is better ended than begun anew.
                if is_first or wait is None or wait > left:
                    raise
                left -= max(wait, _LEAST_WAIT)
                await asyncio.sleep(wait.total_seconds())


def _order(notification: str) -> tuple[int, str]:
    return (len(notification), notification) if notification != "0" else (0, "")


def _is_before(told: Told, then: Any) -> bool:
    found = moment(told.mention.created_at) if told.mention else None
    return found is not None and found < then
