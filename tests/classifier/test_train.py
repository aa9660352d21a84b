import json
from pathlib import Path

import pytest

from classifier.calibrate import thresholds_by_cost
from classifier.messages import CorpusError, read_split
from classifier.model import Classifier
from classifier.train import CORPUS, train

_ROWS = [
    ("Maten var kall igen", "klagomål", "Mat", "skola"),
    ("Maten smakar ingenting och är kall", "klagomål", "Mat", "skola"),
    ("Tack för den goda maten", "beröm", "Mat", "skola"),
    ("Bygg en bänk vid sjön", "förslag", "Boendemiljö", "park"),
    ("Sätt upp fler papperskorgar i parken", "förslag", "Boendemiljö", "park"),
    ("Parken är full av skräp", "klagomål", "Boendemiljö", "park"),
    ("Tack snälla Lena på biblioteket", "beröm", "Bemötande", "bibliotek"),
    ("Otrevlig man i receptionen", "klagomål", "Bemötande", "kontaktcenter"),
    ("Ni ska få ångra detta, jag vet var ni bor", "klagomål", "Trygghet", "kontaktcenter"),
]
_SPECIAL = {"Ni ska få ångra detta, jag vet var ni bor": "hot"}


def _corpus(folder: Path, **parts: list[str]) -> Path:
    folder.mkdir()
    lines = [
        json.dumps(
            {"text": text, "type": kind, "factor": factor, "area": area, "special": _SPECIAL.get(text)}
        )
        for text, kind, factor, area in _ROWS
    ]
    for name in ("one", "two", "three"):
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    named = "".join(f"{part} = {json.dumps(names)}\n" for part, names in parts.items())
    (folder / "split.toml").write_text(named, encoding="utf-8")
    return folder


def test_a_small_corpus_makes_a_model_that_loads_and_answers(tmp_path: Path) -> None:
    corpus = _corpus(tmp_path / "corpus", dev=["two"], test=["three"])

    trained = train(corpus, tmp_path / "model")

    classifier = Classifier.load(trained.path)
    suggestion = classifier.suggest("Maten var kall igen")
    assert (suggestion.kind.value, suggestion.factor.value) == ("klagomål", "Mat")
    assert suggestion.area is not None
    assert suggestion.area.value == "skola"
    assert suggestion.model == trained.version
    assert trained.report is not None
    assert trained.report.messages == 9
    assert f"# Model card: {trained.version}" in (trained.path / "CARD.md").read_text(encoding="utf-8").split(
        "\n"
    )


def test_the_same_corpus_and_seed_give_the_same_model(tmp_path: Path) -> None:
    corpus = _corpus(tmp_path / "corpus")

    first, again = (train(corpus, tmp_path / name, seed=1) for name in ("first", "again"))

    assert first.version == again.version
    assert (first.path / "type" / "weights.npz").read_bytes() == (
        again.path / "type" / "weights.npz"
    ).read_bytes()


def test_without_dev_and_test_parts_the_thresholds_still_follow_from_cost(tmp_path: Path) -> None:
    trained = train(_corpus(tmp_path / "corpus"), tmp_path / "model")

    assert trained.thresholds == thresholds_by_cost()
    assert trained.report is None


def test_no_author_stands_in_two_parts_of_our_corpus() -> None:
    split = read_split(CORPUS)

    assert (len(split.train), len(split.dev), len(split.test)) == (15285, 1617, 1959)
    assert len({each.text for each in (*split.train, *split.dev, *split.test)}) == 18861


def test_an_empty_folder_is_a_corpus_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no \.jsonl file"):
        read_split(tmp_path)


def test_a_part_that_names_no_file_is_a_corpus_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="four"):
        read_split(_corpus(tmp_path / "corpus", test=["four"]))


def test_a_corpus_with_one_answer_only_is_a_corpus_error(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    row = {"text": "Maten var kall", "type": "klagomål", "factor": "Mat", "area": "skola"}
    (corpus / "one.jsonl").write_text("\n".join([json.dumps(row)] * 12), encoding="utf-8")

    with pytest.raises(CorpusError, match="fewer than two answers for type"):
        train(corpus, tmp_path / "model")
