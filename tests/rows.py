"""One test for very many rows, each of which takes a millisecond; a test of its own for each takes four."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet

Tried = Callable[..., None]


def over(rows: Sequence[ParameterSet]) -> Callable[[Tried], Callable[[], None]]:
    """Try a test with every row, and name all that fail. Of fixtures it can have none.

    Rows are made by `pytest.param`, with an id. There must be some, and none can be skipped; an error that
    is no assertion ends it all.
    """

    def over_all(test: Tried) -> Callable[[], None]:
        def tried() -> None:
            assert rows
            wrong = [error for row in rows if (error := _wrong(test, row))]
            if wrong:
                raise ExceptionGroup(f"{len(wrong)} of {len(rows)} rows", wrong)

        tried.__name__, tried.__module__, tried.__doc__ = test.__name__, test.__module__, test.__doc__
        return tried

    return over_all


def _wrong(test: Tried, row: ParameterSet) -> AssertionError | None:
    try:
        test(*row.values)
    except AssertionError as error:
        error.add_note(f"row: {row.id}")
        return error
    except pytest.skip.Exception as skipped:
        raise RuntimeError(f"row {row.id} would skip all that follow") from skipped
    except Exception as error:
        error.add_note(f"row: {row.id}")
        raise
    return None


def named(values: Sequence[Any], name: Callable[[Any], str]) -> list[ParameterSet]:
    """Make a row of each value."""
    return [pytest.param(value, id=name(value)) for value in values]
