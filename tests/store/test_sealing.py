"""Each row of the record leaves a line that only the program can make (row B19)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from store import sealing
from store.engine import Store, StoreError, Transaction, open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace, SealKey, SealKeyError, in_memory
from store.tables import counters, journal, metadata
from tests.house import NOW
from tests.servers.lent import Lender

_COUNTED = insert(counters).values(series="SYN-2026", value=1)


def _unlike(store: Store) -> list[str]:
    with store.read() as transaction:
        sealing.speak_plainly(transaction)
        return [
            f"{form.table} {key}"
            for form in sealing.forms()
            for key in [
                *(one for one, _ in sealing.unlike(transaction, form)),
                *sealing.gone(transaction, form),
            ]
        ]


def _lines(store: Store) -> list[tuple[str, str, str]]:
    with store.read() as transaction:
        rows = transaction.rows(text("SELECT subject, key, how FROM changes ORDER BY id"))
    return [(row["subject"], row["key"], row["how"]) for row in rows]


def _sure(store: Store, work: Callable[[Transaction], object]) -> None:
    with store.write() as transaction:
        work(transaction)


def test_every_table_is_sealed_or_said_not_to_be() -> None:
    sealed = {form.table for form in sealing.forms()}

    assert set(sealing.UNSEALED) <= set(metadata.tables)
    assert set(sealing.VOLATILE) <= sealed
    for name, columns in sealing.VOLATILE.items():
        assert columns <= set(metadata.tables[name].columns.keys())
    assert {"cases", "messages", "journal", "answers", "letters", "promises", "counters"} <= sealed


def test_what_the_program_writes_changes_and_removes_leaves_a_line_each(store: Store) -> None:
    _sure(store, lambda one: one.connection.execute(_COUNTED))
    _sure(store, lambda one: one.connection.execute(update(counters).values(value=2)))
    after_change = _unlike(store)
    _sure(store, lambda one: one.connection.execute(counters.delete()))

    assert _lines(store) == [("counters", "SYN-2026", "")] * 3
    assert (after_change, _unlike(store)) == ([], [])


def test_a_shell_on_sqlite_can_not_write_a_row_of_the_record(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(store)
    _sure(store, lambda one: one.connection.execute(_COUNTED))

    with (
        sqlite3.connect(tmp_path / "a.db") as shell,
        pytest.raises(sqlite3.OperationalError, match="no such function: sealed"),
    ):
        shell.execute("UPDATE counters SET value = 7")
    shell.close()

    assert _unlike(store) == []
    store.close()


def test_a_row_that_was_changed_past_the_triggers_does_not_match_its_line(store: Store) -> None:
    _sure(store, lambda one: one.connection.execute(_COUNTED))

    with store.write() as transaction:
        before = sealing.before(transaction)
        transaction.connection.execute(update(counters).values(value=7))
        sealing.after(transaction, before, None)

    assert _unlike(store) == ["counters SYN-2026"]


def test_an_upgrade_seals_anew_what_it_changes_but_never_hides_what_was_wrong_before(store: Store) -> None:
    upgrade(store)
    with store.write() as transaction:
        mark = sealing.mark_of(transaction)
        transaction.connection.execute(_COUNTED)
        transaction.connection.execute(insert(counters).values(series="SYN-2025", value=1))
        sealing.before(transaction)
        transaction.connection.execute(
            update(counters).where(counters.c.series == "SYN-2025").values(value=9)
        )
        sealing.after(transaction, {}, None)

    with store.write() as transaction:
        wrong = sealing.before(transaction)
        transaction.connection.execute(
            update(counters).where(counters.c.series == "SYN-2026").values(value=2)
        )
        sealing.after(transaction, wrong, mark)

    assert _lines(store)[-2:] == [("counters", "SYN-2025", "fel"), ("counters", "SYN-2026", "uppgradering")]
    assert _unlike(store) == []


def test_a_trigger_that_was_gone_is_made_again_and_noted_for_ever(store: Store) -> None:
    on = "" if store.is_sqlite else " ON cases"
    name = "seal_cases_update" if store.is_sqlite else "seal_cases"
    _sure(store, lambda one: one.connection.execute(text(f"DROP TRIGGER {name}{on}")))
    with store.read() as transaction:
        missing = sealing.missing_triggers(transaction)

    upgrade(store)

    with store.read() as transaction:
        left = sealing.missing_triggers(transaction)
    assert (missing, left) == ([name], [])
    assert _lines(store) == [("utlösare", name, "utlösare")]


@pytest.mark.parametrize("act", ["UPDATE journal SET actor = 'ingen'", "DELETE FROM journal"])
def test_a_line_of_the_journal_is_never_changed_nor_removed_by_the_program_either(
    store: Store, act: str
) -> None:
    line = insert(journal).values(at=NOW, actor="anna", act="ärende läst", details={})
    _sure(store, lambda one: one.connection.execute(line))

    with pytest.raises(StoreError):
        _sure(store, lambda one: one.connection.execute(text(act)))


@pytest.mark.postgres
def test_what_is_written_on_postgresql_without_the_key_is_noted_as_written_by_hand(
    lender: Lender, tmp_path: Path
) -> None:
    url = lender.database()
    place = KeyPlace(file=tmp_path / "seal.key")
    store = open_store(url, seal_key=place)
    upgrade(store)
    _sure(store, lambda one: one.connection.execute(_COUNTED))
    by_hand = open_store(url)

    _sure(by_hand, lambda one: one.connection.execute(update(counters).values(value=7)))

    by_hand.close()
    assert _lines(store) == [("counters", "SYN-2026", ""), ("counters", "SYN-2026", "för hand")]
    assert _unlike(store) == ["counters SYN-2026"]
    store.close()


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(first)
    made = (tmp_path / "a.db.key").read_text()
    second = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(second)

    assert (tmp_path / "a.db.key").read_text() == made
    assert (tmp_path / "a.db.key").stat().st_mode & 0o777 == 0o600
    assert len(made.strip()) == 64
    first.close()
    second.close()


def test_a_key_that_is_gone_is_told_and_none_is_made_instead(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(store)
    store.close()
    (tmp_path / "a.db.key").unlink()
    again = open_store(f"sqlite:///{tmp_path / 'a.db'}")

    with pytest.raises(StoreError, match="saknas"):
        upgrade(again)
    with pytest.raises(StoreError):
        _sure(again, lambda one: one.connection.execute(_COUNTED))

    assert not (tmp_path / "a.db.key").exists()
    again.close()


def test_another_key_than_the_one_of_the_rows_is_told(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(store)
    store.close()
    other = open_store(f"sqlite:///{tmp_path / 'a.db'}", seal_key=in_memory())

    with pytest.raises(StoreError, match="inte den som raderna är förseglade med"):
        upgrade(other)

    other.close()


def test_a_short_key_is_refused() -> None:
    with pytest.raises(SealKeyError, match="för kort"):
        _ = KeyPlace(text=lambda: "hemlig").key


def test_the_digest_of_a_row_tells_what_is_text_from_what_is_a_number_or_nothing() -> None:
    key = SealKey(b"x" * 32)

    digests = {key.digest("t", "1", value) for value in (1, "1", 1.5, "1.5", None, "None", b"1", "")}

    assert len(digests) == 8
    assert {len(one) for one in digests} == {16}
    assert key.digest("t", "1", "å") == SealKey(b"x" * 32).digest("t", "1", "å")
    assert key.digest("t", "1", "å") != SealKey(b"y" * 32).digest("t", "1", "å")


@pytest.mark.parametrize("database_kind", ["sqlite"])  # where a join on a key that is made for it reads all
def test_a_record_four_times_as_large_takes_no_more_than_its_share_of_steps(store: Store) -> None:
    def steps(lines: int) -> int:
        row = {"at": NOW, "actor": "anna", "act": "ärende läst", "details": {}}
        taken: list[None] = []
        with store.write() as transaction:
            transaction.connection.execute(insert(journal), [row] * lines)
            bare: Any = transaction.connection.connection.dbapi_connection
            bare.set_progress_handler(lambda: taken.append(None), 100)
            for form in sealing.forms():
                assert [*sealing.unlike(transaction, form), *sealing.gone(transaction, form)] == []
            bare.set_progress_handler(None, 0)
        return len(taken)

    few, many = steps(300), steps(900)

    assert many < 8 * few  # of steps that grow with the square there would be sixteen times as many
