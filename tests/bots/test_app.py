"""The whole house starts, bears what falls, and stops without dropping what is in hand."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots import app as parts
from bots.app import App, build, check, serve
from bots.channel import Capabilities, PermanentFailure, Receive, TemporaryFailure
from bots.channels.memory import Memory
from bots.clock import now
from bots.demo import town
from bots.settings import ImapSettings, MetricsSettings, Settings, SettingsError
from bots.wire.hosts import family_of
from classifier.model import Classifier
from store import inbox, outbox, seals
from store.domain import Address, Inbound, LetterState, MessageState, Outgoing, Purpose, Receipt
from store.engine import Store, open_store
from store.verify import Tally, prove
from tests.house import a_mail, rows_of

PATIENCE = 30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = town.settings(tmp_path, relay_port=1, smtp_port=0, web_port=0)
    return found.model_copy(update={"classifier": found.classifier.model_copy(update={"enabled": False})})


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def app(settings: Settings, memory: Memory) -> Iterator[App]:
    """Build a house with one door and one road in memory."""
    built = build(settings, with_doors=False)
    built.delivery.channels = {"email": memory}
    yield replace(built, doors=[memory], roads={"email": memory})
    built.close()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Look into the house from outside; its own connections close when it stops."""
    opened = open_store(settings.store.url)
    yield opened
    opened.close()


def a_message(text: str = "Skolans tak läcker.") -> Inbound:
    raw = a_mail(text, subject="Taket")
    return Inbound(
        channel="memory", account="prov", received_at=now(), raw=raw, envelope_from="sven@example.org"
    )


@asynccontextmanager
async def running(app: App) -> AsyncIterator[asyncio.Event]:
    """Run a house, and stop it as a signal would."""
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(app.run(stop))
        yield stop
        stop.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.02)


async def test_a_message_goes_the_whole_road_and_the_house_stops(
    app: App, memory: Memory, store: Store
) -> None:
    async with running(app):
        receipt = await memory.say(a_message())
        await until(lambda: len(memory.letters) == 2)

    assert receipt == Receipt(message_id=1)
    assert [letter.purpose for letter in memory.letters] == [Purpose.ACKNOWLEDGEMENT, Purpose.HANDLER_NOTICE]
    assert [row["state"] for row in rows_of(store, "letters")] == [LetterState.SENT] * 2


async def test_a_house_without_anything_to_do_stops_at_once(app: App) -> None:
    async with running(app):
        await asyncio.sleep(0)


@dataclass
class Patient:
    """A door that hands on the message in its hand even when it is told to close, as SMTP does."""

    inbound: Inbound
    name: str = "tålig"
    capabilities: Capabilities = field(default_factory=Capabilities)
    receipts: list[Receipt] = field(default_factory=list)

    async def check(self) -> list[str]:
        return []

    async def listen(self, receive: Receive) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.receipts.append(await receive(self.inbound))

    async def send(self, letter: Outgoing) -> str:
        raise NotImplementedError


async def test_what_a_door_has_in_hand_when_the_house_stops_is_kept(app: App, store: Store) -> None:
    door = Patient(a_message())
    app.doors = [door]

    async with running(app):
        await asyncio.sleep(0.05)

    assert door.receipts == [Receipt(message_id=1)]
    assert len(rows_of(store, "messages")) == 1


async def test_the_letter_in_hand_when_the_house_stops_is_sent_and_noted(app: App, store: Store) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    class Slow(Memory):
        async def send(self, letter: Outgoing) -> str:
            entered.set()
            await gate.wait()
            return await super().send(letter)

    slow = Slow()
    app.delivery.channels = {"email": slow}
    put(store)

    async with running(app) as stop:
        await entered.wait()
        stop.set()
        await asyncio.sleep(0.05)
        gate.set()

    assert len(slow.letters) == 1
    assert [row["state"] for row in rows_of(store, "letters")] == [LetterState.SENT]


def put(store: Store) -> None:
    letter = Outgoing(
        key="1",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="email", handle="sven@example.org"),
        subject="Tack",
        body="Hej",
    )
    with store.write() as transaction:
        outbox.put(transaction, letter, now=now())


async def test_a_channel_that_falls_again_after_having_been_up_is_told_again(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(parts, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(parts, "_LONGEST_PAUSE", 0.3)
    times_up = iter([0.0, 0.0, 0.4])  # falls at once, falls again, then stays up for a while and falls

    class Falling(Memory):
        async def listen(self, receive: Receive) -> None:  # noqa: ARG002 - hears nothing
            up = next(times_up, None)
            if up is None:
                await asyncio.Event().wait()
            await asyncio.sleep(up or 0)
            raise TemporaryFailure("ingen kontakt")

    app.doors = [Falling(name="trasig")]

    async with running(app):
        await until(lambda: len(caplog.messages) == 2)

    assert caplog.messages == ["channel down: channel=trasig because=ingen kontakt"] * 2


async def test_a_channel_that_is_down_stops_no_other_and_is_told_once(
    app: App, memory: Memory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(parts, "_STANDS", 0.05)
    broken = Memory(name="trasig", down=TemporaryFailure("ingen kontakt"))
    app.doors = [broken, memory]

    async with running(app):
        receipt = await memory.say(a_message())
        await asyncio.sleep(0.1)
        told = [message for message in caplog.messages if "trasig" in message]
        fallen = app.fallen[0]
        broken.down = None
        back = await broken.say(a_message("Skolans golv är kallt."))
        await until(lambda: app.fallen[0].ended is not None)

    assert (fallen.because, fallen.ended, list(app.fallen)) == ("ingen kontakt", None, [0])
    assert told == ["channel down: channel=trasig because=ingen kontakt"]
    assert [receipt.duplicate, back.duplicate] == [False, False]


async def test_a_door_that_breaks_its_promise_stops_no_other(
    app: App, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Memory):
        async def listen(self, receive: Receive) -> None:  # noqa: ARG002 - it never comes so far
            raise KeyError("sven@example.org")

    app.doors = [Odd(name="udda"), memory]

    async with running(app):
        receipt = await memory.say(a_message())
        await until(lambda: "udda" in caplog.text)

    assert receipt.message_id == 1
    assert [record.levelno for record in caplog.records if "udda" in record.getMessage()] == [logging.ERROR]


async def test_what_was_kept_before_a_crash_is_judged_at_the_next_start(
    app: App, memory: Memory, store: Store
) -> None:
    with store.write() as transaction:
        inbox.keep(transaction, [a_message()], now())
        inbox.claim(transaction, now=now(), limit=9, max_bytes=9, lease=timedelta(hours=9))

    async with running(app):
        await until(lambda: len(memory.letters) == 2)

    assert [row["state"] for row in rows_of(store, "messages")] == [MessageState.READ]


async def test_what_was_being_sent_at_a_crash_is_unknown_at_the_next_start(
    app: App, memory: Memory, store: Store
) -> None:
    put(store)
    with store.write() as transaction:
        outbox.take(transaction, now=now(), limit=9, channels=["email"])

    async with running(app):
        await until(lambda: rows_of(store, "letters")[0]["state"] == LetterState.UNKNOWN)

    assert memory.letters == []


async def test_check_tells_what_works_and_what_does_not(app: App, memory: Memory) -> None:
    app.doors = [
        memory,
        Memory(name="ett", down=TemporaryFailure("upptaget")),
        Memory(name="två", down=PermanentFailure("fel lösenord")),
    ]
    app.roads = {}

    fine, wrong = await check(app)

    assert fine == ["memory: i minnet"]
    assert wrong == ["upptaget (kan gå över: försök igen)", "fel lösenord"]


def test_a_port_that_somebody_has_is_told_with_table_and_key(settings: Settings) -> None:
    assert settings.web is not None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = settings.model_copy(update={"web": settings.web.model_copy(update={"port": port})})

        with pytest.raises(SettingsError) as caught:
            build(busy)

    assert str(caught.value).startswith(f"tabell [web], nyckel port: 127.0.0.1:{port} går inte att öppna")


def test_a_password_that_would_go_in_clear_text_is_told_with_its_table(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY", "hemligt")
    change = {"host": "smtp.lillkommun.example", "username": "synpunkt", "password": "env:RELAY"}
    relay = settings.channels.relay.model_copy(update=change)
    channels = settings.channels.model_copy(update={"relay": relay})

    with pytest.raises(SettingsError) as caught:
        build(settings.model_copy(update={"channels": channels}))

    assert relay.security == "none"
    assert str(caught.value) == (
        "tabell [channels.relay]: email: ett lösenord skickas inte utan kryptering, "
        "välj security starttls eller tls."
    )


def test_a_folder_that_is_read_and_moved_to_is_told_with_its_table(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAP", "hemligt")
    mailbox = ImapSettings(
        host="imap.lillkommun.example", username="synpunkt", password="env:IMAP", done="move:INBOX"
    )
    channels = settings.channels.model_copy(update={"imap": {"brevlåda": mailbox}})

    with pytest.raises(
        SettingsError, match=r"^tabell \[channels\.imap\.brevlåda\]: Mappen .* mapp i done\.$"
    ):
        build(settings.model_copy(update={"channels": channels}))


def test_the_pages_can_listen_on_either_kind_of_address() -> None:
    found = [family_of(host) for host in ("127.0.0.1", "192.0.2.1", "localhost", "::1", "::")]

    assert found == [socket.AF_INET] * 3 + [socket.AF_INET6] * 2


async def test_a_page_that_breaks_tells_the_log_where_but_nobody_s_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_request: Request) -> Response:
        raise ValueError("Sven Svensson bor på Storgatan 1")

    bound = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.ensure_future(serve(Starlette(routes=[Route("/", broken)]), bound))

    async with httpx.AsyncClient() as browser:
        answer = await browser.get(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving

    told = [
        record for record in caplog.records if record.name == "uvicorn.error" and record.levelname == "ERROR"
    ]
    assert answer.status_code == 500
    assert [record.getMessage().rpartition(":")[0] for record in told] == [
        "page broke: because=ValueError at test_app.py"
    ]
    assert "Svensson" not in caplog.text


def test_an_unknown_profile_is_told_before_anything_runs(settings: Settings) -> None:
    municipality = settings.municipality.model_copy(update={"profile": "storstad"})

    with pytest.raises(SettingsError, match="nyckel profile: profil storstad: finns inte"):
        build(settings.model_copy(update={"municipality": municipality}))


def test_a_certificate_that_can_not_be_read_is_told(settings: Settings) -> None:
    assert settings.channels.smtp is not None
    smtp = settings.channels.smtp.model_copy(
        update={"certificate": "/finns/inte.pem", "key": "/finns/inte.key"}
    )
    channels = settings.channels.model_copy(update={"smtp": smtp})

    with pytest.raises(SettingsError, match=r"tabell \[channels.smtp\], nyckel certificate/key"):
        build(settings.model_copy(update={"channels": channels}))


def test_a_model_that_can_not_be_loaded_leaves_it_to_the_small_one(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    classifier = settings.classifier.model_copy(update={"enabled": True, "model": str(tmp_path / "ingen")})

    built = build(settings.model_copy(update={"classifier": classifier}), with_doors=False)
    answering = built.opinion.suggester
    built.close()

    assert "classifier not loaded" in caplog.text
    assert isinstance(answering, Classifier)
    assert answering.version.startswith("fast+")


async def test_b19_what_was_written_is_closed_into_a_signed_link_before_the_house_is_gone(
    app: App, memory: Memory, store: Store
) -> None:
    async with running(app):
        await memory.say(a_message())
        await until(lambda: len(memory.letters) == 2)

    with store.read() as transaction:
        last = [row["up_to"] for row in seals.links(transaction)][-1]
    tally = Tally()
    assert [str(fault) for fault in prove(store, tally)] == []
    assert tally.remarks == []
    assert last == tally.counts["rader i kedjan"]


async def test_with_metrics_the_house_tells_machines_how_it_fares(settings: Settings, memory: Memory) -> None:
    told = settings.model_copy(update={"metrics": MetricsSettings(port=0)})
    built = build(told)
    built.delivery.channels = {"email": memory}
    house = replace(built, doors=[memory], roads={"email": memory})
    assert house.monitor_socket is not None
    assert house.web_socket is not None
    machines = f"http://127.0.0.1:{house.monitor_socket.getsockname()[1]}"
    people = f"http://127.0.0.1:{house.web_socket.getsockname()[1]}"

    async with running(house), httpx.AsyncClient() as browser:
        await memory.say(a_message())
        await until(lambda: len(memory.letters) == 2)
        hidden = await browser.get(f"{people}/metrics")
        ready = [await browser.get(f"{where}/ready") for where in (people, machines)]
        numbers = await browser.get(f"{machines}/metrics")

    assert hidden.status_code == 404
    assert [(one.status_code, one.json()["model"]) for one in ready] == [(200, "off")] * 2
    for line in (
        'synpunkt_messages_kept_total{channel="memory"} 1.0',
        'synpunkt_http_seconds_count{method="GET",route="none",status="4xx"} 1.0',
        'synpunkt_http_seconds_count{method="GET",route="/ready",status="2xx"} 1.0',
    ):
        assert line in numbers.text


def test_a_house_whose_numbers_anybody_could_read_is_not_built(settings: Settings) -> None:
    told = settings.model_copy(update={"metrics": MetricsSettings(host="0.0.0.0", port=0)})  # noqa: S104 - it is refused

    with pytest.raises(SettingsError, match="nyckel token"):
        build(told)
