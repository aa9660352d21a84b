"""What another server says to ours by SMTP or LMTP: commands, and mails that end where they should not."""
# ruff: noqa: E501 - seeds are as they come over the wire

import asyncio
from typing import Any

from bots.channels.smtp import COMMAND_LIMITS
from bots.channels.smtp_session import Conversation, Door, LmtpConversation, Rules
from bots.mail.recipients import Recipients
from store.domain import Inbound, Receipt
from tests.fuzz.loop import LOOP
from tests.fuzz.sound import NOW, is_kept

_OURS = "synpunkter@lillkommun.example"
_RULES = Rules(
    account="synpunkter",
    recipients=Recipients([_OURS]),
    clock=lambda: NOW,
    data_size_limit=100_000,
    max_connections=5,
    max_per_peer=None,
    max_recipients=10,
    data_timeout=5,
    require_starttls=False,
    proxy_protocol=False,
)
_MAIL = b"MAIL FROM:<eva@example.se>\r\nRCPT TO:<synpunkter@lillkommun.example>\r\nDATA\r\n"
SEEDS = (
    b"EHLO mx.example.org\r\n" + _MAIL + b"Subject: a\r\n\r\nHej\r\n.\r\nQUIT\r\n",
    b"LHLO mx.example.org\r\n" + _MAIL + b"a\n.\nb\r\n..\r\n.\r\n",
    b"HELO x\r\nMAIL FROM:<> SIZE=10 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<SYNPUNKTER@lillkommun.example>\r\nRSET\r\n",
    b'EHLO [192.0.2.1]\r\nMAIL FROM:<\r\nMAIL FROM:<"a b"@example.se>\r\nVRFY x\r\nHELP\r\nNOOP\r\nAUTH PLAIN AA==\r\n',
    b"EHLO x\r\nSTARTTLS\r\nRCPT TO:<@a,@b:c@d>\r\nDATA\r\nEXPN\r\nETRN x\r\nBDAT 3 LAST\r\nabc",
    b"EHLO x\r\n" + _MAIL + b"a\r\n.\rb\r\n.\nc\r\n.\r\n" + _MAIL + b".\r\n",
    b"\x00\xff\r\n\r\nEHLO \xff\r\nMAIL FROM:<\xc3\xa5@example.se> SMTPUTF8\r\n",
)


class _Wire(asyncio.Transport):
    """A connection that takes what is said and ends when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.said = bytearray()
        self.is_shut = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Say where it comes from."""
        return ("192.0.2.1", 25) if name in {"peername", "sockname"} else default

    def write(self, data: Any) -> None:
        """Take an answer."""
        self.said += data

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.is_shut

    def close(self) -> None:
        """Close it."""
        self.is_shut = True

    abort = close

    def pause_reading(self) -> None:
        """Do nothing: all is said at once."""

    resume_reading = pause_reading


def fuzz(data: bytes) -> None:
    """Say all of it on one connection. Our answers are codes of SMTP, and each mail can be kept."""
    LOOP.run_until_complete(_talk(data, LmtpConversation if data.startswith(b"L") else Conversation))


async def _talk(data: bytes, kind: type[Conversation]) -> None:
    async def receive(inbound: Inbound) -> Receipt:
        is_kept(inbound)
        assert inbound.envelope_to
        return Receipt(message_id=1)

    wire = _Wire()
    async with asyncio.TaskGroup() as keeping:
        session = kind(
            Door(_RULES, receive, keeping),
            data_size_limit=_RULES.data_size_limit,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="ESMTP",
            command_call_limit=dict(COMMAND_LIMITS),
            loop=LOOP,
        )
        session.connection_made(wire)
        session.data_received(data)
        session.eof_received()
        for _ in range(500):
            if wire.is_shut:
                break
            await asyncio.sleep(0)
        wire.close()
        session.connection_lost(None)
        await asyncio.sleep(0)
    for line in bytes(wire.said).split(b"\r\n")[:-1]:
        assert line[:3].isdigit(), line
        assert line[3:4] in {b" ", b"-"}, line
