"""Who is not satisfied is heard; who is, or asks what they would do if they were not, is left in peace."""

import pytest

from bots.desk.objections import is_objection

OBJECTIONS = (
    "Jag är inte nöjd med svaret.",
    "Hej! Jag är absolut inte nöjd, gungan är lika trasig.",
    "Inte nöjd!",
    "Tack för svaret men vi är fortfarande inte nöjda.",
    "Jag är mycket missnöjd med hur ni har skött det här.",
    "Det där är inget svar på min fråga.",
    "Ni har fortfarande inte svarat på varför det tog ett halvår.",
    "Det svaret accepterar jag inte.",
    "Jag nöjer mig inte med en ursäkt.",
    "Där håller jag inte med er.",
    "Jag vill gå vidare med det här.",
    "I am not satisfied with your answer.",
    "I'm really not happy about this.",
    "We do not accept this answer.",
    "En ole tyytyväinen vastaukseen.",
    "Olen erittäin tyytymätön.",
)
PEACEFUL = (
    "Tack så mycket, nu är jag nöjd!",
    "Jag var inte nöjd förut, men det är jag nu.",
    "Vart vänder jag mig om jag inte är nöjd?",
    "Bra. Vad gör man om man är missnöjd med vinterväghållningen?",
    "Tack för snabbt svar. Ha en fin dag.",
    "Jag håller med er om att det blev bättre.",
    "Jag är inte missnöjd alls, tvärtom.",
    "Thanks, I am happy with that.",
    "Kiitos, olen tyytyväinen.",
    "Gungan är fortfarande trasig.",
    "",
)


@pytest.mark.parametrize("text", OBJECTIONS)
def test_n5_who_is_not_satisfied_is_heard(text: str) -> None:
    assert is_objection(text)


@pytest.mark.parametrize("text", PEACEFUL)
def test_n5_who_says_no_such_thing_opens_nothing(text: str) -> None:
    assert not is_objection(text)


def test_a_very_long_text_is_read_quickly() -> None:
    assert not is_objection("är inte " * 200_000)
