"""The commands `retention` and `extract`: what may go, and what is kept of a person."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bots import exits

if TYPE_CHECKING:
    from bots.desk.disposal import Disposal
    from bots.settings import Settings
    from store.engine import Store
    from store.retention import Plan, Rule


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


def add_extract(command: Command) -> None:
    """Describe the command that gathers what is kept of a person."""
    made = command("extract", _extract, "Samla allt som finns om en person (registerutdrag) i en ZIP-fil.")
    made.add_argument(
        "addresses", nargs="+", metavar="ADRESS", help="personens e-post, telefon eller plats i chatt"
    )
    made.add_argument(
        "--by", required=True, metavar="ID", help="vem som gör utdraget, ett id under [[handlers]]"
    )
    made.add_argument("--out", type=Path, required=True, metavar="FIL", help="filen att skriva")


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
            copies = _Copies(settings=settings, store=store, rules=work.rules)
            if chosen.carry_out:
                return _carry_out(chosen, work, copies, [one.id for one in settings.handlers])
            if chosen.protocol is not None:
                chosen.protocol.write_bytes(protocol_csv(work.protocol()))
                return exits.OK
            if chosen.scrub:
                return _scrub(work)
            _show(work.plans())
            copies.go_through(carry_out=False)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except UndecidedError as error:
        return exits.fail(str(error), exits.DATA)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    except OSError as error:
        return exits.fail(f"{chosen.protocol}: kan inte skrivas ({error.strerror}).", exits.DATA)
    return exits.OK


def _extract(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.desk.extract import Extract
    from bots.parts import house_of, open_store_of, retention_rules
    from bots.settings import SettingsError, load
    from classifier import passages
    from store import migrations
    from store.domain import Role
    from store.engine import StoreError

    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            house = house_of(settings, store, now)
            if not {Role.REGISTRATOR, Role.DATA_PROTECTION} & house.roles(chosen.by):
                return exits.fail("--by: registratorn eller dataskyddsombudet gör utdraget", exits.DATA)
            made = Extract(
                store=store,
                clock=now,
                find=passages.find,
                municipality=settings.municipality.name,
                privacy_url=settings.municipality.privacy_url,
                rules=retention_rules(settings),
                reader=house.reader,
                regulated=house.regulated,
            ).make(chosen.addresses, by=chosen.by)
        # For its maker's eyes, and never over another file.
        with os.fdopen(os.open(chosen.out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(made.data)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    except OSError as error:
        return exits.fail(f"{chosen.out}: kan inte skrivas ({error.strerror}).", exits.DATA)
    print(f"{made.cases} ärenden, {made.to_look_at} ställen att granska före utlämnande")
    if made.withheld:
        print(f"{made.withheld} ärenden är inte med: {chosen.by} får inte se dem")
    return exits.OK


@dataclass(frozen=True, kw_only=True)
class _Copies:
    """What is left in the mailboxes that we fetch from; other services are gone through by hand."""

    settings: "Settings"
    store: "Store"
    rules: "Sequence[Rule]"

    @property
    def rule(self) -> "Rule | None":
        """Return the rule of copies, if there is one."""
        from store.retention import Record

        return next((one for one in self.rules if one.record is Record.CHANNEL_COPY), None)

    def go_through(self, *, carry_out: bool, by: str = "") -> bool:
        """Count the copies in each mailbox, or remove them; False if a server could not be asked."""
        from bots.channel import ChannelFailure
        from bots.clock import now
        from bots.parts import build_mailboxes
        from store import retention
        from store.deadlines import day_of

        rule = self.rule
        if rule is None:
            return True
        went_well = True
        for mailbox in build_mailboxes(self.settings, self.store, now):
            before = rule.before(day_of(now())).date()
            gone: list[int] = []
            removed = gone.append if carry_out else None
            try:
                swept = asyncio.run(mailbox.sweep(before=before, is_kept=self._is_kept, removed=removed))
            except ChannelFailure as failure:
                print(f"kanalkopia: {failure}", file=sys.stderr)
                swept, went_well = [], False
            finally:
                if gone:  # what is gone stands in the protocol, also when the rest failed
                    with self.store.write() as transaction:
                        retention.note_copies(transaction, rule, pieces=sum(gone), by=by, now=now())
            for one in swept:
                done = "borttagna" if carry_out else "att ta bort"
                print(
                    f"kanalkopia, {mailbox.account} {one.folder}: {one.copies} {done}, {one.left} utan belägg"
                )
        return went_well

    def _is_kept(self, mail: bytes) -> bool:
        from store import retention

        with self.store.read() as transaction:
            return retention.is_imported(transaction, mail)


def _carry_out(chosen: argparse.Namespace, work: "Disposal", copies: _Copies, people: Sequence[str]) -> int:
    if chosen.by not in people:
        return exits.fail(f"--by: ange vem som verkställer, en av {', '.join(people)}", exits.DATA)
    from store.retention import Record

    wanted = chosen.decision.strip()
    of_decision = [
        rule
        for rule in work.rules
        if wanted and rule.decision_ref.strip() == wanted and rule.record is not Record.BACKUP
    ]
    if not of_decision:
        return exits.fail(
            f"--decision: {wanted or 'inget'} är inget beslut som står som decision_ref under [[retention]]. "
            "Inget är raderat.",
            exits.DATA,
        )
    went_well = True
    for rule in of_decision:
        if rule == copies.rule:
            went_well = copies.go_through(carry_out=True, by=chosen.by)
            continue
        pieces = work.carry_out(rule.record, decision_ref=wanted, by=chosen.by)
        print(f"{rule.record}: {pieces} handlingar gallrade enligt {rule.decision_ref}")
    return _scrub(work) or (exits.OK if went_well else exits.TEMPORARY)


def _scrub(work: "Disposal") -> int:
    if work.scrub():
        print("databasen är omskriven: inget raderat ligger kvar i dess filer")
        return exits.OK
    return exits.fail(
        "någon läste i databasen, så gamla sidor kan ligga kvar: kör synpunkt retention --scrub igen",
        exits.TEMPORARY,
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
