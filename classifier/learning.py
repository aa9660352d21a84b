"""Learns from what handlers have confirmed, on the municipality's own machine.

A challenger starts from the model in use, learns the confirmed messages together with a sample of the
shipped corpus (so that it does not forget), and must then beat the model in use on the newest messages,
which it has not seen, without losing on the shipped test. Only the axes learn; the encoder stays.

A folder holds the models: one folder each, `current` with the name of the one in use, and `history.jsonl`
with what happened. Names and numbers are taken out of every text first (`pseudonyms`).
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import spacy
from spacy.language import Language
from spacy.training import Example

from classifier.axis import Axis, axes_of, truth
from classifier.calibrate import calibrate, settle, uncalibrated
from classifier.evaluate import AxisFigures, axis_figures
from classifier.messages import Labelled, read_split
from classifier.model import FULL, MODELS, Classifier
from classifier.pseudonyms import Pseudonyms, everyday_words
from classifier.train import CORPUS, answers_of, update
from store.domain import Guess

KEPT = 5

_NEWEST = 0.25  # the share of the confirmed messages, the newest, that judges and is never learnt from
_FEWEST = 60  # fewer confirmed messages than this teach and judge too little
_REHEARSAL = 1_500  # messages of the shipped corpus that are learnt again
_WEIGHT = 3  # how many times a confirmed message is shown for each time that one of the corpus is
_MUST_GAIN = 0.005  # mean macro-F1 on the newest; less is chance
_LEAST_AGREEMENT = 0.6  # of the confirmed types with the model in use
_MAY_LOSE = 0.01  # macro-F1 on the shipped test
_CLASS_MAY_LOSE = 0.06  # F1 of any one label on the shipped test
_SHARES = (1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1)  # of what was learnt, the most that is tried first
_SWEDISH = {"type": "typ", "factor": "faktor"}
_CURRENT, _HISTORY = "current", "history.jsonl"


class LearningError(Exception):
    """Nothing can be learnt; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """A message whose type and factor a human has confirmed or corrected."""

    text: str
    kind: str
    factor: str
    confirmed_at: datetime
    language: str = "sv"


@dataclass(frozen=True, kw_only=True)
class Score:
    """The macro-F1 of one model on one set of messages, strict."""

    kind: float
    factor: float

    @property
    def mean(self) -> float:
        """Return the figure by which models are compared."""
        return (self.kind + self.factor) / 2


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a challenge. `reasons` are empty when the challenger was promoted."""

    champion: str
    challenger: str
    learnt: int
    judged: int
    champion_newest: Score
    challenger_newest: Score
    champion_shipped: Score
    challenger_shipped: Score
    reasons: tuple[str, ...]

    @property
    def promoted(self) -> bool:
        """Tell whether the challenger is now in use."""
        return not self.reasons


class Shelf:
    """The folder with the models that were learnt here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Path | None:
        """Return the folder of the model in use, or None for the shipped one."""
        try:
            name = (self.folder / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return self.folder / name if name else None

    def history(self) -> list[dict[str, object]]:
        """Return what happened, oldest first."""
        try:
            lines = (self.folder / _HISTORY).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.strip()]

    def use(self, name: str) -> None:
        """Point at a model; "" for the shipped one. The change is whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f".{_CURRENT}"
        fresh.write_text(name, encoding="utf-8")
        fresh.replace(self.folder / _CURRENT)

    def note(self, act: str, at: datetime, **details: object) -> None:
        """Write a line of history."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"at": at.isoformat(), "act": act, **details}, ensure_ascii=False)
        with (self.folder / _HISTORY).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def promote(self, name: str, at: datetime) -> None:
        """Take a model into use, and forget all but the latest."""
        before = self.current()
        self.use(name)
        self.note("promoted", at, model=name, before=before.name if before else "")
        for old in self._promoted()[:-KEPT]:
            shutil.rmtree(self.folder / old, ignore_errors=True)

    def roll_back(self, at: datetime) -> str:
        """Go back to the model that was in use before; return its name, "" for the shipped one.

        Raises `LearningError` when there is none to go back from.
        """
        now = self.current()
        if now is None:
            raise LearningError("modellen som följer med är i bruk; det finns inget att gå tillbaka från")
        before = ""
        for line in self.history():
            if line["act"] == "promoted" and line["model"] == now.name:
                before = str(line["before"])
        if before and not (self.folder / before).is_dir():
            before = ""
        self.use(before)
        self.note("rolled back", at, model=now.name, to=before)
        return before

    def _promoted(self) -> list[str]:
        names = [str(line["model"]) for line in self.history() if line["act"] == "promoted"]
        return [name for name in dict.fromkeys(names) if (self.folder / name).is_dir()]


def load_in_use(
    shelf: Path | None,
    shipped: Path | None = None,
    *,
    sure_kind: float | None = None,
    sure_factor: float | None = None,
) -> Classifier:
    """Load the model that was learnt here, or the shipped one. Raises `ModelError`."""
    learnt = Shelf(shelf).current() if shelf else None
    return Classifier.load(learnt or shipped, sure_kind=sure_kind, sure_factor=sure_factor)


def challenge(
    confirmed: Sequence[Confirmed],
    shelf: Shelf,
    *,
    now: datetime,
    shipped: Path | None = None,
    corpus: Path = CORPUS,
    unit_names: Sequence[str] = (),
    seed: int = 0,
) -> Verdict:
    """Train a challenger, let it meet the model in use, and promote it only if it is better.

    Raises `LearningError` when too little is confirmed, and `ModelError` when the model in use cannot be
    loaded.
    """
    if len(confirmed) < _FEWEST:
        raise LearningError(f"{len(confirmed)} bekräftade ärenden är för få att lära av; {_FEWEST} behövs")
    split = read_split(corpus)
    names = Pseudonyms(everyday_words(each.text for each in split.train), kept=unit_names)
    lessons = [_lesson(each, names) for each in sorted(confirmed, key=lambda each: each.confirmed_at)]
    cut = len(lessons) - max(int(len(lessons) * _NEWEST), 1)
    learnt, newest = lessons[:cut], lessons[cut:]
    if len({each.kind for each in learnt}) < 2 or len({each.factor for each in learnt}) < 2:
        raise LearningError("alla bekräftade ärenden har samma svar; det finns inget att skilja på")
    base = shelf.current() or shipped or MODELS / FULL
    champion, nlp = Classifier.load(base), spacy.load(base)
    rehearsal = Random(seed).sample(split.train, min(_REHEARSAL, len(split.train)))  # noqa: S311
    # Read once: the encoder is the same for both, and takes nearly all the time.
    again, fresh, dev = (_examples(nlp, some) for some in (rehearsal, learnt, split.dev))
    judges = {"newest": _examples(nlp, newest), "shipped": _examples(nlp, split.test)}
    _learn(nlp, again + fresh * _WEIGHT, dev, seed=seed)
    version = _settle(nlp, champion, dev)
    figures = {
        (who, on): {axis: _figures(axes_of(pipeline)[axis], examples) for axis in ("type", "factor")}
        for who, pipeline in (("champion", champion.nlp), ("challenger", nlp))
        for on, examples in judges.items()
    }
    scores = {
        key: Score(kind=each["type"].macro_f1, factor=each["factor"].macro_f1)
        for key, each in figures.items()
    }
    verdict = Verdict(
        champion=champion.version,
        challenger=version,
        learnt=len(learnt),
        judged=len(newest),
        champion_newest=scores["champion", "newest"],
        challenger_newest=scores["challenger", "newest"],
        champion_shipped=scores["champion", "shipped"],
        challenger_shipped=scores["challenger", "shipped"],
        reasons=(
            *_unlike(_figures(axes_of(champion.nlp)["type"], fresh)),
            *_no_better(scores["champion", "newest"], scores["challenger", "newest"]),
            *(
                reason
                for axis in ("type", "factor")
                for reason in _lost(
                    axis, figures["champion", "shipped"][axis], figures["challenger", "shipped"][axis]
                )
            ),
        ),
    )
    if verdict.promoted:
        nlp.to_disk(shelf.folder / version, exclude=["vocab", "encoder"])
        shelf.promote(version, now)
    shelf.note("challenged", now, promoted=verdict.promoted, **asdict(verdict))
    return verdict


def _lesson(confirmed: Confirmed, names: Pseudonyms) -> Labelled:
    return Labelled(
        text=names.of(confirmed.text),
        kind=confirmed.kind,
        factor=confirmed.factor,
        language=confirmed.language,
        lanes=(),
    )


def _examples(nlp: Language, messages: Sequence[Labelled]) -> list[Example]:
    """Return examples that the encoder, where there is one, has read."""
    axes = [*axes_of(nlp), "lanes"]
    docs = nlp.pipe([each.text for each in messages], disable=axes)
    found = []
    for doc, each in zip(docs, messages, strict=True):
        answers = answers_of(each)
        if not each.area:
            # Handlers confirm type and factor; of the rest a confirmed case tells nothing.
            answers["special"] = {}
        found.append(Example.from_dict(doc, {"cats": truth(answers)}))
    return found


def _figures(axis: Axis, examples: Sequence[Example]) -> AxisFigures:
    """Return the strict figures of an axis on examples that have an answer there."""
    shares, truths = axis.predict([each.predicted for each in examples]), axis.truths(examples)
    return axis_figures(
        [
            (
                Guess(value=axis.labels[int(row.argmax())], confidence=float(row.max()), sure=False),
                axis.labels[int(true.argmax())],
                "",
            )
            for row, true in zip(shares, truths, strict=True)
            if true.any()
        ]
    )


def _learn(nlp: Language, examples: list[Example], dev: Sequence[Example], *, seed: int) -> None:
    """Learn, then keep as much of the change as costs nothing on the shipped dev part.

    What lies between the old weights and the new ones keeps most of both (Wortsman et al. 2022).
    """
    axes = {name: axis for name, axis in axes_of(nlp).items() if name in {"type", "factor"}}
    old = {name: axis.parameters() for name, axis in axes_of(nlp).items()}
    was = {name: _figures(axis, dev) for name, axis in axes.items()} if dev else {}
    update(nlp, examples, seed=seed)
    new = {name: axis.parameters() for name, axis in axes_of(nlp).items()}
    for share in _SHARES:
        for name, axis in axes_of(nlp).items():
            # Of areas and lanes the confirmed cases tell nothing.
            part = share if name in axes else 0.0
            weights, bias = (
                (1 - part) * before + part * after for before, after in zip(old[name], new[name], strict=True)
            )
            axis.set_weights(weights, bias)
        if all(_figures(axes[name], dev).macro_f1 >= each.macro_f1 - _MAY_LOSE for name, each in was.items()):
            return


def _settle(nlp: Language, champion: Classifier, dev: list[Example]) -> str:
    about = dict(champion.nlp.meta["synpunkt"])
    digest = hashlib.sha256()
    for axis in axes_of(nlp).values():
        digest.update(axis.weights().tobytes())
    root = str(about["model"]).split("+")[0]
    version = f"{root}+{digest.hexdigest()[:8]}"
    chosen = calibrate(nlp, dev, lowest_flag=0.0) if dev else uncalibrated()
    kept = {key: value for key, value in about.items() if key not in {"model", "thresholds", "flags"}}
    settle(nlp, chosen, version=version, about={**kept, "learnt_from": about["model"]})
    # What was not learnt anew keeps its flags: they were chosen with more care than a site can.
    nlp.meta["synpunkt"]["flags"] = about["flags"]
    return version


def _unlike(on_learnt: AxisFigures) -> list[str]:
    """Refuse answers that nobody can have meant: a batch that was mixed up, or confirmed without a look."""
    if on_learnt.accuracy >= _LEAST_AGREEMENT:
        return []
    return [
        f"de bekräftade typerna stämmer bara till {on_learnt.accuracy:.0%} med modellen i bruk; "
        "granska dem innan de får lära ut något"
    ]


def _no_better(champion: Score, challenger: Score) -> list[str]:
    if challenger.mean > champion.mean + _MUST_GAIN:
        return []
    return [f"inte bättre på de nyaste ärendena: {challenger.mean:.3f} mot {champion.mean:.3f}"]


def _lost(axis: str, before: AxisFigures, after: AxisFigures) -> list[str]:
    was = {each.label: each.f1 for each in before.classes}
    lost = [
        (each.label, each.f1, was[each.label])
        for each in after.classes
        if each.f1 < was[each.label] - _CLASS_MAY_LOSE
    ]
    if after.macro_f1 < before.macro_f1 - _MAY_LOSE:
        lost.insert(0, ("i medeltal", after.macro_f1, before.macro_f1))
    return [
        f"{_SWEDISH[axis]} {what} sämre på det medföljande provet: {now:.3f} mot {then:.3f}"
        for what, now, then in lost
    ]
