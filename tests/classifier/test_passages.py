import itertools

from hypothesis import given
from hypothesis import strategies as st

from classifier.passages import find
from classifier.titles import lint_title
from store.domain import PassageKind


def found(text: str) -> list[tuple[str, str]]:
    return [(each.kind.value, each.words) for each in find(text)]


def test_what_points_at_a_person_is_found_with_its_place_in_the_text() -> None:
    """Requirement B13 and B18."""
    text = "Jag heter Anna Andersson, 811218-9876, ring 070-1740605. Bor på Storgatan 12 B, 123 45 Skarhamra."

    assert found(text) == [
        ("namn", "Anna Andersson"),
        ("personnummer", "811218-9876"),
        ("telefon", "070-1740605"),
        ("adress", "Storgatan 12 B, 123 45 Skarhamra"),
    ]
    assert all(text[each.start : each.end] == each.words for each in find(text))


def test_b13_a_title_with_a_name_and_an_illness_is_remarked_on() -> None:
    assert [each.kind for each in lint_title("Klagomål om Bengt Olssons demens")] == [
        PassageKind.NAME,
        PassageKind.HEALTH,
    ]
    assert lint_title("Klagomål om skolmaten på Tallskolan") == []


@given(st.text())
def test_no_text_breaks_the_finder_and_its_passages_lie_in_the_text_in_order(text: str) -> None:
    passages = find(text)

    assert all(0 <= each.start < each.end <= len(text) for each in passages)
    assert all(text[each.start : each.end] == each.words for each in passages)
    assert all(one.end <= other.start for one, other in itertools.pairwise(passages))
