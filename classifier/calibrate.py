"""Makes confidence mean what it says, on authors that the model has not learnt from, and sets the thresholds.

Thresholds follow from what mistakes cost. Let a handler who meets "vet ej" pay 1: reading the list and
choosing. A wrong proposal that looks sure may be confirmed at a glance; it then pays `COST_OF_WRONG`, as a
wrong figure for the nämnd or a letter with the wrong tone. Showing a proposal as sure is worth it when (1 -
p) x cost < 1, so with a calibrated p the threshold is 1 - 1 / cost (Elkan 2001, The Foundations of Cost-
Sensitive Learning).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.training import Example

from classifier.axis import Axis, Scores, axes_of, softmax
from store.domain import Lane

# A wrong type gives the citizen a letter that thanks for a complaint; a wrong factor only a wrong count.
COST_OF_WRONG = {"type": 10.0, "factor": 4.0, "area": 4.0}
# The share of ordinary messages, those without any lane, that may be flagged. Where life, children, care or
# a legal time limit are at stake, recall comes first (requirements.md C5:4).
FALSE_FLAGS = 0.005
FALSE_FLAGS_URGENT = 0.015
URGENT = frozenset(
    {Lane.APPEAL, Lane.DOCUMENT_REQUEST, Lane.LEX_SARAH, Lane.CONCERN_REPORT, Lane.EMERGENCY, Lane.THREAT}
)

_TEMPERATURES = np.geomspace(0.2, 5.0, 81)
_DEFAULT_FLAG = 0.5
_URGENT_FLOOR = 0.4  # recall first: an urgent flag may be raised on weaker signs, by this much


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What cools each axis, and from which share we are sure or raise a flag."""

    temperatures: dict[str, float]
    thresholds: dict[str, float]
    flags: dict[str, float]


def thresholds_by_cost() -> dict[str, float]:
    """Return the share from which each axis is shown as sure."""
    return {axis: round(1 - 1 / cost, 4) for axis, cost in COST_OF_WRONG.items()}


def uncalibrated() -> Chosen:
    """Return what stands where there are no unseen authors to calibrate on."""
    return Chosen(
        temperatures=dict.fromkeys((*COST_OF_WRONG, "special"), 1.0),
        thresholds=thresholds_by_cost(),
        flags={lane.value: _DEFAULT_FLAG for lane in Lane},
    )


def calibrate(nlp: Language, examples: Sequence[Example], *, lowest_flag: float) -> Chosen:
    """Choose temperatures and flags on examples whose docs have been through the pipeline's first parts.

    No flag is raised below `lowest_flag` (an urgent one: below less than half of it): there a few words are
    enough to raise several at once.
    """
    temperatures, flags = {}, {}
    for name, axis in axes_of(nlp).items():
        logits = axis.logits([each.predicted for each in examples])
        truths = axis.truths(examples)
        if axis.exclusive:
            has_answer = truths.sum(axis=1) > 0
            temperatures[name] = best_temperature(logits[has_answer], truths[has_answer])
        else:
            temperatures[name] = 1.0
        if name == "special":
            flags = _flags(axis, logits / temperatures[name], truths, lowest_flag)
    return Chosen(temperatures=temperatures, thresholds=thresholds_by_cost(), flags=flags)


def best_temperature(logits: Scores, truths: Scores) -> float:
    """Return what to divide logits by so that the softmax tells how often the first answer is right."""
    right = truths.argmax(axis=1)

    def surprise(temperature: float) -> float:
        shares = softmax(logits / temperature)
        return float(-np.log(shares[np.arange(len(right)), right] + 1e-9).sum())

    return round(float(min(_TEMPERATURES, key=surprise)), 4)


def _flags(axis: Axis, logits: Scores, truths: Scores, lowest: float) -> dict[str, float]:
    """Return for each lane the share above which it costs no more false flags than it may."""
    shares = axis.probabilities(logits)
    lanes = {}
    for at, label in enumerate(axis.labels):
        if label not in {*Lane}:
            continue
        may = FALSE_FLAGS_URGENT if Lane(label) in URGENT else FALSE_FLAGS
        # A message with another lane is looked at anyway; what counts is an ordinary one that is disturbed.
        others = np.sort(shares[truths.sum(axis=1) == 0, at])[::-1]
        least = float(others[int(may * len(others))]) if len(others) else _DEFAULT_FLAG
        floor = lowest * _URGENT_FLOOR if Lane(label) in URGENT else lowest
        lanes[str(label)] = round(max(least, floor), 4)
    return lanes


def settle(nlp: Language, chosen: Chosen, *, version: str, about: Mapping[str, object]) -> None:
    """Write what was chosen into the pipeline and its meta."""
    for name, axis in axes_of(nlp).items():
        axis.cfg["temperature"] = chosen.temperatures[name]
    nlp.meta["name"] = "synpunkt"
    nlp.meta["synpunkt"] = {
        "model": version,
        "thresholds": chosen.thresholds,
        "flags": chosen.flags,
        **about,
    }
