"""What counts as a wish for anonymity or for another road, and what does not (rows T4, X9, G10)."""

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.desk import wishes
from bots.desk.wishes import phone_number, wants_anonymity, wished_road
from store.domain import Address

NUMBER = "+46701740633"


@pytest.mark.parametrize(
    "text",
    [
        "Jag vill vara anonym.",
        "Hej! jag vill gärna vara anonym tack",
        "Jag vill helst få vara anonym i det här.",
        "Jag önskar vara anonym.",
        "Jag önskar att få vara anonym.",
        "Toaletten är smutsig.\nVill vara anonym",
        "Därför vill jag vara anonym.",
        "Jag är anonym. Personalen röker vid entrén.",
        "Jag skriver anonymt eftersom jag är rädd.",
        "Skriver det här anonymt.",
        "Jag lämnar den här synpunkten anonymt.",
        "Därför skriver jag anonymt.",
        "Jag vill inte uppge mitt namn.",
        "Jag vill inte säga vem jag är.",
        "Mitt namn får inte lämnas ut.",
        "Bussen är sen.\n\nMvh\nAnonym",
        "Bussen är sen.\n\n/Anonym",
        "Jag vill\nvara anonym.",
        "I want to be anonymous.",
        "I'd like to remain anonymous, please.",
        "I would prefer to stay anonymous",
        "I am writing anonymously.",
        "I’m anonymous.",
        "Please keep my name anonymous.",
        "I don't want to give my name.",
        "Haluan olla nimetön.",
        "Haluaisin pysyä nimettömänä.",
        "Kirjoitan tämän nimettömänä.",
        "En halua kertoa nimeäni.",
        "Bussi on myöhässä.\n\nNimetön",
    ],
)
def test_a_sender_who_wishes_to_be_anonymous_is_heard(text: str) -> None:
    assert wants_anonymity(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Varför får Anonyma alkoholister ingen lokal?",
        "Anonyma alkoholister träffas på torsdagar.",
        "Jag vill inte vara anonym.",
        "Jag är inte anonym.",
        "Jag skriver inte anonymt, jag heter Eva Ek.",
        "Min granne vill vara anonym.",
        "Grannen skriver anonymt på nätet.",
        "De som skriver anonymt får inget svar, står det.",
        "Han sa ”jag vill vara anonym” till mig.",
        'Hon skrev "I want to be anonymous" i sitt brev.',
        "> Jag vill vara anonym.\nNej, det går inte.",
        "Kan man vara anonym hos er?",
        "Är formuläret anonymt?",
        "Ni fick ett anonymt tips i våras.",
        "Huset är anonymt och grått.",
        "I do not want to be anonymous.",
        "Anonymous donors paid for it.",
        "En halua olla nimetön.",
        "Nimetön puisto tarvitsee nimen.",
    ],
)
def test_who_speaks_of_others_or_wishes_the_opposite_is_not(text: str) -> None:
    assert not wants_anonymity(text)


@pytest.mark.parametrize(
    ("text", "channel", "handle"),
    [
        ("svara mig på SMS 070-174 06 33", "sms", NUMBER),
        ("Hej! Svara gärna på sms till 0701740633. Hej då", "sms", NUMBER),
        ("sms:a mig på 070-174 06 33", "sms", NUMBER),
        ("Smsa mig på 070 174 06 33", "sms", NUMBER),
        ("Jag vill ha svaret på sms: 070-174 06 33.", "sms", NUMBER),
        ("Skicka svaret på sms till nummer 070-174 06 33", "sms", NUMBER),
        ("Svara mig på sms.", "sms", ""),
        ("Please text me on +46 70 174 06 33", "sms", NUMBER),
        ("Please reply by text message to 0046701740633", "sms", NUMBER),
        ("Vastaa minulle tekstiviestillä numeroon 070-1740633", "sms", NUMBER),
        ("Ring mig på 070-174 06 33", "telefon", NUMBER),
        ("Det är bråttom. Ring mig!", "telefon", ""),
        ("Snälla ring mig på +46 (0)70-174 06 33", "telefon", NUMBER),
        ("Kan ni ringa mig på 070-174 06 33?", "telefon", NUMBER),
        ("Jag vill att ni ringer mig på 070-174 06 33", "telefon", NUMBER),
        ("Please call me at 070-174 06 33", "telefon", NUMBER),
        ("Soita minulle numeroon 070-1740633", "telefon", NUMBER),
        ("Svara på sms 070-174 06 33. Ring mig om det är bråttom.", "sms", NUMBER),
    ],
)
def test_g10_a_sender_who_asks_for_another_road_is_heard(text: str, channel: str, handle: str) -> None:
    assert wished_road(text) == Address(channel=channel, handle=handle)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ring mig inte.",
        "Svara inte på sms.",
        "Ni svarar aldrig på sms.",
        "De lovade att ringa mig på 070-174 06 33.",
        "Jag bad er ringa mig men ingen hörde av sig.",
        "Hon sa ”ring mig på 070-174 06 33”.",
        "> Ring mig på 070-174 06 33\nDet gjorde ingen.",
        "Mvh Eva Ek, 070-174 06 33",
        "Jag fick ett sms från 070-174 06 33.",
        "Skolan skickar sms när barnen är sena.",
        "Kan ni skicka sms när skolan är stängd?",
        "Ni borde skicka ett sms till alla föräldrar.",
        "Rektorn måste svara på sms.",
        "Klockan ringer mig vaken varje morgon.",
    ],
)
def test_a_number_or_a_call_that_is_no_wish_changes_nothing(text: str) -> None:
    assert wished_road(text) is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("070-174 06 33", NUMBER),
        ("(070) 174 06 33", NUMBER),
        ("0046 70 174 06 33", NUMBER),
        ("+46 (0)70 174 06 33", NUMBER),
        ("+358 40 123 4567", "+358401234567"),
        ("1740633", ""),
        ("112", ""),
        ("+0701740633", ""),
        ("070-174 06 33 070-174 06 33", ""),
        ("", ""),
    ],
)
def test_a_number_becomes_e164_or_nothing(typed: str, number: str) -> None:
    assert phone_number(typed) == number


@given(st.text(max_size=300))
def test_any_text_can_be_asked(text: str) -> None:
    wished = wished_road(text)

    assert wants_anonymity(text) in {True, False}
    assert wished is None or wished.handle == "" or wished.handle.startswith("+")


@pytest.mark.parametrize(
    "piece", ["svara mig ", "ring ", "070-1 ", "jag vill ", "\n", '"', "> ", "skicka sms ", "gärna "]
)
def test_no_text_takes_long_to_ask(piece: str) -> None:
    text, began = piece * 20_000, time.process_time()

    wants_anonymity(text)
    wished_road(text)

    assert time.process_time() - began < 2


def test_a_finn_who_asks_politely_to_be_called_is_called() -> None:
    wanted = Address(channel="telefon", handle=NUMBER)

    assert wished_road("Soita minulle numeroon 070-174 06 33.") == wanted
    assert wished_road("Soittakaa minulle numeroon 070-174 06 33.") == wanted


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (wishes._ANONYMOUS, wishes._ANONYMOUS_IS_IN),
        (wishes._SMS, wishes._SMS_IS_IN),
        (wishes._CALL, wishes._CALL_IS_IN),
    ],
    ids=["anonymous", "sms", "call"],
)
@settings(max_examples=300)
@given(st.data())
def test_no_phrase_is_passed_over_for_want_of_a_word(
    pattern: re.Pattern[str], words: Sequence[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))

    assert wishes._holds(wishes._folded(text), words)
