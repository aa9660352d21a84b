"""Lends a PostgreSQL to many tests: one hasty server per worker, emptied for each test."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import text

from store.engine import Store, open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace
from tests.servers.sqlite import at_rest

_OWNER = "synpunkt"
_PATIENCE = 60.0
_QUICKLY = ("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
# Nothing that these tests prove depends on what a power cut leaves behind.
_HASTY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "jit=off", "max_connections=60")

# Many times quicker than TRUNCATE, which makes every file of every table and index anew. As a replica
# PostgreSQL does not ask in which order rows that point at each other go.
_EMPTY = """
DO $$
DECLARE one text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND relname NOT IN ('alembic_version', 'seal_facts')
    LOOP
        EXECUTE format('DELETE FROM %I', one);
    END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$
"""


def why_not() -> str:
    """Say why there can be no PostgreSQL on this machine, or return an empty text."""
    return "" if _programs() else "no PostgreSQL server is installed (apt install postgresql)"


@dataclass(kw_only=True)
class Lender:
    """Gives out databases on one server, which listens on a socket in its own folder only."""

    folder: Path
    _shared_url: str = ""
    _shared: Store | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def database(self) -> str:
        """Return the URL of a new database without any table."""
        name = f"test{next(self._numbers)}"
        self._create(name)
        return self._url(name)

    def kept(self, name: str) -> str:
        """Return the URL of the database of this name, which is made if it is not there."""
        with suppress(psycopg.errors.DuplicateDatabase):
            self._create(name)
        return self._url(name)

    def _create(self, name: str) -> None:
        with psycopg.connect(
            host=str(self.folder), user=_OWNER, dbname="postgres", autocommit=True
        ) as server:
            server.execute(f"CREATE DATABASE {name}".encode())

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://{_OWNER}@/{name}?host={self.folder}"

    @contextmanager
    def emptied(self) -> Iterator[Store]:
        """Lend the one database that all share, with its tables empty: a new one takes ten times as long.

        Those who borrow leave the tables themselves as they are; who changes them asks for `database`.
        """
        store = self._shared or self._open()
        self._shared = None
        try:
            with store.write() as transaction:
                transaction.connection.execute(text(_EMPTY))
            yield store
        finally:
            # Who still holds a connection may write again: that engine shall never see another test.
            # Those that nobody holds stay open: a new one costs a process, which must learn the tables.
            if at_rest(store):
                self._shared = store
            else:
                store.close()

    def close(self) -> None:
        """Let go of the connections that are kept."""
        if self._shared is not None:
            self._shared.close()

    def _open(self) -> Store:
        self._shared_url = self._shared_url or self.database()
        store = open_store(self._shared_url, seal_key=KeyPlace(file=self.folder / "shared.key"))
        upgrade(store)
        return store


@contextmanager
def running(kept: Path | None = None) -> Iterator[Lender]:
    """Start a server in a folder of its own, or in one whose databases are kept; and stop it again."""
    programs = _programs()
    assert programs is not None
    own = tempfile.TemporaryDirectory(prefix="synpunkt-pg-", ignore_cleanup_errors=True)
    with nullcontext(str(kept)) if kept else own as name:
        folder = Path(name)
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")
        if not Path(data).exists():
            subprocess.run(
                [str(programs / "initdb"), "-D", data, "-U", _OWNER, *_QUICKLY],
                check=True,
                capture_output=True,
                user=user,
                cwd=folder,
            )
        settings = [part for one in _HASTY for part in ("-c", one)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [str(programs / "postgres"), "-D", data, "-k", name, "-h", "", *settings],
                stdout=log,
                stderr=log,
                user=user,
                cwd=folder,
            )
        try:
            _await(folder, server)
            lender = Lender(folder=folder)
            yield lender
            lender.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(_PATIENCE)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    other = shutil.which("postgres")
    if found:
        return found[-1].parent
    return Path(other).parent if other else None


def _await(folder: Path, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(host=str(folder), user=_OWNER, dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
