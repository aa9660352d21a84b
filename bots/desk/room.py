"""Shuts the doors before the disk is full: what was confirmed needs room to be judged and answered.

Whoever knocks is told to come again, and every service does. The doors open by themselves.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

_LOOK = 1.0  # seconds for which one look holds
_SPARE = 10  # a tenth more than the least before the doors open again: else they would flutter


def _nowhere() -> int | None:
    return None


@dataclass(kw_only=True)
class Room:
    """Knows whether there is room on the disk of the database.

    `free` returns how many bytes may still be written there, or None where nobody can tell: PostgreSQL looks
    after its own disk, and the store refuses when it is full. With `least_free` 0 it is not asked.
    """

    free: Callable[[], int | None] = _nowhere
    least_free: int = 0  # bytes
    timer: Callable[[], float] = time.monotonic
    is_short: bool = False
    _looked: float | None = None

    def is_left(self) -> bool:
        """Tell whether more may be taken in. Cheap: the disk is asked once a second."""
        now = self.timer()
        if self._looked is None or now - self._looked >= _LOOK:
            self._looked = now
            self._look()
        return not self.is_short

    def _look(self) -> None:
        if not self.least_free:
            return
        try:
            free = self.free()
        except OSError as error:
            log.warning("free room unknown: because=%s", type(error).__name__)
            return  # the store itself says so if nothing can be written
        if free is None:
            return
        was_short = self.is_short
        self.is_short = free < self.least_free + (self.least_free // _SPARE if was_short else 0)
        if self.is_short and not was_short:
            log.error(
                "doors shut, the disk is nearly full: free_mb=%d least_free_mb=%d",
                free // 2**20,
                self.least_free // 2**20,
            )
        elif was_short and not self.is_short:
            log.info("doors open, there is room on the disk again: free_mb=%d", free // 2**20)
