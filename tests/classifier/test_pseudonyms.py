import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.messages import read_split
from classifier.pseudonyms import ADDRESS, NAME, NUMBER, Pseudonyms, everyday_words
from classifier.train import CORPUS


@pytest.fixture(scope="module")
def names() -> Pseudonyms:
    everyday = everyday_words(each.text for each in read_split(CORPUS).train)
    return Pseudonyms(everyday, kept=["Solgården", "Södra vårdboendet"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Jag heter Berit Ljungqvist och bor på Tallvägen 14 B.", f"Jag heter {NAME} och bor på {NAME}."),
        ("ring mig på 070-174 06 05 efter fem", f"ring mig på {NUMBER} efter fem"),
        ("skriv till berit.l@example.com tack", f"skriv till {ADDRESS} tack"),
        ("mitt personnummer är 19121212-1212", f"mitt personnummer är {NUMBER}"),
        ("Bilen ABC 123 stod där igen", f"Bilen {NUMBER} stod där igen"),
        ("hej de e anna, mamma till kalle", f"hej de e {NAME}, mamma till {NAME}"),
        ("Tack Lindströms Lena!", f"Tack {NAME}!"),
        ("Se www.example.com/bild för bilder", f"Se {ADDRESS} för bilder"),
        ("Karl-Erik på Solgården var snäll", f"{NAME} på Solgården var snäll"),
        ("MAMMA HETER ANNA-GRETA OCH ÄR 92", f"MAMMA HETER {NAME} OCH ÄR 92"),
    ],
)
def test_what_points_at_a_person_is_taken_away(names: Pseudonyms, text: str, masked: str) -> None:
    """Requirement B18."""
    assert names.of(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Maten var kall igen, tredje dagen i rad.",
        "Bussen kom 7.42 i stället för 7.30 och avgiften är 1 250 kr",
        "Personalen på Solgården i Södra vårdboendet är underbar.",
        "Det är halt på gångvägen. Någon bryter snart benet!",
    ],
)
def test_everyday_words_times_sums_and_our_own_units_stay(names: Pseudonyms, text: str) -> None:
    assert names.of(text) == text


@given(st.text())
def test_no_text_breaks_it_and_a_masked_text_stays_as_it_is(text: str) -> None:
    names = Pseudonyms(["var", "den"], kept=["Solgården"])

    masked = names.of(text)

    assert names.of(masked) == masked


@given(st.integers(10**4, 10**12))
def test_no_long_number_is_left(number: int) -> None:
    assert str(number) not in Pseudonyms([]).of(f"jag har {number} här")
