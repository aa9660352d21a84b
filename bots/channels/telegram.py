"""Telegram: private chats with a bot, by our own long poll or by a webhook. Groups are left.

What Telegram tells of is confirmed only when it is kept: by the next question, or by the answer to its post.
"""

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field
from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    WebhookInfo,
)
from telegram.error import TelegramError

from bots.channel import (
    Capabilities,
    Channel,
    Form,
    Given,
    HookAnswer,
    HookRequest,
    LengthUnit,
    NotKeptError,
    PermanentFailure,
    Receive,
    TemporaryFailure,
)
from bots.channels.telegram_api import ALLOWED, MOST_BYTES, Api, faults
from bots.channels.telegram_reading import ROAD, Read, age_of, place_in, read
from bots.table import Secret, Table, WebAddress, is_guarded
from bots.wire.texts import parted
from bots.wire.tries import Tries
from store.domain import Outgoing

log = logging.getLogger(__name__)

_LENGTH = 4096
_TOKEN = re.compile(r"(\d{3,20}):[\w-]{20,100}")
_SECRET = re.compile(
    r"[A-Za-z0-9_-]{16,256}"
)  # the signs that setWebhook allows, and so many that nobody guesses
_LOST_AFTER = 23.0  # hours; after 24 Telegram throws away what nobody has fetched
_COMMANDS = (
    ("hjalp", "Vad du kan göra här"),
    ("status", "Hur det går med ditt ärende"),
    ("anonym", "Om att vara anonym"),
    ("ny", "Börja om med något nytt"),
    ("stopp", "Få inga fler meddelanden"),
)


class Settings(Table):
    """`[channels.telegram]`."""

    token: Secret
    mode: Literal["poll", "webhook"] = "poll"
    webhook_secret: Secret | None = None
    poll_seconds: Annotated[float, Field(gt=0, le=50)] = 25.0
    api_url: WebAddress = "https://api.telegram.org"


@dataclass(kw_only=True)
class Telegram:
    """A bot that asks Telegram for what is new. One process at a time may do so with one token."""

    api: Api
    account: str  # the bot's own number, which is not secret
    clock: Callable[[], datetime]
    service_name: str = "Synpunkter"
    poll_seconds: float = 25.0
    pause: float = 5.0  # seconds, before what could not be kept is asked for again
    patience: float = 60.0  # seconds, for the later parts of a letter
    name: str = ROAD
    capabilities: Capabilities = field(
        default=Capabilities(
            max_length=_LENGTH,
            length_unit=LengthUnit.UTF16,
            form=Form.CHAT,
            buttons=True,
            reports_edits=True,
            abroad="Telegram (utanför EU/EES)",
        )
    )
    _tries: Tries = field(default_factory=Tries)  # of files

    async def check(self) -> list[str]:
        """Prove the token; tell who we are there, how we hear and how much waits."""
        with faults(is_safe=True):
            me = await self.api.bot.get_me()
            info = await self.api.bot.get_webhook_info()
        lines = [f"{self.name}: @{me.username} svarar"]
        if me.can_join_groups:
            lines.append(f"{self.name}: stäng av grupper hos @BotFather (/setjoingroups); vi lämnar dem ändå")
        lines += self._hearing(info)
        if info.pending_update_count:
            lines.append(
                f"{self.name}: {info.pending_update_count} händelser väntar hos Telegram, som slänger dem "
                "efter 24 timmar"
            )
        return lines

    async def listen(self, receive: Receive) -> None:
        """Ask for what is new and keep it; raise `TemporaryFailure` when there is no contact."""
        with faults(is_safe=True):
            # With a webhook set, Telegram refuses to be asked. What waits there stays.
            await self.api.bot.delete_webhook(drop_pending_updates=False)
        await self._introduce()
        offset = None
        while True:
            updates = await self.api.updates(offset, seconds=self.poll_seconds)
            # With nothing left to confirm it is not said again: after a quiet week numbers begin anew.
            offset = offset if updates else None
            self._warn_of_age([age_of(one, self.clock()) for one in updates])
            for update in updates:
                try:
                    await self._hear(json.dumps(update).encode(), receive)
                except NotKeptError:
                    await asyncio.sleep(self.pause)
                    break
                # Moved up one line, this loses what could not be kept.
                offset = update["update_id"] + 1

    async def send(self, letter: Outgoing) -> str:
        """Send as plain text, in several messages if it is long; return our name for the last of them."""
        try:
            chat = int(letter.recipient.handle)
        except ValueError:
            raise PermanentFailure("Adressen är ingen chatt i Telegram.") from None
        parts = parted(letter.body, _LENGTH, LengthUnit.UTF16)
        reply, buttons = _reply_to(letter, chat), _keyboard(letter)
        number = await self._send(chat, parts[0], reply, buttons if len(parts) == 1 else None)
        until = asyncio.get_running_loop().time() + self.patience
        for place, part in enumerate(parts[1:], 2):
            keyboard = buttons if place == len(parts) else None
            number = await self._send_on(chat, part, keyboard, until=until)
        return f"{chat}:{number}"

    async def close(self) -> None:
        """Let go of the connections."""
        await self.api.close()

    async def _hear(self, payload: bytes, receive: Receive) -> None:
        """Keep one update, with its file; raise `NotKeptError` if it must be told again."""
        found = read(payload, account=self.account, now=self.clock())
        data, lacks = await self._fetch(found)
        await receive(found.with_file(payload, data, lacks))
        # From here on it is kept, and nothing may say otherwise.
        if found.pressed and not await self.api.quietly(self.api.bot.answer_callback_query(found.pressed)):
            log.info("telegram button not answered: it may have been pressed long ago")
        if found.leave is not None and await self.api.quietly(self.api.bot.leave_chat(found.leave)):
            log.info("telegram group left")

    async def _fetch(self, found: Read) -> tuple[bytes | None, str]:
        """Return a message's file, or words for the handler that it is lacking."""
        file, name = found.file, found.inbound.external_id
        if file is None:
            return None, ""
        if file.size > MOST_BYTES:
            return None, f"Filen {file.name} är större än 20 MB, och Telegram lämnar inte ut den."
        try:
            data = await self.api.fetch(file.file_id)
        except TemporaryFailure as failure:
            if self._tries.is_worth_another(name):
                raise NotKeptError(str(failure)) from failure
            data = None
        except PermanentFailure:
            data = None
        self._tries.forget(name)
        if data is None:
            return (
                None,
                f"Filen {file.name} gick inte att hämta från Telegram. Be avsändaren skicka den igen.",
            )
        return data, ""

    async def _send(
        self, chat: int, text: str, reply: ReplyParameters | None, keyboard: InlineKeyboardMarkup | None
    ) -> int:
        with faults():
            taken = await self.api.bot.send_message(
                chat,
                text,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=reply,
                reply_markup=keyboard,
            )
        return taken.message_id

    async def _send_on(
        self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None, *, until: float
    ) -> int:
        """Send a later part. The first is there already, so what fails leaves the letter in doubt."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await self._send(chat, text, None, keyboard)
            except TemporaryFailure as failure:
                wait = (failure.again_after or timedelta(seconds=1)).total_seconds()
                if failure.in_doubt or loop.time() + wait > until:
                    raise TemporaryFailure(
                        f"{failure} Bara början av brevet har säkert kommit fram.", in_doubt=True
                    ) from None
            await asyncio.sleep(wait)

    async def _introduce(self) -> None:
        """Set the menu and the words before a chat begins, where they differ; we hear without them too."""
        bot = self.api.bot
        commands = [BotCommand(command=command, description=words) for command, words in _COMMANDS]
        told = (
            f"Här lämnar du synpunkter till {self.service_name}: beröm, förslag eller klagomål. Skriv inget "
            "känsligt om dig själv eller andra. Vid fara för liv, ring 112. "
            "Det du skriver går genom Telegram, utanför EU/EES."
        )[:512]
        try:
            async with asyncio.timeout(30):
                if list(await bot.get_my_commands()) != commands:
                    await bot.set_my_commands(commands)
                if (await bot.get_my_description()).description != told:
                    await bot.set_my_description(told)
        except (TelegramError, TimeoutError) as error:
            log.warning("telegram menu not set: because=%s", type(error).__name__)

    def _hearing(self, info: WebhookInfo) -> list[str]:
        if info.url:
            return [f"{self.name}: en webhook är inställd; den tas bort när tjänsten startar"]
        return [f"{self.name}: hämtar själv (poll)"]

    def _warn_of_age(self, hours: list[float]) -> None:
        if late := [one for one in hours if one > _LOST_AFTER]:
            log.warning(
                "telegram messages nearly lost, older may be: count=%d hours=%d", len(late), max(late)
            )


@dataclass(kw_only=True)
class TelegramHook(Telegram):
    """A bot that Telegram posts to."""

    address: str  # of our entrance
    secret: str = field(repr=False)
    look_seconds: float = 300.0

    async def listen(self, receive: Receive) -> None:  # noqa: ARG002 - what is posted comes to `hook`
        """Set the webhook, and look now and then that Telegram reaches us; `TemporaryFailure` if not."""
        with faults(is_safe=True, refused="Telegram godtar inte webhookens adress. Se web.public_url."):
            await self.api.bot.set_webhook(
                self.address, secret_token=self.secret, allowed_updates=ALLOWED, drop_pending_updates=False
            )
        await self._introduce()
        while True:
            await asyncio.sleep(self.look_seconds)
            with faults(is_safe=True):
                info = await self.api.bot.get_webhook_info()
            if info.url != self.address:
                raise TemporaryFailure("Telegram: webhooken pekar inte längre på oss. Den ställs in igen.")
            self._judge(info)

    async def hook(self, request: HookRequest, receive: Receive) -> HookAnswer:
        """Keep what Telegram posts; 403 without the secret that we told it."""
        told = request.header("x-telegram-bot-api-secret-token").encode()
        if request.method != "POST" or not hmac.compare_digest(told, self.secret.encode()):
            return HookAnswer(status=403)
        await self._hear(request.body, receive)
        return HookAnswer(status=200)

    def _hearing(self, info: WebhookInfo) -> list[str]:
        if info.url != self.address:
            return [f"{self.name}: webhooken är inte inställd; det görs när tjänsten startar"]
        self._judge(info)
        return [f"{self.name}: Telegram postar till {self.address}"]

    def _judge(self, info: WebhookInfo) -> None:
        """Raise `TemporaryFailure` if something waits that Telegram has lately not got rid of."""
        failed_at = info.last_error_date
        if not info.pending_update_count or failed_at is None:
            return
        if self.clock() - failed_at < timedelta(seconds=2 * self.look_seconds):
            told = (info.last_error_message or "okänt fel").replace(self.secret, "…")[:200]
            raise TemporaryFailure(
                f"Telegram når inte {self.address}: {told}. {info.pending_update_count} händelser väntar där."
            )


def build(settings: Settings, given: Given) -> Channel:
    """Build the bot; raise `ValueError` for a token, a secret or an address that cannot be right."""
    token = given.secret(settings.token)
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise ValueError("token ser inte ut som en token från @BotFather (siffror, kolon, tecken)")
    if not is_guarded(settings.api_url):
        raise ValueError("api_url ska börja med https://, för token står i varje adress")
    api = Api(token, settings.api_url)
    if settings.mode == "poll":
        return Telegram(
            api=api,
            account=found[1],
            clock=given.clock,
            service_name=given.service_name,
            poll_seconds=settings.poll_seconds,
        )
    secret = given.secret(settings.webhook_secret) if settings.webhook_secret else ""
    if not _SECRET.fullmatch(secret):
        raise ValueError("mode webhook kräver webhook_secret: 16 till 256 tecken ur A-Z, a-z, 0-9, _ och -")
    if not given.public_url.startswith("https://"):
        raise ValueError("mode webhook kräver [web] med en public_url som börjar med https://")
    return TelegramHook(
        api=api,
        account=found[1],
        clock=given.clock,
        service_name=given.service_name,
        poll_seconds=settings.poll_seconds,
        address=f"{given.public_url}/hooks/{ROAD}",
        secret=secret,
    )


def _reply_to(letter: Outgoing, chat: int) -> ReplyParameters | None:
    try:
        there, number = place_in(letter.in_reply_to)
    except ValueError:
        return None  # it came by another road
    # Whoever wrote it may have removed it since.
    return ReplyParameters(message_id=number, allow_sending_without_reply=True) if there == chat else None


def _keyboard(letter: Outgoing) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(one.label, callback_data=one.value)] for one in letter.buttons]
    return InlineKeyboardMarkup(rows) if rows else None
