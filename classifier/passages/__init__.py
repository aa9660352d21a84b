"""Finds passages that point at a person, or tell what is sensitive of one: what a human may want to mask.

It proposes and never masks. What it finds and misses is measured in docs/masking.md.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from classifier.passages.addresses import addresses
from classifier.passages.delicate import delicate, tells_nothing
from classifier.passages.numbers import groups_of, numbers
from classifier.passages.people import is_nobody_if_small, people
from classifier.passages.plain import plain
from classifier.passages.signs import everyday
from store.domain import Passage, PassageKind

# Where two passages overlap, the one of the first of these kinds stands; of two alike, the longer one.
_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            PassageKind.PERSONAL_NUMBER,
            PassageKind.COORDINATION_NUMBER,
            PassageKind.EMAIL,
            PassageKind.PROFILE,
            PassageKind.NETWORK_ADDRESS,
            PassageKind.CARD,
            PassageKind.PHONE,
            PassageKind.ACCOUNT,
            PassageKind.RECORD_NUMBER,
            PassageKind.BIRTH_DATE,
            PassageKind.ADDRESS,
            PassageKind.PROPERTY,
            PassageKind.VEHICLE,
            PassageKind.NAME,
            PassageKind.HEALTH,
            PassageKind.SENSITIVE,
        )
    )
}

# Words and the signs between them: no figures, and nothing that holds an address together.
_SPEECH = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ ,.!?]*")
_WORD = re.compile(r"[^ ,.!?]+")
_SAID_OF_ADDRESSES = frozenset({"noll", "at"})

_KNOWN_NAMES = ("förnamn", "efternamn", "namn i ärendet")


def find(text: str, *, names: Collection[str] = ()) -> list[Passage]:
    """List what may have to be masked in a text, in its order; no two overlap.

    `names` are those known from the case, such as the sender's; a handler's own should not be among them.
    Never raises, whatever the text holds, and takes time in proportion to its length: some 3 µs a character,
    ten times that where there is nothing but lone figures, so cut what is longer than any letter. What is not
    listed may be personal all the same: a human reads the whole.
    """
    if not names and _is_everyday_speech(text):
        return []
    bare = plain(text)
    groups = groups_of(bare.text)
    found = [
        *numbers(bare.text, groups),
        *addresses(bare.text, groups),
        *people(bare.text, names=names),
        *delicate(bare.text),
    ]
    found.sort(key=lambda each: (_rank(each[2], each[3]), each[0] - each[1]))
    taken = bytearray(len(bare.text))
    chosen = []
    for start, end, kind, why in found:
        # What is left of a name beside an address that took some of it is proposed as well.
        for first, last in _free(taken, start, end):
            words = bare.text[first:last]
            if (first, last) == (start, end):
                chosen.append((first, last, kind, why))
            elif kind is PassageKind.NAME and words.strip(" ,.-"):
                first += len(words) - len(words.lstrip(" ,.-"))
                chosen.append((first, first + len(words.strip(" ,.-")), kind, why))
        taken[start:end] = b"\x01" * (end - start)
    passages = []
    for start, end, kind, why in sorted(chosen, key=lambda each: each[0]):
        first, last = bare.span(start, end)
        passages.append(Passage(start=first, end=last, kind=kind, words=text[first:last], why=why))
    return passages


@lru_cache(maxsize=50_000)
def _is_harmless_if_small(word: str) -> bool:
    is_address = word in _SAID_OF_ADDRESSES or "snabel" in word
    return not is_address and is_nobody_if_small(word) and tells_nothing(word)


def _is_harmless_though_big(word: str) -> bool:
    return len(word) > 1 and word in everyday() and _is_harmless_if_small(word)


def _is_everyday_speech(text: str) -> bool:
    """Tell at a glance that there is nothing to find, as in most titles of cases.

    A word that begins with a capital must be known as an everyday one, since it could be a name; but for the
    first of all, if no other has a capital.
    """
    if _SPEECH.fullmatch(text) is None:
        return False
    words = _WORD.findall(text)
    big = [word for word in words if not word.islower()]
    if not all(_is_harmless_if_small(word) for word in words if word.islower()):
        return False
    if len(big) == 1 and len(big[0]) > 1 and text.startswith(big[0]):
        return _is_harmless_if_small(big[0].lower())
    return all(_is_harmless_though_big(word.lower()) for word in big)


def _rank(kind: PassageKind, why: str) -> int:
    """Return the place among what overlaps: a name that only its neighbours tell comes last."""
    is_known = kind is not PassageKind.NAME or why.startswith(_KNOWN_NAMES)
    return _ORDER[kind] if is_known else len(_ORDER)


def _free(taken: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Walk over the parts of a span that nobody has taken."""
    while start < end:
        start = taken.find(0, start, end)
        if start == -1:
            return
        stop = taken.find(1, start, end)
        yield start, end if stop == -1 else stop
        start = end if stop == -1 else stop
