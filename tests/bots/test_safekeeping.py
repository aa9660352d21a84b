"""The commands that keep what we know safe, as their operator gives them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.cli import main
from bots.parts import open_store_of
from bots.safekeeping import BACKED_UP, _files, warning
from bots.settings import load
from store import blobs, journal
from tests.bots.test_cli import CONFIG
from tests.house import a_mail

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    (tmp_path / "mejl.eml").write_bytes(a_mail())
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    yield file


def with_keys(config: Path, *keys: str) -> None:
    """Let the configuration name a file with these keys."""
    file = config.parent / "nycklar"
    file.write_text("\n".join(keys), encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    if "encryption_key" not in text:
        config.write_text(
            text.replace("[store]\n", f'[store]\nencryption_key = "file:{file}"\n'), encoding="utf-8"
        )


def run(config: Path, *arguments: str) -> int:
    return main([*arguments, "--config", str(config)])


def counts(config: Path) -> dict[str, int]:
    with closing(open_store_of(load(config))) as store, store.read() as transaction:
        return blobs.key_ids(transaction)


def test_rekey_makes_a_key_and_brings_what_lay_plain_under_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "receive", str(config.parent / "mejl.eml")) == 0
    before = counts(config)
    capsys.readouterr()
    assert main(["rekey", "--new"]) == 0
    key = capsys.readouterr().out.strip()
    with_keys(config, key)

    assert run(config, "rekey") == 0

    after = counts(config)
    assert before == {"": 1}
    assert list(after.values()) == [1]
    assert "" not in after
    assert capsys.readouterr().out == f"krypterade på nytt: 1\nnyckel {next(iter(after))}: 1\n"
    assert key not in (config.parent / "synpunkt.db").read_bytes().decode("latin-1")


def test_a_house_whose_key_is_lost_does_not_start_and_says_which_key_it_needs(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_keys(config, "11" * 32)
    assert run(config, "receive", str(config.parent / "mejl.eml")) == 0
    (key_id,) = counts(config)
    with_keys(config, "22" * 32)
    capsys.readouterr()

    assert run(config, "check") == 78

    said = capsys.readouterr().err
    assert (
        f"tabell [store], nyckel encryption_key: databasen har meddelanden som är krypterade med {key_id}"
        in said
    )
    assert run(config, "rekey") == 75
    assert key_id in capsys.readouterr().err


def test_a_file_without_keys_is_told_with_table_and_key(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_keys(config, "inte en nyckel")

    assert run(config, "rekey") == 78

    said = capsys.readouterr().err
    assert "tabell [store], nyckel encryption_key" in said
    assert "rad 1 är ingen nyckel" in said
    assert "inte en nyckel\n" not in said


def test_rekey_without_the_setting_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "rekey") == 78
    assert "nyckel encryption_key saknas" in capsys.readouterr().err


@pytest.fixture
def backed_up(config: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Give a configuration that names whom backups are to; the key lies in `nyckel` beside it."""
    assert main(["backup", "--new-key", str(config.parent / "nyckel")]) == 0
    public = capsys.readouterr().out.strip()
    with config.open("a", encoding="utf-8") as file:
        file.write(f'\n[backup]\nrecipients = ["{public}"]\n')
    assert run(config, "receive", str(config.parent / "mejl.eml")) == 0
    capsys.readouterr()
    return config


def restore(config: Path, file: Path, target: str) -> int:
    return main(["restore", str(file), "--identity", str(config.parent / "nyckel"), "--to", target])


def test_a_key_for_backups_is_written_for_its_owner_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nyckel"

    assert main(["backup", "--new-key", str(file)]) == 0

    public = capsys.readouterr().out.strip()
    before = file.read_text()
    assert public.startswith("age1")
    assert public in before
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["backup", "--new-key", str(file)]) == 65
    assert file.read_text() == before


def test_a_backup_is_laid_in_another_folder_with_its_settings_and_can_go_on_there(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kopia.age"
    assert run(backed_up, "backup", "--to", str(file)) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "env:SYNPUNKT_PROV_SECRET" in told.err  # what does not go along
    (tmp_path / "annan").mkdir()
    for name in ("key",):
        beside = tmp_path / f"synpunkt.db.{name}"
        if beside.exists():
            (tmp_path / "annan" / beside.name).write_bytes(beside.read_bytes())

    assert restore(backed_up, file, str(tmp_path / "annan")) == 0

    said = capsys.readouterr().out
    assert re.search(r"^återställt: \d+ rader från 20\d\d-\d\d-\d\d \d\d:\d\d, version ", said)
    assert re.search(r"^tid: \d+\.\d s$", said, re.MULTILINE)
    assert (tmp_path / "annan" / "config.toml").read_text() == backed_up.read_text()
    assert b"[" in (tmp_path / "annan" / "profile.toml").read_bytes()
    moved = backed_up.read_text().replace(f"{tmp_path}/synpunkt.db", f"{tmp_path}/annan/synpunkt.db")
    backed_up.write_text(moved, encoding="utf-8")
    assert run(backed_up, "receive", str(tmp_path / "mejl.eml")) == 0
    assert '"duplicate": true' in capsys.readouterr().out


def test_a_backup_goes_through_pipes(
    backed_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "bots"]
    made = subprocess.run(
        [*command, "backup", "--to", "-", "--config", str(backed_up)], check=True, capture_output=True
    )
    key = str(tmp_path / "nyckel")
    place = tmp_path / "ur rör"
    for beside in tmp_path.glob("synpunkt.db.key"):
        place.mkdir()
        (place / beside.name).write_bytes(beside.read_bytes())

    done = subprocess.run(
        [*command, "restore", "-", "--identity", key, "--to", str(place)],
        input=made.stdout,
        capture_output=True,
        check=True,
    )

    assert made.stdout.startswith(b"age-encryption.org/v1")
    assert done.stdout.decode().startswith("återställt: ")


def test_a_restore_that_fails_leaves_nothing_behind(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kopia.age"
    assert run(backed_up, "backup", "--to", str(file)) == 0
    file.write_bytes(file.read_bytes()[:-200])

    assert restore(backed_up, file, str(tmp_path / "annan")) == 65

    assert "inget återställt: säkerhetskopian" in capsys.readouterr().err
    assert list((tmp_path / "annan").iterdir()) == []


def test_a_folder_that_has_a_database_is_refused(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kopia.age"
    assert run(backed_up, "backup", "--to", str(file)) == 0

    assert restore(backed_up, file, str(tmp_path)) == 65

    assert f"{tmp_path / 'synpunkt.db'}: filen finns redan" in capsys.readouterr().err


def test_check_says_when_the_latest_backup_is_too_old(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_store_of(load(backed_up))) as store:
        never = warning(load(backed_up), store, NOW)
        assert run(backed_up, "backup", "--to", str(tmp_path / "kopia.age")) == 0
        with store.read() as transaction:
            at = journal.latest(transaction, BACKED_UP)
        assert at is not None
        fresh = warning(load(backed_up), store, at + timedelta(hours=48))
        old = warning(load(backed_up), store, at + timedelta(hours=48, seconds=1))
    run(backed_up, "check")

    assert never.startswith("säkerhetskopia: ingen är gjord.")
    assert fresh == ""
    assert old.startswith("säkerhetskopia: den senaste är från 20")
    assert "obs  säkerhetskopia" not in capsys.readouterr().out


def test_a_backup_without_anybody_to_open_it_is_refused(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "backup", "--to", str(tmp_path / "kopia.age")) == 78

    assert "tabell [backup], nyckel recipients: saknas" in capsys.readouterr().err
    assert not (tmp_path / "kopia.age").exists()


def test_a_secret_key_is_no_recipient(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[backup]\nrecipients = ["AGE-SECRET-KEY-1ABC"]\n')

    assert run(config, "check") == 78

    said = capsys.readouterr().err
    assert "aldrig den hemliga nyckeln" in said
    assert "1ABC" not in said


def test_the_password_of_a_database_does_not_go_along(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    url = f"sqlite:///{config.parent}/synpunkt.db"
    config.write_text(
        text.replace(url, "postgresql+psycopg://synpunkt:hemligt@db/synpunkt"), encoding="utf-8"
    )

    files = _files(load(config), config)

    assert b"hemligt" not in files["config.toml"]
    assert b"postgresql+psycopg://synpunkt:***@db/synpunkt" in files["config.toml"]
