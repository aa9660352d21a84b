"""The municipalities' promises, and what is said of a file that can not be used."""

from datetime import date
from pathlib import Path

import pytest

from store import profiles
from store.domain import Kind
from store.profiles import ProfileError

RIGHT = """
id = "egen"
name = "Lilla kommunen"
service_name = "Tyck till"
source = "KF § 1"
first_feedback_days = 2
answer_days = { "klagomål" = 10, "förslag" = 20, "beröm" = "none" }
closed = [2026-05-15]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "egen.toml"
    found.write_text(RIGHT, encoding="utf-8")
    return found


def test_the_profiles_that_come_along_are_these() -> None:
    assert profiles.names() == ("gislaved", "kristianstad", "landskrona", "norrmalm", "standard", "tyreso")


@pytest.mark.parametrize(
    ("name", "first_feedback", "answers"),
    [
        ("standard", 2, [10, 10, 10]),
        ("norrmalm", None, [14, 14, 14]),
    ],
)
def test_a_profile_promises_what_its_file_says(
    name: str, first_feedback: int | None, answers: list[int]
) -> None:
    days = profiles.load(name)

    assert days.first_feedback == first_feedback
    assert [days.answer(kind) for kind in (Kind.COMPLAINT, Kind.SUGGESTION, Kind.PRAISE)] == answers


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_loads_and_names_its_source(name: str) -> None:
    days = profiles.load(name)

    assert days.clause
    assert days.clause != name


def test_a_profile_of_one_s_own_is_loaded_from_its_path(file: Path) -> None:
    days = profiles.load(str(file))

    assert (days.first_feedback, days.complaint, days.suggestion, days.praise) == (2, 10, 20, None)
    assert (days.clause, days.closed) == ("KF § 1", frozenset({date(2026, 5, 15)}))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("first_feedback_days = 2", "first_feedback_dagar = 2", "okänd nyckel 'first_feedback_dagar'"),
        ("first_feedback_days = 2", "", "first_feedback_days ska vara 1-250"),
        ("first_feedback_days = 2", "first_feedback_days = 0", "first_feedback_days ska vara 1-250"),
        ("first_feedback_days = 2", "first_feedback_days = true", "first_feedback_days ska vara 1-250"),
        ("first_feedback_days = 2", "first_feedback_days = 2.5", "first_feedback_days ska vara 1-250"),
        ('"klagomål" = 10', '"klagomål" = 251', "answer_days.klagomål ska vara 1-250"),
        ('"förslag" = 20', '"förslag" = "tio"', "answer_days.förslag ska vara 1-250"),
        ('"klagomål" = 10, ', "", "answer_days ska ha just nycklarna"),
        ('"klagomål" = 10', '"frågor" = 10', "answer_days ska ha just nycklarna"),
        ("closed = [2026-05-15]", 'closed = ["2026-05-15"]', "closed ska vara en lista av datum"),
        ("closed = [2026-05-15]", "closed = 2026-05-15", "closed ska vara en lista av datum"),
        ("closed = [2026-05-15]", "closed = [", "kan inte läsas"),
    ],
)
def test_a_wrong_profile_is_told_with_file_and_key(file: Path, old: str, new: str, told: str) -> None:
    assert old in RIGHT
    file.write_text(RIGHT.replace(old, new), encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        profiles.load(str(file))

    assert str(caught.value).startswith(f"{file}: ")
    assert told in str(caught.value)


def test_an_unknown_profile_is_told_with_those_that_exist() -> None:
    with pytest.raises(ProfileError) as caught:
        profiles.load("storstad")

    assert str(caught.value) == (
        "profil storstad: finns inte; "
        "välj en av gislaved, kristianstad, landskrona, norrmalm, standard, tyreso"
    )


def test_a_profile_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "egen.toml"
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ProfileError, match="kan inte läsas"):
        profiles.load(str(file))
