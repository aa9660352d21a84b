"""Makes the virtual environment: `python scripts/environment.py .venv requirements.lock`.

Every package is checked against its hash. The project itself is installed so that the tree is used as it is,
unless the lock lacks the tool that builds it: that environment is of a server which tests drive.
"""

import subprocess
import sys
import venv
from pathlib import Path


def main() -> int:
    """Make or mend the environment; return the exit status of what failed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - it is run by whatever Python there is
        print(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    folder, lock = Path(sys.argv[1]), sys.argv[2]
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    steps = [[*pip, "install", "--require-hashes", "-r", lock]]
    if "\nhatchling==" in f"\n{Path(lock).read_text(encoding='utf-8')}":
        # The build tool is in the lock as well, so nothing is fetched for the build.
        steps.append([*pip, "install", "--no-deps", "--no-build-isolation", "--no-index", "-e", "."])
    for step in steps:
        status = subprocess.run(step, check=False).returncode  # noqa: S603 - our own words
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
