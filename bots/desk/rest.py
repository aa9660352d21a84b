"""Lets a road rest that leads nowhere just now: a long queue is not tried letter by letter in vain."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_MANY = 8  # failures in a row; a single reader who must wait says nothing of the road
_FIRST, _LONGEST = timedelta(seconds=1), timedelta(seconds=30)


@dataclass(kw_only=True)
class Rest:
    """Knows which roads rest. After each rest a few letters are tried; the first that goes opens the road."""

    _failures: dict[str, int] = field(default_factory=dict)
    _until: dict[str, datetime] = field(default_factory=dict)

    def awake(self, roads: Iterable[str], now: datetime) -> list[str]:
        """List the roads that letters may be tried on now."""
        return [road for road in roads if not self._rests(road, now)]

    def failed(self, road: str, now: datetime) -> None:
        """Note that a letter could not go just now: after many in a row the road rests, each time longer."""
        count = self._failures.get(road, 0) + 1
        self._failures[road] = count
        if count >= _MANY:
            self._until[road] = now + min(_FIRST * 2 ** min(count - _MANY, 10), _LONGEST)

    def worked(self, road: str) -> None:
        """Note that a letter went, or was refused for good: somebody answers there."""
        self._failures.pop(road, None)
        self._until.pop(road, None)

    def _rests(self, road: str, now: datetime) -> bool:
        until = self._until.get(road)
        # Not longer than the longest rest, also when somebody has set the clock back meanwhile.
        return until is not None and now < until <= now + _LONGEST
