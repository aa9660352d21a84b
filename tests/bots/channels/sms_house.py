"""What an SMS channel is given, and who hears what it hands on, in the tests of one channel alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from starlette.applications import Starlette

from bots.channel import Given, Hooked, HookRequest, NotKeptError
from bots.web.hooks import Hooks
from store.domain import Address, Inbound, Outgoing, Purpose, Receipt

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://tycktill.lillkommun.example"
SECRET = "hemlighet-for-tester-0123456789"


@dataclass(kw_only=True)
class Ear:
    """Keeps what it is given, or refuses to."""

    heard: list[Inbound] = field(default_factory=list)
    refuses: int = 0

    async def __call__(self, inbound: Inbound) -> Receipt:
        if self.refuses > 0:
            self.refuses -= 1
            raise NotKeptError("the store is away")
        self.heard.append(inbound)
        return Receipt(message_id=len(self.heard))

    def texts(self) -> list[str]:
        return [one.text for one in self.heard]


@dataclass(kw_only=True)
class Shelf:
    """Keeps places."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, account: str, name: str) -> str:
        return self.kept.get((account, name), "")

    def keep_place(self, account: str, name: str, value: str) -> None:
        self.kept[account, name] = value


def given(shelf: Shelf | None = None, *, public_url: str = PUBLIC_URL, secret: str = SECRET) -> Given:
    return Given(
        clock=lambda: NOW,
        secret=lambda _reference: secret,
        places=shelf or Shelf(),
        public_url=public_url,
    )


def pages(channel: object, ear: Ear) -> httpx.AsyncClient:
    """Return a client of our pages, as the service's posts reach them."""
    assert isinstance(channel, Hooked)
    hooks = Hooks(channels={str(getattr(channel, "name", "")): channel}, receive=ear)
    transport = httpx.ASGITransport(app=Starlette(routes=hooks.routes()))
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)


def a_letter(body: str, *, to: str = "+46701740605") -> Outgoing:
    recipient = Address(channel="sms", handle=to)
    return Outgoing(key="k1", purpose=Purpose.ANSWER, recipient=recipient, subject="", body=body)


def a_post(path: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> HookRequest:
    return HookRequest(method="POST", path=path, query=(), headers=tuple(headers), body=body)
