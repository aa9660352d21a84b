"""Text in, suggestion out. Loads the trained pipeline; how it is trained stands in `train`."""

import dataclasses
import importlib
import json
import re
import threading
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import spacy
from spacy.lang.sv.stop_words import STOP_WORDS
from spacy.language import Language
from spacy.tokens import Doc

from classifier.axis import Scores, axes_of
from classifier.lanes import make_lanes  # noqa: F401  # registers the component that the model names
from classifier.language import Languages
from store.domain import Factor, Guess, Kind, Lane, Suggestion

MODELS = Path(__file__).with_name("models")
FULL, FAST = "full", "fast"  # the two shipped models: the encoder, and the small linear one

_MOST_CHARACTERS = 20_000
_ENDLESS = re.compile(r"\S{200}(?=\S)")

Shares = dict[str, dict[str, float]]  # axis -> label -> share

_BATCH = 64
_FEWEST_LETTERS = 3  # less is no message
_NEVER = 2.0  # no share reaches it
_FORMAL = frozenset({Lane.APPEAL, Lane.DOCUMENT_REQUEST, Lane.DATA_PROTECTION})
_BESIDE_FORMAL = 0.5
_UNSEEN = {code: " " for code in range(32) if chr(code) not in "\t\n\r"}
# Words that say nothing to a reader, although the model leans on the place where they stand.
_EMPTY = STOP_WORDS - {"aldrig", "bra", "ingen", "inget", "inga", "inte", "tack", "utan"}
_LETTER = re.compile(r"[^\W\d_]")


class ModelError(Exception):
    """The model cannot be loaded: its folder is missing, damaged or made by another release."""


class Classifier:
    """Suggests kind, factor, area, flags and language. It never decides, and no text makes it fail.

    One instance may be shared by threads: they take turns.
    """

    def __init__(self, nlp: Language, *, thresholds: Mapping[str, float] | None = None) -> None:
        about = nlp.meta["synpunkt"]
        self.version = str(about["model"])
        told = nlp.meta.get("performance", {}).items()
        self.figures = {name: float(one) for name, one in told if isinstance(one, int | float)}
        self._nlp = nlp
        self._axes = axes_of(nlp)
        self._thresholds = {**about["thresholds"], **(thresholds or {})}
        self._thresholds_elsewhere = about.get("thresholds_elsewhere", {})
        self._flags = [(Lane(name), float(share)) for name, share in about["flags"].items()]
        self._languages = Languages()
        self._turn = threading.Lock()

    @classmethod
    def load(
        cls, path: Path | None = None, *, sure_kind: float | None = None, sure_factor: float | None = None
    ) -> "Classifier":
        """Load a model folder, or the shipped `full` one. Thresholds that are not given are the model's own.

        Raises `ModelError`.
        """
        given = {"type": sure_kind, "factor": sure_factor}
        thresholds = {name: value for name, value in given.items() if value is not None}
        return cls(_load(path or MODELS / FULL), thresholds=thresholds)

    @property
    def reads_meaning(self) -> bool:
        """Tell whether the model has an encoder, and so vectors by which texts can be compared."""
        return "encoder" in self._nlp.pipe_names

    @property
    def nlp(self) -> Language:
        """Return the pipeline, for training and measuring."""
        return self._nlp

    def shares(self, texts: Iterable[str]) -> list[Shares]:
        """Return for each text what share of its belief the model gives each label of each axis."""
        with self._turn:
            docs = self._nlp.pipe([_readable(text) for text in texts], batch_size=_BATCH)
            return [
                {
                    name: dict(zip(axis.labels, doc._.axes[name].tolist(), strict=True))
                    for name, axis in self._axes.items()
                }
                for doc in docs
            ]

    def suggest(self, text: str, *, chosen_kind: Kind | None = None) -> Suggestion:
        """Say what one message is. The sender's own choice of kind outranks ours (requirements.md C5:2)."""
        suggestion = self.suggest_many([text])[0]
        if chosen_kind is None:
            return suggestion
        chosen = Guess(value=chosen_kind.value, confidence=1.0, sure=True)
        return dataclasses.replace(suggestion, kind=chosen)

    def suggest_many(self, texts: Iterable[str]) -> list[Suggestion]:
        """Say what each message is; many at once are several times faster than one by one."""
        made: list[Suggestion] = []
        readable = [_readable(text) for text in texts]
        with self._turn:
            for start in range(0, len(readable), _BATCH):
                made += self._suggestions(readable[start : start + _BATCH])
        return made

    def _suggestions(self, texts: list[str]) -> list[Suggestion]:
        docs = list(self._nlp.pipe(texts))
        languages = [self._languages.of(text) for text in texts]
        kinds, factors, areas = (self._guesses(name, docs, languages) for name in ("type", "factor", "area"))
        of_kinds, of_factors = self._movers("type", docs, kinds, 2), self._movers("factor", docs, factors, 3)
        return [
            Suggestion(
                kind=kind,
                factor=factor,
                area=area,
                lanes=self._lanes(doc),
                ruled=tuple(lane for lane in Lane if lane in doc._.lanes),
                language=language,
                model=self.version,
                why=tuple(dict.fromkeys((*of_kind, *of_factor))),
                vector=_packed(doc),
            )
            for doc, language, kind, factor, area, of_kind, of_factor in zip(
                docs, languages, kinds, factors, areas, of_kinds, of_factors, strict=True
            )
        ]

    def _guesses(self, name: str, docs: Sequence[Doc], languages: Sequence[str]) -> list[Guess]:
        labels = self._axes[name].labels
        guesses = []
        for doc, language in zip(docs, languages, strict=True):
            shares = doc._.axes[name]
            readable = _is_readable(doc)
            best = int(shares.argmax())
            confidence = round(float(shares[best]) if readable else 1 / len(labels), 4)
            # Most of the corpus is Swedish, so a model that says nothing of others is never sure of them.
            thresholds = self._thresholds if language == "sv" else self._thresholds_elsewhere
            sure = readable and confidence >= thresholds.get(name, _NEVER)
            guesses.append(Guess(value=str(labels[best]), confidence=confidence, sure=sure))
        return guesses

    def _lanes(self, doc: Doc) -> tuple[Lane, ...]:
        """Return the flags that a rule or the learnt axis raises, in the order of the list of lanes.

        Where plain words say that it is a formal matter, another flag needs more than weak signs: whoever
        appeals sounds angry, and threatens nobody. Nor is every broken lamp urgent.
        """
        found = set(doc._.lanes)
        is_formal, is_fault = bool(found & _FORMAL), Lane.FAULT_REPORT in found
        if _is_readable(doc):
            shares = dict(zip(self._axes["special"].labels, doc._.axes["special"].tolist(), strict=True))
            for lane, share in self._flags:
                is_beside = (is_formal and lane not in _FORMAL) or (is_fault and lane is Lane.EMERGENCY)
                least = max(share, _BESIDE_FORMAL) if is_beside else share
                if shares.get(lane, 0.0) > least:
                    found.add(lane)
        return tuple(lane for lane in Lane if lane in found)

    def _movers(self, name: str, docs: Sequence[Doc], guesses: Sequence[Guess], most: int) -> list[list[str]]:
        """Return the words of each text without which its guess would have been weakest."""
        pushes = self._axes[name].pushes(docs, [guess.value for guess in guesses])
        return [_strongest(words, push, most) for words, push in pushes]


def classify_line(classifier: Classifier, text: str) -> dict[str, object]:
    """Return a suggestion as the plain row that `synpunkt classify` prints."""
    return row_of(classifier.suggest(text))


def row_of(suggestion: Suggestion) -> dict[str, object]:
    """Return a suggestion as a plain row."""
    return {
        "type": suggestion.kind.value,
        "type_confidence": suggestion.kind.confidence,
        "type_sure": suggestion.kind.sure,
        "factor": suggestion.factor.value,
        "factor_confidence": suggestion.factor.confidence,
        "factor_sure": suggestion.factor.sure,
        "lanes": [lane.value for lane in suggestion.lanes],
        "language": suggestion.language,
        "model": suggestion.model,
        "why": list(suggestion.why),
    }


def _load(path: Path) -> Language:
    try:
        if "encoder" in json.loads((path / "meta.json").read_text(encoding="utf-8"))["pipeline"]:
            # Imported here: it registers the component, and the small model works without its runtime.
            importlib.import_module("classifier.encoder.component")
        nlp = spacy.load(path)
        _check(nlp)
    except ImportError as error:
        raise ModelError(
            f"the model in {path} needs {error.name}, which is not installed; "
            "install it, or choose the model fast"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"no usable model in {path}: {error}; train one, or reinstall") from error
    return nlp


def _check(nlp: Language) -> None:
    about = nlp.meta["synpunkt"]
    axes = axes_of(nlp)
    known = {"type": {*Kind}, "factor": {*Factor}, "special": {*Lane}}
    for name in known | {"area": set()}:
        labels = {*axes[name].labels}
        if not labels or not labels <= known.get(name, labels):
            raise ValueError(f"the axis {name} has other labels than this release")
    if {"type", "factor", "area"} != about["thresholds"].keys() or not known["special"] >= about[
        "flags"
    ].keys():
        raise ValueError("other thresholds than this release knows")
    nlp.get_pipe("lanes")


def _packed(doc: Doc) -> bytes:
    """Return the direction of the text's vector in one byte a number; nothing where the model has none."""
    meaning = doc._.meaning if doc.has_extension("meaning") else None
    if meaning is None:
        return b""
    vector = np.asarray(meaning.vector, np.float32)
    scaled = np.round(vector * (127 / (np.abs(vector).max() + 1e-9)))
    return bytes(scaled.astype(np.int8).tobytes())


def _is_readable(doc: Doc) -> bool:
    letters = 0
    for token in doc:  # nearly always the first word or two are enough
        letters += len(token) if token.is_alpha else 0
        if letters >= _FEWEST_LETTERS:
            return True
    return False


def _strongest(words: Sequence[str], pushes: Scores, most: int) -> list[str]:
    moved: dict[str, float] = {}
    for at in np.argsort(-pushes)[: 4 * most].tolist():
        if pushes[at] > 0 and _LETTER.search(words[at]) and words[at] not in _EMPTY:
            moved[words[at]] = moved.get(words[at], 0.0) + float(pushes[at])
    return sorted(moved, key=lambda word: -moved[word])[:most]


def _readable(text: str) -> str:
    """Return what the pipeline can bear: no lone surrogates, no control signs, not a whole book."""
    whole = text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    # The tokenizer peels signs off a word one by one, each time looking at all that is left.
    return _ENDLESS.sub(r"\g<0> ", whole.translate(_UNSEEN))
