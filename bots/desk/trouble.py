"""Tells what went wrong, in a log or the journal, without what may be a citizen's."""

import re

from store.engine import StoreError

_ADDRESS = re.compile(r"\S+@\S+")


def place_of(error: BaseException) -> str:
    """Return the kind of an error and where it was raised, for example `KeyError at letters.py:12`."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    file = place.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{place.tb_lineno}"


def reason_of(error: BaseException) -> str:
    """Return why something was not done: the store's own words, which hold no values, or else `place_of`."""
    return str(error) if isinstance(error, StoreError) else place_of(error)


def without_addresses(text: str) -> str:
    """Return what a mail server said, without the addresses: it may name the recipient."""
    return _ADDRESS.sub("<adress>", text)
