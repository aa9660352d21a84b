"""Writes the log: one event a line, as text or as JSON. What an event may tell is said in CONTRIBUTING.md."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

Form = Literal["text", "json"]
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_KEYS = re.compile(r"(?:^| )([a-z_]+)=")
# These write addresses of people, or tokens, at info level.
_NOISY = ("httpx", "mail.log", "imapclient", "msal")


class Json(logging.Formatter):
    """Writes an event as one JSON object: `at`, `level`, `logger`, `event`, and each of its key=value.

    A key that has one of those names is written with a line under it. What another library logs, and an error
    with its traceback, are one text in `event` and `trace`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; the line has no line breaks, whatever it tells."""
        event, told = _parts(record.getMessage())
        found: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event,
        }
        for key, value in told.items():
            found[f"{key}_" if key in found else key] = value
        if record.exc_info:
            found["trace"] = self.formatException(record.exc_info)
        return json.dumps(found)  # in ASCII, so that no sign of another line is left in it


class _Ours(logging.StreamHandler[TextIO]):
    """What `begin` has begun, told apart from what another program has."""


def begin(level: int = logging.INFO, *, form: Form = "text", stream: TextIO | None = None) -> None:
    """Write the log from here on to standard error, or to `stream`; call it again to change how.

    A program that has set up a log of its own keeps it, unless a `stream` is given.
    """
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    root = logging.getLogger()
    ours = [one for one in root.handlers if isinstance(one, _Ours)]
    if stream is None and root.handlers and not ours:
        return
    for one in ours:
        root.removeHandler(one)
    handler = _Ours(stream or sys.stderr)
    handler.setFormatter(Json() if form == "json" else logging.Formatter(_TEXT))
    root.addHandler(handler)
    root.setLevel(level)


def _parts(message: str) -> tuple[str, dict[str, str]]:
    """Split "event: key=value key=value" into its parts; a value goes on until the next key."""
    event, colon, rest = message.partition(": ")
    keys = list(_KEYS.finditer(rest))
    if not colon or not keys or keys[0].start() != 0:
        return message, {}
    ends = [one.start() for one in keys[1:]] + [len(rest)]
    return event, {one[1]: rest[one.end() : end] for one, end in zip(keys, ends, strict=True)}
