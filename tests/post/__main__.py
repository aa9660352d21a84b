"""Writes every made mail as an .eml file: python -m tests.post DIR."""

import sys
from pathlib import Path

from tests.post import ALL


def main(arguments: list[str]) -> int:
    """Write the mails to the folder that is named."""
    if len(arguments) != 1:
        sys.stderr.write("Användning: python -m tests.post MAPP\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for made in ALL:
        (folder / f"{made.id}.eml").write_bytes(made.raw)
    sys.stdout.write(f"{len(ALL)} brev i {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
