"""A message as a mailbox gives it: the header lines that tell when our servers first had it."""
# ruff: noqa: E501 - seeds are as they come over the wire

from bots.channels.imap_message import cut, header_lines, inbound, stand_in
from bots.channels.imap_session import Done
from tests.fuzz.sound import NOW, can_be_written, is_kept
from tests.post import ALL

SEEDS = (
    b"Return-Path: <eva@example.se>\r\nDelivered-To: synpunkter@lillkommun.example\r\n"
    b"Received: from a by mx.lillkommun.example; Mon, 23 Nov 2026 09:00:00 -0000\r\n\r\nHej",
    b"Received: by x.lillkommun.example ((((a)))); 31 Dec 9999 23:59:59 -2359\nReceived: by y; 1 Jan 1 00:00 +2359\n\n",
    b"\xef\xbb\xbf\r\nReceived:\n by a\n ; Thu, 99 Foo 99999 99:99:99\nReturn-Path:\n\n",
    *(made.raw for made in ALL if len(made.raw) < 1000),
)


def fuzz(data: bytes) -> None:
    """Make a message of it, whole, cut off and with a stand-in for what could not be had."""
    for raw in (data, cut(data, size=10**9), stand_in(data[:500], folder="INBOX", uid=7)):
        for arrived in (None, NOW):
            is_kept(
                inbound(
                    raw,
                    account="a",
                    external_id="b",
                    arrived=arrived,
                    now=NOW,
                    own_domains=("lillkommun.example", "."),
                )
            )
    for name, value in header_lines(data):
        can_be_written([name, value])
    try:
        Done.parse(data.decode("latin-1"))
    except ValueError:
        return
