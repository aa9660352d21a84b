import json
from pathlib import Path

import pytest

from classifier.evaluate import calibration_error, evaluate, measure
from classifier.messages import CorpusError, Labelled, read
from classifier.model import Classifier
from store.domain import Factor, Guess, Kind, Lane, Suggestion


def _row(kind: str, factor: str, *, special: str = "", alt_kind: str = "", alt_factor: str = "") -> Labelled:
    return Labelled(
        text="text", kind=kind, factor=factor, special=special, alt_kind=alt_kind, alt_factor=alt_factor
    )


def _guess(kind: Kind, factor: Factor, confidence: float, *lanes: Lane, language: str = "sv") -> Suggestion:
    sure = confidence >= 0.8
    return Suggestion(
        kind=Guess(value=kind, confidence=confidence, sure=sure),
        factor=Guess(value=factor, confidence=confidence, sure=sure),
        lanes=lanes,
        language=language,
    )


_TRUE = [
    _row("klagomål", "Mat", special="hot"),
    _row("klagomål", "Mat", alt_kind="förslag"),
    _row("klagomål", "Trygghet", alt_factor="Utförande"),
    _row("förslag", "Utförande"),
    _row("beröm", "Utförande"),
    _row("förslag", "Annat", special="fråga"),
]
_GUESSED = [
    _guess(Kind.COMPLAINT, Factor.FOOD, 0.95, Lane.THREAT),
    _guess(Kind.SUGGESTION, Factor.FOOD, 0.95, Lane.THREAT),
    _guess(Kind.COMPLAINT, Factor.PERFORMANCE, 0.85),
    _guess(Kind.SUGGESTION, Factor.PERFORMANCE, 0.55),
    _guess(Kind.COMPLAINT, Factor.SAFETY, 0.45, language="en"),
    _guess(Kind.COMPLAINT, Factor.OTHER, 0.35),
]


def test_the_figures_of_six_messages_are_those_counted_by_hand() -> None:
    report = measure(_TRUE, _GUESSED, model="hand")

    # The sixth is a question: its type is convention only and not scored.
    assert report.kind.scored == 5
    assert report.kind.accuracy == pytest.approx(3 / 5)
    assert report.kind.accuracy_lenient == pytest.approx(4 / 5)
    assert [
        (each.label, each.precision, each.recall, each.f1, each.support) for each in report.kind.classes
    ] == [
        ("beröm", 0.0, 0.0, 0.0, 1),
        ("förslag", pytest.approx(1 / 2), 1.0, pytest.approx(2 / 3), 1),
        ("klagomål", pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3), 3),
    ]
    assert report.kind.macro_f1 == pytest.approx((0 + 2 / 3 + 2 / 3) / 3)
    assert report.kind.macro_f1_lenient == pytest.approx((0 + 1 + 4 / 5) / 3)
    assert report.kind.sure == pytest.approx(3 / 5)
    assert report.kind.precision_when_sure == 1.0
    assert report.kind.confusions == (("klagomål", "förslag", 1), ("beröm", "klagomål", 1))
    assert report.factor.scored == 6
    assert report.factor.accuracy == pytest.approx(4 / 6)
    assert report.factor.accuracy_lenient == pytest.approx(5 / 6)
    assert report.language_accuracy == pytest.approx(5 / 6)
    assert report.swedish_taken_for == {"en": 1}
    found = {
        each.lane: (each.support, each.found, each.false)
        for each in report.lanes
        if each.lane in {"hot", "fråga"}
    }
    assert found == {"hot": (1, 1, 1), "fråga": (1, 0, 0)}


def test_the_calibration_error_weighs_each_bin_by_its_size() -> None:
    answers = [(0.95, True), (0.95, False), (0.55, True), (0.52, True)]

    # |1.90 - 1| + |1.07 - 2|, over four answers
    assert calibration_error(answers) == pytest.approx((0.90 + 0.93) / 4)


def test_a_report_reads_as_a_table() -> None:
    lines = measure(_TRUE, _GUESSED, model="hand").as_text().split("\n")

    assert lines[0] == "6 messages, model hand"
    assert "| klagomål | 0.67 | 0.67 | 0.67 | 3 |" in lines
    assert "| hot | 1 | 1 | 1.00 | 1 | 1 of 4 (25.0%) |" in lines


def test_a_file_is_evaluated_with_the_shipped_model(tmp_path: Path, classifier: Classifier) -> None:
    path = tmp_path / "few.jsonl"
    rows = [
        {"id": "x-1", "text": "Maten var kall igen", "type": "klagomål", "factor": "Mat"},
        {
            "id": "x-2",
            "text": "Tack till snälla Lena",
            "type": "beröm",
            "factor": "Bemötande",
            "alt_type": None,
        },
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")

    report = evaluate(path, classifier)

    assert (report.messages, report.model) == (2, classifier.version)
    assert report.kind.accuracy == 1.0


@pytest.mark.parametrize("line", ["nonsense", "{}", "[]", '{"text": "a", "type": "beröm"}'])
def test_a_line_that_is_no_labelled_message_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "poor.jsonl"
    path.write_text(
        f"{json.dumps({'text': 'a', 'type': 'beröm', 'factor': 'Mat'})}\n{line}\n", encoding="utf-8"
    )

    with pytest.raises(CorpusError, match=r"poor\.jsonl:2"):
        read(path)


def test_a_missing_file_is_a_corpus_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.jsonl"):
        read(tmp_path / "none.jsonl")
