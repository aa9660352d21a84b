"""What a case is called in the list."""

from datetime import UTC, datetime

import pytest

from bots.desk.heard import Heard


def heard(*, subject: str = "", text: str = "") -> Heard:
    return Heard(
        message_id=1,
        channel="web",
        received_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        recipients=(),
        from_addr="",
        from_name="",
        answer_to=None,
        subject=subject,
        text=text,
        full_text=text,
    )


@pytest.mark.parametrize(
    ("subject", "text", "title"),
    [
        ("Gatlyktan", "Lampan är trasig.", "Gatlyktan"),
        ("", "Bussen var sen igen.\n\nPlats eller verksamhet: Ekbacken", "Bussen var sen igen."),
        ("", "Hej!\n\nBussen var\nsen igen.\n\nSkickat från min telefon", "Bussen var sen igen."),
        ("", "Tack!", "Tack!"),
        ("", "Hej!\n\nTack.", "Hej! Tack."),
        ("", "", "(utan text)"),
    ],
)
def test_a_case_is_called_by_its_subject_or_else_by_the_first_paragraph(
    subject: str, text: str, title: str
) -> None:
    assert heard(subject=subject, text=text).title == title


def test_a_title_has_at_most_120_characters() -> None:
    assert heard(subject="å" * 500).title == "å" * 120
