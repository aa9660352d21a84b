"""Finds the members of staff whom a message names: nobody judges what is about themselves (row B6)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from store.domain import Handler

# Annas, Larsʼ and Anna's are all Anna.
_GENITIVE = r"(?:['’:]?s)?"
_DEFINITE = r"(?:n|en|et|s)?"  # rektorn, enhetschefen, biträdet


def named_in(text: str, people: Iterable[Handler]) -> tuple[str, ...]:
    """List the ids of those who stand in a text by full name, or by title and last name.

    A first name alone names nobody: half of the town may bear it. Whoever bears the same full name as a
    stranger is named as well, which a human can take back.
    """
    folded = _plain(text)
    return tuple(one.id for one in people if _pattern(one.name, one.title).search(folded))


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
