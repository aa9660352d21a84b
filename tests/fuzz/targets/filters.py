"""The query string of a list, and days and times as pages are given them."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from bots.web.filters import read, tidy
from bots.web.register import moment_of
from store.inbox import clean
from store.lists import Queue
from tests.fuzz.sound import can_be_written

SEEDS = (
    b"visa=alla&q=gunga&typ=klagom%C3%A5l&fran=2026-01-01&till=2026-12-31&sena=1",
    b"efter=0.0001-01-01.1&fore=1.9999-12-31.999999999",
    b"fran=2026-W01-1&till=20260101&q=%00%ED%A0%80",
    b"fran=0001-01-01&till=00:00",
    b"fran=9999-12-31&till=23:59",
    b"fran=2026-03-29&till=02:30",
    b"visa=mina&enhet=" + b"a" * 200,
)


def fuzz(data: bytes) -> None:
    """Read it, and write it again: what was written reads the same."""
    query = data.decode("latin-1")
    try:
        said: Mapping[str, str] = dict(parse_qsl(query, max_num_fields=50))
    except ValueError:  # more fields than any page of ours has; the server's own limit
        return
    asked = read(said, list(Queue))
    can_be_written([asked.url(), *asked.values().values(), *(value for _, value in asked.hidden())])
    again = asked.url().partition("?")[2]
    assert tidy(again, list(Queue)) == again
    at = moment_of(clean(said.get("fran", "")), clean(said.get("till", "")))
    assert at is None or at.tzinfo is not None
