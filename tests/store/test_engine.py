"""Times, transactions, and errors that tell nothing about citizens."""

import stat
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import text

from store import inbox, journal
from store.domain import Entry
from store.engine import Store, StoreError, Timestamp, open_store
from store.migrations import upgrade
from store.tables import counters, messages
from tests.house import NOW, an_inbound, rows_of

STAMP = Timestamp()


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="without zone"):
        STAMP.process_bind_param(datetime(2026, 11, 23), store.engine.dialect)  # noqa: DTZ001 - the fault


def test_no_time_stays_no_time(store: Store) -> None:
    assert STAMP.process_bind_param(None, store.engine.dialect) is None
    assert STAMP.process_result_value(None, store.engine.dialect) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    moment=some.datetimes(
        datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=some.sampled_from([UTC, ZoneInfo("Europe/Stockholm"), ZoneInfo("America/New_York")]),
    )
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(store: Store, moment: datetime) -> None:
    with store.write() as transaction:
        transaction.connection.execute(text("DELETE FROM blobs"))
        inbox.keep(transaction, [an_inbound(b"x", received_at=moment)], moment)
        found = transaction.connection.execute(text("SELECT 1")).scalar()
        (row,) = transaction.rows(messages.select())
        transaction.connection.rollback()

    assert found == 1
    assert row["received_at"] == moment.astimezone(UTC)
    assert row["received_at"].utcoffset() == timedelta(0)


def test_what_is_done_together_is_undone_together(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as transaction:
        inbox.keep(transaction, [an_inbound()], NOW)
        raise RuntimeError("the power goes")

    assert rows_of(store, "messages") == []
    assert rows_of(store, "blobs") == []


def test_nothing_is_written_through_a_reading_transaction(store: Store) -> None:
    with store.read() as transaction:
        transaction.connection.execute(counters.insert().values(series="X", value=1))

    assert rows_of(store, "counters") == []


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    with store.read() as reader:
        before = inbox.waiting(reader)
        with store.write() as writer:
            inbox.keep(writer, [an_inbound()], NOW)
        during = inbox.waiting(reader)

    with store.read() as reader:
        after = inbox.waiting(reader)
    assert (before, during, after) == (0, 0, 1)


def test_the_kind_of_database_is_told(store: Store, database_kind: str) -> None:
    assert store.engine_name == database_kind
    assert store.is_sqlite is (database_kind == "sqlite")


def test_the_embedded_store_survives_a_power_cut_and_keeps_its_references(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")

    with store.read() as transaction:
        found = {
            name: transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize("url", ["", "sqlite", "okänd://x/y", "postgresql+finnsinte://x/y"])
def test_a_bad_url_is_a_store_error(url: str) -> None:
    with pytest.raises(StoreError, match="database URL"):
        open_store(url)


def test_an_error_tells_nothing_of_what_was_to_be_written(store: Store) -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - that is the fault

    with pytest.raises(StoreError) as caught, store.write() as transaction:
        journal.write(transaction, naive, Entry(actor="Sven Svensson", act="bor på Storgatan 1"))

    told = "".join(traceback.format_exception(caught.value))
    assert str(caught.value) == "StatementError: a time without zone can not be kept"
    assert "Sven Svensson'" not in told
    assert "parameters: [{" not in told


def test_an_error_tells_nothing_when_the_database_itself_refuses(store: Store) -> None:
    with pytest.raises(StoreError) as caught, store.write() as transaction:
        journal.write(transaction, NOW, Entry(actor="Sven", act="bor på Storgatan 1", case_id=4711))

    told = "".join(traceback.format_exception(caught.value))
    assert "bor på Storgatan 1'" not in told
    assert "4711" not in str(caught.value)


def test_an_error_of_the_database_tells_no_values(store: Store) -> None:
    with store.write() as transaction:
        transaction.connection.execute(counters.insert().values(series="Sven Svensson", value=1))

    with pytest.raises(StoreError) as caught, store.write() as transaction:
        transaction.connection.execute(counters.insert().values(series="Sven Svensson", value=1))

    assert "IntegrityError" in str(caught.value)
    assert "Sven" not in str(caught.value)


def test_a_closed_database_is_a_store_error_when_read(store: Store) -> None:
    with pytest.raises(StoreError), store.read() as transaction:
        transaction.rows(text("SELECT * FROM finns_inte"))


def test_references_are_kept(store: Store) -> None:
    with pytest.raises(StoreError), store.write() as transaction:
        transaction.connection.execute(
            text(
                "INSERT INTO repeats (message_id, channel, account, external_id, envelope_to, received_at)"
                " VALUES (4711, 'a', 'b', 'c', '[]', '2026-11-23 00:00:00')"
            )
        )


def test_a_new_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "ny.db"

    opened = open_store(f"sqlite:///{file}")
    upgrade(opened)
    opened.close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
