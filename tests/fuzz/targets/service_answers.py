"""What a service answers over HTTP: its headers, a JSON body, and files that it sends us elsewhere for."""
# ruff: noqa: E501 - seeds are as they come over the wire

from typing import Any

import httpx

from bots.channel import PermanentFailure, TemporaryFailure
from bots.channels.elks_api import Api
from bots.channels.meta_graph import Graph
from bots.wire.http import Service, json_of, wait_of
from tests.fuzz.hooked import OURS, SECRET, answer_by
from tests.fuzz.loop import LOOP
from tests.fuzz.sound import NOW

SEEDS = (
    b'200\nRetry-After: 5\n\n{"data":[{"id":"s1","direction":"incoming","from":"+46701740605","to":"+46701740699",'
    b'"message":"x","created":"2026-11-23T08:00:00"}],"next":""}',
    b"429\nRetry-After: Mon, 23 Nov 99999999999 09:00:00 GMT\n\n",
    b"429\nX-RateLimit-Reset: 0001-01-01T00:00:00+14:00\nDate: Mon, 01 Jan 0001 00:00:00 +1400\n\n",
    b"302\nLocation: http://127.0.0.1:9/x\n\n",
    b"302\nLocation: http://[\n\n",
    b"200\nContent-Encoding: gzip\n\nnot gzip",
    b"503\nRetry-After: \xd9\xa3\n\n{}",
    b'400\n\n{"error":{"code":190,"error_subcode":"x","message":"m","fbtrace_id":1}}',
    b"200\n\n" + b"[" * 2000,
    b"200\nContent-Type: application/json; charset=utf-7\n\n+AHs-",
)
_FAILURES = (PermanentFailure, TemporaryFailure)


def fuzz(data: bytes) -> None:
    """Answer with it, whatever is asked: a service's fault is one of the two that a channel may raise."""
    head, _, body = data.partition(b"\n\n")
    status, *lines = head.split(b"\n")
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    code = int(status) if status.isdigit() and len(status) == 3 and status >= b"200" else 200

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(code, headers=[one for one in headers if one[0]], content=_Stream(body))

    service = Service(name="prov", base_url="http://127.0.0.1:9")
    answer_by(service, answer)
    LOOP.run_until_complete(_ask(service))


async def _ask(service: Service) -> None:
    graph = Graph(service=service, version="v25.0", app_secret=SECRET)
    api = Api(service=service, number=OURS, clock=lambda: NOW)
    asked: list[Any] = [
        service.fetch("http://127.0.0.1:9/fil", most=1000),
        graph.ask("GET", "1", "token"),
        api.record("s1"),
        api.incoming(NOW),
        api.send(OURS, "Hej", "http://127.0.0.1:9/"),
    ]
    for one in asked:
        try:
            await one
        except _FAILURES:
            continue
    try:
        found = await service.ask("GET", "/")
    except _FAILURES:
        return
    json_of(found)
    wait_of(found)


class _Stream(httpx.AsyncByteStream):
    """A body that comes in two pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> Any:
        half = len(self._body) // 2
        for piece in (self._body[:half], self._body[half:]):
            yield piece
