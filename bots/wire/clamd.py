"""Asks clamd, the daemon of ClamAV, about bytes (clamd(8), INSTREAM), over a socket of the machine or TCP.

aioclamd speaks TCP only, sends 1 kB for each hop to a thread, and does not hear an answer that comes before
the end of what it sends, which is how clamd tells that something is too large.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_CHUNK = 2**16
_LONGEST_ANSWER = 4096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class ScannerAwayError(Exception):
    """clamd does not answer, or not in words that we know. It says nothing of the bytes."""


class TooLargeError(Exception):
    """clamd takes nothing of this size (StreamMaxLength in clamd.conf)."""


@dataclass(frozen=True, kw_only=True)
class Clamd:
    """One clamd. `address` is `unix:/path` or `tcp:host:port`; `timeout` is for each question, in seconds."""

    address: str
    timeout: float = 60.0

    async def scan(self, data: bytes) -> str:
        """Return the name of what is found in some bytes, or an empty text.

        Raises `ScannerAwayError`, or `TooLargeError` if clamd refuses for the size.
        """
        answer = await self._ask(b"zINSTREAM\0", data)
        if answer == "stream: OK":
            return ""
        if found := _FOUND.fullmatch(answer):
            return found[1]
        if answer.startswith("INSTREAM size limit exceeded"):
            raise TooLargeError
        raise ScannerAwayError("clamd svarar med något annat än ett utlåtande")

    async def version(self) -> str:
        """Return what clamd and its signatures call themselves; raise `ScannerAwayError`."""
        return await self._ask(b"zVERSION\0", None)

    async def _ask(self, command: bytes, data: bytes | None) -> str:
        try:
            async with asyncio.timeout(self.timeout), self._connection() as (reader, writer):
                writer.write(command)
                sending = asyncio.ensure_future(_send(writer, data or b"")) if data is not None else None
                try:
                    # While we send: it may refuse before the end, and read no more.
                    answer = await reader.readuntil(b"\0")
                finally:
                    if sending is not None:
                        sending.cancel()
                        with contextlib.suppress(asyncio.CancelledError, OSError):
                            await sending
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            # TimeoutError is an OSError; IncompleteReadError an EOFError.
            raise ScannerAwayError(f"ingen kontakt med clamd ({type(error).__name__})") from error
        return answer[:-1].decode("utf-8", "replace").strip()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        kind, _, place = self.address.partition(":")
        if kind == "unix":
            reader, writer = await asyncio.open_unix_connection(place, limit=_LONGEST_ANSWER)
        else:
            host, _, port = place.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), limit=_LONGEST_ANSWER)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()  # what is still unsent is of no more use


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    view = memoryview(data)
    for at in range(0, len(data), _CHUNK):
        chunk = view[at : at + _CHUNK]
        writer.write(len(chunk).to_bytes(4, "big") + chunk)
        await writer.drain()
    writer.write(bytes(4))
    await writer.drain()
