"""Finds the words in a message that spoke for a proposal. Pure; the page escapes each piece by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a text; `marked` when it is one of the words."""

    text: str
    marked: bool = False


def pieces(text: str, words: Sequence[str]) -> list[Piece]:
    """Cut a text at whole words, in capitals or not; the pieces together are the text, unchanged."""
    # The longest first: of "park" and "park-skolan" the one that says more is marked.
    wanted = sorted({word.strip() for word in words} - {""}, key=len, reverse=True)
    if not wanted:
        return [Piece(text=text)]
    either = "|".join(re.escape(word) for word in wanted)
    # A letter may bear its accent as a sign of its own, which Python does not count among the letters.
    cut = re.split(rf"(?<!\w)({either})(?![\w\u0300-\u036f])", text, flags=re.IGNORECASE)
    return [Piece(text=part, marked=bool(at % 2)) for at, part in enumerate(cut) if part]
