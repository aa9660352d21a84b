"""Learning on site: a challenger that is better takes over, a poisoned one never does."""

import json
import random
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from spacy.tokens import Doc

from classifier.encoder.component import Encoder, Meaning
from classifier.learning import KEPT, Confirmed, LearningError, Shelf, Verdict, challenge, load_in_use
from classifier.model import FULL, MODELS, Classifier
from classifier.train import CORPUS

# What is learnt takes a minute, and is learnt once for all tests that look at it.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("learning")]

_NOW = datetime(2027, 10, 1, tzinfo=UTC)
_UNITS = ["Fyrvaktaren", "Lotsgården", "Tärnskolan", "Galejan", "Hamnkontoret", "Munin", "Skärpan"]
_YEAR = Path(__file__).with_name("skarhamra.jsonl")


def _confirmed() -> list[Confirmed]:
    """Seven months of an invented municipality with words, units and customs of its own."""
    rows = [json.loads(line) for line in _YEAR.read_text(encoding="utf-8").splitlines()]
    return [
        Confirmed(
            text=row["text"],
            kind=row["type"],
            factor=row["factor"],
            confirmed_at=datetime.fromisoformat(row["confirmed_at"]),
        )
        for row in rows
    ]


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Iterator[None]:
    """Remember what the encoder makes of a text: that takes the time, and the lessons are taught twice."""
    read: Callable[[Encoder, Sequence[Doc]], None] = Encoder._read
    known: dict[tuple[str, str], Meaning] = {}

    def remember(self: Encoder, docs: Sequence[Doc]) -> None:
        if unread := [doc for doc in docs if (self.fingerprint, doc.text) not in known]:
            read(self, unread)
            known.update({(self.fingerprint, doc.text): doc._.meaning for doc in unread})
        for doc in docs:
            doc._.meaning = known[self.fingerprint, doc.text]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Encoder, "_read", remember)
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the shipped corpus, by all its authors: enough to remember and to be judged by.

    The shortest messages of each file: the encoder takes its time by the word.
    """
    folder = tmp_path_factory.mktemp("corpus")
    parts = tomllib.loads((CORPUS / "split.toml").read_text(encoding="utf-8"))
    learnt = {path.stem for path in CORPUS.glob("*.jsonl")} - {*parts["dev"], *parts["test"]}
    for name, count in (*((name, 30) for name in sorted(learnt)), ("desk-and-lanes", 420), ("letters", 220)):
        lines = (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        shortest = sorted(lines, key=lambda line: len(json.loads(line)["text"]))[:count]
        (folder / f"{name}.jsonl").write_text("\n".join(shortest), encoding="utf-8")
    (folder / "split.toml").write_text('dev = ["desk-and-lanes"]\ntest = ["letters"]\n', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def promoted(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shelf, Verdict]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    verdict = challenge(_confirmed(), shelf, now=_NOW, corpus=corpus, unit_names=_UNITS)
    return shelf, verdict


def test_three_hundred_confirmations_teach_the_words_of_the_place(promoted: tuple[Shelf, Verdict]) -> None:
    _, verdict = promoted

    assert verdict.learnt + verdict.judged == 320
    assert verdict.challenger_newest.factor > verdict.champion_newest.factor + 0.03
    assert verdict.challenger_newest.mean > verdict.champion_newest.mean
    assert verdict.challenger_shipped.mean > verdict.champion_shipped.mean - 0.01
    assert verdict.promoted


def test_the_promoted_model_is_in_use_and_shares_the_shipped_encoder(promoted: tuple[Shelf, Verdict]) -> None:
    shelf, verdict = promoted

    model = load_in_use(shelf.folder)

    assert model.version == verdict.challenger
    assert not (shelf.folder / verdict.challenger / "encoder").exists()
    text = "Munin ställdes in igen och vi stod kvar på bryggan"
    before, after = (
        each.shares([text])[0]["factor"]["Tillgänglighet"] for each in (Classifier.load(), model)
    )
    assert after > before + 0.02  # the custom of the place


def test_no_name_or_number_of_a_person_is_kept_in_the_model(promoted: tuple[Shelf, Verdict]) -> None:
    """Requirement B18."""
    shelf, verdict = promoted

    kept = b"".join(
        path.read_bytes() for path in (shelf.folder / verdict.challenger).rglob("*") if path.is_file()
    )

    assert b"070-1740" not in kept
    assert all("text" not in line for line in shelf.history())


def test_shuffled_labels_are_refused_and_nothing_changes(corpus: Path, tmp_path: Path) -> None:
    rows = _confirmed()
    answers = [(each.kind, each.factor) for each in rows]
    random.Random(3).shuffle(answers)  # noqa: S311
    poisoned = [
        replace(each, kind=kind, factor=factor) for each, (kind, factor) in zip(rows, answers, strict=True)
    ]
    shelf = Shelf(tmp_path)

    # The names as before: texts that differ in them alone would all be read anew.
    verdict = challenge(poisoned, shelf, now=_NOW, corpus=corpus, unit_names=_UNITS)

    assert not verdict.promoted
    assert any("granska dem" in reason for reason in verdict.reasons)
    assert shelf.current() is None
    assert [line["act"] for line in shelf.history()] == ["challenged"]
    assert shelf.history()[0]["promoted"] is False


def test_too_few_confirmed_cases_teach_nothing(tmp_path: Path) -> None:
    with pytest.raises(LearningError, match="för få"):
        challenge(_confirmed()[:20], Shelf(tmp_path), now=_NOW)


def test_confirmed_cases_of_one_kind_teach_nothing(corpus: Path, tmp_path: Path) -> None:
    same = [replace(each, kind="klagomål", factor="Mat") for each in _confirmed()]

    with pytest.raises(LearningError, match="samma svar"):
        challenge(same, Shelf(tmp_path), now=_NOW, corpus=corpus)


def _shelf_with(tmp_path: Path, count: int) -> Shelf:
    shelf = Shelf(tmp_path)
    for number in range(count):
        shutil.copytree(MODELS / FULL, shelf.folder / f"m{number}", ignore=shutil.ignore_patterns("encoder"))
        shelf.promote(f"m{number}", _NOW)
    return shelf


def test_the_last_five_models_are_kept(tmp_path: Path) -> None:
    shelf = _shelf_with(tmp_path, KEPT + 2)

    kept = sorted(path.name for path in shelf.folder.iterdir() if path.is_dir())

    assert kept == [f"m{number}" for number in range(2, KEPT + 2)]
    assert shelf.current() == shelf.folder / f"m{KEPT + 1}"


def test_one_command_goes_back_step_by_step_to_the_shipped_model(tmp_path: Path) -> None:
    shelf = _shelf_with(tmp_path, 2)

    assert shelf.roll_back(_NOW) == "m0"
    assert shelf.current() == shelf.folder / "m0"
    assert shelf.roll_back(_NOW) == ""
    assert shelf.current() is None
    assert load_in_use(shelf.folder).version == Classifier.load().version
    with pytest.raises(LearningError, match="inget att gå tillbaka från"):
        shelf.roll_back(_NOW)
    assert [line["act"] for line in shelf.history()] == ["promoted"] * 2 + ["rolled back"] * 2


def test_a_shelf_that_was_never_used_is_empty(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "nowhere")

    assert (shelf.current(), shelf.history()) == (None, [])
