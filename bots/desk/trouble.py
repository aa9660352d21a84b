"""Names an error in a log line without its own words: they may hold a citizen's."""


def place_of(error: BaseException) -> str:
    """Return the kind of an error and where it was raised, for example `KeyError at letters.py:12`."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    file = place.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{place.tb_lineno}"
