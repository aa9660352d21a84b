"""Sends letters as e-mail through the mail server of the house. Mail comes in through `smtp` or `imap`."""

import asyncio
import logging
import re
import ssl
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

import aiosmtplib

from bots.channel import Capabilities, PermanentFailure, Receive, TemporaryFailure
from bots.mail.identity import Identity
from bots.mail.oauth import TokenSource
from bots.mail.writing import compose, needs_smtputf8, writable
from bots.wire.hosts import is_loopback
from store.domain import Outgoing

log = logging.getLogger(__name__)

Security = Literal["none", "starttls", "tls"]

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_LINE_START_DOT = re.compile(rb"(?m)^\.")
# RFC 4954: what is wrong is our login, not the letter. The letter waits until the operator has mended it.
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_MEANINGS = {
    "5.1.1": "adressen finns inte",
    "5.1.2": "domänen i adressen finns inte",
    "5.1.10": "domänen tar inte emot e-post",
    "5.2.1": "brevlådan är stängd",
    "5.2.2": "brevlådan är full",
    "5.3.4": "brevet är för stort",
    "5.7.1": "mottagarens server nekar",
}


@dataclass(kw_only=True, eq=False)
class _Line:
    """An open connection to the relay."""

    client: aiosmtplib.SMTP
    sent: int = 0
    hang_up: asyncio.TimerHandle | None = None


class _GoneError(Exception):
    """A connection that had been waiting was gone before anything was said on it."""


class Relay:
    """Letters out by SMTP, over a few connections that stay open while there is something to send.

    Each letter has an envelope sender of its own, so that a bounce finds it. Secrets go out over TLS only.
    """

    name = "email"
    capabilities = Capabilities(hears=False, sends=True, reports_delivery=True, encloses=True)

    def __init__(
        self,
        *,
        host: str,
        port: int,
        identity: Identity,
        security: Security = "starttls",
        username: str = "",
        password: str = "",
        tokens: TokenSource | None = None,
        ssl_context: ssl.SSLContext | None = None,
        local_hostname: str = "",
        timeout: float = 30,
        data_timeout: float = 120,
        pool_size: int = 2,
        mails_per_connection: int = 100,
        idle_close: float = 20,
    ) -> None:
        if username and security == "none" and not is_loopback(host):
            raise ValueError(
                "email: ett lösenord skickas inte utan kryptering, välj security starttls eller tls"
            )
        if tokens is not None and (password or not username):
            raise ValueError("email: inloggning med token kräver username och inget password")
        self._host, self._port, self._security = host, port, security
        self._identity = identity
        self._username, self._password, self._tokens = username, password, tokens
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._local_hostname = local_hostname or identity.domain
        self._timeout, self._data_timeout = timeout, data_timeout
        self._mails_per_connection, self._idle_close = mails_per_connection, idle_close
        self._slots = asyncio.Semaphore(pool_size)
        self._idle: list[_Line] = []

    async def check(self) -> list[str]:
        """Connect, encrypt, log in and say NOOP."""
        line = await self._open()
        try:
            await line.client.noop()
            return [f"email: {self._host}:{self._port} svarar, {self._describe(line.client)}"]
        except (aiosmtplib.SMTPException, OSError) as error:
            self._give_up(error)
        finally:
            await self._leave(line)

    async def listen(self, receive: Receive) -> None:
        """Return at once: this road only sends."""

    async def send(self, letter: Outgoing) -> str:
        """Send once and return the Message-ID."""
        if not letter.external_id:
            letter = replace(letter, external_id=self._identity.message_id(letter.case_id))
        mail = compose(letter, identity=self._identity)
        sender = writable(self._identity.bounce_address(letter.id))
        recipient = writable(letter.recipient.handle)
        async with self._slots:
            while self._idle:
                try:
                    await self._send_on(self._idle.pop(), sender, recipient, mail)
                except _GoneError:
                    continue
                return letter.external_id
            await self._send_on(await self._open(), sender, recipient, mail)
        return letter.external_id

    async def close(self) -> None:
        """Hang up all connections that wait."""
        while self._idle:
            await self._leave(self._idle.pop())

    async def _send_on(self, line: _Line, sender: str, recipient: str, mail: bytes) -> None:
        if line.hang_up is not None:
            line.hang_up.cancel()
        reused, line.hang_up = line.sent > 0, None
        try:
            await self._begin(line.client, sender, recipient, fresh=not reused)
            await self._hand_over(line.client, mail)
        except BaseException:
            # Also when cancelled: nobody may find this connection in the middle of a mail.
            line.client.close()
            raise
        line.sent += 1
        if line.sent >= self._mails_per_connection:
            await self._leave(line)
            return
        line.hang_up = asyncio.get_running_loop().call_later(self._idle_close, self._tire, line)
        self._idle.append(line)

    async def _begin(self, client: aiosmtplib.SMTP, sender: str, recipient: str, *, fresh: bool) -> None:
        """Say MAIL and RCPT."""
        try:
            options = await self._options(client, sender, recipient)
            await client.mail(sender, options=options, encoding="utf-8")
        except (aiosmtplib.SMTPException, OSError) as error:
            if not fresh and (isinstance(error, ConnectionError | TimeoutError) or _code(error) == 421):
                raise _GoneError from error
            self._give_up(error)
        try:
            await client.rcpt(recipient, encoding="utf-8")
        except (aiosmtplib.SMTPException, OSError) as error:
            self._give_up(error)

    async def _options(self, client: aiosmtplib.SMTP, sender: str, recipient: str) -> list[str]:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        # RFC 3461: a bounce need not carry the letter around once more.
        options = ["RET=HDRS"] if client.supports_extension("dsn") else []
        if not (needs_smtputf8(sender) or needs_smtputf8(recipient)):
            return options
        if not client.supports_extension("smtputf8"):
            raise PermanentFailure(
                "Adressen har å, ä, ö eller andra sådana tecken före @, och vår e-postserver kan inte skicka "
                "till sådana adresser (SMTPUTF8). Svara på ett annat sätt, till exempel per telefon."
            )
        return [*options, "SMTPUTF8"]

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: bytes) -> None:
        """Say DATA and hand the mail over.

        Done by hand, since aiosmtplib's `data` does not tell on which side of the last dot it failed.
        """
        protocol = client.protocol
        try:
            answer = await client.execute_command(b"DATA")
            if answer.code != 354 or protocol is None:
                raise aiosmtplib.SMTPDataError(answer.code, answer.message)
            protocol.write(_LINE_START_DOT.sub(b"..", mail) + b".\r\n")
        except (aiosmtplib.SMTPException, OSError) as error:
            self._give_up(error)
        try:
            answer = await protocol.read_response(timeout=self._data_timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            # The last dot is on its way. Whether it arrived nobody knows, so no machine may send again.
            raise TemporaryFailure(
                "E-postservern tog emot brevet men bekräftade det inte. Det kan ha kommit fram.",
                in_doubt=True,
            ) from error
        if answer.code // 100 in (4, 5):
            self._give_up(aiosmtplib.SMTPDataError(answer.code, answer.message))
        if answer.code // 100 != 2:
            raise TemporaryFailure(f"E-postservern svarade {answer.code} på brevet.", in_doubt=True)

    async def _open(self) -> _Line:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._ssl_context,
            local_hostname=self._local_hostname,
        )
        try:
            await client.connect()
            await self._log_in(client)
        except ssl.SSLError as error:
            client.close()
            self._distrust(error)
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            client.close()
            if isinstance(error.__cause__, ssl.SSLError):
                self._distrust(error.__cause__)
            self._stay_home(error)
        except BaseException:
            client.close()
            raise
        return _Line(client=client)

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        try:
            if self._tokens is not None:
                await client.auth_xoauth2(self._username, await self._tokens.token())
            elif self._username:
                await client.login(self._username, self._password)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise TemporaryFailure(
                f"E-postservern nekade inloggningen ({_figures(error)}). Kontrollera användarnamn, "
                "lösenord eller token, och att kontot får skicka med SMTP."
            ) from error

    def _distrust(self, error: ssl.SSLError) -> NoReturn:
        reason = getattr(error, "verify_message", "") or error.reason or "okänt fel"
        raise TemporaryFailure(
            f"Krypteringen till {self._host}:{self._port} misslyckades ({reason}). Kontrollera serverns "
            "certifikat och att namnet stämmer. Inget skickas okrypterat."
        ) from error

    def _stay_home(self, error: Exception) -> NoReturn:
        """Tell why there was no connection. However it failed, the letter can be tried again."""
        if isinstance(error, TimeoutError):
            reason = "svarar inte i tid, kontrollera nätet och brandväggen"
        elif _code(error):
            reason = f"tar inte emot oss just nu ({_figures(error)})"
        elif "STARTTLS extension not supported" in str(error):
            reason = "erbjuder inte STARTTLS, och inget skickas okrypterat; kontrollera port och security"
        elif isinstance(error, OSError | UnicodeError):
            reason = "går inte att nå, kontrollera namn, port och nät"
        else:
            reason = "erbjuder inte det sätt att logga in som är valt"
        raise TemporaryFailure(f"E-postservern {self._host}:{self._port} {reason}.") from error

    def _give_up(self, error: Exception) -> NoReturn:
        """Turn a refusal or a lost connection before the last dot into one of our two failures."""
        code = _code(error)
        if code // 100 == 5 and code not in _LOGIN_CODES:
            meaning = _MEANINGS.get(_enhanced(error), "mottagaren eller brevet godtas inte")
            raise PermanentFailure(f"E-postservern nekade brevet ({_figures(error)}): {meaning}.") from error
        if code:
            raise TemporaryFailure(
                f"E-postservern tar inte emot brevet just nu ({_figures(error)})."
            ) from error
        raise TemporaryFailure("Förbindelsen med e-postservern bröts innan brevet var skickat.") from error

    def _describe(self, client: aiosmtplib.SMTP) -> str:
        cipher = client.get_transport_info("cipher")
        secrecy = f"krypterat med {cipher[1]}" if cipher else "okrypterat"
        return f"{secrecy}, inloggad" if self._username else f"{secrecy}, utan inloggning"

    async def _leave(self, line: _Line) -> None:
        """Say QUIT if there is somebody to say it to, and hang up."""
        if line.hang_up is not None:
            line.hang_up.cancel()
        try:
            await line.client.quit(timeout=2)
        except (aiosmtplib.SMTPException, OSError):
            log.debug("relay_quit_unheard host=%s", self._host)
        finally:
            line.client.close()

    def _tire(self, line: _Line) -> None:
        if line in self._idle:
            self._idle.remove(line)
        line.client.close()


def _code(error: Exception) -> int:
    """Return the answer's code; 0 if nothing (or nothing sensible) was answered."""
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
    return max(int(code), 0)


def _enhanced(error: Exception) -> str:
    found = _ENHANCED.match(error.message) if isinstance(error, aiosmtplib.SMTPException) else None
    return found[0] if found else ""


def _figures(error: Exception) -> str:
    """Return the codes alone: the words of a mail server often hold the address."""
    return f"{_code(error)} {_enhanced(error)}".strip()
