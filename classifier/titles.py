"""Looks an ärendemening through: it is public, and must not hold what the register may not show (row B13)."""

import re

from classifier.passages import find
from store.domain import Passage

# Two duties that the law has named after somebody: the names of no one who is in a case.
_LAWS = re.compile(r"\blex\s+(?:Sarah|Maria)\b", re.IGNORECASE)


def lint_title(text: str) -> list[Passage]:
    """List what an ärendemening must not hold: personnummer, names, contact data, health.

    It only remarks; a human writes the title anew. A title without remarks may still say too much.
    """
    laws = [one.span() for one in _LAWS.finditer(text)]
    return [
        one for one in find(text) if not any(begins <= one.start and one.end <= ends for begins, ends in laws)
    ]
