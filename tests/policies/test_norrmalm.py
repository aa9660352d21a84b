"""Norrmalm, dnr 099-562/2009 (docs/policies/norrmalm.md)."""

from datetime import date

import pytest

from store import profiles
from store.domain import Kind
from tests.policies.promised import promised, reports

PROFILE = profiles.load("norrmalm")


def test_n4_the_answer_names_the_person_to_turn_to() -> None:
    assert PROFILE.workflow.further_contact_required


def test_n10_what_is_said_aloud_is_told_to_the_manager() -> None:
    assert PROFILE.workflow.oral_notify == "chef"


def test_n11_the_manager_answers() -> None:
    assert PROFILE.roles.handler_is == "chef"


def test_n12_the_manager_approves_that_nothing_is_done() -> None:
    assert PROFILE.workflow.chef_approves_no_action


@pytest.mark.parametrize("kind", [None, *Kind])
def test_n14_an_answer_is_promised_within_fourteen_working_days(kind: Kind | None) -> None:
    assert promised("norrmalm", kind) == {"kvitto": date(2026, 12, 18), "svar": date(2027, 1, 14)}


@pytest.mark.parametrize("kind", [None, *Kind])
def test_n14_no_answer_is_promised_to_who_is_wholly_anonymous(kind: Kind | None) -> None:
    assert list(promised("norrmalm", kind, anonymous=True)) == ["kvitto"]


def test_n15_the_registrator_closes() -> None:
    assert PROFILE.workflow.close_by == "registrator"


def test_n20_a_redogörelse_has_days_of_its_own_and_goes_to_the_diary() -> None:
    assert PROFILE.deadlines.redogorelse_days == 5
    assert PROFILE.registration.export_to_diary == "redogörelse"


def test_n23_each_tertial_and_each_year_is_reported() -> None:
    assert [(one[0], one[1]) for one in reports("norrmalm")] == [("R4", "tertial"), ("R3", "year")]


def test_b5_letters_are_written_in_finnish_too() -> None:
    assert PROFILE.language.minority_area == ("fi",)
    assert "fi" in PROFILE.language.letters
