"""The contract that every channel keeps, each line of it, against a service that fails like the real one.

`pytest tests/bots/channels/test_promise.py` prints how many cases there are.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from bots.channel import ChannelFailure, PermanentFailure, roads_of
from store import inbox
from store.domain import (
    Delivered,
    Event,
    LetterState,
    MessageState,
    Purpose,
)
from store.engine import Store
from tests.bots.channels.rig import Can, Fault, Rig
from tests.bots.channels.world import RIGS, TEXT, World, name_of, over, started, until
from tests.house import ANNA

# A picture of one point.
PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cf00000401010018dd8db00000000049454e44ae426082"
)


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
async def world(make_rig: Callable[[], Rig], store: Store) -> AsyncIterator[World]:
    async with started(World(rig=make_rig(), store=store)) as opened:
        yield opened


@over()
async def test_a_message_becomes_a_case_and_is_thanked_where_it_was_written(world: World) -> None:
    case = await world.opened()

    assert case["sender_channel"] == world.rig.road
    (thanks,) = world.letters(Purpose.ACKNOWLEDGEMENT)
    assert thanks["state"] == LetterState.SENT
    (got, *_) = [one for one in world.rig.letters() if case["number"] in one.text]
    assert got.to == "asa"
    assert ANNA.name in " ".join(world.texts())


@over()
async def test_the_answer_goes_where_the_message_came_from(world: World) -> None:
    await world.opened()

    world.answer()
    await world.house.deliver()

    assert "Gungan är lagad nu." in " ".join(world.texts())
    assert [row["state"] for row in world.letters(Purpose.ANSWER)] == [LetterState.SENT]


@over()
async def test_the_same_message_twice_is_one(world: World) -> None:
    await world.opened()

    await world.rig.again()
    await world.rig.say("Och bänken bredvid är också sönder.")
    await world.kept(2)
    await world.work()

    assert len(world.messages()) == 2
    assert len(world.house.cases()) == 1
    assert len(world.letters(Purpose.ACKNOWLEDGEMENT)) == 1


@over()
async def test_what_could_not_be_kept_is_told_again_by_the_service(world: World) -> None:
    world.refuses = 1

    await world.rig.say(TEXT)
    await until(lambda: world.refuses == 0)
    if not world.messages():
        await world.rig.again()
    await world.kept()
    await world.work()

    assert [row["text"] for row in world.messages()] == [TEXT]
    assert len(world.letters(Purpose.ACKNOWLEDGEMENT)) == 1


@over()
async def test_a_restart_between_two_messages_loses_and_doubles_none(world: World) -> None:
    await world.opened()

    await world.stop()
    await world.rig.say("Det gäller gungan närmast lekstugan.")
    await world.start()
    await world.rig.again()
    await world.kept(2)
    await world.work()

    assert sorted(row["text"] for row in world.messages()) == sorted(
        [TEXT, "Det gäller gungan närmast lekstugan."]
    )
    assert len(world.house.cases()) == 1


@over(Can.PUSH)
async def test_a_forged_request_is_refused_and_leaves_nothing(world: World) -> None:
    assert world.rig.ours is not None
    for forged in world.rig.forged():
        answer = await world.rig.ours.request(
            forged.method, forged.path, content=forged.content, headers=forged.headers
        )
        assert answer.status_code == 403, forged.path

    assert world.house.messages() == []


@over(Can.PUSH)
async def test_two_megabytes_are_refused(world: World) -> None:
    large = world.rig.genuine_but_large()
    assert large is not None
    assert world.rig.ours is not None

    answer = await world.rig.ours.request(
        large.method, large.path, content=large.content, headers=large.headers
    )

    assert answer.status_code == 413
    assert world.house.messages() == []


@over()
async def test_what_nobody_has_heard_of_is_kept_and_opens_no_case(world: World) -> None:
    await world.rig.odd()
    (row,) = await world.kept(1, Event.OTHER)
    await world.work()

    assert world.house.cases() == []
    (row,) = world.messages(Event.OTHER)
    assert row["state"] == MessageState.ASIDE
    assert world.rig.letters() == []


@over(Can.ECHO)
async def test_our_own_echo_is_never_thanked(world: World) -> None:
    await world.rig.echo("Tack! Vi har fått din synpunkt.")
    await until(lambda: len(world.house.messages()) == 1)
    await world.work()

    assert world.letters(Purpose.ACKNOWLEDGEMENT) == []
    assert world.rig.letters() == []


@over(Can.EDIT)
async def test_a_change_is_a_new_version_of_the_same_case(world: World) -> None:
    message = await world.rig.say(TEXT)
    await world.kept()
    await world.work()

    await world.rig.edit(message, "Gungan och rutschkanan är trasiga.")
    await world.kept(1, Event.EDITED)
    await world.work()

    case = world.house.case()
    assert [row["text"] for row in world.house.messages() if row["case_id"] == case["id"]] == [
        TEXT,
        "Gungan och rutschkanan är trasiga.",
    ]
    assert "ändrat av avsändaren" in world.house.journal(case["id"])
    assert len(world.letters(Purpose.ACKNOWLEDGEMENT)) == 1


@over(Can.REMOVE)
async def test_what_the_sender_removes_is_kept_and_said_to_be_removed(world: World) -> None:
    message = await world.rig.say(TEXT)
    await world.kept()
    await world.work()

    await world.rig.remove(message)
    await world.kept(1, Event.DELETED)
    await world.work()

    assert world.messages()[0]["text"] == TEXT
    assert "borttaget av avsändaren" in world.house.journal(world.house.case()["id"])


@over()
async def test_every_sign_arrives_as_it_was_written(world: World) -> None:
    written = (
        "Å ä ö – ”citat” 🙂👩‍👩‍👧 "
        "za\u0301 \u200bnollbredd \u05e9\u05dc\u05d5\u05dd مرحبا <b>inte fet</b> *inte* & slut"
    )

    await world.rig.say(written)
    (row,) = await world.kept()

    assert row["given"]["text"] == written


@over(Can.PHOTO)
async def test_a_picture_without_words_is_a_case_and_words_are_asked_for(world: World) -> None:
    await world.rig.say("", photo=PHOTO)
    await world.kept()
    await world.work()

    case = world.house.case()
    (row,) = world.messages()
    assert len(row["attachments"]) == 1
    asked = [one["key"] for one in world.letters(Purpose.FOLLOW_UP_QUESTION)]
    assert any("words" in key for key in asked)
    assert len(asked) <= 2
    assert case["number"] in " ".join(world.texts())


@over(Can.ALBUM)
async def test_an_album_is_one_case_with_one_receipt(world: World) -> None:
    await world.rig.say("Så här ser det ut vid gungan.", photo=PHOTO, album="7")
    await world.rig.say("", photo=PHOTO, album="7")
    await world.kept(2)
    await world.work()

    assert len(world.house.cases()) == 1
    assert len(world.letters(Purpose.ACKNOWLEDGEMENT)) == 1


@over()
async def test_a_long_answer_is_cut_at_words_and_numbered(world: World) -> None:
    await world.opened()
    before = len(world.rig.letters())
    words = " ".join(f"ord{number}" for number in range(2000))

    world.answer(words)
    await world.house.deliver()

    parts = [one.text for one in world.rig.letters()[before:]]
    assert words.split() == re.findall(r"ord\d+", " ".join(parts))
    can = roads_of(world.channel)[world.rig.road]
    if can.max_length is not None and can.max_length < 10_000:
        assert len(parts) > 1
        assert parts[0].startswith(f"(1/{len(parts)}) ")


@over(far=True)
async def test_too_many_at_once_waits_as_long_as_the_service_asks_and_sends_once(world: World) -> None:
    await world.opened()
    before = len(world.rig.letters())
    world.rig.fail(Fault.BUSY)

    world.answer()
    await world.house.deliver()
    (row,) = world.letters(Purpose.ANSWER)
    waited = row["state"] == LetterState.PENDING
    assert not waited or row["next_try_at"] >= world.clock() + timedelta(seconds=7)
    world.clock.forward(hours=2)
    await world.house.deliver()

    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.SENT]
    assert sum("Gungan är lagad" in text for text in world.texts()[before:]) == 1


@over(far=True)
async def test_no_contact_lets_the_letter_wait_and_tells_once_each_way(world: World) -> None:
    await world.opened()
    world.rig.fail(Fault.AWAY)

    world.answer()
    await world.house.deliver()
    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.PENDING]
    outage = world.house.delivery.outages[world.channel.name]
    assert outage.ended is None
    world.clock.forward(hours=2)
    await world.house.deliver()

    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.SENT]
    assert world.house.delivery.outages[world.channel.name].ended is not None
    assert sum("Gungan är lagad" in text for text in world.texts()) == 1


@over(far=True)
async def test_a_silence_after_sending_is_never_answered_by_a_second_letter(world: World) -> None:
    await world.opened()
    world.rig.fail(Fault.SILENT)

    world.answer()
    await world.house.deliver()
    world.clock.forward(hours=2)
    await world.house.deliver()

    (row,) = world.letters(Purpose.ANSWER)
    is_once = Can.IDEMPOTENT in world.rig.can
    assert row["state"] == (LetterState.SENT if is_once else LetterState.UNKNOWN)
    assert sum("Gungan är lagad" in text for text in world.texts()) == 1


@over(far=True)
async def test_a_token_that_counts_no_more_is_told_and_the_letter_waits(world: World) -> None:
    await world.opened()
    world.rig.fail(Fault.LOCKED)

    world.answer()
    await world.house.deliver()
    with pytest.raises(ChannelFailure) as told:
        await world.channel.check()
    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.PENDING]
    assert world.house.delivery.outages[world.channel.name].ended is None
    assert len(str(told.value)) > 20
    world.rig.mend()
    world.clock.forward(hours=2)
    await world.house.deliver()

    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.SENT]
    assert await world.channel.check()


@over(Can.BLOCK)
async def test_a_reader_who_has_blocked_us_is_told_of_to_the_handler(world: World) -> None:
    await world.opened()
    world.rig.fail(Fault.BLOCKED)

    world.answer()
    await world.house.deliver()

    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.FAILED]
    assert len(world.letters(Purpose.UNDELIVERED_NOTICE)) == 1


@over(Can.BLOCK)
async def test_a_failed_answer_goes_by_the_next_road_and_the_journal_has_each_step(world: World) -> None:
    await world.opened()
    await world.rig.say("asa@example.org")
    await world.kept(2)
    await world.work()
    case = world.house.case()
    assert (case["answer_channel"], case["answer_handle"]) == ("email", "asa@example.org")
    world.house.memory.refused["asa@example.org"] = _gone()

    world.answer()
    await world.house.deliver()

    assert "Gungan är lagad nu." in " ".join(world.texts())
    assert "brev misslyckat" in world.house.journal(case["id"])


@over(Can.WINDOW)
async def test_when_the_window_is_closed_the_answer_goes_to_the_address_that_was_asked_for(
    world: World,
) -> None:
    case = await world.opened()
    (asked,) = [row for row in world.letters(Purpose.FOLLOW_UP_QUESTION) if "window" in row["key"]]
    assert asked["state"] == LetterState.SENT
    await world.rig.say("asa@example.org")
    await world.kept(2)
    await world.work()
    world.rig.fail(Fault.LATE)

    world.answer()
    await world.house.deliver()

    (mail,) = [one for one in world.house.memory.letters if one.recipient.handle == "asa@example.org"]
    assert "Gungan är lagad nu." in mail.body
    assert case["number"] in mail.subject


@over(Can.WINDOW)
async def test_a_window_that_closes_while_the_letter_waits_is_told_to_the_handler(world: World) -> None:
    await world.opened()
    world.rig.fail(Fault.LATE)

    world.answer()
    await world.house.deliver()

    assert [one["state"] for one in world.letters(Purpose.ANSWER)] == [LetterState.FAILED]
    assert len(world.letters(Purpose.UNDELIVERED_NOTICE)) == 1


@over()
async def test_two_who_empty_the_outbox_at_once_send_one_letter(world: World) -> None:
    await world.opened()
    before = len(world.rig.letters())
    world.answer()

    await asyncio.gather(world.house.delivery.once(), world.house.delivery.once())
    await world.house.deliver()

    assert sum("Gungan är lagad" in text for text in world.texts()[before:]) == 1


@over(Can.REPORT)
async def test_a_delivery_report_is_seen_on_the_case(world: World) -> None:
    case = await world.opened()
    got = world.rig.letters()[0]

    await world.rig.report(got, Delivered.ARRIVED)
    await world.kept(1, Event.DELIVERY)
    await world.work()

    (row,) = world.letters(Purpose.ACKNOWLEDGEMENT)
    assert row["delivered_at"] is not None
    assert "brev framme" in world.house.journal(case["id"])


@over(Can.REPORT)
async def test_a_report_that_a_letter_did_not_arrive_is_told_to_the_handler(world: World) -> None:
    await world.opened()
    got = world.rig.letters()[0]

    await world.rig.report(got, Delivered.FAILED)
    await world.kept(1, Event.DELIVERY)
    await world.work()

    (row,) = world.letters(Purpose.ACKNOWLEDGEMENT)
    assert row["state"] == LetterState.UNDELIVERED
    assert len(world.letters(Purpose.UNDELIVERED_NOTICE)) == 1


@over(Can.PUBLIC)
async def test_a_public_comment_waits_for_a_human_and_its_answer_tells_nothing_to_others(
    world: World,
) -> None:
    words = f"Asa Svensson 19640823-3234, 070-1740605, asa@example.org: {TEXT}"
    await world.rig.comment(words)
    await world.kept()
    await world.work()
    assert world.house.cases() == []
    (row,) = world.messages()
    assert row["state"] == MessageState.CANDIDATE

    with world.store.write() as transaction:
        assert inbox.take_up(transaction, row["id"], by="anna")
    await world.work()
    case = world.house.case()
    world.answer("Asa, gungan är lagad, ring 070-1740606.")
    await world.house.deliver()

    public = " ".join(one.text for one in world.rig.letters() if one.public)
    for secret in ("Asa", "Svensson", "19640823", "070-1740605", "070-1740606", "gunga", case["number"]):
        assert secret.casefold() not in public.casefold()
    assert len(world.letters(Purpose.ACKNOWLEDGEMENT)) == 1


@over()
async def test_who_asks_how_it_goes_is_told_and_no_case_is_opened(world: World) -> None:
    case = await world.opened()
    before = len(world.rig.letters())

    await world.rig.say("status")
    # The echoes of our own letters are messages as well, where a service has them.
    await until(lambda: any(row["given"]["text"] == "status" for row in world.house.messages()))
    await world.work()

    assert len(world.house.cases()) == 1
    assert case["number"] in " ".join(world.texts()[before:])


@over(far=True)
async def test_no_log_line_and_no_failure_holds_what_the_sender_wrote_or_a_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.opened()
    for fault in (Fault.AWAY, Fault.SILENT, Fault.LOCKED):
        world.rig.fail(fault)
        with suppress(ChannelFailure):
            await world.channel.check()
    world.answer()
    await world.house.deliver()

    told = " ".join(
        [caplog.text, *world.failures, *(str(row["state_because"]) for row in world.house.outbox())]
    )
    assert "Gungan" not in told
    assert "hemlighet-for-tester" not in told


def test_the_contract_has_cases_for_every_channel(capsys: pytest.CaptureFixture[str]) -> None:
    names = sorted({name_of(make) for make in RIGS})
    counted = sum(
        len(mark.args[1])
        for test in globals().values()
        for mark in getattr(test, "pytestmark", ())
        if mark.name == "parametrize"
    )
    with capsys.disabled():
        print(f"\nThe contract: {counted} cases over {len(names)} roads ({', '.join(names)}).")

    assert counted >= 18 * len(names)


def _gone() -> PermanentFailure:
    return PermanentFailure("Adressen finns inte.")
