"""Landskrona, KF § 97 2003-08-25 (docs/policies/landskrona.md)."""

import pytest

from store import profiles
from store.domain import Factor, Kind
from tests.policies.promised import promised, reports

PROFILE = profiles.load("landskrona")


def test_l2_there_are_just_twelve_factors() -> None:
    assert [str(factor) for factor in Factor] == [
        "Bemötande",
        "Delaktighet/inflytande",
        "Tillgänglighet",
        "Handläggningstid",
        "Utförande",
        "Trygghet",
        "Information",
        "Valfrihet",
        "Boendemiljö",
        "Mat",
        "Taxor/avgifter",
        "Annat",
    ]


def test_l3_praise_has_a_type_of_its_own_beside_complaints() -> None:
    assert set(PROFILE.types.values()) == {"klagomål", "förslag", "beröm"}


def test_l6_what_is_said_aloud_is_told_to_the_manager() -> None:
    assert PROFILE.workflow.oral_notify == "chef"


def test_l8_a_receipt_is_promised_the_same_day_by_the_policy_s_own_paragraph() -> None:
    assert str(promised("landskrona", Kind.COMPLAINT)["kvitto"]) == "2026-12-18"
    assert PROFILE.clause("deadlines.receipt_seconds").endswith("Återkoppling till kunden")


def test_l11_the_word_kund_is_used_of_nobody() -> None:
    assert PROFILE.customer_term == "invånare"


def test_l13_each_quarter_is_reported_to_the_manager() -> None:
    assert ("R1", "quarter", "", ("ansvarig chef",)) in reports("landskrona")


def test_l14_each_half_year_is_reported_to_the_board() -> None:
    assert ("R2", "half-year", "", ("nämnd",)) in reports("landskrona")


def test_l15_each_year_is_reported_to_the_executive_board() -> None:
    assert ("R3", "year", "", ("kommunstyrelsen",)) in reports("landskrona")


@pytest.mark.parametrize("kind", [None, *Kind])
def test_l20_none_no_answer_date_and_no_first_feedback_is_promised(kind: Kind | None) -> None:
    assert list(promised("landskrona", kind)) == ["kvitto"]
