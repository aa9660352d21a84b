"""One question put to a text (kind, factor or area) as a spaCy component; its features come from `features`.

spaCy's own `textcat` writes every answer into the shared `doc.cats`, so two exclusive ones cannot live in one
pipeline (its error E895). An axis answers under its own name in `doc._.axes` and reads its own truth.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline.textcat import TextCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Model, SparseLinear_v2, chain

from classifier.features import Features, make_word_parts

Scores = NDArray[np.float32]

Doc.set_extension("axes", default={}, force=True)


@registry.architectures("synpunkt.SparseWords.v1")  # type: ignore[untyped-decorator]  # spaCy's
def make_sparse_words(*, length: int, shortest: int, longest: int) -> Model[Sequence[Doc], Scores]:
    """Make a linear model over `length` hashed features. It gives logits, not probabilities."""
    linear: Any = SparseLinear_v2(length=length)
    model: Any = chain(make_word_parts(shortest=shortest, longest=longest), linear)
    model.set_ref("output_layer", linear)
    return model  # type: ignore[no-any-return]  # thinc's chain forgets its types


def truth(answers: dict[str, dict[str, float]]) -> dict[str, float]:
    """Join the true answers of several axes into the one dictionary that spaCy hands to its components."""
    return {f"{axis}={label}": share for axis, shares in answers.items() for label, share in shares.items()}


class Axis(TextCategorizer):
    """Chooses one label of its own axis. `temperature` cools its scores until they hold as probabilities."""

    def __init__(self, vocab: Vocab, model: Model[Any, Any], name: str = "axis") -> None:
        super().__init__(vocab, model, name, threshold=0.0, scorer=None)
        self.cfg["temperature"] = 1.0
        self.cfg["weights"] = []

    @property
    def temperature(self) -> float:
        """Return what the logits are divided by."""
        return float(self.cfg["temperature"])

    def logits(self, docs: Iterable[Doc]) -> Scores:
        """Return the bare scores, one row for each text."""
        return np.asarray(self.model.predict(list(docs)), np.float32)

    def truths(self, examples: Iterable[Example]) -> Scores:
        """Return the true shares, one row for each example; a row of noughts where no answer is known."""
        rows = [
            [each.reference.cats.get(f"{self.name}={label}", 0.0) for label in self.labels]
            for each in examples
        ]
        return np.asarray(rows, np.float32).reshape(-1, len(self.labels))

    def weights(self) -> NDArray[np.float16]:
        """Return the weights as they are kept, a row for each label."""
        flat = np.asarray(self.model.get_ref("output_layer").get_param("W"))
        return flat.reshape(len(self.labels), -1).astype(np.float16)

    def predict(self, docs: Iterable[Doc]) -> Scores:
        """Return one probability for each label, one row for each text."""
        return softmax(self.logits(docs) / self.temperature)

    def set_annotations(self, docs: Iterable[Doc], scores: Scores) -> None:
        """Write the answer into `doc._.axes`."""
        for doc, row in zip(docs, scores, strict=True):
            doc._.axes[self.name] = row

    def pushes(self, texts: Sequence[Features], labels: Sequence[str]) -> list[Scores]:
        """Return how far each word of each text pushes towards a label: what the score loses without it."""
        linear = self.model.get_ref("output_layer")
        keys = np.concatenate([text.keys for text in texts])
        ones = np.ones(len(keys))
        # The model is linear, so one feature at a time tells exactly what its removal would cost.
        alone = linear.predict((keys, ones.astype(np.float32), ones.astype(np.int32))) - linear.get_param("b")
        ends = np.cumsum([len(text.keys) for text in texts])[:-1]
        return [
            _by_word(text, each[:, self.labels.index(label)] - each.mean(axis=1))
            for text, each, label in zip(texts, np.split(alone, ends), labels, strict=True)
        ]

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Iterable[str] | None = None,
        positive_label: str | None = None,
    ) -> None:
        """Learn the labels, and how rare each of them is."""
        examples = list(get_examples())
        if labels is None:
            mark = f"{self.name}="
            seen = {name for each in examples for name in each.reference.cats if name.startswith(mark)}
            labels = sorted(name.removeprefix(mark) for name in seen)
        super().initialize(lambda: examples, nlp=nlp, labels=labels, positive_label=positive_label)
        shares = self.truths(examples).sum(axis=0) + 1.0
        # The square root meets the rare labels half way; full balance would cry wolf.
        self.cfg["weights"] = [float(each) for each in np.sqrt(shares.mean() / shares)]

    def get_loss(  # type: ignore[override]  # spaCy says float for a gradient that is an array
        self, examples: Iterable[Example], scores: Scores
    ) -> tuple[float, Scores]:
        """Return the cross-entropy and its gradient; an example without an answer here teaches nothing."""
        truths = self.truths(examples)
        guesses = softmax(scores)
        weight = truths @ np.asarray(self.cfg["weights"], np.float32)[:, None]
        known = truths.sum(axis=1, keepdims=True)
        gradient = (guesses * known - truths) * weight / len(truths)
        loss = -(truths * np.log(guesses + 1e-9)).sum() / len(truths)
        return float(loss), gradient.astype(np.float32)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write labels and weights, in half precision: plenty for a sum, and half the size."""
        super().to_disk(path, exclude=[*exclude, "model", "vocab"])
        bias = np.asarray(self.model.get_ref("output_layer").get_param("b"))
        np.savez(Path(path) / "weights.npz", W=self.weights(), b=bias)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "Axis":
        """Read what `to_disk` wrote."""
        super().from_disk(path, exclude=[*exclude, "model", "vocab"])
        linear = self.model.get_ref("output_layer")
        # Opened by us, since numpy leaves a damaged file open.
        with (Path(path) / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            weights, bias = kept["W"].astype(np.float32), kept["b"]
        if weights.shape != (len(self.labels), linear.get_dim("length")):
            raise ValueError(f"weights of {self.name} have the shape {weights.shape}")
        linear.set_dim("nO", len(self.labels))
        linear.set_param("W", weights.reshape(-1))
        linear.set_param("b", bias)
        return self

    def _examples_to_truth(self, examples: Iterable[Example]) -> tuple[Scores, Scores]:
        truths = self.truths(examples)
        return truths, np.ones_like(truths)

    def _validate_categories(self, examples: Iterable[Example]) -> None:  # noqa: ARG002  # spaCy's
        # spaCy's check takes the answers of the other axes for a contradiction, and forbids shared truth.
        return


def _by_word(text: Features, pushed: Scores) -> Scores:
    moved = np.bincount(text.of_word, pushed[text.occurrences] * text.shares, len(text.words))
    return moved.astype(np.float32)


def softmax(logits: Scores) -> Scores:
    """Turn each row of scores into probabilities."""
    powers: Scores = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    shares: Scores = powers / powers.sum(axis=1, keepdims=True)
    return shares


@Language.factory("axis", assigns=["doc._.axes"])
def make_axis(nlp: Language, name: str, model: Model[Any, Any]) -> Axis:
    """Make an axis that answers under the name it has in the pipeline."""
    return Axis(nlp.vocab, model, name)


def axes_of(nlp: Language) -> dict[str, Axis]:
    """Return the trained components of a pipeline by name."""
    return {name: component for name, component in nlp.pipeline if isinstance(component, Axis)}
