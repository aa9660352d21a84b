"""Tyresö, dnr 2014/KS 0387 (docs/policies/tyreso.md)."""

from datetime import date

import pytest

from store import profiles
from store.deadlines import watch
from store.domain import Kind
from tests.policies.promised import promised, reports

PROFILE = profiles.load("tyreso")


def test_t1_the_five_words_lead_to_a_type_and_an_åsikt_to_a_human() -> None:
    assert PROFILE.types == {
        "idé": "förslag",
        "beröm": "beröm",
        "klagomål": "klagomål",
        "åsikt": "övrig_åsikt",
        "förslag": "förslag",
    }


def test_t3_feedback_from_staff_is_kept_apart() -> None:
    assert PROFILE.internal.exclude
    assert PROFILE.internal.domains == ("tyreso.example",)


def test_t5_a_receipt_is_promised_within_a_minute() -> None:
    assert PROFILE.deadlines.receipt_seconds == 60
    assert PROFILE.clause("deadlines.receipt_seconds").endswith("Mottagningsbekräftelse")


@pytest.mark.parametrize("kind", [None, *Kind])
def test_t8_what_comes_on_the_friday_before_christmas_is_answered_by_the_eighth_of_january(
    kind: Kind | None,
) -> None:
    assert promised("tyreso", kind) == {"kvitto": date(2026, 12, 18), "svar": date(2027, 1, 8)}


def test_t9_the_handler_closes_and_the_clock_runs_until_then() -> None:
    assert PROFILE.workflow.close_by == "handler"
    assert PROFILE.deadlines.clock_covers == "closed"


def test_t10_the_reminder_goes_out_on_the_eleventh_working_day() -> None:
    due = promised("tyreso", Kind.COMPLAINT)["svar"]

    found = watch(due, PROFILE.watching)

    assert found.remind == date(2027, 1, 11)
    assert found.remind_before is None


def test_t11_the_manager_is_told_when_the_reminder_has_not_helped() -> None:
    found = watch(date(2027, 1, 8), PROFILE.watching)

    assert found.escalate == date(2027, 1, 14)
    assert found.escalate_next == date(2027, 1, 28)


def test_t15_reports_follow_the_plan_that_the_municipality_writes_in() -> None:
    assert reports("tyreso") == []


def test_t17_nobody_is_asked_how_it_was_until_the_municipality_wants_it() -> None:
    assert not PROFILE.workflow.survey
