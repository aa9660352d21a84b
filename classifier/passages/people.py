"""Finds names of people, by the names in names.txt and by what stands around them."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files

from classifier.passages.signs import ends, everyday, signs
from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_LONGEST = 6  # words of one name
# What a role says of a word: a given or a family name; small where it is an ordinary word or a place as well.
_ROLES = {"given": "G", "given_words": "g", "family": "F", "family_words": "f"}
_PLAIN_LETTERS = str.maketrans(
    "čćšžđşğçıłñéèëêáàâíìîóòôúùûýńśźżțșřěůőű", "ccszdsgcilneeeeaaaiiiooouuuynszztsreuou"
)
_SURNAME_END = re.compile(
    r".{2,}(?:sson|sen|sdotter|qvist|kvist|quist|ström|gren|berg|lund|dahl|holm|stedt|löf|löv|blom|skog|ius|ander|"
    r"sjö|feldt|felt|mäki|nen|poulos|ic|ovic|evic|ska|ski|sky|wicz|oglu|zadeh|yan|ova|enko|chuk|shvili)s?$"
)
_SAYS_AGE = re.compile(
    r",? \(?\d{1,3} ?(?:år|mån)|,? (?:i )?(?:åk|årskurs|klass) ?\d|,? i \d ?[a-dA-D]\b|,? född\b"
    r"|,? \(?(?:\d\d)?\d{6}[-+]?\d{4}\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"[.!?:\n\r*\"(|>•]|- $")
_SHOUT = re.compile(r"[A-ZÅÄÖ]{3}")


@cache
def _known() -> dict[str, tuple[str, bool]]:
    """Return what each known word can be, and whether it is an everyday word.

    Where a word stands twice, the surer name comes first.
    """
    roles: dict[str, str] = {}
    heading = ""
    for line in files("classifier.passages").joinpath("names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = _ROLES[line.strip("[]")]
        elif not line.startswith("#"):
            for word in line.split():
                roles.setdefault(word, heading)
    common = everyday()
    return {word: (roles.get(word, ""), word in common) for word in {*roles, *common}}


def is_nobody_if_small(word: str) -> bool:
    """Tell whether a word that is written small is no name, nor makes one of the word after it."""
    return word not in _triggers() and (_known().get(word) or _judge(word))[0] == ""


def people(text: str, *, names: Collection[str] = ()) -> Iterator[Found]:
    """Find names of people in a plain text. `names` are those of the case, and found wherever they stand."""
    reading = _Reading(text)
    yield from reading.expected(names)
    yield from reading.names()


class _Reading:
    """The words of a text, one after another: where they stand, and what each of them can be."""

    def __init__(self, text: str) -> None:
        self.text = text
        known = _known()
        found = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        self.spans = [(start, end) for _, start, end in found]
        self.lows = [token.lower() for token, _, _ in found]
        # Where a capital says something.
        self.capitals = [
            token != low and token[0].isupper() for (token, _, _), low in zip(found, self.lows, strict=True)
        ]
        facts = [known.get(low) or _judge(low) for low in self.lows]
        self.roles = [role for role, _ in facts]
        self.common = [is_common for _, is_common in facts]
        for at, (token, _, end) in enumerate(found):
            if "-" in token and token[0].islower() and token != self.lows[at]:
                self._take_tail(at, token, end)
        if _SHOUT.search(text):
            shouts = _shouted(text)
            for at, (start, _) in enumerate(self.spans):
                if shouts and self.capitals[at] and _is_in(start, shouts):
                    self.capitals[at] = False

    def _take_tail(self, at: int, token: str, end: int) -> None:
        """Read "hemtjänst-Rebin" as Rebin, and "al-Bayati" as one name."""
        head, _, tail = token.rpartition("-")
        if not tail[:1].isupper():
            return
        self.capitals[at] = True
        if head.lower() not in signs()["partikel"]:
            self.spans[at] = (end - len(tail), end)
            self.lows[at] = tail.lower()
            self.roles[at], self.common[at] = _known().get(tail.lower()) or _judge(tail.lower())

    def names(self) -> Iterator[Found]:
        """Walk over the names, the longest run of words that makes one each time."""
        at, count = 0, len(self.lows)
        last_end = -1
        triggers = _triggers()
        while at < count:
            is_common = self.common[at]
            is_nothing = is_common or not (self.capitals[at] or self.lows[at - 1] in triggers)
            if self._is_part(at) if len(self.lows[at]) == 1 else is_nothing and not self.roles[at]:
                at += 1
                continue
            end = self._extend(at)
            why = self._why(at, end, last_end)
            if why and not self._is_organisation(at, end):
                yield self.spans[at][0], self.spans[end - 1][1], PassageKind.NAME, why
                at = last_end = end
            else:
                at += 1

    def _is_part(self, at: int) -> bool:
        """Tell whether a letter is no initial, but "I", or part of a number."""
        start = self.spans[at][0]
        return not self.capitals[at] or self.lows[at] == "i" or self.text[start - 1 : start].isalnum()

    def _why(self, at: int, end: int, last_end: int) -> str:
        role = self.roles[at]
        if role == "G":
            return "förnamn" if end == at + 1 else "förnamn och mer"
        if role == "g":
            return self._why_word(at, end, last_end)
        context = self._context(at, end)
        if role == "F":
            return "efternamn" if self.capitals[at] or not self.common[at] else context
        if self.common[at] and not (role and self.capitals[at]):
            return ""
        return context or self._why_unknown(at, end, last_end)

    def _why_word(self, at: int, end: int, last_end: int) -> str:
        """Tell why an ordinary word, such as Björn, is a given name here."""
        if self._has_family(at, end):
            return "förnamn och efternamn"
        context = self._context(at, end)
        if context or self.lows[at] in signs()["sällan namn"]:
            return context
        if self._is_month(at):
            return ""
        if not self.capitals[at]:
            return "bredvid ett namn" if self._is_beside(at, last_end) else ""
        if not self._opens(at):
            return "förnamn med stor bokstav"
        after = self.lows[end] if end < len(self.lows) else ""
        is_beside = after in signs()["och"] and end + 1 < len(self.lows) and self.roles[end + 1] in ("G", "g")
        return "förnamn, och vad någon gör" if after in signs()["gör"] or is_beside else ""

    def _why_unknown(self, at: int, end: int, last_end: int) -> str:
        """Tell why a word that is no known given name begins a name here."""
        if not self.capitals[at]:
            return ""
        low = self.lows[at]
        if self.roles[at] == "f":
            is_reversed = end > at + 1 and self.roles[at + 1] == "G"
            initial = at > 0 and len(self.lows[at - 1]) == 1 and self._gap(at) in (". ", " ", ".")
            return "efternamn" if is_reversed or initial else ""
        if self._is_beside(at, last_end):
            return "bredvid ett namn"
        if _is_place(low) or (self._opens(at) and end == at + 1):
            return ""
        if _SAYS_AGE.match(self.text, self.spans[end - 1][1]):
            return "före en ålder eller klass"
        if low.endswith(("sson", "ssons", "dotter", "qvist", "kvist")):
            return "skrivet som ett efternamn"
        if self._has_family(at, end):
            return "stor bokstav och efternamn"
        is_pair = end == at + 2 and self._gap(at + 1) == " " and not self._is_person_word(at)
        is_pair = is_pair and all(len(each) > 1 for each in self.lows[at:end])
        if is_pair and not any(_is_place(each) or _is_head(each) for each in self.lows[at:end]):
            return "två ord med stor bokstav"
        return ""

    def _is_person_word(self, at: int) -> bool:
        low, known = self.lows[at], signs()
        return low in known["titel"] or low in known["anhörig"] or low.endswith(ends("titel, slut"))

    def _extend(self, at: int) -> int:
        """Return the place after the last word of the name that may begin here."""
        end, first = at + 1, at
        while end < len(self.lows) and end - at < _LONGEST and self._continues(first, end):
            end += 1
        particles = signs()["partikel"]
        while end > at + 1 and self.lows[end - 1] in particles:
            end -= 1
        return end

    def _continues(self, first: int, at: int) -> bool:  # noqa: C901  # one rule a line
        role, low = self.roles[at], self.lows[at]
        if not role and self.common[at] and not self.capitals[at] and low not in signs()["partikel"]:
            return False
        gap = self._gap(at)
        if gap not in (" ", "  ") and not (gap == "\n" and role == "F" and self.roles[at - 1] in ("G", "g")):
            is_initial = gap == ". " and len(self.lows[at - 1]) == 1 and self.capitals[at]
            if not is_initial:
                return False
        start, end = self.spans[at]
        if end - start <= 2 and self.text[start:end].isupper() and self.capitals[first]:
            return low != "i" and not self.text[end : end + 1].isdigit()
        if low in signs()["partikel"]:
            return (
                at + 1 < len(self.lows)
                and self.capitals[at + 1] == self.capitals[first]
                and bool(self.roles[first])
            )
        if self.capitals[at] != self.capitals[first] or (not role and _is_head(low)):
            return False
        if role in ("G", "F"):
            return True
        if self.capitals[at]:
            # "Gunilla Tell": after a given name an everyday word with a capital is a family name.
            if role or (self.roles[first] == "G" and not _is_place(low)):
                return True
            return not self.common[at] and bool(self.roles[first] or not self._opens(first))
        if self.roles[first] != "G" or low in signs()["sällan namn"]:
            return False
        is_shouted = self.text[start:end].isupper()
        return (role == "f" and not low.endswith("s")) or (
            not self.common[at] and (is_shouted or bool(_SURNAME_END.match(low)))
        )

    def _context(self, at: int, end: int) -> str:  # noqa: C901  # one rule a line
        """Tell what word before, or what place in the text, makes a name of this."""
        if self._is_signature(at, end):
            return "underskrift"
        if at == 0 or (not self.capitals[at] and (self.common[at] or len(self.lows[at]) < 3)):
            return ""
        before, gap = self.lows[at - 1], self._gap(at)
        known = signs()
        if len(gap) > 6:
            return ""
        if before in known["hälsning"]:
            return "underskrift"
        if "." in gap and len(before) > 3:
            return ""
        if before in known["heter"]:
            is_thing = (
                len(self.lows[at]) < 2 or _is_place(self.lows[at]) or (at > 1 and self._is_thing(at - 2))
            )
            return "" if is_thing else f"efter ordet {before}"
        if before in known["anhörig"] or before in known["titel"]:
            is_said = self.capitals[at] or (gap == " " and before not in ("man", "far", "mor"))
            return f"efter ordet {before}" if is_said else ""
        if self.capitals[at] and gap == " ":
            if before.endswith(ends("titel, slut")):
                return f"efter ordet {before}"
            earlier = self.lows[at - 2] if at > 1 else ""
            if before in known["till"] and earlier in known["anhörig"]:
                return f"efter orden {earlier} {before}"
            if before in ("är", "e") and earlier in ("jag", "ja") and not _is_place(self.lows[at]):
                return "efter orden jag är"
        return ""

    def _is_thing(self, at: int) -> bool:
        low = self.lows[at]
        return (
            low in signs()["sak"]
            or _is_head(low)
            or low.endswith(("boendet", "hemmet", "tjänsten", "tjänst", "skolan"))
        )

    def _is_signature(self, at: int, end: int) -> bool:
        """Tell whether the words stand alone at the end of the text, or after a slash at a line's end."""
        start, stop = self.spans[at][0], self.spans[end - 1][1]
        if end - at > 4 or (self.common[at] and self.roles[at] != "g") or _is_place(self.lows[at]):
            return False
        gap = self._gap(at)
        rest = self.text[stop : stop + 3].split("\n")[0].strip(" .!")
        if (
            gap.rstrip(" ").endswith("/")
            and not gap.rstrip(" ").endswith("</")
            and (at == 0 or gap[:1] in " \n.")
        ):
            return not rest
        if not self.capitals[at] or start == 0:
            return False
        # "Skärpning!" at the end is no name, since it has a sign of its own.
        return end == len(self.lows) and not self.text[stop:].strip() and _OPENS.search(gap) is not None

    def _has_family(self, at: int, end: int) -> bool:
        return any(
            self.roles[place] in ("F", "f")
            or (self.roles[at] == "g" and (self.roles[place] != "" or len(self.lows[place]) == 1))
            or (not self.common[place] and _SURNAME_END.match(self.lows[place]) is not None)
            for place in range(at + 1, end)
        )

    def _is_beside(self, at: int, last_end: int) -> bool:
        """Tell whether a name was found just before, with "och" between, or stands just after it so."""
        if at >= 2 and last_end == at - 1 and self.lows[at - 1] in signs()["och"]:
            return True
        after = at + 2
        return (
            after < len(self.lows)
            and self.lows[at + 1] in signs()["och"]
            and self.roles[after] == "G"
            and not self._opens(at)
        )

    def _is_month(self, at: int) -> bool:
        start, end = self.spans[at]
        return self.lows[at] in signs()["månad"] and bool(
            re.search(r"\d[.:]? ?$", self.text[max(0, start - 4) : start])
            or re.match(r" ?\d", self.text[end : end + 2])
        )

    def _is_organisation(self, at: int, end: int) -> bool:
        """Tell whether a school, a street or a company is named after somebody."""
        if at and self.lows[at - 1] in signs()["helgon"] and self._gap(at) in (" ", ":"):
            return True
        if end == len(self.lows) or self._gap(end) != " ":
            return False
        is_owner = self.lows[end - 1].endswith("s")
        return (
            _is_head(self.lows[end])
            if is_owner
            else self.capitals[at] and self.lows[end] in signs()["huvudord, namn"]
        )

    def _gap(self, at: int) -> str:
        return self.text[self.spans[at - 1][1] if at else 0 : self.spans[at][0]]

    def _opens(self, at: int) -> bool:
        return at == 0 or bool(_OPENS.search(self._gap(at)))

    def expected(self, names: Collection[str]) -> Iterator[Found]:
        """Walk over the words that are part of a name of the case; ordinary words only with a capital."""
        parts = {part.lower() for name in names for part in _TOKEN.findall(name)}
        if not parts:
            return
        for (start, end), low, role, capital in zip(
            self.spans, self.lows, self.roles, self.capitals, strict=True
        ):
            if low not in parts and not (low.endswith("s") and low[:-1] in parts):
                continue
            if capital or (len(low) > 2 and role not in ("g", "f") and low not in everyday()):
                yield start, end, PassageKind.NAME, "namn i ärendet"


def _judge(low: str) -> tuple[str, bool]:
    """Tell what a word can be that is not known as it stands: with a genitive s, accents or a hyphen."""
    known = _known()
    if len(low) == 1:
        return "", False
    bare = low.translate(_PLAIN_LETTERS)
    if bare != low and bare in known:
        return known[bare]
    if bare.endswith("s") and len(bare) > 3:
        role, _ = known.get(bare[:-1].rstrip("'"), ("", False))
        if role:
            return role, False
    if "-" not in bare:
        return "", False
    first, *_, last = (_part(part) for part in bare.split("-"))
    if last == "G" or (first in ("G", "g") and last == "g"):
        return "G", False
    return "F" if last in ("F", "f") and first else "", False


def _part(word: str) -> str:
    known = _known()
    return (known.get(word) or known.get(word.removesuffix("s")) or ("", False))[0]


def _shouted(text: str) -> list[tuple[int, int]]:
    """Return the lines in which capitals say nothing, since they are nearly all capitals."""
    spans, at = [], 0
    for line in text.splitlines(keepends=True):
        letters = sum(map(str.isalpha, line))
        if letters > 8 and sum(map(str.isupper, line)) * 10 > letters * 7:
            spans.append((at, at + len(line)))
        at += len(line)
    return spans


def _is_in(place: int, spans: list[tuple[int, int]]) -> bool:
    index = bisect_right(spans, (place, place + 1)) - 1
    return (index >= 0 and spans[index][0] <= place < spans[index][1]) or spans[0][0] == place


@cache
def _triggers() -> frozenset[str]:
    known = signs()
    return known["heter"] | known["hälsning"] | known["anhörig"] | known["titel"]


def _is_head(low: str) -> bool:
    known = signs()
    return low in known["huvudord"] or low.endswith(ends("huvudord, slut"))


def _is_place(low: str) -> bool:
    known = signs()
    return low in known["ort"] or low in known["väderstreck"] or low.endswith(ends("ort, slut"))
