"""What the IMAP channel makes of a message, and how it behaves towards servers that Dovecot cannot play."""

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.imap import Imap
from bots.channels.imap_message import inbound
from bots.channels.imap_session import Act, Done
from store.domain import Address, Inbound, Outgoing, Purpose, Receipt
from tests.servers.hearing import reading, until

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 22, 8, 50, tzinfo=timezone(timedelta(hours=1)))


class Book:
    """A ledger in memory."""

    def __init__(self, position: tuple[int, int] = (0, 0)) -> None:
        self.now_at = position

    def position(self, account: str, folder: str) -> tuple[int, int]:
        assert (account, folder) == ("synpunkt", "INBOX")
        return self.now_at

    def advance(self, account: str, folder: str, uidvalidity: int, uid: int) -> None:
        assert (account, folder) == ("synpunkt", "INBOX")
        self.now_at = (uidvalidity, uid)


class LateToken:
    """A token source that is down at first."""

    def __init__(self) -> None:
        self.asked = 0

    async def token(self) -> str:
        self.asked += 1
        if self.asked <= 2:
            raise TemporaryFailure("Ingen åtkomsttoken: inloggningstjänsten svarar inte.")
        return "biljett"


class ScriptedServer:
    """An IMAP server that says what it is told to. `answers` replaces the reply to a command."""

    def __init__(self, mails: dict[int, bytes], answers: dict[str, str | bytes | None]) -> None:
        self.mails = mails
        self.answers = answers
        self.hangs_up_at: str | None = None  # once
        self.latecomer: bytes | None = None  # comes with the answer to the first IDLE
        self.heard: list[str] = []
        self._idle_tag = b""
        self.uidvalidity = 7
        self.port = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self.heard.append(command)
                if self.hangs_up_at and command.startswith(self.hangs_up_at):
                    self.hangs_up_at = None
                    break
                if command.startswith("AUTHENTICATE"):
                    writer.write(b"+ \r\n")
                    self.heard.append(base64.b64decode(await reader.readline()).decode())
                if tag == "DONE":
                    writer.write(b"IDLETAG OK done\r\n".replace(b"IDLETAG", self._idle_tag))
                    continue
                if command == "IDLE":
                    self._idle_tag = tag.encode()
                    writer.write(b"+ idling\r\n" + self._late())
                    continue
                reply = self._reply(command)
                if reply is None:
                    continue
                writer.write(reply.replace(b"TAG", tag.encode()))
                await writer.drain()
                if command == "LOGOUT":
                    break
        writer.close()

    def _late(self) -> bytes:
        if self.latecomer is None:
            return b""
        self.mails[max(self.mails) + 1], self.latecomer = self.latecomer, None
        return f"* {len(self.mails)} EXISTS\r\n".encode()

    def _reply(self, command: str) -> bytes | None:
        for start, answer in self.answers.items():
            if command.startswith(start):
                return answer.encode() if isinstance(answer, str) else answer
        return self._plain_reply(command) + b"TAG OK done\r\n"

    def _plain_reply(self, command: str) -> bytes:
        words = command.split()
        last = max(self.mails, default=0)
        match words:
            case ["CAPABILITY"]:
                return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
            case ["SELECT" | "EXAMINE", *_]:
                return _opened(exists=len(self.mails), uidnext=last + 1, uidvalidity=self.uidvalidity)
            case ["UID", "SEARCH", *_, "UID", span]:
                first, _, end = span.rstrip(")").partition(":")
                found = [str(uid) for uid in sorted(self.mails) if int(first) <= uid <= int(end)]
                return f"* SEARCH {' '.join(found)}\r\n".encode()
            case ["UID", "FETCH", uids, *what]:
                return b"".join(self._fetched(int(uid), " ".join(what)) for uid in uids.split(","))
            case ["LOGOUT"]:
                return b"* BYE\r\n"
        return b""

    def _fetched(self, uid: int, what: str) -> bytes:
        if uid not in self.mails:
            return b""
        mail = self.mails[uid]
        start = f"* {uid} FETCH (UID {uid} ".encode()
        if "SIZE" in what:
            return start + f"RFC822.SIZE {len(mail)})\r\n".encode()
        start += b'INTERNALDATE "22-Nov-2026 08:50:00 +0100" '
        if "BODY.PEEK[]" in what:
            return start + f"BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")\r\n"
        return start.rstrip() + b")\r\n"


def _opened(*, exists: int, uidnext: int, uidvalidity: int = 7) -> bytes:
    codes = f"* OK [UIDVALIDITY {uidvalidity}] ok\r\n* OK [UIDNEXT {uidnext}] ok\r\n"
    return f"* {exists} EXISTS\r\n{codes}".encode()


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("seen", Done(act=Act.SEEN)),
        ("keyword:$Synpunkt", Done(act=Act.KEYWORD, target="$Synpunkt")),
        ("move:Klara ärenden", Done(act=Act.MOVE, target="Klara ärenden")),
    ],
)
def test_a_mark_is_read_from_the_settings(text: str, done: Done) -> None:
    assert Done.parse(text) == done


@pytest.mark.parametrize("text", ["", "läst", "move:", "keyword: ", "seen:ja"])
def test_a_mark_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"går inte att tyda|is not a valid Act"):
        Done.parse(text)


def test_received_at_is_when_our_first_server_had_the_mail() -> None:
    raw = (
        b"Received: from mx by post.lillkommun.example with LMTP; Sun, 22 Nov 2026 08:31:07 +0100\r\n"
        b"Received: from relay.example.org (relay.example.org [192.0.2.7])\r\n"
        b"\tby mx.lillkommun.example (Postfix) id 4X;\r\n\tSun, 22 Nov 2026 08:30:00 +0100 (CET)\r\n"
        b"Received: by relay.example.org; Sun, 22 Nov 2026 07:00:00 +0100\r\n\r\n"
    )

    assert _received_at(raw) == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def test_received_at_does_not_trust_a_line_below_a_strangers() -> None:
    raw = (
        b"Received: by mx.lillkommun.example; Sun, 22 Nov 2026 08:30:00 +0100\r\n"
        b"Received: by relay.example.org; Sun, 22 Nov 2026 08:29:00 +0100\r\n"
        b"Received: by mx.lillkommun.example; Sun, 01 Nov 2026 08:00:00 +0100\r\n\r\n"
    )

    assert _received_at(raw) == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def test_received_at_passes_over_the_steps_inside_the_mail_hotel() -> None:
    raw = (
        b"Received: by box17 with LMTP; Sun, 22 Nov 2026 08:40:00 +0100\r\n"
        b"Received: by mx.lillkommun.example; Sun, 22 Nov 2026 08:30:00 +0100\r\n\r\n"
    )

    assert _received_at(raw) == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"Received: by mx.annankommun.example; Sun, 22 Nov 2026 08:30:00 +0100\r\n",
        b"Received: by fel-lillkommun.example; Sun, 22 Nov 2026 08:30:00 +0100\r\n",
        b"Received: by mx.lillkommun.example; i somras\r\n",
        b"Received: by mx.lillkommun.example\r\n",
        b"Received: (((((((((\r\n",
    ],
)
def test_without_a_line_of_ours_received_at_is_when_the_mailbox_got_the_mail(received: bytes) -> None:
    assert _received_at(received + b"Subject: hej\r\n\r\n") == datetime(2026, 11, 22, 7, 50, tzinfo=UTC)


def test_received_at_is_never_in_the_future() -> None:
    raw = b"Received: by mx.lillkommun.example; Sun, 22 Nov 2026 23:59:00 +0100\r\n\r\n"

    assert _received_at(raw) == NOW
    assert _received_at(b"\r\n", arrived=NOW + timedelta(hours=3)) == NOW


def test_without_any_date_from_the_server_the_newest_hop_counts() -> None:
    raw = b"Received: by relay.example.org; Sun, 22 Nov 2026 08:00:00 -0000\r\n\r\n"

    assert _received_at(raw, arrived=None) == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_the_body_is_not_mistaken_for_headers() -> None:
    raw = (
        b"Subject: hej\r\n\r\n"
        b"Received: by mx.lillkommun.example; Sun, 01 Nov 2026 08:30:00 +0100\r\nReturn-Path: <>\r\n"
    )

    assert _received_at(raw) == datetime(2026, 11, 22, 7, 50, tzinfo=UTC)
    assert _inbound(raw).envelope_from is None


@pytest.mark.parametrize(
    ("header", "envelope_from"),
    [
        (b"Return-Path: <kim@example.org>\r\n", "kim@example.org"),
        (b"Return-Path: <>\r\n", ""),
        (b"RETURN-PATH:kim@example.org\r\n", "kim@example.org"),
        (b"\xef\xbb\xbfReturn-Path: <kim@example.org>\r\n", "kim@example.org"),
        (b"", None),
    ],
)
def test_the_envelope_sender_is_the_return_path(header: bytes, envelope_from: str | None) -> None:
    assert _inbound(header + b"Subject: hej\r\n\r\n").envelope_from == envelope_from


def test_the_envelope_recipients_are_named_once_each() -> None:
    raw = (
        b"Delivered-To: synpunkt@lillkommun.example\r\nX-Original-To: <tyck@lillkommun.example>\r\n"
        b"Envelope-To: synpunkt@lillkommun.example\r\nTo: alla@lillkommun.example\r\n\r\n"
    )

    assert _inbound(raw).envelope_to == ("synpunkt@lillkommun.example", "tyck@lillkommun.example")


def test_a_forged_header_costs_little_time() -> None:
    raw = (
        b"Received: " + b"(" * 60_000 + b")" * 60_000 + b" by a; Sun\r\n" + b"Received: by b; Sun\r\n" * 6_000
    )
    began = time.process_time()

    _inbound(raw)

    assert time.process_time() - began < 1


def test_mail_is_never_moved_into_a_folder_that_is_read() -> None:
    with pytest.raises(ValueError, match="samma brev skulle läsas om och om igen"):
        _channel(port=1, folders=("INBOX", "Behandlat"), done="move:Behandlat")


async def test_letters_are_not_sent_through_a_mailbox() -> None:
    letter = Outgoing(
        key="1/kvitto",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="email", handle="kim@example.org"),
        subject="Tack",
        body="Tack.",
    )

    with pytest.raises(PermanentFailure, match="tar bara emot"):
        await _channel(port=1).send(letter)


async def test_check_without_a_server_says_what_to_look_at() -> None:
    with pytest.raises(TemporaryFailure, match=r"ingen kontakt med servern .*Kontrollera värdnamn, port"):
        await _channel(port=1).check()


async def test_check_tells_a_plain_port_from_a_tls_port() -> None:
    server = ScriptedServer({}, {})

    async with server.running():
        with pytest.raises(TemporaryFailure, match="talar inte TLS på den porten"):
            await _channel(port=server.port, security="tls").check()


async def test_a_login_that_the_server_cannot_try_now_is_no_wrong_password() -> None:
    server = ScriptedServer({}, {"AUTHENTICATE": "TAG NO [UNAVAILABLE] try later\r\n"})

    async with server.running():
        with pytest.raises(TemporaryFailure, match="Nytt försök görs"):
            await _channel(port=server.port).check()


async def test_check_says_that_a_folder_may_only_be_read() -> None:
    read_only = _opened(exists=0, uidnext=1) + b"TAG OK [READ-ONLY] ok\r\n"
    server = ScriptedServer({}, {"SELECT": read_only, "EXAMINE": read_only})

    async with server.running():
        with pytest.raises(PermanentFailure, match="mappen “INBOX” får bara läsas"):
            await _channel(port=server.port).check()


async def test_a_folder_that_may_only_be_read_is_imported_without_marks() -> None:
    mails = {3: b"Subject: hej\r\n\r\n"}
    read_only = _opened(exists=1, uidnext=4) + b"TAG OK [READ-ONLY] ok\r\n"
    server, book = ScriptedServer(mails, {"SELECT": read_only, "EXAMINE": read_only}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book), _take):
        await until(lambda: book.now_at == (7, 3))

    assert [command for command in server.heard if "STORE" in command] == []


async def test_uids_far_apart_are_found_in_few_questions() -> None:
    mails = {5: b"Subject: a\r\n\r\n", 3_000_000: b"Subject: b\r\n\r\n"}
    server, book = ScriptedServer(mails, {}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book), _take):
        await until(lambda: book.now_at == (7, 3_000_000))
    searches = sum(command.startswith("UID SEARCH") for command in server.heard)

    assert searches < 100


async def test_mail_that_comes_just_as_idle_begins_is_heard_at_once() -> None:
    server, book = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book()
    server.answers["CAPABILITY"] = "* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\nTAG OK done\r\n"
    server.latecomer = b"Subject: b\r\n\r\n"

    async with server.running(), reading(_channel(port=server.port, book=book, poll_seconds=300), _take):
        await until(lambda: book.now_at == (7, 2))
        await until(lambda: server.heard[-1] == "IDLE")


async def test_what_is_imported_is_not_asked_for_again_at_each_poll() -> None:
    server, book = ScriptedServer({8: b"Subject: a\r\n\r\n"}, {}), Book((7, 8))

    async with server.running(), reading(_channel(port=server.port, book=book), _take):
        await until(lambda: sum(command.startswith("SELECT") for command in server.heard) >= 3)

    assert [command for command in server.heard if "FETCH" in command or "SEARCH" in command] == []


async def test_a_mail_that_is_gone_before_it_is_fetched_is_passed_over() -> None:
    mails = {1: b"Subject: a\r\n\r\n", 2: b"Subject: b\r\n\r\n"}
    server, book = ScriptedServer(mails, {}), Book()
    server.answers["UID SEARCH"] = "* SEARCH 1 2 3\r\nTAG OK done\r\n"
    server.answers["SELECT"] = _opened(exists=3, uidnext=4) + b"TAG OK done\r\n"

    async with server.running(), reading(_channel(port=server.port, book=book), _take):
        await until(lambda: book.now_at == (7, 2))


async def test_a_body_that_is_listed_but_not_given_becomes_a_note_with_its_header() -> None:
    server, book = ScriptedServer({1: b"x"}, {}), Book()
    server.answers["UID FETCH 1 (INTERNALDATE BODY.PEEK[])"] = "TAG NO [SERVERBUG] cannot\r\n"
    server.answers["UID FETCH 1 (INTERNALDATE BODY.PEEK[HEADER])"] = (
        '* 1 FETCH (UID 1 INTERNALDATE "22-Nov-2026 08:50:00 +0100" '
        "BODY[HEADER] {16}\r\nSubject: Bro\r\n\r\n)\r\nTAG OK done\r\n"
    )
    given: list[Inbound] = []

    async def keep(inbound: Inbound) -> Receipt:
        given.append(inbound)
        return Receipt(message_id=1)

    async with server.running(), reading(_channel(port=server.port, book=book), keep):
        await until(lambda: book.now_at == (7, 1))

    assert given[0].raw.decode() == (
        "X-Synpunkt-Note: incomplete\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\nSubject: Bro\r\n\r\n"
        "[Brevet kunde inte hämtas från brevlådan. Öppna det där: mappen INBOX, nummer 1.]\r\n"
    )
    assert given[0].received_at == datetime(2026, 11, 22, 7, 50, tzinfo=UTC)


async def test_a_batch_holds_no_more_bytes_than_allowed() -> None:
    mails = dict.fromkeys(range(1, 8), b"Subject: a\r\n\r\n" + b"x" * 1000)
    server, book = ScriptedServer(mails, {}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book, batch_bytes=3_100), _take):
        await until(lambda: book.now_at == (7, 7))
    fetched = [command.split()[2] for command in server.heard if "BODY.PEEK[]" in command]

    assert fetched == ["1,2,3", "4,5,6", "7"]


async def test_marks_are_set_once_for_a_batch_after_all_of_it_is_kept() -> None:
    mails = dict.fromkeys(range(1, 8), b"Subject: a\r\n\r\n")
    server, book = ScriptedServer(mails, {}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book, batch=4), _take):
        await until(lambda: book.now_at == (7, 7))
    marks = [command for command in server.heard if "STORE" in command]

    assert marks == ["UID STORE 1,2,3,4 +FLAGS.SILENT (\\Seen)", "UID STORE 5,6,7 +FLAGS.SILENT (\\Seen)"]


async def test_without_move_a_mail_is_copied_and_only_it_is_expunged() -> None:
    server, book = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book()
    server.answers["CAPABILITY"] = "* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS\r\nTAG OK done\r\n"

    async with server.running(), reading(_channel(port=server.port, book=book, done="move:Klart"), _take):
        await until(lambda: book.now_at == (7, 1))
    changes = [command for command in server.heard if command.startswith("UID")]

    assert changes[-3:] == ['UID COPY 1 "Klart"', "UID STORE 1 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 1"]


async def test_a_password_with_swedish_letters_is_sent_as_utf_8() -> None:
    server = ScriptedServer({}, {})

    async with server.running():
        await _channel(port=server.port, password="åäö-Åskväder").check()

    assert server.heard[1:3] == ["AUTHENTICATE PLAIN", "\0synpunkt\0åäö-Åskväder"]


async def test_a_server_that_falls_silent_does_not_hold_up_the_stop() -> None:
    server = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {"UID FETCH": None})

    async with server.running():
        async with reading(_channel(port=server.port, timeout=60, finish_seconds=0.2), _take):
            await until(lambda: any("FETCH" in command for command in server.heard))
            began = time.monotonic()
        took = time.monotonic() - began

    assert took < 2


async def test_a_store_that_never_answers_does_not_hold_up_the_stop() -> None:
    server, book, asked = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book(), asyncio.Event()

    async def never(inbound: Inbound) -> Receipt:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with server.running():
        async with reading(_channel(port=server.port, book=book, finish_seconds=0.2), never):
            await asked.wait()
            began = time.monotonic()
        took = time.monotonic() - began

    assert took < 2
    assert book.now_at == (0, 0)
    assert [command for command in server.heard if "STORE" in command] == []


async def test_a_new_uidvalidity_is_noticed_while_we_listen() -> None:
    server, book, given = ScriptedServer({4: b"Subject: a\r\n\r\n"}, {}), Book(), list[str]()

    async def keep(inbound: Inbound) -> Receipt:
        given.append(inbound.external_id)
        return Receipt(message_id=1)

    async with server.running(), reading(_channel(port=server.port, book=book), keep):
        await until(lambda: book.now_at == (7, 4))
        server.mails, server.uidvalidity = {1: b"Subject: a\r\n\r\n", 2: b"Subject: b\r\n\r\n"}, 8
        await until(lambda: book.now_at == (8, 2))

    assert given == ["INBOX/7.4", "INBOX/8.1", "INBOX/8.2"]


async def test_a_token_service_that_is_down_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    server, book = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book()

    async with server.running():
        channel = _channel(port=server.port, book=book, token_source=LateToken())
        async with reading(channel, _take):
            await until(lambda: book.now_at == (7, 1))
            (outage,) = channel.outages

    assert outage.because == "Ingen åtkomsttoken: inloggningstjänsten svarar inte."
    assert outage.ended is not None
    assert "user=synpunkt\x01auth=Bearer biljett\x01\x01" in server.heard
    assert _events(caplog) == [
        "imap_outage_begins account=synpunkt folder=INBOX "
        "cause='Ingen åtkomsttoken: inloggningstjänsten svarar inte.'",
        "imap_outage_ends account=synpunkt folder=INBOX seconds=0",
    ]


async def test_a_server_that_falls_silent_is_left_after_the_timeout() -> None:
    server, book = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {"UID FETCH": None}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book, timeout=0.2), _take):
        await until(lambda: any("FETCH" in command for command in server.heard))
        server.answers.clear()
        await until(lambda: book.now_at == (7, 1))


async def test_a_hang_up_now_and_then_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    server, book = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book()

    async with server.running(), reading(_channel(port=server.port, book=book), _take):
        await until(lambda: book.now_at == (7, 1))
        server.hangs_up_at = "SELECT"
        await until(lambda: server.hangs_up_at is None)
        server.mails[2] = b"Subject: b\r\n\r\n"
        await until(lambda: book.now_at == (7, 2))

    assert _events(caplog) == []


async def test_words_from_the_server_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    server = ScriptedServer({}, {"SELECT": "TAG NO kim@example.org has no such folder\r\n"})

    async with server.running(), reading(_channel(port=server.port), _take):
        await until(lambda: _events(caplog))

    assert _events(caplog) == ["imap_outage_begins account=synpunkt folder=INBOX cause=error"]
    assert "kim@example.org" not in caplog.text


async def test_a_store_that_is_down_is_one_outage_however_many_tries(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, book, tries = ScriptedServer({1: b"Subject: a\r\n\r\n"}, {}), Book(), 0

    async def refuse_four_times(inbound: Inbound) -> Receipt:
        nonlocal tries
        tries += 1
        if tries <= 4:
            raise NotKeptError
        return Receipt(message_id=1)

    async with server.running(), reading(_channel(port=server.port, book=book), refuse_four_times):
        await until(lambda: book.now_at == (7, 1))
        await until(lambda: len(_events(caplog)) == 2)

    assert _events(caplog) == [
        "imap_outage_begins account=synpunkt folder=INBOX cause=NotKeptError",
        "imap_outage_ends account=synpunkt folder=INBOX seconds=0",
    ]


async def _take(inbound: Inbound) -> Receipt:
    return Receipt(message_id=1)


def _inbound(raw: bytes, *, arrived: datetime | None = ARRIVED) -> Inbound:
    return inbound(
        raw,
        account="synpunkt",
        external_id="INBOX/7.1",
        arrived=arrived,
        now=NOW,
        own_domains=("lillkommun.example",),
    )


def _received_at(raw: bytes, *, arrived: datetime | None = ARRIVED) -> datetime:
    return _inbound(raw, arrived=arrived).received_at


def _channel(**changes: Any) -> Imap:
    settings: dict[str, Any] = {
        "account": "synpunkt",
        "host": "127.0.0.1",
        "security": "none",
        "username": "synpunkt",
        "password": "hemligt",
        "ledger": changes.pop("book", None) or Book(),
        "clock": lambda: NOW,
        "poll_seconds": 0.05,
        "timeout": 5.0,
        "first_retry_seconds": 0.02,
        "last_retry_seconds": 0.1,
    }
    return Imap(**(settings | changes))


def _events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("bots.channels.imap") and record.levelno >= logging.WARNING
    ]
