"""Who gets a case: unit and handler, by recipient address, words, area and type. Humans may change it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from bots.desk import doors
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
    sender: str = "",
    barred: Collection[str] = (),
    language: str = "sv",
    by_mail: bool = False,
    proposed: str = "",
) -> Route:
    """Find unit and handler for a new case; the registrator's queue when nobody else is found.

    `kind` is what we take the message to be, or None when nobody is sure. `day` is today in Stockholm.
    Nobody `barred` gets it: it is about them (row B6). Of a unit's people, one who speaks the sender's
    language comes first (row B5). A unit that a member of staff `proposed` outranks what is guessed.
    """
    lanes = suggestion.lanes if suggestion else ()
    unit, because = house.unit(proposed), "enheten är vald av den som registrerade"
    if unit is None:
        unit, because = _unit(house, text, recipients, suggestion, kind)
    if why := why_sorted(house, lanes=lanes, kind=kind, sender=sender):
        # What is no synpunkt, if the flag is right, is no unit's before a human has said so.
        found = unit.id if unit is not None and doors.is_kept(lanes) and not doors.authority(sender) else ""
        return _to_registrator(house, day, why, unit=found, barred=barred)
    if unit is None:
        return _to_registrator(house, day, because, barred=barred)
    if sorted_first(house, by_mail=by_mail):
        return _to_sorter(house, day, because, unit=unit.id, barred=barred)
    handler, why = unbarred(house, unit, day, barred, language=language)
    if handler is None:
        return _to_registrator(house, day, why, unit=unit.id, barred=barred)
    return Route(unit=unit.id, handler=handler, status=Status.ASSIGNED, because=because + why)


def sorted_first(house: House, *, by_mail: bool) -> bool:
    """Tell whether somebody must confirm the proposal before the handler hears of it (rows K8, G6)."""
    workflow = house.policy.workflow
    return house.policy.roles.triage != "none" or (by_mail and workflow.email_registration == "registrator")


def why_sorted(house: House, *, lanes: Collection[str], kind: Kind | None, sender: str) -> str:
    """Say why a human must sort a case before anybody has it, or return an empty text (C5:4, T3, K14)."""
    why = []
    if authority := doors.authority(sender):
        why.append(f"från tillsynsmyndighet ({authority})")
    if special := sorted(FOR_THE_REGISTRATOR & {*doors.of(lanes, kind=kind)}):
        why.append(f"kan vara {', '.join(special)}")
    internal = house.policy.internal
    if internal.exclude and doors.is_within(sender, internal.domains):
        why.append("misstänkt intern")
    return "; ".join(why)


def unbarred(
    house: House, unit: Unit, day: date, barred: Collection[str], *, language: str = "sv"
) -> tuple[Handler | None, str]:
    """Return who has a unit's case, and a word on it, or None and why nobody has.

    When it is about all who would have it, the manager does, or else the level above (row B6).
    """
    owners = [one for one in house.owners(unit) if one not in barred]
    owners.sort(key=lambda one: language not in house.handlers[one].languages)
    if owners:
        handler = house.present(owners, day, barred=barred)
        if handler is None:
            return None, f"alla på {unit.name} är frånvarande"
        return handler, "" if handler.id in owners else ", ersättare"
    for level in (unit.managers, unit.heads, house.quality):
        handler = house.present([one for one in level if one not in barred], day, barred=barred)
        if handler is not None:
            return handler, ", nivån ovanför (jäv)"
    return None, f"alla på {unit.name} är jäviga"


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
    hits = [
        (unit, set(pattern.findall(folded)))
        for unit, pattern in house.words
        # To look for a plain word costs a hundredth of a pattern, and few units have one in a text.
        if any(word.casefold() in folded for word in unit.words) and unit in fitting
    ]
    # The first unit in the configuration wins a tie: max keeps the first of equals.
    if hits and (best := max(hits, key=lambda hit: len(hit[1])))[1]:
        return best[0], f"orden {', '.join(sorted(best[1])[:5])}"
    area = suggestion.area if suggestion else None
    if area is not None and area.confidence >= _AREA_IS_WORTH_FOLLOWING:
        for unit in fitting:
            if area.value in unit.areas:
                return unit, f"området {area.value}"
    return None, "ingen enhet hittades"


def _to_sorter(house: House, day: date, because: str, *, unit: str, barred: Collection[str]) -> Route:
    handler = house.present(house.sorters, day, barred=barred) or house.sorter(day, barred=barred)
    return Route(unit=unit, handler=handler, status=Status.SORTING, because=because)


def _to_registrator(
    house: House, day: date, because: str, *, unit: str = "", barred: Collection[str]
) -> Route:
    handler = house.sorter(day, barred=barred)
    return Route(unit=unit, handler=handler, status=Status.SORTING, because=because)
