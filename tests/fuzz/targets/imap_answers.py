"""What an IMAP server answers: lines that our client's library takes apart, and we after it."""

from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]  # it has no types
from imapclient.response_parser import (  # type: ignore[import-untyped]  # likewise
    parse_fetch_response,
    parse_response,
)

from bots.channels.imap_session import FetchFailure, Session
from tests.fuzz.sound import can_be_written

SEEDS = (
    b'1 (UID 7 RFC822.SIZE 300 INTERNALDATE "23-Nov-2026 09:00:00 +0100" BODY[] "Hej")',
    b"2 (FLAGS (\\Seen) UID 8 BODY[] NIL)",
    b'1 (UID 7 BODY[]<0> "abc" INTERNALDATE "31-Dec-9999 23:59:59 -2359")',
    b"1 (UID 7 MODSEQ (5) BODY[HEADER] {3}\n",
    b"* 1 FETCH (UID x RFC822.SIZE -1)",
    b'(\\HasNoChildren) "/" "INBOX" ("a" (NIL NIL)) "\xff"',
)
# What the folder's own loop takes for a broken connection, and begins anew.
_BROKEN = (
    IMAPClient.Error,
    FetchFailure,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
)


class _Client:
    """Gives what the library makes of a server's line, whatever is asked."""

    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines

    def fetch(self, *_: Any) -> Any:
        """Answer as `IMAPClient.fetch` does."""
        return parse_fetch_response(self._lines)

    def search(self, *_: Any) -> Any:
        """Answer as `IMAPClient.search` does."""
        return [one for one in parse_response(self._lines) if isinstance(one, int)]


def fuzz(data: bytes) -> None:
    """Ask for everything; an answer is either sound or a fault that begins the connection anew."""
    session: Any = object.__new__(Session)
    session._client = _Client([data])
    try:
        for found in (session.bodies([7, 8]), session.header(7), session.arrival(7)):
            for one in found.values() if isinstance(found, dict) else [found]:
                assert isinstance(one.raw, bytes)
        session.body_in_parts(7, cap=10_000)
        assert all(isinstance(size, int) for size in session.sizes([7]).values())
        can_be_written([str(session.uids(1, 9))])
    except _BROKEN:
        return
