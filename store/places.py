"""The places that a message names, as far as plain words tell: enough to say that two speak of the same."""

import re

_ENDINGS = (
    "gatan|vägen|torget|stigen|gränd|gränden|plan|backen|allén|skolan|parken|badet|hallen|gården|hemmet|"
    "biblioteket|bron|viken|sjön|ängen|berget|lunden|hamnen|stationen|kyrkan|förskolan|äldreboendet"
)
# "Ekbackens förskola" is not found by its ending, but by the word before it; "Parken" alone names no place.
_BY_ENDING = re.compile(rf"\b([A-ZÅÄÖ][a-zåäöé]{{2,}}(?:{_ENDINGS}))s?\b")
_BY_WORD_BEFORE = re.compile(
    r"\b(?:vid|på|längs|utanför|bakom|mellan|nära|intill)\s+([A-ZÅÄÖ][a-zåäöé]{2,})\b"
)


def places(text: str) -> frozenset[str]:
    """Return the names of streets, schools, parks and the like, in small letters and without a final s.

    Knows no map: a name that is not written with a capital is not found, and another town's street is.
    """
    found = (*_BY_ENDING.findall(text), *_BY_WORD_BEFORE.findall(text))
    return frozenset(_plain(name) for name in found)


def _plain(name: str) -> str:
    small = name.casefold()
    return small[:-1] if small.endswith("s") and len(small) > 4 else small
