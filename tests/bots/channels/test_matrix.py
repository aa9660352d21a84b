"""Matrix: which rooms we are in, what is heard there, and how letters reach one reader once."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bots.channel import ChannelFailure, Given, NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.matrix import Matrix, Settings, build
from bots.channels.matrix_reading import Room, read
from store.domain import Address, Automatic, Command, Event, Inbound, Outgoing, Purpose, Receipt, Source
from tests.bots.channels.rig import Fault
from tests.bots.channels.rigs.matrix import MatrixRig
from tests.servers.synapse import Json

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("matrix")]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US = "@tycktill:lillkommun.example"
ASA = "@asa:lillkommun.example"
PICTURE = b"\x89PNG\r\n\x1a\n of a swing"
TALK = Room(id="!rum:lillkommun.example", names={US: "Tyck till", ASA: "Åsa Öst"})


@dataclass
class Ledger:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, account: str, name: str) -> str:
        return self.kept.get((account, name), "")

    def keep_place(self, account: str, name: str, value: str) -> None:
        self.kept[account, name] = value


@dataclass
class Desk:
    """Who hears. The texts in `refused` are not kept, once each."""

    channel: Matrix
    ledger: Ledger
    heard: list[Inbound] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failures: list[ChannelFailure] = field(default_factory=list)

    async def receive(self, inbound: Inbound) -> Receipt:
        if inbound.text in self.refused:
            self.refused.remove(inbound.text)
            raise NotKeptError("no room on disk")
        self.heard.append(inbound)
        return Receipt(message_id=len(self.heard))

    def events(self, event: Event = Event.NEW) -> list[Inbound]:
        return [one for one in self.heard if one.said is not None and one.said.event is event]

    async def has(self, count: int, event: Event = Event.NEW) -> list[Inbound]:
        await until(lambda: len(self.events(event)) >= count or bool(self.failures))
        assert self.failures == []
        return self.events(event)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        try:
            await self.channel.listen(self.receive)
        except ChannelFailure as failure:
            self.failures.append(failure)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell here
            await asyncio.sleep(0.02)


def given(ledger: Ledger | None = None, *, now: datetime | None = None) -> Given:
    return Given(
        clock=lambda: now or datetime.now(UTC),
        secret=lambda _: "hemlighet-for-tester-0123456789",
        places=ledger or Ledger(),
        public_url="https://tycktill.lillkommun.example",
    )


@pytest.fixture
async def rig() -> AsyncIterator[MatrixRig]:
    opened = MatrixRig()
    await opened.open(NOW)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def desk(rig: MatrixRig) -> AsyncIterator[Desk]:
    ledger = Ledger()
    channel = rig.channel(given(ledger))
    assert isinstance(channel, Matrix)
    try:
        yield Desk(channel, ledger)
    finally:
        await channel.close()


def letter(room: str, **more: Any) -> Outgoing:
    told: Json = {
        "key": "c7:svar",
        "purpose": Purpose.ANSWER,
        "recipient": Address(channel="matrix", handle=room),
        "subject": "Svar",
        "body": "Gungan är lagad.",
    }
    return Outgoing(**(told | more))


def event(content: Json, kind: str = "m.room.message", **more: Any) -> Json:
    told = {"type": kind, "event_id": "$ett", "sender": ASA, "origin_server_ts": 1_772_440_000_000}
    return told | {"content": content} | more


def understood(told: object, *, room: Room = TALK, now: datetime = NOW) -> Inbound:
    found = read(told, room, account=US, now=now)
    assert found is not None
    return found.inbound


def said(inbound: Inbound) -> Any:
    assert inbound.said is not None
    return inbound.said


async def test_an_invitation_is_accepted_and_what_was_written_before_it_is_heard(
    rig: MatrixRig, desk: Desk
) -> None:
    name = rig.tell(msgtype="m.text", body="Gungan är trasig 🙂")

    async with desk.listening():
        (one,) = await desk.has(1)

    assert (one.channel, one.account, one.external_id) == ("matrix", rig.bot.id, name)
    assert one.sender == Address(channel="matrix", handle=rig.room())
    assert (one.sender_name, one.text) == ("Asa Öst", "Gungan är trasig 🙂")
    assert (said(one).conversation, said(one).source) == (f"matrix:{rig.room()}", Source.CHAT)
    assert abs(datetime.now(UTC) - one.received_at) < timedelta(minutes=5)
    payload = json.loads(json.loads(one.raw)["payload"])
    assert payload["content"] == {"msgtype": "m.text", "body": "Gungan är trasig 🙂"}
    assert len(desk.heard) == 1


async def test_who_has_not_said_that_the_room_is_direct_is_heard_when_alone(
    rig: MatrixRig, desk: Desk
) -> None:
    rig.rooms["bo"] = rig.server.room(rig.person("bo"), rig.bot, is_direct=False)
    rig.tell("bo", msgtype="m.text", body="Hej")

    async with desk.listening():
        (one,) = await desk.has(1)

    assert one.sender_name == "Bo Öst"


async def test_a_group_is_left_and_what_was_said_there_is_nobodys(rig: MatrixRig, desk: Desk) -> None:
    asa, bo = rig.person("asa"), rig.person("bo")
    room = rig.server.room(asa, bo, rig.bot, is_direct=False)
    rig.server.act(bo, room, "join")
    rig.server.tell(bo, room, msgtype="m.text", body="Ska vi ses?")

    async with desk.listening():
        (one,) = await desk.has(1, Event.OTHER)
        await until(lambda: rig.bot.id not in rig.server.members(asa, room))

    assert (one.sender, one.sender_name, one.text) == (None, "", "")
    assert "Ska vi ses?" in one.raw.decode()
    assert desk.events() == []


async def test_a_room_that_becomes_a_group_is_left_and_no_letter_goes_there(
    rig: MatrixRig, desk: Desk
) -> None:
    asa, bo = rig.person("asa"), rig.person("bo")
    await rig.say("Gungan är trasig")
    async with desk.listening():
        await desk.has(1)
        rig.server.act(asa, rig.room(), "invite", user_id=bo.id)
    rig.server.act(bo, rig.room(), "join")

    with pytest.raises(PermanentFailure, match="Fler än mottagaren"):
        await desk.channel.send(letter(rig.room()))
    async with desk.listening():
        await until(lambda: rig.bot.id not in rig.server.members(asa, rig.room()))

    assert rig.letters() == []


async def test_an_invitation_to_an_encrypted_room_is_declined_and_says_why(
    rig: MatrixRig, desk: Desk
) -> None:
    encryption = {
        "type": "m.room.encryption",
        "state_key": "",
        "content": {"algorithm": "m.megolm.v1.aes-sha2"},
    }
    asa = rig.person("asa")
    room = rig.server.room(asa, rig.bot, initial_state=[encryption])
    mine = f"/_matrix/client/v3/rooms/{quote(room)}/state/m.room.member/{quote(rig.bot.id)}"

    async with desk.listening():
        await until(lambda: rig.server.ask("GET", mine, by=asa)["membership"] == "leave")

    reason = rig.server.ask("GET", mine, by=asa)["reason"]
    assert reason == (
        "Vi kan inte läsa krypterade rum. Skriv i ett rum utan kryptering eller i formuläret på "
        "https://tycktill.lillkommun.example."
    )


async def test_an_invitation_from_a_server_that_does_not_answer_stops_nobody_else(
    rig: MatrixRig, desk: Desk
) -> None:
    rig.way.away = {rig.room("asa")}
    await rig.say("Hej", person="bo")

    async with desk.listening():
        (one,) = await desk.has(1)

    assert one.sender_name == "Bo Öst"
    assert [asked.rpartition("/join/")[2] for asked in rig.way.asked].count(rig.room("asa")) == 3


async def test_what_is_encrypted_later_is_kept_as_it_came_and_is_no_message(
    rig: MatrixRig, desk: Desk
) -> None:
    rig.tell(kind="m.room.encrypted", algorithm="m.megolm.v1.aes-sha2", ciphertext="AwgAEn")

    async with desk.listening():
        (one,) = await desk.has(1, Event.OTHER)

    assert one.text == ""
    assert said(one).lacks == ("Meddelandet är krypterat, så det går inte att läsa här.",)
    assert "AwgAEn" in one.raw.decode()


async def test_a_picture_is_kept_with_its_bytes_and_its_words(rig: MatrixRig, desk: Desk) -> None:
    rig.picture(PICTURE, text="Så här ser den ut")
    rig.picture(PICTURE)

    async with desk.listening():
        first, second = await desk.has(2)

    assert (first.text, second.text) == ("Så här ser den ut", "")
    assert [(one.name, one.media_type, one.size) for one in first.files] == [
        ("gunga.png", "image/png", len(PICTURE))
    ]
    (file,) = json.loads(first.raw)["files"]
    assert base64.b64decode(file["data"]) == PICTURE


@pytest.mark.parametrize(("failing", "lacking"), [(2, False), (3, True)])
async def test_a_picture_that_does_not_come_is_asked_for_three_times(
    rig: MatrixRig, desk: Desk, failing: int, *, lacking: bool
) -> None:
    rig.way.files_fail = failing
    rig.picture(PICTURE)

    async with desk.listening():
        (one,) = await desk.has(1)

    assert [file.size for file in one.files] == ([] if lacking else [len(PICTURE)])
    assert bool(said(one).lacks) is lacking
    assert sum("/media/download/" in asked for asked in rig.way.asked) == 3


async def test_a_file_that_is_too_large_is_named_and_left_also_when_its_size_is_a_lie(
    rig: MatrixRig, desk: Desk
) -> None:
    rig.picture(PICTURE, info={"mimetype": "image/png", "size": 21 * 2**20})
    rig.picture(bytes(21 * 2**20), info={"mimetype": "image/png", "size": 5})

    async with desk.listening():
        told, lied = await desk.has(2)

    assert said(told).lacks == ("Filen gunga.png är större än 20 MB och hämtades inte.",)
    assert said(lied).lacks == (
        "Filen gunga.png gick inte att hämta från Matrix. Be avsändaren skicka den igen.",
    )
    assert told.files == lied.files == ()
    assert len(lied.raw) < 10_000


async def test_changes_removals_and_answers_name_the_message_that_they_are_about(
    rig: MatrixRig, desk: Desk
) -> None:
    first = await rig.say("Gungan är trasig")
    await rig.edit(first, "Gungan är helt trasig")
    about: Json = {"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
    rig.tell(msgtype="m.text", body="Ja!", **about)
    await rig.remove(first)

    async with desk.listening():
        (removed,) = await desk.has(1, Event.DELETED)
    (changed,), (answer,) = desk.events(Event.EDITED), [one for one in desk.events() if one.text == "Ja!"]

    assert (changed.external_id, said(changed).about, changed.text) == (first, first, "Gungan är helt trasig")
    assert said(changed).version.startswith("$")
    assert said(changed).version != first
    assert said(answer).about == first
    assert (removed.external_id, said(removed).about, removed.text) == (first, first, "")
    assert removed.sender == Address(channel="matrix", handle=rig.room())


async def test_our_own_letters_come_back_as_nobodys(rig: MatrixRig, desk: Desk) -> None:
    await rig.echo("Tack!")

    async with desk.listening():
        (one,) = await desk.has(1, Event.OTHER)

    assert said(one).automatic is Automatic.OWN_LOOP
    assert (one.sender, one.text) == (None, "")


async def test_somebody_who_leaves_is_told_of_and_gets_no_letter(rig: MatrixRig, desk: Desk) -> None:
    await rig.say("Gungan är trasig")

    async with desk.listening():
        await desk.has(1)
        rig.fail(Fault.BLOCKED)
        (one,) = await desk.has(1, Event.OTHER)

    assert '\\"leave\\"' in one.raw.decode()
    with pytest.raises(PermanentFailure, match="Mottagaren har lämnat rummet"):
        await desk.channel.send(letter(rig.room()))


async def test_everything_that_was_written_while_we_were_away_is_heard_once_and_in_order(
    rig: MatrixRig, desk: Desk
) -> None:
    await rig.say("Före")
    async with desk.listening():
        await desk.has(1)
        await rig.say("Nu")
        await desk.has(2)
        await until(lambda: desk.ledger.place(rig.bot.id, "sync") == rig.way.reached)
    words = [f"ord {number}" for number in range(60)]  # an answer holds fifty

    for word in words:
        await rig.say(word)
    async with desk.listening():
        await desk.has(62)

    assert [one.text for one in desk.heard] == ["Före", "Nu", *words]


async def test_all_that_stands_in_a_room_is_heard_when_we_come_to_it(rig: MatrixRig, desk: Desk) -> None:
    desk.ledger.keep_place(
        rig.bot.id, "sync", rig.server.ask("GET", "/_matrix/client/v3/sync", by=rig.bot)["next_batch"]
    )
    words = [f"ord {number}" for number in range(60)]
    for word in words:
        await rig.say(word)

    async with desk.listening():
        await desk.has(60)

    assert [one.text for one in desk.heard] == words


async def test_the_place_is_kept_only_when_everything_before_it_is(rig: MatrixRig, desk: Desk) -> None:
    await rig.say("Ett")
    await rig.say("Två")
    rig.server.act(rig.bot, rig.room(), "join")
    desk.channel.pause = 3600
    desk.refused = ["Två"]

    async with desk.listening():
        await until(lambda: desk.refused == [])
    assert desk.ledger.kept == {}
    assert [one.text for one in desk.heard] == ["Ett"]
    async with desk.listening():
        await desk.has(3)

    assert [one.text for one in desk.heard] == ["Ett", "Ett", "Två"]


async def test_a_letter_is_plain_text_that_answers_and_the_same_one_twice_is_one(
    rig: MatrixRig, desk: Desk
) -> None:
    name = await rig.say("Gungan är trasig")
    async with desk.listening():
        await desk.has(1)
    answer = letter(rig.room(), body="Lagad <b>nu</b>.", in_reply_to=name)

    first = await desk.channel.send(answer)
    second = await desk.channel.send(answer)

    assert first == second
    (sent,) = [one for one in rig.server.events(rig.person("asa"), rig.room()) if one["event_id"] == first]
    assert sent["content"] == {
        "msgtype": "m.text",
        "body": "Lagad <b>nu</b>.",
        "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": name}},
    }
    assert len(rig.letters()) == 1


async def test_a_letter_of_any_length_is_taken_in_parts_and_goes_on_where_it_was_broken_off(
    rig: MatrixRig, desk: Desk
) -> None:
    rig.server.act(rig.bot, rig.room(), "join")
    body = "Åska🙂\u0001 " * 6000
    long = letter(rig.room(), body=body)

    rig.way.faults = [Fault.SILENT]
    with pytest.raises(TemporaryFailure) as told:
        await desk.channel.send(long)
    await desk.channel.send(long)

    assert not told.value.in_doubt
    texts = [one.text for one in rig.letters()]
    assert [text[:6] for text in texts] == [
        f"({number}/{len(texts)}) " for number in range(1, len(texts) + 1)
    ]
    assert sum(text.count("Åska") for text in texts) == 6000


async def test_too_many_at_once_says_how_long_to_wait(rig: MatrixRig, desk: Desk) -> None:
    rig.server.act(rig.bot, rig.room(), "join")
    rig.fail(Fault.BUSY)

    with pytest.raises(TemporaryFailure) as told:
        await desk.channel.send(letter(rig.room()))

    assert told.value.again_after == timedelta(seconds=7)


async def test_a_room_that_we_are_not_in_is_refused_without_naming_it(rig: MatrixRig, desk: Desk) -> None:
    with pytest.raises(PermanentFailure) as told:
        await desk.channel.send(letter(rig.room()))
    with pytest.raises(PermanentFailure, match="inget rum"):
        await desk.channel.send(letter("asa@example.org"))

    assert str(told.value) == "Matrix: Vi är inte med i rummet. (M_FORBIDDEN)"


async def test_a_login_that_was_ended_is_told_with_what_to_do(rig: MatrixRig, desk: Desk) -> None:
    rig.server.ask("POST", "/_matrix/client/v3/logout", by=rig.bot)

    with pytest.raises(TemporaryFailure, match="Hämta en ny åtkomstnyckel"):
        await desk.channel.check()
    with pytest.raises(TemporaryFailure, match="Hämta en ny åtkomstnyckel"):
        await desk.channel.listen(desk.receive)
    with pytest.raises(TemporaryFailure, match="Hämta en ny åtkomstnyckel"):
        await desk.channel.send(letter("!rum:lillkommun.example"))


async def test_with_a_password_we_log_in_anew_and_a_letter_is_still_one(rig: MatrixRig) -> None:
    rig.server.act(rig.bot, rig.room(), "join")
    channel = rig.channel(given(), access_token=None, password="env:MATRIX_PASSWORD")
    assert isinstance(channel, Matrix)
    first = await channel.send(letter(rig.room()))
    rig.server.ask("POST", "/_matrix/client/v3/logout/all", by=rig.bot)

    with pytest.raises(TemporaryFailure, match="Vi loggar in igen"):
        await channel.send(letter(rig.room()))
    again = await channel.send(letter(rig.room()))
    lines = await channel.check()
    await channel.close()

    assert again == first
    assert len(rig.letters()) == 1
    assert lines[0] == f"matrix: {rig.bot.id} svarar"


async def test_a_wrong_password_is_told_with_what_to_do(rig: MatrixRig) -> None:
    rig.bot = type(rig.bot)(id=rig.bot.id, token="", password="fel")
    channel = rig.channel(given(), access_token=None, password="env:MATRIX_PASSWORD")

    with pytest.raises(TemporaryFailure, match="godtar inte kontots lösenord"):
        await channel.check()
    await channel.close()  # type: ignore[attr-defined]  # a Matrix


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "M_USER_SUSPENDED", "kontot är spärrat"),
        (401, "M_USER_LOCKED", "kontot är spärrat"),
        (500, "M_UNKNOWN", "fel hos servern"),
        (502, "", "fel hos servern"),
    ],
)
async def test_what_a_letter_may_wait_for_is_no_refusal(
    rig: MatrixRig, desk: Desk, status: int, code: str, words: str
) -> None:
    rig.way.refusal = (status, code)

    for act in (
        desk.channel.check(),
        desk.channel.send(letter(rig.room())),
        desk.channel.listen(desk.receive),
    ):
        with pytest.raises(TemporaryFailure, match=words):
            await act


async def test_no_contact_is_told_without_an_address(rig: MatrixRig, desk: Desk) -> None:
    await rig.way.stop()

    with pytest.raises(TemporaryFailure) as told:
        await desk.channel.check()

    assert str(told.value) == "Matrix: ingen kontakt med servern (ClientConnectorError)."


async def test_check_tells_what_is_not_read_whose_key_it_is_and_that_clocks_differ(rig: MatrixRig) -> None:
    channel = rig.channel(given(now=NOW))
    assert isinstance(channel, Matrix)

    lines = await channel.check()
    channel.api.user_id = US
    with pytest.raises(PermanentFailure, match="ett annat konto"):
        await channel.check()
    await channel.close()

    assert lines == [
        f"matrix: {rig.bot.id} svarar",
        "matrix: krypterade rum läses inte; inbjudningar till dem avböjs (docs/channels.md)",
        "matrix: serverns klocka och vår skiljer sig mer än två minuter",
    ]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "antingen"),
        ({"access_token": "env:A", "password": "env:B"}, "antingen"),
        ({"access_token": "env:TOM"}, "tom eller trasig"),
        ({"password": "env:TOM"}, "tom eller trasig"),
        ({"access_token": "env:A", "user_id": "tycktill"}, "hela namn"),
        ({"access_token": "env:A", "homeserver": "http://matrix.example"}, "https://"),
        ({"access_token": "env:A", "homeserver": "http://localhost.example"}, "https://"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(told: Json, words: str) -> None:
    least: Json = {"homeserver": "https://matrix.example", "user_id": US}
    settings = Settings(**(least | told))
    secrets = {"env:A": "syt_a", "env:B": "b", "env:TOM": ""}

    with pytest.raises(ValueError, match=words):
        build(
            settings,
            Given(clock=lambda: NOW, secret=secrets.__getitem__, places=Ledger()),
        )


def test_a_bot_is_automatic_and_an_emote_is_a_message() -> None:
    notice = understood(event({"msgtype": "m.notice", "body": "Status: allt väl"}))
    emote = understood(event({"msgtype": "m.emote", "body": "undrar när gungan lagas"}))

    assert (said(notice).event, said(notice).automatic) == (Event.NEW, Automatic.OTHER)
    assert (said(emote).event, said(emote).automatic, emote.text) == (
        Event.NEW,
        None,
        "undrar när gungan lagas",
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/status", Command.STATUS),
        ("!status", Command.STATUS),
        ("status", Command.STATUS),
        ("!hjälp", Command.HELP),
        ("!viktigt", None),
        ("Status för gungan?", None),
    ],
)
def test_commands_begin_with_a_stroke_or_an_exclamation_mark_or_stand_alone(
    text: str, command: Command | None
) -> None:
    assert said(understood(event({"msgtype": "m.text", "body": text}))).command is command


def test_only_the_quotation_that_a_program_made_is_left_out() -> None:
    about = {"m.relates_to": {"m.in_reply_to": {"event_id": "$noll"}}}
    made = "> <@tycktill:lillkommun.example> Vilken gunga?\n> Den i parken?\n\n> Ja\nden"
    typed = "> Vilken gunga?\nDen i parken"

    assert understood(event({"msgtype": "m.text", "body": made} | about)).text == "> Ja\nden"
    assert understood(event({"msgtype": "m.text", "body": typed} | about)).text == typed
    assert understood(event({"msgtype": "m.text", "body": made})).text == made


def test_an_encrypted_file_is_named_as_lacking() -> None:
    found = understood(event({"msgtype": "m.file", "body": "plan.pdf", "file": {"url": "mxc://a/b"}}))

    assert said(found).event is Event.NEW
    assert said(found).lacks == (
        "Filen plan.pdf är krypterad eller saknar adress, så den gick inte att hämta.",
    )


@pytest.mark.parametrize(
    ("sender", "days", "believed"),
    [(ASA, 30, True), ("@asa:annan.example", 6, True), ("@asa:annan.example", 8, False), (ASA, -1, False)],
)
def test_a_foreign_server_is_believed_for_a_week_and_nobody_about_the_future(
    sender: str, days: int, *, believed: bool
) -> None:
    at = NOW - timedelta(days=days)
    told = event(
        {"msgtype": "m.text", "body": "Hej"}, sender=sender, origin_server_ts=int(at.timestamp() * 1000)
    )

    assert understood(told).received_at == (at if believed else NOW)


def test_a_removal_is_read_in_old_rooms_and_in_new_ones() -> None:
    old = understood(event({}, "m.room.redaction", redacts="$noll"))
    new = understood(event({"redacts": "$noll"}, "m.room.redaction"))

    for one in (old, new):
        assert (said(one).event, said(one).about, one.external_id) == (Event.DELETED, "$noll", "$noll")


@pytest.mark.parametrize(
    "told",
    [
        event({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$noll", "key": "👍"}}, "m.reaction"),
        event({"msgtype": "m.key.verification.request", "body": "Får jag?"}),
        event({"msgtype": "m.text", "body": ["Hej"]}),
        event({"msgtype": "m.text", "body": "halv \ud83d"}),
        event({}, "m.room.redaction"),
        event({"topic": "Gungan"}, "m.room.topic", state_key=""),
        "nonsens",
    ],
)
def test_what_is_no_message_is_kept_as_it_came(told: object) -> None:
    found = understood(told)

    assert (said(found).event, found.text) == (Event.OTHER, "")


def test_the_furniture_of_a_room_is_no_news() -> None:
    joined = event({"membership": "join"}, "m.room.member", state_key=ASA)
    left = event({"membership": "leave"}, "m.room.member", state_key=ASA)

    assert read(joined, TALK, account=US, now=NOW) is None
    assert read(left, TALK, account=US, now=NOW) is not None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "msgtype": st.sampled_from(["m.text", "m.image", "m.notice", "m.file"]) | _JSON,
        "body": st.text(st.characters()) | _JSON,
        "filename": _JSON,
        "url": _JSON,
        "info": st.fixed_dictionaries({}, optional={"size": _JSON, "mimetype": _JSON}) | _JSON,
        "redacts": _JSON,
        "m.new_content": st.fixed_dictionaries({"body": _JSON, "msgtype": st.just("m.text")}) | _JSON,
        "m.relates_to": st.fixed_dictionaries(
            {}, optional={"rel_type": st.just("m.replace"), "event_id": _JSON, "m.in_reply_to": _JSON}
        )
        | _JSON,
    },
)


@for_all(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["m.room.message", "m.room.redaction", "m.room.member"]) | _JSON,
            "event_id": st.just("$ett") | _JSON,
            "sender": st.sampled_from([ASA, US]) | _JSON,
            "origin_server_ts": _JSON,
            "state_key": _JSON,
            "content": _CONTENT | _JSON,
            "redacts": _JSON,
        },
    )
    | _JSON
)
def test_anything_at_all_is_read_or_kept_and_every_text_can_be_stored(told: object) -> None:
    found = read(told, TALK, account=US, now=NOW)

    if found is not None:
        inbound = found.with_file(None)
        texts = [
            inbound.text,
            inbound.external_id,
            inbound.sender_name,
            said(inbound).version,
            said(inbound).about,
        ]
        texts += list(said(inbound).lacks)
        assert all("\0" not in text and text.encode() is not None for text in texts)
        assert inbound.external_id != ""
        assert inbound.received_at <= NOW
        assert json.loads(json.loads(inbound.raw)["payload"]) == told
