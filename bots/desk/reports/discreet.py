"""Lets words into a report only where they tell of no person; in doubt it leaves them out."""

import re
from collections.abc import Collection, Iterator

from classifier.passages import find
from store.domain import PassageKind

_LONGEST = 200
_READ = 2000  # characters of a message: what matters comes first, and the finder takes its time
_LEAST_WORDS, _SHORTEST_QUOTE, _LONGEST_QUOTE = 5, 30, 160
_MASKS = 2  # a sentence with more of them says nothing
# From a capital to the sign that ends it, on one line or on several.
_SENTENCE = re.compile(
    r"(?:\A|(?<=[.!?]\s)|(?<=\n))[A-ZÅÄÖ](?:[^.!?\n]|\n(?!\n)|[.!?](?!\s|$))+[.!?](?=\s|$)"
)
_AGAIN = re.compile(r"(\[[^\]]+\])(?: \1)+")
_SPACES = re.compile(r"\s+")
# What is said of somebody's health, belief or crime is not made harmless by a name less.
_NEVER = frozenset({PassageKind.HEALTH, PassageKind.SENSITIVE})


def without_persons(text: str, names: Collection[str] = ()) -> str:
    """Return a text in one line, shortened at a word; an empty text where anything in it points at somebody.

    `names` are those that must not stand there, wherever they stand: the sender's, and those of the staff.
    """
    plain = _SPACES.sub(" ", text).strip()
    if not plain or find(plain[:_READ], names=names):
        return ""
    if len(plain) <= _LONGEST:
        return plain
    return plain[:_LONGEST].rpartition(" ")[0].rstrip(",;:–-") + " …"


def quote(text: str, names: Collection[str] = ()) -> str:
    """Return one sentence of a message, what points at somebody masked as `[namn]`; empty where none will do.

    A sentence that needs no mask comes first. One of health or of what else is delicate is never taken.
    """
    read = text[:_READ]
    # The whole is looked through before it is cut: an address has full stops, and what stands around tells.
    found = find(read, names=names)
    masked = ""
    for start, end in _sentences(read, is_whole=len(text) <= _READ):
        hits = [one for one in found if one.start < end and start < one.end]
        if any(one.kind in _NEVER or one.start < start or one.end > end for one in hits):
            continue
        if not hits:
            return _SPACES.sub(" ", read[start:end])
        if not masked and len(hits) <= _MASKS:
            masked = read[start:end]
            for one in reversed(hits):
                masked = f"{masked[: one.start - start]}[{one.kind}]{masked[one.end - start :]}"
    return _AGAIN.sub(r"\1", _SPACES.sub(" ", masked))


def _sentences(text: str, *, is_whole: bool) -> Iterator[tuple[int, int]]:
    """Walk over where whole sentences stand that are neither too short nor too long to be repeated."""
    for match in _SENTENCE.finditer(text):
        words = match.group()
        if (
            (is_whole or match.end() < len(text))
            and _SHORTEST_QUOTE <= len(words) <= _LONGEST_QUOTE
            and len(words.split()) >= _LEAST_WORDS
        ):
            yield match.start(), match.end()
