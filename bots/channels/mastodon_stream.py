"""Listens for Mastodon's word that there is something new; what it is, the channel `mastodon` asks itself."""

import asyncio
import logging
from dataclasses import dataclass, field

import httpx

from bots.wire.http import trusted

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 60.0
_STANDS = 60.0  # a stream that has lasted for so long is taken to be well
_SILENCE = 90.0  # the service lets its heart be heard every 15 seconds


@dataclass(kw_only=True)
class Bell:
    """Server-sent events of our notifications (GET /api/v1/streaming/user/notification).

    Nothing is read out of them, and nothing depends on them: without a stream, news come by the poll.
    """

    address: str  # of the streaming server, with http or https
    token: str = field(repr=False)
    pause: float = 5.0  # before the first new try; then it doubles
    timeout: float = 20.0

    async def ring(self, rung: asyncio.Event) -> None:
        """Set `rung` at each new notification, and whenever some may have been missed; until cancelled."""
        loop = asyncio.get_running_loop()
        pause = self.pause
        async with self._client() as client:
            while True:
                began = loop.time()
                try:
                    await self._listen(client, rung)
                except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
                    log.info("stream lost: channel=mastodon because=%s", type(error).__name__)
                if loop.time() - began > _STANDS:
                    pause = self.pause
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _listen(self, client: httpx.AsyncClient, rung: asyncio.Event) -> None:
        async with client.stream("GET", "/api/v1/streaming/user/notification") as answer:
            if answer.status_code != 200:
                log.info("no stream: channel=mastodon status=%d", answer.status_code)
                return
            rung.set()  # what came while nobody listened
            async for line in answer.aiter_lines():
                if line.removeprefix("event:").strip() == "notification" and line.startswith("event:"):
                    rung.set()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"},
            timeout=httpx.Timeout(self.timeout, read=_SILENCE),
            trust_env=False,
            verify=trusted(),
        )
