"""Asks services over HTTP. Every fault is one of the two that a channel may raise; no secret is logged."""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from bots.channel import PermanentFailure, TemporaryFailure

# It logs addresses, and services want their tokens in them.
logging.getLogger("httpx").setLevel(logging.WARNING)

_LONGEST_ASKED = timedelta(hours=6)
_MOST_FETCHED = 20 * 2**20


@dataclass(kw_only=True)
class Service:
    """One service's address, and how we prove there who we are. `name` stands in what the operator reads."""

    name: str
    base_url: str
    timeout: float = 20.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    _client: httpx.AsyncClient | None = None

    async def ask(
        self, method: str, path: str, *, is_safe: bool | None = None, **more: Any
    ) -> httpx.Response:
        """Ask, and return any answer but "too many", "not now" and faults of the service's own.

        Those are `TemporaryFailure`. It is in doubt if the service may have done it, unless `is_safe` says
        that doing it twice does no harm (GET always is). `more` is handed to httpx.
        """
        safe = method == "GET" if is_safe is None else is_safe
        try:
            answer = await self._open().request(method, path, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryFailure(f"{self.name}: ingen kontakt ({type(error).__name__}).") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TemporaryFailure(
                f"{self.name}: avbrott innan svaret kom ({type(error).__name__}).", in_doubt=not safe
            ) from None
        except httpx.InvalidURL as error:
            raise PermanentFailure(f"{self.name}: adressen går inte att använda.") from error
        if answer.status_code == 429:
            raise TemporaryFailure(f"{self.name}: för många på en gång.", again_after=wait_of(answer))
        if answer.status_code >= 500:
            # Only 503 promises that nothing was done.
            in_doubt = not safe and answer.status_code != 503
            raise TemporaryFailure(
                f"{self.name}: fel hos tjänsten ({answer.status_code}).",
                in_doubt=in_doubt,
                again_after=wait_of(answer),
            )
        return answer

    async def fetch(self, address: str, *, most: int = _MOST_FETCHED, **more: Any) -> bytes:
        """Fetch a file of at most `most` bytes; raise `PermanentFailure` for a larger one, or none."""
        try:
            async with self._open().stream("GET", address, follow_redirects=True, **more) as answer:
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise TemporaryFailure(f"{self.name}: filen kan inte hämtas nu ({answer.status_code}).")
                if answer.status_code != 200:
                    raise PermanentFailure(f"{self.name}: filen finns inte ({answer.status_code}).")
                pieces, size = [], 0
                async for piece in answer.aiter_bytes():
                    size += len(piece)
                    if size > most:
                        raise PermanentFailure(f"{self.name}: filen är större än {most // 2**20} MB.")
                    pieces.append(piece)
        except httpx.TransportError as error:
            raise TemporaryFailure(f"{self.name}: filen kom inte ({type(error).__name__}).") from None
        except (httpx.TooManyRedirects, httpx.DecodingError) as error:
            raise PermanentFailure(f"{self.name}: filen går inte att få ({type(error).__name__}).") from None
        except httpx.InvalidURL as error:
            raise PermanentFailure(f"{self.name}: filens adress går inte att använda.") from error
        return b"".join(pieces)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self.base_url,
                timeout=self.timeout,
                headers=dict(self.headers),
                auth=self.auth,
                trust_env=False,
                verify=trusted(),
            )
        return self._client


@cache
def trusted() -> ssl.SSLContext:
    """Return whom we believe of those who say that they are a service: one list for all, read once."""
    # Each client would read it anew, which takes a tenth of a second.
    return httpx.create_ssl_context(trust_env=False)


def json_of(answer: httpx.Response) -> Any:
    """Return what an answer holds, or an empty dict where it is no JSON."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return {}


def wait_of(answer: httpx.Response) -> timedelta | None:
    """Return how long an answer asks us to wait, at most six hours; None without.

    By Retry-After (RFC 9110, 10.2.3), or by X-RateLimit-Reset where that is a moment (Mastodon); other
    services write seconds or numbers of their own there, and those are not read.
    """
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return min(timedelta(seconds=int(told[:9])), _LONGEST_ASKED)
    if not told and (reset := _moment(answer.headers.get("x-ratelimit-reset", ""))):
        # By the service's own clock, if it tells it: ours may be wrong.
        try:
            now = parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            now = datetime.now(UTC)
        return min(max(reset - now, timedelta(0)), _LONGEST_ASKED)
    try:
        until = parsedate_to_datetime(told)
    except (TypeError, ValueError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(aware - datetime.now(UTC), timedelta(0)), _LONGEST_ASKED)


def _moment(told: str) -> datetime | None:
    if "T" not in told:
        return None
    try:
        found = datetime.fromisoformat(told.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
