"""Cases alike, by the direction of what their texts mean. The classifier gives it, `cases` keeps it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select

from store.cases import latest_suggestion
from store.domain import Status
from store.engine import Row, Transaction
from store.places import places
from store.tables import cases, messages, suggestions

# The cosine from which cases are shown as alike, and the higher one from which their unit is taken as a sign.
# In an encoder's space texts that have nothing in common may still have 0.8, so each encoder asks for a
# measurement: for the unit a wrong proposal costs more than none.
ALIKE = 0.85
ALIKE_FOR_UNIT = 0.90

_ASKED, _AGREEING = 7, 3
_HANDFUL = 20
_HIDDEN = (Status.QUARANTINED, Status.DISPOSED)


def anybody(_case: Row) -> bool:
    """Let every case be seen."""
    return True


@dataclass(frozen=True, kw_only=True)
class Similar:
    """A case that is like another one. `kind` and `factor` are a human's words, or empty."""

    case_id: int
    number: str
    title: str
    status: Status
    unit: str
    kind: str
    factor: str
    cosine: float
    places: tuple[str, ...] = ()  # those that both name


@dataclass(frozen=True, kw_only=True)
class UnitProposal:
    """The unit that has most of the nearest cases: `agreeing` of the `asked`."""

    unit: str
    agreeing: int
    asked: int

    @property
    def share(self) -> float:
        """Return how many of those asked that agree, as a share."""
        return self.agreeing / self.asked


def similar(
    transaction: Transaction,
    case_id: int,
    *,
    limit: int = 5,
    within: int = 5000,
    least: float = ALIKE,
    may_see: Callable[[Row], bool] = anybody,
    since: datetime | None = None,
) -> list[Similar]:
    """List the cases among the newest `within` that are most like a case, nearest first.

    With `since` only those that came in from then on. Empty when the case has no vector. Cases in quarantine,
    disposed ones, and those for which `may_see` says no, are left out: a title tells something of a case that
    the reader may not open.
    """
    near = _nearest(transaction, case_id, within=within, least=least)
    seen = (
        (row, cosine)
        for row, cosine in _opened(transaction, near)
        if may_see(row) and (since is None or row["received_at"] >= since)
    )
    found = list(islice(seen, limit))
    named = _places(transaction, [case_id, *(row["id"] for row, _ in found)]) if found else {}
    return [
        Similar(
            case_id=row["id"],
            number=row["number"],
            title=row["title"],
            status=Status(row["status"]),
            unit=row["unit"],
            kind=row["kind"],
            factor=row["factor"],
            cosine=cosine,
            places=tuple(sorted(named[case_id] & named[row["id"]])),
        )
        for row, cosine in found
    ]


def unit_by_neighbours(
    transaction: Transaction,
    case_id: int,
    *,
    within: int = 5000,
    least: float = ALIKE_FOR_UNIT,
    may_see: Callable[[Row], bool] = anybody,
) -> UnitProposal | None:
    """Propose the unit that at least 3 of the 7 nearest cases have; only cases that a human has confirmed.

    None when too few agree, and when two units have equally many. The case itself is not moved.
    """
    near = _nearest(transaction, case_id, within=within, least=least, confirmed=True)
    seen = (row["unit"] for row, _ in _opened(transaction, near) if may_see(row))
    units = list(islice(seen, _ASKED))
    agreeing = {unit: units.count(unit) for unit in units if unit}
    most = max(agreeing.values(), default=0)
    leading = [unit for unit, count in agreeing.items() if count == most]
    if most < _AGREEING or len(leading) > 1:
        return None
    return UnitProposal(unit=leading[0], agreeing=most, asked=len(units))


def _nearest(
    transaction: Transaction, case_id: int, *, within: int, least: float, confirmed: bool = False
) -> list[tuple[int, float]]:
    """List ids and cosines, nearest first; of two equally near the newest first."""
    mine = latest_suggestion(transaction, case_id)
    if mine is None or not mine["vector"]:
        return []
    # Oldest first, so that the latest suggestion of a case is the one that stays: few cases have more than
    # one, and a database that is asked for the latest only may choose a plan that takes seconds.
    wanted = _vectors(case_id, _oldest(transaction, within), confirmed)
    latest = {row.case_id: row for row in transaction.connection.execute(wanted).all()}
    comparable = {
        other: row.vector
        for other, row in sorted(latest.items(), reverse=True)
        # Numbers from two encoders have nothing to say to each other, even when there are equally many.
        if len(row.vector) == len(mine["vector"]) and _encoder(row.model) == _encoder(mine["model"])
    }
    if not comparable:
        return []
    cosines = _cosines(mine["vector"], list(comparable.values()))
    others = list(comparable)
    order = np.argsort(-cosines, kind="stable").tolist()
    return [(others[at], float(cosines[at])) for at in order if cosines[at] >= least]


def _oldest(transaction: Transaction, within: int) -> int:
    """Return the id of the oldest of the newest cases. Asked for by itself: with it the indexes are used."""
    wanted = select(cases.c.id).order_by(cases.c.id.desc()).offset(within - 1).limit(1)
    return transaction.connection.scalar(wanted) or 0


def _vectors(case_id: int, oldest: int, confirmed: bool) -> Select[Any]:
    wanted = (
        select(suggestions.c.case_id, suggestions.c.model, suggestions.c.vector)
        .join(cases, cases.c.id == suggestions.c.case_id)
        .where(
            # Said of both: PostgreSQL would read every case for the one that it is not said of.
            suggestions.c.case_id >= oldest,
            cases.c.id >= oldest,
            suggestions.c.case_id != case_id,
            cases.c.status.not_in(_HIDDEN),
        )
        # In the order of the index: by id alone SQLite would walk through every suggestion there is.
        .order_by(suggestions.c.case_id, suggestions.c.id)
    )
    # A case has a type of its own only when a human has confirmed it.
    return wanted.where(cases.c.kind != "") if confirmed else wanted


def _opened(transaction: Transaction, near: Sequence[tuple[int, float]]) -> Iterator[tuple[Row, float]]:
    """Read the cases in their order, a handful at a time: mostly the first are all that is wanted."""
    for start in range(0, len(near), _HANDFUL):
        some = dict(near[start : start + _HANDFUL])
        found = {row["id"]: row for row in transaction.rows(select(cases).where(cases.c.id.in_(some)))}
        yield from ((found[other], cosine) for other, cosine in some.items())


def _places(transaction: Transaction, case_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the places that the messages of each case name."""
    wanted = select(messages.c.case_id, messages.c.subject, messages.c.text).where(
        messages.c.case_id.in_(case_ids)
    )
    found: dict[int, frozenset[str]] = dict.fromkeys(case_ids, frozenset())
    for row in transaction.connection.execute(wanted):
        found[row.case_id] |= places(row.subject) | places(row.text)
    return found


def _encoder(model: str) -> str:
    """Return the part of a model's name that stays when the model learns: its encoder is the same then."""
    return model.partition("+")[0]


def _cosines(mine: bytes, others: Sequence[bytes]) -> NDArray[np.float32]:
    one = np.frombuffer(mine, np.int8).astype(np.float32)
    rows = np.frombuffer(b"".join(others), np.int8).reshape(len(others), len(mine)).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(one)
    # Whole numbers: a length below 1 is that of a vector without direction, which is like nothing.
    cosines: NDArray[np.float32] = (rows @ one) / np.maximum(lengths, np.float32(1.0))
    return cosines
