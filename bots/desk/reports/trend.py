"""L20: how many more or fewer about each factor at each unit, than the period before and the year before."""

from collections import Counter
from collections.abc import Iterable

from bots.desk.reports import findings, swedish
from bots.desk.reports.asked import Asked
from bots.desk.reports.counting import NO_UNIT, cut_of, place_of, query
from bots.desk.reports.findings import Change
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.sheets import Material, material, notes
from store.domain import Factor, Unit
from store.engine import Transaction
from store.figures.cut import Cut
from store.figures.facts import Fact

_COLUMNS = (
    *("period", "nämnd", "enhet", "faktor", "totalt", "totalt_föreg", "förändring", "förändring_%"),
    *("totalt_i_fjol", "förändring_i_fjol", "förändring_i_fjol_%"),
)


def of_cells(transaction: Transaction, asked: Asked) -> Report:
    """L20: the cells of unit and factor that had a case in any of the three periods, in the order of R1."""
    period = asked.period
    found = material(transaction, asked, period, [period.before, period.year_before])
    now, before = _count(found.now.some), _count(found.earlier[0].some)
    year_before = _count(found.earlier[-1].some)
    rows: list[tuple[Cell, ...]] = []
    cuts: list[Cut | None] = []
    for unit in asked.shown:
        for factor in Factor:
            key = (unit.id if unit else "", factor)
            here = now[key]
            if not (here or before[key] or year_before[key]):
                continue
            told: list[Cell] = []
            for then in (before[key], year_before[key]):
                change = Change(now=here, before=then)
                told += [then, change.more, change.percent]
            rows.append((period.name, *_named(asked, unit), factor, here, *told))
            cuts.append(cut_of(asked, period, [unit], factor=factor))
    sheet = Sheet(
        id="L20",
        title=f"Förändring per enhet och faktor, {period.name}",
        columns=_COLUMNS,
        rows=rows,
        notes=notes(found),
        cuts=cuts,
    )
    return Report(
        sheet=sheet,
        period=period,
        today=asked.today,
        municipality=asked.house.municipality,
        query=query(asked, "L20"),
        headline=_headline(found),
        sections=(Section(title="Så läser du tabellen", paragraphs=(_HOW,)),),
        place=place_of(asked),
    )


_HOW = (
    "Varje rad är en enhet och en kvalitetsfaktor. Förändringen är mot perioden innan, och i fjol mot samma "
    "period året innan. Små tal ändras mycket av en slump: läs antalet före procenten."
)


def _headline(found: Material) -> str:
    """Say which cell has changed most, or that none has by more than chance makes."""
    marked = [one for one in findings.cells(found.now.some, found.earlier[0].some) if one.is_marked]
    than = swedish.before(found.now.period)
    if not marked:
        return f"Ingen enhet och faktor har ändrats mer än slumpen förklarar, jämfört med {than}."
    first = max(marked, key=lambda one: one.change.weight)
    unit = next((unit.name for unit in found.asked.shown if unit and unit.id == first.unit), NO_UNIT)
    way = "ökat" if first.change.more > 0 else "minskat"
    return (
        f"Mest har {str(first.factor).lower()} {way} ({unit}): från {first.change.before} "
        f"till {first.change.now} synpunkter, jämfört med {than}."
    )


def _count(some: Iterable[Fact]) -> Counter[tuple[str, Factor | None]]:
    return Counter((fact.unit, fact.factor) for fact in some)


def _named(asked: Asked, unit: Unit | None) -> tuple[str, str]:
    return asked.house.authority_of(unit.id if unit else ""), unit.name if unit else NO_UNIT
