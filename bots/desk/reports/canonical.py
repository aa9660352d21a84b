"""A report as a text that stays the same, and back: what is kept of a closed period.

The text is JSON with its keys in order. Fractions and days are written as they are, not as numbers that are
nearly they. What a later release adds to a report must have a default, so that older ones can be read.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from bots.desk.reports.report import Report

_FORM = 1
_FRACTION, _DAY = "bråk", "dag"


class UnreadableError(ValueError):
    """What was kept of a report can not be read. The message says what stands in the way, in Swedish."""


def written(report: Report) -> str:
    """Write a report; equal reports are equal texts. Raises `TypeError` for what no report may hold."""
    whole = {"form": _FORM, "report": _plain(report)}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(content: str) -> str:
    """Return the SHA-256 of what `written` wrote, in UTF-8."""
    return hashlib.sha256(content.encode()).hexdigest()


def read(content: str) -> Report:
    """Read what `written` wrote, also of an older release. Raises `UnreadableError`."""
    try:
        whole = json.loads(content)
        if not isinstance(whole, dict) or whole.get("form") != _FORM:
            raise UnreadableError("rapporten är sparad i en form som den här versionen inte känner")
        report = _built(Report, whole["report"])
    except UnreadableError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(f"den sparade rapporten kan inte läsas ({type(error).__name__})") from error
    assert isinstance(report, Report)  # noqa: S101 - built as one
    return report


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return {_FRACTION: f"{value.numerator}/{value.denominator}"}
    if type(value) is date:
        return {_DAY: value.isoformat()}
    if isinstance(value, str):
        return str(value)  # a word of an enumeration is the word
    if value is None or isinstance(value, int):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(one) for one in value]
    raise TypeError(f"a report holds no {type(value).__name__}")


def _built(hint: Any, value: Any) -> Any:
    """Build what a type hint says of a plain value."""
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _one_of(get_args(hint), value)
    if origin is not None:
        return _row(get_args(hint), value)
    if is_dataclass(hint) and isinstance(hint, type):
        return _noun(hint, value)
    if hint is Fraction:
        return Fraction(value[_FRACTION])
    if hint is date:
        return date.fromisoformat(value[_DAY])
    if issubclass(hint, Enum):
        return hint(value)
    if type(value) is not hint:
        raise TypeError(f"{hint.__name__} expected")
    return value


def _row(inner: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("a row expected")
    if len(inner) == 1 or inner[1] is Ellipsis:
        return tuple(_built(inner[0], one) for one in value)
    return tuple(_built(one, each) for one, each in zip(inner, value, strict=True))


def _noun(noun: type, value: Any) -> Any:
    hints = get_type_hints(noun)
    known = {field.name for field in fields(noun)}
    if not isinstance(value, Mapping) or not value.keys() <= known:
        raise TypeError(f"{noun.__name__} expected")
    return noun(**{name: _built(hints[name], each) for name, each in value.items()})


def _one_of(hints: tuple[Any, ...], value: Any) -> Any:
    """Build the only one of several that a plain value can be: each is written in a way of its own."""
    if value is None and type(None) in hints:
        return None
    if isinstance(value, Mapping):
        if value.keys() == {_FRACTION} and Fraction in hints:
            return _built(Fraction, value)
        if value.keys() == {_DAY} and date in hints:
            return _built(date, value)
        return _built(next(one for one in hints if is_dataclass(one)), value)
    if type(value) in hints:
        return value
    return _built(next(one for one in hints if isinstance(one, type) and issubclass(one, Enum)), value)
