"""Keeps small counts out of what is published: few cases may point at somebody (requirements C4, R12)."""

LEAST = 5
FEW = f"<{LEAST}"


def suppressed(count: int) -> int | str:
    """Return a count, or `<5` in its stead where it is below five; 0 is below five too.

    It hides one cell. Whether the cell follows from its row, its column and their sums is for the caller.
    """
    return FEW if count < LEAST else count
