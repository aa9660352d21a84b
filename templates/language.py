"""How a language writes dates, times and shares. The words lie in `_language.toml` in its folder."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language: its own name, its reviewer ("" when nobody has put a name to it) and its calendar.

    The letters of a `draft` reach nobody until somebody switches the language on (requirements C3).
    `weekdays_on` is the form that a weekday takes inside a sentence (Finnish: maanantaina).
    """

    name: str
    reviewer: str
    weekdays: tuple[str, ...]
    weekdays_on: tuple[str, ...]
    months: tuple[str, ...]
    day_form: str
    time_form: str
    percent_form: str
    short_form: str = "{day} {month}"
    draft: bool = False
    direction: str = "ltr"  # as HTML says it: "rtl" where one reads from right to left

    def date(self, day: object) -> str:
        """Write a date as it stands alone: måndag 23 november 2026."""
        return self._day(day, self.weekdays, self.day_form)

    def on_date(self, day: object) -> str:
        """Write a date as it stands in a sentence that says when something happens."""
        return self._day(day, self.weekdays_on, self.day_form)

    def short(self, day: object) -> str:
        """Write a date without weekday and year, where room is dear."""
        return self._day(day, self.weekdays, self.short_form)

    def time(self, moment: object) -> str:
        """Write the time of day in Stockholm."""
        if not isinstance(moment, datetime):
            raise TypeError(f"a {type(moment).__name__} is no time of day")
        local = _in_stockholm(moment)
        return self.time_form.format(hour=local.hour, minute=f"{local.minute:02}")

    def percent(self, share: float) -> str:
        """Write a share between 0 and 1 in whole percent."""
        return self.percent_form.format(number=round(share * 100))

    def _day(self, day: object, weekdays: tuple[str, ...], form: str) -> str:
        if not isinstance(day, date):
            raise TypeError(f"a {type(day).__name__} is no date")
        local = _in_stockholm(day) if isinstance(day, datetime) else day
        return form.format(
            weekday=weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            year=local.year,
        )


def load(folder: Path) -> Language:
    """Read the words of the language that lies in `folder`."""
    words: dict[str, Any] = tomllib.loads((folder / "_language.toml").read_text(encoding="utf-8"))
    for row in ("weekdays", "weekdays_on", "months"):
        words[row] = tuple(words[row])
    return Language(**words)


def _in_stockholm(moment: datetime) -> datetime:
    # A time without zone would be read in the zone of the machine, and near midnight name the wrong day.
    if moment.tzinfo is None:
        raise ValueError("a time without zone has no day in Stockholm")
    return moment.astimezone(_STOCKHOLM)
