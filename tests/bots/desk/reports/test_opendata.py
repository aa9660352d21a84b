"""R12: what anybody may have tells of nobody: whatever a hidden count is, the file is the same (B35)."""

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.canonical import UnreadableError
from bots.desk.reports.catalogue import entry, make
from bots.desk.reports.closing import Closed
from bots.desk.reports.opendata import (
    COLUMNS,
    Key,
    Source,
    boards_of,
    catalogue_of,
    closed_quarters,
    published,
    rows_of,
    told,
)
from bots.desk.reports.sheet import Cell, Sheet, as_csv
from store import snapshots, tables
from store.domain import Factor, Kind, Status
from store.figures.facts import Fact, Owed
from store.figures.period import read
from store.figures.small import FEW, LEAST
from tests.bots.desk.reports.test_sheets import TODAY, fill
from tests.house import NOW, House

SOURCE = Source(
    publisher="Lilla kommunen", publisher_url="", contact="data@example.org", url="https://tyck.example"
)
_DAY = date(2026, 2, 3)


def a_fact(answer: Owed | None = None) -> Fact:
    return Fact(
        case_id=1,
        number="SYN-1",
        received_on=_DAY,
        kind=Kind.COMPLAINT,
        factor=Factor.FOOD,
        is_preliminary=False,
        unit="park",
        source="webb",
        status=Status.CLOSED,
        is_anonymous=False,
        is_restricted=False,
        first_feedback=None,
        answer=answer,
        answered_on=None,
        outcome=None,
        has_improvement=False,
        is_followed_up=False,
        was_reminded=False,
        was_escalated=False,
    )


_OWED = st.none() | st.builds(
    Owed, due_on=st.just(_DAY), kept_on=st.none() | st.sampled_from([_DAY, date(2026, 3, 1)])
)
_CELL = st.lists(_OWED.map(a_fact), max_size=2 * LEAST)
_FEW_CASES = st.lists(_OWED.map(a_fact), max_size=LEAST - 1)


QUARTER = read("2026-K1")
_KEYS = st.tuples(
    st.just(QUARTER), st.sampled_from(["Nämnden", "Kommunen"]), st.sampled_from(Kind), st.sampled_from(Factor)
)


@given(cells=st.dictionaries(_KEYS, _CELL, max_size=8), others=st.dictionaries(_KEYS, _FEW_CASES, max_size=8))
def test_b35_the_file_is_the_same_whatever_the_hidden_counts_are(
    cells: dict[Key, list[Fact]], others: dict[Key, list[Fact]]
) -> None:
    def file(found: dict[Key, list[Fact]]) -> bytes:
        rows = list(rows_of(found, [QUARTER], ["Nämnden", "Kommunen"], TODAY))
        return as_csv(Sheet(id="R12", title="", columns=COLUMNS, rows=rows))

    # Every count below five becomes another one below five, none among them, or comes where none was.
    told_apart = {key: cell for key, cell in cells.items() if len(cell) >= LEAST}

    assert file({**others, **told_apart}) == file(cells) == file(told_apart)


@given(_CELL)
def test_b35_a_share_is_told_only_of_five_or_more_that_were_promised_an_answer(cell: list[Fact]) -> None:
    count, share = told(cell, TODAY)

    if len(cell) < LEAST:
        assert (count, share) == (FEW, None)
    else:
        assert count == len(cell)
        known = [one for one in cell if one.answer is not None]
        assert (share is None) == (len(known) < LEAST)
        assert share is None or 0 <= share <= 100


@pytest.fixture
def town(house: House) -> House:
    fill(house.store, count=600, seed=20261123)
    return house


def made(house: House, period: str, today: date = TODAY) -> Sheet:
    with house.store.read() as transaction:
        asked = Asked(period=read(period), today=today, house=house.work.house)
        return make("R12", transaction, asked).sheet


def test_b35_every_count_agrees_with_the_rows_and_every_cell_has_its_line(town: House) -> None:
    sheet = made(town, "2025")
    counted: Counter[tuple[Any, ...]] = Counter()
    for row in town.cases():
        kind, factor = row["kind"] or row["suggested_kind"], row["factor"] or row["suggested_factor"]
        is_counted = row["status"] not in {Status.HANDED_OVER, Status.QUARANTINED}
        if row["received_at"].year == 2025 and kind and factor and is_counted:
            counted[(row["received_at"].month + 2) // 3, kind, factor] += 1

    # The rows of an hour around New Year are the other year's in Stockholm: none was filled in there.
    lines = {(row[1], row[3], row[4]): row[5] for row in sheet.rows}
    assert len(lines) == len(sheet.rows) == 4 * len(Kind) * len(Factor)
    assert any(count >= LEAST for count in counted.values())
    for cell, said in lines.items():
        assert said == (counted[cell] if counted[cell] >= LEAST else FEW), cell


def test_b35_no_row_is_a_sum_and_no_note_is_a_count(town: House) -> None:
    sheet = made(town, "2025")

    assert {row[3] for row in sheet.rows} == {str(kind) for kind in Kind}
    assert {row[4] for row in sheet.rows} == {str(factor) for factor in Factor}
    assert not [value for _, value in sheet.notes if isinstance(value, int)]
    assert entry("R12").is_published


def test_b35_a_quarter_that_was_kept_stays_as_it_was_in_the_public_file(town: House) -> None:
    def quarters() -> dict[tuple[Cell, ...], list[tuple[Cell, ...]]]:
        found: dict[tuple[Cell, ...], list[tuple[Cell, ...]]] = {}
        with town.store.read() as transaction:
            sheet, _ = published(transaction, town.work.house, TODAY)
        for row in sheet.rows:
            found.setdefault(row[:2], []).append(row)
        return found

    before = quarters()
    with town.store.write() as transaction:
        closed = Closed(house=town.work.house)
        for one in closed.count(transaction, "R12", read("2025-K2"), today=TODAY):
            snapshots.keep(transaction, one, now=NOW)
        transaction.connection.execute(update(tables.cases).values(kind=Kind.PRAISE))
    after = quarters()

    assert list(after) == list(before)
    assert after[2025, 2] == before[2025, 2]
    assert after[2025, 3] != before[2025, 3]
    with town.store.write() as transaction:
        transaction.connection.execute(update(tables.snapshots).values(sha256="0" * 64))
    with pytest.raises(UnreadableError):
        quarters()


def test_b35_only_quarters_that_are_over_are_told(town: House) -> None:
    with town.store.read() as transaction:
        sheet, quarters = published(transaction, town.work.house, date(2026, 9, 30))

    assert [one.name for one in quarters][-2:] == ["2026-K1", "2026-K2"]
    assert max((row[0], row[1]) for row in sheet.rows) == (2026, 2)
    with pytest.raises(NoReportError, match="när de är slut"):
        made(town, "2026-K4", date(2026, 12, 31))
    with pytest.raises(NoReportError, match="hela kvartal"):
        made(town, "2026-11")
    for period in ("2026", "2025-12-31/2026-08-15"):
        assert len(made(town, period, date(2026, 9, 30)).rows) == 2 * len(Kind) * len(Factor)


def test_an_empty_house_and_a_day_typed_wrong_make_a_small_file(house: House) -> None:
    with house.store.read() as transaction:
        empty = published(transaction, house.work.house, TODAY)[0]

    assert empty.rows == []
    assert closed_quarters(date(2026, 10, 1), date(2026, 12, 31)) == []


def test_every_nämnd_has_its_rows_and_the_municipality_what_lies_at_none(house: House) -> None:
    assert boards_of(house.work.house) == ["Lilla kommunen"]


def test_b35_the_same_quarters_are_the_same_bytes(town: House) -> None:
    quarters = closed_quarters(date(2026, 1, 1), TODAY)

    assert as_csv(made(town, "2025")) == as_csv(made(town, "2025"))
    assert catalogue_of(SOURCE, quarters) == catalogue_of(SOURCE, quarters)


def test_b35_the_catalogue_has_what_dcat_ap_se_demands() -> None:
    written = json.loads(catalogue_of(SOURCE, closed_quarters(date(2026, 1, 1), date(2026, 8, 1))))
    nodes = {node["@id"]: node for node in written["@graph"]}
    of_type = {str(node["@type"]): node for node in written["@graph"]}
    catalogue, data = of_type["dcat:Catalog"], of_type["dcat:Dataset"]
    file = of_type["dcat:Distribution"]

    for node in (catalogue, data):
        assert {one["@language"] for one in node["dcterms:title"]} == {"sv", "en"}
        assert {one["@language"] for one in node["dcterms:description"]} == {"sv", "en"}
        assert nodes[node["dcterms:publisher"]["@id"]]["foaf:name"] == "Lilla kommunen"
    assert nodes[catalogue["dcat:dataset"]["@id"]] is data
    assert nodes[data["dcat:distribution"]["@id"]] is file
    assert nodes[data["dcat:contactPoint"]["@id"]]["vcard:hasEmail"] == {"@id": "mailto:data@example.org"}
    assert data["dcterms:accrualPeriodicity"]["@id"].endswith("/frequency/QUARTERLY")
    assert data["dcterms:temporal"]["dcat:endDate"]["@value"] == "2026-06-30"
    assert data["dcterms:modified"]["@value"] == "2026-07-01"
    assert file["dcat:downloadURL"] == {"@id": "https://tyck.example/oppna-data/synpunkter.csv"}
    assert file["dcterms:license"] == {"@id": "http://creativecommons.org/publicdomain/zero/1.0/"}
    prefixes = set(written["@context"])
    used = {name.partition(":")[0] for node in written["@graph"] for name in node if not name.startswith("@")}
    assert used <= prefixes
