"""Finds the members of staff whom a message names: nobody judges what is about themselves (row B6)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from store.domain import Handler

# Annas, Larsʼ and Anna's are all Anna.
_GENITIVE = r"(?:['’:]?s)?"
_GREETING = re.compile(
    r"\W*(?:hej(?:san)?|hallå|tja|tjena|god\s?dag|god (?:morgon|kväll)|bästa|kära|till|att"
    r"|hi|hello|dear|hei|moi)"
    r":?(?:[\s,]+(?:\w+\s+){0,3}och)?[\s,]*"
)
_END = re.compile(r"[ \t]*(?:[,.!;:–-]|och\b|\n|\Z)")
_DEFINITE = r"(?:n|en|et|s)?"  # rektorn, enhetschefen, biträdet


def named_in(text: str, people: Iterable[Handler]) -> tuple[str, ...]:
    """List the ids of those who stand in a text by full name, or by title and last name.

    A first name alone names nobody: half of the town may bear it. Whoever bears the same full name as a
    stranger is named as well, which a human can take back. To be greeted is not to be written about.
    """
    folded = _plain(text)
    return tuple(
        one.id
        for one in people
        # Among hundreds of people nearly none has their last name in a text: that is told at a glance.
        if _last_name(one.name) in folded and _is_written_about(_pattern(one.name, one.title), folded)
    )


def _is_written_about(person: re.Pattern[str], folded: str) -> bool:
    return any(not _is_greeted(found, folded) for found in person.finditer(folded))


def _is_greeted(found: re.Match[str], folded: str) -> bool:
    """Tell whether a name is all that follows a greeting at the beginning of a line."""
    begin = folded.rfind("\n", 0, found.start()) + 1
    return bool(_GREETING.fullmatch(folded, begin, found.start()) and _END.match(folded, found.end()))


@lru_cache(maxsize=4096)
def _last_name(name: str) -> str:
    """Return the word that each way to write a name ends with."""
    return _plain(name).split()[-1] if name.strip() else ""


@lru_cache(maxsize=4096)
def _pattern(name: str, title: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in _plain(name).split()]
    if len(words) < 2:
        return re.compile(r"(?!)")  # nobody can be told from a single name
    ways = [r"\s+".join(words)]
    if len(words) > 2:
        ways.append(rf"{words[0]}\s+{words[-1]}")
    if title.strip():
        called = r"\s+".join(re.escape(word) for word in _plain(title).split())
        ways.append(rf"{called}{_DEFINITE}\s+{words[-1]}")
    return re.compile(rf"(?<![\w-])(?:{'|'.join(ways)}){_GENITIVE}(?![\w-])")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
