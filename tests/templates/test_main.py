"""The page and the paper that show all letters."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from templates.__main__ import chapters, main, markdown

PAPER = Path(__file__).parents[2] / "docs" / "letters.md"


def test_the_paper_in_docs_shows_the_letters_as_they_are_now() -> None:
    assert PAPER.read_text(encoding="utf-8") == markdown(chapters())


def test_the_command_writes_a_page_with_every_letter_and_the_paper(tmp_path: Path) -> None:
    out, paper = tmp_path / "new" / "letters.html", tmp_path / "letters.md"

    main([str(out), "--markdown", str(paper)])

    shown = LexborHTMLParser(out.read_text(encoding="utf-8")).css("article")
    written = [
        letter.language for chapter in chapters() for scene in chapter.scenes for letter in scene.letters
    ]
    assert [article.attributes["lang"] for article in shown] == written
    assert {"sv", "en", "fi"} <= set(written)
    assert paper.read_text(encoding="utf-8") == markdown(chapters())


def test_the_command_without_a_place_to_write_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])

    assert "the following arguments are required: out" in capsys.readouterr().err
