"""Finds words of health and of other matters that the law guards, by their beginnings in words.txt."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]

_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")
_KEY = 3  # letters by which the beginnings are looked up
_LONGEST = 30  # characters of the longest expression of several words
_WHY = {
    PassageKind.HEALTH: "ord om hälsa eller vård",
    PassageKind.SENSITIVE: "ord om något som lagen skyddar särskilt",
}


@cache
def _beginnings() -> dict[str, list[tuple[str, bool, PassageKind]]]:
    kinds = {"[health]": PassageKind.HEALTH, "[sensitive]": PassageKind.SENSITIVE}
    known: dict[str, list[tuple[str, bool, PassageKind]]] = {}
    kind = PassageKind.HEALTH
    for line in files("classifier.passages").joinpath("words.txt").read_text(encoding="utf-8").splitlines():
        if line in kinds:
            kind = kinds[line]
        elif not line.startswith("#"):
            for word in line.split():
                bare = word.removesuffix("|").replace("_", " ")
                known.setdefault(bare[:_KEY], []).append((bare, word.endswith("|"), kind))
    for beginnings in known.values():
        beginnings.sort(key=lambda each: -len(each[0]))
    return known


def delicate(text: str) -> Iterator[Found]:
    """Find the words of a plain text that tell of health, or of what else is guarded."""
    known = _beginnings()
    small = text.lower()
    if len(small) != len(text):  # a sign that is two when it is small: only the places would be wrong
        small = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
    for match in _WORD.finditer(small):
        start, end = match.span()
        for word, whole, kind in known.get(match.group()[:_KEY], ()):
            if not small.startswith(word, start):
                continue
            if " " in word:
                end = max(end, start + len(word))
                while end < len(small) and end - start < _LONGEST and small[end].isalpha():
                    end += 1
            elif whole and small[start:end] not in (word, f"{word}s"):
                continue
            yield start, end, kind, _WHY[kind]
            break
