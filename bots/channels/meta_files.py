"""Fetches what came with a message at once: Meta's addresses of files soon lead nowhere."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.meta_graph import Graph
from bots.channels.meta_told import Told, Wanted, text_of
from bots.wire.http import Service
from bots.wire.kept import Fetched
from bots.wire.tries import Tries

_MOST_AT_ONCE = 8  # each may be 20 MB


@dataclass(kw_only=True)
class Files:
    """Fetches files, at most 20 MB each. `token` returns that of an account of WhatsApp."""

    graph: Graph
    service: Service  # without any token: files of Facebook lie where whoever has the address may fetch them
    token: Callable[[str], str]
    patience: float = 10.0  # seconds for all files of a message
    _tries: Tries = field(default_factory=Tries)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_AT_ONCE))

    async def of(self, told: Told) -> tuple[list[Fetched], tuple[str, ...]]:
        """Return the files of a message, and in words which are missing.

        Raises `NotKeptError` the first two times that one cannot be fetched just now: Meta posts it again.
        """
        if not told.files:
            return [], ()
        account, name = told.inbound.account, told.inbound.external_id
        ended = await asyncio.gather(*(self._fetch(account, one) for one in told.files))
        is_late = any(one is None for one in ended)
        if is_late and self._tries.is_worth_another(f"{account}:{name}"):
            raise NotKeptError
        if not is_late:
            self._tries.forget(f"{account}:{name}")
        lacks = tuple(
            f"Filen {wanted.name} kunde inte hämtas: {got or 'tjänsten svarar inte.'}"
            for wanted, got in zip(told.files, ended, strict=True)
            if not isinstance(got, Fetched)
        )
        return [one for one in ended if isinstance(one, Fetched)], lacks

    async def _fetch(self, account: str, wanted: Wanted) -> Fetched | str | None:
        """Return a file, why there will never be one, or None if it may come later."""
        try:
            async with asyncio.timeout(self.patience), self._room:
                data = await self._bytes(account, wanted)
        except PermanentFailure as failure:
            return str(failure)
        except (TemporaryFailure, TimeoutError):
            return None
        return Fetched(name=wanted.name, media_type=wanted.media_type, data=data)

    async def _bytes(self, account: str, wanted: Wanted) -> bytes:
        if not wanted.media_id:
            return await self.service.fetch(self._safe(wanted.address))
        token = self.token(account)
        found = await self.graph.ask("GET", wanted.media_id, token, parameters={"phone_number_id": account})
        address = self._safe(text_of(found.get("url")))
        return await self.service.fetch(address, headers={"Authorization": f"Bearer {token}"})

    def _safe(self, address: str) -> str:
        """Return an address that a token may be shown to; raise `PermanentFailure` for one that is not."""
        if address.startswith(("https://", f"{self.graph.service.base_url}/")):
            return address
        raise PermanentFailure("adressen är inte säker.")
