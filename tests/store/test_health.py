"""What the operator's page counts, and that it looks through no table of many years for it."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from store import health, migrations, outbox
from store.domain import Address, Inbound, LetterState, Outgoing, Purpose
from store.engine import Store, open_store
from tests.house import NOW, House

MINUTE = timedelta(minutes=1)
BIG = ("letters", "messages", "cases")


@pytest.fixture
def embedded(sqlite_model: Path, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{shutil.copy(sqlite_model, tmp_path / 'store.db')}")
    yield opened
    opened.close()


async def test_from_kept_to_sent_is_measured_over_a_day_and_a_week(house: House) -> None:
    for words, wait in (("Gungan i parken är trasig.", 3), ("Ekvägens lampor är släckta.", 40)):
        await house.receive(_mail(words))
        house.clock.forward(seconds=wait)
        house.judge()
        await house.deliver()
        house.clock.forward(days=3)
    house.clock.forward(days=-3)

    with house.store.read() as transaction:
        day, week = health.count(transaction, now=house.clock()).receipts

    assert (day.count, day.half, day.most) == (1, timedelta(seconds=40), timedelta(seconds=40))
    assert (week.count, week.half, week.most) == (2, timedelta(seconds=40), timedelta(seconds=40))


async def test_without_any_message_everything_is_nothing(house: House) -> None:
    with house.store.read() as transaction:
        found = health.count(transaction, now=NOW)

    assert (found.waiting, found.waiting_since, found.unsent_since, found.sent) == (0, None, None, 0)
    assert set(found.letters.values()) == {0}
    assert [(one.count, one.half, one.most) for one in found.receipts] == [(0, None, None)] * 2
    assert (found.heard, found.posted) == ((), {})
    assert found.size > 0


async def test_what_waits_is_counted_with_the_oldest_and_the_latest_of_each_way(house: House) -> None:
    await house.receive(_mail("Hej.", account="a"))
    house.clock.forward(minutes=5)
    await house.receive(_mail("Hej hej.", account="b"))
    with house.store.write() as transaction:
        outbox.put(transaction, _letter("k1"), now=NOW + MINUTE)
        outbox.put(transaction, _letter("k2"), now=NOW, held_because="prov")

    with house.store.read() as transaction:
        found = health.count(transaction, now=house.clock())

    assert (found.waiting, found.waiting_since) == (2, NOW)
    assert [(row["account"], row["at"]) for row in found.heard] == [("a", NOW), ("b", NOW + 5 * MINUTE)]
    assert found.unsent_since == NOW + MINUTE
    assert {state: many for state, many in found.letters.items() if many} == {
        LetterState.PENDING: 1,
        LetterState.HELD: 1,
    }


async def test_a_letter_that_was_sent_today_and_its_channel_are_told(house: House) -> None:
    await house.hear(_mail("Gungan i parken är trasig."))
    await house.deliver()

    with house.store.read() as transaction:
        found = health.count(transaction, now=house.clock())
        later = health.count(transaction, now=house.clock() + timedelta(days=2))

    assert (found.sent, later.sent) == (2, 0)
    assert found.posted == later.posted == {"email": house.clock()}


def test_the_tables_step_is_told_beside_that_of_the_release(embedded: Store) -> None:
    with embedded.write() as transaction:
        transaction.connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with embedded.read() as transaction:
        found = health.count(transaction, now=NOW)

    assert (found.step, found.newest_step) == ("0001", migrations.newest())


def test_the_disk_is_measured_where_the_database_lies(embedded: Store) -> None:
    room = health.room(embedded)

    assert room is not None
    assert 0 < room[0] < room[1]


def test_no_table_is_looked_through_from_end_to_end(embedded: Store) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_others: object) -> None:
        asked.append((statement, values))

    with embedded.read() as transaction:
        event.listen(embedded.engine, "before_cursor_execute", note)
        health.count(transaction, now=NOW)
        event.remove(embedded.engine, "before_cursor_execute", note)
        # Walking backwards through the newest ids is a scan as well, of no more rows than its limit.
        unbound = [one for one in asked if one[0].startswith("SELECT") and "LIMIT" not in one[0]]
        steps = [step for one in unbound for step in _plan(transaction.connection, *one)]

    newest = "SEARCH letters USING INDEX ix_letters_purpose_created_at (purpose=? AND created_at>?)"
    assert newest in steps
    assert [step for step in steps if step in {f"SCAN {table}" for table in BIG}] == []


def _plan(connection: Any, statement: str, values: object) -> Sequence[str]:
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


def _mail(words: str, *, account: str = "a") -> Inbound:
    return Inbound(
        channel="smtp",
        account=account,
        received_at=NOW,
        raw=f"From: sven@example.org\r\nSubject: {words}\r\n\r\n{words}".encode(),
        envelope_from="sven@example.org",
    )


def _letter(key: str) -> Outgoing:
    return Outgoing(
        key=key,
        purpose=Purpose.HANDLER_NOTICE,
        recipient=Address(channel="email", handle="anna@example.se"),
        subject="Prov",
        body="Prov",
        language="sv",
    )
