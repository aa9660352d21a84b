"""Cases alike, by the direction of what their texts mean. The classifier gives it, `cases` keeps it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, select

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
_HANDFUL, _MOST_AT_ONCE = 20, 320
_READ_AGAIN = 256
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


@dataclass(frozen=True, kw_only=True)
class Near:
    """The ids of the cases near one, each with its cosine: nearest first, of two equally near the newest.

    Nothing is known of them yet: some may be hidden, or not for everybody.
    """

    cosines: Sequence[tuple[int, float]]

    def at_least(self, least: float) -> list[tuple[int, float]]:
        """List those that are so near."""
        return [(other, cosine) for other, cosine in self.cosines if cosine >= least]


def near(transaction: Transaction, case_id: int, *, within: int = 5000, least: float = ALIKE) -> Near:
    """Compare a case with the newest `within`, the case itself left out. Empty when it has no vector.

    This is most of the work of `similar` and of `unit_by_neighbours`: whoever asks both hands it to them.
    It must not ask for more than they do: `least` is the lower of the two.
    """
    mine = latest_suggestion(transaction, case_id)
    if mine is None or not mine["vector"]:
        return Near(cosines=())
    latest = dict(_latest(transaction, _oldest(transaction, within)))
    latest.pop(case_id, None)
    # Numbers from two encoders have nothing to say to each other, even when there are equally many.
    models = {model for model, _ in latest.values()}
    same = {model for model in models if _encoder(model) == _encoder(mine["model"])}
    comparable = {
        other: vector
        for other, (model, vector) in sorted(latest.items(), reverse=True)
        if model in same and len(vector) == len(mine["vector"])
    }
    if not comparable:
        return Near(cosines=())
    cosines = _cosines(mine["vector"], list(comparable.values()))
    others = list(comparable)
    order = np.argsort(-cosines, kind="stable").tolist()
    return Near(cosines=[(others[at], float(cosines[at])) for at in order if cosines[at] >= least])


def similar(
    transaction: Transaction,
    case_id: int,
    *,
    limit: int = 5,
    within: int = 5000,
    least: float = ALIKE,
    may_see: Callable[[Row], bool] = anybody,
    since: datetime | None = None,
    among: Near | None = None,
) -> list[Similar]:
    """List the cases among the newest `within` that are most like a case, nearest first.

    With `since` only those that came in from then on. Empty when the case has no vector. Cases in quarantine,
    disposed ones, and those for which `may_see` says no, are left out: a title tells something of a case that
    the reader may not open. `among` is what `near` has found already.
    """
    compared = among or near(transaction, case_id, within=within, least=least)
    seen = (
        (row, cosine)
        for row, cosine in _opened(transaction, compared.at_least(least))
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
    among: Near | None = None,
) -> UnitProposal | None:
    """Propose the unit that at least 3 of the 7 nearest cases have; only cases that a human has confirmed.

    None when too few agree, and when two units have equally many. The case itself is not moved. `among` is
    what `near` has found already.
    """
    compared = among or near(transaction, case_id, within=within, least=least)
    # A case has a type of its own only when a human has confirmed it.
    seen = (
        row["unit"]
        for row, _ in _opened(transaction, compared.at_least(least))
        if row["kind"] and may_see(row)
    )
    units = list(islice(seen, _ASKED))
    agreeing = {unit: units.count(unit) for unit in units if unit}
    most = max(agreeing.values(), default=0)
    leading = [unit for unit, count in agreeing.items() if count == most]
    if most < _AGREEING or len(leading) > 1:
        return None
    return UnitProposal(unit=leading[0], agreeing=most, asked=len(units))


def _oldest(transaction: Transaction, within: int) -> int:
    """Return the id of the oldest of the newest cases. Asked for by itself: with it the indexes are used."""
    wanted = select(cases.c.id).order_by(cases.c.id.desc()).offset(within - 1).limit(1)
    return transaction.connection.scalar(wanted) or 0


@dataclass(kw_only=True)
class _Known:
    """The vectors that one database has been asked for. Suggestions are added, and never changed."""

    lock: Lock = field(default_factory=Lock)
    newest: int = 0  # the id of the newest suggestion that was read
    oldest: int = 0  # the id of the oldest case whose vectors were read
    by_id: dict[int, tuple[int, str, bytes]] = field(default_factory=dict)  # to case, model and vector

    def read(self, transaction: Transaction, oldest: int) -> None:
        """Read what has been added, and the last ones again: the later commit may have the lower id."""
        if oldest < self.oldest:
            self.by_id.clear()
        wanted = select(
            suggestions.c.id, suggestions.c.case_id, suggestions.c.model, suggestions.c.vector
        ).order_by(suggestions.c.id)
        again = self.newest - _READ_AGAIN
        added = wanted.where(suggestions.c.id > again) if self.by_id else _from(wanted, oldest)
        # All at once: one at a time the rows of PostgreSQL take three times as long.
        rows = {row[0]: (row[1], row[2], row[3]) for row in transaction.connection.execute(added).all()}
        if any(rows.get(one) != kept for one, kept in self.by_id.items() if one > again):
            # Another database under the same name, as after a restore: begin anew.
            self.by_id.clear()
            self.read(transaction, oldest)
            return
        self.by_id.update(rows)
        self.oldest = oldest
        self.newest = max(self.by_id, default=0)
        for one in [one for one, (case_id, _, _) in self.by_id.items() if case_id < oldest]:
            del self.by_id[one]


_KNOWN: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()
_KNOWN_LOCK = Lock()


def _latest(transaction: Transaction, oldest: int) -> dict[int, tuple[str, bytes]]:
    """Return model and vector of the latest suggestion of each case from `oldest` on."""
    with _KNOWN_LOCK:
        known = _KNOWN.setdefault(transaction.connection.engine, _Known())
    with known.lock:
        known.read(transaction, oldest)
        # In the order of their ids, so that the latest of a case is the one that stays.
        by_id = sorted(known.by_id.items())
    return {case_id: (model, vector) for _, (case_id, model, vector) in by_id if case_id >= oldest}


def _from(wanted: Select[Any], oldest: int) -> Select[Any]:
    # In the order of its own index: by id SQLite would walk through every suggestion there is.
    return wanted.where(suggestions.c.case_id >= oldest).order_by(None)


def _opened(transaction: Transaction, nearest: Sequence[tuple[int, float]]) -> Iterator[tuple[Row, float]]:
    """Read the cases in their order, but for hidden ones. Mostly the first handful is all that is wanted."""
    start, size = 0, _HANDFUL
    while some := dict(nearest[start : start + size]):
        found = {row["id"]: row for row in transaction.rows(select(cases).where(cases.c.id.in_(some)))}
        opened = ((found[other], cosine) for other, cosine in some.items())
        yield from ((row, cosine) for row, cosine in opened if row["status"] not in _HIDDEN)
        start, size = start + size, min(2 * size, _MOST_AT_ONCE)


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
    # Summed here and not by the threads of a linear algebra library, which keep every core busy for this.
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows)) * np.linalg.norm(one)
    # Whole numbers: a length below 1 is that of a vector without direction, which is like nothing.
    cosines: NDArray[np.float32] = np.einsum("ij,j->i", rows, one) / np.maximum(lengths, np.float32(1.0))
    return cosines
