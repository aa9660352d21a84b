import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz import load, names
from tests.fuzz.__main__ import ROOT, keep, run
from tests.fuzz.mutate import changed

_SECONDS = 0.2  # of work for each target; `make fuzz` and `python -m tests.fuzz` take longer

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="atheris is for Linux")


@pytest.mark.parametrize("name", names())
def test_nothing_that_comes_from_outside_makes_a_parser_fall(name: str) -> None:
    target = load(name)

    assert target.seeds
    for seed in target.seeds:
        target.fuzz(seed)
    luck = random.Random(name)  # noqa: S311 - the same changes each time, so that a fault comes back
    inputs, until = changed(target.seeds, luck=luck), time.process_time() + _SECONDS
    while time.process_time() < until:
        target.fuzz(next(inputs))


@linux_only
def test_a_fault_that_no_seed_has_is_found_and_its_input_is_told(tmp_path: Path) -> None:
    found = run("tests.fuzz.planted", seconds=20, folder=tmp_path)

    assert found.broken is not None
    assert found.broken.name.startswith(("crash-", "timeout-"))
    assert found.broken.read_bytes()[:1] in {b"!", b"?"}
    assert "BROKEN" in found.line


@linux_only
def test_a_run_without_faults_tells_what_it_did_and_what_it_took(tmp_path: Path) -> None:
    found = run("mail_verdicts", seconds=1, folder=tmp_path)

    assert found.broken is None
    assert found.executions > 0
    assert found.baseline_mb > 0
    assert found.peak_mb >= found.baseline_mb


def test_what_a_run_has_found_is_kept_from_short_to_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.__main__.CORPUS", tmp_path / "kept")
    (tmp_path / "corpus").mkdir()
    for number in range(1, 200):
        (tmp_path / "corpus" / str(number)).write_bytes(b"x" * number)

    kept = keep("tests.fuzz.planted", tmp_path)

    lines = (tmp_path / "kept" / "tests.fuzz.planted.hex").read_text().splitlines()
    assert len(lines) == kept
    assert 0 < kept <= 40
    assert lines == sorted(lines, key=len)
    assert len(lines[-1]) > len(lines[0])


def test_an_unknown_target_is_refused_with_those_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "finns-inte"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "mail_headers" in done.stderr
