"""Nothing is confirmed before it is committed, and many are committed together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime

import pytest
from sqlalchemy import event

from bots.channel import NotKeptError
from store.domain import Receipt
from store.engine import Store
from tests.house import House, a_mail, an_inbound, rows_of


@contextmanager
def counted(store: Store, name: str) -> Iterator[list[str]]:
    """Count an event of the engine: `commit` or `rollback`."""
    seen: list[str] = []

    def note(_connection: object) -> None:
        seen.append(name)

    event.listen(store.engine, name, note)
    try:
        yield seen
    finally:
        event.remove(store.engine, name, note)


@asynccontextmanager
async def running(house: House) -> AsyncIterator[asyncio.Future[None]]:
    task = asyncio.ensure_future(house.intake.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def without_table(store: Store, name: str) -> Iterator[None]:
    """Let the store fail at once, as when a disk is full."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO gone")
    try:
        yield
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE gone RENAME TO {name}")


def kept(house: House) -> int:
    return len(house.messages())


async def test_a_receipt_comes_only_when_the_message_is_committed(house: House) -> None:
    (receipt,) = await house.receive(an_inbound())

    assert receipt == Receipt(message_id=house.messages()[0]["id"], duplicate=False)


async def test_a_hundred_messages_at_once_share_a_few_commits(house: House) -> None:
    group = [an_inbound(text=f"Synpunkt {number}") for number in range(100)]

    with counted(house.store, "commit") as commits:
        receipts = await house.receive(*group)

    assert len({receipt.message_id for receipt in receipts}) == 100
    assert kept(house) == 100
    assert len(commits) == 2


async def test_a_lone_message_waits_for_nobody(house: House) -> None:
    async with running(house), asyncio.timeout(20):
        for number in range(3):
            await house.intake.receive(an_inbound(text=f"{number}"))

    assert kept(house) == 3


async def test_large_messages_are_spread_over_several_commits(house: House) -> None:
    group = [an_inbound(a_mail(f"{number}") + b"x" * 5 * 2**20) for number in range(3)]

    with counted(house.store, "commit") as commits:
        await house.receive(*group)

    assert kept(house) == 3
    assert len(commits) == 3


async def test_the_same_message_by_two_roads_at_once_is_one(house: House) -> None:
    receipts = await house.receive(an_inbound(channel="smtp"), an_inbound(channel="imap"))

    assert [receipt.duplicate for receipt in receipts] == [False, True]
    assert kept(house) == 1


async def test_what_the_store_can_not_keep_is_not_confirmed(house: House) -> None:
    with without_table(house.store, "messages"), pytest.raises(NotKeptError):
        await house.receive(an_inbound())

    (receipt,) = await house.receive(an_inbound())
    assert receipt.duplicate is False
    assert kept(house) == 1


async def test_one_bad_message_does_not_keep_the_others_out(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    bad = an_inbound(text="Hemligt ord", received_at=datetime(2026, 11, 23))  # noqa: DTZ001 - the fault

    async with running(house), asyncio.timeout(20):
        results = await asyncio.gather(
            *(house.intake.receive(one) for one in (an_inbound(text="Ett"), bad, an_inbound(text="Tre"))),
            return_exceptions=True,
        )

    assert [type(result) for result in results] == [Receipt, NotKeptError, Receipt]
    assert kept(house) == 2
    assert "Hemligt" not in caplog.text
    assert [record.getMessage() for record in caplog.records] == [
        "not kept: messages=1 because=StatementError: a time without zone can not be kept"
    ]


async def test_a_message_that_nobody_could_foresee_does_not_stop_the_intake(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    bad = an_inbound(raw="ingen bytes")  # type: ignore[arg-type]  # a channel with a fault of its own

    async with running(house), asyncio.timeout(20):
        results = await asyncio.gather(
            *(house.intake.receive(one) for one in (bad, an_inbound())), return_exceptions=True
        )
        after = await house.intake.receive(an_inbound(text="Efteråt"))

    assert [type(result) for result in results] == [NotKeptError, Receipt]
    assert after.duplicate is False
    assert "ingen bytes" not in caplog.text


async def test_a_store_that_is_gone_is_tried_a_few_times_and_not_for_each_message(house: House) -> None:
    group = [an_inbound(text=f"Synpunkt {number}") for number in range(64)]

    with without_table(house.store, "messages"), counted(house.store, "rollback") as rollbacks:
        async with running(house), asyncio.timeout(60):
            results = await asyncio.gather(
                *(house.intake.receive(one) for one in group), return_exceptions=True
            )

    assert [type(result) for result in results] == [NotKeptError] * 64
    assert len(rollbacks) == 4


async def test_the_last_good_message_is_found_among_bad_ones(house: House) -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - the fault
    group = [an_inbound(text="Bra")] + [
        an_inbound(text=f"{number}", received_at=naive) for number in range(5)
    ]

    async with running(house), asyncio.timeout(60):
        results = await asyncio.gather(
            *(house.intake.receive(one) for one in [*group, an_inbound(text="Också bra")]),
            return_exceptions=True,
        )

    assert [type(result) for result in results] == [Receipt, *[NotKeptError] * 5, Receipt]


async def test_stopping_finishes_what_is_in_hand_and_refuses_the_rest(house: House) -> None:
    task = asyncio.ensure_future(house.intake.run())
    first = asyncio.ensure_future(house.intake.receive(an_inbound(text="I handen")))
    loop = asyncio.get_running_loop()
    started = asyncio.Event()
    event.listen(house.store.engine, "begin", lambda _: loop.call_soon_threadsafe(started.set), once=True)
    async with asyncio.timeout(20):
        await started.wait()
    second = asyncio.ensure_future(house.intake.receive(an_inbound(text="I kön")))
    await asyncio.sleep(0)

    task.cancel()
    results = await asyncio.gather(first, second, return_exceptions=True)
    with suppress(asyncio.CancelledError):
        await task

    # What waits is either refused or, if the first was done already, kept: never forgotten.
    assert isinstance(results[0], Receipt)
    assert kept(house) == 1 + isinstance(results[1], Receipt)
    assert type(results[1]) in {Receipt, NotKeptError}


async def test_a_closed_intake_refuses_at_once(house: House) -> None:
    await house.receive(an_inbound())

    async with asyncio.timeout(5):
        with pytest.raises(NotKeptError):
            await house.intake.receive(an_inbound(text="För sent"))


async def test_a_sender_who_hangs_up_loses_nothing(house: House) -> None:
    gone = asyncio.ensure_future(house.intake.receive(an_inbound(text="Lade på")))
    await asyncio.sleep(0)
    gone.cancel()

    async with running(house), asyncio.timeout(20):
        await house.intake.receive(an_inbound(text="Nästa"))

    assert kept(house) == 2


async def test_the_judge_is_rung_after_each_commit(house: House) -> None:
    rung: list[int] = []
    house.intake.kept = lambda: rung.append(len(rows_of(house.store, "messages")))

    await house.receive(an_inbound(text="Ett"), an_inbound(text="Två"))

    assert rung == [2]


async def test_each_failure_is_told_once_per_message_and_not_more(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with without_table(house.store, "messages"), pytest.raises(NotKeptError):
        await house.receive(an_inbound(text="Hemligt ord"))

    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "Hemligt" not in caplog.text
