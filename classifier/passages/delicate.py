"""Finds words of health and of other matters that the law guards, by their beginnings in words.txt."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_KEY = 3  # letters by which the beginnings are looked up
_WHY = {
    PassageKind.HEALTH: "ord om hälsa eller vård",
    PassageKind.SENSITIVE: "ord om något som lagen skyddar särskilt",
}


@cache
def _beginnings() -> dict[str, list[tuple[str, PassageKind]]]:
    kinds = {"[health]": PassageKind.HEALTH, "[sensitive]": PassageKind.SENSITIVE}
    known: dict[str, list[tuple[str, PassageKind]]] = {}
    kind = PassageKind.HEALTH
    for line in files("classifier.passages").joinpath("words.txt").read_text(encoding="utf-8").splitlines():
        if line in kinds:
            kind = kinds[line]
        elif not line.startswith("#"):
            for word in line.split():
                known.setdefault(word[:_KEY], []).append((word, kind))
    return known


def delicate(text: str) -> Iterator[Found]:
    """Find the words of a plain text that tell of health, or of what else is guarded."""
    known = _beginnings()
    for match in _WORD.finditer(text):
        low = match.group().casefold()
        for word, kind in known.get(low[:_KEY], ()):
            if low == word[:-1] if word.endswith("|") else low.startswith(word):
                yield (*match.span(), kind, _WHY[kind])
                break
