"""Gislaved, KF 2013-03-27 (docs/policies/gislaved.md)."""

from datetime import date

import pytest

from store import profiles
from store.domain import Kind
from tests.policies.promised import promised, reports

PROFILE = profiles.load("gislaved")


def test_g1_a_synpunkt_is_a_suggestion_praise_or_an_opinion_that_a_human_sorts() -> None:
    assert PROFILE.types == {
        "klagomål": "klagomål",
        "synpunkt (förslag)": "förslag",
        "synpunkt (beröm)": "beröm",
        "synpunkt (övrig)": "övrig_åsikt",
    }


def test_g2_no_word_for_a_suggestion_leads_to_a_complaint() -> None:
    assert [word for word, kind in PROFILE.types.items() if kind == "klagomål"] == ["klagomål"]


def test_g6_mail_is_registered_by_itself_which_is_sooner_than_the_policy_asks() -> None:
    assert PROFILE.workflow.email_registration == "auto"
    assert PROFILE.roles.triage == "registrator"


@pytest.mark.parametrize(
    ("received", "by"),
    [
        ("2026-12-18T15:00", date(2026, 12, 22)),
        ("2026-11-21T09:00", date(2026, 11, 24)),
        ("2026-04-01T09:00", date(2026, 4, 7)),
    ],
)
def test_g9_the_handler_is_named_within_two_working_days(received: str, by: date) -> None:
    assert promised("gislaved", Kind.COMPLAINT, received)["första_återkoppling"] == by


@pytest.mark.parametrize("kind", [None, *Kind])
def test_g11_what_was_done_is_told_within_seven_working_days(kind: Kind | None) -> None:
    assert promised("gislaved", kind)["svar"] == date(2027, 1, 4)


def test_g11_an_answer_on_the_way_does_not_stop_the_clock() -> None:
    assert not PROFILE.deadlines.interim_stops_clock


def test_g12_a_handler_is_appointed_within_a_working_day() -> None:
    assert PROFILE.deadlines.assign_within_days == 1


def test_g14_the_year_is_reported_in_january() -> None:
    assert reports("gislaved") == [("R3", "year", "01-31", ("kommunstyrelsen",))]


def test_g19_no_more_than_two_questions_are_asked() -> None:
    assert PROFILE.workflow.max_followup_questions == 2


def test_g22_the_service_is_called_tyck_till() -> None:
    assert PROFILE.service_name == "Tyck till"
