"""A link to a server that can be cut and mended: it hands on bytes, both ways, until it is told not to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Link:
    """The way to a port of this machine. While it is cut, everybody is hung up on, old and new."""

    target: int
    port: int = 0
    is_cut: bool = False
    cuts: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Hang up on everybody, both ways."""
        self.is_cut = True
        self.cuts += 1
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let everybody through again."""
        self.is_cut = False

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on what one connection says, and what it is answered."""
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            from_there, to_there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, to_there}
        self._open |= both
        ways = {
            asyncio.ensure_future(_hand_on(reader, to_there)),
            asyncio.ensure_future(_hand_on(from_there, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= both
            for way in ways:
                way.cancel()
            for one in both:
                one.transport.abort()
            await asyncio.gather(*ways, return_exceptions=True)


@contextlib.asynccontextmanager
async def a_link(target: int) -> AsyncIterator[Link]:
    """Let a link to a port be there for as long as the block lasts."""
    link = Link(target=target)
    server = await asyncio.start_server(link.join, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        link.cut()
        await asyncio.sleep(0.05)  # in which those that were handing on see that they are cut


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
