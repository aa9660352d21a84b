"""Kristianstads omsorgsförvaltning (docs/policies/kristianstad.md)."""

from datetime import date

import pytest

from store import profiles
from store.domain import Kind
from tests.policies.promised import promised, reports

PROFILE = profiles.load("kristianstad")


def test_k3_nothing_is_published() -> None:
    assert not PROFILE.registration.publish


def test_k4_there_are_three_types() -> None:
    assert PROFILE.types == {"klagomål": "klagomål", "förslag": "förslag", "beröm": "beröm"}


@pytest.mark.parametrize("kind", [None, Kind.COMPLAINT, Kind.SUGGESTION])
def test_k6_complaints_and_suggestions_are_answered_within_ten_working_days(kind: Kind | None) -> None:
    assert promised("kristianstad", kind) == {"kvitto": date(2026, 12, 18), "svar": date(2027, 1, 8)}


def test_k6_praise_has_no_answer_date() -> None:
    assert list(promised("kristianstad", Kind.PRAISE)) == ["kvitto"]


def test_k8_medborgarcenter_confirms_before_the_manager_is_told() -> None:
    assert PROFILE.roles.triage == "medborgarcenter"


def test_k9_the_manager_answers() -> None:
    assert PROFILE.roles.handler_is == "chef"


def test_k11_a_tjänsteanteckning_is_required() -> None:
    assert PROFILE.workflow.require_tjansteanteckning


def test_k12_the_case_goes_back_to_medborgarcenter_who_closes_it() -> None:
    assert PROFILE.workflow.close_by == "triage"


def test_k13_what_is_serious_goes_to_the_main_diary() -> None:
    assert PROFILE.registration.export_to_diary == "serious"


def test_k16_each_quarter_is_reported_to_the_secretary_and_the_administrator() -> None:
    assert ("R5", "quarter", "", ("nämndsekreterare", "administratör")) in reports("kristianstad")


def test_k18_nothing_is_reported_each_month() -> None:
    assert [one for one in reports("kristianstad") if one[1] == "month"] == []


def test_k20_each_year_is_gone_through_with_the_staff() -> None:
    assert ("R6", "year", "", ("medarbetare",)) in reports("kristianstad")
