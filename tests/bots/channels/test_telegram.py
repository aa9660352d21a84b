"""Telegram keeps the promise that every channel keeps, by asking and by being posted to."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bots.channel import (
    Channel,
    Given,
    HookAnswer,
    HookRequest,
    NotKeptError,
    PermanentFailure,
    TemporaryFailure,
)
from bots.channels.telegram import Settings, Telegram, TelegramHook, build
from bots.channels.telegram_api import ALLOWED
from bots.channels.telegram_reading import read
from store.domain import (
    Address,
    Attachment,
    Automatic,
    Button,
    Command,
    Event,
    Inbound,
    Outgoing,
    Purpose,
    Said,
    Source,
)
from tests.bots.channels.rig import Arrived, Fault
from tests.bots.channels.rigs.telegram import BOT_ID, SECRET, TOKEN, TelegramRig
from tests.servers.hearing import Kept, reading, until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHAT = 7001  # of the first person who is named


class NoPlaces:
    def place(self, *_told: str, **_named: str) -> str:
        raise AssertionError("Telegram itself knows how far we have read")

    def keep_place(self, *_told: str, **_named: str) -> None:
        raise AssertionError("Telegram itself knows how far we have read")


def given_at(now: datetime = NOW, **more: Any) -> Given:
    return Given(clock=lambda: now, secret=lambda _reference: "", places=NoPlaces(), **more)


@pytest.fixture
async def rig() -> AsyncIterator[TelegramRig]:
    made = TelegramRig()
    await made.open(NOW)
    yield made
    await made.close()


@pytest.fixture
async def posting() -> AsyncIterator[TelegramRig]:
    made = TelegramRig(posts=True)
    await made.open(NOW)
    yield made
    await made.close()


@asynccontextmanager
async def bot_at(rig: TelegramRig, now: datetime = NOW) -> AsyncIterator[Telegram]:
    made = rig.channel(given_at(now))
    assert isinstance(made, Telegram)
    try:
        yield made
    finally:
        await made.close()


async def heard(rig: TelegramRig, count: int = 1, now: datetime = NOW) -> list[Inbound]:
    """Listen until so many have come, and a moment in which too many would."""
    kept = Kept()
    async with bot_at(rig, now) as bot, reading(bot, kept):
        await kept.has(count)
        await until(lambda: not rig.service.waiting)
    return kept.mails


def a_letter(body: str = "Tack för din synpunkt.", **more: Any) -> Outgoing:
    told = {
        "key": "1",
        "purpose": Purpose.ACKNOWLEDGEMENT,
        "recipient": Address(channel="telegram", handle=str(CHAT)),
        "subject": "Tack",
        "body": body,
    }
    return Outgoing(**{**told, **more})


def files_in(inbound: Inbound) -> list[bytes]:
    return [base64.b64decode(one["data"]) for one in json.loads(inbound.raw)["files"]]


def posted(update: object, *, secret: str = SECRET, method: str = "POST") -> HookRequest:
    return HookRequest(
        method=method,
        path="",
        query=(),
        headers=(("x-telegram-bot-api-secret-token", secret),),
        body=json.dumps(update).encode(),
    )


def hook_of(channel: Channel) -> TelegramHook:
    assert isinstance(channel, TelegramHook)
    return channel


async def test_a_message_is_heard_with_its_sender_and_its_words_sign_by_sign(rig: TelegramRig) -> None:
    words = "Gungan är trasig 😡\u200d \u202eשלום‏ – “åäö”\n\n/slut"
    name = await rig.say(words)

    [inbound] = await heard(rig)

    assert json.loads(json.loads(inbound.raw)["payload"]) == rig.service.newest
    assert replace(inbound, raw=b"") == Inbound(
        channel="telegram",
        account=str(BOT_ID),
        received_at=NOW,
        raw=b"",
        media_type="application/json",
        external_id=name,
        sender=Address(channel="telegram", handle=str(CHAT)),
        sender_name="Asa Öst",
        text=words,
        said=Said(conversation=f"telegram:{CHAT}", source=Source.CHAT),
    )
    assert name == f"{CHAT}:41"


async def test_telegram_is_told_what_we_want_to_hear_of_each_time(rig: TelegramRig) -> None:
    await rig.say("hej")

    await heard(rig)

    asked = rig.service.called("getupdates")
    assert len(asked) > 1
    assert {one["allowed_updates"] for one in asked} == {json.dumps(list(ALLOWED))}


async def test_nothing_is_confirmed_before_it_is_kept(rig: TelegramRig) -> None:
    kept = Kept()
    kept.hold = asyncio.Event()
    await rig.say("hej")

    async with bot_at(rig) as bot, reading(bot, kept):
        await kept.begun.wait()
        assert len(rig.service.waiting) == 1
        assert [one.get("offset") for one in rig.service.called("getupdates")] == [None]
        kept.hold.set()
        await until(lambda: not rig.service.waiting)

    assert [one.text for one in kept.mails] == ["hej"]


async def test_what_could_not_be_kept_is_asked_for_again_and_what_was_before_it_is_not(
    rig: TelegramRig,
) -> None:
    kept = Kept()
    await rig.say("ett")
    await rig.say("två")
    await rig.say("tre")

    async def receive(inbound: Inbound) -> Any:
        if inbound.text == "två" and not kept.fail and len(kept.mails) == 1:
            kept.mails.append(replace(inbound, text="gick inte"))
            raise NotKeptError
        return await kept(inbound)

    async with bot_at(rig) as bot, reading(bot, receive):
        await kept.has(4)
        await until(lambda: not rig.service.waiting)

    assert [one.text for one in kept.mails] == ["ett", "gick inte", "två", "tre"]


async def test_the_place_is_forgotten_once_all_is_confirmed_since_numbers_begin_anew(
    rig: TelegramRig,
) -> None:
    kept = Kept()
    await rig.say("före den tysta veckan")

    async with bot_at(rig) as bot, reading(bot, kept):
        await kept.has(1)
        asked = len(rig.service.called("getupdates"))
        await until(lambda: len(rig.service.called("getupdates")) > asked + 2)
        rig.service.update_numbers = iter([12])  # type: ignore[assignment]  # lower than before
        await rig.say("efter den")
        await kept.has(2)

    assert [one.text for one in kept.mails] == ["före den tysta veckan", "efter den"]


async def test_a_picture_is_fetched_in_its_largest_size_and_its_caption_is_the_text(rig: TelegramRig) -> None:
    await rig.say("Så här ser det ut", photo=b"\xff\xd8large")

    [inbound] = await heard(rig)

    assert inbound.text == "Så här ser det ut"
    assert inbound.files == (Attachment(name="foto.jpg", media_type="image/jpeg", size=7),)
    assert files_in(inbound) == [b"\xff\xd8large"]


async def test_pictures_of_an_album_share_their_group_and_keep_their_own_names(rig: TelegramRig) -> None:
    names = [await rig.say(text, photo=b"bild", album="1234") for text in ("Klottret", "")]

    album = await heard(rig, 2)

    assert [one.external_id for one in album] == names
    assert [one.said.group for one in album if one.said] == ["1234", "1234"]


@pytest.mark.parametrize(
    ("kind", "told", "name", "media_type"),
    [
        ("voice", {"duration": 3}, "röstmeddelande.ogg", "audio/ogg"),
        ("video_note", {"duration": 3, "length": 240}, "videomeddelande.mp4", "video/mp4"),
        ("video", {"duration": 3, "width": 9, "height": 9}, "film.mp4", "video/mp4"),
        ("audio", {"duration": 3, "mime_type": "audio/mp4"}, "ljud.mp3", "audio/mp4"),
        (
            "document",
            {"file_name": "plan å.pdf", "mime_type": "application/pdf"},
            "plan å.pdf",
            "application/pdf",
        ),
    ],
)
async def test_sounds_films_and_documents_are_fetched(
    rig: TelegramRig, kind: str, told: dict[str, Any], name: str, media_type: str
) -> None:
    rig.service.files["F"] = b"bytes"
    await rig.tell("asa", **{kind: {"file_id": "F", "file_unique_id": "uF", **told}})

    [inbound] = await heard(rig)

    assert inbound.files == (Attachment(name=name, media_type=media_type, size=5),)
    assert files_in(inbound) == [b"bytes"]
    assert inbound.said is not None
    assert (inbound.said.event, inbound.said.lacks) == (Event.NEW, ())


PLACE = {"latitude": 59.123, "longitude": 17.456}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"location": PLACE}, "Plats: 59.123, 17.456"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "Badet", "address": "Strandvägen 1"}},
            "Badet, Strandvägen 1\nPlats: 59.123, 17.456",
        ),
        (
            {"contact": {"phone_number": "+46701740605", "first_name": "Bo", "last_name": "Lind"}},
            "Kontakt: Bo Lind, +46701740605",
        ),
        (
            {
                "sticker": {
                    "file_id": "S",
                    "file_unique_id": "uS",
                    "type": "regular",
                    "width": 512,
                    "height": 512,
                    "is_animated": False,
                    "is_video": False,
                    "emoji": "😡",
                }
            },
            "Klistermärke: 😡",
        ),
    ],
)
async def test_places_contacts_and_stickers_are_put_in_words(
    rig: TelegramRig, told: dict[str, Any], text: str
) -> None:
    await rig.tell("asa", **told)

    [inbound] = await heard(rig)

    assert inbound.text == text
    assert inbound.said is not None
    assert (inbound.said.event, inbound.said.lacks) == (Event.NEW, ())


async def test_what_can_only_be_seen_in_telegram_is_a_message_that_lacks_it(rig: TelegramRig) -> None:
    await rig.tell("asa", dice={"emoji": "🎲", "value": 4})

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert inbound.said.event is Event.NEW
    assert inbound.said.lacks == (
        "Meddelandet har innehåll som bara går att se i Telegram, till exempel en omröstning.",
    )


async def test_what_tells_of_the_chat_itself_is_kept_as_something_else(rig: TelegramRig) -> None:
    await rig.tell("asa", message_auto_delete_timer_changed={"message_auto_delete_time": 86400})

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert inbound.said.event is Event.OTHER


async def test_a_file_that_is_too_large_is_lacking_at_once(rig: TelegramRig) -> None:
    await rig.tell(
        "asa",
        caption="Filmen",
        video={
            "file_id": "V",
            "file_unique_id": "uV",
            "width": 9,
            "height": 9,
            "duration": 900,
            "file_size": 20 * 2**20 + 1,
        },
    )

    [inbound] = await heard(rig)

    assert inbound.files == ()
    assert inbound.text == "Filmen"
    assert inbound.said is not None
    assert inbound.said.lacks == ("Filen film.mp4 är större än 20 MB, och Telegram lämnar inte ut den.",)
    assert rig.service.called("getfile") == []


@pytest.mark.parametrize(("times", "comes"), [(2, True), (3, False)])
async def test_a_file_that_does_not_come_is_waited_for_twice(
    rig: TelegramRig, times: int, comes: bool
) -> None:
    await rig.say("Se bilden", photo=b"bild")
    rig.service.unfetchable["F0"] = times

    [inbound] = await heard(rig)

    assert len(rig.service.called("getfile")) == 3
    assert inbound.said is not None
    if comes:
        assert (files_in(inbound), inbound.said.lacks) == ([b"bild"], ())
    else:
        assert inbound.files == ()
        assert inbound.said.lacks == (
            "Filen foto.jpg gick inte att hämta från Telegram. Be avsändaren skicka den igen.",
        )


async def test_an_edit_is_a_version_of_the_same_message(rig: TelegramRig) -> None:
    name = await rig.say("Lampan är trasig")
    await rig.edit(name, "Lampan vid skolan är trasig")

    first, second = await heard(rig, 2)

    assert first.external_id == second.external_id == name
    assert second.text == "Lampan vid skolan är trasig"
    assert second.said is not None
    assert (second.said.event, second.said.version) == (Event.EDITED, f"{int(NOW.timestamp()) + 1}-9002")
    assert second.received_at == NOW  # never later than our own clock


async def test_two_edits_within_a_second_are_two_versions(rig: TelegramRig) -> None:
    name = await rig.say("a")
    changed = {**rig.message("asa", text="b"), "message_id": 41, "edit_date": rig.service.now}
    await rig.happen(edited_message=changed)
    await rig.happen(edited_message={**changed, "text": "c"})

    versions = [one.said.version for one in await heard(rig, 3) if one.said and one.external_id == name]

    assert len(set(versions)) == 3


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", Command.START),
        ("/hjälp", Command.HELP),
        ("/hjalp", Command.HELP),
        ("/help@lillkommun_bot", Command.HELP),
        ("/status", Command.STATUS),
        ("/anonym", Command.ANONYMOUS),
        ("/ny", Command.NEW_MATTER),
        ("/stopp", Command.STOP),
        ("Hjälp", Command.HELP),
        ("status?", Command.STATUS),
        ("Anonym", Command.ANONYMOUS),
        ("Jag vill vara anonym", None),
        ("Busstrafiken gör stopp", None),
    ],
)
async def test_commands_are_told_from_words_to_the_municipality(
    rig: TelegramRig, text: str, command: Command | None
) -> None:
    await rig.say(text)

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert inbound.said.command is command
    assert inbound.text == text


async def test_a_reply_tells_which_message_it_is_about(rig: TelegramRig) -> None:
    async with bot_at(rig) as bot:
        letter = await bot.send(a_letter())
    ours = {**rig.message("asa", text="Tack"), "message_id": int(letter.partition(":")[2])}
    await rig.tell("asa", text="En sak till", reply_to_message=ours)

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert inbound.said.about == letter


async def test_a_button_is_answered_only_once_its_pressing_is_kept(rig: TelegramRig) -> None:
    kept = Kept()
    kept.hold = asyncio.Event()
    asked = rig.message("asa", text="Är du nöjd?")
    await rig.happen(
        callback_query={
            "id": "77",
            "from": rig.user("asa"),
            "chat_instance": "1",
            "message": asked,
            "data": "nöjd:ja",
        }
    )

    async with bot_at(rig) as bot, reading(bot, kept):
        await kept.begun.wait()
        assert rig.service.called("answercallbackquery") == []
        kept.hold.set()
        await until(lambda: rig.service.called("answercallbackquery"))

    [inbound] = kept.mails
    assert inbound.said == Said(
        conversation=f"telegram:{CHAT}",
        about=f"{CHAT}:{asked['message_id']}",
        command=Command.CHOICE,
        choice="nöjd:ja",
        source=Source.CHAT,
    )
    assert inbound.sender == Address(channel="telegram", handle=str(CHAT))
    assert rig.service.called("answercallbackquery") == [{"callback_query_id": "77"}]


@pytest.mark.parametrize(("status", "command"), [("kicked", Command.STOP), ("member", Command.RESUME)])
async def test_who_blocks_us_wants_no_more_letters_until_they_let_us_back(
    rig: TelegramRig, status: str, command: Command
) -> None:
    told = {"user": {"id": BOT_ID, "is_bot": True, "first_name": "Tyck till"}}
    await rig.happen(
        my_chat_member={
            "chat": {"id": rig.chat("asa"), "type": "private", "first_name": "Asa"},
            "from": rig.user("asa"),
            "date": rig.service.now,
            "old_chat_member": {**told, "status": "member"},
            "new_chat_member": {**told, "status": status, "until_date": 0},
        }
    )

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert (inbound.said.event, inbound.said.command) == (Event.OTHER, command)
    assert inbound.sender == Address(channel="telegram", handle=str(CHAT))


async def test_what_is_said_in_a_group_is_nobodys_and_the_group_is_left(rig: TelegramRig) -> None:
    message = rig.message("asa", text="Hej alla")
    await rig.happen(message={**message, "chat": {"id": -100, "type": "group", "title": "Byalaget"}})

    [inbound] = await heard(rig)

    assert (inbound.sender, inbound.sender_name, inbound.text) == (None, "", "")
    assert inbound.said is not None
    assert inbound.said.event is Event.OTHER
    assert "Hej alla" in json.loads(inbound.raw)["payload"]
    assert rig.service.called("leavechat") == [{"chat_id": "-100"}]


async def test_what_a_machine_says_is_marked_as_such(rig: TelegramRig) -> None:
    await rig.echo("Tack för ditt meddelande")

    [inbound] = await heard(rig)

    assert inbound.said is not None
    assert inbound.said.automatic is Automatic.OTHER


async def test_an_update_that_nobody_understands_keeps_no_other_out(rig: TelegramRig) -> None:
    await rig.odd()
    await rig.happen(message={"message_id": "ett", "chat": 5})
    await rig.say("hej")

    odd, broken, plain = await heard(rig, 3)

    assert [one.said.event for one in (odd, broken, plain) if one.said] == [
        Event.OTHER,
        Event.OTHER,
        Event.NEW,
    ]
    assert (odd.sender, odd.text) == (None, "")
    assert "hologram" in json.loads(odd.raw)["payload"]


async def test_messages_that_telegram_was_about_to_throw_away_are_warned_of(
    rig: TelegramRig, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.say("hej")

    await heard(rig, now=NOW + timedelta(hours=23, minutes=30))

    assert caplog.messages == ["telegram messages nearly lost, older may be: count=1 hours=23"]


async def test_two_who_ask_with_one_token_are_told_so(rig: TelegramRig) -> None:
    async with bot_at(rig) as older, bot_at(rig) as newer:
        older.poll_seconds = 5
        asking = asyncio.create_task(older.listen(Kept()))
        await until(lambda: rig.service.called("getupdates"))
        async with reading(newer, Kept()):
            with pytest.raises(TemporaryFailure, match="två program hämtar"):
                await asking


async def test_an_old_webhook_is_taken_away_before_we_ask(rig: TelegramRig) -> None:
    rig.service.webhook = {"url": "https://gammal.example/hook"}
    await rig.say("hej")

    assert [one.text for one in await heard(rig)] == ["hej"]

    assert [one["drop_pending_updates"] for one in rig.service.called("deletewebhook")] == ["false"]


async def test_the_menu_and_the_words_before_a_chat_are_set_once(rig: TelegramRig) -> None:
    for text in ("ett", "två"):
        await rig.say(text)
        await heard(rig)

    assert [one["command"] for one in rig.service.menu] == ["hjalp", "status", "anonym", "ny", "stopp"]
    assert "112" in rig.service.description
    assert len(rig.service.called("setmycommands")) == len(rig.service.called("setmydescription")) == 1


async def test_a_letter_is_plain_text_under_the_message_that_it_answers(rig: TelegramRig) -> None:
    name = await rig.say("hej")
    buttons = (Button(label="Ja", value="nöjd:ja"), Button(label="Nej", value="nöjd:nej"))

    async with bot_at(rig) as bot:
        sent = await bot.send(a_letter("*Tack* för <b>allt</b>_", in_reply_to=name, buttons=buttons))

    [taken] = rig.service.taken
    assert sent == f"{CHAT}:42"
    assert rig.letters() == [Arrived(to="asa", text="*Tack* för <b>allt</b>_", buttons=buttons)]
    assert "parse_mode" not in taken
    assert json.loads(taken["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(taken["reply_parameters"]) == {"message_id": 41, "allow_sending_without_reply": True}


@pytest.mark.parametrize("other", ["", "<a1@example.se>", "7002:41", "sms:1:2"])
async def test_a_letter_about_what_came_another_way_is_no_reply(rig: TelegramRig, other: str) -> None:
    rig.chat("asa")

    async with bot_at(rig) as bot:
        await bot.send(a_letter(in_reply_to=other))

    assert "reply_parameters" not in rig.service.taken[0]


async def test_a_long_letter_goes_in_numbered_parts_with_its_buttons_under_the_last(rig: TelegramRig) -> None:
    rig.chat("asa")
    buttons = (Button(label="Ja", value="j"),)

    async with bot_at(rig) as bot:
        sent = await bot.send(a_letter("😀ord " * 1200, buttons=buttons))

    first, last = rig.letters()
    assert (first.text[:5], last.text[:5]) == ("(1/2)", "(2/2)")
    assert (first.buttons, last.buttons) == ((), buttons)
    assert sent == f"{CHAT}:42"


@pytest.mark.parametrize(
    ("fault", "in_doubt", "asked"),
    [
        (Fault.BUSY, False, timedelta(seconds=7)),
        (Fault.AWAY, False, None),
        (Fault.SILENT, True, None),
        (Fault.LOCKED, False, None),
    ],
)
async def test_a_letter_that_does_not_go_says_if_it_may_have_gone(
    rig: TelegramRig, fault: Fault, in_doubt: bool, asked: timedelta | None
) -> None:
    rig.chat("asa")
    rig.fail(fault)

    async with bot_at(rig) as bot:
        with pytest.raises(TemporaryFailure) as failed:
            await bot.send(a_letter())
        rig.mend()
        await bot.send(a_letter())

    assert (failed.value.in_doubt, failed.value.again_after) == (in_doubt, asked)
    assert len(rig.letters()) == (2 if fault is Fault.SILENT else 1)
    assert TOKEN not in str(failed.value)


async def test_who_has_blocked_us_gets_nothing_for_good(rig: TelegramRig) -> None:
    rig.chat("asa")
    rig.fail(Fault.BLOCKED)

    async with bot_at(rig) as bot:
        with pytest.raises(PermanentFailure, match="Mottagaren har blockerat"):
            await bot.send(a_letter())


async def test_a_place_that_is_no_chat_is_refused_without_asking(rig: TelegramRig) -> None:
    async with bot_at(rig) as bot:
        with pytest.raises(PermanentFailure, match="ingen chatt"):
            await bot.send(a_letter(recipient=Address(channel="telegram", handle="@asa")))

    assert rig.service.calls == []


async def test_a_later_part_waits_as_long_as_it_is_asked_to(rig: TelegramRig) -> None:
    rig.chat("asa")
    rig.service.asks_to_wait = 0.05
    rig.service.faults = [None, Fault.BUSY]

    async with bot_at(rig) as bot:
        await bot.send(a_letter("ord " * 2000))

    assert [one.text[:5] for one in rig.letters()] == ["(1/2)", "(2/2)"]
    assert len(rig.service.called("sendmessage")) == 3


async def test_a_letter_whose_later_part_does_not_go_is_in_doubt(rig: TelegramRig) -> None:
    rig.chat("asa")
    rig.service.faults = [None, Fault.BUSY]

    async with bot_at(rig) as bot:
        bot.patience = 1  # and the service asks for seven
        with pytest.raises(TemporaryFailure, match="Bara början") as failed:
            await bot.send(a_letter("ord " * 2000))

    assert failed.value.in_doubt is True
    assert len(rig.letters()) == 1


async def test_check_tells_who_we_are_and_what_waits(rig: TelegramRig) -> None:
    rig.service.groups_allowed = True
    await rig.say("hej")

    async with bot_at(rig) as bot:
        lines = await bot.check()

    assert lines == [
        "telegram: @lillkommun_bot svarar",
        "telegram: stäng av grupper hos @BotFather (/setjoingroups); vi lämnar dem ändå",
        "telegram: hämtar själv (poll)",
        "telegram: 1 händelser väntar hos Telegram, som slänger dem efter 24 timmar",
    ]


async def test_a_token_that_counts_no_more_is_told_by_check_and_by_listening(rig: TelegramRig) -> None:
    rig.fail(Fault.LOCKED)

    async with bot_at(rig) as bot:
        for act in (bot.check(), bot.listen(Kept())):
            with pytest.raises(TemporaryFailure, match="godtar inte vår token"):
                await act


async def test_no_log_holds_the_token_or_what_people_write(
    rig: TelegramRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.chat("asa")
    caplog.set_level(logging.DEBUG)
    await rig.say("Grannen spelar trumpet", photo=b"bild")

    assert len(await heard(rig)) == 1
    rig.fail(Fault.SILENT)
    async with bot_at(rig) as bot:
        with pytest.raises(TemporaryFailure):
            await bot.send(a_letter("Om trumpeten"))
    logging.getLogger(__name__).info("this log is read")

    assert "this log is read" in caplog.text
    assert TOKEN not in caplog.text
    assert "rumpet" not in caplog.text


async def test_what_is_posted_is_kept_before_it_is_confirmed(posting: TelegramRig) -> None:
    kept = Kept()
    update = posting.service.update(message=posting.message("asa", text="Hej då"))

    async with bot_at(posting) as bot:
        answer = await hook_of(bot).hook(posted(update), kept)

    assert answer == HookAnswer(status=200)
    assert [(one.text, one.external_id) for one in kept.mails] == [("Hej då", f"{CHAT}:41")]
    assert json.loads(kept.mails[0].raw)["payload"] == json.dumps(update)


async def test_what_is_posted_and_not_kept_is_not_confirmed(posting: TelegramRig) -> None:
    kept = Kept()
    kept.fail = [NotKeptError()]
    update = posting.service.update(message=posting.message("asa", text="Hej"))

    async with bot_at(posting) as bot:
        with pytest.raises(NotKeptError):
            await hook_of(bot).hook(posted(update), kept)
        await hook_of(bot).hook(posted(update), kept)

    assert [one.text for one in kept.mails] == ["Hej"]


@pytest.mark.parametrize(
    ("secret", "method"), [("", "POST"), (SECRET.lower(), "POST"), (f"{SECRET}å", "POST"), (SECRET, "GET")]
)
async def test_what_does_not_know_the_secret_is_refused(
    posting: TelegramRig, secret: str, method: str
) -> None:
    kept = Kept()
    update = posting.service.update(message=posting.message("eva", text="Jag är Eva"))

    async with bot_at(posting) as bot:
        answer = await hook_of(bot).hook(posted(update, secret=secret, method=method), kept)

    assert answer == HookAnswer(status=403)
    assert kept.mails == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff\xfe", b'{"update_id": 1, "message": 3}'])
async def test_what_is_posted_with_the_secret_and_no_sense_is_kept_all_the_same(
    posting: TelegramRig, body: bytes
) -> None:
    kept = Kept()

    async with bot_at(posting) as bot:
        answer = await hook_of(bot).hook(replace(posted({}), body=body), kept)

    assert answer.status == 200
    assert [one.said.event for one in kept.mails if one.said] == [Event.OTHER]


async def test_the_webhook_is_set_at_the_start_with_its_secret(posting: TelegramRig) -> None:
    async with bot_at(posting) as bot, reading(bot, Kept()):
        await until(lambda: posting.service.menu)
        lines = await bot.check()

    assert posting.service.webhook["url"] == "https://synpunkt.example/hooks/telegram"
    assert posting.service.webhook["secret_token"] == SECRET
    assert json.loads(posting.service.webhook["allowed_updates"]) == list(ALLOWED)
    assert lines == [
        "telegram: @lillkommun_bot svarar",
        "telegram: Telegram postar till https://synpunkt.example/hooks/telegram",
    ]


async def test_a_webhook_that_leads_elsewhere_is_noticed_and_set_again(posting: TelegramRig) -> None:
    async with bot_at(posting) as bot:
        hook_of(bot).look_seconds = 0.02
        listens = asyncio.create_task(bot.listen(Kept()))
        await until(lambda: posting.service.webhook)
        posting.service.webhook = {"url": "https://annan.example/"}
        with pytest.raises(TemporaryFailure, match="pekar inte längre på oss"):
            await listens
        async with reading(bot, Kept()):
            await until(lambda: posting.service.webhook["url"].startswith("https://synpunkt.example/"))


async def test_telegram_not_reaching_us_is_told_in_its_own_words(posting: TelegramRig) -> None:
    await posting.say("hej")  # nobody is there to take it
    posting.service.error = {
        "last_error_date": int(NOW.timestamp()) - 60,
        "last_error_message": "SSL error {certificate verify failed}",
    }

    async with bot_at(posting) as bot:
        before = await bot.check()
        hook_of(bot).look_seconds = 40
        async with reading(bot, Kept()):
            await until(lambda: posting.service.menu)
            with pytest.raises(TemporaryFailure, match="certificate verify failed"):
                await bot.check()

    assert "telegram: webhooken är inte inställd; det görs när tjänsten startar" in before


@pytest.mark.parametrize(
    ("table", "secrets", "url", "told"),
    [
        ({}, {"env:T": "ingen token"}, "", "token ser inte ut"),
        ({"api_url": "http://telegram.example"}, {}, "", "https://"),
        ({"mode": "webhook"}, {}, "https://a.example", "webhook_secret"),
        (
            {"mode": "webhook", "webhook_secret": "env:S"},
            {"env:S": ""},
            "https://a.example",
            "webhook_secret",
        ),
        (
            {"mode": "webhook", "webhook_secret": "env:S"},
            {"env:S": "kort"},
            "https://a.example",
            "webhook_secret",
        ),
        ({"mode": "webhook", "webhook_secret": "env:S"}, {}, "http://a.example", "public_url"),
        ({"mode": "webhook", "webhook_secret": "env:S"}, {}, "", "public_url"),
    ],
)
async def test_settings_that_make_no_sense_are_refused_in_words(
    table: dict[str, Any], secrets: dict[str, str], url: str, told: str
) -> None:
    known = {"env:T": TOKEN, "env:S": SECRET, **secrets}
    made = replace(given_at(public_url=url), secret=known.__getitem__)

    with pytest.raises(ValueError, match=told) as refused:
        build(Settings(token="env:T", **table), made)

    assert "ingen token" not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
CHATS = st.fixed_dictionaries({"id": st.integers() | JSON, "type": st.sampled_from(["private", "group", 4])})
MESSAGES = st.fixed_dictionaries(
    {"message_id": st.integers() | JSON, "date": st.integers() | JSON, "chat": CHATS | JSON},
    optional=dict.fromkeys(
        ("text", "caption", "photo", "from", "location", "document", "reply_to_message", "dice"), JSON
    ),
)
UPDATES = st.fixed_dictionaries(
    {"update_id": st.integers() | JSON},
    optional={
        "message": MESSAGES | JSON,
        "edited_message": MESSAGES | JSON,
        "callback_query": st.fixed_dictionaries({"id": JSON, "from": JSON, "message": MESSAGES}) | JSON,
        "my_chat_member": JSON,
    },
)


PLAIN = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private", "first_name": "Bo"}, "text": "hej"}


@example({"update_id": 1, "message": {**PLAIN, "media_group_id": 5}})
@example({"update_id": 1, "message": {**PLAIN, "text": 5}})
@settings(deadline=None)
@given(UPDATES | JSON)
def test_whatever_is_told_is_kept_as_something(told: object) -> None:
    found = read(json.dumps(told).encode(), account="1", now=NOW)
    inbound = found.with_file(b"{}", None)

    assert inbound.said is not None
    assert inbound.said.conversation.startswith("telegram:")
    assert inbound.received_at <= NOW
    texts = (inbound.text, inbound.sender_name, inbound.external_id, inbound.said.group, inbound.said.about)
    assert all(isinstance(one, str) for one in texts)
    if inbound.sender is not None:
        assert inbound.said.conversation == f"telegram:{inbound.sender.handle}"


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_are_too_odd_to_be_kept(payload: bytes) -> None:
    found = read(payload, account="1", now=NOW)

    assert found.inbound.said is not None
    assert json.loads(found.with_file(payload, None).raw)["files"] == []
