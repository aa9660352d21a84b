"""The scanner as its operator sets it up: it answers, or `check` says what to do."""

from pathlib import Path

import pytest

from bots.cli import main
from bots.parts import build_scanning
from bots.settings import SettingsError, load
from store.engine import Store
from tests.bots.test_cli import CONFIG
from tests.house import NOW
from tests.servers import clamd


def config_with(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    file = tmp_path / "config.toml"
    table = f'\n[clamav]\naddress = "{address}"\ntimeout_seconds = 5.0\n' if address else ""
    file.write_text(CONFIG.format(folder=tmp_path) + table, encoding="utf-8")
    return file


def test_check_tells_that_nobody_answers_and_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config_with(tmp_path, "tcp:127.0.0.1:1", monkeypatch)

    status = main(["check", "--config", str(file)])

    said = capsys.readouterr().out
    assert status == 78
    assert "fel  tabell [clamav], nyckel address: ingen kontakt med clamd" in said
    assert "märkta som ännu inte granskade" in said


@pytest.mark.skipif(bool(clamd.why_not()), reason=clamd.why_not() or "-")
def test_check_tells_which_scanner_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with clamd.running() as server:
        main(["check", "--config", str(config_with(tmp_path, server.unix, monkeypatch))])

    assert "ok   virusgranskaren svarar (ClamAV " in capsys.readouterr().out


@pytest.mark.parametrize("address", ["127.0.0.1:3310", "unix:", "tcp:127.0.0.1", "http://x:1"])
def test_an_address_that_is_none_is_told(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=r"tabell \[clamav\], nyckel address"):
        load(config_with(tmp_path, address, monkeypatch))


def test_without_the_table_nothing_looks_files_through(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(config_with(tmp_path, "", monkeypatch))
    with_one = load(config_with(tmp_path, "tcp:127.0.0.1:1", monkeypatch))

    def tell(*_: object, **__: object) -> None:
        raise AssertionError

    assert build_scanning(settings, store, lambda: NOW, tell=tell) is None
    assert build_scanning(with_one, store, lambda: NOW, tell=tell) is not None
