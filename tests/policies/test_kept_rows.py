"""Rows that the running house keeps, each under the policy that it comes from (requirements.md A1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bots.desk.disclosure.disclosing import Disclosing
from bots.desk.house import HouseError
from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import make
from bots.desk.reports.diary import read as read_diary
from bots.settings import SettingsError, load
from classifier import passages
from store import cases, life, profiles
from store.domain import (
    Act,
    Address,
    Contact,
    Factor,
    Inbound,
    Kind,
    LetterState,
    MessageState,
    Outcome,
    Purpose,
    StatementForm,
    Status,
    Way,
)
from store.engine import Row
from store.figures.period import read
from store.life import IllegalActError
from store.profiles.policy import Profile
from templates import document
from templates.document_facts import MeasureFormFacts
from templates.facts import Person
from tests.bots.test_settings import RIGHT
from tests.house import NOW, SENDER, UNITS, House, a_mail, a_suggestion, an_inbound

Make = Callable[..., House]

CONTACT = Contact(name="Omar Dahl", address="Torget 1, 123 45 Lillby", phone="070-174 06 05", handler="omar")
MANAGED = tuple(replace(unit, managers=("omar",), contact=CONTACT) for unit in UNITS)


def under(make_house: Make, profile: str, **more: Any) -> House:
    """Open a house that works by one of the five policies."""
    policy = profiles.load(profile)
    return make_house(
        **({"policy": policy, "units": MANAGED, "medborgarcenter": ("petra",), "quality": ("petra",)} | more)
    )


def seen(house: House, case: Row) -> dict[str, Any]:
    now = next(row for row in house.cases() if row["id"] == case["id"])
    return {"case_id": case["id"], "version": now["version"]}


def now_of(house: House, case: Row) -> Row:
    return next(row for row in house.cases() if row["id"] == case["id"])


async def a_case(house: House, *, by: str = "anna", **mail: Any) -> Row:
    """Let a complaint come in, be given to somebody if it must, and be confirmed."""
    await house.hear(an_inbound(received_at=house.clock.now, **mail))
    case = house.cases()[-1]
    if case["status"] == Status.SORTING:
        house.acts.assign(**seen(house, case), handler=by, unit="park", by="rita")
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by=by)
    await house.deliver()
    return now_of(house, case)


def answer(house: House, case: Row, *, by: str = "anna", **more: Any) -> None:
    told: dict[str, Any] = {"text": "Gungan är lagad sedan i går.", "outcome": Outcome.DONE}
    house.acts.answer(**seen(house, case), by=by, **(told | more))


# Landskrona


async def test_l1_what_was_confirmed_is_one_case_after_a_start_anew(make_house: Make) -> None:
    before = under(make_house, "landskrona")
    await before.receive(an_inbound())

    after = under(make_house, "landskrona")
    after.judge()
    under(make_house, "landskrona").judge()

    (case,) = after.cases()
    assert (case["number"], case["received_at"], case["channel"]) == ("SYN-2026-000001", NOW, "smtp")


async def test_l5_what_has_a_law_of_its_own_goes_there_with_a_reference_and_is_no_synpunkt(
    make_house: Make,
) -> None:
    from store.domain import Door

    house = under(make_house, "landskrona")
    case = await a_case(house)
    house.acts.to_sorting(**seen(house, case), by="anna", reason="rör ett bygglov")

    house.acts.hand_over(
        **seen(house, case), door=Door.INSPECTION, to="byggnadsnämnden", by="rita", reason="PBL"
    )

    now = now_of(house, case)
    assert (now["status"], now["door"], now["handed_to"]) == ("överlämnad", "tillsyn", "byggnadsnämnden")
    assert now["number"] in house.outbox(purpose=Purpose.HANDED_OVER)[0]["body"]


async def test_l7_whoever_says_nothing_of_themselves_is_heard_all_the_same(make_house: Make) -> None:
    house = under(make_house, "landskrona")
    await house.hear(
        Inbound(
            channel="web",
            account="form",
            received_at=NOW,
            raw=b"{}",
            media_type="application/json",
            external_id="ett",
            text="Gungan i parken är trasig.",
        )
    )

    assert (house.case()["sender_handle"], house.case()["sender_name"]) == ("", "")


async def test_l9_another_handler_keeps_the_clock_and_the_history_and_the_sender_is_told(
    make_house: Make,
) -> None:
    house = under(make_house, "tyreso")
    case = await a_case(house)
    before = house.promises(case["id"])

    house.acts.assign(**seen(house, case), handler="omar", unit="skola", by="anna")

    assert house.promises(case["id"]) == before
    assert "tilldela" in house.journal(case["id"])
    assert "Omar Dahl" in house.outbox(purpose=Purpose.HANDLER_NAMED)[-1]["body"]


@pytest.mark.parametrize(("language", "words"), [("en", "Thank you"), ("fi", "Kiitos"), ("sv", "Tack")])
async def test_l10_the_receipt_is_in_the_language_of_the_sender(
    make_house: Make, language: str, words: str
) -> None:
    house = under(make_house, "landskrona")
    house.suggester.otherwise = a_suggestion(language=language)

    await house.hear(an_inbound())

    assert words in house.acknowledgements()[0]["body"]


async def test_l12_from_the_notice_it_is_three_acts_to_the_end(make_house: Make) -> None:
    house = under(make_house, "landskrona")
    await house.hear(an_inbound())
    case = house.case()

    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna")
    answer(house, case)
    await house.deliver()
    house.acts.close(**seen(house, case), by="anna")

    assert now_of(house, case)["status"] == Status.CLOSED


async def test_l19_measure_day_and_result_of_a_follow_up_are_kept_and_an_overdue_one_is_told(
    make_house: Make,
) -> None:
    house = under(make_house, "landskrona")
    case = await a_case(house)
    day = date(2027, 2, 1)
    answer(house, case, outcome=Outcome.LATER, act_on=day, measure="Ny gunga är beställd.", way=Way.PHONE)

    house.clock.now = NOW + timedelta(days=80)
    house.watch.once()
    letters = [row["subject"] for row in house.outbox(purpose=Purpose.ALARM)]
    house.acts.follow_up(**seen(house, case), by="anna", result="Gungan hänger.")

    now = now_of(house, case)
    assert (now["follow_up_on"], now["follow_up_result"]) == (day, "Gungan hänger.")
    assert house.table("answers")[0]["measure"] == "Ny gunga är beställd."
    assert letters


# Tyresö


@pytest.mark.parametrize("sender", ["turist@example.com", "bo@example.net", "anyone@example.org"])
async def test_t2_nobody_is_asked_where_they_live_or_who_they_are(make_house: Make, sender: str) -> None:
    house = under(make_house, "tyreso")

    await house.hear(an_inbound(raw=a_mail(sender=sender)))

    assert house.acknowledgements()[0]["handle"] == sender


def test_t6_a_unit_that_nobody_can_stand_in_for_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(RIGHT.replace('handlers = ["rita", "ulla"]', 'handlers = ["rita"]'), encoding="utf-8")

    with pytest.raises(SettingsError, match=r"\[\[units\]\] park, nyckel handlers: ingen kan ersätta 'rita'"):
        load(file)


async def test_t7_n24_k21_answer_measure_and_improvement_are_kept_apart(make_house: Make) -> None:
    house = under(make_house, "tyreso")
    case = await a_case(house)

    answer(house, case, measure="Lagad.", improvement="Se över alla gungor varje vår.")

    (kept,) = house.table("answers")
    assert (kept["measure"], kept["improvement"]) == ("Lagad.", "Se över alla gungor varje vår.")
    assert "alla gungor" not in house.outbox(purpose=Purpose.ANSWER)[0]["body"]


async def test_t13_there_is_no_way_to_delete_a_case_without_a_decision(make_house: Make) -> None:
    house = under(make_house, "tyreso")
    disposals = [step for step in life.TABLE if step.act is Act.DISPOSE]

    assert disposals
    assert all(life.DECIDED in step.guards for step in disposals)
    assert not [name for name in dir(house.acts) if "delete" in name or "dispose" in name]


async def test_t13_a_case_is_handed_out_whole_but_for_what_is_masked_and_that_is_noted(
    make_house: Make,
) -> None:
    house = under(make_house, "tyreso")
    case = await a_case(house)
    answer(house, case)
    await house.deliver()
    desk = Disclosing(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        find=lambda text, names: passages.find(text, names=names),
        file_in=lambda _raw, _index: b"",
    )
    made = desk.begin([case["id"]], selection="", by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    (kept,) = desk.look(made, by="rita").given

    whole = str(kept.contents)
    assert SENDER not in whole
    assert [paper["heading"].partition(" ")[0] for paper in kept.contents["papers"]][:2] == ["Om", "Till"]
    assert any(paper["heading"].startswith("Från oss") for paper in kept.contents["papers"])
    assert "handlingar utlämnade" in house.journal(case["id"])


# Gislaved


async def test_g4_t4_k2_a_form_without_address_gets_no_letter_but_is_a_case(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    await house.hear(
        Inbound(
            channel="web",
            account="form",
            received_at=NOW,
            raw=b"{}",
            media_type="application/json",
            external_id="ett",
            text="Gungan i parken är trasig.",
        )
    )

    assert house.acknowledgements() == []
    assert house.case()["number"] == "SYN-2026-000001"


async def test_g5_the_form_becomes_a_case_without_a_human_step(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    await house.hear(
        Inbound(
            channel="web",
            account="form",
            received_at=NOW,
            raw=b"{}",
            media_type="application/json",
            external_id="ett",
            sender=Address(channel="email", handle=SENDER),
            text="Gungan i parken är trasig.",
        )
    )

    assert house.messages()[0]["state"] == MessageState.READ
    assert house.case()["status"] == Status.SORTING  # registered; the registrator gives it to somebody


def test_g8_the_card_holds_the_ways_to_reach_us() -> None:
    card = document(
        "card",
        service_name="Tyck till",
        municipality="Gislaveds kommun",
        web_address="https://tycktill.example",
        email="tycktill@gislaved.example",
        phone="070-174 06 05",
        phone_hours="mån–fre 8–16",
        post_address=("Tyck till", "000 00 Gislaved"),
        qr=(),
    )

    assert all(word in card for word in ("tycktill@gislaved.example", "070-174 06 05", "000 00 Gislaved"))


async def test_g10_feedback_and_answer_go_where_the_sender_wishes(make_house: Make) -> None:
    from bots.channels.memory import Memory

    house = under(make_house, "gislaved", roads={"sms": Memory()})
    case = await a_case(house, text="Gungan är trasig. Svara mig på SMS 070-174 06 33, tack.")

    answer(house, case)

    assert house.acknowledgements()[0]["channel"] == "email"
    assert house.outbox(purpose=Purpose.ANSWER)[0]["channel"] == "sms"


async def test_g13_what_came_is_kept_as_it_came_with_type_and_factor(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    case = await a_case(house)

    assert (case["kind"], case["factor"]) == ("klagomål", "Trygghet")
    assert len(house.table("blobs")) == 1


async def test_g16_a_sure_complaint_is_thanked_explained_regretted_and_promised(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    house.suggester.otherwise = a_suggestion(confidence=0.95)

    await house.hear(an_inbound())

    body = house.acknowledgements()[0]["body"]
    for words in ("Tack", "visar oss", "Vi beklagar", "tar hand om", "Du får ett svar senast"):
        assert words in body


async def test_g17_g21_no_letter_defends_itself_or_doubts_the_sender(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    case = await a_case(house)
    answer(house, case)

    letters = " ".join(row["body"].casefold() for row in house.outbox())
    for words in ("du måste förstå", "enligt våra regler", "missuppfattat", "påstår", "inte vårt ansvar"):
        assert words not in letters


async def test_g20_complaints_come_first_in_a_queue_and_then_what_is_due(make_house: Make) -> None:
    house = under(make_house, "gislaved")
    for number, kind in enumerate((Kind.PRAISE, Kind.COMPLAINT, Kind.SUGGESTION)):
        house.suggester.otherwise = a_suggestion(kind)
        await house.hear(an_inbound(subject=f"Ärende {number}", text=f"Gungan nummer {number}."))

    with house.store.read() as transaction:
        rows = cases.page(transaction)

    assert rows[0]["suggested_kind"] == Kind.COMPLAINT


# Kristianstad


async def test_k5_the_senders_reply_joins_the_case_and_the_handler_is_told(make_house: Make) -> None:
    house = under(make_house, "kristianstad")
    case = await a_case(house)
    (receipt,) = house.acknowledgements()

    await house.hear(
        an_inbound(text="Det gäller den vänstra.", subject="Re: ert brev", in_reply_to=receipt["external_id"])
    )

    assert {row["case_id"] for row in house.messages()} == {case["id"]}
    assert len(house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 1


def test_k9_n11_a_unit_without_a_manager_is_refused_where_the_manager_answers(make_house: Make) -> None:
    with pytest.raises(HouseError, match="'park' har ingen chef"):
        under(make_house, "kristianstad", units=UNITS)


async def test_k8_k11_k12_medborgarcenter_sorts_and_closes_and_demands_the_note(make_house: Make) -> None:
    house = under(make_house, "kristianstad")
    await house.hear(an_inbound())
    case = house.case()
    first = (case["status"], case["handler"])
    notices = [row["handle"] for row in house.outbox(purpose=Purpose.HANDLER_NOTICE)]

    house.acts.assign(**seen(house, case), handler="omar", by="petra")
    house.acts.confirm(**seen(house, case), kind=Kind.SUGGESTION, factor=Factor.SAFETY, by="petra")
    answer(house, case, by="omar", way=Way.POST)
    with pytest.raises(IllegalActError, match="tjänsteanteckningen"):
        house.acts.give_back(**seen(house, case), by="omar")
    house.acts.note_down(**seen(house, case), by="omar", service_note="Gungan byts i vår.")
    house.acts.give_back(**seen(house, case), by="omar")
    with pytest.raises(IllegalActError, match="Det görs av medborgarcenter eller registrator"):
        house.acts.close(**seen(house, case), by="omar")
    house.acts.close(**seen(house, case), by="petra")

    assert first == (Status.SORTING, "petra")
    assert notices == ["petra.holm@lillkommun.example"]
    assert now_of(house, case)["status"] == Status.CLOSED


def test_k10_the_answer_by_post_is_written_out_from_the_case() -> None:
    paper = document(
        "answer",
        service_name="Synpunkter",
        municipality="Kristianstads kommun",
        return_address="Synpunkter, 000 00 Kristianstad",
        recipient=("Sven Svensson", "Storgatan 1", "000 00 Lillby"),
        case_number="SYN-2026-000123",
        received_on=date(2026, 11, 23),
        written_on=date(2026, 11, 30),
        answer=(("Gungan är lagad.",),),
        explanation=(),
        handler=Person(name="Omar Dahl", title="enhetschef"),
        contact=None,
        phone="070-174 06 05",
        phone_hours="mån–fre 8–16",
    )

    assert "Gungan är lagad." in paper
    assert "SYN-2026-000123" in paper


@pytest.mark.parametrize("profile", ["landskrona", "tyreso", "gislaved", "kristianstad", "norrmalm"])
async def test_k22_every_receipt_says_that_it_becomes_an_official_document(
    make_house: Make, profile: str
) -> None:
    house = under(make_house, profile)

    await house.hear(an_inbound())

    assert "allmän handling" in house.acknowledgements()[0]["body"]


# Norrmalm


async def test_n4_an_answer_without_somebody_to_turn_to_is_refused_and_so_is_such_a_unit(
    make_house: Make,
) -> None:
    with pytest.raises(HouseError, match="saknar kontakt med namn, adress och telefon"):
        under(make_house, "norrmalm", units=tuple(replace(unit, contact=None) for unit in MANAGED))
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")
    answer(house, case, by="omar")

    body = house.outbox(purpose=Purpose.ANSWER)[0]["body"]
    assert all(part in body for part in ("Omar Dahl", "Torget 1, 123 45 Lillby", "070-174 06 05"))


async def test_n5_who_is_not_satisfied_goes_on_to_the_named_person_with_a_new_clock(make_house: Make) -> None:
    contact = replace(CONTACT, name="Petra Holm", handler="petra")
    house = under(make_house, "norrmalm", units=tuple(replace(unit, contact=contact) for unit in MANAGED))
    case = await a_case(house, by="omar")
    answer(house, case, by="omar")
    await house.deliver()
    house.clock.forward(days=2)
    sent = house.outbox(purpose=Purpose.ANSWER)[0]["external_id"]

    await house.hear(an_inbound(text="Jag är inte nöjd med svaret.", subject="Re: svar", in_reply_to=sent))

    now = now_of(house, case)
    days = [row["due_on"] for row in house.table("promises") if row["kind"] == "svar"]
    assert (now["status"], now["handler"]) == (Status.REOPENED, "petra")
    assert days == [date(2026, 12, 11), date(2026, 12, 15)]


def test_n6_a_unit_may_promise_more_and_never_less(make_house: Make) -> None:
    with pytest.raises(HouseError, match="lovar svar på 15 arbetsdagar, policyn på 14"):
        under(make_house, "norrmalm", units=tuple(replace(unit, answer_days=15) for unit in MANAGED))


async def test_n6_a_units_own_guarantee_is_what_its_senders_are_promised(make_house: Make) -> None:
    house = under(make_house, "norrmalm", units=tuple(replace(unit, answer_days=5) for unit in MANAGED))
    await house.hear(an_inbound())

    (promise,) = [row for row in house.table("promises") if row["kind"] == "svar"]
    assert promise["due_on"] == date(2026, 11, 30)
    assert promise["clause"] == "Gata och park, kvalitetsgaranti"


async def test_b23_a_school_answers_also_where_the_policy_promises_no_date(make_house: Make) -> None:
    schools = tuple(replace(unit, regulated="skola") if unit.id == "skola" else unit for unit in MANAGED)
    house = under(make_house, "landskrona", units=schools)
    await house.hear(an_inbound(text="Maten i skolan är kall.", subject="Skolan"))
    await house.hear(an_inbound())

    promises = [(row["case_id"], row["due_on"], row["clause"]) for row in house.table("promises")]
    assert [one for one in promises if one[0] == 1][-1][1:] == (date(2026, 12, 7), "skollagen 4 kap. 8 §")
    assert [row["kind"] for row in house.table("promises") if row["case_id"] == 2] == ["kvitto"]


async def test_n8_the_series_of_its_own_has_no_gaps_and_starts_anew_each_year(make_house: Make) -> None:
    house = under(make_house, "norrmalm")
    for number in range(3):
        await house.hear(an_inbound(text=f"Gungan nummer {number}."))
    house.clock.forward(days=60)
    await house.hear(an_inbound(text="Gungan igen.", received_at=house.clock.now))

    assert [case["number"] for case in house.cases()] == [
        "SYN-2026-000001",
        "SYN-2026-000002",
        "SYN-2026-000003",
        "SYN-2027-000001",
    ]


async def test_n9_what_we_sent_is_kept_with_time_road_and_outcome(make_house: Make) -> None:
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")
    answer(house, case, by="omar")
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert (letter["channel"], letter["state"], letter["case_id"]) == ("email", LetterState.SENT, case["id"])
    assert letter["sent_at"] == house.clock.now


async def test_n12_nothing_done_needs_reason_approval_and_delivery(make_house: Make) -> None:
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")
    with pytest.raises(IllegalActError, match="minst 20 tecken"):
        answer(house, case, by="omar", outcome=Outcome.NO_ACTION, explanation="Nej.")
    answer(house, case, by="omar", outcome=Outcome.NO_ACTION, explanation="Gungan ägs av en förening i byn.")
    with pytest.raises(IllegalActError):
        house.acts.give_back(**seen(house, case), by="omar")  # not delivered yet
    await house.deliver()
    house.acts.give_back(**seen(house, case), by="omar")
    with pytest.raises(IllegalActError, match="godkänna"):
        house.acts.close(**seen(house, case), by="rita")
    house.acts.approve(**seen(house, case), by="omar")
    house.acts.close(**seen(house, case), by="rita")

    assert now_of(house, case)["status"] == Status.CLOSED


def test_n13_the_form_of_measures_is_filled_from_the_case() -> None:
    facts = MeasureFormFacts(
        municipality="Norrmalm",
        case_number="SYN-2026-000123",
        unit="Gata och park",
        received_on=date(2026, 11, 23),
        kind=Kind.COMPLAINT,
        factor=Factor.SAFETY,
        outcome=Outcome.DONE,
        answered_on=date(2026, 11, 30),
        act_on=None,
        measure=(("Gungan är lagad.",),),
        improvement=(("Se över alla gungor.",),),
        handler=Person(name="Omar Dahl"),
    )

    form = document("measure_form", **facts)

    assert all(words in form for words in ("Gungan är lagad.", "Se över alla gungor.", "SYN-2026-000123"))


async def test_n16_what_is_written_goes_to_the_manager_and_the_registrator_knows(make_house: Make) -> None:
    house = under(make_house, "norrmalm")

    await house.hear(an_inbound())

    readers = {row["handle"] for row in house.outbox() if row["purpose"] != Purpose.ACKNOWLEDGEMENT}
    assert house.case()["handler"] == "omar"
    assert readers == {"omar.dahl@lillkommun.example", "rita.lund@lillkommun.example"}


async def test_n17_the_managers_own_mail_with_us_in_copy_is_the_answer(make_house: Make) -> None:
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")
    ours = house.identity.reply_address(case["id"])
    mail = a_mail(
        "Gungan lagas på fredag.",
        sender="Omar Dahl <omar.dahl@lillkommun.example>",
        to=SENDER,
        headers=[("Cc", ours)],
        subject="Sv: Trasig gunga",
    )

    await house.hear(an_inbound(raw=mail, envelope_from="omar.dahl@lillkommun.example", envelope_to=(ours,)))

    (kept,) = house.table("answers")
    assert (kept["way"], now_of(house, case)["status"]) == (Way.OWN_MAIL, Status.ANSWERED)
    assert [row["kept_at"] for row in house.table("promises") if row["kind"] == "svar"] != [None]


async def test_n18_an_answer_by_post_is_noted_and_stops_the_clock(make_house: Make) -> None:
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")

    answer(house, case, by="omar", way=Way.POST)

    assert now_of(house, case)["status"] == Status.ANSWERED
    assert [row["kept_at"] for row in house.table("promises") if row["kind"] == "svar"] == [house.clock.now]


@pytest.mark.parametrize(
    ("other_board", "status"), [(False, Status.AT_PROVIDER), (True, Status.AT_OTHER_BOARD)]
)
async def test_n20_n21_a_statement_is_asked_for_and_nothing_closes_before_it_is_here(
    make_house: Make, other_board: bool, status: Status
) -> None:
    house = under(make_house, "norrmalm")
    case = await a_case(house, by="omar")
    house.acts.ask_statement(
        **seen(house, case),
        of="Omsorg AB",
        question="Vad hände?",
        by="omar",
        address="svar@omsorg.example",
        other_board=other_board,
    )
    asked = now_of(house, case)
    (request,) = house.outbox(purpose=Purpose.STATEMENT_REQUEST)
    (told,) = house.outbox(purpose=Purpose.SENT_ON)
    with pytest.raises(IllegalActError):
        answer(house, case, by="omar")

    house.acts.record_statement(
        **seen(house, case),
        text="Gungan var beställd.",
        form=StatementForm.ORAL,
        measure="Den kommer i maj.",
        by="omar",
    )

    assert (asked["status"], asked["statement_due_on"]) == (status, date(2026, 11, 30))
    assert (request["handle"], told["handle"]) == ("svar@omsorg.example", SENDER)
    assert "gunga" not in request["body"].casefold()  # the sender's words stay in the case
    assert now_of(house, case)["status"] == Status.IN_PROGRESS


@pytest.mark.parametrize("profile", [name for name in profiles.names() if name != "standard"])
def test_every_policy_has_people_for_what_it_demands(make_house: Make, profile: str) -> None:
    house = under(make_house, profile)

    assert isinstance(house.work.house.policy, Profile)
    assert house.work.house.owners(house.work.house.units[0])


async def test_k17_r5_tells_of_the_cases_of_the_main_diary_beside_those_of_the_register(
    make_house: Make,
) -> None:
    house = under(make_house, "kristianstad")
    case = await a_case(house, by="omar")
    diary = read_diary(b"dnr;inkom;typ;faktor\nON 2026/7;2026-11-23;Klagom\xe5l;Mat\n", units={})
    asked = Asked(period=read("2026-K4"), today=NOW.date(), house=house.work.house, reader=None, diary=diary)

    with house.store.read() as transaction:
        made = make("R5", transaction, asked)

    assert [row[:2] for row in made.sheet.rows] == [("register", case["number"]), ("diarium", "ON 2026/7")]
