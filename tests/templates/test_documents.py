"""The documents to print (requirements D01-D06: K10, K11, N10, N13, G8, B8)."""

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

import templates
from store.domain import Kind, Outcome
from templates import TemplateError, document
from templates import document_facts as known
from templates.document_examples import DOCUMENT_EXAMPLES, DocumentExample

ROOM = Path(templates.__file__).parent / "documents"
EVERY_DOCUMENT = pytest.mark.parametrize(
    "example", DOCUMENT_EXAMPLES, ids=lambda example: f"{example.document}: {example.situation}"
)


def written(name: str, situation: str = "", **changed: object) -> LexborHTMLParser:
    example = next(
        row for row in DOCUMENT_EXAMPLES if row.document == name and row.situation.startswith(situation)
    )
    return LexborHTMLParser(document(name, **{**example.facts, **changed}))


def text(tree: LexborHTMLParser) -> str:
    main = tree.css_first("body")
    assert main is not None
    return " ".join(main.text(separator=" ").split())


def chosen(tree: LexborHTMLParser) -> list[str]:
    return [node.text() for node in tree.css(".chosen")]


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("service_note", known.ServiceNoteFacts),
        ("answer", known.AnswerPaperFacts),
        ("report_form", known.ReportFormFacts),
        ("measure_form", known.MeasureFormFacts),
        ("card", known.CardFacts),
        ("cover_letter", known.CoverLetterFacts),
        ("case_sheet", known.CaseSheetFacts),
        ("archive_note", known.ArchiveNoteFacts),
        ("report", known.ReportFacts),
    ],
)
def test_a_document_needs_the_facts_of_its_type(name: str, facts: type) -> None:
    example = next(row for row in DOCUMENT_EXAMPLES if row.document == name)

    assert example.facts.keys() == facts.__annotations__.keys()
    for left_out in example.facts:
        with pytest.raises(TemplateError, match=rf"document {name}: missing {left_out}$"):
            document(name, **{key: fact for key, fact in example.facts.items() if key != left_out})
    with pytest.raises(TemplateError, match="unused colour"):
        document(name, **example.facts, colour="blue")


def test_every_document_has_an_example() -> None:
    assert {path.stem for path in ROOM.glob("[!_]*.html")} == {row.document for row in DOCUMENT_EXAMPLES}


def test_a_document_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TemplateError, match="document nothing: there is no such text"):
        document("nothing")


@EVERY_DOCUMENT
def test_a_document_is_swedish_for_a4_and_fetches_nothing(example: DocumentExample) -> None:
    html = document(example.document, **example.facts)

    tree = LexborHTMLParser(html)
    root = tree.css_first("html")
    assert root is not None
    assert (root.attributes["lang"], "@page { size: A4;" in html) == ("sv", True)
    assert tree.css("script, link, img, iframe, object") == []
    assert re.findall(r"url\(|@import|https?:", html) == []
    assert re.findall(r"\bNone\b|Undefined|[{}%]{2}", text(tree)) == []


def test_what_somebody_said_is_escaped() -> None:
    tree = written("report_form", words=(("<script>alert(1)</script>", "Två rader"),))

    room = tree.css_first(".room p")
    assert room is not None
    assert room.text() == "<script>alert(1)</script>\nTvå rader"
    assert tree.css("script") == []


def test_k11_the_service_note_tells_outcome_text_and_author() -> None:
    tree = written("service_note", outcome=Outcome.LATER)

    assert chosen(tree) == ["åtgärdas senare"]
    assert "Från januari ser vi över dem varje månad." in text(tree)
    assert "Anna Ek, enhetschef" in text(tree)
    assert chosen(written("service_note", "to fill in")) == []


def test_k10_the_answer_by_post_names_recipient_handler_and_whom_to_turn_to() -> None:
    paper = text(written("answer"))

    assert "Siv Lind Ekvägen 3 123 45 Exempelby" in paper
    assert "Gungan vid lekplatsen är lagad sedan i går." in paper
    assert "Är du inte nöjd med svaret? Kontakta Rita Lund Torget 1, 123 45 Exempelby 070-174 06 05" in paper
    assert "Det här är varför" not in paper


def test_n12_the_answer_by_post_says_why_nothing_is_done() -> None:
    paper = text(written("answer", "no action"))

    assert "Det här är varför: Gungan ägs av en förening." in paper
    assert "Är du inte nöjd med svaret? Ring 070-174 06 10 (mån–fre 8–16)." in paper


def test_b8_the_form_for_what_was_said_tells_who_wrote_it_and_both_times() -> None:
    form = text(written("report_form"))

    assert "måndag 23 november 2026 kl. 10.20" in form
    assert "måndag 23 november 2026 kl. 11.05" in form
    assert "Bo Alm, vaktmästare" in form
    assert chosen(written("report_form", kind=Kind.PRAISE)) == ["beröm"]


def test_n10_the_form_can_be_printed_empty() -> None:
    tree = written("report_form", "to fill in")

    assert [node.text() for node in tree.css("dd")] == [""] * 8
    assert chosen(tree) == []


def test_n13_the_form_for_measures_is_filled_from_the_case() -> None:
    form = text(written("measure_form"))

    assert "Typ klagomål Faktor Trygghet" in form
    assert "Ska vara gjort senast fredag 18 december 2026" in form
    assert "Gungorna ses över varje månad." in form


def test_g8_the_sheet_holds_four_cards_with_every_way_in() -> None:
    cards = [" ".join(node.text(separator=" ").split()) for node in written("card").css("article")]

    assert len(cards) == 4
    for way in ("www.exempelby.example/tycktill", "tycktill@exempelby.example", "070-174 06 10", "Torget 1"):
        assert way in cards[0]
    assert text(written("card", email="", post_address=())).count("Skicka brev") == 0


def test_g8_the_squares_are_drawn_where_they_are_dark() -> None:
    tree = written("card", qr=((True, False), (False, True)))

    path = tree.css_first("svg path")
    assert path is not None
    assert path.attributes["d"] == "M0 0h1v1h-1zM1 1h1v1h-1z"
    assert written("card", qr=()).css("svg") == []


def test_a_cover_letter_holds_figures_proposal_and_attachments() -> None:
    letter = text(written("cover_letter"))

    assert "Till kultur- och fritidsnämnden" in letter
    assert "Synpunkter 42 Klagomål 25" in letter
    assert "Förslag till beslut Nämnden tar del av rapporten." in letter
