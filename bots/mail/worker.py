"""Reads mail in a child process, so that a hostile one can neither hang nor eat the bot. See `reading`.

`Reader.read_many` blocks: call it from a thread. A mail that hangs or kills its child is read again only
as far as its header block, here in the parent and in bounded time, and carries a warning.
"""

import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import context, popen_spawn_posix, process
from types import ModuleType

from pebble import ProcessExpired, ProcessPool

from bots.mail.reading import ReadMail, TrustedFront, headers_only, read

TIME_LIMIT = 5.0
MEMORY_LIMIT = 300 * 1024 * 1024
_GROUP_BYTES = 8 * 1024 * 1024
_SPAWN_GUARD = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Job:
    """One mail to be read, with what is known around it (see `reading.read`)."""

    raw: bytes
    own: Collection[str] = ()
    envelope_from: str | None = None
    form_senders: Collection[str] = ()
    trusted: TrustedFront | None = None


Work = Callable[[Sequence[Job]], list[ReadMail]]


def read_all(jobs: Sequence[Job]) -> list[ReadMail]:
    """Read each mail in turn. This is what runs in the child."""
    return [
        read(
            job.raw,
            own=job.own,
            envelope_from=job.envelope_from,
            form_senders=job.form_senders,
            trusted=job.trusted,
        )
        for job in jobs
    ]


class Reader:
    """A pool of child processes that read mail, each within a limit of time and memory.

    `work` is what the child does with its jobs; it must be importable, since the child starts afresh.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        work: Work = read_all,
    ) -> None:
        self._time_limit = time_limit
        self._work = work
        self._pool = ProcessPool(
            max_workers=workers, initializer=_limit_memory, initargs=(memory_limit,), context=_LeanContext()
        )

    def read_many(self, jobs: Sequence[Job]) -> list[ReadMail]:
        """Read the mails and return them in the same order. Never raises for what a mail holds."""
        return [mail for group in _groups(jobs) for mail in self._read_group(group)]

    def close(self) -> None:
        """Stop the children; what they were reading is given up."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it bare
        self._pool.join()

    def _read_group(self, group: Sequence[Job]) -> list[ReadMail]:
        # One task for all keeps the talk between the processes cheap. Only when the group fails is each
        # mail tried alone, to find the guilty one.
        found = self._tried(group)
        if found is not None:
            return found
        return [self._read_alone(job) for job in group]

    def _read_alone(self, job: Job) -> ReadMail:
        found = self._tried([job])
        if found is not None:
            return found[0]
        return headers_only(
            job.raw,
            "Brevet gick inte att läsa inom rimlig tid. Det är sparat som det kom.",
            own=job.own,
            envelope_from=job.envelope_from,
            form_senders=job.form_senders,
            trusted=job.trusted,
        )

    def _tried(self, group: Sequence[Job]) -> list[ReadMail] | None:
        future = self._pool.schedule(self._work, args=[list(group)], timeout=self._time_limit)
        with suppress(TimeoutError, ProcessExpired, BrokenProcessPool, CancelledError, MemoryError):
            found: list[ReadMail] = future.result()
            return found
        return None


def _groups(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Split the jobs so that no group is heavier than a child can hold."""
    group: list[Job] = []
    weight = 0
    for job in jobs:
        if group and weight + len(job.raw) > _GROUP_BYTES:
            yield group
            group, weight = [], 0
        group.append(job)
        weight += len(job.raw)
    if group:
        yield group


def _limit_memory(limit: int) -> None:
    """Make a memory bomb a MemoryError in the child instead of a full machine."""
    if sys.platform == "win32":
        return
    import resource  # there is none on Windows

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


class _LeanProcess(context.SpawnProcess):
    """A spawned process that does not run the program's main module again.

    The child would import all that the command line imports (model, database, web) only to read mail.
    """

    @staticmethod
    def _Popen(process_obj: process.BaseProcess) -> popen_spawn_posix.Popen:  # noqa: N802  # multiprocessing's name
        with _SPAWN_GUARD:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                return popen_spawn_posix.Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class _LeanContext(context.SpawnContext):
    """The spawn context with lean processes."""

    Process = _LeanProcess
