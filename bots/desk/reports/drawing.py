"""Draws a chart as SVG that can be read without colours, on a narrow screen, and without being seen."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from hashlib import sha256
from textwrap import wrap
from xml.etree.ElementTree import Element, SubElement, tostring

from bots.desk.reports.report import Chart, Series, Shape
from bots.desk.reports.sheet import shown

_WIDTH = 360  # so narrow that the text is still read where the drawing gets 288 px
_SIZE = 12
_LINE = 14
_LETTER = 7.2  # what a letter takes on an average, somewhat generously
_BAR = 15
_APART = 9
_NAMES = 138
_INK = "currentColor"  # the text around it: a page may be dark
_DARK = "#1a1a1a"
_FAINT = "#767676"
_MOST = 10**7  # larger figures are written with an exponent, else they take the room of the bars
_PLOT = 150
_STEPS = 4

# Okabe and Ito's colours, told apart by who sees no red or green; every other is hatched or dotted, and all
# have a dark edge (WCAG 1.4.1, 1.4.11), so that a print in black and white says the same.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7")
_HATCHES = ("", "M0 6L6 0M-1 1L1 -1M5 7L7 5", "M0 3H6", "M3 0V6", "M0 0L6 6M0 6L6 0", "M2 2h2v2h-2z")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4")

# What XML 1.0 cannot hold, and line breaks.
_UNWRITABLE = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def draw(chart: Chart, *, font: str = "system-ui, sans-serif") -> str:
    """Return a chart as an `svg` element, as wide as the room that it is given.

    It has a title and a description for who does not see it, and no visible heading: the page gives it one,
    and a table of the same figures beside it. A missing figure is a gap in a line, and a dash among bars.
    The same chart is the same text; its ids come of what it shows, so a page shows no chart twice.
    More than six series look like the first six again.
    """
    name = f"d{sha256(repr(chart).encode('utf-8', 'replace')).hexdigest()[:12]}"
    is_empty = not any(value is not None for one in chart.series for value in one.values)
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img"})
    svg.set("aria-labelledby", f"{name}-t")
    svg.set("aria-describedby", f"{name}-d")
    SubElement(svg, "title", {"id": f"{name}-t"}).text = _plain(chart.title)
    SubElement(svg, "desc", {"id": f"{name}-d"}).text = _plain(chart.description or chart.title)
    if is_empty:
        bottom = _text(svg, "Inga uppgifter", at=(0, _LINE)) + _LINE
    else:
        _patterns(svg, chart, name)
        top = _legend(svg, chart, name)
        bottom = (_lines if chart.shape is Shape.LINES else _bars)(svg, chart, name, top)
    svg.set("viewBox", f"0 0 {_WIDTH} {bottom:g}")
    svg.set("width", "100%")
    svg.set("font-family", font)
    svg.set("font-size", str(_SIZE))
    svg.set("fill", _INK)
    return tostring(svg, encoding="unicode")


def value_of(chart: Chart, value: Fraction | int | None) -> str:
    """Write a figure of a chart as Swedes do; a dash where there is none."""
    if value is None:
        return shown(None)
    written, size = shown(value), abs(Fraction(value))
    if size >= _MOST:
        power = len(str(int(size))) - 1
        written = f"{shown(Fraction(value) / 10**power)}·10^{power}"
    return f"{written}\u00a0%" if chart.unit == "%" else written


def _patterns(svg: Element, chart: Chart, name: str) -> None:
    made = SubElement(svg, "defs")
    for index in range(min(len(chart.series), len(_COLOURS))):
        if not _HATCHES[index] or chart.shape is Shape.LINES:
            continue
        pattern = SubElement(made, "pattern", {"id": f"{name}-{index}", "patternUnits": "userSpaceOnUse"})
        pattern.set("width", "6")
        pattern.set("height", "6")
        SubElement(pattern, "rect", {"width": "6", "height": "6", "fill": _COLOURS[index]})
        SubElement(pattern, "path", {"d": _HATCHES[index], "stroke": _DARK, "fill": "none"})


def _legend(svg: Element, chart: Chart, name: str) -> float:
    """Say what each series looks like, and what is counted; return where the drawing may begin."""
    bottom = 2.0
    if len(chart.series) > 1:
        for index, one in enumerate(chart.series):
            if chart.shape is Shape.LINES:
                _stroke(svg, index, [(0, bottom + 6), (24, bottom + 6)])
                _mark(svg, index, (12, bottom + 6))
            else:
                _bar(svg, name, index, (1, bottom, 22))
            _text(svg, one.name, at=(30, bottom + 11), letters=48)
            bottom += _LINE + 4
    if chart.unit and chart.unit != "%":
        bottom = _text(svg, f"Antal {chart.unit}" if _counts(chart) else chart.unit, at=(0, bottom + 11))
        bottom += 4
    return bottom + 6


def _counts(chart: Chart) -> bool:
    """Say whether all figures are whole, of things that are counted, such as synpunkter."""
    return chart.unit == "synpunkter" and all(
        isinstance(value, int) for one in chart.series for value in one.values if value is not None
    )


def _bars(svg: Element, chart: Chart, name: str, top: float) -> float:
    names = min(_NAMES, max(_room(label) for label in chart.labels))
    lowest, highest = _ends(chart)
    widest = max(_room(value_of(chart, value)) for one in chart.series for value in one.values)
    left = names + 8 + (widest + 4 if lowest < 0 else 0)
    scale = _Scale(lowest, highest, left, _WIDTH - widest - 4)
    zero = scale.at(0)
    y = top
    for place, label in enumerate(chart.labels):
        lines = _broken(label, int(_NAMES / _LETTER), lines=2)
        height = max(len(lines) * _LINE, len(chart.series) * _BAR)
        first = y + (height - len(lines) * _LINE) / 2 + 11
        for offset, line in enumerate(lines):
            _text(svg, line, at=(0, first + offset * _LINE), full=label)
        at = y + (height - len(chart.series) * _BAR) / 2
        for index, one in enumerate(chart.series):
            value = one.values[place]
            end = zero if value is None else scale.at(value)
            if value:
                _bar(svg, name, index, (min(zero, end), at + 1, abs(end - zero)))
            is_left = value is not None and value < 0
            _text(
                svg,
                value_of(chart, value),
                at=(end - 4 if is_left else end + 4, at + 11),
                anchor="end" if is_left else "start",
                full="uppgift saknas" if value is None else "",
            )
            at += _BAR
        y += height + _APART
    _path(svg, f"M{zero:.1f} {top - 3:.1f}V{y - _APART + 3:.1f}", {"stroke": _INK})
    return y


def _lines(svg: Element, chart: Chart, name: str, top: float) -> float:  # noqa: ARG001 - drawn as `_bars` is
    lowest, highest = _ends(chart)
    step = _step(highest - lowest)
    lowest, highest = (step * (lowest // step), step * -(-highest // step))
    ticks = [lowest + step * count for count in range(int((highest - lowest) / step) + 1)]
    left = max(_room(value_of(chart, _whole(tick))) for tick in ticks) + 6
    top += _LINE
    across = _Scale(0, max(len(chart.labels) - 1, 1), left + 14, _WIDTH - 22)
    upward = _Scale(lowest, highest, top + _PLOT, top)
    for tick in ticks:
        y = upward.at(tick)
        _path(svg, f"M{left:.1f} {y:.1f}H{_WIDTH}", {"stroke": _FAINT, "stroke-width": "0.5"})
        _text(svg, value_of(chart, _whole(tick)), at=(left - 4, y + 4), anchor="end")
    for place in _labelled(chart, across):
        text = _broken(chart.labels[place], 12, lines=1)[0]
        at = min(max(across.at(place), _room(text) / 2), _WIDTH - _room(text) / 2)
        _text(svg, text, at=(at, top + _PLOT + 18), anchor="middle", full=chart.labels[place])
    for index, one in enumerate(chart.series):
        for points in _unbroken(one, across, upward):
            if len(points) > 1:
                _stroke(svg, index, points)
            for point in points:
                _mark(svg, index, point)
    for place, value, is_above in _told(chart):
        x, y = across.at(place), upward.at(value)
        is_above = is_above or y + 17 > top + _PLOT  # below lie the labels
        _text(svg, value_of(chart, value), at=(x, y - 8 if is_above else y + 17), anchor="middle", halo=True)
    return top + _PLOT + 26


class _Scale:
    """Places figures between two points of the drawing; exactly, however large they are."""

    def __init__(self, low: Fraction | int, high: Fraction | int, start: float, end: float) -> None:
        self._low, self._span = low, (high - low) or 1
        self._start, self._end = start, end

    def at(self, value: Fraction | int) -> float:
        return self._start + float(Fraction(value - self._low) / self._span) * (self._end - self._start)


def _ends(chart: Chart) -> tuple[Fraction, Fraction]:
    values = [Fraction(value) for one in chart.series for value in one.values if value is not None]
    return min(Fraction(0), *values), max(Fraction(0), *values)


def _step(span: Fraction) -> Fraction:
    """Return a round step (1, 2 or 5 times a power of ten) of which some few make the span."""
    if not span:
        return Fraction(1)
    step = Fraction(1)
    while step * _STEPS < span:
        step *= 10
    while step >= span * 10:
        step /= 10
    # What is told has one decimal: a finer step would write the same figure at two lines.
    candidates = (step / 10, step / 5, step / 2, step)
    return max(next(one for one in candidates if one * _STEPS >= span), Fraction(1, 10))


def _whole(value: Fraction) -> Fraction | int:
    return int(value) if value.denominator == 1 else value


def _labelled(chart: Chart, across: _Scale) -> list[int]:
    """Choose the labels of a line that have room beside each other, the last always among them."""
    widest = max(min(_room(label), 12 * _LETTER) for label in chart.labels)
    apart = max(across.at(1) - across.at(0), 0.1)
    every = int((widest + 6) / apart) + 1
    return [*range((len(chart.labels) - 1) % every, len(chart.labels), every)]


def _unbroken(one: Series, across: _Scale, upward: _Scale) -> Iterator[list[tuple[float, float]]]:
    points: list[tuple[float, float]] = []
    for place, value in enumerate(one.values):
        if value is None:
            yield points
            points = []
        else:
            points.append((across.at(place), upward.at(value)))
    yield points


def _told(chart: Chart) -> Iterator[tuple[int, Fraction | int, bool]]:
    """Choose which figures are written at their points, so that they do not lie upon each other."""
    if len(chart.series) > 2:
        return
    is_long = len(chart.labels) > 7
    for place in range(len(chart.labels)):
        here = [(one.values[place], one) for one in chart.series]
        known = [(value, one) for value, one in here if value is not None]
        for value, one in known:
            if is_long and place not in _turning(one):
                continue
            yield place, value, value == max(other for other, _ in known)
            if all(other == value for other, _ in known):
                break


def _turning(one: Series) -> tuple[int, ...]:
    """Return where the highest and the last figure of a long line are, the last alone if they are close."""
    known = [place for place, value in enumerate(one.values) if value is not None]
    highest = max(known, key=lambda place: one.values[place] or 0, default=0)
    last = known[-1] if known else 0
    is_apart = (last - highest) * _WIDTH > 4 * _LETTER * len(one.values)
    return (highest, last) if is_apart else (last,)


def _bar(svg: Element, name: str, index: int, where: tuple[float, float, float]) -> None:
    x, y, width = where
    look = index % len(_COLOURS)
    fill = f"url(#{name}-{look})" if _HATCHES[look] else _COLOURS[look]
    bar = SubElement(svg, "rect", {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}"})
    bar.set("height", f"{_BAR - 3}")
    bar.set("fill", fill)
    bar.set("stroke", _INK)


def _stroke(svg: Element, index: int, points: Sequence[tuple[float, float]]) -> None:
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    look = {"stroke": _line_colour(index), "stroke-width": "2", "stroke-linejoin": "round"}
    if dash := _DASHES[index % len(_DASHES)]:
        look["stroke-dasharray"] = dash
    _path(svg, f"M{line}", look)


def _line_colour(index: int) -> str:
    colour = _COLOURS[index % len(_COLOURS)]
    return _INK if colour == "#f0e442" else colour  # yellow is not seen on white paper


def _mark(svg: Element, index: int, point: tuple[float, float]) -> None:
    x, y = point
    marks = (
        f"M{x - 3:.1f} {y:.1f}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
        f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
        f"M{x:.1f} {y - 4:.1f}l4 7h-8z",
        f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z",
        f"M{x:.1f} {y + 4:.1f}l4 -7h-8z",
        f"M{x - 4:.1f} {y - 1.5:.1f}h8v3h-8z",
    )
    path = SubElement(svg, "path", {"d": marks[index % len(marks)], "fill": _line_colour(index)})
    path.set("stroke", _INK)
    path.set("stroke-width", "0.75")


def _path(svg: Element, line: str, look: dict[str, str]) -> None:
    SubElement(svg, "path", {"d": line, "fill": "none", **look})


def _text(
    svg: Element,
    text: str,
    *,
    at: tuple[float, float],
    anchor: str = "start",
    full: str = "",
    letters: int = 0,
    halo: bool = False,
) -> float:
    """Write one line, cut to so many letters, and return its foot. `full` is shown of what was cut."""
    line = _broken(text, letters, lines=1)[0] if letters else _plain(text)
    made = SubElement(svg, "text", {"x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}"})
    if anchor != "start":
        made.set("text-anchor", anchor)
    if halo:
        made.set("class", "halo")  # as the paper; house.css knows a darker one
        made.set("stroke", "#fff")
        made.set("stroke-width", "3")
        made.set("paint-order", "stroke")
    whole = _plain(full or text)
    made.text = line
    if whole != line:
        made.text, title = None, SubElement(made, "title")
        title.text, title.tail = whole, line
    return at[1] + 3


def _broken(text: str, letters: int, *, lines: int) -> list[str]:
    """Break a text into lines; a word that is too long may be broken after a stroke (`Taxor/avgifter`)."""
    parted = re.sub(r"(?<=\w)/(?=\w)", "/ ", _plain(text))
    made = wrap(parted, width=letters, max_lines=lines, placeholder="…")
    return [re.sub(r"(?<=\w)/ (?=\w)", "/", line) for line in made] or [""]


def _room(text: str) -> float:
    return len(text) * _LETTER


def _plain(text: str) -> str:
    return _UNWRITABLE.sub(" ", text)
