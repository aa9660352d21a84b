"""What a case is called where everybody may read it: an ärendemening that tells of no person (row B13)."""

from collections.abc import Sequence

from bots.desk.house import House
from classifier.titles import lint_title
from store.domain import Factor, Passage
from store.engine import Row

LONGEST = 120


def remarks(found: Sequence[Passage]) -> list[str]:
    """Say to staff what a title must not hold, each thing once."""
    told = dict.fromkeys(f"”{one.words}” ({one.kind}: {one.why})" for one in found)
    return [f"Ärendemeningen är offentlig. Skriv om den utan {one}." for one in told]


def public_title(title: str, *, factor: str, unit: str) -> str:
    """Return a title as it stands, or a neutral one where it seems to tell of a person (row B13)."""
    return neutral(factor=factor, unit=unit) if lint_title(title) else title


def neutral(*, factor: str, unit: str) -> str:
    """Word a title that tells nothing of anybody: "Synpunkt om Bemötande, Björkens förskola"."""
    about = f" om {factor}" if factor in set(Factor) and factor != Factor.OTHER else ""
    return f"Synpunkt{about}{f', {unit}' if unit else ''}"[:LONGEST]


def register_title(case: Row, house: House) -> str:
    """Return what a public list may call a case: as the registrator has worded it, or with nobody in it."""
    title: str = case["title"]
    if case["titled_by"]:
        return title
    unit = house.unit(case["unit"])
    factor, name = case["factor"] or case["suggested_factor"], unit.name if unit is not None else ""
    if case["protected"] or case["restricted"]:
        return neutral(factor=factor, unit=name)
    return public_title(title, factor=factor, unit=name)
