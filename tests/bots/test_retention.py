"""The commands `retention` and `extract`, and what `check` says of the rules (rows B16, B18)."""

import os
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import update

from bots.cli import main
from bots.desk.disposal import COLUMNS, protocol_csv
from bots.parts import open_store_of, retention_rules
from bots.retention import looked_over
from bots.settings import RetentionSettings, SettingsError, load
from store.domain import Status
from store.retention import Record, Start
from store.tables import cases
from tests.bots.test_cli import CONFIG
from tests.house import a_mail, rows_of

DECISION = "KS 2027-03-01 § 12"
RULE = f'\n[[retention]]\nrecord = "ärende"\nyears = 2\ndecision_ref = "{DECISION}"\n'
OLD = datetime(2019, 1, 1, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    (tmp_path / "mejl.eml").write_bytes(a_mail())
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path) + RULE, encoding="utf-8")
    return file


@pytest.fixture
def closed(config: Path) -> Path:
    """Leave one case behind that was closed long ago."""
    assert run(config, "receive", str(config.parent / "mejl.eml")) == 0
    with closing(open_store_of(load(config))) as store, store.write() as transaction:
        transaction.connection.execute(update(cases).values(status=Status.CLOSED, closed_at=OLD))
        transaction.connection.exec_driver_sql("UPDATE letters SET state = 'sänt'")
    return config


def run(config: Path, *arguments: str) -> int:
    return main([*arguments, "--config", str(config)])


def status(config: Path) -> str:
    with closing(open_store_of(load(config))) as store:
        (case,) = rows_of(store, "cases")
    return str(case["status"])


def test_b16_the_command_alone_shows_and_deletes_nothing(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert run(closed, "retention") == 0

    told = capsys.readouterr().out
    assert "ärende, 2 år från avslutat" in told
    assert f"beslut: {DECISION}" in told
    assert "att gallra: 1 ärenden, 3 handlingar, äldsta 2019-01-01" in told
    assert status(closed) == Status.CLOSED


def test_b16_with_the_decision_it_deletes_scrubs_and_tells_the_protocol(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    protocol = closed.parent / "protokoll.csv"

    assert run(closed, "retention", "--carry-out", "--decision", DECISION, "--by", "rita") == 0
    assert run(closed, "retention", "--protocol", str(protocol)) == 0

    told = capsys.readouterr().out
    text = protocol.read_bytes().decode("utf-8-sig")
    head, line, end = text.split("\r\n")
    assert f"ärende: 3 handlingar gallrade enligt {DECISION}" in told
    assert "databasen är omskriven" in told
    assert protocol.read_bytes().startswith(b"\xef\xbb\xbf")
    assert head == "nummer;handlingstyp;beslut;datum;verkställd_av;antal" == ";".join(COLUMNS)
    assert line.split(";")[1:3] == ["ärende", DECISION]
    assert (line.split(";")[4:], end) == (["rita", "3"], "")
    assert status(closed) == Status.DISPOSED


@pytest.mark.parametrize(
    ("arguments", "because"),
    [
        (("--carry-out", "--by", "rita"), "--decision"),
        (("--carry-out", "--decision", "KS 2020 § 1", "--by", "rita"), "--decision"),
        (("--carry-out", "--decision", DECISION), "--by"),
        (("--carry-out", "--decision", DECISION, "--by", "ingen"), "--by"),
    ],
)
def test_b16_without_the_decision_or_a_name_nothing_is_deleted(
    closed: Path, arguments: tuple[str, ...], because: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(closed, "retention", *arguments) == 65
    assert because in capsys.readouterr().err
    assert status(closed) == Status.CLOSED


def test_b16_a_rule_without_a_decision_is_shown_and_deletes_nothing(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed.write_text(closed.read_text(encoding="utf-8").replace(DECISION, ""), encoding="utf-8")
    capsys.readouterr()

    assert run(closed, "retention") == 0
    assert "beslut: saknas, så inget raderas" in capsys.readouterr().out
    assert run(closed, "retention", "--carry-out", "--decision", "", "--by", "rita") == 65
    assert status(closed) == Status.CLOSED


def test_b16_check_tells_of_rules_without_a_decision_and_of_backups_that_are_too_old(config: Path) -> None:
    folder = config.parent / "kopior"
    folder.mkdir()
    for name, at in (("gammal.age", OLD), ("ny.age", datetime(2027, 6, 1, tzinfo=UTC))):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (at.timestamp(), at.timestamp()))
    backups = f'\n[[retention]]\nrecord = "säkerhetskopia"\ndays = 90\nfolder = "{folder}"\n'
    config.write_text(config.read_text(encoding="utf-8") + backups, encoding="utf-8")

    told = list(looked_over(load(config), datetime(2027, 6, 2, tzinfo=UTC)))

    assert told == [
        "gallring: inget raderas av handlingstypen säkerhetskopia, för decision_ref saknas",
        f"gallring: 1 säkerhetskopior i {folder} är för gamla (gammal.age är en)",
    ]


def test_b16_without_rules_check_says_that_nothing_is_deleted(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace(RULE, ""), encoding="utf-8")

    assert list(looked_over(load(config), OLD)) == [
        "gallring: inga regler under [[retention]], så inget raderas"
    ]
    assert retention_rules(load(config)) == ()


@pytest.mark.parametrize(
    ("rule", "because"),
    [
        ('record = "ärende"\ndays = 1', "finns två gånger"),
        ('record = "utkast"', "Ange years, months eller days"),
        ('record = "utkast"\ndays = 1\nfolder = "/tmp"', "hör bara till säkerhetskopia"),
        ('record = "allt"\ndays = 1', "ska vara en av"),
        ('record = "utkast"\ndays = -1', "ska vara minst"),
    ],
)
def test_a_rule_that_can_not_be_meant_is_told(config: Path, rule: str, because: str) -> None:
    config.write_text(f"{config.read_text(encoding='utf-8')}\n[[retention]]\n{rule}\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=because):
        load(config)


def test_the_configuration_knows_each_kind_of_record_and_each_start() -> None:
    fields = RetentionSettings.model_fields

    assert get_args(fields["record"].annotation) == tuple(Record)
    assert get_args(fields["counted_from"].annotation) == tuple(Start)


def test_r13_a_spreadsheet_takes_nothing_in_the_protocol_for_a_formula() -> None:
    line = {
        "number": "",
        "record": "utan_ärende",
        "decision_ref": '=HYPERLINK("x")',
        "carried_out_at": OLD,
        "carried_out_by": "rita",
        "pieces": 2,
    }

    text = protocol_csv([line]).decode("utf-8-sig")

    assert text.split("\r\n")[1] == '–;utan_ärende;"\'=HYPERLINK(""x"")";2019-01-01;rita;2'


def test_b18_an_extract_is_written_to_a_file_of_its_own_by_who_may(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = closed.parent / "utdrag.zip"
    asked = ("extract", "sven.svensson@example.org", "--out", str(out))
    capsys.readouterr()

    assert run(closed, *asked, "--by", "ingen") == 65
    assert not out.exists()
    assert run(closed, *asked, "--by", "rita") == 0
    assert run(closed, *asked, "--by", "rita") == 65  # there already

    told = capsys.readouterr()
    assert told.out.startswith("1 ärenden, ")
    assert "kan inte skrivas" in told.err
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["registerutdrag.json", "registerutdrag.html"]
    assert out.stat().st_mode & 0o077 == 0
