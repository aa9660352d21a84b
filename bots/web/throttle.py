"""Token buckets in memory, so that one sender can not drown the others. No address is ever kept."""

import hashlib
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request

_MOST_KEYS = 10_000


@dataclass(kw_only=True)
class Buckets:
    """One bucket of `size` tokens per key; one token comes back every `refill`."""

    size: int
    refill: timedelta
    clock: Callable[[], datetime]
    _levels: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def take(self, key: str) -> timedelta | None:
        """Take a token and return None, or return how long until there is one."""
        level = self._level(key)
        if level < 1:
            return self.refill * (1 - level)
        self._set(key, level - 1)
        return None

    def give_back(self, key: str) -> None:
        """Put back the token that was last taken."""
        self._set(key, min(self._level(key) + 1, self.size))

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (float(self.size), self.clock()))
        return min(level + (self.clock() - at) / self.refill, self.size)

    def _set(self, key: str, level: float) -> None:
        self._levels.pop(key, None)
        if len(self._levels) >= _MOST_KEYS:
            # The first is the one that was longest untouched. A flood makes us forget, never grow.
            del self._levels[next(iter(self._levels))]
        self._levels[key] = (level, self.clock())


@dataclass(frozen=True)
class Strangers:
    """Tells one caller from another without knowing either: the key lives and dies with the process."""

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def name(self, request: Request) -> str:
        """Return a name for the network that a request comes from; it can not be turned back."""
        host = request.client.host if request.client else ""
        return hashlib.blake2b(_network(host).encode(), key=self._key, digest_size=16).hexdigest()


def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        # One household has a whole /64, and may use a new address for each request (RFC 8981).
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
