"""Makes a model folder from a corpus: fits, calibrates on unseen authors, fits again on all but the test."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.util import load_config, load_model_from_config, registry
from thinc.api import fix_random_seed

from classifier.axis import Axis, Scores, axes_of, softmax, truth
from classifier.evaluate import Report, evaluate_messages
from classifier.messages import CorpusError, Labelled, Split, read_split
from classifier.model import NO_LANE, Classifier
from store.domain import Lane

CONFIG = Path(__file__).with_name("config.cfg")
CORPUS = Path(__file__).with_name("corpus")

_NAME = "bow-1"
_OTHER_SHARE = 0.2  # what the second defensible label is worth in training
_TEMPERATURES = np.geomspace(0.2, 5.0, 81)
_SURE_ENOUGH = {"type": 0.92, "factor": 0.85, "area": 0.85}  # the least share of right answers when sure
_DEFAULT_THRESHOLD = 0.8  # without a dev part there is nothing to choose by
# The share of false flags that a lane may cost. Where life, children, care or a legal time limit are at
# stake, recall comes first (requirements.md C5:4).
_FALSE_FLAGS = 0.005
_FALSE_FLAGS_URGENT = 0.01
_URGENT = {Lane.APPEAL, Lane.DOCUMENT_REQUEST, Lane.LEX_SARAH, Lane.CONCERN_REPORT, Lane.THREAT}
_LOWEST_FLAG = 0.35  # below it a few words are enough to raise several flags at once
_DEFAULT_FLAG = 0.5
_THRESHOLDS = np.arange(0.40, 0.991, 0.01)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What was chosen on unseen authors: what cools each axis, and from where we are sure or raise a flag."""

    temperatures: dict[str, float]
    thresholds: dict[str, float]
    flags: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training has made. `report` is None when the corpus has no test part."""

    path: Path
    version: str
    thresholds: dict[str, float]
    report: Report | None


def train(corpus_dir: Path, out_dir: Path, *, seed: int = 0) -> Trained:
    """Train on a folder of labelled messages and write the model folder with its card.

    The same corpus, configuration and seed give the same weights.
    """
    split = read_split(corpus_dir)
    chosen = _calibrated(split, seed=seed)
    nlp = fit((*split.train, *split.dev), seed=seed)
    for name, axis in axes_of(nlp).items():
        axis.cfg["temperature"] = chosen.temperatures[name]
    version = f"{_NAME}+{_fingerprint(nlp)}"
    nlp.meta["name"] = "synpunkt"
    nlp.meta["synpunkt"] = {
        "model": version,
        "thresholds": chosen.thresholds,
        "flags": chosen.flags,
        "trained_on": len(split.train + split.dev),
    }
    report = None
    if split.test:
        report = evaluate_messages(split.test, Classifier(nlp))
        nlp.meta["performance"] = _performance(report)
    # The vocabulary holds nothing that the features need; they hash the words themselves.
    nlp.to_disk(out_dir, exclude=["vocab"])
    (out_dir / "CARD.md").write_text(_card(version, split, chosen, report), encoding="utf-8")
    return Trained(path=out_dir, version=version, thresholds=chosen.thresholds, report=report)


def fit(messages: Sequence[Labelled], *, seed: int) -> Language:
    """Fit a fresh pipeline to messages."""
    fix_random_seed(seed)
    nlp = load_model_from_config(load_config(CONFIG), auto_fill=True)
    settings: dict[str, Any] = registry.resolve(nlp.config["training"], schema=ConfigSchemaTraining)
    examples = [_example(nlp, each) for each in messages]
    axes = axes_of(nlp)
    for name, axis in axes.items():
        _refuse_one_answer(name, examples)
        axis.initialize(lambda: examples, nlp=nlp)
    shuffled = random.Random(seed)  # noqa: S311  # not for secrets
    for _ in range(settings["max_epochs"]):
        shuffled.shuffle(examples)
        for batch in settings["batcher"](examples):
            for axis in axes.values():
                axis.update(batch, drop=settings["dropout"], sgd=settings["optimizer"])
    return nlp


def _example(nlp: Language, message: Labelled) -> Example:
    answers = {
        "type": _shares(message.kind, message.alt_kind) if message.has_kind else {},
        "factor": _shares(message.factor, message.alt_factor),
        "area": {message.area: 1.0} if message.area else {},
        "special": {message.special or NO_LANE: 1.0},
    }
    return Example.from_dict(nlp.make_doc(message.text), {"cats": truth(answers)})


def _shares(label: str, other: str) -> dict[str, float]:
    return {label: 1.0 - _OTHER_SHARE, other: _OTHER_SHARE} if other else {label: 1.0}


def _refuse_one_answer(name: str, examples: Sequence[Example]) -> None:
    answers = {key for each in examples for key in each.reference.cats if key.startswith(f"{name}=")}
    if len(answers) < 2:
        raise CorpusError(f"the corpus has fewer than two answers for {name}; there is nothing to tell apart")


def _calibrated(split: Split, *, seed: int) -> Chosen:
    """Choose temperatures and thresholds on the authors of the dev part."""
    if not split.dev:
        return Chosen(
            temperatures=dict.fromkeys((*_SURE_ENOUGH, "special"), 1.0),
            thresholds=dict.fromkeys(_SURE_ENOUGH, _DEFAULT_THRESHOLD),
            flags=dict.fromkeys(Lane, _DEFAULT_FLAG),
        )
    nlp = fit(split.train, seed=seed)
    examples = [_example(nlp, each) for each in split.dev]
    temperatures, thresholds, flags = {}, {}, {}
    for name, axis in axes_of(nlp).items():
        logits, wanted = _scored(axis, examples)
        temperatures[name] = _best_temperature(logits, wanted)
        shares = softmax(logits / temperatures[name])
        if name in _SURE_ENOUGH:
            thresholds[name] = _lowest_threshold(shares, wanted, _SURE_ENOUGH[name])
        else:
            flags = _flags(axis.labels, shares, wanted)
    return Chosen(temperatures=temperatures, thresholds=thresholds, flags=flags)


def _flags(labels: Sequence[str], shares: Scores, wanted: Scores) -> dict[str, float]:
    """Return for each lane the share above which it costs no more false flags than it may."""
    lanes = {}
    for at, label in enumerate(labels):
        if label == NO_LANE:
            continue
        may = _FALSE_FLAGS_URGENT if Lane(label) in _URGENT else _FALSE_FLAGS
        others = np.sort(shares[wanted[:, at] == 0, at])[::-1]
        lanes[label] = round(max(float(others[int(may * len(others))]), _LOWEST_FLAG), 4)
    return lanes


def _scored(axis: Axis, examples: Sequence[Example]) -> tuple[Scores, Scores]:
    wanted = axis.truths(examples)
    has_answer = wanted.sum(axis=1) > 0
    return axis.logits([each.predicted for each in examples])[has_answer], wanted[has_answer]


def _best_temperature(logits: Scores, wanted: Scores) -> float:
    def surprise(temperature: float) -> float:
        return float(-(wanted * np.log(softmax(logits / temperature) + 1e-9)).sum())

    return round(float(min(_TEMPERATURES, key=surprise)), 4)


def _lowest_threshold(shares: Scores, wanted: Scores, least: float) -> float:
    """Return the lowest threshold above which every larger share of the answers is right often enough."""
    confidence = shares.max(axis=1)
    right = wanted[np.arange(len(wanted)), shares.argmax(axis=1)] > 0
    lowest = float(_THRESHOLDS[-1])
    for threshold in _THRESHOLDS[::-1]:
        above = right[confidence >= threshold]
        if len(above) and above.mean() < least:
            break
        lowest = float(threshold)
    return round(lowest, 2)


def _fingerprint(nlp: Language) -> str:
    digest = hashlib.sha256()
    for axis in axes_of(nlp).values():
        digest.update(axis.weights().tobytes())
        digest.update(f"{axis.labels} {axis.temperature}".encode())
    return digest.hexdigest()[:8]


def _performance(report: Report) -> dict[str, float]:
    return {
        "type_macro_f1": round(report.kind.macro_f1, 4),
        "factor_macro_f1": round(report.factor.macro_f1, 4),
        "type_calibration_error": round(report.kind.calibration_error, 4),
        "factor_calibration_error": round(report.factor.calibration_error, 4),
    }


def _card(version: str, split: Split, chosen: Chosen, report: Report | None) -> str:
    axes = "\n".join(
        f"| {name} | {chosen.temperatures[name]} | {chosen.thresholds[name]} | {least:.0%} |"
        for name, least in _SURE_ENOUGH.items()
    )
    flags = ", ".join(f"{lane} {share}" for lane, share in chosen.flags.items())
    figures = report.as_text() if report else "No test part in the corpus."
    return f"""# Model card: {version}

A linear model over hashed words, neighbouring words and parts of words, one for each of type, factor, area
and special, in one spaCy pipeline. It suggests; a human confirms. A flag is raised by the rules of
`lanes.toml`, which are not trained, or by the axis special, which sees what no rule foresaw.

Trained on {len(split.train)} messages, calibrated on {len(split.dev)} by other authors, fitted again on both,
measured on {len(split.test)} by authors it has never seen. See `corpus/DATASHEET.md`.

| axis | temperature | sure from | least share of right answers (lenient) when sure, on dev |
|---|---|---|---|
{axes}

Flags are raised from these shares, chosen on dev for at most {_FALSE_FLAGS_URGENT:.1%} false flags where
recall comes first and {_FALSE_FLAGS:.1%} elsewhere: {flags}.

## Figures on the test part

{figures}

## Limits

Weak on irony, on very short texts and on languages other than Swedish, for which it never says that it is
sure. Trained on written messages of invented people; real post will differ. A message without a flag may
still be urgent: nobody should wait for a flag before reading.
"""
