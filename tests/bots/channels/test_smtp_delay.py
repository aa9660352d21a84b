import asyncio
import socket
from datetime import UTC, datetime

from bots.channels.smtp import Smtp
from tests.servers.hearing import Kept, listening


async def test_no_answer_waits_for_the_other_side_to_confirm_the_one_before() -> None:
    channel = Smtp(
        account="-",
        recipients=["synpunkt@lillkommun.example"],
        clock=lambda: datetime.now(UTC),
        port=0,
    )
    accepted: list[socket.socket] = []
    async with listening(channel, Kept()):
        reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        await reader.readline()
        accepted.extend(_ours(channel.port))
        delays = [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in accepted]
        writer.close()

    assert delays == [1]


def _ours(port: int) -> list[socket.socket]:
    """Find the server's end of each connection to a port, in this very process."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.SelectorEventLoop)
    transports = list(loop._transports.values())  # type: ignore[attr-defined]  # asyncio keeps them there
    ends = [transport.get_extra_info("socket") for transport in transports]
    return [end for end in ends if end.getsockname()[1] == port]
