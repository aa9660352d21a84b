"""Which reports there are, who may read them, and how each is made (requirements C4)."""

from collections.abc import Callable
from dataclasses import dataclass

from bots.desk.reports import (
    agreement,
    care,
    meeting,
    opendata,
    record,
    service,
    suppliers,
    telling,
    trend,
    watching,
)
from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.report import Report
from store.domain import Role
from store.engine import Transaction

_LEADERS = frozenset({Role.MANAGER, Role.REGISTRATOR, Role.QUALITY})
_OF_BOARDS = _LEADERS | {Role.SECRETARY, Role.HEAD}  # who lays them before the nämnd, and answers there
_AT_WORK = frozenset({Role.HANDLER, Role.MANAGER, Role.TRIAGE, Role.REGISTRATOR, Role.QUALITY})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A report that can be made. `readers` may read it; who is only a manager, of the own units.

    `is_published` is told of what anybody may have: cells below 5 are then not shown. The rows of one that
    `names_cases` are cases, or what people did: it is made for one reader (`Asked.reader`), and that it was
    taken out is journaled. One that `is_of_now` is of no period. One that is not `is_closable` is never kept.
    """

    id: str
    title: str
    readers: frozenset[Role]
    make: Callable[[Transaction, Asked], Report]
    is_published: bool = False
    names_cases: bool = False
    is_of_now: bool = False
    is_closable: bool = True


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
        Entry(id="R2", title="Nämnd, halvår", readers=_OF_BOARDS, make=telling.of_boards),
        Entry(id="R3", title="År", readers=_OF_BOARDS, make=telling.of_years),
        Entry(id="R4", title="Tertial, ackumulerat", readers=_OF_BOARDS, make=telling.of_tertials),
        Entry(
            id="R5",
            title="Omsorg, ärende för ärende",
            readers=_LEADERS | {Role.SECRETARY},
            make=care.of_care,
            names_cases=True,
        ),
        Entry(
            id="R6",
            title="Att tala om på arbetsplatsträffen",
            readers=_LEADERS,
            make=meeting.for_meeting,
            names_cases=True,
        ),
        Entry(
            id="R7",
            title="Registret (OSL 5:2)",
            readers=frozenset({Role.REGISTRATOR}),
            make=record.of_register,
            names_cases=True,
            is_closable=False,
        ),
        Entry(
            id="R8",
            title="Bevakning",
            readers=_AT_WORK,
            make=watching.of_now,
            names_cases=True,
            is_of_now=True,
            is_closable=False,
        ),
        Entry(
            id="R9",
            title="Eskaleringar",
            readers=_LEADERS | {Role.HEAD},
            make=watching.of_escalations,
            names_cases=True,
        ),
        Entry(
            id="R10",
            title="Modellens förslag mot handläggarnas ord",
            readers=frozenset({Role.QUALITY, Role.REGISTRATOR}),
            make=agreement.of_agreement,
        ),
        Entry(
            id="R11",
            title="Utförare och deras redogörelser",
            readers=_LEADERS | {Role.SECRETARY},
            make=suppliers.of_suppliers,
        ),
        Entry(
            id="R12",
            title="Öppna data",
            readers=_OF_BOARDS,
            make=opendata.for_public,
            is_published=True,
        ),
        Entry(
            id="R13",
            title="Gallringsprotokoll",
            readers=frozenset({Role.REGISTRATOR}),
            make=record.of_disposals,
            names_cases=True,
            is_closable=False,
        ),
        Entry(
            id="R14",
            title="Åtkomstlogg",
            readers=frozenset({Role.DATA_PROTECTION}),
            make=record.of_access,
            names_cases=True,
            is_closable=False,
        ),
        Entry(id="R15", title="Service, per kanal", readers=_LEADERS, make=service.of_service),
        Entry(id="L20", title="Förändring per enhet och faktor", readers=_LEADERS, make=trend.of_cells),
    )
}
