"""Matrix: rooms of two, one of them a citizen, on a homeserver of anybody's. Nothing encrypted is read.

Where we are in the server's stream is kept only when everything before it is.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from bots.channel import (
    Capabilities,
    Channel,
    Form,
    Given,
    LengthUnit,
    NotKeptError,
    PermanentFailure,
    Receive,
    TemporaryFailure,
)
from bots.channels.matrix_api import MOST_BYTES, Api
from bots.channels.matrix_reading import ROAD, Read, Room, read
from bots.table import Secret, Table, WebAddress, is_guarded
from bots.wire.texts import parted
from bots.wire.tries import Tries
from store.domain import Outgoing

log = logging.getLogger(__name__)

_LENGTH = 30_000  # an event may be 64 KiB, with all that is around the words
_PLACE = "sync"
_MOST_PAGES = 100
_MOST_ROOMS = 1000  # of which we remember who is in them
_USER = re.compile(r"@[a-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]+")
_SKEW = timedelta(minutes=2)
_GROUP = "Vi skriver bara med en person i taget. Bjud in oss till ett eget rum."
_ABROAD = "de som sköter Matrixservern där kontot finns, och de som sköter den server du själv använder"

Json = Mapping[str, Any]


class Settings(Table):
    """`[channels.matrix]`."""

    homeserver: WebAddress
    user_id: Annotated[str, Field(max_length=255)]  # "@tycktill:lillkommun.example"
    access_token: Secret | None = None
    password: Secret | None = None  # in its place
    device: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")] = "SYNPUNKT"
    poll_seconds: Annotated[float, Field(ge=0, le=120)] = 30.0
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20.0


@dataclass(kw_only=True)
class Matrix:
    """One account. A place to answer to is a room."""

    api: Api
    given: Given
    poll_seconds: float = 30.0
    pause: float = 5.0  # seconds, before what could not be kept is asked for again
    breath: float = 0.1  # seconds, when a server answers at once that nothing is new
    name: str = ROAD
    capabilities: Capabilities = field(
        default=Capabilities(
            idempotent_send=True,
            max_length=_LENGTH,
            length_unit=LengthUnit.BYTES,
            form=Form.CHAT,
            reports_edits=True,
            reports_deletes=True,
            abroad=_ABROAD,
        )
    )
    _names: dict[str, dict[str, str]] = field(default_factory=dict)  # who is in a room
    _tries: Tries = field(default_factory=Tries)  # of files, and of rooms

    async def check(self) -> list[str]:
        """Prove account and login; tell what is never read, and whether the clocks agree."""
        me = await self.api.me()
        if me.user_id != self.api.user_id:
            raise PermanentFailure(
                "Matrix: nyckeln hör till ett annat konto än det som står i channels.matrix.user_id."
            )
        lines = [
            f"{self.name}: {me.user_id} svarar",
            f"{self.name}: krypterade rum läses inte; inbjudningar till dem avböjs (docs/channels.md)",
        ]
        if me.date is not None and abs(me.date - self.given.clock()) > _SKEW:
            lines.append(f"{self.name}: serverns klocka och vår skiljer sig mer än två minuter")
        return lines

    async def listen(self, receive: Receive) -> None:
        """Follow the server's stream; raise a `ChannelFailure` when it can not be followed."""
        places = self.given.places
        since = await asyncio.to_thread(places.place, self.api.user_id, _PLACE)
        while True:
            told = await self.api.sync(since, seconds=self.poll_seconds)
            reached = told.get("next_batch")
            if not isinstance(reached, str) or not reached:
                raise TemporaryFailure("Matrix: serverns svar gick inte att läsa.")
            try:
                await self._hear(told, since, receive)
            except NotKeptError:
                await asyncio.sleep(self.pause)
                continue
            if reached == since:
                await asyncio.sleep(self.breath)
                continue
            # Moved up, this loses what could not be kept.
            await asyncio.to_thread(places.keep_place, self.api.user_id, _PLACE, reached)
            since = reached

    async def send(self, letter: Outgoing) -> str:
        """Write as plain text, in several events if it is long; return the id of the last.

        All that was sent before is known by the server from its transaction, so nothing is ever in doubt.
        """
        room = letter.recipient.handle
        if not room.startswith("!"):
            raise PermanentFailure("Adressen är inget rum i Matrix.")
        self._mind(await self.api.members(room))
        key, event = hashlib.sha256(letter.key.encode()).hexdigest(), ""
        for number, part in enumerate(parted(letter.body, _LENGTH, LengthUnit.BYTES), 1):
            content: dict[str, Any] = {"msgtype": "m.text", "body": part, "m.mentions": {}}
            if number == 1 and letter.in_reply_to.startswith("$"):
                content["m.relates_to"] = {"m.in_reply_to": {"event_id": letter.in_reply_to}}
            event = await self.api.put(room, content, f"{key}.{number}")
        return event

    async def close(self) -> None:
        """Let go of the connections."""
        await self.api.close()

    def _mind(self, members: Mapping[str, str]) -> None:
        """Raise `PermanentFailure` unless exactly one person would read what we write."""
        others = [one for one in members if one != self.api.user_id]
        if not others:
            raise PermanentFailure("Mottagaren har lämnat rummet i Matrix.")
        if len(others) > 1:
            raise PermanentFailure("Fler än mottagaren är i rummet i Matrix, så brevet skickades inte dit.")

    async def _hear(self, told: Json, since: str, receive: Receive) -> None:
        """Keep all that an answer holds, room by room; raise `NotKeptError` if something can not be."""
        rooms = _object(told, "rooms")
        for room_id, invited in _object(rooms, "invite").items():
            await self._be_invited(room_id, _events(_object(invited, "invite_state")))
        for room_id, joined in _object(rooms, "join").items():
            await self._hear_room(room_id, joined, since, receive, is_in=True)
        for room_id, left in _object(rooms, "leave").items():
            await self._hear_room(room_id, left, since, receive, is_in=False)

    async def _be_invited(self, room_id: str, events: Iterable[Json]) -> None:
        """Join a room that may be a talk of two; say no to one that is encrypted, or holds rooms."""
        kinds = {event.get("type"): event.get("content") for event in events}
        made = kinds.get("m.room.create")
        try:
            if "m.room.encryption" in kinds:
                await self.api.leave(room_id, self._not_encrypted())
                log.info("matrix invitation to an encrypted room declined")
            elif isinstance(made, dict) and made.get("type") == "m.space":
                await self.api.leave(room_id, _GROUP)
            else:
                await self.api.join(room_id)
        except PermanentFailure as failure:
            log.warning("matrix invitation came to nothing: because=%s", failure)
        except TemporaryFailure as failure:
            # It may come from a server that never answers, and the others must not wait for that.
            if self._tries.is_worth_another(room_id):
                raise NotKeptError(str(failure)) from failure
            log.warning("matrix invitation came to nothing, after three tries: because=%s", failure)
        self._tries.forget(room_id)

    async def _hear_room(
        self, room_id: str, told: Json, since: str, receive: Receive, *, is_in: bool
    ) -> None:
        timeline = _object(told, "timeline")
        events, state = _events(timeline), _events(_object(told, "state"))
        if any(event.get("type") == "m.room.member" for event in (*events, *state)):
            self._names.pop(room_id, None)
        if not events:
            return
        if since and timeline.get("limited"):
            until = "" if self._is_new(*events, *state) else since
            missed = await self._missed(room_id, timeline.get("prev_batch"), until)
            # Of a room that is new to us, a page may hold again what the answer held.
            known = [event.get("event_id") for event in events]
            events = [*(event for event in missed if event.get("event_id") not in known), *events]
        room = Room(id=room_id, names=await self._in(room_id) if is_in else {})
        if len(room.names) > 2:
            room = Room(id=room_id, names=room.names, is_group=True)
        for event in events:
            found = read(event, room, account=self.api.user_id, now=self.given.clock())
            if found is not None:
                await self._keep(found, receive)
        if room.is_group:
            await self.api.leave(room_id, _GROUP)
            log.info("matrix room left: more than two were in it")

    def _is_new(self, *events: Json) -> bool:
        """Tell whether we have just come to a room, so that all that stands there is new to us."""
        return any(
            event.get("type") == "m.room.member" and event.get("state_key") == self.api.user_id
            for event in events
        )

    async def _missed(self, room_id: str, place: object, until: str) -> list[Json]:
        """Fetch what an answer had no room for, oldest first."""
        pages: list[Any] = []
        for _ in range(_MOST_PAGES):
            if not isinstance(place, str) or not place:
                break
            page, place = await self.api.before(room_id, place, until)
            pages += page
        else:
            log.warning("matrix room has more than we fetch: events=%d", len(pages))
        return [event for event in reversed(pages) if isinstance(event, dict)]

    async def _in(self, room_id: str) -> dict[str, str]:
        """Return who is in a room; nobody, if we no longer are."""
        if room_id not in self._names:
            try:
                found = await self.api.members(room_id)
            except PermanentFailure:
                return {}
            self._names[room_id] = found
            while len(self._names) > _MOST_ROOMS:
                del self._names[next(iter(self._names))]
        return self._names[room_id]

    async def _keep(self, found: Read, receive: Receive) -> None:
        data, lacks = await self._fetch(found)
        await receive(found.with_file(data, lacks))
        if found.is_encrypted:
            log.warning("matrix message encrypted: it can not be read, and is kept as it came")

    async def _fetch(self, found: Read) -> tuple[bytes | None, str]:
        """Return a message's file, or words for the handler that it is lacking."""
        file, name = found.file, found.inbound.external_id
        if file is None:
            return None, ""
        if file.size > MOST_BYTES:
            return None, f"Filen {file.name} är större än 20 MB och hämtades inte."
        try:
            data = await self.api.fetch(file.address)
        except TemporaryFailure as failure:
            if self._tries.is_worth_another(name):
                raise NotKeptError(str(failure)) from failure
            data = None
        except PermanentFailure:
            data = None
        self._tries.forget(name)
        if data is None:
            return None, f"Filen {file.name} gick inte att hämta från Matrix. Be avsändaren skicka den igen."
        return data, ""

    def _not_encrypted(self) -> str:
        form = f" eller i formuläret på {self.given.public_url}" if self.given.public_url else ""
        return f"Vi kan inte läsa krypterade rum. Skriv i ett rum utan kryptering{form}."


def build(settings: Settings, given: Given) -> Channel:
    """Build the channel; raise `ValueError` in words for the operator when its table makes no sense."""
    if not _USER.fullmatch(settings.user_id):
        raise ValueError("user_id ska vara kontots hela namn, till exempel @tycktill:lillkommun.example")
    if not is_guarded(settings.homeserver):
        raise ValueError("homeserver ska börja med https://, för nyckeln följer med varje fråga")
    if (settings.access_token is None) == (settings.password is None):
        raise ValueError("ange antingen access_token eller password, inte båda")
    token = given.secret(settings.access_token).strip() if settings.access_token else ""
    password = given.secret(settings.password) if settings.password else ""
    if not (token or password) or not token.isascii() or not token.isprintable():
        raise ValueError("access_token eller password är tom eller trasig")
    return Matrix(
        api=Api(
            url=settings.homeserver,
            user_id=settings.user_id,
            device=settings.device,
            token=token,
            password=password,
            timeout=settings.timeout_seconds,
        ),
        given=given,
        poll_seconds=settings.poll_seconds,
    )


def _object(told: object, name: str) -> Json:
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _events(told: Json) -> list[Json]:
    found = told.get("events")
    return [event for event in found if isinstance(event, dict)] if isinstance(found, list) else []
