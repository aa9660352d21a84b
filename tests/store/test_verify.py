"""What somebody changes by SQL is found, and named (rows B19, R7)."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from store import sealing, seals
from store.engine import Joined, Store, Transaction, open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace, in_memory
from store.tables import answers
from store.verify import Tally, prove
from tests.conftest import ENGINES
from tests.house import NOW, Scripted, a_suggestion, an_inbound, open_house
from tests.servers.lent import Lender

ROW = "raden stämmer inte med sin försegling: den är ändrad utanför programmet"


@dataclass(frozen=True)
class Tampering:
    """What is done by hand, and a fault that must then be among those that are found."""

    name: str
    does: tuple[str, ...]
    found: str


FIRST = "cases 1 (SYN-2026-000001)"
TAMPERINGS = (
    Tampering("a title", ("UPDATE cases SET title = 'Annat' WHERE id = 1",), f"{FIRST}: {ROW}"),
    Tampering("a status", ("UPDATE cases SET status = 'avslutad' WHERE id = 1",), f"{FIRST}: {ROW}"),
    Tampering("R", ("UPDATE cases SET received_at = '2026-11-24 08:00:00' WHERE id = 1",), f"{FIRST}: {ROW}"),
    Tampering("a handler", ("UPDATE cases SET handler = 'ingen' WHERE id = 1",), f"{FIRST}: {ROW}"),
    Tampering("a promise", ("UPDATE promises SET due_on = '2027-01-31' WHERE id = 1",), f"promises 1: {ROW}"),
    Tampering("an answer", ("UPDATE answers SET text = 'Nej.' WHERE id = 1",), f"answers 1: {ROW}"),
    Tampering(
        "a line of the journal taken away",
        ("DELETE FROM journal WHERE id = 2",),
        "journal 2: raden är borttagen utanför programmet",
    ),
    Tampering(
        "a line of the journal", ("UPDATE journal SET actor = 'anna' WHERE id = 1",), f"journal 1: {ROW}"
    ),
    Tampering(
        "a line of the journal put in",
        (
            "INSERT INTO journal (id, at, actor, act, details)"
            " VALUES (999, '2026-11-23 09:00:00', 'anna', 'ärende läst', '{}')",
        ),
        "journal 999: raden har ingen försegling: den är inlagd utanför programmet",
    ),
    Tampering(
        "the times of two lines swapped",
        (
            "UPDATE journal SET at = (SELECT max(at) FROM journal) WHERE id = 1",
            "UPDATE journal SET at = (SELECT min(at) FROM journal WHERE id > 1)"
            " WHERE id = (SELECT max(id) FROM journal)",
        ),
        f"journal 1: {ROW}",
    ),
    Tampering(
        "a case taken away",
        ("DELETE FROM cases WHERE id = 2",),
        "cases serie SYN-2026: nummer 2 saknas i serien",
    ),
    Tampering(
        "a message taken away",
        ("DELETE FROM messages WHERE id = 1",),
        f"{FIRST}: inget meddelande leder till ärendet",
    ),
    Tampering(
        "the bytes that came",
        (
            "UPDATE blobs SET data = CAST('x' AS {bytes})"
            " WHERE sha256 = (SELECT sha256 FROM messages WHERE id = 1)",
        ),
        "byten är inte de som kom: summan stämmer inte",
    ),
    Tampering(
        "the bytes that came, and their sum",
        (
            "INSERT INTO blobs (sha256, size, data, kept_at) VALUES"
            " ('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', 1, CAST('x' AS {bytes}),"
            " '2026-11-23 09:00:00')",
            "UPDATE messages SET"
            " sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' WHERE id = 1",
        ),
        f"messages 1: {ROW}",
    ),
    Tampering(
        "another number",
        ("UPDATE cases SET number = 'SYN-2026-000009' WHERE id = 2",),
        "cases 2 (SYN-2026-000009): numret stämmer inte med plats 2 i serien SYN-2026",
    ),
    Tampering(
        "a gap",
        ("UPDATE cases SET number = 'SYN-2026-000007', sequence = 7 WHERE id = 3",),
        "cases serie SYN-2026: nummer 3–6 saknas i serien",
    ),
    Tampering(
        "the counter turned back",
        ("UPDATE counters SET value = 2",),
        "counters SYN-2026: räknaren står på 2 men serien slutar på 3",
    ),
    Tampering(
        "a letter that has gone", ("UPDATE letters SET body = 'Nej.' WHERE id = 1",), f"letters 1: {ROW}"
    ),
    Tampering(
        "where a letter went",
        ("UPDATE letters SET handle = 'x@example.org' WHERE id = 1",),
        f"letters 1: {ROW}",
    ),
    Tampering(
        "what the model said",
        ("UPDATE suggestions SET kind = 'beröm' WHERE id = 1",),
        f"suggestions 1: {ROW}",
    ),
    Tampering(
        "a link taken away", ("DELETE FROM seals WHERE number = 1",), "seals länk 2: länkarna 1–1 saknas"
    ),
    Tampering(
        "a link",
        ("UPDATE seals SET count = count - 1 WHERE number = 1",),
        "seals länk 1: är ändrad: summan stämmer inte",
    ),
    Tampering(
        "the signature of a link",
        ("UPDATE seals SET signature = (SELECT signature FROM seals WHERE number = 2) WHERE number = 1",),
        "seals länk 1: har en signatur som inte är äkta",
    ),
    Tampering(
        "the end of the chain cut off",
        (
            "DELETE FROM changes WHERE id > (SELECT up_to FROM seals WHERE number = 1)",
            "DELETE FROM seals WHERE number = 2",
        ),
        "seals länk 2: står i filen med länkar men inte i databasen, som slutar vid 1: "
        "databasen är äldre än filen, eller slutet är bortklippt",
    ),
    Tampering(
        "a line of the chain taken away",
        ("DELETE FROM changes WHERE id = 3",),
        "changes länk 1: raderna är inte de som förseglades",
    ),
    Tampering(
        "a line forged without the key",
        (
            "UPDATE cases SET title = 'Annat' WHERE id = 1",
            "INSERT INTO changes (id, subject, key, digest) VALUES"
            " ((SELECT max(id) + 1 FROM changes), 'cases', '1', CAST('0123456789abcdef' AS {bytes}))",
        ),
        f"{FIRST}: {ROW}",
    ),
    Tampering(
        "an old line of the same row laid in again, with the row as it then was",
        (
            "UPDATE counters SET value = 1",
            "INSERT INTO changes (id, subject, key, digest)"
            " SELECT (SELECT max(id) + 1 FROM changes), subject, key, digest FROM changes"
            " WHERE id = (SELECT min(id) FROM changes WHERE subject = 'counters')",
        ),
        f"counters SYN-2026: {ROW}",
    ),
    Tampering(
        "the mark of the key",
        ("UPDATE seal_facts SET value = '0123456789abcdef' WHERE name = 'nyckel'",),
        "är inte den som raderna är förseglade med: ingen rad kan prövas",
    ),
)


@pytest.fixture(scope="module", params=ENGINES)
def kept(
    request: pytest.FixtureRequest, sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Keep three cases, one of them answered, in a chain of two links."""
    place = tmp_path_factory.mktemp("kept")
    if request.param == "postgresql":
        lender: Lender = request.getfixturevalue("lender")
        url = lender.database()
        store = open_store(url, seal_key=KeyPlace(file=place / "a.key", log=place / "a.seals"))
    else:
        shutil.copy(sqlite_model, place / "a.db")
        store = open_store(f"sqlite:///{place / 'a.db'}")
    upgrade(store)
    _fill(store)
    yield store
    store.close()


def _fill(store: Store) -> None:
    house = open_house(store, suggester=Scripted(a_suggestion()))

    async def hear() -> None:
        for number in (1, 2, 3):
            text = f"Gungan i parken är trasig, nummer {number}."
            await house.hear(an_inbound(text=text, message_id=f"<{number}@example.org>"))
            if number == 1:
                with store.write() as transaction:
                    transaction.connection.execute(insert(answers).values(_AN_ANSWER))
            house.clock.forward(minutes=1)
            if number < 3:
                seals.seal(store, NOW + timedelta(minutes=number))

    asyncio.run(hear())
    house.opinion.close()


_AN_ANSWER = {
    "case_id": 1,
    "round": 1,
    "text": "Gungan är lagad.",
    "way": "brev",
    "outcome": "åtgärdat",
    "has_contact": True,
    "keeps_promise": True,
    "written_by": "anna",
    "written_at": NOW,
}


def _found(store: Store) -> list[str]:
    return [str(fault) for fault in prove(store, Tally())]


def _by_hand(transaction: Transaction, statements: tuple[str, ...]) -> None:
    """Do it as somebody would who may do all in the database, and knows of the triggers."""
    run = transaction.connection.exec_driver_sql
    if transaction.connection.dialect.name == "sqlite":
        triggers = transaction.rows(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        run("PRAGMA defer_foreign_keys = ON")
        for row in triggers:
            run(f"DROP TRIGGER {row['name']}")
        for statement in statements:
            run(statement.format(bytes="BLOB") if "CAST(" in statement else statement)
        for row in triggers:
            run(row["sql"])
        return
    run("SET LOCAL session_replication_role = replica")
    for statement in statements:
        run(statement.format(bytes="bytea") if "CAST(" in statement else statement)


class _Undone(Exception):
    """Nothing of it is committed."""


def _found_after(store: Store, statements: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    with pytest.raises(_Undone), store.write() as transaction:
        _by_hand(transaction, statements)
        found = _found(Joined(store.engine, seal_key=store.seal_key, transaction=transaction))
        raise _Undone
    return found


def test_what_nobody_has_touched_is_found_to_be_whole(kept: Store) -> None:
    tally = Tally()

    faults = list(prove(kept, tally))

    assert faults == []
    assert (tally.counts["länkar"], tally.counts["nummer"], tally.counts["ärenden"]) == (2, 3, 3)
    assert tally.counts["förseglade rader"] > 20


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
def test_what_is_changed_by_sql_is_found_and_named(kept: Store, tampering: Tampering) -> None:
    found = _found_after(kept, tampering.does)

    assert [line for line in found if tampering.found in line] != [], found


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(choice=st.randoms(use_true_random=False))
def test_whatever_cell_of_the_record_is_changed_to_whatever_its_row_is_named(
    kept: Store, choice: Random
) -> None:
    with kept.read() as transaction:
        filled = [form for form in sealing.forms() if _ids(transaction, form.table)]
        form = choice.choice(filled)
        row = choice.choice(_ids(transaction, form.table))
    column = choice.choice([name for name in form.columns if name not in form.key])
    value = choice.choice(["'ändrad'", "-7", "1.5", "x'00'", "'2026-11-23 09:00:00.000000'"])
    where = f'rowid = {row} AND "{column}" IS NOT {value}'

    found = _found_after(kept, (f'UPDATE "{form.table}" SET "{column}" = {value} WHERE {where}',))  # noqa: S608

    assert [line for line in found if line.startswith(f"{form.table} ") and ROW in line] != [], column


def _ids(transaction: Transaction, table: str) -> list[int]:
    return list(transaction.connection.scalars(text(f'SELECT rowid FROM "{table}"')))  # noqa: S608


def test_a_row_that_is_put_back_as_it_was_is_whole_again(kept: Store) -> None:
    assert _found_after(kept, ("UPDATE cases SET title = title || '' WHERE id = 1",)) == []


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_the_same_number_twice_is_found_where_what_forbids_it_was_dropped(kept: Store) -> None:
    found = _found_after(
        kept,
        (
            "DO $$ DECLARE one text; BEGIN FOR one IN SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'cases'::regclass AND contype = 'u'"
            " LOOP EXECUTE 'ALTER TABLE cases DROP CONSTRAINT ' || one; END LOOP; END $$",
            "UPDATE cases SET sequence = 2, number = 'SYN-2026-000002' WHERE id = 3",
        ),
    )

    assert "cases 3 (SYN-2026-000002): numret finns två gånger" in found


def test_a_trigger_that_is_switched_off_is_found(kept: Store) -> None:
    name = "seal_cases_update" if kept.is_sqlite else "seal_cases"
    how = f"DROP TRIGGER {name}" if kept.is_sqlite else f"ALTER TABLE cases DISABLE TRIGGER {name}"
    found: list[str] = []

    with pytest.raises(_Undone), kept.write() as transaction:
        transaction.connection.exec_driver_sql(how)
        found = _found(Joined(kept.engine, seal_key=kept.seal_key, transaction=transaction))
        raise _Undone

    assert found == [f"utlösare {name}: saknas, är avstängd eller ändrad"]


def test_another_key_than_that_of_the_rows_is_found(kept: Store) -> None:
    with kept.read() as transaction:
        found = _found(Joined(kept.engine, seal_key=in_memory(), transaction=transaction))

    assert found[:1] == ["seals länk 1: är signerad med en annan nyckel än tjänstens"]
    assert found[-1].endswith("är inte den som raderna är förseglade med: ingen rad kan prövas")


def test_a_database_put_back_to_an_older_state_is_found(sqlite_model: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_model, tmp_path / "a.db")
    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        upgrade(store)
        _fill(store)
    shutil.copy(tmp_path / "a.db", tmp_path / "older.db")
    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        seals.seal(store, NOW + timedelta(hours=1))
    shutil.copy(tmp_path / "older.db", tmp_path / "a.db")

    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        found = _found(store)

    assert [line.partition(",")[0] for line in found] == [
        "seals länk 3: står i filen med länkar men inte i databasen"
    ]


def test_a_shell_that_drops_the_triggers_and_writes_is_found(sqlite_model: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_model, tmp_path / "a.db")
    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        upgrade(store)
        _fill(store)
    with closing(sqlite3.connect(tmp_path / "a.db")) as shell:
        shell.execute("DROP TRIGGER seal_cases_update")
        shell.execute("UPDATE cases SET title = 'Annat' WHERE id = 1")
        shell.commit()

    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        found = _found(store)
        upgrade(store)
        later = _found(store)

    assert found == ["utlösare seal_cases_update: saknas, är avstängd eller ändrad", f"{FIRST}: {ROW}"]
    assert later == [
        "utlösare seal_cases_update: utlösaren saknades eller var ändrad när tjänsten startade",
        "cases 1: stämde inte med sin försegling när tabellerna senast gjordes om",
    ]


def test_a_link_is_made_only_where_something_has_been_written(store: Store) -> None:
    upgrade(store)
    with store.write() as transaction:
        transaction.connection.execute(text("INSERT INTO counters (series, value) VALUES ('SYN-2026', 1)"))

    first = seals.seal(store, NOW)
    second = seals.seal(store, NOW)

    assert first is not None
    assert (first.number, first.count, second) == (1, 1, None)


def test_each_link_stands_in_the_file_beside_the_database(kept: Store) -> None:
    assert kept.seal_key.log is not None

    noted = list(seals.noted(kept.seal_key.log))

    with kept.read() as transaction:
        rows = list(seals.links(transaction))
    assert [(one.number, one.sum, one.signature) for one in noted] == [
        (row["number"], row["sum"], row["signature"]) for row in rows
    ]
    assert {one.public_key for one in noted} == {seals.public_key(kept)}
