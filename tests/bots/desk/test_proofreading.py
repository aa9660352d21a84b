"""What is remarked on in an answer, and what is not."""

import pytest

from bots.desk.proofreading import Concern, look_through, personal_numbers

PLAIN = "Gungan är lagad sedan i går. Hör av dig om något mer är fel."


def concerns(text: str, **more: object) -> dict[str, tuple[str, ...]]:
    told: dict[str, object] = {
        "by_open_road": True,
        "messages": [],
        "expected": ["Sven Svensson", "Anna Ek"],
        "later": False,
        "has_day": False,
        "lacks_contact": False,
    }
    remarks = look_through(text, **(told | more))  # type: ignore[arg-type]  # named one by one above
    assert all(one.remedy.endswith(".") for one in remarks)
    return {str(one.concern): one.found for one in remarks}


def test_a_plain_answer_gets_no_remark() -> None:
    assert concerns(PLAIN) == {}


@pytest.mark.parametrize(
    "number", ["811228-9874", "19811228-9874", "8112289874", "811288-9848", "198112889848", "811228+9874"]
)
def test_b20_a_personnummer_or_samordningsnummer_is_found_however_it_is_written(number: str) -> None:
    assert list(personal_numbers(f"Vi har sett {number}, tack.")) == [number]


@pytest.mark.parametrize(
    "number", ["811228-9873", "811328-9874", "070-174 06 05", "SYN-2026-000123", "2026-11-23", "556016-0680"]
)
def test_what_is_no_personnummer_is_left_alone(number: str) -> None:
    assert list(personal_numbers(f"Ring {number}.")) == []


def test_the_name_of_somebody_else_is_remarked_on_but_not_that_of_sender_or_staff() -> None:
    assert concerns("Hej Sven! Anna Ek har talat med Maja Berg om saken.") == {
        "någon annans namn": ("Maja Berg",)
    }


def test_long_words_of_the_senders_own_are_remarked_on() -> None:
    theirs = "Min granne ropar varje kväll på sina barn så att hela huset vaknar av det."

    found = concerns(f"Du skriver att {theirs[4:]} Vi har ringt.", messages=[theirs])

    assert found["avsändarens egna ord"] == (
        "granne ropar varje kväll på sina barn så att hela huset vaknar av det",
    )


def test_b20_sensitive_words_are_remarked_on_only_where_others_may_read_them() -> None:
    text = "Din diagnos hindrar inte att du får åka med."

    assert concerns(text) == {"känsligt ord": ("diagnos",)}
    assert concerns(text, by_open_road=False) == {}


def test_g17_words_of_defence_are_remarked_on() -> None:
    assert concerns("Du har missuppfattat saken.") == {"ton": ("missuppfattat",)}


def test_a_promise_without_a_day_is_remarked_on_until_a_day_is_said() -> None:
    assert concerns("Vi lagar den så snart som möjligt.") == {"löfte utan dag": ("så snart som möjligt",)}
    assert concerns("Vi lagar den så snart som möjligt, senast 4 december.") == {}
    assert concerns("Vi lagar den så snart som möjligt.", has_day=True) == {}


def test_what_the_guards_will_refuse_is_told_beforehand() -> None:
    assert concerns(PLAIN, later=True, lacks_contact=True) == {"ingen dag": (), "ingen kontakt": ()}


def test_a_sentence_that_is_too_long_is_shown_by_its_beginning() -> None:
    text = "Vi har " + "nu " * 30 + "sett det."

    assert concerns(text) == {"svårläst": ("Vi har nu nu nu nu …",)}


def test_every_concern_has_a_word_on_the_page() -> None:
    from pathlib import Path

    page = Path("templates/pages/answer.html").read_text(encoding="utf-8")

    assert [one for one in Concern if f'"{one}":' not in page] == []
