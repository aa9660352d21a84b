"""Turns a text into hashed features: words, neighbours and parts of words. The weights live in `axis`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model

Keys = NDArray[np.uint64]
Sparse = tuple[Keys, NDArray[np.float32], NDArray[np.int32]]

_KEPT = "synpunkt.features"
_EDGE = np.uint64(0x9E3779B97F4A7C15)
_ODD = np.uint64(0xBF58476D1CE4E5B9)
_LONGEST_WORD = 40


@dataclass(frozen=True, kw_only=True)
class Features:
    """The features of one text. `words` and `of_word` tell which word each occurrence stems from."""

    keys: Keys
    values: NDArray[np.float32]
    words: tuple[str, ...]
    occurrences: NDArray[np.intp]  # an index into `keys` for each occurrence
    shares: NDArray[np.float32]  # what each occurrence adds to its value
    of_word: NDArray[np.intp]  # an index into `words` for each occurrence


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word that was seen before: how it is written, the hash of itself, and those of its parts."""

    text: str
    parts: Keys


@dataclass(kw_only=True)
class WordParts:
    """Hashes words and their parts, and remembers the latest ones, since a text repeats its language."""

    shortest: int = 3
    longest: int = 5
    most_words: int = 1_000
    remembered: int = 50_000
    _known: dict[int, Word | None] = field(default_factory=dict, repr=False)

    def __call__(self, doc: Doc) -> Features:
        """Return the features of `doc`, computed once and kept on it for the next axis."""
        kept = doc.user_data.get(_KEPT)
        if not isinstance(kept, Features):
            kept = doc.user_data[_KEPT] = self._features(self._words(doc))
        return kept

    def pushes(
        self, linear: Model[Any, Any], docs: Sequence[Doc], columns: Sequence[int]
    ) -> list[tuple[list[str], NDArray[np.float32]]]:
        """Return the words of each text and how far each pushes towards the label of its column."""
        texts = [self(doc) for doc in docs]
        keys = np.concatenate([text.keys for text in texts])
        ones = np.ones(len(keys))
        # The model is linear, so one feature at a time tells exactly what its removal would cost.
        alone = linear.predict((keys, ones.astype(np.float32), ones.astype(np.int32))) - linear.get_param("b")
        ends = np.cumsum([len(text.keys) for text in texts])[:-1]
        return [
            (list(text.words), _by_word(text, each[:, column] - each.mean(axis=1)))
            for text, each, column in zip(texts, np.split(alone, ends), columns, strict=True)
        ]

    def _words(self, doc: Doc) -> list[Word]:
        words = (self._word(doc, name) for name in doc.to_array(["LOWER"])[: self.most_words].tolist())
        return [word for word in words if word is not None]

    def _word(self, doc: Doc, name: int) -> Word | None:
        try:
            return self._known[name]
        except KeyError:
            if len(self._known) >= self.remembered:
                self._known.clear()
            text = str(doc.vocab.strings[name])
            # White space is a token to spaCy, but not a word.
            word = Word(text=text, parts=self._parts(text)) if text.strip() else None
            self._known[name] = word
            return word

    def _features(self, words: list[Word]) -> Features:
        if not words:
            return _NOTHING
        parts = [word.parts for word in words]
        heads = np.asarray([each[0] for each in parts], np.uint64)
        before = np.concatenate([[_EDGE], heads[:-1]])
        pairs = (before * _ODD) ^ (heads + _EDGE)
        numbers = np.arange(len(words))
        of_word = np.concatenate([np.repeat(numbers, [len(each) for each in parts]), numbers])
        keys, occurrences, counts = np.unique(
            np.concatenate([*parts, pairs]), return_inverse=True, return_counts=True
        )
        weights = 1 + np.log(counts)
        values = (weights / np.sqrt((weights**2).sum())).astype(np.float32)
        return Features(
            keys=keys,
            values=values,
            words=tuple(word.text for word in words),
            occurrences=occurrences,
            shares=(values / counts).astype(np.float32)[occurrences],
            of_word=of_word,
        )

    def _parts(self, word: str) -> Keys:
        """Return the hash of the word itself, then those of its parts."""
        # Three weeks and five weeks are the same complaint, so every digit counts as nought.
        folded = "".join("0" if sign.isdigit() else sign for sign in word[:_LONGEST_WORD])
        names = [folded]
        if folded.isalpha():
            edged = f"<{folded}>"
            sizes = range(self.shortest, self.longest + 1)
            names += [edged[at : at + size] for size in sizes for at in range(len(edged) - size + 1)]
        return np.asarray([get_string_id(name) for name in names], np.uint64)


def _by_word(text: Features, pushed: NDArray[np.float32]) -> NDArray[np.float32]:
    moved = np.bincount(text.of_word, pushed[text.occurrences] * text.shares, len(text.words))
    return moved.astype(np.float32)


_NOTHING = Features(
    keys=np.zeros(0, np.uint64),
    values=np.zeros(0, np.float32),
    words=(),
    occurrences=np.zeros(0, np.intp),
    shares=np.zeros(0, np.float32),
    of_word=np.zeros(0, np.intp),
)


@registry.layers("synpunkt.WordParts.v1")
def make_word_parts(*, shortest: int, longest: int) -> Model[Sequence[Doc], Sparse]:
    """Make the layer that hands keys, values and lengths on to a sparse linear layer."""
    return Model("word_parts", _forward, attrs={"read": WordParts(shortest=shortest, longest=longest)})


def _forward(
    model: Model[Sequence[Doc], Sparse],
    docs: Sequence[Doc],
    is_train: bool,  # noqa: ARG001  # thinc calls it so
) -> tuple[Sparse, Callable[[Sparse], Sequence[Doc]]]:
    found = [model.attrs["read"](doc) for doc in docs]
    keys = np.concatenate([each.keys for each in found])
    values = np.concatenate([each.values for each in found])
    lengths = np.asarray([len(each.keys) for each in found], np.int32)
    return (keys, values, lengths), lambda _: []
