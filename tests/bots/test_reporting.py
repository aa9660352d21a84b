"""`synpunkt report`: the same report as any of the files that it can be (requirements C4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_a_format_that_there_is_not_is_refused_before_anything_is_counted(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        asked(config, "--format", "docx")

    assert "'csv', 'xlsx', 'pdf', 'html'" in capsys.readouterr().err
