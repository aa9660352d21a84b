"""The letters as a chat gets them: unfolded, without subject, and shorter where a chat has its own form."""

import re

import pytest

import templates
from templates import Rendered, TemplateError, is_chat, is_written, label, languages, render
from templates.examples import EXAMPLES, Example
from tests.rows import over
from tests.templates.lint import heavy

FACTS = EXAMPLES[0].facts
TO_SENDERS = over(
    [
        pytest.param(example, language, id=f"{language} {example.letter}: {example.situation}")
        for example in EXAMPLES
        if example.letter.startswith(("citizen_", "assistant_"))
        for language in languages()
        if is_written(example.letter, language=language)
    ],
)


def written(letter: str, language: str = "sv", **changed: object) -> Rendered:
    example = next(row for row in EXAMPLES if row.letter == letter)
    return render(letter, language=language, chat=True, drafts=(), **{**example.facts, **changed})


@TO_SENDERS
def test_a_letter_in_a_chat_has_no_subject_no_line_to_write_above_and_no_loose_ends(
    example: Example, language: str
) -> None:
    letter = render(example.letter, language=language, chat=True, drafts=(), **example.facts)

    lines = letter.body.split("\n")
    assert (letter.subject, letter.language) == ("", language)
    assert [line for line in lines if line != line.rstrip()] == []
    assert (lines[0] != "", lines[-1] != "", "\n\n\n" in letter.body) == (True, True, False)
    assert re.findall(r"&#?\w+;|[{}%]{2}|<\w|None|--- ", letter.body) == []


@TO_SENDERS
def test_what_is_written_for_a_chat_is_plain_and_at_most_a_thousand_signs(
    example: Example, language: str
) -> None:
    own = is_chat(example.letter) or example.letter.startswith("assistant_")
    letter = render(example.letter, language=language, chat=True, drafts=(), **example.facts)

    assert heavy(letter.body, language, easy=example.letter.endswith("_easy")) == []
    assert len(letter.body) <= (1000 if own else 2000)


@TO_SENDERS
def test_a_letter_without_a_form_for_chats_is_the_letter_itself_unfolded(
    example: Example, language: str
) -> None:
    if is_written(f"{example.letter}.chat", language=language):
        return
    bare = {**example.facts, "marker": False} if "marker" in example.facts else example.facts
    mail = render(example.letter, language=language, **bare).body

    chat = render(example.letter, language=language, chat=True, drafts=(), **example.facts).body

    assert chat.split() == mail.split()
    assert len(chat.split("\n")) <= len(mail.rstrip("\n").split("\n"))


def test_a_long_sentence_stays_on_its_line() -> None:
    name = "Förvaltningen för mycket långa namn och mycket goda avsikter i Östra Exempelbygden"

    body = written("citizen_delay", reason=((f"Vi väntar på {name}, som har lovat delar.",),)).body

    assert f"\nVi väntar på {name}, som har lovat delar.\n" in body


def test_whatever_the_marker_says_a_chat_gets_none() -> None:
    facts = next(row for row in EXAMPLES if row.letter == "citizen_handler_named").facts

    assert render("citizen_handler_named", language="sv", **facts).body.startswith("--- Skriv")
    assert written("citizen_handler_named", marker=True) == written("citizen_handler_named", marker=False)


def test_a_language_that_lacks_the_letter_gets_swedish_and_then_english_in_a_chat_too() -> None:
    swedish, english = written("citizen_acknowledgement"), written("citizen_acknowledgement", "en")

    both = written("citizen_acknowledgement", "ar")

    assert both == Rendered(subject="", body=f"{swedish.body}\n\n* * *\n\n{english.body}", language="sv")


def test_a_draft_that_is_switched_on_is_read_in_a_chat_without_a_form_of_its_own() -> None:
    assert (
        render("citizen_acknowledgement", language="pl", chat=True, drafts=("pl",), **FACTS).language == "pl"
    )


@pytest.mark.parametrize("language", ["", "../sv", "pages", "SV", "\0"])
def test_a_language_from_a_message_is_never_a_path_in_a_chat(language: str) -> None:
    assert written("citizen_acknowledgement", language) == written("citizen_acknowledgement", "ar")


def test_a_chat_and_an_sms_exclude_each_other() -> None:
    both: dict[str, object] = {**FACTS, "short": True, "chat": True}

    with pytest.raises(TemplateError, match="short and chat exclude each other"):
        render("citizen_acknowledgement", language="sv", **both)


def test_a_form_for_chats_refuses_a_fact_that_is_missing_or_foreign() -> None:
    facts = {name: fact for name, fact in FACTS.items() if name != "phone"}

    with pytest.raises(TemplateError, match=r"citizen_acknowledgement\.chat \(sv\): missing phone"):
        render("citizen_acknowledgement", language="sv", chat=True, drafts=(), **facts)
    with pytest.raises(TemplateError, match="unused citizen_text"):
        written("citizen_acknowledgement", citizen_text="Maten var kall")


def test_each_form_for_chats_is_there_in_every_language() -> None:
    forms = {example.letter for example in EXAMPLES if is_chat(example.letter)}

    assert {"citizen_acknowledgement", "citizen_acknowledgement_complaint"} <= forms
    assert [
        (letter, code)
        for letter in forms
        for code in languages()
        if not is_written(f"{letter}.chat", language=code)
    ] == []


@pytest.mark.parametrize("code", languages())
def test_every_button_has_its_word_in_each_language_and_none_is_too_long(code: str) -> None:
    words = templates._labels(code)

    assert words.keys() == templates._labels("sv").keys()
    assert [word for word in words.values() if not 0 < len(word) <= 20] == []
    assert [label(name, code) for name in words] == list(words.values())


@pytest.mark.parametrize("language", ["ar", "", "../en", "\0"])
def test_a_button_is_swedish_where_the_language_has_no_words(language: str) -> None:
    assert label("complaint", language) == "Klagomål"


def test_a_button_that_nobody_has_named_is_an_error() -> None:
    with pytest.raises(TemplateError, match="label nothing: there is no such text"):
        label("nothing", "sv")
