"""clamd, a real one where it can be had, and one that faults."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from bots.wire.clamd import Clamd, ScannerAwayError, TooLargeError
from tests.servers import clamd
from tests.servers.clamd import EICAR, NAME

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[clamd.Server]:
    if reason := clamd.why_not():
        pytest.skip(reason)
    with clamd.running() as started:
        yield started


@pytest.fixture(params=["unix", "tcp"])
def real(server: clamd.Server, request: pytest.FixtureRequest) -> Clamd:
    return Clamd(address=getattr(server, request.param), timeout=20)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Clamd]:
    """Let something listen that answers as told."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        port = listening.sockets[0].getsockname()[1]
        yield Clamd(address=f"tcp:127.0.0.1:{port}", timeout=0.5)
    finally:
        listening.close()


async def test_what_is_found_is_named_wherever_it_lies(real: Clamd) -> None:
    assert await real.scan(EICAR) == NAME
    assert await real.scan(b"\0" * 100_000 + EICAR) == NAME
    assert await real.scan(b"Gungan i parken") == ""
    assert await real.scan(b"") == ""


async def test_it_says_what_it_is(real: Clamd) -> None:
    assert (await real.version()).startswith("ClamAV ")


async def test_what_is_too_large_is_told_as_such_though_it_is_refused_midway(real: Clamd) -> None:
    with pytest.raises(TooLargeError):
        await real.scan(bytes(6 * 2**20))

    assert await real.scan(EICAR) == NAME  # the next question is well


async def test_many_may_be_asked_at_once(real: Clamd) -> None:
    asked = [real.scan(EICAR if number % 2 else b"rent") for number in range(20)]

    assert await asyncio.gather(*asked) == ["", NAME] * 10


async def _hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()
    await asyncio.sleep(5)


async def _close_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def _close_midway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(50_000)
    writer.transport.abort()


def _say(words: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        writer.write(words)
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _hang,
        _close_at_once,
        _close_midway,
        _say(b"stream: OK"),  # cut off before its end
        _say(b"OK\0"),
        _say(b"stream: OKEJ\0"),
        _say(b"stream: FOUND\0"),
        _say(b"\0"),
        _say(b"\xff\xfe\0"),
        _say(b"HTTP/1.1 200 OK\r\n\r\n\0"),
        _say(b"x" * 100_000),
        _say(b"stream: " + b"A" * 3000 + b" FOUND\0"),
        _say(b"COMMAND READ TIMED OUT\0"),
    ],
)
async def test_any_other_answer_says_nothing_of_the_bytes(answer: Answer) -> None:
    async with answering(answer) as faulty:
        with pytest.raises(ScannerAwayError):
            await faulty.scan(bytes(300_000))


@pytest.mark.parametrize("address", ["unix:/finns/inte", "tcp:127.0.0.1:1", "tcp:[::1]:1"])
async def test_nobody_at_home_is_told(address: str) -> None:
    with pytest.raises(ScannerAwayError, match="ingen kontakt med clamd"):
        await Clamd(address=address, timeout=2).version()
