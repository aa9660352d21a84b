"""Mail in from IMAP mailboxes. A `Folder` of `imap_folder` empties each folder; letters go out by `smtp`."""

import asyncio
import imaplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from bots.channel import Capabilities, Outage, PermanentFailure, Receive, TemporaryFailure
from bots.channels.imap_copies import IsKept, Removed, Swept, sweep
from bots.channels.imap_folder import Folder, Ledger, Rules
from bots.channels.imap_session import Act, Done, Login, Opened, Security, Session
from bots.mail.oauth import TokenSource
from store.domain import Outgoing

_BREAK_SECONDS = 2.0


class Imap:
    """One mailbox, with one or more folders.

    `password` or `token_source`, not both. `done` is "seen", "keyword:<name>" or "move:<folder>".
    The first time all mail in the folders is imported, read or not.
    """

    capabilities = Capabilities(sends=False)

    def __init__(
        self,
        *,
        name: str = "imap",
        account: str,
        host: str,
        port: int = 993,
        security: str = Security.TLS,
        username: str,
        password: str = "",
        token_source: TokenSource | None = None,
        folders: Sequence[str] = ("INBOX",),
        done: str = "seen",
        poll_seconds: float = 60.0,
        idle: bool = True,
        batch: int = 50,
        batch_bytes: int = 8 * 1024 * 1024,
        message_cap: int = 50 * 1024 * 1024,
        own_domains: Sequence[str] = (),
        ledger: Ledger,
        clock: Callable[[], datetime],
        tls_context: ssl.SSLContext | None = None,
        timeout: float = 30.0,
        first_retry_seconds: float = 1.0,
        last_retry_seconds: float = 60.0,
        # With the two seconds above under ten: a service manager kills what takes longer.
        finish_seconds: float = 7.0,
    ) -> None:
        self.name = name
        self._folders = tuple(dict.fromkeys(folders))
        self._finish_seconds = finish_seconds
        self._rules = Rules(
            account=account,
            done=Done.parse(done),
            poll_seconds=poll_seconds,
            idle=idle,
            batch=batch,
            batch_bytes=batch_bytes,
            message_cap=message_cap,
            own_domains=tuple(own_domains),
            first_retry_seconds=first_retry_seconds,
            last_retry_seconds=last_retry_seconds,
        )
        self._login = Login(
            host=host,
            port=port,
            security=Security(security),
            username=username,
            secret=password,
            oauth=token_source is not None,
            tls_context=tls_context,
            timeout=timeout,
        )
        if self._rules.done.target in self._folders:
            raise ValueError(
                f"Mappen “{self._rules.done.target}” läses och är samtidigt målet för flytten: "
                "samma brev skulle läsas om och om igen. Välj en annan mapp i done."
            )
        self._token_source = token_source
        self._ledger = ledger
        self._clock = clock
        self._serving: Sequence[Folder] = ()

    @property
    def account(self) -> str:
        """Return the mailbox's name in the configuration."""
        return self._rules.account

    @property
    def outages(self) -> list[Outage]:
        """List the latest outage of each folder, over or not: they are waited out here, and raise nothing."""
        return [folder.outage for folder in self._serving if folder.outage is not None]

    async def check(self) -> list[str]:
        """Log in, find the folders and see that messages can be marked; change nothing."""
        return await asyncio.to_thread(self._inspect, await self._log_in())

    async def listen(self, receive: Receive) -> None:
        """Hand on each message in the folders until cancelled. Outages are waited out, never raised."""
        folders = [
            Folder(
                name=name,
                rules=self._rules,
                log_in=self._log_in,
                ledger=self._ledger,
                clock=self._clock,
                receive=receive,
            )
            for name in self._folders
        ]
        self._serving = folders
        # A task of its own, which our cancellation does not reach: the batch in hand is to be finished.
        work = asyncio.ensure_future(_run_all(folders))
        try:
            await asyncio.shield(work)
        finally:
            for folder in folders:
                folder.stop()
            try:
                await asyncio.wait({work}, timeout=self._finish_seconds)
            finally:
                await _break_off(work, folders)

    async def sweep(self, *, before: date, is_kept: IsKept, removed: Removed | None) -> list[Swept]:
        """Remove copies that are older than a day from every folder, and from where handled mail is moved to.

        See `imap_copies.sweep`, which raises `PermanentFailure`; a server out of reach is `TemporaryFailure`.
        """
        login = await self._log_in()
        return await asyncio.to_thread(self._sweep, login, before, is_kept, removed)

    def _sweep(self, login: Login, before: date, is_kept: IsKept, removed: Removed | None) -> list[Swept]:
        done = self._rules.done
        names = [*self._folders, *([done.target] if done.act is Act.MOVE else ())]
        session = Session(login)
        try:
            return [sweep(session, name, before=before, is_kept=is_kept, removed=removed) for name in names]
        except (OSError, imaplib.IMAP4.error) as error:
            raise TemporaryFailure(
                f"{login.host}: servern svarade inte som väntat ({type(error).__name__}). Försök igen."
            ) from error
        finally:
            session.close()

    async def send(self, letter: Outgoing) -> str:
        """Refuse: a mailbox is read, letters go by the mail relay."""
        raise PermanentFailure(f"{self.name}: kanalen tar bara emot. Brev {letter.id} ska sändas genom smtp.")

    async def _log_in(self) -> Login:
        if self._token_source is None:
            return self._login
        # Asked for at each login, since a token lives for an hour at most.
        return replace(self._login, secret=await self._token_source.token())

    def _inspect(self, login: Login) -> list[str]:
        session = Session(login)
        try:
            return [f"{self._rules.account}: inloggad på {login.host}", *self._inspect_folders(session)]
        except (OSError, imaplib.IMAP4.error) as error:
            raise TemporaryFailure(
                f"{login.host}: servern svarade inte som väntat ({type(error).__name__}). Försök igen."
            ) from error
        finally:
            session.close()

    def _inspect_folders(self, session: Session) -> list[str]:
        present = session.folders()
        done = self._rules.done
        lines = []
        for name in self._folders:
            self._demand_folder(name, present)
            opened = session.open(name, read_only=False)
            self._demand_marking(name, opened)
            lines.append(f"mappen {name}: {opened.exists} brev")
        if done.act is Act.MOVE:
            self._demand_folder(done.target, present)
            if not session.moves():
                raise PermanentFailure(
                    f"{self._login.host}: servern kan inte flytta brev (MOVE och UIDPLUS saknas). "
                    "Byt till done = seen."
                )
        lines.append(self._pace(session))
        if self._login.security is Security.NONE:
            lines.append("obs: förbindelsen är inte krypterad (security = none)")
        return lines

    def _pace(self, session: Session) -> str:
        if self._rules.idle and session.hears_at_once():
            return "nya brev hörs genast (IDLE)"
        return f"nya brev hämtas var {self._rules.poll_seconds:g}:e sekund (utan IDLE)"

    def _demand_folder(self, name: str, present: list[str]) -> None:
        if name in present or name.upper() == "INBOX":
            return
        raise PermanentFailure(
            f"{self._login.host}: mappen “{name}” finns inte. Skapa den eller rätta namnet. "
            f"Mappar som finns: {', '.join(present)}."
        )

    def _demand_marking(self, name: str, opened: Opened) -> None:
        if not opened.writable:
            raise PermanentFailure(
                f"{self._login.host}: mappen “{name}” får bara läsas. Ge kontot rätt att ändra i den."
            )
        done = self._rules.done
        if done.act is Act.KEYWORD and not opened.allows(done.target):
            raise PermanentFailure(
                f"{self._login.host}: mappen “{name}” tar inte nyckelordet {done.target}. "
                "Byt till done = seen."
            )


async def _run_all(folders: Sequence[Folder]) -> None:
    async with asyncio.TaskGroup() as group:
        for folder in folders:
            group.create_task(folder.run())


async def _break_off(work: asyncio.Future[None], folders: Sequence[Folder]) -> None:
    if work.done():
        return
    for folder in folders:
        folder.abandon()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait({work}, timeout=_BREAK_SECONDS)
