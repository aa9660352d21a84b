"""A closed period says what it said: the same bytes each time, and what was put right beside it (C4:1)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import update

from bots.desk.reports import canonical
from bots.desk.reports.asked import Asked
from bots.desk.reports.canonical import UnreadableError
from bots.desk.reports.catalogue import make
from bots.desk.reports.closing import Change, Closed, Kept, changes, with_words
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import Cell, Sheet, as_csv
from store import analyses, snapshots, tables
from store.domain import Factor, Kind, Status
from store.engine import Transaction
from store.figures.period import Period, read
from tests.bots.desk.reports.test_sheets import fill
from tests.house import House, rows_of

MADE = datetime(2026, 10, 1, 5, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
QUARTER = read("2026-K3")
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
COMPLAINT = 11  # the id of one that is looked at
SAND = "Sanden är bytt, och vi ser till gungorna varje måndag."


@pytest.fixture
def town(house: House) -> House:
    fill(house.store, count=120, seed=7)
    known = {"unit": "park", "kind": Kind.COMPLAINT, "factor": Factor.FOOD, "status": Status.CLOSED}
    with house.store.write() as transaction:
        received = {"received_at": datetime(2026, 8, 3, tzinfo=UTC)}
        transaction.connection.execute(
            update(tables.cases).where(tables.cases.c.id == COMPLAINT).values(known | received)
        )
    return house


def close(house: House, report: str = "R1", period: Period = QUARTER) -> Closed:
    closed = Closed(house=house.work.house)
    with house.store.write() as transaction:
        for one in closed.count(transaction, report, period, today=TODAY):
            assert snapshots.keep(transaction, one, now=MADE) is not None
    return closed


def kept_of(house: House, report: str = "R1", unit: str = "") -> Kept:
    with house.store.read() as transaction:
        kept = Closed(house=house.work.house).kept(transaction, report, QUARTER, unit)
    assert kept is not None
    return kept


def shown(house: House, *units: str, fresh: bool = False, report: str = "R1") -> Report:
    asked = Asked(period=QUARTER, today=date(2026, 12, 15), house=house.work.house, units=units)
    with house.store.read() as transaction:
        return Closed(house=house.work.house).report(transaction, report, asked, fresh=fresh)


def put_right(house: House) -> None:
    """Let a human say after the closing that a complaint of the park was praise."""
    with house.store.write() as transaction:
        transaction.connection.execute(
            update(tables.cases).where(tables.cases.c.id == COMPLAINT).values(kind=Kind.PRAISE)
        )


def sign(house: House, text: str = SAND, *, unit: str = "park") -> None:
    with house.store.write() as transaction:
        seen = analyses.mark(analyses.latest(transaction, "R1", "2026-K3", unit))
        analyses.write(
            transaction, "R1", "2026-K3", unit, text, by="anna", seen=seen, now=MADE, sign_as="Anna Ek"
        )


def test_a_closed_period_is_the_same_bytes_whatever_happens_to_its_cases(town: House) -> None:
    closed = close(town)
    first = kept_of(town)
    put_right(town)

    again = kept_of(town)

    with town.store.read() as transaction:
        assert closed.csv(transaction, again) == closed.csv(transaction, first) == first.csv
    assert as_csv(shown(town).sheet) == first.csv
    assert as_csv(shown(town, fresh=True).sheet) != first.csv
    assert canonical.digest(canonical.written(again.report)) == first.sha256


@ON_SQLITE
def test_what_was_put_right_after_the_closing_is_told_figure_by_figure(town: House) -> None:
    closed = close(town)
    kept = kept_of(town, unit="park")
    with town.store.read() as transaction:
        assert [one for one in closed.changes(transaction, kept) if not one.goes_on] == []
    put_right(town)

    with town.store.read() as transaction:
        found = [one for one in closed.changes(transaction, kept) if not one.goes_on]

    by_row = {(one.row.rpartition(", ")[2], one.figure): one for one in found}
    assert by_row.keys() == {
        ("Alla", "beröm"),
        ("Alla", "klagomål"),
        ("Mat", "beröm"),
        ("Mat", "klagomål"),
    }
    all_praise = by_row["Alla", "beröm"]
    assert isinstance(all_praise.then, int)
    assert all_praise.now == all_praise.then + 1


def a_sheet(*rows: tuple[Cell, ...], notes: tuple[tuple[str, Cell], ...] = ()) -> Sheet:
    columns = ("enhet", "faktor", "totalt", "öppna", "analys")
    return Sheet(id="R1", title="R1", columns=columns, rows=rows, notes=notes)


def test_what_goes_on_by_itself_is_told_apart_from_what_was_put_right() -> None:
    then = a_sheet(("Park", "Alla", 3, 2, ""), notes=(("överlämnade", 0),))
    now = a_sheet(("Park", "Alla", 4, 1, "Ord."), ("Bad", "Alla", 1, 0, ""), notes=(("överlämnade", 1),))

    assert list(changes(then, now)) == [
        Change(row="Park, Alla", figure="totalt", then=3, now=4, goes_on=False),
        Change(row="Park, Alla", figure="öppna", then=2, now=1, goes_on=True),
        Change(row="Bad, Alla", figure="totalt", then=None, now=1, goes_on=False),
        Change(row="Bad, Alla", figure="öppna", then=None, now=0, goes_on=True),
        Change(row="", figure="överlämnade", then=0, now=1, goes_on=False),
    ]


def test_columns_that_a_later_release_adds_are_no_change() -> None:
    then = Sheet(id="R3", title="", columns=("nämnd", "totalt"), rows=(("KS", 1),))
    now = Sheet(id="R3", title="", columns=("nämnd", "nytt", "totalt"), rows=(("KS", 9, Fraction(1)),))

    assert list(changes(then, now)) == []


@ON_SQLITE
def test_l13_signed_words_stand_in_r1_and_the_rest_is_as_it_was(town: House) -> None:
    close(town)
    before = as_csv(shown(town).sheet)

    sign(town)

    for report in (shown(town), shown(town, "park"), shown(town, fresh=True)):
        sheet = report.sheet
        words = {
            (row[sheet.columns.index("enhet")], row[sheet.columns.index("faktor")]): (
                row[sheet.columns.index("analys")],
                row[sheet.columns.index("signerad_av")],
            )
            for row in sheet.rows
        }
        assert words["Gata och park", "Alla"] == (SAND, "Anna Ek 2026-10-01")
        assert [key for key, told in words.items() if told[0]] == [("Gata och park", "Alla")]
        assert report.sections[-1].title == "Chefens analys"
    # But for these two cells nothing is another.
    was, now = before.decode().splitlines(), as_csv(shown(town).sheet).decode().splitlines()
    assert [line for line in now if SAND not in line] == [
        line for line in was if not line.startswith("2026-K3;Lilla kommunen;;;Gata och park;Alla;")
    ]


@ON_SQLITE
def test_a_signed_text_changes_only_by_a_next_one(town: House) -> None:
    close(town)
    sign(town)
    sign(town, "Gungorna är bytta också, i hela parken.")

    assert "Gungorna är bytta" in as_csv(shown(town).sheet).decode()
    assert [row["version"] for row in rows_of(town.store, "analyses")] == [1, 2]


def test_of_two_who_sign_the_same_draft_at_once_only_one_has_signed(house: House) -> None:
    with house.store.write() as transaction:
        analyses.write(transaction, "R1", "2026-K3", "park", SAND, by="anna", seen="0", now=MADE)
    both_have_read, outcomes = Barrier(2), Counter[str]()
    latest = analyses.latest

    def read_together(*asked: Any) -> Any:
        found = latest(*asked)
        with suppress(BrokenBarrierError):  # SQLite lets one in at a time
            both_have_read.wait(0.5)
        return found

    def sign_as(name: str) -> None:
        with house.store.read() as transaction:
            seen = analyses.mark(latest(transaction, "R1", "2026-K3", "park"))
        try:
            with house.store.write() as transaction:
                asked = (transaction, "R1", "2026-K3", "park", f"{SAND} {name}")
                analyses.write(*asked, by=name, seen=seen, now=MADE, sign_as=name)
            outcomes["signed"] += 1
        except analyses.StaleAnalysisError:
            outcomes["stale"] += 1

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as people:
        patch.setattr(analyses, "latest", read_together)
        list(people.map(sign_as, ("anna", "omar")))

    assert outcomes == {"signed": 1, "stale": 1}
    (row,) = rows_of(house.store, "analyses")
    assert row["text"] == f"{SAND} {row['signed_by']}"


def test_words_reach_their_unit_by_name_where_rows_have_no_cuts() -> None:
    sheet = a_sheet(("Park", "Alla", 3, 2, ""), ("Park", Factor.FOOD, 3, 2, ""), ("Bad", "Alla", 0, 0, ""))
    report = Report(sheet=sheet, period=QUARTER, today=TODAY, municipality="L", query="R1", headline="Tre.")
    signed = {"p": {"text": "Ord.", "signed_name": "Anna Ek", "signed_at": MADE}}

    found = with_words(report, signed, {"p": "Park", "b": "Bad"})

    assert [row[-1] for row in found.sheet.rows] == ["Ord.", "", ""]
    assert found.sections[-1].paragraphs == ("Analys saknas från Bad.",)
    assert found.sections[-1].items == ("Park: Ord. (Anna Ek, 1 oktober 2026)",)


@ON_SQLITE
def test_units_and_the_whole_are_counted_at_one_moment(town: House) -> None:
    close(town)

    whole, park = kept_of(town).report.sheet, kept_of(town, unit="park").report.sheet

    of_park = [row for row in whole.rows if "Gata och park" in row]
    assert [row[:22] for row in park.rows] == [row[:22] for row in of_park]


@ON_SQLITE
def test_what_all_units_are_counted_from_is_read_once(town: House) -> None:
    read_as: list[object] = []

    def reading(report: str, transaction: Transaction, asked: Asked) -> Report:
        read_as.append(asked.facts(transaction, asked.period))
        return make(report, transaction, asked)

    with town.store.read() as transaction:
        made = Closed(house=town.work.house, make=reading).count(transaction, "R1", QUARTER, today=TODAY)

    assert [one.scope for one in made] == ["", "park", "skola"]
    assert read_as[0] is read_as[1] is read_as[2]


@ON_SQLITE
def test_what_somebody_has_changed_past_the_program_is_not_given_out(town: House) -> None:
    close(town)
    with town.store.write() as transaction:
        spoilt = tables.snapshots.c.content.op("||")(" ")
        transaction.connection.execute(update(tables.snapshots).values(content=spoilt))

    with pytest.raises(UnreadableError, match="summan stämmer inte"):
        kept_of(town)


@ON_SQLITE
def test_a_report_of_two_units_together_is_counted_now(town: House) -> None:
    close(town)
    kept = kept_of(town).report

    assert shown(town).today == kept.today == TODAY
    assert shown(town, "park", "skola").today == date(2026, 12, 15)


def test_the_very_same_report_is_made_of_what_an_older_release_has_kept() -> None:
    """The form of what is kept: who changes it must be able to read what was kept before."""
    content = (
        '{"form":1,"report":{"charts":[{"description":"Beröm 2.","labels":["Beröm"],"series":[{"nam'
        'e":"Antal","values":[2]}],"shape":"bars","title":"Typer","unit":""}],"headline":"Två beröm'
        '.","municipality":"L","period":{"first":{"dag":"2026-07-01"},"kind":"quarter","last":{"dag'
        '":"2026-09-30"}},"query":"R1","sections":[{"items":[],"paragraphs":["Lugnt."],"title":"I k'
        'orthet"}],"sheet":{"columns":["enhet","totalt","svar_i_tid_%"],"cuts":[{"factor":null,"kin'
        'd":"beröm","period":{"first":{"dag":"2026-07-01"},"kind":"quarter","last":{"dag":"2026-09-'
        '30"}},"source":"","units":["park"]}],"id":"R1","notes":[["räknat till och med",{"dag":"202'
        '6-10-01"}]],"rows":[["Park",2,{"bråk":"200/3"}]],"title":"Enheter"},"today":{"dag":"2026-1'
        '0-01"}}}'
    )

    report = canonical.read(content)

    assert as_csv(report.sheet).decode("utf-8-sig").splitlines() == [
        "enhet;totalt;svar_i_tid_%",
        "Park;2;66,7",
        "",
        "# räknat till och med;2026-10-01",
    ]
    assert (report.headline, report.charts[0].series[0].values) == ("Två beröm.", (2,))
    assert replace(report, today=report.today) == report
