"""Where the five policies contradict each other, and how the profiles settle it (rows X1-X20)."""

from datetime import date

from store import profiles
from store.domain import Kind
from tests.policies.promised import promised

NAMES = ("landskrona", "tyreso", "gislaved", "kristianstad", "norrmalm")
PROFILES = {name: profiles.load(name) for name in NAMES}


def test_x1_each_policy_has_its_own_days_until_the_answer() -> None:
    assert {name: profile.days.complaint for name, profile in PROFILES.items()} == {
        "landskrona": None,
        "tyreso": 10,
        "gislaved": 7,
        "kristianstad": 10,
        "norrmalm": 14,
    }


def test_x2_only_gislaved_promises_first_feedback_and_all_send_a_receipt() -> None:
    assert [name for name in NAMES if PROFILES[name].days.first_feedback] == ["gislaved"]
    assert [name for name in NAMES if "kvitto" not in promised(name, None)] == []


def test_x3_the_manager_answers_in_two_of_them() -> None:
    assert [name for name in NAMES if PROFILES[name].roles.handler_is == "chef"] == [
        "kristianstad",
        "norrmalm",
    ]


def test_x4_who_confirms_the_proposal_is_a_setting() -> None:
    assert [PROFILES[name].roles.triage for name in NAMES] == [
        "none",
        "none",
        "registrator",
        "medborgarcenter",
        "none",
    ]


def test_x5_who_closes_is_a_setting() -> None:
    assert [PROFILES[name].workflow.close_by for name in NAMES] == [
        "handler",
        "handler",
        "handler",
        "triage",
        "registrator",
    ]


def test_x6_every_local_word_leads_to_one_of_the_three_or_to_a_human() -> None:
    for profile in PROFILES.values():
        assert set(Kind) <= set(profile.types.values()) <= {*Kind, "övrig_åsikt"}


def test_x7_what_goes_to_the_main_diary_is_a_setting() -> None:
    assert [PROFILES[name].registration.export_to_diary for name in NAMES] == [
        "none",
        "none",
        "none",
        "serious",
        "redogörelse",
    ]


def test_x9_who_is_wholly_anonymous_can_fetch_the_answer_with_a_code() -> None:
    assert all(profile.anonymity.fetch_code for profile in PROFILES.values())


def test_x10_mail_becomes_a_case_by_itself_everywhere() -> None:
    assert {profile.workflow.email_registration for profile in PROFILES.values()} == {"auto"}


def test_x11_somebody_is_reminded_everywhere() -> None:
    assert {(one.reminders.after_days, one.reminders.escalate_after_days) for one in PROFILES.values()} == {
        (0, 3)
    }


def test_x12_praise_has_days_of_its_own() -> None:
    assert (PROFILES["kristianstad"].days.complaint, PROFILES["kristianstad"].days.praise) == (10, None)


def test_x13_the_stricter_reading_holds_the_answer_itself_comes_within_ten_days() -> None:
    assert promised("kristianstad", Kind.SUGGESTION)["svar"] == date(2027, 1, 8)


def test_x14_an_answer_on_the_way_stops_no_clock() -> None:
    assert not any(profile.deadlines.interim_stops_clock for profile in PROFILES.values())


def test_x15_each_policy_has_its_own_reports() -> None:
    assert {name: [one.id for one in PROFILES[name].reports] for name in NAMES} == {
        "landskrona": ["R1", "R2", "R3"],
        "tyreso": [],
        "gislaved": ["R3"],
        "kristianstad": ["R5", "R6"],
        "norrmalm": ["R4", "R3"],
    }


def test_x16_the_clock_starts_when_it_came_in_also_at_night_and_on_a_sunday() -> None:
    late, sunday = (promised("tyreso", None, at)["svar"] for at in ("2026-11-20T23:59", "2026-11-22T03:00"))

    assert late == sunday == date(2026, 12, 4)


def test_x17_only_norrmalm_demands_a_person_to_turn_to() -> None:
    assert [name for name in NAMES if PROFILES[name].workflow.further_contact_required] == ["norrmalm"]


def test_x18_only_tyreso_keeps_its_own_staff_apart() -> None:
    assert [name for name in NAMES if PROFILES[name].internal.exclude] == ["tyreso"]


def test_x19_nobody_publishes() -> None:
    assert not any(profile.registration.publish for profile in PROFILES.values())


def test_x20_what_is_said_aloud_goes_to_the_registrator_or_the_manager() -> None:
    assert [PROFILES[name].workflow.oral_notify for name in NAMES] == [
        "chef",
        "registrator",
        "registrator",
        "registrator",
        "chef",
    ]
