"""The measuring stick itself."""

import pytest

from templates.readability import lix, sentences


def test_a_letter_is_split_at_full_stops_list_items_and_empty_lines() -> None:
    text = "Hej!\n\nVi ses snart. Så här:\n- Ett två\n- Tre\n\nHälsningar\nKommunen\n"

    assert sentences(text) == [
        ["Hej"],
        ["Vi", "ses", "snart"],
        ["Så", "här"],
        ["Ett", "två"],
        ["Tre"],
        ["Hälsningar", "Kommunen"],
    ]


def test_a_finnish_date_does_not_end_a_sentence() -> None:
    assert sentences("Saat sen 2. joulukuuta 2026.") == [["Saat", "sen", "2", "joulukuuta", "2026"]]


def test_lix_is_mean_sentence_length_plus_percent_of_words_over_six_letters() -> None:
    # Two sentences, eight words, two of them long: 4 + 25.
    assert lix("Vi läser din synpunkt. Kommunen svarar i dag.") == pytest.approx(29.0)
