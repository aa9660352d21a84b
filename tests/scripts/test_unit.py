import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UNIT = (ROOT / "packaging" / "synpunkt.service").read_text(encoding="utf-8")
LEAST = "15"  # tenths of the ten of the scale: above 1.5 something is open that was not

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""},
    )


@needs_systemd
def test_the_unit_and_its_addition_are_read_by_systemd_without_a_word(tmp_path: Path) -> None:
    here = UNIT.replace("/opt/synpunkt/.venv/bin/synpunkt", "/bin/true")
    addition = (ROOT / "packaging" / "credentials.conf").read_text(encoding="utf-8")
    unit = tmp_path / "synpunkt.service"
    unit.write_text(here.replace("\n[Install]", addition.partition("[Service]")[2] + "\n[Install]"))

    found = analyze("verify", "--man=no", str(unit))

    assert (found.returncode, found.stderr, found.stdout) == (0, "", "")
    unit.write_text(here.replace("ProtectSystem=strict", "ProtectSytem=strict"))
    assert "ProtectSytem" in analyze("verify", "--man=no", str(unit)).stderr


@needs_systemd
def test_the_service_is_as_closed_as_systemd_can_make_it(tmp_path: Path) -> None:
    opened = tmp_path / "synpunkt.service"
    opened.write_text(UNIT.replace("SystemCallFilter=", "#"))

    judged = [
        analyze("security", "--offline=true", f"--threshold={LEAST}", str(unit)).returncode
        for unit in (ROOT / "packaging" / "synpunkt.service", opened)
    ]

    assert judged == [0, 1]


def test_the_unit_and_the_guide_name_the_same_places() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")

    assert "packaging/synpunkt.service" in guide
    assert "packaging/credentials.conf" in guide
    for place in re.findall(r"(/(?:opt|etc|var/lib)/synpunkt[\w./-]*)", UNIT):
        assert place in guide or place.startswith(("/opt/synpunkt/docs", "/etc/systemd")), place


def test_the_key_of_the_record_lies_where_the_service_may_write() -> None:
    told = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))

    (state,) = re.findall(r"(?m)^StateDirectory=(.+)$", UNIT)
    assert told["journal"]["folder"] == f"/var/lib/{state}"


def test_the_model_and_the_reader_of_mail_bear_that_no_memory_becomes_code() -> None:
    program = """
import ctypes, mmap
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, since Linux 6.3
    raise SystemExit(77)
from bots.mail.worker import Job, Reader
from classifier.model import Classifier
print(Classifier.load().suggest_many(["Gungan i parken är trasig"])[0].kind.value)
reader = Reader()
print(reader.read_many([Job(raw=b"Subject: Gungan\\n\\nHej")])[0].subject)
reader.close()
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    print("nekad")
"""
    if sys.platform != "linux":
        pytest.skip("the shelter is Linux's")

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    # An older kernel can not be asked this way; systemd does it there by a filter of calls.
    assert (done.returncode, done.stdout.split()) in [(0, ["klagomål", "Gungan", "nekad"]), (77, [])]
