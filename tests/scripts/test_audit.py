import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LOCK = f"aioclamd==1.1.0 \\\n    --hash=sha256:{'4' * 64}\nflaskdemo==1.0 \\\n    --hash=sha256:{'5' * 64}\n"
KNOWN = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "påhittad",
    "affected": [
        {
            "package": {"name": "flaskdemo", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


@contextmanager
def osv(*, status: int = 200) -> Iterator[str]:
    """Serve what OSV would know of our packages."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_known = asked.get("package", {}).get("name") == "flaskdemo"
            body = json.dumps({"vulns": [KNOWN]} if is_known else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(folder: Path, service: str, accepted: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "prov.lock").write_text(LOCK)
    (folder / "advisories.toml").write_text(accepted)
    words = [sys.executable, "scripts/audit.py", str(folder / "prov.lock"), "--service", service]
    words += ["--accepted", str(folder / "advisories.toml")]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_is_known_against_a_package_stops_the_checks_until_it_is_accepted_with_a_reason(
    tmp_path: Path,
) -> None:
    lived_with = '[[advisory]]\nid = "PYSEC-2026-1"\nreason = "bara på Windows"\nuntil = {day}\n'
    with osv() as service:
        found = audit(tmp_path, service, lived_with.format(day="2020-01-01"))
        accepted = audit(tmp_path, service, lived_with.format(day="9999-12-31"))

    assert found.returncode == 1
    assert "flaskdemo 1.0: PYSEC-2026-1 CVE-2026-1 (mended in 1.1)" in found.stdout
    assert accepted.returncode == 0
    assert "0 known against it, 1 accepted" in accepted.stdout


@pytest.mark.parametrize("status", [None, 503], ids=["nobody there", "out of order"])
def test_without_an_answer_it_is_said_that_nothing_was_audited(tmp_path: Path, status: int | None) -> None:
    if status is None:
        done = audit(tmp_path, "http://127.0.0.1:9/v1/query")
    else:
        with osv(status=status) as service:
            done = audit(tmp_path, service)

    assert done.returncode == 0
    assert done.stdout.startswith("not audited: no answer from 127.0.0.1:")


def test_an_accepted_advisory_without_a_reason_is_a_fault(tmp_path: Path) -> None:
    done = audit(
        tmp_path, "http://127.0.0.1:9/", '[[advisory]]\nid = "x"\nreason = " "\nuntil = 9999-12-31\n'
    )

    assert done.returncode == 1
    assert "reason" in done.stderr
