"""The parts of the page of statistics: what each counts, draws, and leads to."""

from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction

from bots.desk.reports import swedish
from bots.desk.reports.drawing import draw
from bots.desk.reports.report import Chart, Series, Shape
from bots.desk.reports.sheet import shown
from bots.web.statistics_asked import steps
from bots.web.statistics_shown import (
    KINDS,
    WHOLE,
    Cell,
    Figures,
    Line,
    Part,
    ages,
    bars_of,
    by_step,
    cases_url,
    cell,
    compared,
    count,
    days,
    figure,
    grown,
    number,
    page_url,
    places,
    share,
    signed,
    source_name,
    step_name,
    was,
)
from store.domain import Factor, Kind
from store.figures.agreement import Axis, Judged, confusion
from store.figures.brief import Measure, added
from store.figures.period import Period
from store.figures.tally import change, is_late

_MOST_BARS = 15


def sums(figures: Figures) -> list[dict[str, object]]:
    """List the figures that stand first: each with its name, where its cases are, and what it was before."""
    cut, now, then = figures.asked.cut, added(figures.measures), added(figures.measure(figures.before))
    late = sum(is_late(fact, figures.asked.today) for fact in figures.open)
    backlog = replace(cut, period=Period(first=figures.since, last=figures.asked.today))
    told = [
        ("Synpunkter", count(now.total), cases_url(cut, "totalt"), grown(now.total, then.total)),
        (
            "Svar i tid",
            share(now.answer.percent),
            cases_url(cut, "svar_i_tid_%"),
            was(then.answer.percent, "%"),
        ),
        (
            "Första återkoppling i tid",
            share(now.first_feedback.percent),
            cases_url(cut, "första_återkoppling_i_tid_%"),
            was(then.first_feedback.percent, "%"),
        ),
        (
            "Svarstid, hälften inom",
            days(now.median_days),
            cases_url(cut, "median_svarstid_wd"),
            was(then.median_days, "dagar"),
        ),
        ("Svarstid, nio av tio inom", days(now.p90_days), cases_url(cut, "p90"), was(then.p90_days, "dagar")),
        ("Öppna nu", count(len(figures.open)), cases_url(backlog, "öppna"), "oavsett när de kom"),
        ("Försenade nu", count(late), cases_url(backlog, "försenade"), "av de öppna"),
    ]
    return [{"name": name, "value": value, "url": url, "beside": beside} for name, value, url, beside in told]


def parts(figures: Figures) -> list[Part]:
    """List the parts of the page, in order."""
    return [
        over_time(figures),
        promises(figures),
        by_kind(figures),
        by_factor(figures),
        by_unit(figures),
        backlog(figures),
        by_source(figures),
        agreement(figures),
    ]


def over_time(figures: Figures) -> Part:
    """Show how many came, by type."""
    cut = figures.asked.cut
    times = steps(figures.asked.until)
    counts = by_step(figures.now, times)
    lines = [
        Line(
            name=step_name(time),
            url=page_url(replace(cut, period=time)),
            cells=(
                *(figure(counts[at, kind], replace(cut, period=time), str(kind)) for kind in KINDS),
                figure(sum(counts[at, kind] for kind in KINDS), replace(cut, period=time), "totalt"),
            ),
        )
        for at, time in enumerate(times)
    ]
    return Part(
        id="over-tid",
        title="Så många kom in",
        columns=("När", *(kind.capitalize() for kind in KINDS), "Totalt"),
        lines=lines,
        svg=draw(
            Chart(
                title="Synpunkter över tid",
                description=f"Antal beröm, förslag och klagomål, {swedish.period(figures.asked.until)}.",
                unit="synpunkter",
                labels=tuple(step_name(time) for time in times),
                series=tuple(
                    Series(name=kind.capitalize(), values=tuple(counts[at, kind] for at in range(len(times))))
                    for kind in KINDS
                ),
                shape=Shape.LINES,
            )
        ),
    )


def promises(figures: Figures) -> Part:
    """Show how often promises were kept, and how long answers took."""
    cut = figures.asked.cut
    times = steps(figures.asked.until)
    where = places(times)
    at_step: dict[int, list[Measure]] = defaultdict(list)
    for measure in figures.measures:
        if (at := where.get(measure[0].received_on)) is not None:
            at_step[at].append(measure)
    sums_of = [added(at_step[at]) for at in range(len(times))]
    lines = []
    for time, one in zip(times, sums_of, strict=True):
        here = replace(cut, period=time)
        lines.append(
            Line(
                name=step_name(time),
                cells=(
                    cell(share(one.answer.percent), here, "svar_i_tid_%", is_known=bool(one.answer.part)),
                    figure(one.answer.whole - one.answer.part, here, "svar_för_sent"),
                    cell(
                        number(one.median_days),
                        here,
                        "median_svarstid_wd",
                        is_known=one.median_days is not None,
                    ),
                    cell(number(one.p90_days), here, "p90", is_known=one.p90_days is not None),
                ),
            )
        )
    return Part(
        id="loften",
        title="Så höll vi det vi lovade",
        columns=("När", "Svar i tid", "För sena svar", "Hälften inom", "Nio av tio inom"),
        lines=lines,
        hint="Efter den dag då synpunkten kom. Tiden är arbetsdagar till första svaret. I andelen är bara "
        "löften som är hållna eller har gått ut.",
        svg=draw(
            Chart(
                title="Svar i tid",
                description=f"Andel svar som kom i tid, {swedish.period(figures.asked.until)}.",
                unit="%",
                labels=tuple(step_name(time) for time in times),
                series=(Series(name="Svar i tid", values=tuple(one.answer.percent for one in sums_of)),),
                shape=Shape.LINES,
            )
        )
        + draw(
            Chart(
                title="Svarstid i arbetsdagar",
                description="Arbetsdagar inom vilka hälften, och nio av tio, fick sitt första svar.",
                unit="arbetsdagar",
                labels=tuple(step_name(time) for time in times),
                series=(
                    Series(name="Hälften inom", values=tuple(one.median_days for one in sums_of)),
                    Series(name="Nio av tio inom", values=tuple(one.p90_days for one in sums_of)),
                ),
                shape=Shape.LINES,
            )
        ),
    )


def by_kind(figures: Figures) -> Part:
    """Show the types beside the period before."""
    cut = figures.asked.cut
    now, then = (Counter(fact.kind for fact in some) for some in (figures.now, figures.before))
    total = len(figures.now)
    lines = [
        Line(
            name=kind.capitalize(),
            url=page_url(replace(cut, kind=kind)),
            cells=(
                figure(now[kind], replace(cut, kind=kind), "totalt"),
                Cell(text=share(Fraction(100 * now[kind], total) if total else None)),
                Cell(text=signed(change(now[kind], then[kind]))),
            ),
        )
        for kind in KINDS
    ]
    return Part(
        id="typer",
        title="Typer",
        columns=("Typ", "Antal", "Andel", "Förändring"),
        lines=lines,
        hint=compared(figures.asked),
        svg=bars_of("Synpunkter per typ", [(kind.capitalize(), now[kind]) for kind in KINDS]),
    )


def by_factor(figures: Figures) -> Part:
    """Show the factors, the most common first, beside the period before."""
    cut = figures.asked.cut
    counts = Counter((fact.factor, fact.kind) for fact in figures.now)
    now, then = (Counter(fact.factor for fact in some) for some in (figures.now, figures.before))
    ordered = sorted(Factor, key=lambda one: (-now[one], one))
    lines = [
        Line(
            name=factor,
            url=page_url(replace(cut, factor=factor)),
            cells=(
                figure(now[factor], replace(cut, factor=factor), "totalt"),
                *(figure(counts[factor, kind], replace(cut, factor=factor), str(kind)) for kind in KINDS),
                Cell(text=signed(change(now[factor], then[factor]))),
            ),
        )
        for factor in ordered
    ]
    return Part(
        id="faktorer",
        title="Faktorer",
        columns=("Faktor", "Antal", *(kind.capitalize() for kind in KINDS), "Förändring"),
        lines=lines,
        hint=compared(figures.asked),
        svg=bars_of("Synpunkter per faktor", [(one, now[one]) for one in ordered]),
    )


def by_unit(figures: Figures) -> Part:
    """Show each unit that the reader may see, and the municipality's sums for who sees but their own."""
    cut = figures.asked.cut
    at_unit: dict[str, list[Measure]] = defaultdict(list)
    for measure in figures.measures:
        at_unit[measure[0].unit].append(measure)
    complaints = Counter(fact.unit for fact in figures.now if fact.kind is Kind.COMPLAINT)
    late = Counter(fact.unit for fact in figures.open if is_late(fact, figures.asked.today))
    waiting = Counter(fact.unit for fact in figures.open)
    asked_for = [unit for unit in figures.names if not cut.units or unit in cut.units]
    ordered = sorted(asked_for, key=lambda one: (-len(at_unit[one]), figures.names[one]))
    backlog_from = Period(first=figures.since, last=figures.asked.today)
    lines = []
    for unit in ordered:
        if not unit and not at_unit[unit]:
            continue
        here, one = replace(cut, units=(unit,)), added(at_unit[unit])
        then = replace(here, period=backlog_from)
        lines.append(
            Line(
                name=figures.names[unit],
                url=page_url(here),
                cells=(
                    figure(one.total, here, "totalt"),
                    figure(complaints[unit], here, str(Kind.COMPLAINT)),
                    cell(share(one.answer.percent), here, "svar_i_tid_%", is_known=bool(one.answer.part)),
                    Cell(text=number(one.median_days)),
                    figure(waiting[unit], then, "öppna"),
                    figure(late[unit], then, "försenade"),
                ),
            )
        )
    if figures.whole is not None:
        one = added(figures.measure(figures.whole))
        of_all = sum(fact.kind is Kind.COMPLAINT for fact in figures.whole)
        lines.append(
            Line(
                name=WHOLE,
                cells=(
                    Cell(text=count(one.total)),
                    Cell(text=count(of_all)),
                    Cell(text=share(one.answer.percent)),
                    Cell(text=number(one.median_days)),
                    Cell(text=shown(None)),
                    Cell(text=shown(None)),
                ),
            )
        )
    bars = [(figures.names[unit], len(at_unit[unit])) for unit in ordered if unit or at_unit[unit]]
    return Part(
        id="enheter",
        title="Enheter",
        columns=("Enhet", "Antal", "Klagomål", "Svar i tid", "Svarstid", "Öppna nu", "Försenade nu"),
        lines=lines,
        hint="Svarstiden är arbetsdagar inom vilka hälften fick svar.",
        svg=bars_of("Synpunkter per enhet", bars[:_MOST_BARS]) if len(bars) > 1 else "",
    )


def backlog(figures: Figures) -> Part:
    """Show what is open now, by how many working days it has waited."""
    cut, today = figures.asked.cut, figures.asked.today
    lines, bars = [], []
    for name, period in ages(figures):
        here = [fact for fact in figures.open if fact.received_on in period]
        late = sum(is_late(fact, today) for fact in here)
        then = replace(cut, period=period)
        lines.append(
            Line(name=name, cells=(figure(len(here), then, "öppna"), figure(late, then, "försenade")))
        )
        bars.append((name, len(here)))
    return Part(
        id="oppna",
        title="Öppna nu",
        columns=("Har väntat", "Öppna", "Varav försenade"),
        lines=lines,
        hint="Alla öppna i urvalet, vilken period som än är vald. Försenat är det som skulle ha fått svar.",
        svg=bars_of("Öppna ärenden efter ålder", bars),
    )


def by_source(figures: Figures) -> Part:
    """Show how the synpunkter reached the municipality."""
    cut = figures.asked.cut
    now = Counter(fact.source for fact in figures.now)
    ordered = sorted((one for one in now if one), key=lambda one: (-now[one], one))
    lines = [
        Line(
            name=source_name(one),
            url=page_url(replace(cut, source=one)),
            cells=(figure(now[one], replace(cut, source=one), "totalt"),),
        )
        for one in ordered
    ]
    if now[""]:
        lines.append(Line(name="(okänd)", cells=(Cell(text=count(now[""])),)))
    return Part(
        id="kanaler",
        title="Kanaler",
        columns=("Kanal", "Antal"),
        lines=lines,
        svg=bars_of("Synpunkter per kanal", [(source_name(one), now[one]) for one in ordered])
        if ordered
        else "",
    )


def agreement(figures: Figures) -> Part:
    """Show how often a human kept what the model proposed."""
    cut = figures.asked.cut
    times = steps(figures.asked.until)
    at_step: dict[int, list[Judged]] = defaultdict(list)
    where = places(times)
    for one in figures.judged:
        if (at := where.get(one.received_on)) is not None:
            at_step[at].append(one)
    axes: tuple[tuple[Axis, str], ...] = (("kind", "Typ"), ("factor", "Faktor"))
    kept = [[confusion(at_step[at], axis).kept for axis, _ in axes] for at in range(len(times))]
    lines = []
    for time, (kind, factor) in zip(times, kept, strict=True):
        here = replace(cut, period=time)
        lines.append(
            Line(
                name=step_name(time),
                cells=(
                    Cell(text=count(kind.whole)),
                    cell(share(kind.percent), here, "typ_behållen", is_known=bool(kind.part)),
                    figure(kind.whole - kind.part, here, "typ_ändrad"),
                    cell(share(factor.percent), here, "faktor_behållen", is_known=bool(factor.part)),
                    figure(factor.whole - factor.part, here, "faktor_ändrad"),
                ),
            )
        )
    return Part(
        id="forslagen",
        title="Modellens förslag",
        columns=("När", "Bedömda", "Typen behölls", "Typen ändrades", "Faktorn behölls", "Faktorn ändrades"),
        lines=lines,
        hint="Så ofta lät en människa förslaget stå. Efter den dag då synpunkten kom.",
        svg=draw(
            Chart(
                title="Förslag som behölls",
                description="Andel av modellens förslag på typ och faktor som en människa lät stå.",
                unit="%",
                labels=tuple(step_name(time) for time in times),
                series=tuple(
                    Series(name=name, values=tuple(shares[place].percent for shares in kept))
                    for place, (_, name) in enumerate(axes)
                ),
                shape=Shape.LINES,
            )
        ),
    )
