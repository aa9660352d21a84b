"""`synpunkt report`: the same report as any of the files that it can be (requirements C4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bots import exits
from bots.cli import main
from bots.desk.reports.files import FORMATS
from tests.bots.test_cli import CONFIG

_BEGINS = {
    "csv": b"\xef\xbb\xbfperiod;",
    "xlsx": b"PK\x03\x04",
    "pdf": b"%PDF-1.7",
    "html": b"<!doctype html>",
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a house without cases, once: a report of nothing is a report too."""
    folder = tmp_path_factory.mktemp("hus")
    file = folder / "config.toml"
    file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
        yield file


def asked(config: Path, *words: str) -> int:
    return main(["report", "R1", "--period", "2026-K3", "--config", str(config), *words])


def test_every_format_there_is_can_be_asked_for() -> None:
    assert set(FORMATS) == set(_BEGINS)


@pytest.mark.parametrize("ending", _BEGINS)
def test_the_name_of_the_file_says_what_it_is_to_be(config: Path, ending: str) -> None:
    file = config.parent / f"rapport.{ending.upper()}"

    assert asked(config, "--out", str(file)) == 0

    assert file.read_bytes().startswith(_BEGINS[ending])


def test_what_is_asked_for_goes_before_the_name_and_csv_is_what_nobody_named(
    config: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = config.parent / "rapport.dat"

    assert asked(config, "--out", str(file), "--format", "pdf") == 0
    assert file.read_bytes().startswith(_BEGINS["pdf"])
    assert asked(config, "--out", str(file)) == 0
    assert file.read_bytes().startswith(_BEGINS["csv"])
    assert asked(config) == 0
    assert capfdbinary.readouterr().out.startswith(_BEGINS["csv"])


@pytest.mark.parametrize("period", ["0001", "0001-01", "9999-12", "1985-12-30/1986-01-02"])
def test_a_period_of_years_without_cases_is_refused_with_what_to_do(
    config: Path, period: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(config, "--period", period) == exits.DATA

    assert "period" in capsys.readouterr().err


def test_a_format_that_there_is_not_is_refused_before_anything_is_counted(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        asked(config, "--format", "docx")

    assert "'csv', 'xlsx', 'pdf', 'html'" in capsys.readouterr().err


def test_k17_wrong_rows_of_the_diary_are_told_by_line_and_nothing_is_written(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    diary, file = config.parent / "diarium.csv", config.parent / "R5.csv"
    words = ["report", "R5", "--period", "2026", "--config", str(config), "--out", str(file)]
    diary.write_text("dnr;inkom\nSN 7;i våras\n", encoding="utf-8")

    assert main([*words, "--diary", str(diary)]) == exits.DATA
    assert "inget är skrivet.\nrad 2: inkom 'i våras' är ingen dag" in capsys.readouterr().err
    assert not file.exists()
    assert main([*words, "--diary", str(diary.with_name("borta.csv"))]) == exits.DATA
    assert "borta.csv: kan inte läsas" in capsys.readouterr().err
    diary.write_text("dnr;inkom\nSN 7;2026-05-04\n", encoding="utf-8")
    assert main([*words, "--diary", str(diary)]) == exits.OK
    assert "diarium;SN 7;2026-05-04" in file.read_text(encoding="utf-8")


def test_a_list_is_made_for_one_reader_and_the_journal_tells_who_took_it_out(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config", str(config), "--out", str(config.parent / "lista.csv")]

    assert main(["report", "R7", "--period", "2026", "--by", "rita", *words]) == exits.OK
    assert main(["report", "R14", "--period", "2026", "--by", "rita", *words]) == exits.DATA
    assert "R14 är inte till 'rita'. Den läses av dataskyddsombud." in capsys.readouterr().err
    assert main(["report", "R8", *words]) == exits.OK  # of now: no period
    assert main(["report", "R9", *words]) == exits.DATA
    assert "är ingen period" in capsys.readouterr().err
    assert main(["timeline", "--from", "2026-01-01", "--config", str(config)]) == exits.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(";")[2] for line in lines if ";rapport uttagen;" in line][-2:] == ["rita", "synpunkt"]
