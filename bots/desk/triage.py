"""Who gets a case: unit and handler, by recipient address, words, area and type. Humans may change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bots.desk.house import House
from store.domain import Handler, Kind, Lane, Status, Suggestion, Unit

# Matters with a law of their own: a registrator sorts them, the same day (requirements.md C5).
FOR_THE_REGISTRATOR = frozenset(
    {
        Lane.APPEAL,
        Lane.DOCUMENT_REQUEST,
        Lane.LEX_SARAH,
        Lane.CONCERN_REPORT,
        Lane.EMERGENCY,
        Lane.THREAT,
        Lane.DATA_PROTECTION,
        Lane.WHISTLEBLOWING,
        Lane.NAMED_EMPLOYEE,
        Lane.SPAM,
    }
)
_AREA_IS_WORTH_FOLLOWING = 0.5


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a case goes, and why, in words for the handler."""

    unit: str
    handler: Handler
    status: Status
    because: str


def route(
    house: House,
    *,
    text: str,
    recipients: Sequence[str],
    suggestion: Suggestion | None,
    kind: Kind | None,
    day: date,
) -> Route:
    """Find unit and handler for a new case; the registrator's queue when nobody else is found.

    `kind` is what we take the message to be, or None when nobody is sure. `day` is today in Stockholm.
    """
    lanes = set(suggestion.lanes) if suggestion else set()
    if kind is Kind.PRAISE:
        lanes.discard(Lane.NAMED_EMPLOYEE)  # to be praised by name needs no registrator
    if special := sorted(lanes & FOR_THE_REGISTRATOR):
        return _to_registrator(house, day, f"kan vara {', '.join(special)}")
    unit, because = _unit(house, text, recipients, suggestion, kind)
    if unit is None:
        return _to_registrator(house, day, because)
    if house.policy.roles.triage != "none":
        # Row K8: the proposal must be confirmed by somebody before the handler hears of it.
        return _to_sorter(house, day, because, unit=unit.id)
    handler = house.present(house.owners(unit), day)
    if handler is None:
        return _to_registrator(house, day, f"alla på {unit.name} är frånvarande", unit=unit.id)
    if handler.id not in house.owners(unit):
        because += ", ersättare"
    return Route(unit=unit.id, handler=handler, status=Status.ASSIGNED, because=because)


def _unit(
    house: House,
    text: str,
    recipients: Sequence[str],
    suggestion: Suggestion | None,
    kind: Kind | None,
) -> tuple[Unit | None, str]:
    written_to = {address.casefold() for address in recipients}
    for unit in house.units:
        if written_to & {address.casefold() for address in unit.addresses}:
            return unit, "skrivet till enhetens adress"
    fitting = [unit for unit in house.units if not unit.kinds or kind is None or kind in unit.kinds]
    folded = text.casefold()
    hits = [(unit, set(pattern.findall(folded))) for unit, pattern in house.words if unit in fitting]
    # The first unit in the configuration wins a tie: max keeps the first of equals.
    if hits and (best := max(hits, key=lambda hit: len(hit[1])))[1]:
        return best[0], f"orden {', '.join(sorted(best[1])[:5])}"
    area = suggestion.area if suggestion else None
    if area is not None and area.confidence >= _AREA_IS_WORTH_FOLLOWING:
        for unit in fitting:
            if area.value in unit.areas:
                return unit, f"området {area.value}"
    return None, "ingen enhet hittades"


def _to_sorter(house: House, day: date, because: str, *, unit: str) -> Route:
    handler = house.present(house.sorters, day) or house.handlers[house.registrator]
    return Route(unit=unit, handler=handler, status=Status.SORTING, because=because)


def _to_registrator(house: House, day: date, because: str, *, unit: str = "") -> Route:
    handler = house.present([house.registrator], day) or house.handlers[house.registrator]
    return Route(unit=unit, handler=handler, status=Status.SORTING, because=because)
