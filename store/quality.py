"""How the model's proposals fare: what humans kept of them, month by month. Counts only, nobody's words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from store.deadlines import STOCKHOLM, day_of
from store.domain import UNSURE, Status
from store.engine import Row, Transaction
from store.tables import cases, confirmations, suggestions

MONTHS = 12

_FALL = 0.10  # so much less kept than before is told as a fall
_ENOUGH = 20  # confirmations: of fewer a share says little
_BEFORE = 3  # months to compare with


@dataclass(frozen=True, kw_only=True)
class Hits:
    """How the proposals of one axis fared. A share of nothing is None."""

    proposed: int = 0
    kept: int = 0
    sure: int = 0
    sure_kept: int = 0
    confidence: float = 0.0  # all of them added

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(
            proposed=self.proposed + other.proposed,
            kept=self.kept + other.kept,
            sure=self.sure + other.sure,
            sure_kept=self.sure_kept + other.sure_kept,
            confidence=self.confidence + other.confidence,
        )

    @property
    def share_kept(self) -> float | None:
        """Return the share of proposals that a human let stand."""
        return self.kept / self.proposed if self.proposed else None

    @property
    def share_sure(self) -> float | None:
        """Return the share of proposals that were shown as sure."""
        return self.sure / self.proposed if self.proposed else None

    @property
    def right_when_sure(self) -> float | None:
        """Return the share that a human let stand of those shown as sure."""
        return self.sure_kept / self.sure if self.sure else None

    @property
    def mean_confidence(self) -> float | None:
        """Return how sure the model was by itself; near `share_kept` when it knows itself."""
        return self.confidence / self.proposed if self.proposed else None


@dataclass(frozen=True, kw_only=True)
class Month:
    """What was confirmed in one month of Stockholm. `confirmed` counts cases without a proposal as well."""

    first: date
    confirmed: int = 0
    kind: Hits = Hits()
    factor: Hits = Hits()


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A proposal that humans changed: from what, to what, how often. `axis` is "kind" or "factor"."""

    axis: str
    proposed: str
    confirmed: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Fall:
    """One axis of which less was kept in the latest full month than before."""

    axis: str
    month: date
    share: float
    before: float


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The last months, oldest first and the running one last, and what was changed most in them."""

    months: tuple[Month, ...]
    corrections: tuple[Correction, ...]

    def falls(self) -> list[Fall]:
        """Tell where the latest full month is clearly worse than the three before it, taken together."""
        latest, before = self.months[-2], self.months[-2 - _BEFORE : -2]
        pairs = {
            "kind": (latest.kind, sum((month.kind for month in before), Hits())),
            "factor": (latest.factor, sum((month.factor for month in before), Hits())),
        }
        return [
            Fall(
                axis=axis, month=latest.first, share=now.kept / now.proposed, before=then.kept / then.proposed
            )
            for axis, (now, then) in pairs.items()
            if now.proposed >= _ENOUGH and then.proposed and _has_fallen(now, then)
        ]


def quality(transaction: Transaction, *, now: datetime, most: int = 10) -> Quality:
    """Count what humans kept and changed of the proposals in the last twelve months.

    A case counts once, in the month of the latest word on it, with the proposal that the word was about.
    What was handed over was no synpunkt, and is left out (row L4).
    """
    firsts = _firsts(day_of(now))
    months = [Month(first=first) for first in firsts[:-1]]
    changed: Counter[tuple[str, str, str]] = Counter()
    for row in transaction.rows(_counted([_midnight(first) for first in firsts])):
        at = row["month"]
        hits = {axis: _hits(row, axis) for axis in ("kind", "factor")}
        months[at] = Month(
            first=months[at].first,
            confirmed=months[at].confirmed + row["cases"],
            kind=months[at].kind + hits["kind"],
            factor=months[at].factor + hits["factor"],
        )
        for axis, hit in hits.items():
            if hit.proposed and not hit.kept:
                changed[axis, row[f"proposed_{axis}"], row[axis]] += hit.proposed
    # Equally many are told in the order of their words, so that the page stands still.
    common = sorted(changed.items(), key=lambda item: (-item[1], item[0]))[:most]
    return Quality(
        months=tuple(months),
        corrections=tuple(
            Correction(axis=axis, proposed=proposed, confirmed=confirmed, count=count)
            for (axis, proposed, confirmed), count in common
        ),
    )


def model_in_use(transaction: Transaction) -> Row | None:
    """Return `model` and `made_at` of the newest proposal."""
    newest = select(suggestions.c.model, suggestions.c.made_at).order_by(suggestions.c.id.desc()).limit(1)
    return transaction.row(newest)


def _counted(bounds: Sequence[datetime]) -> Select[Any]:
    latest = (
        select(func.max(confirmations.c.id).label("id"))
        .where(
            confirmations.c.confirmed_at >= bounds[0],
            confirmations.c.confirmed_at < bounds[-1],
            confirmations.c.kind != UNSURE,
            confirmations.c.factor != UNSURE,
        )
        .group_by(confirmations.c.case_id)
        .subquery()
    )
    # The months have names only inside: PostgreSQL takes two bound values in two places for two things.
    named = (
        select(
            case(
                *((confirmations.c.confirmed_at < bound, at) for at, bound in enumerate(bounds[1:])),
                else_=len(bounds) - 2,
            ).label("month"),
            confirmations.c.kind,
            confirmations.c.factor,
            suggestions.c.kind.label("proposed_kind"),
            suggestions.c.factor.label("proposed_factor"),
            suggestions.c.kind_sure,
            suggestions.c.factor_sure,
            suggestions.c.kind_confidence,
            suggestions.c.factor_confidence,
        )
        .join(latest, latest.c.id == confirmations.c.id)
        .join(cases, cases.c.id == confirmations.c.case_id)
        .where(cases.c.status != Status.HANDED_OVER)
        .outerjoin(suggestions, suggestions.c.id == confirmations.c.suggestion_id)
        .subquery()
    )
    one = (
        named.c.month,
        named.c.kind,
        named.c.factor,
        named.c.proposed_kind,
        named.c.proposed_factor,
        named.c.kind_sure,
        named.c.factor_sure,
    )
    return select(
        *one,
        func.count().label("cases"),
        func.sum(named.c.kind_confidence).label("kind_confidence"),
        func.sum(named.c.factor_confidence).label("factor_confidence"),
    ).group_by(*one)


def _hits(row: Row, axis: str) -> Hits:
    if row[f"proposed_{axis}"] is None:
        return Hits()
    count = row["cases"]
    kept = count if row[f"proposed_{axis}"] == row[axis] else 0
    return Hits(
        proposed=count,
        kept=kept,
        sure=count if row[f"{axis}_sure"] else 0,
        sure_kept=kept if row[f"{axis}_sure"] else 0,
        confidence=row[f"{axis}_confidence"],
    )


def _has_fallen(now: Hits, then: Hits) -> bool:
    # Ten points to the point: 0.8 - 0.7 is a little less than 0.1 to a computer.
    return round(then.kept / then.proposed - now.kept / now.proposed, 9) >= _FALL


def _firsts(today: date) -> list[date]:
    """List the first days of the last twelve months, and of the one to come."""
    running = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(running - MONTHS + 1, running + 2)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM)
