"""Our own words are taken out of replies, whatever language the mail program speaks."""

import pytest

from bots.mail.quotes import MARKERS, new_text, without_parent
from tests.post import replies, replies_abroad

LETTER = """Hej!

Tack för din synpunkt. Den har fått numret SYN-2024-0017 och handläggs av Bo Ek på gatukontoret.
Vi svarar senast den 18 mars 2024.

Vänliga hälsningar
Lillkommun"""
ANSWER = "Tack, men gungan är fortfarande trasig."


@pytest.mark.parametrize("prefix", ["", "> ", ">", ">> ", "\ufeff> ", "  "])
def test_our_letter_is_dropped_from_a_reply_however_it_is_quoted(prefix: str) -> None:
    quoted = "\n".join(prefix + line for line in LETTER.split("\n"))

    found = without_parent(f"{ANSWER}\n\n{quoted}", [LETTER])

    assert found.startswith(ANSWER)
    assert "handläggs av Bo Ek" not in found
    assert "Vi svarar senast" not in found


def test_our_letter_is_dropped_though_its_lines_were_wrapped_anew() -> None:
    wrapped = "> Tack för din synpunkt. Den har fått numret\n"
    wrapped += "> SYN-2024-0017 och handläggs av Bo Ek på\n> gatukontoret."

    assert without_parent(f"{ANSWER}\n{wrapped}", [LETTER]) == ANSWER


def test_words_of_a_citizen_between_our_lines_are_kept() -> None:
    text = "> Vi svarar senast den 18 mars 2024.\nDet är för sent!\n> Tack för din synpunkt."

    assert without_parent(text, [LETTER]) == "Det är för sent!"


def test_a_short_line_like_one_of_ours_is_kept_when_the_citizen_wrote_it() -> None:
    assert without_parent(f"Hej!\n{ANSWER}\nLillkommun", [LETTER]) == f"Hej!\n{ANSWER}\nLillkommun"


def test_a_reply_that_is_nothing_but_our_letter_is_left_as_it_is() -> None:
    assert without_parent(LETTER, [LETTER]) == LETTER


def test_without_a_parent_nothing_is_dropped() -> None:
    assert without_parent(f"{ANSWER}\n> citat", []) == f"{ANSWER}\n> citat"


@pytest.mark.parametrize("language", sorted(MARKERS))
def test_all_below_our_marker_is_dropped(language: str) -> None:
    text = f"{ANSWER}\n\n> ## {MARKERS[language]} ##\n> Hej\nnågot annat"

    assert without_parent(text, []) == ANSWER


@pytest.mark.parametrize("language", sorted(MARKERS))
def test_an_answer_below_the_marker_is_heard_all_the_same(language: str) -> None:
    text = f"{MARKERS[language]}\n{ANSWER}"

    assert ANSWER in without_parent(text, [])


def test_known_parent_removal_frees_every_recorded_reply_of_the_quotation() -> None:
    recorded = [made for made in (*replies.MAILS, *replies_abroad.MAILS) if replies.QUOTED in made.lacks]

    left = [
        made.id for made in recorded if replies.QUOTED in without_parent(made.raw.decode(), [replies.QUOTED])
    ]

    assert len(recorded) > 60
    assert left == []


@pytest.mark.parametrize(
    "text",
    [
        "On Mon 4 March 2024 10:15 X wrote\n" * 7000,
        "Från: a\n" * 30_000,
        "> \n" * 80_000,
        "-" * 250_000,
        "Den 3 mars " * 20_000,
    ],
    ids=["wrote", "labels", "prefixes", "dashes", "dates"],
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    assert new_text(text).strip() == text.strip()
