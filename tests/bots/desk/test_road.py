"""From a citizen's message to a numbered case, a handler and a letter."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bots.desk.letters import CERTAIN
from store.domain import (
    Address,
    Inbound,
    Kind,
    Lane,
    LetterState,
    MessageState,
    Purpose,
    Status,
)
from tests.house import (
    ANNA,
    NAME,
    NOW,
    OMAR,
    PEOPLE,
    PETRA,
    REGISTRATOR,
    SENDER,
    TOWN,
    House,
    Scripted,
    a_suggestion,
    an_inbound,
)

Make = Callable[..., House]


def a_form(text: str = "Gungan är trasig", **more: object) -> Inbound:
    given: dict[str, object] = {
        "channel": "web",
        "account": "formulär",
        "received_at": NOW,
        "raw": text.encode(),
        "media_type": "application/json",
        "external_id": text,
        "sender": Address(channel="email", handle=SENDER),
        "sender_name": NAME,
        "text": text,
    }
    return Inbound(**(given | more))  # type: ignore[arg-type]  # fields of Inbound


async def test_a_mail_becomes_a_case_with_unit_handler_and_dates(house: House) -> None:
    await house.hear(an_inbound())

    case = house.case()
    assert (case["number"], case["status"], case["title"]) == (
        "SYN-2026-000001",
        Status.ASSIGNED,
        "Trasig gunga",
    )
    assert (case["unit"], case["handler"], case["routed_because"]) == ("park", "anna", "orden gunga")
    assert (case["sender_handle"], case["sender_name"], case["language"]) == (SENDER, NAME, "sv")
    assert house.promises(case["id"]) == {
        "kvitto": date(2026, 11, 23),
        "första_återkoppling": date(2026, 11, 25),
        "svar": date(2026, 12, 7),
    }
    assert [row["state"] for row in house.messages()] == [MessageState.READ]


async def test_the_acknowledgement_names_number_handler_and_day_and_follows_the_thread(house: House) -> None:
    mail = an_inbound(message_id="<m3@example.org>", references=["<m1@example.org>", "<m2@example.org>"])

    await house.hear(mail)

    (row,) = house.acknowledgements()
    letter = house.letter(row)
    assert (letter.recipient, letter.recipient_name) == (Address(channel="email", handle=SENDER), NAME)
    assert "SYN-2026-000001" in letter.subject
    for fact in ("SYN-2026-000001", "Anna Ek", "7 december"):
        assert fact in letter.body
    assert letter.in_reply_to == "<m3@example.org>"
    assert letter.references == ("<m1@example.org>", "<m2@example.org>", "<m3@example.org>")
    assert house.identity.case_of_message_id(letter.external_id) == house.case()["id"]
    assert row["state"] == LetterState.SENT


async def test_the_handler_is_told_without_a_word_of_the_citizen(house: House) -> None:
    await house.hear(
        an_inbound(text="Gungan på Storgatan 1 gav min dotter Elsa ett sår.", subject="Elsas sår")
    )

    (row,) = house.outbox(purpose=Purpose.HANDLER_NOTICE)
    letter = house.letter(row)
    assert letter.recipient == Address(channel="email", handle=ANNA.email)
    assert "https://tycktill.lillkommun.example/arenden/SYN-2026-000001" in letter.body
    for word in ("Elsa", "Storgatan", "sår", "Sven", "Svensson", SENDER):
        assert word not in letter.subject
        assert word not in letter.body


async def test_each_step_is_in_the_journal_of_the_case(house: House) -> None:
    await house.hear(an_inbound())

    assert house.journal(house.case()["id"]) == ["ärende öppnat", "brev sänt", "brev sänt"]


async def test_g9_a_receipt_that_names_the_handler_keeps_two_promises_when_it_is_sent(house: House) -> None:
    await house.hear(an_inbound())

    kept = {row["kind"]: row["kept_at"] for row in house.table("promises")}
    assert kept == {"kvitto": NOW, "första_återkoppling": NOW, "svar": None}


async def test_g9_while_the_registrator_sorts_the_sender_does_not_know_who_will_have_it(house: House) -> None:
    await house.hear(an_inbound(text="Vad tycker ni om detta?", subject="Hej"))

    kept = {row["kind"]: row["kept_at"] for row in house.table("promises")}
    assert kept == {"kvitto": NOW, "första_återkoppling": None, "svar": None}


async def test_the_same_mail_twice_is_one_case_and_one_acknowledgement(house: House) -> None:
    await house.hear(an_inbound())
    await house.hear(an_inbound(channel="imap", account="brevladan"))

    assert len(house.cases()) == 1
    assert len(house.acknowledgements()) == 1


async def test_a_form_without_address_gets_a_number_but_no_letter(house: House) -> None:
    await house.hear(a_form(sender=None, sender_name=""))

    assert house.case()["number"] == "SYN-2026-000001"
    assert house.acknowledgements() == []
    assert len(house.outbox(purpose=Purpose.HANDLER_NOTICE)) == 1


async def test_what_the_sender_chose_in_the_form_outranks_the_model(make_house: Make) -> None:
    house = make_house(suggester=Scripted(a_suggestion(Kind.COMPLAINT, 0.99)))

    await house.hear(a_form(chosen_kind=Kind.PRAISE))

    (suggestion,) = house.table("suggestions")
    (letter,) = house.acknowledgements()
    assert (suggestion["kind"], suggestion["kind_confidence"]) == (Kind.PRAISE, 1.0)
    assert house.case()["chosen_kind"] == Kind.PRAISE
    assert house.case()["kind"] == ""
    assert "beröm" in letter["subject"].casefold() + letter["body"].casefold()


async def test_r_is_when_the_message_came_and_not_when_it_was_read(house: House) -> None:
    await house.receive(an_inbound(received_at=NOW - timedelta(days=3)))
    house.clock.forward(hours=5)
    house.judge()

    case = house.case()
    assert case["received_at"] == NOW - timedelta(days=3)
    assert case["opened_at"] == NOW + timedelta(hours=5)
    assert house.promises(case["id"])["kvitto"] == date(2026, 11, 20)


async def test_mail_of_last_year_is_kept_but_its_acknowledgement_waits_for_a_human(house: House) -> None:
    await house.hear(an_inbound(received_at=NOW - timedelta(days=8)))

    (row,) = house.acknowledgements()
    assert (row["state"], row["state_because"]) == (LetterState.HELD, "kom in för mer än 7 dagar sedan")


@pytest.mark.parametrize(
    ("confidence", "kind", "template"),
    [
        (CERTAIN, Kind.COMPLAINT, "tråkigt"),
        (CERTAIN - 0.01, Kind.COMPLAINT, ""),
        (CERTAIN, Kind.PRAISE, "beröm"),
        (CERTAIN - 0.01, Kind.PRAISE, ""),
        (0.99, Kind.SUGGESTION, ""),
    ],
)
async def test_the_letter_takes_a_mood_only_when_it_is_nearly_certain(
    make_house: Make, confidence: float, kind: Kind, template: str
) -> None:
    plain = make_house(silent=True)
    await plain.hear(an_inbound(subject="Utan förslag"))
    neutral = _without_facts(plain.acknowledgements()[0]["body"])
    house = make_house(suggester=Scripted(a_suggestion(kind, confidence)))

    await house.hear(an_inbound(subject="Med förslag"))

    moody = _without_facts(house.acknowledgements()[-1]["body"])
    assert (moody != neutral) is bool(template)


def _without_facts(body: str) -> str:
    return body.replace("SYN-2026-000001", "N").replace("SYN-2026-000002", "N")


@pytest.mark.parametrize("lane", [Lane.EMERGENCY, Lane.CONCERN_REPORT])
@pytest.mark.parametrize("kind", list(Kind))
async def test_b27_whoever_may_be_in_danger_is_told_of_112_first(
    make_house: Make, lane: Lane, kind: Kind
) -> None:
    house = make_house(suggester=Scripted(a_suggestion(kind, 0.99, lanes=(lane,))))

    await house.hear(an_inbound())

    (letter,) = house.acknowledgements()
    assert letter["body"].split("\n")[4] == "Är någon i fara just nu? Ring 112."
    assert house.case()["handler"] == "rita"


@pytest.mark.parametrize("lane", [Lane.THREAT])
async def test_a_grave_message_is_never_thanked_in_a_mood(make_house: Make, lane: Lane) -> None:
    plain = make_house(silent=True)
    await plain.hear(an_inbound(subject="Utan förslag"))
    house = make_house(suggester=Scripted(a_suggestion(Kind.PRAISE, 0.99, lanes=(lane,))))

    await house.hear(an_inbound(subject="Med förslag"))

    first, second = house.acknowledgements()
    rita = _without_facts(first["body"]).replace("Anna Ek", "P").replace("enhetschef", "t")
    assert _without_facts(second["body"]).replace("Rita Lund", "P").replace("registrator", "t") == rita


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Thank you"), ("fi", "Kiitos"), ("sv", "Tack"), ("so", "Thank you")]
)
async def test_the_acknowledgement_is_in_the_language_of_the_message(
    make_house: Make, language: str, word: str
) -> None:
    house = make_house(suggester=Scripted(a_suggestion(language=language)))

    await house.hear(an_inbound())

    (letter,) = house.acknowledgements()
    assert word in letter["body"]
    assert house.case()["language"] == language


async def test_a_suggestion_without_language_leaves_it_to_the_text(make_house: Make) -> None:
    house = make_house(suggester=Scripted(a_suggestion(language="")))

    await house.hear(an_inbound(text="Hyvää päivää, leikkipuiston keinu on rikki."))

    assert house.case()["language"] == "fi"


async def test_without_classifier_the_text_decides_the_language(make_house: Make) -> None:
    house = make_house(silent=True)

    await house.hear(an_inbound(text="Hyvää päivää, leikkipuiston keinu on rikki."))

    assert house.case()["language"] == "fi"
    assert "Kiitos" in house.acknowledgements()[0]["body"]


async def test_mail_to_a_unit_s_own_address_goes_to_that_unit(house: House) -> None:
    await house.hear(an_inbound(text="Skolan är kall.", envelope_to=(TOWN, "Park@lillkommun.example")))

    assert (house.case()["unit"], house.case()["routed_because"]) == ("park", "skrivet till enhetens adress")


async def test_the_unit_with_most_words_in_the_message_gets_it(house: House) -> None:
    await house.hear(an_inbound(subject="Skolgården", text="Eleverna i skolan saknar en park."))

    assert (house.case()["unit"], house.case()["handler"]) == ("skola", "omar")


async def test_the_area_decides_when_no_word_does(make_house: Make) -> None:
    sure = make_house(suggester=Scripted(a_suggestion(area="skola")))
    await sure.hear(an_inbound(subject="Kallt", text="Det är kallt."))
    unsure = make_house(suggester=Scripted(a_suggestion(area="skola", area_confidence=0.49)))
    await unsure.hear(an_inbound(subject="Kallt igen", text="Det är kallt igen."))

    assert [(case["unit"], case["routed_because"]) for case in sure.cases()] == [
        ("skola", "området skola"),
        ("", "ingen enhet hittades"),
    ]


async def test_an_absent_handler_s_substitute_gets_the_case(make_house: Make) -> None:
    away = replace(ANNA, absent=((date(2026, 11, 20), date(2026, 11, 23)),))
    house = make_house(people=(REGISTRATOR, away, PETRA, OMAR))

    await house.hear(an_inbound())
    house.clock.forward(days=1)
    await house.hear(an_inbound(subject="Trasig gunga igen"))

    assert [(case["handler"], case["routed_because"]) for case in house.cases()] == [
        ("petra", "orden gunga, ersättare"),
        ("anna", "orden gunga"),
    ]
    assert "Petra Holm" in house.acknowledgements()[0]["body"]


async def test_the_registrator_sorts_when_everybody_is_away(make_house: Make) -> None:
    gone = ((date(2026, 11, 1), date(2026, 12, 24)),)
    house = make_house(people=(REGISTRATOR, replace(ANNA, absent=gone), replace(PETRA, absent=gone), OMAR))

    await house.hear(an_inbound())

    case = house.case()
    assert (case["handler"], case["unit"], case["status"]) == ("rita", "park", Status.SORTING)
    assert case["routed_because"] == "alla på Gata och park är frånvarande"


async def test_the_registrator_has_the_case_even_when_away_and_without_substitute(make_house: Make) -> None:
    gone = ((date(2026, 11, 1), date(2026, 12, 24)),)
    house = make_house(people=[replace(person, absent=gone) for person in PEOPLE])

    await house.hear(an_inbound())

    assert house.case()["handler"] == "rita"


async def test_nobody_s_matter_goes_to_the_registrator_for_sorting(house: House) -> None:
    await house.hear(an_inbound(subject="Hej", text="Jag undrar en sak."))

    case = house.case()
    assert (case["handler"], case["unit"], case["status"]) == ("rita", "", Status.SORTING)
    assert "Rita Lund" in house.acknowledgements()[0]["body"]


@pytest.mark.parametrize(
    ("lane", "handler", "status"),
    [
        (Lane.APPEAL, "rita", Status.SORTING),
        (Lane.DOCUMENT_REQUEST, "rita", Status.SORTING),
        (Lane.LEX_SARAH, "rita", Status.SORTING),
        (Lane.CONCERN_REPORT, "rita", Status.SORTING),
        (Lane.EMERGENCY, "rita", Status.SORTING),
        (Lane.THREAT, "rita", Status.SORTING),
        (Lane.DATA_PROTECTION, "rita", Status.SORTING),
        (Lane.WHISTLEBLOWING, "rita", Status.SORTING),
        (Lane.NAMED_EMPLOYEE, "rita", Status.SORTING),
        (Lane.SPAM, "rita", Status.SORTING),
        (Lane.FAULT_REPORT, "anna", Status.ASSIGNED),
        (Lane.QUESTION, "anna", Status.ASSIGNED),
        (Lane.DISCRIMINATION, "anna", Status.ASSIGNED),
        (Lane.OTHER_AUTHORITY, "anna", Status.ASSIGNED),
    ],
)
async def test_a_matter_with_a_law_of_its_own_goes_to_the_registrator(
    make_house: Make, lane: Lane, handler: str, status: Status
) -> None:
    house = make_house(suggester=Scripted(a_suggestion(lanes=(lane,))))

    await house.hear(an_inbound())

    assert (house.case()["handler"], house.case()["status"]) == (handler, status)
    assert house.case()["lanes"] == [lane]
    assert len(house.acknowledgements()) == 1


async def test_praise_of_a_named_employee_needs_no_registrator(make_house: Make) -> None:
    house = make_house(suggester=Scripted(a_suggestion(Kind.PRAISE, 0.8, lanes=(Lane.NAMED_EMPLOYEE,))))

    await house.hear(an_inbound())

    assert house.case()["handler"] == "anna"


async def test_n2_no_letter_about_a_restricted_case_offers_a_link_that_nobody_may_use(
    make_house: Make,
) -> None:
    house = make_house(suggester=Scripted(a_suggestion(lanes=(Lane.NAMED_EMPLOYEE,))))
    await house.hear(an_inbound(message_id="<forsta@example.org>"))
    case = house.case()
    house.acts.assign(case["id"], handler="anna", unit="park", by="rita", version=case["version"])
    await house.hear(
        an_inbound(text="Hej igen, han gjorde det i dag också.", references=["<forsta@example.org>"])
    )

    staff = [row for row in house.outbox() if row["handle"].endswith("@lillkommun.example")]
    assert {row["purpose"] for row in staff} == {Purpose.HANDLER_NOTICE, Purpose.FOLLOW_UP_NOTICE}
    for row in staff:
        assert "/l/" not in row["body"]
        assert "utkast" not in row["body"]
        assert f"/arenden/{case['number']}" in row["body"]


async def test_two_messages_in_a_group_get_numbers_in_the_order_they_came(house: House) -> None:
    await house.hear(*(an_inbound(subject=f"Gunga {number}") for number in range(3)))

    assert [(case["number"][-1], case["title"]) for case in house.cases()] == [
        ("1", "Gunga 0"),
        ("2", "Gunga 1"),
        ("3", "Gunga 2"),
    ]


async def test_a_mail_without_subject_or_text_still_becomes_a_case(house: House) -> None:
    await house.hear(an_inbound(subject="", text=""))

    assert house.case()["title"] == "(utan text)"
    assert len(house.acknowledgements()) == 1
