"""The unit for one part of the service is that of the whole, but for what it starts."""

from pathlib import Path

import pytest

from bots.together import Part
from tests.scripts.test_unit import ROOT, analyze, needs_systemd

WHOLE, PART = (
    (ROOT / "packaging" / name).read_text(encoding="utf-8")
    for name in ("synpunkt.service", "synpunkt@.service")
)


def _settings(unit: str) -> list[str]:
    return [line for line in unit.splitlines() if line and not line.startswith(("#", "Description="))]


def test_a_part_has_the_shelter_of_the_whole_and_starts_with_its_own_name() -> None:
    as_whole = [line.replace(" --only %i", "") for line in _settings(PART)]

    assert as_whole == _settings(WHOLE)
    assert "synpunkt run --only %i --config" in PART


@needs_systemd
@pytest.mark.parametrize("part", list(Part))
def test_systemd_reads_the_unit_of_each_part_without_a_word(part: Part, tmp_path: Path) -> None:
    unit = tmp_path / f"synpunkt@{part}.service"
    unit.write_text(PART.replace("/opt/synpunkt/.venv/bin/synpunkt", "/bin/true"), encoding="utf-8")

    found = analyze("verify", "--man=no", str(unit))

    assert (found.returncode, found.stderr, found.stdout) == (0, "", "")
