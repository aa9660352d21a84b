"""What is said to the assistant, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.wire.commands import command_of
from store.domain import Command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", Command.START),
        ("/start@lillkommun_bot kampanj", Command.START),
        ("/hjälp", Command.HELP),
        ("/Help", Command.HELP),
        ("/status 2026-17", Command.STATUS),
        ("/anonym", Command.ANONYMOUS),
        ("/ny Lampan är trasig", Command.NEW_MATTER),
        (" STOPP! ", Command.STOP),
        ("stop", Command.STOP),
        ("Start", Command.RESUME),
        ("hjälp", Command.HELP),
    ],
)
def test_what_is_said_to_the_assistant_is_a_command(text: str, command: Command) -> None:
    assert command_of(text) is command


@pytest.mark.parametrize(
    "text", ["", "Stopp vid skolan saknas", "Bussen gör ett stopp", "/nyhet", "/ ny", "och/ny", "hjälp mig"]
)
def test_an_ordinary_sentence_is_no_command(text: str) -> None:
    assert command_of(text) is None


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert command_of(text) in {None, *Command}
