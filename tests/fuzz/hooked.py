"""Channels that services post to, and the services behind them, without any network."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bots.channel import Given, HookAnswer, Hooked, HookRequest, NotKeptError
from bots.wire.http import Service
from store.domain import Inbound, Receipt
from tests.fuzz.loop import LOOP
from tests.fuzz.sound import NOW, is_kept

SECRET = "hemlighet-for-tester-0123456789"
HERE = "https://tycktill.lillkommun.example"
OURS = "+46701740699"


class _Nowhere:
    """Keeps no places."""

    def place(self, account: str, name: str) -> str:  # noqa: ARG002 - the promise of `Places`
        """Know of none."""
        return ""

    def keep_place(self, account: str, name: str, value: str) -> None:
        """Forget it."""


def given() -> Given:
    """Give what a channel is built with; every secret is the same."""
    return Given(clock=lambda: NOW, secret=lambda _: SECRET, places=_Nowhere(), public_url=HERE)


def answer_by(service: Service, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    """Let a function answer in the place of a service."""
    service._client = httpx.AsyncClient(base_url=service.base_url, transport=httpx.MockTransport(answer))


def nothing(_request: httpx.Request) -> httpx.Response:
    """Answer that there is no such thing."""
    return httpx.Response(404)


def post(
    channel: Hooked, body: bytes, *, path: str = "", query: Any = (), headers: Mapping[str, str] | None = None
) -> tuple[HookAnswer | None, list[Inbound]]:
    """Post once; return the answer (None for "try again") and what was kept, each of which can be."""
    kept: list[Inbound] = []

    async def receive(inbound: Inbound) -> Receipt:
        is_kept(inbound)
        kept.append(inbound)
        return Receipt(message_id=len(kept))

    request = HookRequest(
        method="POST", path=path, query=tuple(query), headers=tuple((headers or {}).items()), body=body
    )
    try:
        return LOOP.run_until_complete(channel.hook(request, receive)), kept
    except NotKeptError:
        return None, kept
