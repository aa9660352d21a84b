"""The house keeps its own rules: every value has a word, every key a line, every channel a test and a doc."""

import enum
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from bots.cli import parser
from bots.plugins import names
from bots.settings import settings_with
from store import domain, lists, profiles
from tests.rows import over

ROOT = Path(__file__).parent.parent
CHANNELS = sorted(
    path.stem
    for path in (ROOT / "bots" / "channels").glob("*.py")
    # imap_folder and the like are parts of the channel whose name they begin with
    if path.stem != "__init__" and "_" not in path.stem
)
VALUES = [
    pytest.param(name, member.value, id=f"{name} {member.value}")
    for name, found in vars(domain).items()
    if isinstance(found, type) and issubclass(found, enum.StrEnum) and found is not enum.StrEnum
    for member in found
]


@pytest.mark.parametrize("package", ["bots", "classifier", "store", "templates"])
def test_each_import_name_leads_to_our_own_files(package: str) -> None:
    found = importlib.util.find_spec(package)

    assert found is not None
    assert found.origin == str(ROOT / package / "__init__.py")


@over(VALUES)
def test_every_value_has_its_line_in_the_glossary(name: str, value: str) -> None:
    glossary = (ROOT / "docs" / "ordlista.md").read_text(encoding="utf-8")
    part = glossary.partition(f"### {name}: ")[2].partition("\n### ")[0]

    assert f"| {value} | " in part


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_has_a_test_and_a_row_in_the_docs(channel: str) -> None:
    docs = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")

    assert (ROOT / "tests" / "bots" / "channels" / f"test_{channel}.py").exists()
    assert f"\n| {channel} | " in docs


def test_every_channel_with_a_table_of_its_own_can_be_filtered_for() -> None:
    assert set(names()) <= {channel for group in lists.CHANNELS.values() for channel in group}


def test_every_setting_stands_in_the_example_and_the_other_way_round() -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    # The one table that excludes another stands there as a comment.
    example = tomllib.loads(re.sub(r"^# (oauth = )", r"\1", text, flags=re.MULTILINE))

    shown = set(_keys_of_example(example))
    shown |= {"oidc.people", "oidc.groups"} & {f"oidc.{name}" for name in example["oidc"]}
    # An empty list of tables says nothing of their keys; another person in the example does.
    leaves = {key for key in shown if not any(other.startswith(f"{key}.") for other in shown)}
    assert leaves == set(_keys_of(settings_with(names())))


def test_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    ([a-z]+) ", parser().format_help(), flags=re.MULTILINE)

    assert commands
    assert [command for command in commands if f"synpunkt {command}" not in readme] == []


def test_every_profile_can_be_loaded() -> None:
    loaded = {name: profiles.load(name) for name in profiles.names()}

    assert set(loaded) == {"gislaved", "kristianstad", "landskrona", "norrmalm", "standard", "tyreso"}


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ("bots", "classifier", "store", "templates", "scripts")
        for path in (ROOT / room).rglob("*.py")
        if not re.match(r"(#.*\n)*\"\"\"", path.read_text(encoding="utf-8"))
    ]

    assert silent == []


def test_no_lock_file_names_where_packages_come_from() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")

        assert re.findall(r"https?://|file:|index-url|find-links|trusted-host", text) == []
        assert "--hash=sha256:" in text


def _keys_of(model: type[BaseModel], where: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        here = f"{where}.{name}" if where else name
        if inner is None:
            yield here
        else:
            yield from _keys_of(inner, here)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part is not None), None)


def _keys_of_example(table: dict[str, object], where: str = "") -> Iterator[str]:
    for name, value in table.items():
        here = f"{where}.{name}" if where else name
        tables = value if isinstance(value, list) else [value]
        if not any(isinstance(one, dict) for one in tables):
            yield here
        for one in tables:
            if isinstance(one, dict):
                # channels.imap holds one table per mailbox, whatever its name
                inner = one.values() if here == "channels.imap" else [one]
                for each in inner:
                    yield from _keys_of_example(each, here)
