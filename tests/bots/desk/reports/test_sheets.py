"""Every figure of a report can be recomputed from the rows of the store by somebody else, and sums agree."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.catalogue import make
from bots.desk.reports.sheet import Sheet, as_csv, told
from store.deadlines import why_closed
from store.domain import Clock, Factor, Kind, Outcome, PromiseKind, Source, Status, Step
from store.engine import Row, Store
from store.figures.period import read
from store.tables import alarms, answers, cases, promises
from tests.house import House

TODAY = date(2026, 12, 15)
_HERE = ZoneInfo("Europe/Stockholm")
_STATUSES = (*[Status.CLOSED] * 8, Status.ASSIGNED, Status.ANSWERED, Status.HANDED_OVER, Status.QUARANTINED)


@pytest.fixture
def town(house: House) -> House:
    """Two years of invented cases: rows alone, nobody's words."""
    fill(house.store, count=400, seed=20261122)
    return house


def fill(store: Store, *, count: int, seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311 - chance, no secret
    rows: dict[Any, list[dict[str, object]]] = {cases: [], promises: [], answers: [], alarms: []}
    for case_id in range(1, count + 1):
        received = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=choose.randrange(2 * 365 * 1440))
        kind, factor = choose.choice([*Kind]), choose.choice([*Factor])
        is_confirmed, is_known = choose.random() < 0.8, choose.random() < 0.95
        status = choose.choice(_STATUSES)
        rows[cases].append(
            {
                "id": case_id,
                "number": f"SYN-{case_id}",
                "series": "SYN",
                "sequence": case_id,
                "status": status,
                "received_at": received,
                "opened_at": received,
                "title": "",
                "channel": "web",
                "sender_handle": choose.choice(["", "a@example.org"]),
                "language": "sv",
                "unit": choose.choice(["park", "skola", "", "nedlagd"]),
                "handler": "anna",
                "kind": kind if is_confirmed else "",
                "factor": factor if is_confirmed else "",
                "suggested_kind": kind if is_known else "",
                "suggested_factor": factor if is_known else "",
                "source": choose.choice([*Source]),
                "follow_up_result": choose.choice(["", "bra"]),
            }
        )
        answered = received + timedelta(hours=choose.randrange(24 * 30)) if choose.random() < 0.85 else None
        for promise, days in ((PromiseKind.FIRST_FEEDBACK, 3), (PromiseKind.ANSWER, 14)):
            if promise is PromiseKind.FIRST_FEEDBACK or kind is not Kind.PRAISE:
                kept = (
                    answered
                    if promise is PromiseKind.ANSWER
                    else received + timedelta(days=choose.randrange(6))
                )
                owed: dict[str, object] = {
                    "case_id": case_id,
                    "kind": promise,
                    "due_on": (received + timedelta(days=days)).date(),
                    "clause": "",
                    "arithmetic": [],
                    "kept_at": kept,
                    "round": 1,
                }
                rows[promises].append(owed)
        if answered is not None:
            rows[answers].append(
                {
                    "case_id": case_id,
                    "round": 1,
                    "text": "",
                    "way": "brev",
                    "outcome": choose.choice([*Outcome]),
                    "improvement": choose.choice(["", "Vi byter."]),
                    "has_contact": True,
                    "keeps_promise": True,
                    "written_by": "anna",
                    "written_at": answered,
                    "delivered_at": answered,
                }
            )
        for step in (Step.REMINDER, Step.ESCALATION, Step.NEXT_LEVEL)[: choose.choice([0, 0, 0, 1, 2, 3])]:
            alarm: dict[str, object] = {
                "case_id": case_id,
                "clock": Clock.ANSWER,
                "turn": "1",
                "step": step,
                "told": [],
                "at": received,
            }
            rows[alarms].append(alarm)
    with store.write() as transaction:
        for table, found in rows.items():
            transaction.connection.execute(insert(table), found)


def made(house: House, report: str, written: str, **more: Any) -> Sheet:
    with house.store.read() as transaction:
        return make(
            report, transaction, Asked(period=read(written), today=TODAY, house=house.work.house, **more)
        ).sheet


def as_dicts(sheet: Sheet) -> list[dict[str, Any]]:
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


def counted(house: House, first: date, last: date) -> Iterator[Row]:
    """Give the rows that a report of these days counts, found in another way than reports find them."""
    for row in house.cases():
        if not first <= row["received_at"].astimezone(_HERE).date() <= last:
            continue
        if (
            row["status"] in {Status.HANDED_OVER, Status.QUARANTINED}
            or not row["suggested_kind"] + row["kind"]
        ):
            continue
        yield row


def in_time(owing: list[Row], some: list[Row], kind: PromiseKind) -> Fraction | None:
    ids = {row["id"] for row in some}
    verdicts = []
    for owed in owing:
        if owed["case_id"] in ids and owed["kind"] == kind:
            if owed["kept_at"] is not None:
                verdicts.append(owed["kept_at"].astimezone(_HERE).date() <= owed["due_on"])
            elif owed["due_on"] < TODAY:
                verdicts.append(False)
    return Fraction(100 * sum(verdicts), len(verdicts)) if verdicts else None


def days_taken(answered: list[Row], some: list[Row]) -> list[int]:
    received = {row["id"]: row["received_at"].astimezone(_HERE).date() for row in some}
    taken = []
    for answer in answered:
        if answer["case_id"] in received:
            first, last = received[answer["case_id"]], answer["delivered_at"].astimezone(_HERE).date()
            between = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
            taken.append(sum(not why_closed(day) for day in between))
    return sorted(taken)


def test_l13_r1_agrees_with_what_is_recomputed_for_every_unit_and_factor(town: House) -> None:
    sheet = made(town, "R1", "2026-K1")
    some = list(counted(town, date(2026, 1, 1), date(2026, 3, 31)))
    before = list(counted(town, date(2025, 10, 1), date(2025, 12, 31)))
    owing, answered = town.table("promises"), town.table("answers")
    units = {"Gata och park": ("park",), "Skolan": ("skola",), "(utan enhet)": ("", "nedlagd")}

    assert len(some) > 30
    assert len(sheet.rows) == len(units) * (1 + len(Factor))
    for line in as_dicts(sheet):
        here, then = (
            [
                row
                for row in rows
                if row["unit"] in units[line["enhet"]]
                and line["faktor"] in ("Alla", row["factor"] or row["suggested_factor"])
            ]
            for rows in (some, before)
        )
        taken = days_taken(answered, here)
        assert line["totalt"] == len(here)
        assert line["klagomål"] == sum((row["kind"] or row["suggested_kind"]) == "klagomål" for row in here)
        assert line["anonyma"] == sum(not row["sender_handle"] for row in here)
        assert line["första_återkoppling_i_tid_%"] == in_time(owing, here, PromiseKind.FIRST_FEEDBACK)
        assert line["svar_i_tid_%"] == in_time(owing, here, PromiseKind.ANSWER)
        assert line["median_svarstid_wd"] == (Fraction(median(map(Fraction, taken))) if taken else None)
        assert line["öppna"] == sum(row["status"] != Status.CLOSED for row in here)
        assert line["förändring_mot_föreg_%"] == (
            Fraction(100 * (len(here) - len(then)), len(then)) if then else None
        )


@pytest.mark.parametrize(("report", "written"), [("R1", "2026-H1"), ("R2", "2026-H1"), ("R3", "2026")])
def test_the_sums_by_type_by_factor_and_by_unit_are_the_same(town: House, report: str, written: str) -> None:
    lines = as_dicts(made(town, report, written))
    period = read(written)
    total = len(list(counted(town, period.first, period.last)))

    for line in lines:
        assert line["totalt"] == sum(line[str(kind)] for kind in Kind)
    if report == "R1":
        assert sum(line["totalt"] for line in lines if line["faktor"] == "Alla") == total
        assert sum(line["totalt"] for line in lines if line["faktor"] != "Alla") == total
    elif report == "R2":
        by_unit = [line for line in lines if line["kanal"] == "Alla" and line["verksamhet"] != "Alla"]
        assert sum(line["totalt"] for line in by_unit) == total
        assert sum(line["totalt"] for line in lines if line["kanal"] != "Alla") == total
    else:
        assert all(line["totalt"] == sum(line[str(factor)] for factor in Factor) for line in lines)
        assert sum(line["totalt"] for line in lines if line["verksamhetsområde"] == "Alla") == total


def test_l15_a_year_shows_every_unit_also_with_nothing_and_the_years_before(house: House) -> None:
    lines = as_dicts(made(house, "R3", "2026"))

    assert [(line["verksamhetsområde"], line["totalt"]) for line in lines] == [
        ("Alla", 0),
        ("Gata och park", 0),
        ("Skolan", 0),
    ]
    assert {line["totalt_2025"] for line in lines} == {line["totalt_2024"] for line in lines} == {0}


def test_n23_tertials_add_up_through_the_year(town: House) -> None:
    lines = [
        line
        for line in as_dicts(made(town, "R4", "2026-T2"))
        if (line["verksamhet"], line["kanal"]) == ("Alla", "Alla")
    ]

    assert [(line["period"], line["totalt"]) for line in lines] == [
        ("2026-T1", len(list(counted(town, date(2026, 1, 1), date(2026, 4, 30))))),
        ("2026-T1–T2", len(list(counted(town, date(2026, 1, 1), date(2026, 8, 31))))),
    ]


def test_what_is_not_counted_is_told_beside(town: House) -> None:
    notes = dict(made(town, "R1", "2026").notes)
    year = [row for row in town.cases() if row["received_at"].astimezone(_HERE).year == 2026]

    assert notes["överlämnade, räknas inte (L4)"] == sum(row["status"] == Status.HANDED_OVER for row in year)
    unclassed = [row for row in year if not row["kind"] + row["suggested_kind"]]
    looked_at = {Status.HANDED_OVER, Status.QUARANTINED}
    assert notes["utan typ eller faktor, räknas inte än"] == sum(
        row["status"] not in looked_at for row in unclassed
    )
    assert notes["räknat till och med"] == TODAY


def test_the_same_report_is_the_same_bytes_and_one_unit_is_the_same_rows(town: House) -> None:
    whole, again = (made(town, "R1", "2026-K2") for _ in range(2))
    alone = made(town, "R1", "2026-K2", units=["skola"])

    assert as_csv(whole) == as_csv(again)
    assert alone.rows == [row for row in whole.rows if "Skolan" in row]


@pytest.mark.parametrize(
    ("report", "written", "words"),
    [("R99", "2026", "finns inte"), ("R3", "2026-K1", "för ett år"), ("R4", "2026-K1", "ett tertial")],
)
def test_what_can_not_be_made_is_said(house: House, report: str, written: str, words: str) -> None:
    with pytest.raises(NoReportError, match=words):
        made(house, report, written)


def test_a_csv_is_written_as_swedish_spreadsheets_read_it() -> None:
    sheet = Sheet(
        id="R0",
        title="Prov",
        columns=("namn", "andel"),
        rows=[("=1+1", Fraction(200, 3)), ('a;"b"', None), ("c", -Fraction(1, 20))],
        notes=[("räknat till och med", date(2026, 12, 15))],
    )

    assert as_csv(sheet).decode() == (
        '\ufeffnamn;andel\r\n\'=1+1;66,7\r\n"a;""b""";\r\nc;-0,1\r\n\r\n# räknat till och med;2026-12-15\r\n'
    )
    assert [told(one) for one in (Fraction(5, 100), Fraction(100), 7)] == ["0,1", "100,0", "7"]


def test_a_row_without_a_cell_for_every_column_is_no_report() -> None:
    build: Callable[..., Sheet] = Sheet
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        build(id="R0", title="Prov", columns=("a", "b"), rows=[("c",)])
