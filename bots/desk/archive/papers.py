"""Which documents a case consists of, in the order that they came to be, and the files of each.

Whatever is in no document is in none of the package. What is told of a protected sender is decided here:
a case that is withheld has its documents counted and dated, and no more (OSL 21:3, row B15).
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

from bots.desk.archive.plain import ending, media_type
from bots.desk.house import House
from bots.desk.spreadsheet import harmless, written
from bots.mail.reading import attachment
from store import enclosures, inbox, scans
from store.archive import Record
from store.deadlines import STOCKHOLM
from store.domain import Purpose, ScanState, Way
from store.engine import Row, Transaction
from store.inbox import MAIL
from templates import document

_TEXT = "text/plain; charset=utf-8"
_ANONYMOUS = "Anonym"
_PROTECTED = "Skyddade personuppgifter"


class Direction(StrEnum):
    """Which way a document went, in the words of CITS ERMS."""

    IN = "incoming"
    OUT = "outgoing"
    WITHIN = "internal_memo_without_follow-up"


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a document. `name` is what it was called; `ending` is what it is called in the package.

    `load` gives its bytes, each time anew: nobody holds those of a whole case.
    """

    name: str
    media_type: str
    ending: str
    what: str
    load: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Who:
    """Somebody who wrote or got a document. `reached_at` is (how, where)."""

    name: str
    role: str
    reached_at: tuple[str, str] | None = None
    unit: str = ""
    protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a case. `id` is its own within the whole system, `date_type` a word of CITS ERMS."""

    id: str
    kind: str
    title: str
    at: datetime
    date_type: str
    direction: Direction
    who: Who | None = None
    files: Sequence[File] = ()
    note: str = ""
    unsafe: Sequence[str] = ()  # the names of files that are left out because of what a scanner says


@dataclass(frozen=True, kw_only=True)
class Papers:
    """A case and its documents. `withheld` says that only what identifies nobody is told."""

    record: Record
    documents: Sequence[Document]
    title: str
    sender: Who
    handler: Who
    owner: str  # the nämnd in whose series it is numbered; empty: the municipality as a whole
    withheld: bool

    @property
    def unsafe(self) -> Sequence[str]:
        """List the files of all documents that are left out because of what a scanner says."""
        return [name for one in self.documents for name in one.unsafe]


def papers(
    transaction: Transaction, record: Record, house: House, *, withhold: bool, scanned: bool = False
) -> Papers:
    """Tell which documents a case consists of. Their files are read from `transaction`, which stays open.

    With `withhold` a protected case tells neither its words nor its sender; others are told as they are. A
    file in which a scanner has found something is left out, and the message that it came in as well; where
    files are `scanned`, so is each that has not been looked through.
    """
    case = record.case
    withheld = withhold and bool(case["protected"])
    # What came in stands before what was answered at the same moment; else each sort keeps its own order.
    documents = sorted(
        (
            *_received(transaction, record, scanned=scanned),
            *_sent(transaction, record),
            *_noted(transaction, record, house),
        ),
        key=lambda one: (one.at, one.direction is not Direction.IN),
    )
    if withheld:
        documents = [_bare(one) for one in documents]
    else:
        documents += _about(record, house)
    return Papers(
        record=record,
        documents=documents,
        title=_PROTECTED if withheld else case["title"],
        sender=_sender(case, withheld=withheld),
        handler=Who(name=name_of(house, case["handler"]), role="handläggare", unit=unit_of(house, case)),
        owner=owner_of(house, case),
        withheld=withheld,
    )


def name_of(house: House, person: str) -> str:
    """Return what somebody is called; their id where nobody knows them any longer."""
    known = house.handlers.get(person)
    return known.name if known else person


def unit_of(house: House, case: Row) -> str:
    """Return what the unit of a case is called, or an empty text for the registrator's queue."""
    unit = house.unit(case["unit"])
    return unit.name if unit else case["unit"]


def owner_of(house: House, case: Row) -> str:
    """Return what the nämnd is called in whose series a case is numbered; empty without one of its own."""
    series = case["series"].rpartition("-")[0]
    return next((board.name for board in house.boards.values() if board.series == series), "")


def sheet(record: Record, house: House) -> str:
    """Write the case's sheet: what stands in it, to be read by a human."""
    case = record.case
    return document(
        "case_sheet",
        municipality=house.municipality,
        case_number=case["number"],
        title=case["title"],
        fields=tuple(_fields(record, house)),
        answers=tuple((one["written_at"], _way(one), one["text"].splitlines()) for one in record.answers),
        lines=tuple(
            (line["at"], line["act"], name_of(house, line["actor"]), told(line["details"]))
            for line in record.lines
        ),
    )


def told(details: Mapping[str, object]) -> str:
    """Write the details of a journal line as one line of text."""
    return "; ".join(f"{name}: {value}" for name, value in details.items())


def csv_of(rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows as the other lists are written: semicolons, a BOM, and no cell that is a formula."""
    return written([harmless(cell) for cell in row] for row in rows)


def _received(transaction: Transaction, record: Record, *, scanned: bool) -> Iterator[Document]:
    for row in record.messages:
        is_mail = row["media_type"] == MAIL
        original = File(
            name=f"original.{'eml' if is_mail else 'json'}",
            media_type=MAIL if is_mail else "application/json",
            ending="eml" if is_mail else "json",
            what="original, byte för byte",
            load=partial(_raw, transaction, row["id"]),
        )
        text = row["full_text"] or row["text"]
        as_read = File(
            name="text.txt", media_type=_TEXT, ending="txt", what="texten som den lästes", load=_words(text)
        )
        is_gone = row["disposed_at"] is not None
        scan = record.scans.get(row["id"])
        attached = list(_attachments(transaction, row, is_mail=is_mail))
        # The original holds every file of the message, so one of them is enough.
        unsafe = [original] if _doubt(scan, scanned=scanned) else []
        unsafe += [one for part, one in enumerate(attached) if _doubt(scan, part, scanned=scanned)]
        if is_gone:
            unsafe = []
        files = [one for one in (original, as_read, *attached) if one not in unsafe]
        yield Document(
            id=f"meddelande-{row['id']}",
            kind="inkommet meddelande",
            title=row["subject"] or record.case["title"],
            at=row["received_at"],
            date_type="received",
            direction=Direction.IN,
            who=Who(
                name=row["from_name"] or row["from_addr"] or _ANONYMOUS,
                role="avsändare",
                reached_at=(row["channel"], row["from_addr"]) if row["from_addr"] else None,
            ),
            files=() if is_gone else files,
            note="Innehållet är gallrat." if is_gone else _warning(scan, unsafe),
            unsafe=[one.name for one in unsafe],
        )


def _doubt(scan: Row | None, part: int | None = None, *, scanned: bool) -> bool:
    """Tell whether a part of a message, or any of it, must not be given away."""
    if scans.names(scan, part):
        return True
    return scanned and (scan is None or scan["state"] in {ScanState.WAITING, ScanState.IMPOSSIBLE})


def _warning(scan: Row | None, unsafe: Sequence[File]) -> str:
    """Say which files are not in the package, and why; an empty text if all are."""
    if not unsafe:
        return ""
    found = ", ".join(scans.names(scan))
    why = f"Virusskannern har varnat för {found}." if found else "De är inte virusgranskade."
    return f"Utelämnat: {', '.join(one.name for one in unsafe)}. {why} Filerna finns kvar i systemet."


def _attachments(transaction: Transaction, row: Row, *, is_mail: bool) -> Iterator[File]:
    for index, one in enumerate(row["attachments"]):
        yield File(
            name=one["name"],
            media_type=media_type(one["media_type"]),
            ending=ending(one["name"]),
            what="bilaga",
            load=partial(_attached, transaction, row["id"], index, is_mail=is_mail),
        )


def _sent(transaction: Transaction, record: Record) -> Iterator[Document]:
    for row in record.letters:
        at = row["sent_at"] or row["created_at"]
        yield Document(
            id=f"brev-{row['id']}",
            kind=f"skickat: {row['purpose'].replace('_', ' ')}",
            title=row["subject"] or row["purpose"].replace("_", " "),
            at=at,
            date_type="sent",
            direction=Direction.OUT,
            who=Who(
                name=row["recipient_name"] or row["handle"],
                role="mottagare",
                reached_at=(row["channel"], row["handle"]),
            ),
            files=(
                File(
                    name="brev.txt",
                    media_type=_TEXT,
                    ending="txt",
                    what="brevets text",
                    load=_words(row["body"]),
                ),
                *(
                    _enclosed(transaction, one)
                    for one in record.enclosures
                    if row["purpose"] == Purpose.ANSWER and one["letter_key"] == row["key"]
                ),
            ),
            note=f"Brevets läge: {row['state']}." if row["sent_at"] is None else "",
        )


def _noted(transaction: Transaction, record: Record, house: House) -> Iterator[Document]:
    for row in record.answers:
        if row["way"] == Way.LETTER:
            continue
        yield Document(
            id=f"svar-{row['id']}",
            kind=f"svar: {_way(row)}",
            title=f"Svar, {_way(row)}",
            at=row["written_at"],
            date_type="created",
            direction=Direction.WITHIN if row["way"] == Way.NOTE else Direction.OUT,
            who=Who(name=name_of(house, row["written_by"]), role="upprättad av"),
            files=(
                File(
                    name="svar.txt",
                    media_type=_TEXT,
                    ending="txt",
                    what="svarets text",
                    load=_words(row["text"]),
                ),
                *(_enclosed(transaction, one) for one in record.enclosures if one["answer_id"] == row["id"]),
            ),
        )
    case = record.case
    for name, kind, text, at in (
        ("redogorelse", "redogörelse", _statement(case), case["statement_received_at"]),
        ("tjansteanteckning", "tjänsteanteckning", case["service_note"], case["closed_at"]),
    ):
        if text:
            yield Document(
                id=f"{name}-{case['id']}",
                kind=kind,
                title=kind.capitalize(),
                at=at or case["opened_at"],
                date_type="created",
                direction=Direction.WITHIN,
                files=(
                    File(name=f"{name}.txt", media_type=_TEXT, ending="txt", what=kind, load=_words(text)),
                ),
            )


def _statement(case: Row) -> str:
    """Write what a provider or another board told, with how it came, what they did, and when (row N20)."""
    if not case["statement"]:
        return ""
    facts = (
        ("Redogörelse av", case["statement_of"]),
        ("Kom", case["statement_form"]),
        ("Åtgärd", case["statement_measure"]),
        ("Återkopplat", case["statement_told_on"]),
    )
    return "\n".join([*(f"{name}: {told}" for name, told in facts if told), "", case["statement"]])


def _about(record: Record, house: House) -> Iterator[Document]:
    case = record.case
    last = record.lines[-1]["at"] if record.lines else case["opened_at"]
    rows = [["tidpunkt", "vad", "av", "uppgifter"]] + [
        [line["at"].isoformat(), line["act"], name_of(house, line["actor"]), told(line["details"])]
        for line in record.lines
    ]
    for name, kind, kind_of_file, load in (
        ("arendeblad", "ärendeblad", ("html", "text/html"), lambda: sheet(record, house).encode()),
        ("journal", "journalutdrag", ("csv", "text/csv"), lambda: csv_of(rows)),
    ):
        yield Document(
            id=f"{name}-{case['id']}",
            kind=kind,
            title=f"{kind.capitalize()} {case['number']}",
            at=last,
            date_type="created",
            direction=Direction.WITHIN,
            files=(
                File(
                    name=f"{name}.{kind_of_file[0]}",
                    media_type=kind_of_file[1],
                    ending=kind_of_file[0],
                    what=kind,
                    load=load,
                ),
            ),
        )


def _bare(whole: Document) -> Document:
    return Document(
        id=whole.id,
        kind=whole.kind,
        title=_PROTECTED,
        at=whole.at,
        date_type=whole.date_type,
        direction=whole.direction,
        note="Handlingen lämnas i en särskild del (21 kap. 3 § OSL).",
    )


def _sender(case: Row, *, withheld: bool) -> Who:
    if withheld:
        return Who(name=_PROTECTED, role="avsändare", protected=True)
    reached_at = (case["sender_channel"], case["sender_handle"]) if case["sender_handle"] else None
    return Who(
        name=case["sender_name"] or case["sender_handle"] or _ANONYMOUS,
        role="avsändare",
        reached_at=reached_at,
        protected=case["protected"],
    )


def _fields(record: Record, house: House) -> Iterator[tuple[str, str]]:
    case = record.case
    yield "Kom in", f"{case['received_at'].astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
    for label, value in (
        ("Läge", case["status"].replace("_", " ")),
        ("Typ", case["kind"]),
        ("Kvalitetsfaktor", case["factor"]),
        ("Enhet", unit_of(house, case)),
        ("Handläggare", name_of(house, case["handler"])),
        ("Avsändare", _sender(case, withheld=False).name),
        ("Når avsändaren", case["sender_handle"]),
        ("Nummer i huvuddiariet", case["diary_number"]),
        ("Hör ihop med", ", ".join(number for _, number in record.ties)),
        (
            "Sekretessmarkering",
            "; ".join(mark["paragraph"] for mark in record.marks if not mark["lifted_at"]),
        ),
        ("Gallrat enligt", case["disposal_decision"]),
    ):
        if value:
            yield label, value
    for row in record.corrections:
        yield f"Rättat: {row['subject']}", f"{row['was']} → {row['became']} ({row['why']})"


def _way(answer: Row) -> str:
    return str(answer["way"]).replace("_", " ")


def _enclosed(transaction: Transaction, row: Row) -> File:
    return File(
        name=row["name"],
        media_type=media_type(row["media_type"]),
        ending=ending(row["name"]),
        what="bilaga till svaret",
        load=lambda: enclosures.read(transaction, row["id"]) or b"",
    )


def _words(text: str) -> Callable[[], bytes]:
    return lambda: text.encode("utf-8", "replace")


def _raw(transaction: Transaction, message_id: int) -> bytes:
    return inbox.raw(transaction, message_id) or b""


def _attached(transaction: Transaction, message_id: int, index: int, *, is_mail: bool) -> bytes:
    data = _raw(transaction, message_id)
    if is_mail:
        return attachment(data, index)
    try:
        return base64.b64decode(json.loads(data)["files"][index]["data"])
    except (ValueError, LookupError, TypeError):
        return b""  # as of a mail whose file can not be found: the original lies beside it
