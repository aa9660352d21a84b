"""Looks an answer through before it is sent: what may be secret, hurt, or promise too much. It only remarks.

What the policy demands is refused by the guards in `store.life`; here nothing is. Pure.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from classifier.passages import find
from classifier.pseudonyms import GIVEN_NAMES
from store.domain import PassageKind
from templates.readability import lix, sentences


class Concern(StrEnum):
    """What is remarked on."""

    PERSONAL_NUMBER = "personnummer"
    NAME = "någon annans namn"
    QUOTE = "avsändarens egna ord"
    SENSITIVE = "känsligt ord"
    TONE = "ton"
    NO_CONTACT = "ingen kontakt"
    NO_DAY = "ingen dag"
    EMPTY_PROMISE = "löfte utan dag"
    HEAVY = "svårläst"
    UNFINISHED = "inte ifyllt"


_REMEDIES = {
    Concern.PERSONAL_NUMBER: "Ta bort numret: e-post och sms kan läsas av andra.",
    Concern.NAME: "Ta bort namnet, om det inte är någon som avsändaren ska vända sig till.",
    Concern.QUOTE: "Skriv med egna ord vad saken gäller, i stället för att upprepa vad avsändaren skrev.",
    Concern.SENSITIVE: "Skriv om det utan ordet, eller ring i stället: e-post och sms kan läsas av andra.",
    Concern.TONE: "Skriv om det: orden låter som ett försvar eller en tillrättavisning.",
    Concern.NO_CONTACT: "Be administratören lägga in vem den som inte är nöjd kan vända sig till.",
    Concern.NO_DAY: "Skriv vilken dag det ska vara gjort.",
    Concern.EMPTY_PROMISE: "Skriv en dag eller en vecka, eller att du hör av dig när du vet.",
    Concern.HEAVY: "Dela långa meningar och byt långa ord.",
    Concern.UNFINISHED: "Byt ut det som står inom hakparentes mot dina egna ord.",
}

_LONGEST_SENTENCE = 25  # words
_HARDEST = 45.0  # LIX; from 40 on it is hard for many, and official names are long
_LEAST_FOR_LIX = 20  # words
_SAME_WORDS = 8  # in a row
_SHOWN = 5

_NUMBER = re.compile(r"(?<!\d)(?:18|19|20)?(\d{2})(\d{2})(\d{2})[-+ –]?(\d{4})(?!\d)")
_BRACKETS = re.compile(r"\[[^\[\]\n]{1,200}\]")  # of a reply template
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NAME = re.compile(r"[A-ZÅÄÖÉÜ][a-zåäöéèüáí]+(?:-[A-ZÅÄÖÉÜ][a-zåäöéèüáí]+)?(?: [A-ZÅÄÖÉÜ][a-zåäöéèüáí-]+)*")
_DAY = re.compile(
    r"\b\d{1,2}(?:/\d{1,2}| (?:jan|feb|mars|apr|maj|jun|jul|aug|sep|okt|nov|dec)\w*)|\b20\d\d-\d\d-\d\d\b"
    r"|\bvecka \d{1,2}\b|\b(?:i dag|i morgon|måndag|tisdag|onsdag|torsdag|fredag)\b",
    re.IGNORECASE,
)
# Requirements C3: Landskrona's "undvik att inta en försvarsställning" (row G17).
_BANNED = (
    "du måste förstå",
    "enligt våra regler",
    "tyvärr kan vi inte",
    "missuppfatta",
    "missuppfattat",
    "missförstått",
    "inte vårt ansvar",
    "avvisas",
    "du påstår",
    "som du borde veta",
    "vänligen notera",
)
_EMPTY = (
    "så snart som möjligt",
    "så fort som möjligt",
    "så snart vi kan",
    "så fort vi kan",
    "inom kort",
    "snarast",
    "snarast möjligt",
    "inom en snar framtid",
)
# GDPR article 9, and what the Swedish law on secrecy most often covers: by their beginnings.
_SENSITIVE = re.compile(
    r"\b(?:diagnos|sjukdom|sjukskriv|psykisk|psykiatr|depression|demens|cancer|missbruk|beroendevård|"
    r"funktionsnedsättning|funktionshind|handikapp|autis|adhd|gravid|abort|journal(?:en|uppgift)|läkemedel|"
    r"religi|muslim|kristen|kristna|judisk|islam|etnisk|romsk|samisk|homosex|bisex|transperson|transsex|"
    r"sexuell läggning|fackförbund|facklig|partimedlem|dömd för|polisanmäl|kriminell|"
    r"socialbidrag|försörjningsstöd|omhändertag|skyddad identitet|skyddade personuppgifter)\w*",
    re.IGNORECASE,
)


_NUMBERS = frozenset(
    {PassageKind.PERSONAL_NUMBER, PassageKind.COORDINATION_NUMBER, PassageKind.RECORD_NUMBER}
)
_DELICATE = frozenset({PassageKind.HEALTH, PassageKind.SENSITIVE})


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something to look over: what, where in the text, and what to do about it."""

    concern: Concern
    found: tuple[str, ...] = ()

    @property
    def remedy(self) -> str:
        """Say what to do."""
        return _REMEDIES[self.concern]


def look_through(
    text: str,
    *,
    by_open_road: bool,
    messages: Sequence[str],
    expected: Collection[str],
    later: bool,
    has_day: bool,
    lacks_contact: bool,
) -> tuple[Remark, ...]:
    """List what to look over in an answer, the gravest first.

    `by_open_road`: others may read it on its way. `messages` are the sender's, `expected` the names of staff
    and sender.
    """
    told = has_day or bool(_DAY.search(text))
    numbers, sensitive = _delicate(text)
    found = {
        Concern.PERSONAL_NUMBER: numbers,
        Concern.NAME: _names(text, expected),
        Concern.SENSITIVE: sensitive if by_open_road else [],
        Concern.QUOTE: [phrase for message in messages for phrase in _repeated(text, message)],
        Concern.TONE: _phrases(text, _BANNED),
        Concern.EMPTY_PROMISE: [] if told else _phrases(text, _EMPTY),
        Concern.HEAVY: _heavy(text),
    }
    remarks = [
        Remark(concern=concern, found=tuple(dict.fromkeys(where))[:_SHOWN])
        for concern, where in found.items()
        if where
    ]
    remarks += [Remark(concern=Concern.NO_DAY)] if later and not has_day else []
    return (*remarks, *([Remark(concern=Concern.NO_CONTACT)] if lacks_contact else []))


def unfinished(text: str) -> tuple[Remark, ...]:
    """Remark on what a reply template has left to be filled in."""
    left = tuple(dict.fromkeys(_BRACKETS.findall(text)))[:_SHOWN]
    return (Remark(concern=Concern.UNFINISHED, found=left),) if left else ()


def delicate(text: str) -> tuple[Remark, ...]:
    """List what others must not read on its way: numbers of people, and what the GDPR calls special."""
    numbers, sensitive = _delicate(text)
    found = {Concern.PERSONAL_NUMBER: numbers, Concern.SENSITIVE: sensitive}
    return tuple(
        Remark(concern=concern, found=tuple(dict.fromkeys(where))[:_SHOWN])
        for concern, where in found.items()
        if where
    )


def _delicate(text: str) -> tuple[list[str], list[str]]:
    passages = find(text)
    numbers = [*personal_numbers(text), *(one.words for one in passages if one.kind in _NUMBERS)]
    words = [match.group() for match in _SENSITIVE.finditer(text)]
    return numbers, [*words, *(one.words for one in passages if one.kind in _DELICATE)]


def personal_numbers(text: str) -> Iterator[str]:
    """Find personnummer and samordningsnummer: a day that there is (or 60 more), and a right last figure."""
    for match in _NUMBER.finditer(text):
        year, month, day, last = match.groups()
        figures = [int(sign) for sign in year + month + day + last]
        doubled = [figure * (2 - at % 2) for at, figure in enumerate(figures)]
        is_right = sum(part // 10 + part % 10 for part in doubled) % 10 == 0
        if is_right and _is_day(int(month), int(day) % 60 if int(day) > 60 else int(day)):
            yield match.group()


def _is_day(month: int, day: int) -> bool:
    try:
        date(2000, month, day)  # a leap year: a 29th of February that was none is somebody's slip
    except ValueError:
        return False
    return True


def _names(text: str, expected: Collection[str]) -> list[str]:
    """Find names of people who are neither staff nor the sender."""
    known = {word.casefold() for name in expected for word in _WORD.findall(name)}
    found = []
    for match in _NAME.finditer(text):
        # "Igår talade Maja Berg": the name begins at the given name, wherever the capitals do.
        words = match.group().split()
        first = next((at for at, word in enumerate(words) if _is_given(word)), None)
        if first is not None and not known.issuperset(_bare(word) for word in words[first:]):
            found.append(" ".join(words[first:]))
    return found


def _is_given(word: str) -> bool:
    parts = word.casefold().split("-")
    return len(word) > 2 and all(
        part in GIVEN_NAMES or part.removesuffix("s") in GIVEN_NAMES for part in parts
    )


def _bare(word: str) -> str:
    low = word.casefold()
    return low.removesuffix("s") if low.removesuffix("s") in GIVEN_NAMES and low not in GIVEN_NAMES else low


def _repeated(text: str, message: str) -> list[str]:
    """Find what is word for word the same in both, many words in a row, as it stands in `text`."""
    theirs = [word.casefold() for word in _WORD.findall(message)]
    known = {tuple(theirs[at : at + _SAME_WORDS]) for at in range(len(theirs) - _SAME_WORDS + 1)}
    mine = list(_WORD.finditer(text))
    words = [match.group().casefold() for match in mine]
    found: list[tuple[int, int]] = []
    for at in range(len(words) - _SAME_WORDS + 1):
        if tuple(words[at : at + _SAME_WORDS]) not in known:
            continue
        start, end = mine[at].start(), mine[at + _SAME_WORDS - 1].end()
        if found and start < found[-1][1]:
            start = found.pop()[0]
        found.append((start, end))
    return [text[start:end] for start, end in found]


def _phrases(text: str, phrases: Sequence[str]) -> list[str]:
    either = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases)
    return [match.group() for match in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", text, re.IGNORECASE)]


def _heavy(text: str) -> list[str]:
    parts = sentences(text)
    long = [f"{' '.join(words[:6])} …" for words in parts if len(words) > _LONGEST_SENTENCE]
    if sum(map(len, parts)) >= _LEAST_FOR_LIX and lix(text) > _HARDEST:
        long.append(f"LIX {lix(text):.0f}")
    return long
