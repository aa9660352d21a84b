"""`synpunkt verify` from the outside, and messages that are read again (rows B10, B19, R7)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text, update

from bots.cli import main
from bots.desk.judge import Surroundings
from bots.desk.replay import replay
from store import sealing
from store.engine import Store, open_store
from store.tables import messages
from store.verify import Tally
from tests.bots.test_cli import CONFIG
from tests.house import FRONT, TOWN, House, PlainReader, an_inbound

SURROUNDINGS = Surroundings(own=(TOWN,), form_senders=("form@eservice.example",), trusted=FRONT)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a house with one case by way of the command line."""
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(an_inbound(text="Gungan i parken är trasig.").raw)
    assert main(["receive", "--config", str(file), str(mail)]) == 0
    return file


def _by_hand(config: Path, statement: str) -> None:
    """Change a row as somebody would who may do all, and knows of the triggers."""
    store = open_store(f"sqlite:///{config.parent / 'synpunkt.db'}")
    with store.write() as transaction:
        triggers = transaction.rows(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for row in triggers:
            transaction.connection.exec_driver_sql(f"DROP TRIGGER {row['name']}")
        transaction.connection.execute(text(statement))
        for row in triggers:
            transaction.connection.exec_driver_sql(row["sql"])
    store.close()


def test_b19_a_record_that_nobody_has_touched_is_proved(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert main(["verify", "--config", str(config)]) == 0

    said = capsys.readouterr().out
    assert "0 fel" in said
    assert "omlästa meddelanden 1" in said
    assert "journalens öppna nyckel: " in said
    assert "fel  " not in said


def test_b19_each_fault_is_a_line_that_names_its_row_and_the_status_tells(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _by_hand(config, "UPDATE cases SET title = 'Annat'")
    capsys.readouterr()

    assert main(["verify", "--config", str(config)]) == 1

    said = capsys.readouterr().out
    number = said.partition("(")[2].partition(")")[0]
    assert (
        f"fel  cases 1 ({number}): raden stämmer inte med sin försegling: den är ändrad utanför programmet\n"
        in said
    )
    assert "1 fel" in said


def test_what_was_found_can_be_had_as_json(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _by_hand(config, "UPDATE counters SET value = 3")
    capsys.readouterr()

    assert main(["verify", "--json", "--no-replay", "--config", str(config)]) == 1

    told = json.loads(capsys.readouterr().out)
    assert [fault["table"] for fault in told["faults"]] == ["counters", "counters"]
    assert told["counts"]["ärenden"] == 1


def test_another_public_key_than_the_one_written_down_is_a_fault(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--public-key", "00" * 32, "--config", str(config)]) == 1

    assert "är en annan än den som du har angett" in capsys.readouterr().out


def test_a_lost_key_is_told_with_its_remedy(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "synpunkt.db.key").unlink()

    assert main(["check", "--config", str(config)]) == 78

    said = capsys.readouterr().err
    assert "lägg tillbaka den ur säkerhetskopian" in said


@pytest.mark.parametrize(
    ("column", "what"),
    [("from_addr", "avsändaren"), ("subject", "ämnet"), ("message_id", "Message-ID")],
)
async def test_b10_a_message_whose_bytes_say_something_else_than_its_row_is_found(
    make_house: Callable[..., House], store: Store, column: str, what: str
) -> None:
    house = make_house()
    await house.hear(an_inbound())
    assert _replayed(store) == []

    with store.write() as transaction:
        transaction.connection.execute(update(messages).values({column: "x"}))

    assert _replayed(store) == [f"messages 1: byten ger något annat än raden säger: {what}"]


async def test_b10_a_message_of_another_name_than_its_bytes_give_is_found(house: House, store: Store) -> None:
    await house.hear(an_inbound())
    with store.write() as transaction:
        transaction.connection.execute(text("UPDATE messages SET dedupe_key = 'mail:x', case_id = NULL"))

    assert _replayed(store) == [
        "messages 1: byten ger ett annat namn än det som står på raden",
        "messages 1: leder inte till något ärende",
    ]


async def test_a_text_that_is_read_in_another_way_now_is_a_remark(house: House, store: Store) -> None:
    await house.hear(an_inbound())
    with store.write() as transaction:
        transaction.connection.execute(text("UPDATE messages SET text = 'x'"))
    tally = Tally()

    faults = list(replay(store, PlainReader(), SURROUNDINGS, tally))

    assert faults == []
    assert tally.remarks == ["1 meddelanden ger en annan text i den här versionen av programmet"]


def _replayed(store: Store) -> list[str]:
    return [str(fault) for fault in replay(store, PlainReader(), SURROUNDINGS, Tally(), at_once=1)]


def test_the_seals_are_made_for_every_table_of_a_house(house: House, store: Store) -> None:
    with store.read() as transaction:
        assert sealing.missing_triggers(transaction) == []
