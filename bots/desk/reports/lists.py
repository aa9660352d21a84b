"""What the reports have in common whose rows are cases, or few figures: put together, and drawn."""

from collections.abc import Iterable, Mapping, Sequence

from bots.desk.house import House
from bots.desk.reports.asked import Asked
from bots.desk.reports.counting import NO_UNIT, query
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
    return Report(
        sheet=sheet,
        period=today if is_of_now else asked.period,
        today=asked.today,
        municipality=asked.house.municipality,
        query=query(asked, sheet.id),
        headline=headline,
        sections=tuple(one for one in sections if one.paragraphs or one.items),
        charts=tuple(one for one in charts if one is not None),
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


def unit_name(house: House, unit_id: str) -> str:
    """Return what a unit is called; what lies at none, or at one that is gone, has one name."""
    unit = house.unit(unit_id)
    return unit.name if unit is not None else NO_UNIT


def names_of(house: House) -> Sequence[str]:
    """List the names of the staff, which no text of a report may hold."""
    return [person.name for person in house.handlers.values()]
