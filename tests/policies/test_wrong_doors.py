"""What is no synpunkt, or not only one, from its arrival to who has it: scenarios 8, 11 and 12."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bots.desk.doors import Doors
from store import acts as store_acts
from store import cases, profiles
from store.domain import Door, Duty, Factor, Handler, Kind, Lane, Outcome, Purpose, Status
from store.engine import Row
from store.life import IllegalActError
from store.profiles.policy import Internal
from store.sight import HiddenCaseError
from tests.bots.desk.test_acts import answer, now_of, seen
from tests.house import (
    ANNA,
    NAME,
    NOW,
    OMAR,
    PEOPLE,
    REGISTRATOR,
    SENDER,
    UNITS,
    House,
    Scripted,
    a_suggestion,
    an_inbound,
)

Make = Callable[..., House]

DOORS = Doors(
    social_services="jouren@lillkommun.example",
    security="sakerhet@lillkommun.example",
    lex_sarah="lexsarah@lillkommun.example",
    data_protection_officer="dataskydd@lillkommun.example",
    main_diary="diariet@lillkommun.example",
    whistleblowing_url="https://lillkommun.example/visselblasning",
    fault_report_url="https://lillkommun.example/felanmalan",
)
MONA = Handler(id="mona", name="Mona Wik", title="förvaltningschef", email="mona.wik@lillkommun.example")
KIM = Handler(id="kim", name="Kim Lind", title="kvalitetschef", email="kim.lind@lillkommun.example")
STAFF = (*PEOPLE, MONA, KIM)
PARK, SCHOOL = UNITS
MANAGED = (
    replace(PARK, managers=("petra",), heads=("mona",)),
    replace(SCHOOL, managers=("mona",), regulated="skola"),
)
SECRET = "Barnen hos grannen på Storgatan 4 far illa."


def flagging(make_house: Make, *lanes: Lane, kind: Kind = Kind.COMPLAINT, **more: Any) -> House:
    """Open a house whose classifier sees these flags in every message."""
    parts = {"doors": DOORS, "people": STAFF, "units": MANAGED, "quality": ("kim",)} | more
    return make_house(suggester=Scripted(a_suggestion(kind, 0.95, lanes=lanes)), **parts)


def told(house: House) -> dict[str, list[str]]:
    """List the purposes of the letters to each reader but the sender."""
    found: dict[str, list[str]] = {}
    for row in house.outbox():
        if row["handle"] != SENDER:
            found.setdefault(row["handle"].partition("@")[0], []).append(row["purpose"])
    return found


def the_acknowledgement(house: House) -> str:
    (letter,) = house.acknowledgements()
    body: str = letter["body"]
    return body


# --- At arrival: letter, readers, and who may look.


@pytest.mark.parametrize(
    ("lane", "words", "readers"),
    [
        (Lane.APPEAL, "Det kan vara så att du vill överklaga ett beslut.", {}),
        (Lane.DOCUMENT_REQUEST, "Det kan vara så att du vill läsa en allmän handling.", {}),
        (Lane.DATA_PROTECTION, "Det kan gälla dina egna personuppgifter.", {"dataskydd": ["larm"]}),
        (Lane.WHISTLEBLOWING, "https://lillkommun.example/visselblasning", {}),
        (Lane.CONCERN_REPORT, "Är någon i fara just nu? Ring 112.", {"jouren": ["larm"]}),
        (Lane.EMERGENCY, "Är någon i fara just nu? Ring 112.", {"jouren": ["larm"]}),
        (Lane.THREAT, "Vi fick din synpunkt", {"sakerhet": ["larm"]}),
        (Lane.LEX_SARAH, "Vi beklagar", {"lexsarah": ["uppgift"]}),
    ],
)
async def test_c5_each_flag_has_its_letter_and_its_readers_and_a_human_sorts_it(
    make_house: Make, lane: Lane, words: str, readers: dict[str, list[str]]
) -> None:
    house = flagging(make_house, lane)

    await house.hear(an_inbound(text="Gungan. " + SECRET))

    assert words in the_acknowledgement(house)
    assert told(house) == readers | {"rita.lund": ["nytt_ärende"]}
    assert (house.case()["status"], house.case()["handler"]) == (Status.SORTING, "rita")
    # Row B20: mail is a postcard, whoever reads it.
    assert not any("grannen" in row["body"] or "grannen" in row["subject"] for row in house.outbox())


async def test_b27_social_services_are_told_on_a_sunday_night_with_an_hour_to_act(make_house: Make) -> None:
    house = flagging(make_house, Lane.CONCERN_REPORT, Lane.EMERGENCY)
    house.clock.now = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)

    await house.hear(an_inbound(text=SECRET, received_at=house.clock.now))

    (alarm,) = house.outbox(purpose=Purpose.ALARM)
    assert (alarm["handle"], alarm["state"]) == ("jouren@lillkommun.example", "sänt")
    assert alarm["subject"].startswith("BRÅDSKANDE: ")
    assert "Gör det senast söndag 22 november 2026 kl. 4.15." in alarm["body"]
    assert "Lämna det till: socialtjänsten" in alarm["body"]


async def test_an_alarm_is_not_held_by_the_guard_that_holds_notices(make_house: Make) -> None:
    house = flagging(make_house, Lane.EMERGENCY, per_handler_and_hour=1)

    for number in range(3):
        await house.hear(an_inbound(text=f"Hjälp {number}", subject=f"Hjälp {number}"))

    assert [row["state"] for row in house.outbox(purpose=Purpose.HANDLER_NOTICE)] == [
        "sänt",
        "hålls",
        "hålls",
    ]
    assert [row["state"] for row in house.outbox(purpose=Purpose.ALARM)] == ["sänt", "sänt", "sänt"]


async def test_without_addresses_the_registrator_alone_is_told_and_has_the_lex_sarah_task(
    make_house: Make,
) -> None:
    house = flagging(make_house, Lane.LEX_SARAH, Lane.EMERGENCY, doors=Doors())

    await house.hear(an_inbound())

    assert told(house) == {"rita.lund": ["nytt_ärende", "uppgift"]}


@pytest.mark.parametrize(
    ("lane", "eyes"),
    [
        (Lane.NAMED_EMPLOYEE, {"rita", "kim", "petra"}),
        (Lane.THREAT, {"rita", "kim", "petra"}),
        (Lane.CONCERN_REPORT, {"rita", "kim"}),  # has no unit before a human says that it is a synpunkt
        (Lane.WHISTLEBLOWING, {"rita"}),
        (Lane.APPEAL, {person.id for person in STAFF}),
    ],
)
async def test_n2_b27_b28_a_restricted_case_is_for_few_eyes(
    make_house: Make, lane: Lane, eyes: set[str]
) -> None:
    house = flagging(make_house, lane)

    await house.hear(an_inbound())

    case, town = house.case(), house.work.house
    assert {person.id for person in STAFF if town.may_be_told(person.id, case)} == eyes
    for person in STAFF:
        if person.id not in eyes:
            with pytest.raises(HiddenCaseError):
                house.acts.confirm(
                    **seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by=person.id
                )
            with pytest.raises(IllegalActError):
                house.acts.assign(**seen(house, case), handler="anna", by=person.id)


async def test_praise_by_name_is_seen_by_all_and_bars_nobody(make_house: Make) -> None:
    house = flagging(make_house, Lane.NAMED_EMPLOYEE, kind=Kind.PRAISE)

    await house.hear(an_inbound(text="Tack Anna Ek för den fina gungan!"))

    case = house.case()
    assert (case["handler"], case["restricted"], case["barred"]) == ("anna", False, [])


async def test_a_registrator_can_lift_what_a_flag_has_hidden(make_house: Make) -> None:
    house = flagging(make_house, Lane.WHISTLEBLOWING)
    await house.hear(an_inbound())

    house.acts.restrict(**seen(house, house.case()), restricted=False, by="rita")

    assert house.work.house.may_be_told("omar", house.case())
    with pytest.raises(IllegalActError, match="Det görs av chef eller registrator"):
        house.acts.restrict(**seen(house, house.case()), restricted=True, by="omar")


# --- Row B6: nobody judges what is about themselves.


@pytest.mark.parametrize(
    ("text", "barred", "handler"),
    [
        ("Gungan är trasig.", [], "anna"),
        ("Anna Ek svarade inte om gungan.", ["anna"], "petra"),
        ("Anna Ek och parkchef Holm struntar i gungan.", ["anna", "petra"], "mona"),
        ("Anna Ek, Petra Holm och Mona Wik struntar i gungan.", ["anna", "petra", "mona"], "kim"),
        ("Anna struntar i gungan.", [], "anna"),
    ],
)
async def test_b6_who_is_named_never_has_the_case_and_the_next_level_does(
    make_house: Make, text: str, barred: list[str], handler: str
) -> None:
    house = flagging(make_house)

    await house.hear(an_inbound(text=text))

    case = house.case()
    assert (case["barred"], case["handler"], case["status"]) == (barred, handler, Status.ASSIGNED)
    assert not any(house.work.house.may_be_told(one, case) for one in barred)
    (notice,) = house.outbox(purpose=Purpose.HANDLER_NOTICE)
    assert notice["handle"] == house.work.house.person(handler).email


async def test_b6_a_colleague_goes_before_the_manager_and_a_barred_ones_substitute_is_not_asked(
    make_house: Make,
) -> None:
    shared = replace(MANAGED[0], handlers=("anna", "omar"), managers=("mona",))
    house = flagging(make_house, units=(shared, MANAGED[1]))

    await house.hear(an_inbound(text="Anna Ek svarade inte om gungan."))  # Petra stands in for Anna

    assert house.case()["handler"] == "omar"


async def test_b6_a_complaint_about_the_registrator_is_sorted_by_somebody_else(make_house: Make) -> None:
    house = flagging(make_house, Lane.WHISTLEBLOWING)

    await house.hear(an_inbound(text="Registrator Lund gömmer handlingar."))

    case = house.case()
    assert (case["handler"], case["status"]) == ("kim", Status.SORTING)
    assert [one.id for one in STAFF if house.work.house.may_be_told(one.id, case)] == ["kim"]


async def test_scenario_12_a_complaint_naming_the_handler_is_for_chef_registrator_and_quality(
    make_house: Make,
) -> None:
    house = flagging(make_house, Lane.NAMED_EMPLOYEE)

    await house.hear(an_inbound(text="Anna Ek var otrevlig om gungan."))

    case, town = house.case(), house.work.house
    assert {one.id for one in STAFF if town.may_be_told(one.id, case)} == {"rita", "kim", "petra"}
    with house.store.read() as transaction:
        assert cases.page(transaction, reader=town.reader("anna")) == []
        assert cases.counts(transaction, reader=town.reader("anna")) == {}
        assert cases.counts(transaction) == {"sortering": 1}
    with pytest.raises(IllegalActError, match="rör honom eller henne själv"):
        house.acts.assign(**seen(house, case), handler="anna", by="rita")


async def test_b6_a_human_bars_the_handler_and_the_case_goes_on_to_the_next(make_house: Make) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())
    case = house.case()

    house.acts.bar(**seen(house, case), person="anna", by="anna")  # FL 18 §: says so herself
    await house.deliver()

    given = now_of(house, case)
    assert (given["barred"], given["handler"], given["status"]) == (["anna"], "petra", Status.ASSIGNED)
    assert [row["handle"] for row in house.outbox(purpose=Purpose.HANDLER_NOTICE)] == [
        ANNA.email,
        "petra.holm@lillkommun.example",
    ]
    (named,) = house.outbox(purpose=Purpose.HANDLER_NAMED)
    assert (named["handle"], "Petra Holm" in named["body"]) == (SENDER, True)
    assert "jäv" in house.journal(case["id"])
    with pytest.raises(IllegalActError):
        answer(house, given, by="anna")
    with pytest.raises(IllegalActError, match="Det görs av chef eller registrator"):
        house.acts.unbar(**seen(house, given), person="anna", by="anna")
    house.acts.unbar(**seen(house, given), person="anna", by="rita")
    assert now_of(house, case)["barred"] == []


async def test_b6_who_is_barred_and_does_not_have_the_case_changes_nothing_else(make_house: Make) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())

    house.acts.bar(**seen(house, house.case()), person="omar", by="rita")

    assert (house.case()["handler"], house.case()["barred"]) == ("anna", ["omar"])
    assert len(house.outbox(purpose=Purpose.HANDLER_NOTICE)) == 1


async def test_l1_a_message_that_names_everybody_is_still_opened_by_the_registrator(make_house: Make) -> None:
    house = flagging(make_house)

    await house.hear(an_inbound(text=", ".join(one.name for one in STAFF) + " gör inget åt gungan."))

    case = house.case()
    assert case["barred"] == [one.id for one in STAFF if one != REGISTRATOR]
    assert [one.id for one in STAFF if house.work.house.may_be_told(one.id, case)] == ["rita"]
    assert told(house) == {"rita.lund": [Purpose.HANDLER_NOTICE]}


async def test_l1_the_last_who_may_open_a_case_can_not_be_barred(make_house: Make) -> None:
    house = flagging(make_house, people=(REGISTRATOR, OMAR), units=UNITS[1:], quality=())
    await house.hear(an_inbound(text="Skolan är kall."))
    house.acts.bar(**seen(house, house.case()), person="omar", by="omar")

    with pytest.raises(IllegalActError, match="Då kan ingen längre öppna ärendet"):
        house.acts.bar(**seen(house, house.case()), person="rita", by="rita")

    assert (house.case()["barred"], house.case()["handler"]) == (["omar"], "rita")


async def test_b6_who_sorts_instead_of_the_registrator_can_do_all_that_sorting_asks(make_house: Make) -> None:
    house = flagging(make_house, Lane.WHISTLEBLOWING)
    await house.hear(an_inbound(text="Registrator Lund gömmer handlingar."))
    case = house.case()
    assert (case["handler"], case["barred"]) == ("kim", ["rita"])

    house.acts.hand_over(
        **seen(house, case), door=Door.WHISTLEBLOWING, to="visselblåsarfunktionen", by="kim", reason=""
    )
    house.acts.take_back(**seen(house, now_of(house, case)), by="kim", reason="Det hör hit.")
    house.acts.assign(**seen(house, now_of(house, case)), handler="mona", by="kim")

    assert (now_of(house, case)["handler"], now_of(house, case)["status"]) == ("mona", Status.ASSIGNED)


async def test_b33_who_stands_in_for_the_registrator_sorts_as_they_do(make_house: Make) -> None:
    away = replace(REGISTRATOR, substitute="omar", absent=((NOW.date(), NOW.date()),))
    house = flagging(make_house, Lane.APPEAL, people=(away, *STAFF[1:]))
    await house.hear(an_inbound(text="Jag överklagar beslutet."))
    case = house.case()
    assert (case["handler"], case["status"]) == ("omar", Status.SORTING)

    with pytest.raises(IllegalActError):
        house.acts.hand_over(**seen(house, case), door=Door.APPEAL, to="nämnden", by="anna", reason="")
    house.acts.hand_over(**seen(house, case), door=Door.APPEAL, to="nämnden", by="omar", reason="")

    assert now_of(house, case)["status"] == Status.HANDED_OVER


async def test_b6_n12_where_the_manager_is_barred_the_level_above_approves_that_nothing_is_done(
    make_house: Make,
) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound(text="Petra Holm vill inte laga gungan."))
    case = house.case()
    assert (case["handler"], case["barred"]) == ("anna", ["petra"])

    why = "Parken byggs om helt nästa år, och då byts gungan."
    answer(house, case, outcome=Outcome.NO_ACTION, explanation=why)
    await house.deliver()

    asked = [row["handle"] for row in house.outbox(purpose=Purpose.TASK)]
    assert asked == [MONA.email]
    with pytest.raises(IllegalActError):
        house.acts.approve(**seen(house, now_of(house, case)), by="petra")
    house.acts.approve(**seen(house, now_of(house, case)), by="mona")


async def test_b6_whoever_is_barred_in_a_closed_case_hears_nothing_more_of_it(make_house: Make) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())
    case = house.case()
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna")
    answer(house, now_of(house, case))
    await house.deliver()
    house.acts.close(**seen(house, now_of(house, case)), by="anna")
    house.acts.bar(**seen(house, now_of(house, case)), person="anna", by="rita")
    to = house.identity.reply_address(case["id"])

    await house.hear(
        an_inbound(text="Det var Anna som hade sönder den.", to=to, envelope_to=(to,), subject="Sv")
    )

    assert now_of(house, case)["handler"] == "anna"  # it can still be seen who answered
    (notice,) = house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)
    assert notice["handle"] == "petra.holm@lillkommun.example"


async def test_b28_a_whistleblower_who_writes_later_is_read_by_the_registrator_alone(
    make_house: Make,
) -> None:
    says = Scripted(a_suggestion(), said={"mutor": a_suggestion(lanes=(Lane.WHISTLEBLOWING,))})
    house = make_house(suggester=says, people=STAFF, units=MANAGED, quality=("kim",))
    await house.hear(an_inbound())
    case = house.case()
    assert case["handler"] == "anna"
    to, letters = house.identity.reply_address(case["id"]), len(house.outbox())

    await house.hear(an_inbound(text="Det är mutor bakom.", to=to, envelope_to=(to,), subject="Sv"))

    sealed = now_of(house, case)
    assert (sealed["handler"], sealed["status"]) == ("rita", Status.ASSIGNED)
    assert [one.id for one in STAFF if house.work.house.may_be_told(one.id, sealed)] == ["rita"]
    assert [row["handle"] for row in house.outbox()[letters:]] == [REGISTRATOR.email]
    assert "till registratorn" in house.journal(case["id"])


async def test_n2_who_may_not_open_a_restricted_case_is_not_told_to_stand_in_for_its_handler(
    make_house: Make,
) -> None:
    stood_in = (replace(MANAGED[0], managers=("mona",), heads=()), MANAGED[1])
    house = flagging(make_house, units=stood_in)
    await house.hear(an_inbound())
    house.acts.restrict(**seen(house, house.case()), restricted=True, by="rita")
    assert ANNA.substitute == "petra"

    house.clock.forward(days=4)
    house.watch.once()

    readers = {row["handle"] for row in house.outbox(purpose=Purpose.ALARM)}
    assert readers == {MONA.email}


# --- Handed over, and taken back.


DOOR_WORDS = [
    (Door.APPEAL, "Det är ett överklagande av ett beslut."),
    (Door.DOCUMENT_REQUEST, "Du vill läsa en allmän handling."),
    (Door.CONCERN_REPORT, "Ring 112."),
    (Door.DATA_PROTECTION, "Det gäller dina egna personuppgifter."),
    (Door.WHISTLEBLOWING, "https://lillkommun.example/visselblasning"),
    (Door.FAULT_REPORT, "https://lillkommun.example/felanmalan"),
    (Door.OTHER_AUTHORITY, "Vi har inte skickat det vidare."),
    (Door.INTERNAL, "Du skriver som anställd hos oss."),
    (Door.OTHER, "Vi har lämnat ditt meddelande till nämnden."),
]


@pytest.mark.parametrize(("door", "words"), DOOR_WORDS)
async def test_l4_what_is_handed_over_is_told_once_keeps_r_and_is_in_no_figure(
    make_house: Make, door: Door, words: str
) -> None:
    house = flagging(make_house, Lane.APPEAL)
    await house.hear(an_inbound())
    case = house.case()

    house.acts.hand_over(**seen(house, case), door=door, to="nämnden", by="rita", reason="fel dörr")
    await house.deliver()

    given = now_of(house, case)
    assert (given["status"], given["door"], given["handed_to"]) == (Status.HANDED_OVER, door, "nämnden")
    assert given["received_at"] == case["received_at"]
    (letter,) = house.outbox(purpose=Purpose.HANDED_OVER)
    assert (letter["handle"], letter["state"]) == (SENDER, "sänt")
    assert words in letter["body"]

    house.acts.take_back(**seen(house, case), by="rita", reason="en synpunkt ändå")
    house.acts.hand_over(**seen(house, case), door=door, to="nämnden", by="rita", reason="fel dörr")
    assert len(house.outbox(purpose=Purpose.HANDED_OVER)) == 1


async def test_what_is_taken_back_is_a_case_again_with_its_promises(make_house: Make) -> None:
    house = flagging(make_house, Lane.APPEAL)
    await house.hear(an_inbound())
    case, promised = house.case(), house.promises(house.case()["id"])
    house.acts.hand_over(**seen(house, case), door=Door.APPEAL, to="nämnden", by="rita", reason="")

    house.acts.take_back(**seen(house, case), by="rita", reason="ingen ville överklaga")

    back = now_of(house, case)
    assert (back["status"], back["door"], back["handed_to"]) == (Status.SORTING, "", "")
    assert (back["received_at"], house.promises(case["id"])) == (case["received_at"], promised)


async def test_a_duplicate_is_told_where_the_answer_comes_and_gets_it_as_well(
    make_house: Make,
) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())
    await house.hear(
        an_inbound(subject="Gungan igen", sender="Eva Ny <eva@example.org>", envelope_from="eva@example.org")
    )
    original, again = house.cases()
    house.acts.to_sorting(**seen(house, again), by="anna", reason="samma gunga")

    house.acts.duplicate(**seen(house, again), original_id=original["id"], by="rita")
    answer(house, original)
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.DUPLICATE)
    assert letter["handle"] == "eva@example.org"
    assert f"du får svar i {original['number']}" in letter["body"]
    assert SENDER not in letter["body"]
    assert NAME not in letter["body"]
    first, second = house.outbox(purpose=Purpose.ANSWER)
    assert (first["handle"], second["handle"]) == (SENDER, "eva@example.org")  # C1: both have the answer
    assert again["number"] in second["subject"] + second["body"]
    assert SENDER not in second["body"]
    assert NAME not in second["body"]


# --- Scenario 8: an appeal that a server took for spam.


def the_appeal(house: House) -> Any:
    text = "Jag överklagar beslut 2026-11-02 dnr BN 2026/17."
    late = datetime(2026, 11, 23, 22, 57, tzinfo=UTC)  # 23.57 in Stockholm, on the last day
    house.clock.now = late
    top = "X-Spam: Yes\r\nReceived: from x by mx.lillkommun.example; Mon, 23 Nov 2026 22:57:00 +0000\r\n"
    return an_inbound(text=text, subject="Överklagande", received_at=late, on_top=top)


async def test_scenario_8_the_registrator_is_alarmed_and_m09_goes_when_it_is_released(
    make_house: Make,
) -> None:
    house = flagging(make_house, Lane.APPEAL)

    await house.hear(mail := the_appeal(house))
    case = house.case()
    alarmed, thanked = told(house), house.acknowledgements()
    house.clock.forward(hours=9)
    house.acts.release(**seen(house, case), by="rita")
    await house.deliver()

    released = now_of(house, case)
    assert case["status"] == Status.QUARANTINED
    assert (alarmed, thanked) == ({"rita.lund": ["larm"]}, [])
    assert (released["status"], released["received_at"]) == (Status.SORTING, mail.received_at)
    body = " ".join(the_acknowledgement(house).split())
    assert "Ditt meddelande kom in måndag 23 november 2026 kl. 23.57." in body
    assert not any(word in body for word in ("för sent", "i tid", "avvisa"))
    assert [row["data"] for row in house.table("blobs")] == [mail.raw]


async def test_scenario_8_what_is_about_a_childs_life_reaches_social_services_through_the_spam_rule(
    make_house: Make,
) -> None:
    house = flagging(make_house, Lane.CONCERN_REPORT)

    await house.hear(the_appeal(house))
    quarantined = told(house)
    house.acts.release(**seen(house, house.case()), by="rita")

    assert quarantined == {"rita.lund": ["larm"], "jouren": ["larm"]}
    assert told(house) == {"rita.lund": ["larm", "nytt_ärende"], "jouren": ["larm"]}


async def test_an_ordinary_spam_mail_alarms_nobody(make_house: Make) -> None:
    house = flagging(make_house, Lane.SPAM, Lane.FAULT_REPORT)

    await house.hear(the_appeal(house))

    assert house.case()["status"] == Status.QUARANTINED
    assert told(house) == {}


# --- A later message in a case.


async def test_a_flag_in_a_later_message_hides_the_case_and_tells_whom_it_concerns_once(
    make_house: Make,
) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound(message_id="<m1@example.org>"))
    assert isinstance(house.suggester, Scripted)
    house.suggester.otherwise = a_suggestion(Kind.COMPLAINT, 0.9, lanes=(Lane.THREAT, Lane.LEX_SARAH))

    for number in range(2):
        await house.hear(an_inbound(text=f"Jag ska {number}", references=["<m1@example.org>"]))

    case = house.case()
    assert (case["restricted"], case["handler"], case["lanes"]) == (True, "anna", ["hot", "lex_sarah"])
    assert (told(house)["sakerhet"], told(house)["lexsarah"]) == (["larm"], ["uppgift"])
    assert store_acts.unticked(case) == ("lex_sarah",)
    assert not house.work.house.may_be_told("omar", case)


# --- Internal, and supervisors.


def strict(**internal: Any) -> Any:
    return profiles.load("standard").model_copy(update={"internal": Internal(**internal)})


async def test_t3_an_employee_is_sorted_by_a_human_and_never_rejected(make_house: Make) -> None:
    policy = strict(domains=("lillkommun.example",), exclude=True)
    house = flagging(make_house, policy=policy)
    mail: dict[str, Any] = {
        "sender": "Bo <bo@skola.lillkommun.example>",
        "envelope_from": "bo@skola.lillkommun.example",
    }

    await house.hear(an_inbound(**mail))
    await house.hear(an_inbound(subject="Utifrån"))

    inside, outside = house.cases()
    assert (inside["status"], inside["routed_because"]) == (Status.SORTING, "misstänkt intern")
    assert (outside["status"], outside["handler"]) == (Status.ASSIGNED, "anna")
    assert len(house.acknowledgements()) == 2
    house.acts.hand_over(**seen(house, inside), door=Door.INTERNAL, to="din chef", by="rita", reason="")
    assert now_of(house, inside)["status"] == Status.HANDED_OVER


async def test_t3_where_the_policy_does_not_exclude_them_employees_are_like_others(make_house: Make) -> None:
    house = flagging(make_house, policy=strict(domains=("lillkommun.example",), exclude=False))

    await house.hear(an_inbound(sender="Bo <bo@lillkommun.example>", envelope_from="bo@lillkommun.example"))

    assert house.case()["status"] == Status.ASSIGNED


async def test_k14_a_letter_from_a_supervisor_is_sorted_and_the_main_diary_told(make_house: Make) -> None:
    house = flagging(make_house)

    await house.hear(an_inbound(sender="IVO <reg@ivo.se>", envelope_from="reg@ivo.se"))

    case = house.case()
    assert (case["status"], case["unit"]) == (Status.SORTING, "")
    assert case["routed_because"] == "från tillsynsmyndighet (Inspektionen för vård och omsorg)"
    assert told(house)["diariet"] == ["larm"]


# --- Checklists: rows N19, B23, K15, and the diary, K13.


async def ready_to_close(house: House) -> Row:
    """Bring the only case to where it is answered, with all that closing asks for but the checklist."""
    case = house.case()
    if case["status"] == Status.SORTING:
        house.acts.assign(**seen(house, case), handler="anna", unit="park", by="rita")
    house.acts.confirm(**seen(house, case), kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="rita")
    answer(house, case, by=now_of(house, case)["handler"], outcome=Outcome.DONE)
    await house.deliver()
    return now_of(house, case)


async def test_n19_a_lex_sarah_case_is_answered_but_not_closed_before_somebody_has_pondered_it(
    make_house: Make,
) -> None:
    house = flagging(make_house, Lane.LEX_SARAH)
    await house.hear(an_inbound())
    case = await ready_to_close(house)

    with pytest.raises(IllegalActError, match="Kryssa av det som står kvar i ärendets checklista"):
        house.acts.close(**seen(house, case), by="anna")
    house.acts.tick(**seen(house, case), item=Duty.LEX_SARAH, by="anna", note="Prövat, inget att rapportera")
    house.acts.close(**seen(house, case), by="anna")

    closed = now_of(house, case)
    assert closed["status"] == Status.CLOSED
    assert closed["checklist"] == {
        "lex_sarah": {
            "by": "anna",
            "at": "2026-11-23T09:30:00+00:00",
            "note": "Prövat, inget att rapportera",
        }
    }
    assert not any("Prövat" in str(line["details"]) for line in house.table("journal"))


async def test_b23_bullying_in_a_school_stays_an_answered_complaint_and_rektor_is_told(
    make_house: Make,
) -> None:
    house = flagging(make_house)

    await house.hear(an_inbound(text="Min dotter blir mobbad i skolan.", subject="Skolan"))

    case = house.case()
    assert (case["unit"], case["handler"], case["status"]) == ("skola", "omar", Status.ASSIGNED)
    assert told(house) == {"omar.dahl": ["nytt_ärende"], "mona.wik": ["uppgift"]}
    (task,) = house.outbox(purpose=Purpose.TASK)
    assert "Rektor anmäler det till huvudmannen" in task["body"]
    assert store_acts.unticked(case) == ("kränkning",)


async def test_k15_a_human_demands_the_journal_and_the_manager_is_told(make_house: Make) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())
    case = house.case()

    house.acts.demand(**seen(house, case), item=Duty.JOURNAL, by="anna")

    (task,) = house.outbox(purpose=Purpose.TASK)
    assert (task["handle"], task["subject"]) == (
        "petra.holm@lillkommun.example",
        f"{case['number']}, ska in i en journal",
    )
    case = await ready_to_close(house)
    with pytest.raises(IllegalActError, match="checklista"):
        house.acts.close(**seen(house, case), by="anna")
    house.acts.tick(**seen(house, case), item=Duty.JOURNAL, by="petra")
    house.acts.close(**seen(house, case), by="anna")
    with pytest.raises(IllegalActError, match="Öppna ärendet igen först"):
        house.acts.demand(**seen(house, case), item=Duty.LEX_SARAH, by="anna")


async def test_only_what_is_demanded_can_be_ticked_and_only_by_who_has_a_part_in_the_case(
    make_house: Make,
) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())

    with pytest.raises(IllegalActError, match="Det står inte i checklistan"):
        house.acts.tick(**seen(house, house.case()), item=Duty.JOURNAL, by="anna")
    with pytest.raises(IllegalActError, match="Det görs av"):
        house.acts.demand(**seen(house, house.case()), item=Duty.JOURNAL, by="omar")


async def test_k13_a_serious_case_is_told_to_the_registrator_until_it_has_its_number(
    make_house: Make,
) -> None:
    house = flagging(make_house)
    await house.hear(an_inbound())

    house.acts.note_down(**seen(house, house.case()), by="anna", serious=True)
    house.acts.note_down(**seen(house, house.case()), by="anna", serious=True)

    (task,) = house.outbox(purpose=Purpose.TASK)
    assert (task["handle"], "ska diarieföras" in task["subject"]) == (REGISTRATOR.email, True)


# --- Scenario 11: one mail each.


async def test_scenario_11_each_lands_where_it_should_and_only_bullying_is_a_synpunkt(
    make_house: Make,
) -> None:
    house = flagging(make_house, policy=strict(domains=("lillkommun.example",), exclude=True))
    assert isinstance(house.suggester, Scripted)
    house.suggester.said = {
        "grannen": a_suggestion(lanes=(Lane.CONCERN_REPORT,)),
        "gatlampan": a_suggestion(lanes=(Lane.FAULT_REPORT,)),
        "ta del av": a_suggestion(lanes=(Lane.DOCUMENT_REQUEST,)),
    }
    mails: tuple[dict[str, Any], ...] = (
        {"text": "Begäran om yttrande", "sender": "reg@ivo.se"},
        {"text": SECRET},
        {"text": "Den trasiga gatlampan i parken"},
        {"text": "Jag vill ta del av protokollet."},
        {"text": "Våra löner", "sender": "bo@lillkommun.example"},
        {"text": "Min son blir mobbad i skolan."},
    )
    for mail in mails:
        sender = mail.get("sender", SENDER)
        await house.hear(an_inbound(**mail, subject=mail["text"][:20], envelope_from=sender))

    assert [(row["status"], row["handler"], row["restricted"]) for row in house.cases()] == [
        (Status.SORTING, "rita", False),
        (Status.SORTING, "rita", True),
        (Status.ASSIGNED, "anna", False),
        (Status.SORTING, "rita", False),
        (Status.SORTING, "rita", False),
        (Status.ASSIGNED, OMAR.id, False),
    ]
    assert "Ring 112." in house.acknowledgements()[1]["body"]
    doors = (Door.SUPERVISOR, Door.CONCERN_REPORT, Door.FAULT_REPORT, Door.DOCUMENT_REQUEST, Door.INTERNAL)
    lamp = house.cases()[2]
    house.acts.to_sorting(**seen(house, lamp), by="anna", reason="felanmälan")
    for case, door in zip(house.cases(), doors, strict=False):
        house.acts.hand_over(**seen(house, case), door=door, to="rätt mottagare", by="rita", reason="")
    assert [row["id"] for row in house.cases() if row["status"] != Status.HANDED_OVER] == [6]
