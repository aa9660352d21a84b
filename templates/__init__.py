"""Every text that a citizen or a handler reads. This room is the only door to Jinja2.

Letters lie in a folder per language, pages in `pages`; what each letter needs to know is in `facts`.
"""

import re
import textwrap
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, overload

import jinja2
from jinja2 import meta
from jinja2.runtime import Context

from templates.language import Language, load
from templates.roads import road_name
from templates.sms import fitted, segments

_ROOM = Path(__file__).parent
_PROOF = "citizen_acknowledgement.txt"
_PAGE_FOLDERS = ("pages", "gallery")
_SUBJECT_LINE = re.compile(r"[^\W\d_]+: (\S.*)")
_SHORT = ".sms"
_CHAT = ".chat"
_SEGMENTS = 2
_RULE = "* * *"
_WIDTH = 76
_MARK = "\N{LEFT-TO-RIGHT MARK}"
# Characters that turn the direction of a line can make a subject read as something it is not.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


class TemplateError(Exception):
    """The text cannot be written: a fact is missing, unused or blank, or there is no such text."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A finished letter. `subject` is one line; `language` is the one that the body begins with."""

    subject: str
    body: str
    language: str


# More signatures than one, since a mapping of facts could otherwise hold a `drafts` for all that mypy knows.
@overload
def render(
    name: str, /, *, language: str = "sv", short: bool = False, drafts: Collection[str] = (), **facts: object
) -> Rendered: ...
@overload
def render(
    name: str, /, *, language: str = "sv", chat: bool, drafts: Collection[str] = (), **facts: object
) -> Rendered: ...
@overload
def render(name: str, /, *, language: str = "sv", **facts: object) -> Rendered: ...
def render(
    name: str,
    /,
    *,
    language: str = "sv",
    short: Any = False,
    chat: Any = False,
    drafts: Any = (),
    **facts: object,
) -> Rendered:
    """Write a letter in `language`, or in Swedish and then English where that language lacks it.

    Give every fact of the letter and no other; otherwise `TemplateError` is raised, and nothing is blank.
    A draft language counts as lacking the letter unless its code stands in `drafts`. With `short` it is
    written for SMS if it has such a form (`is_short`): without subject, in Swedish alone where the language
    lacks it, and of at most two SMS; what is longer is `TemplateError`. With `chat` it is written for a chat:
    without subject and never folded, in the form for chats where the language has one, and never with the
    line to write above, whatever `marker` says. Both take the long letter's facts; they exclude each other.
    """
    if short and chat:
        raise TemplateError(f"letter {name}: short and chat exclude each other")
    if short and is_short(name):
        code = language if is_written(f"{name}{_SHORT}", language=language, drafts=drafts) else "sv"
        return _write_short(name, code, facts)
    write = _write_chat if chat else _write
    if is_written(name, language=language, drafts=drafts):
        return write(name, language, facts)
    swedish = write(name, "sv", facts)
    if not is_written(name, language="en"):
        return swedish
    # Only the first line to write above counts, so the English half does without.
    english = write(name, "en", facts | {"marker": False} if "marker" in facts else facts)
    if chat:
        return Rendered(subject="", body=f"{swedish.body}\n\n{_RULE}\n\n{english.body}", language="sv")
    return Rendered(
        subject=f"{swedish.subject} / {english.subject}",
        body=f"{swedish.body}\n{_RULE}\n\n{english.body}",
        language="sv",
    )


def page(name: str, /, **facts: object) -> str:
    """Write the HTML page `pages/<name>.html`; each fact is escaped, a missing one is `TemplateError`.

    Dates are written in the language of the fact `language`, or in Swedish.
    """
    try:
        return _html(*_PAGE_FOLDERS).get_template(f"{name}.html").render(facts)
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateError(f"page {name}: {_reason(error)}") from error


def document(name: str, /, **facts: object) -> str:
    """Write the HTML document `documents/<name>.html`, to be printed on A4; `document_facts` has the facts.

    Give every fact of the document and no other; otherwise `TemplateError` is raised. Each is escaped.
    """
    where = f"document {name}"
    documents = _html("documents")
    try:
        needed = _facts_in(documents, f"{name}.html")
        if missing := sorted(needed - facts.keys()):
            raise TemplateError(f"{where}: missing {', '.join(missing)}")
        if unused := sorted(facts.keys() - needed):
            raise TemplateError(f"{where}: unused {', '.join(unused)}")
        return documents.get_template(f"{name}.html").render(facts)
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateError(f"{where}: {_reason(error)}") from error


def decision(name: str, /, **facts: object) -> str:
    """Write the plain text `decisions/<name>.txt`, which somebody goes on from; in Swedish alone.

    A missing fact is `TemplateError`.
    """
    try:
        return _decisions().get_template(f"{name}.txt").render(facts).strip() + "\n"
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateError(f"decision {name}: {_reason(error)}") from error


@cache
def languages() -> tuple[str, ...]:
    """List the languages that a citizen can be thanked in, in alphabetical order and without drafts."""
    return tuple(code for code in _folders() if not language_of(code).draft)


@cache
def drafts() -> tuple[str, ...]:
    """List the languages that nobody who speaks them has approved, in alphabetical order."""
    return tuple(code for code in _folders() if language_of(code).draft)


def is_written(name: str, /, *, language: str, drafts: Collection[str] = ()) -> bool:
    """Tell whether a letter exists in a language of ours, or in a draft that is switched on."""
    # The language may come from a message, so it is looked up before it becomes a path.
    if language not in _folders() or (language_of(language).draft and language not in drafts):
        return False
    return _is_here(f"{language}/{name}.txt")


@cache
def _is_here(file: str) -> bool:
    return (_ROOM / file).is_file()


def is_short(name: str, /) -> bool:
    """Tell whether a letter has a form for SMS."""
    return is_written(f"{name}{_SHORT}", language="sv")


def is_chat(name: str, /) -> bool:
    """Tell whether a letter has a form of its own for a chat; without one the letter itself is written."""
    return is_written(f"{name}{_CHAT}", language="sv")


@cache
def facts_of(name: str, /, *, language: str = "sv") -> frozenset[str]:
    """Name the facts that a letter needs, those of its parts included."""
    try:
        return _facts_in(_letters(language), f"{name}.txt")
    except jinja2.TemplateError as error:
        raise TemplateError(f"letter {name} ({language}): {_reason(error)}") from error


@cache
def label(name: str, language: str, /) -> str:
    """Return what stands on a button, at most 20 characters; in Swedish where the language has no word.

    The names are the keys of `sv/_labels.toml`; any other is `TemplateError`.
    """
    for code in (language, "sv"):
        # The language may come from a message, so it is looked up before it becomes a path.
        if code in _folders() and name in (words := _labels(code)):
            return words[name]
    raise TemplateError(f"label {name}: there is no such text")


@cache
def language_of(code: str, /) -> Language:
    """Return how dates are written in a language, and who has reviewed its letters."""
    return load(_ROOM / code)


@cache
def _folders() -> tuple[str, ...]:
    return tuple(sorted(proof.parent.name for proof in _ROOM.glob(f"*/{_PROOF}")))


@cache
def _labels(code: str) -> Mapping[str, str]:
    path = _ROOM / code / "_labels.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write(name: str, language: str, facts: Mapping[str, object]) -> Rendered:
    subject, body = _parted(name, language, facts)
    return Rendered(subject=subject, body=_tidy(body, width=_WIDTH), language=language)


def _write_chat(name: str, language: str, facts: Mapping[str, object]) -> Rendered:
    if "marker" in facts:
        facts = {**facts, "marker": False}
    form = f"{name}{_CHAT}"
    if (_ROOM / language / f"{form}.txt").is_file():
        # As for SMS: the caller hands on the facts of the long letter, of which this form tells a part.
        known = facts_of(form, language=language) | facts_of(name)
        body = _text(form, language, facts, known=known, where=f"letter {form} ({language})")
    else:
        _, body = _parted(name, language, facts)
    return Rendered(subject="", body=_tidy(body, width=None).rstrip("\n"), language=language)


def _parted(name: str, language: str, facts: Mapping[str, object]) -> tuple[str, str]:
    """Write a letter, and part it into its subject and the rest."""
    where = f"letter {name} ({language})"
    text = _text(name, language, facts, known=facts_of(name, language=language), where=where)
    first, _, body = text.partition("\n")
    subject = _SUBJECT_LINE.fullmatch(first)
    if subject is None:
        raise TemplateError(f"{where}: the first line is no subject line")
    return subject[1].rstrip(), body


def _write_short(name: str, language: str, facts: Mapping[str, object]) -> Rendered:
    form = f"{name}{_SHORT}"
    where = f"letter {form} ({language})"
    # The caller hands on the facts of the long letter, of which a short one tells a part.
    known = facts_of(form, language=language) | facts_of(name)
    text = _text(form, language, facts, known=known, where=where)
    body = fitted("\n".join(line.rstrip() for line in text.split("\n") if line.strip()), most=_SEGMENTS)
    alphabet, count = segments(body)
    if count > _SEGMENTS:
        raise TemplateError(f"{where}: {count} SMS in {alphabet}, at most {_SEGMENTS} may be sent")
    return Rendered(subject="", body=body, language=language)


def _text(name: str, language: str, facts: Mapping[str, object], *, known: frozenset[str], where: str) -> str:
    if missing := sorted(facts_of(name, language=language) - facts.keys()):
        raise TemplateError(f"{where}: missing {', '.join(missing)}")
    if unused := sorted(facts.keys() - known):
        raise TemplateError(f"{where}: unused {', '.join(unused)}")
    try:
        return _letters(language).get_template(f"{name}.txt").render(facts)
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateError(f"{where}: {_reason(error)}") from error


def _tidy(body: str, *, width: int | None) -> str:
    """Leave at most one empty line in a row, and fold at `width` unless it is None."""
    rows = (line.rstrip(" ") for line in body.strip("\n").split("\n"))
    lines = (folded for row in rows for folded in (_fold(row, width) if width else [row]))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _fold(line: str, width: int) -> list[str]:
    # A word is never cut: a link in two pieces leads nowhere.
    if len(line) <= width:
        return [line]
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return "there is no such text"
    return str(error)


@cache
def _letters(language: str) -> jinja2.Environment:
    words = language_of(language)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ROOM / language),
        autoescape=False,  # noqa: S701 - letters are plain text; an HTML entity there is a fault
        undefined=jinja2.StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "date": words.date,
        "on_date": words.on_date,
        "day": words.short,
        "time": words.time,
        "percent": words.percent,
        "ltr": _left_to_right,
    }
    return environment


@cache
def _decisions() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ROOM / "decisions"),
        autoescape=False,  # noqa: S701 - plain text; an HTML entity there is a fault
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _html(*folders: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_ROOM / folder for folder in folders]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "date": _in_page(Language.date),
        "on_date": _in_page(Language.on_date),
        "time": _in_page(Language.time),
        "percent": _in_page(Language.percent),
        "road": road_name,
    }
    return environment


def _in_page(write: Callable[[Language, Any], str]) -> Callable[[Context, object], str]:
    # A page has no folder of its own per language; its fact `language` says how dates are written on it.
    @jinja2.pass_context
    def written(context: Context, value: object) -> str:
        code = context.get("language", "sv")
        return write(language_of(code if code in _folders() else "sv"), value)

    return written


@cache
def _facts_in(environment: jinja2.Environment, file: str) -> frozenset[str]:
    # StrictUndefined speaks only of the branch taken; we want to know before, and also what goes unused.
    loader = environment.loader or jinja2.DictLoader({})
    tree = environment.parse(loader.get_source(environment, file)[0])
    parts = [part for part in meta.find_referenced_templates(tree) if part is not None]
    own = frozenset(meta.find_undeclared_variables(tree))
    return own.union(*(_facts_in(environment, part) for part in parts))


def _plain(value: object) -> object:
    """Make a fact fit to stand inside a line, so that it can neither be blank nor begin a line of its own."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, jinja2.Undefined) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} cannot stand in a sentence")
    # The last strip takes wider blanks too: a subject may not begin with one.
    line = " ".join(part for part in _one_line(value).split(" ") if part).strip()
    if not line:
        raise ValueError("a fact is blank")
    return line


def _left_to_right(value: object) -> str:
    """Keep the order of what begins with a digit, where the words around it run from right to left.

    Without the marks the groups of 070-174 06 10 change places, and somebody dials a wrong number.
    """
    return f"{_MARK}{_plain(value)}{_MARK}"


def _one_line(value: str) -> str:
    if value.isprintable():
        return value  # none of the signs below is
    return "".join(
        " " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} else sign
        for sign in _TURNS.sub("", value)
    )
