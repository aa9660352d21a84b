"""What stands in the configuration reaches the part of the house that uses it."""

import re
from pathlib import Path

import pytest

from bots.desk.doors import Doors
from bots.parts import build_house, key_left_behind
from bots.settings import SettingsError, load

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_the_doors_of_the_configuration_are_those_of_the_house() -> None:
    assert build_house(load(EXAMPLE)).doors == Doors(
        social_services="socialjouren@lillkommun.example",
        security="sakerhet@lillkommun.example",
        lex_sarah="lexsarah@lillkommun.example",
        data_protection_officer="dataskydd@lillkommun.example",
        main_diary="diariet@lillkommun.example",
        whistleblowing_url="https://lillkommun.example/visselblasning",
    )


def test_without_the_table_nobody_else_is_told(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    before, _, after = text.partition("[doors]")
    file = tmp_path / "config.toml"
    file.write_text(before + "[watch]" + after.partition("\n[watch]")[2], encoding="utf-8")

    assert build_house(load(file)).doors == Doors()


def test_what_is_no_mail_address_is_told_with_table_and_key(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    file.write_text(text.replace('"lexsarah@lillkommun.example"', '"Lisa"'), encoding="utf-8")

    with pytest.raises(SettingsError, match=r"tabell \[doors\], nyckel lex_sarah: ska vara en e-postadress"):
        load(file)


@pytest.mark.parametrize(
    ("url", "folder", "is_told"),
    [
        ("postgresql+psycopg://synpunkt@localhost/synpunkt", "", True),
        ("postgresql+psycopg://synpunkt@localhost/synpunkt", 'folder = "/var/lib/synpunkt"', False),
        ("sqlite:////var/lib/synpunkt/synpunkt.db", "", False),  # it has the key beside itself
    ],
)
def test_a_key_that_would_lie_wherever_a_command_is_run_is_told(
    tmp_path: Path, url: str, folder: str, is_told: bool
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text = re.sub(r'(?m)^folder = "/var/lib/synpunkt".*$', folder, text, count=1)
    text = re.sub(r'(?m)^url = "sqlite:.*$', f'url = "{url}"', text, count=1)
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")

    assert ("nyckel folder" in key_left_behind(load(file))) == is_told
