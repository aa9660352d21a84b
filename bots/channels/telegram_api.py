"""Asks Telegram's Bot API by python-telegram-bot, in which every fault becomes one of ours. No token is told.

Neither its `Updater` nor its `Application` is used: they confirm what nobody has kept yet.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bots.channel import ChannelFailure, PermanentFailure, TemporaryFailure

# They log addresses, which hold the token, and python-telegram-bot what people write besides.
logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
# Its waits are lengths of time, as they will be in its next release; without this it warns of each.
os.environ.setdefault("PTB_TIMEDELTA", "1")

MOST_BYTES = 20 * 2**20  # getFile gives nothing larger
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")

_FETCH_SECONDS = 10.0
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REFUSALS = {
    "blocked by the user": "Mottagaren har blockerat tjänsten i Telegram.",
    "user is deactivated": "Mottagarens konto finns inte längre i Telegram.",
    "can't initiate conversation": "Mottagaren har inte börjat någon chatt med tjänsten i Telegram.",
    "chat not found": "Chatten finns inte i Telegram.",
    "message is too long": "Brevet är för långt för Telegram.",
}
_REFUSED = "Telegram godtar inte brevet."


class Api:
    """One bot at one server of Telegram's interface."""

    def __init__(self, token: str, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._request = HTTPXRequest(
            connection_pool_size=16,
            connect_timeout=10,
            read_timeout=20,
            write_timeout=20,
            pool_timeout=5,
            httpx_kwargs={"trust_env": False, "transport": transport},
        )
        self.bot = Bot(
            token,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def updates(self, offset: int | None, *, seconds: float) -> list[dict[str, Any]]:
        """Return what Telegram has for us, as it tells it, and wait so many seconds for the first.

        Everything before `offset` is confirmed by this, and gone there. What came as no object with a number
        is left out: there is nothing to confirm it by.
        """
        # Telegram takes a method's name in any case. By its own `get_updates` the library reads all at
        # once, and a single update that it does not understand would keep the others out.
        with faults(is_safe=True):
            told: Any = await self.bot.do_api_request(
                "getupdates",
                api_kwargs={
                    "offset": offset,
                    "timeout": f"{seconds:g}",
                    "limit": 100,
                    "allowed_updates": ALLOWED,
                },
                read_timeout=seconds + 15,
            )
        listed = told if isinstance(told, list) else []
        return [one for one in listed if isinstance(one, dict) and isinstance(one.get("update_id"), int)]

    async def fetch(self, file_id: str) -> bytes:
        """Fetch a file of at most `MOST_BYTES`, in ten seconds; raise a `ChannelFailure` without it."""
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                with faults(is_safe=True, refused="Filen går inte att hämta."):
                    file = await self.bot.get_file(file_id)
                    if (file.file_size or 0) > MOST_BYTES:
                        raise PermanentFailure("Filen är för stor.")
                    return bytes(await file.download_as_bytearray())
        except TimeoutError:
            raise TemporaryFailure("Telegram: filen kom inte i tid.") from None

    async def quietly(self, act: Any) -> bool:
        """Do what does no harm if it fails, and wait five seconds at most; False if it failed."""
        try:
            async with asyncio.timeout(5):
                await act
        except (TelegramError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Let go of the connections."""
        await self._request.shutdown()


@contextmanager
def faults(*, is_safe: bool = False, refused: str = _REFUSED) -> Iterator[None]:
    """Turn the library's errors into ours. `is_safe`: doing it twice does no harm, so nothing is in doubt."""
    try:
        yield
    except TelegramError as error:
        # The cause may hold the token, in an address.
        raise _failure(error, is_safe=is_safe, refused=refused) from None


def _failure(error: TelegramError, *, is_safe: bool, refused: str) -> ChannelFailure:
    if isinstance(error, InvalidToken):
        return TemporaryFailure(
            "Telegram godtar inte vår token. Hämta en ny hos @BotFather, lägg den i hemligheten som "
            "channels.telegram.token pekar på, och starta om."
        )
    if isinstance(error, RetryAfter):
        asked = error.retry_after
        wait = asked if isinstance(asked, timedelta) else timedelta(seconds=asked)
        return TemporaryFailure("Telegram: för många meddelanden på en gång.", again_after=wait)
    if isinstance(error, Conflict):
        return TemporaryFailure(_conflict(error.message))
    if isinstance(error, Forbidden | BadRequest | ChatMigrated):
        told = error.message.lower()
        return PermanentFailure(next((words for sign, words in _REFUSALS.items() if sign in told), refused))
    if isinstance(error.__cause__, _NOT_REACHED):
        return TemporaryFailure("Telegram: ingen kontakt. Kontrollera att api.telegram.org kan nås härifrån.")
    if "too many requests" in error.message.lower():
        return TemporaryFailure("Telegram: för många meddelanden på en gång.")
    # Time ran out, the connection broke, or the service itself failed: it may have been done.
    return TemporaryFailure("Telegram: avbrott eller fel hos tjänsten.", in_doubt=not is_safe)


def _conflict(told: str) -> str:
    if "webhook" in told.lower():
        return "Telegram: en webhook är inställd för boten, så meddelanden går inte att hämta. Starta om."
    return (
        "Telegram: två program hämtar meddelanden med samma token. Stoppa det andra, eller skaffa en ny "
        "token hos @BotFather om ingen vet vem det är."
    )
