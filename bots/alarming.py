"""Tells the operator when something needs them, by mail and by webhook: when it begins, and when it is over.

What is well and what is not, for the page Driftläge, is judged in `bots.web.condition`; here stands only what
somebody is to be woken for, by the bars of `[alarms]`. One process of the house looks, where the watch is.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bots.channel import ChannelFailure
from bots.desk.finish import finish
from bots.desk.trouble import reason_of
from bots.mail.identity import Identity
from bots.web.running import Running
from bots.wire.http import Service
from store import gauges, health, outbox
from store.deadlines import day_of
from store.domain import Address, Outgoing, Purpose
from store.engine import Joined, Store, StoreError, Transaction
from store.gauges import Gauges
from store.positions import Positions
from templates import Rendered, render

log = logging.getLogger(__name__)

_PLACE = ("drift", "larm")  # where what stands is kept, and what has yet to be posted
_CALM = timedelta(minutes=5)  # so long must all be well before it is told to be over
_AWAY = timedelta(minutes=1)  # so long may the database be out of reach
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)
_GIVEN_UP_AFTER = timedelta(hours=48)
_WATCH_IS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """How bad something may be before the operator is told."""

    unacknowledged: timedelta = timedelta(minutes=10)
    unsent: timedelta = timedelta(minutes=60)
    down: timedelta = timedelta(minutes=15)
    silent: timedelta = timedelta(hours=72)
    silent_channels: tuple[str, ...] = ()
    disk_free: int = 500 * 2**20  # bytes
    certificate: timedelta = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that somebody must see to. `about` is a channel, or nothing."""

    name: str
    about: str = ""

    @property
    def key(self) -> str:
        """Return what tells it from others that stand at the same time."""
        return f"{self.name}/{self.about}"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where alarms are posted, and what they are signed with.

    Signed as the specification Standard Webhooks says (version 1, HMAC-SHA256): a `secret` that begins with
    `whsec_` is base64, any other is taken as it is.
    """

    url: str
    secret: str = field(repr=False)

    def headers(self, post_id: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers that prove that a body is ours, and when it was sent."""
        sent_at = str(int(now.timestamp()))
        signed = f"{post_id}.{sent_at}.".encode() + body
        digest = hmac.new(self._key(), signed, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "webhook-id": post_id,
            "webhook-timestamp": sent_at,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    def _key(self) -> bytes:
        if self.secret.startswith("whsec_"):
            try:
                return base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)
            except binascii.Error:
                pass
        return self.secret.encode()


def troubles(
    found: Gauges, running: Running, room: tuple[int, int] | None, bars: Bars, *, now: datetime
) -> Iterator[Trouble]:
    """List what the operator must see to."""
    if _is_old(found.unacknowledged_since, bars.unacknowledged, now):
        yield Trouble(name="unacknowledged")
    if _is_old(found.unsent_since, bars.unsent, now):
        yield Trouble(name="unsent")
    for channel in bars.silent_channels:
        # Where nothing ever came at all, the channel is as old as the service that runs.
        if _is_old(found.silent_since(channel) or running.started_at, bars.silent, now):
            yield Trouble(name="silent", about=channel)
    down = [
        way.channel
        for way in running.ways
        if way.outage is not None and way.outage.ended is None and _is_old(way.outage.began, bars.down, now)
    ]
    yield from (Trouble(name="down", about=channel) for channel in dict.fromkeys(down))
    if room is not None and room[0] < bars.disk_free:
        yield Trouble(name="disk")
    if running.certificate_ends is not None and running.certificate_ends - now < bars.certificate:
        yield Trouble(name="certificate")
    if _is_old(running.watched_at or running.started_at, _WATCH_IS_LATE, now):
        yield Trouble(name="watch")


def _is_old(since: datetime | None, bar: timedelta, now: datetime) -> bool:
    return since is not None and now - since > bar


State = dict[str, Any]  # "standing": by key; "posts": what has yet to be posted


@dataclass(kw_only=True)
class Alarming:
    """Looks again and again. What stands is kept in the transaction that writes the letters."""

    store: Store
    clock: Callable[[], datetime]
    bars: Bars
    look: Callable[[], Running]
    identity: Identity
    service_name: str
    link: str  # to the page Driftläge
    to: Sequence[str] = ()
    webhook: Webhook | None = None
    told: Callable[[], None] = lambda: None  # called in the event loop when letters have been written
    seconds: float = 30.0
    _away_since: datetime | None = None
    _away_told: bool = False
    _unkept: list[State] = field(default_factory=list)  # posts about the database itself
    _service: Service = field(default_factory=lambda: Service(name="larm", base_url="", timeout=10.0))

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                try:
                    if await finish(asyncio.to_thread(self.once)):
                        self.told()
                    await self.post()
                except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                    log.error("alarms not looked at: because=%s", reason_of(error))
                await asyncio.sleep(self.seconds)
        finally:
            await self._service.close()

    def once(self) -> int:
        """Tell what has begun and what is over, and return how much that was. Blocking."""
        now = self.clock()
        try:
            with self.store.read() as transaction:
                found = gauges.count(transaction, today=day_of(now))
            steps = self._settle(found, now)
        except StoreError:
            self._note_away(now)
            return 0
        self._note_back(now)
        return steps

    async def post(self) -> None:
        """Post what is due. What is not taken is tried again, ever more seldom, for two days."""
        if self.webhook is None:
            return
        now = self.clock()
        self._unkept = [one for one in self._unkept if not await self._is_done(one, now)]
        try:
            state = await asyncio.to_thread(self._state)
            due = [one for one in state["posts"] if datetime.fromisoformat(one["next_at"]) <= now]
            if due:
                done = {one["id"] for one in due if await self._is_done(one, now)}
                tried = {one["id"]: one for one in due}
                await asyncio.to_thread(self._keep_tried, tried, done)
        except StoreError as error:
            log.warning("alarms not posted: because=%s", error)

    def _settle(self, found: Gauges, now: datetime) -> int:
        here = {
            one.key: one for one in troubles(found, self.look(), health.room(self.store), self.bars, now=now)
        }
        state = self._state()
        if not self._is_news(state, here):
            return 0
        steps = 0
        with self.store.write() as transaction:
            # Read once more: another process may have looked in between.
            joined = self._joined(transaction)
            state = _read(joined)
            standing = state["standing"]
            for key, one in here.items():
                if key in standing:
                    standing[key]["well_since"] = None
                    continue
                standing[key] = {"name": one.name, "about": one.about, "began_at": now.isoformat()}
                standing[key]["well_since"] = None
                self._tell(transaction, state, standing[key], now)
                steps += 1
            for key in [key for key in standing if key not in here]:
                well_since = standing[key]["well_since"]
                if well_since is None:
                    standing[key]["well_since"] = now.isoformat()
                elif now - datetime.fromisoformat(well_since) >= _CALM:
                    over_at = datetime.fromisoformat(well_since)
                    self._tell(transaction, state, standing.pop(key), now, over_at=over_at)
                    steps += 1
            Positions(joined).keep_place(*_PLACE, json.dumps(state))
        return steps

    def _is_news(self, state: State, here: dict[str, Trouble]) -> bool:
        standing = state["standing"]
        return here.keys() != standing.keys() or any(one["well_since"] for one in standing.values())

    def _tell(
        self,
        transaction: Transaction,
        state: State,
        alarm: State,
        now: datetime,
        *,
        over_at: datetime | None = None,
    ) -> None:
        event = "over" if over_at else "began"
        log.warning("alarm: name=%s about=%s event=%s", alarm["name"], alarm["about"] or "-", event)
        written = self._written(alarm, over_at)
        for address in self.to:
            reader = hashlib.sha256(address.casefold().encode()).hexdigest()[:12]
            letter = Outgoing(
                key=f"drift:{alarm['name']}:{alarm['about']}:{alarm['began_at']}:{event}:{reader}",
                purpose=Purpose.ALARM,
                recipient=Address(channel="email", handle=address),
                subject=written.subject,
                body=written.body,
                language=written.language,
                external_id=self.identity.message_id(None),
            )
            outbox.put(transaction, letter, now=now)
        if self.webhook is not None:
            state["posts"].append(self._post_of(alarm, now, event=event, text=written.subject))

    def _written(self, alarm: State, over_at: datetime | None) -> Rendered:
        return render(
            "operator_alarm",
            language="sv",
            service_name=self.service_name,
            alarm=alarm["name"],
            about=alarm["about"],
            since=datetime.fromisoformat(alarm["began_at"]),
            over_at=over_at,
            link=self.link,
        )

    def _post_of(self, alarm: State, now: datetime, *, event: str, text: str) -> State:
        body = {
            "type": f"synpunkt.alarm.{event}",
            "timestamp": now.isoformat(),
            "data": {
                "alarm": alarm["name"],
                "about": alarm["about"],
                "began_at": alarm["began_at"],
                "text": text,
                "link": self.link,
            },
        }
        named = f"{alarm['name']}/{alarm['about']}/{alarm['began_at']}/{event}"
        return {
            "id": f"msg_{hashlib.sha256(named.encode()).hexdigest()[:24]}",
            "body": body,
            "made_at": now.isoformat(),
            "next_at": now.isoformat(),
            "attempts": 0,
        }

    async def _is_done(self, post: State, now: datetime) -> bool:
        """Post something that is due; True when it was taken, or is given up."""
        if self.webhook is None or datetime.fromisoformat(post["next_at"]) > now:
            return False
        body = json.dumps(post["body"], ensure_ascii=False).encode()
        try:
            headers = self.webhook.headers(post["id"], body, now)
            answer = await self._service.ask("POST", self.webhook.url, content=body, headers=headers)
            if answer.is_success:
                return True
            because = f"svarade {answer.status_code}"
        except ChannelFailure as failure:
            because = str(failure)
        if now - datetime.fromisoformat(post["made_at"]) > _GIVEN_UP_AFTER:
            log.error("alarm never posted: id=%s because=%s", post["id"], because)
            return True
        if not post["attempts"]:
            log.warning("alarm not posted, tried again: id=%s because=%s", post["id"], because)
        wait = min(_FIRST_WAIT * int(2 ** min(post["attempts"], 10)), _LONGEST_WAIT)
        post["attempts"] += 1
        post["next_at"] = (now + wait).isoformat()
        return False

    def _keep_tried(self, tried: dict[str, State], done: set[str]) -> None:
        with self.store.write() as transaction:
            joined = self._joined(transaction)
            state = _read(joined)
            state["posts"] = [tried.get(one["id"], one) for one in state["posts"] if one["id"] not in done]
            Positions(joined).keep_place(*_PLACE, json.dumps(state))

    def _note_away(self, now: datetime) -> None:
        """Tell by webhook alone that the database does not answer: nothing else can be kept, or sent."""
        self._away_since = self._away_since or now
        if self._away_told or now - self._away_since < _AWAY:
            return
        self._away_told = True
        self._post_about_database(now, over=False)

    def _note_back(self, now: datetime) -> None:
        if self._away_told:
            self._post_about_database(now, over=True)
        self._away_since, self._away_told = None, False

    def _post_about_database(self, now: datetime, *, over: bool) -> None:
        began_at = (self._away_since or now).isoformat()
        alarm: State = {"name": "database", "about": "", "began_at": began_at}
        event = "over" if over else "began"
        log.warning("alarm: name=database about=- event=%s", event)
        written = self._written(alarm, now if over else None)
        self._unkept.append(self._post_of(alarm, now, event=event, text=written.subject))

    def _state(self) -> State:
        return _read(self.store)

    def _joined(self, transaction: Transaction) -> Store:
        return Joined(self.store.engine, transaction=transaction)


def _read(store: Store) -> State:
    known = Positions(store).place(*_PLACE)
    state: State = json.loads(known) if known else {"standing": {}, "posts": []}
    return state
