import asyncio
import re
import smtplib
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from bots.mail.identity import Identity
from tests.journeys.mails import citizen, message_id, synpunkt
from tests.servers import postfix, postgres
from tests.servers.dovecot import Dovecot, dovecot
from tests.servers.postfix import Postfix
from tests.servers.product import Product, folder, running, settings_of
from tests.servers.tls import Authority
from tests.servers.world import Delivered, World, a_world

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("roads")]

US = "synpunkt@lillkommun.example"
PETRA = "petra@kontoret.example"
needs_postfix = pytest.mark.skipif(bool(postfix.why_not()), reason=postfix.why_not() or "-")
both_engines = pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)


@dataclass
class Town:
    """The product with the world behind it, and a mail server on each side if the test wants one."""

    product: Product
    world: World
    postfix: Postfix | None = None
    dovecot: Dovecot | None = None

    async def send(self, mail: bytes, *, sender: str, to: str = US) -> None:
        """Bring a mail as another mail server would: through Postfix, or straight to the product."""
        port = self.postfix.smtp_port if self.postfix else self.product.smtp_port

        def talk() -> None:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                client.sendmail(sender, [to], mail)

        await asyncio.to_thread(talk)

    async def letters_to(self, address: str, count: int = 1) -> list[EmailMessage]:
        """Return the letters to an address when there are so many."""
        await until(lambda: len(self._to(address)) >= count, or_say=self.logs)
        return [read(mail) for mail in self._to(address)]

    def acknowledgements(self) -> list[EmailMessage]:
        """List what has come to citizens."""
        return [read(mail) for mail in self.world.mails if mail.recipients[0].endswith("@example.org")]

    async def rows(self, statement: str) -> list[Any]:
        """Ask the store; rows of one column become plain values."""
        rows = await asyncio.to_thread(self.product.query, statement)
        return [tuple(row.values()) if len(row) > 1 else next(iter(row.values())) for row in rows]

    async def has(self, statement: str, expected: list[Any]) -> None:
        """Return when the store answers as expected; fail when the time is up."""
        deadline = time.monotonic() + 30
        while (found := await self.rows(statement)) != expected:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        assert found == expected, self.logs()

    async def is_settled(self) -> None:
        """Return when every mail has its case and no letter waits."""
        await self.has(
            "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
            " + (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS n",
            [0],
        )

    def logs(self) -> str:
        """Return the ends of all logs."""
        mail_server = self.postfix.log()[-2000:] if self.postfix else ""
        return f"{self.product.log()[-3000:]}\n{mail_server}"

    def _to(self, address: str) -> list[Delivered]:
        return [mail for mail in self.world.mails if mail.recipients == (address,)]


async def until(is_so: Callable[[], bool], *, or_say: Callable[[], str], within: float = 30) -> None:
    """Return when it is so; fail when the time is up."""
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, or_say()
        await asyncio.sleep(0.02)


def a_swing(number: int, *, to: str, more: str = "") -> bytes:
    """Write to the unit that Petra answers for."""
    return synpunkt(number, to=to, matter=f"Gungan är trasig ({number})", more=more)


def read(mail: Delivered) -> EmailMessage:
    found = message_from_bytes(mail.raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@asynccontextmanager
async def a_town(
    *, engine: str = "sqlite", through_postfix: bool = False, tls: bool = False, mailbox: str = ""
) -> AsyncIterator[Town]:
    """Build a town; with `tls` every leg is encrypted, with `mailbox` there is a Dovecot."""
    authority = Authority()
    with ExitStack() as stack:
        place = stack.enter_context(folder(in_memory=True))
        url = await asyncio.to_thread(postgres.a_database) if engine == "postgresql" else ""
        box = stack.enter_context(dovecot()) if mailbox else None
        async with a_world(tls=authority.server() if tls else None) as world:
            product = Product(relay_port=world.port, folder=place, store_url=url)
            if box is not None:
                product.tables = _mailbox(box, mailbox)
            chain = authority.write(place) if tls else None
            if chain is not None:
                product.smtp = settings_of(
                    {"certificate": chain[0], "key": chain[0], "require_starttls": True}
                )
                product.relay = settings_of({"security": "starttls", "ca_file": chain[1]})
            stack.enter_context(running(product, start=False))
            mail_server = None
            if through_postfix:
                product.protocol = "lmtp"
                mail_server = Postfix(lmtp_port=product.smtp_port, world_port=world.port, tls=chain)
                await asyncio.to_thread(stack.enter_context, postfix.running(mail_server))
                product.relay_port = mail_server.smtp_port
            await asyncio.to_thread(product.start)
            yield Town(product, world, mail_server, box)


def _mailbox(box: Dovecot, user: str) -> str:
    settings = {
        "host": "127.0.0.1",
        "port": box.imap_port,
        "security": "none",
        "username": user,
        "password": "env:SYNPUNKT_TEST_IMAP",
        "poll_seconds": 1.0,
    }
    return f"[channels.imap.brevladan]\n{settings_of(settings)}"


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNPUNKT_TEST_IMAP", "blåbär-och-åska")


@needs_postfix
@both_engines
async def test_a_citizen_gets_an_acknowledgement_in_the_thread_that_names_the_handler(engine: str) -> None:
    async with a_town(engine=engine, through_postfix=True, tls=True) as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        [letter] = await town.letters_to(citizen(1))
        [notice] = await town.letters_to(PETRA)
        await town.has("SELECT state FROM letters ORDER BY id", ["sänt", "sänt"])
        [(number, status, handler)] = await town.rows("SELECT number, status, handler FROM cases")
        postfix = town.postfix
        assert postfix is not None
        # The leg to us. Postfix writes its log on its own, after what it tells of.
        await until(lambda: "TLS connection established to 127.0.0.1" in postfix.log(), or_say=town.logs)
        log = postfix.log()

    assert (status, handler) == ("tilldelad", "petra")
    assert letter["In-Reply-To"] == message_id(1)
    assert letter["References"] == message_id(1)
    assert letter["Auto-Submitted"] == "auto-replied"
    assert f"ärendenummer {number}" in words_of(letter)
    assert "Din handläggare är Petra Holm (enhetschef)." in words_of(letter)
    assert number in str(notice["Subject"])
    assert [mail.encrypted for mail in town.world.mails] == [True, True]
    assert "postfix/lmtp" in log


@needs_postfix
@both_engines
async def test_a_letter_that_comes_back_is_marked_and_told_to_the_handler(engine: str) -> None:
    async with a_town(engine=engine, through_postfix=True) as town:
        town.world.refused[citizen(1)] = "550 5.1.1 Finns inte"
        await town.send(a_swing(1, to=US), sender=citizen(1))
        notices = await town.letters_to(PETRA, 2)
        await town.has(
            "SELECT purpose, state FROM letters ORDER BY id",
            [("kvitto", "ej_levererat"), ("nytt_ärende", "sänt"), ("studs", "sänt")],
        )
        [because] = await town.rows("SELECT state_because FROM letters WHERE purpose = 'kvitto'")
        numbers = await town.rows("SELECT number FROM cases")
        messages = await town.rows("SELECT case_id, automatic FROM messages ORDER BY id")

    assert town.acknowledgements() == []
    assert "5.1.1" in because
    assert len(numbers) == 1
    assert numbers[0] in words_of(notices[1])
    assert messages == [(1, ""), (1, "studs")]


@needs_postfix
@both_engines
async def test_a_reply_to_the_acknowledgement_joins_the_case_without_a_new_one(engine: str) -> None:
    async with a_town(engine=engine, through_postfix=True) as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        [letter] = await town.letters_to(citizen(1))
        reply = a_swing(2, to=str(letter["Reply-To"]), more=f"In-Reply-To: {letter['Message-ID']}\r\n")
        await town.send(reply, sender=citizen(1), to=str(letter["Reply-To"]))
        await town.letters_to(PETRA, 2)
        await town.is_settled()
        cases = await town.rows("SELECT count(*) FROM cases")
        messages = await town.rows("SELECT case_id FROM messages ORDER BY id")
        letters = await town.rows("SELECT purpose FROM letters ORDER BY id")

    assert cases == [1]
    assert messages == [1, 1]
    assert letters == ["kvitto", "nytt_ärende", "komplettering"]
    assert len(town.acknowledgements()) == 1


@needs_postfix
async def test_a_reply_is_found_by_its_thread_alone_when_it_comes_to_our_plain_address() -> None:
    async with a_town(through_postfix=True) as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        [letter] = await town.letters_to(citizen(1))
        reply = a_swing(2, to=US, more=f"References: {message_id(1)} {letter['Message-ID']}\r\n")
        await town.send(reply, sender=citizen(1))
        await town.has("SELECT case_id FROM messages ORDER BY id", [1, 1])
        await town.is_settled()

    assert len(town.acknowledgements()) == 1


@both_engines
async def test_a_mail_in_a_mailbox_is_acknowledged(engine: str) -> None:
    async with a_town(engine=engine, mailbox="brevlada@lillkommun.example") as town:
        assert town.dovecot is not None
        town.dovecot.deliver("brevlada@lillkommun.example", a_swing(1, to=US), sender=citizen(1))
        [letter] = await town.letters_to(citizen(1))
        await town.is_settled()
        channels = await town.rows("SELECT channel FROM messages")

    assert letter["In-Reply-To"] == message_id(1)
    assert channels == ["imap"]


@both_engines
async def test_the_same_mail_by_imap_and_by_smtp_is_one_case_and_one_acknowledgement(engine: str) -> None:
    async with a_town(engine=engine, mailbox="brevlada@lillkommun.example") as town:
        assert town.dovecot is not None
        mail = a_swing(1, to=US)
        await asyncio.gather(
            town.send(
                b"Received: from mx1 by mx2; Mon, 23 Nov 2026 10:00:00 +0100\r\n" + mail, sender=citizen(1)
            ),
            asyncio.to_thread(town.dovecot.deliver, "brevlada@lillkommun.example", mail, sender=citizen(1)),
        )
        await town.has("SELECT count(*) FROM repeats", [1])
        await town.is_settled()
        cases = await town.rows("SELECT count(*) FROM cases")
        both = await town.rows("SELECT channel FROM messages UNION SELECT channel FROM repeats ORDER BY 1")
        await town.letters_to(citizen(1))

    assert cases == [1]
    assert both == ["imap", "smtp"]
    assert len(town.acknowledgements()) == 1


@both_engines
async def test_a_mail_in_the_middle_of_data_is_finished_when_the_product_is_told_to_stop(engine: str) -> None:
    async with a_town(engine=engine) as town:
        wire = await asyncio.to_thread(_half_a_mail, town.product.smtp_port)
        town.product.ask_to_stop()
        await until(lambda: not town.product.answers(), or_say=town.logs)
        answer = await asyncio.to_thread(_the_other_half, wire)
        status = await asyncio.to_thread(town.product.ended)
        kept = await town.rows("SELECT count(*) FROM messages")
        await asyncio.to_thread(town.product.start)
        [letter] = await town.letters_to(citizen(1))

    assert answer.startswith(b"250 2.0.0 Ok")
    assert status == 0
    assert kept == [1]
    assert letter["In-Reply-To"] == message_id(1)


def _half_a_mail(port: int) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port), timeout=20)
    replies = wire.makefile("rb")
    replies.readline()
    for command in ("HELO mx.example.org", f"MAIL FROM:<{citizen(1)}>", f"RCPT TO:<{US}>", "DATA"):
        wire.sendall(command.encode() + b"\r\n")
        replies.readline()
    wire.sendall(a_swing(1, to=US)[:200])
    return wire


def _the_other_half(wire: socket.socket) -> bytes:
    with wire:
        wire.sendall(a_swing(1, to=US)[200:] + b".\r\n")
        return wire.recv(1000)


@both_engines
async def test_a_synpunkt_by_the_form_is_acknowledged_by_mail(engine: str) -> None:
    async with a_town(engine=engine) as town:
        await asyncio.to_thread(_fill_in_the_form, town.product)
        [letter] = await town.letters_to(citizen(1))
        await town.is_settled()
        [(channel, kind, number)] = await town.rows("SELECT channel, chosen_kind, number FROM cases")

    assert (channel, kind) == ("web", "klagomål")
    assert number in words_of(letter)
    assert "Din handläggare är Petra Holm (enhetschef)." in words_of(letter)
    assert letter["In-Reply-To"] is None


def _fill_in_the_form(product: Product) -> None:
    with product.page() as browser:
        page = browser.get("/").text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        filled = {
            **hidden,
            "text": "Gungan i Björkparken är trasig igen.",
            "kind": "klagomål",
            "email": citizen(1),
            "reply": "ja",
        }
        # Whoever fills it in within two seconds is taken for a machine, and may try again.
        deadline = time.monotonic() + 10
        while (answer := browser.post("/", data=filled)).status_code == 422 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answer.status_code == 303, answer.text


async def test_the_secret_signs_what_leads_into_a_case() -> None:
    stranger = Identity(address=US, name="-", secret=b"en annan hemlighet")
    async with a_town() as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        await town.letters_to(citizen(1))
        forged = stranger.message_id(1)
        await town.send(a_swing(2, to=US, more=f"In-Reply-To: {forged}\r\n"), sender=citizen(2))
        await town.letters_to(citizen(2))
        await town.is_settled()
        cases = await town.rows("SELECT case_id FROM messages ORDER BY id")

    assert cases == [1, 2]
