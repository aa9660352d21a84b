"""Asks a Matrix homeserver by matrix-nio, in which every fault becomes one of ours. No token is told.

nio's own loop is not used: it goes on before anybody has kept what it read. What a sync holds is handed on as
it came: nio leaves out a whole answer when a single event in it is not as it should be.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import ClientError, ClientResponse
from nio import AsyncClient, AsyncClientConfig, ErrorResponse, Response

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure

# It writes what it can not read in its log, and that is what people wrote.
logging.getLogger("nio").setLevel(logging.CRITICAL + 1)

MOST_BYTES = 20 * 2**20

_FETCH_SECONDS = 10.0
_LONGEST_ASKED = timedelta(hours=6)
_MXC = re.compile(r"mxc://([\w.:\[\]-]{1,255})/([\w-]{1,255})", re.ASCII)
# What is none of a conversation is not asked for: who is at home, who types, what has been read.
_FILTER = json.dumps(
    {
        "presence": {"not_types": ["*"]},
        "account_data": {"not_types": ["*"]},
        "room": {
            "timeline": {"limit": 50},
            "state": {"lazy_load_members": True},
            "ephemeral": {"not_types": ["*"]},
            "account_data": {"not_types": ["*"]},
        },
    },
    separators=(",", ":"),
)
_LOGGED_OUT = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"})
_STOPPED = frozenset({"M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED"})
_LOGIN_ENDED = (
    "Matrix: servern godtar inte vår inloggning. Hämta en ny åtkomstnyckel för kontot, lägg den i "
    "hemligheten som channels.matrix.access_token pekar på, och starta om."
)
_LOGIN_REFUSED = (
    "Matrix: servern godtar inte kontots lösenord. Lägg rätt lösenord i hemligheten som "
    "channels.matrix.password pekar på, och starta om."
)
_LOGGING_IN = "Matrix: inloggningen gäller inte längre. Vi loggar in igen vid nästa försök."
_ACCOUNT_STOPPED = (
    "Matrix: kontot är spärrat eller avslutat på servern. Be den som sköter servern att öppna det."
)


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who a server says that we are. `date` is the server's own clock, if it tells it."""

    user_id: str
    date: datetime | None


@dataclass(kw_only=True)
class Api:
    """One account on one homeserver: proved by a token that does not end, or by a password.

    With a password the session is always that of the same device, since a server knows a letter that it has
    already taken by device and transaction.
    """

    url: str
    user_id: str
    device: str
    token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout: float = 20.0
    _client: AsyncClient | None = None
    _entering: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def me(self) -> Me:
        """Ask who we are."""
        client = await self._enter()
        answer = await self._settled(client.whoami())
        return Me(user_id=answer.user_id, date=_date_of(answer.transport_response))

    async def sync(self, since: str, *, seconds: float) -> dict[str, Any]:
        """Return what is new since a place, as the server tells it; wait so many seconds for it."""
        query = {"filter": _FILTER, "set_presence": "offline", "timeout": str(int(seconds * 1000))}
        if since:
            query["since"] = since
        return await self._get(f"/_matrix/client/v3/sync?{urlencode(query)}", timeout=seconds + 15)

    async def before(self, room_id: str, place: str, until: str) -> tuple[list[Any], str]:
        """Return a page of what stood in a room before a place, newest first, and where the next begins."""
        query = {"dir": "b", "from": place, "limit": "100"}
        if until:
            query["to"] = until
        told = await self._get(
            f"/_matrix/client/v3/rooms/{quote(room_id, safe='')}/messages?{urlencode(query)}"
        )
        chunk, end = told.get("chunk"), told.get("end")
        return chunk if isinstance(chunk, list) else [], end if isinstance(end, str) else ""

    async def members(self, room_id: str) -> dict[str, str]:
        """Return who is in a room: their ids, and the names that they show."""
        client = await self._enter()
        answer = await self._settled(client.joined_members(room_id), "Vi är inte med i rummet.")
        return {one.user_id: one.display_name or "" for one in answer.members}

    async def join(self, room_id: str) -> None:
        """Say yes to an invitation."""
        client = await self._enter()
        await self._settled(client.join(room_id), "Inbjudan gäller inte längre.")

    async def leave(self, room_id: str, reason: str) -> None:
        """Leave a room, or say no to an invitation; the reason is shown beside our name."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id, safe='')}/leave"
        await self._raw("POST", path, json.dumps({"reason": reason}))

    async def put(self, room_id: str, content: Mapping[str, Any], transaction: str) -> str:
        """Write in a room and return the event's id. The same transaction twice is one."""
        client = await self._enter()
        answer = await self._settled(
            client.room_send(room_id, "m.room.message", dict(content), tx_id=transaction),
            "Servern låter oss inte skriva i rummet.",
        )
        return str(answer.event_id)

    async def fetch(self, address: str) -> bytes:
        """Fetch a file of at most `MOST_BYTES`, in ten seconds; raise a `ChannelFailure` without it."""
        found = _MXC.fullmatch(address)
        if found is None:
            raise PermanentFailure("Matrix: filens adress går inte att använda.")
        path = f"/_matrix/client/v1/media/download/{quote(found[1], safe='')}/{found[2]}"
        client = await self._enter()
        with _transport():
            answer = await self._sent(client, "GET", path, None, timeout=_FETCH_SECONDS)
            pieces, size = [], 0
            try:
                if answer.status == 200:
                    async with asyncio.timeout(_FETCH_SECONDS):
                        async for piece in answer.content.iter_chunked(2**16):
                            size += len(piece)
                            if size > MOST_BYTES:
                                raise PermanentFailure("Matrix: filen är större än 20 MB.")
                            pieces.append(piece)
                    return b"".join(pieces)
                told = _json(await answer.read())
            finally:
                answer.close()
        raise self._failure(answer, _text(told, "errcode"), told.get("retry_after_ms"), "Filen finns inte.")

    async def close(self) -> None:
        """Let go of the connections. The login stays, so that the next start goes on with it."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _enter(self) -> AsyncClient:
        """Return a client that is logged in."""
        async with self._entering:
            client = self._client
            if client is None:
                config = AsyncClientConfig(
                    max_limit_exceeded=0,
                    max_timeouts=0,
                    request_timeout=self.timeout,
                    encryption_enabled=False,
                )
                client = self._client = AsyncClient(
                    self.url, self.user_id, device_id=self.device, config=config
                )
            if not client.access_token and self.token:
                client.user_id, client.access_token = self.user_id, self.token
            if not client.access_token:
                with _transport():
                    answer = await client.login(self.password, device_name=self.device)
                if isinstance(answer, ErrorResponse):
                    failure = self._failure_of(answer, "")
                    if isinstance(failure, PermanentFailure):
                        raise TemporaryFailure(_LOGIN_REFUSED)
                    raise failure
            return client

    async def _settled(self, asked: Any, refused: str = "") -> Any:
        """Return what nio got, or raise what it only returns."""
        with _transport():
            answer: Response = await asked
        if isinstance(answer, ErrorResponse):
            raise self._failure_of(answer, refused)
        return answer

    async def _get(self, path: str, *, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109
        return await self._raw("GET", path, None, timeout=timeout)

    async def _raw(
        self,
        method: str,
        path: str,
        data: str | None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> dict[str, Any]:
        client = await self._enter()
        with _transport():
            answer = await self._sent(client, method, path, data, timeout=timeout)
            told = _json(await answer.read())
        if answer.status != 200:
            raise self._failure(answer, _text(told, "errcode"), told.get("retry_after_ms"), "")
        return told

    async def _sent(
        self,
        client: AsyncClient,
        method: str,
        path: str,
        data: str | None,
        *,
        timeout: float | None,  # noqa: ASYNC109
    ) -> ClientResponse:
        headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
        answer: ClientResponse = await client.send(method, path, data, headers, timeout=timeout)
        return answer

    def _failure_of(self, answer: ErrorResponse, refused: str) -> ChannelFailure:
        sent: Any = answer.transport_response  # nio puts it in every answer
        return self._failure(sent, answer.status_code or "", answer.retry_after_ms, refused)

    def _failure(self, answer: ClientResponse, code: str, wait_ms: object, refused: str) -> ChannelFailure:
        """Say in our words what a server refused. Its own words may hold names."""
        if code in _STOPPED:
            return TemporaryFailure(_ACCOUNT_STOPPED)
        if code in _LOGGED_OUT or (answer.status == 401 and not code):
            if self._client is not None:
                self._client.access_token = ""  # with a password, the next question logs in anew
            return TemporaryFailure(_LOGIN_ENDED if self.token else _LOGGING_IN)
        if answer.status == 429 or code == "M_LIMIT_EXCEEDED":
            return TemporaryFailure("Matrix: för många på en gång.", again_after=_wait(wait_ms, answer))
        if answer.status >= 500 or not code:
            return TemporaryFailure(f"Matrix: fel hos servern ({answer.status}).")
        return PermanentFailure(f"Matrix: {refused or 'servern säger nej.'} ({_plain(code)})")


@contextmanager
def _transport() -> Iterator[None]:
    """Turn faults on the way into ours. Nothing is in doubt: every act of ours can be done twice."""
    try:
        yield
    except TimeoutError:
        raise TemporaryFailure("Matrix: servern svarade inte i tid.") from None
    except (ClientError, OSError) as error:
        raise TemporaryFailure(f"Matrix: ingen kontakt med servern ({type(error).__name__}).") from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""


def _plain(code: str) -> str:
    return code if re.fullmatch(r"[A-Z_.]{1,60}", code) else "okänd kod"


def _wait(wait_ms: object, answer: ClientResponse) -> timedelta | None:
    """Return how long we are asked to wait: by Retry-After, or as servers told it before."""
    told = answer.headers.get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return min(timedelta(seconds=int(told[:9])), _LONGEST_ASKED)
    if isinstance(wait_ms, int) and 0 <= wait_ms < 10**12:
        return min(timedelta(milliseconds=wait_ms), _LONGEST_ASKED)
    return None


def _date_of(answer: ClientResponse) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
