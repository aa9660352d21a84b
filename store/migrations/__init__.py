"""Brings a database to the tables of this release, step by step (Alembic).

The file of each step begins with its revision, a number: the last file is the newest step.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from store import first_seal, sealing
from store.engine import Store, StoreAwayError, StoreError, Transaction

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
# Any number will do, as long as it is always the same, and not that of `store.alone`: a service that runs
# would make all who come with a newer release wait, without a word, until it stops.
_LOCK = 0x53594E51


# How long a step may wait for a lock of PostgreSQL. Who waits lets nobody pass: mail would wait behind it.
_PATIENCE = "2s"
_TRIES = 60
_PAUSE = 1.0  # seconds, in which those who waited behind us get through
_LOCKED = {"55P03", "40P01"}  # lock_not_available, deadlock_detected


class AnotherReleaseError(StoreError):
    """A newer release has made the tables; only that one, or a newer, may write in them."""


def upgrade(store: Store) -> None:
    """Bring the database up to date; does nothing if it is. Safe to call at every start.

    Several processes may do so at once. Raises `AnotherReleaseError` when a newer release has made its
    tables, and `StoreError` when the database can not be reached, or the key that its rows are sealed with
    is another or gone.
    """
    with store.told_plainly():
        _refuse_newer(store)
        sealing.prove_key(store)
        if is_current(store) and sealing.is_current(store):
            return
        prepare(store)
        _patiently(lambda: _climb(store))


def prepare(store: Store) -> bool:
    """Do what can be done while a service that seals no rows works; return whether all is done.

    Each step is a transaction of its own, and rows are sealed page by page, so that mail is taken meanwhile.
    What is left takes a moment, and `upgrade` does it. A database that is new, or whose rows are sealed, is
    left as it is: there a step must not be seen without the seals that belong to it. Raises what `upgrade`
    raises.
    """
    with store.told_plainly():
        _refuse_newer(store)
        sealing.prove_key(store)
        if not step_of(store) or sealing.is_begun(store):
            return is_current(store) and sealing.is_current(store)
        with _one_at_a_time(store):
            if not is_current(store):
                _patiently(lambda: _step_by_step(store))
            if (key := store.seal_key.key) is not None and not sealing.is_begun(store):
                mark = key.mark
                _patiently(lambda: first_seal.prepare(store, mark))
        return False


def _step_by_step(store: Store) -> None:
    from alembic import command

    config = _config()
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))
            connection.commit()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        finally:
            # Thrown away: its patience is not that of others, and what broke off is rolled back.
            connection.invalidate()


@contextmanager
def _one_at_a_time(store: Store) -> Iterator[None]:
    """Wait until no other process brings the database up to date, and keep others waiting."""
    database = store.engine.url.database
    if store.is_sqlite:
        if not database or ":memory:" in database:
            yield
            return
        with Path(f"{database}.upgrade.lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            yield
        finally:
            connection.invalidate()


def _patiently(work: Callable[[], None]) -> None:
    """Do something again that gave way to others who hold what it needs; raise when that goes on."""
    for left in reversed(range(_TRIES)):
        try:
            work()
        except (DBAPIError, StoreAwayError) as error:
            told = error if isinstance(error, DBAPIError) else error.__cause__
            if getattr(getattr(told, "orig", None), "sqlstate", None) not in _LOCKED or not left:
                raise
        else:
            return
        time.sleep(_PAUSE)


def _climb(store: Store) -> None:
    # Imported here: Alembic takes a third of a start, and is seldom needed.
    from alembic import command

    config = _config()
    with store.engine.begin() as connection:
        if not store.is_sqlite:
            # One at a time; SQLite lets only one writer in anyway. Who comes second finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        config.attributes["connection"] = connection
        transaction = Transaction(connection)
        wrong = sealing.before(transaction)
        command.upgrade(config, "head")
        key = store.seal_key.key
        mark = key.mark if key is not None else None
        is_sealed = mark is not None and first_seal.is_prepared(transaction, mark)
        if is_sealed:
            first_seal.finish(transaction)
        sealing.after(transaction, wrong, mark, is_sealed=is_sealed)


def climb_to(connection: Connection, revision: str) -> None:
    """Make the tables of an older step in an empty database; raise `StoreError` if there is no such step."""
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(f"this program knows no step {revision}; install the newer release") from error


def is_current(store: Store) -> bool:
    """Tell whether the database has the tables of this release."""
    return step_of(store) == newest()


def is_sealed(store: Store) -> bool:
    """Tell whether the rows of the database are sealed, so that who writes in it must have the key."""
    with store.told_plainly():
        return sealing.is_begun(store)


def step_of(store: Store) -> str:
    """Return the step that the tables of the database are of; empty if there are none."""
    with store.engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _refuse_newer(store: Store) -> None:
    # Somebody has gone back to an older release. What a newer one writes, this one does not know.
    if (step := step_of(store)) > newest():
        raise AnotherReleaseError(
            f"tabellerna är gjorda av en nyare version (steg {step}, den här kan {newest()}): installera "
            "den, eller återställ säkerhetskopian från före uppgraderingen"
        )


def newest() -> str:
    """Return the newest step of this release."""
    files = [path.name for path in (_HERE / "versions").glob("[0-9]*.py")]
    return max(files).partition("_")[0]


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config
