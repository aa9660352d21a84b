"""The product as a process of its own: `python -m bots run`, on free ports, stopped or killed by its pid."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx

from store.engine import Row, Store, open_store
from store.migrations import upgrade
from tests.servers.postfix import free_port

SECRETS = {"SYNPUNKT_TEST_SECRET": "en hemlighet bara för prov, trettiotvå"}
# Compiled once, and not at every start.
_QUICKER = {"PYTHONDONTWRITEBYTECODE": ""}
_MEMORY = Path("/dev/shm")
_MARK = "SYNPUNKT_TEST_FOLDER"
_ROOT = Path(__file__).parents[2]
_CONFIG = """\
[municipality]
name = "Lilla kommunen"
service_name = "Tyck till"
phone = "070-174 06 05"
phone_hours = "mån–fre 8–16"
privacy_url = "https://lillkommun.example/personuppgifter"
profile = "{profile}"

[store]
url = "{store_url}"

{journal}

[mail]
address = "{address}"
secret = "env:SYNPUNKT_TEST_SECRET"
{mail}

[channels.smtp]
port = {smtp_port}
protocol = "{protocol}"
recipients = [{recipients}]
{smtp}

[channels.relay]
host = "127.0.0.1"
port = {relay_port}
{relay}

{tables}

[web]
port = {web_port}
public_url = "http://127.0.0.1:{web_port}"
staff_password = "env:SYNPUNKT_TEST_SECRET"
session_secret = "env:SYNPUNKT_TEST_SECRET"
secure_cookies = false

[classifier]
enabled = {classifier}

[triage]
registrator = "rita"
{triage}

{staff}
"""
_STAFF = """\
[[handlers]]
id = "rita"
name = "Rita Lund"
title = "registrator"
email = "rita@{handler_domain}"

[[handlers]]
id = "petra"
name = "Petra Holm"
title = "enhetschef"
email = "petra@{handler_domain}"
substitute = "rita"

[[units]]
id = "park"
name = "Park och renhållning"
handlers = ["petra"]
words = ["gung", "lekplats", "park", "papperskorg"]
"""


@dataclass(kw_only=True)
class Product:
    """One house. Started, killed and started again, it keeps its ports and its store.

    `mail`, `smtp`, `relay` and `triage` are more lines for those tables, and `tables` are whole tables.
    `staff` are other tables of handlers and units, and `clock` is a file that moves the time. `only` are the
    parts that it does beside others, and `key_folder` is where they all have the key of the record.
    On SQLite it finds its tables made, unless it is `bare`: a house that starts for the very first time.
    """

    relay_port: int
    folder: Path
    store_url: str = ""  # SQLite in the folder, unless told otherwise
    address: str = "synpunkt@lillkommun.example"
    recipients: tuple[str, ...] = ()
    handler_domain: str = "kontoret.example"
    protocol: str = "smtp"
    mail: str = ""
    smtp: str = ""
    relay: str = 'security = "none"'
    tables: str = ""
    profile: str = "standard"
    triage: str = ""
    staff: str = ""
    clock: Path | None = None
    classifier: bool = False
    bare: bool = False
    only: str = ""
    key_folder: Path | None = None
    smtp_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self, *, within: float = 60) -> float:
        """Start, and return after how many seconds it answered."""
        began = time.monotonic()
        self.launch()
        self.wait(within=within)
        return time.monotonic() - began

    def launch(self) -> None:
        """Start, and do not wait."""
        if not (self.bare or self.store_url or (self.folder / "synpunkt.db").exists()):
            for file in _new_house().iterdir():
                shutil.copy(file, self.folder)
        config = self.write_config()
        moved = ["--clock", str(self.clock)] if self.clock is not None else []
        some = ["--only", self.only] if self.only else []
        with (self.folder / "product.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bots", "run", "--config", str(config), *moved, *some],
                cwd=_ROOT,
                env={**os.environ, **SECRETS, **_QUICKER, _MARK: str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def write_config(self) -> Path:
        """Write its settings to a file, and return where."""
        config = self.folder / "config.toml"
        config.write_text(self._config(), encoding="utf-8")
        return config

    def wait(self, *, within: float = 60) -> None:
        """Return when it answers by SMTP; fail when it has ended, or the time is up."""
        deadline = time.monotonic() + within
        while not self.answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the product does not answer:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Tell whether it greets those who connect."""
        try:
            with socket.create_connection(("127.0.0.1", self.smtp_port), timeout=2) as connection:
                return connection.recv(4).startswith(b"220")
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        if self._process is None:
            raise RuntimeError("the product is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and has not been seen to end."""
        return self._process is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM, and do not wait."""
        if self._process is not None:
            self._process.terminate()

    def ended(self, *, within: float = 30) -> int:
        """Wait until it has ended, and return its exit status."""
        if self._process is None:
            raise RuntimeError("the product is not running")
        status = self._process.wait(within)
        self._process = None
        return status

    def kill(self) -> None:
        """Send SIGKILL to the process, and to it alone: its children must find out for themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def orphans(self) -> list[int]:
        """List the processes of killed houses that live on."""
        alive = self._process.pid if self._process is not None else 0
        return [pid for pid, group in _processes_of(self.folder) if group != alive]

    def close(self) -> None:
        """Stop it, whatever state it is in, with all its children."""
        if self._process is not None:
            self.ask_to_stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ended(within=15)
            self.kill()
        for pid, _ in _processes_of(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def open_store(self) -> Store:
        """Open what it keeps."""
        return open_store(self.url)

    def query(self, statement: str) -> list[Row]:
        """Ask the store a question in SQL."""
        store = self.open_store()
        try:
            with store.read() as transaction:
                found = transaction.connection.exec_driver_sql(statement).mappings()
                return [dict(row) for row in found]
        finally:
            store.close()

    def page(self) -> httpx.Client:
        """Return a browser at its front door."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.web_port}", timeout=10)

    def log(self) -> str:
        """Return what it has logged."""
        path = self.folder / "product.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def url(self) -> str:
        """Return where its store is."""
        return self.store_url or f"sqlite:///{self.folder / 'synpunkt.db'}"

    def _config(self) -> str:
        facts = {
            **vars(self),
            "store_url": self.url,
            # SQLite has the key beside itself; PostgreSQL has no place of its own.
            "journal": f'[journal]\nfolder = "{self.key_folder or self.folder}"' if self.store_url else "",
            "recipients": ", ".join(f'"{one}"' for one in self.recipients or (self.address,)),
            "classifier": str(self.classifier).lower(),
            "staff": self.staff or _STAFF.format(handler_domain=self.handler_domain),
        }
        return _CONFIG.format(**facts)


@cache
def _new_house() -> Path:
    """Make the database of a house that has just begun, with its key; to climb there takes a second."""
    place = Path(tempfile.mkdtemp(prefix="synpunkt-new-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    store = open_store(f"sqlite:///{place / 'synpunkt.db'}")
    upgrade(store)
    store.close()
    return place


@contextlib.contextmanager
def folder(*, in_memory: bool = False) -> Iterator[Path]:
    """Make a folder for as long as the block lasts; one `in_memory` outlives a killed process as well."""
    memory = _MEMORY if in_memory and _has_room(_MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="synpunkt-", ignore_cleanup_errors=True, dir=memory) as made:
        yield Path(made)


def _has_room(memory: Path) -> bool:
    # A container may have 64 MB of it, or none.
    return os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 256 * 2**20


@contextlib.contextmanager
def running(product: Product, *, start: bool = True) -> Iterator[Product]:
    """Let the product run for as long as the block lasts."""
    try:
        if start:
            product.start()
        yield product
    finally:
        product.close()


def _processes_of(place: Path) -> Iterator[tuple[int, int]]:
    """List the processes of a house, with the group of each: by their mark, since numbers are used again."""
    mark = f"{_MARK}={place}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        # Processes come and go while we look. Fields after the name: state, parent, group.
        with contextlib.suppress(OSError):
            state, _, group = (path / "stat").read_text().rpartition(") ")[2].split()[:3]
            if state != "Z" and mark in (path / "environ").read_bytes().split(b"\0"):
                yield int(path.name), int(group)


def settings_of(values: Mapping[str, object]) -> str:
    """Write lines of a table: texts, numbers and truths."""
    return "\n".join(f"{key} = {_toml(value)}" for key, value in values.items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str | Path) else str(value)
