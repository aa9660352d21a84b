"""The steps lead to the very tables that the code knows."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from store.alone import alone
from store.engine import Store, StoreError, open_store
from store.migrations import AnotherReleaseError, _config, is_current, prepare, upgrade
from store.tables import metadata

_OLD_MESSAGE = """
INSERT INTO messages (
    id, channel, account, external_id, dedupe_key, sha256, media_type, envelope_to, given, received_at,
    kept_at, state, attempts, from_addr, from_name, answer_to, subject, message_id, text, full_text,
    automatic, automatic_kind, attachments, verdicts, warnings
) VALUES (
    1, 'smtp', '', '', 'x', 'a', '', '[]', '{}', '2026-11-23',
    '2026-11-23', 'läst', 0, '', '', '', '', '', '', '',
    '', '', '[]', '[]', '[]'
)"""
_OLD_CASE = """
INSERT INTO cases (
    id, number, series, sequence, status, received_at, opened_at, title, channel, sender_channel,
    sender_handle, sender_name, language, unit, handler, routed_because, chosen_kind, kind, factor, lanes,
    quarantined_because, version
) VALUES (
    1, 'SYN-2026-000001', 'SYN-2026', 1, 'tilldelad', '2026-11-23', '2026-11-23', '', 'smtp', '',
    '', '', 'sv', '', 'anna', '', '', '', '', '[]',
    '', 1
)"""
_OLD_SUGGESTION = """
INSERT INTO suggestions (
    id, case_id, message_id, kind, kind_confidence, kind_sure, factor, factor_confidence, factor_sure,
    area, area_confidence, lanes, language, model, why, made_at
) VALUES (
    1, 1, 1, 'klagomål', 0.9, TRUE, 'Mat', 0.9, TRUE,
    '', 0, '[]', 'sv', 'ord-1', '[]', '2026-11-23'
)"""


def is_ours(name: str | None, *_of: object) -> bool:
    """Leave out the tables that SQLite makes for its full-text index."""
    return name is None or not name.startswith("search_index")


def is_for_all(connection: Connection) -> Callable[..., bool]:
    """Leave out the indexes that only PostgreSQL has."""
    left_out = (
        {"ix_search_words_words", "ix_promises_answer", "ix_cases_handler_id"}
        if connection.dialect.name == "sqlite"
        else set()
    )
    return lambda _object, name, *_of: name not in left_out


@pytest.fixture
def bare(bare_url: str) -> Iterator[Store]:
    store = open_store(bare_url)
    yield store
    store.close()


# SQLAlchemy does not read what SQLite has an index of, if that is no column; Alembic leaves it out as well.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_a_new_database_gets_just_the_tables_that_the_code_knows(bare: Store) -> None:
    upgrade(bare)

    with bare.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": is_ours, "include_object": is_for_all(connection)}
        context = MigrationContext.configure(connection, opts=opts)
        difference = compare_metadata(context, metadata)
        names = {name for name in inspect(connection).get_table_names() if is_ours(name)}
        connection.rollback()
    assert difference == []
    assert names == {*metadata.tables, "alembic_version"}


def test_bringing_up_to_date_twice_does_no_harm(bare: Store) -> None:
    before = is_current(bare)
    upgrade(bare)
    upgrade(bare)

    assert before is False
    assert is_current(bare) is True


def test_what_is_kept_survives_bringing_up_to_date_again(bare: Store) -> None:
    upgrade(bare)
    with bare.write() as transaction:
        transaction.connection.execute(
            metadata.tables["counters"].insert().values(series="SYN-2026", value=7)
        )

    upgrade(bare)

    with bare.read() as transaction:
        assert transaction.rows(metadata.tables["counters"].select()) == [{"series": "SYN-2026", "value": 7}]


def test_a_suggestion_from_before_the_vectors_has_an_empty_one(bare: Store) -> None:
    with bare.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(text("INSERT INTO blobs VALUES ('a', 1, :data, '2026-11-23')"), {"data": b"x"})
        connection.execute(text(_OLD_MESSAGE))
        connection.execute(text(_OLD_CASE))
        connection.execute(text(_OLD_SUGGESTION))

    upgrade(bare)

    with bare.read() as transaction:
        (row,) = transaction.rows(metadata.tables["suggestions"].select())
    assert row["vector"] == b""


def test_tables_of_a_newer_release_are_refused_in_words_that_say_what_to_do(bare: Store) -> None:
    upgrade(bare)
    with bare.write() as transaction:
        transaction.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for act in (upgrade, prepare):
        with pytest.raises(AnotherReleaseError, match=r"nyare version \(steg 9999, .*säkerhetskopian"):
            act(bare)


def test_a_running_service_makes_nobody_wait_who_brings_the_tables_up_to_date(bare_url: str) -> None:
    patience = "&options=-c%20lock_timeout%3D3s" if bare_url.startswith("postgresql") else ""
    store = open_store(bare_url + patience)

    with alone(store):
        upgrade(store)

    current = is_current(store)
    store.close()
    assert current is True


def test_several_processes_that_start_at_once_bring_it_up_to_date_together(bare_url: str) -> None:
    work = (
        "import sys; from store import engine, migrations; migrations.upgrade(engine.open_store(sys.argv[1]))"
    )
    command = [sys.executable, "-c", work, bare_url]

    starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=60)[1] for process in starting]

    store = open_store(bare_url)
    current = is_current(store)
    store.close()
    assert told == ["", "", ""]
    assert [process.returncode for process in starting] == [0, 0, 0]
    assert current is True


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////finns/inte/alls/synpunkt.db",
        "postgresql+psycopg://ingen@127.0.0.1:1/ingenting?connect_timeout=2",
    ],
)
def test_a_database_out_of_reach_is_a_store_error(url: str) -> None:
    store = open_store(url)

    with pytest.raises(StoreError):
        upgrade(store)

    store.close()


def test_a_promise_from_before_the_rounds_belongs_to_the_first(bare: Store) -> None:
    with bare.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(text(_OLD_CASE))
        connection.execute(
            text("INSERT INTO promises VALUES (1, 1, 'svar', '2026-12-07', 'T8', '[]', '2026-12-01')")
        )

    upgrade(bare)

    with bare.read() as transaction:
        (promise,) = transaction.rows(metadata.tables["promises"].select())
        (case,) = transaction.rows(metadata.tables["cases"].select())
    assert (promise["kind"], promise["round"], promise["clause"]) == ("svar", 1, "T8")
    assert (case["round"], case["serious"], case["service_note"], case["closed_at"]) == (1, False, "", None)


def test_b15_a_case_from_before_the_protected_is_not_protected_and_nobody_has_worded_its_title(
    bare: Store,
) -> None:
    with bare.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(text(_OLD_CASE))

    upgrade(bare)

    with bare.read() as transaction:
        (case,) = transaction.rows(metadata.tables["cases"].select())
    assert (case["protected"], case["titled_by"]) == (False, "")
