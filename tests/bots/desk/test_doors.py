"""The table of wrong doors: letters, clocks, supervisors, and what is told although it lies in quarantine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.desk import doors
from bots.desk.doors import DOORS, LANES, Doors, Told
from store.deadlines import STOCKHOLM, why_closed
from store.domain import Automatic, Clock, Door, Duty, Kind, Lane, Status, Verdict
from templates import facts_of

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: EARLIEST + timedelta(minutes=minutes))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def a_case(*lanes: Lane, **columns: Any) -> dict[str, Any]:
    return {
        "lanes": list(lanes),
        "status": Status.SORTING,
        "received_at": at("2026-11-23 10:30"),
        "quarantined_because": "",
    } | columns


def test_every_flag_and_every_door_has_its_row_and_its_letters_are_written() -> None:
    assert set(LANES) == set(Lane)
    assert set(DOORS) == set(Door)
    letters = {rule.acknowledgement for rule in LANES.values()} | {out.letter for out in DOORS.values()}
    assert all(facts_of(letter) for letter in letters - {""})


def test_the_page_for_the_jurist_has_a_line_for_every_flag_door_and_duty() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "doors.md").read_text(encoding="utf-8")

    assert [one for one in (*Lane, *Door, *Duty) if f"\n| {one} | " not in page] == []


@pytest.mark.parametrize(
    ("lanes", "letter"),
    [
        ((Lane.APPEAL, Lane.EMERGENCY), "citizen_acknowledgement_urgent"),
        ((Lane.CONCERN_REPORT,), "citizen_acknowledgement_urgent"),
        ((Lane.DATA_PROTECTION, Lane.APPEAL), "citizen_acknowledgement_appeal"),
        ((Lane.DATA_PROTECTION, Lane.DOCUMENT_REQUEST), "citizen_acknowledgement_document_request"),
        ((Lane.WHISTLEBLOWING, Lane.DATA_PROTECTION), "citizen_acknowledgement_data_protection"),
        ((Lane.WHISTLEBLOWING,), "citizen_acknowledgement_whistleblowing"),
        ((Lane.LEX_SARAH, Lane.THREAT, Lane.FAULT_REPORT), ""),
        ((), ""),
    ],
)
def test_c5_4_danger_comes_before_every_other_acknowledgement(lanes: tuple[Lane, ...], letter: str) -> None:
    assert doors.acknowledgement(lanes) == letter


@pytest.mark.parametrize(
    ("received", "by"),
    [
        ("2026-11-23 10:30", "2026-11-23 23:59"),  # a Monday morning
        ("2026-11-23 12:00", "2026-11-24 23:59"),
        ("2026-11-23 23:57", "2026-11-24 23:59"),
        ("2026-11-20 15:00", "2026-11-23 23:59"),  # Friday afternoon: Monday
        ("2026-11-21 09:00", "2026-11-23 23:59"),  # Saturday
        ("2026-12-24 09:00", "2026-12-28 23:59"),  # julafton is no working day
    ],
)
def test_an_appeal_is_handed_over_the_same_working_day(received: str, by: str) -> None:
    assert doors.due(Lane.APPEAL, at(received)) == at(by)
    assert doors.due(Door.DOCUMENT_REQUEST, at(received)) == at(by)


def test_the_municipalitys_own_closed_day_moves_the_end_of_the_day() -> None:
    closed = [at("2026-11-23 00:00").date()]

    assert doors.due(Lane.FAULT_REPORT, at("2026-11-23 10:30"), closed) == at("2026-11-24 23:59")


def test_b27_danger_has_an_hour_also_on_christmas_night() -> None:
    night = at("2026-12-24 23:40")

    for lane in (Lane.EMERGENCY, Lane.CONCERN_REPORT, Lane.THREAT):
        assert doors.due(lane, night) == at("2026-12-25 00:40")


@pytest.mark.parametrize(
    ("received", "by"), [("2027-01-31 10:00", "2027-02-28 23:59"), ("2026-12-15 10:00", "2027-01-15 23:59")]
)
def test_a_request_for_ones_own_data_has_a_month(received: str, by: str) -> None:
    assert doors.due(Lane.DATA_PROTECTION, at(received)) == at(by)


def test_a_question_and_a_whistleblower_have_no_time_to_be_handed_over_in() -> None:
    assert doors.due(Lane.QUESTION, at("2026-11-23 10:30")) is None
    assert doors.due(Lane.WHISTLEBLOWING, at("2026-11-23 10:30")) is None


@given(MOMENTS)
def test_the_same_working_day_ends_on_a_working_day_that_is_today_or_the_next(received_at: datetime) -> None:
    by = doors.same_day(received_at).astimezone(STOCKHOLM).date()
    received_on = received_at.astimezone(STOCKHOLM).date()

    assert why_closed(by) == ""
    between = [received_on + timedelta(days=n) for n in range(1, (by - received_on).days)]
    assert by >= received_on
    assert all(why_closed(day) for day in between)


def test_a_flagged_case_has_a_clock_for_each_flag_until_a_human_has_sorted_it() -> None:
    case = a_case(Lane.APPEAL, Lane.CONCERN_REPORT, Lane.QUESTION)

    assert doors.open_clocks(case) == [
        (Clock.HAND_OVER, "orosanmälan", at("2026-11-23 11:30"), Told.SOCIAL_SERVICES),
        (Clock.HAND_OVER, "överklagande", at("2026-11-23 23:59"), Told.REGISTRATOR),
    ]
    for status in set(Status) - {Status.RECEIVED, Status.SORTING, Status.QUARANTINED}:
        assert doors.open_clocks(case | {"status": status}) == []


@pytest.mark.parametrize(
    ("because", "turns"),
    [
        ("skräppost enligt servern framför oss", ["orosanmälan", "överklagande"]),
        ("massutskick: list-id", ["orosanmälan"]),
    ],
)
def test_in_quarantine_only_what_life_or_law_hang_on_has_a_clock(because: str, turns: list[str]) -> None:
    lanes = (Lane.APPEAL, Lane.CONCERN_REPORT, Lane.FAULT_REPORT)
    case = a_case(*lanes, status=Status.QUARANTINED, quarantined_because=because)

    assert [one.turn for one in doors.open_clocks(case)] == turns


@pytest.mark.parametrize("automatic", [Automatic.BOUNCE, Automatic.OWN_LOOP, Automatic.DISPOSITION])
def test_what_a_server_reports_of_our_own_letters_alarms_nobody(automatic: Automatic) -> None:
    spam = {Verdict.SPAM}

    assert doors.heard_in_quarantine([Lane.EMERGENCY], verdicts=spam, automatic=None) == (Lane.EMERGENCY,)
    assert doors.heard_in_quarantine([Lane.EMERGENCY], verdicts=spam, automatic=automatic) == ()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("registrator@ivo.se", "Inspektionen för vård och omsorg"),
        ("Registrator@IVO.SE", "Inspektionen för vård och omsorg"),
        ("no-reply@mail.jo.se", "Riksdagens ombudsmän"),
        ("beo@skolinspektionen.se", "Skolinspektionen"),
        ("patientnamnden@region.example", "Patientnämnden"),
        ("svar@patientnamndensthlm.example", "Patientnämnden"),
        ("sven@vivo.se", ""),
        ("sven@ivo.se.example.org", ""),
        ("ivo.se@example.org", ""),
        ("", ""),
    ],
)
def test_k14_a_supervisor_is_known_by_its_domain(address: str, name: str) -> None:
    assert doors.authority(address) == name


def test_praise_by_name_is_no_flag_and_shows_the_case_to_all() -> None:
    lanes = [Lane.NAMED_EMPLOYEE]

    assert doors.is_restricted(lanes)
    assert not doors.is_restricted(lanes, kind=Kind.PRAISE)


def test_just_the_flags_that_the_rows_name_make_a_case_restricted() -> None:
    assert {lane for lane in Lane if doors.is_restricted([lane])} == {
        Lane.EMERGENCY,
        Lane.CONCERN_REPORT,
        Lane.THREAT,
        Lane.WHISTLEBLOWING,
        Lane.NAMED_EMPLOYEE,
    }


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("Min son blir mobbad varje dag.", True),
        ("Läraren kränkte henne inför klassen.", True),
        ("De trakasserar min dotter.", True),
        ("De andra fryser alltid ut henne.", True),
        ("He is bullied at school.", True),
        ("Lapset kiusaavat häntä, hän on kiusattu.", True),
        ("Maten är kall.", False),
        ("Vi fryser i klassrummet och går ut.", False),
        ("Bulle på fredag, tack.", False),
    ],
)
def test_b23_words_of_bullying_demand_that_rektor_knows_in_a_school_alone(text: str, is_so: bool) -> None:
    def wanted(**given: Any) -> tuple[Duty, ...]:
        return doors.demanded((), text, **({"regulated": "skola", "kind": None} | given))

    assert wanted() == ((Duty.VIOLATION,) if is_so else ())
    assert wanted(regulated="sol") == ()
    assert wanted(kind=Kind.PRAISE) == ()


def test_discrimination_in_a_school_and_lex_sarah_anywhere_are_demanded_by_their_flags() -> None:
    lanes = (Lane.DISCRIMINATION, Lane.LEX_SARAH)

    assert doors.demanded(lanes, "", regulated="skola", kind=None) == (Duty.LEX_SARAH, Duty.VIOLATION)
    assert doors.demanded(lanes, "", regulated="", kind=None) == (Duty.LEX_SARAH,)


def test_whoever_has_no_address_is_told_by_nobody_and_a_door_without_a_page_has_no_link() -> None:
    told = Doors(social_services="jour@lillkommun.example", fault_report_url="https://example.org/fel")

    assert told.address(Told.SOCIAL_SERVICES) == "jour@lillkommun.example"
    assert told.address(Told.SECURITY) == ""
    assert (told.link(Door.FAULT_REPORT), told.link(Door.DAMAGES)) == ("https://example.org/fel", "")
