"""Which reports there are, who may read them, and how each is made (requirements C4)."""

from collections.abc import Callable
from dataclasses import dataclass

from bots.desk.reports import telling, trend
from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.report import Report
from store.domain import Role
from store.engine import Transaction

_LEADERS = frozenset({Role.MANAGER, Role.REGISTRATOR, Role.QUALITY})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A report that can be made. `readers` may read it; who is only a manager, of the own units.

    `is_published` is told of what anybody may have: cells below 5 are then not shown.
    """

    id: str
    title: str
    readers: frozenset[Role]
    make: Callable[[Transaction, Asked], Report]
    is_published: bool = False


def make(report: str, transaction: Transaction, asked: Asked) -> Report:
    """Make a report, such as `R1`; raise `NoReportError` for one that is not made here."""
    return entry(report).make(transaction, asked)


def entry(report: str) -> Entry:
    """Return what is known of a report, such as `R1`; raise `NoReportError` for one that there is not."""
    found = CATALOGUE.get(report.upper())
    if found is None:
        raise NoReportError(f"Rapporten {report!r} finns inte. Välj en av {', '.join(CATALOGUE)}.")
    return found


CATALOGUE = {
    one.id: one
    for one in (
        Entry(id="R1", title="Enhet, per faktor", readers=_LEADERS, make=telling.of_units),
        Entry(id="R2", title="Nämnd, halvår", readers=_LEADERS, make=telling.of_boards),
        Entry(id="R3", title="År", readers=_LEADERS, make=telling.of_years),
        Entry(id="R4", title="Tertial, ackumulerat", readers=_LEADERS, make=telling.of_tertials),
        Entry(id="L20", title="Förändring per enhet och faktor", readers=_LEADERS, make=trend.of_cells),
    )
}
