"""Takes away what points at a person before a message becomes a lesson (requirements.md B18).

Built to take too much rather than too little: what is a name and what is a place cannot be told apart
without reading, so every word with a capital that is not an everyday word goes, but for the names of our
own units. This is pseudonymisation in the sense of GDPR article 4.5, no anonymisation: the writer's story
itself may still point.
"""

import re
from collections.abc import Iterable

NAME, NUMBER, ADDRESS = "[namn]", "[nummer]", "[adress]"

_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\w)@\w[\w.]+", re.IGNORECASE
)
_PLATE = re.compile(r"\b[A-ZÅÄÖ]{3} ?\d{2}[A-ZÅÄÖ\d]\b", re.IGNORECASE)
# Five digits or more, with what people put between them: telephone, personnummer, account, invoice and case
# numbers.
_LONG_NUMBER = re.compile(r"(?<![\w,.])\+?\d(?:[ \-–/().]{0,2}\d){4,}(?!\w)")
_HOUSE_NUMBER = re.compile(rf"(?<={re.escape(NAME)}) ?\d{{1,4}} ?[a-z]?\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_PATRONYMIC = re.compile(r".{3,}s+on(?:s|en)?$|.{3,}dotter$")

# The commonest given names, since people in a hurry write them small. Those that are words as well are left
# out.
GIVEN_NAMES = frozenset(
    """
    adam agneta ahmed albin alexander ali alice alva amanda amina anders andreas angelica anita anja ann
    anna anneli annika antonia anton arne arvid astrid august axel barbro beatrice bengt benjamin berit
    bertil birgit birgitta björn britt bo bosse camilla carina carl caroline catarina cecilia charlotte
    christer christina christoffer clara claes dagny daniel david dennis ebba edvin eija elias elin elisabet
    elisabeth ella ellen elsa emelie emil emilia emma erik erika ester eva evelina fatima felicia felix
    filip filippa frank fredrik frida frode gabriel georg gerd gertrud gunilla gunnar gunnel gustav göran
    hampus hanna hannes hans hasse hassan helena helene henrik hilda hilma hugo håkan ibrahim ida inga inger
    ingegerd ingela ingemar ingrid irene irma isabella isak ivar jakob jan janne jennifer jenny jens jessica
    joakim joel johan johanna john jonas jonathan josef josefin julia kajsa kalle karin karl karolina
    katarina kent kerstin kevin khadija kjell klara klas konrad kristina krister kurt lars lasse leif lena
    lennart leo leon liam lilly linda linnea linus lisa lisbeth lotta louise lovisa lucas ludvig lukas
    magdalena magnus maja malin marcus margareta maria marianne marie markus marta martin martina matilda
    mats mattias max maximilian melvin michael mikael mikaela milo minna miriam mohamed mohammed mona monica
    monika nathalie nils noah nour ola olga oliver olivia olle olof ove oscar oskar patricia patrik paula
    per pernilla peter petra pia pontus rasmus rebecka rickard robert robin roger roland rolf ronja rosmarie
    rut ruth sabina samuel sandra sara selma signe sigrid simon siv sixten sofia sofie solveig stefan stig
    stina sture sune susanne sven svante sverker tage tara theo theodor therese thomas thore tilda tim
    tobias tomas tommy tor torbjörn tore torsten tove tuva ulf ulla ulrika urban ursula valter vera veronica
    victor vidar viktor viktoria viola vilgot vilhelm vilma vincent wilma yasmin yngve yusuf yvonne zahra
    zainab åke åsa örjan östen
    """.split()  # noqa: SIM905  # a list of strings would hide the names
)


class Pseudonyms:
    """Replaces names, numbers and addresses.

    `everyday` are words that may bear a capital, `kept` names of units.
    """

    def __init__(self, everyday: Iterable[str], *, kept: Iterable[str] = ()) -> None:
        self._everyday = frozenset(word.lower() for word in everyday) - GIVEN_NAMES
        self._kept = frozenset(word.lower() for name in kept for word in _WORD.findall(name))

    def of(self, text: str) -> str:
        """Return the text without what points at a person."""
        text = _ADDRESS.sub(ADDRESS, text)
        text = _PLATE.sub(NUMBER, text)
        text = _LONG_NUMBER.sub(NUMBER, text)
        shouted = text.isupper()
        parts, end = [], 0
        for match in _WORD.finditer(text):
            parts.append(text[end : match.start()])
            parts.append(
                NAME
                if self._is_name(match.group(), shouted=shouted) and not _marked(text, match)
                else match.group()
            )
            end = match.end()
        masked = "".join([*parts, text[end:]])
        masked = re.sub(rf"{re.escape(NAME)}(?:[ -]{re.escape(NAME)})+", NAME, masked)
        return _HOUSE_NUMBER.sub("", masked)

    def _is_name(self, word: str, *, shouted: bool) -> bool:
        low = word.lower()
        if low in self._kept:
            return False
        bare = low.removesuffix("s")
        if (
            low in GIVEN_NAMES
            or bare in GIVEN_NAMES
            or (_PATRONYMIC.match(low) and low not in self._everyday)
        ):
            return True
        capital = word[0].isupper() or shouted
        return capital and low not in self._everyday and bare not in self._everyday


def _marked(text: str, match: re.Match[str]) -> bool:
    return text[match.start() - 1 : match.start()] == "[" and text[match.end() : match.end() + 1] == "]"


def everyday_words(texts: Iterable[str], *, at_least: int = 2) -> frozenset[str]:
    """Return the words that are written small in the texts, at least so many times."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in _WORD.findall(text):
            if word.islower():
                counts[word] = counts.get(word, 0) + 1
    return frozenset(word for word, count in counts.items() if count >= at_least)
