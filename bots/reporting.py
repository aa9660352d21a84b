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
    made = command("report", _report, "Skriv en rapport (R1–R4) över en period.")
    made.add_argument("report", metavar="RAPPORT", help="R1 enhet, R2 nämnd, R3 år, R4 tertial")
    made.add_argument(
        "--period", required=True, help="2026, 2026-K3, 2026-T2, 2026-H1, 2026-07, 2026-01-15/2026-03-01"
    )
    made.add_argument("--unit", action="append", default=[], metavar="ID", help="bara den här enheten")
    made.add_argument("--format", choices=_FORMATS, help="annars som ändelsen på FIL säger, eller csv")
    made.add_argument("--out", type=Path, default=None, metavar="FIL", help="fil att skriva till")


def _report(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.reports.asked import Asked, NoReportError
    from bots.desk.reports.catalogue import make
    from bots.desk.reports.files import FORMATS
    from bots.parts import build_directory, build_house, open_store_of
    from bots.settings import SettingsError, load
    from store import migrations
    from store.deadlines import day_of
    from store.engine import StoreError
    from store.figures.period import PeriodError, read

    try:
        settings = load(chosen.config)
        house = build_house(settings)
        period = read(chosen.period)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            build_directory(house, store, now)  # with what was changed on the settings pages
            units = [unit.id for unit in house.units]
            if unknown := [one for one in chosen.unit if one not in units]:
                return exits.fail(
                    f"--unit: {unknown[0]!r} finns inte, välj bland {', '.join(units)}", exits.DATA
                )
            asked = Asked(period=period, today=day_of(now()), house=house, units=chosen.unit)
            with store.read() as transaction:
                made = make(chosen.report, transaction, asked)
        written = FORMATS[_format(chosen)].write(made)
        if chosen.out is None:
            sys.stdout.buffer.write(written)
        else:
            chosen.out.write_bytes(written)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except (PeriodError, NoReportError) as error:
        return exits.fail(str(error), exits.DATA)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    except OSError as error:
        return exits.fail(f"{chosen.out or 'standard ut'}: kan inte skrivas ({error.strerror}).", exits.DATA)
    return exits.OK


def _format(chosen: argparse.Namespace) -> str:
    """Return the ending of the file to write: what was asked for, else what its name says."""
    named = chosen.out.suffix.removeprefix(".").lower() if chosen.out else ""
    return chosen.format or (named if named in _FORMATS else "csv")
