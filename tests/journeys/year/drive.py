"""Drives a year: moves the clock, kills, waits until the product has looked, and lets people act."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx

from bots import app
from bots.clock import MovableClock
from bots.settings import load
from store.engine import Store
from tests.journeys.year.post import Post, move
from tests.journeys.year.record import STOCKHOLM, Record, Tick, on_their_way, standing
from tests.journeys.year.staff import Staff
from tests.journeys.year.town import Town, a_town
from tests.policies.calendar import is_working
from tests.servers.product import SECRETS, Product, folder, running
from tests.servers.world import World, a_world

YEAR = 2027
_PATIENCE = 90.0
_LINGER = 0.04
_AT_WORK = ("07:00", "08:05", "08:05", "12:00", "15:30", "15:30", "17:30")
_AT_NIGHT = ("02:10", "06:40", "18:00", "22:30")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a year is made of. `days` is how much of it goes by."""

    profile: str
    cases: int
    kills: int
    seed: int
    days: int = 365
    store_url: str = ""


@dataclass(kw_only=True)
class Year:
    """A year that has gone by: all that the judge looks at."""

    plan: Plan
    town: Town
    record: Record
    store: Store
    world: World
    seconds: float = 0.0
    log: str = ""
    orphans: list[int] = field(default_factory=list)


@contextlib.asynccontextmanager
async def a_year(plan: Plan):  # type: ignore[no-untyped-def]
    """Let a year go by; inside the block the product has stopped, and its store is open."""
    began = time.monotonic()
    choose = random.Random(plan.seed)  # noqa: S311 - chance, not a secret
    town = a_town(plan.profile, YEAR, choose)
    with folder(in_memory=True) as place, _secrets():
        async with a_world() as world:
            product = _product(plan, town, world, place)
            moments = list(_moments(plan, choose))
            clock = MovableClock(place / "clock")
            move(clock, moments[0].timestamp() - 60)
            house = app.build(load(product.write_config()), clock=clock, with_doors=False)
            try:
                with running(product):
                    drive = _Drive.begin(plan, town, product, world, house, clock, choose)
                    await drive.run(moments)
                    drive.record.ticks[-1].after = standing(house.store)
                    product.ask_to_stop()
                    await asyncio.to_thread(product.ended)
                    yield Year(
                        plan=plan,
                        town=town,
                        record=drive.record,
                        store=house.store,
                        world=world,
                        seconds=time.monotonic() - began,
                        log=product.log(),
                        orphans=await _orphans(product),
                    )
            finally:
                house.close()


async def _orphans(product: Product) -> list[int]:
    """List the processes that live on; children need a moment to find out that they are alone."""
    for _ in range(50):
        if not product.orphans():
            return []
        await asyncio.sleep(0.2)
    return product.orphans()


@contextlib.contextmanager
def _secrets() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in SECRETS}
    os.environ.update(SECRETS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


def _product(plan: Plan, town: Town, world: World, place: Path) -> Product:
    return Product(
        relay_port=world.port,
        folder=place,
        store_url=plan.store_url,
        profile=plan.profile,
        triage=town.triage,
        staff=town.staff,
        clock=place / "clock",
        mail="notices_per_handler_and_hour = 1000000",
        tables="[watch]\nseconds = 0.2",
    )


def _moments(plan: Plan, choose: random.Random) -> Iterator[datetime]:
    """Choose the moments at which somebody looks: most working days, some nights and days off."""
    for number in range(plan.days):
        day = date(YEAR, 1, 1) + timedelta(days=number)
        usual = choose.choices((0, 1, 2), (10, 80, 10))[0]
        times = choose.sample(sorted(set(_AT_WORK)), usual if is_working(day) else choose.random() < 0.2)
        if choose.random() < 0.08:
            times.append(choose.choice(_AT_NIGHT))
        for written in sorted(times):
            hour, minute = map(int, written.split(":"))
            yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=STOCKHOLM)


@dataclass(kw_only=True)
class _Drive:
    """The year as it goes by."""

    plan: Plan
    product: Product
    clock: MovableClock
    house: app.App
    post: Post
    staff: Staff
    record: Record
    choose: random.Random
    _settled: dict[int, object] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        plan: Plan,
        town: Town,
        product: Product,
        world: World,
        house: app.App,
        clock: MovableClock,
        choose: random.Random,
    ) -> "_Drive":
        record = Record()
        post = Post(
            product=product,
            world=world,
            store=house.store,
            clock=clock,
            record=record,
            choose=random.Random(choose.random()),  # noqa: S311
        )
        staff = Staff(acts=house.acts, town=town, record=record, choose=random.Random(choose.random()))  # noqa: S311
        return cls(
            plan=plan,
            product=product,
            clock=clock,
            house=house,
            post=post,
            staff=staff,
            record=record,
            choose=choose,
        )

    async def run(self, moments: Sequence[datetime]) -> None:
        """Go through the year."""
        arrivals = [self.choose.randrange(len(moments)) for _ in range(self.plan.cases)]
        # One that falls on a day when the machine is off comes at the next.
        kills = sorted(
            self.choose.sample(range(1, max(len(moments) * 9 // 10, self.plan.kills + 1)), self.plan.kills)
        )
        off_until = -1
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.product.web_port}") as page:
            for number, moment in enumerate(moments):
                is_off = number < off_until
                tick = await asyncio.to_thread(self._next_tick, moment)
                move(self.clock, moment.timestamp())
                if is_off:
                    # Who writes now is heard when the machine is on again.
                    arrivals = [off_until if one == number else one for one in arrivals]
                    continue
                if number == off_until:
                    await asyncio.to_thread(self.product.start)
                will_die = self.record.kills < sum(one <= number for one in kills)
                is_long = will_die and self.choose.random() < 0.2 and number + 1 < len(moments)
                doom = None if is_long or not will_die else asyncio.create_task(self._doom())
                try:
                    await self._tick(page, tick, arrivals.count(number), doom)
                finally:
                    if doom is not None:
                        doom.cancel()
                if is_long:
                    await asyncio.to_thread(self.product.kill)
                    self.record.kills += 1
                    off_until = min(number + self.choose.randint(2, 6), len(moments) - 1)

    async def _doom(self) -> None:
        """Die at some moment of the tick, and stand up again."""
        await asyncio.sleep(self.choose.uniform(0, self.choose.choice((0.2, 0.8, 2.0))))
        await asyncio.to_thread(self.product.kill)
        self.record.kills += 1
        await asyncio.to_thread(self.product.start)

    async def _tick(
        self, page: httpx.AsyncClient, tick: Tick, arrivals: int, doom: "asyncio.Task[None] | None"
    ) -> None:
        second = None
        if self.choose.random() < 0.15:
            # Another watch on the same store, at the same time: a second process by mistake.
            second = asyncio.create_task(asyncio.to_thread(self.house.watch.once))
            self.record.second_looks += 1
        await self._looked(page, tick.at)
        if second is not None:
            await second
        if 5 <= tick.at.hour < 19 and tick.at.weekday() < 5:
            await asyncio.to_thread(self.staff.work, tick)
        await asyncio.gather(*(self.post.new_case() for _ in range(arrivals)))
        if not await self.post.replies() and not arrivals:
            await self.post.knock()
        if self.choose.random() < 0.2:
            self.post.forgive()
        if doom is not None:
            await doom
        await self._has_settled()
        tick.looked = True

    def _next_tick(self, moment: datetime) -> Tick:
        """Note how everything stands just before the clock is moved."""
        now = standing(self.house.store)
        if self.record.ticks:
            self.record.ticks[-1].after = now
        tick = Tick(at=moment, before=now, unsettled=on_their_way(self.house.store))
        self.record.ticks.append(tick)
        return tick

    async def _looked(self, page: httpx.AsyncClient, moment: datetime) -> None:
        """Return when the product has looked at its clocks at a moment or later."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                told = (await page.get("/health")).json().get("watched_at")
                if told and datetime.fromisoformat(told) >= moment:
                    return
            await asyncio.sleep(_LINGER)
        raise TimeoutError(f"not looked at {moment}:\n{self.product.log()[-3000:]}")

    async def _has_settled(self) -> None:
        """Return when all mails have a case, and no letter waits that could go out now."""
        deadline = time.monotonic() + _PATIENCE
        while not await asyncio.to_thread(self._is_settled):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not settled at {self.clock()}:\n{self.product.log()[-3000:]}")
            await asyncio.sleep(_LINGER)

    def _is_settled(self) -> bool:
        from sqlalchemy import and_, func, or_, select

        from store.tables import letters, messages

        kept = select(func.count()).where(messages.c.state == "mottaget")
        waits = and_(letters.c.state == "väntar", letters.c.next_try_at <= self.clock())
        going = select(func.count()).where(or_(letters.c.state == "sänds", waits))
        with self.house.store.read() as transaction:
            return not transaction.connection.scalar(kept) and not transaction.connection.scalar(going)
