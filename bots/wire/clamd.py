"""Asks clamd, the daemon of ClamAV, about bytes (clamd(8), INSTREAM), over a socket of the machine or TCP.

aioclamd speaks TCP only, sends 1 kB for each hop to a thread, and does not hear an answer that comes before
the end of what it sends, which is how clamd tells that something is too large.
"""

import asyncio
import contextlib
import re
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import Any

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
            async with asyncio.timeout(self.timeout):
                with closing(await self._connected()) as connection:
                    sending = asyncio.ensure_future(_send(connection, command, data))
                    try:
                        # While we send: it may refuse before the end, and read no more.
                        answer = await _answer(connection)
                    finally:
                        sending.cancel()
                        with contextlib.suppress(asyncio.CancelledError, OSError):
                            await sending
        except (OSError, EOFError) as error:
            # TimeoutError is an OSError.
            raise ScannerAwayError(f"ingen kontakt med clamd ({type(error).__name__})") from error
        return answer.decode("utf-8", "replace").strip()

    async def _connected(self) -> socket.socket:
        """Open a bare socket: a stream of asyncio forgets what it has heard once it can not send on."""
        kind, _, place = self.address.partition(":")
        if kind == "unix":
            return await _open(socket.AF_UNIX, place)
        host, _, port = place.rpartition(":")
        found = await asyncio.get_running_loop().getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )
        for family, *_others, address in found[:-1]:
            with contextlib.suppress(OSError):
                return await _open(family, address)
        return await _open(found[-1][0], found[-1][-1])


async def _open(family: int, address: Any) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


async def _send(connection: socket.socket, command: bytes, data: bytes | None) -> None:
    send = asyncio.get_running_loop().sock_sendall
    await send(connection, command)
    if data is None:
        return
    view = memoryview(data)
    for at in range(0, len(data), _CHUNK):
        chunk = view[at : at + _CHUNK]
        await send(connection, len(chunk).to_bytes(4, "big") + chunk)
    await send(connection, bytes(4))


async def _answer(connection: socket.socket) -> bytes:
    """Return what is said before the first zero; `EOFError` when it ends before, or does not end."""
    heard = b""
    while b"\0" not in heard:
        more = await asyncio.get_running_loop().sock_recv(connection, _LONGEST_ANSWER)
        heard += more
        if not more or len(heard) > _LONGEST_ANSWER:
            raise EOFError
    return heard.partition(b"\0")[0]
