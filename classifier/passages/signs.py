"""Reads the words by which a name, a street or a car is known, and those that are no names."""

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


@cache
def ends(heading: str) -> tuple[str, ...]:
    """Return the words under a heading as `str.endswith` wants them."""
    return tuple(signs()[heading])


@cache
def everyday() -> frozenset[str]:
    """Return the words that people write small, in small letters."""
    text = files("classifier.passages").joinpath("everyday.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
