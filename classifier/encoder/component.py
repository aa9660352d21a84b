"""The encoder as a spaCy component: writes what a text means into `doc._.meaning`.

Runs an int8 ONNX graph with onnxruntime. All axes are linear in the mean of the vectors of the pieces, so
what a piece adds to a score can be told exactly, without a second run.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Linear, Model, chain

from classifier.encoder.pieces import PAD, Cut, Pieces

Floats = NDArray[np.float32]

WIDTH = 384
GRAPH, PIECES = "encoder.onnx", "pieces.model"

_BATCH, _ROWS = 64, 16

Doc.set_extension("meaning", default=None, force=True)


@dataclass(frozen=True)
class Meaning:
    """What the encoder made of one text: the mean vector, and the vectors of all its pieces."""

    vector: Floats
    pieces: Floats  # one row for each id of `cut`
    cut: Cut


class EncoderError(ValueError):
    """The files of the encoder are missing or not ours."""


class Encoder:
    """Holds the graph and the pieces. `threads` of 0 takes every core."""

    def __init__(self, *, threads: int = 0) -> None:
        self._threads = threads
        self._session: Any = None
        self._pieces: Pieces | None = None
        self._from: Path | None = None
        self.fingerprint = ""

    def __call__(self, doc: Doc) -> Doc:
        """Read one document."""
        self._read([doc])
        return doc

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = _BATCH) -> Iterator[Doc]:
        """Read many, those of like length together."""
        waiting = iter(docs)
        while batch := list(islice(waiting, batch_size)):
            self._read(batch)
            yield from batch

    def _read(self, docs: Sequence[Doc]) -> None:
        if self._session is None or self._pieces is None:
            raise EncoderError("the encoder has no graph; load a model folder first")
        cuts = [self._pieces(doc.text) for doc in docs]
        order = sorted(range(len(docs)), key=lambda at: len(cuts[at].ids))
        for start in range(0, len(order), _ROWS):
            group = order[start : start + _ROWS]
            hidden = self._run([cuts[at].ids for at in group])
            for at, rows in zip(group, hidden, strict=True):
                pieces = rows[: len(cuts[at].ids)]
                docs[at]._.meaning = Meaning(pieces.mean(axis=0), pieces, cuts[at])

    def _run(self, rows: Sequence[list[int]]) -> Floats:
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), PAD, np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
        lengths = np.asarray([len(row) for row in rows])
        mask = (np.arange(longest)[None, :] < lengths[:, None]).astype(np.int64)
        (hidden,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(hidden, np.float32)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:  # noqa: ARG002  # spaCy's
        """Copy the two files."""
        if self._from is None:
            raise EncoderError("the encoder has no files to copy")
        Path(path).mkdir(parents=True, exist_ok=True)
        for name in (GRAPH, PIECES):
            (Path(path) / name).write_bytes((self._from / name).read_bytes())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "Encoder":  # noqa: ARG002
        """Read graph and pieces. A folder without them shares those of the shipped model.

        Raises `EncoderError`.
        """
        folder = Path(path)
        if not folder.is_dir():
            folder = SHIPPED_ENCODER
        try:
            graph = (folder / GRAPH).read_bytes()
            self._pieces = Pieces((folder / PIECES).read_bytes())
            self._session = onnxruntime.InferenceSession(
                graph, self._options(), providers=["CPUExecutionProvider"]
            )
        except (OSError, RuntimeError) as error:
            raise EncoderError(f"no usable encoder in {folder}: {error}") from error
        except Exception as error:  # onnxruntime's own errors share no public base class
            raise EncoderError(f"the encoder in {folder} is damaged: {type(error).__name__}") from error
        self._from = folder
        self.fingerprint = hashlib.sha256(graph + self._pieces.model).hexdigest()[:8]
        return self

    def _options(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A thread that waits by spinning takes a core from the one that receives mail.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options


def encoder_of(nlp: Language) -> Encoder:
    """Return the encoder of a pipeline; `EncoderError` where there is none."""
    for _, component in nlp.pipeline:
        if isinstance(component, Encoder):
            return component
    raise EncoderError("the pipeline has no encoder")


SHIPPED_ENCODER = Path(__file__).parents[1] / "models" / "full" / "encoder"


@Language.factory("encoder", assigns=["doc._.meaning"], default_config={"threads": 0})
def make_encoder(nlp: Language, name: str, threads: int) -> Encoder:  # noqa: ARG001  # spaCy calls it so
    """Make an encoder without weights; `from_disk` brings them."""
    return Encoder(threads=threads)


@dataclass(frozen=True)
class Meanings:
    """Reads the vectors that the encoder left on the documents, and explains scores by them."""

    def vectors(self, docs: Sequence[Doc]) -> Floats:
        """Return the mean vectors, a row each."""
        if not docs:
            return np.zeros((0, WIDTH), np.float32)
        return np.stack([doc._.meaning.vector for doc in docs])

    def pushes(
        self, linear: Model[Any, Any], docs: Sequence[Doc], columns: Sequence[int]
    ) -> list[tuple[list[str], Floats]]:
        """Return the words of each text and how far each pushes towards the label of its column."""
        weights = np.asarray(linear.get_param("W"), np.float32)
        directions = weights - weights.mean(axis=0)
        found = []
        for doc, column in zip(docs, columns, strict=True):
            meaning: Meaning = doc._.meaning
            cut = meaning.cut
            pushed = meaning.pieces @ directions[column] / len(meaning.pieces)
            owner = cut.of_word()[cut.read]
            own = pushed[cut.lead : cut.lead + len(owner)]
            inside = owner >= 0
            by_word = np.bincount(owner[inside], own[inside], len(cut.words))
            found.append((cut.words, by_word.astype(np.float32)))
        return found


@registry.architectures("synpunkt.MeanVector.v1")  # type: ignore[untyped-decorator]  # spaCy's
def make_mean_vector(*, width: int) -> Model[Sequence[Doc], Floats]:
    """Make a linear model over the encoder's mean vector. It gives logits, not probabilities."""
    linear: Any = Linear(nI=width)
    model: Any = chain(make_meanings(), linear)
    model.set_ref("output_layer", linear)
    return model  # type: ignore[no-any-return]  # thinc's chain forgets its types


def make_meanings() -> Model[Sequence[Doc], Floats]:
    """Make the layer that hands on the vectors."""
    return Model("meanings", _forward, attrs={"read": Meanings()})


def _forward(
    model: Model[Sequence[Doc], Floats],
    docs: Sequence[Doc],
    is_train: bool,  # noqa: ARG001  # thinc calls it so
) -> tuple[Floats, Callable[[Floats], Sequence[Doc]]]:
    return model.attrs["read"].vectors(docs), lambda _: []
