"""Long texts are cut at words, numbered, and nothing of them is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.channel import LengthUnit
from bots.wire.texts import length, parted

WORDS = st.text(min_size=1, max_size=3000).filter(lambda text: text.strip() != "")


def test_a_text_that_fits_is_not_numbered() -> None:
    assert parted(" Tack! ", 20) == ["Tack!"]


def test_a_long_text_is_cut_between_words() -> None:
    assert parted("en två tre fyra fem", 18) == ["(1/2) en två tre", "(2/2) fyra fem"]


@given(text=WORDS, most=st.integers(24, 200), unit=st.sampled_from(LengthUnit))
def test_no_part_is_too_long_and_no_sign_is_lost(text: str, most: int, unit: LengthUnit) -> None:
    parts = parted(text, most, unit)

    assert all(length(part, unit) <= most for part in parts)
    bare = parts if len(parts) == 1 else [re.sub(r"^\(\d+/\d+\) ?", "", part) for part in parts]
    assert re.sub(r"\s", "", "".join(bare)) == re.sub(r"\s", "", text)


def test_a_room_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        parted("hej", 5)


def test_an_emoji_counts_as_its_service_counts_it() -> None:
    assert [length("🙂", unit) for unit in (LengthUnit.CHARACTERS, LengthUnit.UTF16, LengthUnit.BYTES)] == [
        1,
        2,
        4,
    ]
