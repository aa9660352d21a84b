"""Measures a classifier against labelled messages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from classifier.messages import Labelled, read
from classifier.model import Classifier
from store.domain import Guess, Lane, Suggestion

_BINS = 10
_WORST = 8


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """How well one label is found."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, kw_only=True)
class AxisFigures:
    """How well one axis is answered. Lenient figures take the second defensible label for right, too."""

    scored: int
    accuracy: float
    accuracy_lenient: float
    macro_f1: float
    macro_f1_lenient: float
    calibration_error: float
    sure: float
    precision_when_sure: float
    classes: tuple[ClassFigures, ...]
    confusions: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, kw_only=True)
class LaneFigures:
    """How well one flag is raised. `false` are flags on messages that are labelled otherwise."""

    lane: str
    support: int
    found: int
    false: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """All figures of one evaluation."""

    model: str
    messages: int
    kind: AxisFigures
    factor: AxisFigures
    lanes: tuple[LaneFigures, ...]
    language_accuracy: float
    swedish_taken_for: dict[str, int]

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        return self.as_text()

    def as_text(self) -> str:
        """Return the figures for a reader, as Markdown."""
        return "\n".join(
            [
                f"{self.messages} messages, model {self.model}",
                "",
                *_axis_lines("Type", self.kind),
                *_axis_lines("Factor", self.factor),
                *_lane_lines(self.lanes),
                f"Language right: {self.language_accuracy:.3f}. "
                f"Swedish taken for another language: {sum(self.swedish_taken_for.values())}.",
            ]
        )


def evaluate(path: Path, classifier: Classifier) -> Report:
    """Measure a classifier on a file of labelled messages."""
    return evaluate_messages(read(path), classifier)


def evaluate_messages(messages: Sequence[Labelled], classifier: Classifier) -> Report:
    """Measure a classifier on labelled messages."""
    return measure(
        messages, classifier.suggest_many(each.text for each in messages), model=classifier.version
    )


def measure(messages: Sequence[Labelled], suggestions: Sequence[Suggestion], *, model: str) -> Report:
    """Compare suggestions with labels."""
    pairs = list(zip(messages, suggestions, strict=True))
    languages = [(true.language, guess.language) for true, guess in pairs]
    return Report(
        model=model,
        messages=len(pairs),
        kind=_axis([(guess.kind, true.kind, true.alt_kind) for true, guess in pairs if true.has_kind]),
        factor=_axis([(guess.factor, true.factor, true.alt_factor) for true, guess in pairs]),
        lanes=tuple(_lane(lane, pairs) for lane in Lane),
        language_accuracy=_share(sum(true == guess for true, guess in languages), len(languages)),
        swedish_taken_for=dict(Counter(guess for true, guess in languages if true == "sv" != guess)),
    )


def _axis(answers: Sequence[tuple[Guess, str, str]]) -> AxisFigures:
    strict = [(guess.value, true) for guess, true, _ in answers]
    lenient = [(guess.value, guess.value if guess.value == other else true) for guess, true, other in answers]
    sure = [guess.value in {true, other} for guess, true, other in answers if guess.sure]
    wrong = Counter((true, guess) for guess, true in strict if guess != true)
    return AxisFigures(
        scored=len(answers),
        accuracy=_share(sum(guess == true for guess, true in strict), len(strict)),
        accuracy_lenient=_share(sum(guess == true for guess, true in lenient), len(lenient)),
        macro_f1=_macro(_classes(strict)),
        macro_f1_lenient=_macro(_classes(lenient)),
        calibration_error=calibration_error(
            [(guess.confidence, guess.value == true) for guess, true, _ in answers]
        ),
        sure=_share(len(sure), len(answers)),
        precision_when_sure=_share(sum(sure), len(sure)),
        classes=tuple(_classes(strict)),
        confusions=tuple((true, guess, count) for (true, guess), count in wrong.most_common(_WORST)),
    )


def _classes(answers: Sequence[tuple[str, str]]) -> list[ClassFigures]:
    hits = Counter(true for guess, true in answers if guess == true)
    guessed = Counter(guess for guess, _ in answers)
    support = Counter(true for _, true in answers)
    return [
        ClassFigures(
            label=label,
            precision=_share(hits[label], guessed[label]),
            recall=_share(hits[label], support[label]),
            f1=_share(2 * hits[label], guessed[label] + support[label]),
            support=support[label],
        )
        for label in sorted(support)
    ]


def calibration_error(answers: Sequence[tuple[float, bool]]) -> float:
    """Return how far confidence and truth lie apart on average (ECE, ten equal bins)."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in answers:
        bins.setdefault(min(int(confidence * _BINS), _BINS - 1), []).append((confidence, right))
    apart = sum(
        abs(sum(sure for sure, _ in each) - sum(right for _, right in each)) for each in bins.values()
    )
    return apart / len(answers) if answers else 0.0


def _lane(lane: Lane, pairs: Sequence[tuple[Labelled, Suggestion]]) -> LaneFigures:
    return LaneFigures(
        lane=lane.value,
        support=sum(true.special == lane for true, _ in pairs),
        found=sum(true.special == lane and lane in guess.lanes for true, guess in pairs),
        false=sum(true.special != lane and lane in guess.lanes for true, guess in pairs),
    )


def _macro(classes: Sequence[ClassFigures]) -> float:
    return _share(sum(each.f1 for each in classes), len(classes))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _axis_lines(title: str, axis: AxisFigures) -> list[str]:
    return [
        f"{title}: accuracy {axis.accuracy:.3f} (lenient {axis.accuracy_lenient:.3f}), "
        f"macro-F1 {axis.macro_f1:.3f} (lenient {axis.macro_f1_lenient:.3f}), "
        f"calibration error {axis.calibration_error:.3f}",
        f"Sure in {axis.sure:.1%} of {axis.scored}; then right (lenient) in {axis.precision_when_sure:.1%}",
        "",
        "| label | precision | recall | F1 | support |",
        "|---|---|---|---|---|",
        *(
            f"| {each.label} | {each.precision:.2f} | {each.recall:.2f} | {each.f1:.2f} | {each.support} |"
            for each in axis.classes
        ),
        "",
        "Worst confusions: "
        + ", ".join(f"{true} -> {guess} {count}" for true, guess, count in axis.confusions),
        "",
    ]


def _lane_lines(lanes: Sequence[LaneFigures]) -> list[str]:
    return [
        "| flag | messages | found | false |",
        "|---|---|---|---|",
        *(f"| {each.lane} | {each.support} | {each.found} | {each.false} |" for each in lanes),
        "",
    ]
