"""Raises a flag on a message that may be more than a synpunkt. The words themselves stand in `lanes.toml`.

A flag decides nothing: a human looks (requirements.md C5:3). How the phrases of `lanes.toml` are read:
`word` in any case, `word*` with any ending, `(a|b)` either, `[a]` with or without, `..` up to six words
in the same sentence, ` & ` both, anywhere in the text. Brackets do not stand inside brackets.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from store.domain import Lane

Doc.set_extension("lanes", default=(), force=True)

_TABLE = Path(__file__).with_name("lanes.toml")
_KEYS = {"name", "meaning", "signs", "unless", "never_with", "patterns", "most_words"}
_PART = re.compile(r"\((?P<either>[^()\[\]]+)\)(?P<star>\*?)|\[(?P<maybe>[^()\[\]]+)\]|\.\.|[^\s()\[\]]+")
_WORDS = re.compile(r"\w+")
_BETWEEN = r"[\s,:;/\"'”–-]+"
_UP_TO_SIX = rf"{_BETWEEN}(?:[^\s.!?]+{_BETWEEN}){{0,6}}?"
_SHORTEST_STEM = 2


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One line of the table. What it fits has a word of each set in `needs`; `anchor` is the rarest."""

    source: str
    anchor: frozenset[str]
    needs: tuple[frozenset[str], ...]

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Return one pattern for each part. Made when first needed: most phrases wait long for their text."""
        return tuple(re.compile(rf"(?<!\w){_pattern(part)}(?!\w)") for part in _parts(self.source))

    def found_in(self, lowered: str, keys: frozenset[str]) -> bool:
        """Tell whether the phrase stands in a text, which must be in lower case."""
        # Looking words up is far cheaper than looking for patterns.
        if any(keys.isdisjoint(words) for words in self.needs):
            return False
        return all(pattern.search(lowered) for pattern in self.patterns)

    def taken_from(self, lowered: str) -> str:
        """Return a text without the phrase."""
        for pattern in self.patterns:
            lowered = pattern.sub(" ¤ ", lowered)
        return lowered


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The words that raise one flag, and those that do not."""

    lane: Lane
    meaning: str
    signs: tuple[Phrase, ...]
    unless: tuple[Phrase, ...] = ()
    never_with: tuple[Phrase, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    most_words: int = 0

    def fits(self, text: str, keys: frozenset[str], possible: Iterable[Phrase]) -> bool:
        """Tell whether the rule raises its flag; `possible` are its signs whose anchor was seen."""
        lowered = text.lower()
        signs = [phrase for phrase in possible if phrase.found_in(lowered, keys)]
        if not signs or any(phrase.found_in(lowered, keys) for phrase in self.never_with):
            return False
        if self.patterns and not any(pattern.search(text) for pattern in self.patterns):
            return False
        without = lowered
        for phrase in self.unless:
            without = phrase.taken_from(without)
        return without == lowered or any(phrase.found_in(without, keys) for phrase in signs)


class Lanes:
    """All rules, in the order of the table. As a spaCy component it writes `doc._.lanes`."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._anchored: dict[str, list[tuple[int, Phrase]]] = defaultdict(list)
        for number, rule in enumerate(self.rules):
            for phrase in rule.signs:
                for anchor in phrase.anchor:
                    self._anchored[anchor].append((number, phrase))

    def __call__(self, doc: Doc) -> Doc:
        """Write the flags of a text into `doc._.lanes`."""
        doc._.lanes = self.of(doc.text)
        return doc

    def of(self, text: str) -> tuple[Lane, ...]:
        """Return the flags of a text, each once."""
        smooth = " ".join(text.replace("’", "'").split())
        words = _WORDS.findall(smooth.lower())
        keys = frozenset(_keys(words))
        possible: dict[int, dict[str, Phrase]] = defaultdict(dict)
        for key in keys & self._anchored.keys():
            for number, phrase in self._anchored[key]:
                possible[number][phrase.source] = phrase
        return tuple(
            dict.fromkeys(
                rule.lane
                for number, rule in enumerate(self.rules)
                if number in possible
                and not 0 < rule.most_words < len(words)
                and rule.fits(smooth, keys, possible[number].values())
            )
        )


def read_lanes(path: Path = _TABLE) -> Lanes:
    """Read the table of rules; a mistake in it is a `ValueError` that tells where."""
    with path.open("rb") as file:
        table = tomllib.load(file)
    return Lanes(_rule(row) for row in table["lane"])


def compile_phrase(source: str) -> Phrase:
    """Compile one phrase of the table."""
    if _PART.sub("", source).strip():
        raise ValueError(f"lanes.toml: brackets in brackets, or one too many, in {source!r}")
    needs = [words for part in _parts(source) for words in _needs(part)]
    # A long word is rarer than a short one, so the closer look is seldom in vain.
    anchor = max(needs, key=_shortest, default=frozenset({""}))
    if _shortest(anchor) < _SHORTEST_STEM:
        raise ValueError(f"lanes.toml: too little to look for in {source!r}")
    return Phrase(
        source=source,
        anchor=anchor,
        needs=tuple(words for words in needs if _shortest(words) >= _SHORTEST_STEM),
    )


def _rule(row: dict[str, object]) -> Rule:
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"lanes.toml, {row.get('name')}: unknown key {', '.join(sorted(unknown))}")
    return Rule(
        lane=Lane(str(row["name"])),
        meaning=str(row["meaning"]),
        signs=_phrases(row.get("signs")),
        unless=_phrases(row.get("unless")),
        never_with=_phrases(row.get("never_with")),
        patterns=tuple(re.compile(each) for each in _strings(row.get("patterns"))),
        most_words=int(str(row.get("most_words", 0))),
    )


def _phrases(value: object) -> tuple[Phrase, ...]:
    return tuple(compile_phrase(each) for each in _strings(value))


def _strings(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _keys(words: list[str]) -> Iterator[str]:
    """Give each word as it is, and each of its beginnings with a star."""
    for word in set(words):
        yield word
        for end in range(_SHORTEST_STEM, len(word) + 1):
            yield f"{word[:end]}*"


def _parts(source: str) -> list[str]:
    return [part.strip() for part in source.lower().split(" & ")]


def _pattern(source: str) -> str:
    """Translate a phrase into a regular expression."""
    made, gap = "", ""
    for part in _PART.finditer(source):
        if part.group() == "..":
            gap = _UP_TO_SIX
        elif maybe := part["maybe"]:
            # The gap before the next word belongs to the optional one when that one stands first.
            made += f"(?:{gap}{_either(maybe)})?" if made else f"(?:{_either(maybe)}{_BETWEEN})?"
            gap = _BETWEEN if gap else ""
        else:
            made += gap + _one(part)
            gap = _BETWEEN
    return made


def _one(part: re.Match[str]) -> str:
    if either := part["either"]:
        return _either(either) + (r"\w*" if part["star"] else "")
    return re.escape(part.group()).replace(r"\*", r"\w*")


def _either(source: str) -> str:
    return "(?:" + "|".join(_pattern(each.strip()) for each in source.split("|")) + ")"


def _needs(source: str) -> Iterator[frozenset[str]]:
    """Give for each place of a phrase the words of which one must stand there."""
    for part in _PART.finditer(source):
        if part["maybe"] or part.group() == "..":
            continue
        choices = part["either"].split("|") if part["either"] else [part.group()]
        yield frozenset(_longest_word(each, starred=bool(part["star"])) for each in choices)


def _longest_word(source: str, *, starred: bool) -> str:
    """Return the longest word of a choice, with a star where any ending fits."""
    found: list[str] = re.findall(r"\w+\*?", source) or [""]
    if starred:
        found[-1] = found[-1].rstrip("*") + "*"
    return max(found, key=lambda each: len(each.rstrip("*")))


def _shortest(words: frozenset[str]) -> int:
    return min(len(each.rstrip("*")) for each in words)


@Language.factory("lanes", assigns=["doc._.lanes"])
def make_lanes(nlp: Language, name: str) -> Lanes:  # noqa: ARG001  # spaCy calls it so
    """Make the component that reads the rules of this release."""
    return read_lanes()
