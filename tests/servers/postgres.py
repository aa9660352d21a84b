"""A real PostgreSQL in a folder of its own, on a free port, thrown away afterwards."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.postfix import free_port

_USER = "postgres"
_numbers = itertools.count(1)
_shared: "list[Postgres]" = []


def why_not() -> str:
    """Tell why PostgreSQL cannot be run here, or nothing if it can."""
    return "" if _binaries() is not None else "PostgreSQL is not installed (apt-get install postgresql)"


@dataclass(kw_only=True)
class Postgres:
    """One cluster. Commits are synchronous, as in production."""

    port: int = field(default_factory=free_port)
    folder: Path = field(init=False)

    def start(self) -> None:
        """Make the cluster, start it, and return when it answers."""
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        # PostgreSQL refuses to run as root.
        if os.geteuid() == 0:
            shutil.chown(self.folder, _USER, _USER)
        data = str(self.folder / "data")
        self._run("initdb", "-A", "trust", "-U", _USER, "-E", "UTF8", "--no-sync", "-D", data)
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c max_connections=60"
        self._run("pg_ctl", "start", "-w", "-D", data, "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop the cluster and remove all that it had."""
        try:
            with contextlib.suppress(subprocess.CalledProcessError):
                self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, name)
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        binaries = _binaries()
        assert binaries is not None
        subprocess.run(
            [str(binaries / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_USER if os.geteuid() == 0 else None,
            cwd=self.folder,
            timeout=60,
        )


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """Let a cluster run for as long as the block lasts."""
    postgres = Postgres()
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


def a_database() -> str:
    """Return the URL of an empty database on the one cluster of this process; `stop_shared` ends it."""
    if not _shared:
        cluster = Postgres()
        cluster.start()
        _shared.append(cluster)
    return _shared[0].database(f"shared{next(_numbers)}")


def stop_shared() -> None:
    """Stop the cluster that tests of this process have shared, if there is one."""
    while _shared:
        _shared.pop().stop()


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None
