"""What all SMS services share: numbers, commands, cutting, and what an SMS is to the house.

A further service is one module of `bots.channels`: it proves who posts, and sends one SMS.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Annotated
from urllib.parse import parse_qsl

import httpx
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_possible_number,
    is_valid_number,
    number_type,
    parse,
)
from pydantic import AfterValidator

from bots.channel import (
    Capabilities,
    Form,
    LengthUnit,
    NotKeptError,
    PermanentFailure,
    Places,
    TemporaryFailure,
)
from bots.wire.commands import command_of
from bots.wire.kept import MEDIA_TYPE, Fetched, kept, listed
from bots.wire.texts import parted
from store.domain import Address, Automatic, Command, Delivered, Event, Inbound, Said, Source
from templates.sms import fitted, segments

ROAD = "sms"
MOST_SEGMENTS = 6  # of one letter, before it goes as several that are numbered
_PLACES = {"GSM-7": 153, "UCS-2": 67}  # in each of several that are joined
_UNITS = {"GSM-7": LengthUnit.CHARACTERS, "UCS-2": LengthUnit.UTF16}
_WRITTEN = re.compile(r"\+?[\d\s().\-/]{3,25}")
_MOST_FIELDS = 200
# Nobody reads an SMS there.
_NO_SMS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)
# Besides the words of every road: nobody writes a stroke before a command in an SMS.
_WORDS: Mapping[str, Command] = MappingProxyType(
    {
        "stopall": Command.STOP,
        "lopeta": Command.STOP,
        "unstop": Command.RESUME,
        "hjalp": Command.HELP,
        "info": Command.HELP,
        "ohje": Command.HELP,
        "tila": Command.STATUS,
        "anonym": Command.ANONYMOUS,
        "ny": Command.NEW_MATTER,
    }
)
_PLACE = "filled"
_OVERLAP = timedelta(hours=1)
_ACCEPTED_SKEW = timedelta(minutes=1)


def number_of(written: str, region: str = "SE") -> str:
    """Return a number as E.164; an empty text for a name, a short code, or what no number can be."""
    if not _WRITTEN.fullmatch(written):
        return ""
    try:
        number = parse(written, region)
    except NumberParseException:
        return ""
    # A plan of numbers may be younger than ours, but without a plus it may as well be a short code.
    believed = is_possible_number if written.lstrip().startswith("+") else is_valid_number
    return format_number(number, PhoneNumberFormat.E164) if believed(number) else ""


def answerable(written: str) -> str:
    """Return where an answer by SMS can go, as E.164; empty for names, short codes and landlines."""
    found = number_of(written)
    return found if found and number_type(parse(found)) not in _NO_SMS else ""


def _is_own_number(value: str) -> str:
    if number_of(value) != value:
        raise ValueError("ska vara ett nummer med landskod och utan mellanrum, till exempel +46701740699")
    return value


OwnNumber = Annotated[str, AfterValidator(_is_own_number)]


def asked_for(text: str) -> Command | None:
    """Return what a sender asks of the assistant, if that is all they write."""
    said = text.strip(" \t\r\n.!?\"'”")
    return command_of(said) or _WORDS.get(said.lower())


def cut(body: str) -> list[str]:
    """Return a letter as SMS of at most `MOST_SEGMENTS` segments each, numbered if they are more than one.

    Dashes and quotation marks are written plainly where that alone makes the letter cheaper.
    """
    text = body.strip()
    plain = fitted(text, most=len(text))
    text = plain if segments(plain)[0] == "GSM-7" else text
    alphabet, count = segments(text)
    if count <= MOST_SEGMENTS:
        return [text]
    room = MOST_SEGMENTS * _PLACES[alphabet]
    parts = parted(text, room, _UNITS[alphabet])
    # Some characters take two places, and are not cut in two.
    while any(segments(part)[1] > MOST_SEGMENTS for part in parts):
        room -= 16
        parts = parted(text, room, _UNITS[alphabet])
    return parts


def capabilities(*, sends: bool, abroad: str = "") -> Capabilities:
    """Return what an SMS service can do. `max_length` is in Swedish letters: others have room for 402."""
    return Capabilities(
        sends=sends,
        reports_delivery=sends,
        max_length=MOST_SEGMENTS * _PLACES["GSM-7"],
        form=Form.SMS,
        abroad=abroad,
    )


async def send_cut(body: str, send: Callable[[str], Awaitable[str]], *, patience: float = 60.0) -> str:
    """Send a letter by `send`, SMS by SMS, and return the service's id of the last.

    The first one's failure is raised as it is. A later one is tried again for `patience` seconds, then the
    letter is in doubt: its reader has a part of it.
    """
    taken, spent = "", 0.0
    for part in cut(body):
        while True:
            try:
                taken = await send(part)
                break
            except (TemporaryFailure, PermanentFailure) as failure:
                if not taken:
                    raise
                wait = _wait_after(failure)
                spent += max(wait, 1.0)
                if wait < 0 or spent > patience:
                    raise TemporaryFailure(
                        f"En del av brevet gick iväg: {failure}", in_doubt=True
                    ) from failure
            await asyncio.sleep(wait)
    return taken


def _wait_after(failure: TemporaryFailure | PermanentFailure) -> float:
    """Return how long to wait before the same again, in seconds; less than nothing for never."""
    if isinstance(failure, PermanentFailure) or failure.in_doubt:
        return -1.0
    return 5.0 if failure.again_after is None else failure.again_after.total_seconds()


def fields_of(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a posted form, in order; none at all of what is no form. Never raises."""
    try:
        return parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return []


def first_of(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first value of each field, in order."""
    found: dict[str, str] = {}
    for name, value in fields:
        found.setdefault(name, value)
    return found


def time_of(told: str) -> datetime | None:
    """Return a time as services write it (ISO 8601, or RFC 5322), UTC where it has no zone; None for none."""
    try:
        time = datetime.fromisoformat(told)
    except ValueError:
        try:
            time = parsedate_to_datetime(told)
        except (ValueError, OverflowError):  # a year can be longer than any number of a processor
            return None
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        return None


def skew(name: str, answer: httpx.Response, now: datetime) -> list[str]:
    """Return a line for the operator if our clock and a service's differ (RFC 9110, 6.6.1)."""
    theirs = time_of(answer.headers.get("date", ""))
    if theirs is None or abs(theirs - now) <= _ACCEPTED_SKEW:
        return []
    seconds = round((now - theirs).total_seconds())
    return [f"{name}: klockan här går {seconds} s fel mot tjänstens. Låt den ställas av NTP."]


@dataclass(frozen=True, kw_only=True)
class Sms:
    """One SMS as its service tells of it. `sender` and `to` are as written there.

    `part_of` is the same for the parts of one SMS where a service delivers them apart: the desk joins them.
    """

    id: str
    sender: str
    to: str
    text: str
    at: datetime | None = None  # when the service got it
    command: Command | None = None  # that the service has found itself
    part_of: str = ""
    files: tuple[Fetched, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A number of ours at one service: makes what is heard there into what the house keeps."""

    channel: str  # the name of its table
    number: str
    clock: Callable[[], datetime]

    def heard(self, sms: Sms, payload: bytes) -> Inbound:
        """Return an SMS. Who cannot be answered by SMS is no sender, but is told of by name."""
        handle = answerable(sms.sender)
        shown = "" if handle else sms.sender.strip() or "dolt nummer"
        said = Said(
            conversation=f"{ROAD}:{handle or shown}",
            group=sms.part_of and f"{handle or shown}:{sms.part_of}",
            automatic=Automatic.OWN_LOOP if handle == self.number else None,
            command=sms.command or asked_for(sms.text),
            source=Source.SMS,
            lacks=sms.lacks,
        )
        return Inbound(
            channel=self.channel,
            account=number_of(sms.to) or self.number,
            received_at=self._when(sms.at),
            raw=kept(payload, sms.files),
            media_type=MEDIA_TYPE,
            external_id=sms.id,
            sender=Address(channel=ROAD, handle=handle) if handle else None,
            sender_name=shown,
            text=sms.text,
            files=listed(sms.files),
            said=said,
        )

    def report(
        self,
        letter: str,
        status: str,
        payload: bytes,
        *,
        how: Delivered | None,
        to: str = "",
        because: str = "",
        at: datetime | None = None,
    ) -> Inbound:
        """Return what became of a letter; without `how` it is on its way still, and nothing is said of it."""
        said = Said(
            conversation=f"{ROAD}:{number_of(to) or self.number}",
            event=Event.OTHER if how is None else Event.DELIVERY,
            version=status,
            about=letter,
            delivered=how,
            because=because if how is Delivered.FAILED else "",
            source=Source.SMS,
        )
        return self._aside(letter, said, payload, at)

    def odd(self, payload: bytes) -> Inbound:
        """Return what nobody has heard of. The same bytes are the same."""
        said = Said(conversation=f"{ROAD}:{self.number}", event=Event.OTHER, source=Source.SMS)
        return self._aside(hashlib.sha256(payload).hexdigest()[:40], said, payload, None)

    def _aside(self, external_id: str, said: Said, payload: bytes, at: datetime | None) -> Inbound:
        return Inbound(
            channel=self.channel,
            account=self.number,
            received_at=self._when(at),
            raw=kept(payload),
            media_type=MEDIA_TYPE,
            external_id=external_id,
            said=said,
        )

    def _when(self, told: datetime | None) -> datetime:
        now = self.clock()
        return told if told is not None and told <= now else now


async def fill_gaps(
    line: Line, places: Places, look: Callable[[datetime], Awaitable[None]], *, pause: float
) -> None:
    """Let `look` hand on again what came since a time, at once and then every `pause` seconds, for ever.

    What was kept before is found again by its id, so that no harm is done. How far was looked is kept:
    a time in which we were away is looked through when we are back. On the first day it begins an hour ago.
    """
    account = f"{line.channel}:{line.number}"
    while True:
        now = line.clock()
        told = await asyncio.to_thread(places.place, account, _PLACE)
        try:
            await look((time_of(told) or now) - _OVERLAP)
        except NotKeptError:
            await asyncio.sleep(min(pause, 60.0))
            continue
        await asyncio.to_thread(places.keep_place, account, _PLACE, now.isoformat())
        await asyncio.sleep(pause)
