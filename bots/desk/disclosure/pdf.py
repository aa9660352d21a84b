"""What a masked PDF holds. What is masked never comes here: a piece is text, or it is a box.

Every box is of one width, whatever it hides, and says "maskat" in letters that can be seen: there is no text
beneath it. The same pages and the same time give the same bytes, as long as the library is the same. It is
drawn in `pen`, which comes with the first paper: fpdf2 takes a fifth of a start and is seldom needed.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bots.desk.disclosure.masking import Pieces

# DejaVu Sans has Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic letters, and no others.
FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_LONGEST = 60_000  # signs of one paper that are drawn


@dataclass(frozen=True, kw_only=True)
class Section:
    """One paper, or the facts of a case: a heading, and what stands below it."""

    heading: str
    text: Pieces


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a PDF holds. `title` is what readers call the file; nothing in it may be masked."""

    title: str
    language: str = "sv"
    sections: Sequence[Section]
    foot: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A finished PDF. `incomplete` tells that it has signs which were not drawn, or a text that was cut."""

    data: bytes = field(repr=False)
    incomplete: bool


def made_with() -> str:
    """Name what decides the bytes of a PDF besides what stands in it."""
    return f"fpdf2 {version('fpdf2')}, fonttools {version('fonttools')}, zlib {zlib.ZLIB_RUNTIME_VERSION}"


@cache
def signs() -> frozenset[int]:
    """Return the signs that the font has, as code points."""
    from bots.desk.disclosure import pen

    return pen.signs()


def draw(sheet: Sheet, *, at: datetime, longest: int = _LONGEST) -> Drawn:
    """Draw a sheet. `at` is the time that stands in the file; it must be aware.

    Of a text no more than `longest` signs are drawn.
    """
    from bots.desk.disclosure import pen

    return pen.drawn(sheet, at, longest)
