"""What the reports have in common whose rows are cases, or few figures: put together, and drawn."""

from collections.abc import Iterable, Mapping

from bots.desk.house import House
from bots.desk.reports.asked import Asked
from bots.desk.reports.counting import NO_UNIT, place_of, query
from bots.desk.reports.discreet import without_persons
from bots.desk.reports.report import Chart, Report, Section, Series
from bots.desk.reports.sheet import Sheet
from store.figures.period import Period

WITHHELD = "(utelämnat)"  # there are words, and they may point at somebody


def put_together(
    sheet: Sheet,
    asked: Asked,
    *,
    headline: str,
    sections: Iterable[Section] = (),
    charts: Iterable[Chart | None] = (),
    is_of_now: bool = False,
) -> Report:
    """Make a report of a sheet. One that is of now has today for its period, whatever was asked for."""
    today = Period(first=asked.today, last=asked.today)
    words = query(asked, sheet.id)
    if is_of_now:
        words = words.replace(f" --period {asked.period.name}", "", 1)
    return Report(
        sheet=sheet,
        period=today if is_of_now else asked.period,
        today=asked.today,
        municipality=asked.house.municipality,
        query=words,
        headline=headline,
        sections=tuple(one for one in sections if one.paragraphs or one.items),
        charts=tuple(one for one in charts if one is not None),
        place=place_of(asked),
    )


def bars(
    title: str, unit: str, parts: Mapping[str, int], *, name: str = "antal", description: str = ""
) -> Chart | None:
    """Draw counts as bars; None where there is nothing to draw."""
    if not any(parts.values()):
        return None
    told = ", ".join(f"{label} {count}" for label, count in parts.items())
    return Chart(
        title=title,
        description=f"{description or title}: {told}.",
        unit=unit,
        labels=tuple(parts),
        series=(Series(name=name, values=tuple(parts.values())),),
    )


class UnitNames(dict[str, str]):
    """What each unit is called, by its id; what lies at none, or at one that is gone, has one name."""

    def __init__(self, house: House) -> None:
        """Take the units as they are now."""
        super().__init__({unit.id: unit.name for unit in house.units})

    def __missing__(self, unit_id: str) -> str:
        """Name a unit that there is not."""
        return NO_UNIT


class Words:
    """Lets what staff have written into a list, where nothing in it seems to point at a person.

    The same words are looked through once, unless the sender's own name may be among them.
    """

    def __init__(self, house: House) -> None:
        """No name of the staff may stand in a list either."""
        self._names = [person.name for person in house.handlers.values()]
        self._known: dict[str, str] = {}

    def of(self, text: str, sender_name: str = "") -> str:
        """Return the words in one line, or `WITHHELD` where they may point at somebody."""
        if not text.strip():
            return ""
        low = text.casefold()
        if any(part in low for part in sender_name.casefold().split()):
            return without_persons(text, [*self._names, sender_name]) or WITHHELD
        if text not in self._known:
            self._known[text] = without_persons(text, self._names) or WITHHELD
        return self._known[text]
