"""The municipalities' own promises, one TOML file each. How days are counted is in `store.deadlines`."""

import difflib
import tomllib
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from store.profiles.policy import Profile

_HERE = Path(__file__).parent
_WANTED = {
    "string_type": 'ska vara en text inom "citattecken"',
    "int_type": "ska vara ett heltal utan citattecken",
    "bool_type": "ska vara true eller false",
    "tuple_type": "ska vara en lista inom [hakparentes]",
    "model_type": "ska vara en tabell",
    "model_attributes_type": "ska vara en tabell",
    "dict_type": "ska vara en tabell",
    "date_type": "ska vara ett datum utan citattecken, till exempel 2026-05-15",
    "too_short": "får inte vara tom",
    "string_too_short": "får inte vara tom",
    "string_too_long": "får ha högst 200 tecken",
}


class ProfileError(Exception):
    """The profile can not be used. Each line of the message names file, key and remedy."""


def names() -> tuple[str, ...]:
    """List the profiles that come with the product."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def load(name: str) -> Profile:
    """Load a profile by name, or from a path that ends in `.toml`; raise `ProfileError` if it is wrong."""
    path = _path(name)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(f"profil {name}: finns inte; välj en av {', '.join(names())}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"{path}: kan inte läsas: {error}") from error
    try:
        return Profile.model_validate(found)
    except ValidationError as error:
        lines = [_line(path, detail) for detail in error.errors()]
        raise ProfileError("\n".join(lines)) from error


def text_of(name: str) -> bytes:
    """Return a profile as it is written; raise `OSError` if it is gone."""
    return _path(name).read_bytes()


def _path(name: str) -> Path:
    return Path(name) if name.endswith(".toml") else _HERE / f"{name}.toml"


def _line(path: Path, detail: ErrorDetails) -> str:
    # People count the tables of a list from one.
    parts = [f"nr {part + 1}" if isinstance(part, int) else part for part in detail["loc"]]
    key = ".".join(parts).replace(".nr ", " nr ")
    return f"{path}: {key + ' ' if key else ''}{_remedy(detail)}"


def _remedy(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _known_keys(detail["loc"][:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        guess = f"Menade du {near[0]}?" if near else f"Kända är {', '.join(known)}."
        return f"är en okänd nyckel. {guess}"
    if kind == "missing":
        return "saknas. Skriv in den; docs/policies/README.md säger vad den betyder."
    if kind == "value_error":
        return f"{detail['ctx']['error']}."
    if kind == "literal_error":
        return f"ska vara en av {detail['ctx']['expected'].replace(' or ', ', ')}, inte {detail['input']!r}."
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = "minst" if kind == "greater_than_equal" else "högst"
        return f"ska vara {bound} {next(iter(detail['ctx'].values()))}, inte {detail['input']!r}."
    if kind == "string_pattern_mismatch":
        return f"kan inte vara {detail['input']!r}. Se docs/policies/README.md."
    return f"{_WANTED.get(kind, detail['msg'])} (nu {type(detail['input']).__name__})."


def _known_keys(tables: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Profile
    for part in tables:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part is not None), None)
