"""An invented report that has what a file must bear: words that look like markup, gaps, many columns."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from bots.desk.reports.report import Chart, Report, Section, Series, Shape
from bots.desk.reports.sheet import Cell, Sheet
from store.domain import Factor, Kind
from store.figures.cut import Cut
from store.figures.period import read

PERIOD = read("2026-K3")
EVIL = '#evil [x] *b* _c_ $x$ <b>&amp; "å ä ö"'
COLUMNS = (
    "period",
    "nämnd",
    "enhet",
    "faktor",
    "totalt",
    "svar_i_tid_%",
    "median_svarstid_wd",
    "senast",
    "analys",
)
_UNITS = (("Omsorgsnämnden", "Ekbackens äldreboende"), ("Tekniska nämnden", "Parkenheten"))


def a_report(*, columns: Sequence[str] = (), rows: int = 0, **changed: object) -> Report:
    """Make a report. `columns` are more of them, and `rows` more of these."""
    made: list[tuple[Cell, ...]] = []
    cuts: list[Cut | None] = []
    for board, unit in _UNITS:
        for count, factor in enumerate(("Alla", *Factor)):
            late = date(2026, 9, count + 1) if count % 2 else None
            in_time = Fraction(100 * count, 13) if count else None
            figures = (12_345 * (count == 0) + count, in_time, Fraction(count, 2), late, "")
            made.append(
                ("2026-K3", board, unit, str(factor), *figures, *(count + n for n in range(len(columns))))
            )
            cuts.append(Cut(period=PERIOD, units=(unit,)))
    made += [made[-1]] * rows
    cuts += [cuts[-1]] * rows
    facts: dict[str, object] = {
        "sheet": Sheet(
            id="R1",
            title="Synpunkter per enhet och faktor, 2026-K3",
            columns=(*COLUMNS, *columns),
            rows=made,
            notes=[("överlämnade, räknas inte (L4)", 3), ("räknat till och med", date(2026, 10, 1))],
            cuts=cuts,
        ),
        "period": PERIOD,
        "today": date(2026, 10, 1),
        "municipality": "Exempelby kommun",
        "query": "R1 --period 2026-K3",
        "headline": "Det kom 24 synpunkter, tio fler än kvartalet före.",
        "sections": (
            Section(title="Försenade", paragraphs=("Två svar är sena.",), items=("Gungan", "Stigen")),
        ),
        "charts": (BARS, LINES),
    }
    return Report(**{**facts, **changed})  # type: ignore[arg-type]


BARS = Chart(
    title="Synpunkter per typ",
    description="Flest är klagomål, 14 av 24.",
    unit="synpunkter",
    labels=tuple(Kind),
    series=(Series(name="2026-K3", values=(4, 6, 14)), Series(name="2026-K2", values=(1, None, 13))),
)
LINES = Chart(
    title="Svar i tid",
    description="Andelen svar i tid har stigit från 70 till 91 procent.",
    unit="%",
    labels=("2026-07", "2026-08", "2026-09"),
    series=(Series(name="Svar i tid", values=(70, None, Fraction(1000, 11))),),
    shape=Shape.LINES,
)
