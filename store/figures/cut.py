"""What a figure is a figure of: some of the cases of a period, named so that they can be shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlencode

from store.domain import Factor, Kind
from store.figures.facts import Fact
from store.figures.period import Period, PeriodError, read


class CutError(ValueError):
    """No cut is written like this. The message says so, in Swedish."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Cases with a proposal on an axis (`typ` or `faktor`) that a human has judged (R10). Empty is any."""

    axis: str
    proposed: str = ""
    confirmed: str = ""
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Some of the cases that are counted in a period. What is None or empty narrows nothing.

    `units` are ids; an empty id is what lies at no unit, or at one that is gone. `proposal` narrows by what
    no fact knows: whoever lists the cases looks at `store.figures.agreement` besides.
    """

    period: Period
    units: tuple[str, ...] = ()
    kind: Kind | None = None
    factor: Factor | None = None
    source: str = ""
    proposal: Proposal | None = None

    @property
    def query(self) -> str:
        """Return how the cut is written in an address; `Cut.read` understands it."""
        pairs = [("period", self.period.name)]
        pairs += [("enhet", unit) for unit in self.units]
        pairs += [
            (name, value)
            for name, value in (("typ", self.kind), ("faktor", self.factor), ("källa", self.source))
            if value
        ]
        if self.proposal:
            said = (self.proposal.axis, self.proposal.proposed, self.proposal.confirmed, self.proposal.model)
            pairs += [(name, value) for name, value in zip(_PROPOSAL, said, strict=True) if value]
        return urlencode(pairs)

    @classmethod
    def read(cls, query: str) -> Self:
        """Read what `query` wrote. Raises `CutError`, also of the period; other names are left alone."""
        pairs = parse_qsl(query, keep_blank_values=True)
        said = dict(pairs)
        try:
            return cls(
                period=read(said.get("period", "")),
                units=tuple(value for name, value in pairs if name == "enhet"),
                kind=Kind(said["typ"]) if said.get("typ") else None,
                factor=Factor(said["faktor"]) if said.get("faktor") else None,
                source=said.get("källa", ""),
                proposal=_proposal(*(said.get(name, "") for name in _PROPOSAL)),
            )
        except PeriodError as error:
            raise CutError(str(error)) from None
        except CutError:
            raise
        except ValueError:
            raise CutError(f"Urvalet {query!r} nämner en typ eller en faktor som inte finns.") from None

    def of(self, facts: Iterable[Fact]) -> list[Fact]:
        """Return those of the period's facts that the figure counts. Give those that are counted at all."""
        return [fact for fact in facts if self._holds(fact)]

    def _holds(self, fact: Fact) -> bool:
        return (
            fact.received_on in self.period
            and (not self.units or fact.unit in self.units)
            and (self.kind is None or fact.kind is self.kind)
            and (self.factor is None or fact.factor is self.factor)
            and (not self.source or fact.source == self.source)
        )


_PROPOSAL = ("axel", "förslag", "bekräftad", "modell")


def _proposal(axis: str, proposed: str, confirmed: str, model: str) -> Proposal | None:
    if axis not in {"", "typ", "faktor"}:
        raise CutError(f"Axeln {axis!r} finns inte. Välj typ eller faktor.")
    return Proposal(axis=axis, proposed=proposed, confirmed=confirmed, model=model) if axis else None
