"""Masks passages of a text, once somebody has decided of each. Pure: originals are never changed.

What was decided lies in `store.disclosures`, and what may be a passage is found by `classifier.passages`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from store.domain import Passage
from store.engine import Row

OWN = "eget"  # the kind of what somebody has marked by themselves
BOX = None  # in pieces, where words are masked
SHOWN_AS = "[maskat]"  # a box, where there is only text
_LONGEST_WORDS = 500
_SENTENCE = re.compile(r"[^\n.!?]*(?:[.!?]+(?=\s|$)|\n|[.!?]|$)")
_WORD = re.compile(r"\w+")
_UNSEEN = "[\u00ad\u200b-\u200f\u2060\ufeff]"  # soft hyphens, joiners and the like
_SHORTEST_TOLD = 3

# A text cut where it is masked: what can be read, and a BOX for what can not.
Pieces = list[str | None]


class Decision(StrEnum):
    """What has been decided of a passage."""

    NONE = "förslag"
    MASK = "maska"
    LEAVE = "visa"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A passage of a text, in characters, with what has been decided of it.

    A `fixed` one is masked whatever anybody says (row B15).
    """

    begins: int
    ends: int
    kind: str
    why: str = ""
    decision: Decision = Decision.NONE
    paragraph: str = ""
    fixed: bool = False

    @property
    def name(self) -> str:
        """Return what a form calls it; unlike that of any other passage of the same text."""
        return f"{self.begins}-{self.ends}"


def sum_of(text: str) -> str:
    """Return the sum by which a text is known again: what was decided of another says nothing of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def spans(text: str, found: Sequence[Passage], decided: Sequence[Row]) -> list[Span]:
    """List the passages of a text in order: those that were found, and those that somebody has added.

    `decided` are rows of `maskings` of this paper; those of another text are left out.
    """
    known = {
        (one.start, one.end): Span(begins=one.start, ends=one.end, kind=str(one.kind), why=one.why)
        for one in found
        if 0 <= one.start < one.end <= len(text)
    }
    own = sum_of(text)
    for row in decided:
        place = (row["begins"], row["ends"])
        if row["paper_sum"] != own or not 0 <= place[0] < place[1] <= len(text):
            continue
        span = known.get(place) or Span(begins=place[0], ends=place[1], kind=row["kind"])
        decision = Decision.MASK if row["masked"] else Decision.LEAVE
        known[place] = replace(span, decision=decision, paragraph=row["paragraph"])
    return [known[place] for place in sorted(known)]


def undecided(found: Sequence[Span]) -> list[Span]:
    """List the passages that nobody has decided of, but for those that lie in one that is masked."""
    masked = [one for one in found if one.fixed or one.decision is Decision.MASK]
    return [
        one
        for one in found
        if one.decision is Decision.NONE
        and not one.fixed
        and not any(other.begins <= one.begins and one.ends <= other.ends for other in masked)
    ]


def pieces(text: str, found: Sequence[Span], *, with_suggested: bool = False) -> Pieces:
    """Cut a text at what is masked. Masked passages with nothing but white space between are one box.

    `with_suggested` masks also what nobody has decided of: for whoever looks, never for handing out.
    """
    cut: Pieces = []
    at = 0
    for begins, ends in _masked(text, found, with_suggested=with_suggested):
        if begins > at:
            cut.append(text[at:begins])
        cut.append(BOX)
        at = ends
    if at < len(text):
        cut.append(text[at:])
    return cut


def _masked(text: str, found: Sequence[Span], *, with_suggested: bool) -> list[tuple[int, int]]:
    """List what is masked, in order; what overlaps or stands side by side is one."""
    wanted = {Decision.MASK, Decision.NONE} if with_suggested else {Decision.MASK}
    joined: list[tuple[int, int]] = []
    for one in sorted(found, key=lambda span: span.begins):
        if one.decision not in wanted and not one.fixed:
            continue
        # Two boxes on a row would tell how many words a name has.
        if joined and (one.begins <= joined[-1][1] or not text[joined[-1][1] : one.begins].strip(" ")):
            joined[-1] = (joined[-1][0], max(joined[-1][1], one.ends))
        else:
            joined.append((one.begins, one.ends))
    return joined


def written(cut: Pieces) -> str:
    """Write pieces where nothing can be drawn."""
    return "".join(SHOWN_AS if one is BOX else one for one in cut)


def all_of(text: str, words: str) -> list[tuple[int, int]]:
    """Find every place where words stand in a text, in capitals or not, however they are spaced or composed.

    Signs that can not be seen may stand between their letters: they are not drawn, so the words can be read.
    """
    parts = [one for one in words[:_LONGEST_WORDS].split() if re.sub(_UNSEEN, "", one)]
    if not parts:
        return []
    gap = rf"(?:\s|{_UNSEEN})+"
    pattern = re.compile(gap.join(_unseen_between(part) for part in parts), re.IGNORECASE)
    return [found.span() for found in pattern.finditer(text)]


def _unseen_between(part: str) -> str:
    signs = unicodedata.normalize("NFC", "".join(sign for sign in part if not re.match(_UNSEEN, sign)))
    return f"{_UNSEEN}*".join(_either(sign) for sign in signs)


def _either(sign: str) -> str:
    apart = unicodedata.normalize("NFD", sign)
    return re.escape(sign) if apart == sign else f"(?:{re.escape(sign)}|{re.escape(apart)})"


def sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text into its sentences, without the white space around them; no two overlap."""
    return list(_sentences(text))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for found in _SENTENCE.finditer(text):
        words = found.group()
        inner = words.strip()
        if inner:
            begins = found.start() + len(words) - len(words.lstrip())
            yield begins, begins + len(inner)


def left_over(masked: Collection[str], cuts: Collection[Pieces]) -> list[str]:
    """List words that are masked in one place and can be read in another, so that somebody sees it.

    `masked` are the passages as they stood. Only what has letters or figures enough to tell is looked for.
    """
    shown = _plain("\n".join(one for cut in cuts for one in cut if one is not BOX)).casefold()
    wanted = {" ".join(_plain(one).split()) for one in masked}
    return sorted(
        one
        for one in wanted
        if len("".join(_WORD.findall(one))) >= _SHORTEST_TOLD
        and re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", shown)
    )


def _plain(text: str) -> str:
    """Return a text as it is drawn: composed, and without what can not be seen."""
    return unicodedata.normalize("NFC", re.sub(_UNSEEN, "", text))
