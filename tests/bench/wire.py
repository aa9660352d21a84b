"""An SMTP client that costs little, and knows when the last dot was sent."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(kw_only=True)
class Wire:
    """One connection to a server that needs no login."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def connect(cls, port: int) -> "Wire":
        """Connect and say EHLO."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        wire = cls(reader=reader, writer=writer)
        await wire._heard(b"220")
        await wire._say(b"EHLO bench.example", b"250")
        return wire

    async def deliver(self, mail: bytes, *, sender: str, to: str) -> tuple[float, float]:
        """Deliver a mail without lines that begin with a dot; return when the last one left and 250 came."""
        await self._say(f"MAIL FROM:<{sender}>".encode(), b"250")
        await self._say(f"RCPT TO:<{to}>".encode(), b"250")
        await self._say(b"DATA", b"354")
        self.writer.write(mail)
        await self.writer.drain()
        began = time.monotonic()
        await self._say(b".", b"250")
        return began, time.monotonic()

    async def close(self) -> None:
        """Hang up."""
        self.writer.write(b"QUIT\r\n")
        self.writer.close()
        await self.writer.wait_closed()

    async def _say(self, line: bytes, expected: bytes) -> None:
        self.writer.write(line + b"\r\n")
        await self._heard(expected)

    async def _heard(self, expected: bytes) -> None:
        while True:
            line = await self.reader.readline()
            if not line.startswith(expected):
                raise ConnectionError(f"{line!r} instead of {expected!r}")
            if line[3:4] != b"-":
                return
