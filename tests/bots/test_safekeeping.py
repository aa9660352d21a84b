"""The commands that keep what we know safe, as their operator gives them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bots.cli import main
from bots.parts import open_store_of
from bots.settings import load
from store import blobs
from tests.bots.test_cli import CONFIG
from tests.house import a_mail


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
