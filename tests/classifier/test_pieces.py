from hypothesis import given
from hypothesis import strategies as st

from classifier.encoder.component import PIECES, SHIPPED_ENCODER
from classifier.encoder.pieces import BOS, EOS, Pieces

_PIECES = Pieces((SHIPPED_ENCODER / PIECES).read_bytes())


def test_a_text_stands_between_the_signs_of_start_and_end_after_the_prefix() -> None:
    cut = _PIECES("Plogbilen kom inte")

    assert (cut.ids[0], cut.ids[-1]) == (BOS, EOS)
    assert len(cut.ids) == cut.lead + len(cut.pieces) + 1
    assert "".join(cut.pieces).replace("▁", " ").strip() == "Plogbilen kom inte"


def test_each_piece_knows_its_word_and_signs_between_words_have_none() -> None:
    cut = _PIECES("Snöröjningen, på  Ängsvägen: usel!!")

    owners = cut.of_word()

    assert cut.words == ["snöröjningen", "på", "ängsvägen", "usel"]
    whole = dict.fromkeys(range(len(cut.words)), "")
    for piece, owner in zip(cut.pieces, owners, strict=True):
        if owner >= 0:
            whole[int(owner)] += piece.replace("▁", "").lower()
    assert [word.strip(",:!") for word in whole.values()] == cut.words


def test_of_a_very_long_text_the_beginning_and_the_end_are_read() -> None:
    text = "Början handlar om bussen. " + "Mitten är lång. " * 400 + "Slutet: bygg en bänk"

    cut = _PIECES(text)

    assert len(cut.ids) < 400
    assert cut.read[0] == 0
    assert cut.read[-1] == len(cut.pieces) - 1


@given(st.text(max_size=300))
def test_no_text_breaks_the_cutting_and_every_piece_read_has_an_id(text: str) -> None:
    cut = _PIECES(text)

    assert len(cut.ids) - cut.lead - 1 == len(cut.read)
    assert len(cut.of_word()) == len(cut.pieces)
