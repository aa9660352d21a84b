"""R11: what external providers and other boards were asked, told and did (rows N20, N21, B29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from bots.desk.reports.asked import Asked
from bots.desk.reports.lists import Words, put_together
from bots.desk.reports.report import Chart, Report, Section, Series
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import begun, cases, many, number, period, working_days
from store.engine import Transaction
from store.figures import facts, suppliers
from store.figures.eyes import kept_from
from store.figures.suppliers import Errand
from store.figures.tally import WorkingDays, counted

COLUMNS = ("utförare", "antal", "redogörelse_begärd", "inkommen", "wd", "åtgärd", "återkopplad_datum")


@dataclass(frozen=True, kw_only=True)
class _Sum:
    """Of one provider or board."""

    name: str
    total: int
    asked: int
    received: int
    days: tuple[int, ...]


def of_suppliers(transaction: Transaction, asked: Asked) -> Report:
    """Make R11: a row for each statement that was asked for, and one for what nothing was asked of.

    `antal` is 1 in the former and a count in the latter, so that it adds up for each provider: to R1's total,
    where the provider has a unit of its own. `wd` are the working days until it came. What was done is left
    out where the words may point at somebody, and of cases that are kept from the reader.
    """
    providers = {unit.id: unit.provider.name for unit in asked.house.units if unit.provider is not None}
    here = set(asked.units)
    some = {fact.case_id for fact in counted(facts.of_period(transaction, asked.period))}
    found = [
        one
        for one in suppliers.of_period(transaction, asked.period, units=providers)
        if one.case_id in some and (not here or one.unit in here)
    ]
    spelled = {name.casefold(): name for name in providers.values()}
    named = [(_name(one, providers, spelled), one) for one in found]
    named.sort(key=lambda pair: (pair[0].casefold(), pair[1].asked_on or date.max, pair[1].case_id))
    ends = [one.received_on for one in found if one.received_on is not None]
    calendar = WorkingDays(asked.period.first, max([asked.period.last, *ends]), asked.house.days.closed)
    hidden, words = kept_from(transaction, asked.reader), Words(asked.house)
    rows: list[tuple[Cell, ...]] = []
    sums = []
    for name in dict.fromkeys(name for name, _ in named):
        theirs = [one for other, one in named if other == name]
        in_question = [one for one in theirs if one.asked_on is not None]
        for one in in_question:
            measure = "" if one.case_id in hidden else words.of(one.measure, one.sender_name)
            rows.append((name, 1, one.asked_on, one.received_on, _days(one, calendar), measure, one.told_on))
        if unasked := len(theirs) - len(in_question):
            rows.append((name, unasked, None, None, None, "", None))
        days = [_days(one, calendar) for one in in_question]
        sums.append(
            _Sum(
                name=name,
                total=len(theirs),
                asked=len(in_question),
                received=sum(one.received_on is not None for one in in_question),
                days=tuple(taken for taken in days if taken is not None),
            )
        )
    sheet = Sheet(
        id="R11",
        title=f"Utförare och deras redogörelser, {period(asked.period)}",
        columns=COLUMNS,
        rows=rows,
        notes=[("synpunkter", len(found)), ("räknat till och med", asked.today)],
    )
    return put_together(
        sheet,
        asked,
        headline=_headline(sums, asked),
        sections=[Section(title="Per utförare", items=tuple(_told(one) for one in sums))],
        charts=[_chart(sums)],
    )


def _name(one: Errand, providers: dict[str, str], spelled: dict[str, str]) -> str:
    """Return whose it is: who was asked, as the configuration spells them, else the unit's own provider."""
    if one.of:
        return spelled.get(one.of.casefold(), one.of)
    return providers.get(one.unit, "")


def _days(one: Errand, calendar: WorkingDays) -> int | None:
    if one.asked_on is None or one.received_on is None:
        return None
    return calendar.between(one.asked_on, one.received_on)


def _headline(sums: Sequence[_Sum], asked: Asked) -> str:
    total, in_question = sum(one.total for one in sums), sum(one.asked for one in sums)
    if not total:
        return f"Inget som kom in under {period(asked.period)} gällde en utförare eller en annan nämnd."
    missing = in_question - sum(one.received for one in sums)
    came = f"{begun(cases(total))} som kom in under {period(asked.period)}"
    told = f"{came} gällde en utförare eller en annan nämnd"
    if not in_question:
        return f"{told}, och ingen redogörelse är begärd."
    rest = f"{number(missing)} har inte kommit" if missing else "alla har kommit"
    return f"{told}: {many(in_question, 'redogörelse är begärd', 'redogörelser är begärda')}, {rest}."


def _told(one: _Sum) -> str:
    told = f"{one.name}: {cases(one.total)}, {many(one.asked, 'redogörelse begärd', 'redogörelser begärda')}"
    if not one.asked:
        return told
    told += f", {number(one.received)} har kommit"
    return (
        f"{told}, hälften inom {working_days(Fraction(median(map(Fraction, one.days))))}"
        if one.days
        else told
    )


def _chart(sums: Sequence[_Sum]) -> Chart | None:
    if not sums:
        return None
    return Chart(
        title="Synpunkter och redogörelser per utförare",
        description="; ".join(
            f"{one.name}: {one.total} synpunkter, {one.asked} begärda, {one.received} inkomna" for one in sums
        ),
        unit="antal",
        labels=tuple(one.name for one in sums),
        series=(
            Series(name="synpunkter", values=tuple(one.total for one in sums)),
            Series(name="begärda", values=tuple(one.asked for one in sums)),
            Series(name="inkomna", values=tuple(one.received for one in sums)),
        ),
    )
