"""Looks an ärendemening through: it is public, and must not hold what the register may not show (row B13)."""

from classifier.passages import find
from store.domain import Passage


def lint_title(text: str) -> list[Passage]:
    """List what an ärendemening must not hold: personnummer, names, contact data, health.

    It only remarks; a human writes the title anew. A title without remarks may still say too much.
    """
    return find(text)
