"""Who marks, who proposes, who protects, and what a case may be called (rows B13, B14, B15)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bots.desk.secrecy import Secrecy
from bots.desk.titles import register_title
from store import secrecy
from store.cases import StaleCaseError
from store.domain import Board, Outcome, Purpose, Status, Way
from store.engine import Row
from store.life import IllegalActError
from store.sight import Confidant, HiddenCaseError
from tests.bots.desk.test_acts import a_case, answer, now_of, seen
from tests.house import ANNA, OMAR, PETRA, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])  # what differs is tried in tests/store
MANAGED = tuple(replace(unit, managers=("petra",)) for unit in UNITS)
pytestmark = ON_SQLITE


def mark(house: House, case: Row, *, by: str = "rita", **more: Any) -> bool:
    told = {"paragraph": "26 kap. 1 § OSL", "authority": "Omsorgsnämnden", "why": "", "message_id": None}
    return Secrecy(acts=house.acts).mark(**seen(house, case), by=by, **(told | more))


def protect(house: House, case: Row, *, by: str = "rita", protected: bool = True) -> None:
    Secrecy(acts=house.acts).protect(**seen(house, case), protected=protected, by=by)


def retitle(house: House, case: Row, title: str, *, by: str = "rita", all_the_same: bool = False) -> None:
    Secrecy(acts=house.acts).retitle(**seen(house, case), title=title, all_the_same=all_the_same, by=by)


def cautions(house: House, case: Row) -> list[str]:
    with house.store.read() as transaction:
        return [one.words for one in secrecy.warnings(transaction, case["id"])]


async def test_b14_the_registrator_marks_and_a_handler_only_proposes(house: House) -> None:
    case = await a_case(house)

    proposed = mark(house, case, by="anna", paragraph="21 kap. 1 § OSL")
    before = cautions(house, case)
    set_at_once = mark(house, case)

    assert (proposed, before, set_at_once) == (False, [], True)
    assert cautions(house, case) == ["Sekretessmarkerat av Omsorgsnämnden 2026-11-23, 26 kap. 1 § OSL."]
    assert house.journal(case["id"])[-2:] == ["sekretessmarkering föreslagen", "sekretessmarkerat"]


async def test_b14_only_the_registrator_settles_what_was_proposed_and_lifts_what_was_set(
    house: House,
) -> None:
    case = await a_case(house)
    mark(house, case, by="anna")
    (row,) = house.table("secrecy_marks")
    desk = Secrecy(acts=house.acts)

    with pytest.raises(IllegalActError, match="registrator"):
        desk.settle(**seen(house, case), mark_id=row["id"], lifts=False, by="anna")
    untouched = house.table("secrecy_marks")
    desk.settle(**seen(house, case), mark_id=row["id"], lifts=False, by="rita")
    warned = cautions(house, case)
    desk.settle(**seen(house, case), mark_id=row["id"], lifts=True, by="rita")

    assert untouched == [row]
    assert (len(warned), cautions(house, case)) == (1, [])
    assert house.journal(case["id"])[-2:] == ["sekretessmarkerat", "sekretessmarkering hävd"]
    with pytest.raises(IllegalActError, match="Välj en markering"):
        desk.settle(**seen(house, case), mark_id=row["id"], lifts=True, by="rita")


async def test_b14_a_mark_closes_nothing_by_itself(house: House) -> None:
    case = await a_case(house)

    mark(house, case)

    assert all(house.work.house.may_read(who, now_of(house, case)) for who in ("rita", "anna"))


@pytest.mark.parametrize("wrong", [{"paragraph": " "}, {"authority": ""}, {"message_id": 4711}])
async def test_b14_a_mark_of_nothing_or_of_another_case_is_refused(
    house: House, wrong: dict[str, Any]
) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError):
        mark(house, case, **wrong)

    assert house.table("secrecy_marks") == []


async def test_b14_who_has_not_seen_the_last_change_marks_nothing(house: House) -> None:
    case = await a_case(house)
    told = seen(house, case)
    mark(house, case)

    with pytest.raises(StaleCaseError):
        Secrecy(acts=house.acts).protect(**told, protected=True, by="rita")

    assert now_of(house, case)["protected"] is False


async def test_b15_a_protected_sender_is_seen_by_the_registrator_and_the_handler_alone(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED, quality=("omar",))
    case = await a_case(house)
    everybody = ("rita", "anna", "petra", "omar")
    before = [who for who in everybody if house.work.house.may_read(who, now_of(house, case))]

    protect(house, case, by="anna")

    after = [who for who in everybody if house.work.house.may_read(who, now_of(house, case))]
    assert before == list(everybody)
    assert after == ["rita", "anna"]
    with pytest.raises(HiddenCaseError):
        house.acts.roles_in(case["id"], "petra")


@pytest.mark.parametrize(
    ("confidant", "readers", "handler"),
    [
        (Confidant.HANDLER, ["rita", "anna"], "anna"),
        (Confidant.MANAGER, ["rita", "petra"], "petra"),
        (Confidant.NOBODY, ["rita"], "rita"),
    ],
)
async def test_b15_the_other_role_is_a_setting_and_has_the_case_from_then_on(
    make_house: Make, confidant: Confidant, readers: list[str], handler: str
) -> None:
    house = make_house(units=MANAGED, confidant=confidant)
    case = await a_case(house)

    protect(house, case)

    row = now_of(house, case)
    people = ("rita", "anna", "petra", "omar")
    assert [who for who in people if house.work.house.may_read(who, row)] == readers
    assert row["handler"] == handler


async def test_b15_whoever_learns_of_it_hides_it_and_only_the_registrator_shows_it_again(
    house: House,
) -> None:
    case = await a_case(house)

    protect(house, case, by="anna")
    with pytest.raises(IllegalActError, match="registrator"):
        protect(house, case, by="anna", protected=False)
    still = now_of(house, case)["protected"]
    protect(house, case, protected=False)

    assert (still, now_of(house, case)["protected"]) == (True, False)
    assert house.journal(case["id"])[-2:] == ["skyddade personuppgifter", "skydd av personuppgifter hävt"]


async def test_b15_letters_that_wait_stop_at_once(make_house: Make) -> None:
    house = make_house(units=MANAGED)
    case = await a_case(house)
    answer(house, case)
    waiting = [row["purpose"] for row in house.outbox() if row["state"] == "väntar"]

    protect(house, case)
    await house.deliver()

    assert waiting == [Purpose.ANSWER]
    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert (letter["state"], letter["state_because"]) == ("hålls", "skyddade personuppgifter")


async def test_b15_who_may_not_know_the_sender_is_not_given_the_case(make_house: Make) -> None:
    house = make_house(units=MANAGED, confidant=Confidant.MANAGER)
    case = await a_case(house)
    protect(house, case)

    with pytest.raises(IllegalActError, match="skyddade personuppgifter"):
        house.acts.assign(**seen(house, case), handler=OMAR.id, by="rita")

    assert now_of(house, case)["handler"] == PETRA.id


async def test_b15_the_next_case_of_a_protected_sender_is_protected_from_the_first_moment(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED, confidant=Confidant.NOBODY)
    case = await a_case(house)
    protect(house, case)

    await house.hear(an_inbound(text="En helt annan sak: gatan är mörk.", subject="Lampor"))

    _, second = house.cases()
    told = [row["handle"] for row in house.outbox() if row["case_id"] == second["id"]]
    assert (second["protected"], second["handler"]) == (True, "rita")
    assert ANNA.email not in told
    assert SENDER in told


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Trasig gunga", "Trasig gunga"),
        ("Anna Svensson 811218-9876 behandlades illa", "Synpunkt om Boendemiljö, Gata och park"),
    ],
)
async def test_b13_a_case_is_called_by_its_subject_unless_that_tells_of_a_person(
    house: House, subject: str, expected: str
) -> None:
    await house.hear(an_inbound(subject=subject, text="Gungan i parken är trasig."))

    assert house.case()["title"] == expected
    assert house.messages()[0]["subject"] == subject


async def test_b13_a_title_that_tells_of_a_person_is_saved_only_when_somebody_says_that_it_may(
    house: House,
) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError) as refused:
        retitle(house, case, "Sven Svensson klagar på gungan")
    kept = now_of(house, case)["title"]
    retitle(house, case, "Sven Svensson klagar på gungan", all_the_same=True)
    told = now_of(house, case)

    assert "”Sven Svensson” (namn" in refused.value.missing[0]
    assert kept == "Trasig gunga"
    assert (told["title"], told["titled_by"]) == ("Sven Svensson klagar på gungan", "rita")
    line = house.table("journal")[-1]
    assert (line["act"], line["details"]) == ("ärendemening ändrad", {"trots": "namn"})


async def test_b13_only_the_registrator_words_a_title_and_it_is_journaled(house: House) -> None:
    case = await a_case(house)

    with pytest.raises(IllegalActError, match="registrator"):
        retitle(house, case, "Gungan i Ekparken", by="anna")
    retitle(house, case, "  Trasig   gunga i parken ")

    assert now_of(house, case)["title"] == "Trasig gunga i parken"
    assert house.journal(case["id"])[-1] == "ärendemening ändrad"


async def test_b13_in_the_register_a_title_of_old_has_nobody_in_it_unless_a_human_worded_it(
    house: House,
) -> None:
    case = await a_case(house)
    old = {**now_of(house, case), "title": "Sven Svensson, 070-1740605", "factor": "Trygghet"}

    assert register_title(old, house.work.house) == "Synpunkt om Trygghet, Gata och park"
    assert register_title({**old, "titled_by": "rita"}, house.work.house) == old["title"]


async def test_n8_b13_the_cases_of_a_board_are_numbered_in_its_own_series(make_house: Make) -> None:
    park, school = UNITS
    board = Board(id="bun", name="Barn- och utbildningsnämnden", series="BUN")
    house = make_house(units=(park, replace(school, board="bun")), boards={"bun": board})

    for number, text in enumerate(("Gungan i parken", "Läraren i skolan", "En gunga till", "Skolan igen")):
        await house.hear(an_inbound(text=f"{text} {number}", subject=f"Sak {number}"))

    numbers = [row["number"] for row in house.cases()]
    assert numbers == ["SYN-2026-000001", "BUN-2026-000001", "SYN-2026-000002", "BUN-2026-000002"]


async def test_l1_a_case_that_nobody_else_may_see_is_still_answered_by_the_registrator(
    make_house: Make,
) -> None:
    house = make_house(units=MANAGED, confidant=Confidant.NOBODY)
    case = await a_case(house)
    protect(house, case)

    house.acts.assign(**seen(house, case), handler="rita", by="rita")
    house.acts.answer(
        **seen(house, case), by="rita", text="Vi sade det i telefon.", outcome=Outcome.DONE, way=Way.PHONE
    )

    assert now_of(house, case)["status"] == Status.ANSWERED
