"""The operator is told when something needs them and when it is over, once each, by mail and signed post."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bots.alarming import Alarming, Bars, Trouble, Webhook, troubles
from bots.channel import Outage
from bots.monitoring import bars_of
from bots.settings import AlarmSettings
from bots.web.running import Running, Way
from store.domain import Purpose
from store.gauges import Gauges
from tests.house import NOW, House, an_inbound

SECRET = "en hemlighet som bara finns i testerna"
WELL = Gauges(
    waiting=0,
    waiting_since=None,
    unacknowledged_since=None,
    letters={},
    unsent_since=None,
    open_cases={},
    late_cases=0,
    heard={"smtp": NOW},
    heard_from=NOW,
    size=1,
    step="0001",
    newest_step="0001",
)
UP = Running(started_at=NOW, watched_at=NOW)
PLENTY = (10**12, 10**12)


def ago(**by: float) -> datetime:
    return NOW - timedelta(**by)


@pytest.mark.parametrize(
    ("found", "running", "room", "told"),
    [
        (WELL, UP, PLENTY, []),
        (replace(WELL, unacknowledged_since=ago(minutes=10)), UP, PLENTY, []),
        (replace(WELL, unacknowledged_since=ago(minutes=11)), UP, PLENTY, ["unacknowledged/"]),
        (replace(WELL, unsent_since=ago(minutes=61)), UP, PLENTY, ["unsent/"]),
        (replace(WELL, heard={"smtp": NOW, "imap": ago(hours=73)}), UP, PLENTY, ["silent/imap"]),
        (replace(WELL, heard={"smtp": NOW}, heard_from=ago(hours=73)), UP, PLENTY, ["silent/imap"]),
        (replace(WELL, heard={}, heard_from=None), replace(UP, started_at=ago(hours=71)), PLENTY, []),
        (
            replace(WELL, heard={}, heard_from=None),
            replace(UP, started_at=ago(hours=73)),
            PLENTY,
            ["silent/imap"],
        ),
        (WELL, UP, (500 * 2**20, 10**12), []),
        (WELL, UP, (500 * 2**20 - 1, 10**12), ["disk/"]),
        (WELL, UP, None, []),
        (WELL, replace(UP, certificate_ends=NOW + timedelta(days=13)), PLENTY, ["certificate/"]),
        (WELL, replace(UP, watched_at=ago(minutes=11)), PLENTY, ["watch/"]),
        (WELL, replace(UP, watched_at=None, started_at=ago(minutes=9)), PLENTY, []),
        (WELL, replace(UP, watched_at=None, started_at=ago(minutes=11)), PLENTY, ["watch/"]),
    ],
)
def test_somebody_is_told_only_of_what_is_worse_than_its_bar(
    found: Gauges, running: Running, room: tuple[int, int] | None, told: list[str]
) -> None:
    bars = bars_of(AlarmSettings(silent_channels=["imap"]))

    assert [one.key for one in troubles(found, running, room, bars, now=NOW)] == told


def test_a_way_that_is_down_is_told_once_however_many_accounts_it_has() -> None:
    old = Outage(began=ago(minutes=16), because="ingen kontakt")
    ways = (
        Way(channel="imap", account="ett", outage=old),
        Way(channel="imap", account="två", outage=old),
        Way(channel="smtp", outage=replace(old, began=ago(minutes=14))),
        Way(channel="email", is_in=False, outage=old.over(NOW)),
    )

    found = list(troubles(WELL, replace(UP, ways=ways), None, Bars(), now=NOW))

    assert found == [Trouble(name="down", about="imap")]


@dataclass
class Receiver:
    """A receiver of posts, on loopback; what it says is what the test tells it to say."""

    says: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.says.pop(0) if self.says else 204)

    @property
    def events(self) -> list[tuple[str, str]]:
        bodies = [json.loads(body) for _, body in self.heard]
        return [(one["type"], one["data"]["alarm"]) for one in bodies]


@asynccontextmanager
async def receiver(*says: int) -> AsyncIterator[Receiver]:
    there = Receiver(says=list(says))
    app = web.Application()
    app.router.add_post("/larm", there.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}/larm"
    try:
        yield there
    finally:
        await runner.cleanup()


def alarming(house: House, url: str = "", **more: Any) -> Alarming:
    return Alarming(
        store=house.store,
        clock=house.clock,
        bars=Bars(disk_free=0),
        look=lambda: Running(started_at=house.clock(), watched_at=house.clock()),
        identity=house.identity,
        service_name="Tyck till",
        link="https://tycktill.lillkommun.example/halsa",
        to=("drift@lillkommun.example", "jour@lillkommun.example"),
        webhook=Webhook(url=url, secret=SECRET) if url else None,
        **more,
    )


def mails(house: House) -> list[str]:
    return [
        row["subject"] for row in house.outbox(purpose=Purpose.ALARM) if row["handle"].startswith("drift")
    ]


def look(house: House, alarms: Alarming, *, minutes: float, times: int = 1) -> int:
    """Look some times, so many minutes apart, and count what was told."""
    told = 0
    for _ in range(times):
        house.clock.forward(minutes=minutes)
        told += alarms.once()
    return told


async def test_what_begins_is_told_once_and_so_is_that_it_is_over(house: House) -> None:
    alarms = alarming(house)
    await house.receive(an_inbound())

    before = look(house, alarms, minutes=9)
    began = look(house, alarms, minutes=2, times=5)
    house.judge()
    await house.deliver()
    calm = look(house, alarms, minutes=1, times=5)
    over = look(house, alarms, minutes=1, times=5)

    assert (before, began, calm, over) == (0, 1, 0, 1)
    assert mails(house) == [
        "Tyck till: avsändare väntar på kvitto",
        "Tyck till: över: avsändare väntar på kvitto",
    ]
    assert len(house.outbox(purpose=Purpose.ALARM)) == 4  # to two readers


async def test_what_comes_and_goes_within_minutes_is_one_alarm(house: House) -> None:
    alarms = alarming(house)
    for number in range(3):
        await house.receive(an_inbound(subject=f"Sak {number}", text=f"Sak {number} är trasig."))
        look(house, alarms, minutes=11)
        house.judge()
        await house.deliver()
        look(house, alarms, minutes=2, times=2)

    assert mails(house) == ["Tyck till: avsändare väntar på kvitto"]


async def test_a_start_does_not_tell_again_what_stands(house: House) -> None:
    await house.receive(an_inbound())
    look(house, alarming(house), minutes=11)

    assert look(house, alarming(house), minutes=1, times=3) == 0
    assert len(mails(house)) == 1


async def test_a_post_is_signed_holds_nobody_and_is_tried_until_it_is_taken(house: House) -> None:
    await house.receive(an_inbound())
    async with receiver(500, 404) as there:
        alarms = alarming(house, there.url)
        look(house, alarms, minutes=11)
        for _ in range(8):
            await alarms.post()
            house.clock.forward(seconds=20)
        await alarms._service.close()

    assert there.events == [("synpunkt.alarm.began", "unacknowledged")] * 3
    headers, body = there.heard[-1]
    assert {found["webhook-id"] for found, _ in there.heard} == {headers["webhook-id"]}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert json.loads(body)["data"]["text"] == "Tyck till: avsändare väntar på kvitto"
    assert b"@" not in body
    assert "Sven" not in body.decode()


async def test_what_nobody_takes_for_two_days_is_given_up(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.receive(an_inbound())
    alarms = alarming(house, "http://127.0.0.1:1/larm")
    look(house, alarms, minutes=11)
    for _ in range(60):
        await alarms.post()
        house.clock.forward(hours=1)
    await alarms._service.close()

    told = [line.partition(":")[0] for line in caplog.messages if line.startswith("alarm ")]
    assert told == ["alarm not posted, tried again", "alarm never posted"]
    assert alarms._state()["posts"] == []


@contextmanager
def gone(house: House) -> Any:
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE letters RENAME TO borta")
    yield
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE borta RENAME TO letters")


async def test_that_the_database_is_away_is_posted_though_nothing_can_be_kept(house: House) -> None:
    async with receiver() as there:
        alarms = alarming(house, there.url)
        with gone(house):
            look(house, alarms, minutes=0.5, times=2)
            await alarms.post()
            early = list(there.events)
            look(house, alarms, minutes=0.5, times=4)
            await alarms.post()
        look(house, alarms, minutes=0.5, times=2)
        await alarms.post()
        await alarms._service.close()

    assert early == []
    assert there.events == [("synpunkt.alarm.began", "database"), ("synpunkt.alarm.over", "database")]


def test_a_secret_in_the_form_of_the_specification_is_base64() -> None:
    plain = Webhook(url="", secret="en hemlighet")
    coded = Webhook(url="", secret="whsec_" + base64.b64encode(b"en hemlighet").decode())

    assert plain.headers("1", b"{}", NOW) == coded.headers("1", b"{}", NOW)
    assert "hemlighet" not in repr(plain)
