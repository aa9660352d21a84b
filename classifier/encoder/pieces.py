"""Text to pieces: the tokenizer that the encoder was trained with."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sentencepiece
from numpy.typing import NDArray

PREFIX = "query:"  # multilingual-e5 was trained with it before every short text
BOS, EOS, PAD = 1, 2, 3

_MOST_PIECES = 350
_HEAD = 256  # of a longer text we read the beginning and the end, where people put their errand
_BLANKS = re.compile(r"\s+")
_WORDS = re.compile(r"\w+(?:['’:-]\w+)*")
_BLANK_MARK = "\N{LOWER ONE EIGHTH BLOCK}"


def cleaned(text: str) -> str:
    """Return the text in the normal form that the pieces are written in."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()


@dataclass(frozen=True)
class Cut:
    """One text in pieces. `ids` starts with the prefix and stands between the signs of start and end."""

    ids: list[int]
    lead: int  # how many ids stand before the text itself
    text: str
    pieces: list[str]
    read: list[int]  # which of the pieces have an id: all, but in a very long text

    @cached_property
    def words(self) -> list[str]:
        """Return the words of the text that pieces belong to, in lower case."""
        return [match.group().lower() for match in _WORDS.finditer(self.text)]

    def of_word(self) -> NDArray[np.intp]:
        """Return for each piece the index of its word in `words`, or -1 for signs between words."""
        owner = np.full(len(self.text) + 1, -1, np.intp)
        for at, match in enumerate(_WORDS.finditer(self.text)):
            owner[match.start() : match.end()] = at
        found = np.full(len(self.pieces), -1, np.intp)
        at = -1  # the text is cut with a blank before it
        for number, piece in enumerate(self.pieces):
            end = at + len(piece)
            inside = owner[max(at + piece.startswith(_BLANK_MARK), 0) : end]
            found[number] = inside.max(initial=-1)
            at = end
        return found


class Pieces:
    """Cuts texts with a sentencepiece model (Kudo & Richardson 2018)."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        self._cut = sentencepiece.SentencePieceProcessor()
        self._cut.LoadFromSerializedProto(model)
        self._prefix = self._cut.EncodeAsIds(PREFIX)

    def __call__(self, text: str) -> Cut:
        """Cut a text. Of a very long one, head and tail are kept."""
        clean = cleaned(text)
        pieces = self._cut.EncodeAsPieces(clean)
        ids = self._cut.EncodeAsIds(clean)
        read = list(range(len(ids)))
        if len(ids) > _MOST_PIECES:
            read = [*read[:_HEAD], *read[_HEAD - _MOST_PIECES :]]
        return Cut(
            ids=[BOS, *self._prefix, *(ids[at] for at in read), EOS],
            lead=1 + len(self._prefix),
            text=clean,
            pieces=pieces,
            read=read,
        )
