"""A file for targets that read one; it goes with the process, or with the run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """Make a folder, once for the process. A process that libFuzzer ends leaves it to `__main__`."""
    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
