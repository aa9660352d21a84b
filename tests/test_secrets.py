"""No secret stands in the repository, and none that is configured comes out where it is not needed."""

import logging
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.channel import Channel, ChannelFailure, Closing
from bots.plugins import names, plugin
from bots.settings import SettingsError, load
from store.domain import Address, Outgoing, Purpose
from tests.fuzz.hooked import given
from tests.fuzz.sound import NOW

ROOT = Path(__file__).parent.parent
_SECRET_NAMES = re.compile(r"(secret|password|token|key|salt)", re.IGNORECASE)
# What services give out, by how it begins, and a private key in text.
_GIVEN_OUT = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"AGE-SECRET-KEY-1[0-9A-Z]{20,}",
        r"AKIA[0-9A-Z]{16}\b",
        r"ASIA[0-9A-Z]{16}\b",
        r"gh[pousr]_[0-9A-Za-z]{30,}",
        r"xox[abpsr]-[0-9A-Za-z-]{10,}",
        r"EAA[0-9A-Za-z]{40,}",
        r":AA[0-9A-Za-z_-]{33}\b",
        r"syt_[0-9A-Za-z]+_[0-9A-Za-z]{15,}",
    )
)
# A long run in quotation marks, where something secret is given.
_LONG = re.compile(r"[\"'][0-9A-Za-z+/_-]{32,}[\"']")
_SECRET_WORDS = re.compile(r"(?:secret|password|token|api_?key)\w*[\"']?\s*[=:]\s*$", re.IGNORECASE)
_INVENTED = re.compile(r"for-test|nobody-else|hemlighet")  # those of the tests say what they are
_NO_TEXTS = {".lock", ".png", ".onnx", ".npz", ".model", ".ttf", ".pdf"}
_SENTINEL = "HEMLIGT-SOM-INGEN-FAR-SE"


def files() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.suffix not in _NO_TEXTS and path.is_file() and path != Path(__file__):
            yield path


def secrets_in(text: str) -> list[str]:
    """List what looks like a secret, but for those of the tests, which say what they are."""
    found = [match for pattern in _GIVEN_OUT for match in pattern.finditer(text)]
    found += [
        match
        for match in _LONG.finditer(text)
        if _SECRET_WORDS.search(text[max(0, match.start() - 60) : match.start()])
    ]
    return [match[0] for match in found if not _INVENTED.search(match[0])]


def test_the_reader_of_this_test_knows_a_secret_when_it_sees_one() -> None:
    planted = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "AGE-SECRET-KEY-1" + "Q" * 58,
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "12345678:AA" + "x" * 33,
        f'app_secret = "{"0123456789abcdef" * 2}"',
        f'"token": "{"0123456789abcdef" * 2}"',
    ]

    assert [one for one in planted if not secrets_in(one)] == []
    assert secrets_in('secret = "env:SYNPUNKT_MAIL_SECRET"') == []


def test_nothing_in_the_repository_looks_like_a_secret() -> None:
    found = {
        str(path.relative_to(ROOT)): secrets
        for path in files()
        if (secrets := secrets_in(path.read_text(encoding="utf-8", errors="replace")))
    }

    assert found == {}


def test_every_secret_of_the_example_is_named_and_not_told() -> None:
    example = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))

    told = [(where, value) for where, value in _leaves(example) if isinstance(value, str)]
    named = [value for _, value in told if value.startswith(("env:", "file:"))]
    assert len(named) > 10
    likely = [where for where, value in told if _SECRET_NAMES.search(where.rpartition(".")[2]) and value]
    assert [where for where in likely if not dict(told)[where].startswith(("env:", "file:"))] == []


def test_a_secret_that_is_told_in_the_file_itself_is_refused_without_being_said_again(tmp_path: Path) -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    file = tmp_path / "config.toml"
    file.write_text(re.sub(r'^(secret = )"[^"]*"', rf'\1"{_SENTINEL}"', example, count=1, flags=re.MULTILINE))

    with pytest.raises(SettingsError) as refused:
        load(file)

    assert "secret" in str(refused.value)
    assert _SENTINEL not in str(refused.value)


_TABLES: dict[str, dict[str, Any]] = {
    "elks": {
        "username": "u1",
        "password": "env:A",
        "number": "+46701740699",
        "hook_secret": "env:B",
        "base_url": "http://127.0.0.1:9",
    },
    "twilio": {
        "account_sid": "AC" + "0" * 32,
        "auth_token": "env:A",
        "number": "+46701740699",
        "base_url": "http://127.0.0.1:9",
    },
    "telegram": {"token": "env:A", "api_url": "http://127.0.0.1:9"},
    "mastodon": {
        "server": "http://127.0.0.1:9",
        "account": "synpunkt@social.lillkommun.example",
        "token": "env:A",
    },
    "matrix": {
        "homeserver": "http://127.0.0.1:9",
        "user_id": "@synpunkt:lillkommun.example",
        "password": "env:A",
    },
    "meta": {
        "app_id": "1",
        "app_secret": "env:A",
        "verify_token": "env:B",
        "graph_url": "http://127.0.0.1:9",
        "pages": [{"id": "1", "name": "Lillkommun", "token": "env:C"}],
    },
}


def made(name: str) -> Channel:
    by = plugin(name)
    assert by is not None
    before = "12345678:" if name == "telegram" else ""  # Telegram's begin with the number of the bot
    ours = replace(given(), secret=lambda reference: f"{before}{_SENTINEL}-{reference[-1]}")
    return by.build(by.Settings.model_validate(_TABLES[name]), ours)


@pytest.mark.parametrize("name", sorted(_TABLES))
async def test_a_channel_that_reaches_nobody_tells_no_secret_to_the_log_or_the_operator(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = made(name)
    letter = Outgoing(
        key="a",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="sms", handle="+46701740605"),
        subject="Hej",
        body="Hej",
        created_at=NOW,
    )

    told = [repr(channel)]
    for asked in (channel.check(), channel.send(letter)):
        try:
            await asked
        except ChannelFailure as failure:
            told += [str(failure), repr(failure)]
    if isinstance(channel, Closing):
        await channel.close()

    assert len(told) > 1
    assert _SENTINEL not in "\n".join([*told, caplog.text])


def test_every_channel_with_a_secret_of_its_own_is_tried_here() -> None:
    with_secret = {
        name
        for name in names()
        if (by := plugin(name)) is not None and _SECRET_NAMES.search(" ".join(by.Settings.model_fields))
    }

    assert with_secret - {"imap", "relay", "smtp"} == set(_TABLES)


def _leaves(table: dict[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        here = f"{where}.{name}" if where else name
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _leaves(one, here)
            else:
                yield here, one
