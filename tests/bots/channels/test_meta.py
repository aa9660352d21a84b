"""What Meta posts, one by one, and how letters leave on its roads. The contract is in `test_promise`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from starlette.applications import Starlette

from bots.channel import (
    ChannelFailure,
    Given,
    NotKeptError,
    PermanentFailure,
    TemporaryFailure,
    WindowClosedError,
)
from bots.channels.meta import Meta
from bots.channels.meta_events import Pages
from bots.channels.meta_graph import NotThereError, failure_of
from bots.channels.meta_told import time_of
from bots.web.hooks import Hooks
from store.domain import (
    Address,
    Automatic,
    Button,
    Command,
    Delivered,
    Event,
    Inbound,
    Outgoing,
    Purpose,
    Receipt,
    Said,
    Source,
    Visibility,
)
from tests.bots.channels.rigs.meta import InstagramRig, MessengerRig, MetaRig, WhatsappRig
from tests.bots.channels.rigs.meta_graph import (
    INSTAGRAM,
    NUMBER,
    PAGE,
    POST,
    Comment,
    Json,
    Refused,
    seconds,
)
from tests.house import NOW, Clock

SECRETS = {
    "env:META_TOKEN": "token-of-the-page",
    "env:META_APP_SECRET": "secret-of-the-app",
    "env:META_VERIFY_TOKEN": "said-at-the-door",
}
TEXT = "Lampan på Storgatan är släckt. Å, ä, ö 🙂"


@dataclass(kw_only=True)
class Memory:
    """Places that are kept until the test ends."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, account: str, name: str) -> str:
        return self.kept.get((account, name), "")

    def keep_place(self, account: str, name: str, value: str) -> None:
        self.kept[account, name] = value


@dataclass(kw_only=True)
class World:
    """A channel on its stand-in, and what it has handed on."""

    rig: MetaRig
    clock: Clock = field(default_factory=Clock)
    places: Memory = field(default_factory=Memory)
    heard: list[Inbound] = field(default_factory=list)
    refuses: Callable[[Inbound], bool] = lambda _inbound: False
    channel: Meta = field(init=False)

    def given(self, **secrets: str) -> Given:
        return Given(
            clock=self.clock,
            secret=lambda reference: (SECRETS | secrets)[reference],
            places=self.places,
            public_url="https://tycktill.lillkommun.example",
        )

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.refuses(inbound):
            raise NotKeptError
        self.heard.append(inbound)
        return Receipt(message_id=len(self.heard))

    def told(self) -> list[tuple[Inbound, Said]]:
        return [(one, one.said) for one in self.heard if one.said is not None]

    def only(self) -> tuple[Inbound, Said]:
        ((inbound, said),) = self.told()
        return inbound, said

    async def send(self, road: str, other: str, **more: Any) -> Any:
        account = NUMBER if road == "whatsapp" else PAGE
        return await self.channel.send(a_letter(road, f"{account}:{other}", **more))


async def opened(rig: MetaRig) -> AsyncIterator[World]:
    world = World(rig=rig)
    await rig.open(NOW)
    world.channel = rig.built(world.given())
    hooks = Hooks(channels={"meta": world.channel}, receive=world.receive)
    transport = httpx.ASGITransport(app=Starlette(routes=hooks.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://lillkommun.example") as ours:
        rig.ours = ours
        yield world
    await world.channel.close()
    await rig.close()


@pytest.fixture
async def messenger() -> AsyncIterator[World]:
    async for world in opened(MessengerRig()):
        yield world


@pytest.fixture
async def instagram() -> AsyncIterator[World]:
    async for world in opened(InstagramRig()):
        yield world


@pytest.fixture
async def whatsapp() -> AsyncIterator[World]:
    async for world in opened(WhatsappRig()):
        yield world


def a_letter(road: str, handle: str, **more: Any) -> Outgoing:
    whole: dict[str, Any] = {
        "purpose": Purpose.ACKNOWLEDGEMENT,
        "body": "Tack för att du hör av dig.",
        "heard_at": NOW,
    } | more
    return Outgoing(key="a", recipient=Address(channel=road, handle=handle), subject="Tack", **whole)


async def once(world: World) -> None:
    """Listen until everything has been looked at once."""
    world.channel.pause = 3600.0
    task = asyncio.ensure_future(world.channel.listen(world.receive))
    proved = f"GET {NUMBER}"
    async with asyncio.timeout(5):
        while proved not in world.rig.graph.asked and not task.done():  # noqa: ASYNC110 - nothing rings here
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    world.rig.graph.asked.clear()


# The door.


async def test_the_handshake_is_answered_with_the_challenge_as_text(messenger: World) -> None:
    assert messenger.rig.ours is not None
    shake = {"hub.mode": "subscribe", "hub.verify_token": "said-at-the-door", "hub.challenge": "1158201444"}

    answer = await messenger.rig.ours.get("/hooks/meta", params=shake)
    odd = await messenger.rig.ours.get("/hooks/meta", params=shake | {"hub.challenge": "<script>"})

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (odd.status_code, odd.text) == (403, "")


async def test_every_event_of_a_post_is_kept_for_itself_before_it_is_confirmed(messenger: World) -> None:
    rig = messenger.rig
    first, second = rig.message("m_1", "Ett"), rig.message("m_2", "Två", person="bo")
    payload = rig.payload(first, second)
    change = {
        "field": "feed",
        "value": {"item": "comment", "verb": "add", "comment_id": "9_1", "post_id": POST},
    }
    payload["entry"].append({"id": PAGE, "time": seconds(NOW), "changes": [change]})

    assert await rig.post(payload) == 200

    assert [one.external_id for one in messenger.heard] == ["m_1", "m_2", "9_1"]
    assert [one.sender.channel for one in messenger.heard if one.sender] == ["messenger"] * 2 + ["facebook"]
    assert all(json.loads(one.raw)["payload"] == json.dumps(payload) for one in messenger.heard)


async def test_one_event_that_could_not_be_kept_stops_no_other_and_all_is_posted_again(
    messenger: World,
) -> None:
    rig = messenger.rig
    messenger.refuses = lambda one: one.external_id == "m_1"

    status = await rig.post(rig.payload(rig.message("m_1", "Ett"), rig.message("m_2", "Två")))
    first = [one.external_id for one in messenger.heard]
    messenger.refuses = lambda _one: False
    await rig.again()

    assert (status, first) == (503, ["m_2"])
    assert [one.external_id for one in messenger.heard] == ["m_2", "m_1", "m_2"]


# Private messages.


async def test_a_message_has_its_conversation_sender_and_time(messenger: World) -> None:
    await messenger.rig.say(TEXT)

    inbound, said = messenger.only()
    handle = f"{PAGE}:{messenger.rig.id_of('asa')}"
    assert (inbound.channel, inbound.account, inbound.text) == ("meta", PAGE, TEXT)
    assert inbound.sender == Address(channel="messenger", handle=handle)
    assert inbound.received_at == NOW
    assert (said.conversation, said.event) == (f"messenger:{handle}", Event.NEW)
    assert (said.visibility, said.source, said.automatic) == (Visibility.PRIVATE, Source.CHAT, None)


async def test_a_time_in_the_future_is_not_believed(messenger: World) -> None:
    event = messenger.rig.message("m_1", TEXT)
    event["timestamp"] = seconds(NOW + timedelta(days=3)) * 1000

    await messenger.rig.post(messenger.rig.payload(event))

    assert messenger.heard[0].received_at == NOW


@pytest.mark.parametrize(
    ("more", "command", "choice"),
    [
        ({"text": "Beröm", "quick_reply": {"payload": "typ:beröm"}}, Command.CHOICE, "typ:beröm"),
        ({"text": "/status"}, Command.STATUS, ""),
        ({"text": "STOPP"}, Command.STOP, ""),
        ({"text": "Lampan är trasig"}, None, ""),
    ],
)
async def test_presses_and_commands_are_told_from_words(
    messenger: World, more: Json, command: Command | None, choice: str
) -> None:
    await messenger.rig.post(messenger.rig.payload(messenger.rig.message("m_1", **more)))

    _, said = messenger.only()
    assert (said.command, said.choice) == (command, choice)


@pytest.mark.parametrize(
    ("payload", "command", "choice"),
    [("GET_STARTED", Command.START, ""), ("ärende:ny", Command.CHOICE, "ärende:ny")],
)
async def test_a_postback_is_a_start_or_a_choice(
    messenger: World, payload: str, command: Command, choice: str
) -> None:
    event = messenger.rig.message("m_1", "")
    del event["message"]
    event["postback"] = {"mid": "m_1", "title": "Kom igång", "payload": payload}

    await messenger.rig.post(messenger.rig.payload(event))

    inbound, said = messenger.only()
    assert (inbound.text, said.command, said.choice) == ("Kom igång", command, choice)


async def test_a_report_names_each_letter_and_a_watermark_alone_names_none(messenger: World) -> None:
    plain = messenger.rig.message("m", "")
    del plain["message"]
    events = [
        {**plain, "delivery": {"mids": ["m_1", "m_2"], "watermark": 1}},
        {**plain, "read": {"watermark": 1}},
        {**plain, "read": {"mid": "m_3"}},
        {**plain, "reaction": {"mid": "m_4", "action": "react", "emoji": "❤"}},
    ]

    await messenger.rig.post(messenger.rig.payload(*events))

    assert [(said.event, said.about, said.delivered) for _, said in messenger.told()] == [
        (Event.DELIVERY, "m_1", Delivered.ARRIVED),
        (Event.DELIVERY, "m_2", Delivered.ARRIVED),
        (Event.OTHER, "", None),
        (Event.DELIVERY, "m_3", Delivered.SEEN),
        (Event.OTHER, "m_4", None),
    ]
    assert len({one.external_id for one in messenger.heard}) == 5
    assert [one.sender for one in messenger.heard] == [None] * 5


async def test_an_echo_is_ours_and_stands_in_the_readers_conversation(instagram: World) -> None:
    await instagram.rig.echo("Tack!")

    inbound, said = instagram.only()
    assert (inbound.sender, said.automatic) == (None, Automatic.OWN_LOOP)
    assert said.conversation == f"instagram:{PAGE}:{instagram.rig.id_of('asa')}"


async def test_an_account_on_instagram_answers_by_its_page(instagram: World) -> None:
    await instagram.rig.say(TEXT)

    inbound, _ = instagram.only()
    assert inbound.account == PAGE
    assert inbound.sender == Address(channel="instagram", handle=f"{PAGE}:{instagram.rig.id_of('asa')}")


# Files.


async def test_a_picture_is_fetched_before_the_message_is_confirmed(messenger: World) -> None:
    await messenger.rig.say("Så här ser det ut.", photo=b"a picture")

    inbound, said = messenger.only()
    assert [(one.media_type, one.size) for one in inbound.files] == [("image/png", 9)]
    assert (json.loads(inbound.raw)["files"][0]["data"], said.lacks) == ("YSBwaWN0dXJl", ())


async def test_a_picture_that_does_not_come_is_waited_for_twice_and_then_done_without(
    messenger: World,
) -> None:
    messenger.rig.graph.unfetchable = 3

    await messenger.rig.say(TEXT, photo=b"a picture")
    waited = [len(messenger.heard)]
    await messenger.rig.again()
    waited.append(len(messenger.heard))
    await messenger.rig.again()

    inbound, said = messenger.only()
    assert waited == [0, 0]
    assert inbound.text == TEXT
    assert len(said.lacks) == 1
    assert "kunde inte hämtas" in said.lacks[0]


async def test_pictures_that_do_not_come_hold_up_no_other_message_of_the_post(messenger: World) -> None:
    rig = messenger.rig
    rig.graph.unfetchable = 100
    image = {"type": "image", "payload": {"url": rig.graph.store_file(b"a picture")}}
    late = [rig.message(f"m_{number}", TEXT, attachments=[image]) for number in (1, 2)]

    statuses = [await rig.post(rig.payload(*late, rig.message("m_3", TEXT)))]
    first = [one.external_id for one in messenger.heard]
    messenger.refuses = lambda one: one.external_id == "m_3"
    for _ in range(2):
        await rig.again()
    messenger.refuses = lambda _one: False
    await rig.again()

    assert (statuses, first) == ([503], ["m_3"])
    assert [one.external_id for one in messenger.heard] == ["m_3", "m_1", "m_2", "m_1", "m_2", "m_3"]
    assert await rig.again() == 0


async def test_a_picture_that_has_gone_is_done_without_at_once(messenger: World) -> None:
    image = {"type": "image", "payload": {"url": f"{messenger.rig.graph.url}/files/borta.png"}}
    message = messenger.rig.message("m_1", TEXT, attachments=[image])

    assert await messenger.rig.post(messenger.rig.payload(message)) == 200

    _, said = messenger.only()
    assert [one.startswith("Filen borta.png kunde inte hämtas") for one in said.lacks] == [True]


async def test_a_link_that_somebody_shares_is_written_out_and_never_opened(messenger: World) -> None:
    link = messenger.rig.graph.store_file(b"somebody's page")
    shared = {"type": "fallback", "payload": {"url": link, "title": "Titta"}}
    here = {"type": "location", "payload": {"coordinates": {"lat": 57.3, "long": 13.7}}}

    await messenger.rig.post(
        messenger.rig.payload(messenger.rig.message("m_1", "", attachments=[shared, here]))
    )

    inbound, _ = messenger.only()
    assert (inbound.text, inbound.files) == (f"{link}\nPlats: 57.3, 13.7", ())


async def test_an_address_that_is_not_safe_is_never_opened(messenger: World) -> None:
    image = {"type": "image", "payload": {"url": "http://169.254.0.1/bild.png"}}
    message = messenger.rig.message("m_1", TEXT, attachments=[image])

    await messenger.rig.post(messenger.rig.payload(message))

    _, said = messenger.only()
    assert said.lacks == ("Filen bild.png kunde inte hämtas: adressen är inte säker.",)


async def test_a_picture_in_whatsapp_is_asked_for_by_its_id(whatsapp: World) -> None:
    await whatsapp.rig.say("Så här.", photo=b"a picture")

    inbound, _ = whatsapp.only()
    assert inbound.text == "Så här."
    assert [(one.name, one.media_type, one.size) for one in inbound.files] == [("bild", "image/png", 9)]


# Comments.


async def test_a_comment_is_public_and_answered_by_its_own_address(messenger: World) -> None:
    named = await messenger.rig.comment(TEXT, person="Åsa Ö")

    inbound, said = messenger.only()
    assert inbound.sender == Address(channel="facebook", handle=f"{PAGE}:{named}")
    assert (inbound.sender_name, inbound.external_id, inbound.text) == ("Åsa Ö", named, TEXT)
    assert (said.visibility, said.source) == (Visibility.PUBLIC, Source.SOCIAL_MEDIA)
    assert (said.link, said.about) == ("https://facebook.example/p/1", "")


@pytest.mark.parametrize(
    ("verb", "more", "event", "about"),
    [
        ("add", {"parent_id": "9_7"}, Event.NEW, "9_7"),
        ("edited", {"message": "Ändrat"}, Event.EDITED, "9000001_1"),
        ("remove", {"message": None}, Event.DELETED, "9000001_1"),
        ("hide", {}, Event.OTHER, "9000001_1"),
        ("add", {"item": "reaction", "reaction_type": "like"}, Event.OTHER, POST),
    ],
)
async def test_what_happens_to_a_comment_is_told(
    messenger: World, verb: str, more: Json, event: Event, about: str
) -> None:
    rig = messenger.rig
    assert isinstance(rig, MessengerRig)
    rig.graph.comments["9000001_1"] = Comment(id="9000001_1", text=TEXT, by=rig.id_of("asa"), at=NOW)

    await rig.post(rig.feed("9000001_1", verb, **more))

    _, said = messenger.only()
    assert (said.event, said.about) == (event, about)


async def test_a_comment_whose_author_is_hidden_can_be_answered_all_the_same(messenger: World) -> None:
    rig = messenger.rig
    assert isinstance(rig, MessengerRig)
    rig.graph.comments["9_1"] = Comment(id="9_1", text=TEXT, by=rig.id_of("asa"), at=NOW)

    await rig.post(rig.feed("9_1", "add", **{"from": None}))

    inbound, said = messenger.only()
    assert inbound.sender == Address(channel="facebook", handle=f"{PAGE}:9_1")
    assert (inbound.sender_name, said.automatic) == ("", None)


async def test_what_the_page_itself_writes_is_never_answered(messenger: World) -> None:
    rig = messenger.rig
    assert isinstance(rig, MessengerRig)
    rig.graph.comments["9_1"] = Comment(id="9_1", text="Tack!", by=rig.id_of("asa"), at=NOW)

    await rig.post(rig.feed("9_1", "add", **{"from": {"id": PAGE, "name": "Lillkommun"}}))
    await rig.post(rig.feed("9_1", "add", item="status", **{"from": {"id": PAGE}}))

    assert [(one.sender, said.automatic) for one, said in messenger.told()] == [
        (None, Automatic.OWN_LOOP)
    ] * 2


async def test_what_a_visitor_posts_on_the_page_is_answered_as_a_post(messenger: World) -> None:
    rig = messenger.rig
    assert isinstance(rig, MessengerRig)
    post = f"{PAGE}_77"
    rig.graph.comments[post] = Comment(id=post, text=TEXT, by=rig.id_of("asa"), at=NOW)

    await rig.post(rig.feed(post, "add", item="status", comment_id=None, post_id=post))
    await messenger.send("facebook", post)

    assert messenger.only()[0].external_id == post
    assert rig.graph.posted[0][1]["recipient"] == {"post_id": post}


async def test_a_comment_on_instagram_gets_the_address_of_what_it_stands_under(instagram: World) -> None:
    named = await instagram.rig.comment(TEXT, person="asa.o")

    inbound, said = instagram.only()
    assert inbound.sender == Address(channel="instagram_kommentar", handle=f"{PAGE}:{named}")
    assert (inbound.sender_name, said.visibility) == ("asa.o", Visibility.PUBLIC)
    assert said.link == "https://instagram.example/p/1"


async def test_a_change_may_stand_bare_on_its_entry(instagram: World) -> None:
    value = {"id": "1799", "text": TEXT, "from": {"id": INSTAGRAM, "username": "lillkommun"}}
    entry = {"id": INSTAGRAM, "time": seconds(NOW), "field": "comments", "value": value}

    await instagram.rig.post({"object": "instagram", "entry": [entry]})

    inbound, said = instagram.only()
    assert (inbound.text, inbound.sender, said.automatic) == (TEXT, None, Automatic.OWN_LOOP)


# WhatsApp.


async def test_whatsapp_tells_the_name_the_answered_message_and_a_place(whatsapp: World) -> None:
    rig = whatsapp.rig
    answer = rig.message("wamid.1", TEXT) | {"context": {"id": "wamid.0"}}
    place = rig.message("wamid.2", "", type="location", location={"latitude": 57.3, "longitude": 13.7})
    liked = rig.message("wamid.3", "", type="reaction", reaction={"message_id": "wamid.0", "emoji": "👍"})

    await rig.post(rig.payload(answer, place, liked))

    assert [(one.text, said.event, said.about) for one, said in whatsapp.told()] == [
        (TEXT, Event.NEW, "wamid.0"),
        ("Plats: 57.3, 13.7", Event.NEW, ""),
        ("", Event.OTHER, "wamid.0"),
    ]
    assert whatsapp.heard[0].sender_name == "Åsa"
    assert whatsapp.heard[0].sender == Address(channel="whatsapp", handle=f"{NUMBER}:46701740605")


async def test_a_letter_in_whatsapp_names_the_message_that_it_answers(whatsapp: World) -> None:
    await whatsapp.rig.say(TEXT)

    sent = await whatsapp.send("whatsapp", "46701740605", in_reply_to="wamid.in1")

    ((path, body),) = whatsapp.rig.graph.posted
    assert (path, body["context"]) == (f"{NUMBER}/messages", {"message_id": "wamid.in1"})
    assert (sent.service_id.startswith("wamid."), sent.conversation) == (True, "")


# Letters.


@pytest.mark.parametrize(
    ("purpose", "after", "asked"),
    [
        (Purpose.ANSWER, timedelta(hours=23), ("RESPONSE", None)),
        (Purpose.ANSWER, timedelta(hours=25), ("MESSAGE_TAG", "HUMAN_AGENT")),
        (Purpose.ACKNOWLEDGEMENT, timedelta(hours=23), ("RESPONSE", None)),
    ],
)
async def test_only_a_person_writes_after_a_day_and_says_so(
    messenger: World, purpose: Purpose, after: timedelta, asked: tuple[str, str | None]
) -> None:
    await messenger.rig.say(TEXT)
    messenger.clock.forward(hours=after.total_seconds() / 3600)

    await messenger.send("messenger", messenger.rig.id_of("asa"), purpose=purpose)

    ((_, body),) = messenger.rig.graph.posted
    assert (body["messaging_type"], body.get("tag")) == asked


@pytest.mark.parametrize(("purpose", "hours"), [(Purpose.ACKNOWLEDGEMENT, 25), (Purpose.ANSWER, 7 * 24 + 1)])
async def test_after_its_window_a_letter_finds_it_closed(
    messenger: World, purpose: Purpose, hours: int
) -> None:
    await messenger.rig.say(TEXT)
    messenger.clock.forward(hours=hours)

    with pytest.raises(WindowClosedError):
        await messenger.send("messenger", messenger.rig.id_of("asa"), purpose=purpose)


async def test_buttons_stand_under_the_last_part_and_are_cut_to_what_fits(messenger: World) -> None:
    await messenger.rig.say(TEXT)
    buttons = tuple(Button(label=f"{number:02} {'a' * 30}", value=f"val:{number}") for number in range(15))

    await messenger.send("messenger", messenger.rig.id_of("asa"), body="ord " * 700, buttons=buttons)

    first, last = messenger.rig.letters()
    assert first.buttons == ()
    assert [one.value for one in last.buttons] == [f"val:{number}" for number in range(13)]
    assert {len(one.label) for one in last.buttons} == {20}


async def test_the_private_reply_to_a_comment_begins_a_conversation_and_goes_once(messenger: World) -> None:
    named = await messenger.rig.comment(TEXT)

    sent = await messenger.send("facebook", named)
    with pytest.raises(PermanentFailure, match="redan besvarad"):
        await messenger.send("facebook", named)

    assert sent.conversation == f"messenger:{PAGE}:{messenger.rig.id_of('asa')}"
    assert len(messenger.rig.letters()) == 1


async def test_the_private_reply_on_instagram_leads_to_its_own_messages(instagram: World) -> None:
    named = await instagram.rig.comment(TEXT)

    sent = await instagram.send("instagram_kommentar", named)

    assert sent.conversation == f"instagram:{PAGE}:{instagram.rig.id_of('asa')}"


async def test_half_an_answer_is_never_the_only_private_reply(messenger: World) -> None:
    named = await messenger.rig.comment(TEXT)

    with pytest.raises(PermanentFailure, match="för långt"):
        await messenger.send("facebook", named, body="ord " * 600)

    assert messenger.rig.letters() == []


async def test_instagram_counts_bytes(instagram: World) -> None:
    await instagram.rig.say(TEXT)

    await instagram.send("instagram", instagram.rig.id_of("asa"), body="åäö " * 200)

    assert [len(one.text.encode()) <= 1000 for one in instagram.rig.letters()] == [True, True]


@pytest.mark.parametrize(
    ("rig", "road", "edge"),
    [(MessengerRig, "facebook_offentligt", "comments"), (InstagramRig, "instagram_offentligt", "replies")],
)
async def test_a_public_reply_stands_under_the_comment(
    rig: Callable[[], MetaRig], road: str, edge: str
) -> None:
    async for world in opened(rig()):
        named = await world.rig.comment(TEXT)

        sent = await world.send(road, named, purpose=Purpose.PUBLIC_NOTE)

        assert world.rig.graph.posted[0][0] == f"{named}/{edge}"
        assert [one.public for one in world.rig.letters()] == [True]
        assert (bool(sent.service_id), sent.conversation) == (True, "")


async def test_a_later_part_waits_when_it_is_asked_to(messenger: World) -> None:
    await messenger.rig.say(TEXT)
    messenger.rig.graph.faults = [None, Refused(613, wait=0), Refused(613, wait=0)]

    await messenger.send("messenger", messenger.rig.id_of("asa"), body="ord " * 600)

    assert [one.text[:5] for one in messenger.rig.letters()] == ["(1/2)", "(2/2)"]


@pytest.mark.parametrize("refused", [Refused(551), Refused(613, wait=3600), Refused(190)])
async def test_a_letter_of_which_a_part_has_gone_is_in_doubt(messenger: World, refused: Refused) -> None:
    await messenger.rig.say(TEXT)
    messenger.rig.graph.faults = [None, refused]

    with pytest.raises(TemporaryFailure) as failed:
        await messenger.send("messenger", messenger.rig.id_of("asa"), body="ord " * 600)

    assert failed.value.in_doubt
    assert len(messenger.rig.letters()) == 1


async def test_without_contact_nothing_is_in_doubt(messenger: World) -> None:
    await messenger.rig.graph.stop()

    with pytest.raises(TemporaryFailure) as failed:
        await messenger.send("messenger", "4000000000000001")

    assert not failed.value.in_doubt


@pytest.mark.parametrize(
    ("road", "handle"),
    [
        ("messenger", "17:4"),
        ("whatsapp", f"{PAGE}:46701740605"),
        ("messenger", PAGE),
        ("facebook", f"{PAGE}:9/x"),
    ],
)
async def test_a_place_that_is_not_ours_is_refused_without_asking(
    messenger: World, road: str, handle: str
) -> None:
    with pytest.raises(PermanentFailure):
        await messenger.channel.send(a_letter(road, handle))

    assert messenger.rig.graph.asked == []


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "again"),
    [
        (190, 460, TemporaryFailure, None),
        (10, 2018278, WindowClosedError, None),
        (10, 1893063, TemporaryFailure, None),
        (10, None, TemporaryFailure, None),
        (200, 1545041, PermanentFailure, None),
        (200, None, TemporaryFailure, None),
        (551, None, PermanentFailure, None),
        (10900, None, PermanentFailure, None),
        (100, 33, NotThereError, None),
        (100, None, PermanentFailure, None),
        (4, None, TemporaryFailure, timedelta(minutes=1)),
        (32, None, TemporaryFailure, timedelta(minutes=1)),
        (613, None, TemporaryFailure, timedelta(minutes=1)),
        (131047, None, WindowClosedError, None),
        (131056, None, TemporaryFailure, timedelta(seconds=10)),
        (987654, None, PermanentFailure, None),
    ],
)
def test_each_error_is_one_of_ours_in_words_of_our_own(
    code: int, subcode: int | None, kind: type[ChannelFailure], again: timedelta | None
) -> None:
    error = {"code": code, "error_subcode": subcode, "message": "Åsa Öst cannot be reached"}

    failure = failure_of(httpx.Response(400), error, is_safe=False)

    assert type(failure) is kind
    assert getattr(failure, "again_after", None) == again
    assert "Åsa" not in str(failure)


@pytest.mark.parametrize(
    ("header", "again"),
    [
        ('{"1": [{"estimated_time_to_regain_access": 12}]}', timedelta(minutes=12)),
        ('{"1": [{"estimated_time_to_regain_access": 0}]}', timedelta(seconds=7)),
        ('{"1": "odd"}', timedelta(seconds=7)),
        ("odd", timedelta(seconds=7)),
    ],
)
def test_the_wait_is_what_meta_says_in_a_header_of_its_own(header: str, again: timedelta) -> None:
    headers = {"X-Business-Use-Case-Usage": header, "Retry-After": "7"}

    failure = failure_of(httpx.Response(400, headers=headers), {"code": 32}, is_safe=False)

    assert isinstance(failure, TemporaryFailure)
    assert failure.again_after == again


def test_an_answer_that_cannot_be_read_leaves_a_letter_in_doubt() -> None:
    failure = failure_of(httpx.Response(200), {}, is_safe=False)

    assert isinstance(failure, TemporaryFailure)
    assert failure.in_doubt


# Looking again.


@pytest.mark.parametrize("make", [MessengerRig, InstagramRig])
async def test_a_comment_is_hidden_and_read_again(make: Callable[[], MetaRig]) -> None:
    async for world in opened(make()):
        named = await world.rig.comment(TEXT)
        comment = world.rig.graph.comments[named]

        await world.channel.hide(named)
        unchanged = await world.channel.reread(named)
        comment.text = "Lampan lyser igen."
        edited = await world.channel.reread(named)
        del world.rig.graph.comments[named]
        deleted = await world.channel.reread(named)

        heard = world.heard[0]
        assert (comment.is_hidden, unchanged) == (True, None)
        assert edited is not None and edited.said is not None
        assert (edited.said.event, edited.text) == (Event.EDITED, "Lampan lyser igen.")
        assert deleted is not None and deleted.said is not None
        assert deleted.said.event is Event.DELETED
        for one in (edited, deleted):
            assert (one.account, one.external_id, one.sender) == (PAGE, named, heard.sender)
        with pytest.raises(PermanentFailure):
            await world.channel.hide(named)


async def test_a_private_message_is_not_looked_at_again(messenger: World) -> None:
    assert await messenger.channel.reread("m_in1") is None
    assert messenger.rig.graph.asked == []


# What was not posted.


@pytest.mark.parametrize("make", [MessengerRig, InstagramRig])
async def test_a_comment_that_was_never_posted_is_found_as_if_it_had_been(
    make: Callable[[], MetaRig],
) -> None:
    async for world in opened(make()):
        await once(world)
        ours, world.rig.ours = world.rig.ours, None
        world.clock.forward(hours=1)
        await world.rig.comment(TEXT)
        world.rig.ours = ours

        await once(world)
        asked = [(one.external_id, one.account, one.sender, one.text, one.received_at) for one in world.heard]
        await world.rig.again()

        assert len(asked) == 1
        posted = world.heard[1]
        assert asked == [(posted.external_id, posted.account, posted.sender, posted.text, posted.received_at)]


async def test_comments_from_before_the_first_start_are_left_alone(messenger: World) -> None:
    old = Comment(id="9_1", text=TEXT, by=messenger.rig.id_of("asa"), at=NOW - timedelta(hours=2))
    messenger.rig.graph.comments[old.id] = old

    await once(messenger)
    await once(messenger)

    assert messenger.heard == []


async def test_the_place_stays_until_what_was_found_is_kept(messenger: World) -> None:
    await once(messenger)
    before = dict(messenger.places.kept)
    messenger.clock.forward(hours=3)
    new = Comment(id="9_1", text=TEXT, by=messenger.rig.id_of("asa"), at=messenger.clock())
    messenger.rig.graph.comments[new.id] = new
    messenger.refuses = lambda _one: True

    await once(messenger)
    stayed = dict(messenger.places.kept)
    messenger.refuses = lambda _one: False
    messenger.clock.forward(hours=1)
    await once(messenger)

    assert stayed == before
    assert [one.external_id for one in messenger.heard] == ["9_1"]
    assert messenger.places.kept != before


# What is proved.


async def test_check_tells_what_works(messenger: World) -> None:
    assert await messenger.channel.check() == [
        "meta: appen prenumererar på page",
        "meta: appen prenumererar på instagram",
        "meta: appen prenumererar på whatsapp_business_account",
        "meta: åtkomsttoken för Lillkommun gäller",
        "meta: sidan Lillkommun skickar sina händelser till appen",
        "meta: åtkomsttoken för WhatsApp gäller",
        "meta: numret i WhatsApp svarar",
    ]


def _without_scope(world: World) -> None:
    world.rig.graph.scopes.remove("pages_messaging")


def _without_feed(world: World) -> None:
    world.rig.graph.fields.remove("feed")


def _not_subscribed(world: World) -> None:
    world.rig.graph.objects.remove("instagram")


def _elsewhere(world: World) -> None:
    world.rig.graph.callback = "https://gammal.lillkommun.example/hooks/meta"


def _ending(world: World) -> None:
    world.rig.graph.expires = NOW + timedelta(days=13)


def _locked(world: World) -> None:
    world.rig.graph.is_locked = True


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (_without_scope, PermanentFailure, "saknar behörighet för pages_messaging"),
        (_without_feed, PermanentFailure, "skickar inte feed till appen"),
        (_not_subscribed, PermanentFailure, "prenumererar inte på instagram"),
        (_elsewhere, PermanentFailure, "Ändra till https://tycktill.lillkommun.example/hooks/meta"),
        (_ending, PermanentFailure, "slutar gälla 2026-12-06"),
        (_locked, TemporaryFailure, "bytt lösenord"),
    ],
)
async def test_check_tells_what_is_wrong_and_what_to_do(
    messenger: World, fault: Callable[[World], None], kind: type[ChannelFailure], words: str
) -> None:
    fault(messenger)

    with pytest.raises(kind, match=words) as failed:
        await messenger.channel.check()

    assert "token-of-the-page" not in str(failed.value)


async def test_a_token_that_has_ended_is_told_by_itself(messenger: World) -> None:
    _locked(messenger)

    with pytest.raises(TemporaryFailure):
        await messenger.channel.listen(messenger.receive)


async def test_a_token_that_ends_soon_is_warned_of_and_stops_nothing(
    messenger: World, caplog: pytest.LogCaptureFixture
) -> None:
    _ending(messenger)

    await once(messenger)

    assert "slutar gälla 2026-12-06" in caplog.text
    assert "token-of-the-page" not in caplog.text


@pytest.mark.parametrize("secret", ["META_TOKEN", "META_APP_SECRET", "META_VERIFY_TOKEN"])
async def test_an_empty_secret_is_refused(messenger: World, secret: str) -> None:
    with pytest.raises(ValueError, match="hemligheten är tom"):
        messenger.rig.built(messenger.given(**{f"env:{secret}": " "}))


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([], "minst en sida"),
        ([{"id": "1", "name": "A", "token": "env:META_TOKEN"}] * 2, "samma id"),
    ],
)
async def test_a_table_that_makes_no_sense_is_refused(
    messenger: World, pages: list[Json], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        messenger.rig.built(messenger.given(), pages=pages, whatsapp=None)


async def test_only_the_roads_of_what_is_set_up_are_there(messenger: World) -> None:
    page = {"id": PAGE, "name": "Lillkommun", "token": "env:META_TOKEN"}

    built = messenger.rig.built(messenger.given(), pages=[page], whatsapp=None)

    assert sorted(built.roads) == ["facebook", "facebook_offentligt", "messenger"]
    assert len(messenger.channel.roads) == 7


# Any shape.

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_NAMES = st.from_regex(
    r"object|entry|id|time|messaging|standby|changes|field|value|sender|recipient|timestamp|message|mid|text"
    r"|is_echo|is_deleted|attachments|type|payload|url|coordinates|quick_reply|reply_to|message_edit|num_edit"
    r"|postback|delivery|mids|read|reaction|item|verb|comment_id|post_id|parent_id|from|created_time|photo"
    r"|post|metadata|phone_number_id|contacts|profile|messages|statuses|status|errors|code|edit|revoke|image"
    r"|location|original_message_id|interactive|message_echoes|media",
    fullmatch=True,
)
_WORDS = st.from_regex(
    r"page|instagram|whatsapp_business_account|feed|comments|messages|comment|add|edited|remove|text|image"
    rf"|edit|revoke|delivered|failed|location|17|{PAGE}|{INSTAGRAM}",
    fullmatch=True,
)
_SHAPES = st.recursive(
    _LEAVES | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=30,
)
_ENTRIES = st.fixed_dictionaries(
    {"object": _WORDS},
    optional={
        "entry": st.lists(
            st.dictionaries(st.sampled_from(["id", "messaging", "changes", "time"]), _SHAPES, max_size=4)
            | st.fixed_dictionaries(
                {
                    "id": _WORDS,
                    "changes": st.lists(
                        st.fixed_dictionaries({"field": _WORDS, "value": _SHAPES}), max_size=2
                    ),
                    "messaging": st.lists(st.dictionaries(_NAMES, _SHAPES, max_size=4), max_size=2),
                }
            ),
            max_size=3,
        )
    },
)
_READER = Pages(name="meta", now=NOW, pages=frozenset({PAGE}), instagram={INSTAGRAM: PAGE})


def _is_sound(found: list[Any]) -> bool:
    return bool(found) and all(
        one.inbound.external_id
        and one.said.conversation
        and one.inbound.received_at.tzinfo is not None
        and one.inbound.received_at <= NOW
        and isinstance(one.inbound.text, str)
        and (
            one.inbound.sender is None
            or one.said.conversation == f"{one.inbound.sender.channel}:{one.inbound.sender.handle}"
        )
        for one in found
    )


@over(_ENTRIES | _SHAPES)
def test_any_signed_json_is_kept_whatever_its_shape(shape: object) -> None:
    assert _is_sound(_READER.read(json.dumps(shape).encode("utf-8", "surrogatepass")))


@over(st.binary(max_size=60))
def test_any_signed_bytes_are_kept_whatever_they_are(payload: bytes) -> None:
    assert _is_sound(_READER.read(payload))


@pytest.mark.parametrize(
    "payload", [b"[" * 100_000, b'{"entry": ' + b"9" * 5000 + b"}", b"\xff", b"{}", b"null"]
)
def test_what_cannot_be_read_is_kept_as_something_other(payload: bytes) -> None:
    assert [one.said.event for one in _READER.read(payload)] == [Event.OTHER]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1795426200, NOW),
        (1795426200000, NOW),
        ("1795426200", NOW),
        ("2026-11-23T09:30:00+0000", NOW),
        ("2026-11-23T09:30:00", NOW),
        (True, None),
        ("9" * 20, None),
        ("i går", None),
        (None, None),
    ],
)
def test_times_are_read_however_they_are_told(value: object, moment: datetime | None) -> None:
    assert time_of(value) == moment
