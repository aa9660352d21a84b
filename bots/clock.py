"""The time: the real one, or one that tests move by writing a moment into a file."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


def now() -> datetime:
    """Return the time: the one clock of the house, handed to every part."""
    return datetime.now(UTC)


class ClockError(Exception):
    """The clock's file holds no moment; the message says what to write there."""


@dataclass(frozen=True)
class MovableClock:
    """A clock that stands where its file says, and goes on from the moment that the file was written.

    Not for production: promises and reminders follow it. The file holds one aware ISO 8601 moment; move it
    by writing another file and renaming it, so that nobody reads half of it.
    """

    path: Path

    def __call__(self) -> datetime:
        """Return the moment; raise `ClockError` if the file can not be read."""
        try:
            written_at = self.path.stat().st_mtime
            moment = datetime.fromisoformat(self.path.read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            raise ClockError(f"{self.path}: skriv en tidpunkt med zon, som 2026-11-23T09:30+01:00") from error
        if moment.tzinfo is None:
            raise ClockError(f"{self.path}: tidpunkten saknar zon; skriv som 2026-11-23T09:30+01:00")
        return moment.astimezone(UTC) + timedelta(seconds=max(0.0, time.time() - written_at))
