"""Cuts a text to what a service takes: at words, each part numbered so that nobody misses one."""

import re

from bots.channel import LengthUnit

_MOST_PARTS = 99
_GAP = re.compile(r"\s+")


def length(text: str, unit: LengthUnit) -> int:
    """Count a text as its service does."""
    if unit is LengthUnit.BYTES:
        return len(text.encode("utf-8", "replace"))
    if unit is LengthUnit.UTF16:
        return len(text.encode("utf-16-le", "replace")) // 2
    return len(text)


def parted(text: str, most: int, unit: LengthUnit = LengthUnit.CHARACTERS) -> list[str]:
    """Return a text in parts of at most `most` each, numbered "(1/3)" if they are more than one.

    A word is cut only if it alone is too long. Blanks at the ends of parts are left out; no sign is.
    Raises `ValueError` if `most` has no room for the number and a sign.
    """
    if most < 16:
        raise ValueError(f"no room for a text in {most}")
    text = text.strip()
    if length(text, unit) <= most:
        return [text]
    room = most - len(f"({_MOST_PARTS}/{_MOST_PARTS}) ")
    parts = []
    while text:
        part = _beginning(text, room, unit)
        parts.append(part.rstrip())
        text = text[len(part) :].lstrip()
    return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]


def _beginning(text: str, room: int, unit: LengthUnit) -> str:
    if length(text, unit) <= room:
        return text
    low, high = 1, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[:middle], unit) <= room else (low, middle - 1)
    if _GAP.match(text, low):
        return text[:low]
    gaps = [gap.start() for gap in _GAP.finditer(text, 0, low)]
    return text[: gaps[-1]] if gaps and gaps[-1] > 0 else text[:low]
