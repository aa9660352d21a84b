"""Runs one target under atheris (libFuzzer) until the time is up or it breaks. Called by `__main__`."""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it has no types

from tests.fuzz import load, module_of

_OURS = ["bots", "classifier", "store", "templates"]
MEMORY_MB = 200  # above what the process has before the first input
_LONGEST = 4096


def main(name: str, seconds: int, folder: Path) -> None:
    """Fuzz for so long; never returns. `folder` gets the corpus, what broke, and the slowest input."""
    with atheris.instrument_imports(include=_OURS):
        import_module(module_of(name))
    target = load(name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
        target.fuzz(seed)  # what is made at the first call belongs to the baseline
    slowest = 0.0

    def one(data: bytes) -> None:
        nonlocal slowest
        # Of the processor: that the machine is busy is no fault of the parser. libFuzzer minds the clock.
        began = time.process_time()
        target.fuzz(data)
        took = time.process_time() - began
        if took > slowest:
            slowest = took
            (folder / "slowest.json").write_text(json.dumps({"seconds": took, "input": data.hex()}))

    options = [
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={_resident_mb() + MEMORY_MB}",
        "-timeout=1",
        f"-max_len={max(_LONGEST, *(len(seed) for seed in target.seeds))}",
        "-print_final_stats=1",
        f"-artifact_prefix={folder}/",
    ]
    (folder / "baseline").write_text(str(_resident_mb()))
    atheris.Setup([name, *options, str(corpus)], one)
    atheris.Fuzz()


def _resident_mb() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
