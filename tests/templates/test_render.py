"""The door itself: what may pass, and what is refused."""

import unicodedata
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import templates
from templates import Rendered, TemplateError, facts_of, is_written, page, render
from templates.examples import EXAMPLES, Example
from templates.facts import AcknowledgementFacts, FollowUpFacts, NewCaseFacts, Person, UndeliveredFacts
from tests.rows import named, over

FACTS = EXAMPLES[0].facts
ALL = over(named(EXAMPLES, lambda example: f"{example.letter}: {example.situation}"))


def visible(text: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LNPS" for sign in text)


# Surrogates, control characters and line separators included: a settings file may hold anything.
ODD = st.text(st.characters(), min_size=1, max_size=60).filter(visible)
LONG = st.builds(lambda text, times: text * times, ODD, st.integers(50, 200))


def acknowledgement(**changed: object) -> Rendered:
    return render("citizen_acknowledgement", language="sv", **{**FACTS, **changed})


@pytest.mark.parametrize(
    ("letter", "facts"),
    [
        ("citizen_acknowledgement", AcknowledgementFacts),
        ("citizen_acknowledgement_complaint", AcknowledgementFacts),
        ("citizen_acknowledgement_praise", AcknowledgementFacts),
        ("citizen_acknowledgement_urgent", AcknowledgementFacts),
        ("handler_new_case", NewCaseFacts),
        ("handler_follow_up", FollowUpFacts),
        ("handler_undelivered", UndeliveredFacts),
    ],
)
def test_a_letter_needs_the_facts_of_its_type_and_has_none_for_what_the_citizen_wrote(
    letter: str, facts: type
) -> None:
    for language in ("sv", "en", "fi"):
        if is_written(letter, language=language):
            assert facts_of(letter, language=language) == frozenset(facts.__annotations__)


@ALL
def test_a_missing_fact_is_an_error_even_where_no_sentence_would_show_it(example: Example) -> None:
    for left_out in example.facts:
        facts = {name: fact for name, fact in example.facts.items() if name != left_out}

        with pytest.raises(TemplateError, match=rf"missing {left_out}$"):
            render(example.letter, language="sv", **facts)


@ALL
def test_an_unused_fact_is_an_error(example: Example) -> None:
    with pytest.raises(TemplateError, match=r"unused citizen_text$"):
        render(example.letter, language="sv", **example.facts, citizen_text="Maten var kall")


@pytest.mark.parametrize("blank", ["", "  ", "\n", "\u2028\t", "\u202e", None])
def test_a_blank_fact_is_an_error_and_never_a_gap_in_a_sentence(blank: str | None) -> None:
    with pytest.raises(TemplateError):
        acknowledgement(phone=blank)


def test_a_fact_of_the_wrong_type_is_an_error_that_names_the_letter_and_no_value() -> None:
    with pytest.raises(TemplateError) as told:
        acknowledgement(received_on="Siv Lind")
    with pytest.raises(TemplateError) as told_of_raw_date:
        acknowledgement(case_number=date(2026, 11, 23))

    assert str(told.value) == "letter citizen_acknowledgement (sv): a str is no date"
    assert str(told_of_raw_date.value) == (
        "letter citizen_acknowledgement (sv): a date cannot stand in a sentence"
    )


def test_a_time_without_zone_is_an_error() -> None:
    with pytest.raises(TemplateError, match="without zone"):
        acknowledgement(received_on=datetime(2026, 11, 23, 8, 0))  # noqa: DTZ001 - the point of the test


def test_a_letter_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TemplateError, match=r"letter nobody_anything \(sv\): there is no such text"):
        render("nobody_anything")


def test_a_language_that_lacks_the_letter_gets_swedish_and_then_english() -> None:
    swedish = render("citizen_acknowledgement", language="sv", **FACTS)
    english = render("citizen_acknowledgement", language="en", **{**FACTS, "marker": False})

    both = render("citizen_acknowledgement", language="ar", **FACTS)

    assert both == Rendered(
        subject=(
            "Tyck till: vi har fått din synpunkt, SYN-2026-000123"
            " / Tyck till: we have received your feedback, SYN-2026-000123"
        ),
        body=f"{swedish.body}\n* * *\n\n{english.body}",
        language="sv",
    )


@pytest.mark.parametrize("language", ["", "../sv", "pages", "sv/../sv", "SV", "\0"])
def test_a_language_from_a_message_is_never_a_path(language: str) -> None:
    unknown = render("citizen_acknowledgement", language="ar", **FACTS)

    assert render("citizen_acknowledgement", language=language, **FACTS) == unknown


def test_a_letter_to_a_handler_is_swedish_alone_in_a_language_that_lacks_it() -> None:
    notice = next(example for example in EXAMPLES if example.letter == "handler_new_case")

    asked_in_finnish = render(notice.letter, language="fi", **notice.facts)

    assert asked_in_finnish == render(notice.letter, language="sv", **notice.facts)


def test_names_are_written_as_they_are_without_html_entities() -> None:
    body = acknowledgement(handler=Person(name='Siv O\'Åberg & "Söner" <chef>', title="1:e {{ vakt }}")).body

    assert 'Din handläggare är Siv O\'Åberg & "Söner" <chef> (1:e {{ vakt }}).' in body


def test_a_line_break_in_a_fact_begins_no_line_and_no_header() -> None:
    letter = acknowledgement(case_number="SYN-1\r\nBcc: siv@example.se\u2028\u2029\x85\x0bX")

    assert letter.subject == "Tyck till: vi har fått din synpunkt, SYN-1 Bcc: siv@example.se X"


def test_a_sign_that_turns_the_line_is_left_out() -> None:
    assert acknowledgement(service_name="Tyck\u202e till").subject.startswith("Tyck till: ")


def test_a_blank_that_does_not_break_is_taken_off_the_ends_of_a_fact() -> None:
    assert acknowledgement(service_name="\xa0Tyck\xa0till\u3000").subject.startswith("Tyck\xa0till: ")


def test_a_long_line_is_folded_under_its_list_item_and_no_word_is_cut() -> None:
    name = "Anna Maria Margareta af Klintebjörk-Ödesjö Lindqvist"

    body = acknowledgement(
        handler=Person(name=name, title="enhetschef"), privacy_url="https://" + "x" * 90
    ).body

    assert f"- Din handläggare är {name}\n  (enhetschef).\n" in body
    assert "\nhttps://" + "x" * 90 + "\n" in body


@settings(max_examples=60, deadline=None)
@given(
    service=ODD | LONG,
    municipality=ODD | LONG,
    name=ODD | LONG,
    title=ODD,
    language=st.sampled_from(["sv", "en", "fi", "ar"]),
)
def test_no_fact_breaks_a_letter_or_its_headers(
    service: str, municipality: str, name: str, title: str, language: str
) -> None:
    plain = render("citizen_acknowledgement", language=language, **FACTS)
    odd = {
        **FACTS,
        "service_name": service,
        "municipality": municipality,
        "handler": Person(name=name, title=title),
    }

    letter = render("citizen_acknowledgement", language=language, **odd)

    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = letter.subject
    mail.set_content(letter.body)
    assert letter.subject.splitlines() == [letter.subject]
    assert letter.body.count("\n\n") == plain.body.count("\n\n")
    assert letter.body.split("\n") == [*letter.body.splitlines(), ""]
    assert message_from_bytes(mail.as_bytes()).keys() == mail.keys()


def test_a_page_escapes_its_facts() -> None:
    html = page(
        "letters",
        chapters=(),
        short_chapters=(),
        chat_chapters=(),
        papers=(),
        reviews=["<script>alert('å')</script>"],
        language_of=None,
        cost=None,
    )

    assert "<li>&lt;script&gt;alert(&#39;å&#39;)&lt;/script&gt;</li>" in html


@pytest.mark.parametrize(
    ("facts", "written"),
    [
        ({}, "måndag 23 november 2026 kl. 9.30 94 %"),
        ({"language": "en"}, "Monday 23 November 2026 9:30 94%"),
        ({"language": "fi"}, "maanantai 23. marraskuuta 2026 klo 9.30 94 %"),
        ({"language": "../en"}, "måndag 23 november 2026 kl. 9.30 94 %"),
    ],
)
def test_a_page_writes_dates_in_its_language(facts: dict[str, object], written: str) -> None:
    source = "{{ at | date }} {{ at | time }} {{ 0.94 | percent }}"
    at = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

    assert templates._html("pages").from_string(source).render(at=at, **facts) == written


def test_a_page_without_a_fact_is_an_error() -> None:
    with pytest.raises(TemplateError, match="page letters: 'reviews' is undefined"):
        page("letters", chapters=())


def test_a_page_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TemplateError, match="page nothing: there is no such text"):
        page("nothing")
