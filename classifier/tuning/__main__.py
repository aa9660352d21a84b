"""One command from the corpus to the model `full`:

`python -m classifier.tuning OUT`. See docs/classifier.md.
"""

import argparse
import hashlib
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import torch
from spacy.language import Language
from spacy.training import Example

from classifier.axis import axes_of, truth
from classifier.calibrate import Chosen, calibrate, settle
from classifier.card import performance, write_card
from classifier.encoder.component import Encoder, encoder_of
from classifier.evaluate import evaluate_messages
from classifier.messages import Labelled, Split, read_split
from classifier.model import Classifier
from classifier.train import CORPUS, answers_of
from classifier.tuning.export import pipeline_of, write_encoder
from classifier.tuning.finetune import Recipe, Tuned, finetune
from classifier.tuning.pieces import choose_pieces, write_pieces
from classifier.tuning.pretrained import build_bert, read_pretrained

log = logging.getLogger("tuning")

MOST_PIECES = 40_000
_LOWEST_FLAG = 0.25


def tune(split: Split, out: Path, *, recipe: Recipe, checkpoint: Path | None = None) -> None:
    """Tune on the train part, calibrate on dev, measure on test, and write the model folder with its card."""
    began = time.monotonic()
    source = read_pretrained()
    kept = choose_pieces(source, [each.text for each in (*split.train, *split.dev)], most=MOST_PIECES)
    pieces = write_pieces(source, kept)
    first = [source.specials[name] for name in ("unk", "bos", "eos", "pad")]
    bert = build_bert(source, source.embeddings()[[*first, *kept]])
    model = finetune(bert, pieces, split.train, recipe=recipe)
    if checkpoint is not None:
        torch.save({"weights": model.state_dict(), "labels": model.labels, "pieces": pieces}, checkpoint)
    log.info("tuned in %.0f s", time.monotonic() - began)
    write_model(model, pieces, split, out, hours=(time.monotonic() - began) / 3600)


def write_model(model: Tuned, pieces: bytes, split: Split, out: Path, *, hours: float) -> None:
    """Export, calibrate, measure, and write the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        write_encoder(model, pieces, Path(scratch))
        finish_model(pipeline_of(model, Path(scratch)), split, out, hours=hours)


def finish_model(nlp: Language, split: Split, out: Path, *, hours: float) -> None:
    """Calibrate on dev and what lies ready for later, measure on test, and write the folder with its card.

    Neither has been learnt from, and the more authors, the better a false flag is known.
    """
    encoder = encoder_of(nlp)
    unseen = (*split.dev, *split.later)
    docs = nlp.pipe([each.text for each in unseen], disable=[*axes_of(nlp), "lanes"])
    examples = [
        Example.from_dict(doc, {"cats": truth(answers_of(each))})
        for doc, each in zip(docs, unseen, strict=True)
    ]
    chosen = calibrate(nlp, examples, lowest_flag=_LOWEST_FLAG)
    version = f"full+{_fingerprint(encoder, chosen)}"
    about = {"trained_on": len(split.train), "encoder": encoder.fingerprint}
    settle(nlp, chosen, version=version, about=about)
    report = evaluate_messages(split.test, Classifier(nlp)) if split.test else None
    if report is not None:
        nlp.meta["performance"] = performance(report)
    nlp.to_disk(out, exclude=["vocab"])
    write_card(
        out,
        version=version,
        about="Multilingual-e5-small (Wang et al. 2024; MIT licence), tuned on the corpus with four linear "
        "heads on the mean of its vectors, its pieces cut down to the languages at hand and its weights to "
        f"eight bits. Tuned in {hours:.1f} hours on two cores.",
        split=split,
        chosen=chosen,
        report=report,
    )
    log.info("%s is in %s", version, out)


def _fingerprint(encoder: Encoder, chosen: Chosen) -> str:
    return hashlib.sha256(f"{encoder.fingerprint} {chosen}".encode()).hexdigest()[:8]


def _part(messages: Sequence[Labelled], share: float, seed: int) -> tuple[Labelled, ...]:
    return tuple(Random(seed).sample(list(messages), int(len(messages) * share)))  # noqa: S311


def main() -> None:
    """Read the arguments and tune."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the train part, for a point of the learning curve"
    )
    parser.add_argument("--checkpoint", type=Path, help="also keep the exact weights here")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    chosen.out.mkdir(parents=True, exist_ok=True)  # before the hours that it takes to have something to write
    split = read_split(chosen.corpus)
    if chosen.share < 1:
        split = replace(split, train=_part(split.train, chosen.share, chosen.seed))
    tune(
        split, chosen.out, recipe=Recipe(epochs=chosen.epochs, seed=chosen.seed), checkpoint=chosen.checkpoint
    )


if __name__ == "__main__":
    main()
