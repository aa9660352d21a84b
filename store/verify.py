"""Proves the record: the chain, every row, the number series, the bytes, and that all hangs together.

It only reads, in one moment of the store, while the service runs. `bots.desk.replay` reads messages again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from store import blobs, sealing, seals
from store.domain import MessageState
from store.engine import Row, Store, StoreError, Transaction
from store.seal_key import SealKeyError, is_signed
from store.tables import answers, cases, changes, corrections, counters, journal, letters, messages
from store.tables import blobs as blob_table

OPENED = "ärende öppnat"
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong, for an operator: where it is, and what it is, in Swedish. Never a citizen's words."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}" if self.row else f"{self.table}: {self.what}"


@dataclass(kw_only=True)
class Tally:
    """What was looked at, by its name in Swedish, and what is worth saying without being a fault."""

    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    told: Callable[[str], None] = lambda _line: None

    def add(self, name: str, number: int = 1) -> None:
        """Count what was looked at; every so often, tell how far it has come."""
        before = self.counts.get(name, 0)
        self.counts[name] = before + number
        if before // 50_000 != self.counts[name] // 50_000:
            self.told(f"{name}: {self.counts[name]}")


def prove(store: Store, tally: Tally) -> Iterator[Fault]:
    """Walk through all that is wrong. Raises `StoreError` when the store can not be read at all."""
    with store.read() as transaction:
        sealing.speak_plainly(transaction)
        yield from _chain(store, transaction, tally)
        yield from _triggers(transaction)
        if (fault := _key_fault(store, transaction)) is not None:
            yield fault
        else:
            yield from _rows(transaction, tally)
        yield from _series(transaction, tally)
        yield from _bytes(transaction, tally)
        yield from _coherent(transaction, tally)


def to_replay(transaction: Transaction, *, after: int, limit: int = 64) -> list[Row]:
    """Return some messages that were read, in order, each with its bytes (`data`), after the one with an id.

    Those whose bytes were disposed of are left out, and what was put right afterwards. Bytes that can not be
    opened are None: `prove` tells of them.
    """
    corrected = select(corrections.c.message_id).where(corrections.c.message_id.is_not(None))
    wanted = (
        select(messages, blob_table.c.key_id, blob_table.c.data)
        .join(blob_table, blob_table.c.sha256 == messages.c.sha256)
        .where(
            messages.c.id > after,
            messages.c.state.in_((MessageState.READ, MessageState.CANDIDATE, MessageState.ASIDE)),
            messages.c.disposed_at.is_(None),
            messages.c.id.not_in(corrected),
        )
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [{**row, "data": _opened(transaction, row)} for row in transaction.rows(wanted)]


def _opened(transaction: Transaction, row: Row) -> bytes | None:
    try:
        return blobs.plain(transaction, row)
    except (blobs.KeyLostError, blobs.SpoiltBlobError):
        return None


def _chain(store: Store, transaction: Transaction, tally: Tally) -> Iterator[Fault]:
    written_down = _written_down(store, tally)
    number, up_to, previous, own = 0, 0, "0" * 64, _public(store)
    for row in _readable(seals.links(transaction)):
        if isinstance(row, Fault):
            yield row
            break
        link = seals.link_of(row)
        here = f"länk {link.number}"
        yield from _link(row, link, after=number, previous=previous, own=own)
        count, lines = seals.sum_of(transaction, up_to, link.up_to)
        if (count, lines) != (link.count, link.lines):
            told = f"rad {up_to + 1}–{link.up_to}: {link.count} förseglade, {count} finns"
            yield Fault(table="changes", row=here, what=f"raderna är inte de som förseglades ({told})")
        if written_down.pop(link.number, row["sum"]) != row["sum"]:
            yield Fault(table="seals", row=here, what="är en annan än den som står i filen med länkar")
        number, up_to, previous = link.number, max(up_to, link.up_to), row["sum"]
        tally.add("länkar")
    if written_down:
        last = max(written_down)
        yield Fault(
            table="seals",
            row=f"länk {last}",
            what=f"står i filen med länkar men inte i databasen, som slutar vid {number}: "
            "databasen är äldre än filen, eller slutet är bortklippt",
        )
    yield from _lines(transaction, tally, up_to)


def _link(row: Row, link: seals.Link, *, after: int, previous: str, own: str) -> Iterator[Fault]:
    """Hold one link against itself, the one before it, and our key."""
    here = f"länk {link.number}"
    if link.number != after + 1:
        yield Fault(table="seals", row=here, what=f"länkarna {after + 1}–{link.number - 1} saknas")
    elif link.previous != previous:
        yield Fault(table="seals", row=here, what="hänger inte ihop med länken före")
    if link.sum != row["sum"]:
        yield Fault(table="seals", row=here, what="är ändrad: summan stämmer inte")
    elif not is_signed(bytes.fromhex(row["sum"]), row["signature"], row["public_key"]):
        yield Fault(table="seals", row=here, what="har en signatur som inte är äkta")
    elif own and row["public_key"] != own:
        yield Fault(table="seals", row=here, what="är signerad med en annan nyckel än tjänstens")


def _readable(rows: Iterator[Row]) -> Iterator[Row | Fault]:
    """Hand on the links, and say where one holds what is no number or time: SQLite takes anything by hand."""
    try:
        yield from rows
    except ValueError:
        yield Fault(table="seals", row="", what="en länk har ett värde som inte går att läsa")


def _lines(transaction: Transaction, tally: Tally, sealed_to: int) -> Iterator[Fault]:
    count, last = transaction.connection.execute(
        select(func.count(), func.coalesce(func.max(changes.c.id), 0))
    ).one()
    tally.add("rader i kedjan", count)
    if transaction.connection.dialect.name == "sqlite":
        # Here a number that was given is always used. PostgreSQL leaves gaps where a transaction broke off.
        given = (
            transaction.connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")) or 0
        )
        if count != last or given != last:
            yield Fault(
                table="changes",
                row="",
                what=f"{max(given, last)} rader har skrivits och {count} finns kvar: rader är borttagna",
            )
    waiting = transaction.connection.scalar(select(func.count()).where(changes.c.id > sealed_to)) or 0
    if waiting:
        tally.remarks.append(f"{waiting} rader väntar på nästa länk")
    odd = select(changes).where(changes.c.how.not_in(("", sealing.RESEALED))).order_by(changes.c.id)
    for line in transaction.connection.execute(odd.execution_options(yield_per=_BATCH)):
        yield Fault(table=line.subject, row=line.key, what=_ODD[line.how].format(note=line.note))


_ODD = {
    sealing.BY_HAND: "skriven för hand, utan nyckeln ({note})",
    sealing.WAS_WRONG: "stämde inte med sin försegling när tabellerna senast gjordes om",
    sealing.TRIGGER: "utlösaren saknades eller var ändrad när tjänsten startade",
}


def _written_down(store: Store, tally: Tally) -> dict[int, str]:
    file = store.seal_key.log
    if file is None:
        return {}
    try:
        return {one.number: one.sum for one in seals.noted(file)}
    except OSError:
        tally.remarks.append(f"filen med länkar kan inte läsas ({file}); kedjan jämförs inte med den")
        return {}


def _public(store: Store) -> str:
    try:
        return seals.public_key(store)
    except StoreError:
        return ""  # told by `_key_fault`


def _triggers(transaction: Transaction) -> Iterator[Fault]:
    for name in sealing.missing_triggers(transaction):
        yield Fault(table="utlösare", row=name, what="saknas, är avstängd eller ändrad")


def _key_fault(store: Store, transaction: Transaction) -> Fault | None:
    try:
        key = store.seal_key.key
    except SealKeyError as error:
        return Fault(table="nyckel", row="", what=str(error))
    mark = sealing.mark_of(transaction)
    if key is None or mark is None:
        return Fault(table="nyckel", row=store.seal_key.name, what="saknas: ingen rad kan prövas")
    if key.mark != mark:
        what = "är inte den som raderna är förseglade med: ingen rad kan prövas"
        return Fault(table="nyckel", row=store.seal_key.name, what=what)
    return None


def _rows(transaction: Transaction, tally: Tally) -> Iterator[Fault]:
    numbers = _Numbers(transaction)
    for form in sealing.forms():
        for key, has_line in sealing.unlike(transaction, form):
            what = (
                "raden stämmer inte med sin försegling: den är ändrad utanför programmet"
                if has_line
                else "raden har ingen försegling: den är inlagd utanför programmet"
            )
            yield Fault(table=form.table, row=numbers.named(form.table, key), what=what)
        for key in sealing.gone(transaction, form):
            yield Fault(table=form.table, row=key, what="raden är borttagen utanför programmet")
        counted = text(f'SELECT count(*) FROM "{form.table}"')  # noqa: S608 - our own names
        tally.add("förseglade rader", transaction.connection.scalar(counted) or 0)


@dataclass(frozen=True)
class _Numbers:
    transaction: Transaction

    def named(self, table: str, key: str) -> str:
        """Return the key of a row, with the number of the case if it is one."""
        if table != "cases" or not key.isdecimal():
            return key
        number = self.transaction.connection.scalar(select(cases.c.number).where(cases.c.id == int(key)))
        return f"{key} ({number})"


def _series(transaction: Transaction, tally: Tally) -> Iterator[Fault]:
    """Each series holds each number from one to its counter, just once (row R7)."""
    given = {row["series"]: row["value"] for row in transaction.rows(select(counters))}
    wanted = select(cases.c.series, cases.c.sequence, cases.c.number, cases.c.id)
    wanted = wanted.order_by(cases.c.series, cases.c.sequence).execution_options(yield_per=_BATCH)
    series, last = "", 0
    for row in transaction.connection.execute(wanted):
        if row.series != series:
            yield from _end_of(series, last, given)
            series, last = row.series, 0
        tally.add("nummer")
        if not isinstance(row.sequence, int):
            what = "platsen i serien är inget tal"
            yield Fault(table="cases", row=f"{row.id} ({row.number})", what=what)
            continue
        if row.sequence == last:
            yield Fault(table="cases", row=f"{row.id} ({row.number})", what="numret finns två gånger")
        elif row.sequence != last + 1:
            missing = f"{last + 1}" if row.sequence == last + 2 else f"{last + 1}–{row.sequence - 1}"
            yield Fault(table="cases", row=f"serie {series}", what=f"nummer {missing} saknas i serien")
        if row.number != f"{row.series}-{row.sequence:06d}":
            what = f"numret stämmer inte med plats {row.sequence} i serien {row.series}"
            yield Fault(table="cases", row=f"{row.id} ({row.number})", what=what)
        last = max(row.sequence, last)
    yield from _end_of(series, last, given)
    for left in sorted(given):
        yield Fault(table="counters", row=left, what=f"räknaren står på {given[left]} men serien är tom")


def _end_of(series: str, last: int, given: dict[str, int]) -> Iterator[Fault]:
    if not series:
        return
    value = given.pop(series, None)
    if value != last:
        yield Fault(
            table="counters", row=series, what=f"räknaren står på {value} men serien slutar på {last}"
        )


def _bytes(transaction: Transaction, tally: Tally) -> Iterator[Fault]:
    """Every byte is the one that came, and every message has its bytes."""
    tally.add("byteföljder", transaction.connection.scalar(text("SELECT count(*) FROM blobs")) or 0)
    for sha256 in blobs.spoilt(transaction):
        yield Fault(table="blobs", row=sha256, what="byten är inte de som kom: summan stämmer inte")
    lost = text(
        "SELECT m.id FROM messages m LEFT JOIN blobs b ON b.sha256 = m.sha256"
        " WHERE b.sha256 IS NULL ORDER BY m.id"
    )
    for row in transaction.connection.execute(lost):
        yield Fault(table="messages", row=str(row.id), what="byten som kom finns inte kvar")


def _coherent(transaction: Transaction, tally: Tally) -> Iterator[Fault]:
    """What each must have besides itself: a case its opening, a message that was read its case."""
    opened = select(journal.c.case_id).where(journal.c.act == OPENED, journal.c.case_id.is_not(None))
    for row in transaction.connection.execute(
        select(cases.c.id, cases.c.number).where(cases.c.id.not_in(opened)).order_by(cases.c.id)
    ):
        yield Fault(
            table="cases", row=f"{row.id} ({row.number})", what="journalen säger inte att det öppnades"
        )
    heard = select(messages.c.case_id).where(messages.c.case_id.is_not(None))
    for row in transaction.connection.execute(
        select(cases.c.id, cases.c.number).where(cases.c.id.not_in(heard)).order_by(cases.c.id)
    ):
        yield Fault(table="cases", row=f"{row.id} ({row.number})", what="inget meddelande leder till ärendet")
    for row in transaction.connection.execute(
        select(messages.c.id).where(messages.c.state == MessageState.READ, messages.c.case_id.is_(None))
    ):
        yield Fault(table="messages", row=str(row.id), what="är läst men leder inte till något ärende")
    sent = select(letters.c.key)
    for row in transaction.connection.execute(
        select(answers.c.id, answers.c.letter_key).where(
            answers.c.letter_key != "", answers.c.letter_key.not_in(sent)
        )
    ):
        yield Fault(table="answers", row=str(row.id), what="brevet som bar svaret finns inte")
    tally.add("ärenden", transaction.connection.scalar(select(func.count()).select_from(cases)) or 0)
