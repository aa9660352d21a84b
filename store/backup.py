"""Reads all that the database holds at one moment, piece by piece, and lays it into an empty one again.

What a piece is written in is the kind of database's own: COPY's text on PostgreSQL, a JSON list a row on
SQLite. How pieces are packed, summed and encrypted is in `bots.backup`.
"""

import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, inspect, text

from store import blobs, migrations
from store.engine import Store, StoreError, Transaction

_PIECE_BYTES = 2**20  # a row that is larger is a piece of its own
_VERSIONS = "alembic_version"
_INDEX = "search_index"  # SQLite's full text: its rows follow from those of search_words


class BackupError(StoreError):
    """A backup can not be laid in here; nothing of it was kept."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What must be known before the first piece: the kind of database, its step, its tables and counters."""

    kind: str
    revision: str
    tables: dict[str, list[str]]  # in the order in which they can be filled, each with its columns
    counters: dict[str, int]  # how far the database itself has counted, by sequence or table
    key_ids: dict[str, int]  # how many blobs need which key


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some whole rows of a table."""

    table: str
    data: bytes
    rows: int


def facts(transaction: Transaction) -> Facts:
    """Tell what the pieces will be. Ask it first: on SQLite this is the moment that the backup shows."""
    connection = transaction.connection
    revision = connection.scalar(text(f"SELECT version_num FROM {_VERSIONS}"))  # noqa: S608 - our own name
    inspector = inspect(connection)
    tables = {
        name: [str(column["name"]) for column in inspector.get_columns(name)] for name in _tables(connection)
    }
    return Facts(
        kind=connection.dialect.name,
        revision=str(revision),
        tables=tables,
        counters=_counters(connection),
        key_ids=blobs.key_ids(transaction) if "key_id" in tables["blobs"] else {},
    )


def pieces(transaction: Transaction, known: Facts) -> Iterator[Piece]:
    """Read every row of every table, as it was at the moment of `facts`. At most one piece is in memory."""
    with _driver_told():
        yield from _pieces(transaction, known)


def _pieces(transaction: Transaction, known: Facts) -> Iterator[Piece]:
    read = _sqlite_rows if known.kind == "sqlite" else _postgresql_rows
    for table, columns in known.tables.items():
        lines: list[bytes] = []
        size = 0
        for line in read(transaction.connection, table, columns):
            lines.append(line)
            size += len(line)
            if size >= _PIECE_BYTES:
                yield _piece(table, lines)
                lines, size = [], 0
        if lines:
            yield _piece(table, lines)


def lay_in(store: Store, known: Facts, found: Iterable[Piece], *, is_whole: Callable[[], None]) -> int:
    """Fill an empty database with a backup, in one transaction, and return the number of rows.

    `is_whole` is called before the commit, and raises if a sum is wrong; then nothing is kept, nor if
    `found` raises. The tables are afterwards those of the backup: call `store.migrations.upgrade`.
    Raises `BackupError` if the database is of another kind, not empty, or of an older program.
    """
    if store.engine_name != known.kind:
        raise BackupError(
            f"säkerhetskopian är från {known.kind}, och målet är {store.engine_name}: "
            "ange en databas av samma slag"
        )
    with store.told_plainly(), _driver_told(), store.engine.begin() as connection:
        there = [name for name in inspect(connection).get_table_names() if name != _VERSIONS]
        if there:
            raise BackupError(
                f"målet är inte tomt (det har {len(there)} tabeller): ange en databas utan tabeller, "
                "eller en mapp utan synpunkt.db"
            )
        migrations.climb_to(connection, known.revision)
        if store.is_sqlite:
            # Some rows refer to others of their own table that come later; at the commit all are there.
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        _prove_tables(connection, known)
        for table in reversed(known.tables):
            connection.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608 - what a step has put there
        rows = (_fill_sqlite if store.is_sqlite else _fill_postgresql)(connection, known, found)
        _count_on(connection, known.counters)
        is_whole()
    return rows


def _piece(table: str, lines: Sequence[bytes]) -> Piece:
    data = b"".join(lines)
    return Piece(table=table, data=data, rows=data.count(b"\n"))  # both ways of writing end each row so


def _tables(connection: Connection) -> list[str]:
    """List our tables so that each comes after those that it refers to."""
    ordered = [name for name, _ in inspect(connection).get_sorted_table_and_fkc_names() if name]
    return [name for name in ordered if name != _VERSIONS and not name.startswith(_INDEX)]


def _prove_tables(connection: Connection, known: Facts) -> None:
    inspector = inspect(connection)
    ours = {name: {str(one["name"]) for one in inspector.get_columns(name)} for name in _tables(connection)}
    if ours != {name: set(columns) for name, columns in known.tables.items()}:
        raise BackupError("tabellerna i säkerhetskopian är andra än dem som programmet har för samma steg")


def _sqlite_rows(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[bytes]:
    names = ", ".join(f'"{one}"' for one in columns)
    # The driver's own values: what SQLAlchemy makes of them need not be what it was made of.
    cursor = connection.exec_driver_sql(f'SELECT {names} FROM "{table}"')  # noqa: S608 - names of our tables
    while group := cursor.cursor.fetchmany(100):
        yield from map(_line, group)


def _line(row: Sequence[object]) -> bytes:
    values = [{"b": b64encode(one).decode()} if isinstance(one, bytes) else one for one in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _postgresql_rows(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[bytes]:
    names = sql.SQL(", ").join(sql.Identifier(one) for one in columns)
    # In the order of the disk: sorting all messages would take room for all of them.
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(names, sql.Identifier(table))
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copied:
        for block in copied:
            yield bytes(block)  # libpq hands over a row at a time


def _fill_sqlite(connection: Connection, known: Facts, found: Iterable[Piece]) -> int:
    rows = 0
    driver = _driver(connection)
    for piece in found:
        columns = known.tables[piece.table]
        names, marks = ", ".join(f'"{one}"' for one in columns), ", ".join("?" * len(columns))
        statement = f'INSERT INTO "{piece.table}" ({names}) VALUES ({marks})'  # noqa: S608 - proved above
        lines = (json.loads(line) for line in piece.data.split(b"\n") if line)
        values = ([b64decode(one["b"]) if isinstance(one, dict) else one for one in line] for line in lines)
        driver.executemany(statement, values)
        rows += piece.rows
    return rows


def _fill_postgresql(connection: Connection, known: Facts, found: Iterable[Piece]) -> int:
    rows, open_table, writing, copied = 0, "", None, None
    with _driver(connection).cursor() as cursor:
        try:
            for piece in found:
                if piece.table != open_table:
                    # One COPY for the whole table: what its rows refer to is looked for at its end.
                    if writing is not None:
                        writing.__exit__(None, None, None)
                    names = sql.SQL(", ").join(sql.Identifier(one) for one in known.tables[piece.table])
                    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(piece.table), names)
                    writing, open_table = cursor.copy(statement), piece.table
                    copied = writing.__enter__()
                if copied is not None:
                    copied.write(piece.data)
                rows += piece.rows
        except BaseException as error:
            if writing is not None:
                with suppress(Exception):  # the first fault is the one to tell
                    writing.__exit__(type(error), error, None)
            raise
        if writing is not None:
            writing.__exit__(None, None, None)
    return rows


def _counters(connection: Connection) -> dict[str, int]:
    if connection.dialect.name == "sqlite":
        if connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")) == 0:
            return {}
        found = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
    else:
        found = connection.execute(
            text(
                "SELECT sequencename, last_value FROM pg_sequences"
                " WHERE schemaname = current_schema() AND last_value IS NOT NULL"
            )
        )
    return {str(row[0]): int(row[1]) for row in found}


def _count_on(connection: Connection, counters: dict[str, int]) -> None:
    """Let the database count on from where it was: a number that was given is never given again."""
    for name, value in counters.items():
        if connection.dialect.name == "sqlite":
            given = {"name": name, "value": value}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), given)
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :value)"), given)
        else:
            connection.execute(
                text("SELECT setval(quote_ident(:name)::regclass, :value)"), {"name": name, "value": value}
            )


@contextmanager
def _driver_told() -> Iterator[None]:
    """Turn what the driver says, past SQLAlchemy, into a `StoreError` without the values that it repeats."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as error:
        told = error.diag.message_primary if isinstance(error, psycopg.Error) else str(error)
        raise StoreError(f"{type(error).__name__}: {told}") from error


def _driver(connection: Connection) -> Any:
    """Return the driver's own connection: sqlite3's or psycopg's, inside the open transaction."""
    return connection.connection.driver_connection
