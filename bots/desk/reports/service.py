"""R15: how soon the first answer comes in each channel, and what never arrived (B-bis, KKiK)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from bots.desk.reports.asked import Asked
from bots.desk.reports.lists import put_together
from bots.desk.reports.report import Chart, Report, Section, Series
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import cases, number, percent, period, working_days
from store.domain import Source
from store.engine import Transaction
from store.figures import facts, letters
from store.figures.facts import Fact
from store.figures.tally import Share, WorkingDays, counted

COLUMNS = (
    *("kanal", "andel_första_svar_≤1_dag_%", "andel_första_svar_≤2_dagar_%", "median_wd"),
    "ej_levererade",
)
ALL = "Alla"
_UNKNOWN = "(okänd)"


@dataclass(frozen=True, kw_only=True)
class _Channel:
    name: str
    total: int
    in_one: Share
    in_two: Share
    median: Fraction | None
    undelivered: int


def of_service(transaction: Transaction, asked: Asked) -> Report:
    """Make R15: all channels first, then each that anything came by.

    A first answer is a person's, and was there: a receipt is none. A share is of those that were answered
    within the days, or whose days have passed; days are working days. `ej_levererade` are letters to senders.
    """
    known = {unit.id for unit in asked.house.units}
    here = set(asked.units)

    def is_here(unit: str) -> bool:
        return not here or unit in here & known

    some = [fact for fact in counted(facts.of_period(transaction, asked.period)) if is_here(fact.unit)]
    lost: dict[str, int] = {}
    for (source, unit), count in letters.undelivered(transaction, asked.period).items():
        if is_here(unit):
            lost[source] = lost.get(source, 0) + count
    last = max([asked.today, asked.period.last, *(fact.answered_on for fact in some if fact.answered_on)])
    days = WorkingDays(asked.period.first, last, asked.house.days.closed)
    by_source: dict[str, list[Fact]] = {str(source): [] for source in Source}
    for fact in some:
        by_source.setdefault(fact.source, []).append(fact)
    found = [
        _channel(source or _UNKNOWN, theirs, lost.get(source, 0), asked, days)
        for source, theirs in by_source.items()
        if theirs or lost.get(source)
    ]
    whole = _channel(ALL, some, sum(lost.values()), asked, days)
    sheet = Sheet(
        id="R15",
        title=f"Service, {period(asked.period)}",
        columns=COLUMNS,
        rows=[_row(one) for one in (whole, *found)],
        notes=[
            ("synpunkter", whole.total),
            ("därav obesvarade", sum(fact.answered_on is None for fact in some)),
            ("räknat till och med", asked.today),
        ],
    )
    return put_together(
        sheet,
        asked,
        headline=_headline(whole, found, asked),
        sections=[Section(title="Per kanal", items=tuple(_told(one) for one in found))],
        charts=[_chart(found)],
    )


def _channel(name: str, some: Sequence[Fact], lost: int, asked: Asked, days: WorkingDays) -> _Channel:
    taken = [
        days.between(fact.received_on, fact.answered_on) for fact in some if fact.answered_on is not None
    ]
    waited = [days.between(fact.received_on, asked.today) for fact in some if fact.answered_on is None]
    return _Channel(
        name=name,
        total=len(some),
        in_one=_within(1, taken, waited),
        in_two=_within(2, taken, waited),
        median=Fraction(median(map(Fraction, taken))) if taken else None,
        undelivered=lost,
    )


def _within(most: int, taken: Sequence[int], waited: Sequence[int]) -> Share:
    soon = sum(days <= most for days in taken)
    return Share(part=soon, whole=len(taken) + sum(days > most for days in waited))


def _row(one: _Channel) -> tuple[Cell, ...]:
    return (one.name, one.in_one.percent, one.in_two.percent, one.median, one.undelivered)


def _headline(whole: _Channel, found: Sequence[_Channel], asked: Asked) -> str:
    share = whole.in_one.percent
    if share is None:
        return f"Inget av det som kom in under {period(asked.period)} går att mäta än."
    told = f"Av det som kom in under {period(asked.period)} fick {percent(share)} ett svar inom en arbetsdag"
    by_mail = next((one.in_one.percent for one in found if one.name == Source.EMAIL), None)
    return f"{told}, av e-posten {percent(by_mail)}." if by_mail is not None else f"{told}."


def _told(one: _Channel) -> str:
    told = f"{one.name.replace('_', ' ').capitalize()}: {cases(one.total)}"
    told += f", {number(one.in_one.part)} av {number(one.in_one.whole)} besvarade inom en arbetsdag"
    told += f", hälften av svaren inom {working_days(one.median)}" if one.median is not None else ""
    return f"{told}, {number(one.undelivered)} brev kom inte fram" if one.undelivered else told


def _chart(found: Sequence[_Channel]) -> Chart | None:
    measured = [one for one in found if one.in_one.whole]
    if not measured:
        return None
    told = "; ".join(
        f"{one.name}: {percent(one.in_one.percent or Fraction(0))} inom en arbetsdag, "
        f"{percent(one.in_two.percent or Fraction(0))} inom två"
        for one in measured
    )
    return Chart(
        title="Första svaret, andel per kanal",
        description=told,
        unit="%",
        labels=tuple(one.name for one in measured),
        series=(
            Series(name="inom 1 arbetsdag", values=tuple(one.in_one.percent for one in measured)),
            Series(name="inom 2 arbetsdagar", values=tuple(one.in_two.percent for one in measured)),
        ),
    )
