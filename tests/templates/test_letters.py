"""What every letter must say, and what none may say (requirements C3, B2, B20, B22, B30, G16, G17, K22)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

import templates
from bots.mail import quotes
from store.domain import Contact, Guess, Lane
from templates import TemplateError, drafts, facts_of, is_written, languages, render
from templates.examples import EXAMPLES, Example
from templates.facts import Person
from templates.readability import lix
from tests.rows import Tried, over
from tests.templates.lint import bad_words, heavy, tone

ROOM = Path(templates.__file__).parent
WRITTEN = [
    pytest.param(example, language, id=f"{language} {example.letter}: {example.situation}")
    for example in EXAMPLES
    for language in languages()
    if is_written(example.letter, language=language)
]
EVERY_LETTER = over(WRITTEN)
OUTWARD = sorted({row.letter for row in EXAMPLES if row.letter.startswith(("citizen_", "assistant_"))})


def only(*beginnings: str) -> Callable[[Tried], Callable[[], None]]:
    return over([row for row in WRITTEN if str(row.id).split()[1].startswith(beginnings)])


TO_CITIZENS = only("citizen_", "assistant_")
CITIZEN_LETTERS = (
    "citizen_acknowledgement",
    "citizen_acknowledgement_complaint",
    "citizen_acknowledgement_praise",
)
EVERY_ACKNOWLEDGEMENT = pytest.mark.parametrize("letter", CITIZEN_LETTERS)

MARKERS = {
    "sv": "--- Skriv ditt svar ovanför den här raden ---",
    "en": "--- Write your reply above this line ---",
    "fi": "--- Kirjoita vastauksesi tämän rivin yläpuolelle ---",
}
# What an acknowledgement must hold, by requirement; the same rows in each language.
CONTENT = {
    "sv": {
        "B30 automatic": "En automatisk assistent har skrivit det här brevet.",
        "B30 human": "Det är alltid en människa som tar hand om ärendet.",
        "N8 case number": "SYN-2026-000123",
        "B7 day of R": "måndag 23 november 2026",
        "G16:1 thanks": "Tack för",
        "G16:2 why": "visar oss vad som fungerar",
        "G16:4 care": "Anna Ek tar hand om det du har skrivit.",
        "G9 handler": "Din handläggare är Anna Ek (enhetschef).",
        "G16:5 answer": "Du får ett svar senast onsdag 2 december 2026.",
        "K5 add": "Svara på det här brevet.",
        "K22 public": "allmän handling",
        "B18 privacy": "personuppgifter:\nhttps://www.exempelby.example/personuppgifter\n",
        "B2 human": "Ring 070-174 06 10 (mån–fre 8–16).",
    },
    "en": {
        "B30 automatic": "An automated assistant wrote this letter.",
        "B30 human": "A person always handles the case.",
        "N8 case number": "SYN-2026-000123",
        "B7 day of R": "Monday 23 November 2026",
        "G16:1 thanks": "Thank you for",
        "G16:2 why": "shows us what works",
        "G16:4 care": "Anna Ek will take care of what you have written.",
        "G9 handler": "Your case officer is Anna Ek (enhetschef).",
        "G16:5 answer": "You will get an answer by Wednesday 2 December 2026.",
        "K5 add": "Reply to this letter.",
        "K22 public": "official document",
        "B18 privacy": "personal data:\nhttps://www.exempelby.example/personuppgifter\n",
        "B2 human": "Call 070-174 06 10 (mån–fre 8–16).",
    },
    "fi": {
        "B30 automatic": "Tämän viestin on kirjoittanut automaattinen avustaja.",
        "B30 human": "Asian käsittelee aina ihminen.",
        "N8 case number": "SYN-2026-000123",
        "B7 day of R": "maanantaina 23. marraskuuta 2026",
        "G16:1 thanks": "Kiitos, että",
        "G16:2 why": "näyttää meille, mikä toimii",
        "G16:4 care": "Hän huolehtii palautteestasi.",
        "G9 handler": "Asiasi käsittelijä on Anna Ek (enhetschef).",
        "G16:5 answer": "Saat vastauksen viimeistään keskiviikkona 2. joulukuuta 2026.",
        "K5 add": "Vastaa tähän viestiin.",
        "K22 public": "julkinen asiakirja",
        "B18 privacy": "henkilötietojasi:\nhttps://www.exempelby.example/personuppgifter\n",
        "B2 human": "Soita numeroon 070-174 06 10 (mån–fre 8–16).",
    },
}
# What whoever writes for the first time is told.
FIRST = {
    "sv": ("En automatisk assistent har skrivit det här brevet.", "alltid en människa", "allmän handling"),
    "easy": ("Det är en automatisk assistent.", "En människa tar hand om", "allmän handling"),
    "en": ("An automated assistant wrote this letter.", "A person always", "official document"),
    "fi": ("Tämän viestin on kirjoittanut automaattinen avustaja.", "aina ihminen", "julkinen asiakirja"),
}
REGRET = {
    "sv": "Vi beklagar det du har varit med om.",
    "en": "We are sorry for what you have been through.",
    "fi": "Olemme pahoillamme siitä, mitä olet joutunut kokemaan.",
}
UNASSIGNED = {
    "sv": "- Du får veta vem det är senast onsdag 25 november 2026.",
    "en": "- We will tell you who it is by Wednesday 25 November 2026.",
    "fi": "- Kerromme viimeistään keskiviikkona 25. marraskuuta 2026, kuka hän on.",
}
READS_ALL = {
    "sv": "- Vi läser allt som kommer till oss.",
    "en": "- We read everything that is sent to us.",
    "fi": "- Luemme kaiken meille lähetetyn palautteen.",
}
YEAR = re.compile(r"\b20\d\d\b(?!-)")


def facts(letter: str, **changed: object) -> dict[str, object]:
    example = next(example for example in EXAMPLES if example.letter == letter)
    return {**example.facts, **changed}


def acknowledgement(letter: str, language: str, **changed: object) -> str:
    return render(letter, language=language, **facts("citizen_acknowledgement", **changed)).body


def notice(letter: str, **changed: object) -> Mapping[str, str]:
    rendered = render(letter, language="sv", **facts(letter, **changed))
    return {"subject": rendered.subject, "body": rendered.body}


@pytest.mark.parametrize(
    ("language", "danger", "duty"),
    [
        ("sv", "Är någon i fara just nu? Ring 112.", "ber att få tala med socialjouren"),
        ("en", "Is anyone in danger right now? Call 112.", "ask for the social services on duty"),
        ("fi", "Onko joku vaarassa juuri nyt? Soita numeroon 112.", "pyydä sosiaalipäivystystä"),
    ],
)
def test_b27_whoever_may_be_in_danger_reads_112_before_anything_else(
    language: str, danger: str, duty: str
) -> None:
    letter = acknowledgement("citizen_acknowledgement_urgent", language)

    first = letter.partition(MARKERS[language])[2].strip().split("\n")[2]
    unchanged = {"G16:2 why"}  # the usual reason would be out of place
    missing = [
        row for row, words in CONTENT[language].items() if words not in letter and row not in unchanged
    ]
    assert first == danger
    assert duty in letter
    assert missing == []


@EVERY_LETTER
def test_a_letter_has_short_lines_one_subject_line_and_no_loose_ends(example: Example, language: str) -> None:
    letter = render(example.letter, language=language, **example.facts)

    lines = letter.body.split("\n")
    assert letter.language == language
    assert [line for line in lines if len(line) > 76] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert (lines[0] != "", lines[-1], "\n\n\n" in letter.body) == (True, "", False)
    assert len(letter.subject) <= 76
    assert re.findall(r"&#?\w+;|[{}%]{2}|<\w|None", letter.subject + letter.body) == []


@EVERY_LETTER
def test_b22_a_letter_is_plain_and_an_easy_one_is_easy(example: Example, language: str) -> None:
    letter = render(example.letter, language=language, **example.facts)

    assert heavy(letter.body, language, easy=example.letter.endswith("_easy")) == []


# Sought in the sources, so that no branch is missed.
@pytest.mark.parametrize("language", languages())
def test_no_letter_holds_a_banned_phrase_a_promise_of_an_outcome_a_paragraph_sign_or_an_emoji(
    language: str,
) -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOM / language).glob("*.txt")}

    found = {name: bad_words(text, language) for name, text in sources.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_c3_every_letter_to_a_citizen_is_complete_in_three_languages_and_easy_in_swedish() -> None:
    missing = [
        (letter, language)
        for letter in OUTWARD
        for language in (("sv",) if letter.endswith("_easy") else ("sv", "en", "fi"))
        if not is_written(letter, language=language)
    ]

    assert missing == []
    assert [letter for letter in OUTWARD if letter.endswith("_easy")] == [
        "citizen_acknowledgement_anonymous_easy",
        "citizen_acknowledgement_easy",
        "citizen_acknowledgement_urgent_easy",
    ]


@only("citizen_acknowledgement")
def test_g16_an_acknowledgement_has_the_points_of_tone_and_only_a_complaint_the_regret(
    example: Example, language: str
) -> None:
    expected = {"1 thanks", "2 why", "4 care", "5 feedback"}
    if "complaint" in example.letter:
        expected.add("3 regret")

    assert set(tone(render(example.letter, language=language, **example.facts).body, language)) == expected


@TO_CITIZENS
def test_b2_every_letter_to_a_citizen_says_how_to_reach_a_human(example: Example, language: str) -> None:
    # The assistant's shortest words go to somebody who has just been told.
    if "phone" not in example.facts:
        assert example.letter.startswith("assistant_")
        return
    body = render(example.letter, language=language, **example.facts).body

    # Whoever is named to turn to in an answer is a human with a phone of their own (row N4).
    ours = f"{example.facts['phone']} ({example.facts['phone_hours']})"
    contact = example.facts.get("contact")
    assert (contact.phone if isinstance(contact, Contact) else ours) in " ".join(body.split())


@only("citizen_acknowledgement", "citizen_comment_reply")
def test_b30_b18_k22_a_first_letter_says_what_wrote_it_what_becomes_public_and_where_to_read_on(
    example: Example, language: str
) -> None:
    body = render(example.letter, language=language, **example.facts).body

    told = FIRST["easy" if example.letter.endswith("_easy") else language]
    assert [words for words in (*told, str(example.facts["privacy_url"])) if words not in body] == []


def test_b20_no_letter_to_a_citizen_has_a_fact_for_what_the_citizen_wrote() -> None:
    known = {name for letter in OUTWARD for name in facts_of(letter)}

    # All of them: a new one is looked at here before it is let in.
    assert known == {
        *("abroad", "answer", "answer_by", "case_number", "cases", "code", "contact", "days"),
        *("explanation", "form_url", "handed_to", "handler", "handler_by", "instead_of", "kind", "link"),
        *("marker", "municipality"),
        *("original_number", "parts", "phone", "phone_hours", "privacy_url", "promised_by", "question"),
        *("reason", "received_at", "received_on", "reply_by", "road", "sent_to", "service_name"),
        *("survey_link", "whistleblowing_url"),
    }


@TO_CITIZENS
def test_no_fact_of_a_letter_to_a_citizen_is_left_blank(example: Example, language: str) -> None:
    may_be_empty = {"abroad", "form_url", "survey_link", "whistleblowing_url"}
    if example.letter.startswith("citizen_handed_over"):
        may_be_empty.add("link")
    # What is one of a few words has a sentence for each, and none for any other.
    few = {"kind", "road"}
    needed = [name for name, fact in example.facts.items() if isinstance(fact, str) and name not in few]

    for name in needed:
        blank = {**example.facts, name: ""}
        if name in may_be_empty or not _shows(example, name, language):
            render(example.letter, language=language, **blank)
        else:
            with pytest.raises(TemplateError, match="a fact is blank"):
                render(example.letter, language=language, **blank)


def _shows(example: Example, name: str, language: str) -> bool:
    # An answer with a contact does not say our own phone.
    plain = render(example.letter, language=language, **example.facts)
    other = render(example.letter, language=language, **{**example.facts, name: "något annat"})
    return plain != other


@TO_CITIZENS
def test_the_line_to_write_above_comes_first_in_every_letter_that_has_it(
    example: Example, language: str
) -> None:
    if "marker" not in example.facts:
        return
    marked = render(example.letter, language=language, **{**example.facts, "marker": True}).body
    unmarked = render(example.letter, language=language, **{**example.facts, "marker": False}).body

    assert marked == f"{MARKERS[language]}\n\n{unmarked}"


@EVERY_ACKNOWLEDGEMENT
@pytest.mark.parametrize("language", languages())
def test_an_acknowledgement_says_all_that_is_required(letter: str, language: str) -> None:
    body = acknowledgement(letter, language)

    assert [row for row, words in CONTENT[language].items() if words not in body] == []


@pytest.mark.parametrize("language", languages())
def test_only_the_complaint_letter_says_that_we_are_sorry(language: str) -> None:
    sorry = [letter for letter in CITIZEN_LETTERS if REGRET[language] in acknowledgement(letter, language)]

    assert sorry == ["citizen_acknowledgement_complaint"]


@EVERY_ACKNOWLEDGEMENT
@pytest.mark.parametrize("language", languages())
def test_the_line_to_write_above_comes_first_where_replies_are_quoted(letter: str, language: str) -> None:
    marked = acknowledgement(letter, language, marker=True)
    unmarked = acknowledgement(letter, language, marker=False)

    assert marked == f"{MARKERS[language]}\n\n{unmarked}"


def test_the_mail_room_knows_the_line_to_write_above_in_every_language() -> None:
    assert {code: f"--- {quotes.MARKERS[code]} ---" for code in languages()} == MARKERS
    assert sorted(MARKERS) == list(languages())


@EVERY_ACKNOWLEDGEMENT
@pytest.mark.parametrize("language", languages())
def test_without_a_handler_the_citizen_is_told_by_when_there_is_one(letter: str, language: str) -> None:
    body = acknowledgement(letter, language, handler=None, handler_by=date(2026, 11, 25))

    assert UNASSIGNED[language] in body.split("\n")
    assert "Anna Ek" not in body


@EVERY_ACKNOWLEDGEMENT
@pytest.mark.parametrize("language", languages())
def test_without_an_answer_date_no_date_is_promised_but_all_is_read(letter: str, language: str) -> None:
    dated = acknowledgement(letter, language)
    undated = acknowledgement(letter, language, answer_by=None)

    assert (len(YEAR.findall(dated)), len(YEAR.findall(undated))) == (2, 1)
    assert (READS_ALL[language] in dated, READS_ALL[language] in undated) == (False, True)


@EVERY_ACKNOWLEDGEMENT
@pytest.mark.parametrize("language", languages())
def test_without_handler_and_dates_only_the_day_of_arrival_is_named(letter: str, language: str) -> None:
    body = acknowledgement(letter, language, handler=None, handler_by=None, answer_by=None)

    assert len(YEAR.findall(body)) == 1


@pytest.mark.parametrize("title", ["", " "])
@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("sv", "- Din handläggare är Bo Ek."),
        ("en", "- Your case officer is Bo Ek."),
        ("fi", "- Asiasi käsittelijä on Bo Ek."),
    ],
)
def test_a_handler_without_title_is_named_by_name_alone(language: str, line: str, title: str) -> None:
    body = acknowledgement("citizen_acknowledgement", language, handler=Person(name="Bo Ek", title=title))

    assert line in body.split("\n")


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("sv", "Tyck till: tack för ditt beröm, SYN-2026-000123"),
        ("en", "Tyck till: thank you for your praise, SYN-2026-000123"),
        ("fi", "Tyck till: kiitos myönteisestä palautteestasi, SYN-2026-000123"),
    ],
)
def test_praise_is_thanked_in_the_subject(language: str, subject: str) -> None:
    letter = render("citizen_acknowledgement_praise", language=language, **facts("citizen_acknowledgement"))

    assert letter.subject == subject


def test_a_complaint_is_not_called_one_where_others_can_read_the_subject() -> None:
    letter = render("citizen_acknowledgement_complaint", language="sv", **facts("citizen_acknowledgement"))

    assert letter.subject == "Tyck till: vi har fått din synpunkt, SYN-2026-000123"


def test_a_new_case_is_told_with_proposal_unit_promises_and_link() -> None:
    told = notice("handler_new_case")

    assert told["subject"] == "SYN-2026-000123, klagomål"
    assert told["body"] == (
        "Hej!\n"
        "\n"
        "Du har fått ett nytt ärende, SYN-2026-000123.\n"
        "Det kom in måndag 23 november 2026 och hör till Förskolan Ekorren.\n"
        "\n"
        "Förslag från assistenten. Du bestämmer:\n"
        "- Typ: klagomål (94 %, säker)\n"
        "- Faktor: Bemötande (41 %, osäker)\n"
        "\n"
        "Det här är lovat:\n"
        "- Besked om vem som är handläggare: onsdag 25 november 2026\n"
        "- Svar: onsdag 2 december 2026\n"
        "\n"
        "Öppna ärendet:\n"
        "https://synpunkt.exempelby.example/arende/SYN-2026-000123\n"
        "\n"
        "Det som avsändaren skrev står bara i ärendet. E-post kan läsas av andra.\n"
        "En automatisk assistent har skrivit det här brevet.\n"
        "\n"
        "Vänliga hälsningar\n"
        "Tyck till\n"
    )


@pytest.mark.parametrize("kind", [None, Guess(value="klagomål", confidence=0.55, sure=False)])
def test_an_unsure_type_is_not_named_in_the_subject(kind: Guess | None) -> None:
    assert notice("handler_new_case", kind=kind)["subject"] == "SYN-2026-000123, osäker typ"


def test_a_silent_classifier_is_told_as_such() -> None:
    body = notice("handler_new_case", kind=None, factor=None)["body"]

    assert "\nAssistenten har inget förslag på typ och faktor. Du bestämmer.\n" in body
    assert "%" not in body


@pytest.mark.parametrize("lane", [Lane.EMERGENCY, Lane.THREAT, Lane.CONCERN_REPORT])
@pytest.mark.parametrize("letter", ["handler_new_case", "handler_follow_up"])
def test_danger_makes_the_subject_urgent(letter: str, lane: Lane) -> None:
    calm = notice(letter)["subject"]

    assert notice(letter, lanes=(Lane.SPAM, lane))["subject"] == f"BRÅDSKANDE: {calm}"


@pytest.mark.parametrize("lane", sorted(set(Lane) - {Lane.EMERGENCY, Lane.THREAT, Lane.CONCERN_REPORT}))
def test_other_lanes_do_not_make_the_subject_urgent(lane: Lane) -> None:
    assert notice("handler_new_case", lanes=(lane,))["subject"] == "SYN-2026-000123, klagomål"


def test_every_lane_has_a_warning_of_its_own_in_words() -> None:
    calm = set(notice("handler_new_case")["body"].split("\n"))

    warnings = [set(notice("handler_new_case", lanes=(lane,))["body"].split("\n")) - calm for lane in Lane]

    heading = "Se upp, det här kan vara något annat eller mer än en synpunkt:"
    assert [(heading in lines, len(lines)) for lines in warnings] == [(True, 2)] * len(Lane)
    assert len(set.union(*warnings)) == len(Lane) + 1


def test_the_most_urgent_warning_comes_first_whatever_the_order_of_the_lanes() -> None:
    body = notice("handler_new_case", lanes=(Lane.SPAM, Lane.FAULT_REPORT, Lane.EMERGENCY))["body"]

    assert [line for line in body.split("\n") if line.startswith("- ")][:3] == [
        "- Akut fara. Läs ärendet nu och ring 112 om någon är i fara.",
        "- Felanmälan. Skicka den i dag till dem som lagar felet.",
        "- Skräppost. Bara en människa får avgöra det.",
    ]


def test_a_handler_notice_with_every_lane_is_still_plain_and_narrow() -> None:
    body = notice("handler_new_case", lanes=tuple(Lane))["body"]

    assert lix(body) <= 40
    assert [line for line in body.split("\n") if len(line) > 76] == []


def test_a_new_message_in_a_case_is_told_without_moving_the_answer_date() -> None:
    told = notice("handler_follow_up")

    assert told["subject"] == "SYN-2026-000123, avsändaren har skrivit igen"
    assert "\nSista dagen för svar är som förut: onsdag 2 december 2026.\n" in told["body"]


def test_a_letter_that_came_back_is_told_with_what_to_do_now() -> None:
    told = notice("handler_undelivered")

    assert told["subject"] == "SYN-2026-000123, ett brev kom inte fram"
    assert "\nSe efter i ärendet om det finns en annan väg, till exempel telefon.\n" in told["body"]
    assert "\nSista dagen för svar är som förut: onsdag 2 december 2026.\n" in told["body"]


def test_a_letter_that_goes_by_the_next_road_is_told_with_that_road() -> None:
    body = render("handler_undelivered", language="sv", **facts("handler_undelivered", next_road="SMS")).body

    assert "\nVi har skickat det en annan väg i stället: SMS.\n" in body
    assert "Vi skickar det inte igen" not in body


def test_every_text_file_in_a_language_is_a_letter_with_an_example_or_a_part() -> None:
    files = {path.name for code in (*languages(), *drafts()) for path in (ROOM / code).glob("[!_]*.txt")}
    letters = {name.removesuffix(".txt").removesuffix(".sms").removesuffix(".chat") for name in files}

    assert letters == {example.letter for example in EXAMPLES}


@pytest.mark.parametrize("language", languages())
def test_n4_every_answer_names_the_handler_and_whom_to_turn_to(language: str) -> None:
    for letter in ("", "_complaint", "_suggestion", "_praise"):
        body = render(f"citizen_answer{letter}", language=language, **facts("citizen_answer")).body

        assert "\nGungan vid lekplatsen är lagad sedan i går.\n\nVi ser över:\n- den andra gungan\n" in body
        assert "Rita Lund" in body
        assert "\nTorget 1, 123 45 Exempelby\n070-174 06 05\n" in body
        assert "\nAnna Ek, enhetschef\n" in body


@pytest.mark.parametrize("language", languages())
def test_n12_an_answer_without_action_says_why(language: str) -> None:
    body = render("citizen_answer_no_action", language=language, **facts("citizen_answer_no_action")).body

    assert ":\nGungan ägs av en förening. Vi har talat med den.\n\n" in body


@pytest.mark.parametrize("language", languages())
def test_without_somebody_to_turn_to_an_answer_gives_our_own_phone(language: str) -> None:
    body = render("citizen_answer", language=language, **facts("citizen_answer", contact=None)).body

    assert "070-174 06 10 (mån–fre 8–16).\n" in body
    assert "Rita Lund" not in body


def test_a_follow_up_in_an_answered_case_proposes_to_open_it_again() -> None:
    told = notice("handler_follow_up", answered=True)

    assert "öppna ärendet igen om avsändaren inte är nöjd." in told["body"].replace("\n", " ")
    assert "Sista dagen för svar" not in told["body"]
