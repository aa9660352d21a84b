"""Builds each part from the settings, runs them together, and stops them in the right order."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import uvicorn

from bots import monitoring, running
from bots.alarming import Alarming
from bots.channel import (
    Capabilities,
    Channel,
    ChannelFailure,
    Hides,
    Hooked,
    Outage,
    TemporaryFailure,
    roads_of,
)
from bots.channel import Closing as Closes
from bots.channels.imap import Imap
from bots.channels.smtp import Smtp
from bots.channels.webchat import Webchat
from bots.clock import now
from bots.desk.acts import Acts
from bots.desk.again import Again
from bots.desk.by_link import ByLink
from bots.desk.candidates import Candidates
from bots.desk.cases import CaseWork
from bots.desk.closing import Closing
from bots.desk.delivery import Delivery
from bots.desk.directory import Directory
from bots.desk.disclosure.disclosing import Disclosing
from bots.desk.disclosure.rules import Grounds
from bots.desk.disposal import Disposal
from bots.desk.extract import Extract
from bots.desk.finish import finish
from bots.desk.house import House
from bots.desk.infected import Infected
from bots.desk.intake import Intake
from bots.desk.judge import Judge
from bots.desk.letters import Guard, Letters
from bots.desk.opinion import Opinion, Suggester
from bots.desk.reports.schedule import Schedule
from bots.desk.reports.signals import Signals
from bots.desk.room import Room
from bots.desk.scanning import Scanning
from bots.desk.trouble import place_of
from bots.desk.watch import Watch
from bots.mail.identity import Identity
from bots.mail.worker import Reader
from bots.meter import Meter, Several
from bots.metrics import Metrics
from bots.parts import (
    archive_of,
    build_classifiers,
    build_directory,
    build_doors,
    build_house,
    build_notices,
    build_open_data,
    build_others,
    build_provider,
    build_reader,
    build_relay,
    build_scanner,
    build_scanning,
    build_surroundings,
    language_of,
    model_history,
    open_store_of,
    refuse_lost_keys,
    retention_rules,
    session_limits,
)
from bots.settings import (
    Settings,
    SettingsError,
    secret,
    signing_secret,
)
from bots.together import Bell, Part, Together, reloaded, renewed
from bots.traces import Traces
from bots.web.app import build as build_pages
from bots.web.oidc import IdentityProvider
from bots.web.parts import MailboxMail, PublicFacts
from bots.web.people import Live
from bots.web.running import Running
from bots.web.uploads import file_of
from bots.wire.hosts import family_of
from classifier import passages
from store import cases, health, inbox, migrations, seals, search
from store.engine import Store, StoreError
from store.line import open_lines
from store.positions import Positions

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STANDS = 30.0  # seconds; longer than a service lets us wait for its no
_BREATH = 0.1  # in which others may write
_LOOKED = ("bevakning", "sedd")  # where processes tell each other when the clocks were looked at
_TELL_LOOKED = 30.0


@dataclass(kw_only=True)
class App:
    """The whole house. `doors` hear and show pages; the desk behind them works until they are closed."""

    store: Store
    intake: Intake
    judge: Judge
    delivery: Delivery
    watch: Watch
    doors: Sequence[Channel]
    roads: Mapping[str, Channel]
    reader: Reader
    opinion: Opinion
    pages: Any = None
    provider: IdentityProvider | None = None
    web_socket: socket.socket | None = None
    metrics: Metrics | None = None
    monitor: Any = None  # the pages for machines that watch us
    monitor_socket: socket.socket | None = None
    alarming: Alarming | None = None
    traces: Traces | None = None
    acts: Acts = field(kw_only=True)
    directory: Directory = field(kw_only=True)
    scanning: Scanning | None = None
    seal_seconds: float = 60.0
    parts: frozenset[Part] = frozenset(Part)  # what is done here, and not in another process
    together: Together | None = None  # None: this process is the whole house, and alone on its database
    house_rang: asyncio.Event = field(default_factory=asyncio.Event)  # people or units are others
    fallen: dict[int, Outage] = field(default_factory=dict)  # by the place of the door: the latest fall

    @property
    def channels(self) -> Collection[Channel]:
        """Return every channel once: one may both hear and send, and on several roads."""
        return {id(one): one for one in (*self.doors, *self.roads.values())}.values()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then close the doors first, and finish what came in through them."""
        if self.together is None:
            self._begin_alone()
        async with asyncio.TaskGroup() as beside:
            upkeep = [beside.create_task(one) for one in self._upkeep(stop)]
            await self._work(stop)
            # Not before the desk is done: what it has in hand is ours until then.
            for task in upkeep:
                task.cancel()
        for channel in self.channels:
            if isinstance(channel, Closes):
                await channel.close()
        if Part.WATCH in self.parts:
            await asyncio.to_thread(self._seal_once)
        self.close()

    def _begin_alone(self) -> None:
        try:
            with self.store.write() as transaction:
                inbox.release(transaction)
            self._recount()
        except StoreError as error:
            # Claims run out by themselves; the doors say 451 until the store is back.
            log.error("store out of reach at start: because=%s", error)

    def _recount(self) -> None:
        with self.store.write() as transaction:
            if count := cases.recount(transaction, self._closed, now=self.acts.clock()):
                log.info("promises moved by the calendar: count=%d", count)

    def _upkeep(self, stop: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
        """List what a process does to work beside others; nothing for a house alone."""
        if self.together is not None:
            yield self.together.run(stop)
            yield renewed(self.judge.renew, self.delivery.renew)
            yield reloaded(self.directory.load, self.house_rang)
            yield self._tell_looked()

    async def _tell_looked(self) -> None:
        """Let each process know when the clocks were looked at last, wherever that was."""
        while True:
            try:
                await finish(asyncio.to_thread(self._share_looked))
            except StoreError as error:
                log.error("not told when the clocks were looked at: because=%s", error)
            await asyncio.sleep(_TELL_LOOKED)

    def _share_looked(self) -> None:
        places, own = Positions(self.store), self.watch.looked_at
        told = places.place(*_LOOKED)
        known = datetime.fromisoformat(told) if told else None
        if own is not None and (known is None or own > known):
            places.keep_place(*_LOOKED, own.isoformat())
        else:
            self.watch.looked_at = known

    async def _work(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as desk:
            workers = [
                desk.create_task(act(), name=name)
                for name, act in (
                    ("intake", self.intake.run),
                    *([("judge", self.judge.run)] if Part.JUDGE in self.parts else []),
                    *([("delivery", self.delivery.run)] if Part.DELIVER in self.parts else []),
                    *([("watch", self._watch)] if Part.WATCH in self.parts else []),
                )
            ]
            self.judge.ring()
            async with asyncio.TaskGroup() as entrance:
                open_doors = [
                    entrance.create_task(self._hear(door, place), name=door.name)
                    for place, door in enumerate(self.doors)
                    if self._opens(door)
                ]
                if self.pages is not None and self.web_socket is not None:
                    open_doors.append(entrance.create_task(serve(self.pages, self.web_socket), name="web"))
                if self.monitor is not None and self.monitor_socket is not None:
                    watched = serve(self.monitor, self.monitor_socket)
                    open_doors.append(entrance.create_task(watched, name="monitor"))
                await stop.wait()
                for task in open_doors:
                    task.cancel()
            for worker in workers:
                worker.cancel()

    async def _watch(self) -> None:
        """Do what one process of the house does for all: look at the clocks, the record and the scanner."""
        if self.together is None:
            await self._watch_all()
        else:
            await self.together.only_one("bevakning", self._begin_watch)

    async def _begin_watch(self) -> None:
        try:
            await finish(asyncio.to_thread(self._recount))
        except StoreError as error:
            log.error("promises not counted anew: because=%s", error)
        await self._watch_all()

    async def _watch_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watch.run(), name="clocks")
            group.create_task(self._index(), name="index")
            group.create_task(self._seal(), name="seal")
            if self.scanning is not None:
                group.create_task(self.scanning.run(), name="scanning")
            if self.alarming is not None:
                group.create_task(self.alarming.run(), name="alarms")

    def _opens(self, door: Channel) -> bool:
        # The talk on our page waits together with the page; it only seems to be a door.
        return (Part.WEB if isinstance(door, Webchat) else Part.RECEIVE) in self.parts

    async def _hear(self, door: Channel, place: int) -> None:
        """Listen on a channel; of a mailbox or a service only one process of the house may ask."""
        if self.together is None or isinstance(door, Smtp | Webchat):
            await self._keep_open(door, place)
            return
        account = door.account if isinstance(door, Imap) else ""
        await self.together.only_one(f"{door.name}/{account}", partial(self._keep_open, door, place))

    async def _seal(self) -> None:
        """Close what was written into a link, again and again (store.seals)."""
        while True:
            await finish(asyncio.to_thread(self._seal_once))
            await asyncio.sleep(self.seal_seconds)

    def _seal_once(self) -> None:
        try:
            seals.seal(self.store, self.acts.clock())
        except StoreError as error:
            log.error("record not sealed, the next try goes on: because=%s", error)

    async def _index(self) -> None:
        """Index the words of cases from before there was a search, some at a time; intake goes on."""
        before = search.NEWEST
        try:
            while before:
                before = await finish(asyncio.to_thread(search.catch_up, self.store, before=before))
                await asyncio.sleep(_BREATH)
        except StoreError as error:
            log.error("search index not complete, the next start goes on: because=%s", error)

    @property
    def _closed(self) -> Collection[date]:
        return self.acts.work.house.days.closed

    @property
    def used(self) -> Collection[Channel]:
        """Return the channels that are listened to, or sent through, in this process."""
        doors = [one for one in self.doors if self._opens(one)]
        roads = self.roads.values() if Part.DELIVER in self.parts else ()
        return {id(one): one for one in (*doors, *roads)}.values()

    def hear(self) -> None:
        """Let the numbers and the traces hear of what the desk does."""
        listeners: list[Meter] = [one for one in (self.metrics, self.traces) if one is not None]
        if listeners:
            self.intake.meter = self.judge.meter = self.delivery.meter = Several(*listeners)

    def close(self) -> None:
        """Let go of processes, threads and connections."""
        if self.traces is not None:
            self.traces.close()
        self.reader.close()
        self.opinion.close()
        self.store.close()

    async def _keep_open(self, door: Channel, place: int) -> None:
        """Listen on a channel; when it falls, say so once and try again. One that is down stops no other."""
        pause, is_down = _FIRST_PAUSE, False
        loop = asyncio.get_running_loop()
        clock = loop.time
        while True:
            opened_at = clock()
            stands = loop.call_later(_STANDS, self._stands, place)
            try:
                await door.listen(self.intake.receive)
                return
            except ChannelFailure as failure:
                because = str(failure)
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                because = place_of(error)
            finally:
                stands.cancel()
            self._note_fall(place, because)
            if clock() - opened_at > _LONGEST_PAUSE:
                pause, is_down = _FIRST_PAUSE, False  # it has been up in between: this is another fall
            if not is_down:
                log.error("channel down: channel=%s because=%s", door.name, because)
            is_down = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _note_fall(self, place: int, because: str) -> None:
        known = self.fallen.get(place)
        if known is None or known.ended is not None:
            self.fallen[place] = Outage(began=self.acts.clock(), because=because)

    def _stands(self, place: int) -> None:
        if place in self.fallen:
            self.fallen[place] = self.fallen[place].over(self.acts.clock())


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    suggester: Suggester | None = None,
    mailbox: Callable[[], Sequence[MailboxMail]] | None = None,
    with_doors: bool = True,
    only: Collection[Part] = (),
) -> App:
    """Build the house; raise `SettingsError` when it can not be. Tables are made or brought up to date.

    With `only` it does these parts, beside other processes on the same database, which must be PostgreSQL.
    """
    parts = frozenset(only or Part)
    if only:
        _refuse_to_divide(settings, parts)
    house = build_house(settings)
    identity = Identity(
        address=settings.mail.address,
        name=settings.municipality.service_name,
        secret=signing_secret(settings.mail.secret, "tabell [mail], nyckel secret").encode(),
        plus_addressing=settings.mail.plus_addressing,
    )
    guard = Guard(
        per_address_and_day=settings.mail.acknowledgements_per_address_and_day,
        per_handler_and_hour=settings.mail.notices_per_handler_and_hour,
    )
    relay = build_relay(settings.channels.relay, identity)
    with ExitStack() as undo:
        store = undo.enter_context(closing(open_store_of(settings)))
        migrations.upgrade(store)
        refuse_lost_keys(store)
        others = build_others(settings, store, clock)
        roads: dict[str, Channel] = {"email": relay}
        capabilities: dict[str, Capabilities] = {"email": relay.capabilities}
        for other in others:
            for road, can in roads_of(other).items():
                roads[road], capabilities[road] = other, can
        work = CaseWork(
            house=house,
            identity=identity,
            letters=Letters(
                house=house,
                identity=identity,
                guard=guard,
                forms={road: can.form for road, can in capabilities.items()},
            ),
            clock=clock,
            language_of=language_of,
            acknowledge_within=timedelta(days=settings.mail.acknowledge_within_days),
            capabilities=capabilities,
        )
        directory = build_directory(house, store, clock)
        reader = undo.enter_context(closing(build_reader(settings)))
        together = Together(store=store, parts=parts) if only else None
        if suggester is not None or Part.JUDGE not in parts:
            full, quick = suggester, None
        else:
            full, quick = build_classifiers(settings)
        opinion = Opinion(
            suggester=full,
            quick=quick,
            storm=settings.classifier.storm,
            patience=settings.classifier.patience_seconds,
        )
        delivery = Delivery(
            store=store,
            channels=roads,
            clock=clock,
            failed=work.tell_undelivered,
            arrived=Closing(work=work).after,
            capabilities=capabilities,
            give_up_after=timedelta(hours=settings.mail.give_up_after_hours),
            shared=together is not None,
        )
        written = _bell(delivery.ring, Bell.WRITTEN, together)
        again = Again(store=store, work=work, opinion=opinion, clock=clock)
        judge = Judge(
            store=store,
            clock=clock,
            reader=reader,
            surroundings=build_surroundings(settings),
            opinion=opinion,
            work=work,
            judged=written,
            again=again,
        )
        kept = _bell(judge.ring, Bell.KEPT, together)
        watch = Watch(
            store=store,
            work=work,
            clock=clock,
            told=written,
            opens=time.fromisoformat(settings.watch.opens),
            closes=time.fromisoformat(settings.watch.closes),
            seconds=settings.watch.seconds,
            schedule=Schedule(store=store, house=house, identity=identity),
            signals=Signals(store=store, house=house, identity=identity),
        )
        room = Room(free=partial(_free, store), least_free=settings.store.least_free_mb * 2**20)
        intake = Intake(store=store, clock=clock, kept=kept, closed=lambda: house.days.closed, room=room)
        delivery.receive = intake.receive
        app = App(
            store=store,
            intake=intake,
            judge=judge,
            delivery=delivery,
            watch=watch,
            doors=[
                *(build_doors(settings, store, clock) if with_doors else ()),
                *(one for one in others if with_doors and one.capabilities.hears),
            ],
            roads=roads,
            reader=reader,
            opinion=opinion,
            acts=Acts(
                store=store,
                work=work,
                clock=clock,
                acted=lambda: _ring_from_thread(delivery, together),
                look_again=again.at_once,
            ),
            directory=directory,
            scanning=build_scanning(settings, store, clock, tell=Infected(work=work).tell, told=written),
            seal_seconds=settings.journal.seconds,
            parts=parts,
            together=together,
            metrics=Metrics() if settings.metrics is not None and with_doors else None,
        )
        if together is not None:
            together.bells = {
                Bell.KEPT: judge.ring,
                Bell.WRITTEN: delivery.ring,
                Bell.CHANGED: app.house_rang.set,
            }
            directory.changed = partial(together.ring_from_thread, Bell.CHANGED)
        if with_doors and settings.traces is not None:
            app.traces = monitoring.traces(settings.traces, store)
        app.hear()
        if with_doors:
            look = _look(app, settings, clock())
            if settings.web is not None and Part.WEB in parts:
                _add_pages(app, settings, house, clock, mailbox, look=look, taken_up=kept)
            if app.metrics is not None:
                _add_monitor(app, app.metrics, settings, clock, look)
            app.alarming = monitoring.alarming(
                settings, store=store, clock=clock, look=look, identity=identity, told=written
            )
        undo.pop_all()  # from now on App.close lets go of them
        return app


def _free(store: Store) -> int | None:
    room = health.room(store)
    return room[0] if room is not None else None


def _add_pages(
    app: App,
    settings: Settings,
    house: House,
    clock: Callable[[], datetime],
    mailbox: Callable[[], Sequence[MailboxMail]] | None,
    *,
    look: Callable[[], Running],
    taken_up: Callable[[], None],
) -> None:
    if settings.web is None:
        return
    # Before the port is taken: whoever is told of a bad secret has nothing left open.
    session_secret = signing_secret(settings.web.session_secret, "tabell [web], nyckel session_secret")
    password = secret(settings.web.staff_password)
    app.provider = build_provider(settings, clock)
    # The codes live as long as the reply addresses in letters; the session secret may change at any time.
    code_secret = signing_secret(settings.mail.secret, "tabell [mail], nyckel secret")
    try:
        app.web_socket = socket.create_server(
            (settings.web.host, settings.web.port), family=family_of(settings.web.host)
        )
        # asyncio does this only for sockets of its own making; see `bots.channels.smtp`.
        app.web_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise SettingsError(
            f"tabell [web], nyckel port: {settings.web.host}:{settings.web.port} går inte att öppna "
            f"({error.strerror}). Välj en annan port eller stäng det program som har den."
        ) from error
    chat = next((one for one in app.doors if isinstance(one, Webchat)), None)
    app.pages = build_pages(
        store=app.store,
        model_history=partial(model_history, settings),
        acts=app.acts,
        by_link=ByLink(acts=app.acts),
        desk=app.acts,
        receive=app.intake.receive,
        clock=clock,
        public=PublicFacts(
            service_name=house.service_name,
            municipality=house.municipality,
            phone=house.phone,
            phone_hours=house.phone_hours,
            privacy_url=settings.municipality.privacy_url,
            intake_address=settings.mail.address,
            fault_report_url=settings.municipality.fault_report_url,
            appeal_url=settings.municipality.appeal_url,
            chat=chat is not None,
            public_url=settings.web.public_url,
            fetch_code=house.policy.anonymity.fetch_code,
            answers_anonymous=house.policy.deadlines.answer_anonymous,
        ),
        directory=app.directory,
        staff=Live(lambda: house.handlers.values()),
        password=password,
        session_secret=session_secret,
        secure_cookies=settings.web.secure_cookies,
        limits=session_limits(settings),
        provider=app.provider,
        code_secret=code_secret,
        roads=tuple(app.roads),
        undo=timedelta(seconds=settings.web.undo_seconds),
        most_enclosed=settings.web.most_enclosed_mb * 2**20,
        units=Live(lambda: house.units),
        mailbox=mailbox,
        watched_at=lambda: app.watch.looked_at,
        running=look,
        timed=app.metrics.answered if app.metrics else None,
        notices=build_notices(settings),
        open_data=build_open_data(settings),
        hooks={one.name: one for one in app.doors if isinstance(one, Hooked)},
        chat=chat,
        candidates=_candidates(app, house, clock, taken_up),
        disclosing=_disclosing(app, settings, house, clock),
        disposal=Disposal(store=app.store, rules=retention_rules(settings), clock=clock),
        archive=archive_of(settings, house, app.store, clock),
        scanner=build_scanner(settings),
        extract=Extract(
            store=app.store,
            clock=clock,
            find=passages.find,
            municipality=settings.municipality.name,
            privacy_url=settings.municipality.privacy_url,
            rules=retention_rules(settings),
            reader=house.reader,
            regulated=house.regulated,
        ),
    )


def _add_monitor(
    app: App,
    metrics: Metrics,
    settings: Settings,
    clock: Callable[[], datetime],
    look: Callable[[], Running],
) -> None:
    if settings.metrics is None:
        return
    try:
        token = monitoring.token_of(settings.metrics)
        app.monitor_socket = monitoring.open_port(settings.metrics)
    except SettingsError:
        if app.web_socket is not None:
            app.web_socket.close()
        raise
    app.monitor = monitoring.pages(
        metrics=metrics,
        store=app.store,
        clock=clock,
        look=look,
        token=token,
        parts="all" if app.together is None else ",".join(sorted(app.parts)),
    )


def _candidates(
    app: App, house: House, clock: Callable[[], datetime], taken_up: Callable[[], None]
) -> Candidates:
    hides = {road: one for road, one in app.roads.items() if isinstance(one, Hides)}
    roads = app.acts.work.capabilities
    return Candidates(
        store=app.store,
        house=house,
        clock=clock,
        taken_up=taken_up,
        hiders={road: one for road, one in hides.items() if road in roads and roads[road].hides},
        listens=any(can.public or can.hides for can in roads.values()),
    )


def _disclosing(app: App, settings: Settings, house: House, clock: Callable[[], datetime]) -> Disclosing:
    told = settings.disclosure
    return Disclosing(
        store=app.store,
        house=house,
        clock=clock,
        find=lambda text, names: passages.find(text, names=names),
        file_in=file_of,
        grounds=Grounds(
            identity=told.identity,
            health=told.health,
            protected=told.protected,
            choices=tuple(told.paragraphs),
            court=told.court,
        ),
    )


def _look(app: App, settings: Settings, started_at: datetime) -> Callable[[], Running]:
    version, certificate_ends = running.version(), running.certificate_end(settings)

    def look() -> Running:
        return Running(
            version=version,
            started_at=started_at,
            watched_at=app.watch.looked_at,
            ways=(
                *running.ways_in(settings, app.doors, app.fallen),
                *running.ways_out(tuple(app.roads), app.delivery.outages),
            ),
            # Where others judge, they have the model.
            model=running.model(
                app.opinion, is_wanted=settings.classifier.enabled and Part.JUDGE in app.parts
            ),
            scanner=app.scanning.outage if app.scanning else None,
            certificate_ends=certificate_ends,
        )

    return look


class _Server(uvicorn.Server):
    """A server that leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def settle() -> None:
    """Leave what is loaded out of later collections of garbage: each of them would stop all work for 0.1 s.

    Call it once, when all is built and nothing runs yet. What is garbage later is collected as before.
    """
    gc.collect()
    gc.freeze()


async def serve(pages: Any, bound: socket.socket) -> None:
    """Serve pages on a bound socket until cancelled; requests in hand are finished."""
    logging.getLogger("uvicorn.error").addFilter(_without_words)
    server = _Server(
        uvicorn.Config(
            pages,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            server_header=False,
        )
    )
    task = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        server.should_exit = True
        await task
        raise


def _without_words(record: logging.LogRecord) -> bool:
    """Let uvicorn tell where a page broke, but not in the error's own words: they may be a citizen's."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args, record.exc_info = "page broke: because=%s", (place_of(error),), None
    return True


def _bell(ring: Callable[[], None], bell: Bell, together: Together | None) -> Callable[[], None]:
    """Return what rings here, and in the other processes if the house has any. For the event loop."""
    if together is None:
        return ring
    others = together

    def both() -> None:
        ring()
        others.ring(bell)

    return both


def _ring_from_thread(delivery: Delivery, together: Together | None) -> None:
    loop = delivery.loop
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(delivery.ring)
    if together is not None:
        together.ring_from_thread(Bell.WRITTEN)


def _refuse_to_divide(settings: Settings, parts: Collection[Part]) -> None:
    if settings.store.url.startswith("sqlite"):
        raise SettingsError(
            "tabell [store], nyckel url: --only delar tjänsten på flera processer, och det går bara med "
            "PostgreSQL. Kör synpunkt run utan --only, så gör en process allt, eller ange en url som börjar "
            "med postgresql+psycopg://."
        )
    if Part.WEB in parts and settings.web is None:
        raise SettingsError("tabell [web]: saknas. Ange den, eller ta bort web ur --only.")


async def check(app: App) -> tuple[list[str], list[str]]:
    """Prove every channel; return what works and what does not, in lines for the operator."""
    lines = await asyncio.to_thread(open_lines, app.store)
    fine = [f"igång nu: {one}" for one in lines]
    wrong: list[str] = []
    for channel in app.used:
        try:
            fine.extend(await channel.check())
        except TemporaryFailure as failure:
            wrong.append(f"{failure} (kan gå över: försök igen)")
        except ChannelFailure as failure:
            wrong.append(str(failure))
    if app.scanning is not None:
        told = await app.scanning.prove()
        (wrong if app.scanning.outage else fine).append(told)
    if app.provider is not None:
        found = await asyncio.to_thread(app.provider.check)
        fine.extend(found[0])
        wrong.extend(found[1])
    return fine, wrong
