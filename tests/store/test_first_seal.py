"""Rows of a time before there were seals get theirs while an older release goes on writing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from store import first_seal, sealing
from store.engine import Store, open_store
from store.migrations import climb_to, is_current, newest, prepare, step_of, upgrade
from store.seal_key import KeyPlace

_BEFORE_SEALS = "0010"
_COUNTER = "INSERT INTO counters VALUES ('SYN-20{0}', {0})"


@pytest.fixture
def old(bare_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Open a database of an older release, with rows that no key has sealed; a page holds three of them."""
    monkeypatch.setattr(first_seal, "_PAGE", 3)
    store = open_store(bare_url, seal_key=KeyPlace(file=tmp_path / "seal.key"))
    with store.engine.begin() as connection:
        climb_to(connection, _BEFORE_SEALS)
    _write(store, *(_COUNTER.format(year) for year in range(10, 18)))
    _write(store, "INSERT INTO positions VALUES ('a', 'INBOX', 1, 1)")
    yield store
    store.close()


def _write(store: Store, *statements: str) -> None:
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _by_an_older_release(url: str, *statements: str) -> None:
    """Write without the key and without the function that the real triggers call."""
    plain = open_store(url, seal_key=KeyPlace())
    _write(plain, *statements)
    plain.close()


def _unlike(store: Store) -> list[str]:
    with store.read() as transaction:
        sealing.speak_plainly(transaction)
        return [
            f"{form.table} {key}"
            for form in sealing.forms()
            for key in [*dict(sealing.unlike(transaction, form)), *sealing.gone(transaction, form)]
        ]


def _odd_lines(store: Store) -> list[str]:
    with store.read() as transaction:
        asked = text("SELECT how FROM changes WHERE how NOT IN ('', 'uppgradering')")
        return [row["how"] for row in transaction.rows(asked)]


def test_every_row_of_an_older_database_is_sealed_page_by_page(old: Store) -> None:
    is_done = prepare(old)
    with old.read() as transaction:
        lines = transaction.rows(text("SELECT key FROM changes WHERE subject = 'counters' ORDER BY id"))

    upgrade(old)

    assert is_done is False
    assert [row["key"] for row in lines] == [f"SYN-20{year}" for year in range(10, 18)]
    assert (is_current(old), sealing.is_current(old), _unlike(old), _odd_lines(old)) == (True, True, [], [])


def test_what_an_older_release_writes_changes_and_removes_meanwhile_is_sealed_at_the_end(
    old: Store, bare_url: str
) -> None:
    prepare(old)

    _by_an_older_release(
        bare_url,
        "INSERT INTO counters VALUES ('SYN-2018', 1)",
        "UPDATE counters SET value = 99 WHERE series = 'SYN-2011'",
        "DELETE FROM counters WHERE series = 'SYN-2012'",
        "INSERT INTO counters VALUES ('SYN-2019', 1)",
        "DELETE FROM counters WHERE series = 'SYN-2019'",
    )
    upgrade(old)

    assert (_unlike(old), _odd_lines(old)) == ([], [])
    with old.read() as transaction:
        assert sealing.missing_triggers(transaction) == []
        left = transaction.rows(text("SELECT how FROM changes WHERE length(digest) = 0"))
    assert len(left) == 5  # the notes, which newer lines have taken the place of


def test_rows_are_not_sealed_twice_when_the_end_comes_later(old: Store) -> None:
    prepare(old)
    prepare(old)
    upgrade(old)
    upgrade(old)

    with old.read() as transaction:
        counted = transaction.rows(text("SELECT count(*) AS n FROM changes WHERE subject = 'counters'"))
    assert counted == [{"n": 8}]


def test_what_was_broken_off_in_the_middle_is_begun_again(
    old: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_of: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(first_seal, "_end_of_page", broken)
        prepare(old)
    assert step_of(old) == newest()

    upgrade(old)

    assert (_unlike(old), _odd_lines(old)) == ([], [])


def test_a_row_changed_by_hand_after_that_is_found_as_ever(old: Store) -> None:
    upgrade(old)
    with old.write() as transaction:
        sealing.drop_triggers(transaction)
        transaction.connection.execute(text("UPDATE counters SET value = 7 WHERE series = 'SYN-2013'"))

    assert _unlike(old) == ["counters SYN-2013"]


def test_a_new_database_and_a_sealed_one_are_left_to_the_one_transaction(
    bare_url: str, tmp_path: Path
) -> None:
    store = open_store(bare_url, seal_key=KeyPlace(file=tmp_path / "seal.key"))

    first = prepare(store)
    steps = step_of(store)
    upgrade(store)
    second = prepare(store)

    assert (first, steps, second) == (False, "", True)
    store.close()
