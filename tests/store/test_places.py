"""Places are found by how Swedish names them, and never in words that only look so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.places import places


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gungan vid Ekbackens förskola är trasig.", {"ekbacken"}),
        ("Det är halt på Storgatan och på Norra vägen.", {"storgatan", "norra"}),
        ("Storgatans belysning är släckt", {"storgatan"}),
        ("Hål i Björkparken", {"björkparken"}),
        ("hålet på storgatan", set()),
        ("Parken är fin. Jag går dit varje dag.", set()),
        ("Tack för god mat!", set()),
        ("", set()),
    ],
)
def test_a_place_is_found_by_its_ending_or_by_the_word_before_it(text: str, found: set[str]) -> None:
    assert places(text) == found


@given(st.text())
def test_whatever_is_written_the_names_are_words_of_the_text(text: str) -> None:
    assert all(name in text.casefold() for name in places(text))
