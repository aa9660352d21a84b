"""Finishes what is in hand when the house is told to stop."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end even if we are cancelled meanwhile; the cancellation goes on after it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is not None:
            # Looked at, so that it is not told as forgotten; who is being stopped can do nothing about it.
            log.error("stopped in a failure: because=%s", type(task.exception()).__name__)
        raise
