"""The command `report`: one report over a period. Loads only what it needs."""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bots import exits

_FORMATS = ("csv", "xlsx", "pdf", "html")  # as `bots.desk.reports.files` has them

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    made = command("report", _report, "Skriv en rapport över en period (docs/reports.md).")
    made.add_argument("report", metavar="RAPPORT", help="som R1 enhet, R2 nämnd, R5 omsorg, R8 bevakning")
    made.add_argument(
        "--period", default="", help="2026, 2026-K3, 2026-T2, 2026-H1, 2026-07, 2026-01-15/2026-03-01"
    )
    made.add_argument(
        "--by", default="", metavar="ID", help="vem den är till; annars utan det som bara några få får se"
    )
    made.add_argument(
        "--diary", type=Path, default=None, metavar="FIL", help="ärenden ur diariet, CSV, till R5"
    )
    made.add_argument("--unit", action="append", default=[], metavar="ID", help="bara den här enheten")
    made.add_argument(
        "--fresh",
        action="store_true",
        help="räkna om en stängd period, i stället för det som sparades",
    )
    made.add_argument("--format", choices=_FORMATS, help="annars som ändelsen på FIL säger, eller csv")
    made.add_argument("--out", type=Path, default=None, metavar="FIL", help="fil att skriva till")


def _report(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.reports.asked import Asked, NoReportError
    from bots.desk.reports.canonical import UnreadableError
    from bots.desk.reports.catalogue import entry
    from bots.desk.reports.closing import Closed
    from bots.desk.reports.diary import DiaryError
    from bots.desk.reports.diary import read as read_diary
    from bots.desk.reports.files import FORMATS
    from bots.desk.reports.readers import made_for, note_taken
    from bots.parts import build_directory, build_house, open_store_of
    from bots.settings import SettingsError, load
    from store import migrations
    from store.deadlines import day_of
    from store.engine import StoreError
    from store.figures.period import Period, PeriodError, read_in_reach

    try:
        settings = load(chosen.config)
        house = build_house(settings)
        found = entry(chosen.report)
        today = day_of(now())
        period = Period(first=today, last=today) if found.is_of_now else read_in_reach(chosen.period, today)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            build_directory(house, store, now)  # with what was changed on the settings pages
            units = [unit.id for unit in house.units]
            if unknown := [one for one in chosen.unit if one not in units]:
                return exits.fail(
                    f"--unit: {unknown[0]!r} finns inte, välj bland {', '.join(units)}", exits.DATA
                )
            diary = chosen.diary.read_bytes() if chosen.diary else b""
            asked = Asked(
                period=period,
                today=today,
                house=house,
                units=chosen.unit,
                diary=read_diary(diary, units=house.called) if chosen.diary else (),
            )
            if chosen.by:
                asked = made_for(found, asked, chosen.by)
            closed, ending = Closed(house=house), _format(chosen)
            with store.read() as transaction:
                kept = None if chosen.fresh else closed.kept_for(transaction, found.id, asked)
                counted = kept.report if kept else found.make(transaction, asked)
                made = closed.with_words(transaction, found.id, counted)
                same = closed.csv(transaction, kept) if kept and ending == "csv" else None
            written = FORMATS[ending].write(made) if same is None else same
            if found.names_cases:
                with store.write() as transaction:
                    note_taken(transaction, made, by=chosen.by or "synpunkt", now=now())
        if chosen.out is None:
            sys.stdout.buffer.write(written)
        else:
            chosen.out.write_bytes(written)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except DiaryError as error:
        return exits.fail(f"{chosen.diary}: inget är skrivet.\n{error}", exits.DATA)
    except (PeriodError, NoReportError, UnreadableError) as error:
        return exits.fail(str(error), exits.DATA)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    except OSError as error:
        file = error.filename or chosen.out or "standard ut"
        return exits.fail(f"{file}: kan inte läsas eller skrivas ({error.strerror}).", exits.DATA)
    return exits.OK


def _format(chosen: argparse.Namespace) -> str:
    """Return the ending of the file to write: what was asked for, else what its name says."""
    named = chosen.out.suffix.removeprefix(".").lower() if chosen.out else ""
    return chosen.format or (named if named in _FORMATS else "csv")
