"""Words are marked whole, in capitals or not, and the text stays what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.web.marks import pieces


def marked(text: str, *words: str) -> list[str]:
    return [piece.text for piece in pieces(text, words) if piece.marked]


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Gungan är trasig. GUNGAN!", ["gungan"], ["Gungan", "GUNGAN"]),
        ("parkering i parken, park", ["park"], ["park"]),
        ("Återvändsgränd, åter", ["ÅTER"], ["åter"]),
        ("park-skolan och park", ["park", "park-skolan"], ["park-skolan", "park"]),
        ("inte okej, aldrig okej", ["inte okej"], ["inte okej"]),
        ("vad är det här ???", ["???", "här"], ["här", "???"]),
        ("a.b axb", ["a.b"], ["a.b"]),
        ("cafe\u0301 cafe", ["cafe"], ["cafe"]),  # the first bears its accent as a sign of its own
        ("så här", ["", "  "], []),
        ("så här", [], []),
        ("", ["x"], []),
    ],
)
def test_whole_words_are_marked(text: str, words: list[str], found: list[str]) -> None:
    assert marked(text, *words) == found


@given(
    st.text(alphabet="ab <>&.å\u0301\n"), st.lists(st.text(alphabet="ab <>&.å\u0301", max_size=4), max_size=5)
)
def test_the_pieces_together_are_the_text_and_each_mark_is_a_word(text: str, words: list[str]) -> None:
    cut = pieces(text, words)

    assert "".join(piece.text for piece in cut) == text
    known = {word.strip().casefold() for word in words}
    assert [piece.text for piece in cut if piece.marked and piece.text.casefold() not in known] == []
