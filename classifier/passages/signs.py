"""Reads the words by which a name, a street or a car is known, from signs.txt."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def signs() -> Mapping[str, frozenset[str]]:
    """Return the words under each heading, in small letters."""
    parts: dict[str, set[str]] = {}
    heading = ""
    for line in files("classifier.passages").joinpath("signs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line.strip("[]")
            parts[heading] = set()
        elif not line.startswith("#"):
            parts[heading].update(line.split())
    return {key: frozenset(value) for key, value in parts.items()}
