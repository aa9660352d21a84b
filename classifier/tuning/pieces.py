"""Chooses the pieces that the shipped encoder keeps, and writes them as a sentencepiece model.

Nine in ten of the 250 000 pieces belong to languages that nobody here writes. We keep what the corpus
needs, what the common words of the languages at hand need, and every single letter of their scripts: a rare
word then falls into smaller pieces, never into nothing.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sentencepiece
import wordfreq
from sentencepiece import sentencepiece_model_pb2 as generated

from classifier.encoder.pieces import cleaned
from classifier.tuning.pretrained import Pretrained

# How many of the most common words of each language have their pieces kept.
COMMON_WORDS = {
    "sv": 120_000,
    "en": 20_000,
    "fi": 30_000,
    "ar": 12_000,
    "pl": 12_000,
    "fa": 10_000,
    "de": 12_000,
    "uk": 12_000,
    "es": 10_000,
    "sh": 12_000,
    "tr": 12_000,
    "nb": 15_000,
    "da": 12_000,
    "ru": 8_000,
    "fr": 8_000,
}
schema: Any = generated  # its classes are made when it is imported

_SCRIPTS = ("LATIN", "ARABIC", "CYRILLIC", "ETHIOPIC", "GREEK")
_FIRST = ("<unk>", "<s>", "</s>", "<pad>")


def choose_pieces(source: Pretrained, texts: Iterable[str], *, most: int) -> list[int]:
    """Return the ids of at most `most` pieces, without the special ones, in their old order."""
    every = sentencepiece.SentencePieceProcessor()
    every.LoadFromSerializedProto(_model(source, range(len(source.pieces)), special=source.specials))
    of_corpus: Counter[int] = Counter()
    for text in texts:
        of_corpus.update(every.EncodeAsIds(cleaned(text)))
    of_words: Counter[int] = Counter()
    for language, count in COMMON_WORDS.items():
        for word in wordfreq.top_n_list(language, count):
            weight = 3 if language == "sv" else 1
            for form in (word, word.capitalize()):
                for piece in every.EncodeAsIds(form):
                    of_words[piece] += weight
    names = {piece: at for at, piece in enumerate(source.pieces)}
    letters = [names[piece] for piece in names if _is_letter(piece)]
    order = [
        *letters,
        *(piece for piece, _ in of_corpus.most_common()),
        *(piece for piece, _ in of_words.most_common()),
    ]
    specials = set(source.specials.values())
    kept = [piece for piece in dict.fromkeys(order) if piece not in specials]
    return sorted(kept[:most])


def write_pieces(source: Pretrained, kept: Sequence[int]) -> bytes:
    """Return a sentencepiece model of the special pieces (ids 0 to 3) and then the kept ones."""
    return _model(source, kept, special=None)


def _model(source: Pretrained, kept: Iterable[int], *, special: dict[str, int] | None) -> bytes:
    model = schema.ModelProto()
    types = schema.ModelProto.SentencePiece
    if special is None:
        for name in _FIRST:
            model.pieces.add(piece=name, score=0.0, type=types.UNKNOWN if name == "<unk>" else types.CONTROL)
    unknown = set() if special is None else {special["unk"]}
    control = set() if special is None else set(special.values()) - unknown
    seen: set[str] = set()
    for at in kept:
        piece = source.pieces[at]
        if piece in seen or not piece:  # sentencepiece forbids two of a name; the later one is never met
            piece = f"<unused-{at}>"
        seen.add(piece)
        kind = types.UNKNOWN if at in unknown else types.CONTROL if at in control else types.NORMAL
        model.pieces.add(piece=piece, score=float(source.scores[at]), type=kind)
    model.trainer_spec.model_type = schema.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(model.pieces)
    for name, at in (special or {"unk": 0, "bos": 1, "eos": 2, "pad": 3}).items():
        setattr(model.trainer_spec, f"{name}_id", at)
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    return bytes(model.SerializeToString())


def _is_letter(piece: str) -> bool:
    sign = piece.removeprefix("\N{LOWER ONE EIGHTH BLOCK}")
    if len(sign) != 1:
        return piece == "\N{LOWER ONE EIGHTH BLOCK}"
    return not sign.isalpha() or unicodedata.name(sign, "").startswith(_SCRIPTS)
