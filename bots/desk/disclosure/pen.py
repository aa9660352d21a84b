"""The pen behind `pdf`: breaks lines, draws boxes and numbers pages, with fpdf2."""

import re
import unicodedata
from collections.abc import Iterator
from copy import copy
from datetime import datetime
from functools import cache
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it brings no types
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection, XPos, YPos
from fpdf.fonts import SubsetMap, TTFFont

from bots.desk.disclosure.masking import BOX, Pieces
from bots.desk.disclosure.pdf import FONT, Drawn, Section, Sheet
from store.deadlines import STOCKHOLM

_FAMILY = "text"
_NOT_DRAWN = "\N{WHITE SQUARE}"
_BOX = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for a box while lines are made
_BOX_WIDTH = 16.0  # millimetres, whatever is masked
_SIZE, _SMALL, _LARGE, _HEADING = 10.5, 8.0, 16.0, 12.5
_LINE = 5.6
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_PARTS = re.compile(rf"({_BOX}|\s+)")


def signs() -> frozenset[int]:
    """Return the signs that the font has, as code points."""
    return frozenset(_font().cmap)


@cache
def _font() -> TTFFont:
    """Read the font, once: to read it takes as long as to draw a case."""
    pages = FPDF()
    pages.add_font(_FAMILY, "", FONT)
    read = pages.fonts[_FAMILY]
    if not isinstance(read, TTFFont):
        raise TypeError(FONT.name)
    read.ttfont.close()
    return read


def _lent() -> TTFFont:
    """Return the font for one PDF, which notes in it what is used, and cuts its file down to that."""
    font = copy(_font())
    font.ttfont = TTFont(FONT, recalcTimestamp=False, lazy=True)  # as `FPDF.add_font` opens it
    font.cw, font.missing_glyphs = font.cw.copy(), []
    font.subset = SubsetMap(font)
    return font


def drawn(sheet: Sheet, at: datetime, longest: int) -> Drawn:
    """Draw a sheet, as `pdf.draw` says."""
    pen = _Pen(sheet, at, longest)
    for section in sheet.sections:
        pen.section(section)
    return Drawn(data=bytes(pen.pdf.output()), incomplete=pen.incomplete)


class _Pages(FPDF):
    foot = ""

    def footer(self) -> None:
        """Write what stands at the foot of each page."""
        self.set_y(-14)
        self.set_font(_FAMILY, size=_SMALL)
        self.cell(0, 5, f"{self.foot}   sida {self.page_no()}", align="C")


class _Pen:
    def __init__(self, sheet: Sheet, at: datetime, longest: int) -> None:
        self.incomplete = False
        self._longest = longest
        # PDF/A-2u: each sign can be read out of the file, and the file needs nothing from outside.
        self.pdf = _Pages(enforce_compliance="PDF/A-2U")
        font = self.pdf.fonts[_FAMILY] = _lent()
        self._signs = font.cmap
        self._widths: dict[tuple[float, str], float] = {}
        title = self._drawable(_one_line(sheet.title))
        self.pdf.foot = self._drawable(_one_line(sheet.foot))
        self.pdf.set_creation_date(at.astimezone(STOCKHOLM))
        self.pdf.set_title(title)
        self.pdf.set_lang(sheet.language)
        self.pdf.set_producer("Synpunkt")
        self.pdf.set_xmp_metadata(_xmp(title, sheet.language, at))
        self.pdf.set_auto_page_break(auto=True, margin=18)
        self.pdf.set_margins(20, 18)
        self.pdf.c_margin = 0
        self.pdf.add_page()
        self._draw([title], size=_LARGE)
        self.pdf.ln(2)

    def section(self, section: Section) -> None:
        heading = self._drawable(_one_line(section.heading))
        if heading:
            if self.pdf.will_page_break(4 * _LINE):
                self.pdf.add_page()
            self.pdf.ln(3)
            self.pdf.set_font(_FAMILY, size=_HEADING)
            self.pdf.start_section(heading)
            self._draw([heading], size=_HEADING)
            self.pdf.ln(1)
        self._draw(section.text, size=_SIZE)

    def _draw(self, text: Pieces, *, size: float) -> None:
        self.pdf.set_font(_FAMILY, size=size)
        height = _LINE * size / _SIZE
        for line in self._lines(text):
            self._line(line, height)

    def _line(self, line: str, height: float) -> None:
        if any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in line):
            self.incomplete = True  # its letters are not joined
            line = _reordered(line)
        if self.pdf.will_page_break(height):
            self.pdf.add_page()
        for part in re.split(f"({_BOX})", line):
            if part == _BOX:
                self._box(height)
            elif part:
                self.pdf.cell(self._width(part), height, part, new_x=XPos.RIGHT, new_y=YPos.TOP)
        self.pdf.ln(height)

    def _box(self, height: float) -> None:
        size = self.pdf.font_size_pt
        self.pdf.set_font(_FAMILY, size=_SMALL)
        self.pdf.set_text_color(255)
        self.pdf.set_fill_color(0)
        self.pdf.cell(
            _BOX_WIDTH, height - 0.6, "maskat", fill=True, align="C", new_x=XPos.RIGHT, new_y=YPos.TOP
        )
        self.pdf.set_text_color(0)
        self.pdf.set_font(_FAMILY, size=size)

    def _lines(self, text: Pieces) -> Iterator[str]:
        """Break a text into lines that have room on the page, with a sign for each box."""
        whole = "".join(_BOX if one is BOX else self._drawable(one) for one in text)
        if len(whole) > self._longest:
            self.incomplete = True
            whole = f"{whole[: self._longest]}\n… (hela texten står i textfilen bredvid)"
        for line in whole.split("\n"):
            yield from self._wrapped(line)

    def _wrapped(self, line: str) -> Iterator[str]:
        room, now, used = self.pdf.epw, "", 0.0
        for part in filter(None, _PARTS.split(line)):
            width = self._width(part)
            if used + width <= room:
                now, used = now + part, used + width
                continue
            if now:
                yield now
                now, used = "", 0.0
            if part.isspace():
                continue
            for sign in part if width > room else [part]:
                width = self._width(sign)
                if used + width > room:
                    yield now
                    now, used = "", 0.0
                now, used = now + sign, used + width
        yield now

    def _width(self, part: str) -> float:
        if part == _BOX:
            return _BOX_WIDTH
        here = self.pdf.font_size_pt, part
        if here not in self._widths:  # most words come again
            self._widths[here] = self.pdf.get_string_width(part)
        return self._widths[here]

    def _drawable(self, text: str) -> str:
        """Return a text with nothing in it that the font lacks, or that could be taken for a box."""
        kept = []
        for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").expandtabs(4)):
            kind = unicodedata.category(sign)
            if sign == "\n":
                kept.append(sign)
            elif kind in {"Zl", "Zp"} or sign in "\r\v\f\x85":
                kept.append("\n")
            elif kind == "Zs":
                kept.append(" ")
            elif kind[0] == "C" and kind != "Co":
                continue  # what can not be seen, and what turns the direction of a line
            elif sign != _BOX and ord(sign) in self._signs:
                kept.append(sign)
            else:
                self.incomplete = True
                kept.append(_NOT_DRAWN)
        return "".join(kept)


def _reordered(line: str) -> str:
    """Put a line with letters from right to left in the order in which it is drawn."""
    first = next((one for one in map(unicodedata.bidirectional, line) if one in {"L", "R", "AL"}), "L")
    base = TextDirection.LTR if first == "L" else TextDirection.RTL
    return "".join(
        one.character for one in BidiParagraph(line, base_direction=base).get_reordered_characters()
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _xmp(title: str, language: str, at: datetime) -> str:
    """Write what the file says of itself. The library would write the time at which it runs."""
    moment = at.astimezone(STOCKHOLM).isoformat(timespec="seconds")
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        f'<rdf:Description rdf:about="" xmp:CreateDate="{moment}" pdf:Producer="Synpunkt">'
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>"
        f"<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>"
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
