"""How long each report takes over a register of three years, and whether every figure can be recounted.

Run it by hand: `python -m tests.bench.reports [--cases 50000] [--times 3] [--database sqlite]`. Beside the
reports it asks the database for the bare counts of the same rows, in the same run. What is filled in the
folder of `--kept` is used again the next time; `--profile R1` shows where the time of one report goes.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, select

from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import CATALOGUE
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import as_csv
from store.deadlines import day_of
from store.engine import Store
from store.figures.period import Period, read
from store.migrations import upgrade
from store.tables import cases, promises
from tests.bench.console import stores
from tests.bench.figures import machine, spread
from tests.bench.register import NOW, Register
from tests.bots.desk.reports.recount import differences
from tests.house import House, open_house

_BAR = 5.0
_TODAY = day_of(NOW)
_THREE_YEARS = Period(first=date(_TODAY.year - 3, _TODAY.month, 1), last=_TODAY)
_RECOUNTED = ("R1", "R2", "R3", "R4")
_PERIODS = {"R3": "2026", "R4": "2026-T3", "R6": "2026"}


def periods(report: str) -> list[Period]:
    """Return the periods that a report is measured over: the last year, and all three if it can be."""
    year = read(_PERIODS.get(report, "2026"))
    return [year] if report in _PERIODS else [year, _THREE_YEARS]


def measure(house: House, *, reports: Sequence[str], times: int) -> None:
    """Make every report, and print a table. Its own time on the processor tells of it on a busy machine."""
    bare = spread([_bare(house.store) for _ in range(times)], digits=2)
    print(f"bare count of the cases of three years by unit and factor: {bare} s\n")
    print(
        "| report | period | rows | s | of it CPU, s | recounted |\n|---|---|---:|---:|---:|---|", flush=True
    )
    rows = _rows(house.store)
    for report in reports:
        for period in periods(report):
            taken, worked, made = [], [], None
            for _ in range(times):
                began, busy = time.perf_counter(), time.process_time()
                made = _made(house, report, period)
                taken.append(time.perf_counter() - began)
                worked.append(time.process_time() - busy)
            assert made is not None
            late = "" if max(taken) <= _BAR else " NOT within the bar"
            told = _recounted(house, report, period, made, rows) if report in _RECOUNTED else ""
            shown = f"{len(made.sheet.rows)} | {spread(taken, digits=2)}{late} | {spread(worked, digits=2)}"
            print(f"| {report} | {period.name} | {shown} | {told} |", flush=True)


def _made(house: House, report: str, period: Period) -> Report:
    with house.store.read() as transaction:
        asked = Asked(period=period, today=_TODAY, house=house.work.house)
        return CATALOGUE[report].make(transaction, asked)


def _recounted(
    house: House, report: str, period: Period, made: Report, rows: dict[str, Sequence[dict[str, object]]]
) -> str:
    first = date(period.first.year, 1, 1) if report == "R4" else period.first
    wrong = differences(
        report,
        as_csv(made.sheet),
        rows,
        units={unit.id: unit.name for unit in house.work.house.units},
        first=first,
        last=period.last,
        today=_TODAY,
    )
    return f"{len(wrong)} differences{': ' + wrong[0] if wrong else ''}"


def _rows(store: Store) -> dict[str, Sequence[dict[str, object]]]:
    with store.read() as transaction:
        return {
            table.name: [dict(row) for row in transaction.rows(select(table))] for table in (cases, promises)
        }


def _bare(store: Store) -> float:
    began = time.perf_counter()
    with store.read() as transaction:
        wanted = select(func.count(), cases.c.unit, cases.c.factor, cases.c.kind)
        transaction.rows(wanted.group_by(cases.c.unit, cases.c.factor, cases.c.kind))
    return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    """Fill each database, measure it and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reports", description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--kept", type=Path, help="a folder for the filled databases")
    parser.add_argument("--report", choices=tuple(CATALOGUE), action="append", help="only this one")
    parser.add_argument("--profile", metavar="REPORT", help="show where the time of one report goes")
    chosen = parser.parse_args(arguments)
    register = Register(size=chosen.cases, open_cases=min(2000, chosen.cases // 2), is_reported=True)
    with stores(chosen.database or ("sqlite", "postgresql"), chosen.kept) as opened:
        for name, store in opened:
            upgrade(store)
            began = time.perf_counter()
            if not register.is_in(store):
                register.fill(store)
            filled = timedelta(seconds=round(time.perf_counter() - began))
            print(f"\n{name}: {register.size} cases, filled in {filled}; {machine()}", flush=True)
            house = open_house(
                store, silent=True, people=register.people(), units=register.units(), registrator="p118"
            )
            if chosen.profile:
                profile = cProfile.Profile()
                profile.runcall(_made, house, chosen.profile, periods(chosen.profile)[-1])
                pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
            else:
                measure(house, reports=chosen.report or tuple(CATALOGUE), times=chosen.times)
            house.opinion.close()


if __name__ == "__main__":
    main()
