"""Letters to citizens, one by one (requirements C3: M04-M18, M25-M27; C5, T4, X9, B4, B20, B27, B28).

What holds for every letter is tested in `test_letters`.
"""

from datetime import UTC, datetime

import pytest

from templates import Rendered, TemplateError, facts_of, languages, render
from templates import facts as known
from templates.examples import EXAMPLES
from templates.facts import Person

EVERY_LANGUAGE = pytest.mark.parametrize("language", languages())
DOORS = sorted(
    {example.letter for example in EXAMPLES if example.letter.startswith("citizen_handed_over")}
    - {"citizen_handed_over_other_authority"}
)
FLAGGED = ("appeal", "document_request", "data_protection", "whistleblowing")


def written(letter: str, language: str, **changed: object) -> Rendered:
    example = next(row for row in EXAMPLES if row.letter == letter)
    return render(letter, language=language, **{**example.facts, **changed})


def flat(letter: str, language: str, **changed: object) -> str:
    return " ".join(written(letter, language, **changed).body.split())


@pytest.mark.parametrize(
    ("letter", "facts"),
    [
        ("citizen_acknowledgement_appeal", known.AppealAcknowledgementFacts),
        ("citizen_acknowledgement_document_request", known.AcknowledgementFacts),
        ("citizen_acknowledgement_data_protection", known.AcknowledgementFacts),
        ("citizen_acknowledgement_whistleblowing", known.WhistleblowingAcknowledgementFacts),
        ("citizen_acknowledgement_anonymity", known.OpenAcknowledgementFacts),
        ("citizen_acknowledgement_complaint_anonymity", known.OpenAcknowledgementFacts),
        ("citizen_acknowledgement_anonymous", known.AnonymousAcknowledgementFacts),
        ("citizen_handler_named", known.HandlerNamedFacts),
        ("citizen_question", known.QuestionFacts),
        ("citizen_delay", known.DelayFacts),
        ("citizen_waits", known.WaitsFacts),
        ("citizen_sent_on", known.SentOnFacts),
        ("citizen_duplicate", known.DuplicateFacts),
        ("citizen_split", known.SplitFacts),
        ("citizen_closed", known.ClosedFacts),
        ("citizen_reopened", known.CitizenReopenedFacts),
        ("citizen_comment_reply", known.CommentReplyFacts),
        ("citizen_handed_over_other_authority", known.HandedOverFacts),
        *((door, known.HandedOverFacts) for door in DOORS),
        ("citizen_added", known.AddedFacts),
        ("citizen_public_note", known.PublicNoteFacts),
        ("assistant_greeting", known.HelpFacts),
        ("assistant_help", known.HelpFacts),
        ("assistant_anonymous", known.AnonymousHelpFacts),
        ("assistant_status", known.StatusFacts),
        ("assistant_status_none", known.ReachFacts),
        ("assistant_new", known.ServiceFacts),
        ("assistant_stopped", known.ReachFacts),
        ("assistant_resumed", known.ServiceFacts),
        ("assistant_words", known.WordsFacts),
        ("assistant_choice", known.ChoiceFacts),
        ("assistant_chosen", known.ChosenFacts),
        ("assistant_road", known.RoadFacts),
        ("assistant_road_noted", known.ChosenRoadFacts),
        ("assistant_address", known.ChosenRoadFacts),
        ("assistant_window", known.WindowFacts),
    ],
)
@EVERY_LANGUAGE
def test_a_letter_to_a_citizen_needs_the_facts_of_its_type(letter: str, facts: type, language: str) -> None:
    assert facts_of(letter, language=language) == frozenset(facts.__annotations__)


@pytest.mark.parametrize(
    ("easy", "facts"),
    [
        ("citizen_acknowledgement_easy", known.AcknowledgementFacts),
        ("citizen_acknowledgement_urgent_easy", known.AcknowledgementFacts),
        ("citizen_acknowledgement_anonymous_easy", known.AnonymousAcknowledgementFacts),
    ],
)
def test_an_easy_letter_needs_the_same_facts_as_the_usual_one(easy: str, facts: type) -> None:
    assert facts_of(easy) == facts_of(easy.removesuffix("_easy")) == frozenset(facts.__annotations__)


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("sv", "Tyck till: vi har fått ditt meddelande, SYN-2026-000123"),
        ("en", "Tyck till: we have received your message, SYN-2026-000123"),
        ("fi", "Tyck till: olemme saaneet viestisi, SYN-2026-000123"),
    ],
)
def test_b20_no_subject_tells_what_a_message_may_be(language: str, subject: str) -> None:
    subjects = {written(f"citizen_acknowledgement_{flag}", language).subject for flag in FLAGGED}

    assert subjects == {subject}


@EVERY_LANGUAGE
def test_b20_no_subject_tells_through_which_door_a_message_went(language: str) -> None:
    assert len({written(door, language).subject for door in DOORS}) == 1


@pytest.mark.parametrize(
    ("language", "undecided"),
    [
        ("sv", "kan Ingen har avgjort det än."),
        ("en", "may Nobody has decided that yet."),
        ("fi", "saattaa Kukaan ei ole vielä arvioinut sitä."),
    ],
)
@pytest.mark.parametrize("flag", FLAGGED)
def test_c5_an_acknowledgement_says_what_a_message_may_be_and_that_nobody_has_decided(
    flag: str, language: str, undecided: str
) -> None:
    may, _, sentence = undecided.partition(" ")

    body = flat(f"citizen_acknowledgement_{flag}", language)

    assert sentence in body
    assert may in body.partition(sentence)[0].rpartition("SYN-2026-000123.")[2].split()


@pytest.mark.parametrize(
    ("language", "came_in", "given"),
    [
        (
            "sv",
            "Ditt meddelande kom in måndag 23 november 2026 kl. 23.57.",
            "Registratorn har fått ditt meddelande i dag.",
        ),
        (
            "en",
            "Your message came in on Monday 23 November 2026 at 23:57.",
            "Our registrar has been given your message today.",
        ),
        (
            "fi",
            "Viestisi saapui maanantaina 23. marraskuuta 2026 klo 23.57.",
            "Kirjaaja on saanut viestisi tänään.",
        ),
    ],
)
def test_m09_an_appeal_has_its_minute_of_arrival_and_no_word_on_whether_it_is_in_time(
    language: str, came_in: str, given: str
) -> None:
    lines = written("citizen_acknowledgement_appeal", language).body.split("\n")

    assert {came_in, given} <= set(lines)
    for judged in ("i tid", "för sent", "in time", "too late", "ajoissa", "myöhässä", "määräajassa"):
        assert judged not in " ".join(lines)


def test_l4_an_appeal_near_midnight_has_the_day_of_stockholm() -> None:
    after = datetime(2026, 11, 23, 23, 3, tzinfo=UTC)

    body = flat("citizen_acknowledgement_appeal", "sv", received_at=after)

    assert "kom in tisdag 24 november 2026 kl. 0.03." in body


@pytest.mark.parametrize(
    ("language", "who"),
    [
        ("sv", "Du behöver inte säga vem du är eller varför du vill läsa den."),
        ("en", "You do not have to say who you are or why you want to read it."),
        ("fi", "Sinun ei tarvitse kertoa, kuka olet tai miksi haluat lukea asiakirjan."),
    ],
)
def test_m11_who_asks_for_a_document_need_not_say_who_or_why(language: str, who: str) -> None:
    assert who in flat("citizen_acknowledgement_document_request", language)


@pytest.mark.parametrize(
    ("language", "month"), [("sv", "inom en månad"), ("en", "within one month"), ("fi", "kuukauden kuluessa")]
)
@pytest.mark.parametrize("letter", ["acknowledgement", "handed_over"])
def test_m14_a_request_for_ones_own_data_is_answered_within_a_month(
    letter: str, language: str, month: str
) -> None:
    assert month in flat(f"citizen_{letter}_data_protection", language)


@pytest.mark.parametrize(
    ("language", "separate", "call"),
    [
        ("sv", "Kanalen är skild från Tyck till.", "Ring oss och fråga hur du når den."),
        ("en", "The channel is separate from Tyck till.", "Call us and ask how to reach it."),
        ("fi", "Kanava on erillään palvelusta Tyck till.", "Soita meille ja kysy, miten kanavan kautta"),
    ],
)
def test_b28_a_whistleblower_is_shown_the_separate_channel_or_told_to_call(
    language: str, separate: str, call: str
) -> None:
    shown = flat("citizen_acknowledgement_whistleblowing", language)
    told = flat("citizen_acknowledgement_whistleblowing", language, whistleblowing_url="")

    assert separate in shown
    assert separate in told
    assert ("https://www.exempelby.example/visselblasning" in shown, call in shown) == (True, False)
    assert ("https://www.exempelby.example/visselblasning" in told, call in told) == (False, True)


@pytest.mark.parametrize(
    ("language", "honest", "call"),
    [
        (
            "sv",
            "Brevet blir en allmän handling, och vi får inte ta bort adressen.",
            "070-174 06 10 utan att säga vem du är.",
        ),
        (
            "en",
            "The letter becomes an official document, and we may not remove the address.",
            "call 070-174 06 10 without saying who you are.",
        ),
        (
            "fi",
            "Viestistä tulee julkinen asiakirja, emmekä saa poistaa siitä osoitetta.",
            "numeroon 070-174 06 10",
        ),
    ],
)
@pytest.mark.parametrize("letter", ["", "_complaint"])
def test_t4_x9_who_wishes_to_be_anonymous_by_mail_is_told_the_truth_and_two_ways(
    letter: str, language: str, honest: str, call: str
) -> None:
    name = f"citizen_acknowledgement{letter}_anonymity"
    form = "https://synpunkt.exempelby.example/"

    with_form, without = flat(name, language, form_url=form), flat(name, language, form_url="")

    assert (honest in with_form, form in with_form, call in with_form) == (True, True, True)
    assert (honest in without, form in without, call in without) == (True, False, True)


@EVERY_LANGUAGE
def test_t4_but_for_the_anonymity_it_is_the_usual_acknowledgement(language: str) -> None:
    facts = next(row for row in EXAMPLES if row.letter == "citizen_acknowledgement").facts
    for letter in ("citizen_acknowledgement", "citizen_acknowledgement_complaint"):
        usual = render(letter, language=language, **facts).body.split("\n\n")
        open_sender = written(f"{letter}_anonymity", language).body.split("\n\n")

        assert [part for part in open_sender if part in usual] == usual
        assert len(open_sender) == len(usual) + 2


@EVERY_LANGUAGE
def test_m04_who_is_fully_anonymous_gets_a_code_and_where_to_use_it(language: str) -> None:
    body = flat("citizen_acknowledgement_anonymous", language)

    assert "7KQM-4T9X - " in body
    assert " https://synpunkt.exempelby.example/svar - " in body
    assert "2026" in flat("citizen_acknowledgement_anonymous", language, answer_by=None)


@pytest.mark.parametrize(
    "letter", ["citizen_acknowledgement_anonymous", "citizen_acknowledgement_anonymous_easy"]
)
def test_m04_without_an_answer_date_none_is_promised(letter: str) -> None:
    dated, undated = flat(letter, "sv"), flat(letter, "sv", answer_by=None)

    assert ("2 december" in dated, "2 december" in undated) == (True, False)


@pytest.mark.parametrize(
    ("letter", "language", "danger"),
    [
        ("citizen_handed_over_concern", "sv", "Är någon i fara just nu? Ring 112."),
        ("citizen_handed_over_concern", "en", "Is anyone in danger right now? Call 112."),
        ("citizen_handed_over_concern", "fi", "Onko joku vaarassa juuri nyt? Soita numeroon 112."),
        ("citizen_acknowledgement_urgent_easy", "sv", "Är någon i fara nu? Ring 112."),
    ],
)
def test_b27_whoever_is_worried_reads_112_right_after_the_greeting(
    letter: str, language: str, danger: str
) -> None:
    assert written(letter, language, marker=False).body.split("\n")[2] == danger


@pytest.mark.parametrize(
    ("language", "new", "stands"),
    [
        ("sv", "en ny handläggare", "Dagen som vi har lovat gäller fortfarande."),
        ("en", "a new case officer", "The day that we promised still stands."),
        ("fi", "uuden käsittelijän", "Lupaamamme päivä pitää edelleen."),
    ],
)
def test_m05_a_new_handler_does_not_move_the_promised_day(language: str, new: str, stands: str) -> None:
    first = flat("citizen_handler_named", language)
    instead = flat("citizen_handler_named", language, instead_of=True)
    undated = flat("citizen_handler_named", language, instead_of=True, answer_by=None)

    assert (new in first, stands in first) == (False, False)
    assert (new in instead, stands in instead) == (True, True)
    assert (new in undated, stands in undated, "2026 " in undated) == (True, False, False)
    assert "Anna Ek (enhetschef)" in first
    assert "Anna Ek (enhetschef)" in instead


@pytest.mark.parametrize(
    ("language", "silence"),
    [
        ("sv", "Du behöver inte svara. Det är ingen nackdel för dig om du låter bli."),
        ("en", "You do not have to answer. It will not count against you if you do not."),
        ("fi", "Sinun ei ole pakko vastata. Vastaamatta jättämisestä ei ole sinulle haittaa."),
    ],
)
def test_m06_a_question_says_that_silence_does_no_harm(language: str, silence: str) -> None:
    body = written("citizen_question", language).body
    undated = flat("citizen_question", language, reply_by=None)

    assert "\nVilken lekplats gäller det?\n\nDet hjälper oss att veta:\n- vilken dag det var\n\n" in body
    assert silence in body.replace("\n", " ")
    assert silence in undated
    assert ("27" in body, "27" in undated) == (True, False)


@pytest.mark.parametrize(("letter", "words"), [("citizen_question", "question"), ("citizen_delay", "reason")])
@EVERY_LANGUAGE
def test_b4_a_letter_without_the_handlers_own_words_is_refused(
    letter: str, words: str, language: str
) -> None:
    for nothing in ((), (("",),), ((" ", "\n"),)):
        with pytest.raises(TemplateError):
            written(letter, language, **{words: nothing})


@pytest.mark.parametrize(
    ("language", "was", "new"),
    [
        ("sv", "onsdag 2 december 2026", "onsdag 9 december 2026"),
        ("en", "Wednesday 2 December 2026", "Wednesday 9 December 2026"),
        ("fi", "keskiviikkona 2. joulukuuta 2026", "keskiviikkona 9. joulukuuta 2026"),
    ],
)
def test_m07_b4_a_delay_tells_the_broken_day_then_the_reason_then_the_new_day(
    language: str, was: str, new: str
) -> None:
    body = flat("citizen_delay", language)

    places = [body.index(part) for part in (was, "Vi väntar på delar till gungan.", new, "Anna Ek")]
    assert places == sorted(places)
    assert body.count("Anna Ek (enhetschef)") == 2


@pytest.mark.parametrize(
    ("language", "ours"),
    [
        ("sv", "Vi har fortfarande ansvar för ärendet, och det är vi som svarar dig."),
        ("en", "We are still responsible for the case, and the answer will come from us."),
        ("fi", "Asia on edelleen meidän vastuullamme, ja saat vastauksen meiltä."),
    ],
)
def test_m08_a_case_that_is_sent_on_stays_ours(language: str, ours: str) -> None:
    body = flat("citizen_sent_on", language)

    assert ours in body
    assert "Ekorren Omsorg AB." in body


@pytest.mark.parametrize("door", DOORS)
@EVERY_LANGUAGE
def test_c5_whoever_is_handed_over_reads_when_it_came_who_has_it_and_where_to_read_on(
    door: str, language: str
) -> None:
    linked = flat(door, language, link="https://www.exempelby.example/mer", handed_to="Kansli Ett")
    bare = flat(door, language, link="", handed_to="Kansli Ett")

    assert "23.57" in linked.replace(":57", ".57")
    assert "Kansli Ett." in linked
    assert ("https://www.exempelby.example/mer" in linked, "https://" in bare) == (True, False)


@EVERY_LANGUAGE
def test_c5_each_door_has_words_of_its_own(language: str) -> None:
    bodies = {flat(door, language, handed_to="Kansli Ett", link="") for door in DOORS}

    assert len(bodies) == len(DOORS)


@pytest.mark.parametrize(
    ("language", "not_sent"),
    [
        ("sv", "Vi har inte skickat det vidare."),
        ("en", "We have not sent it on."),
        ("fi", "Emme ole lähettäneet viestiäsi eteenpäin."),
    ],
)
def test_m13_nothing_goes_to_another_authority_without_the_senders_leave(
    language: str, not_sent: str
) -> None:
    letter = written("citizen_handed_over_other_authority", language)

    assert not_sent in letter.body
    assert letter.subject != written("citizen_handed_over", language).subject


@EVERY_LANGUAGE
def test_a_duplicate_is_told_the_other_number_and_who_has_it(language: str) -> None:
    body = flat("citizen_duplicate", language)

    assert (body.count("SYN-2026-000098"), body.count("SYN-2026-000123")) == (2, 1)
    assert "Anna Ek (enhetschef)" in body


@EVERY_LANGUAGE
def test_a_divided_message_is_told_each_number_unit_handler_and_day(language: str) -> None:
    body = flat("citizen_split", language)

    assert (body.count("SYN-2026-000123"), body.count("SYN-2026-000124")) == (2, 1)
    assert "SYN-2026-000124: Skolan Omar Dahl (rektor)" in body or "Omar Dahl (rektor)." in body
    assert body.count("2026") >= 5


@EVERY_LANGUAGE
def test_m25_a_survey_is_offered_only_where_there_is_one(language: str) -> None:
    asked = written("citizen_closed", language, survey_link="https://www.exempelby.example/enkat").body
    plain = written("citizen_closed", language, survey_link="").body

    assert "\nhttps://www.exempelby.example/enkat\n" in asked
    assert [part for part in asked.split("\n\n") if part not in plain.split("\n\n")] == [
        part for part in asked.split("\n\n") if "enkat" in part
    ]


@EVERY_LANGUAGE
def test_m26_a_reopened_case_has_a_handler_and_a_new_day(language: str) -> None:
    dated = flat("citizen_reopened", language)
    undated = flat("citizen_reopened", language, answer_by=None)

    assert "Rita Lund (kvalitetschef)." in dated
    assert (" 2026." in dated, " 2026." in undated) == (True, False)


@EVERY_LANGUAGE
def test_m27_what_everybody_can_read_holds_no_name_no_number_and_nothing_of_a_case(language: str) -> None:
    assert facts_of("citizen_comment_reply", language=language) == {
        "service_name",
        "municipality",
        "form_url",
        "phone",
        "phone_hours",
        "privacy_url",
    }
    shown, told = (
        flat("citizen_comment_reply", language),
        flat("citizen_comment_reply", language, form_url=""),
    )
    assert ("https://synpunkt.exempelby.example/" in shown, "https://synpunkt" in told) == (True, False)


@pytest.mark.parametrize(
    "letter", ["citizen_handler_named", "citizen_question", "citizen_delay", "citizen_reopened"]
)
@EVERY_LANGUAGE
def test_a_handler_without_title_is_named_without_brackets(letter: str, language: str) -> None:
    body = flat(letter, language, handler=Person(name="Bo Ek"), phone_hours="dygnet runt")

    assert "Bo Ek" in body
    assert "(" not in body.replace("(dygnet runt)", "").replace("(Exempelby kommun)", "")
