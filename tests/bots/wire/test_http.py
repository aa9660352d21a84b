import asyncio

import httpx
import pytest

from bots.channel import TemporaryFailure
from bots.wire.http import Service, trusted
from tests.servers.tls import Authority


async def test_a_service_whose_certificate_nobody_vouches_for_gets_no_word_of_ours() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    authority = Authority()
    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=authority.server())
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    service = Service(name="tjänsten", base_url=address, headers={"Authorization": "Bearer hemlig"})
    async with server:
        with pytest.raises(TemporaryFailure, match="ingen kontakt"):
            await service.ask("GET", "/")
        await service.close()
        assert heard == []
        async with httpx.AsyncClient(verify=authority.client) as friend:  # who believes in it is answered
            assert (await friend.get(address)).status_code == 204

    assert len(heard) == 1


def test_whom_we_believe_is_read_once_for_all_services() -> None:
    assert trusted() is trusted()
    assert trusted().check_hostname
