"""No words come into a report that tell of a person."""

import pytest

from bots.desk.reports.discreet import quote, without_persons

STAFF = ("Anna Ek", "Qirre Blomvass")


@pytest.mark.parametrize(
    "text",
    [
        "Vi har ringt Sven Svensson och bokat en tid.",
        "Ring 070-174 06 10 om det händer igen.",
        "Personnummer 19121212-1212 är rättat.",
        "Vi skrev till kim@example.org.",
        "Qirre har bytt gungan.",
        "Brukarens demens gör att vi går två.",
    ],
)
def test_a_text_that_may_point_at_somebody_is_left_out(text: str) -> None:
    assert without_persons(text, STAFF) == ""


def test_a_text_of_things_stands_in_one_line_and_is_shortened_at_a_word() -> None:
    assert without_persons("Vi har bytt\n  gungan.", STAFF) == "Vi har bytt gungan."
    text = "Vi har bytt den trasiga gungan. " * 20
    begun = without_persons(text).removesuffix(" …")
    assert text.startswith(f"{begun} ")
    assert 180 <= len(begun) <= 200


def test_a_sentence_without_anybody_is_quoted_before_one_with_a_mask() -> None:
    text = (
        "Hej! Jag ringde till Qirre Blomvass om gungan i parken. Gungan har varit trasig sedan i maj. Mvh Kim"
    )

    assert quote(text, STAFF) == "Gungan har varit trasig sedan i maj."


def test_what_points_at_somebody_is_masked_in_a_quote() -> None:
    text = "Jag har ringt er på 070-174 06 10 och sedan mejlat till sven.svensson@example.org. Hej då."

    assert quote(text) == "Jag har ringt er på [telefon] och sedan mejlat till [e-post]."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hej! Dåligt. Mvh Kim",
        "Min mamma har demens och får vänta för länge på hjälpen.",
        "Sven Svensson, Anna Ek och Qirre Blomvass svarade aldrig på mina frågor om gungan.",
        "gungan i parken är trasig och ingen bryr sig om det alls",
    ],
)
def test_nothing_is_quoted_that_is_short_or_delicate_or_full_of_people(text: str) -> None:
    assert quote(text, STAFF) == ""
