"""One SMTP or LMTP conversation, and the door that all of them come in through. The channel is in `smtp`.

Built on aiosmtpd, whose own habits would lose mail or tell secrets in several places; overrides say which.
"""
# ruff: noqa: N802, ARG002 - aiosmtpd finds commands and hooks by name, and hands them all that it has

import asyncio
import itertools
import logging
import re
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.proxy_protocol import ProxyData
from aiosmtpd.smtp import SMTP, Envelope, Session

from bots.channel import NoRoomError, NotKeptError, Receive
from bots.mail.recipients import Recipients
from store.domain import Inbound

log = logging.getLogger(__name__)

_END = b".\r\n"
_TRY_LATER = "451 4.3.0 Not kept, please try again later"
_NO_ROOM = "452 4.3.1 No room just now, please try again later"
_TOO_BIG = "552 5.3.4 Message too big"
_TOO_MANY = "421 4.7.0 Too many connections, please try again later"
_CLOSING = "421 4.3.2 Closing down, please try again later"
_PLAIN_PATH = re.compile(r'<([^\s<>@"\\(),:;\[\]]+(?:@[^\s<>@"\\(),:;\[\]]+)?)>(.*)', re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for every conversation."""

    account: str
    recipients: Recipients
    clock: Callable[[], datetime]
    data_size_limit: int
    max_connections: int
    max_per_peer: int | None
    max_recipients: int
    data_timeout: float
    require_starttls: bool
    proxy_protocol: bool


class _Gathering(set[Any]):
    """A set that can be waited upon until it is empty."""

    def __init__(self) -> None:
        super().__init__()
        self._empty = asyncio.Event()

    def leave(self, member: object) -> None:
        """Take `member` out, if it is there."""
        self.discard(member)
        if not self:
            self._empty.set()

    async def emptied(self, *, within: float) -> None:
        """Return when nobody is left, or when the time is up."""
        self._empty.clear()
        if self:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._empty.wait()


class Door:
    """What all connections share: who may come in, and what happens to a mail. Also aiosmtpd's handler."""

    def __init__(self, rules: Rules, receive: Receive, keeping: asyncio.TaskGroup) -> None:
        self.rules = rules
        self.closing = False
        self.sessions = _Gathering()
        self.in_hand = _Gathering()  # sessions in the middle of a mail
        self._receive = receive
        self._keeping = keeping
        self._peers: Counter[str] = Counter()
        self._peer_of: dict[object, str] = {}

    def enter(self, session: "Conversation", transport: asyncio.BaseTransport) -> bool:
        """Let a new connection in, or tell that the house is full."""
        if self.closing or len(self.sessions) >= self.rules.max_connections:
            return False
        peer = transport.get_extra_info("peername")
        # Behind a proxy all connections come from the proxy; the true peer is counted in handle_PROXY.
        if not self.rules.proxy_protocol and not self._count(session, str(peer[0]) if peer else ""):
            return False
        self.sessions.add(session)
        return True

    def leave(self, session: "Conversation") -> None:
        """Forget a connection."""
        self.sessions.leave(session)
        self.in_hand.leave(session)
        peer = self._peer_of.pop(session, None)
        if peer is not None:
            self._peers[peer] -= 1
            self._peers += Counter()  # drops the zeros, or strangers would pile up

    def _count(self, session: "Conversation", peer: str) -> bool:
        limit = self.rules.max_per_peer
        if limit is not None and self._peers[peer] >= limit:
            return False
        self._peers[peer] += 1
        self._peer_of[session] = peer
        return True

    async def keep(self, inbound: Inbound) -> str:
        """Hand a mail on in a task of its own, and return our answer to the other server.

        A client that hangs up after the last dot does not interrupt the commit.
        """
        return await asyncio.shield(self._keeping.create_task(self._keep(inbound)))

    async def _keep(self, inbound: Inbound) -> str:
        try:
            receipt = await self._receive(inbound)
        except NoRoomError:
            return _NO_ROOM  # said once in the log, by whoever looks after the disk
        except NotKeptError as error:
            log.error("smtp_not_kept account=%s at=%s", inbound.account, _place(error))
            return _TRY_LATER
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the sender must keep the mail
            log.error(
                "smtp_failed account=%s error=%s at=%s", inbound.account, type(error).__name__, _place(error)
            )
            return _TRY_LATER
        # Confirm only now. Moved up one line, a crash loses the citizen's words.
        return f"250 2.0.0 Ok: kept as {receipt.message_id}"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Answer EHLO and LHLO without AUTH, which aiosmtpd offers under TLS unasked."""
        session.host_name = hostname
        offered = [line for line in responses[:-1] if not line.startswith("250-AUTH")]
        return [*offered, "250 PIPELINING"]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any sender. The null sender, here '<>', is told apart when the mail is kept."""
        if self.closing:
            return _CLOSING
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for ourselves only."""
        if not self.rules.recipients.accept(address):
            return "550 5.1.1 No such recipient here"
        if len(envelope.rcpt_tos) >= self.rules.max_recipients:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_PROXY(
        self, server: "Conversation", session: Session, envelope: Envelope, proxy_data: ProxyData
    ) -> bool:
        """Count the peer that the proxy names."""
        if self._count(server, str(proxy_data.src_addr)):
            return True
        await server.push(_TOO_MANY)
        return False

    async def handle_exception(self, error: Exception) -> str:
        """Answer 451 whatever happened: aiosmtpd says 500 and shows the exception, which bounces the mail."""
        log.error("smtp_session_failed error=%s at=%s", type(error).__name__, _place(error))
        return _TRY_LATER


class Conversation(SMTP):
    """One connection."""

    # aiosmtpd's 1001 makes long lines a permanent failure. Here it only bounds the read buffer.
    line_length_limit = 2**20
    replies_per_recipient = False

    def __init__(self, door: Door, **settings: Any) -> None:
        super().__init__(door, **settings)
        self._door = door
        self._turned_away = False
        # aiosmtpd shares this between connections and clears it at each new one. RFC 5321 4.5.3.1.4
        # asks for 512; long signed addresses and SMTPUTF8 need more.
        self.command_size_limits = defaultdict(lambda: 1024)
        self.command_size_limit = 1024

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to talk, or say 421 and hang up when the house is full."""
        first_time = self._original_transport is None  # STARTTLS comes here once more
        if first_time and not self._door.enter(self, transport):
            self._turned_away = True
            assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a stream server has no other kind
            transport.write(f"{_TOO_MANY}\r\n".encode())
            transport.close()
            return
        super().connection_made(transport)
        if first_time and self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(self._end)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget this connection."""
        self._door.leave(self)
        if not self._turned_away:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """Stop; the other side has said all it had to say."""
        return None if self._turned_away else super().eof_received()

    def _end(self, task: asyncio.Task[None]) -> None:
        """Take note of how the conversation ended, or asyncio would print its exception."""
        self._door.leave(self)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("smtp_session_broken error=%s", type(error).__name__)

    def dismiss(self) -> None:
        """Say that we close down, and hang up."""
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            transport.write(f"{_CLOSING}\r\n".encode())
            transport.close()

    async def check_helo_needed(self, helo: str = "HELO") -> bool:
        """Ask for STARTTLS first where that is the rule; aiosmtpd's own rule would lock LHLO out."""
        if self._door.rules.require_starttls and not self._tls_protocol:
            await self.push("530 5.7.0 Must issue a STARTTLS command first")
            return True
        return await super().check_helo_needed(helo)

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """Start TLS, once."""
        if self._tls_protocol:
            await self.push("503 5.5.1 Already under TLS")
            return
        await super().smtp_STARTTLS(arg or "")
        # A client that hangs up in the handshake ends it without an error, and aiosmtpd would wait
        # for its next word for ever: a few hundred such clients would fill the house.
        if self._tls_protocol is not None and self.session is not None and self.session.ssl is None:
            self.connection_lost(None)

    async def smtp_AUTH(self, arg: str | None) -> None:
        """Refuse: nobody logs in here."""
        await self.push("502 5.5.1 AUTH not implemented")

    async def smtp_VRFY(self, arg: str | None) -> None:
        """Tell nothing about who is here (RFC 5321 7.3)."""
        await self.push("252 2.5.2 Cannot VRFY user")

    async def smtp_HELP(self, arg: str | None) -> None:
        """Point to the standard instead of listing commands that we refuse."""
        await self.push("214 2.0.0 See RFC 5321")

    async def smtp_DATA(self, arg: str | None) -> None:
        """Read a mail, have it kept and answer: once by SMTP, once per recipient by LMTP (RFC 2033 4.2)."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Need RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        self._door.in_hand.add(self)
        try:
            await self._take(self.envelope)
        finally:
            self._door.in_hand.leave(self)
        if self._door.closing:
            self.dismiss()

    async def _take(self, envelope: Envelope) -> None:
        rules = self._door.rules
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(rules.data_timeout)
        raw = await self._read_mail(rules.data_size_limit)
        received_at = rules.clock()  # requirement B7: the end of DATA
        self._reset_timeout()
        if raw is None:
            answer = _TOO_BIG
        else:
            answer = await self._door.keep(
                Inbound(
                    channel="smtp",
                    account=rules.account,
                    received_at=received_at,
                    raw=raw,
                    envelope_from=_storable((envelope.mail_from or "").removeprefix("<>")),
                    envelope_to=tuple(_storable(address) for address in envelope.rcpt_tos),
                )
            )
        self.envelope = self._create_envelope()
        repeats = len(envelope.rcpt_tos) if self.replies_per_recipient else 1
        await self.push("\r\n".join([answer] * repeats))

    async def _read_mail(self, limit: int) -> bytes | None:
        """Return the mail without its dots, or None when it was too big (it is then read to its end).

        Only CR LF dot CR LF ends a mail: any other reading opens for smuggling (CVE-2023-51764). Looking
        for the dot rather than for each line is what makes the reading quick.
        """
        mail, size = bytearray(), 0
        for turn in itertools.count(1):
            try:
                piece = await self._reader.readuntil(_END)
            except asyncio.LimitOverrunError as full:
                piece = await self._reader.read(full.consumed)
            size += len(piece)
            mail += piece
            if size > limit + len(_END):
                del mail[:-5]
            # A dot first of all ends an empty mail.
            if mail.endswith(b"\r\n" + _END) or (size == len(_END) and mail == _END):
                break
            if turn % 500 == 0:
                await asyncio.sleep(
                    0
                )  # the buffer may hold very many short lines; others want to be heard too
        if size > limit + len(_END):
            return None
        raw = bytes(mail[: -len(_END)])
        return raw.replace(b"\r\n.", b"\r\n")[raw.startswith(b".") :]

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Read plain addresses with one regular expression, the rest as aiosmtpd does, which is slow.

        Unlike aiosmtpd also `<postmaster>` without domain (RFC 5321 4.5.1), and no crash on a lone `<`.
        """
        plain = _PLAIN_PATH.match(arg)
        if plain is not None:
            return plain[1], plain[2]
        try:
            return super()._getaddr(arg)
        except (IndexError, ValueError):
            return None, None


class LmtpConversation(Conversation, LMTP):
    """One connection by LMTP. Without an answer per recipient the server before us delivers twice."""

    replies_per_recipient = True


def _storable(address: str) -> str:
    """Return an address that a database can keep: bytes that are no text become replacement characters."""
    text = address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _place(error: BaseException) -> str:
    """Say where an error arose; its words may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
