import asyncio
import os
import random
import smtplib
import time
from collections import Counter
from collections.abc import Iterable
from email import message_from_bytes
from email.policy import default

import pytest

from tests.journeys import pingpong
from tests.journeys.hostile import US, Hostile, many
from tests.journeys.mails import citizen, message_id, synpunkt
from tests.servers.product import Product, folder, running
from tests.servers.world import World, a_world

pytestmark = [pytest.mark.journey, pytest.mark.slow]

_HUMANS = 20
_REPEATERS, _REPEATS = 10, 5
_FLOOD = 20
_MOST_PER_DAY = 5


async def test_a_thousand_automatic_mails_are_kept_and_none_is_acknowledged() -> None:
    seed = int(os.environ.get("SYNPUNKT_SEED", random.SystemRandom().randrange(10**6)))
    mails = list(many(1000, seed=seed))
    with folder(in_memory=True) as place:
        async with a_world() as world:
            product = Product(relay_port=world.port, folder=place)
            with running(product, start=False):
                await asyncio.to_thread(product.start)
                await _deliver(product, (_human(number) for number in range(_HUMANS)))
                await world.has(2 * _HUMANS, within=60)
                genuine = [_absence(number, world) for number in range(_HUMANS)]
                await _deliver(product, [*mails, *genuine])
                await _deliver(product, _markless())
                await _settled(product)

                print(f"seed {seed}")
                _tell(product, mails)
                # What a human wrote was thanked, so the rest could have been.
                assert _thanked(world) == Counter(
                    {
                        **{citizen(number): 1 for number in range(_HUMANS)},
                        **{f"trogen{number}@example.net": 1 for number in range(_REPEATERS)},
                        "flod@example.net": _MOST_PER_DAY,
                    }
                )
                assert _letters_of(product, mails) == 0
                assert _statuses(product, mails) == Counter({"karantän": 1000})
                assert _cases_of(product, genuine) == list(range(1, _HUMANS + 1))
                assert _states(product) == {
                    "kvitto": Counter(
                        {
                            "sänt": _HUMANS + _REPEATERS + _MOST_PER_DAY,
                            "hålls": _REPEATERS * (_REPEATS - 1) + _FLOOD - _MOST_PER_DAY,
                        }
                    ),
                    "nytt_ärende": Counter({"sänt": _HUMANS + _REPEATERS * _REPEATS + _FLOOD}),
                }


@pytest.mark.parametrize(("naked", "answers"), [(False, 0), (True, 5)], ids=["as they are", "without marks"])
async def test_two_houses_that_write_to_each_other_fall_silent(*, naked: bool, answers: int) -> None:
    figures = await pingpong.run(seconds=10, naked=naked)

    print("\n".join(figures.lines()))
    assert figures.injected > _MOST_PER_DAY  # each of them could have been thanked
    assert figures.acknowledgements == {"alfa": _MOST_PER_DAY, "beta": answers}


def _human(number: int) -> Hostile:
    raw = synpunkt(number, to=US)
    return Hostile(kind="human", id=message_id(number), raw=raw, envelope_from=citizen(number))


def _absence(number: int, world: World) -> Hostile:
    """Answer our acknowledgement as a mail server does whose owner is away."""
    known = message_id(number + 5000)
    letter = next(mail for mail in world.mails if mail.recipients == (citizen(number),))
    read = message_from_bytes(letter.raw, policy=default)
    more = f"Auto-Submitted: auto-replied\r\nIn-Reply-To: {read['Message-ID']}\r\n"
    raw = synpunkt(number + 5000, to=US, matter="Automatiskt svar: Semester", more=more)
    return Hostile(kind="absence", id=known, raw=raw, envelope_from="", to=US)


def _markless() -> list[Hostile]:
    """Write as machines do that give no sign at all: again and again the same, or much in a day."""
    again = [
        _from(f"trogen{number}@example.net", 6000 + number * _REPEATS + turn, "Vi har fått ditt brev")
        for turn in range(_REPEATS)
        for number in range(_REPEATERS)
    ]
    flood = [_from("flod@example.net", 7000 + turn, f"Ärende {turn} hos oss") for turn in range(_FLOOD)]
    return [*again, *flood]


def _from(sender: str, number: int, subject: str) -> Hostile:
    raw = synpunkt(number, to=US, matter=subject).replace(citizen(number).encode(), sender.encode())
    return Hostile(kind="no mark", id=message_id(number), raw=raw, envelope_from=sender)


async def _deliver(product: Product, mails: Iterable[Hostile]) -> None:
    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=30) as client:
            for mail in mails:
                client.sendmail(mail.envelope_from, [mail.to], mail.raw)

    await asyncio.to_thread(talk)


async def _settled(product: Product) -> None:
    left = (
        "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
        " + (SELECT count(*) FROM letters WHERE state IN ('väntar', 'sänds')) AS n"
    )
    deadline = time.monotonic() + 60
    while True:
        if (await asyncio.to_thread(product.query, left))[0]["n"] == 0:
            return
        assert time.monotonic() < deadline, product.log()[-3000:]
        await asyncio.sleep(0.1)


def _thanked(world: World) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in world.mails if b"Auto-Submitted: auto-replied" in mail.raw)


def _rows_of(product: Product, mails: Iterable[Hostile]) -> list[dict[str, object]]:
    known = {mail.id.strip("<>") for mail in mails}
    rows = product.query(
        "SELECT m.message_id, m.case_id, m.automatic, c.status FROM messages m"
        " JOIN cases c ON c.id = m.case_id ORDER BY m.id"
    )
    return [dict(row) for row in rows if row["message_id"].strip("<>") in known]


def _letters_of(product: Product, mails: Iterable[Hostile]) -> int:
    cases = {row["case_id"] for row in _rows_of(product, mails)}
    return sum(row["case_id"] in cases for row in product.query("SELECT case_id FROM letters"))


def _statuses(product: Product, mails: Iterable[Hostile]) -> Counter[object]:
    return Counter(row["status"] for row in _rows_of(product, mails))


def _cases_of(product: Product, mails: Iterable[Hostile]) -> list[object]:
    return [row["case_id"] for row in _rows_of(product, mails)]


def _states(product: Product) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in product.query("SELECT purpose, state FROM letters"):
        found.setdefault(row["purpose"], Counter())[row["state"]] += 1
    return found


def _tell(product: Product, mails: list[Hostile]) -> None:
    """Print how each kind was understood."""
    understood = {str(row["message_id"]).strip("<>"): row["automatic"] for row in _rows_of(product, mails)}
    for kind in dict.fromkeys(mail.kind for mail in mails):
        found = Counter(str(understood.get(mail.id.strip("<>"))) for mail in mails if mail.kind == kind)
        counts = ", ".join(f"{name or '-'} {count}" for name, count in found.most_common())
        print(f"{kind:28} {counts}")
