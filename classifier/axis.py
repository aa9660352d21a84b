"""One question put to a text (kind, factor or area) as a spaCy component; its features come from `features`.

spaCy's own `textcat` writes every answer into the shared `doc.cats`, so two exclusive ones cannot live in one
pipeline (its error E895). An axis answers under its own name in `doc._.axes` and reads its own truth.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline.textcat import TextCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Model, SparseLinear_v2, chain

from classifier.features import make_word_parts

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


class Reader(Protocol):
    """The first layer of an axis: knows which words its features came from."""

    def pushes(
        self, linear: Model[Any, Any], docs: Sequence[Doc], columns: Sequence[int]
    ) -> list[tuple[list[str], Scores]]:
        """Return the words of each text and how far each pushes towards the label of its column."""


class Axis(TextCategorizer):
    """Answers on its own axis: one label, or, where not `exclusive`, yes or no to each.

    `temperature` cools its scores until they hold as probabilities.
    """

    def __init__(
        self, vocab: Vocab, model: Model[Any, Any], name: str = "axis", *, exclusive: bool = True
    ) -> None:
        super().__init__(vocab, model, name, threshold=0.0, scorer=None)
        self.cfg["temperature"] = 1.0
        self.cfg["weights"] = []
        self.cfg["exclusive"] = exclusive

    @property
    def temperature(self) -> float:
        """Return what the logits are divided by."""
        return float(self.cfg["temperature"])

    @property
    def exclusive(self) -> bool:
        """Tell whether exactly one label is right."""
        return bool(self.cfg.get("exclusive", True))

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

    def known(self, examples: Iterable[Example]) -> Scores:
        """Return 1 where the answer to a label is known, one row for each example."""
        rows = [
            [float(f"{self.name}={label}" in each.reference.cats) for label in self.labels]
            for each in examples
        ]
        return np.asarray(rows, np.float32).reshape(-1, len(self.labels))

    def weights(self) -> NDArray[np.float16]:
        """Return the weights as they are kept, a row for each label."""
        flat = np.asarray(self.model.get_ref("output_layer").get_param("W"))
        return flat.reshape(len(self.labels), -1).astype(np.float16)

    def parameters(self) -> tuple[Scores, Scores]:
        """Return a copy of the weights, a row for each label, and of the bias, in full precision."""
        linear = self.model.get_ref("output_layer")
        weights = np.array(linear.get_param("W"), np.float32).reshape(len(self.labels), -1)
        return weights, np.array(linear.get_param("b"), np.float32)

    def predict(self, docs: Iterable[Doc]) -> Scores:
        """Return one probability for each label, one row for each text."""
        return self.probabilities(self.logits(docs) / self.temperature)

    def probabilities(self, logits: Scores) -> Scores:
        """Turn scores into probabilities."""
        return softmax(logits) if self.exclusive else sigmoid(logits)

    def set_annotations(self, docs: Iterable[Doc], scores: Scores) -> None:
        """Write the answer into `doc._.axes`."""
        for doc, row in zip(docs, scores, strict=True):
            doc._.axes[self.name] = row

    def pushes(self, docs: Sequence[Doc], labels: Sequence[str]) -> list[tuple[list[str], Scores]]:
        """Return the words of each text and how far each pushes towards a label:

        what the score loses without it.
        """
        reader: Reader = self.model.layers[0].attrs["read"]
        columns = [self.labels.index(label) for label in labels]
        return reader.pushes(self.model.get_ref("output_layer"), docs, columns)

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
        guesses = self.probabilities(scores)
        if not self.exclusive:
            known = self.known(examples)
            heavier = 1 + (np.asarray(self.cfg["weights"], np.float32) - 1) * truths
            gradient = (guesses - truths) * known * heavier / len(truths)
            loss = -(known * np.log(np.abs(1 - truths - guesses) + 1e-9)).sum() / len(truths)
            return float(loss), gradient.astype(np.float32)
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
        # Opened by us, since numpy leaves a damaged file open.
        with (Path(path) / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            weights, bias = kept["W"].astype(np.float32), kept["b"]
        self.set_weights(weights, bias)
        return self

    def set_weights(self, weights: Scores, bias: Scores) -> None:
        """Take weights, a row for each label, and a bias for each. `ValueError` if their shape is another."""
        linear = self.model.get_ref("output_layer")
        flat = not linear.has_dim("nI")
        if weights.shape != (len(self.labels), linear.get_dim("length" if flat else "nI")):
            raise ValueError(f"weights of {self.name} have the shape {weights.shape}")
        linear.set_dim("nO", len(self.labels), force=True)
        # Copies, since training changes them in place.
        kept: Any = np.array(weights.reshape(-1) if flat else weights, np.float32)
        added: Any = np.array(bias, np.float32)
        linear.set_param("W", kept)
        linear.set_param("b", added)

    def _examples_to_truth(self, examples: Iterable[Example]) -> tuple[Scores, Scores]:
        truths = self.truths(examples)
        return truths, np.ones_like(truths)

    def _validate_categories(self, examples: Iterable[Example]) -> None:  # noqa: ARG002  # spaCy's
        # spaCy's check takes the answers of the other axes for a contradiction, and forbids shared truth.
        return


def softmax(logits: Scores) -> Scores:
    """Turn each row of scores into probabilities."""
    powers: Scores = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    shares: Scores = powers / powers.sum(axis=1, keepdims=True)
    return shares


def sigmoid(logits: Scores) -> Scores:
    """Turn each score into a probability of its own."""
    shares: Scores = (1 / (1 + np.exp(-np.clip(logits, -60, 60)))).astype(np.float32)
    return shares


@Language.factory("axis", assigns=["doc._.axes"], default_config={"exclusive": True})
def make_axis(nlp: Language, name: str, model: Model[Any, Any], exclusive: bool) -> Axis:
    """Make an axis that answers under the name it has in the pipeline."""
    return Axis(nlp.vocab, model, name, exclusive=exclusive)


def axes_of(nlp: Language) -> dict[str, Axis]:
    """Return the trained components of a pipeline by name."""
    return {name: component for name, component in nlp.pipeline if isinstance(component, Axis)}
