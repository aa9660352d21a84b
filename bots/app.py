"""Builds each part from the settings, runs them together, and stops them in the right order."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import uvicorn

from bots import monitoring, running
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
from bots.web.app import build as build_pages
from bots.web.oidc import IdentityProvider
from bots.web.parts import MailboxMail, PublicFacts
from bots.web.people import Live
from bots.web.running import Running
from bots.web.uploads import file_of
from classifier import passages
from store import cases, health, inbox, migrations, seals, search
from store.engine import Store, StoreError

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STANDS = 30.0  # seconds; longer than a service lets us wait for its no
_BREATH = 0.1  # in which others may write


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
    acts: Acts = field(kw_only=True)
    directory: Directory = field(kw_only=True)
    scanning: Scanning | None = None
    seal_seconds: float = 60.0
    fallen: dict[int, Outage] = field(default_factory=dict)  # by the place of the door: the latest fall

    @property
    def channels(self) -> Collection[Channel]:
        """Return every channel once: one may both hear and send, and on several roads."""
        return {id(one): one for one in (*self.doors, *self.roads.values())}.values()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then close the doors first, and finish what came in through them."""
        try:
            with self.store.write() as transaction:
                inbox.release(transaction)
                if count := cases.recount(transaction, self._closed, now=self.acts.clock()):
                    log.info("promises moved by the calendar: count=%d", count)
        except StoreError as error:
            # Claims run out by themselves; the doors say 451 until the store is back.
            log.error("store out of reach at start: because=%s", error)
        async with asyncio.TaskGroup() as desk:
            workers = [
                desk.create_task(self.intake.run(), name="intake"),
                desk.create_task(self.judge.run(), name="judge"),
                desk.create_task(self.delivery.run(), name="delivery"),
                desk.create_task(self.watch.run(), name="watch"),
                desk.create_task(self._index(), name="index"),
                *([desk.create_task(self.scanning.run(), name="scanning")] if self.scanning else []),
                desk.create_task(self._seal(), name="seal"),
            ]
            self.judge.ring()
            async with asyncio.TaskGroup() as entrance:
                open_doors = [
                    entrance.create_task(self._keep_open(door, place), name=door.name)
                    for place, door in enumerate(self.doors)
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
        for channel in self.channels:
            if isinstance(channel, Closes):
                await channel.close()
        await asyncio.to_thread(self._seal_once)
        self.close()

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

    def close(self) -> None:
        """Let go of processes, threads and connections."""
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
) -> App:
    """Build the house; raise `SettingsError` when it can not be. Tables are made or brought up to date."""
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
        full, quick = (suggester, None) if suggester else build_classifiers(settings)
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
        )
        again = Again(store=store, work=work, opinion=opinion, clock=clock)
        judge = Judge(
            store=store,
            clock=clock,
            reader=reader,
            surroundings=build_surroundings(settings),
            opinion=opinion,
            work=work,
            judged=delivery.ring,
            again=again,
        )
        watch = Watch(
            store=store,
            work=work,
            clock=clock,
            told=delivery.ring,
            opens=time.fromisoformat(settings.watch.opens),
            closes=time.fromisoformat(settings.watch.closes),
            seconds=settings.watch.seconds,
            schedule=Schedule(store=store, house=house, identity=identity),
            signals=Signals(store=store, house=house, identity=identity),
        )
        room = Room(free=partial(_free, store), least_free=settings.store.least_free_mb * 2**20)
        intake = Intake(
            store=store, clock=clock, kept=judge.ring, closed=lambda: house.days.closed, room=room
        )
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
                acted=lambda: _ring_from_thread(delivery),
                look_again=again.at_once,
            ),
            directory=directory,
            scanning=build_scanning(
                settings, store, clock, tell=Infected(work=work).tell, told=delivery.ring
            ),
            seal_seconds=settings.journal.seconds,
            metrics=Metrics() if settings.metrics is not None and with_doors else None,
        )
        if settings.web is not None and with_doors:
            _add_pages(app, settings, house, clock, mailbox)
        if app.metrics is not None:
            _add_monitor(app, app.metrics, settings, clock)
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
        running=_look(app, settings, clock()),
        timed=app.metrics.answered if app.metrics else None,
        notices=build_notices(settings),
        open_data=build_open_data(settings),
        hooks={one.name: one for one in app.doors if isinstance(one, Hooked)},
        chat=chat,
        candidates=_candidates(app, house, clock),
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


def _add_monitor(app: App, metrics: Metrics, settings: Settings, clock: Callable[[], datetime]) -> None:
    if settings.metrics is None:
        return
    try:
        token = monitoring.token_of(settings.metrics)
        app.monitor_socket = monitoring.open_port(settings.metrics)
    except SettingsError:
        if app.web_socket is not None:
            app.web_socket.close()
        raise
    app.intake.meter = app.judge.meter = app.delivery.meter = metrics
    app.monitor = monitoring.pages(
        metrics=metrics, store=app.store, clock=clock, look=_look(app, settings, clock()), token=token
    )


def _candidates(app: App, house: House, clock: Callable[[], datetime]) -> Candidates:
    hides = {road: one for road, one in app.roads.items() if isinstance(one, Hides)}
    roads = app.acts.work.capabilities
    return Candidates(
        store=app.store,
        house=house,
        clock=clock,
        taken_up=app.judge.ring,
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
            model=running.model(app.opinion, is_wanted=settings.classifier.enabled),
            scanner=app.scanning.outage if app.scanning else None,
            certificate_ends=certificate_ends,
        )

    return look


def family_of(host: str) -> socket.AddressFamily:
    """Tell whether an address to listen on is of IPv6: the socket does not find out by itself."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


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


def _ring_from_thread(delivery: Delivery) -> None:
    loop = delivery.loop
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(delivery.ring)


async def check(app: App) -> tuple[list[str], list[str]]:
    """Prove every channel; return what works and what does not, in lines for the operator."""
    fine: list[str] = []
    wrong: list[str] = []
    for channel in app.channels:
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
