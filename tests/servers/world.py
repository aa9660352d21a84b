"""The world outside: a mail server that keeps what it gets, and fails when it is told to."""
# ruff: noqa: ARG002, N802 - aiosmtpd finds its hooks by name and hands them all that it has

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

# What a fault may be, besides an answer such as "550 5.1.1 No".
CLOSE = "close"
HANG = "hang"


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """One mail that the world has taken."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...] = ()
    encrypted: bool = False
    user: str = ""


@dataclass
class World:
    """What has come, and what shall go wrong.

    `faults` maps a moment (EHLO, MAIL, RCPT, DATA before the text, DOT after it, NOOP) to an answer, CLOSE or
    HANG. `refused` maps recipients to answers. With `once`, a fault happens one time only.
    """

    port: int = 0
    mails: list[Delivered] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    once: bool = False
    connections: int = 0
    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    deserted: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[SMTP] = field(default_factory=set)

    async def has(self, count: int, *, within: float = 60) -> None:
        """Return when `count` mails have come; fail when the time is up."""
        async with asyncio.timeout(within):
            while len(self.mails) < count:
                self._news.clear()
                await self._news.wait()

    def enter(self, conversation: SMTP) -> None:
        """Count a connection in."""
        self.connections += 1
        self._open.add(conversation)
        self.deserted.clear()

    def leave(self, conversation: SMTP) -> None:
        """Count a connection out."""
        self._open.discard(conversation)
        if not self._open:
            self.deserted.set()

    def hang_up(self) -> None:
        """Close all connections, as a server does with those that idle."""
        for conversation in list(self._open):
            if conversation.transport is not None:
                conversation.transport.close()

    async def fault(self, moment: str, conversation: SMTP) -> str | None:
        """Fail at this moment if that is asked for."""
        fault = self.faults.pop(moment, None) if self.once else self.faults.get(moment)
        if fault == CLOSE:
            assert isinstance(conversation.transport, asyncio.Transport)
            conversation.transport.abort()
            await asyncio.Event().wait()  # until the lost connection cancels us
        if fault == HANG:
            self.hung.set()
            await asyncio.Event().wait()
        return fault

    def keep(self, conversation: SMTP, session: Session, envelope: Envelope) -> None:
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(
            Delivered(
                sender=(envelope.mail_from or "").removeprefix("<>"),
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.content,
                options=tuple(envelope.mail_options),
                encrypted=_encrypted(conversation),
                user=str(session.auth_data or ""),  # type: ignore[redundant-expr]  # aiosmtpd says it is None
            )
        )
        self._news.set()


def _encrypted(conversation: SMTP) -> bool:
    assert conversation.transport is not None
    return conversation.transport.get_extra_info("sslcontext") is not None


class _Handler:
    """aiosmtpd's hooks."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        fault = await self._world.fault("EHLO", server)
        session.host_name = hostname
        return [fault] if fault else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> object:
        return await self._world.fault("MAIL", server) or MISSING

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> object:
        return self._world.refused.get(address) or await self._world.fault("RCPT", server) or MISSING

    async def handle_NOOP(self, server: SMTP, session: Session, envelope: Envelope, arg: str) -> object:
        return await self._world.fault("NOOP", server) or MISSING

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = await self._world.fault("DOT", server)
        if fault:
            return fault
        self._world.keep(server, session, envelope)
        return "250 2.0.0 Ok: queued"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        text = base64.b64decode(args[1]).decode()
        for user, token in self._world.tokens.items():
            if text == f"user={user}\x01auth=Bearer {token}\x01\x01":
                return AuthResult(success=True, auth_data=user)
        # As the great ones do: an error as a challenge, then the refusal.
        await server.challenge_auth('{"status":"400"}')
        return AuthResult(success=False, handled=False)


class _Conversation(SMTP):
    def __init__(self, world: World, **settings: object) -> None:
        super().__init__(_Handler(world), **settings)  # type: ignore[arg-type]  # aiosmtpd takes many kinds
        self._world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is None:
            self._world.enter(self)
        super().connection_made(transport)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await super().smtp_STARTTLS(arg)
        if self.session is not None and self.session.ssl is None:  # hung up in the handshake
            self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._world.leave(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        fault = await self._world.fault("DATA", self)
        if fault:
            await self.push(fault)
            return
        await super().smtp_DATA(arg)


@asynccontextmanager
async def a_world(
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    users: dict[str, str] | None = None,
    tokens: dict[str, str] | None = None,
    smtputf8: bool = True,
    port: int = 0,
) -> AsyncIterator[World]:
    """Let a world exist for as long as the block lasts. `tls` is STARTTLS unless `implicit_tls`."""
    world = World(users=users or {}, tokens=tokens or {})
    known = [*(["LOGIN", "PLAIN"] if users else []), *(["XOAUTH2"] if tokens else [])]
    loop = asyncio.get_running_loop()

    def converse() -> _Conversation:
        return _Conversation(
            world,
            hostname="world.example",
            enable_SMTPUTF8=smtputf8,
            tls_context=None if implicit_tls else tls,
            auth_require_tls=not (known and (implicit_tls or tls is None)),
            auth_exclude_mechanism=[name for name in ("LOGIN", "PLAIN", "XOAUTH2") if name not in known],
            authenticator=lambda *given: _authenticate(world, given[-1]),
            loop=loop,
        )

    server = await loop.create_server(converse, "127.0.0.1", port, ssl=tls if implicit_tls else None)
    world.deserted.set()
    world.port = server.sockets[0].getsockname()[1]
    try:
        yield world
    finally:
        server.close()
        world.hang_up()
        async with asyncio.timeout(5):
            await world.deserted.wait()


def _authenticate(world: World, given: object) -> AuthResult:
    assert isinstance(given, LoginPassword)
    user = given.login.decode()
    known = user in world.users and world.users[user] == given.password.decode()
    return AuthResult(success=known, handled=False, auth_data=user)
