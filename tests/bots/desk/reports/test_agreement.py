"""R10 can be recomputed from the rows of the store, and its parts add up."""

import random
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import insert

from bots.desk.reports.agreement import COLUMNS
from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import entry, make
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import as_csv
from store.domain import UNSURE, Factor, Kind, Role, Status
from store.engine import Row
from store.figures import agreement
from store.figures.cut import Cut
from store.figures.period import read
from store.tables import blobs, confirmations, messages, suggestions
from tests.bots.desk.reports.test_sheets import TODAY, fill
from tests.house import House

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the question has a test on both
MODELS = ("full-1", "full-1+81f3")


@pytest.fixture
def town(house: House) -> House:
    """A year's cases, most of them judged, some of them twice, by way of two models."""
    fill(house.store, count=250, seed=10)
    choose = random.Random(10)  # noqa: S311 - chance, no secret
    with house.store.write() as transaction:
        run = transaction.connection.execute
        for row in house.cases():
            one, at = row["id"], row["received_at"]
            run(insert(blobs).values(sha256=f"{one:064d}", size=1, data=b"x", kept_at=at))
            message = {"id": one, "channel": "web", "account": "", "external_id": str(one), "given": {}}
            message |= {"sha256": f"{one:064d}", "media_type": "x", "envelope_to": [], "case_id": one}
            message |= {"received_at": at, "kept_at": at, "state": "läst", "dedupe_key": str(one)}
            run(insert(messages).values(**message))
            has_proposal = choose.random() < 0.9
            if has_proposal:
                made = {"kind": choose.choice([*Kind]), "kind_confidence": choose.random(), "why": []}
                made |= {"factor": choose.choice([*Factor][:4]), "factor_confidence": choose.random()}
                made |= {"kind_sure": True, "factor_sure": False, "lanes": [], "language": "sv"}
                run(
                    insert(suggestions).values(
                        id=one,
                        case_id=one,
                        message_id=one,
                        made_at=at,
                        model=choose.choice(MODELS),
                        **made,
                    )
                )
            for _ in range(choose.choice([0, 1, 1, 2])):
                said = {"kind": choose.choice([*Kind]), "factor": choose.choice([*Factor][:4])}
                if choose.random() < 0.1:
                    said["kind"] = UNSURE
                run(
                    insert(confirmations).values(
                        case_id=one,
                        suggestion_id=one if has_proposal else None,
                        changed=True,
                        confirmed_by="anna",
                        confirmed_at=at,
                        **said,
                    )
                )
    return house


def made(house: House, written: str, **more: Any) -> Report:
    with house.store.read() as transaction:
        return make("R10", transaction, asked(house, written, **more))


def asked(house: House, written: str, **more: Any) -> Asked:
    return Asked(period=read(written), today=TODAY, house=house.work.house, **more)


def as_dicts(report: Report) -> list[dict[str, Any]]:
    return [dict(zip(report.sheet.columns, row, strict=True)) for row in report.sheet.rows]


def judged(house: House, year: int) -> list[tuple[Row, Row, Row | None]]:
    """Give each case of a year with the last word on it and the proposal that it was about."""
    said: dict[int, Row] = {}
    for row in house.table("confirmations"):
        if UNSURE not in (row["kind"], row["factor"]):
            said[row["case_id"]] = row
    proposals = {row["id"]: row for row in house.table("suggestions")}
    return [
        (row, said[row["id"]], proposals.get(said[row["id"]]["suggestion_id"]))
        for row in house.cases()
        if row["id"] in said
        and row["received_at"].year == year
        and row["status"] not in {Status.HANDED_OVER, Status.QUARANTINED, Status.DUPLICATE}
    ]


def percent(some: list[bool]) -> Fraction | None:
    return Fraction(100 * sum(some), len(some)) if some else None


def test_c4_r10_agrees_with_what_is_recomputed_for_every_class_model_unit_and_month(town: House) -> None:
    lines, rows = as_dicts(made(town, "2026")), judged(town, 2026)
    units = {"Gata och park": {"park"}, "Skolan": {"skola"}, "(utan enhet)": {"", "nedlagd"}}
    columns = {"typ": "kind", "faktor": "factor"}

    assert len(rows) > 60
    for line in lines:
        name = columns[line["axel"]]
        here = [
            (said[name], proposal and proposal[name], proposal)
            for case, said, proposal in rows
            if line["enhet"] in ("Alla", *(unit for unit, ids in units.items() if case["unit"] in ids))
            and line["månad"] in ("Alla", f"{case['received_at']:%Y-%m}")
            and (line["modellversion"] == "Alla" or (proposal and proposal["model"] == line["modellversion"]))
        ]
        proposed = [
            (word, guess, proposal)
            for word, guess, proposal in here
            if proposal and line["förslag"] in ("Alla", guess) and line["bekräftad"] in ("Alla", word)
        ]
        assert line["antal"] == len(proposed), line
        if proposed:
            mean = 100 * sum(one[f"{name}_confidence"] for _, _, one in proposed) / len(proposed)
            assert abs(float(line["sannolikhet_%"]) - mean) < 0.01
        if line["bekräftad"] == "Alla":
            kept = [word == guess for word, guess, _ in proposed]
            right = [word == guess for word, guess, _ in here if line["förslag"] in ("Alla", word)]
            assert line["precision_%"] == percent(kept), line
            assert line["recall_%"] == percent(right), line


def test_the_pairs_of_a_part_add_up_to_its_classes_and_the_classes_to_its_sum(town: House) -> None:
    lines = as_dicts(made(town, "2026"))
    whole = [line for line in lines if {line["månad"], line["enhet"]} == {"Alla"}]

    for model in ("Alla", *MODELS):
        for axis in ("typ", "faktor"):
            part = [line for line in whole if (line["modellversion"], line["axel"]) == (model, axis)]
            (total,) = [line["antal"] for line in part if line["förslag"] == "Alla"]
            classes = [line for line in part if line["förslag"] != "Alla" and line["bekräftad"] == "Alla"]
            pairs = [line for line in part if line["bekräftad"] != "Alla"]
            assert sum(line["antal"] for line in classes) == total > 10
            assert sum(line["antal"] for line in pairs) == total
    months = [line for line in lines if line["månad"] != "Alla" and line["förslag"] == "Alla"]
    assert sum(line["antal"] for line in months if line["axel"] == "typ") == whole[0]["antal"]


def test_the_same_report_is_the_same_bytes_and_its_columns_are_those_of_c4(town: House) -> None:
    report = made(town, "2026-K2")

    assert {"förslag", "bekräftad", "sannolikhet_%", "modellversion", "precision_%", "recall_%"} <= {*COLUMNS}
    assert as_csv(report.sheet) == as_csv(made(town, "2026-K2").sheet)
    assert report.query == "R10 --period 2026-K2"
    assert entry("R10").readers == {Role.QUALITY, Role.REGISTRATOR}


def test_it_says_its_finding_first_and_is_honest_when_there_is_little(town: House) -> None:
    year, day = made(town, "2026"), made(town, "2026-02")
    empty, unit = made(town, "2024"), made(town, "2026", units=["skola"])

    assert year.headline.startswith("Förslaget på typ stod sig i ")
    assert [section.title for section in year.sections][-1] == "Så är det räknat"
    assert {len(chart.labels) for chart in year.charts} == {12}
    assert "för få för att jämföra" in day.headline
    assert empty.headline == "Ingen människa har bedömt något förslag som gäller 2024."
    assert empty.charts == []
    assert {line["enhet"] for line in as_dicts(unit)} == {"Alla", "Skolan"}


def test_each_figure_of_r10_leads_to_the_very_cases_that_it_counts(town: House) -> None:
    sheet = made(town, "2026").sheet
    with town.store.read() as transaction:
        every = agreement.of_period(transaction, read("2026"))
    known = {unit.id for unit in town.work.house.units}

    for row, cut in zip(sheet.rows, sheet.cuts, strict=True):
        assert cut is not None
        asked_again = Cut.read(cut.query)
        assert asked_again == cut
        assert cut.proposal is not None
        counted = [
            one
            for one in agreement.of_proposal(every, cut.proposal)
            if one.received_on in cut.period
            and (not cut.units or (one.unit if one.unit in known else "") in cut.units)
        ]
        assert len(counted) == row[sheet.columns.index("antal")], row


def test_a_month_or_unit_in_which_nothing_is_judged_has_no_rows(house: House) -> None:
    sheet = made(house, "2026").sheet

    # The whole alone: on each axis its sum, and each class.
    assert len(sheet.rows) == 1 + len(Kind) + 1 + len(Factor)
    assert {row[sheet.columns.index("antal")] for row in sheet.rows} == {0}
