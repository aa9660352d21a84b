"""Leaves nothing of what was deleted in the files of the database. Backups and replicas are not reached."""

from typing import Any

from store.emptying import DELETED, OF_CASE
from store.engine import Store
from store.tables import blobs, messages, repeats, search_words

_TABLES = (*OF_CASE, *DELETED, messages, repeats, blobs, search_words)


def scrub(store: Store) -> bool:
    """Write the tables anew without what was deleted; blocking. False if the old pages could not all go.

    SQLite: the index of words is merged, the file written anew (it needs as much room besides), and the log
    beside it cut off, for which no other may be reading. Writers wait meanwhile. PostgreSQL: VACUUM FULL of
    each table that had words; a plain VACUUM only lets the space be used again. What lies in its log (WAL)
    goes as that is recycled or archived.
    """
    with store.told_plainly():
        connection = store.engine.raw_connection()
        try:
            return _sqlite(connection) if store.is_sqlite else _postgresql(connection)
        finally:
            connection.close()


def _sqlite(connection: Any) -> bool:
    cursor = connection.cursor()
    cursor.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
    cursor.execute("VACUUM")
    busy, _pages, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _postgresql(connection: Any) -> bool:
    driver = connection.driver_connection
    driver.autocommit = True
    try:
        cursor = connection.cursor()
        for table in dict.fromkeys(_TABLES):
            cursor.execute(f'VACUUM (FULL) "{table.name}"')
        cursor.close()
    finally:
        driver.autocommit = False
    return True
