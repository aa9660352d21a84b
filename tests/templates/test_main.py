"""The page and the paper that show all letters."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from templates import drafts, languages
from templates.__main__ import chapters, chat_chapters, main, markdown, short_chapters
from templates.document_examples import DOCUMENT_EXAMPLES

PAPER = Path(__file__).parents[2] / "docs" / "letters.md"


def test_the_paper_in_docs_shows_the_letters_as_they_are_now() -> None:
    assert PAPER.read_text(encoding="utf-8") == markdown(chapters(), short_chapters(), chat_chapters())


def test_the_command_writes_a_page_with_every_letter_and_the_paper(tmp_path: Path) -> None:
    out, paper = tmp_path / "new" / "letters.html", tmp_path / "letters.md"

    main([str(out), "--markdown", str(paper)])

    tree = LexborHTMLParser(out.read_text(encoding="utf-8"))
    written = [
        letter.language
        for chapter in (*chapters(), *short_chapters(), *chat_chapters())
        for scene in chapter.scenes
        for letter in scene.letters
    ]
    assert [article.attributes["lang"] for article in tree.css("article")] == written
    assert set(written) == {*languages(), *drafts()}
    assert paper.read_text(encoding="utf-8") == markdown(chapters(), short_chapters(), chat_chapters())


def test_the_page_marks_drafts_and_writes_arabic_and_persian_from_right_to_left(tmp_path: Path) -> None:
    out = tmp_path / "letters.html"

    main([str(out), "--markdown", str(tmp_path / "letters.md")])

    articles = LexborHTMLParser(out.read_text(encoding="utf-8")).css("article")
    marked = {
        article.attributes["lang"] for article in articles if article.attributes.get("class") == "draft"
    }
    turned = {article.attributes["lang"] for article in articles if article.attributes["dir"] == "rtl"}
    assert marked == set(drafts())
    assert turned == {"ar", "fa"}


def test_the_page_tells_what_each_sms_costs_and_leads_to_every_document(tmp_path: Path) -> None:
    out = tmp_path / "letters.html"

    main([str(out), "--markdown", str(tmp_path / "letters.md")])

    tree = LexborHTMLParser(out.read_text(encoding="utf-8"))
    costs = [node.text() for node in tree.css(".cost")]
    links = [
        str(node.attributes["href"]) for node in tree.css("nav a") if "#" not in str(node.attributes["href"])
    ]
    assert len(costs) == sum(len(scene.letters) for chapter in short_chapters() for scene in chapter.scenes)
    assert {cost.partition(" characters, ")[2] for cost in costs} == {"GSM-7"}
    assert len(links) == len(DOCUMENT_EXAMPLES)
    assert [link for link in links if not (tmp_path / link).is_file()] == []


def test_the_command_without_a_place_to_write_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])

    assert "the following arguments are required: out" in capsys.readouterr().err
