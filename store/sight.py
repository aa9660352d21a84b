"""Who may see a case: all staff, but for the cases that are for few eyes (rows N2, B6, B27, B28)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, false, not_, or_, true

from store.domain import Lane
from store.tables import cases

# Row B28: a suspected whistleblower's message is for the registrator, and whoever stands in as its handler.
_SEALED = Lane.WHISTLEBLOWING


class HiddenCaseError(Exception):
    """This case is not for the one who asks; the registrator can say why."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody who looks at cases. `manages` are the units that they answer for."""

    id: str
    is_registrator: bool = False
    oversees: bool = False  # the quality staff
    manages: frozenset[str] = frozenset()


def sees(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Tell whether somebody may see a case. Those whom it is about never do."""
    if reader.id in case["barred"]:
        return False
    if not case["restricted"] or reader.is_registrator or reader.id == case["handler"]:
        return True
    if _SEALED in case["lanes"]:
        return False
    return reader.oversees or case["unit"] in reader.manages


def seen_by(reader: Reader) -> ColumnElement[bool]:
    """Say the same to the database, so that lists and counts agree with `sees`."""
    if reader.is_registrator:
        return not_(_holds(cases.c.barred, reader.id))
    by_office = true() if reader.oversees else cases.c.unit.in_(reader.manages) if reader.manages else false()
    return and_(
        not_(_holds(cases.c.barred, reader.id)),
        or_(
            not_(cases.c.restricted),
            cases.c.handler == reader.id,
            and_(by_office, not_(_holds(cases.c.lanes, _SEALED))),
        ),
    )


def _holds(column: Any, value: str) -> ColumnElement[bool]:
    """Tell whether a JSON list of words holds one; written as the column writes it, quotes included."""
    return cast(column, String).contains(json.dumps(str(value)), autoescape=True)
