"""The forms for SMS: at most two, in the plain alphabet, and with what a letter must say (requirement C3)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates import TemplateError, facts_of, is_short, is_written, languages, render
from templates.examples import EXAMPLES, SHORT_EXAMPLES, Example
from templates.facts import Person
from templates.sms import fitted, segments
from tests.rows import over

EVERY_SHORT_FORM = over(
    [
        pytest.param(example, language, id=f"{language} {example.letter}: {example.situation}")
        for example in SHORT_EXAMPLES
        for language in languages()
    ],
)
ACKNOWLEDGEMENT = SHORT_EXAMPLES[0].facts


def short(letter: str, language: str = "sv", **changed: object) -> str:
    example = next(row for row in SHORT_EXAMPLES if row.letter == letter)
    return render(letter, language=language, short=True, **{**example.facts, **changed}).body


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("", ("GSM-7", 0)),
        ("å" * 160, ("GSM-7", 1)),
        ("å" * 161, ("GSM-7", 2)),
        ("å" * 306, ("GSM-7", 2)),
        ("å" * 307, ("GSM-7", 3)),
        ("€" * 80, ("GSM-7", 1)),
        ("€" * 81, ("GSM-7", 2)),
        ("€" * 76 + "a" * 9, ("GSM-7", 2)),
        ("a" * 152 + "€" + "a" * 152, ("GSM-7", 3)),  # a euro sign is never cut in two
        ("–" * 70, ("UCS-2", 1)),
        ("–" * 71, ("UCS-2", 2)),
        ("–" * 134, ("UCS-2", 2)),
        ("–" * 135, ("UCS-2", 3)),
        ("\U0001f600" * 35, ("UCS-2", 1)),
        ("\U0001f600" * 66, ("UCS-2", 2)),  # 33 in each: no sign is cut in two
        ("\U0001f600" * 67, ("UCS-2", 3)),
    ],
)
def test_a_text_costs_what_the_standard_says(text: str, cost: tuple[str, int]) -> None:
    assert segments(text) == cost


@given(st.text(max_size=500), st.text(max_size=20))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    alphabet, count = segments(text)

    longer, cost = segments(text + more)
    assert cost >= count or (alphabet, longer) == ("GSM-7", "UCS-2")


def test_dashes_and_quotation_marks_are_written_plainly() -> None:
    assert fitted("mån–fre ”8” … d’Arc", most=2) == 'mån-fre "8" ... d\'Arc'


def test_a_name_keeps_its_marks_while_there_is_room() -> None:
    assert fitted("Máret Šárka", most=2) == "Máret Šárka"
    assert fitted("Máret Šárka Łucja å" + " a" * 70, most=2) == "Maret Sarka Lucja å" + " a" * 70


@EVERY_SHORT_FORM
def test_a_short_form_is_at_most_two_sms_in_the_plain_alphabet(example: Example, language: str) -> None:
    letter = render(example.letter, language=language, short=True, drafts=(), **example.facts)

    alphabet, count = segments(letter.body)
    assert (alphabet, count <= 2) == ("GSM-7", True)
    assert (letter.subject, letter.language) == ("", language)
    assert [line for line in letter.body.split("\n") if not line or line != line.strip()] == []


@EVERY_SHORT_FORM
def test_a_short_form_names_who_writes_the_case_and_a_phone(example: Example, language: str) -> None:
    body = render(example.letter, language=language, short=True, drafts=(), **example.facts).body

    # The assistant's words are few: they name the service, and no case where there is none.
    town, service, number = "Östra Exempelbygdens kommun", "Synpunkter och klagomål", "SYN-2026-000123"
    known = example.facts
    assert town in body or ("municipality" not in known and (service in body or "service_name" not in known))
    assert number in body or ("case_number" not in known and "cases" not in known)
    assert "070-174 06 " in body or "phone" not in known


def test_every_short_form_has_an_example_and_all_the_languages() -> None:
    letters = {example.letter for example in EXAMPLES}

    short_forms = {letter for letter in letters if is_short(letter)}
    assert short_forms == {example.letter for example in SHORT_EXAMPLES}
    assert [
        (letter, code)
        for letter in short_forms
        for code in languages()
        if not is_written(f"{letter}.sms", language=code)
    ] == []


@pytest.mark.parametrize("letter", sorted({example.letter for example in SHORT_EXAMPLES}))
def test_a_short_form_lives_on_the_facts_of_the_long_letter(letter: str) -> None:
    more = {"link"} if letter.startswith("citizen_answer") else set()

    for language in languages():
        assert facts_of(f"{letter}.sms", language=language) <= facts_of(letter) | more


@pytest.mark.parametrize(
    ("language", "automatic", "public"),
    [
        ("sv", "Automatiskt svar. En människa svarar på", "Allmän handling"),
        ("en", "Automated reply. A person answers on", "Official document"),
        ("fi", "Automaattiviesti. Ihminen vastaa:", "Julkinen asiakirja"),
    ],
)
def test_b30_a_short_acknowledgement_says_that_a_machine_wrote_and_where_a_human_is(
    language: str, automatic: str, public: str
) -> None:
    body = short("citizen_acknowledgement", language)

    assert f"{automatic} 070-174 06 10 (vardagar 7.30-16.30)." in body
    assert public in body
    assert "https://www.ostraexempelbygden.example/personuppgifter" in body


@pytest.mark.parametrize("language", languages())
def test_b27_a_short_urgent_letter_names_112_first(language: str) -> None:
    assert "112" in short("citizen_acknowledgement_urgent", language).split(".")[0] + "."


def test_a_short_form_says_the_days_without_weekday_and_year() -> None:
    assert "Svar senast 23 september.\n" in short("citizen_acknowledgement")
    assert "Answer by 23 September.\n" in short("citizen_acknowledgement", "en")
    assert "Vastaus viimeistään 23. syyskuuta.\n" in short("citizen_acknowledgement", "fi")


def test_without_handler_or_day_none_is_named() -> None:
    body = short("citizen_acknowledgement", handler=None, handler_by=None, answer_by=None)

    assert "En handläggare tar hand om den." in body
    assert "senast" not in body


def test_a_question_that_does_not_fit_is_an_error_and_is_not_cut() -> None:
    with pytest.raises(
        TemplateError, match=r"letter citizen_question\.sms \(sv\): \d SMS in GSM-7, at most 2"
    ):
        short("citizen_question", question=(("Vilken lekplats gäller det? " * 12,),))


def test_an_answer_is_told_whole_or_by_a_link_with_whom_to_turn_to() -> None:
    whole = short("citizen_answer", link="")
    linked = short("citizen_answer", link="https://synpunkt.exempelby.example/s/aB3")

    assert "\nGungan är lagad sedan i går. Tack för att du sade till.\n" in whole
    assert "Svaret finns här: https://synpunkt.exempelby.example/s/aB3\n" in linked
    assert "Gungan" not in linked
    for text in (whole, linked):
        assert text.endswith(
            "Inte nöjd? Rita Lindström Bergqvist, Storgatan 112, 123 45 Exempelby, 070-174 06 05"
        )


def test_n12_a_short_answer_without_action_says_why() -> None:
    assert "\nIngen ändring görs den här gången:\nEn förening äger den.\n" in short(
        "citizen_answer_no_action"
    )


def test_a_language_without_short_form_gets_the_swedish_one_alone() -> None:
    swedish = render("citizen_acknowledgement", language="sv", short=True, drafts=(), **ACKNOWLEDGEMENT)

    for language in ("ar", "xx"):
        letter = render(
            "citizen_acknowledgement", language=language, short=True, drafts=("ar",), **ACKNOWLEDGEMENT
        )

        assert letter == swedish


def test_a_letter_without_short_form_is_sent_whole() -> None:
    example = next(row for row in EXAMPLES if row.letter == "citizen_closed")

    whole = render(example.letter, language="sv", **example.facts)

    assert not is_short("citizen_closed")
    assert render(example.letter, language="sv", short=True, drafts=(), **example.facts) == whole


def test_a_short_form_refuses_a_fact_that_is_missing_or_foreign() -> None:
    facts = {name: fact for name, fact in ACKNOWLEDGEMENT.items() if name != "phone"}

    with pytest.raises(TemplateError, match="missing phone"):
        render("citizen_acknowledgement", language="sv", short=True, drafts=(), **facts)
    with pytest.raises(TemplateError, match="unused citizen_text"):
        short("citizen_acknowledgement", citizen_text="Maten var kall")


def test_a_handler_with_a_foreign_name_still_fits() -> None:
    body = short(
        "citizen_handler_named", handler=Person(name="Łucja Šárka Dvořáková"), answer_by=date(2026, 9, 1)
    )

    assert segments(body) == ("GSM-7", 2)
    assert "Lucja Sarka Dvorakova" in body
