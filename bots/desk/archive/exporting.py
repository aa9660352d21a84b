"""Gives cases to the archive and to a main diary: makes the package, checks it, journals it (rows B17, K13).

A package that is not valid is given to nobody. What is told of protected senders goes into a part of its own.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from bots.desk.archive import checks, diary, package
from bots.desk.archive.erms import Facts
from bots.desk.archive.papers import Papers, owner_of, papers
from bots.desk.archive.plain import folder
from bots.desk.archive.writing import sum_of
from bots.desk.house import House
from store import archive, cases, scans
from store.engine import Store, Transaction
from store.sight import HiddenCaseError, Reader, sees

PROTECTED = "-skyddade"


class NothingToExportError(Exception):
    """No case fits: another number, period or unit may."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which cases are wanted: one by its `number`, or those that came in during a period.

    Both days are included. `unit` and `board` narrow a period to one unit, or one nämnd, by their ids.
    """

    number: str = ""
    since: date | None = None
    until: date | None = None
    unit: str = ""
    board: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A package that was made. `left_out` cases may not be seen by who made it; `protected` are withheld.

    `unsafe` files are left out: a scanner has found something in them, or has not looked them through.
    """

    name: str
    sha256: str
    cases: int
    protected: int
    left_out: int
    unsafe: int = 0


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Makes packages of what the store keeps. Blocking: called from a thread."""

    store: Store
    house: House
    clock: Callable[[], datetime]
    facts: Facts
    schemas: Path | None = None  # published ones of others, from the table [archive]
    scanned: bool = False  # files are looked through for viruses: none goes along that has not been

    def unsafe(
        self, wish: Wish, *, reader: Reader | None = None, only_protected: bool = False
    ) -> Sequence[tuple[str, Sequence[str]]]:
        """List the cases of which files would be left out, with the names of those; raises as `export`."""
        with self.store.read() as transaction:
            ids, _ = self._wanted(transaction, wish, reader)
            doubtful = scans.doubtful(transaction, ids, also_unscanned=self.scanned)
            found = [
                self._papers(transaction, one, withhold=not only_protected)
                for one in ids
                if one in doubtful and (cases.get(transaction, one)["protected"] or not only_protected)
            ]
        return [(one.record.case["number"], one.unsafe) for one in found if one.unsafe]

    def export(
        self,
        file: BinaryIO,
        wish: Wish,
        *,
        by: str,
        reader: Reader | None = None,
        only_protected: bool = False,
    ) -> Made:
        """Write a package for the archive into `file`, which can be read and written, and journal it.

        Without a `reader` every case is given, as to who owns the machine. The data of protected senders is
        left out; with `only_protected` it is all that is given, of those cases alone. Raises
        `NothingToExportError`, `HiddenCaseError` for a number that `reader` may not see, and
        `checks.NotValidError`: then nothing is journaled, and what stands in `file` must be thrown away.
        """
        now = self.clock().astimezone(UTC).replace(microsecond=0)
        with self.store.read() as transaction:
            ids, left_out = self._wanted(transaction, wish, reader)
            protected = [one for one in ids if cases.get(transaction, one)["protected"]]
            wanted = protected if only_protected else ids
            if not wanted:
                raise NothingToExportError("no such cases")
            unsafe: list[str] = []

            def read(one: int) -> Papers:
                found = self._papers(transaction, one, withhold=not only_protected)
                unsafe.extend(found.unsafe)
                return found

            def remarks() -> list[str]:
                withheld = 0 if only_protected else len(protected)
                return _remarks(withheld, left_out, len(unsafe), only_protected=only_protected)

            name = f"{_name(wish)}-{now:%Y%m%dT%H%M%SZ}{PROTECTED if only_protected else ''}"
            contents = package.Contents(
                name=name,
                label=_label(wish, self.house, only_protected=only_protected),
                case_ids=wanted,
                papers=read,
                remarks=remarks,
            )
            package.pack(
                file,
                contents,
                facts=self._facts(transaction, wish, wanted),
                at=now,
                schemas=self._published(),
            )
        checks.check(file, published=self.schemas)
        sha256 = sum_of(file)
        self._note(wanted, by=by, act=archive.TO_ARCHIVE, name=name, sha256=sha256, now=now)
        return Made(
            name=name,
            sha256=sha256,
            cases=len(wanted),
            protected=0 if only_protected else len(protected),
            left_out=left_out,
            unsafe=len(unsafe),
        )

    def to_diary(self, file: BinaryIO, number: str, *, by: str, reader: Reader | None = None) -> Made:
        """Write the package of one case for the main diary, and journal it; raises as `export`.

        The data of a protected sender is left out: the diary is read by others than the two who may know it.
        """
        now = self.clock()
        with self.store.read() as transaction:
            (case_id,), _ = self._wanted(transaction, Wish(number=number), reader)
            found = self._papers(transaction, case_id, withhold=True)
            name = f"{folder(found.record.case['number'], case_id)}-diarium"
            diary.pack(file, found, name=name)
        checks.check_bytes(file)
        sha256 = sum_of(file)
        self._note([case_id], by=by, act=archive.TO_DIARY, name=name, sha256=sha256, now=now)
        return Made(
            name=name,
            sha256=sha256,
            cases=1,
            protected=int(found.withheld),
            left_out=0,
            unsafe=len(found.unsafe),
        )

    def _wanted(
        self, transaction: Transaction, wish: Wish, reader: Reader | None
    ) -> tuple[Sequence[int], int]:
        if wish.number:
            case = cases.find_number(transaction, wish.number)
            if reader is not None and (case is None or not sees(reader, case)):
                raise HiddenCaseError  # nobody learns which numbers there are
            if case is None:
                raise NothingToExportError("no such case")
            return [case["id"]], 0
        if wish.since is None or wish.until is None or wish.board not in {"", *self.house.boards}:
            raise NothingToExportError("neither a number nor a period")
        return archive.of_period(
            transaction,
            since=wish.since,
            until=wish.until,
            unit=wish.unit,
            series=self.house.boards[wish.board].series if wish.board else "",
            reader=reader,
        )

    def _papers(self, transaction: Transaction, case_id: int, *, withhold: bool) -> Papers:
        record = archive.of_case(transaction, case_id)
        return papers(transaction, record, self.house, withhold=withhold, scanned=self.scanned)

    def _facts(self, transaction: Transaction, wish: Wish, ids: Sequence[int]) -> Facts:
        """Return who hands over. Each nämnd is an archivist of its own, where it numbers its own cases."""
        owner = self.house.boards[wish.board].name if wish.board else ""
        if wish.number:
            owner = owner_of(self.house, cases.get(transaction, ids[0]))
        return replace(self.facts, archivist=owner) if owner else self.facts

    def _published(self) -> Sequence[Path]:
        if self.schemas is None:
            return ()
        return [self.schemas / one for one in ("ERMS.xsd", "premis.xsd") if (self.schemas / one).exists()]

    def _note(self, ids: Sequence[int], *, by: str, act: str, name: str, sha256: str, now: datetime) -> None:
        with self.store.write() as transaction:
            archive.note(transaction, ids, by=by, act=act, package=name, sha256=sha256, now=now)


def write_to(folder_of: Path, make: Callable[[BinaryIO], Made]) -> tuple[Path, Made]:
    """Let `make` write a package into a folder, under a name of its own; nothing is left there if it fails.

    The file can be read by its owner alone. Raises `OSError`, and whatever `make` does.
    """
    folder_of.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".synpunkt-", suffix=".del", dir=folder_of)
    begun = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            made = make(file)
        return begun.replace(folder_of / f"{made.name}.zip"), made
    finally:
        with suppress(OSError):
            begun.unlink(missing_ok=True)


def _name(wish: Wish) -> str:
    if wish.number:
        return folder(wish.number, 0)
    narrowed = "".join(f"-{folder(one, 0)}" for one in (wish.board, wish.unit) if one)
    return f"synpunkter-{wish.since}-{wish.until}{narrowed}"


def _label(wish: Wish, house: House, *, only_protected: bool) -> str:
    if wish.number:
        what = f"Ärende {wish.number}"
    else:
        unit, board = house.unit(wish.unit), house.boards.get(wish.board)
        of_whom = "".join(f", {one.name}" for one in (board, unit) if one)
        what = f"Synpunkter som kom in {wish.since} till {wish.until}{of_whom}"
    return f"{what}. Skyddade personuppgifter (21 kap. 3 § OSL)" if only_protected else what


def _remarks(protected: int, left_out: int, unsafe: int, *, only_protected: bool) -> list[str]:
    found = []
    if only_protected:
        found.append("Paketet innehåller skyddade personuppgifter (21 kap. 3 § OSL). Förvara det för sig.")
    if protected:
        found.append(
            f"Ärenden med skyddade personuppgifter: {protected}. "
            "Deras handlingar och avsändare lämnas i en särskild del."
        )
    if left_out:
        found.append(f"Ärenden som den som gjorde paketet inte får se, och som saknas här: {left_out}.")
    if unsafe:
        found.append(
            f"Filer som är utelämnade, eftersom de kan vara skadliga eller inte är virusgranskade: {unsafe}. "
            "Vid varje handling står vilka. De finns kvar i systemet."
        )
    return found
