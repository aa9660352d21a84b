"""Finds names of people, by the names in names.txt and by what stands around them."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from classifier.passages.signs import signs
from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_SURNAME_END = re.compile(
    r".{2,}(?:sson|sen|sdotter|qvist|kvist|ström|gren|berg|lund|dahl|holm|blad|stedt|löf|löv|blom|skog|ius|ander|"
    r"sjö|hed|wall|feldt|felt|mäki|nen|poulos|ić|ovic|evic|ska|ski|wicz|oğlu|oglu|zadeh|yan|ova|enko|chuk)s?$"
)


class _Names(NamedTuple):
    given: frozenset[str]
    given_words: frozenset[str]  # given names that are ordinary words as well
    family: frozenset[str]
    family_words: frozenset[str]


@cache
def _known() -> _Names:
    parts: dict[str, set[str]] = {
        "given": set(),
        "given_words": set(),
        "family": set(),
        "family_words": set(),
    }
    heading = ""
    for line in files("classifier.passages").joinpath("names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line.strip("[]")
        elif not line.startswith("#"):
            parts[heading].update(line.split())
    return _Names(**{key: frozenset(value) for key, value in parts.items()})


class _Word(NamedTuple):
    start: int
    end: int
    low: str  # small letters, without a genitive s where that makes a name of it
    is_capital: bool  # where a capital says something
    opens: bool  # the first word of a sentence
    role: str  # "G", "g" (also an ordinary word), "F", "f" or ""


def people(text: str, *, names: Collection[str] = ()) -> Iterator[Found]:
    """Find names of people in a plain text. `names` are those of the case."""
    words = _words(text)
    yield from _expected(text, words, names)
    at = 0
    while at < len(words):
        after, why = _name_from(text, words, at)
        if after > at:
            yield words[at].start, words[after - 1].end, PassageKind.NAME, why
            at = after
        else:
            at += 1


def _words(text: str) -> list[_Word]:
    known = _known()
    shouting = _shouted(text)
    words: list[_Word] = []
    last = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        token = match.group()
        between = text[last:start]
        opens = not words or any(sign in '.!?:\n•*"(' for sign in between)
        is_shouted = any(begin <= start < stop for begin, stop in shouting) if shouting else False
        low = token.casefold()
        role = _role(low, known)
        if not role and low.endswith("s") and len(low) > 3:
            role = _role(low[:-1].rstrip("'"), known)
            if role:
                low = low[:-1].rstrip("'")
        words.append(_Word(start, end, low, token[0].isupper() and not is_shouted, opens, role))
        last = end
    return words


def _role(low: str, known: _Names) -> str:
    if low in known.given:
        return "G"
    if low in known.family:
        return "F"
    if low in known.given_words:
        return "g"
    if low in known.family_words:
        return "f"
    if "-" in low:
        parts = low.split("-")
        roles = [_role(part, known) for part in parts]
        if roles[0] in ("G", "g") and all(role in ("G", "g") for role in roles):
            return "G"
        if roles[0] and roles[-1] in ("F", "f"):
            return "F"
    return ""


def _shouted(text: str) -> list[tuple[int, int]]:
    """Return the lines in which capitals say nothing, since they are nearly all capitals."""
    if not any(a.isupper() and b.isupper() for a, b in pairwise(text[:2000])) and len(text) < 2000:
        return []
    spans, at = [], 0
    for line in text.splitlines(keepends=True):
        letters = sum(map(str.isalpha, line))
        capitals = sum(map(str.isupper, line))
        if letters > 8 and capitals * 10 > letters * 7:
            spans.append((at, at + len(line)))
        at += len(line)
    return spans


def _name_from(text: str, words: list[_Word], at: int) -> tuple[int, str]:  # noqa: C901  # one rule a line
    """Return where the name that begins at a word ends, and why; the same place if none does."""
    word = words[at]
    context = _context(text, words, at)
    if not (word.role or context or word.is_capital):
        return at, ""
    end = _extend(text, words, at)
    if _is_organisation(text, words, at, end):
        return at, ""
    roles = [each.role for each in words[at:end]]
    has_given = any(role in ("G", "g") for role in roles)
    has_family = any(role in ("F", "f") for role in roles[1:]) or any(
        _SURNAME_END.match(each.low) and each.is_capital for each in words[at + 1 : end]
    )
    if word.role == "G":
        return end, "förnamn" if end == at + 1 else "förnamn och mer"
    if word.role == "g" and has_family and end > at + 1:
        return end, "förnamn och efternamn"
    if word.role == "F" and (word.is_capital or not word.low.islower()):
        return end, "efternamn"
    if word.role and context:
        return end, context
    if word.role == "g" and word.is_capital and not word.opens:
        return end, "förnamn med stor bokstav"
    if word.is_capital and context:
        return end, context
    if (
        word.is_capital
        and not word.opens
        and _SURNAME_END.match(word.low)
        and word.low.endswith(("sson", "ssons"))
    ):
        return end, "skrivet som ett efternamn"
    if word.is_capital and end > at + 1 and has_family and not has_given and len(roles) > 1:
        return end, "stor bokstav och efternamn"
    return at, ""


def _extend(text: str, words: list[_Word], at: int) -> int:
    end = at + 1
    first = words[at]
    while end < len(words) and end - at < 5:
        between = text[words[end - 1].end : words[end].start]
        word = words[end]
        if between not in (" ", ". ", "  ", " \n", "\n") or (
            "\n" in between and not (word.role in ("F", "f") and first.role in ("G", "g"))
        ):
            break
        if between == ". " and words[end - 1].end - words[end - 1].start > 1:
            break
        is_initial = (
            word.end - word.start == 1 and text[word.start].isupper() and text[word.end : word.end + 1] == "."
        )
        if word.low in signs()["partikel"] and end + 1 < len(words) and words[end + 1].is_capital:
            end += 1
        elif word.role in ("G", "F") or (word.role in ("g", "f") and (word.is_capital or first.role == "G")):
            if word.role in ("g", "f") and not word.is_capital and (word.role == "g" or first.is_capital):
                break
            end += 1
        elif (
            is_initial
            or (word.is_capital and first.is_capital and _SURNAME_END.match(word.low))
            or (word.is_capital and first.is_capital and first.role in ("G", "g") and not word.opens)
        ):
            end += 1
        else:
            break
    while end > at + 1 and words[end - 1].low in signs()["partikel"]:
        end -= 1
    return end


def _context(text: str, words: list[_Word], at: int) -> str:
    if at == 0:
        return ""
    before = words[at - 1]
    between = text[before.end : words[at].start]
    if len(between) > 4 or before.role:
        return ""
    if before.low in signs()["heter"] and "." not in between:
        return f"efter ordet {before.low}"
    if before.low in signs()["hälsning"]:
        return "underskrift"
    if before.low in (signs()["anhörig"] | signs()["titel"]) and between == " " and words[at].is_capital:
        return f"efter ordet {before.low}"
    return ""


def _is_organisation(text: str, words: list[_Word], at: int, end: int) -> bool:
    """Tell whether a school, a street or a company is named after somebody, or a month is meant."""
    if end < len(words) and text[words[end - 1].end : words[end].start] == " " and _is_head(words[end].low):
        return True
    if any(_is_head(word.low) and not word.role for word in words[at:end]):
        return True
    return bool(at) and words[at - 1].low in {"sankt", "sankta", "st", "kung", "drottning"}


def _is_head(low: str) -> bool:
    known = signs()
    return low in known["huvudord"] or low.endswith(tuple(known["huvudord, slut"]))


def _expected(text: str, words: list[_Word], names: Collection[str]) -> Iterator[Found]:
    known = _known()
    parts = {part.casefold() for name in names for part in _TOKEN.findall(name)}
    if not parts:
        return
    for word in words:
        low = text[word.start : word.end].casefold()
        bare = low.removesuffix("s")
        if low not in parts and bare not in parts:
            continue
        is_word = {low, bare} & (known.given_words | known.family_words) or len(low) < 3
        if not is_word or word.is_capital:
            yield word.start, word.end, PassageKind.NAME, "namn i ärendet"
