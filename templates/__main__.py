"""Shows every letter in every language: `python -m templates OUT.html` (see also `make letters`)."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from templates import Rendered, is_written, language_of, languages, page, render
from templates.examples import EXAMPLES, Example


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One situation of a letter, written in each language that has it."""

    situation: str
    letters: tuple[Rendered, ...]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Everything that one letter can look like."""

    letter: str
    scenes: tuple[Scene, ...]


def chapters() -> tuple[Chapter, ...]:
    """Write each example in each language."""
    return tuple(
        Chapter(letter=letter, scenes=tuple(_scene(example) for example in examples))
        for letter, examples in groupby(EXAMPLES, key=lambda example: example.letter)
    )


def markdown(told: Sequence[Chapter]) -> str:
    """Write the letters as one Markdown text."""
    lines = [
        "# The letters in full",
        "",
        "Made by `make letters`; change the texts in `templates/`, not here. All facts are invented.",
        "",
        *(f"- {line}" for line in _reviews()),
    ]
    for chapter in told:
        lines += ["", f"## {chapter.letter}"]
        for scene in chapter.scenes:
            lines += ["", f"### {chapter.letter}: {scene.situation}"]
            for letter in scene.letters:
                name = language_of(letter.language).name
                lines += ["", f"**{name}**: {letter.subject}", "", "```text", letter.body.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page to look at, and the Markdown to read and compare."""
    parser = argparse.ArgumentParser(prog="python -m templates", description=__doc__)
    parser.add_argument("out", type=Path, help="the HTML page to write")
    parser.add_argument("--markdown", type=Path, default=Path("docs/letters.md"), help="the text to write")
    options = parser.parse_args(arguments)
    told = chapters()
    for path, text in (
        (options.out, page("letters", chapters=told, reviews=_reviews(), language_of=language_of)),
        (options.markdown, markdown(told)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _scene(example: Example) -> Scene:
    # Swedish first, since it is what the others are held against.
    codes = sorted(languages(), key=lambda code: (code != "sv", code))
    written = [code for code in codes if is_written(example.letter, language=code)]
    letters = tuple(render(example.letter, language=code, **example.facts) for code in written)
    return Scene(situation=example.situation, letters=letters)


def _reviews() -> list[str]:
    return [
        f"{words.name}: reviewed by {words.reviewer}" if words.reviewer else f"{words.name}: not yet reviewed"
        for words in map(language_of, languages())
    ]


if __name__ == "__main__":
    main()
