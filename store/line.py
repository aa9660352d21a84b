"""A process's own line to PostgreSQL: what only one may have at a time, and bells that others ring.

Where the house runs as several processes, each has one line. What it holds ends with its session: at once
when the process dies or the link breaks, and after `_SILENCE` when the server has heard nothing. What is
claimed for a while is in `store.inbox` and `store.outbox`; a house that works alone is in `store.alone`.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from store.alone import HOUSE, OccupiedError
from store.engine import Store, StoreAwayError, StoreError

_CHANNEL = "synpunkt"
_NAME = "synpunkt: "
_SILENCE = 15  # seconds without a word, after which the server gives what we hold to somebody else
# Those that the server knows and this kind of connection has; each is the session's own.
_SESSION = {
    "idle_session_timeout": str(_SILENCE * 1000),
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": str(_SILENCE * 1000),
}
_MOST_SIGNS = 63  # of a name; PostgreSQL cuts off the rest


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one turn brought: all that is held after it, the bells that rang, and whether the line is new."""

    held: frozenset[str]
    bells: frozenset[str]
    is_new: bool  # bells that rang before were not heard: look at everything


@dataclass(kw_only=True)
class Line:
    """Blocking, and for one thread at a time. `name` tells whoever looks at the database what runs where."""

    store: Store
    name: str
    _connection: Connection | None = None
    _held: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Open it; raise `OccupiedError` while a house works alone on the database, else `StoreError`."""
        if self.store.is_sqlite:
            raise StoreError("bara PostgreSQL kan delas av flera processer")
        if self._connection is None:
            try:
                self._connection = self._new()
            except SQLAlchemyError as error:
                raise StoreAwayError(_plain(error)) from error

    def turn(self, wanted: Collection[str], *, seconds: float) -> Heard:
        """Try to hold what is wanted and free, then listen for up to `seconds`, or until a bell rings.

        Call it again at once, and far more often than every `_SILENCE`. Raises `StoreAwayError` when the
        line is broken: nothing is held then, and the next turn opens a new one. `OccupiedError` as `open`.
        """
        is_new = self._connection is None
        self.open()
        try:
            assert self._connection is not None  # noqa: S101 - `open` has raised otherwise
            # Asked for in every turn, even with nothing to take: the server must hear that we live.
            self._take(self._connection, wanted)
            bells = frozenset(self._listen(self._connection, seconds))
        except (SQLAlchemyError, self._broken) as error:
            self.close()
            raise StoreAwayError(_plain(error)) from error
        return Heard(held=frozenset(self._held), bells=bells, is_new=is_new)

    def close(self) -> None:
        """Let go of everything."""
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            # Thrown away and not handed back: the session ends, and all locks with it.
            connection.invalidate()
            connection.close()

    @property
    def _broken(self) -> type[Exception]:
        found: type[Exception] = self.store.engine.dialect.loaded_dbapi.Error
        return found

    def _new(self) -> Connection:
        connection = self.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            told = {**_SESSION, "application_name": f"{_NAME}{self.name}"[:_MOST_SIGNS]}
            for name, value in told.items():
                known = "SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name"
                connection.execute(text(known), {"name": name, "value": value})
            if not connection.scalar(text("SELECT pg_try_advisory_lock_shared(:number)"), {"number": HOUSE}):
                raise OccupiedError("en synpunkt run utan --only arbetar med databasen")
            connection.execute(text(f"LISTEN {_CHANNEL}"))
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        return connection

    def _take(self, connection: Connection, wanted: Collection[str]) -> None:
        for name in self._held - set(wanted):
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _number(name)})
            self._held.discard(name)
        missing = sorted(set(wanted) - self._held)
        connection.execute(text("SELECT 1"))
        for name in missing:
            tried = text("SELECT pg_try_advisory_lock(:number)")
            if connection.scalar(tried, {"number": _number(name)}):
                self._held.add(name)

    def _listen(self, connection: Connection, seconds: float) -> Iterable[str]:
        driver: Any = connection.connection.driver_connection
        return [one.payload for one in driver.notifies(timeout=seconds, stop_after=1)]


def ring(store: Store, bells: Collection[str]) -> None:
    """Ring bells on every open line, our own included. Raises `StoreError`; whoever waits looks by itself."""
    with store.write() as transaction:
        for bell in sorted(bells):
            told = {"channel": _CHANNEL, "bell": bell}
            transaction.connection.execute(text("SELECT pg_notify(:channel, :bell)"), told)


def open_lines(store: Store) -> list[str]:
    """List the names of the lines that are open now; none on SQLite."""
    if store.is_sqlite:
        return []
    wanted = text(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
        "AND starts_with(application_name, :name) ORDER BY application_name"
    )
    with store.read() as transaction:
        found = transaction.connection.scalars(wanted, {"name": _NAME})
        return [str(one).removeprefix(_NAME) for one in found]


def _number(name: str) -> int:
    """Return the number of what is held under a name: the same in every process and release."""
    digest = hashlib.sha256(f"synpunkt/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _plain(error: Exception) -> str:
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(inner).__name__}: {str(inner).partition(chr(10))[0]}"
