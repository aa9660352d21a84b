"""Tells what a sender asks of the assistant, not of the municipality: `/status`, `STOPP` and the like."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from store.domain import Command

# With a stroke before them, whatever follows; Swedish first, then what other assistants have taught people.
_STROKES: Mapping[str, Command] = MappingProxyType(
    {
        "start": Command.START,
        "hjälp": Command.HELP,
        "hjalp": Command.HELP,
        "help": Command.HELP,
        "status": Command.STATUS,
        "anonym": Command.ANONYMOUS,
        "anonymous": Command.ANONYMOUS,
        "ny": Command.NEW_MATTER,
        "nytt": Command.NEW_MATTER,
        "new": Command.NEW_MATTER,
        "stopp": Command.STOP,
        "stop": Command.STOP,
        "återuppta": Command.RESUME,
        "ateruppta": Command.RESUME,
        "resume": Command.RESUME,
    }
)
# Without a stroke they must be all that is said: "stopp" may stand in any complaint about a bus.
_ALONE: Mapping[str, Command] = MappingProxyType(
    {
        "stopp": Command.STOP,
        "stop": Command.STOP,
        "stoppa": Command.STOP,
        "avsluta": Command.STOP,
        "avregistrera": Command.STOP,
        "unsubscribe": Command.STOP,
        "start": Command.RESUME,
        "återuppta": Command.RESUME,
        "hjälp": Command.HELP,
        "help": Command.HELP,
        "status": Command.STATUS,
    }
)
_STROKE = re.compile(r"/(\w{1,20})(?:@\w{1,64})?(?:\s|$)")


def command_of(text: str) -> Command | None:
    """Return the command that a message is, or None. One with a stroke may have more after it (`/ny hej`)."""
    said = text.strip()
    if found := _STROKE.match(said):
        return _STROKES.get(found[1].lower())
    return _ALONE.get(said.rstrip(".!").lower())
