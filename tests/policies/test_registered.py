"""What is said, or comes on paper, is a case like any other: the rows of five policies, on the desk."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bots.web.form import Filled, faults
from bots.web.register import Filled as Registered
from bots.web.register import faults as faults_of_registered
from bots.web.register import inbound
from store import profiles
from store.domain import Address, Factor, Kind, Outcome, Purpose, Source, Status
from tests.bots.desk.test_acts import now_of, seen
from tests.house import NOW, OMAR, PETRA, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]

MANAGED = tuple(replace(unit, managers=("petra",)) for unit in UNITS)


async def register(house: House, *, recorder: str = "anna", **filled: str) -> None:
    """Take something down as the page does, and let the desk have it."""
    typed = {
        "source": "telefon",
        "day": "2026-11-20",
        "time": "14:05",
        "by": "Karin Berg",
        "text": f"Gungan är trasig ({filled.get('source', 'telefon')}).",
    }
    whole = Registered(**(typed | filled))
    assert faults_of_registered(whole, house.clock()) == {}
    await house.hear(inbound(whole, [], ticket=json.dumps(filled), recorder=recorder, roads=("email",)))


@pytest.mark.parametrize("source", [one for one in Source if one is not Source.WEB])
async def test_l6_n1_each_source_is_a_case_of_its_own_and_none_may_be_left_out(
    house: House, source: Source
) -> None:
    await register(house, source=source)

    assert house.case()["source"] == source
    assert faults_of_registered(Registered(source=""), NOW)["source"] == "empty"


async def test_g3_all_the_policy_s_ways_in_end_as_one_case_each(house: House) -> None:
    for source in ("brev", "blankett", "telefon", "sociala_medier", "besök"):
        await register(house, source=source)
    await house.hear(an_inbound())

    assert Counter(case["source"] for case in house.cases()) == Counter(
        ["brev", "blankett", "telefon", "sociala_medier", "besök", "e-post"]
    )


async def test_g5_what_comes_by_itself_needs_no_step_by_hand_and_has_its_source(house: House) -> None:
    await house.hear(an_inbound())

    case = house.case()
    assert (case["source"], case["status"], case["taken_by"]) == ("e-post", Status.ASSIGNED, "")
    assert len(house.acknowledgements()) == 1


async def test_g7_b8_the_talk_is_r_and_who_took_it_down_and_when_it_was_registered_are_kept(
    house: House,
) -> None:
    await register(house)

    case = house.case()
    assert (case["taken_by"], case["opened_at"]) == ("Karin Berg", NOW)
    assert NOW - case["received_at"] == timedelta(days=2, hours=20, minutes=25)
    assert faults_of_registered(Registered(by=""), NOW)["by"] == "empty"


@pytest.mark.parametrize("recorder", ["anna", "omar", "petra", "rita"])
async def test_g18_n7_anybody_who_works_here_may_register(house: House, recorder: str) -> None:
    await register(house, recorder=recorder)

    assert house.case()["status"] == Status.ASSIGNED


async def test_l18_g18_what_is_solved_where_it_arises_is_a_case_that_counts_and_can_be_closed(
    house: House,
) -> None:
    await register(house, recorder="petra", measure="Skruvade fast gungan")

    case = house.case()
    assert (case["status"], case["handler"]) == (Status.ANSWERED, "petra")
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="petra")
    house.acts.close(**seen(house, case), by="petra")
    assert now_of(house, case)["status"] == Status.CLOSED
    assert [row["outcome"] for row in house.table("answers")] == [Outcome.DONE]


async def test_k1_a_paper_form_is_registered_with_its_words_and_thanked_for_by_mail(house: House) -> None:
    await register(house, recorder="rita", source="blankett", email=SENDER)

    assert house.case()["title"] == "Gungan är trasig (blankett)."
    assert [row["handle"] for row in house.acknowledgements()] == [SENDER]


@pytest.mark.parametrize("wish", ["namn", "kontakt"])
def test_k23_who_wants_an_answer_must_leave_an_address_and_nobody_else(wish: str) -> None:
    assert faults(Filled(text="Hej", level=wish)) == {"email": "empty"}
    assert faults(Filled(text="Hej", level="anonym")) == {}


@pytest.mark.parametrize("category", ["företag", "förening", "samverkanspart"])
async def test_k24_the_sender_s_category_can_be_told_and_counted(house: House, category: str) -> None:
    await register(house, category=category)
    await register(house, text="Utan kategori")

    assert Counter(case["sender_category"] for case in house.cases()) == {category: 1, "": 1}


@pytest.mark.parametrize(("profile", "readers"), [("landskrona", [PETRA.email]), ("norrmalm", [PETRA.email])])
async def test_n10_l6_the_manager_hears_of_what_was_said_aloud(
    make_house: Make, profile: str, readers: list[str]
) -> None:
    workflow = profiles.load(profile).workflow
    standard = profiles.load("standard")
    policy = standard.model_copy(
        update={"workflow": standard.workflow.model_copy(update={"oral_notify": workflow.oral_notify})}
    )
    house = make_house(policy=policy, units=MANAGED)

    await register(house)

    assert [row["handle"] for row in house.outbox(purpose=Purpose.TASK)] == readers


async def test_t14_an_employee_sends_in_what_a_citizen_wrote_and_the_citizen_is_the_sender(
    house: House,
) -> None:
    await house.hear(an_inbound(sender=f"Omar Dahl <{OMAR.email}>"))
    case = house.case()

    house.acts.on_behalf(
        **seen(house, case),
        sender=Address(channel="email", handle=SENDER),
        name="Sven Svensson",
        received_at=NOW - timedelta(days=3),
        by="anna",
    )
    await house.deliver()

    after = now_of(house, case)
    assert (after["sender_handle"], after["received_at"]) == (SENDER, NOW - timedelta(days=3))
    assert [row["handle"] for row in house.acknowledgements()] == [OMAR.email, SENDER]
