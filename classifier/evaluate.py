"""Measures a classifier against labelled messages."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from classifier.messages import Labelled, read
from classifier.model import Classifier
from store.domain import Guess, Lane, Suggestion

_BINS = 10
_WORST = 8
_EXAMPLES = 3
_SHOWN = 220  # characters of an example
_SMALLEST_GROUP = 15

Pairs = Sequence[tuple[Labelled, Suggestion]]
Answers = Sequence[tuple[Guess, str, str]]


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
    reliability: tuple["Bin", ...]


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Answers of like confidence: how many, how sure on average, and what share of them was right."""

    messages: int
    confidence: float
    right: float


@dataclass(frozen=True, kw_only=True)
class LaneFigures:
    """How well one flag is raised. `false` are flags on those of `others` that are known not to have it.

    `ordinary` messages have no lane at all; `alarms` are the flags on them.
    """

    lane: str
    support: int
    found: int
    others: int
    false: int
    ordinary: int
    alarms: int


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """The macro-F1 of some of the messages: those of one language, channel or author."""

    group: str
    messages: int
    kind: float
    factor: float
    factor_lenient: float


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A message of one of the worst confusions."""

    text: str
    true: str
    guess: str
    confidence: float


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
    groups: tuple[GroupFigures, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join([self.as_text(), "", *_mistake_lines(self.mistakes)])

    def as_text(self) -> str:
        """Return the figures for a reader, as Markdown."""
        return "\n".join(
            [
                f"{self.messages} messages, model {self.model}",
                "",
                *_axis_lines("Type", self.kind),
                *_axis_lines("Factor", self.factor),
                *_lane_lines(self.lanes),
                *_group_lines(self.groups),
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
        kind=axis_figures(_kinds(pairs)),
        factor=axis_figures(_factors(pairs)),
        lanes=tuple(_lane(lane, pairs) for lane in Lane),
        language_accuracy=_share(sum(true == guess for true, guess in languages), len(languages)),
        swedish_taken_for=dict(Counter(guess for true, guess in languages if true == "sv" != guess)),
        groups=tuple(_groups(pairs)),
        mistakes=tuple(_mistakes(pairs)),
    )


def _kinds(pairs: Pairs) -> Answers:
    return [(guess.kind, true.kind, true.alt_kind) for true, guess in pairs if true.has_kind]


def _factors(pairs: Pairs) -> Answers:
    return [(guess.factor, true.factor, true.alt_factor) for true, guess in pairs]


def _groups(pairs: Pairs) -> Iterator[GroupFigures]:
    groups: dict[str, list[tuple[Labelled, Suggestion]]] = defaultdict(list)
    for true, guess in pairs:
        if true.language != "sv":
            groups["language other"].append((true, guess))
        groups[f"language {true.language}"].append((true, guess))
        groups[f"channel {true.channel}"].append((true, guess))
        if true.source:
            groups[f"author {true.source}"].append((true, guess))
    for name, some in sorted(groups.items()):
        if len(some) < _SMALLEST_GROUP:
            continue
        factor = axis_figures(_factors(some))
        yield GroupFigures(
            group=name,
            messages=len(some),
            kind=axis_figures(_kinds(some)).macro_f1,
            factor=factor.macro_f1,
            factor_lenient=factor.macro_f1_lenient,
        )


def _mistakes(pairs: Pairs) -> Iterator[Mistake]:
    """Give, for each of the worst confusions, the messages of which the model was most certain."""
    wrong = [
        Mistake(text=true.text, true=label, guess=guess.value, confidence=guess.confidence)
        for true, suggestion in pairs
        for guess, label, other in (
            *([(suggestion.kind, true.kind, true.alt_kind)] if true.has_kind else []),
            (suggestion.factor, true.factor, true.alt_factor),
        )
        if guess.value not in {label, other}
    ]
    worst = Counter((each.true, each.guess) for each in wrong).most_common(_WORST)
    for (true_label, guessed), _ in worst:
        some = [each for each in wrong if (each.true, each.guess) == (true_label, guessed)]
        yield from sorted(some, key=lambda each: -each.confidence)[:_EXAMPLES]


def axis_figures(answers: Answers) -> AxisFigures:
    """Return the figures of one axis from (guess, label, second defensible label or "")."""
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
        reliability=tuple(
            reliability([(guess.confidence, guess.value == true) for guess, true, _ in answers])
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
    apart = sum(each.messages * abs(each.confidence - each.right) for each in reliability(answers))
    return apart / len(answers) if answers else 0.0


def reliability(answers: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Return the answers in ten bins of confidence, without the empty ones."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in answers:
        bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, right))
    return [
        Bin(
            messages=len(each),
            confidence=sum(sure for sure, _ in each) / len(each),
            right=sum(right for _, right in each) / len(each),
        )
        for _, each in sorted(bins.items())
    ]


def _lane(lane: Lane, pairs: Pairs) -> LaneFigures:
    has = [guess for true, guess in pairs if true.has_lane(lane)]
    others = [guess for true, guess in pairs if true.has_lane(lane) is False]
    ordinary = [
        guess
        for true, guess in pairs
        if true.has_lane(lane) is False and not any(true.has_lane(each) for each in Lane)
    ]
    return LaneFigures(
        lane=lane.value,
        support=len(has),
        found=sum(lane in guess.lanes for guess in has),
        others=len(others),
        false=sum(lane in guess.lanes for guess in others),
        ordinary=len(ordinary),
        alarms=sum(lane in guess.lanes for guess in ordinary),
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
        "| said | messages | right |",
        "|---|---|---|",
        *(f"| {each.confidence:.2f} | {each.messages} | {each.right:.2f} |" for each in axis.reliability),
        "",
    ]


def _lane_lines(lanes: Sequence[LaneFigures]) -> list[str]:
    return [
        "| flag | messages | found | recall | false | alarms on ordinary messages |",
        "|---|---|---|---|---|---|",
        *(
            f"| {each.lane} | {each.support} | {each.found} | {_share(each.found, each.support):.2f} "
            f"| {each.false} | {each.alarms} of {each.ordinary} ({_share(each.alarms, each.ordinary):.1%}) |"
            for each in lanes
        ),
        "",
    ]


def _group_lines(groups: Sequence[GroupFigures]) -> list[str]:
    return [
        "| group | messages | type macro-F1 | factor macro-F1 | lenient |",
        "|---|---|---|---|---|",
        *(
            f"| {each.group} | {each.messages} | {each.kind:.3f} | {each.factor:.3f} "
            f"| {each.factor_lenient:.3f} |"
            for each in groups
        ),
        "",
    ]


def _mistake_lines(mistakes: Sequence[Mistake]) -> list[str]:
    return [
        f"{each.true} -> {each.guess} ({each.confidence:.2f}): {' '.join(each.text.split())[:_SHOWN]}"
        for each in mistakes
    ]
