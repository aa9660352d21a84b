"""From a mailbox on a real Dovecot to `receive`, through everything that may happen on the way."""

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]  # imapclient ships no types

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.imap import Imap
from store.domain import Inbound, Receipt
from tests.servers.dovecot import PASSWORD, Dovecot, dovecot
from tests.servers.hearing import reading, until

pytestmark = pytest.mark.journey


class Book:
    """A ledger in memory. It outlives channels, as the one in the store does."""

    def __init__(self) -> None:
        self.positions: dict[tuple[str, str], tuple[int, int]] = {}

    def position(self, account: str, folder: str) -> tuple[int, int]:
        return self.positions.get((account, folder), (0, 0))

    def advance(self, account: str, folder: str, uidvalidity: int, uid: int) -> None:
        self.positions[account, folder] = (uidvalidity, uid)


class Intake:
    """Keeps what it is given. `refusals` is how often it says no first."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.given: list[Inbound] = []
        self.refusals = refusals

    async def __call__(self, inbound: Inbound) -> Receipt:
        if self.refusals:
            self.refusals -= 1
            raise NotKeptError
        self.given.append(inbound)
        return Receipt(message_id=len(self.given))

    @property
    def subjects(self) -> list[str]:
        return [_subject(inbound.raw) for inbound in self.given]


class Token:
    """Gives the password as a token: Dovecot's static passdb takes it as such."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(tls=True) as running:
        yield running


@pytest.fixture
def mailbox() -> str:
    return f"synpunkt-{secrets.token_hex(4)}@lillkommun.example"


async def test_new_mail_is_heard_within_two_seconds_by_idle(server: Dovecot, mailbox: str) -> None:
    intake = Intake()

    async with reading(_channel(server, mailbox, poll_seconds=300), intake):
        await until(lambda: server.idlers(mailbox))
        began = time.monotonic()
        server.deliver(mailbox, _mail("Trasig gunga"))
        await until(lambda: intake.given)
        took = time.monotonic() - began

    assert intake.subjects == ["Trasig gunga"]
    assert took < 2


async def test_without_idle_new_mail_is_found_by_polling(server: Dovecot, mailbox: str) -> None:
    intake, book = Intake(), Book()

    async with reading(_channel(server, mailbox, book=book, idle=False, poll_seconds=0.2), intake):
        server.deliver(mailbox, _mail("Ett"))
        await until(lambda: book.positions)
        server.deliver(mailbox, _mail("Två"))
        await until(lambda: len(intake.given) == 2)

    assert intake.subjects == ["Ett", "Två"]


async def test_what_is_handed_on_is_the_mail_byte_for_byte_with_its_envelope(
    server: Dovecot, mailbox: str
) -> None:
    server.deliver(mailbox, _mail("Räksmörgås på torget"), sender="kim@example.org")
    intake = Intake()

    async with reading(_channel(server, mailbox), intake):
        await until(lambda: intake.given)
    [inbound] = intake.given
    with _opened(server, mailbox) as client:
        uidvalidity = client.select_folder("INBOX")[b"UIDVALIDITY"]

    assert inbound.raw.endswith(_mail("Räksmörgås på torget"))
    assert (inbound.channel, inbound.account) == ("imap", "synpunkt")
    assert inbound.external_id == f"INBOX/{uidvalidity}.1"
    assert inbound.envelope_from == "kim@example.org"
    assert inbound.envelope_to == (mailbox,)
    assert inbound.received_at.tzinfo is UTC
    assert datetime.now(UTC) - inbound.received_at < timedelta(seconds=60)


async def test_a_bounce_has_the_null_sender(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Undelivered"), sender="")
    intake = Intake()

    async with reading(_channel(server, mailbox), intake):
        await until(lambda: intake.given)

    assert [inbound.envelope_from for inbound in intake.given] == [""]


async def test_two_folders_are_emptied_each_by_its_own_connection(server: Dovecot, mailbox: str) -> None:
    intake, book = Intake(), Book()
    channel = _channel(server, mailbox, book=book, folders=("INBOX", "Skräp"), poll_seconds=300)

    async with reading(channel, intake):
        await until(lambda: server.idlers(mailbox) == 2)
        server.deliver(mailbox, _mail("I inkorgen"))
        with _opened(server, mailbox) as client:
            client.append("Skräp", _mail("I skräpposten"))
        await until(lambda: len(intake.given) == 2 and len(book.positions) == 2)

    assert sorted(intake.subjects) == ["I inkorgen", "I skräpposten"]
    assert sorted(book.positions) == [("synpunkt", "INBOX"), ("synpunkt", "Skräp")]


async def test_a_missing_folder_does_not_silence_the_other(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Hörs ändå"))
    intake = Intake()

    async with reading(_channel(server, mailbox, folders=("Borta", "INBOX")), intake):
        await until(lambda: intake.given)

    assert intake.subjects == ["Hörs ändå"]


async def test_two_accounts_do_not_mix_their_positions(server: Dovecot, mailbox: str) -> None:
    intake, book, other = Intake(), Book(), f"fritid-{mailbox}"
    server.deliver(mailbox, _mail("Gata"))
    server.deliver(other, _mail("Bad ett"), _mail("Bad två"))
    channels = [
        _channel(server, mailbox, book=book, account="gata"),
        _channel(server, other, book=book, account="bad"),
    ]

    async with reading(channels[0], intake), reading(channels[1], intake):
        await until(lambda: len(intake.given) == 3 and len(book.positions) == 2)

    assert sorted(intake.subjects) == ["Bad ett", "Bad två", "Gata"]
    assert {key: uid for key, (_, uid) in book.positions.items()} == {
        ("gata", "INBOX"): 1,
        ("bad", "INBOX"): 2,
    }


async def test_mail_that_a_colleague_has_read_still_comes(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Läst av en kollega"))
    with _opened(server, mailbox) as colleague:
        colleague.select_folder("INBOX")
        colleague.add_flags([1], [b"\\Seen"])
    intake = Intake()

    async with reading(_channel(server, mailbox), intake):
        await until(lambda: intake.given)

    assert intake.subjects == ["Läst av en kollega"]


async def test_mail_is_not_marked_before_it_is_kept(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Vänta"))
    asked, answer = asyncio.Event(), asyncio.Event()
    book = Book()

    async def slow(inbound: Inbound) -> Receipt:
        asked.set()
        await answer.wait()
        return Receipt(message_id=1)

    async with reading(_channel(server, mailbox, book=book), slow):
        await asked.wait()
        before = _flags(server, mailbox)
        answer.set()
        await until(lambda: book.positions)
        after = _flags(server, mailbox)

    assert before == {1: set()}
    assert after == {1: {b"\\Seen"}}


async def test_mail_that_could_not_be_kept_is_tried_again_and_none_is_skipped(
    server: Dovecot, mailbox: str
) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"))
    intake, book = Intake(refusals=3), Book()

    async with reading(_channel(server, mailbox, book=book), intake):
        await until(lambda: {1, 2} <= {int(one.external_id.rpartition(".")[2]) for one in intake.given})
        await until(lambda: _position(book) == 2)

    assert _flags(server, mailbox) == {1: {b"\\Seen"}, 2: {b"\\Seen"}}


async def test_the_position_never_passes_a_mail_that_was_not_kept(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"), _mail("Tre"))
    book, heard = Book(), []

    async def never_the_second(inbound: Inbound) -> Receipt:
        heard.append(_subject(inbound.raw))
        if heard[-1] == "Två":
            raise NotKeptError
        return Receipt(message_id=1)

    async with reading(_channel(server, mailbox, book=book), never_the_second):
        await until(lambda: heard.count("Två") == 3)

    assert _position(book) == 1
    assert _flags(server, mailbox) == {1: {b"\\Seen"}, 2: set(), 3: set()}


async def test_a_crash_between_commit_and_mark_hands_the_mail_over_once_more_and_marks_it(
    server: Dovecot, mailbox: str
) -> None:
    server.deliver(mailbox, _mail("Två gånger"))
    kept, book = Intake(), Book()

    async def crash(inbound: Inbound) -> Receipt:
        await kept(inbound)
        raise asyncio.CancelledError

    async with reading(_channel(server, mailbox, book=book, first_retry_seconds=60), crash):
        await until(lambda: kept.given)
    after_crash = (_flags(server, mailbox), dict(book.positions))
    async with reading(_channel(server, mailbox, book=book), kept):
        await until(lambda: book.positions)

    assert after_crash == ({1: set()}, {})
    assert [one.external_id for one in kept.given] == [kept.given[0].external_id] * 2
    assert kept.given[0].raw == kept.given[1].raw
    assert _flags(server, mailbox) == {1: {b"\\Seen"}}


async def test_stopping_finishes_the_batch_in_hand(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Nästan"))
    asked, answer, book = asyncio.Event(), asyncio.Event(), Book()

    async def slow(inbound: Inbound) -> Receipt:
        asked.set()
        await answer.wait()
        return Receipt(message_id=1)

    task = asyncio.ensure_future(_channel(server, mailbox, book=book).listen(slow))
    await asked.wait()
    task.cancel()
    await asyncio.sleep(0.05)
    answer.set()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert task.cancelled()
    assert _position(book) == 1
    assert _flags(server, mailbox) == {1: {b"\\Seen"}}


async def test_stopping_leaves_idle_at_once_and_logs_out(server: Dovecot, mailbox: str) -> None:
    async with reading(_channel(server, mailbox, poll_seconds=300), Intake()):
        await until(lambda: server.idlers(mailbox))
        began = time.monotonic()

    assert time.monotonic() - began < 2
    await until(lambda: f"imap({mailbox})" in server.log() and "Logged out" in server.log())


async def test_after_a_restart_only_new_mail_is_handed_on(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Före"))
    first, second, book = Intake(), Intake(), Book()

    async with reading(_channel(server, mailbox, book=book), first):
        await until(lambda: book.positions)
    server.deliver(mailbox, _mail("Efter"))
    async with reading(_channel(server, mailbox, book=book), second):
        await until(lambda: second.given)

    assert first.subjects == ["Före"]
    assert second.subjects == ["Efter"]


async def test_a_new_uidvalidity_reads_the_whole_folder_again(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"))
    first, second, book = Intake(), Intake(), Book()
    async with reading(_channel(server, mailbox, book=book), first):
        await until(lambda: _position(book) == 2)
    before = book.position("synpunkt", "INBOX")

    server.new_uidvalidity(mailbox)
    async with reading(_channel(server, mailbox, book=book), second):
        await until(lambda: book.position("synpunkt", "INBOX") != before)
        await until(lambda: _position(book) == 2)

    assert sorted(second.subjects) == ["Ett", "Två"]
    assert {one.external_id for one in first.given} & {one.external_id for one in second.given} == set()


async def test_kept_mail_is_moved(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"))
    book = Book()

    async with reading(_channel(server, mailbox, book=book, done="move:Behandlat"), Intake()):
        await until(lambda: _position(book) == 2)

    assert _count(server, mailbox, "INBOX") == 0
    assert _count(server, mailbox, "Behandlat") == 2


async def test_kept_mail_is_moved_to_a_folder_with_swedish_letters(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"))
    book = Book()

    async with reading(_channel(server, mailbox, book=book, done="move:Skräp"), Intake()):
        await until(lambda: _position(book) == 1)

    assert _count(server, mailbox, "INBOX") == 0
    assert _count(server, mailbox, "Skräp") == 1


async def test_kept_mail_gets_a_keyword_and_stays_unread(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"))
    book = Book()

    async with reading(_channel(server, mailbox, book=book, done="keyword:$Synpunkt"), Intake()):
        await until(lambda: _position(book) == 1)

    assert _flags(server, mailbox) == {1: {b"$Synpunkt"}}


async def test_a_mark_that_is_refused_does_not_hold_up_the_mail(
    server: Dovecot, mailbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"))
    intake, book = Intake(), Book()

    async with reading(_channel(server, mailbox, book=book, done="move:Borta", batch=1), intake):
        await until(lambda: _position(book) == 2)

    assert intake.subjects == ["Ett", "Två"]
    assert _events(caplog) == ["imap_marking_fails"]


async def test_a_server_that_dies_and_comes_back_is_one_outage_with_two_log_lines(
    mailbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    intake, book = Intake(), Book()

    with dovecot() as server:
        channel = _channel(server, mailbox, book=book, security="none", poll_seconds=300)
        async with reading(channel, intake):
            server.deliver(mailbox, _mail("Före"))
            await until(lambda: book.positions)
            await asyncio.to_thread(server.stop)
            await until(lambda: "imap_outage_begins" in _events(caplog))
            await asyncio.to_thread(server.start)
            server.deliver(mailbox, _mail("Efter"))
            await until(lambda: _position(book) == 2)
            await until(lambda: "imap_outage_ends" in _events(caplog))

    assert intake.subjects == ["Före", "Efter"]
    assert _events(caplog) == ["imap_outage_begins", "imap_outage_ends"]


@pytest.mark.parametrize("size_known", [True, False])
async def test_a_mail_that_the_server_cannot_give_is_kept_as_a_note_and_the_next_one_comes(
    server: Dovecot, mailbox: str, caplog: pytest.LogCaptureFixture, size_known: bool
) -> None:
    mails = [_mail("Ett"), _mail("Två"), _mail("Tre")]
    if size_known:
        server.deliver(mailbox, *mails)
    else:
        server.drop(mailbox, mails)
    assert _count(server, mailbox, "INBOX") == 3
    [poison] = [path for path in server.maildir(mailbox).glob("*/*") if b"Subject: Tv" in path.read_bytes()]
    poison.chmod(0)  # Dovecot hangs up on whoever asks for it.
    intake, book = Intake(), Book()

    async with reading(_channel(server, mailbox, book=book), intake):
        await until(lambda: _position(book) == 3)

    assert intake.subjects == ["Ett", "", "Tre"]
    assert "mappen INBOX, nummer 2" in intake.given[1].raw.decode()
    assert "imap_message_incomplete" in _events(caplog)


async def test_a_mail_over_the_cap_is_cut_and_says_so(
    server: Dovecot, mailbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.deliver(mailbox, _mail("Stor", body="bild " * 20_000), _mail("Liten"))
    intake, book = Intake(), Book()
    channel = _channel(server, mailbox, book=book, batch_bytes=10_000, message_cap=50_000)

    async with reading(channel, intake):
        await until(lambda: _position(book) == 2)
    large, small = intake.given

    assert large.raw.startswith(b"X-Synpunkt-Note: cut; size=")
    assert len(large.raw.split(b"\r\n", 1)[1]) == 50_000
    assert b"X-Synpunkt-Note" not in small.raw
    assert _events(caplog) == ["imap_message_cut"]


async def test_a_large_mail_under_the_cap_comes_whole_in_parts(server: Dovecot, mailbox: str) -> None:
    letter = _mail("Stor", body="bild " * 1_000_000)
    server.deliver(mailbox, letter)
    intake, book = Intake(), Book()

    async with reading(_channel(server, mailbox, book=book, batch_bytes=10_000), intake):
        await until(lambda: _position(book) == 1, seconds=20)

    assert intake.given[0].raw.endswith(letter)


async def test_three_thousand_waiting_mails_come_in_order_in_small_batches(
    server: Dovecot, mailbox: str
) -> None:
    server.drop(mailbox, [_mail(f"Nr {number}", body="x" * 8_000) for number in range(3000)])
    book, subjects, at_once, most = Book(), list[str](), 0, 0

    async def count(inbound: Inbound) -> Receipt:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        subjects.append(_subject(inbound.raw))
        await asyncio.sleep(0)
        at_once -= 1
        return Receipt(message_id=1)

    tracemalloc.start()
    async with reading(_channel(server, mailbox, book=book), count):
        await until(lambda: _position(book) == 3000, seconds=60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert subjects == [f"Nr {number}" for number in range(3000)]
    assert most == 50
    assert peak < 5_000_000


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_mail_comes_over_an_encrypted_connection(server: Dovecot, mailbox: str, security: str) -> None:
    server.deliver(mailbox, _mail("Hemligt"))
    intake = Intake()

    async with reading(_channel(server, mailbox, security=security), intake):
        await until(lambda: intake.given)

    assert intake.subjects == ["Hemligt"]


async def test_idle_hears_new_mail_over_tls(server: Dovecot, mailbox: str) -> None:
    intake = Intake()

    async with reading(_channel(server, mailbox, security="tls", poll_seconds=300), intake):
        await until(lambda: server.idlers(mailbox))
        server.deliver(mailbox, _mail("Krypterat"))
        await until(lambda: intake.given)

    assert intake.subjects == ["Krypterat"]


async def test_a_token_opens_the_mailbox(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Med token"))
    intake = Intake()
    channel = _channel(server, mailbox, security="tls", token_source=Token(PASSWORD))

    async with reading(channel, intake):
        await until(lambda: intake.given)

    assert intake.subjects == ["Med token"]
    await until(lambda: f"user=<{mailbox}>, method=XOAUTH2" in server.log())


async def test_check_tells_what_it_found(server: Dovecot, mailbox: str) -> None:
    server.deliver(mailbox, _mail("Ett"), _mail("Två"))
    channel = _channel(server, mailbox, folders=("INBOX", "Skräp"), done="move:Behandlat")

    lines = await channel.check()

    assert lines == [
        "synpunkt: inloggad på 127.0.0.1",
        "mappen INBOX: 2 brev",
        "mappen Skräp: 0 brev",
        "nya brev hörs genast (IDLE)",
        "obs: förbindelsen är inte krypterad (security = none)",
    ]
    assert _flags(server, mailbox) == {1: set(), 2: set()}


async def test_check_says_that_the_password_is_wrong_and_what_to_do(server: Dovecot, mailbox: str) -> None:
    with pytest.raises(PermanentFailure, match="godtog inte användarnamn eller lösenord") as failure:
        await _channel(server, mailbox, password="fel-åska").check()

    assert "appregistrering" in str(failure.value)
    assert "fel-åska" not in str(failure.value)


async def test_check_says_that_the_app_has_no_access(server: Dovecot, mailbox: str) -> None:
    with pytest.raises(PermanentFailure, match="Kontrollera i Entra ID att appregistreringen"):
        await _channel(server, mailbox, token_source=Token("utgången")).check()


async def test_check_lists_the_folders_when_one_is_missing(server: Dovecot, mailbox: str) -> None:
    with pytest.raises(PermanentFailure) as failure:
        await _channel(server, mailbox, folders=("Inkorgen",)).check()

    assert str(failure.value) == (
        "127.0.0.1: mappen “Inkorgen” finns inte. Skapa den eller rätta namnet. "
        "Mappar som finns: Behandlat, INBOX, Skräp."
    )


async def test_check_does_not_accept_a_certificate_from_a_stranger(server: Dovecot, mailbox: str) -> None:
    with pytest.raises(TemporaryFailure, match="certifikat godkänns inte"):
        await _channel(server, mailbox, security="tls", tls_context=ssl.create_default_context()).check()


async def test_a_demanded_starttls_that_is_refused_sends_no_password(mailbox: str) -> None:
    with dovecot() as server:
        with pytest.raises(PermanentFailure, match="Inget lösenord har sänts"):
            await _channel(server, mailbox, security="starttls").check()
        await until(lambda: "no auth attempts" in server.log())
        log = server.log()

    assert mailbox not in log
    assert "no auth attempts" in log


async def test_a_wrong_password_waits_long_between_tries_and_is_logged_once(
    server: Dovecot, mailbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    channel = _channel(server, mailbox, password="fel", first_retry_seconds=0.01, last_retry_seconds=0.3)

    async with reading(channel, Intake()):
        await until(lambda: server.log().count(f"user=<{mailbox}>, method=PLAIN") >= 2)

    assert _events(caplog) == ["imap_outage_begins"]
    assert mailbox not in caplog.text


def _channel(server: Dovecot, mailbox: str, **changes: Any) -> Imap:
    security = changes.setdefault("security", "none")
    settings: dict[str, Any] = {
        "account": "synpunkt",
        "host": "127.0.0.1",
        "port": server.imaps_port if security == "tls" else server.imap_port,
        "username": mailbox,
        "password": PASSWORD,
        "ledger": changes.pop("book", None) or Book(),
        "clock": lambda: datetime.now(UTC),
        "tls_context": _trusting(server),
        "timeout": 10.0,
        "first_retry_seconds": 0.05,
        "last_retry_seconds": 0.2,
    }
    return Imap(**(settings | changes))


def _trusting(server: Dovecot) -> ssl.SSLContext:
    context = ssl.create_default_context()
    server.authority.configure_trust(context)
    return context


def _mail(subject: str, *, body: str = "Gungan är trasig.") -> bytes:
    return (
        "From: Kim Exempel <kim@example.org>\r\nTo: synpunkt@lillkommun.example\r\n"
        f"Subject: {subject}\r\n\r\n{body}\r\n"
    ).encode()


def _subject(raw: bytes) -> str:
    found = [line[9:].decode() for line in raw.split(b"\r\n") if line.startswith(b"Subject: ")]
    return found[0] if found else ""


def _position(book: Book) -> int:
    return book.position("synpunkt", "INBOX")[1]


@contextlib.contextmanager
def _opened(server: Dovecot, mailbox: str) -> Iterator[Any]:
    with IMAPClient("127.0.0.1", port=server.imap_port, ssl=False, timeout=10) as client:
        client.sasl_login("PLAIN", lambda _: f"\0{mailbox}\0{PASSWORD}".encode())
        yield client


def _flags(server: Dovecot, mailbox: str) -> dict[int, set[bytes]]:
    with _opened(server, mailbox) as client:
        client.select_folder("INBOX", readonly=True)
        found = client.get_flags(client.search("ALL"))
    return {uid: set(flags) - {b"\\Recent"} for uid, flags in found.items()}


def _count(server: Dovecot, mailbox: str, folder: str) -> int:
    with _opened(server, mailbox) as client:
        return int(client.select_folder(folder, readonly=True)[b"EXISTS"])


def _events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage().split()[0]
        for record in caplog.records
        if record.name.startswith("bots.channels.imap") and record.levelno >= logging.WARNING
    ]
