"""Whom a report is made for: nobody gets one of units, or of cases, that are not theirs (requirements C3)."""

from dataclasses import replace
from datetime import datetime

from bots.desk.house import House
from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.catalogue import Entry
from bots.desk.reports.report import Report
from store import journal
from store.domain import Entry as Line
from store.domain import Role
from store.engine import Transaction

TAKEN_OUT = "rapport uttagen"  # in the journal


def made_for(entry: Entry, asked: Asked, person: str) -> Asked:
    """Narrow what was asked for to what a person may have of a report, with them as its reader.

    Who heads units has what their managers have, but for lists of cases. Raises `NoReportError` for who may
    not read it, and for a manager who asks for a unit of somebody else.
    """
    if not may_read(entry, asked.house, person):
        told = ", ".join(sorted(map(str, entry.readers)))
        raise NoReportError(f"Rapporten {entry.id} är inte till {person!r}. Den läses av {told}.")
    reader = asked.house.reader(person)
    units = asked.units
    if asked.house.roles(person) & entry.readers <= {Role.MANAGER} and not entry.is_of_now:
        own = reader.manages if entry.names_cases else reader.manages | headed(asked.house, person)
        if not_theirs := [unit for unit in units if unit not in own]:
            raise NoReportError(f"Enheten {not_theirs[0]!r} har en annan chef än {person!r}.")
        units = units or sorted(own)
    return replace(asked, reader=reader, units=units)


def may_read(entry: Entry, house: House, person: str) -> bool:
    """Tell whether somebody may read a report, whole or of units of theirs."""
    is_above = Role.MANAGER in entry.readers and not entry.names_cases and bool(headed(house, person))
    return is_above or bool(house.roles(person) & entry.readers)


def headed(house: House, person: str) -> frozenset[str]:
    """Return the units whose level above somebody is."""
    return frozenset(unit.id for unit in house.units if person in unit.heads and house.employs(person))


def note_taken(transaction: Transaction, report: Report, *, by: str, now: datetime) -> None:
    """Write in the journal that somebody has taken out a report whose rows are cases, or what people did."""
    details = {"rapport": report.query, "rader": str(len(report.sheet.rows))}
    journal.write(transaction, now, Line(actor=by, act=TAKEN_OUT, details=details))
