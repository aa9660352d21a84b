"""The clock that tests move: it stands where its file says, and goes on."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.cli import main
from bots.clock import ClockError, MovableClock, now

MOMENT = datetime(2026, 12, 8, 7, 0, tzinfo=UTC)


def write(path: Path, words: str, *, ago: float = 0.0) -> None:
    path.write_text(words, encoding="utf-8")
    written_at = time.time() - ago
    os.utime(path, (written_at, written_at))


def test_the_real_clock_knows_its_zone() -> None:
    assert now().utcoffset() == timedelta(0)


def test_a_moved_clock_goes_on_from_the_moment_that_was_written(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    write(file, "2026-12-08T08:00+01:00\n", ago=90)

    passed = MovableClock(file)() - MOMENT

    assert timedelta(seconds=90) <= passed < timedelta(seconds=120)


def test_a_clock_that_is_moved_again_jumps(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = MovableClock(file)
    write(file, "2026-12-08T08:00+01:00")
    before = clock()
    write(file, "2026-12-09T08:00+01:00")

    assert clock() - before > timedelta(hours=23)


def test_a_file_written_in_the_future_does_not_turn_time_back(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    write(file, "2026-12-08T08:00+01:00", ago=-1000)

    assert MovableClock(file)() == MOMENT


@pytest.mark.parametrize("words", ["", "i morgon", "2026-12-08T08:00", "2026-13-08T08:00+01:00"])
def test_a_file_without_a_moment_is_told(tmp_path: Path, words: str) -> None:
    file = tmp_path / "clock"
    write(file, words)

    with pytest.raises(ClockError, match="2026-11-23T09:30"):
        MovableClock(file)()


def test_run_refuses_a_clock_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Path(__file__).parents[2] / "config.example.toml"
    status = main(["run", "--config", str(config), "--clock", str(tmp_path / "nowhere")])

    assert status == 78
    assert capsys.readouterr().err
