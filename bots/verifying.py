"""The command `verify`: proves that the record is as the program wrote it. Loads only what it needs."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from bots import exits

if TYPE_CHECKING:
    from bots.settings import Settings
    from store.engine import Store
    from store.verify import Fault, Tally


Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    verify = command("verify", _verify, "Pröva att ingen har ändrat det registrerade utanför programmet.")
    verify.add_argument("--json", action="store_true", help="skriv ut det som JSON")
    verify.add_argument(
        "--public-key",
        default="",
        metavar="HEX",
        help="den öppna nyckel som du har skrivit upp på annat ställe",
    )
    verify.add_argument("--no-replay", action="store_true", help="läs inte om meddelandena; det går fortare")


def public_key_of(store: "Store") -> str:
    """Say by which public key the links are signed, for an operator to write down."""
    from store import seals
    from store.engine import StoreError

    try:
        return f"journalens öppna nyckel: {seals.public_key(store)}"
    except StoreError as error:
        return str(error)


def _verify(chosen: argparse.Namespace) -> int:
    from bots.parts import open_store_of
    from bots.settings import SettingsError, load
    from store import migrations
    from store.engine import StoreError
    from store.verify import Tally

    began = time.monotonic()
    tally = Tally(told=lambda line: print(line, file=sys.stderr, flush=True))
    faults = []
    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            if not migrations.is_current(store):
                return exits.fail(
                    "tabellerna är av en annan version: kör synpunkt run eller check först", exits.CONFIG
                )
            for fault in _faults(store, settings, chosen, tally):
                faults.append(fault)
                if not chosen.json:
                    print(f"fel  {fault}", flush=True)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    seconds = time.monotonic() - began
    if chosen.json:
        told = {
            "faults": [vars(one) for one in faults],
            "remarks": tally.remarks,
            "counts": tally.counts,
            "seconds": round(seconds, 3),
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        _tell(tally, len(faults), seconds)
    return exits.FAULT if faults else exits.OK


def _tell(tally: "Tally", faults: int, seconds: float) -> None:
    for line in tally.remarks:
        print(f"obs  {line}")
    print(", ".join(f"{name} {number}" for name, number in tally.counts.items()))
    print(f"{faults} fel, {seconds:.1f} s")


def _faults(
    store: "Store", settings: "Settings", chosen: argparse.Namespace, tally: "Tally"
) -> Iterator["Fault"]:
    from bots.desk.replay import replay
    from bots.parts import build_reader, build_surroundings
    from store import seals
    from store.engine import StoreError
    from store.verify import Fault, prove

    yield from prove(store, tally)
    try:
        public = seals.public_key(store)
    except StoreError:
        public = ""  # told already
    if public:
        tally.remarks.append(public_key_of(store))
    if chosen.public_key and chosen.public_key.strip().lower() != public:
        yield Fault(
            table="nyckel", row="", what="tjänstens öppna nyckel är en annan än den som du har angett"
        )
    if chosen.no_replay:
        return
    with closing(build_reader(settings)) as reader:
        try:
            yield from replay(store, reader, build_surroundings(settings), tally)
        except (ValueError, TypeError, KeyError):
            # SQLite takes anything by hand, such as words where there was JSON.
            yield Fault(table="messages", row="", what="ett värde går inte att läsa: resten läses inte om")
