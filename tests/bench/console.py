"""How long the staff wait for a list, a search and a case in a register of three years.

Run it by hand: `python -m tests.bench.console [--cases 100000] [--times 20] [--database sqlite]`. Server time
through the pages, without a network; beside it a bare question for the rows of one page in the same run.
With `--kept FOLDER` what is filled there is used again the next time: to fill takes minutes.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from bots.app import settle
from bots.web.app import build
from store.cases import OPEN
from store.domain import Inbound, Receipt
from store.engine import Store, open_store
from store.migrations import upgrade
from store.tables import cases
from tests.bench.figures import machine, percentile
from tests.bench.register import COMMON, NOW, PEOPLE, PHRASE, RARE, Register
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, log_in
from tests.house import Clock, open_house
from tests.servers.lent import running

_BAR = 0.1
_WIDE = 62
_REGISTRATOR, _TRIAGE, _QUALITY, _MANAGER, _HANDLER = "p118", "p119", "p117", "p83", "p3"
_QUEUES = {
    _HANDLER: ("oppna", "mina", "enheten", "sena", "vantar", "brev", "alla"),
    _MANAGER: ("enheten", "fel-dorr"),
    _REGISTRATOR: (
        "oppna",
        "sortera",
        "registrera",
        "sena",
        "vantar",
        "fel-dorr",
        "karantan",
        "brev",
        "alla",
    ),
    _TRIAGE: ("oppna", "sortera"),
    _QUALITY: ("oppna", "sena"),
}
_NARROWED = (
    "visa=alla&typ=klagomål",
    "visa=alla&faktor=Mat",
    "visa=alla&enhet=enhet7",
    "visa=alla&ansvarig=p7",
    "visa=alla&kanal=webb",
    "visa=alla&flagga=visselblåsning",
    "visa=alla&status=avslutad",
    "visa=alla&fran=2025-03-01&till=2025-03-31",
    "visa=alla&sena=1",
    "typ=klagomål&faktor=Mat&enhet=enhet7",
    "visa=alla&typ=klagomål&faktor=Mat&kanal=webb&fran=2024-03-01&till=2026-03-31",
)
_SOUGHT = {
    "a rare word": RARE,
    "a common word": COMMON,
    "a word of every case": "synpunkt",
    "a phrase": f'"{PHRASE}"',
    "a beginning": "cyk",
    "a short beginning": "sk",
    "two words": f"{COMMON} gatubänkarna",
    "a word, not another": f"{COMMON} -cykelbana",
    "only what is not": f"-{COMMON}",
    "a number": "SYN-2025-050000",
    "a sender": "från:kim",
    "nothing": "zzzz",
}


@contextmanager
def stores(kinds: Sequence[str], kept: Path | None) -> Iterator[Iterator[tuple[str, Store]]]:
    """Open a store on each kind of database, one after the other: an empty one, or what was kept."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)

    def each() -> Iterator[tuple[str, Store]]:
        if "sqlite" in kinds:
            with nullcontext(str(kept)) if kept else tempfile.TemporaryDirectory(prefix="bench-") as folder:
                store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
                yield "SQLite", store
                store.close()
        if "postgresql" in kinds:
            with running(_room(kept)) as lender:
                store = open_store(lender.kept("bench"))
                yield "PostgreSQL", store
                store.close()

    yield each()


def _room(kept: Path | None) -> Path | None:
    """Make the folder of the server that is kept."""
    if kept is None:
        return None
    room = kept / "postgresql"
    room.mkdir(exist_ok=True)
    return room


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
        medborgarcenter=(_TRIAGE,),
        quality=(_QUALITY,),
    )
    app = build(
        store=store,
        acts=house.acts,
        desk=house.acts,
        receive=_nothing,
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
    wanted = [
        (f"{queue}, {_office(who)}", who, f"visa={queue}")
        for who, queues in _QUEUES.items()
        for queue in queues
    ]
    wanted += [(f"filter {query}", _REGISTRATOR, query) for query in _NARROWED]
    wanted += [
        (f"search {name}", who, f"visa=alla&q={typed}")
        for name, typed in _SOUGHT.items()
        for who in (_REGISTRATOR, _HANDLER)
    ]
    bare = _bare(store, times)
    print(f"bare question for fifty cases: p50 {bare * 1000:.1f} ms\n")
    print(
        f"| {'page':{_WIDE}} | p50 ms | p95 ms | × bare |\n|{'-' * (_WIDE + 2)}|-------:|-------:|-------:|"
    )
    for who in _QUEUES:
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
            await log_in(browser, who=who)
            pages = [(name, f"/arenden?{query}") for name, whose, query in wanted if whose == who]
            if who == _REGISTRATOR:
                pages.append(("alla, a page at depth", await _deep(browser, pages=20)))
                pages.append(("how the service fares", "/halsa"))
                pages.append(("a case", f"/arenden/SYN-{NOW.year}-{register.size - 50:06d}"))
            for name, path in pages:
                print(_line(name, await _asked(browser, path, times), bare), flush=True)


async def _deep(browser: httpx.AsyncClient, *, pages: int) -> str:
    path = "/arenden?visa=alla"
    for _ in range(pages):
        page = (await browser.get(path)).text
        path = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&") or path
    return path


async def _asked(browser: httpx.AsyncClient, path: str, times: int) -> list[float]:
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        answer = await browser.get(path)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, (path, answer.status_code)
    return taken[1:]


def _bare(store: Store, times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        with store.read() as transaction:
            wanted = select(cases).where(cases.c.status.in_(OPEN)).order_by(cases.c.id.desc()).limit(50)
            transaction.rows(wanted)
        taken.append(time.perf_counter() - began)
    return percentile(taken, 0.5)


def _line(name: str, taken: Sequence[float], bare: float) -> str:
    half, most = percentile(taken, 0.5), percentile(taken, 0.95)
    late = " NOT within the bar" if most > _BAR else ""
    return f"| {name:{_WIDE}} | {half * 1000:6.1f} | {most * 1000:6.1f} | {half / bare:6.1f} |{late}"


def _office(who: str) -> str:
    names = {
        _HANDLER: "handler",
        _MANAGER: "manager",
        _REGISTRATOR: "registrator",
        _TRIAGE: "triage",
        _QUALITY: "quality",
    }
    return names[who]


async def _nothing(inbound: Inbound) -> Receipt:
    return Receipt(message_id=0)


def main(arguments: list[str] | None = None) -> None:
    """Fill each database, measure it and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.console", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--kept", type=Path, help="a folder for the filled databases; it must be there")
    chosen = parser.parse_args(arguments)
    register = Register(size=chosen.cases, open_cases=min(4000, chosen.cases // 2))
    with stores(chosen.database or ("sqlite", "postgresql"), chosen.kept) as opened:
        for name, store in opened:
            upgrade(store)
            began = time.perf_counter()
            if register.is_in(store):
                told = "kept from before"
            else:
                register.fill(store)
                told = f"written and indexed in {time.perf_counter() - began:.0f} s"
            print(f"\n{name}: {register.size} cases, {PEOPLE} people, {told}; {machine()}", flush=True)
            asyncio.run(measure(store, register, times=chosen.times))


if __name__ == "__main__":
    main()
