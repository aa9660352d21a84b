"""Hears mail that other mail servers hand us, by SMTP or LMTP. Letters leave through `relay`."""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from bots.channel import Capabilities, PermanentFailure, Receive
from bots.channels.smtp_session import Conversation, Door, LmtpConversation, Rules
from bots.mail.certificate import expires_at
from bots.mail.recipients import Recipients
from store.domain import Outgoing

log = logging.getLogger(__name__)

# How often one connection may say each word. Other mail servers reuse a connection for many mails.
COMMAND_LIMITS: Mapping[str, int] = {
    "MAIL": 10_000,
    "RCPT": 100_000,
    "DATA": 10_000,
    "RSET": 10_000,
    "NOOP": 100,
    "*": 10,
}

_REASONS = {
    errno.EADDRINUSE: "är upptagen, stoppa det andra programmet eller välj en annan port",
    errno.EACCES: "får inte öppnas, välj en port över 1023",
    errno.EADDRNOTAVAIL: "finns inte på den här maskinen, kontrollera host",
}


class Smtp:
    """Mail in, by SMTP or LMTP. Keeps nothing itself: 250 is said when `receive` has returned.

    Never a relay: `recipients` are the only addresses accepted, with their plus-tags.
    """

    name = "smtp"
    capabilities = Capabilities(hears=True, sends=False)

    def __init__(
        self,
        *,
        account: str,
        recipients: Iterable[str],
        clock: Callable[[], datetime],
        host: str = "127.0.0.1",
        port: int = 8025,
        protocol: Literal["smtp", "lmtp"] = "smtp",
        hostname: str = "localhost",
        ssl_context: ssl.SSLContext | None = None,
        require_starttls: bool = False,
        proxy_protocol: bool = False,
        proxy_timeout: float = 5,
        data_size_limit: int = 26_214_400,
        max_connections: int = 50,
        max_per_peer: int | None = None,
        max_recipients: int = 100,
        command_limits: Mapping[str, int] = COMMAND_LIMITS,
        timeout: float = 300,
        data_timeout: float = 600,
        grace: float = 10,
    ) -> None:
        if require_starttls and ssl_context is None:
            raise ValueError("smtp: require_starttls kräver ett certifikat")
        self._rules = Rules(
            account=account,
            recipients=Recipients(recipients),
            clock=clock,
            data_size_limit=data_size_limit,
            max_connections=max_connections,
            max_per_peer=max_per_peer,
            max_recipients=max_recipients,
            data_timeout=data_timeout,
            require_starttls=require_starttls,
            proxy_protocol=proxy_protocol,
        )
        self.ready = asyncio.Event()
        self._host, self._port, self._grace = host, port, grace
        self._ssl_context = ssl_context
        self._conversation = LmtpConversation if protocol == "lmtp" else Conversation
        self._settings: dict[str, Any] = {
            "data_size_limit": data_size_limit,
            "enable_SMTPUTF8": True,
            "hostname": hostname,  # aiosmtpd would ask DNS, and wait, at each connection
            "ident": protocol.upper() if protocol == "lmtp" else "ESMTP",  # not which version we run
            "tls_context": ssl_context,
            "timeout": timeout,
            "command_call_limit": dict(command_limits),
            "proxy_protocol_timeout": proxy_timeout if proxy_protocol else None,
        }

    @property
    def port(self) -> int:
        """Return the port that we listen on; with port 0, the real one once `ready` is set."""
        return self._port

    async def check(self) -> list[str]:
        """Prove that the port is free and the certificate good."""
        lines = [] if self._ssl_context is None else [self._check_certificate(self._ssl_context)]
        if self.ready.is_set():
            return [f"smtp: lyssnar på {self._host}:{self._port}", *lines]
        self._bind().close()
        return [f"smtp: {self._host}:{self._port} är ledig", *lines]

    def _check_certificate(self, context: ssl.SSLContext) -> str:
        try:
            end = expires_at(context)
        except ssl.SSLError as error:
            raise PermanentFailure(
                "smtp: certifikatet går inte att använda, kontrollera fil och nyckel"
            ) from error
        now = self._rules.clock()
        if end <= now:
            raise PermanentFailure(f"smtp: certifikatet gick ut {end:%Y-%m-%d}, förnya det")
        warning = ", förnya det snart" if end - now < timedelta(days=14) else ""
        return f"smtp: certifikatet gäller till {end:%Y-%m-%d}{warning}"

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            bound = socket.create_server((self._host, self._port), family=family, backlog=100)
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, "går inte att öppna")
            raise PermanentFailure(f"smtp: {self._host}:{self._port} {reason}") from error
        # asyncio does this only for sockets of its own making. Without it our answer to EHLO, which is
        # written line by line, waits 40 ms for the other side's delayed ACK (RFC 896, RFC 1122 4.2.3.2).
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound

    async def listen(self, receive: Receive) -> None:
        """Hand each mail on, and confirm it when `receive` has returned; at the end, finish those in hand."""
        # aiosmtpd writes addresses and peers to its own log at info level.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        loop = asyncio.get_running_loop()
        # Bound before the task group opens, which would wrap the failure in an ExceptionGroup.
        bound = self._bind()
        async with asyncio.TaskGroup() as keeping:
            door = Door(self._rules, receive, keeping)
            server = await loop.create_server(
                lambda: self._conversation(door, loop=loop, **self._settings), sock=bound
            )
            self._port = bound.getsockname()[1]
            self.ready.set()
            log.info("smtp_listening account=%s port=%s", self._rules.account, self._port)
            try:
                await loop.create_future()
            finally:
                self.ready.clear()
                server.close()
                await self._say_goodbye(door)

    async def _say_goodbye(self, door: Door) -> None:
        door.closing = True
        for session in door.sessions - door.in_hand:
            session.dismiss()
        await door.in_hand.emptied(within=self._grace)
        cut_off = len(door.in_hand)
        for session in set(door.sessions):
            session.dismiss()
        await door.sessions.emptied(within=1)
        log.info("smtp_closed account=%s cut_off=%s", self._rules.account, cut_off)

    async def send(self, letter: Outgoing) -> str:  # noqa: ARG002 - the promise of a channel
        """Refuse: this road only hears."""
        raise PermanentFailure("smtp: den här kanalen tar bara emot, brev skickas genom email")
