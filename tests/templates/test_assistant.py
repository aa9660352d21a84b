"""What the assistant says in a chat, and the line under a public comment, one by one.

What holds for every letter is tested in `test_letters`, and for every chat in `test_chat`.
"""

from datetime import date

import pytest

from store.domain import Kind
from templates import TemplateError, label, languages, render
from templates.examples import EXAMPLES
from templates.facts import CaseStanding, Person
from tests.templates.lint import bad_words, heavy

EVERY_LANGUAGE = pytest.mark.parametrize("language", languages())
STANDINGS = ("mottagen", "handlaggs", "fraga", "besvarad", "avslutad")
ROADS = ("har", "email", "sms", "telefon")


def said(letter: str, language: str = "sv", **changed: object) -> str:
    example = next(row for row in EXAMPLES if row.letter == letter)
    facts = {**example.facts, **changed}
    return render(letter, language=language, chat=True, drafts=(), **facts).body


def case(standing: str, *, number: str = "SYN-2026-000123") -> CaseStanding:
    return CaseStanding(
        number=number, standing=standing, handler=Person(name="Anna Ek"), answer_by=date(2026, 12, 2)
    )


@pytest.mark.parametrize(
    ("language", "machine", "human"),
    [
        ("sv", "Jag är en automatisk assistent hos Exempelby kommun, inte en människa.", "tala med en"),
        ("en", "I am an automated assistant at Exempelby kommun, not a person.", "talk to a person"),
        ("fi", "Olen kunnan (Exempelby kommun) automaattinen avustaja, en ihminen.", "ihmisen kanssa"),
    ],
)
@pytest.mark.parametrize("letter", ["assistant_greeting", "assistant_help"])
def test_whoever_meets_the_assistant_reads_that_it_is_none_of_us_and_where_we_are(
    letter: str, language: str, machine: str, human: str
) -> None:
    body = said(letter, language)

    assert machine in body.split("\n")[:2]
    assert human in body
    assert "070-174 06 10 (mån–fre 8–16)." in body
    assert "https://www.exempelby.example/personuppgifter" in body


@pytest.mark.parametrize("letter", ["assistant_greeting", "assistant_help"])
@EVERY_LANGUAGE
def test_who_else_gets_the_words_is_told_only_where_somebody_does(letter: str, language: str) -> None:
    abroad, at_home = said(letter, language), said(letter, language, abroad="")

    assert ("Telegram (utanför EU/EES)." in abroad, "Telegram" in at_home) == (True, False)
    assert len(abroad.split("\n")) == len(at_home.split("\n")) + 1


@EVERY_LANGUAGE
def test_the_greeting_names_112_and_the_form_only_where_there_is_one(language: str) -> None:
    assert "112." in said("assistant_greeting", language)
    assert "https://synpunkt.exempelby.example/" in said("assistant_greeting", language)
    assert "https://synpunkt" not in said("assistant_greeting", language, form_url="")


@pytest.mark.parametrize(
    ("language", "open_sender", "public"),
    [
        ("sv", "Det konto eller nummer som du skriver från går att läsa.", "allmän handling"),
        ("en", "The account or number that you write from can be read.", "official document"),
        ("fi", "Tili tai numero, josta kirjoitat, näkyy meille.", "julkinen asiakirja"),
    ],
)
def test_whoever_wishes_to_be_anonymous_is_told_what_a_chat_shows_and_a_way_that_does_not(
    language: str, open_sender: str, public: str
) -> None:
    with_form, by_phone = (
        said("assistant_anonymous", language),
        said("assistant_anonymous", language, form_url=""),
    )

    for body in (with_form, by_phone):
        assert open_sender in body.split("\n")
        assert public in body
        assert "070-174 06 10" in body
    assert ("https://synpunkt" in with_form, "https://synpunkt" in by_phone) == (True, False)


@EVERY_LANGUAGE
def test_each_standing_is_told_in_words_of_its_own_and_no_day_after_the_answer(language: str) -> None:
    told = [said("assistant_status", language, cases=(case(standing),)) for standing in STANDINGS]

    assert len({body.split("\n")[0] for body in told}) == len(STANDINGS)
    assert ["2026." in body for body in told] == [True, True, True, False, False]
    assert ["Anna Ek" in body for body in told] == [True, True, True, False, False]


@EVERY_LANGUAGE
def test_every_case_is_told_in_a_chat_and_the_newest_alone_in_an_sms(language: str) -> None:
    facts = dict(next(row for row in EXAMPLES if row.letter == "assistant_status").facts)
    facts["cases"] = (case("mottagen", number="SYN-2026-000200"), case("handlaggs"))

    chat = said("assistant_status", language, cases=facts["cases"])
    sms = render("assistant_status", language=language, short=True, drafts=(), **facts).body

    assert chat.index("SYN-2026-000200: ") < chat.index("\n\nSYN-2026-000123: ")
    assert ("SYN-2026-000200" in sms, "SYN-2026-000123" in sms) == (True, False)


@EVERY_LANGUAGE
def test_a_standing_a_kind_or_a_road_without_words_is_an_error_and_never_a_gap(language: str) -> None:
    with pytest.raises(TemplateError):
        said("assistant_status", language, cases=(case("förlagd"),))
    with pytest.raises(TemplateError):
        said("assistant_status", language, cases=())
    for kind in ("fråga", ""):
        with pytest.raises(TemplateError):
            said("assistant_chosen", language, kind=kind)
    for road in ("brevduva", ""):
        with pytest.raises(TemplateError):
            said("assistant_road_noted", language, road=road)
    with pytest.raises(TemplateError):
        said("assistant_address", language, road="har")


@EVERY_LANGUAGE
def test_each_kind_and_each_road_has_words_of_its_own(language: str) -> None:
    assert len({said("assistant_choice", language, kind=kind) for kind in (*Kind, None)}) == 4
    assert len({said("assistant_chosen", language, kind=kind) for kind in Kind}) == 3
    assert len({said("assistant_road_noted", language, road=road) for road in ROADS}) == 4
    assert len({said("assistant_address", language, road=road) for road in ROADS[1:]}) == 3


@pytest.mark.parametrize(
    ("language", "free"),
    [
        ("sv", "Du behöver inte svara."),
        ("en", "You do not have to answer."),
        ("fi", "Sinun ei ole pakko vastata."),
    ],
)
def test_nobody_has_to_choose_and_the_words_are_those_of_the_buttons(language: str, free: str) -> None:
    asked = said("assistant_choice", language, kind=None)

    assert free in asked
    for button in ("praise", "suggestion", "complaint"):
        assert label(button, language).lower() in asked


@pytest.mark.parametrize(
    ("language", "week", "day"),
    [
        ("sv", "i 7 dagar", "i en dag"),
        ("en", "for 7 days", "for one day"),
        ("fi", "7 päivää", "yhden päivän"),
    ],
)
def test_a_road_that_closes_says_for_how_many_days_it_is_open(language: str, week: str, day: str) -> None:
    assert f" {week} " in said("assistant_window", language)
    assert f" {day} " in said("assistant_window", language, days=1)


@EVERY_LANGUAGE
def test_what_is_added_to_a_case_is_told_with_its_number_and_who_has_it(language: str) -> None:
    known, unknown = said("citizen_added", language), said("citizen_added", language, handler=None)

    assert "SYN-2026-000123." in known
    assert "SYN-2026-000123." in unknown
    assert ("Anna Ek (enhetschef)" in known, "Anna Ek" in unknown) == (True, False)


@EVERY_LANGUAGE
def test_what_stands_under_a_public_comment_holds_no_name_no_number_and_nothing_of_a_case(
    language: str,
) -> None:
    for form_url in ("https://synpunkt.exempelby.example/", ""):
        body = said("citizen_public_note", language, form_url=form_url)

        words = (
            "SYN-",
            "ärende",
            "handläggare",
            "case",
            "asianumero",
            "käsittelijä",
            "Anna",
            "klagomål",
            "beröm",
        )
        assert [word for word in words if word.lower() in body.lower()] == []
        assert "070-174 06 10 (mån–fre 8–16)" in body
        assert ("https://synpunkt.exempelby.example/" in body) is bool(form_url)


@pytest.mark.parametrize(
    ("language", "machine", "care", "more"),
    [
        (
            "sv",
            "Det här är ett automatiskt svar från kommunens digitala assistent. "
            "En människa når du på 070-174 06 10 (mån–fre 8–16).",
            "Skriv inget känsligt",
            "Skriv gärna mer här",
        ),
        (
            "en",
            "This is an automated reply from the municipality's digital assistant. "
            "You reach a person on 070-174 06 10 (mån–fre 8–16).",
            "Write nothing sensitive",
            "Feel free to write more here",
        ),
        (
            "fi",
            "Tämä on automaattinen vastaus kunnan digitaaliselta avustajalta. "
            "Ihmisen tavoitat numerosta 070-174 06 10 (mån–fre 8–16).",
            "Älä kirjoita mitään arkaluonteista",
            "Voit kirjoittaa tänne lisää",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["", "_complaint", "_praise"])
def test_b30_an_acknowledgement_in_a_chat_says_what_wrote_it_and_all_that_one_must_know(
    kind: str, language: str, machine: str, care: str, more: str
) -> None:
    body = said(f"citizen_acknowledgement{kind}", language)

    assert machine in body.split("\n")
    assert care in body
    assert more in body
    assert "SYN-2026-000123." in body
    assert "https://www.exempelby.example/personuppgifter" in body
    assert len(body) <= 650
    assert heavy(body, language) == []
    assert bad_words(body, language) == []


@EVERY_LANGUAGE
def test_without_handler_or_day_an_acknowledgement_in_a_chat_names_none(language: str) -> None:
    dated = said("citizen_acknowledgement", language, handler=None, handler_by=date(2026, 11, 25))
    undated = said("citizen_acknowledgement", language, handler=None, handler_by=None, answer_by=None)

    assert (dated.count(" 2026"), undated.count(" 2026"), "Anna Ek" in dated) == (2, 0, False)
