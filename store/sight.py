"""Who may see a case, and who must not be told of it (requirements C3; rows N2, B6, B27, B28).

Two questions, both asked of a case as it stands. `may_be_told`: is it kept from this person? And `sees`: have
they besides a reason to read it: an office, their unit, or that they were told of it? Pages ask the second.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, false, not_, or_, select, true, update

from store.domain import Lane
from store.engine import Transaction
from store.tables import cases

# Row B28: a suspected whistleblower's message is for the registrator, and whoever stands in as its handler.
_SEALED = Lane.WHISTLEBLOWING


class HiddenCaseError(Exception):
    """This case is not for the one who asks; the registrator can say why."""


class OnlyReadingError(Exception):
    """Whoever asks may read this case, but not change it (requirements C3)."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody who looks at cases.

    `manages` are the units that they answer for, `units` those whose cases they handle, `stands_in_for` the
    people whom they replace, and `lanes` the flags that are theirs to look into.
    """

    id: str
    is_registrator: bool = False
    oversees: bool = False  # the quality staff
    sorts: bool = False  # Medborgarcenter, and who stands in for the registrator
    manages: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    stands_in_for: frozenset[str] = frozenset()
    lanes: frozenset[str] = frozenset()


def may_be_told(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Tell whether a case is kept from nobody like this: it is not about them, nor for few eyes only."""
    if reader.id in case["barred"]:
        return False
    return not case["restricted"] or _may_see_restricted(reader, case)


def sees(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Tell whether somebody may read a case. Those whom it is about never do."""
    if not may_be_told(reader, case):
        return False
    return (
        case["restricted"]
        or reader.is_registrator
        or reader.oversees
        or reader.sorts
        or case["handler"] in {reader.id, *reader.stands_in_for}
        or case["unit"] in reader.manages | reader.units
        or reader.id in case["shown_to"]
        or not reader.lanes.isdisjoint(case["lanes"])
    )


def seen_by(reader: Reader) -> ColumnElement[bool]:
    """Say what `sees` says to the database, so that lists, searches and counts agree with it."""
    clear = not_(_holds(cases.c.barred, reader.id))
    if reader.is_registrator:
        return clear
    by_office = reader.oversees or reader.sorts
    reason = true() if by_office else or_(*_reasons(reader))
    return and_(
        clear,
        or_(and_(not_(cases.c.restricted), reason), and_(cases.c.restricted, _restricted_seen_by(reader))),
    )


def show(transaction: Transaction, case_id: int, people: Collection[str]) -> None:
    """Let people read a case because they are told of it. What is kept from them stays so.

    Raises no version: nobody who has the case open needs to look again.
    """
    shown = transaction.connection.scalar(select(cases.c.shown_to).where(cases.c.id == case_id))
    if shown is None or set(people) <= set(shown):
        return
    changed = update(cases).where(cases.c.id == case_id).values(shown_to=sorted({*shown, *people}))
    transaction.connection.execute(changed)


def _may_see_restricted(reader: Reader, case: Mapping[str, Any]) -> bool:
    if reader.is_registrator or reader.id == case["handler"]:
        return True
    if _SEALED in case["lanes"]:
        return False
    return reader.oversees or case["unit"] in reader.manages or not reader.lanes.isdisjoint(case["lanes"])


def _restricted_seen_by(reader: Reader) -> ColumnElement[bool]:
    by_office = [true()] if reader.oversees else [*_of_units(reader.manages), *_of_lanes(reader.lanes)]
    unsealed = not_(_holds(cases.c.lanes, _SEALED))
    return or_(cases.c.handler == reader.id, and_(unsealed, or_(false(), *by_office)))


def _reasons(reader: Reader) -> Iterator[ColumnElement[bool]]:
    yield cases.c.handler.in_(sorted({reader.id, *reader.stands_in_for}))
    yield from _of_units(reader.manages | reader.units)
    yield _holds(cases.c.shown_to, reader.id)
    yield from _of_lanes(reader.lanes)


def _of_units(units: Collection[str]) -> Iterator[ColumnElement[bool]]:
    if units:
        yield cases.c.unit.in_(sorted(units))


def _of_lanes(lanes: Collection[str]) -> Iterator[ColumnElement[bool]]:
    yield from (_holds(cases.c.lanes, lane) for lane in sorted(lanes))


def _holds(column: Any, value: str) -> ColumnElement[bool]:
    """Tell whether a JSON list of words holds one; written as the column writes it, quotes included."""
    return cast(column, String).contains(json.dumps(str(value)), autoescape=True)
