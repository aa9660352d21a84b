"""Finds what makes a channel: a module of ours, or another distribution's entry point `synpunkt.channels`."""

from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from bots import channels
from bots.channel import Plugin

GROUP = "synpunkt.channels"
_OWN = Path(next(iter(channels.__path__)))


def names() -> list[str]:
    """List the channels that can have a table of their own below `[channels]`, in alphabetical order."""
    own = [path.stem for path in _OWN.glob("*.py") if "_" not in path.stem and _brings_settings(path)]
    return sorted({*own, *(one.name for one in metadata.entry_points(group=GROUP))})


@cache
def plugin(name: str) -> Plugin | None:
    """Return what makes the channel of this name, ours before others'; None if nothing does."""
    if name.isidentifier() and "_" not in name and _brings_settings(_OWN / f"{name}.py"):
        return _of(import_module(f"{channels.__name__}.{name}"))
    for one in metadata.entry_points(group=GROUP, name=name):
        return _of(one.load())
    return None


def _of(found: Any) -> Plugin:
    made: Plugin = found  # a module is no class, so that only its use tells
    return made


def _brings_settings(path: Path) -> bool:
    return path.is_file() and "\nclass Settings(" in path.read_text(encoding="utf-8")
