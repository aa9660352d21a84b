"""The lint itself: each fault is planted in a letter that is well, and found."""

import pytest

from templates import languages, render
from templates.examples import EXAMPLES
from tests.templates.lint import BANNED, OUTCOMES, TONE, bad_words, heavy, tone

LETTER = next(example for example in EXAMPLES if example.letter == "citizen_acknowledgement_complaint")


def body(language: str) -> str:
    return render(LETTER.letter, language=language, **LETTER.facts).body


@pytest.mark.parametrize(
    ("language", "phrase"),
    [(language, phrase) for words in (BANNED, OUTCOMES) for language in words for phrase in words[language]],
)
def test_a_planted_phrase_is_found_also_across_a_line_break_and_in_capitals(
    language: str, phrase: str
) -> None:
    planted = body(language) + phrase.replace(" ", "\n").capitalize() + ".\n"

    assert bad_words(body(language), language) == []
    assert phrase in bad_words(planted, language)


def test_a_phrase_inside_another_word_is_no_fault() -> None:
    assert bad_words("Hej! Nejlikan doftar, sekunder går.", "sv") == []


@pytest.mark.parametrize("sign", ["§", "\u263a", "\U0001f600"])
def test_a_paragraph_sign_or_an_emoji_is_found(sign: str) -> None:
    assert bad_words(f"Enligt 11 {sign} förvaltningslagen", "sv") == [sign]


@pytest.mark.parametrize("language", languages())
def test_each_point_of_tone_is_missed_when_its_words_are_taken_out(language: str) -> None:
    flat = " ".join(body(language).lower().split())

    assert tone(flat, language) == list(TONE[language])
    for point, words in TONE[language].items():
        without = flat
        for word in words:
            without = without.replace(word, "")
        assert tone(without, language) == [other for other in TONE[language] if other != point]


@pytest.mark.parametrize(("easy", "longest"), [(True, 12), (False, 20)])
def test_one_word_too_many_makes_a_sentence_too_long(*, easy: bool, longest: int) -> None:
    fits = " ".join(["ord"] * longest) + "."

    assert heavy(fits, "sv", easy=easy) == []
    assert heavy(f"ord {fits}", "sv", easy=easy) == [" ".join(["ord"] * (longest + 1))]


def test_officialese_in_short_sentences_is_still_heavy_but_not_in_finnish() -> None:
    text = "Handläggningen fortskrider enligt förvaltningens rutiner. Ärendet registreras."

    assert heavy(text, "sv") == ["LIX 89"]
    assert heavy(text, "fi") == []


def test_what_is_plain_for_most_can_be_too_hard_for_easy_swedish() -> None:
    text = "Vi läser din synpunkt. Kommunen svarar dig snart. Ärendet har ett nummer."

    assert (heavy(text, "sv"), heavy(text, "sv", easy=True)) == ([], ["LIX 29"])
