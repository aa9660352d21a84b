"""The command `archive`: what it writes, and what it says when it can not."""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bots.cli import main
from store import migrations
from store.archive import TO_ARCHIVE, TO_DIARY
from store.engine import Store, open_store
from tests.bots.test_cli import CONFIG
from tests.house import a_mail, rows_of

_NUMBER = "SYN-2026-000001"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration, and a case that came in before the test."""
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    mail = tmp_path / "mejl.eml"
    mail.write_bytes(a_mail())
    assert main(["receive", "--config", str(file), str(mail)]) == 0
    return file


def number_in(store: Store) -> str:
    return str(rows_of(store, "cases")[0]["number"])


def opened(folder: Path) -> Store:
    store = open_store(f"sqlite:///{folder / 'synpunkt.db'}")
    migrations.upgrade(store)
    return store


def archive(config: Path, *given: str) -> int:
    return main(["archive", "--config", str(config), *given])


def test_b17_the_command_writes_a_package_that_holds_and_tells_its_sum(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, out = opened(tmp_path), tmp_path / "paket"
    capsys.readouterr()

    done = archive(config, "--case", number_in(store), "--by", "rita", "--out", str(out))

    (package,) = out.iterdir()
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    assert done == 0
    assert capsys.readouterr().out.splitlines() == [str(package), "ärenden: 1", f"SHA-256: {sha256}"]
    told = [row for row in rows_of(store, "journal") if row["act"] == TO_ARCHIVE]
    assert [(row["actor"], row["details"]["summa"]) for row in told] == [("rita", sha256)]
    store.close()


def test_k13_the_command_writes_the_package_for_the_main_diary(config: Path, tmp_path: Path) -> None:
    store, out = opened(tmp_path), tmp_path / "paket"

    done = archive(config, "--case", number_in(store), "--diary", "--by", "rita", "--out", str(out))

    (package,) = out.iterdir()
    assert done == 0
    assert "arende.json" in {name.partition("/")[2] for name in zipfile.ZipFile(package).namelist()}
    assert TO_DIARY in [row["act"] for row in rows_of(store, "journal")]
    store.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--case", _NUMBER, "--by", "rita"], "--out MAPP"),
        (["--by", "rita", "--out", "x"], "antingen --case NUMMER"),
        (["--case", _NUMBER, "--from", "2026-01-01", "--out", "x"], "antingen --case NUMMER"),
        (["--from", "2026-01-02", "--to", "2026-01-01", "--out", "x"], "den tidigare först"),
        (["--from", "2026-01-02", "--out", "x"], "den tidigare först"),
        (["--from", "2026-01-01", "--to", "2026-01-02", "--diary", "--out", "x"], "--diary gör paketet"),
        (["--case", _NUMBER, "--by", "ingen", "--out", "x"], "--by: ange vem som gör det, en av rita"),
        (["--case", _NUMBER, "--unit", "park", "--by", "rita", "--out", "x"], "--unit: 'park' finns inte"),
        (["--case", _NUMBER, "--board", "bun", "--by", "rita", "--out", "x"], "--board: 'bun' finns inte"),
        (["--case", "SYN-1999-000001", "--by", "rita", "--out", "x"], "inget ärende passar"),
        (["--from", "1999-01-01", "--to", "1999-01-02", "--by", "rita", "--out", "x"], "inget ärende passar"),
        (["--case", _NUMBER, "--by", "rita", "--out", "/dev/null/x"], "kan inte skrivas"),
    ],
)
def test_what_the_command_can_not_do_it_says_and_leaves_nothing(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: Sequence[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert archive(config, *given) == 65

    assert said in capsys.readouterr().err
    assert [one for one in (tmp_path / "x").glob("*") if one.is_file()] == []


def test_a_day_that_is_none_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        archive(config, "--from", "i går", "--to", "2026-01-01", "--out", "x")

    assert "'i går' är ingen dag" in capsys.readouterr().err


def test_a_folder_of_schemas_that_is_none_is_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text + '\n[archive]\nschemas = "/finns/inte"\n', encoding="utf-8")

    assert archive(config, "--case", _NUMBER, "--by", "rita", "--out", str(tmp_path / "x")) == 78

    assert "tabell [archive], nyckel schemas" in capsys.readouterr().err
