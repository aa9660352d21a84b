"""How long the live statistics take over a register of three years, the first look and those after it.

Run it by hand: `python -m tests.bench.statistics [--cases 50000] [--times 20] [--database sqlite]`. Server
time through the pages, without a network; beside it a bare count of the same rows in the same run. Before
each look a case is changed, as in a house at work. What is filled in the folder of `--kept` is used again.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select, update

from bots.app import settle
from bots.web.app import build
from store.engine import Store
from store.migrations import upgrade
from store.tables import cases
from tests.bench.console import stores
from tests.bench.figures import machine, percentile
from tests.bench.register import NOW, Register
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, log_in
from tests.house import Clock, open_house

_BAR = 0.3
_REGISTRATOR, _QUALITY, _MANAGER = "p118", "p117", "p83"
_THREE_YEARS = "2023-12-01/2026-11-23"
_PAGES = (
    (_REGISTRATOR, "/statistik"),
    (_REGISTRATOR, "/statistik?period=2026-K3"),
    (_REGISTRATOR, "/statistik?period=2025&typ=klagomål"),
    (_REGISTRATOR, f"/statistik?period={_THREE_YEARS}"),
    (_REGISTRATOR, "/statistik/arenden?period=2026&kolumn=totalt"),
    (_REGISTRATOR, "/statistik/arenden?period=2026-K3&kolumn=försenade"),
    (_QUALITY, "/statistik/forslag?period=2026"),
    (_MANAGER, "/statistik"),
    (_MANAGER, "/statistik/arenden?period=2026&kolumn=totalt"),
)


async def measure(store: Store, register: Register, *, times: int) -> None:
    """Ask for every page, and print a table."""
    clock = Clock(NOW)
    house = open_house(
        store,
        silent=True,
        clock=clock,
        people=register.people(),
        units=register.units(),
        registrator=_REGISTRATOR,
        quality=(_QUALITY,),
    )
    app = build(
        store=store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=clock,
        public=PUBLIC,
        staff=register.people(),
        units=register.units(),
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        patience=timedelta(0),
    )
    settle()
    bare = percentile([_bare(store) for _ in range(times)], 0.5)
    print(f"bare count of three years by unit, factor and type: p50 {bare * 1000:.0f} ms\n")
    print("| page | who | first ms | p50 ms | p95 ms | of it CPU, p50 ms | × bare |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for who in dict.fromkeys(who for who, _ in _PAGES):
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
            await log_in(browser, who=who)
            for path in [path for whose, path in _PAGES if whose == who]:
                taken, busy = await _asked(store, register, browser, path, times)
                half, most = percentile(taken[1:], 0.5), percentile(taken[1:], 0.95)
                late = " NOT within the bar" if most > _BAR else ""
                figures = f"{taken[0] * 1000:.0f} | {half * 1000:.0f} | {most * 1000:.0f}"
                worked = percentile(busy[1:], 0.5) * 1000
                print(f"| {path} | {who} | {figures} | {worked:.0f} | {half / bare:.1f} |{late}", flush=True)
    house.opinion.close()


async def _asked(
    store: Store, register: Register, browser: httpx.AsyncClient, path: str, times: int
) -> tuple[Sequence[float], Sequence[float]]:
    taken, busy = [], []
    for at in range(times + 1):
        with store.write() as transaction:
            some = cases.c.id == register.size - at
            transaction.connection.execute(update(cases).where(some).values(version=cases.c.version + 1))
        began, worked = time.perf_counter(), time.process_time()
        answer = await browser.get(path)
        taken.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
        assert answer.status_code == 200, (path, answer.status_code)
    return taken, busy


def _bare(store: Store) -> float:
    began = time.perf_counter()
    with store.read() as transaction:
        columns = (cases.c.unit, cases.c.factor, cases.c.kind)
        transaction.rows(select(func.count(), *columns).group_by(*columns))
    return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    """Fill each database, measure it and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.statistics", description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--kept", type=Path, help="a folder for the filled databases")
    chosen = parser.parse_args(arguments)
    register = Register(size=chosen.cases, open_cases=min(2000, chosen.cases // 2), is_reported=True)
    with stores(chosen.database or ("sqlite", "postgresql"), chosen.kept) as opened:
        for name, store in opened:
            upgrade(store)
            if not register.is_in(store):
                register.fill(store)
            print(f"\n{name}: {register.size} cases; {machine()}", flush=True)
            asyncio.run(measure(store, register, times=chosen.times))


if __name__ == "__main__":
    main()
