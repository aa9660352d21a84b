import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from classifier.model import FAST, FULL, MODELS, Classifier, ModelError, classify_line
from store.domain import Factor, Kind, Lane


@pytest.mark.parametrize(
    ("text", "kind", "factor"),
    [
        ("Maten på äldreboendet var kall igen, tredje dagen i rad.", Kind.COMPLAINT, Factor.FOOD),
        ("Tack snälla Lena på biblioteket, så vänlig och tålmodig mot pappa!", Kind.PRAISE, Factor.TREATMENT),
        (
            "Bygg gärna en hundrastgård i parken vid ån, det saknas en i vår del av stan.",
            Kind.SUGGESTION,
            Factor.LIVING_ENVIRONMENT,
        ),
        ("Avgiften för fritids har höjts med 300 kronor, det är orimligt.", Kind.COMPLAINT, Factor.FEES),
    ],
)
def test_plain_messages_get_their_kind_and_factor(
    classifier: Classifier, text: str, kind: Kind, factor: Factor
) -> None:
    suggestion = classifier.suggest(text)

    assert (suggestion.kind.value, suggestion.factor.value) == (kind, factor)


def test_a_clear_complaint_is_sure_and_says_why(classifier: Classifier) -> None:
    suggestion = classifier.suggest(
        "Maten på äldreboendet var kall igen, tredje dagen i rad. Så ska det inte vara."
    )

    assert (suggestion.kind.sure, suggestion.factor.sure) == (True, True)
    assert "maten" in suggestion.why
    assert len(suggestion.why) <= 5


def test_the_words_of_why_are_those_without_which_the_guess_is_weaker(classifier: Classifier) -> None:
    text = "Skolmaten var kall och barnen åt inte upp."
    before = classifier.suggest(text)

    after = classifier.suggest(text.replace("Skolmaten", "Den"))

    assert "skolmaten" in before.why
    assert (before.factor.value, after.factor.confidence < before.factor.confidence) == (Factor.FOOD, True)


def test_the_same_text_gives_the_same_suggestion_alone_and_among_others(classifier: Classifier) -> None:
    texts = [
        "Gungan i parken är trasig",
        "Tack för en fin midsommar i parken!",
        "",
        "Ni svarar aldrig i telefon",
    ] * 40

    together = classifier.suggest_many(texts)

    assert together[:4] == together[4:8]
    assert [each.kind.value for each in together[:4]] == [
        classifier.suggest(text).kind.value for text in texts[:4]
    ]
    assert together[0].lanes == classifier.suggest(texts[0]).lanes


def test_two_loads_of_the_model_agree(classifier: Classifier) -> None:
    text = "Plogbilen kom inte förrän på eftermiddagen och då hade redan alla åkt."

    assert Classifier.load().suggest(text) == classifier.suggest(text)


def test_the_kind_that_the_sender_chose_outranks_the_model(classifier: Classifier) -> None:
    text = "Maten på äldreboendet var kall igen."
    assert classifier.suggest(text).kind.value == Kind.COMPLAINT

    chosen = classifier.suggest(text, chosen_kind=Kind.PRAISE)

    assert (chosen.kind.value, chosen.kind.confidence, chosen.kind.sure) == (Kind.PRAISE, 1.0, True)
    assert chosen.factor == classifier.suggest(text).factor


@pytest.mark.parametrize(
    "text",
    ["", " \n\t ", "\x00", "a\x00b", "🎉🎉🎉", "12345 67890", "?!", "\ud800", "‮‮", "ﷺ", ".", "<html></html>"],
)
def test_garbage_is_a_guess_that_is_not_sure(classifier: Classifier, text: str) -> None:
    suggestion = classifier.suggest(text)

    assert (suggestion.kind.sure, suggestion.factor.sure) == (False, False)
    assert suggestion.kind.confidence < 0.7


def test_a_text_of_a_megabyte_is_read_in_part(classifier: Classifier) -> None:
    suggestion = classifier.suggest("Maten var kall. " * 65_000)

    assert suggestion.kind.value == Kind.COMPLAINT


def test_a_word_of_a_megabyte_is_no_failure(classifier: Classifier) -> None:
    assert classifier.suggest("a" * 1_000_000).language == "sv"


@pytest.mark.parametrize("sign", ["!", "=", "😀", "("])
def test_a_word_without_end_takes_no_time(classifier: Classifier, sign: str) -> None:
    began = time.monotonic()

    classifier.suggest(sign * 20_000)

    assert time.monotonic() - began < 3


def test_a_plea_far_down_in_a_long_letter_is_seen(classifier: Classifier) -> None:
    letter = "Vi promenerade i parken och tittade på träden. " * 150 + "Jag tänker ta mitt liv."

    assert Lane.EMERGENCY in classifier.suggest(letter).lanes
    assert Lane.EMERGENCY not in classifier.suggest(letter[:6000]).lanes


def test_a_text_in_another_language_is_never_sure(classifier: Classifier) -> None:
    suggestion = classifier.suggest("الطعام في المدرسة سيئ جدا وابنتي لا تأكل شيئا منه كل يوم")

    assert (suggestion.language, suggestion.kind.sure, suggestion.factor.sure) == ("ar", False, False)


def test_thresholds_that_are_given_count_instead_of_the_models_own() -> None:
    text = "Maten på äldreboendet var kall igen."
    meek = Classifier.load(sure_kind=1.01, sure_factor=0.0)

    suggestion = meek.suggest(text)

    assert (suggestion.kind.sure, suggestion.factor.sure) == (False, True)


def test_a_line_for_the_command_has_exactly_its_keys(classifier: Classifier) -> None:
    line = classify_line(classifier, "Jag överklagar beslutet om bygglov, dnr BN 2026-114.")

    assert list(line) == [
        "type",
        "type_confidence",
        "type_sure",
        "factor",
        "factor_confidence",
        "factor_sure",
        "lanes",
        "language",
        "model",
        "why",
    ]
    assert "överklagande" in str(line["lanes"])
    assert line["language"] == "sv"
    assert line["model"] == classifier.version


def test_the_version_names_the_weights(classifier: Classifier) -> None:
    name, _, digest = classifier.version.partition("+")

    assert (name, len(digest)) == (FULL, 8)


@pytest.mark.parametrize(("name", "most"), [(FULL, 40_000_000), (FAST, 6_000_000)])
def test_the_shipped_models_are_small(name: str, most: int) -> None:
    size = sum(path.stat().st_size for path in (MODELS / name).rglob("*") if path.is_file())

    assert size < most


def test_the_small_model_answers_without_the_runtime_of_the_large_one() -> None:
    program = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from classifier.model import *\n"
        "print(Classifier.load(MODELS / FAST).suggest('Maten var kall igen').factor.value)\n"
        "try: Classifier.load()\n"
        "except ModelError as error: print(error)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    factor, error = done.stdout.splitlines()
    assert factor == "Mat"
    assert "onnxruntime" in error
    assert "choose the model fast" in error


def test_like_texts_lie_near_each_other_and_others_do_not(classifier: Classifier) -> None:
    texts = ["Det är mörkt på gångvägen", "Lamporna längs gångvägen lyser inte", "Tack för den goda maten"]
    vectors = [np.frombuffer(each.vector, np.int8).astype(float) for each in classifier.suggest_many(texts)]

    def likeness(one: int, other: int) -> float:
        return float(
            vectors[one] @ vectors[other] / np.linalg.norm(vectors[one]) / np.linalg.norm(vectors[other])
        )

    assert all(len(vector) == 384 for vector in vectors)
    assert likeness(0, 1) > likeness(0, 2)


def _empty(folder: Path) -> None:
    folder.mkdir()


def _not_json(folder: Path) -> None:
    _copy(folder)
    (folder / "meta.json").write_text("{", encoding="utf-8")


def _no_thresholds(folder: Path) -> None:
    _copy(folder)
    (folder / "meta.json").write_text(
        '{"lang": "sv", "name": "x", "synpunkt": {"model": "x"}}', encoding="utf-8"
    )


def _damaged_weights(folder: Path) -> None:
    _copy(folder)
    weights = folder / "factor" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:1000])


def _empty_weights(folder: Path) -> None:
    _copy(folder)
    (folder / "type" / "weights.npz").write_bytes(b"")


def _foreign_labels(folder: Path) -> None:
    _copy(folder)
    labels = folder / "type" / "cfg"
    labels.write_text(labels.read_text(encoding="utf-8").replace("f\\u00f6rslag", "tips"), encoding="utf-8")


def _unknown_component(folder: Path) -> None:
    _copy(folder)
    config = folder / "config.cfg"
    config.write_text(
        config.read_text(encoding="utf-8").replace('factory = "lanes"', 'factory = "nix"'), encoding="utf-8"
    )


def _copy(folder: Path) -> None:
    for source in (MODELS / FAST).rglob("*"):
        if source.is_file():
            target = folder / source.relative_to(MODELS / FAST)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


@pytest.mark.parametrize(
    "spoil",
    [
        _empty,
        _not_json,
        _no_thresholds,
        _damaged_weights,
        _empty_weights,
        _foreign_labels,
        _unknown_component,
    ],
)
def test_a_poor_model_is_a_model_error_that_names_the_folder(tmp_path: Path, spoil: object) -> None:
    folder = tmp_path / "poor"
    assert callable(spoil)
    spoil(folder)

    with pytest.raises(ModelError, match="poor"):
        Classifier.load(folder)


def test_a_missing_model_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        Classifier.load(tmp_path / "nowhere")


def test_an_appeal_is_no_threat_because_it_sounds_angry(classifier: Classifier) -> None:
    lanes = classifier.suggest("Jag överklagar beslutet om färdtjänst dnr 2026-11. Ni har fel i allt.").lanes

    assert Lane.APPEAL in lanes
    assert Lane.THREAT not in lanes
