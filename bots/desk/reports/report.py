"""A report as its readers meet it: what was found, in words and in charts, over the rows it is made of.

Whoever writes a file of it (CSV, XLSX, PDF, HTML) writes this and nothing besides, so that all files say
the same, and the same report is the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from bots.desk.reports.sheet import Sheet
from store.figures.period import Period


class Shape(StrEnum):
    """How a chart is drawn: bars to compare parts, lines to follow something over time."""

    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One row of figures of a chart; None where there is no figure, which is not 0."""

    name: str
    values: tuple[Fraction | int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Figures to be drawn. `description` says what they show, for who does not see them; `unit` is as `%`.

    Every series has a value for every label, else `ValueError`.
    """

    title: str
    description: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    shape: Shape = Shape.BARS

    def __post_init__(self) -> None:
        for one in self.series:
            if len(one.values) != len(self.labels):
                raise ValueError(f"{self.title}: {len(one.values)} values for {len(self.labels)} labels")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the text: a heading, paragraphs, and a list. Swedish, plain text, without markup."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report over a period, counted to the end of `today`. `headline` is the first finding, one sentence.

    `query` names what was asked for, as `synpunkt report` would be asked again. `place` is what the units are
    called that it is narrowed to; empty of the whole municipality.
    """

    sheet: Sheet
    period: Period
    today: date
    municipality: str
    query: str
    headline: str
    sections: Sequence[Section] = ()
    charts: Sequence[Chart] = ()
    place: str = ""
