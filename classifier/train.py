"""Makes the small model `fast`: fits, calibrates on unseen authors, fits again on all but the test.

With a teacher, the larger model, it learns from two things: the labels, and what the teacher thinks of
every message and of each of its sentences (distillation; Hinton, Vinyals & Dean 2015). How the large model
is made stands in `tuning`.
"""

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.util import load_config, load_model_from_config, registry
from thinc.api import fix_random_seed

from classifier.axis import axes_of, truth
from classifier.calibrate import Chosen, calibrate, settle, uncalibrated
from classifier.card import performance, write_card
from classifier.evaluate import Report, evaluate_messages
from classifier.messages import CorpusError, Labelled, read_split
from classifier.model import Classifier, Shares
from store.domain import Lane

CONFIG = Path(__file__).with_name("fast.cfg")
CORPUS = Path(__file__).with_name("corpus")

_NAME = "fast"
_OTHER_SHARE = 0.2  # what the second defensible label is worth in training
_TEACHER_SHARE = 0.6  # how much of a lesson is what the teacher thinks, where there is a label as well
_LOWEST_FLAG = 0.35
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SHORTEST_PART = 4  # words
_PARTS = 6  # sentences for each ten messages


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A text and, for each axis, what share of the truth each label has. A label left out is not known."""

    text: str
    answers: Shares


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training has made. `report` is None when the corpus has no test part."""

    path: Path
    version: str
    thresholds: dict[str, float]
    report: Report | None


def train(corpus_dir: Path, out_dir: Path, *, seed: int = 0, teacher: Classifier | None = None) -> Trained:
    """Train on a folder of labelled messages and write the model folder with its card.

    The same corpus, configuration, teacher and seed give the same weights.
    """
    split = read_split(corpus_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    chosen = uncalibrated()
    learnt = lessons(split.train, teacher)
    if split.dev:
        chosen = _calibrated(fit(learnt, seed=seed), split.dev)
        learnt += lessons(split.dev, teacher)
    nlp = fit(learnt, seed=seed)
    version = f"{_NAME}+{_fingerprint(nlp, chosen)}"
    about = {"trained_on": len(split.train + split.dev), "teacher": teacher.version if teacher else ""}
    settle(nlp, chosen, version=version, about=about)
    report = None
    if split.test:
        report = evaluate_messages(split.test, Classifier(nlp))
        nlp.meta["performance"] = performance(report)
    # The vocabulary holds nothing that the features need; they hash the words themselves.
    nlp.to_disk(out_dir, exclude=["vocab"])
    write_card(
        out_dir,
        version=version,
        about="A linear model over hashed words, neighbouring words and parts of words, one for each of "
        "type, factor, area and lanes" + (f", taught by {teacher.version}." if teacher else "."),
        split=split,
        chosen=chosen,
        report=report,
    )
    return Trained(path=out_dir, version=version, thresholds=chosen.thresholds, report=report)


def lessons(messages: Sequence[Labelled], teacher: Classifier | None = None) -> list[Lesson]:
    """Return what is to be learnt from messages, and what a teacher says of them and of their sentences."""
    told = [Lesson(text=each.text, answers=answers_of(each)) for each in messages]
    if teacher is None:
        return told
    texts = [each.text for each in messages]
    parts = list(dict.fromkeys(part for text in texts for part in _parts(text)))
    parts = random.Random(0).sample(parts, min(len(parts), _PARTS * len(texts) // 10))  # noqa: S311
    thoughts = teacher.shares([*texts, *parts])
    mixed = [
        Lesson(text=lesson.text, answers=_mixed(lesson.answers, thought))
        for lesson, thought in zip(told, thoughts, strict=False)
    ]
    return [
        *mixed,
        *(
            Lesson(text=part, answers=thought)
            for part, thought in zip(parts, thoughts[len(texts) :], strict=True)
        ),
    ]


def answers_of(message: Labelled) -> Shares:
    """Return the label of each axis, with its share for the second defensible one."""
    lanes = {lane.value: message.has_lane(lane) for lane in Lane}
    return {
        "type": _shares(message.kind, message.alt_kind) if message.has_kind else {},
        "factor": _shares(message.factor, message.alt_factor),
        "area": {message.area: 1.0} if message.area else {},
        "special": {lane: float(has) for lane, has in lanes.items() if has is not None},
    }


def fit(learnt: Sequence[Lesson], *, seed: int, config: Path = CONFIG) -> Language:
    """Fit a fresh pipeline. `CorpusError` where there is nothing to tell apart."""
    fix_random_seed(seed)
    nlp = load_model_from_config(load_config(config), auto_fill=True)
    examples = [example(nlp, each) for each in learnt]
    for name, axis in axes_of(nlp).items():
        _refuse_one_answer(name, examples)
        axis.initialize(lambda: examples, nlp=nlp)
    update(nlp, examples, seed=seed)
    return nlp


def update(nlp: Language, examples: list[Example], *, seed: int) -> None:
    """Go through the examples as `[training]` of the pipeline's own config says."""
    settings: dict[str, Any] = registry.resolve(nlp.config["training"], schema=ConfigSchemaTraining)
    shuffled = random.Random(seed)  # noqa: S311  # not for secrets
    axes = axes_of(nlp)
    for _ in range(settings["max_epochs"]):
        shuffled.shuffle(examples)
        for batch in settings["batcher"](examples):
            for axis in axes.values():
                axis.update(batch, drop=settings["dropout"], sgd=settings["optimizer"])


def example(nlp: Language, lesson: Lesson) -> Example:
    """Return a lesson as spaCy wants it."""
    return Example.from_dict(nlp.make_doc(lesson.text), {"cats": truth(lesson.answers)})


def _parts(text: str) -> Iterator[str]:
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    if len(sentences) > 1:
        for sentence in sentences:
            if len(sentence.split()) >= _SHORTEST_PART:
                yield sentence


def _mixed(told: Shares, thought: Shares) -> Shares:
    mixed: Shares = {}
    for axis, shares in told.items():
        thinks = thought.get(axis, {}) if shares else {}
        own = _TEACHER_SHARE if thinks else 0.0
        labels = shares if axis == "special" else {**shares, **thinks}
        mixed[axis] = {
            label: (1 - own) * shares.get(label, 0.0) + own * thinks.get(label, 0.0) for label in labels
        }
    return mixed


def _shares(label: str, other: str) -> dict[str, float]:
    return {label: 1.0 - _OTHER_SHARE, other: _OTHER_SHARE} if other else {label: 1.0}


def _refuse_one_answer(name: str, examples: Sequence[Example]) -> None:
    answers = {key for each in examples for key in each.reference.cats if key.startswith(f"{name}=")}
    if len(answers) < 2:
        raise CorpusError(f"the corpus has fewer than two answers for {name}; there is nothing to tell apart")


def _calibrated(nlp: Language, dev: Sequence[Labelled]) -> Chosen:
    return calibrate(nlp, [example(nlp, each) for each in lessons(dev)], lowest_flag=_LOWEST_FLAG)


def _fingerprint(nlp: Language, chosen: Chosen) -> str:
    digest = hashlib.sha256()
    for axis in axes_of(nlp).values():
        digest.update(axis.weights().tobytes())
        digest.update(f"{axis.labels}".encode())
    digest.update(f"{chosen}".encode())
    return digest.hexdigest()[:8]
