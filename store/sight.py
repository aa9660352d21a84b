"""Who may see a case, and who must not be told of it (requirements C3; rows N2, B6, B15, B27, B28).

Two questions, both asked of a case as it stands. `may_be_told`: is it kept from this person? And `sees`: have
they besides a reason to read it: an office, their unit, or that they were told of it? Pages ask the second.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    Subquery,
    and_,
    cast,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
    update,
)

from store.domain import Lane
from store.engine import Transaction
from store.tables import cases

# Row B28: a suspected whistleblower's message is for the registrator, and whoever stands in as its handler.
_SEALED = Lane.WHISTLEBLOWING
_own = cases.alias("own")


class HiddenCaseError(Exception):
    """This case is not for the one who asks; the registrator can say why."""


class OnlyReadingError(Exception):
    """Whoever asks may read this case, but not change it (requirements C3)."""


class Confidant(StrEnum):
    """Who besides the registrator sees a case whose sender is protected (row B15): one role, never more."""

    HANDLER = "handläggare"  # whoever has the case, and nobody who stands in for them
    MANAGER = "chef"  # of the case's unit
    NOBODY = "ingen"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody who looks at cases.

    `manages` are the units that they answer for, `units` those whose cases they handle, `stands_in_for` the
    people whom they replace, and `lanes` the flags that are theirs to look into. `confidant` is the same for
    all readers of a house.
    """

    id: str
    confidant: Confidant = Confidant.HANDLER
    is_registrator: bool = False
    oversees: bool = False  # the quality staff
    sorts: bool = False  # Medborgarcenter, and who stands in for the registrator
    manages: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    stands_in_for: frozenset[str] = frozenset()
    lanes: frozenset[str] = frozenset()


def may_be_told(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Tell whether a case is kept from nobody like this: it is not about them, nor for few eyes only."""
    if reader.id in case["barred"] or (case["protected"] and not _is_in_confidence(reader, case)):
        return False
    return not case["restricted"] or _may_see_restricted(reader, case)


def sees(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Tell whether somebody may read a case. Those whom it is about never do.

    Of a protected sender nobody but the registrator and the one other role sees even that there is a case:
    what a text gives away of a person no machine can mask for certain (decision 15).
    """
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


def seen_by(
    reader: Reader, *, of_few: bool = False, key: ColumnElement[int] = cases.c.id
) -> ColumnElement[bool]:
    """Say what `sees` says to the database, so that lists, searches and counts agree with it.

    `of_few` says the same where few cases are looked at anyway, such as the open ones or that of a letter:
    each is then judged by itself, instead of first finding all that are somebody's in all years. `key` is
    where the id of the case stands, if a question has it from elsewhere before it reads the case.
    """
    clear = not_(holds(cases.c.barred, reader.id))
    if reader.is_registrator:
        return clear
    clear = and_(clear, or_(not_(cases.c.protected), *_confidences(reader)))
    if not (reader.oversees or reader.sorts):
        if of_few:
            return and_(clear, or_(*_reasons(reader, cases)))
        theirs = union_all(*(select(_own.c.id).where(reason) for reason in _reasons(reader, _own)))
        return and_(clear, key.in_(theirs))
    by_office = [true()] if reader.oversees else [*_of_units(reader.manages), *_of_lanes(reader.lanes)]
    few = or_(cases.c.handler == reader.id, and_(_unsealed(cases), or_(false(), *by_office)))
    return and_(clear, or_(not_(cases.c.restricted), few))


def newest_of(reader: Reader) -> Subquery | None:
    """Give the ids of all cases that may be somebody's, newest first; None for who sees all but a few.

    `seen_by` must be asked besides. The order is held when PostgreSQL joins it, so that a list of the newest
    ends as soon as it is full.
    """
    if reader.is_registrator or reader.oversees or reader.sorts:
        return None
    theirs = union(*(select(_own.c.id).where(reason) for reason in _reasons(reader, _own))).subquery()
    # Without an offset the order would be thought of no use, and left out.
    return select(theirs.c.id).order_by(theirs.c.id.desc()).offset(0).subquery()


def show(transaction: Transaction, case_id: int, people: Collection[str]) -> None:
    """Let people read a case because they are told of it. What is kept from them stays so.

    Raises no version: nobody who has the case open needs to look again.
    """
    shown = transaction.connection.scalar(select(cases.c.shown_to).where(cases.c.id == case_id))
    if shown is None or set(people) <= set(shown):
        return
    changed = update(cases).where(cases.c.id == case_id).values(shown_to=sorted({*shown, *people}))
    transaction.connection.execute(changed)


def _is_in_confidence(reader: Reader, case: Mapping[str, Any]) -> bool:
    if reader.is_registrator:
        return True
    if reader.confidant is Confidant.HANDLER:
        return bool(case["handler"] == reader.id)
    return reader.confidant is Confidant.MANAGER and case["unit"] in reader.manages


def _confidences(reader: Reader) -> Iterator[ColumnElement[bool]]:
    """Say the same of somebody who is not the registrator."""
    if reader.confidant is Confidant.HANDLER:
        yield cases.c.handler == reader.id
    if reader.confidant is Confidant.MANAGER:
        yield from _of_units(reader.manages)


def _may_see_restricted(reader: Reader, case: Mapping[str, Any]) -> bool:
    if reader.is_registrator or reader.id == case["handler"]:
        return True
    if _SEALED in case["lanes"]:
        return False
    return reader.oversees or case["unit"] in reader.manages or not reader.lanes.isdisjoint(case["lanes"])


def _reasons(reader: Reader, table: FromClause) -> Iterator[ColumnElement[bool]]:
    """Say why a case is somebody's. Each reason has its own index: few of all cases are theirs."""
    is_open = not_(table.c.restricted)
    yield table.c.handler == reader.id
    for reason in (*_of_units(reader.manages, table), *_of_lanes(reader.lanes, table)):
        # Two reasons, so that the flags are read only of the few that are restricted.
        yield and_(reason, is_open)
        yield and_(reason, table.c.restricted, _unsealed(table))
    yield from (and_(reason, is_open) for reason in _of_units(reader.units, table))
    yield and_(holds(table.c.shown_to, reader.id), is_open)
    if reader.stands_in_for:
        yield and_(table.c.handler.in_(sorted(reader.stands_in_for)), is_open)


def _unsealed(table: FromClause) -> ColumnElement[bool]:
    return not_(holds(table.c.lanes, _SEALED))


def _of_units(units: Collection[str], table: FromClause = cases) -> Iterator[ColumnElement[bool]]:
    if units:
        yield table.c.unit.in_(sorted(units))


def _of_lanes(lanes: Collection[str], table: FromClause = cases) -> Iterator[ColumnElement[bool]]:
    yield from (holds(table.c.lanes, lane) for lane in sorted(lanes))


def holds(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Tell whether a JSON list of words holds one; written as the column writes it, quotes included.

    Of `lanes` and `shown_to` only those rows are read that hold anything: there is an index of them.
    """
    written = cast(column, String)
    return and_(holds_any(column), written.contains(json.dumps(str(value)), autoescape=True))


def holds_any(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether a JSON list holds anything; ask it first, where several words are sought."""
    return cast(column, String) != literal_column("'[]'")
