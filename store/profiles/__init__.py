"""The municipalities' own promises, one TOML file each. How days are counted is in `store.deadlines`."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from store.deadlines import Days

_HERE = Path(__file__).parent
_KEYS = {"id", "name", "service_name", "source", "first_feedback_days", "answer_days", "closed"}
_KINDS = {"klagomål", "förslag", "beröm"}


class ProfileError(Exception):
    """The profile can not be used; the message names file and key."""


def names() -> tuple[str, ...]:
    """List the profiles that come with the product."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def load(name: str) -> Days:
    """Load a profile by name, or from a path that ends in `.toml`; raise `ProfileError` if it is wrong."""
    path = Path(name) if name.endswith(".toml") else _HERE / f"{name}.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(f"profil {name}: finns inte; välj en av {', '.join(names())}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: kan inte läsas: {error}") from error
    return _days(path, found)


def _days(path: Path, found: dict[str, Any]) -> Days:
    if unknown := sorted(set(found) - _KEYS):
        raise ProfileError(f"{path}: okänd nyckel {unknown[0]!r}; kända är {', '.join(sorted(_KEYS))}")
    answers = found.get("answer_days")
    if not isinstance(answers, dict) or set(answers) != _KINDS:
        raise ProfileError(f"{path}: answer_days ska ha just nycklarna {', '.join(sorted(_KINDS))}")
    closed = found.get("closed", [])
    if not isinstance(closed, list) or any(type(day) is not date for day in closed):
        raise ProfileError(f"{path}: closed ska vara en lista av datum, till exempel [2026-05-15]")
    return Days(
        first_feedback=_count(path, "first_feedback_days", found.get("first_feedback_days")),
        complaint=_count(path, "answer_days.klagomål", answers["klagomål"]),
        suggestion=_count(path, "answer_days.förslag", answers["förslag"]),
        praise=_count(path, "answer_days.beröm", answers["beröm"]),
        clause=str(found.get("source", path.stem)),
        closed=frozenset(closed),
    )


def _count(path: Path, key: str, value: object) -> int | None:
    if value == "none":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 250:
        return value
    raise ProfileError(f'{path}: {key} ska vara 1-250 arbetsdagar eller "none", inte {value!r}')
