"""Brings a database to the tables of this release, step by step (Alembic).

The file of each step begins with its revision, a number: the last file is the newest step.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from store import sealing
from store.engine import Store, StoreError, Transaction

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
# Any number will do, as long as it is always the same, and not that of `store.alone`: a service that runs
# would make all who come with a newer release wait, without a word, until it stops.
_LOCK = 0x53594E51


def upgrade(store: Store) -> None:
    """Bring the database up to date; does nothing if it is. Safe to call at every start.

    Several processes may do so at once. Raises `StoreError` when the database can not be reached, when a
    newer release has made its tables, or when the key that its rows are sealed with is another or gone.
    """
    with store.told_plainly():
        sealing.prove_key(store)
        if not (is_current(store) and sealing.is_current(store)):
            _climb(store)


def _climb(store: Store) -> None:
    # Imported here: Alembic takes a third of a start, and is seldom needed.
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    with store.engine.begin() as connection:
        if not store.is_sqlite:
            # One at a time; SQLite lets only one writer in anyway. Who comes second finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        transaction = Transaction(connection)
        wrong = sealing.before(transaction)
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            # Alembic knows no step of this name: somebody has gone back to an older release.
            raise StoreError(
                "the tables are of another release than this program; install that one"
            ) from error
        key = store.seal_key.key
        sealing.after(transaction, wrong, key.mark if key is not None else None)


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
    with store.engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        steps = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    return steps == {newest()}


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
