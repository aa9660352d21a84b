"""A day without contact, over every service: nothing is lost or doubled, and it is told once each way."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bots import app as parts
from bots.app import App
from bots.desk.directory import Directory
from store.domain import LetterState, MessageState, Outcome, PromiseKind, Purpose
from store.engine import Row, Store
from tests.bots.channels.rig import Clocked, Fault, Rig
from tests.bots.channels.world import World, over, started, until
from tests.house import NOW, PlainReader, rows_of

# At what hour of the outage somebody writes what. It begins a Monday at 10.30 in Stockholm.
SAID = (
    (2, "asa", "Det gäller gungan närmast lekstugan."),
    (4, "asa", "Kedjan till gungan hänger ända ner till marken."),
    (6, "cilla", "Lampan vid gångvägen genom parken är släckt."),
    (9, "bo", "Bänken jag menar står vid dammen."),
    (17, "cilla", "Det är lampan närmast bron."),
    (17, "asa", "Tack på förhand."),
)
BEFORE = (("asa", "Gungan i parken är trasig."), ("bo", "Bänken i parken har gått sönder."))
QUESTION, FIRST, SECOND = "Vilken av gungorna är det?", "Bänken är lagad nu.", "Gungan är lagad nu."
HOURS = 20
# Where the machine's own clock tells when a message came: a real server.
_OWN_CLOCK = frozenset({"matrix"})
# Who tries to post again what we did not take. The others are asked for it.
_POST_AGAIN = frozenset({"telegram", "meta"})


@dataclass(kw_only=True)
class Day(World):
    """A world whose door is kept open as the whole house does it, and whose clocks go by the hour."""

    said_at: list[tuple[str, datetime]] = field(default_factory=list)
    app: App = field(init=False)

    async def start(self) -> None:
        await super().start()
        self._hurry()

    async def _listen(self) -> None:
        desk = self.house
        organisation = desk.work.house
        reader: Any = PlainReader()  # nothing comes by mail
        self.app = App(
            store=self.store,
            intake=desk.intake,
            judge=desk.judge_,
            delivery=desk.delivery,
            watch=desk.watch,
            doors=[self.channel],
            roads={self.rig.road: self.channel},
            reader=reader,
            opinion=desk.opinion,
            acts=desk.acts,
            directory=Directory(store=self.store, house=organisation, clock=self.clock),
        )
        await self.app._keep_open(self.channel, 0)

    def _hurry(self) -> None:
        """Let what is done every hour be done all the time: the day is short."""
        for pace in ("pause", "look_seconds", "_poll_seconds"):
            if hasattr(self.channel, pace):
                setattr(self.channel, pace, 0.05)

    def forward(self, **by: float) -> None:
        self.clock.forward(**by)
        if isinstance(self.rig, Clocked):
            self.rig.turn(self.clock())

    async def say(self, person: str, text: str) -> None:
        at = datetime.now(UTC) if self.rig.name in _OWN_CLOCK else self.clock()
        await self.rig.say(text, person=person)
        self.said_at.append((text, at))

    def case_of(self, text: str) -> Row:
        """Return the case that somebody opened with these words."""
        (message,) = [row for row in self.messages() if row["text"] == text]
        return next(row for row in self.house.cases() if row["id"] == message["case_id"])


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(parts, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(parts, "_STANDS", 6.0)
    yield


@pytest.fixture
async def day(make_rig: Callable[[], Rig], store: Store) -> AsyncIterator[Day]:
    async with started(day := Day(rig=make_rig(), store=store)):
        yield day


async def lived(day: Day) -> None:
    """Live through a day: two cases in the morning, twenty hours without contact, and four with it again."""
    for person, text in BEFORE:
        await day.say(person, text)
    await day.kept(2)
    await day.work()
    ours, day.rig.ours = day.rig.ours, None
    day.rig.fail(Fault.LOCKED)
    await day.rig.again()  # lets go of a question that is being answered still
    await until(lambda: 0 in day.app.fallen)
    acts = day.house.acts
    for hour in range(1, HOURS + 1):
        day.forward(hours=1)
        for at, person, text in SAID:
            if at == hour:
                await day.say(person, text)
        gunga, bench = (day.case_of(text) for _, text in BEFORE)
        if hour == 3:
            acts.ask_sender(gunga["id"], QUESTION, by=gunga["handler"], version=gunga["version"])
        elif hour == 5:
            acts.answer(bench["id"], FIRST, Outcome.DONE, by=bench["handler"], version=bench["version"])
        elif hour == 7:
            acts.answer(gunga["id"], SECOND, Outcome.DONE, by=gunga["handler"], version=gunga["version"])
        await day.work()
    day.rig.mend()
    day.rig.ours = ours
    if day.rig.name in _POST_AGAIN:
        await day.rig.again()
    await day.kept(len(BEFORE) + len(SAID))
    for _ in range(24):
        await day.work()
        day.forward(minutes=10)
    await until(lambda: day.app.fallen[0].ended is not None)


@over(far=True)
async def test_after_a_day_without_contact_all_is_there_once_and_in_order(
    day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="bots")

    await lived(day)

    name, told = day.channel.name, caplog.messages
    assert sum(f"channel down: channel={name} " in line for line in told) == 1
    assert sum(f"channel lost: channel={name} " in line for line in told) == 1
    assert sum(f"channel back: channel={name}" in line for line in told) == 1
    heard, sent = day.app.fallen[0], day.house.delivery.outages[name]
    assert heard.began == NOW
    assert sent.began == NOW + timedelta(hours=3)  # when the first letter was written
    for outage in (heard, sent):
        assert outage.ended is not None
        assert outage.ended >= NOW + timedelta(hours=HOURS)
    _messages_are_right(day)
    _letters_are_right(day)
    _promises_are_right(day)

    # Whatever the service tells once more, it is known.
    letters, messages = len(day.rig.letters()), len(day.messages())
    await day.rig.again()
    await day.say("bo", "Tack för hjälpen.")
    await day.kept(messages + 1)
    await day.work()
    assert len(day.messages()) == messages + 1
    assert not any(answer in one.text for one in day.rig.letters()[letters:] for answer in (FIRST, SECOND))


def _messages_are_right(day: Day) -> None:
    rows = day.messages()
    assert [row["state"] for row in rows] == [MessageState.READ] * len(rows)
    heard = [(row["from_addr"], row["text"]) for row in rows]
    assert sorted(text for _, text in heard) == sorted(text for text, _ in day.said_at)
    for person in {address for address, _ in heard}:
        theirs = [text for address, text in heard if address == person]
        assert theirs == [text for text, _ in day.said_at if text in theirs]
    at = {row["text"]: row["received_at"] for row in rows}
    for text, said_at in day.said_at:
        assert timedelta(0) <= at[text] - said_at < timedelta(minutes=1), text


def _letters_are_right(day: Day) -> None:
    assert {row["state"] for row in rows_of(day.store, "letters")} == {LetterState.SENT}
    texts = [one.text for one in day.rig.letters()]
    places = [[at for at, text in enumerate(texts) if words in text] for words in (QUESTION, FIRST, SECOND)]
    assert [len(found) for found in places] == [1, 1, 1]
    asked, _, answered = places
    assert asked < answered  # of the same reader: others have a conversation of their own
    for case in day.house.cases():
        (thanks,) = [row for row in day.letters(Purpose.ACKNOWLEDGEMENT) if row["case_id"] == case["id"]]
        assert sum(" ".join(thanks["body"].split())[:60] in " ".join(text.split()) for text in texts) >= 1


def _promises_are_right(day: Day) -> None:
    case = day.case_of(SAID[2][2])
    promised = day.house.promises(case["id"])
    if day.rig.name in _OWN_CLOCK:
        assert case["received_at"] < NOW + timedelta(hours=HOURS)
        return
    # Written on Monday, heard of on Tuesday.
    assert promised[PromiseKind.FIRST_FEEDBACK] == date(2026, 11, 25)
    assert promised[PromiseKind.ANSWER] == date(2026, 12, 7)
