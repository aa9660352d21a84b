"""Letters are sent once, tried again, given up aloud, and never sent twice by us."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bots.channel import Capabilities, Form, Outage, PermanentFailure, Receive, TemporaryFailure
from bots.channels.memory import Memory
from store import outbox
from store.domain import Address, LetterState, Outgoing, Purpose
from store.engine import StoreError, Transaction
from tests.house import NOW, SENDER, House, an_inbound

Make = Callable[..., House]
BUSY = TemporaryFailure("450 upptaget")
DOUBT = TemporaryFailure("inget svar", in_doubt=True)
NO = PermanentFailure("550 okänd")


def put(house: House, *handles: str) -> None:
    with house.store.write() as transaction:
        for handle in handles or (SENDER,):
            letter = Outgoing(
                key=handle,
                purpose=Purpose.ACKNOWLEDGEMENT,
                recipient=Address(channel="email", handle=handle),
                subject="Tack",
                body="Hej",
            )
            outbox.put(transaction, letter, now=house.clock())


def states(house: House) -> list[str]:
    return [row["state"] for row in house.outbox()]


async def test_what_waits_is_sent_once(house: House) -> None:
    put(house)

    tried = [await house.delivery.once() for _ in range(2)]

    assert tried == [1, 0]
    assert states(house) == [LetterState.SENT]
    assert [letter.recipient.handle for letter in house.memory.letters] == [SENDER]
    assert house.outbox()[0]["service_id"] == "memory-1"


async def test_a_letter_refused_for_now_is_tried_again_after_a_growing_pause(house: House) -> None:
    put(house)
    house.delivery._random = random.Random(1)  # noqa: S311 - jitter is no secret
    house.memory.down = BUSY
    pauses = []
    for _ in range(12):
        await house.delivery.once()
        until = house.outbox()[0]["next_try_at"]
        pauses.append((until - house.clock()).total_seconds())
        house.clock.now = until

    for found, expected in zip(
        pauses, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600], strict=True
    ):
        assert 0.8 * expected <= found <= 1.2 * expected
    assert len({round(found / 3600, 6) for found in pauses[8:]}) > 1
    assert states(house) == [LetterState.PENDING]


async def test_a_letter_is_sent_when_the_service_is_back(house: House) -> None:
    put(house)
    house.memory.failures = deque([BUSY])
    await house.delivery.once()
    too_early = await house.delivery.once()
    house.clock.forward(seconds=20)

    await house.delivery.once()

    assert too_early == 0
    assert states(house) == [LetterState.SENT]
    assert house.outbox()[0]["attempts"] == 2


async def test_a_letter_in_doubt_is_unknown_and_never_sent_again(house: House) -> None:
    put(house)
    house.memory.failures = deque([DOUBT])

    await house.deliver()
    house.clock.forward(days=30)
    await house.deliver()

    assert states(house) == [LetterState.UNKNOWN]
    assert house.memory.letters == []
    assert house.outbox()[0]["state_because"] == "inget svar"


async def test_a_letter_refused_for_good_is_failed_and_not_tried_again(house: House) -> None:
    put(house)
    house.memory.refused[SENDER] = NO

    await house.deliver()
    house.clock.forward(days=30)
    await house.deliver()

    assert (states(house), house.outbox()[0]["attempts"]) == ([LetterState.FAILED], 1)


async def test_a_refused_acknowledgement_is_told_to_the_handler(house: House) -> None:
    house.memory.refused[SENDER] = NO

    await house.hear(an_inbound())

    (notice,) = house.outbox(purpose=Purpose.UNDELIVERED_NOTICE)
    assert (notice["handle"], notice["state"]) == ("anna.ek@lillkommun.example", LetterState.SENT)


async def test_a_refused_notice_is_told_to_nobody_by_mail(house: House) -> None:
    house.memory.refused["anna.ek@lillkommun.example"] = NO

    await house.hear(an_inbound())

    assert [(row["purpose"], row["state"]) for row in house.outbox()] == [
        (Purpose.ACKNOWLEDGEMENT, LetterState.SENT),
        (Purpose.HANDLER_NOTICE, LetterState.FAILED),
    ]


async def test_a_letter_is_given_up_when_it_has_waited_too_long(make_house: Make) -> None:
    house = make_house(give_up_after=timedelta(hours=4))
    put(house)
    house.memory.down = BUSY

    await house.delivery.once()
    house.clock.forward(hours=4)
    await house.delivery.once()
    before = states(house)
    house.clock.forward(hours=2)
    await house.delivery.once()

    assert before == [LetterState.PENDING]
    assert states(house) == [LetterState.FAILED]


async def test_one_letter_that_fails_does_not_hold_up_the_others(house: House) -> None:
    put(house, "a@example.org", "b@example.org", "c@example.org", "d@example.org")
    house.memory.refused = {"a@example.org": NO, "b@example.org": DOUBT, "c@example.org": BUSY}

    await house.delivery.once()

    assert states(house) == [LetterState.FAILED, LetterState.UNKNOWN, LetterState.PENDING, LetterState.SENT]


async def test_letters_go_out_a_handful_at_a_time(make_house: Make) -> None:
    house = make_house(in_hand=3)
    put(house, *(f"{number}@example.org" for number in range(7)))

    tried = [await house.delivery.once() for _ in range(4)]

    assert tried == [3, 3, 1, 0]


async def test_what_the_service_says_in_odd_signs_is_noted_without_the_address(house: House) -> None:
    put(house, "a@example.org", "b@example.org")
    house.memory.refused["a@example.org"] = PermanentFailure("550 <a@example.org> ok\udce4nd\0")

    await house.delivery.once()

    assert states(house) == [LetterState.FAILED, LetterState.SENT]
    assert house.outbox()[0]["state_because"] == "550 <adress> ok?nd"


@dataclass
class Breaking:
    """A channel that keeps its letters and then breaks its promise."""

    letters: list[Outgoing] = field(default_factory=list)
    name: str = "bruten"
    capabilities: Capabilities = field(default_factory=Capabilities)

    async def check(self) -> list[str]:
        return []

    async def listen(self, receive: Receive) -> None:
        raise NotImplementedError

    async def send(self, letter: Outgoing) -> str:
        self.letters.append(letter)
        raise KeyError(letter.recipient.handle)


async def test_a_channel_that_breaks_its_promise_leaves_the_letter_in_doubt(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    put(house)
    channel = Breaking()
    house.delivery.channels = {"email": channel}

    await house.deliver()
    house.clock.forward(days=1)
    await house.deliver()

    assert states(house) == [LetterState.UNKNOWN]
    assert len(channel.letters) == 1
    assert SENDER not in caplog.text


async def test_what_was_sent_while_the_store_was_away_is_noted_when_it_is_back(house: House) -> None:
    put(house)

    class Cutting(Breaking):
        async def send(self, letter: Outgoing) -> str:
            self.letters.append(letter)
            with house.store.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE letters RENAME TO gone")
            return "ok-1"

    channel = Cutting()
    house.delivery.channels = {"email": channel}
    with pytest.raises(Exception, match="letters"):
        await house.delivery.once()
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO letters")
    between = states(house)

    await house.deliver()

    assert between == [LetterState.SENDING]
    assert states(house) == [LetterState.SENT]
    assert len(channel.letters) == 1


async def test_letters_in_hand_are_finished_even_when_one_of_them_can_not_be_noted(house: House) -> None:
    put(house, "a@example.org", "b@example.org")
    gate = asyncio.Event()

    class Uneven(Breaking):
        async def send(self, letter: Outgoing) -> str:
            if letter.recipient.handle.startswith("b"):
                await gate.wait()
            self.letters.append(letter)
            return "ok"

    channel = Uneven()
    house.delivery.channels = {"email": channel}
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE journal RENAME TO gone")
    sending = asyncio.ensure_future(house.delivery.once())
    async with asyncio.timeout(20):
        while not channel.letters:  # noqa: ASYNC110 - a letter rings no bell
            await asyncio.sleep(0.02)
    ended, _ = await asyncio.wait([sending], timeout=0.1)
    gate.set()
    with pytest.raises(StoreError):
        await sending

    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO journal")
    await house.deliver()
    assert ended == set()
    assert len(channel.letters) == 2
    assert states(house) == [LetterState.SENT, LetterState.SENT]


async def test_a_failure_that_can_not_be_told_is_noted_all_the_same(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    put(house, "a@example.org", "b@example.org")
    house.memory.refused["a@example.org"] = NO

    def tell(_transaction: Transaction, letter: Outgoing) -> None:
        raise KeyError(letter.recipient.handle)

    house.delivery.failed = tell

    await house.deliver()

    assert states(house) == [LetterState.FAILED, LetterState.SENT]
    assert len(house.memory.letters) == 1
    assert [line.partition(" because=")[0] for line in caplog.messages] == ["not noted at once: letter=1"]
    assert "example.org" not in caplog.text


async def test_a_crash_between_taking_and_noting_leaves_the_letter_unknown_at_the_next_start(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    first = make_house()
    put(first)
    first.delivery._take()  # and here the power goes
    second = make_house(clock=first.clock)

    running = asyncio.ensure_future(second.delivery.run())
    async with asyncio.timeout(20):
        while not caplog.messages:  # noqa: ASYNC110 - a log line rings no bell
            await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert states(second) == [LetterState.UNKNOWN]
    assert second.memory.letters == []
    assert "letters in doubt since the last run: count=1" in caplog.messages


async def test_delivery_that_starts_while_the_store_is_away_begins_when_it_is_back(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    put(house, "a@example.org", "b@example.org")
    house.delivery.in_hand = 1
    house.delivery._take()  # and here the power goes
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE letters RENAME TO gone")

    running = asyncio.ensure_future(house.delivery.run())
    async with asyncio.timeout(20):
        while not caplog.messages and not running.done():  # noqa: ASYNC110 - a log line rings no bell
            await asyncio.sleep(0.02)
        with house.store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO letters")
        house.delivery.ring()
        while not house.memory.letters and not running.done():  # noqa: ASYNC110 - nor does a letter
            await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert states(house) == [LetterState.UNKNOWN, LetterState.SENT]
    assert [letter.recipient.handle for letter in house.memory.letters] == ["b@example.org"]


async def test_two_workers_never_send_the_same_letter(make_house: Make) -> None:
    first, second = make_house(), make_house()
    put(first, *(f"{number}@example.org" for number in range(40)))

    await asyncio.gather(*(house.deliver() for house in (first, second, first, second)))

    sent = [letter.recipient.handle for house in (first, second) for letter in house.memory.letters]
    assert sorted(sent) == sorted(f"{number}@example.org" for number in range(40))
    assert states(first) == [LetterState.SENT] * 40


async def test_an_outage_is_told_when_it_begins_and_when_it_ends(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    put(house, "a@example.org", "b@example.org")
    house.memory.down = TemporaryFailure("450 <sven@example.org>: försök igen")

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            await house.delivery.once()
            house.clock.forward(minutes=10)
        lost = house.delivery.outages["memory"]
        house.memory.down = None
        await house.deliver()

    assert lost == Outage(began=NOW, because="450 <adress> försök igen")
    assert house.delivery.outages["memory"] == lost.over(NOW + timedelta(minutes=30))
    assert caplog.messages == [
        "channel lost: channel=memory because=450 <adress> försök igen",
        "channel back: channel=memory",
    ]


async def test_the_bell_wakes_delivery_and_stopping_finishes_the_letter_in_hand(house: House) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    class Slow(Breaking):
        async def send(self, letter: Outgoing) -> str:
            entered.set()
            await gate.wait()
            self.letters.append(letter)
            return "ok-1"

    channel = Slow()
    house.delivery.channels = {"email": channel}
    running = asyncio.ensure_future(house.delivery.run())
    await asyncio.sleep(0.05)
    put(house)
    house.delivery.ring()
    async with asyncio.timeout(20):
        await entered.wait()

    running.cancel()
    await asyncio.sleep(0)
    gate.set()
    with suppress(asyncio.CancelledError):
        await running

    assert len(channel.letters) == 1
    assert states(house) == [LetterState.SENT]


async def test_held_letters_stay_where_they_are(house: House) -> None:
    with house.store.write() as transaction:
        letter = Outgoing(
            key="1",
            purpose=Purpose.ACKNOWLEDGEMENT,
            recipient=Address(channel="email", handle=SENDER),
            subject="Tack",
            body="Hej",
        )
        outbox.put(transaction, letter, now=NOW, held_because="DMARC")

    await house.deliver()

    assert states(house) == [LetterState.HELD]
    assert house.memory.letters == []


async def test_no_line_of_the_log_tells_of_anybody(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_house()
    house.memory.failures = deque([TemporaryFailure(f"450 {SENDER} upptaget"), DOUBT, NO])

    with caplog.at_level(logging.DEBUG):
        await house.hear(
            an_inbound(subject="Elsas knä", text="Storgatan 1"),
            an_inbound(subject="Elsas knä", text="Storgatan 2"),
        )
        house.clock.forward(hours=1)
        await house.deliver()

    told = "\n".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    assert "channel lost" in told
    for word in (SENDER, "Sven", "Svensson", "Elsa", "Storgatan", "anna.ek", "Anna"):
        assert word not in told


def chat(house: House, key: str, handle: str) -> None:
    with house.store.write() as transaction:
        letter = Outgoing(
            key=key,
            purpose=Purpose.ANSWER,
            recipient=Address(channel="chatt", handle=handle),
            subject="",
            body=key,
        )
        outbox.put(transaction, letter, now=house.clock())


async def test_in_a_chat_no_letter_overtakes_an_older_one_to_the_same_reader(make_house: Make) -> None:
    memory = Memory(name="chatt", capabilities=Capabilities(form=Form.CHAT))
    house = make_house(roads={"chatt": memory})
    chat(house, "fråga", "asa")
    memory.failures = deque([BUSY])
    await house.deliver()

    chat(house, "svar", "asa")
    chat(house, "svar till bo", "bo")
    await house.deliver()
    before = [letter.key for letter in memory.letters]
    house.clock.forward(minutes=1)
    await house.deliver()

    assert before == ["svar till bo"]
    assert [letter.key for letter in memory.letters] == ["svar till bo", "fråga", "svar"]


async def test_in_a_chat_what_failed_for_good_holds_up_nothing(make_house: Make) -> None:
    memory = Memory(name="chatt", capabilities=Capabilities(form=Form.CHAT))
    house = make_house(roads={"chatt": memory})
    memory.failures = deque([NO])
    chat(house, "fråga", "asa")
    chat(house, "svar", "asa")

    await house.deliver()

    assert [letter.key for letter in memory.letters] == ["svar"]


async def test_by_mail_a_letter_waits_for_no_other(house: House) -> None:
    house.memory.failures = deque([BUSY])
    put(house)
    await house.deliver()

    with house.store.write() as transaction:
        letter = Outgoing(
            key="svar",
            purpose=Purpose.ANSWER,
            recipient=Address(channel="email", handle=SENDER),
            subject="Svar",
            body="Hej",
        )
        outbox.put(transaction, letter, now=house.clock())
    await house.deliver()

    assert [letter.key for letter in house.memory.letters] == ["svar"]
