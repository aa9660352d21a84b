"""Makes a text plain to search: one kind of figures, spaces and dashes, nothing invisible, whole letters."""

import re
import unicodedata
from dataclasses import dataclass

_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e")
# Whatever is no plain sign and no Latin letter in one piece.
_ODD = re.compile(r"[^\n -~\u00c0-\u024f]")


class _Alike(dict[int, str]):
    """What each sign is written as. Looked up as texts need it: to go through all signs takes long."""

    def __missing__(self, point: int) -> str:
        sign = chr(point)
        match unicodedata.category(sign):
            case "Nd":
                return self.setdefault(point, str(unicodedata.decimal(sign)))
            case "Zs":
                return self.setdefault(point, " ")
            case "Pd":
                return self.setdefault(point, "-")
        return sign


_ALIKE = _Alike({0xFF20: "@", 0xFF0E: ".", 0xFF0B: "+", 0x2019: "'", 0x2212: "-", 0x0D: "\n", 0x09: " "})


@dataclass(frozen=True)
class Plain:
    """A text to search, and where each of its characters began in the text that was given."""

    text: str
    _starts: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the same span in the text that was given. What is invisible at its end is taken with it."""
        return (start, end) if self._starts is None else (self._starts[start], self._starts[end])


def plain(text: str) -> Plain:
    """Return the text made plain: sign for sign, but for what is invisible and for loose accents."""
    if not _ODD.search(text):
        return Plain(text)
    if unicodedata.is_normalized("NFC", text) and _INVISIBLE.isdisjoint(text):
        return Plain(text.translate(_ALIKE))
    signs: list[str] = []
    starts: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        if text[at] not in _INVISIBLE:
            whole = unicodedata.normalize("NFC", text[at:end])
            signs.append(whole)
            starts += [at] * len(whole)
        at = end
    return Plain("".join(signs).translate(_ALIKE), (*starts, len(text)))
