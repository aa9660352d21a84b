"""What is masked can not be read, and what is not masked stands as it did."""

import itertools
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bots.desk.disclosure import masking
from bots.desk.disclosure.masking import BOX, OWN, Decision, Span
from store.domain import Passage, PassageKind
from store.engine import Row

TEXT = "Jag heter Anna Ek. Ring mig på 070-174 06 05! Annars skriver jag igen."


def span(words: str, decision: Decision = Decision.MASK, *, kind: str = "namn") -> Span:
    begins = TEXT.index(words)
    return Span(begins=begins, ends=begins + len(words), kind=kind, decision=decision)


def row(words: str, *, masked: bool = True, text: str = TEXT, kind: str = OWN) -> Row:
    begins = TEXT.index(words)
    return {
        "begins": begins,
        "ends": begins + len(words),
        "kind": kind,
        "masked": masked,
        "paragraph": "21 kap. 7 § OSL",
        "paper_sum": masking.sum_of(text),
    }


def test_a_masked_passage_is_a_box_and_the_rest_is_as_it_was() -> None:
    cut = masking.pieces(TEXT, [span("Anna Ek"), span("070-174 06 05")])

    assert cut == ["Jag heter ", BOX, ". Ring mig på ", BOX, "! Annars skriver jag igen."]


def test_what_nobody_has_decided_of_is_masked_only_for_whoever_looks() -> None:
    found = [span("Anna Ek", Decision.NONE)]

    assert masking.pieces(TEXT, found) == [TEXT]
    assert masking.pieces(TEXT, found, with_suggested=True)[:2] == ["Jag heter ", BOX]
    assert masking.undecided(found) == found


def test_two_names_side_by_side_are_one_box_so_that_nobody_can_count_them() -> None:
    assert masking.pieces(TEXT, [span("Anna"), span("Ek")])[:2] == ["Jag heter ", BOX]
    assert masking.pieces(TEXT, [span("Anna"), span("Ek")]).count(BOX) == 1


def test_what_was_decided_comes_back_with_the_same_text_and_with_no_other() -> None:
    found = [Passage(start=10, end=17, kind=PassageKind.NAME, words="Anna Ek", why="namn")]

    (known,) = masking.spans(TEXT, found, [row("Anna Ek", masked=False)])
    again = masking.spans(TEXT + " Mer.", found, [row("Anna Ek", masked=False)])

    assert (known.decision, known.kind, known.why) == (Decision.LEAVE, "namn", "namn")
    assert [one.decision for one in again] == [Decision.NONE]


def test_a_passage_within_one_that_is_masked_waits_for_nobody() -> None:
    assert masking.undecided([span("Jag heter Anna Ek."), span("Anna Ek", Decision.NONE)]) == []
    left = span("Jag heter Anna Ek.", Decision.LEAVE)
    assert masking.undecided([left, span("Anna Ek", Decision.NONE)]) == [span("Anna Ek", Decision.NONE)]


def test_a_fixed_passage_is_masked_whatever_is_decided() -> None:
    fixed = Span(begins=10, ends=17, kind="namn", decision=Decision.LEAVE, fixed=True)

    assert masking.pieces(TEXT, [fixed])[:2] == ["Jag heter ", BOX]


def test_words_are_found_in_capitals_or_not_and_over_line_ends() -> None:
    assert masking.all_of("Anna Ek, ANNA\nEK och Anna", "anna  ek") == [(0, 7), (9, 16)]
    assert masking.all_of("Anna", "  ") == []
    assert masking.all_of("Anna", "\u00ad \u200b") == []


def test_words_are_found_however_their_letters_are_composed_or_kept_apart() -> None:
    apart = unicodedata.normalize("NFD", "Åsa Öberg")

    assert masking.all_of(f"{apart} skrev", "åsa öberg") == [(0, len(apart))]
    assert masking.all_of("Å\u00adsa\u200b Ö\u2060berg", "Åsa Öberg") == [(0, 12)]
    assert masking.left_over(["Åsa Öberg"], [[f"Hej {apart}."]]) == ["Åsa Öberg"]


def test_a_text_is_cut_into_its_sentences() -> None:
    found = [TEXT[begins:ends] for begins, ends in masking.sentences(TEXT)]

    assert found == ["Jag heter Anna Ek.", "Ring mig på 070-174 06 05!", "Annars skriver jag igen."]


def test_words_that_are_masked_here_and_can_be_read_there_are_told() -> None:
    assert masking.left_over(["Anna  Ek", "Bo"], [["Hej ", BOX], ["anna ek skrev. Bo."]]) == ["Anna Ek"]
    assert masking.left_over(["Anna Ek"], [["Hej ", BOX, " Annas"]]) == []


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70), st.sampled_from(Decision)), max_size=8),
)
def test_no_character_of_a_masked_passage_is_left(text: str, places: list[tuple[int, int, Decision]]) -> None:
    rows: list[Row] = [
        {
            "begins": begins,
            "ends": ends,
            "kind": OWN,
            "masked": decision is Decision.MASK,
            "paragraph": "",
            "paper_sum": masking.sum_of(text),
        }
        for begins, ends, decision in places
    ]
    spans = masking.spans(text, (), rows)

    cut = masking.pieces(text, spans)

    hidden = {at for one in spans if one.decision is Decision.MASK for at in range(one.begins, one.ends)}
    wanted, shown = [sign for at, sign in enumerate(text) if at not in hidden], "".join(filter(None, cut))
    # Blanks between two boxes go with them.
    assert [sign for sign in wanted if sign != " "] == [sign for sign in shown if sign != " "]
    assert len(shown) <= len(wanted)
    assert not any(one is BOX and other is BOX for one, other in itertools.pairwise(cut))


@given(st.text(max_size=200))
def test_sentences_lie_in_the_text_one_after_the_other(text: str) -> None:
    places = masking.sentences(text)

    assert all(0 <= begins < ends <= len(text) for begins, ends in places)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(places))
    assert {sign for begins, ends in places for sign in text[begins:ends]} >= {
        sign for sign in text if not sign.isspace()
    }
