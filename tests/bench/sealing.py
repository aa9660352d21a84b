"""What the lines of `store.sealing` cost on SQLite: processor time a mail, with and without; by turns.

Run it by hand: `python -m tests.bench.sealing [--rounds 5] [--mails 640]`.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from store import inbox
from store.engine import Store, open_store
from store.migrations import upgrade
from tests.bench.figures import machine, spread
from tests.house import NOW, Scripted, a_suggestion, an_inbound, open_house

_GROUP = 64
_FILLING = "Det här är en mening om vår gata, och den är ungefär så lång som folk skriver.\n" * 30


@dataclass(kw_only=True)
class Cost:
    """Milliseconds of processor time a message, round by round."""

    kept: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def run(*, rounds: int, mails: int) -> tuple[Cost, Cost]:
    """Measure by turns without the triggers and with them; each time in a new database."""
    plain, sealed = Cost(), Cost()
    for _ in range(rounds):
        for cost, is_sealed in ((plain, False), (sealed, True)):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
                upgrade(store)
                if not is_sealed:
                    _take_away(store)
                _measure(store, cost, mails)
                store.close()
    return plain, sealed


def _take_away(store: Store) -> None:
    with store.write() as transaction:
        for row in transaction.rows(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            if row["name"].startswith("seal_"):
                transaction.connection.exec_driver_sql(f"DROP TRIGGER {row['name']}")


def _measure(store: Store, cost: Cost, mails: int) -> None:
    house = open_house(store, suggester=Scripted(a_suggestion()), per_handler_and_hour=10**6)
    group = [
        an_inbound(text=f"Gungan nummer {number} är trasig.\n{_FILLING}", sender=f"s{number}@example.org")
        for number in range(mails)
    ]
    began = time.process_time()
    for at in range(0, mails, _GROUP):
        with store.write() as transaction:
            inbox.keep(transaction, group[at : at + _GROUP], NOW)
    kept = time.process_time() - began
    house.judge()
    asyncio.run(house.deliver())
    house.opinion.close()
    cost.kept.append(1000 * kept / mails)
    cost.whole.append(1000 * (time.process_time() - began) / mails)


def lines(plain: Cost, sealed: Cost, *, mails: int) -> Iterator[str]:
    """Write it as a table."""
    yield f"{len(plain.kept)} rounds of {mails} mails of 2.8 kB, by turns: median (least–most); {machine()}"
    yield f"{'ms of processor time a mail':42}{'without lines':>22}{'with lines':>22}"
    for name, before, after in (
        ("kept, in groups of 64", plain.kept, sealed.kept),
        ("kept, read, opened, thanked, sent", plain.whole, sealed.whole),
    ):
        yield f"{name:42}{spread(before, digits=2):>22}{spread(after, digits=2):>22}"


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sealing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=640)
    chosen = parser.parse_args(arguments)
    print("\n".join(lines(*run(rounds=chosen.rounds, mails=chosen.mails), mails=chosen.mails)))


if __name__ == "__main__":
    main()
