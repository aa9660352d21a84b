"""How a command ends: in the words of sysexits.h, which a mail server that pipes to us understands."""

import sys

OK, FAULT, DATA, TEMPORARY, CONFIG = 0, 1, 65, 75, 78


def fail(message: str, status: int) -> int:
    """Say what is wrong where errors are said, and return the status to end with."""
    print(message, file=sys.stderr)
    return status
