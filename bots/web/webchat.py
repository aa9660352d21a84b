"""The page of a talk with the assistant. What is said there is kept like any message; the talk is the case.

The browser holds a code in a signed cookie; of the code only a keyed mark is kept (`bots.web.codes`). No
network address is. Everything works without a script; with one, news come by themselves.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.channel import NotKeptError
from bots.channels.webchat import LONGEST, PAGE, ROAD, CrowdedError, Pressed, Webchat, arrival, written
from bots.web import fields, uploads
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.show import STATIC, Show
from bots.web.throttle import Buckets, Strangers
from bots.web.tickets import Ticket, Tickets
from bots.web.uploads import Sent
from bots.wire.kept import Fetched
from store import talks
from store.deadlines import STOCKHOLM
from store.domain import Address, Purpose
from store.engine import Row, StoreError

log = logging.getLogger(__name__)

_MOST_MEGABYTES = 10
_LONGEST_WAIT = 25.0  # seconds
_LOOK_AGAIN = 5.0
# Signed by a handler: whoever reads them must not think that a machine wrote them.
_BY_HUMANS = (Purpose.ANSWER, Purpose.QUESTION, Purpose.DELAY)
_PRESSED = re.compile(r"(\d{1,15}):(.{1,60})")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one side has said. `buttons` are those that still can be pressed."""

    id: str
    at: datetime
    is_ours: bool
    is_by_human: bool = False
    text: str
    language: str = ""
    files: Sequence[str] = ()
    buttons: Sequence[Mapping[str, str]] = ()
    unread: int = 0  # the letter's id until its arrival is known


class Talk:
    """The page, what is posted from it, and the waiting for news."""

    def __init__(
        self,
        *,
        parts: Parts,
        show: Show,
        access: Access,
        chat: Webchat,
        secret: str,
        secure: bool,
        longest_wait: float = _LONGEST_WAIT,
    ) -> None:
        self._parts = parts
        self._show = show
        self._access = access
        self._chat = chat
        self._secure = secure
        self._longest_wait = longest_wait
        self._tickets = Tickets(secret, salt="synpunkt talk", clock=parts.clock)
        self._strangers = Strangers()
        # A library or a school is one network, so the bucket is wide.
        self._posts = Buckets(size=20, refill=timedelta(seconds=10), clock=parts.clock)
        self._tries = Buckets(size=10, refill=timedelta(minutes=1), clock=parts.clock)

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route(PAGE, self.look, methods=["GET"]),
            Route(PAGE, self.say, methods=["POST"]),
            Route(f"{PAGE}/nytt", self.news, methods=["GET"]),
            Route(f"{PAGE}/tillbaka", self.come_back, methods=["POST"]),
            Route(f"{PAGE}/avsluta", self.end, methods=["POST"]),
            Route(f"{PAGE}/knapp.js", self.button, methods=["GET"]),
        ]

    async def look(self, request: Request) -> Response:
        """Show the talk of this browser, or an empty one."""
        return await self._page(request, self._language(request.query_params.get("sprak", "")))

    async def say(self, request: Request) -> Response:
        """Keep what was written or pressed and lead back to the talk, or show it with all that was typed."""
        whole = await _read(request)
        sent, language = whole.fields, self._language(whole.fields.get("language", ""))
        text, chosen = sent.get("text", ""), sent.get("choice", "")
        ticket = self._tickets.taken(sent.get("ticket", ""))
        if not self._access.carries_token(request, sent) or ticket is None:
            return await self._page(request, language, text=text, error="old", status=403)
        is_lost = bool(whole.files)  # no browser keeps files for a page that comes back
        if error := self._fault(whole, ticket):
            return await self._page(
                request, language, text=text, error=error, lost=is_lost, ticket=ticket, status=422
            )
        if (wait := self._posts.take(self._strangers.name(request))) is not None:
            answer = await self._page(
                request, language, text=text, error="many", lost=is_lost, ticket=ticket, status=429
            )
            answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        # The same code for both halves of a double click, also of the first; known to nobody without our key.
        code = self._code(request) or self._parts.codes.make(f"{PAGE}.{ticket.seed}.{sent['token']}")
        address = self._address(code)
        pressed, label = await asyncio.to_thread(self._pressed, address, chosen) if chosen else (None, "")
        payload = _payload(text, chosen, language)
        files = [Fetched(name=one.name, media_type=one.media_type, data=one.data) for one in whole.files]
        message = written(
            handle=address.handle,
            external_id=f"{ticket.id}.{_sum(payload, files)}",
            text=label or text,
            payload=payload,
            # Who has left the page as it was may write in any language.
            language=language if language != self._chat.languages[0] else "",
            files=() if chosen else files,
            pressed=pressed,
            now=self._parts.clock(),
        )
        try:
            await self._parts.receive(message)
        except NotKeptError:
            log.error("talk: not kept, shown again to its sender")
            return await self._page(
                request, language, text=text, error="unkept", lost=is_lost, ticket=ticket, status=503
            )
        if not sent.get("script", ""):
            await self._wait_a_moment(address)
        answer = RedirectResponse(f"{PAGE}?{urlencode({'sprak': language})}#skriv", 303)
        self._remember(answer, code)
        return answer

    async def news(self, request: Request) -> Response:
        """Wait for what is new after the mark `efter`; 204 if nothing is, or if whoever asked has gone."""
        code = self._code(request)
        if not code:
            return Response(status_code=403)
        language, address = self._language(request.query_params.get("sprak", "")), self._address(code)
        try:
            with self._chat.waiting(address.handle) as bell:
                lines = await self._wait(request, bell, address, request.query_params.get("efter", "")[:40])
        except CrowdedError:
            return Response(status_code=503, headers={"Retry-After": "20"})
        if lines is None:
            return Response(status_code=204)
        answer = self._show.page("chat_lines", language=language, lines=lines, mark=_mark(lines))
        return self._telling(request, answer, address, lines)

    async def come_back(self, request: Request) -> Response:
        """Open the talk of a code. One that is unknown and one that is mistyped get the same page."""
        sent = await fields.read(request)
        language = self._language(sent.get("language", ""))
        if not self._access.carries_token(request, sent):
            return await self._page(request, language, error="old", status=403)
        stranger = self._strangers.name(request)
        # Taken before the look-up: many tries at once must not slip through side by side.
        if (wait := self._tries.take(stranger)) is not None:
            answer = await self._page(request, language, code_error="many", status=429)
            answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        code = _neat(sent.get("code", ""))
        if not await asyncio.to_thread(self._has_begun, self._address(code)):
            return await self._page(request, language, code_error="wrong", status=422)
        self._tries.give_back(stranger)
        answer = RedirectResponse(f"{PAGE}?{urlencode({'sprak': language})}#skriv", 303)
        self._remember(answer, code)
        return answer

    async def end(self, request: Request) -> Response:
        """Let the browser forget its talk, and show the code once more. Nothing is removed with us."""
        sent = await fields.read(request)
        language = self._language(sent.get("language", ""))
        if not self._access.carries_token(request, sent):
            return await self._page(request, language, error="old", status=403)
        code = self._code(request)
        # A page from before, in the browser's own memory, can send nothing more.
        request.session.pop("token", None)
        answer = self._show.page("chat_ended", language=language, code=code, languages=self._chat.languages)
        answer.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")
        return answer

    async def button(self, _request: Request) -> Response:
        """Hand out the small script with which another site shows a button that opens the page."""
        return Response(
            await asyncio.to_thread((STATIC / "chat_button.js").read_bytes),
            media_type="text/javascript; charset=utf-8",
            headers={
                "Cache-Control": "public, max-age=3600",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )

    async def _page(
        self,
        request: Request,
        language: str,
        *,
        text: str = "",
        error: str = "",
        code_error: str = "",
        lost: bool = False,
        ticket: Ticket | None = None,
        status: int = 200,
    ) -> Response:
        code = self._code(request)
        address = self._address(code) if code else None
        lines = await asyncio.to_thread(self._lines, address) if address else []
        # The same ticket all the way through corrections, so that a double click stays one message.
        ticket = ticket or self._tickets.new()
        answer = self._show.page(
            "chat",
            token=self._access.token(request),
            language=language,
            status=status,
            ticket=self._tickets.give(ticket),
            lines=lines,
            mark=_mark(lines),
            code=code,
            typed=text[: LONGEST * 4],
            error=error,
            code_error=code_error,
            lost=lost,
            longest=LONGEST,
            most_files=uploads.MOST_FILES,
            most_megabytes=_MOST_MEGABYTES,
            languages=self._chat.languages,
        )
        if address is None:
            return answer
        self._remember(answer, code)
        return self._telling(request, answer, address, lines)

    def _fault(self, whole: Sent, ticket: Ticket) -> str:
        """Name what is wrong with what was sent; what is caught is told, never dropped (row B7)."""
        sent = whole.fields
        if sent.get("website", ""):
            return "filled"
        if sent.get("choice", ""):
            return ""
        if not sent.get("text", "").strip() and not whole.files:
            return "empty"
        if len(sent.get("text", "")) > LONGEST:
            return "long"
        if found := uploads.fault(whole):
            return f"files_{found}"
        if sum(len(one.data) for one in whole.files) > _MOST_MEGABYTES * 2**20:
            return "files_large"
        return "fast" if self._tickets.is_hasty(ticket) else ""

    async def _wait_a_moment(self, address: Address) -> None:
        """Let who has no script see the answer at once, if it comes soon. Nothing may fail: it is kept."""
        patience = self._parts.patience.total_seconds()
        if patience <= 0:
            return
        try:
            with self._chat.waiting(address.handle) as bell:
                async with asyncio.timeout(patience):
                    await bell.wait()
        except (TimeoutError, CrowdedError):
            return

    async def _wait(
        self, request: Request, bell: asyncio.Event, address: Address, mark: str
    ) -> Sequence[Line] | None:
        """Return the talk as soon as it is another than `mark` says; None if it stays, or nobody waits."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._longest_wait
        gone = asyncio.Event()

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()
            bell.set()

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch())
            try:
                while True:
                    bell.clear()
                    try:
                        lines = await asyncio.to_thread(self._lines, address)
                    except StoreError as error:
                        failed = error  # out of the group as it is, for the page that says so
                        break
                    if _mark(lines) != mark:
                        return lines
                    if gone.is_set() or self._chat.is_closing or clock() >= until:
                        return None
                    try:
                        # Another process may send: then no bell rings here.
                        async with asyncio.timeout(min(_LOOK_AGAIN, max(until - clock(), 0))):
                            await bell.wait()
                    except TimeoutError:
                        continue
            finally:
                watching.cancel()
        raise failed

    def _telling(
        self, request: Request, answer: Response, address: Address, lines: Sequence[Line]
    ) -> Response:
        """Note the arrival of letters once the browser has been sent them."""
        unread = [one.unread for one in lines if one.unread]
        if unread and request.method == "GET":
            answer.background = BackgroundTask(self._tell_arrival, address, unread)
        return answer

    async def _tell_arrival(self, address: Address, letters: Sequence[int]) -> None:
        for letter in letters:
            if not self._chat.is_new(letter):
                continue
            try:
                await self._parts.receive(arrival(letter, handle=address.handle, now=self._parts.clock()))
            except NotKeptError:
                # The page shows it again, and it is told then.
                self._chat.forget(letter)
                return

    def _lines(self, address: Address) -> list[Line]:
        with self._parts.store.read() as transaction:
            talk = talks.read(transaction, address)
        answered = {row["about"] for row in talk.messages if row["about"]}
        own = [_own(row) for row in talk.messages]
        ours = [_ours(row, is_answered=str(row["id"]) in answered) for row in talk.letters]
        return sorted([*own, *ours], key=lambda one: (one.at, one.is_ours, len(one.id), one.id))

    def _pressed(self, address: Address, chosen: str) -> tuple[Pressed, str]:
        """Return which button was pressed and what stands on it; an empty one if no letter here has it."""
        if (found := _PRESSED.fullmatch(chosen)) is None:
            return Pressed(), ""
        with self._parts.store.read() as transaction:
            rows = talks.read(transaction, address).letters
        for row in rows:
            for one in row["buttons"]:
                if (row["id"], one["value"]) == (int(found[1]), found[2]):
                    return Pressed(letter=row["id"], value=one["value"]), one["label"]
        return Pressed(), ""

    def _has_begun(self, address: Address) -> bool:
        with self._parts.store.read() as transaction:
            return talks.has_begun(transaction, address)

    def _address(self, code: str) -> Address:
        # Unlike the mark of an anonymous sender's code: neither opens what the other does.
        return Address(channel=ROAD, handle=self._parts.codes.mark(f"CHATT{code}"))

    @property
    def _cookie(self) -> str:
        # The prefix makes browsers refuse a cookie of this name that was not set by us over TLS.
        return "__Host-synpunkt-chatt" if self._secure else "synpunkt-chatt"

    def _code(self, request: Request) -> str:
        """Return the code that this browser holds, or an empty text if it has been idle for too long."""
        match self._tickets.read(request.cookies.get(self._cookie, "")):
            case ["code", str(code), int(at) | float(at)]:
                used = datetime.fromtimestamp(at, STOCKHOLM)
                return code if self._parts.clock() - used < self._chat.idle else ""
            case _:
                return ""

    def _remember(self, answer: Response, code: str) -> None:
        answer.set_cookie(
            self._cookie,
            self._tickets.sign(["code", code, self._parts.clock().timestamp()]),
            max_age=int(self._chat.idle.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _language(self, wanted: str) -> str:
        return wanted if wanted in self._chat.languages else self._chat.languages[0]


def _own(row: Row) -> Line:
    given = row["given"]
    return Line(
        id=f"m{row['id']}",
        at=row["received_at"],
        is_ours=False,
        text=given["text"],
        files=[one["name"] for one in given.get("files", ())],
    )


def _ours(row: Row, *, is_answered: bool) -> Line:
    return Line(
        id=f"b{row['id']}",
        at=row["sent_at"] or row["created_at"],
        is_ours=True,
        is_by_human=Purpose(row["purpose"]) in _BY_HUMANS,
        text=row["body"].strip(),
        language=row["language"],
        buttons=() if is_answered else [dict(one) for one in row["buttons"]],
        unread=0 if row["delivered_at"] else row["id"],
    )


def _mark(lines: Sequence[Line]) -> str:
    """Name what a page shows, so that another is known from it."""
    shown = "|".join(f"{one.id}{len(one.buttons)}" for one in lines)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _payload(text: str, chosen: str, language: str) -> bytes:
    content = {"text": text, "choice": chosen, "language": language}
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def _sum(payload: bytes, files: Sequence[Fetched]) -> str:
    whole = hashlib.sha256(payload)
    for one in files:
        whole.update(hashlib.sha256(one.data).digest())
    return whole.hexdigest()[:16]


def _neat(typed: str) -> str:
    """Write a code as it is shown, however it was typed."""
    plain = "".join(sign for sign in typed[:100].upper() if sign.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


async def _read(request: Request) -> Sent:
    if request.headers.get("content-type", "").startswith("multipart/"):
        return await uploads.read(request)
    return Sent(fields=await fields.read(request))
