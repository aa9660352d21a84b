"""The municipalities' promises, and what is said of a file that can not be used."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from store import profiles
from store.domain import Kind, PromiseKind
from store.profiles import ProfileError
from store.profiles.policy import Profile

ROOT = Path(__file__).parents[2]
RIGHT = """
id = "egen"
name = "Lilla kommunen"
service_name = "Tyck till"
source = "KF § 1"

[deadlines]
first_feedback_days = 2
answer_days = { "klagomål" = 10, "förslag" = 20, "beröm" = "none" }
clock_covers = "closed"

[calendar]
closed = [2026-05-15]

[types]
"klagomål" = "klagomål"
"idé" = "förslag"
"beröm" = "beröm"
"åsikt" = "övrig_åsikt"

[workflow]
max_followup_questions = 1

[internal]
domains = ["lillkommun.example"]
exclude = true

[language]
letters = ["sv", "fi"]
minority_area = ["fi"]

[retention]
decision_ref = "KS 2026/1"
case_years = 10

[[reports]]
id = "R3"
period = "year"
ready_by = "01-31"
to = ["kommunstyrelsen"]

[clauses]
"deadlines.answer_days" = "Svar"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "egen.toml"
    found.write_text(RIGHT, encoding="utf-8")
    return found


def test_the_profiles_that_come_along_are_these() -> None:
    assert profiles.names() == ("gislaved", "kristianstad", "landskrona", "norrmalm", "standard", "tyreso")


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_loads_and_every_promise_names_its_clause(name: str) -> None:
    profile = profiles.load(name)

    assert profile.id == name
    assert all(profile.days.clause_of(kind) for kind in PromiseKind)
    assert profile.days.clause != name


def test_a_profile_of_one_s_own_is_loaded_from_its_path(file: Path) -> None:
    days = profiles.load(str(file)).days

    assert (days.first_feedback, days.complaint, days.suggestion, days.praise) == (2, 10, 20, None)
    assert (days.clause, days.closed) == ("KF § 1", frozenset({date(2026, 5, 15)}))


def test_a_clause_is_the_paragraph_or_the_policy_or_tells_that_the_policy_is_silent(file: Path) -> None:
    profile = profiles.load(str(file))

    assert profile.clause("deadlines.answer_days") == "KF § 1, Svar"
    assert profile.clause("deadlines.first_feedback_days") == "KF § 1"
    assert profile.clause("deadlines.redogorelse_days") == "Standardprofil"
    assert profile.clause("register.export_to_diary") == "Standardprofil"
    assert [profile.days.clause_of(kind) for kind in PromiseKind] == [
        "Standardprofil",
        "KF § 1",
        "KF § 1, Svar",
    ]


def test_what_the_file_leaves_out_has_the_values_of_the_standard_profile(tmp_path: Path) -> None:
    least = tmp_path / "minst.toml"
    least.write_text(RIGHT.partition("clock_covers")[0], encoding="utf-8")

    found, standard = profiles.load(str(least)), profiles.load("standard")

    own = {"id", "name", "source", "deadlines"}
    assert found.model_dump(exclude=own) == standard.model_dump(exclude=own)
    promised = {"answer_days"}
    assert found.deadlines.model_dump(exclude=promised) == standard.deadlines.model_dump(exclude=promised)


def test_the_standard_profile_shows_every_table_and_key_that_there_is() -> None:
    shown = profiles.load("standard")

    for name in Profile.model_fields.keys() - {"reports"}:
        assert name in shown.model_fields_set, name
        part = getattr(shown, name)
        if hasattr(part, "model_fields_set"):
            assert part.model_fields_set == set(type(part).model_fields), name


def test_a_profile_can_not_be_changed(file: Path) -> None:
    profile = profiles.load(str(file))

    with pytest.raises(ValueError, match="frozen"):
        profile.deadlines.clock_covers = "answered"  # type: ignore[misc]  # that is the fault


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "first_feedback_days = 2",
            "first_feedback_dagar = 2",
            "deadlines.first_feedback_dagar är en okänd nyckel. Menade du first_feedback_days?",
        ),
        (
            "[internal]",
            "[xyz]",
            "xyz är en okänd nyckel. Kända är anonymity, calendar, clauses, customer_term",
        ),
        ("[retention]", "[retention]\nsudda = 1", "retention.sudda är en okänd nyckel. Kända är case_years"),
        ('ready_by = "01-31"', 'due = "01-31"', "reports nr 1.due är en okänd nyckel"),
        ("first_feedback_days = 2", "", "deadlines.first_feedback_days saknas. Skriv in den"),
        (
            "first_feedback_days = 2",
            "first_feedback_days = 0",
            'ska vara 1-120 arbetsdagar eller "none", inte 0',
        ),
        (
            "first_feedback_days = 2",
            "first_feedback_days = true",
            "deadlines.first_feedback_days ska vara 1-120",
        ),
        (
            "first_feedback_days = 2",
            "first_feedback_days = 2.5",
            "deadlines.first_feedback_days ska vara 1-120",
        ),
        ('"förslag" = 20', '"förslag" = "tio"', "deadlines.answer_days.förslag ska vara 1-120"),
        ('"klagomål" = 10, ', "", "deadlines.answer_days.klagomål saknas"),
        ('"klagomål" = 10', '"frågor" = 10', "deadlines.answer_days.frågor är en okänd nyckel"),
        (
            'clock_covers = "closed"',
            'clock_covers = "klart"',
            "ska vara en av 'answered', 'closed', inte 'klart'",
        ),
        ("closed = [2026-05-15]", 'closed = ["2026-05-15"]', "calendar.closed nr 1 ska vara ett datum utan"),
        ("closed = [2026-05-15]", "closed = 2026-05-15", "calendar.closed ska vara en lista"),
        ("closed = [2026-05-15]", "closed = [", "kan inte läsas"),
        (
            "max_followup_questions = 1",
            'max_followup_questions = "1"',
            "ska vara ett heltal utan citattecken",
        ),
        ("max_followup_questions = 1", "max_followup_questions = 6", "ska vara högst 5, inte 6"),
        ("exclude = true", 'exclude = "ja"', "internal.exclude ska vara true eller false"),
        ('domains = ["lillkommun.example"]', "", "internal exclude = true kräver domains"),
        ('"lillkommun.example"', '"anna@lillkommun.example"', "internal.domains nr 1 ska vara en domän"),
        ('ready_by = "01-31"', 'ready_by = "31 januari"', "reports nr 1.ready_by ska vara månad och dag"),
        ('ready_by = "01-31"', 'ready_by = "02-30"', "reports nr 1.ready_by ska vara månad och dag"),
        ('id = "R3"', 'id = "R99"', "reports nr 1.id kan inte vara 'R99'"),
        ('to = ["kommunstyrelsen"]', "to = []", "reports nr 1.to får inte vara tom"),
        ('name = "Lilla kommunen"', 'name = ""', "name får inte vara tom"),
        ('"idé" = "förslag"', "", "types: inget ord leder till"),
        ('"idé" = "förslag"', '"idé" = "tips"', "types.idé ska vara en av"),
        ("[workflow]", '[workflow]\nclose_by = "triage"', 'workflow.close_by = "triage" kräver en triage'),
        (
            '"deadlines.answer_days" =',
            '"deadlines.svar" =',
            "clauses: 'deadlines.svar' är ingen nyckel i filen",
        ),
        ('"deadlines.answer_days" =', '"roles.triage" =', "clauses: 'roles.triage' är ingen nyckel i filen"),
    ],
)
def test_a_wrong_profile_is_told_with_file_key_and_remedy(file: Path, old: str, new: str, told: str) -> None:
    assert RIGHT.count(old) == 1
    file.write_text(RIGHT.replace(old, new), encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        profiles.load(str(file))

    assert all(line.startswith(f"{file}: ") for line in str(caught.value).splitlines())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"klagomål" = 10', '"klagomål" = 121', "deadlines.answer_days.klagomål ska vara 1-120"),
        ("first_feedback_days = 2", "receipt_seconds = 301\nfirst_feedback_days = 2", "ska vara högst 300"),
        ('letters = ["sv", "fi"]', 'letters = ["fi"]', "som språklagen 10 § kräver"),
        ('letters = ["sv", "fi"]', 'letters = ["sv"]', "som lag 2009:724 8 § kräver"),
        (
            'decision_ref = "KS 2026/1"',
            'decision_ref = " "',
            "arkivlagen 10 § tillåter ingen gallring utan beslut",
        ),
        ("[workflow]", "[register]\npublish = true\n[workflow]", "register publish kan inte vara true"),
        ("[workflow]", "[anonymity]\nallow = false\n[workflow]", "anonymity.allow är en okänd nyckel"),
        ("[workflow]", "[anonymity]\nstore_ip = true\n[workflow]", "anonymity.store_ip är en okänd nyckel"),
    ],
)
def test_a_profile_that_is_looser_than_the_law_is_refused(file: Path, old: str, new: str, told: str) -> None:
    assert RIGHT.count(old) == 1
    file.write_text(RIGHT.replace(old, new), encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        profiles.load(str(file))

    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(file: Path) -> None:
    wrong = RIGHT.replace("first_feedback_days = 2", "first_feedback_days = 0").replace(
        'id = "R3"', 'id = "X"'
    )
    file.write_text(wrong, encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        profiles.load(str(file))

    assert len(str(caught.value).splitlines()) == 2


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


def test_every_language_that_a_profile_writes_in_has_letters() -> None:
    languages = {
        path.name
        for path in (ROOT / "templates").iterdir()
        if (path / "citizen_acknowledgement.txt").exists()
    }

    assert languages
    for name in profiles.names():
        assert set(profiles.load(name).language.letters) <= languages


@given(days=some.one_of(some.integers(), some.text(), some.booleans(), some.none(), some.floats()))
def test_a_deadline_is_one_to_a_hundred_and_twenty_or_none(days: object) -> None:
    table = profiles.load("standard").model_dump(by_alias=True)
    table["deadlines"]["first_feedback_days"] = days
    allowed = days == "none" or (type(days) is int and 1 <= days <= 120)

    try:
        Profile.model_validate(table)
    except ValueError:
        assert not allowed
    else:
        assert allowed


def test_the_strictest_type_counts_while_the_type_is_unknown(file: Path) -> None:
    days = profiles.load(str(file)).days

    assert [days.answer(kind) for kind in (None, *Kind)] == [10, None, 20, 10]
