"""Lets only one service work on a database, unless its parts were started to share it (store.line).

Two that know nothing of each other would each doubt, and send, the other's letters.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from store.engine import Store, StoreError

# Any number will do, as long as nobody else in the database uses it. A house alone holds it for itself; the
# processes of one that is divided share it (store.line).
HOUSE = 0x53594E50


class OccupiedError(StoreError):
    """Another service works on this database; stop it first. A dead one holds nothing."""


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Hold the database for one service; raise `OccupiedError` if another has it.

    The hold ends with the process, however it dies. A database in memory is always free.
    """
    if not store.is_sqlite:
        with _advisory(store):
            yield
    elif store.engine.url.database in {None, "", ":memory:"}:
        yield
    else:
        with _beside(Path(f"{store.engine.url.database}.lock")):
            yield


@contextmanager
def _beside(file: Path) -> Iterator[None]:
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OccupiedError(f"en annan synpunkt run arbetar med databasen ({file.name})") from error
        yield


@contextmanager
def _advisory(store: Store) -> Iterator[None]:
    # A connection of its own: the lock lives as long as the session does.
    # When the server restarts the lock is gone; whoever starts then finds the database free.
    try:
        connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": HOUSE}):
            connection.close()
            raise OccupiedError("en annan synpunkt run arbetar med databasen")
    except SQLAlchemyError as error:
        raise StoreError(f"databasen svarar inte ({type(error).__name__})") from error
    try:
        yield
    finally:
        # Said aloud, since a server may take a while to see that a session has ended.
        with suppress(SQLAlchemyError):
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": HOUSE})
        # Thrown away and not handed back: the session ends, and the lock with it, even if the server is away.
        connection.invalidate()
        connection.close()
