"""Processes of one house on a real PostgreSQL: duties are taken over, and bells are heard."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from bots.app import build
from bots.cli import main
from bots.demo import town
from bots.settings import Settings, SettingsError
from bots.together import Bell, Part, Together, reloaded, renewed
from store.alone import HOUSE
from store.engine import Store, StoreAwayError
from tests.servers.lent import Lender
from tests.servers.product import SECRETS, Product

pytestmark = pytest.mark.postgres

PATIENCE = 30


@pytest.fixture
def shared(lender: Lender) -> Iterator[Store]:
    with lender.emptied() as opened:
        yield opened


@dataclass
class Work:
    """Something that only one may do, and that tells how often it was begun and left."""

    begun: int = 0
    left: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.begun += 1
        self.news.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1
            self.news.set()

    async def until(self, condition: Callable[["Work"], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition(self):
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def at_work(together: Together, work: Work) -> AsyncIterator[asyncio.Event]:
    """Let one process work for as long as the block lasts."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(together.run(stop)),
        asyncio.create_task(together.only_one("bevakning", work)),
    ]
    try:
        yield stop
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def a_process(store: Store, **facts: object) -> Together:
    return Together(store=store, parts=frozenset({Part.WATCH}), turn=0.05, **facts)  # type: ignore[arg-type]


def cut(store: Store, together: Together) -> None:
    """End the session of a line, as a cut link does."""
    with store.write() as transaction:
        transaction.connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = :name"
            ),
            {"name": f"synpunkt: {together.line.name}"[:63]},
        )


async def test_a_duty_goes_to_one_process_and_to_the_other_when_the_first_stops(shared: Store) -> None:
    first, second = Work(), Work()

    async with at_work(a_process(shared), first):
        await first.until(lambda work: work.begun == 1)
        async with at_work(a_process(shared), second):
            await asyncio.sleep(0.3)
            both = (first.begun, second.begun)
            first.news.set()
    async with at_work(a_process(shared), second):
        await second.until(lambda work: work.begun == 1)

    assert both == (1, 0)
    assert (first.left, second.left) == (1, 1)


async def test_a_process_whose_line_is_cut_leaves_its_duty_and_takes_it_again(shared: Store) -> None:
    work, together = Work(), a_process(shared)

    async with at_work(together, work):
        await work.until(lambda one: one.begun == 1)
        await asyncio.to_thread(cut, shared, together)
        await work.until(lambda one: one.left == 1)
        await work.until(lambda one: one.begun == 2)

    assert (work.begun, work.left) == (2, 2)


async def test_a_process_that_hears_nothing_from_the_server_leaves_its_duty_by_itself(shared: Store) -> None:
    work, together = Work(), a_process(shared, patience=0.2)

    async with at_work(together, work):
        await work.until(lambda one: one.begun == 1)
        # As when a link swallows everything: a turn that does not end.
        silent = asyncio.Event()
        together.line = _Silent(together.line, silent, asyncio.get_running_loop())  # type: ignore[assignment]
        await work.until(lambda one: one.left == 1)
        silent.set()
        await work.until(lambda one: one.begun == 2)

    assert work.left == 2


class _Silent:
    """A line on which the first turn waits until the test lets it end."""

    def __init__(self, line: object, until: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
        self._line, self._until, self._loop = line, until, loop

    def turn(self, wanted: frozenset[str], *, seconds: float) -> object:
        asyncio.run_coroutine_threadsafe(self._until.wait(), self._loop).result(PATIENCE)
        return self._line.turn(wanted, seconds=seconds)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._line.close()  # type: ignore[attr-defined]


async def test_work_that_fails_is_told_to_whoever_runs_the_house(shared: Store) -> None:
    async def fail() -> None:
        raise ValueError("sönder")

    together = a_process(shared)
    running = asyncio.create_task(together.run(asyncio.Event()))
    try:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ValueError, match="sönder"):
                await together.only_one("bevakning", fail)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_bell_rings_in_the_other_process(shared: Store) -> None:
    heard = asyncio.Event()
    listening = a_process(shared, bells={Bell.KEPT: heard.set})
    ringing = a_process(shared)

    async with at_work(listening, Work()), at_work(ringing, Work()):
        async with asyncio.timeout(PATIENCE):
            while not heard.is_set():  # until the other has its line
                ringing.ring(Bell.KEPT)
                await asyncio.sleep(0.1)

    assert heard.is_set()


async def test_after_a_cut_every_bell_rings_since_some_may_have_been_missed(shared: Store) -> None:
    heard: list[str] = []
    bells = {bell: lambda bell=bell: heard.append(bell) for bell in Bell}
    work, together = Work(), a_process(shared, bells=bells)

    async with at_work(together, work):
        await work.until(lambda one: one.begun == 1)
        heard.clear()
        await asyncio.to_thread(cut, shared, together)
        await work.until(lambda one: one.begun == 2)

    assert set(heard) == set(Bell)


async def test_a_process_stops_when_a_house_alone_has_taken_the_database_meanwhile(shared: Store) -> None:
    work, together = Work(), a_process(shared)

    async with at_work(together, work) as stop:
        await work.until(lambda one: one.begun == 1)
        with shared.engine.connect() as alone:
            waiting = asyncio.create_task(
                asyncio.to_thread(alone.execute, text(f"SELECT pg_advisory_lock({HOUSE})"))
            )
            await asyncio.sleep(0.2)
            await asyncio.to_thread(cut, shared, together)
            await waiting
            async with asyncio.timeout(PATIENCE):
                await stop.wait()
            alone.invalidate()

    assert together.is_shut_out
    assert work.left == 1


async def test_claims_are_renewed_again_after_the_store_was_away() -> None:
    tries: list[int] = []
    enough = asyncio.Event()

    def renew() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreAwayError("borta")
        loop.call_soon_threadsafe(enough.set)

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(renewed(renew, seconds=0.01))
    async with asyncio.timeout(PATIENCE):
        await enough.wait()
    task.cancel()

    assert len(tries) >= 2


async def test_the_organisation_is_read_again_at_the_bell_also_when_the_last_reading_failed() -> None:
    loop, rang, read = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    tries: list[int] = []

    def load() -> None:
        tries.append(1)
        loop.call_soon_threadsafe(read.set)
        if len(tries) == 1:
            raise ValueError("passar inte ihop")

    task = asyncio.create_task(reloaded(load, rang, seconds=PATIENCE))
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            read.clear()
            rang.set()
            await read.wait()
    task.cancel()

    assert len(tries) == 2


def _settings(folder: Path, url: str) -> Settings:
    found = town.settings(folder, relay_port=1, smtp_port=0, web_port=0)
    return found.model_copy(
        update={
            "classifier": found.classifier.model_copy(update={"enabled": False}),
            "store": found.store.model_copy(update={"url": url}),
            "journal": found.journal.model_copy(update={"folder": str(folder)}),
        }
    )


def test_each_part_opens_only_its_own_doors_and_roads(lender: Lender, tmp_path: Path) -> None:
    settings = _settings(tmp_path, lender.database())

    opened = {}
    for part in Part:
        app = build(settings, only=[part])
        opened[part] = (sorted(one.name for one in app.used), app.web_socket is not None)
        if app.web_socket is not None:
            app.web_socket.close()
        app.close()

    assert opened == {
        Part.RECEIVE: (["smtp"], False),
        Part.JUDGE: ([], False),
        Part.DELIVER: (["email", "webchat"], False),
        Part.WEB: (["webchat"], True),
        Part.WATCH: ([], False),
    }


def test_a_house_on_sqlite_is_not_divided_and_the_operator_is_told_what_to_do(tmp_path: Path) -> None:
    settings = town.settings(tmp_path, relay_port=1, smtp_port=0, web_port=0)

    with pytest.raises(SettingsError, match="går bara med PostgreSQL"):
        build(settings, only=[Part.JUDGE])


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_part_that_there_is_not_is_told_with_those_that_there_are(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config = Product(relay_port=1, folder=tmp_path).write_config()

    status = main([command, "--config", str(config), "--only", "judge,döma"])

    assert status == 78
    expected = "--only döma: ingen sådan del. Välj bland receive, judge, deliver, web, watch."
    assert expected in capsys.readouterr().err
