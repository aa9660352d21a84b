"""Opens the database: SQLite on one small machine, PostgreSQL by changing the URL."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import DateTime, TypeDecorator

from store.keys import NO_KEYS, Keyring
from store.seal_key import KeyPlace, SealKeyError, in_memory

# A link that swallows everything must not hold whoever writes for hours: libpq would wait that long. What the
# URL says itself goes before this; on a socket of the own machine nothing of it counts.
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class StoreError(Exception):
    """The store could not do what was asked; nothing of it was committed."""


class StoreAwayError(StoreError):
    """The store takes nothing now, whatever it is: no room, no connection, or no lock in time."""


class Timestamp(TypeDecorator[datetime]):
    """An aware time, kept in UTC. A naive one is refused, since nobody knows what it meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC; SQLite keeps it without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone can not be kept")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the base class calls us with it
    ) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Row = Mapping[str, Any]


@dataclass(frozen=True)
class Transaction:
    """One open transaction. What is done through it is committed together, or not at all.

    `beside` is its connection for what has nothing to do with the rows that wait (`later`): it does not see
    them. Everything else goes through `connection`, which does.
    """

    beside: Connection
    keys: Keyring = NO_KEYS  # that bytes at rest are encrypted with (store.blobs)
    _waiting: dict[UpdateBase, list[Row]] = field(default_factory=dict, compare=False)

    @property
    def connection(self) -> Connection:
        """Return the connection, with every row written that waited."""
        if self._waiting:
            self.write_out()
        return self.beside

    def later(self, statement: UpdateBase, *rows: Row) -> None:
        """Run a statement with each of these rows before anything else is asked, or at the end.

        Rows of the same statement object are written together, in their order: sixty-four at once cost a
        tenth of one at a time. What is wrong with a row is raised when it is written.
        """
        if statement not in self._waiting and any(one.table is statement.table for one in self._waiting):
            self.write_out()  # two statements of one table keep their order
        self._waiting.setdefault(statement, []).extend(rows)

    def waiting(self, statement: UpdateBase) -> Sequence[Row]:
        """List the rows of a statement that have not been written."""
        return self._waiting.get(statement, ())

    def write_out(self) -> None:
        """Write the rows that wait. Whoever opened the transaction calls it before the commit."""
        waiting = list(self._waiting.items())
        self._waiting.clear()
        for statement, rows in waiting:
            self.beside.execute(statement, rows)

    def rows(self, statement: Executable) -> list[Row]:
        """Run a query and return its rows by column name."""
        found = self.connection.execute(statement)
        names = list(found.keys())  # once, and not for each row: that takes longer than reading it
        return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, statement: Executable) -> Row | None:
        """Run a query and return its first row by column name, or None."""
        found = self.connection.execute(statement).mappings().first()
        return None if found is None else dict(found)


@dataclass(frozen=True)
class Store:
    """The way to the database. Blocking: call it from a thread, never from the event loop."""

    engine: Engine
    _writing: threading.Lock = field(default_factory=threading.Lock)
    keys: Keyring = NO_KEYS
    seal_key: KeyPlace = field(default_factory=KeyPlace)  # that rows are sealed with (store.sealing)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the store is the embedded one."""
        return self.engine.dialect.name == "sqlite"

    @property
    def engine_name(self) -> str:
        """Return the kind of database: `sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that commits at the end of the block; raise `StoreError` if it can not."""
        # SQLite lets one writer in at a time and makes the others poll; a lock of ours lets them queue.
        queue = self._writing if self.is_sqlite else nullcontext()
        with queue, self.told_plainly(), self.engine.begin() as connection:
            transaction = Transaction(connection, self.keys)
            yield transaction
            transaction.write_out()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction for reading only; it sees one moment of the store."""
        options: dict[str, Any] = {"reading": True}
        if not self.is_sqlite:
            # By default PostgreSQL shows each statement a moment of its own; SQLite keeps to the first one's.
            options["isolation_level"] = "REPEATABLE READ"
        with self.told_plainly(), self.engine.connect().execution_options(**options) as connection:
            yield Transaction(connection, self.keys)
            connection.rollback()

    @contextmanager
    def told_plainly(self) -> Iterator[None]:
        """Turn what the database says into a `StoreError` without the statement's values."""
        try:
            yield
        except (SQLAlchemyError, UnicodeError) as error:
            raise (StoreAwayError if _is_away(error) else StoreError)(_plain(error)) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@dataclass(frozen=True)
class Joined(Store):
    """A store whose every transaction is one that is open already: what is done commits with it, or not."""

    transaction: Transaction = field(kw_only=True)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Give the open transaction. Whoever opened it commits."""
        yield self.transaction

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Give the open transaction, which sees what it has written itself."""
        yield self.transaction


def open_store(url: str, *, keys: Keyring = NO_KEYS, seal_key: KeyPlace | None = None) -> Store:
    """Open the store at a database URL, for example `sqlite:///synpunkt.db` or `postgresql+psycopg://...`.

    `keys` are those that bytes at rest are encrypted with; without any, new bytes lie plain.
    `seal_key` is where the key lies that rows are sealed with: beside the database, if it is SQLite and
    nothing is said. On PostgreSQL what is written without one is noted as written by hand.

    The tables must be there: call `store.migrations.upgrade` first. Raises `StoreError` for a bad URL.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            place = seal_key or _beside(parsed.database)
            return Store(_sqlite(url, place), keys=keys, seal_key=place)
        place = seal_key or KeyPlace()
        return Store(_postgresql(url, place), keys=keys, seal_key=place)
    except (ArgumentError, ImportError) as error:
        raise StoreError(f"the database URL can not be used: {_plain(error)}") from error


def usual_place(url: str) -> KeyPlace:
    """Return where the key of a database's seals is, unless anything else is said.

    Beside the file of SQLite; for PostgreSQL in the folder that the program works in.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"the database URL can not be used: {_plain(error)}") from error
    return _beside(parsed.database if parsed.get_backend_name() == "sqlite" else "synpunkt")


def _beside(database: str | None) -> KeyPlace:
    name = (database or "").removeprefix("file:")
    if not name or ":memory:" in name:
        return in_memory()
    return KeyPlace(file=Path(f"{name}.key"), log=Path(f"{name}.seals"))


def _postgresql(url: str, seal_key: KeyPlace) -> Engine:
    engine = create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def give_key(_dialect: object, _record: object, _arguments: object, facts: dict[str, Any]) -> None:
        # As an option of the session, so that it stands in no statement, nor in a log of statements.
        if (key := seal_key.key) is not None:
            facts["options"] = f"{facts.get('options', '')} {key.options}".strip()
        for name, value in _PATIENCE.items():
            facts.setdefault(name, value)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # Our questions are many and small: to start a second process, or a compiler, takes longer than they.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SET jit = off")
        cursor.close()
        connection.commit()

    return engine


def _sqlite(url: str, seal_key: KeyPlace) -> Engine:
    _keep_private(make_url(url).database)
    engine = create_engine(
        url,
        connect_args={"timeout": 30, "check_same_thread": False},
        pool_size=8,
        hide_parameters=True,  # a traceback in the log shows no citizen's words
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own transaction handling starts too late for BEGIN IMMEDIATE; ours begins below.
        connection.isolation_level = None
        connection.create_function("sealed", -1, seal_key.digest)
        cursor = connection.cursor()
        _make_key(cursor, seal_key)
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: what was answered 250 OK survives a power cut. NORMAL would not sync at commit.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.execute("PRAGMA cache_size=-16384")  # KiB: all open cases and the tops of every index
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _make_key(cursor: Any, seal_key: KeyPlace) -> None:
    """Make the key of a database whose rows no key has sealed yet. One that is lost is not replaced."""
    # What is wrong with the key is said where it is needed, and by `store.migrations.upgrade`.
    with suppress(SealKeyError):
        if seal_key.key is None and not _is_sealed(cursor):
            seal_key.make()


def _is_sealed(cursor: Any) -> bool:
    tables = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'seal_facts'").fetchone()
    return bool(tables and cursor.execute("SELECT 1 FROM seal_facts WHERE name = 'nyckel'").fetchone())


def shown_url(url: str) -> str:
    """Return a database URL that others may see: with *** for a password that stands in it."""
    return make_url(url).render_as_string(hide_password=True)


def _is_away(error: Exception) -> bool:
    # PostgreSQL counts a value that is too long for an index (class 54) among the operational errors.
    return isinstance(error, OperationalError) and not str(
        getattr(error.orig, "sqlstate", None) or ""
    ).startswith("54")


def _keep_private(database: str | None) -> None:
    """Make a new database file readable by its owner only; SQLite's files beside it follow."""
    if database and database != ":memory:" and not database.startswith("file:"):
        # Where the folder is missing or closed, SQLite says so in its own words.
        with suppress(OSError):
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _plain(error: Exception) -> str:
    """Say what went wrong without the statement's values: they may hold a citizen's words."""
    if isinstance(error, DBAPIError):
        first_line = str(error.orig).partition("\n")[0]  # PostgreSQL puts values on the second
        return f"{type(error).__name__}: {type(error.orig).__name__}: {first_line}"
    if isinstance(error, StatementError):
        return f"{type(error).__name__}: {error.orig}"
    return f"{type(error).__name__}: {error}"
