"""Finds words of health and of other matters that the law guards, by their beginnings in words.txt."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from classifier.passages.signs import everyday
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


@cache
def _first_words() -> frozenset[str]:
    return frozenset(
        beginning.split(" ")[0]
        for each in _beginnings().values()
        for beginning, _, _ in each
        if " " in beginning
    )


@cache
def _judged() -> dict[str, tuple[int, PassageKind] | None]:
    """Return what the everyday words tell, so that only the others are looked into each time."""
    return {word: _judge(word, 0, len(word), word) for word in everyday()}


def tells_nothing(word: str) -> bool:
    """Tell whether a word, in small letters, neither is guarded nor begins an expression that is."""
    return word not in _first_words() and _judge(word, 0, len(word), word) is None


def _judge(text: str, start: int, end: int, word: str) -> tuple[int, PassageKind] | None:
    """Return where the expression ends that begins with this word, and its kind."""
    for beginning, whole, kind in _beginnings().get(word[:_KEY], ()):
        if not text.startswith(beginning, start):
            continue
        if " " in beginning:
            end = max(end, start + len(beginning))
            while end < len(text) and end - start < _LONGEST and text[end].isalpha():
                end += 1
        elif whole and word not in (beginning, f"{beginning}s"):
            continue
        return end, kind
    return None


def delicate(text: str) -> Iterator[Found]:
    """Find the words of a plain text that tell of health, or of what else is guarded."""
    small = text.lower()
    if len(small) != len(text):  # a sign that is two when it is small: only the places would be wrong
        small = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
    judged = _judged()
    many = _first_words()
    for match in _WORD.finditer(small):
        word = match.group()
        if word in judged and judged[word] is None and word not in many:
            continue
        start, end = match.span()
        told = _judge(small, start, end, word)
        if told:
            yield start, told[0], told[1], _WHY[told[1]]
