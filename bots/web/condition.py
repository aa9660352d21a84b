"""Judges how the house fares: what is well, what to look at, and what is wrong and needs somebody now.

What to do about each is said on the page (`templates/pages/health.html`), by the name of its sign.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bots.web.running import Running
from store.domain import LetterState
from store.health import Counted

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_GB = 10**9


class Level(StrEnum):
    """How bad it is."""

    WELL = "bra"
    LOOK = "se över"
    WRONG = "fel"


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Something that is not well. `about` is which channel, or how many, where that is to be told."""

    name: str
    level: Level
    about: str = ""


def signs(counted: Counted, running: Running, room: tuple[int, int] | None, *, now: datetime) -> list[Sign]:
    """List what is not well, the worst first; nothing when all is."""
    found = [
        *_of_store(counted, room, now),
        *_of_letters(counted, now),
        *_of_service(running, now),
    ]
    return sorted(found, key=lambda one: one.level is not Level.WRONG)


def _of_store(counted: Counted, room: tuple[int, int] | None, now: datetime) -> Iterator[Sign]:
    if counted.step != counted.newest_step:
        yield Sign(name="tables", level=Level.WRONG)
    if room is not None:
        free, whole = room
        if free < _GB // 2:
            yield Sign(name="disk", level=Level.WRONG)
        elif free < 2 * _GB or free < whole / 10:
            yield Sign(name="disk", level=Level.LOOK)
    yield from _old("waiting", counted.waiting_since, now, look=2 * _MINUTE, wrong=10 * _MINUTE)


def _of_letters(counted: Counted, now: datetime) -> Iterator[Sign]:
    yield from _old("unsent", counted.unsent_since, now, look=5 * _MINUTE, wrong=_HOUR)
    lost = sum(
        counted.letters[state] for state in (LetterState.FAILED, LetterState.UNKNOWN, LetterState.UNDELIVERED)
    )
    if lost:
        yield Sign(name="lost", level=Level.LOOK, about=str(lost))
    most = counted.receipts[0].most
    if most is not None and most > 5 * _MINUTE:
        yield Sign(name="slow", level=Level.LOOK)


def _of_service(running: Running, now: datetime) -> Iterator[Sign]:
    for way in running.ways:
        if way.outage is not None and way.outage.ended is None:
            yield Sign(name="in" if way.is_in else "out", level=Level.WRONG, about=way.account or way.channel)
    began = running.watched_at or running.started_at
    if began is not None and now - began > 10 * _MINUTE:
        yield Sign(name="watch", level=Level.WRONG)
    if running.model.is_wanted and not running.model.name:
        yield Sign(name="no_model", level=Level.LOOK)
    elif running.model.is_second_choice:
        yield Sign(name="second_model", level=Level.LOOK)
    if running.scanner is not None and running.scanner.ended is None:
        yield Sign(name="scanner", level=Level.LOOK)
    if running.certificate_ends is not None:
        left = running.certificate_ends - now
        if left < 21 * _DAY:
            yield Sign(name="certificate", level=Level.WRONG if left < 3 * _DAY else Level.LOOK)


def _old(
    name: str, since: datetime | None, now: datetime, *, look: timedelta, wrong: timedelta
) -> Iterator[Sign]:
    if since is not None and now - since > look:
        yield Sign(name=name, level=Level.WRONG if now - since > wrong else Level.LOOK)
