"""The command `timeline`: who did and read what in a period, for whoever looks into an incident (row B19).

A line names an act, its actor and its case; no word of a citizen, and none that staff have typed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bots import exits

if TYPE_CHECKING:
    from store.engine import Row, Store

TAKEN_OUT = "tidslinje uttagen"  # in the journal
_HEAD = ("rad", "tid", "vem", "vad", "ärende", "meddelande")
_BATCH = 5000

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    timeline = command("timeline", _timeline, "Skriv vem som gjort och läst vad under en tid, som CSV.")
    timeline.add_argument("--from", dest="begins", required=True, metavar="TID", help="som 2026-11-23T09:00")
    timeline.add_argument(
        "--to", dest="ends", default="", metavar="TID", help="dit men inte längre; annars nu"
    )
    timeline.add_argument("--who", default="", metavar="ID", help="bara det som en person har gjort")
    timeline.add_argument("--case", default="", metavar="NUMMER", help="bara ett ärende")


def _timeline(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.spreadsheet import MARK, line
    from bots.parts import open_store_of
    from bots.settings import SettingsError, load
    from store import journal
    from store.domain import Entry
    from store.engine import StoreError

    at = now()
    try:
        begins, ends = _moment(chosen.begins), _moment(chosen.ends) if chosen.ends else at
    except ValueError:
        return exits.fail("ange tiden som 2026-11-23 eller 2026-11-23T09:00 (svensk tid)", exits.DATA)
    try:
        with closing(open_store_of(load(chosen.config))) as store:
            count = 0
            sys.stdout.write(MARK + line(_HEAD))
            for row in _lines(store, begins, ends, who=chosen.who, case=chosen.case):
                sys.stdout.write(line(_written(row)))
                count += 1
            # That somebody has taken it out belongs to it: it tells who has read what.
            details = {"från": begins.isoformat(), "till": ends.isoformat(), "rader": str(count)}
            with store.write() as transaction:
                journal.write(transaction, at, Entry(actor="synpunkt", act=TAKEN_OUT, details=details))
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    print(f"{count} rader", file=sys.stderr)
    return exits.OK


def _lines(store: "Store", begins: datetime, ends: datetime, *, who: str, case: str) -> Iterator["Row"]:
    from store import journal

    last = 0
    while True:
        with store.read() as transaction:
            rows = journal.between(transaction, begins, ends, after=last, actor=who, number=case, most=_BATCH)
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1]["id"]


def _written(row: "Row") -> tuple[object, ...]:
    from bots.desk.spreadsheet import harmless
    from store.deadlines import STOCKHOLM

    at = row["at"].astimezone(STOCKHOLM).isoformat(timespec="seconds")
    told = harmless(row["actor"]), harmless(row["act"])
    return row["id"], at, *told, row["number"] or "", row["message_id"] or ""


def _moment(told: str) -> datetime:
    """Return a moment, in Stockholm if it does not say where; raise `ValueError` for none."""
    from store.deadlines import STOCKHOLM

    found = datetime.fromisoformat(told)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of the calendar") from error
