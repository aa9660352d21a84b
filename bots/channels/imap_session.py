"""One connection to an IMAP server with one folder open: all that touches imapclient.

Everything here blocks and belongs in the one thread of `imap`; only `wake` and `abort` may come from another.
"""

import contextlib
import imaplib
import logging
import selectors
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from imapclient import (  # type: ignore[import-untyped]  # imapclient ships no types
    DELETED,
    SEEN,
    IMAPClient,
    SocketTimeout,
)

from bots.channel import PermanentFailure, TemporaryFailure
from bots.mail.oauth import xoauth2_string

_PART_BYTES = 4 * 1024 * 1024
_LOGOUT_SECONDS = 2.0
# RFC 5530: the server says no today, not for ever.
_PASSING_CODES = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")


class Security(StrEnum):
    """How the way to the server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Act(StrEnum):
    """What is done in the mailbox with a message that we have kept."""

    SEEN = "seen"
    KEYWORD = "keyword"
    MOVE = "move"


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a kept message is marked: an act, and for some acts a keyword or a folder."""

    act: Act
    target: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "seen", "keyword:<name>" or "move:<folder>"; raise `ValueError` for anything else."""
        act, _, target = text.partition(":")
        done = cls(act=Act(act), target=target.strip())
        if (done.act is Act.SEEN) is bool(done.target):
            raise ValueError(f"“{text}” går inte att tyda. Skriv seen, keyword:<namn> eller move:<mapp>.")
        return done


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where the mailbox is, and who asks. `secret` is a token if `oauth`, else a password."""

    host: str
    port: int
    security: Security
    username: str
    secret: str = field(repr=False)
    oauth: bool = False
    tls_context: ssl.SSLContext | None = None
    timeout: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the server says of a folder when it is opened."""

    uidvalidity: int
    uidnext: int
    exists: int
    writable: bool
    permanent_flags: tuple[bytes, ...] = ()

    def allows(self, keyword: str) -> bool:
        """Tell whether a keyword can be kept in the folder."""
        return b"\\*" in self.permanent_flags or keyword.encode() in self.permanent_flags


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What the server gave of one message. `arrived` is its INTERNALDATE."""

    raw: bytes
    arrived: datetime | None


class FetchFailure(Exception):
    """The server lists a message but does not give it."""


class Session:
    """A logged-in connection."""

    def __init__(self, login: Login) -> None:
        # imapclient logs every line at DEBUG, headers and names included.
        logging.getLogger("imapclient").setLevel(logging.INFO)
        self._timeout = login.timeout
        self._bell, self._rope = socket.socketpair()
        try:
            self._client: Any = _connect(login)
        except BaseException:
            self._close_bell()
            raise

    def hears_at_once(self) -> bool:
        """Tell whether the server can say when something new comes (IDLE, RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def moves(self) -> bool:
        """Tell whether a message can be moved without touching what others have deleted."""
        return bool(self._client.has_capability("MOVE") or self._client.has_capability("UIDPLUS"))

    def expunges(self) -> bool:
        """Tell whether just the messages that we name can be removed (UIDPLUS, RFC 4315)."""
        return bool(self._client.has_capability("UIDPLUS"))

    def folders(self) -> list[str]:
        """List the folders by name."""
        return sorted(
            str(name) for flags, _, name in self._client.list_folders() if b"\\Noselect" not in flags
        )

    def open(self, folder: str, *, read_only: bool = False) -> Opened:
        """Open a folder; opening it again asks anew what has come."""
        try:
            answer = self._client.select_folder(folder, readonly=read_only)
        except IMAPClient.ReadOnlyError:
            answer = self._client.select_folder(folder, readonly=True)
        exists = int(answer.get(b"EXISTS", 0))
        return Opened(
            uidvalidity=int(answer[b"UIDVALIDITY"]),
            uidnext=int(answer.get(b"UIDNEXT") or self._guess_uidnext(exists)),
            exists=exists,
            writable=b"READ-ONLY" not in answer,
            permanent_flags=answer.get(b"PERMANENTFLAGS", ()),
        )

    def uids(self, first: int, last: int) -> list[int]:
        """List the UIDs that exist from `first` to `last`, lowest first."""
        # A range with both ends: "n:*" always gives the last message too, even when it is below n.
        return sorted(uid for uid in self._client.search(f"UID {first}:{last}") if first <= uid <= last)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Ask how large messages are. Some servers guess; those that are gone are left out."""
        answer = self._client.fetch(uids, ["RFC822.SIZE"])
        return {uid: int(data.get(b"RFC822.SIZE") or 0) for uid, data in answer.items()}

    def bodies(self, uids: Sequence[int]) -> dict[int, Fetched]:
        """Fetch whole messages without marking them. Those that are gone are left out.

        Raises `FetchFailure` when a message is still there but is not given.
        """
        found = self._sections(uids, "BODY.PEEK[]", "BODY[]")
        self._demand_gone([uid for uid in uids if uid not in found])
        return found

    def body_in_parts(self, uid: int, *, cap: int) -> Fetched | None:
        """Fetch a large message piece by piece, `cap` bytes at most; return None if it is gone."""
        parts, length, arrived = [], 0, None
        while length < cap:
            wanted = min(_PART_BYTES, cap - length)
            part = self._sections([uid], f"BODY.PEEK[]<{length}.{wanted}>", f"BODY[]<{length}>").get(uid)
            if part is None:
                self._demand_gone([uid])
                return None
            parts.append(part.raw)
            arrived = part.arrived
            length += len(part.raw)
            if len(part.raw) < wanted:
                break
        return Fetched(raw=b"".join(parts), arrived=arrived)

    def header(self, uid: int) -> Fetched:
        """Fetch the header block alone, for a message whose body cannot be had."""
        found = self._sections([uid], "BODY.PEEK[HEADER]", "BODY[HEADER]")
        if uid not in found:
            raise FetchFailure
        return found[uid]

    def arrival(self, uid: int) -> Fetched:
        """Ask only when a message came, for one that gives nothing else."""
        data = self._client.fetch([uid], ["INTERNALDATE"]).get(uid, {})
        return Fetched(raw=b"", arrived=data.get(b"INTERNALDATE"))

    def older(self, than: date) -> list[int]:
        """List the UIDs that the server got before a day, lowest first; days are the server's own."""
        return sorted(self._client.search(["BEFORE", than]))

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove just these messages for good. Call it only if `expunges`."""
        self._client.add_flags(uids, [DELETED], silent=True)
        self._client.uid_expunge(uids)

    def mark(self, uids: Sequence[int], done: Done) -> None:
        """Show in the mailbox that the messages are kept. Nothing but this and `expunge` changes it."""
        match done.act:
            case Act.SEEN:
                self._client.add_flags(uids, [SEEN], silent=True)
            case Act.KEYWORD:
                self._client.add_flags(uids, [done.target.encode()], silent=True)
            case Act.MOVE:
                self._move(uids, done.target)

    def wait(self, seconds: float) -> None:
        """Wait until something happens in the folder, `wake` is called or the time is up."""
        try:
            self._client.idle()
        except IMAPClient.AbortError:
            raise
        except IMAPClient.Error as error:
            # A line about new mail came before the "+" of the server. Nobody can tell what follows.
            raise IMAPClient.AbortError("IDLE") from error
        if not self._holds_lines():
            with selectors.DefaultSelector() as selector:
                selector.register(self._client.socket(), selectors.EVENT_READ)
                selector.register(self._bell, selectors.EVENT_READ)
                selector.select(seconds)
        self._client.idle_done()

    def wake(self) -> None:
        """End `wait`, from any thread."""
        with contextlib.suppress(OSError):
            self._rope.send(b"!")

    def abort(self) -> None:
        """Break the connection under whatever waits for it, from any thread."""
        with contextlib.suppress(OSError):
            self._client.socket().shutdown(socket.SHUT_RDWR)
        self.wake()

    def close(self) -> None:
        """Say goodbye and close. Never raises and never waits long."""
        try:
            with contextlib.suppress(OSError, IMAPClient.Error):
                self._client.socket().settimeout(_LOGOUT_SECONDS)
                self._client.logout()
        finally:
            with contextlib.suppress(OSError, IMAPClient.Error):
                self._client.shutdown()
            self._close_bell()

    def _holds_lines(self) -> bool:
        # What came in one packet with the "+" of IDLE lies in imaplib's buffer, or in that of TLS, where
        # no selector sees it: mail between our last look and IDLE would wait for the next poll.
        imap, connection = self._client._imap, self._client.socket()
        if hasattr(imap, "_readbuf"):  # Python 3.14 has a list of its own in place of a file
            return any(imap._readbuf) or bool(getattr(connection, "pending", int)())
        connection.setblocking(False)
        try:
            return bool(imap.file.peek(1))
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        finally:
            connection.settimeout(self._timeout)

    def _sections(self, uids: Sequence[int], wanted: str, given: str) -> dict[int, Fetched]:
        answer = self._client.fetch(uids, ["INTERNALDATE", wanted])
        return {
            uid: Fetched(raw=data[given.encode()], arrived=data.get(b"INTERNALDATE"))
            for uid, data in answer.items()
            if isinstance(data.get(given.encode()), bytes)
        }

    def _demand_gone(self, uids: Sequence[int]) -> None:
        if uids and self._client.fetch(uids, ["UID"]):
            raise FetchFailure

    def _guess_uidnext(self, exists: int) -> int:
        # RFC 9051 section 7.1 demands UIDNEXT; some old servers leave it out.
        if not exists:
            return 1
        return max(self._client.search("UID *"), default=0) + 1

    def _move(self, uids: Sequence[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, folder)
            return
        self._client.copy(uids, folder)
        self._client.add_flags(uids, [DELETED], silent=True)
        # Plain EXPUNGE would also remove what a colleague has deleted but may want back.
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)

    def _close_bell(self) -> None:
        self._bell.close()
        self._rope.close()


def _connect(login: Login) -> Any:
    client = _reach(login)
    try:
        if login.security is Security.STARTTLS:
            _encrypt(client, login)
        # imapclient sends some commands in two pieces; the second would wait for an acknowledgement.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.normalise_times = False
        _log_in(client, login)
    except BaseException:
        with contextlib.suppress(OSError, IMAPClient.Error):
            client.shutdown()
        raise
    return client


def _reach(login: Login) -> Any:
    where = f"{login.host}:{login.port}"
    try:
        return IMAPClient(
            login.host,
            port=login.port,
            ssl=login.security is Security.TLS,
            ssl_context=login.tls_context or ssl.create_default_context(),
            timeout=SocketTimeout(connect=min(10.0, login.timeout), read=login.timeout),
        )
    except ssl.SSLCertVerificationError as error:
        raise TemporaryFailure(
            f"{where}: serverns certifikat godkänns inte ({error.verify_message}). "
            "Kontrollera servernamnet och att rätt rotcertifikat är installerat."
        ) from error
    except ssl.SSLError as error:
        raise TemporaryFailure(
            f"{where}: servern talar inte TLS på den porten. "
            "Kontrollera port och security (tls är 993, starttls 143)."
        ) from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise TemporaryFailure(
            f"{where}: ingen kontakt med servern ({type(error).__name__}). "
            "Kontrollera värdnamn, port och brandvägg."
        ) from error


def _encrypt(client: Any, login: Login) -> None:
    try:
        client.starttls(login.tls_context or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        raise TemporaryFailure(
            f"{login.host}: serverns certifikat godkänns inte ({error.verify_message}). "
            "Kontrollera servernamnet och att rätt rotcertifikat är installerat."
        ) from error
    except OSError as error:
        raise TemporaryFailure(f"{login.host}: STARTTLS misslyckades ({type(error).__name__}).") from error
    except IMAPClient.Error as error:
        # RFC 8314: a demand for encryption that is met with a no ends here. Going on would show the password.
        raise PermanentFailure(
            f"{login.host}: servern vägrar STARTTLS. Inget lösenord har sänts. "
            "Byt till security = tls och port 993, eller slå på STARTTLS i servern."
        ) from error


def _log_in(client: Any, login: Login) -> None:
    mechanism, answer = _mechanism(client, login)
    try:
        if mechanism:
            client.sasl_login(mechanism, answer)
        else:
            client.login(login.username, login.secret)
    except IMAPClient.Error as error:
        # imapclient says LoginError for a broken line as well.
        lost = isinstance(error.__context__, IMAPClient.AbortError)
        if lost or any(code in str(error) for code in _PASSING_CODES):
            raise TemporaryFailure(f"{login.host}: servern avbröt inloggningen. Nytt försök görs.") from error
        raise PermanentFailure(f"{login.host}: {_refused(login)}") from error
    except UnicodeEncodeError as error:
        raise PermanentFailure(
            f"{login.host}: servern tar bara lösenord med tecken a–z. Byt lösenord, eller slå på AUTH=PLAIN."
        ) from error
    except OSError as error:
        raise TemporaryFailure(
            f"{login.host}: kontakten bröts under inloggningen ({type(error).__name__})."
        ) from error


def _mechanism(client: Any, login: Login) -> tuple[str, Callable[[bytes], bytes]]:
    if login.oauth:
        text = xoauth2_string(login.username, login.secret).encode()
        # A refusal comes as a challenge with the reason; an empty answer ends it.
        return "XOAUTH2", _once(text)
    if client.has_capability("AUTH=PLAIN"):
        # Unlike LOGIN, PLAIN is UTF-8 (RFC 4616): å, ä and ö in a password are no matter.
        return "PLAIN", _once(f"\0{login.username}\0{login.secret}".encode())
    return "", _once(b"")


def _once(answer: bytes) -> Callable[[bytes], bytes]:
    answers = [answer]
    return lambda _challenge: answers.pop() if answers else b""


def _refused(login: Login) -> str:
    if login.oauth:
        return (
            "servern godtog inte appens åtkomst. Kontrollera i Entra ID att appregistreringen har "
            "IMAP.AccessAsApp med administratörens medgivande, och i Exchange att dess huvudnamn "
            "har rätt till brevlådan (Add-MailboxPermission)."
        )
    return (
        "servern godtog inte användarnamn eller lösenord. Kontrollera båda, och att IMAP är påslaget för "
        "brevlådan. Microsoft 365 tar inga lösenord: gör en appregistrering och använd oauth."
    )
