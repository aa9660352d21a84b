"""Raises a flag on a message that may be more than a synpunkt. The words themselves stand in `lanes.toml`.

A flag decides nothing: a human looks (requirements.md C5:3). How the phrases of `lanes.toml` are read:
`word` in any case, `word*` with any ending, `(a|b)` either, `[a]` with or without, `..` up to six words in
the same sentence, ` + ` both, in any order, no further apart than the sentence beside, ` & ` both, anywhere
in the text, `<barn>` any of the words that `[words]` lists under that name. Brackets do not stand inside
brackets.
"""

import re
import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from store.domain import Lane

Doc.set_extension("lanes", default=(), force=True)

_TABLE = Path(__file__).with_name("lanes.toml")
_KEYS = {"name", "meaning", "signs", "unless", "never_with", "patterns", "most_words"}
_PART = re.compile(r"\((?P<either>[^()\[\]]+)\)(?P<star>\*?)|\[(?P<maybe>[^()\[\]]+)\]|\.\.|[^\s()\[\]]+")
_NAME = re.compile(r"<(\w+)>")
_BRACKETS = re.compile(r"([(\[])([^()\[\]]*)([)\]])")
_WORDS = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?…]+\s")
_BETWEEN = r"[\s,:;/\"'”–-]+"
_UP_TO_SIX = rf"{_BETWEEN}(?:[^\s.!?]+{_BETWEEN}){{0,6}}?"
_LONE_SET = re.compile(r"\w+\*?|\(\w+\*?(?:\|\w+\*?)*\)")
_SHORTEST_STEM = 2
_REMEMBERED = 50_000  # words

# The words of which one is needed, divided by `|`. As text, since text is quick to compare.
WordSet = str


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One line of the table.

    What it fits has one of the words of each set in `needs`; `anchor` is the rarest.
    """

    source: str
    anchor: WordSet
    needs: frozenset[WordSet]

    def found_in(self, lowered: str, seen: Set[WordSet]) -> bool:
        """Tell whether the phrase stands in a text in lower case; `seen` are the sets it has a word of."""
        # Looking words up is far cheaper than looking for patterns, and enough for a set on its own.
        return self.needs <= seen and all(_stand_together(part, lowered) for part in self._orders)

    def stands_in(self, lowered: str) -> bool:
        """Tell whether the phrase stands in a text of which nothing else is known."""
        return all(_stand_together(part, lowered) for part in self._parts)

    def taken_from(self, lowered: str) -> str:
        """Return a text without the phrase."""
        for part in self._parts:
            for piece in part:
                lowered = _compiled(piece).sub(" ¤ ", lowered)
        return lowered

    @cached_property
    def _parts(self) -> list[list[str]]:
        return _parts(self.source)

    @cached_property
    def _orders(self) -> list[list[str]]:
        """Return the parts in which words must stand in some order, or near others."""
        return [part for part in self._parts if len(part) > 1 or not _LONE_SET.fullmatch(part[0])]


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

    def fits(self, text: str, lowered: str, seen: Set[WordSet], possible: Iterable[Phrase]) -> bool:
        """Tell whether the rule raises its flag; `possible` are its signs whose anchor was seen."""
        signs = [phrase for phrase in possible if phrase.found_in(lowered, seen)]
        if not signs or any(phrase.found_in(lowered, seen) for phrase in self.never_with):
            return False
        if self.patterns and not any(pattern.search(text) for pattern in self.patterns):
            return False
        without = lowered
        for phrase in self.unless:
            if phrase.found_in(lowered, seen):
                without = phrase.taken_from(without)
        return without == lowered or any(phrase.stands_in(without) for phrase in signs)


class Lanes:
    """All rules, in the order of the table. As a spaCy component it writes `doc._.lanes`."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._anchored: dict[WordSet, list[tuple[int, Phrase]]] = defaultdict(list)
        self._with_word: dict[str, set[WordSet]] = defaultdict(set)
        self._with_stem: dict[str, set[WordSet]] = defaultdict(set)
        for number, rule in enumerate(self.rules):
            for phrase in rule.signs:
                self._anchored[phrase.anchor].append((number, phrase))
            for phrase in (*rule.signs, *rule.unless, *rule.never_with):
                for words in phrase.needs:
                    for word in words.split("|"):
                        sets = self._with_stem if word.endswith("*") else self._with_word
                        sets[word.rstrip("*")].add(words)
        self._longest_stem = max(map(len, self._with_stem), default=0)
        self._known: dict[str, frozenset[WordSet]] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Write the flags of a text into `doc._.lanes`."""
        doc._.lanes = self.of(doc.text)
        return doc

    def of(self, text: str) -> tuple[Lane, ...]:
        """Return the flags of a text, each once."""
        smooth = " ".join(text.replace("’", "'").split())
        lowered = smooth.lower()
        words = _WORDS.findall(lowered)
        seen = self._seen(words)
        possible: dict[int, list[Phrase]] = defaultdict(list)
        for anchor in seen & self._anchored.keys():
            for number, phrase in self._anchored[anchor]:
                if phrase.needs <= seen:
                    possible[number].append(phrase)
        return tuple(
            dict.fromkeys(
                rule.lane
                for number, rule in enumerate(self.rules)
                if number in possible
                and not 0 < rule.most_words < len(words)
                and rule.fits(smooth, lowered, seen, possible[number])
            )
        )

    def _seen(self, words: Iterable[str]) -> set[WordSet]:
        """Return the sets of which a word stands in a text, as it is or as a beginning with a star."""
        return set().union(*map(self._sets_of, set(words)))

    def _sets_of(self, word: str) -> frozenset[WordSet]:
        """Return the sets that a word stands in, remembered, since a text repeats its language."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            stems = range(_SHORTEST_STEM, min(len(word), self._longest_stem) + 1)
            sets = (self._with_stem.get(word[:end], ()) for end in stems)
            known = self._known[word] = frozenset(self._with_word.get(word, ())).union(*sets)
        return known


def read_lanes(path: Path = _TABLE) -> Lanes:
    """Read the table of rules; a mistake in it is a `ValueError` that tells where."""
    with path.open("rb") as file:
        table = tomllib.load(file)
    words = {name: "|".join(_strings(value)) for name, value in table.get("words", {}).items()}
    return Lanes(_rule(row, words) for row in table["lane"])


def compile_phrase(source: str, words: Mapping[str, str] | None = None) -> Phrase:
    """Compile one phrase of the table, with the words that it may name, divided by `|`."""
    source = _spelt_out(source, words or {})
    if _PART.sub("", source).strip():
        raise ValueError(f"lanes.toml: brackets in brackets, or one too many, in {source!r}")
    needs = {words for part in _parts(source) for piece in part for words in _needs(piece)}
    if not needs:
        raise ValueError(f"lanes.toml: too little to look for in {source!r}")
    return Phrase(source=source, anchor=min(needs, key=_how_common), needs=frozenset(needs))


def _rule(row: dict[str, object], words: Mapping[str, str]) -> Rule:
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"lanes.toml, {row.get('name')}: unknown key {', '.join(sorted(unknown))}")
    return Rule(
        lane=Lane(str(row["name"])),
        meaning=str(row["meaning"]),
        signs=_phrases(row.get("signs"), words),
        unless=_phrases(row.get("unless"), words),
        never_with=_phrases(row.get("never_with"), words),
        patterns=tuple(re.compile(each) for each in _strings(row.get("patterns"))),
        most_words=int(str(row.get("most_words", 0))),
    )


def _phrases(value: object, words: Mapping[str, str]) -> tuple[Phrase, ...]:
    return tuple(compile_phrase(each, words) for each in _strings(value))


def _strings(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _spelt_out(source: str, words: Mapping[str, str]) -> str:
    """Put the listed words in the place of each name: bare inside brackets, else in brackets of their own."""
    if unknown := set(_NAME.findall(source)) - words.keys():
        raise ValueError(f"lanes.toml: no [words] named {', '.join(sorted(unknown))} for {source!r}")
    inside = _BRACKETS.sub(lambda found: _NAME.sub(lambda name: words[name[1]], found[0]), source)
    return _NAME.sub(lambda name: f"({words[name[1]]})", inside)


def _parts(source: str) -> list[list[str]]:
    return [[piece.strip() for piece in part.split(" + ")] for part in source.lower().split(" & ")]


def _stand_together(part: list[str], lowered: str) -> bool:
    """Tell whether the first piece is found, and the others in the same sentence or in one beside it."""
    first, *others = [_compiled(piece) for piece in part]
    if not others:
        return bool(first.search(lowered))
    if not all(piece.search(lowered) for piece in (first, *others)):
        return False
    starts = [0, *(end.end() for end in _SENTENCE_END.finditer(lowered)), len(lowered), len(lowered)]
    return any(
        all(other.search(near) for other in others)
        for near in (_neighbourhood(found, lowered, starts) for found in first.finditer(lowered))
    )


def _neighbourhood(found: re.Match[str], lowered: str, starts: list[int]) -> str:
    """Cut out the sentence where something was found, and those on both sides."""
    begin = bisect_right(starts, found.start(), hi=len(starts) - 2) - 1
    return lowered[starts[max(begin - 1, 0)] : starts[begin + 2]]


@cache
def _compiled(piece: str) -> re.Pattern[str]:
    """Compile a piece when it is first needed: most wait long for their text."""
    return re.compile(rf"(?<!\w){_pattern(piece)}(?!\w)")


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


def _needs(source: str) -> Iterator[WordSet]:
    """Give for each place of a phrase the words of which one must stand there."""
    for part in _PART.finditer(source):
        if part["maybe"] or part.group() == "..":
            continue
        choices = part["either"].split("|") if part["either"] else [part.group()]
        words = {_longest_word(each, starred=bool(part["star"])) for each in choices}
        if all(len(word.rstrip("*")) >= _SHORTEST_STEM for word in words):
            yield "|".join(sorted(words))


def _longest_word(source: str, *, starred: bool) -> str:
    """Return the longest word of a choice, with a star where any ending fits."""
    found: list[str] = re.findall(r"\w+\*?", source) or [""]
    if starred:
        found[-1] = found[-1].rstrip("*") + "*"
    return max(found, key=lambda each: len(each.rstrip("*")))


def _how_common(words: WordSet) -> float:
    """Guess how often a word of a set is met: a long word is rarer than a short one."""
    return sum(0.4 ** len(word.rstrip("*")) for word in words.split("|"))


@Language.factory("lanes", assigns=["doc._.lanes"])
def make_lanes(nlp: Language, name: str) -> Lanes:  # noqa: ARG001  # spaCy calls it so
    """Make the component that reads the rules of this release."""
    return read_lanes()
