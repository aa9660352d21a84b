"""The command `upgrade`: what it says, and what it leaves to the restart."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bots import exits
from bots.cli import main
from store.alone import alone
from store.engine import Store, open_store
from store.migrations import climb_to, is_current, is_sealed, newest, step_of, upgrade
from tests.bots.test_cli import CONFIG


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet bara för prov, trettiotvå")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return file


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path / 'synpunkt.db'}")) as opened:
        yield opened


def run(config: Path, command: str = "upgrade") -> int:
    return main([command, "--config", str(config)])


def test_the_tables_of_an_older_release_are_brought_up_to_date(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.engine.begin() as connection:
        climb_to(connection, "0010")

    first, told = run(config), capsys.readouterr().out
    second, again = run(config), capsys.readouterr().out

    assert (first, second) == (exits.OK, exits.OK)
    assert told.startswith(f"tabellerna är gjorda om från steg 0010 till {newest()} på ")
    assert again == f"tabellerna är redan den här versionens (steg {newest()})\n"
    assert (is_current(store), is_sealed(store)) == (True, True)


def test_beside_a_service_that_seals_nothing_the_last_part_is_left_to_the_restart(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.engine.begin() as connection:
        climb_to(connection, "0010")

    with alone(store):
        status = run(config)
    told, before = capsys.readouterr().out, is_sealed(store)
    upgrade(store)

    assert (status, before) == (exits.OK, False)
    assert told.startswith(f"förberett från steg 0010 till {newest()} på ")
    assert "det sista görs när tjänsten startas om" in told
    assert (is_current(store), is_sealed(store)) == (True, True)


def test_a_service_that_seals_its_rows_is_no_hindrance(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(store)
    with store.write() as transaction:
        transaction.connection.execute(text("DELETE FROM seal_facts WHERE name = 'tabell:counters'"))

    with alone(store):
        status = run(config)

    assert (status, is_current(store)) == (exits.OK, True)
    assert capsys.readouterr().out.startswith(f"tabellerna är gjorda om från steg {newest()} till ")


@pytest.mark.parametrize("command", ["upgrade", "run"])
def test_a_program_that_is_older_than_the_tables_says_so_and_is_not_started_again(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    upgrade(store)
    with store.write() as transaction:
        transaction.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    status = run(config, command)

    assert (status, step_of(store)) == (exits.CONFIG, "9999")
    assert "tabellerna är gjorda av en nyare version (steg 9999" in capsys.readouterr().err
