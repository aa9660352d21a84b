"""Fuzzes parsers: `python -m tests.fuzz mail --seconds 600`, or `--all`. Needs Linux (atheris).

Each target runs in a process of its own. A crash, an input that takes more than a second, or more than 200 MB
above what the process began with ends it: the input then lies in `.run/fuzz/NAME`, and the status is 1.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import CORPUS, load, names

ROOT = Path(__file__).parent.parent.parent
RUNS = ROOT / ".run" / "fuzz"
_KEPT, _LONGEST_KEPT = 40, 300
_STOPPED = ("crash-*", "timeout-*", "oom-*", "leak-*")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of a target. `broken` is the file with the input that ended it, if any."""

    name: str
    executions: int
    seconds: int
    slowest: float
    baseline_mb: int
    peak_mb: int
    broken: Path | None = None

    @property
    def line(self) -> str:
        """Return a line of the table."""
        end = "" if self.broken is None else f"  BROKEN: {self.broken}"
        return (
            f"{self.name:<20}{self.executions:>12}{self.seconds:>8}{self.slowest * 1000:>14.1f}"
            f"{self.baseline_mb:>10}{self.peak_mb:>9}{end}"
        )


HEAD = f"{'target':<20}{'executions':>12}{'seconds':>8}{'slowest (ms)':>14}{'base (MB)':>10}{'peak (MB)':>9}"


def run(name: str, *, seconds: int, folder: Path) -> Run:
    """Fuzz one target in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in _broken(folder):
        old.unlink()
    log = folder / "log"
    with log.open("w") as written:
        # Through a shell: Linux counts what a large parent had before it became the child as the child's.
        words = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *_engine(name, seconds, folder)]
        with tempfile.TemporaryDirectory() as scratch:
            status = subprocess.run(
                words,
                cwd=ROOT,
                stdout=written,
                stderr=written,
                check=False,
                env={**os.environ, "TMPDIR": scratch},
            ).returncode
    told = log.read_text(errors="replace")
    done = re.search(r"Done (\d+) runs in (\d+) second", told)
    broken = next(iter(_broken(folder)), log if status or done is None else None)
    counted = [*re.findall(r"^#(\d+)\s", told, flags=re.MULTILINE), "0"]
    slowest, baseline = folder / "slowest.json", folder / "baseline"
    peak = re.search(r"stat::peak_rss_mb:\s*(\d+)", told)
    return Run(
        name=name,
        executions=int(done[1]) if done else int(counted[-2]) if len(counted) > 1 else 0,
        seconds=int(done[2]) if done else 0,
        slowest=json.loads(slowest.read_text())["seconds"] if slowest.exists() else 0.0,
        baseline_mb=int(baseline.read_text()) if baseline.exists() else 0,
        peak_mb=int(peak[1]) if peak else 0,
        broken=broken,
    )


def _engine(name: str, seconds: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.fuzz.engine", name, str(seconds), str(folder)]


def _broken(folder: Path) -> list[Path]:
    return sorted(path for pattern in _STOPPED for path in folder.glob(pattern))


def keep(name: str, folder: Path) -> int:
    """Keep the shortest inputs that a run found to reach new code, and return how many."""
    seeds = set(load(name).seeds)
    grown = {path.read_bytes() for path in (folder / "corpus").iterdir()} - seeds
    chosen = sorted((one for one in grown if len(one) <= _LONGEST_KEPT), key=lambda one: (len(one), one))
    # Evenly from short to long: the shortest alone would all be of one kind.
    step = max(1, len(chosen) // _KEPT)
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.hex").write_text("".join(f"{one.hex()}\n" for one in chosen[::step][:_KEPT]))
    return len(chosen[::step][:_KEPT])


def main() -> int:
    """Run what was asked for, and print a table; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="the targets")
    parser.add_argument("--all", action="store_true", help="every target, one after the other")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--keep", action="store_true", help="keep what reached new code in tests/fuzz/corpus")
    chosen = parser.parse_args()
    wanted = names() if chosen.all else chosen.names
    if not wanted or not set(wanted) <= set(names()):
        parser.error(f"name targets, or --all; there are {', '.join(names())}")
    print(HEAD, flush=True)
    is_broken = False
    for name in wanted:
        found = run(name, seconds=chosen.seconds, folder=RUNS / name)
        print(found.line, flush=True)
        is_broken |= found.broken is not None
        if chosen.keep and found.broken is None:
            keep(name, RUNS / name)
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
