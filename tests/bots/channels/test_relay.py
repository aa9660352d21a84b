import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

import pytest

from bots.channel import Channel, PermanentFailure, TemporaryFailure
from bots.channels.relay import Relay
from bots.mail.identity import Identity
from store.domain import Address, Outgoing, Purpose
from tests.servers.hearing import Kept
from tests.servers.tls import Authority
from tests.servers.world import CLOSE, HANG, a_world

US = Identity(address="synpunkter@lillkommun.example", name="Lillkommun", secret=b"x" * 32)


def a_letter(number: int = 1, *, handle: str = "eva@example.se", **choices: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": f"{number}:kvitto",
        "purpose": Purpose.ACKNOWLEDGEMENT,
        "recipient": Address(channel="email", handle=handle),
        "subject": "Tack för din synpunkt",
        "body": "Hej!\n.\n..\nVi har fått din synpunkt.\n",
        "case_id": number,
        "id": number,
        "external_id": f"<s{number}.letter@lillkommun.example>",
        "created_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    }
    return Outgoing(**(usual | choices))


@asynccontextmanager
async def a_relay(port: int, **choices: Any) -> AsyncIterator[Relay]:
    usual: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "identity": US,
        "security": "none",
        "timeout": 5,
    }
    relay = Relay(**(usual | choices))
    try:
        yield relay
    finally:
        await relay.close()


# What arrives


async def test_a_letter_arrives_with_an_envelope_sender_of_its_own() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        sent = await relay.send(a_letter(17))

    [mail] = world.mails
    assert sent == "<s17.letter@lillkommun.example>"
    assert US.letter_of_address(mail.sender) == 17
    assert mail.recipients == ("eva@example.se",)
    assert message_from_bytes(mail.raw)["Message-ID"] == "<s17.letter@lillkommun.example>"


async def test_lines_of_dots_arrive_as_they_were_written() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        await relay.send(a_letter())

    body = message_from_bytes(world.mails[0].raw).get_payload(decode=True)
    assert body == "Hej!\r\n.\r\n..\r\nVi har fått din synpunkt.\r\n".encode()


async def test_a_letter_without_message_id_is_given_one_that_leads_to_its_case() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        sent = await relay.send(a_letter(17, external_id=""))

    assert US.case_of_message_id(sent) == 17
    assert message_from_bytes(world.mails[0].raw)["Message-ID"] == sent


# Failures before the last dot


@pytest.mark.parametrize("moment", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["451 4.3.0 Senare", CLOSE, HANG])
async def test_what_fails_before_the_text_can_be_tried_again(moment: str, fault: str) -> None:
    # The second letter has to make it in the same time.
    async with a_world() as world, a_relay(world.port, timeout=0.5 if fault == HANG else 20) as relay:
        world.faults[moment] = fault
        with pytest.raises(TemporaryFailure) as failed:
            await relay.send(a_letter())
        world.faults.clear()
        await relay.send(a_letter())

    assert not failed.value.in_doubt
    assert len(world.mails) == 1


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "DOT"])
async def test_a_refusal_for_good_is_permanent(moment: str) -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.faults[moment] = "550 5.1.1 <eva@example.se> finns inte"
        with pytest.raises(PermanentFailure) as failed:
            await relay.send(a_letter())

    assert str(failed.value) == "E-postservern nekade brevet (550 5.1.1): adressen finns inte."


async def test_a_deferral_after_the_text_is_temporary_and_without_doubt() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.faults["DOT"] = "451 4.3.0 Senare"
        with pytest.raises(TemporaryFailure) as failed:
            await relay.send(a_letter())

    assert not failed.value.in_doubt


async def test_a_server_that_wants_a_login_first_is_no_fault_of_the_letter() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.faults["MAIL"] = "530 5.7.0 Authentication required"
        with pytest.raises(TemporaryFailure, match=r"530 5\.7\.0"):
            await relay.send(a_letter())


async def test_a_letter_that_was_refused_does_not_disturb_the_next() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.refused["finnsej@example.se"] = "550 5.1.1 Nej"
        await relay.send(a_letter(1))
        with pytest.raises(PermanentFailure):
            await relay.send(a_letter(2, handle="finnsej@example.se"))
        await relay.send(a_letter(3))

    assert [US.letter_of_address(mail.sender) for mail in world.mails] == [1, 3]


# Failures after the last dot


@pytest.mark.parametrize("fault", [CLOSE, HANG, "354 Mer", "oj"])
async def test_silence_after_the_last_dot_leaves_a_doubt(fault: str) -> None:
    patience = 0.5 if fault == HANG else 20  # the second letter has to make it in the same time
    async with a_world() as world, a_relay(world.port, data_timeout=patience) as relay:
        world.faults["DOT"] = fault
        with pytest.raises(TemporaryFailure) as failed:
            await relay.send(a_letter())
        world.faults.clear()
        await relay.send(a_letter(2))

    assert failed.value.in_doubt
    assert [US.letter_of_address(mail.sender) for mail in world.mails] == [2]


async def test_a_letter_that_is_interrupted_leaves_no_half_used_connection() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.faults["DOT"] = HANG
        task = asyncio.create_task(relay.send(a_letter(1)))
        await asyncio.wait_for(world.hung.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        world.faults.clear()
        await relay.send(a_letter(2))

    assert [US.letter_of_address(mail.sender) for mail in world.mails] == [2]
    assert world.connections == 2


# No connection


async def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with a_relay(unused.getsockname()[1]) as relay:
            with pytest.raises(
                TemporaryFailure, match="går inte att nå, kontrollera namn, port och nät"
            ) as failed:
                await relay.send(a_letter())

    assert not failed.value.in_doubt


@pytest.mark.parametrize("host", ["finns-inte.invalid", "a" * 70 + ".example", "a..b"])
async def test_a_server_whose_name_leads_nowhere_can_be_tried_again(host: str) -> None:
    async with a_relay(25, host=host) as relay:
        with pytest.raises(TemporaryFailure, match="går inte att nå"):
            await relay.send(a_letter())


async def test_a_server_that_never_greets_can_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with a_relay(silent.getsockname()[1], timeout=0.1) as relay:
            with pytest.raises(TemporaryFailure, match="svarar inte i tid"):
                await relay.send(a_letter())


async def test_a_server_that_greets_with_a_refusal_can_be_tried_again() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.3.2 Stangt\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, a_relay(server.sockets[0].getsockname()[1]) as relay:
        with pytest.raises(TemporaryFailure, match="tar inte emot oss just nu"):
            await relay.send(a_letter())


# TLS


async def test_starttls_encrypts_the_letter() -> None:
    authority = Authority()

    async with (
        a_world(tls=authority.server()) as world,
        a_relay(world.port, security="starttls", ssl_context=authority.client) as relay,
    ):
        await relay.send(a_letter())

    assert [mail.encrypted for mail in world.mails] == [True]


async def test_tls_from_the_start_encrypts_the_letter() -> None:
    authority = Authority()

    async with (
        a_world(tls=authority.server(), implicit_tls=True) as world,
        a_relay(world.port, security="tls", ssl_context=authority.client) as relay,
    ):
        await relay.send(a_letter())

    assert [mail.encrypted for mail in world.mails] == [True]


async def test_a_server_without_starttls_gets_nothing_in_clear() -> None:
    async with a_world() as world, a_relay(world.port, security="starttls") as relay:
        with pytest.raises(TemporaryFailure, match="erbjuder inte STARTTLS"):
            await relay.send(a_letter())

    assert world.connections == 1
    assert world.mails == []


@pytest.mark.parametrize("implicit", [True, False])
async def test_a_certificate_that_we_do_not_trust_gets_no_letter(implicit: bool) -> None:
    async with (
        a_world(tls=Authority().server(), implicit_tls=implicit) as world,
        a_relay(
            world.port, security="tls" if implicit else "starttls", ssl_context=Authority().client
        ) as relay,
    ):
        with pytest.raises(TemporaryFailure, match="Inget skickas okrypterat"):
            await relay.send(a_letter())

    assert world.mails == []


# Login


class OneToken:
    """A source that has one token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


async def test_a_letter_is_sent_as_the_user_who_has_logged_in() -> None:
    async with (
        a_world(users={"synpunkter": "hemligt"}) as world,
        a_relay(world.port, username="synpunkter", password="hemligt") as relay,
    ):
        await relay.send(a_letter())

    assert [mail.user for mail in world.mails] == ["synpunkter"]


async def test_a_wrong_password_is_the_operators_fault_and_the_letter_is_not_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="bots")
    async with (
        a_world(users={"synpunkter": "hemligt"}) as world,
        a_relay(world.port, username="synpunkter", password="felaktigt") as relay,
    ):
        with pytest.raises(TemporaryFailure, match="nekade inloggningen") as failed:
            await relay.send(a_letter())

    assert not failed.value.in_doubt
    assert "felaktigt" not in str(failed.value) + caplog.text


async def test_a_letter_is_sent_with_a_token() -> None:
    async with (
        a_world(tokens={"synpunkter@lillkommun.example": "abc"}) as world,
        a_relay(world.port, username="synpunkter@lillkommun.example", tokens=OneToken("abc")) as relay,
    ):
        await relay.send(a_letter())

    assert [mail.user for mail in world.mails] == ["synpunkter@lillkommun.example"]


async def test_a_token_that_is_not_accepted_is_the_operators_fault() -> None:
    async with (
        a_world(tokens={"synpunkter@lillkommun.example": "abc"}) as world,
        a_relay(world.port, username="synpunkter@lillkommun.example", tokens=OneToken("old")) as relay,
    ):
        with pytest.raises(TemporaryFailure, match="nekade inloggningen"):
            await relay.send(a_letter())


async def test_a_server_that_knows_no_login_is_the_operators_fault() -> None:
    async with a_world() as world, a_relay(world.port, username="a", password="b") as relay:
        with pytest.raises(TemporaryFailure, match="erbjuder inte det sätt att logga in"):
            await relay.send(a_letter())


def test_a_password_is_never_sent_in_clear_over_the_network() -> None:
    with pytest.raises(ValueError, match="utan kryptering"):
        Relay(host="smtp.example", port=25, identity=US, security="none", username="a", password="b")


# Addresses with umlauts


async def test_a_local_part_with_umlauts_goes_to_a_server_that_can_take_it() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        await relay.send(a_letter(handle="åsa@exempel.example"))

    [mail] = world.mails
    assert mail.recipients == ("åsa@exempel.example",)
    assert "SMTPUTF8" in mail.options


async def test_a_local_part_with_umlauts_fails_with_an_explanation_where_the_server_cannot() -> None:
    async with a_world(smtputf8=False) as world, a_relay(world.port) as relay:
        with pytest.raises(PermanentFailure, match="Svara på ett annat sätt"):
            await relay.send(a_letter(handle="åsa@exempel.example"))

    assert world.mails == []


async def test_a_domain_with_umlauts_needs_nothing_special() -> None:
    async with a_world(smtputf8=False) as world, a_relay(world.port) as relay:
        await relay.send(a_letter(handle="eva@grönköping.example"))

    assert [mail.recipients for mail in world.mails] == [("eva@xn--grnkping-o4ac.example",)]


async def test_an_impossible_address_fails_before_anything_is_said() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        with pytest.raises(PermanentFailure, match="går inte att skriva till"):
            await relay.send(a_letter(handle="eva"))

    assert world.connections == 0


# Connections


async def test_letters_share_a_connection_as_long_as_they_may() -> None:
    async with a_world() as world, a_relay(world.port, mails_per_connection=3) as relay:
        for number in range(1, 8):
            await relay.send(a_letter(number))

    assert len(world.mails) == 7
    assert world.connections == 3


async def test_many_letters_at_once_use_no_more_connections_than_the_pool_has() -> None:
    async with a_world() as world, a_relay(world.port, pool_size=2) as relay:
        await asyncio.gather(*(relay.send(a_letter(number)) for number in range(1, 21)))

    assert sorted(US.letter_of_address(mail.sender) or 0 for mail in world.mails) == list(range(1, 21))
    assert world.connections == 2


async def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        await relay.send(a_letter(1))
        world.hang_up()
        await asyncio.wait_for(world.deserted.wait(), 5)
        await relay.send(a_letter(2))

    assert len(world.mails) == 2
    assert world.connections == 2


@pytest.mark.parametrize("fault", ["421 4.4.2 Idle too long", CLOSE])
async def test_a_connection_that_ends_at_its_next_use_is_replaced(fault: str) -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        await relay.send(a_letter(1))
        world.once = True
        world.faults["MAIL"] = fault
        await relay.send(a_letter(2))

    assert len(world.mails) == 2
    assert world.connections == 2


async def test_a_connection_that_idles_is_hung_up() -> None:
    async with a_world() as world, a_relay(world.port, idle_close=0.05) as relay:
        await relay.send(a_letter())
        await asyncio.wait_for(world.deserted.wait(), 5)

    assert len(world.mails) == 1


# check and listen


async def test_check_tells_how_we_are_received() -> None:
    authority = Authority()

    async with (
        a_world(tls=authority.server(), users={"synpunkter": "hemligt"}) as world,
        a_relay(
            world.port,
            security="starttls",
            ssl_context=authority.client,
            username="synpunkter",
            password="hemligt",
        ) as relay,
    ):
        lines = await relay.check()

    assert lines == [f"email: 127.0.0.1:{world.port} svarar, krypterat med TLSv1.3, inloggad"]


async def test_check_fails_where_the_server_fails() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        world.faults["NOOP"] = "451 4.3.0 Senare"
        with pytest.raises(TemporaryFailure, match="451"):
            await relay.check()


async def test_this_road_hears_nothing() -> None:
    async with a_world() as world, a_relay(world.port) as relay:
        channel: Channel = relay
        await asyncio.wait_for(channel.listen(Kept()), 1)

    assert world.connections == 0
