"""What people do to a case, from the answer to the end, and what the sender and the handler get to read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bots.channel import PermanentFailure
from store import cases, profiles
from store.domain import (
    Contact,
    Door,
    Factor,
    Kind,
    LetterState,
    Outcome,
    Purpose,
    StatementForm,
    Status,
    Way,
)
from store.engine import Row
from store.life import IllegalActError
from tests.bots.desk.test_threads import a_report
from tests.house import ANNA, NOW, OMAR, PETRA, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]

CONTACT = Contact(name="Rita Lund", address="Torget 1, 123 45 Lillby", phone="070-174 06 05", handler="rita")
NAMED = tuple(replace(unit, contact=CONTACT, managers=("omar",)) for unit in UNITS)
TEXT = "Gungan är lagad sedan i går.\n\nHälsa barnen att den håller nu."
WHY_NOT = "Gungan ägs av en förening, och vi har talat med den."


async def a_case(house: House, **mail: Any) -> Row:
    """Let a complaint come in, and confirm what it is."""
    await house.hear(an_inbound(**mail))
    case = house.cases()[-1]
    house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )
    return now_of(house, case)


def now_of(house: House, case: Row) -> Row:
    return next(row for row in house.cases() if row["id"] == case["id"])


def seen(house: House, case: Row) -> dict[str, Any]:
    """Return what a page sends along: which case, and the version that was looked at."""
    return {"case_id": case["id"], "version": now_of(house, case)["version"]}


def answer(house: House, case: Row, *, by: str = "anna", **more: Any) -> None:
    told: dict[str, Any] = {"text": TEXT, "outcome": Outcome.DONE}
    house.acts.answer(**seen(house, case), by=by, **(told | more))


def the_answer(house: House) -> Row:
    return house.outbox(purpose=Purpose.ANSWER)[-1]


def answer_promises(house: House) -> list[tuple[date, datetime | None]]:
    return [(row["due_on"], row["kept_at"]) for row in house.table("promises") if row["kind"] == "svar"]


async def come_back(house: House, letter: Row) -> None:
    await house.hear(a_report(to=house.identity.bounce_address(letter["id"])))


async def test_t9_an_answer_is_one_when_it_is_delivered_and_then_the_case_can_be_closed(
    house: House,
) -> None:
    case = await a_case(house)

    answer(house, case, measure="Lagat gungan", improvement="Se över gungorna varje vår")
    written = now_of(house, case)["status"]
    await house.deliver()
    answered = now_of(house, case)["status"]
    house.acts.close(**seen(house, case), by="anna")

    (row,) = house.table("answers")
    closed = now_of(house, case)
    assert (written, answered, closed["status"]) == (Status.IN_PROGRESS, Status.ANSWERED, Status.CLOSED)
    assert answer_promises(house) == [(date(2026, 12, 7), NOW)]
    assert (row["measure"], row["improvement"]) == ("Lagat gungan", "Se över gungorna varje vår")
    assert (closed["closed_at"], closed["received_at"]) == (NOW, NOW)
    assert [act for act in house.journal(case["id"]) if act != "brev sänt"][-4:] == [
        "börja handlägga",
        "svara",
        "svaret är framme",
        "avsluta",
    ]


async def test_the_answer_goes_in_the_thread_and_names_the_handler_and_whom_to_turn_to(
    make_house: Make,
) -> None:
    house = make_house(units=NAMED)
    case = await a_case(house, message_id="<m1@example.org>")

    answer(house, case)
    await house.deliver()

    letter = house.letter(the_answer(house))
    assert (letter.recipient.handle, letter.in_reply_to) == (SENDER, "<m1@example.org>")
    assert "Vi beklagar det du har varit med om." in letter.body
    assert "\nGungan är lagad sedan i går.\n\nHälsa barnen att den håller nu.\n" in letter.body
    assert "Kontakta Rita Lund:\nTorget 1, 123 45 Lillby\n070-174 06 05\n" in letter.body
    assert "\nAnna Ek, enhetschef\n" in letter.body


@pytest.mark.parametrize("is_closed", [False, True])
async def test_an_answer_that_comes_back_is_told_and_the_case_goes_on_by_its_first_date(
    house: House, is_closed: bool
) -> None:
    case = await a_case(house)
    answer(house, case)
    await house.deliver()
    if is_closed:
        house.acts.close(**seen(house, case), by="anna")

    await come_back(house, the_answer(house))

    assert now_of(house, case)["status"] == Status.IN_PROGRESS
    assert answer_promises(house) == [(date(2026, 12, 7), None)]
    (told,) = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert told["handle"] == ANNA.email


async def test_an_answer_that_no_channel_takes_leaves_the_case_in_progress(house: House) -> None:
    case = await a_case(house)
    house.memory.failures.append(PermanentFailure("550 okänd mottagare"))

    answer(house, case)
    await house.deliver()

    assert the_answer(house)["state"] == LetterState.FAILED
    assert now_of(house, case)["status"] == Status.IN_PROGRESS
    with pytest.raises(IllegalActError):
        house.acts.close(**seen(house, case), by="anna")


async def test_n12_no_action_says_why_and_waits_for_the_manager(make_house: Make) -> None:
    house = make_house(units=NAMED)
    case = await a_case(house)
    with pytest.raises(IllegalActError, match="Förklara med minst 20 tecken"):
        answer(house, case, outcome=Outcome.NO_ACTION, explanation="För dyrt")

    answer(house, case, outcome=Outcome.NO_ACTION, explanation=WHY_NOT)
    await house.deliver()
    with pytest.raises(IllegalActError, match="Be ansvarig chef godkänna"):
        house.acts.close(**seen(house, case), by="anna")
    house.acts.approve(**seen(house, case), by="omar")
    house.acts.close(**seen(house, case), by="anna")

    assert WHY_NOT in house.letter(the_answer(house)).body
    assert now_of(house, case)["status"] == Status.CLOSED


async def test_an_answer_that_is_refused_leaves_the_case_untouched(house: House) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError, match="vilken dag"):
        answer(house, case, outcome=Outcome.LATER)

    assert now_of(house, case) == case
    assert house.outbox(purpose=Purpose.ANSWER) == []


async def test_a_stranger_to_the_unit_may_not_answer_but_a_substitute_may(house: House) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError, match="Det görs av chef eller handläggare"):
        answer(house, case, by=OMAR.id)
    answer(house, case, by=PETRA.id)

    assert "\nPetra Holm, parkchef\n" in the_answer(house)["body"]


async def test_n5_who_is_not_satisfied_gets_the_named_person_and_a_new_date(make_house: Make) -> None:
    house = make_house(units=NAMED)
    case = await a_case(house)
    answer(house, case)
    await house.deliver()
    house.acts.close(**seen(house, case), by="anna")
    house.clock.now = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)

    house.acts.reopen(**seen(house, case), by="anna", reason="gungan är trasig igen")
    reopened = now_of(house, case)
    answer(house, case, by="rita", text="Nu har vi bytt hela gungan.")
    await house.deliver()

    assert (reopened["status"], reopened["handler"], reopened["closed_at"]) == (
        Status.REOPENED,
        "rita",
        None,
    )
    assert reopened["received_at"] == NOW
    assert answer_promises(house) == [
        (date(2026, 12, 7), NOW),
        (date(2026, 12, 30), house.clock.now),
    ]
    assert now_of(house, case)["status"] == Status.ANSWERED


async def test_a_reply_to_a_closed_case_is_a_proposal_to_the_handler_and_no_more(house: House) -> None:
    case = await a_case(house)
    answer(house, case)
    await house.deliver()
    house.acts.close(**seen(house, case), by="anna")

    await house.hear(
        an_inbound(
            text="Gungan är trasig igen.",
            subject="Re: Svar",
            in_reply_to=the_answer(house)["external_id"],
            references=[the_answer(house)["external_id"]],
        )
    )

    (told,) = house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)
    assert "öppna ärendet igen om avsändaren inte är nöjd" in told["body"].replace("\n", " ")
    assert [row["status"] for row in house.cases()] == [Status.CLOSED]


async def test_n20_a_case_is_not_closed_before_the_provider_has_told_what_happened(house: House) -> None:
    case = await a_case(house)
    house.acts.ask_statement(
        **seen(house, case),
        of="Omsorg Exempel AB",
        address="chef@omsorg.example",
        question="Vad hände i måndags?",
        by="anna",
    )
    await house.deliver()
    asked = now_of(house, case)

    told: dict[str, Any] = {"by": "anna", "version": asked["version"], "measure": "En reservbil."}
    with pytest.raises(IllegalActError, match="För in redogörelsen"):
        house.acts.record_statement(case["id"], " ", form=StatementForm.MAIL, **told)
    with pytest.raises(IllegalActError, match="Välj om den kom med mejl eller muntligt"):
        house.acts.record_statement(case["id"], "Bilen gick sönder.", form=None, **told)
    with pytest.raises(IllegalActError, match="Skriv vad den som redogör har gjort"):
        whole = {**told, "measure": " "}
        house.acts.record_statement(case["id"], "Bilen gick sönder.", form=StatementForm.MAIL, **whole)
    house.acts.record_statement(case["id"], "Bilen gick sönder.", form=StatementForm.MAIL, **told)

    (letter,) = house.outbox(purpose=Purpose.STATEMENT_REQUEST)
    assert (letter["handle"], letter["state"]) == ("chef@omsorg.example", LetterState.SENT)
    assert "Vad hände i måndags?" in letter["body"]
    assert "Gungan vid lekplatsen" not in letter["body"]
    assert (asked["status"], asked["statement_due_on"]) == (Status.AT_PROVIDER, date(2026, 11, 30))
    here = now_of(house, case)
    assert (here["status"], here["statement"]) == (Status.IN_PROGRESS, "Bilen gick sönder.")
    assert (here["statement_form"], here["statement_measure"]) == (StatementForm.MAIL, "En reservbil.")


async def test_n20_what_comes_later_is_put_to_the_statement_by_who_has_the_case(house: House) -> None:
    case = await a_case(house)
    with pytest.raises(IllegalActError, match="För in redogörelsen"):
        house.acts.complete_statement(**seen(house, case), measure="Ny bil.", told_on=None, by="anna")
    house.acts.ask_statement(**seen(house, case), of="Omsorg AB", question="Vad hände?", by="anna")
    told: dict[str, Any] = {"form": StatementForm.ORAL, "measure": "Inget än.", "by": "anna"}
    house.acts.record_statement(**seen(house, case), text="Bilen gick sönder.", **told)
    day = NOW.date()

    for wrong in (day - timedelta(days=1), day + timedelta(days=1)):
        with pytest.raises(IllegalActError, match="tidigast 2026-11-23 och senast i dag"):
            house.acts.complete_statement(**seen(house, case), measure="Ny bil.", told_on=wrong, by="anna")
    with pytest.raises(IllegalActError, match="Skriv vad"):
        house.acts.complete_statement(**seen(house, case), measure="", told_on=day, by="anna")
    with pytest.raises(IllegalActError, match="Det görs av"):
        house.acts.complete_statement(**seen(house, case), measure="Ny bil.", told_on=day, by="omar")
    house.acts.complete_statement(**seen(house, case), measure="Ny bil.", told_on=day, by="anna")

    found = now_of(house, case)
    assert (found["statement_measure"], found["statement_told_on"]) == ("Ny bil.", day)
    assert house.journal(case["id"])[-1] == "redogörelse kompletterad"


async def test_n20_what_one_has_told_is_kept_when_another_is_asked(house: House) -> None:
    case = await a_case(house)
    told: dict[str, Any] = {"form": StatementForm.ORAL, "by": "anna"}
    for of, text in (("Omsorg AB", "Bilen gick sönder."), ("Norra nämnden", "Vi hade ingen bil.")):
        house.acts.ask_statement(**seen(house, case), of=of, question="Vad hände?", by="anna")
        house.acts.record_statement(**seen(house, case), text=text, measure="Ny bil.", **told)

    assert now_of(house, case)["statement"] == (
        "Vi hade ingen bil.\n\nTidigare redogörelse av Omsorg AB, 2026-11-23:\nBilen gick sönder.\nNy bil."
    )


async def test_n21_another_board_can_be_asked_in_a_call(house: House) -> None:
    case = await a_case(house)

    house.acts.ask_statement(
        **seen(house, case), of="Norra nämnden", question="", by="anna", other_board=True
    )

    assert now_of(house, case)["status"] == Status.AT_OTHER_BOARD
    assert house.outbox(purpose=Purpose.STATEMENT_REQUEST) == []


async def test_k12_where_medborgarcenter_closes_the_handler_gives_the_case_back(make_house: Make) -> None:
    policy = profiles.load("standard")
    workflow = policy.workflow.model_copy(
        update={"require_tjansteanteckning": True, "close_by": "registrator"}
    )
    house = make_house(units=NAMED, policy=policy.model_copy(update={"workflow": workflow}))
    case = await a_case(house)
    strict = house.acts
    answer(house, case, way=Way.PHONE)

    with pytest.raises(IllegalActError, match="Skriv tjänsteanteckningen"):
        strict.give_back(**seen(house, case), by="anna")
    strict.note_down(**seen(house, case), by="anna", service_note="Gungan är lagad.")
    with pytest.raises(IllegalActError, match="Lämna ärendet åter"):
        strict.close(**seen(house, case), by="anna")
    strict.give_back(**seen(house, case), by="anna")
    strict.close(**seen(house, case), by="rita")

    assert now_of(house, case)["status"] == Status.CLOSED


async def test_what_came_by_the_wrong_door_is_sorted_and_handed_over(house: House) -> None:
    case = await a_case(house)

    house.acts.to_sorting(**seen(house, case), by="anna", reason="kan vara ett överklagande")
    with pytest.raises(IllegalActError, match="Skriv vem som har fått ärendet"):
        house.acts.hand_over(**seen(house, case), door=Door.APPEAL, to="", by="rita", reason="")
    house.acts.hand_over(**seen(house, case), door=Door.APPEAL, to="byggnadsnämnden", by="rita", reason="")

    given = now_of(house, case)
    assert (given["status"], given["handed_to"]) == (Status.HANDED_OVER, "byggnadsnämnden")


async def test_a_duplicate_is_tied_to_its_original(house: House) -> None:
    original = await a_case(house)
    again = await a_case(house, subject="Gungan igen", text="Gungan är fortfarande trasig.")

    house.acts.to_sorting(**seen(house, again), by="anna", reason="samma gunga")
    house.acts.duplicate(**seen(house, again), original_id=original["id"], by="rita")

    tied = now_of(house, again)
    assert (tied["status"], tied["refers_to"]) == (Status.DUPLICATE, original["id"])


async def test_an_answer_in_finnish_is_framed_in_finnish(house: House) -> None:
    case = await a_case(house)
    with house.store.write() as transaction:
        cases.note(transaction, case["id"], language="fi")

    answer(house, case, text="Keinu on korjattu.")

    assert "Etkö ole tyytyväinen vastaukseen?" in the_answer(house)["body"]
