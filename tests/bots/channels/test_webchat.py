import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bots.channel import Given
from bots.channels.webchat import CrowdedError, Pressed, Settings, Webchat, arrival, build, written
from bots.wire.kept import Fetched
from store.domain import Address, Command, Delivered, Event, Inbound, Outgoing, Purpose, Source

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class _NoPlaces:
    def place(self, account: str, name: str) -> str:  # noqa: ARG002 - nothing is kept
        return ""

    def keep_place(self, account: str, name: str, value: str) -> None:
        raise AssertionError(account, name, value)


def given(public_url: str = "https://tycktill.lillkommun.example/") -> Given:
    return Given(clock=lambda: NOW, secret=str, places=_NoPlaces(), public_url=public_url)


def a_letter(handle: str = "ab" * 32) -> Outgoing:
    return Outgoing(
        key="1:kvitto",
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="webchat", handle=handle),
        subject="",
        body="Tack!",
        id=7,
    )


def a_message(text: str = "Gungan är trasig.", pressed: Pressed | None = None) -> Inbound:
    return written(
        handle="ab" * 32,
        external_id="1.2",
        text=text,
        payload=b"{}",
        language="",
        files=[Fetched(name="gunga.png", media_type="image/png", data=b"x")],
        pressed=pressed,
        now=NOW,
    )


async def test_the_table_becomes_a_channel_that_tells_where_its_page_is() -> None:
    chat = build(Settings(languages=["fi", "sv"], most_open=5, idle_hours=12), given())

    assert await chat.check() == [
        "webchat: https://tycktill.lillkommun.example/chatt, 0 av högst 5 sidor väntar nu"
    ]
    assert (chat.languages, chat.idle) == (("fi", "sv"), timedelta(hours=12))


@pytest.mark.parametrize(
    "table",
    [{"languages": []}, {"languages": ["no"]}, {"most_open": 0}, {"idle_hours": 0}, {"idle_hours": 24 * 91}],
)
def test_a_table_that_makes_no_sense_is_refused(table: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**table)  # type: ignore[arg-type]  # that it is wrong is what is tried


def test_without_pages_there_is_no_talk() -> None:
    with pytest.raises(ValueError, match="public_url"):
        build(Settings(), given(""))


def test_a_language_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="en gång"):
        build(Settings(languages=["sv", "sv"]), given())


async def test_a_letter_rings_those_who_wait_for_it_and_nobody_else() -> None:
    chat = Webchat()
    with chat.waiting("ab" * 32) as mine, chat.waiting("cd" * 32) as theirs:
        sent = await chat.send(a_letter())

        assert sent == "7"
        assert (mine.is_set(), theirs.is_set()) == (True, False)


async def test_one_talk_can_not_take_every_place() -> None:
    chat = Webchat(most_open=6)
    bells = [chat.waiting("ab" * 32) for _ in range(4)]
    for one in bells:
        one.__enter__()

    with pytest.raises(CrowdedError), chat.waiting("ab" * 32):
        pass
    with chat.waiting("cd" * 32), chat.waiting("ef" * 32), pytest.raises(CrowdedError):
        chat.waiting("01" * 32).__enter__()
    for one in bells:
        one.__exit__(None, None, None)

    with chat.waiting("ab" * 32) as bell:
        assert not bell.is_set()


async def test_listening_ends_when_cancelled_and_lets_everybody_go() -> None:
    async def receive(inbound: Inbound) -> None:
        raise AssertionError(inbound)

    chat = Webchat()
    listening = asyncio.ensure_future(chat.listen(receive))  # type: ignore[arg-type]  # never called
    await asyncio.sleep(0)
    with chat.waiting("ab" * 32) as bell:
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening

        assert bell.is_set()
        assert chat.is_closing


def test_what_is_written_is_private_and_belongs_to_its_talk() -> None:
    message = a_message()

    assert message.said is not None
    assert message.said.conversation == f"webchat:{'ab' * 32}"
    assert message.sender == Address(channel="webchat", handle="ab" * 32)
    assert (message.said.event, message.said.command, message.said.source) == (Event.NEW, None, Source.CHAT)
    assert [one.name for one in message.files] == ["gunga.png"]


def test_a_command_is_known_as_on_every_other_road() -> None:
    said = a_message("status").said

    assert said is not None
    assert said.command is Command.STATUS


def test_a_button_is_the_choice_of_its_letter_and_a_false_one_is_nothing() -> None:
    true = a_message("Klagomål", Pressed(letter=7, value="typ:klagomål")).said
    false = a_message("", Pressed()).said

    assert true is not None
    assert (true.command, true.choice, true.about) == (Command.CHOICE, "typ:klagomål", "7")
    assert false is not None
    assert (false.event, false.command, false.choice) == (Event.OTHER, None, "")


def test_a_letter_has_arrived_in_the_talk_that_it_was_written_to() -> None:
    told = arrival(7, handle="ab" * 32, now=NOW).said

    assert told is not None
    assert (told.event, told.about, told.delivered) == (Event.DELIVERY, "7", Delivered.ARRIVED)


def test_only_so_many_arrivals_are_remembered_and_each_is_told_once() -> None:
    chat = Webchat()

    assert [chat.is_new(7), chat.is_new(7)] == [True, False]
    chat.forget(7)
    assert chat.is_new(7)
    assert all(chat.is_new(number) for number in range(8, 10_100))
    assert chat.is_new(7)
