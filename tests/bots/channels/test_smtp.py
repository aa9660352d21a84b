import asyncio
import contextlib
import logging
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as some

from bots.channel import Channel, NoRoomError, NotKeptError, PermanentFailure
from bots.channels.smtp import Smtp
from store.domain import Address, Inbound, Outgoing, Purpose
from tests.servers.hearing import Kept, listening
from tests.servers.tls import Authority

T = TypeVar("T")
AT_NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS = "synpunkter@lillkommun.example"
MAIL = b"From: Eva Exempel <eva@example.se>\r\nSubject: Gungan\r\n\r\nGungan \xe4r trasig.\r\n"
ENVELOPE = b"MAIL FROM:<eva@example.se>\r\nRCPT TO:<synpunkter@lillkommun.example>\r\n"


def a_channel(**choices: Any) -> Smtp:
    usual: dict[str, Any] = {
        "account": "synpunkter",
        "recipients": [OURS],
        "clock": lambda: AT_NINE,
        "port": 0,
    }
    return Smtp(**(usual | choices))


class Wire:
    """A client that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def answer(self) -> str:
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode()
            lines.append(line.strip())
            if line[3:4] != "-":
                return "\n".join(lines)

    async def ask(self, words: bytes) -> str:
        self.writer.write(words)
        return await self.answer()

    async def ask_each(self, words: bytes, *, answers: int) -> list[str]:
        self.writer.write(words)
        return [await self.answer() for _ in range(answers)]

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), 5)


@asynccontextmanager
async def wired(channel: Smtp, *, greeting: bytes = b"EHLO mx.example.org\r\n") -> AsyncIterator[Wire]:
    wire = Wire(*await asyncio.open_connection("127.0.0.1", channel.port))
    try:
        if greeting:
            await wire.answer()
            await wire.ask(greeting)
        yield wire
    finally:
        wire.writer.close()
        with contextlib.suppress(OSError):
            await wire.writer.wait_closed()


async def by_smtp(channel: Smtp, talk: Callable[[smtplib.SMTP], T]) -> T:
    def run() -> T:
        with smtplib.SMTP("127.0.0.1", channel.port, timeout=5) as client:
            return talk(client)

    return await asyncio.to_thread(run)


@pytest.fixture
def kept() -> Kept:
    return Kept()


# What a mail becomes


async def test_a_mail_is_handed_on_with_its_envelope_and_its_very_bytes(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        await by_smtp(channel, lambda client: client.sendmail("eva@example.se", [OURS], MAIL))

    assert kept.mails == [
        Inbound(
            channel="smtp",
            account="synpunkter",
            received_at=AT_NINE,
            raw=MAIL,
            envelope_from="eva@example.se",
            envelope_to=(OURS,),
        )
    ]


async def test_the_time_of_reception_is_the_end_of_data_and_not_the_beginning(kept: Kept) -> None:
    now = [AT_NINE]
    channel = a_channel(clock=lambda: now[0])

    async with listening(channel, kept), wired(channel) as wire:
        await wire.ask_each(ENVELOPE + b"DATA\r\n", answers=3)
        wire.writer.write(MAIL)
        now[0] = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)
        await wire.ask(b".\r\n")

    assert kept.mails[0].received_at == datetime(2026, 11, 23, 22, 59, tzinfo=UTC)


async def test_the_null_sender_of_a_bounce_is_an_empty_sender(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        await by_smtp(channel, lambda client: client.sendmail("", [OURS], MAIL))

    assert [mail.envelope_from for mail in kept.mails] == [""]


async def test_a_sender_with_umlauts_comes_through_as_it_is(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        await by_smtp(
            channel,
            lambda client: client.sendmail(
                "åsa@exempel.example", [OURS], MAIL, ["SMTPUTF8", "BODY=8BITMIME"]
            ),
        )

    assert [mail.envelope_from for mail in kept.mails] == ["åsa@exempel.example"]


async def test_a_sender_that_is_no_text_is_kept_with_replacement_signs(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            b"MAIL FROM:<\xe5sa@example.se>\r\nRCPT TO:<"
            + OURS.encode()
            + b">\r\nDATA\r\n"
            + MAIL
            + b".\r\n",
            answers=4,
        )

    assert answers[-1] == "250 2.0.0 Ok: kept as 1"
    assert kept.mails[0].envelope_from == "\ufffdsa@example.se"


async def test_one_mail_to_two_of_our_addresses_is_handed_on_once(kept: Kept) -> None:
    channel = a_channel(recipients=[OURS, "kontakt@lillkommun.example"])

    async with listening(channel, kept):
        await by_smtp(
            channel,
            lambda client: client.sendmail("eva@example.se", [OURS, "kontakt@lillkommun.example"], MAIL),
        )

    assert [mail.envelope_to for mail in kept.mails] == [(OURS, "kontakt@lillkommun.example")]


# The reading of DATA


@pytest.mark.parametrize(
    ("sent", "raw"),
    [
        pytest.param(b".\r\n", b"", id="nothing"),
        pytest.param(b"\r\n.\r\n", b"\r\n", id="one empty line"),
        pytest.param(b"..\r\n.\r\n", b".\r\n", id="a lone dot"),
        pytest.param(b"...\r\n..\r\n.\r\n", b"..\r\n.\r\n", id="dots in rows"),
        pytest.param(b"Hej.\r\nSlut.\r\n.\r\n", b"Hej.\r\nSlut.\r\n", id="lines that end with a full stop"),
        pytest.param(
            b"a\n.\nb\n.\r\nc\r.\r\nd\r\n.\r\n", b"a\n.\nb\n.\r\nc\r.\r\nd\r\n", id="bare line ends"
        ),
        pytest.param(b"a\x00b\r\n\x00\r\n.\r\n", b"a\x00b\r\n\x00\r\n", id="NUL"),
        pytest.param(b"x" * 300_000 + b"\r\n.\r\n", b"x" * 300_000 + b"\r\n", id="a very long line"),
        pytest.param(
            b".x" * 900_000 + b"\r\n.\r\n", b"x" + b".x" * 899_999 + b"\r\n", id="longer than the buffer"
        ),
    ],
)
async def test_data_is_read_as_rfc_5321_says(kept: Kept, sent: bytes, raw: bytes) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(ENVELOPE + b"DATA\r\n" + sent, answers=4)

    assert answers[-1] == "250 2.0.0 Ok: kept as 1"
    assert [mail.raw for mail in kept.mails] == [raw]


class _StockHandler:
    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd calls it
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 OK"


async def _read_by_both(sent: bytes) -> tuple[list[bytes], list[bytes]]:
    kept, stock, channel = Kept(), _StockHandler(), a_channel()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(stock, hostname="mx", loop=loop), "127.0.0.1", 0)
    words = b"EHLO mx.example.org\r\n" + ENVELOPE + b"DATA\r\n" + sent + b"\r\n.\r\nQUIT\r\n"
    async with server, listening(channel, kept):
        for port in (channel.port, server.sockets[0].getsockname()[1]):
            wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
            wire.writer.write(words)
            await wire.rest()
            wire.writer.close()
    return [mail.raw for mail in kept.mails], stock.contents


@settings(max_examples=60, deadline=None)
@given(pieces=some.lists(some.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\x00", b".."]), max_size=12))
def test_our_reading_of_data_equals_that_of_stock_aiosmtpd(pieces: list[bytes]) -> None:
    ours, stock = asyncio.run(_read_by_both(b"".join(pieces)))

    assert len(stock) == 1
    assert ours == stock


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"])
async def test_a_second_mail_cannot_be_smuggled_behind_a_false_end(kept: Kept, end: bytes) -> None:
    channel = a_channel()
    smuggled = (
        b"MAIL FROM:<chef@lillkommun.example>\r\nRCPT TO:<" + OURS.encode() + b">\r\nDATA\r\nFalskt\r\n"
    )

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            ENVELOPE + b"DATA\r\nHej" + end + smuggled + b".\r\nNOOP\r\n", answers=5
        )

    assert answers[3:] == ["250 2.0.0 Ok: kept as 1", "250 OK"]
    assert [mail.raw for mail in kept.mails] == [b"Hej" + end.replace(b"\r\n.", b"\r\n") + smuggled]


async def test_two_whole_mails_in_one_packet_are_two_mails(kept: Kept) -> None:
    channel = a_channel()
    one = ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n"

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(one + one + b"QUIT\r\n", answers=9)

    assert answers[3::4] == ["250 2.0.0 Ok: kept as 1", "250 2.0.0 Ok: kept as 2"]
    assert [mail.raw for mail in kept.mails] == [MAIL, MAIL]


async def test_a_mail_that_is_cut_off_before_its_end_is_not_handed_on(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        async with wired(channel) as wire:
            await wire.ask_each(ENVELOPE + b"DATA\r\n", answers=3)
            wire.writer.write(MAIL)
        await by_smtp(channel, lambda client: client.sendmail("bo@example.se", [OURS], MAIL))

    assert [mail.envelope_from for mail in kept.mails] == ["bo@example.se"]


# Sizes


@pytest.mark.parametrize(("length", "code"), [(1000, "250"), (1001, "552")])
async def test_a_mail_may_be_as_big_as_the_limit_and_no_bigger(kept: Kept, length: int, code: str) -> None:
    channel = a_channel(data_size_limit=1000)
    body = b"x" * (length - 2) + b"\r\n"

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(ENVELOPE + b"DATA\r\n" + body + b".\r\nNOOP\r\n", answers=5)

    assert [answers[3][:3], answers[4]] == [code, "250 OK"]


async def test_a_mail_much_bigger_than_the_limit_is_refused_after_its_end(kept: Kept) -> None:
    channel = a_channel(data_size_limit=1000)
    body = b"".join(b"Rad nummer %d.\r\n" % number for number in range(300_000))

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(ENVELOPE + b"DATA\r\n" + body + b".\r\nNOOP\r\n", answers=5)

    assert answers[3:] == ["552 5.3.4 Message too big", "250 OK"]
    assert kept.mails == []


async def test_a_size_that_is_told_beforehand_is_refused_at_once(kept: Kept) -> None:
    channel = a_channel(data_size_limit=1000)

    async with listening(channel, kept), wired(channel) as wire:
        answer = await wire.ask(b"MAIL FROM:<eva@example.se> SIZE=1001\r\n")

    assert answer[:3] == "552"


# Who may be written to


@pytest.mark.parametrize(
    "address",
    [
        OURS,
        "SynPunkter@LILLKOMMUN.Example",
        "synpunkter+c17.abc@lillkommun.example",
        "Synpunkter+B4.Abc@Lillkommun.Example",
        "postmaster@lillkommun.example",
        "Postmaster",
        "klagomål@grönköping.example",
        "klagomål@xn--grnkping-o4ac.example",
    ],
)
async def test_our_own_addresses_are_accepted(kept: Kept, address: str) -> None:
    channel = a_channel(recipients=[OURS, "klagomål@grönköping.example"])

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            f"MAIL FROM:<eva@example.se>\r\nRCPT TO:<{address}>\r\n".encode(), answers=2
        )

    assert answers[1] == "250 2.1.5 Ok"


@pytest.mark.parametrize(
    "address",
    [
        "eva@example.se",
        "synpunkter@example.se",
        "synpunkterna@lillkommun.example",
        "postmaster@example.se",
        "synpunkter%example.se@lillkommun.example",
        "synpunkter@lillkommun.example@example.se",
        "@lillkommun.example:eva@example.se",
    ],
)
async def test_all_other_addresses_are_refused(kept: Kept, address: str) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            f"MAIL FROM:<eva@example.se>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode(), answers=3
        )

    assert answers[1][0] == "5"
    assert answers[2] == "503 5.5.1 Need RCPT first"


async def test_an_unknown_recipient_does_not_take_the_known_one_with_it(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        refused = await by_smtp(
            channel, lambda client: client.sendmail("eva@example.se", [OURS, "bo@example.se"], MAIL)
        )

    assert refused == {"bo@example.se": (550, b"5.1.1 No such recipient here")}
    assert [mail.envelope_to for mail in kept.mails] == [(OURS,)]


async def test_too_many_recipients_are_asked_to_come_in_another_mail(kept: Kept) -> None:
    channel = a_channel(max_recipients=2)

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            ENVELOPE + b"RCPT TO:<synpunkter+a@lillkommun.example>\r\n" * 2, answers=4
        )

    assert answers[2:] == ["250 2.1.5 Ok", "452 4.5.3 Too many recipients"]


@pytest.mark.parametrize("path", [b"<", b"<>", b"", b"eva", b"<eva@>", b'<"@x>', b"<a@b", b"<\x00@x>"])
async def test_a_malformed_recipient_is_refused_for_good(kept: Kept, path: bytes) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            b"MAIL FROM:<eva@example.se>\r\nRCPT TO:" + path + b"\r\nNOOP\r\n", answers=3
        )

    assert [answers[1][0], answers[2]] == ["5", "250 OK"]


# When it cannot be kept


@pytest.mark.parametrize(
    "error", [NotKeptError("disken är full"), ValueError("Eva Exempel, 070-1740605"), TimeoutError()]
)
async def test_a_mail_that_is_not_kept_is_asked_for_again_and_nothing_is_told(
    kept: Kept, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    channel = a_channel()
    kept.fail = [error]
    caplog.set_level(logging.DEBUG)

    async with listening(channel, kept), wired(channel) as wire:
        one = ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n"
        answers = await wire.ask_each(one + one, answers=8)

    assert answers[3::4] == [
        "451 4.3.0 Not kept, please try again later",
        "250 2.0.0 Ok: kept as 1",
    ]
    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["ERROR"]
    assert " at=" in caplog.text
    assert "example.se" not in caplog.text
    assert "Exempel" not in caplog.text


async def test_a_client_that_hangs_up_after_the_last_dot_does_not_undo_the_mail(kept: Kept) -> None:
    channel = a_channel()
    kept.hold = asyncio.Event()

    async with listening(channel, kept):
        async with wired(channel) as wire:
            wire.writer.write(ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n")
            await asyncio.wait_for(kept.begun.wait(), 5)
        kept.hold.set()
        await kept.has(1)

    assert [mail.raw for mail in kept.mails] == [MAIL]


# LMTP


async def test_lmtp_answers_once_for_each_recipient(kept: Kept) -> None:
    channel = a_channel(protocol="lmtp", recipients=[OURS, "kontakt@lillkommun.example"])
    envelope = ENVELOPE + b"RCPT TO:<bo@example.se>\r\nRCPT TO:<kontakt@lillkommun.example>\r\n"

    async with listening(channel, kept), wired(channel, greeting=b"LHLO mx.example.org\r\n") as wire:
        answers = await wire.ask_each(envelope + b"DATA\r\n" + MAIL + b".\r\nNOOP\r\n", answers=8)

    assert answers[5:] == ["250 2.0.0 Ok: kept as 1", "250 2.0.0 Ok: kept as 1", "250 OK"]
    assert len(kept.mails) == 1


async def test_a_mail_that_comes_while_the_disk_is_nearly_full_is_asked_for_again(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    channel = a_channel()
    kept.fail = [NoRoomError()]
    one = ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n"

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(one + one, answers=8)

    # RFC 5321 4.2.3: insufficient system storage. A thousand of them are no thousand lines in our log.
    assert answers[3::4] == ["452 4.3.1 No room just now, please try again later", "250 2.0.0 Ok: kept as 1"]
    assert "smtp_not_kept" not in caplog.text


@pytest.mark.parametrize(("limit", "answer"), [(10, "552"), (1000, "451")])
async def test_lmtp_refuses_once_for_each_recipient_too(kept: Kept, limit: int, answer: str) -> None:
    channel = a_channel(protocol="lmtp", data_size_limit=limit)
    kept.fail = [NotKeptError()]
    again = b"RCPT TO:<synpunkter+a@lillkommun.example>\r\n"

    async with listening(channel, kept), wired(channel, greeting=b"LHLO mx.example.org\r\n") as wire:
        answers = await wire.ask_each(ENVELOPE + again + b"DATA\r\n" + MAIL + b".\r\nNOOP\r\n", answers=7)

    assert [line[:3] for line in answers[4:]] == [answer, answer, "250"]


async def test_the_lmtp_client_of_the_standard_library_gets_through(kept: Kept) -> None:
    channel = a_channel(protocol="lmtp")

    def talk() -> dict[str, tuple[int, bytes]]:
        with smtplib.LMTP("127.0.0.1", channel.port) as client:
            return client.sendmail("eva@example.se", [OURS], MAIL)

    async with listening(channel, kept):
        refused = await asyncio.to_thread(talk)

    assert refused == {}
    assert [mail.raw for mail in kept.mails] == [MAIL]


@pytest.mark.parametrize(
    ("protocol", "word"), [("lmtp", b"EHLO x\r\n"), ("lmtp", b"HELO x\r\n"), ("smtp", b"LHLO x\r\n")]
)
async def test_each_protocol_knows_its_own_greeting_only(kept: Kept, protocol: str, word: bytes) -> None:
    channel = a_channel(protocol=protocol)

    async with listening(channel, kept), wired(channel, greeting=b"") as wire:
        answers = await wire.ask_each(word, answers=2)

    assert answers[1][:3] == "500"


# What is offered, and what is not


async def test_the_banner_tells_no_version_and_ehlo_offers_what_we_can(kept: Kept) -> None:
    channel = a_channel(hostname="mx.lillkommun.example")

    async with listening(channel, kept), wired(channel, greeting=b"") as wire:
        answers = await wire.ask_each(b"EHLO mx.example.org\r\n", answers=2)

    assert answers == [
        "220 mx.lillkommun.example ESMTP",
        "250-mx.lillkommun.example\n250-SIZE 26214400\n250-8BITMIME\n250-SMTPUTF8\n250 PIPELINING",
    ]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"VRFY synpunkter\r\n", "252 2.5.2 Cannot VRFY user"),
        (b"VRFY\r\n", "252 2.5.2 Cannot VRFY user"),
        (b"EXPN synpunkter\r\n", "502 EXPN not implemented"),
        (b"AUTH PLAIN AGEAYg==\r\n", "502 5.5.1 AUTH not implemented"),
        (b"HELP\r\n", "214 2.0.0 See RFC 5321"),
        (b"STARTTLS\r\n", "454 TLS not available"),
    ],
)
async def test_curious_commands_learn_nothing(kept: Kept, command: bytes, answer: str) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask(command)

    assert answers == answer


# Limits against misuse


async def test_connections_above_the_limit_are_told_to_come_back(kept: Kept) -> None:
    channel = a_channel(max_connections=1)

    async with listening(channel, kept):
        async with wired(channel), wired(channel, greeting=b"") as second:
            turned_away = await second.rest()
        await until_free(channel)

    assert turned_away == b"421 4.7.0 Too many connections, please try again later\r\n"


async def until_free(channel: Smtp) -> None:
    async with asyncio.timeout(5):
        while True:
            async with wired(channel, greeting=b"") as wire:
                if (await wire.answer()).startswith("220"):
                    return


async def test_one_peer_cannot_take_all_connections(kept: Kept) -> None:
    channel = a_channel(max_per_peer=2)

    async with listening(channel, kept):
        async with wired(channel), wired(channel), wired(channel, greeting=b"") as third:
            turned_away = await third.rest()
        await until_free(channel)

    assert turned_away[:9] == b"421 4.7.0"


@pytest.mark.parametrize("words", [b"", b"MAI", ENVELOPE], ids=["silent", "half a word", "after RCPT"])
async def test_a_client_that_dawdles_is_dropped(kept: Kept, words: bytes) -> None:
    channel = a_channel(timeout=0.1)

    async with listening(channel, kept), wired(channel) as wire:
        wire.writer.write(words)
        await wire.rest()

    assert kept.mails == []


async def test_a_client_that_drips_its_mail_is_dropped(kept: Kept) -> None:
    channel = a_channel(data_timeout=0.3)

    async with listening(channel, kept), wired(channel) as wire:
        await wire.ask_each(ENVELOPE + b"DATA\r\n", answers=3)
        drips = 0
        with contextlib.suppress(ConnectionError):
            while not wire.reader.at_eof() and drips < 200:
                wire.writer.write(b"a\r\n")
                await wire.writer.drain()
                await asyncio.sleep(0.02)
                drips += 1

    assert drips < 200
    assert kept.mails == []


async def test_a_slow_commit_is_not_taken_for_a_slow_client(kept: Kept) -> None:
    channel = a_channel(data_timeout=0.1)
    kept.hold = asyncio.Event()

    async with listening(channel, kept), wired(channel) as wire:
        wire.writer.write(ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n")
        await asyncio.wait_for(kept.begun.wait(), 5)
        asyncio.get_running_loop().call_later(0.3, kept.hold.set)
        answers = [await wire.answer() for _ in range(4)]

    assert answers[-1] == "250 2.0.0 Ok: kept as 1"


async def test_a_command_said_too_often_ends_the_conversation(kept: Kept) -> None:
    channel = a_channel(command_limits={"*": 3})

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(b"NOOP\r\n" * 4, answers=4)
        rest = await wire.rest()

    assert [answer[:3] for answer in answers] == ["250", "250", "250", "421"]
    assert rest == b""


async def test_a_command_line_beyond_all_measure_is_refused(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answers = await wire.ask_each(
            b"NOOP " + b"x" * 5000 + b"\r\nMAIL FROM:<" + b"x" * 3_000_000 + b"@example.se>\r\nNOOP\r\n",
            answers=3,
        )

    assert [answer[:3] for answer in answers] == ["500", "500", "250"]


# TLS


async def test_a_mail_under_starttls_is_kept_and_auth_is_still_not_offered(kept: Kept) -> None:
    authority = Authority()
    channel = a_channel(ssl_context=authority.server(), require_starttls=True)

    def talk(client: smtplib.SMTP) -> bool:
        client.starttls(context=authority.client)
        client.sendmail("eva@example.se", [OURS], MAIL)
        return client.has_extn("auth")

    async with listening(channel, kept):
        offers_auth = await by_smtp(channel, talk)

    assert not offers_auth
    assert [mail.raw for mail in kept.mails] == [MAIL]


@pytest.mark.parametrize(("protocol", "greeting"), [("smtp", b"EHLO x\r\n"), ("lmtp", b"LHLO x\r\n")])
async def test_where_starttls_is_the_rule_no_mail_comes_without_it(
    kept: Kept, protocol: str, greeting: bytes
) -> None:
    channel = a_channel(protocol=protocol, ssl_context=Authority().server(), require_starttls=True)

    async with listening(channel, kept), wired(channel, greeting=b"") as wire:
        answers = await wire.ask_each(greeting + ENVELOPE + b"DATA\r\n", answers=5)

    assert answers[1].splitlines()[-2:] == ["250-STARTTLS", "250 PIPELINING"]
    assert answers[2:] == ["530 5.7.0 Must issue a STARTTLS command first"] * 3


async def test_words_sent_in_clear_behind_starttls_are_forgotten(kept: Kept) -> None:
    authority = Authority()
    channel = a_channel(ssl_context=authority.server())

    async with listening(channel, kept), wired(channel) as wire:
        # The handshake reads the injected line as the first thing of TLS, which it is not.
        await wire.ask(b"STARTTLS\r\n" + ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n")
        with contextlib.suppress(OSError):
            await wire.writer.start_tls(authority.client, server_hostname="127.0.0.1")
            answer = await wire.ask(b"RCPT TO:<synpunkter@lillkommun.example>\r\n")
            assert answer[:3] == "503"

    assert kept.mails == []


async def test_starttls_twice_is_refused(kept: Kept) -> None:
    authority = Authority()
    channel = a_channel(ssl_context=authority.server())

    def talk(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.starttls(context=authority.client)
        client.ehlo()
        return client.docmd("STARTTLS")

    async with listening(channel, kept):
        answer = await by_smtp(channel, talk)

    assert answer == (503, b"5.5.1 Already under TLS")


async def _garbage(wire: Wire) -> None:
    wire.writer.write(b"this is no handshake\r\n")
    await wire.rest()


async def _mistrust(wire: Wire) -> None:
    with pytest.raises(ssl.SSLError):
        await wire.writer.start_tls(Authority().client, server_hostname="127.0.0.1")


async def _hang_up(wire: Wire) -> None:
    wire.writer.close()


async def _dawdle(wire: Wire) -> None:
    await wire.rest()


@pytest.mark.parametrize("behave", [_garbage, _mistrust, _hang_up, _dawdle])
async def test_a_client_that_fails_the_handshake_leaves_its_place_to_others(
    kept: Kept, behave: Callable[[Wire], Awaitable[None]]
) -> None:
    channel = a_channel(ssl_context=Authority().server(), max_connections=1, timeout=0.5)

    async with listening(channel, kept):
        async with wired(channel) as wire:
            await wire.ask(b"STARTTLS\r\n")
            await behave(wire)
        await until_free(channel)


def test_starttls_cannot_be_demanded_without_a_certificate() -> None:
    with pytest.raises(ValueError, match="certifikat"):
        a_channel(require_starttls=True)


# PROXY protocol


async def test_behind_a_proxy_the_true_peer_is_counted(kept: Kept) -> None:
    channel = a_channel(proxy_protocol=True, max_per_peer=1)

    async with (
        listening(channel, kept),
        wired(channel, greeting=b"") as first,
        wired(channel, greeting=b"") as same,
        wired(channel, greeting=b"") as other,
    ):
        answers = [
            await first.ask(b"PROXY TCP4 192.0.2.1 192.0.2.9 1111 25\r\n"),
            await same.ask(b"PROXY TCP4 192.0.2.1 192.0.2.9 2222 25\r\n"),
            await other.ask(b"PROXY TCP4 192.0.2.2 192.0.2.9 3333 25\r\n"),
        ]

    assert [answer[:3] for answer in answers] == ["220", "421", "220"]


async def test_behind_a_proxy_that_speaks_the_binary_form_a_mail_comes_through(kept: Kept) -> None:
    channel = a_channel(proxy_protocol=True)
    signature = b"\r\n\r\n\x00\r\nQUIT\n"
    tcp4 = b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 9]) + b"\x04\x57\x00\x19"

    async with listening(channel, kept), wired(channel, greeting=b"") as wire:
        answers = await wire.ask_each(
            signature + tcp4 + b"HELO x\r\n" + ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n", answers=6
        )

    assert answers[-1] == "250 2.0.0 Ok: kept as 1"


async def test_behind_a_proxy_a_connection_that_does_not_say_so_is_dropped(kept: Kept) -> None:
    channel = a_channel(proxy_protocol=True)

    async with listening(channel, kept), wired(channel, greeting=b"") as wire:
        wire.writer.write(b"EHLO mx.example.org\r\n")

        assert await wire.rest() == b""


async def test_without_a_proxy_a_proxy_line_is_just_an_unknown_command(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept), wired(channel) as wire:
        answer = await wire.ask(b"PROXY TCP4 192.0.2.1 192.0.2.9 1111 25\r\n")

    assert answer[:3] == "500"


# The end


async def test_at_the_end_the_mail_in_hand_is_finished_and_the_idle_are_sent_away(kept: Kept) -> None:
    channel = a_channel()
    kept.hold = asyncio.Event()

    async with listening(channel, kept) as task, wired(channel) as idle, wired(channel) as busy:
        busy.writer.write(ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n")
        await asyncio.wait_for(kept.begun.wait(), 5)
        task.cancel()
        farewell = await idle.rest()
        with pytest.raises(OSError, match=r"Connect"):
            await asyncio.open_connection("127.0.0.1", channel.port)
        kept.hold.set()
        answers = (await busy.rest()).decode().splitlines()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert farewell == b"421 4.3.2 Closing down, please try again later\r\n"
    assert answers[-2:] == ["250 2.0.0 Ok: kept as 1", "421 4.3.2 Closing down, please try again later"]


async def test_at_the_end_a_mail_that_takes_too_long_is_cut_off_without_a_confirmation(kept: Kept) -> None:
    channel = a_channel(grace=0.1)
    kept.hold = asyncio.Event()

    async with listening(channel, kept) as task, wired(channel) as busy:
        busy.writer.write(ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n")
        await asyncio.wait_for(kept.begun.wait(), 5)
        task.cancel()
        answers = (await busy.rest()).decode().splitlines()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert answers[-1] == "421 4.3.2 Closing down, please try again later"
    assert kept.mails == []


# check and send


async def test_check_tells_that_the_port_is_free_and_how_long_the_certificate_lasts() -> None:
    context = Authority().server(expires=datetime(2027, 3, 1, 12, 0, tzinfo=UTC))

    lines = await a_channel(ssl_context=context).check()

    assert lines == ["smtp: 127.0.0.1:0 är ledig", "smtp: certifikatet gäller till 2027-03-01"]


async def test_check_warns_of_a_certificate_that_soon_runs_out() -> None:
    context = Authority().server(expires=datetime(2026, 12, 1, 12, 0, tzinfo=UTC))

    lines = await a_channel(ssl_context=context).check()

    assert lines[1] == "smtp: certifikatet gäller till 2026-12-01, förnya det snart"


async def test_check_refuses_a_certificate_that_has_run_out() -> None:
    context = Authority().server(expires=datetime(2026, 11, 20, 12, 0, tzinfo=UTC))

    with pytest.raises(PermanentFailure, match="gick ut 2026-11-20, förnya det"):
        await a_channel(ssl_context=context).check()


async def test_check_and_listen_say_when_the_port_is_taken(kept: Kept) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        channel = a_channel(port=taken.getsockname()[1])

        with pytest.raises(PermanentFailure, match="är upptagen"):
            await channel.check()
        with pytest.raises(PermanentFailure, match="är upptagen"):
            await channel.listen(kept)


async def test_a_channel_that_listens_passes_its_check(kept: Kept) -> None:
    channel = a_channel()

    async with listening(channel, kept):
        lines = await channel.check()

    assert lines == [f"smtp: lyssnar på 127.0.0.1:{channel.port}"]


async def test_this_road_only_hears() -> None:
    letter = Outgoing(
        key="1:kvitto",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="smtp", handle="eva@example.se"),
        subject="Tack",
        body="Tack.",
    )

    channel: Channel = a_channel()
    with pytest.raises(PermanentFailure, match="tar bara emot"):
        await channel.send(letter)
