"""The command `archive`: cases as a package for the archive or a main diary. Loads only what it needs."""

import argparse
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bots import exits

if TYPE_CHECKING:
    from bots.desk.archive.exporting import Archive, Made
    from bots.desk.house import House


Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    made = command("archive", _archive, "Gör ett paket till arkivet (FGS, E-ARK) eller till huvuddiariet.")
    made.add_argument("--case", default="", metavar="NUMMER", help="ett ärende")
    made.add_argument(
        "--from", dest="since", type=_day, default=None, metavar="DAG", help="inkomna från och med"
    )
    made.add_argument("--to", dest="until", type=_day, default=None, metavar="DAG", help="till och med")
    made.add_argument("--unit", default="", metavar="ID", help="bara en enhets ärenden")
    made.add_argument("--board", default="", metavar="ID", help="bara ärenden i en nämnds nummerserie")
    made.add_argument("--diary", action="store_true", help="paketet till huvuddiariet, med --case")
    made.add_argument(
        "--protected",
        action="store_true",
        help="bara de ärenden vars avsändare är skyddade, med deras uppgifter",
    )
    made.add_argument("--by", default="", metavar="ID", help="vem som gör det, ett id under [[handlers]]")
    made.add_argument("--out", type=Path, default=None, metavar="MAPP", help="mapp att lägga paketet i")


def _archive(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.archive.checks import NotValidError
    from bots.desk.archive.exporting import NothingToExportError, write_to
    from bots.parts import archive_of, house_of, open_store_of
    from bots.settings import SettingsError, load
    from store import migrations
    from store.engine import StoreError

    if wrong := _wrong_in(chosen):
        return exits.fail(wrong, exits.DATA)
    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            house = house_of(settings, store, now)
            if unknown := _unknown_in(chosen, house):
                return exits.fail(unknown, exits.DATA)
            archive = archive_of(settings, house, store, now)
            where, made = write_to(chosen.out, lambda file: _make(archive, chosen, file))
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except NothingToExportError:
        return exits.fail(
            "inget ärende passar: pröva ett annat nummer, en annan tid eller en annan enhet", exits.DATA
        )
    except NotValidError as error:
        return exits.fail(f"paketet håller inte för prövningen och lämnas inte ut: {error}", exits.DATA)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    except OSError as error:
        return exits.fail(f"{chosen.out}: kan inte skrivas ({error.strerror}).", exits.DATA)
    print(f"{where}\närenden: {made.cases}\nSHA-256: {made.sha256}")
    if made.protected:
        print(f"skyddade personuppgifter i {made.protected} av dem: gör deras särskilda del med --protected")
    if made.unsafe:
        print(f"utelämnade filer, skadliga eller inte virusgranskade: {made.unsafe}; paketet säger vilka")
    return exits.OK


def _make(archive: "Archive", chosen: argparse.Namespace, file: BinaryIO) -> "Made":
    from bots.desk.archive.exporting import Wish

    if chosen.diary:
        return archive.to_diary(file, chosen.case, by=chosen.by)
    wish = Wish(
        number=chosen.case, since=chosen.since, until=chosen.until, unit=chosen.unit, board=chosen.board
    )
    return archive.export(file, wish, by=chosen.by, only_protected=chosen.protected)


def _wrong_in(chosen: argparse.Namespace) -> str:
    if chosen.out is None:
        return "ange mapp för paketet: --out MAPP"
    if bool(chosen.case) == bool(chosen.since or chosen.until):
        return "ange antingen --case NUMMER, eller --from DAG och --to DAG"
    if not chosen.case and (chosen.since is None or chosen.until is None or chosen.since > chosen.until):
        return "ange både --from DAG och --to DAG, den tidigare först"
    if chosen.diary and (not chosen.case or chosen.protected):
        return "--diary gör paketet av ett ärende: ange --case NUMMER och inte --protected"
    return ""


def _unknown_in(chosen: argparse.Namespace, house: "House") -> str:
    if not house.employs(chosen.by):
        return f"--by: ange vem som gör det, en av {', '.join(house.handlers)}"
    if chosen.unit and house.unit(chosen.unit) is None:
        units = ", ".join(unit.id for unit in house.units) or "inga"
        return f"--unit: {chosen.unit!r} finns inte; enheterna är {units}"
    if chosen.board and chosen.board not in house.boards:
        return f"--board: {chosen.board!r} finns inte; nämnderna är {', '.join(house.boards) or 'inga'}"
    return ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} är ingen dag; skriv till exempel 2026-12-31"
        raise argparse.ArgumentTypeError(message) from error
