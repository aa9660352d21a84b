import re
import shlex
import shutil
from pathlib import Path

import pytest

from bots.cli import parser
from tests.scripts.test_unit import ROOT, analyze

SERVICE = (ROOT / "packaging" / "synpunkt-backup.service").read_text(encoding="utf-8")
TIMER = (ROOT / "packaging" / "synpunkt-backup.timer").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_the_timer_and_what_it_starts_are_read_by_systemd_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "synpunkt-backup.timer").write_text(TIMER)
    (tmp_path / "synpunkt-backup.service").write_text(SERVICE)

    found = analyze("verify", "--man=no", *(str(one) for one in tmp_path.iterdir()))

    assert (found.returncode, found.stderr, found.stdout) == (0, "", "")
    (tmp_path / "synpunkt-backup.timer").write_text(TIMER.replace("OnCalendar", "OnKalender"))
    assert "OnKalender" in analyze("verify", "--man=no", str(tmp_path / "synpunkt-backup.timer")).stderr


def test_what_the_timer_starts_is_a_command_of_ours_and_the_guide_says_how_it_is_installed() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    line = re.search(r"exec \S+/synpunkt (.+)'$", SERVICE, re.MULTILINE)

    assert line is not None
    chosen = parser().parse_args(shlex.split(line[1].replace("%%", "%")))
    assert str(chosen.config) == "/etc/synpunkt/config.toml"
    assert chosen.to.startswith("/var/backups/synpunkt/")
    assert "synpunkt-backup.timer" in guide
    assert "/var/backups/synpunkt" in guide
