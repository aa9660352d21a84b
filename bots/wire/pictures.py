"""Fetches the pictures of a message from its service, before the message is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.wire.http import Service
from bots.wire.kept import Fetched
from bots.wire.tries import Tries

_BEGINNINGS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}


@dataclass(kw_only=True)
class Pictures:
    """Fetches pictures from where the service itself lives: our key is never shown elsewhere."""

    service: Service
    seconds: float = 8.0  # with the asking before it, less than the pages let a post take
    _tries: Tries = field(default_factory=Tries)

    async def fetch(
        self, message_id: str, told: Sequence[tuple[str, str]]
    ) -> tuple[tuple[Fetched, ...], tuple[str, ...]]:
        """Return what could be fetched of (address, media type), and what is lacking in words.

        Raises `NotKeptError` the first two times that one does not come: the service is to try again.
        """
        files, lacks = [], []
        for number, (address, media_type) in enumerate(told, 1):
            try:
                data = await self._one(address)
            except PermanentFailure as refused:
                lacks.append(f"Bild {number} kunde inte hämtas: {refused}")
            except (TemporaryFailure, TimeoutError) as error:
                if self._tries.is_worth_another(message_id):
                    raise NotKeptError(f"picture {number} did not come") from error
                lacks.append(f"Bild {number} kom inte från tjänsten, trots tre försök.")
            else:
                kind = media_type or _media_type(data)
                ending = kind.rpartition("/")[2].partition(";")[0][:10]
                files.append(Fetched(name=f"bild-{number}.{ending}", media_type=kind, data=data))
        self._tries.forget(message_id)
        return tuple(files), tuple(lacks)

    async def _one(self, address: str) -> bytes:
        if _origin(address) != _origin(self.service.base_url):
            raise PermanentFailure(f"{self.service.name}: bilden ligger på en främmande adress.")
        async with asyncio.timeout(self.seconds):
            return await self.service.fetch(address)


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc


def _media_type(data: bytes) -> str:
    found = (kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning))
    return next(found, "application/octet-stream")
