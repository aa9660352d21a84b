import asyncio
import contextlib
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from bots.channel import NotKeptError
from bots.channels.relay import Relay
from bots.channels.smtp import Smtp
from bots.mail.identity import Identity
from store.domain import Address, Outgoing, Purpose
from tests.servers.hearing import Kept, listening
from tests.servers.postfix import Postfix, running, why_not
from tests.servers.tls import Authority
from tests.servers.world import World, a_world

pytestmark = [pytest.mark.journey, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]

OURS = "synpunkter@lillkommun.example"
US = Identity(address=OURS, name="Lillkommun", secret=b"x" * 32)
MAIL = b"From: Eva <eva@example.se>\r\nSubject: Gungan\r\n\r\nTrasig.\r\n.\r\n"


@dataclass
class Town:
    """Postfix between the world and us."""

    kept: Kept
    world: World
    postfix: Postfix

    async def hand_in(self, *recipients: str, mail: bytes = MAIL) -> None:
        def talk() -> None:
            with smtplib.SMTP("127.0.0.1", self.postfix.smtp_port, timeout=10) as client:
                client.sendmail("eva@example.se", list(recipients), mail)

        await asyncio.to_thread(talk)

    async def queue_is_empty(self) -> None:
        """Return when Postfix has nothing left to do; until then it might deliver something twice."""
        deadline = asyncio.get_running_loop().time() + 20
        while await asyncio.to_thread(_queued, self.postfix.folder / "queue"):
            assert asyncio.get_running_loop().time() < deadline, self.postfix.log()
            await asyncio.sleep(0.05)

    async def logged(self, words: str, *, times: int = 1) -> str:
        """Return the log when it holds the words: Postfix writes it on its own, after what it tells of."""
        deadline = asyncio.get_running_loop().time() + 20
        while (log := self.postfix.log()).count(words) < times:
            assert asyncio.get_running_loop().time() < deadline, log
            await asyncio.sleep(0.05)
        return log

    @asynccontextmanager
    async def relay(self, **choices: Any) -> AsyncIterator[Relay]:
        usual: dict[str, Any] = {"host": "127.0.0.1", "port": self.postfix.smtp_port, "security": "none"}
        relay = Relay(identity=US, **(usual | choices))
        try:
            yield relay
        finally:
            await relay.close()


def _queued(queue: Path) -> list[Path]:
    found: list[Path] = []
    for name in ("incoming", "active", "deferred"):
        with contextlib.suppress(OSError):
            found.extend(path for path in (queue / name).rglob("*") if path.is_file())
    return found


@asynccontextmanager
async def a_town(*, authority: Authority | None = None, folder: Path | None = None) -> AsyncIterator[Town]:
    channel = Smtp(
        account="synpunkter",
        recipients=[OURS],
        clock=lambda: datetime.now(UTC),
        port=0,
        protocol="lmtp",
        ssl_context=None if authority is None else authority.server(),
        require_starttls=authority is not None,
    )
    kept = Kept()
    tls = authority.write(folder) if authority is not None and folder is not None else None
    async with a_world() as world, listening(channel, kept):
        with running(Postfix(lmtp_port=channel.port, world_port=world.port, tls=tls)) as postfix:
            try:
                yield Town(kept, world, postfix)
            except TimeoutError as error:
                error.add_note(postfix.log())
                raise


def a_letter(handle: str) -> Outgoing:
    return Outgoing(
        key="17:kvitto",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="email", handle=handle),
        subject="Tack för din synpunkt",
        body="Hej!\n",
        case_id=17,
        id=5,
        external_id=US.message_id(17),
        created_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    )


async def test_a_mail_to_two_of_our_addresses_comes_through_postfix_once() -> None:
    async with a_town() as town:
        await town.hand_in(OURS, "synpunkter+skolan@lillkommun.example")
        await town.kept.has(1)
        await town.queue_is_empty()
        log = await town.logged("status=sent (250 2.0.0 Ok: kept as 1)", times=2)

    [mail] = town.kept.mails
    assert mail.envelope_from == "eva@example.se"
    assert sorted(mail.envelope_to) == ["synpunkter+skolan@lillkommun.example", OURS]
    assert mail.raw.endswith(b"\r\n\r\nTrasig.\r\n.\r\n")
    assert log.count("status=sent (250 2.0.0 Ok: kept as 1)") == 2
    assert "status=deferred" not in log


async def test_a_mail_that_could_not_be_kept_is_brought_again_by_postfix() -> None:
    async with a_town() as town:
        town.kept.fail = [NotKeptError()]
        await town.hand_in(OURS)
        await town.kept.has(1)
        await town.queue_is_empty()
        log = await town.logged("451 4.3.0 Not kept, please try again later")

    assert len(town.kept.mails) == 1
    assert log.count("451 4.3.0 Not kept, please try again later") == 1


async def test_a_mail_to_nobody_of_ours_goes_back_to_its_sender() -> None:
    async with a_town() as town:
        await town.hand_in("okand@lillkommun.example")
        await town.world.has(1)

    [bounce] = town.world.mails
    assert (bounce.sender, bounce.recipients) == ("", ("eva@example.se",))
    assert b"550 5.1.1 No such recipient here" in bounce.raw
    assert town.kept.mails == []


async def test_a_letter_goes_through_postfix_into_the_world() -> None:
    async with a_town() as town, town.relay() as relay:
        await relay.send(a_letter("eva@example.se"))
        await town.world.has(1)

    [mail] = town.world.mails
    assert US.letter_of_address(mail.sender) == 5
    assert mail.recipients == ("eva@example.se",)
    assert US.case_of_message_id(message_from_bytes(mail.raw)["Message-ID"]) == 17


async def test_a_letter_that_the_world_refuses_comes_back_as_a_bounce_that_names_it() -> None:
    async with a_town() as town, town.relay() as relay:
        town.world.refused["finnsej@example.se"] = "550 5.1.1 Finns inte"
        await relay.send(a_letter("finnsej@example.se"))
        await town.kept.has(1)

    [bounce] = town.kept.mails
    report = message_from_bytes(bounce.raw)
    assert bounce.envelope_from == ""
    assert [US.letter_of_address(address) for address in bounce.envelope_to] == [5]
    assert report.get_content_type() == "multipart/report"
    assert b"Status: 5.1.1" in bounce.raw
    assert b"Hej!" not in bounce.raw  # RET=HDRS: the letter itself does not travel twice


async def test_all_of_the_way_is_encrypted_where_both_sides_can(tmp_path: Path) -> None:
    authority = Authority()

    async with (
        a_town(authority=authority, folder=tmp_path) as town,
        town.relay(security="starttls", ssl_context=authority.client) as relay,
    ):
        lines = await relay.check()
        await relay.send(a_letter(OURS))
        await town.kept.has(1)
        log = await town.logged("TLS connection established to 127.0.0.1")

    assert lines == [
        f"email: 127.0.0.1:{town.postfix.smtp_port} svarar, krypterat med TLSv1.3, utan inloggning"
    ]
    assert "TLS connection established to 127.0.0.1" in log
    assert [US.letter_of_address(mail.envelope_from or "") for mail in town.kept.mails] == [5]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n"])
async def test_nothing_is_smuggled_through_postfix_and_us(end: bytes) -> None:
    smuggled = (
        b"MAIL FROM:<chef@lillkommun.example>\r\nRCPT TO:<" + OURS.encode() + b">\r\nDATA\r\nFalskt\r\n.\r\n"
    )

    def talk(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            replies = wire.makefile("rb")
            replies.readline()
            for words in (b"HELO x\r\n", b"MAIL FROM:<eva@example.se>\r\n", f"RCPT TO:<{OURS}>\r\n".encode()):
                wire.sendall(words)
                replies.readline()
            wire.sendall(b"DATA\r\n")
            replies.readline()
            wire.sendall(b"Subject: Hej\r\n\r\nText" + end + smuggled + b"QUIT\r\n")
            with contextlib.suppress(OSError):
                replies.read()

    async with a_town() as town:
        await asyncio.to_thread(talk, town.postfix.smtp_port)
        await town.kept.has(1)
        await town.queue_is_empty()

    [mail] = town.kept.mails
    assert mail.envelope_from == "eva@example.se"
    assert b"MAIL FROM:<chef@lillkommun.example>" in mail.raw
