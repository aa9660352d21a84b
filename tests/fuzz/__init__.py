"""Fuzzing: one target for every parser of bytes from outside. See `docs/operating.md` for how it is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.fuzz import targets

CORPUS = Path(__file__).parent / "corpus"  # what long runs found to reach more: a file with one hex line each


@dataclass(frozen=True, kw_only=True)
class Target:
    """A parser under attack. `fuzz` raises for what is a fault, and for nothing else."""

    name: str
    fuzz: Callable[[bytes], None]
    seeds: Sequence[bytes]


def names() -> list[str]:
    """List the targets."""
    return sorted(found.name for found in iter_modules(targets.__path__))


def load(name: str) -> Target:
    """Import a target, with its own seeds and those that runs have found. A name with dots is a module's."""
    module = import_module(module_of(name))
    return Target(name=name, fuzz=module.fuzz, seeds=(*module.SEEDS, *found(name)))


def module_of(name: str) -> str:
    """Return where a target lives."""
    return name if "." in name else f"{targets.__name__}.{name}"


def found(name: str) -> list[bytes]:
    """Return what runs have found for a target; nothing if nobody has kept any."""
    file = CORPUS / f"{name}.hex"
    return [bytes.fromhex(line) for line in file.read_text().splitlines()] if file.exists() else []
