"""`synpunkt timeline`: what an incident is told from (row B19)."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.cli import main
from store import journal
from store.domain import Entry
from store.engine import open_store
from tests.bots.test_cli import CONFIG
from tests.house import an_inbound

WORDS = "Gungan i parken är trasig."


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a house with one case by way of the command line, once: each test has a time of its own."""
    folder = tmp_path_factory.mktemp("hus")
    file, mail = folder / "config.toml", folder / "mail.eml"
    file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    mail.write_bytes(an_inbound(text=WORDS).raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
        assert main(["receive", "--config", str(file), str(mail)]) == 0
        yield file


def told(config: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, str]]:
    capsys.readouterr()
    status = main(["timeline", "--config", str(config), *words])
    said = capsys.readouterr()
    assert said.out.startswith("\ufeffrad;tid;")
    rows = list(csv.DictReader(io.StringIO(said.out[1:]), delimiter=";"))
    assert status == 0
    assert said.err == f"{len(rows)} rader\n"
    return rows


def test_b19_a_period_tells_who_did_and_read_what_and_not_a_word_of_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{config.parent / 'synpunkt.db'}")
    entry = Entry(actor="anna", act=journal.READING, case_id=1, details={"vad": WORDS})
    before = Entry(actor="bo", act=journal.READING, case_id=1)
    with store.write() as transaction:
        journal.write(transaction, datetime(2026, 11, 23, 8, 30, tzinfo=UTC), entry)
        journal.write(transaction, datetime(2026, 11, 23, 7, 59, tzinfo=UTC), before)
    store.close()

    rows = told(config, capsys, "--from", "2026-11-23T09:00", "--to", "2026-11-23T10:00")

    assert [(row["tid"], row["vem"], row["vad"]) for row in rows] == [
        ("2026-11-23T09:30:00+01:00", "anna", "ärende läst")
    ]
    assert rows[0]["ärende"].endswith("-000001")
    assert WORDS not in str(rows)


def test_b19_no_spreadsheet_takes_an_actor_for_a_formula(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{config.parent / 'synpunkt.db'}")
    with store.write() as transaction:
        at = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
        journal.write(transaction, at, Entry(actor="=1+1", act="@SUM(A1)", case_id=1))
    store.close()

    (row,) = told(config, capsys, "--from", "2026-11-26", "--to", "2026-11-27")

    assert (row["vem"], row["vad"]) == ("'=1+1", "'@SUM(A1)")


def test_b19_one_person_and_one_case_can_be_asked_for(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = told(config, capsys, "--from", "2000-01-01")
    number = next(row["ärende"] for row in every if row["ärende"])

    of_case = told(config, capsys, "--from", "2000-01-01", "--case", number)
    of_nobody = told(config, capsys, "--from", "2000-01-01", "--who", "ingen")

    assert of_case == [row for row in every if row["ärende"] == number]
    assert of_nobody == []


def test_b19_that_it_was_taken_out_is_noted_and_stands_in_the_next_one(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(config, capsys, "--from", "2000-01-01")

    again = told(config, capsys, "--from", "2000-01-01", "--to", "2100-01-01")

    assert [row["vad"] for row in again if row["vem"] == "synpunkt"][-1] == "tidslinje uttagen"


def test_many_lines_come_in_their_order_and_each_once(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.timeline._BATCH", 3)
    store = open_store(f"sqlite:///{config.parent / 'synpunkt.db'}")
    begun = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    with store.write() as transaction:
        for minute in range(7):
            entry = Entry(actor=f"p{minute}", act=journal.READING)
            journal.write(transaction, begun + timedelta(minutes=minute), entry)
    store.close()

    rows = told(config, capsys, "--from", "2026-11-24T09:30", "--to", "2026-11-24T09:37")

    assert [row["vem"] for row in rows] == [f"p{minute}" for minute in range(7)]


@pytest.mark.parametrize("when", ["i går", "0001-01-01T00:00", "2026-13-01"])
def test_what_is_no_time_is_told_with_what_to_write(
    config: Path, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    assert main(["timeline", "--config", str(config), "--from", when]) == 65
    assert "2026-11-23T09:00" in capsys.readouterr().err
