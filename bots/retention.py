"""The command `retention`: what may be disposed of, and doing it. Loads only what it needs."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bots.desk.disposal import Disposal
    from bots.settings import Settings
    from store.retention import Plan

_EX_OK, _EX_DATAERR, _EX_TEMPFAIL, _EX_CONFIG = 0, 65, 75, 78  # sysexits.h

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    made = command(
        "retention",
        _retention,
        "Visa vad som kan gallras i dag. Inget raderas utan --carry-out och beslutet.",
    )
    made.add_argument("--carry-out", action="store_true", help="gallra det som visas")
    made.add_argument(
        "--decision", default="", metavar="BESLUT", help="gallringsbeslutet, som i decision_ref"
    )
    made.add_argument("--by", default="", metavar="ID", help="vem som verkställer, ett id under [[handlers]]")
    made.add_argument(
        "--protocol", type=Path, default=None, metavar="FIL", help="skriv gallringsprotokollet (R13) som CSV"
    )
    made.add_argument(
        "--scrub", action="store_true", help="skriv om databasen så att inget raderat ligger kvar"
    )


def looked_over(settings: "Settings", now: datetime) -> Iterator[str]:
    """Say what the operator should know of the rules: what has no decision, and which backups are too old."""
    from bots.parts import retention_rules
    from store.retention import Record

    rules = retention_rules(settings)
    if not rules:
        yield "gallring: inga regler under [[retention]], så inget raderas"
    for rule in rules:
        if not rule.is_decided:
            yield f"gallring: inget raderas av handlingstypen {rule.record}, för decision_ref saknas"
    for told in settings.retention:
        if told.folder:  # only of backups
            rule = next(one for one in rules if one.record is Record.BACKUP)
            yield from _old_backups(Path(told.folder), rule.before(now.date()))


def _old_backups(folder: Path, before: datetime) -> Iterator[str]:
    try:
        old = [
            file for file in folder.iterdir() if file.is_file() and file.stat().st_mtime < before.timestamp()
        ]
    except OSError as error:
        yield f"gallring: mappen med säkerhetskopior kan inte läsas ({error.strerror})"
        return
    if old:
        yield f"gallring: {len(old)} säkerhetskopior i {folder} är för gamla ({min(old).name} är en)"


def _retention(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.disposal import Disposal, protocol_csv
    from bots.parts import open_store_of, retention_rules
    from bots.settings import SettingsError, load
    from store import migrations
    from store.engine import StoreError
    from store.retention import UndecidedError

    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            work = Disposal(store=store, rules=retention_rules(settings), clock=now)
            if chosen.carry_out:
                return _carry_out(chosen, work, [one.id for one in settings.handlers])
            if chosen.protocol is not None:
                chosen.protocol.write_bytes(protocol_csv(work.protocol()))
                return _EX_OK
            if chosen.scrub:
                return _scrub(work)
            _show(work.plans())
    except SettingsError as error:
        return _fail(str(error), _EX_CONFIG)
    except UndecidedError as error:
        return _fail(str(error), _EX_DATAERR)
    except StoreError as error:
        return _fail(f"databasen: {error}", _EX_TEMPFAIL)
    except OSError as error:
        return _fail(f"{chosen.protocol}: kan inte skrivas ({error.strerror}).", _EX_DATAERR)
    return _EX_OK


def _carry_out(chosen: argparse.Namespace, work: "Disposal", people: Sequence[str]) -> int:
    if chosen.by not in people:
        return _fail(f"--by: ange vem som verkställer, en av {', '.join(people)}", _EX_DATAERR)
    wanted = chosen.decision.strip()
    of_decision = [plan.rule for plan in work.plans() if wanted and plan.rule.decision_ref.strip() == wanted]
    if not of_decision:
        return _fail(
            f"--decision: {wanted or 'inget'} är inget beslut som står som decision_ref under [[retention]]. "
            "Inget är raderat.",
            _EX_DATAERR,
        )
    for rule in of_decision:
        pieces = work.carry_out(rule.record, decision_ref=wanted, by=chosen.by)
        print(f"{rule.record}: {pieces} handlingar gallrade enligt {rule.decision_ref}")
    return _scrub(work)


def _scrub(work: "Disposal") -> int:
    if work.scrub():
        print("databasen är omskriven: inget raderat ligger kvar i dess filer")
        return _EX_OK
    return _fail(
        "någon läste i databasen, så gamla sidor kan ligga kvar: kör synpunkt retention --scrub igen",
        _EX_TEMPFAIL,
    )


def _show(plans: "Sequence[Plan]") -> None:
    if not plans:
        print("Inga regler under [[retention]]: inget kan gallras.")
    for plan in plans:
        rule = plan.rule
        print(f"{rule.record}, {_period(rule.years, rule.months, rule.days)} från {rule.counted_from}")
        print(f"  beslut: {rule.decision_ref or 'saknas, så inget raderas'}")
        oldest = f", äldsta {plan.oldest:%Y-%m-%d}" if plan.oldest else ""
        print(f"  att gallra: {len(plan.numbers)} ärenden, {plan.pieces} handlingar{oldest}")
        for because, count in sorted(plan.held.items()):
            print(f"  rörs inte: {count}, {because}")
        for number in plan.numbers.values():
            print(f"    {number}")


def _period(years: int, months: int, days: int) -> str:
    told = ((years, "år"), (months, "månader"), (days, "dagar"))
    return " ".join(f"{count} {word}" for count, word in told if count) or "genast"


def _fail(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status
