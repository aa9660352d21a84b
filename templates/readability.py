"""How hard a letter is to read. LIX is the Swedish measure: mean sentence length plus share of long words."""

import re

_APART = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n(?=- )")
_WORD = re.compile(r"\w[\w’'–-]*")
_NOT_PROSE = re.compile(r"^(?:---.*---|https?://\S+)$", re.MULTILINE)
# "2. joulukuuta" is one date, not the end of a sentence.
_ORDINAL = re.compile(r"(?<=\d)\.(?= [a-zåäö])")


def sentences(text: str) -> list[list[str]]:
    """Split a letter into sentences, each a list of words."""
    prose = _ORDINAL.sub("", _NOT_PROSE.sub("", text))
    found = (_WORD.findall(part) for part in _APART.split(prose))
    return [words for words in found if words]


def lix(text: str) -> float:
    """Return the LIX of a letter: under 30 is very easy, over 50 is officialese."""
    parts = sentences(text)
    words = [word for part in parts for word in part]
    long_words = [word for word in words if len(word) > 6]
    return len(words) / len(parts) + 100 * len(long_words) / len(words)
