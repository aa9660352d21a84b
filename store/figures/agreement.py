"""How the model's proposals stood against the word of humans, case by case (R10). Nobody's words.

`store.quality` tells how they fare month by month as they are confirmed; here a case counts on the day of R,
as in every report.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from sqlalchemy import and_, func, select

from store.deadlines import day_of
from store.domain import UNSURE, Status
from store.engine import Transaction
from store.figures.cut import Proposal
from store.figures.period import Period
from store.figures.tally import Share
from store.tables import cases, confirmations, suggestions

Axis = Literal["kind", "factor"]

# As in every report: what was handed over is no synpunkt, and a duplicate is counted as its original.
_NOT_COUNTED = (Status.QUARANTINED, Status.DUPLICATE, Status.HANDED_OVER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What was proposed on one axis, and what a human said. `proposed` is empty where nothing was."""

    proposed: str
    confirmed: str
    confidence: float

    @property
    def is_kept(self) -> bool:
        """Tell whether the proposal stood."""
        return self.proposed == self.confirmed


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One case whose type and factor a human has judged, with the proposal that they looked at."""

    case_id: int
    received_on: date
    unit: str
    model: str
    kind: Said
    factor: Said

    def on(self, axis: Axis) -> Said:
        """Return what was said on an axis."""
        return self.kind if axis == "kind" else self.factor


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often each class was proposed where each was right. Of nothing there is no share."""

    cells: Counter[tuple[str, str]] = field(default_factory=Counter)  # proposed, confirmed
    confidence: dict[tuple[str, str], float] = field(default_factory=dict)  # all of a cell added
    unproposed: Counter[str] = field(default_factory=Counter)  # confirmed, and nothing was proposed

    @property
    def proposed(self) -> int:
        """Return how many cases had a proposal."""
        return self.cells.total()

    @property
    def kept(self) -> Share:
        """Return how many proposals stood, of all proposals."""
        return Share(part=sum(self.cells[one, one] for one in self.classes), whole=self.proposed)

    @property
    def found(self) -> Share:
        """Return how many cases were proposed right, of all that were judged."""
        return Share(part=self.kept.part, whole=self.proposed + self.unproposed.total())

    @property
    def classes(self) -> list[str]:
        """List what was proposed or confirmed, in the order of the words."""
        return sorted({one for cell in self.cells for one in cell} | set(self.unproposed))

    def precision(self, value: str) -> Share:
        """Return how often a class was right when it was proposed."""
        whole = sum(count for (proposed, _), count in self.cells.items() if proposed == value)
        return Share(part=self.cells[value, value], whole=whole)

    def recall(self, value: str) -> Share:
        """Return how often a class was proposed where it was right; nothing proposed is a miss."""
        whole = sum(count for (_, confirmed), count in self.cells.items() if confirmed == value)
        return Share(part=self.cells[value, value], whole=whole + self.unproposed[value])

    def sure(self, proposed: str = "", confirmed: str = "") -> Fraction | None:
        """Return how sure the model was on an average, in percent; of all, of a class, or of one cell."""
        some = [
            cell
            for cell in self.cells
            if proposed in ("", cell[0]) and confirmed in ("", cell[1]) and self.cells[cell]
        ]
        count = sum(self.cells[cell] for cell in some)
        # A thousandth is more than anybody reads; exact fractions of floats would be long and say no more.
        whole = sum(self.confidence[cell] for cell in some)
        return Fraction(round(whole * 100_000), count * 1000) if count else None


def of_period(transaction: Transaction, period: Period) -> list[Judged]:
    """Read what was judged of what came in during a period, in the order of the cases.

    The latest word on a case counts, with the proposal that it was about; who could not judge said nothing.
    """
    within = and_(
        cases.c.received_at >= period.begins,
        cases.c.received_at < period.ends,
        cases.c.status.not_in(_NOT_COUNTED),
    )
    latest = (
        select(func.max(confirmations.c.id).label("id"))
        .join(cases, cases.c.id == confirmations.c.case_id)
        .where(within, confirmations.c.kind != UNSURE, confirmations.c.factor != UNSURE)
        .group_by(confirmations.c.case_id)
        .subquery()
    )
    wanted = (
        select(
            *(cases.c.id, cases.c.received_at, cases.c.unit, confirmations.c.kind, confirmations.c.factor),
            *(suggestions.c.model, suggestions.c.kind, suggestions.c.kind_confidence),
            *(suggestions.c.factor, suggestions.c.factor_confidence),
        )
        .select_from(latest)
        .join(confirmations, confirmations.c.id == latest.c.id)
        .join(cases, cases.c.id == confirmations.c.case_id)
        .outerjoin(suggestions, suggestions.c.id == confirmations.c.suggestion_id)
        .order_by(cases.c.id)
    )
    return [
        Judged(
            case_id=case_id,
            received_on=day_of(received_at),
            unit=unit,
            model=model or "",
            kind=Said(proposed=proposed_kind or "", confirmed=kind, confidence=kind_sure or 0.0),
            factor=Said(proposed=proposed_factor or "", confirmed=factor, confidence=factor_sure or 0.0),
        )
        for (
            case_id,
            received_at,
            unit,
            kind,
            factor,
            model,
            proposed_kind,
            kind_sure,
            proposed_factor,
            factor_sure,
        ) in transaction.connection.execute(wanted)
    ]


def of_proposal(judged: Iterable[Judged], asked: Proposal) -> list[Judged]:
    """Return those that a figure of R10 counts: all with a proposal, unless it asks for one."""
    axis: Axis = "kind" if asked.axis == "typ" else "factor"
    return [
        one
        for one in judged
        if one.on(axis).proposed
        and asked.proposed in ("", one.on(axis).proposed)
        and asked.confirmed in ("", one.on(axis).confirmed)
        and asked.model in ("", one.model)
    ]


def confusion(judged: Iterable[Judged], axis: Axis) -> Confusion:
    """Add up one axis."""
    made = Confusion()
    for one in judged:
        said = one.on(axis)
        if not said.proposed:
            made.unproposed[said.confirmed] += 1
            continue
        cell = said.proposed, said.confirmed
        made.cells[cell] += 1
        made.confidence[cell] = made.confidence.get(cell, 0.0) + said.confidence
    return made


def models(judged: Iterable[Judged]) -> Sequence[str]:
    """List the model versions that proposed anything, in the order of their names."""
    return sorted({one.model for one in judged if one.model})
