"""Letters to those who work with the cases (requirements C3, I02-I11; T10, T11, N12, N17, N20, B20, B33).

What holds for every letter is tested in `test_letters`.
"""

from datetime import date

import pytest

from store.domain import Lane
from templates import Rendered, facts_of, is_written, languages, render
from templates import facts as known
from templates.examples import EXAMPLES
from templates.facts import Link, Person, Routine

STAFF = sorted({row.letter for row in EXAMPLES if row.letter.startswith(("handler_", "operator_"))})
LINK = "https://synpunkt.exempelby.example/arende/SYN-2026-000123"


def written(letter: str, **changed: object) -> Rendered:
    example = next(row for row in EXAMPLES if row.letter == letter)
    return render(letter, language="sv", **{**example.facts, **changed})


def flat(letter: str, **changed: object) -> str:
    return " ".join(written(letter, **changed).body.split())


@pytest.mark.parametrize(
    ("letter", "facts"),
    [
        ("handler_reminder", known.ReminderFacts),
        ("handler_escalation", known.EscalationFacts),
        ("handler_unassigned", known.UnassignedFacts),
        ("handler_first_feedback", known.FirstFeedbackFacts),
        ("handler_substitute", known.SubstituteFacts),
        ("handler_statement_late", known.StatementLateFacts),
        ("handler_follow_up_due", known.FollowUpDueFacts),
        ("handler_question_unanswered", known.QuestionUnansweredFacts),
        ("handler_door", known.DoorFacts),
        ("handler_lex_sarah", known.LexSarahFacts),
        ("handler_diary", known.DiaryFacts),
        ("handler_journal", known.NoticeFacts),
        ("handler_malware", known.MalwareFacts),
        ("handler_report_ready", known.ReportReadyFacts),
        ("handler_signal", known.SignalFacts),
        ("operator_alarm", known.OperatorAlarmFacts),
        ("operator_channel_down", known.ChannelDownFacts),
        ("handler_answer_by_mail", known.AnswerByMailFacts),
        ("handler_answer_draft", known.AnswerDraftFacts),
        ("handler_approve", known.ApproveFacts),
        ("handler_registered", known.RegisteredFacts),
        ("handler_new_link", known.NewLinkFacts),
        ("handler_returned", known.ReturnedFacts),
        ("handler_reopened", known.ReopenedNoticeFacts),
        ("handler_reply_window", known.ReplyWindowFacts),
        ("handler_changed", known.HandlerChangedFacts),
    ],
)
def test_a_letter_to_staff_needs_the_facts_of_its_type(letter: str, facts: type) -> None:
    assert facts_of(letter) == frozenset(facts.__annotations__)


@pytest.mark.parametrize("letter", STAFF)
def test_a_letter_to_staff_is_swedish_alone(letter: str) -> None:
    assert [code for code in languages() if is_written(letter, language=code)] == ["sv"]


# The request to a provider asks for a letter back, not for a visit to the case.
@pytest.mark.parametrize("letter", [letter for letter in STAFF if letter != "handler_statement_request"])
def test_b30_a_letter_to_staff_leads_to_where_to_act_and_says_that_a_machine_wrote_it(letter: str) -> None:
    example = next(row for row in EXAMPLES if row.letter == letter)

    body = written(letter).body

    assert f"\n{example.facts['link']}\n" in body
    assert "En automatisk assistent har skrivit det här brevet." in body


def test_t10_a_reminder_is_told_apart_before_and_after_the_day() -> None:
    before, after = written("handler_reminder"), written("handler_reminder", days_late=3)

    assert before.subject == "SYN-2026-000123, påminnelse: dags att svara"
    assert after.subject == "SYN-2026-000123, påminnelse: löftet till avsändaren är försenat"
    assert "ska vara besvarat senast onsdag 2 december 2026." in flat("handler_reminder")
    assert "\nDet är nu 3 arbetsdagar för sent.\n" in after.body
    assert "\nDet är nu en arbetsdag för sent.\n" in written("handler_reminder", days_late=1).body
    assert "för sent" not in before.body


def test_t10_where_the_promise_covers_closing_an_answer_is_not_enough() -> None:
    assert "Ärendet ska också avslutas." in flat("handler_reminder", closing=True)
    assert "avsluta" not in flat("handler_reminder")


def test_t11_handler_and_manager_get_the_same_letter_but_for_the_greeting() -> None:
    manager = written("handler_escalation", reader=Person(name="Rita Lund"))
    handler = written("handler_escalation", reader=Person(name="Anna Ek"))

    assert manager.body.startswith("Hej Rita Lund!\n")
    assert handler.body == manager.body.replace("Hej Rita Lund!", "Hej Anna Ek!")
    assert handler.subject == manager.subject


def test_t11_the_level_above_is_told_that_the_manager_knew() -> None:
    assert "Närmaste chef har redan fått besked" in flat("handler_escalation", level=2)
    assert "Närmaste chef har redan fått besked" not in flat("handler_escalation", level=1)


def test_b33_a_substitute_is_told_how_long_or_that_nobody_knows() -> None:
    assert "Anna Ek, enhetschef, är borta till och med fredag 11 december 2026." in flat("handler_substitute")
    assert "är borta eller har inte öppnat ärendet." in flat("handler_substitute", until=None)


def test_a_wrong_door_names_lane_hour_and_receiver_and_gets_louder_when_late() -> None:
    fresh, late = flat("handler_door"), flat("handler_door", late=True)

    assert "Gör det senast måndag 23 november 2026 kl. 16.30." in fresh
    assert "- Överklagande. Lämna det till registratorn i dag, även om tiden är ute." in fresh
    assert "Lämna det till: registratorn, 070-174 06 11" in fresh
    assert "skulle ha lämnats vidare senast måndag 23 november 2026 kl. 16.30. Det är inte gjort." in late
    assert written("handler_door", lanes=(Lane.EMERGENCY,)).subject.startswith("BRÅDSKANDE: ")


@pytest.mark.parametrize("what", Routine)
def test_b26_a_routine_of_the_same_day_leaves_the_synpunkt_to_be_answered(what: Routine) -> None:
    letter = written("handler_lex_sarah", what=what)

    assert "Avsändarens synpunkt är kvar och ska ändå få svar." in letter.body
    assert "Gör så här i dag:" in letter.body
    assert (("lex Sarah" in letter.body), "lex" in letter.subject.lower()) == (what == "lex Sarah", False)


def test_a_channel_that_is_down_says_how_many_letters_wait() -> None:
    assert "\n12 brev väntar.\n" in written("operator_channel_down").body
    assert "\nEtt brev väntar.\n" in written("operator_channel_down", waiting=1).body
    assert "\nInga brev väntar just nu.\n" in written("operator_channel_down", waiting=0).body


def test_a_virus_is_told_without_its_file_and_with_a_link_only_for_who_may_see_the_case() -> None:
    registrator, operator = flat("handler_malware"), flat("handler_malware", operates=True, link="")
    alone = written("handler_malware", case_number="", link="")

    assert LINK in registrator
    assert "Öppna inte filen." in registrator
    assert "https://" not in operator
    assert "ärende SYN-2026-000123" in operator
    assert alone.subject == "Tyck till: ett virus har hittats"
    assert "hör inte till något ärende" in alone.body


def test_links_stand_under_their_words_and_are_said_to_work_once() -> None:
    links = (Link(label="Bekräfta förslaget", url="https://synpunkt.exempelby.example/gor/aB3"),)

    body = written("handler_new_case", links=links).body

    assert (
        "\nBekräfta förslaget:\nhttps://synpunkt.exempelby.example/gor/aB3\n\nVarje länk gäller en gång"
        in body
    )
    assert "Varje länk gäller" not in written("handler_new_case", links=()).body


def test_a_reply_is_called_a_draft_only_where_it_becomes_one() -> None:
    assert "ett utkast till svar" in flat("handler_new_case", reply_is_draft=True)
    assert "utkast" not in flat("handler_new_case", reply_is_draft=False)


@pytest.mark.parametrize(
    "letter", ["handler_answer_draft", "handler_approve", "handler_reopened", "handler_question_unanswered"]
)
def test_where_no_day_is_promised_none_is_named(letter: str) -> None:
    promised, open_ended = flat(letter, answer_by=date(2026, 12, 16)), flat(letter, answer_by=None)

    assert "senast onsdag 16 december 2026." in promised or "är onsdag 16 december 2026." in promised
    assert "16 december" not in open_ended
    assert "Svara ändå så snart du kan." in open_ended


def test_who_must_answer_before_a_road_closes_is_told_which_road_and_the_minute() -> None:
    body = flat("handler_reply_window")

    assert "skrev till oss genom Messenger." in body
    assert "Där kan vi skicka ett svar till och med måndag 30 november 2026 kl. 9.05." in body


def test_whoever_changed_or_took_away_their_words_leaves_the_first_ones_with_us() -> None:
    changed, removed = written("handler_changed"), written("handler_changed", removed=True)

    assert changed.subject == "SYN-2026-000123, avsändaren har ändrat det som skrevs"
    assert removed.subject == "SYN-2026-000123, avsändaren har tagit bort det som skrevs"
    assert ("Det nya står" in changed.body, "Det nya står" in removed.body) == (True, False)
    for letter in (changed, removed):
        assert "Det som först skrevs är kvar hos oss." in letter.body
