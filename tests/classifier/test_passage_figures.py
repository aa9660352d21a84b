from pathlib import Path

import pytest

from bots.cli import main
from classifier.passages.figures import FLOORS, PARTS, KindFigures, figures, put_into, read_part

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module", params=PARTS)
def measured(request: pytest.FixtureRequest) -> dict[str, KindFigures]:
    return {each.kind: each for each in figures(read_part(request.param))}


@pytest.mark.parametrize(("kind", "floor"), FLOORS.items())
def test_no_more_is_missed_than_we_say(measured: dict[str, KindFigures], kind: str, floor: float) -> None:
    assert measured[kind].marked > 0
    assert measured[kind].recall >= floor


@pytest.mark.parametrize("kind", FLOORS)
def test_nine_of_ten_proposals_are_right(measured: dict[str, KindFigures], kind: str) -> None:
    assert measured[kind].precision >= 0.9


def test_there_are_as_many_marked_texts_as_the_page_says() -> None:
    parts = [read_part(part) for part in PARTS]

    assert sum(map(len, parts)) >= 300
    assert sum(len(each.marks) for part in parts for each in part) >= 600
    texts = [each.text for part in parts for each in part]
    assert len(set(texts)) == len(texts)


def test_the_page_says_what_the_command_says() -> None:
    page = (ROOT / "docs" / "masking.md").read_text(encoding="utf-8")

    assert put_into(page) == page


def test_the_command_prints_the_figures_and_writes_them_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "sida.md"
    page.write_text("# Before\n<!-- synpunkt evaluate --passages -->\nold\n<!-- end -->\nAfter\n")

    status = main(["evaluate", "--passages", "--out", str(page)])

    assert status == 0
    assert "| personnummer | " in capsys.readouterr().out
    assert page.read_text().startswith(
        "# Before\n<!-- synpunkt evaluate --passages -->\n### The part made for"
    )
    assert "old" not in page.read_text()


def test_a_page_without_marks_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "sida.md"
    page.write_text("# Before\n")

    status = main(["evaluate", "--passages", "--out", str(page)])

    assert status == 65
    assert "kunde inte skrivas" in capsys.readouterr().err
    assert page.read_text() == "# Before\n"
