"""One message that breaks something never holds up the others."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bots.desk.cases import CaseWork
from bots.desk.heard import Heard
from bots.mail.reading import ReadMail
from bots.mail.worker import Job, Reader, read_all
from store.domain import Address, Inbound, MessageState, Status, Suggestion
from store.engine import Store, StoreAwayError, StoreError, Transaction
from tests.house import NOW, House, an_inbound, rows_of

Make = Callable[..., House]
SECRET = "Storgatan 1"


@dataclass(frozen=True, kw_only=True)
class Fragile(CaseWork):
    """Work that fails on a word, as a broken template or an unforeseen text would make it."""

    counts: list[str]

    def settle(self, transaction: Transaction, heard: Heard, suggestion: Suggestion | None) -> None:
        self.counts.append(heard.subject)
        super().settle(transaction, heard, suggestion)
        if "gift" in heard.subject:
            raise RuntimeError(f"{heard.text}")


def fragile(house: House) -> list[str]:
    counts: list[str] = []
    work = house.work
    house.judge_.work = Fragile(
        house=work.house,
        identity=work.identity,
        letters=work.letters,
        clock=work.clock,
        language_of=work.language_of,
        counts=counts,
    )
    return counts


async def test_a_message_that_fails_leaves_no_trace_and_the_others_get_their_cases(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    counts = fragile(house)

    await house.hear(
        an_inbound(subject="Gunga ett"),
        an_inbound(subject="gift", text=SECRET),
        an_inbound(subject="Gunga två"),
    )

    assert counts == ["Gunga ett", "gift", "Gunga ett", "gift", "Gunga två"]
    assert [(case["number"], case["title"]) for case in house.cases()] == [
        ("SYN-2026-000001", "Gunga ett"),
        ("SYN-2026-000002", "Gunga två"),
    ]
    assert len(house.acknowledgements()) == 2
    assert [row["state"] for row in house.messages()] == [
        MessageState.READ,
        MessageState.KEPT,
        MessageState.READ,
    ]
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("not judged: message=2 because=RuntimeError at ")
    assert SECRET not in caplog.text


async def test_what_the_store_refuses_is_told_in_the_store_s_words_and_nobody_else_s(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.receive(an_inbound(subject="Elsas knä", text=SECRET))
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE counters RENAME TO gone")

    house.judge()

    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO counters")
    (told,) = [record.getMessage() for record in caplog.records]
    assert "counters" in told
    assert "Elsa" not in caplog.text
    assert SECRET not in caplog.text


async def test_what_fails_three_times_becomes_an_unreadable_case_for_the_registrator(house: House) -> None:
    fragile(house)
    await house.receive(an_inbound(subject="gift"))

    for _ in range(3):
        house.judge()
        house.clock.forward(minutes=3)
    before = house.cases()
    house.judge()

    case = house.case()
    assert before == []
    assert (case["handler"], case["status"], case["title"]) == ("rita", Status.SORTING, "(utan text)")
    assert house.acknowledgements() == []
    assert [row["state"] for row in house.messages()] == [MessageState.UNREADABLE]
    assert house.messages()[0]["warnings"] == ["Meddelandet kunde inte läsas. Öppna originalet."]


async def test_what_needs_no_reading_is_only_given_up_when_it_fails_without_an_opinion_as_well(
    house: House,
) -> None:
    house.judge_.work, work = Away(**vars(house.work)), house.work
    await house.receive(talked("En gunga i parken är trasig."))
    for _ in range(4):
        house.judge()
        house.clock.forward(minutes=3)
    house.judge_.work = work

    house.judge()

    (row,) = house.messages()
    assert (row["state"], row["text"]) == (MessageState.READ, "En gunga i parken är trasig.")
    assert rows_of(house.store, "suggestions") == []
    assert house.case()["title"] == "En gunga i parken är trasig."


async def test_what_fails_without_an_opinion_too_becomes_an_unreadable_case(house: House) -> None:
    house.judge_.work, work = Away(**vars(house.work)), house.work
    await house.receive(talked("En gunga i parken är trasig."))
    for _ in range(6):
        house.judge()
        house.clock.forward(minutes=3)
    house.judge_.work = work

    house.judge()

    assert [row["state"] for row in house.messages()] == [MessageState.UNREADABLE]
    assert len(house.cases()) == 1


@dataclass(frozen=True, kw_only=True)
class Away(CaseWork):
    """Work that fails with whatever is in hand, as when the power goes."""

    def settle(self, *_given: object) -> None:
        raise RuntimeError("away")


def talked(text: str) -> Inbound:
    """Make a message of a channel that gives its text itself."""
    return Inbound(
        channel="memory",
        account="parken",
        received_at=NOW,
        raw=text.encode(),
        media_type="application/json",
        external_id="1",
        sender=Address(channel="memory", handle="sven"),
        text=text,
        language="sv",
    )


class Broken:
    """A reader that breaks its promise."""

    def read_many(self, jobs: Sequence[Job]) -> list[ReadMail]:
        if any(job.raw for job in jobs):
            raise RuntimeError(SECRET)
        return read_all(jobs)


async def test_a_reader_that_breaks_its_promise_stops_nobody_and_loses_nothing(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_house(reader=Broken())
    await house.receive(an_inbound())
    running = asyncio.ensure_future(house.judge_.run())
    async with asyncio.timeout(20):
        while not caplog.records:  # noqa: ASYNC110 - a log line rings no bell
            await asyncio.sleep(0.02)
    alive = not running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    for _ in range(3):
        house.clock.forward(minutes=3)
        with suppress(RuntimeError):
            house.judge()

    assert alive
    assert SECRET not in caplog.text
    assert [row["state"] for row in house.messages()] == [MessageState.UNREADABLE]
    assert house.case()["handler"] == "rita"


async def test_a_mail_is_read_in_a_process_of_its_own_just_the_same(make_house: Make) -> None:
    reader = Reader()
    house = make_house(reader=reader)

    await house.hear(an_inbound())
    reader.close()

    assert house.case()["title"] == "Trasig gunga"


async def test_a_message_that_somebody_else_took_meanwhile_is_one_case_without_gap(house: House) -> None:
    await house.receive(an_inbound(subject="Ett"))
    other = house.judge_

    class Slow:
        def read_many(self, jobs: Sequence[Job]) -> list[ReadMail]:
            if jobs:
                house.judge_.reader = quick
                house.clock.now += timedelta(minutes=3)
                other.once()
            return read_all(jobs)

    quick, other.reader = other.reader, Slow()
    house.judge_.once()
    await house.hear(an_inbound(subject="Två"))

    assert [case["number"] for case in house.cases()] == ["SYN-2026-000001", "SYN-2026-000002"]
    assert len(house.acknowledgements()) == 2


async def test_the_bell_wakes_the_judge_and_stopping_finishes_the_group_in_hand(
    house: House, store: Store
) -> None:
    rang = asyncio.Event()
    house.judge_.judged = rang.set
    running = asyncio.ensure_future(house.judge_.run())
    await asyncio.sleep(0)
    await house.receive(an_inbound())
    async with asyncio.timeout(20):
        await rang.wait()

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert len(house.cases()) == 1


async def test_a_database_that_falls_away_is_told_and_waited_for(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.receive(an_inbound())
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE counters RENAME TO gone")
    house.judge()
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO counters")
    house.clock.forward(minutes=3)
    house.judge()

    assert house.case()["number"] == "SYN-2026-000001"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@dataclass(frozen=True, kw_only=True)
class Homeless(CaseWork):
    """Work on a store that has room for a claim, but for nothing more."""

    def settle(self, transaction: Transaction, heard: Heard, suggestion: Suggestion | None) -> None:
        super().settle(transaction, heard, suggestion)
        raise StoreAwayError("disk full")


async def test_a_disk_that_stays_full_makes_no_message_unreadable(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.receive(an_inbound(subject="Gunga ett"), an_inbound(subject="Gunga två"))
    work = house.work
    house.judge_.work = Homeless(
        house=work.house,
        identity=work.identity,
        letters=work.letters,
        clock=work.clock,
        language_of=work.language_of,
    )
    for _ in range(5):
        house.judge()
        house.clock.forward(minutes=3)
    house.judge_.work = work

    house.judge()

    assert [case["title"] for case in house.cases()] == ["Gunga ett", "Gunga två"]
    assert len(house.acknowledgements()) == 2
    assert [record.getMessage() for record in caplog.records] == ["messages wait: because=disk full"] * 5


def test_only_a_store_that_takes_nothing_is_away(store: Store) -> None:
    with pytest.raises(StoreError) as repeated, store.write() as transaction:
        for _ in range(2):
            transaction.connection.exec_driver_sql("INSERT INTO counters (series, value) VALUES ('X', 1)")
    with pytest.raises(StoreAwayError), store.told_plainly():
        raise OperationalError("", None, Exception("database or disk is full"))

    assert type(repeated.value) is StoreError
