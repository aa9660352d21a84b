"""Kills the product again and again while messages arrive over chats, SMS and social media, and counts.

Run it by hand: `python -m tests.journeys.chats --messages 2000 --kills 200 [--postgres] [--seed N]`.
"""

import argparse
import asyncio
import contextlib
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from bots.channel import Given
from store.engine import Row
from tests.bots.channels.rig import Rig
from tests.bots.channels.rigs import elks, mastodon, meta, meta_graph, telegram
from tests.servers import postgres
from tests.servers.product import Product, folder, running
from tests.servers.world import a_world

_SECRET = "hemlighet-for-tester-0123456789"
_PEOPLE = 40  # on each service; SMS has the numbers that are kept for fiction
_SETTLING = 240.0
_RECEIPT = re.compile(r"(?:Ärendenumret är|fått din synpunkt,)\s+(SYN-\d{4}-\d{6})")
_TABLES = """\
[channels.telegram]
token = "env:TELEGRAM_TOKEN"
poll_seconds = 1
api_url = "{telegram}"

[channels.elks]
username = "{elks_user}"
password = "env:CHATS_SECRET"
number = "{elks_number}"
hook_secret = "env:CHATS_SECRET"
hook_username = "{elks_hook_user}"
hook_password = "env:CHATS_SECRET"
base_url = "{elks}"

[channels.mastodon]
server = "{mastodon}"
account = "{mastodon_account}"
token = "env:CHATS_SECRET"
poll_seconds = 1

[channels.meta]
app_id = "{meta_app}"
app_secret = "env:CHATS_SECRET"
verify_token = "env:CHATS_SECRET"
graph_url = "{meta}"

[[channels.meta.pages]]
id = "{meta_page}"
name = "Lillkommun"
token = "env:CHATS_SECRET"
"""


class _Nobody:
    """Keeps no place: the channels that are built here only tell the services who we are."""

    def place(self, _account: str, _name: str, /) -> str:
        return ""

    def keep_place(self, _account: str, _name: str, _value: str, /) -> None:
        raise NotImplementedError


class _OrAway(httpx.AsyncBaseTransport):
    """Posts to the product; while there is none, services meet what they meet before a closed door."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except httpx.TransportError:
            return httpx.Response(503)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(kw_only=True)
class Services:
    """Every service, and what was said on it."""

    rigs: dict[str, Rig]
    said: dict[str, str] = field(default_factory=dict)  # the text: on which service

    async def say(self, number: int, choose: random.Random) -> None:
        """Let somebody write one message, unlike any other."""
        name = choose.choices([*self.rigs], weights=[4, 2, 1, 3])[0]
        # The last of the numbers that are kept for fiction is ours.
        person = f"+467017406{5 + number % 94:02d}" if name == "elks" else f"p{number % _PEOPLE}"
        text = f"Synpunkt nummer {number}: gungan i parken är trasig."
        self.said[text] = name
        await self.rigs[name].say(text, person=person)

    async def again(self) -> int:
        """Let those that post try once more what was not confirmed; return how much that was."""
        return sum([await rig.again() for name, rig in self.rigs.items() if name in {"elks", "meta"}])

    def receipts(self) -> Counter[tuple[str, str]]:
        """Count how often each receipt arrived, by service and case number."""
        return Counter(
            (name, number)
            for name, rig in self.rigs.items()
            for letter in rig.letters()
            for number in _RECEIPT.findall(letter.text)
        )


@dataclass(kw_only=True)
class Figures:
    """What was counted when all was over."""

    seed: int
    messages: Counter[str]
    kills: int
    cases: int
    letters: Counter[str]
    receipts: Counter[str]
    unknown: Counter[str]
    unknown_arrived: int
    seconds: float
    faults: list[str]

    def lines(self) -> Iterator[str]:
        """Write them out."""
        yield f"seed {self.seed}, {self.seconds:.0f} s"
        yield f"messages                {_counted(self.messages)}"
        yield f"kill -9                 {self.kills}"
        yield f"cases                   {self.cases}"
        yield f"letters by state        {_counted(self.letters)}"
        yield f"receipts that arrived   {_counted(self.receipts)}"
        yield f"letters unknown         {_counted(self.unknown) or 'none'}"
        yield f"receipts unknown, but there  {self.unknown_arrived}"
        yield "lost, doubled           " + ("none" if not self.faults else "")
        yield from (f"  FAULT {fault}" for fault in self.faults[:40])


async def run(*, messages: int, kills: int, seed: int, store_url: str = "") -> Figures:
    """Let messages arrive while the product is killed, and count."""
    began = time.monotonic()
    mastodon.PEOPLE.update({f"p{number}": "annan.example" for number in range(_PEOPLE)})
    # In the order of the weights above.
    rigs: dict[str, Rig] = {
        "telegram": telegram.TelegramRig(),
        "elks": elks.ElksRig(),
        "mastodon": mastodon.MastodonRig(),
        "meta": meta.MessengerRig(),
    }
    services = Services(rigs=rigs)
    with folder(in_memory=True) as place:
        async with contextlib.AsyncExitStack() as stack:
            world = await stack.enter_async_context(a_world())
            product = Product(
                relay_port=world.port,
                folder=place,
                store_url=store_url,
                mail="notices_per_handler_and_hour = 1000000\nacknowledgements_per_address_and_day = 100000",
            )
            ours = httpx.AsyncClient(
                transport=_OrAway(), base_url=f"http://127.0.0.1:{product.web_port}", timeout=20
            )
            await stack.enter_async_context(ours)
            for rig in rigs.values():
                await rig.open(datetime.now(UTC))
                stack.push_async_callback(rig.close)
                rig.channel(_given(product))
                rig.ours = ours
            product.tables = _tables(rigs)
            os.environ.update({"CHATS_SECRET": _SECRET, "TELEGRAM_TOKEN": telegram.TOKEN})
            with running(product, start=False):
                await _lives(product, services, messages, kills, random.Random(seed))  # noqa: S311 - chance
                await _settled(product, services)
                product.ask_to_stop()
                await asyncio.to_thread(product.ended)
                return _count(product, services, seed=seed, kills=kills, began=began)


def _given(product: Product) -> Given:
    return Given(
        clock=lambda: datetime.now(UTC),
        secret=lambda _reference: _SECRET,
        places=_Nobody(),
        public_url=f"http://127.0.0.1:{product.web_port}",
    )


def _tables(rigs: dict[str, Rig]) -> str:
    sms, page, chat, social = rigs["elks"], rigs["meta"], rigs["telegram"], rigs["mastodon"]
    assert isinstance(sms, elks.ElksRig)
    assert isinstance(page, meta.MessengerRig)
    assert isinstance(chat, telegram.TelegramRig)
    assert isinstance(social, mastodon.MastodonRig)
    settings = social.settings()
    return _TABLES.format(
        telegram=chat.service.url,
        elks=sms.base_url,
        elks_user=elks.USERNAME,
        elks_number=elks.OURS,
        elks_hook_user=elks.HOOK_USERNAME,
        mastodon=settings.server,
        mastodon_account=settings.account,
        meta=page.graph.url,
        meta_app=meta_graph.APP,
        meta_page=meta_graph.PAGE,
    )


async def _lives(
    product: Product, services: Services, messages: int, kills: int, choose: random.Random
) -> None:
    """Start and kill while people write; end with one that lives."""
    said = 0

    async def write() -> None:
        nonlocal said
        while said < messages:
            number, said = said, said + 1
            await services.say(number, choose)
            if number % 7 == 0:
                await services.again()
            await asyncio.sleep(0)

    share = max(messages // max(kills, 1), 1)
    for _ in range(kills):
        await asyncio.to_thread(product.launch)
        if choose.random() > 0.1:
            await asyncio.to_thread(product.wait)
        last = min(said + share, messages)
        until = time.monotonic() + choose.uniform(0, 1.2)
        while said < last or time.monotonic() < until:
            if said < last:
                number, said = said, said + 1
                await services.say(number, choose)
            else:
                await asyncio.sleep(0.01)
            if choose.random() < 0.2:
                await services.again()
        await asyncio.to_thread(product.kill)
    await asyncio.to_thread(product.start)
    await write()


async def _settled(product: Product, services: Services) -> None:
    """Return when every message is kept and has its case, and nothing waits to be sent."""
    waiting = (
        "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
        " + (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS left_over,"
        " (SELECT count(*) FROM messages WHERE event = 'nytt') AS kept"
    )
    deadline = time.monotonic() + _SETTLING + len(services.said) / 10
    while True:
        await services.again()
        (row,) = await asyncio.to_thread(product.query, waiting)
        if row["kept"] >= len(services.said) and row["left_over"] == 0:
            return
        if time.monotonic() > deadline:
            return  # what is missing is a fault, and is named
        await asyncio.sleep(0.5)


def _count(product: Product, services: Services, *, seed: int, kills: int, began: float) -> Figures:
    rows = product.query("SELECT text, case_id, conversation FROM messages WHERE event = 'nytt'")
    letters = product.query(
        "SELECT l.purpose, l.state, l.channel, c.number FROM letters l LEFT JOIN cases c ON c.id = l.case_id"
    )
    cases = product.query("SELECT id, number FROM cases")
    arrived = services.receipts()
    unknown = [one for one in letters if one["state"] == "okänt"]
    names = {"sms": "elks", "messenger": "meta"}
    there = [one for one in unknown if one["purpose"] == "kvitto" and arrived[_on(one, names)]]
    return Figures(
        seed=seed,
        messages=Counter(services.said.values()),
        kills=kills,
        cases=len(cases),
        letters=Counter(one["state"] for one in letters),
        receipts=Counter(name for name, _ in arrived.elements()),
        unknown=Counter(one["channel"] for one in unknown),
        unknown_arrived=len(there),
        seconds=time.monotonic() - began,
        faults=[
            *_message_faults(services, rows),
            *_case_faults(product, cases, rows),
            *_letter_faults(letters, arrived, names),
        ],
    )


def _message_faults(services: Services, rows: list[Row]) -> Iterator[str]:
    kept = Counter(row["text"] for row in rows)
    for text, name in services.said.items():
        if kept[text] != 1:
            yield f"{name}: {text[:20]!r} is kept {kept[text]} times"
    yield from (f"{row['text'][:20]!r} has no case" for row in rows if row["case_id"] is None)


def _case_faults(product: Product, cases: list[Row], rows: list[Row]) -> Iterator[str]:
    talks = {row["conversation"] for row in rows}
    if len(cases) != len(talks):
        yield f"{len(cases)} cases of {len(talks)} conversations"
    opened = product.query("SELECT count(*) AS n FROM journal WHERE act = 'ärende öppnat'")[0]["n"]
    if opened != len(cases):
        yield f"{opened} openings of {len(cases)} cases"
    numbers = sorted(int(case["number"][-6:]) for case in cases)
    if numbers != list(range(1, len(cases) + 1)):
        yield "a gap in the series of numbers"


def _letter_faults(
    letters: list[Row], arrived: Counter[tuple[str, str]], names: dict[str, str]
) -> Iterator[str]:
    yield from (
        f"{name}: the receipt of {number} arrived {count} times"
        for (name, number), count in arrived.items()
        if count > 1
    )
    for one in letters:
        if one["purpose"] != "kvitto":
            continue
        is_there = arrived[_on(one, names)]
        if one["state"] == "sänt" and not is_there:
            yield f"{one['channel']}: the receipt of {one['number']} is said to be sent, and never came"
        if one["state"] == "okänt" and one["channel"] == "mastodon":
            yield f"mastodon: the receipt of {one['number']} is in doubt, where sending twice is harmless"
        if one["state"] not in {"sänt", "okänt"}:
            yield f"{one['channel']}: the receipt of {one['number']} is left in state {one['state']}"


def _on(letter: Row, names: dict[str, str]) -> tuple[str, str]:
    """Return the service that a letter went by, and the number of its case."""
    road = str(letter["channel"])
    return names.get(road, road), str(letter["number"])


def _counted(states: Counter[str]) -> str:
    return ", ".join(f"{state} {count}" for state, count in states.most_common())


def main(arguments: list[str] | None = None) -> int:
    """Run it once and print the figures; the exit status tells whether anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.chats", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres.running()).database("chats") if chosen.postgres else ""
        told = asyncio.run(run(messages=chosen.messages, kills=chosen.kills, seed=chosen.seed, store_url=url))
    print("\n".join(told.lines()))
    return 1 if told.faults else 0


if __name__ == "__main__":
    sys.exit(main())
