"""A real clamd with a database of our own making: it knows EICAR's harmless test file, and nothing else."""

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.wire.clamd import Clamd, ScannerAwayError
from tests.servers.postfix import free_port

_PATIENCE = 60.0
# As EICAR prescribes it, in two halves: whole, it would be found in this very file.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}" + r"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
NAME = "Prov.Eicar.UNOFFICIAL"
_CONFIG = """\
Foreground yes
LocalSocket {folder}/ctl
LocalSocketMode 600
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}/db
TemporaryDirectory {folder}
LogFile {folder}/log
StreamMaxLength {most}
SelfCheck 3600
ConcurrentDatabaseReload no
User {user}
"""


def why_not() -> str:
    """Tell why clamd can not be run here, or nothing if it can."""
    return "" if _program() else "no clamd is installed (apt install clamav-daemon)"


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it listens."""

    unix: str
    tcp: str


@contextmanager
def running(*, most: str = "2M") -> Iterator[Server]:
    """Start it, wait until it answers, and stop it again. It takes streams of at most `most`."""
    program = _program()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="clam", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        (folder / "db").mkdir()
        # Body signature: name, any kind of file, anywhere, the bytes in hex.
        (folder / "db" / "prov.ndb").write_text(f"Prov.Eicar:0:*:{EICAR.hex()}\n")
        import getpass

        config = _CONFIG.format(folder=folder, port=port, most=most, user=getpass.getuser())
        (folder / "clamd.conf").write_text(config)
        process = subprocess.Popen(
            [program, "--config-file", str(folder / "clamd.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        server = Server(unix=f"unix:{folder / 'ctl'}", tcp=f"tcp:127.0.0.1:{port}")
        try:
            _await(server, process, folder / "log")
            yield server
        finally:
            process.kill()
            process.wait(10)


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(ScannerAwayError):
            asyncio.run(Clamd(address=server.unix, timeout=2).version())
            return
        time.sleep(0.05)
    raise AssertionError(f"clamd did not start: {log.read_text()[-2000:] if log.exists() else ''}")


def _program() -> str | None:
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
