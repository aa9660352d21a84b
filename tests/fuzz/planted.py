"""A target with faults of every kind, to prove that fuzzing finds them."""

import time

SEEDS = (b"frisk", b"!krasch", b"?stilla")


def fuzz(data: bytes) -> None:
    """Raise, hang or grow, as the first byte says; only what is no seed does."""
    if data in SEEDS:
        return
    if data.startswith(b"!"):
        raise ValueError("planted")
    if data.startswith(b"?"):
        time.sleep(3)
