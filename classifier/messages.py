"""Reads labelled messages. How they came about stands in `corpus/DATASHEET.md`."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# docs/labelling: these are given a type by convention only, so it is neither learnt nor scored.
# These are no special of the guide; only messages with `lanes` tell of them.
ONLY_MARKED = frozenset({"akut", "enskild_anställd", "annan_huvudman"})
WITHOUT_KIND = frozenset({"fråga", "spam", "begäran_allmän_handling"})


class CorpusError(Exception):
    """A line of a corpus cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One message with the answers of a careful registrator. `alt_` is what a colleague could have chosen.

    `lanes` is None where only `special` was labelled. `source` is the author: the file's name.
    """

    text: str
    kind: str
    factor: str
    area: str = ""
    language: str = "sv"
    special: str = ""
    alt_kind: str = ""
    alt_factor: str = ""
    channel: str = "web"
    source: str = ""
    lanes: tuple[str, ...] | None = None

    @property
    def has_kind(self) -> bool:
        """Tell whether the type counts."""
        return self.special not in WITHOUT_KIND

    def has_lane(self, lane: str) -> bool | None:
        """Tell whether the message came through this wrong door; None where nobody has said."""
        if self.lanes is not None:
            return lane in self.lanes
        return None if lane in ONLY_MARKED else lane == self.special


@dataclass(frozen=True, kw_only=True)
class Split:
    """The messages by use. Whole files go to one part, since each file is one author with one style."""

    train: tuple[Labelled, ...]
    dev: tuple[Labelled, ...]
    test: tuple[Labelled, ...]
    later: tuple[Labelled, ...] = ()


def read(path: Path) -> tuple[Labelled, ...]:
    """Read one file with a JSON object a line; a line that cannot be read is a `CorpusError`."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: {error}") from error
    return tuple(
        _labelled(line, f"{path.name}:{at}") for at, line in enumerate(lines, start=1) if line.strip()
    )


def read_split(folder: Path) -> Split:
    """Read the files of a folder. `split.toml` names those for dev, test and later; the rest is for training.

    Files for later are labelled, but no model has learnt them yet: they stay unseen until they are named
    otherwise.
    """
    named = folder / "split.toml"
    parts = tomllib.loads(named.read_text(encoding="utf-8")) if named.exists() else {}
    files = {path.stem: path for path in sorted(folder.glob("*.jsonl"))}
    if not files:
        raise CorpusError(f"{folder}: no .jsonl file")
    dev, test, later = (tuple(str(name) for name in parts.get(part, ())) for part in ("dev", "test", "later"))
    if missing := {*dev, *test, *later} - files.keys():
        raise CorpusError(f"{named}: no such file: {', '.join(sorted(missing))}")
    rest = [name for name in files if name not in {*dev, *test, *later}]
    return Split(
        train=_joined(files, rest),
        dev=_joined(files, dev),
        test=_joined(files, test),
        later=_joined(files, later),
    )


def _joined(files: dict[str, Path], names: Iterable[str]) -> tuple[Labelled, ...]:
    def each() -> Iterator[Labelled]:
        for name in names:
            yield from read(files[name])

    return tuple(each())


def _labelled(line: str, where: str) -> Labelled:
    try:
        row = json.loads(line)
        return Labelled(
            text=str(row["text"]),
            kind=str(row["type"]),
            factor=str(row["factor"]),
            area=str(row.get("area") or ""),
            language=str(row.get("lang") or "sv"),
            special=str(row.get("special") or ""),
            alt_kind=str(row.get("alt_type") or ""),
            alt_factor=str(row.get("alt_factor") or ""),
            channel=str(row.get("channel") or "web"),
            source=where.partition(".")[0],
            lanes=None if row.get("lanes") is None else tuple(str(lane) for lane in row["lanes"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError(f"{where}: not a labelled message ({error!r})") from error
