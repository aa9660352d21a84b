"""Shows every letter in every language, and the documents: `python -m templates OUT.html`; `make letters`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from templates import Rendered, document, drafts, is_chat, is_written, language_of, languages, page, render
from templates.document_examples import DOCUMENT_EXAMPLES
from templates.examples import EXAMPLES, SHORT_EXAMPLES, Example
from templates.sms import segments


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
    return _chapters(EXAMPLES)


def short_chapters() -> tuple[Chapter, ...]:
    """Write each example for SMS in each language that has the form."""
    return _chapters(SHORT_EXAMPLES, form=".sms")


def chat_chapters() -> tuple[Chapter, ...]:
    """Write each example for a chat, of the letters and in the languages that have a form of their own."""
    return _chapters([example for example in EXAMPLES if is_chat(example.letter)], form=".chat")


def markdown(told: Sequence[Chapter], short: Sequence[Chapter], chat: Sequence[Chapter]) -> str:
    """Write the letters, and then their forms for SMS and for chats, as one Markdown text."""
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
                name = language_name(letter.language)
                lines += ["", f"**{name}**: {letter.subject}", "", "```text", letter.body.rstrip(), "```"]
    for chapter in short:
        lines += ["", f"## SMS: {chapter.letter}"]
        for scene in chapter.scenes:
            lines += ["", f"### SMS: {chapter.letter}: {scene.situation}"]
            for letter in scene.letters:
                lines += ["", f"**{language_name(letter.language)}**: {cost(letter)}", ""]
                lines += ["```text", letter.body, "```"]
    for chapter in chat:
        lines += ["", f"## Chat: {chapter.letter}"]
        for scene in chapter.scenes:
            lines += ["", f"### Chat: {chapter.letter}: {scene.situation}"]
            for letter in scene.letters:
                length = f"{len(letter.body)} characters"
                lines += ["", f"**{language_name(letter.language)}**: {length}", ""]
                lines += ["```text", letter.body, "```"]
    return "\n".join(lines) + "\n"


def language_name(code: str) -> str:
    """Name a language in its own words, and say whether it is a draft."""
    words = language_of(code)
    return f"{words.name} (draft)" if words.draft else words.name


def cost(letter: Rendered) -> str:
    """Say what a letter costs as an SMS."""
    alphabet, count = segments(letter.body)
    return f"{count} SMS, {len(letter.body)} characters, {alphabet}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page to look at, and the Markdown to read and compare."""
    parser = argparse.ArgumentParser(prog="python -m templates", description=__doc__)
    parser.add_argument("out", type=Path, help="the HTML page to write")
    parser.add_argument("--markdown", type=Path, default=Path("docs/letters.md"), help="the text to write")
    options = parser.parse_args(arguments)
    told, short, chat = chapters(), short_chapters(), chat_chapters()
    papers = _papers()
    folder = f"{options.out.stem}-documents"
    shown = page(
        "letters",
        chapters=told,
        short_chapters=short,
        chat_chapters=chat,
        papers=[(name, situation, f"{folder}/{file}") for name, situation, file, _ in papers],
        reviews=_reviews(),
        language_of=language_of,
        language_name=language_name,
        cost=cost,
    )
    for path, text in (
        (options.out, shown),
        (options.markdown, markdown(told, short, chat)),
        *((options.out.parent / folder / file, text) for _, _, file, text in papers),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _papers() -> list[tuple[str, str, str, str]]:
    """Write each document: its name, its situation, a file name and the HTML."""
    return [
        (
            example.document,
            example.situation,
            f"{example.document}-{number}.html",
            document(example.document, **example.facts),
        )
        for number, example in enumerate(DOCUMENT_EXAMPLES, start=1)
    ]


def _chapters(examples: Sequence[Example], *, form: str = "") -> tuple[Chapter, ...]:
    return tuple(
        Chapter(letter=letter, scenes=tuple(_scene(example, form=form) for example in scenes))
        for letter, scenes in groupby(examples, key=lambda example: example.letter)
    )


def _scene(example: Example, *, form: str) -> Scene:
    # Swedish first, since it is what the others are held against; drafts last.
    codes = sorted((*languages(), *drafts()), key=lambda code: (code in drafts(), code != "sv", code))
    letters = tuple(
        _written(example, code, form=form)
        for code in codes
        if is_written(f"{example.letter}{form}", language=code, drafts=drafts())
    )
    return Scene(situation=example.situation, letters=letters)


def _written(example: Example, code: str, *, form: str) -> Rendered:
    if form == ".chat":
        return render(example.letter, language=code, chat=True, drafts=drafts(), **example.facts)
    return render(example.letter, language=code, short=form == ".sms", drafts=drafts(), **example.facts)


def _reviews() -> list[str]:
    return [
        f"{language_name(code)}: {f'reviewed by {reviewer}' if reviewer else 'not yet reviewed'}"
        for code in (*languages(), *drafts())
        for reviewer in [language_of(code).reviewer]
    ]


if __name__ == "__main__":
    main()
