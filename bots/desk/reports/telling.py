"""Tells R1 to R4 in Swedish: what was found first, then how many, in time or late, why, and what was done."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from bots.desk.reports import findings, sheets, swedish
from bots.desk.reports.asked import Asked
from bots.desk.reports.counting import Counted, is_running, place_of, query
from bots.desk.reports.discreet import quote
from bots.desk.reports.findings import Cell, Change
from bots.desk.reports.graphs import charts
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Sheet
from bots.desk.reports.sheets import Material
from store.domain import Factor, Kind
from store.engine import Transaction
from store.figures import words
from store.figures.facts import Fact
from store.figures.period import Period
from store.figures.tally import Share, Tally, is_late
from store.secrecy import REGULATED

_MOST_LATE, _MOST_CAUSES, _MOST_FACTORS, _MOST_CHANGES, _MOST_MEASURES = 10, 5, 3, 8, 5
_QUOTES, _LOOKED_AT = 2, 12
_MANY_OWED, _WELL_KEPT = 10, 80  # of so many answers less than so many percent in time is what matters most
_ALIKE_POINTS, _ALIKE_PERCENT = 5, 10  # so little is told as no change at all
_MANY_LATE = 20  # one of so many is worth the first sentence


def of_units(transaction: Transaction, asked: Asked) -> Report:
    """R1, with what senders wrote about the commonest complaints, where nothing keeps it from the manager."""
    period = asked.period
    found = sheets.material(transaction, asked, period, [period.before, period.year_before])
    return _told(found, sheets.of_units(found), _Voices(transaction, found))


def of_boards(transaction: Transaction, asked: Asked) -> Report:
    """R2, without a person."""
    period = asked.period
    found = sheets.material(transaction, asked, period, [period.before, period.year_before])
    return _told(found, sheets.of_boards(found))


def of_years(transaction: Transaction, asked: Asked) -> Report:
    """R3, without a person. Raises `NoReportError` for what is no year."""
    period, *earlier = sheets.years(asked.period)
    found = sheets.material(transaction, asked, period, earlier)
    return _told(found, sheets.of_years(found))


def of_tertials(transaction: Transaction, asked: Asked) -> Report:
    """R4, without a person. Raises `NoReportError` for what is neither a tertial nor a year."""
    period = sheets.so_far(asked.period)
    found = sheets.material(transaction, asked, period, [period.year_before])
    return _told(found, sheets.of_tertials(found))


class _Voices:
    """What senders wrote, a few sentences of it, with what points at somebody masked."""

    def __init__(self, transaction: Transaction, found: Material) -> None:
        self._transaction = transaction
        self._found = found
        self._staff = tuple(person.name for person in found.asked.house.handlers.values())

    def about(self, cell: Cell) -> list[str]:
        """Return up to two sentences of complaints of a cell, the newest first; none from health and care."""
        # Row B15: what is written to these units is judged before it is given to anybody.
        if self._found.asked.house.regulated(cell.unit) in REGULATED:
            return []
        ids = [
            fact.case_id
            for fact in reversed(self._found.now.some)
            if (fact.unit, fact.factor, fact.kind) == (cell.unit, cell.factor, Kind.COMPLAINT)
            and not fact.is_for_few
        ]
        quotes: list[str] = []
        for one in words.said(self._transaction, ids[:_LOOKED_AT]):
            sentence = quote(one.text, (one.sender, *self._staff))
            if sentence and sentence not in quotes:
                quotes.append(sentence)
            if len(quotes) == _QUOTES:
                break
        return quotes


@dataclass(kw_only=True)
class _Teller:
    """One report on its way into words."""

    found: Material
    voices: _Voices | None
    now: Tally = field(init=False)
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.found.reading.whole(self.found.now)
        self.names = {unit.id: unit.name for unit in self.found.asked.shown if unit} | {"": "utan enhet"}

    @property
    def period(self) -> Period:
        return self.found.now.period

    @property
    def than(self) -> str:
        """Name what the period is first of all compared with, as it stands after "än"."""
        return self._than(self.found.earlier[0])

    def _than(self, other: Counted) -> str:
        asked = self.found.asked.period
        if other.period == asked.before:
            return swedish.before(asked)
        if other.period == asked.year_before:
            return swedish.year_before(asked)
        if other.period == self.period.year_before:
            return "samma tid året innan"
        return swedish.period(other.period)

    def headline(self) -> str:
        """Say the one thing that matters most: a change beyond chance, and whether many wait too long."""
        total, when = self.now.total, self._when()
        if not total:
            return f"Inga synpunkter kom in {when}."
        finding = self._change() or self._steady()
        if total < findings.FEW:
            few = f"{swedish.begun(swedish.cases(total))} kom in {when}"
            finding = f"{few}: för få för att jämföra"
        if self.now.late and self.now.late * _MANY_LATE >= total:
            finding += f", och {swedish.cases(self.now.late)} väntar på svar längre än vi har lovat"
        return f"{finding}."

    def _when(self) -> str:
        return f"under {self._period()}"

    def _period(self) -> str:
        return swedish.period(self.period)

    def _change(self) -> str:
        """Word the weightiest change, or return an empty text where there is none to speak of."""
        then = self.found.earlier[0]
        before = self.found.reading.whole(then)
        kinds = {
            Kind.COMPLAINT: "klagomålen",
            Kind.SUGGESTION: "förslagen",
            Kind.PRAISE: "berömmet",
        }
        sums = [
            (Change(now=self.now.kinds[kind], before=before.kinds[kind]), name)
            for kind, name in kinds.items()
        ]
        points = findings.share_change(self.now.answer, before.answer)
        if points is not None and self.now.answer.percent is not None:
            way = "bättre" if points > 0 else "sämre"
            return (
                f"{swedish.begun(swedish.percent(self.now.answer.percent))} av svaren kom i tid, "
                f"{_points(points)} {way} än {self.than}"
            )
        marked = max((one for one in sums if one[0].is_marked), key=lambda one: one[0].weight, default=None)
        complaints = findings.cells(self.found.now.some, then.some, kind=Kind.COMPLAINT)
        cell = max(
            (one for one in complaints if one.is_marked), key=lambda one: one.change.weight, default=None
        )
        if cell is not None and (marked is None or cell.change.weight > marked[0].weight):
            about, change = str(cell.factor).lower(), _moved(cell.change)
            if len(self.found.asked.units) == 1:
                return f"Klagomålen om {about} {change} jämfört med {self.than}"
            way, _, rest = change.partition(" ")
            unit = self.names.get(cell.unit, cell.unit)
            return f"Vid {unit} {way} klagomålen om {about} {rest} jämfört med {self.than}"
        if marked is not None:
            return f"{swedish.begun(marked[1])} {_moved(marked[0])} jämfört med {self.than}"
        return ""

    def _steady(self) -> str:
        """Say how it was where nothing has changed by more than chance."""
        answer = self.now.answer
        before = self.found.reading.whole(self.found.earlier[0])
        if answer.percent is not None and answer.whole >= _MANY_OWED and answer.percent < _WELL_KEPT:
            said = f"Bara {swedish.percent(answer.percent)} av svaren kom i tid {self._when()}"
            return said + self._beside(answer, before.answer)
        said = f"{swedish.begun(swedish.cases(self.now.total))} kom in {self._when()}"
        change = Change(now=self.now.total, before=before.total)
        if change.is_comparable and change.percent is not None:
            is_alike = abs(change.percent) < _ALIKE_PERCENT
            as_many = f"ungefär lika många som {self.than}"
            said += f", {as_many if is_alike else f'mot {swedish.number(before.total)} {self.than}'}"
        if answer.percent is not None:
            said += f", och {swedish.percent(answer.percent)} av svaren kom i tid"
        return said

    def _beside(self, now: Share, before: Share) -> str:
        if now.percent is None or before.percent is None or before.whole < _MANY_OWED:
            return ""
        if abs(now.percent - before.percent) < _ALIKE_POINTS:
            return f", ungefär som {self.than}"
        return f", mot {swedish.percent(before.percent)} {self.than}"

    def sections(self) -> Iterator[Section]:
        """Tell the rest, from how many there were to what was done about them."""
        yield Section(title="Så många hörde av sig", paragraphs=tuple(self._volumes()))
        if not self.now.total:
            return
        yield Section(title="Så hölls löftet om svar", paragraphs=tuple(self._promises()))
        yield self._late()
        complaints = findings.cells(self.found.now.some, self.found.earlier[0].some, kind=Kind.COMPLAINT)
        yield self._causes(complaints)
        yield self._changes()
        yield self._done()
        proposals = self.found.improvements.proposals(self.found.now.some, most=_MOST_MEASURES)
        if proposals:
            told = tuple(f"{text} ({self._place(fact)})" for fact, text in proposals)
            yield Section(title="Förslag till förbättringar", items=told)

    def _volumes(self) -> Iterator[str]:
        now = self.now
        if now.total:
            kinds = [
                (f"{swedish.number(now.kinds[kind], neuter=True)} ", str(kind))
                for kind in (Kind.COMPLAINT, Kind.SUGGESTION, Kind.PRAISE)
                if now.kinds[kind]
            ]
            told = swedish.listed([count + kind for count, kind in kinds])
            if len(kinds) == 1 and now.total > 1:
                told = f"alla är {kinds[0][1]}"
            yield f"{swedish.begun(swedish.cases(now.total))} kom in {self._when()}: {told}."
        else:
            yield f"Inga synpunkter kom in {self._when()}."
        for other in self.found.earlier:
            yield self._compared(other)
        if is_running(self.period, self.found.asked.today):
            yield (
                f"Perioden pågår. Siffrorna gäller till och med {swedish.day(self.found.asked.today)} "
                "och jämförs med lika många dagar."
            )
        if now.preliminary:
            are = "är preliminär" if now.preliminary == 1 else "är preliminära"
            yield (
                f"{swedish.begun(swedish.number(now.preliminary))} av synpunkterna {are}: "
                "ingen människa har bekräftat typ och faktor än."
            )

    def _compared(self, other: Counted) -> str:
        total, complaints = (
            Change(now=here, before=then)
            for here, then in (
                (self.now.total, len(other.some)),
                (
                    self.now.kinds[Kind.COMPLAINT],
                    sum(fact.kind is Kind.COMPLAINT for fact in other.some),
                ),
            )
        )
        than = self._than(other)
        if not total.before:
            return f"{swedish.begun(than)} kom det inte in några synpunkter som vi känner till."
        if not total.is_comparable:
            return f"{swedish.begun(than)} var det {swedish.number(total.before)}: för få för att jämföra."
        told = f"Det är {_than(total)} {than}" if total.more else f"Det är lika många som {than}"
        if complaints.more and complaints != total:
            told += f". Klagomålen {_moved(complaints)}"
        return f"{told}."

    def _promises(self) -> Iterator[str]:
        now = self.now
        answer = now.answer
        if answer.percent is None:
            yield "Ingen skulle ha fått svar än till en dag som vi har lovat."
        else:
            promised = swedish.many(answer.whole, "svar", "svar", neuter=True)
            kept = swedish.number(answer.part, neuter=True)
            yield (
                f"Av {promised} som vi hade lovat till en viss dag kom {kept} i tid, "
                f"{swedish.percent(answer.percent)}."
            )
            for other in self.found.earlier:
                before = self.found.reading.whole(other).answer
                if before.percent is not None and before.whole >= findings.FEW <= answer.whole:
                    yield f"{swedish.begun(self._than(other))} var det {self._against(answer, before)}."
        if now.median_days is not None and now.p90_days is not None:
            yield (
                f"Hälften av svaren fanns framme {_within(now.median_days)}, "
                f"och nio av tio {_within(now.p90_days)}."
            )
        if now.first_feedback.percent is not None:
            share = swedish.percent(now.first_feedback.percent)
            yield f"Den första återkopplingen kom i tid i {share} av fallen."

    def _against(self, now: Share, before: Share) -> str:
        assert now.percent is not None and before.percent is not None  # noqa: S101 - the caller has looked
        # Of the figures as they are written, so that a reader who takes one from the other is not surprised.
        points = Fraction(swedish.whole(now.percent) - swedish.whole(before.percent))
        told = swedish.percent(before.percent)
        if not points:
            return told
        return f"{told}. Det är alltså {_points(points)} {'bättre' if points > 0 else 'sämre'} nu"

    def _late(self) -> Section:
        today = self.found.asked.today
        late = [fact for fact in self.found.now.some if is_late(fact, today)]
        title = "De som har väntat för länge"
        if not late:
            return Section(title=title, paragraphs=("Ingen väntar på svar efter den dag vi har lovat.",))
        over = {
            fact.case_id: self.found.reading.days.between(fact.answer.due_on, today)
            for fact in late
            if fact.answer is not None
        }
        shown = sorted(
            (fact for fact in late if not fact.is_for_few),
            key=lambda fact: (-over[fact.case_id], fact.case_id),
        )
        told = [
            f"{fact.number}{self._at(fact.unit)}: {swedish.working_days(over[fact.case_id])} över tiden"
            for fact in shown[:_MOST_LATE]
        ]
        paragraphs = [f"{swedish.begun(swedish.cases(len(late)))} väntar på svar efter den dag vi har lovat."]
        if more := len(shown) - len(told):
            paragraphs.append(
                f"Här är de {swedish.number(len(told))} som har väntat längst, av {more + len(told)}."
            )
        if few := len(late) - len(shown):
            paragraphs.append(f"{swedish.begun(swedish.cases(few))} visas inte här: bara få får se dem.")
        return Section(title=title, paragraphs=tuple(paragraphs), items=tuple(told))

    def _causes(self, complaints: Sequence[Cell]) -> Section:
        title = "Vad klagomålen handlar om"
        commonest = [one for one in findings.most(complaints, _MOST_CAUSES) if one.change.now > 1]
        if not commonest:
            one_each = (
                "Inget har fått mer än ett klagomål."
                if self.now.kinds[Kind.COMPLAINT]
                else "Ingen har klagat."
            )
            return Section(title=title, paragraphs=(one_each,))
        items = []
        for one in commonest:
            told = f"{swedish.begun(self._named(one))}: {swedish.complaints(one.change.now)}"
            told += f", {self._like(one.change)}."
            if self.voices is not None:
                told += "".join(f" ”{said}”" for said in self.voices.about(one))
            items.append(told)
        return Section(title=title, paragraphs=tuple(self._overall(complaints)), items=tuple(items))

    def _overall(self, complaints: Sequence[Cell]) -> Iterator[str]:
        """Name the factors with most complaints over all units, where there are several of either."""
        counts: Counter[Factor] = Counter()
        for one in complaints:
            counts[one.factor] += one.change.now
        first = sorted((-count, factor) for factor, count in counts.items() if count)[:_MOST_FACTORS]
        if len(first) > 1 and len({one.unit for one in complaints if one.change.now}) > 1:
            told = [f"{str(factor).lower()} ({swedish.figures(-count)})" for count, factor in first]
            yield f"Flest klagomål handlar om {swedish.listed(told)}."

    def _changes(self) -> Section:
        """Tell the trend of each factor and unit (row L20), the largest first."""
        then = self.found.earlier[0].some
        changed = [
            one
            for one in findings.cells(self.found.now.some, then)
            if one.change.more and max(one.change.now, one.change.before) >= findings.FEW
        ]
        title = "Det som har ändrats mest"
        if len(then) < findings.FEW or not changed:
            return Section(title=title, paragraphs=("För få för att jämföra.",))
        items = tuple(
            f"{swedish.begun(self._named(one))}: {_from_to(one.change)}" for one in changed[:_MOST_CHANGES]
        )
        return Section(title=title, paragraphs=(f"Antal synpunkter, jämfört med {self.than}.",), items=items)

    def _done(self) -> Section:
        now = self.now
        told = []
        if now.acted or now.explained:
            share = swedish.percent(Fraction(100 * now.acted, now.total))
            told.append(
                f"{swedish.begun(swedish.cases(now.acted))} har lett till att något görs, {share} av alla."
                if now.acted
                else "Ingen synpunkt har lett till att något görs än."
            )
        else:
            told.append("Än har inget besked lämnats om att något görs.")
        if now.explained:
            explained = swedish.begun(swedish.cases(now.explained))
            told.append(f"{explained} har fått en förklaring till varför inget görs.")
        if now.followed_up:
            told.append(f"{swedish.begun(swedish.cases(now.followed_up))} har följts upp.")
        items = []
        for fact, text in self.found.improvements.measures(self.found.now.some, most=_MOST_MEASURES):
            found = self.found.improvements.follow_up(fact)
            led_to = f" Det ledde till: {_ended(found)}" if found else ""
            items.append(f"{_ended(text)} ({self._place(fact)}){led_to}")
        return Section(
            title="Vad som gjordes, och vad det ledde till", paragraphs=tuple(told), items=tuple(items)
        )

    def _like(self, change: Change) -> str:
        if not change.more:
            return f"lika många som {self.than}"
        return f"{_than(change, with_percent=change.is_comparable, neuter=True)} {self.than}"

    def _named(self, cell: Cell) -> str:
        return f"{str(cell.factor).lower()}{self._at(cell.unit)}"

    def _place(self, fact: Fact) -> str:
        return f"{fact.factor}{self._at(fact.unit)}"

    def _at(self, unit: str) -> str:
        """Name a unit after a comma, but not in the report of a single one."""
        return "" if len(self.found.asked.units) == 1 else f", {self.names.get(unit, unit)}"


def _told(found: Material, sheet: Sheet, voices: _Voices | None = None) -> Report:
    asked = found.asked
    teller = _Teller(found=found, voices=voices)
    return Report(
        sheet=sheet,
        period=asked.period,
        today=asked.today,
        municipality=asked.house.municipality,
        query=query(asked, sheet.id),
        headline=teller.headline(),
        sections=tuple(teller.sections()),
        charts=charts(found),
        place=place_of(asked),
    )


def _than(change: Change, *, with_percent: bool = True, neuter: bool = False) -> str:
    """Write `tolv fler (10 procent) än`."""
    share = ""
    if with_percent and change.percent is not None:
        share = f" ({swedish.percent(abs(change.percent))})"
    more = swedish.number(abs(change.more), neuter=neuter)
    return f"{more} {'fler' if change.more > 0 else 'färre'}{share} än"


def _moved(change: Change) -> str:
    """Write `ökade från 40 till 72, med 80 procent`."""
    if not change.more:
        return f"är lika många, {swedish.number(change.now)}"
    way = "ökade" if change.more > 0 else "minskade"
    share = f", med {swedish.percent(abs(change.percent))}" if change.percent is not None else ""
    return f"{way} från {swedish.number(change.before)} till {swedish.number(change.now)}{share}"


def _from_to(change: Change) -> str:
    """Write `från 4 till 12 (+8, +200 procent)`."""
    sign = "+" if change.more > 0 else "−"
    share = f", {sign}{swedish.whole(abs(change.percent))} procent" if change.percent is not None else ""
    return f"från {change.before} till {change.now} ({sign}{abs(change.more)}{share})"


def _points(points: Fraction) -> str:
    whole = max(swedish.whole(abs(points)), 1)
    return swedish.many(whole, "procentenhet", "procentenheter")


def _within(days: Fraction | int) -> str:
    return f"inom {swedish.working_days(days)}" if days else "samma dag"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
