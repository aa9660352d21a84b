"""R12, open data: counts that tell of nobody, and what a data portal must know of them (DCAT-AP-SE).

Fewer than five are never told apart, none included, and no sum stands anywhere: whatever a hidden count is,
the file is the same. A test holds it to that.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from bots.desk.house import House
from bots.desk.reports import canonical
from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.lists import put_together
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from store import snapshots
from store.domain import Factor, Kind
from store.engine import Transaction
from store.figures import facts
from store.figures.facts import Fact
from store.figures.period import Period, holding
from store.figures.small import FEW, LEAST, suppressed
from store.figures.span import first_day
from store.figures.tally import counted

_YEARS = 10  # so far back the data set goes
LICENCE = "http://creativecommons.org/publicdomain/zero/1.0/"
CSV_PATH, DCAT_PATH, PAGE_PATH = "/oppna-data/synpunkter.csv", "/oppna-data/dcat.jsonld", "/oppna-data"
TITLES = {
    "sv": "Synpunkter per kvartal, nämnd, typ och faktor",
    "en": "Feedback by quarter, board, type and quality factor",
}
DESCRIPTIONS = {
    "sv": "Antal synpunkter (beröm, förslag och klagomål) som kom in varje kvartal, och hur stor andel "
    "som fick svar i tid. "
    "Färre än fem visas som <5. Inga summor finns med, så att små antal inte kan räknas fram.",
    "en": "Number of items of feedback (praise, suggestions and complaints) received each quarter, and "
    "the share answered in time. "
    "Fewer than five are shown as <5. No sums are given, so that small counts stay hidden.",
}
COLUMNS = ("år", "kvartal", "nämnd", "typ", "faktor", "antal", "i_tid_%")

Key = tuple[Period, str, Kind, Factor]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who publishes, and where: `url` is that of our pages from outside, without a slash at its end."""

    publisher: str
    publisher_url: str  # an address that stands for the municipality; empty: one of our own does
    contact: str  # a mail address
    url: str


def for_public(transaction: Transaction, asked: Asked) -> Report:
    """R12: the quarters of a period that are over, for anybody to use.

    Raises `NoReportError` where none has ended, and for a period that holds no whole quarter.
    """
    period = asked.period
    quarters = [
        one
        for one in closed_quarters(period.first, min(asked.today, period.last + timedelta(days=1)))
        if one.first >= period.first
    ]
    if not quarters:
        raise NoReportError("R12 görs av hela kvartal, till exempel 2026-K3, när de är slut.")
    return put_together(
        sheet_of(transaction, asked.house, quarters, asked.today),
        asked,
        headline=f"Öppna data om synpunkter, {_span(quarters)}.",
        sections=(
            Section(
                title="Så är uppgifterna gjorda",
                paragraphs=(DESCRIPTIONS["sv"], "Licens: CC0 1.0. Uppgifterna får användas fritt."),
            ),
        ),
    )


def _span(quarters: Sequence[Period]) -> str:
    first, last = quarters[0].name, quarters[-1].name
    return first if first == last else f"{first} till {last}"


def closed_quarters(first: date, today: date) -> list[Period]:
    """List the quarters from the one of a day that have ended before today, oldest first."""
    found: list[Period] = []
    quarter = holding("quarter", first)
    while quarter.last < today:
        found.append(quarter)
        quarter = holding("quarter", quarter.last + timedelta(days=1))
    return found


def published(transaction: Transaction, house: House, today: date) -> tuple[Sheet, list[Period]]:
    """Make the whole data set: every quarter that is over, from the first one in which anything came.

    A quarter of which R12 was kept stands there as it was then (decision 22), any other as counted today.
    Raises `canonical.UnreadableError` where what was kept is no longer what it was.
    """
    first = first_day(transaction)
    # A day that somebody has typed wrong must not make a file of centuries.
    quarters = closed_quarters(max(first, _earliest(today)), today) if first is not None else []
    kept = {one: rows for one in quarters if (rows := _kept_rows(transaction, one)) is not None}
    sheet = sheet_of(transaction, house, [one for one in quarters if one not in kept], today)
    counted_now = {one: [row for row in sheet.rows if row[:2] == _named(one)] for one in quarters}
    rows = [row for one in quarters for row in kept.get(one, counted_now[one])]
    return replace(sheet, rows=rows), quarters


def _kept_rows(transaction: Transaction, quarter: Period) -> Sequence[tuple[Cell, ...]] | None:
    """Return the rows that were kept of a quarter; None if none were, or in other columns than now."""
    row = snapshots.find(transaction, "R12", quarter.name)
    if row is None:
        return None
    if canonical.digest(row["content"]) != row["sha256"]:
        raise canonical.UnreadableError("den sparade rapporten är inte den som sparades: summan stämmer inte")
    sheet = canonical.read(row["content"]).sheet
    return sheet.rows if sheet.columns == COLUMNS else None


def _named(quarter: Period) -> tuple[int, int]:
    """Return the year and the number of a quarter, as its rows begin."""
    return quarter.first.year, (quarter.first.month + 2) // 3


def _earliest(today: date) -> date:
    return date(today.year - _YEARS, 1, 1)


def sheet_of(transaction: Transaction, house: House, quarters: Sequence[Period], today: date) -> Sheet:
    """Count every quarter; each nämnd has a row for each type and factor, whether anything came or not."""
    found: dict[Key, list[Fact]] = defaultdict(list)
    if quarters:
        whole = Period(first=quarters[0].first, last=quarters[-1].last)
        for fact in counted(facts.of_period(transaction, whole)):
            if fact.kind is not None and fact.factor is not None:
                board = house.authority_of(fact.unit)
                found[holding("quarter", fact.received_on), board, fact.kind, fact.factor].append(fact)
    return Sheet(
        id="R12",
        title=TITLES["sv"],
        columns=COLUMNS,
        rows=list(rows_of(found, quarters, boards_of(house), today)),
        notes=(("färre än fem", FEW), ("licens", "CC0 1.0")),
    )


def boards_of(house: House) -> list[str]:
    """List the nämnder that have units, the municipality itself last if something can lie there alone."""
    named = [house.authority_of(unit.id) for unit in house.units]
    return list(dict.fromkeys([*named, house.municipality]))


def rows_of(
    found: Mapping[Key, Sequence[Fact]], quarters: Sequence[Period], boards: Sequence[str], today: date
) -> Iterator[tuple[Cell, ...]]:
    """Write every cell of some quarters, in one order; a hidden count changes nothing in any row."""
    for quarter in quarters:
        for board in boards:
            for kind in Kind:
                for factor in Factor:
                    cell = found.get((quarter, board, kind, factor), ())
                    yield (*_named(quarter), board, str(kind), str(factor), *told(cell, today))


def told(cell: Sequence[Fact], today: date) -> tuple[str | int, Fraction | None]:
    """Return what may be told of some cases: how many, and the share in time. Of a few, neither."""
    if isinstance(shown := suppressed(len(cell)), str):
        return shown, None
    outcomes = [fact.answer.outcome(today) for fact in cell if fact.answer is not None]
    known = [one for one in outcomes if one is not None]
    return shown, Fraction(100 * sum(known), len(known)) if len(known) >= LEAST else None


def catalogue_of(
    source: Source, quarters: Sequence[Period], languages: Sequence[str] = ("sv", "en")
) -> bytes:
    """Describe the data set as DCAT-AP-SE 3.0 asks for, in JSON-LD. The same quarters are the same bytes."""
    catalogue, data_set = f"{source.url}{PAGE_PATH}#katalog", f"{source.url}{PAGE_PATH}#synpunkter"
    publisher = source.publisher_url or f"{source.url}{PAGE_PATH}#utgivare"
    languages_of = {"sv": "SWE", "en": "ENG"}
    authority = "http://publications.europa.eu/resource/authority"
    graph: list[dict[str, object]] = [
        {
            "@id": catalogue,
            "@type": "dcat:Catalog",
            "dcterms:title": _in_both({"sv": "Öppna data om synpunkter", "en": "Open data on feedback"}),
            "dcterms:description": _in_both(
                {
                    "sv": f"Vad {source.publisher} publicerar om de synpunkter som kommer in.",
                    "en": f"What {source.publisher} publishes about the feedback it receives.",
                }
            ),
            "dcterms:publisher": {"@id": publisher},
            "dcterms:license": {"@id": LICENCE},
            "dcterms:language": [{"@id": f"{authority}/language/{languages_of[one]}"} for one in languages],
            "foaf:homepage": {"@id": f"{source.url}{PAGE_PATH}"},
            "dcat:dataset": {"@id": data_set},
        },
        {
            "@id": data_set,
            "@type": "dcat:Dataset",
            "dcterms:identifier": data_set,
            "dcterms:title": _in_both(TITLES),
            "dcterms:description": _in_both(DESCRIPTIONS),
            "dcterms:publisher": {"@id": publisher},
            "dcterms:language": {"@id": f"{authority}/language/SWE"},
            "dcterms:accrualPeriodicity": {"@id": f"{authority}/frequency/QUARTERLY"},
            "dcterms:accessRights": {"@id": f"{authority}/access-right/PUBLIC"},
            "dcat:theme": {"@id": f"{authority}/data-theme/GOVE"},
            "dcat:keyword": [_word("synpunkter", "sv"), _word("klagomål", "sv"), _word("feedback", "en")],
            "dcat:contactPoint": {"@id": f"{source.url}{PAGE_PATH}#kontakt"},
            "dcat:landingPage": {"@id": f"{source.url}{PAGE_PATH}"},
            "dcat:distribution": {"@id": f"{source.url}{CSV_PATH}#fil"},
            **_times(quarters),
        },
        {
            "@id": f"{source.url}{CSV_PATH}#fil",
            "@type": "dcat:Distribution",
            "dcterms:title": _in_both({"sv": "Synpunkter som CSV", "en": "Feedback as CSV"}),
            "dcterms:description": _in_both(
                {
                    "sv": "UTF-8, semikolon mellan kolumnerna, decimalkomma.",
                    "en": "UTF-8, semicolon between columns, decimal comma.",
                }
            ),
            "dcat:accessURL": {"@id": f"{source.url}{PAGE_PATH}"},
            "dcat:downloadURL": {"@id": f"{source.url}{CSV_PATH}"},
            "dcat:mediaType": {"@id": "https://www.iana.org/assignments/media-types/text/csv"},
            "dcterms:format": "text/csv",
            "dcterms:license": {"@id": LICENCE},
            "dcterms:language": {"@id": f"{authority}/language/SWE"},
        },
        {
            "@id": publisher,
            "@type": ["foaf:Agent", "foaf:Organization"],
            "foaf:name": source.publisher,
            "dcterms:type": {"@id": "http://purl.org/adms/publishertype/LocalAuthority"},
        },
        {
            "@id": f"{source.url}{PAGE_PATH}#kontakt",
            "@type": "vcard:Organization",
            "vcard:fn": source.publisher,
            "vcard:hasEmail": {"@id": f"mailto:{source.contact}"},
        },
    ]
    written = {"@context": _CONTEXT, "@graph": graph}
    return (json.dumps(written, ensure_ascii=False, indent=1) + "\n").encode()


_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def _times(quarters: Sequence[Period]) -> dict[str, object]:
    """Say which days the data is of, and when it last grew: the day after its last quarter."""
    if not quarters:
        return {}
    first, last = quarters[0].first, quarters[-1].last
    return {
        "dcterms:modified": _day(last + timedelta(days=1)),
        "dcterms:temporal": {
            "@type": "dcterms:PeriodOfTime",
            "dcat:startDate": _day(first),
            "dcat:endDate": _day(last),
        },
    }


def _day(day: date) -> dict[str, str]:
    return {"@value": day.isoformat(), "@type": "xsd:date"}


def _in_both(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [_word(text, language) for language, text in words.items()]


def _word(text: str, language: str) -> dict[str, str]:
    return {"@value": text, "@language": language}
