"""46elks: nothing is signed there, so nothing is believed that 46elks does not know of."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from hypothesis import given as over
from hypothesis import settings as how
from hypothesis import strategies as st

from bots.channel import (
    Channel,
    ChannelFailure,
    Closing,
    Hooked,
    ManyRoads,
    NotKeptError,
    PermanentFailure,
    Receive,
    TemporaryFailure,
)
from bots.channels.elks import Settings, build
from store.domain import Delivered, Event
from tests.bots.channels.rig import Arrived, Fault
from tests.bots.channels.rigs.elks import OURS, PEOPLE, ElksRig, hook_path
from tests.bots.channels.sms_house import NOW, SECRET, Ear, Shelf, a_letter, a_post, given, pages

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def rig() -> AsyncIterator[ElksRig]:
    rig = ElksRig()
    await rig.open(NOW)
    try:
        yield rig
    finally:
        await rig.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def elks(rig: ElksRig, ear: Ear) -> AsyncIterator[Channel]:
    channel = rig.channel(given())
    rig.ours = pages(channel, ear)
    try:
        yield channel
    finally:
        await rig.ours.aclose()
        assert isinstance(channel, Closing)
        await channel.close()


def settings(**changed: object) -> Settings:
    told: dict[str, object] = {
        "username": "u1",
        "password": "env:A",
        "number": OURS,
        "hook_secret": "env:B",
        "base_url": "http://127.0.0.1:9",  # nobody listens there
        **changed,
    }
    return Settings.model_validate(told)


async def test_every_answer_to_46elks_is_empty_so_that_nobody_is_texted(
    rig: ElksRig, elks: Channel, ear: Ear
) -> None:
    await rig.say("Gungan är trasig.")
    await rig.odd()
    await rig.tell_of("s1", "delivered")
    ear.refuses = 1
    await rig.say("Bänken också.")

    assert [(answer.status_code, answer.content) for answer in rig.answers] == [
        (204, b""),
        (204, b""),
        (204, b""),
        (503, b""),
    ]
    assert rig.letters() == []


async def test_an_sms_that_46elks_cannot_be_asked_of_is_told_again(
    rig: ElksRig, elks: Channel, ear: Ear
) -> None:
    rig.is_away = True
    await rig.say("Gungan är trasig.")
    assert rig.answers[-1].status_code == 503
    assert ear.heard == []
    rig.is_away = False

    assert await rig.again() == 1

    assert ear.texts()[0] == "Gungan är trasig."


async def test_an_sms_whose_words_46elks_does_not_keep_is_proved_by_the_rest(
    rig: ElksRig, elks: Channel, ear: Ear
) -> None:
    rig.logs_words = False

    await rig.say("Gungan är trasig.")

    assert ear.texts() == ["Gungan är trasig."]


async def test_no_id_leads_46elks_elsewhere(rig: ElksRig, elks: Channel, ear: Ear) -> None:
    fields = {"id": "../me", "from": PEOPLE["asa"], "to": OURS, "message": "", "direction": "incoming"}

    await rig.post(hook_path(), urlencode(fields).encode())

    assert rig.answers[-1].status_code == 403
    assert rig.asked == []


async def test_a_picture_comes_with_its_message(rig: ElksRig, elks: Channel, ear: Ear) -> None:
    await rig.say("Så här ser det ut.", photo=PNG)

    (heard,) = ear.heard
    assert [(one.name, one.media_type, one.size) for one in heard.files] == [("bild-1.png", "image/png", 8)]
    assert heard.said is not None
    assert heard.said.lacks == ()


async def test_a_picture_that_does_not_come_is_asked_for_three_times_and_then_told_of(
    rig: ElksRig, elks: Channel, ear: Ear
) -> None:
    rig.image_faults = 3

    await rig.say("Så här ser det ut.", photo=PNG)
    assert ear.heard == []
    await rig.again()  # twice: what was not confirmed, and the newest

    assert [answer.status_code for answer in rig.answers] == [503, 503, 204]
    (heard,) = ear.heard
    assert heard.files == ()
    assert heard.said is not None
    assert heard.said.lacks == ("Bild 1 kom inte från tjänsten, trots tre försök.",)


async def test_our_key_is_never_shown_to_a_foreign_address(rig: ElksRig, elks: Channel, ear: Ear) -> None:
    fields = {**rig.noted("s77", "Se bild", PEOPLE["asa"]), "image": "https://example.org/bild.jpg"}

    await rig.post(hook_path(), urlencode(fields).encode())

    (heard,) = ear.heard
    assert heard.files == ()
    assert heard.said is not None
    assert heard.said.lacks == ("Bild 1 kunde inte hämtas: 46elks: bilden ligger på en främmande adress.",)


async def test_a_report_is_a_delivery_and_what_is_on_its_way_is_not(
    rig: ElksRig, elks: Channel, ear: Ear
) -> None:
    letter_id = await elks.send(a_letter("Gungan är lagad."))
    assert isinstance(letter_id, str)

    for status in ("sent", "failed"):
        await rig.tell_of(letter_id, status)

    events = [(one.said.event, one.said.about, one.said.delivered) for one in ear.heard if one.said]
    assert events == [
        (Event.OTHER, letter_id, None),
        (Event.DELIVERY, letter_id, Delivered.FAILED),
    ]


async def test_a_letter_leaves_no_words_in_the_log_of_46elks_and_asks_for_a_report(
    rig: ElksRig, elks: Channel
) -> None:
    await elks.send(a_letter("Gungan är lagad.", to="070-174 06 05"))

    assert rig.letters() == [Arrived(to="asa", text="Gungan är lagad.")]
    (form,) = rig.forms
    assert (form["from"], form["dontlog"]) == (OURS, "message")
    assert form["whendelivered"] == (
        f"https://elks:{SECRET}@tycktill.lillkommun.example/hooks/elks/{SECRET}/dlr"
    )


@pytest.mark.parametrize("handle", ["Region", "71700", "+46846500400"])
async def test_no_letter_goes_where_no_sms_can(rig: ElksRig, elks: Channel, handle: str) -> None:
    with pytest.raises(PermanentFailure, match="dit går inte att sända SMS"):
        await elks.send(a_letter("Hej", to=handle))

    assert rig.letters() == []


async def test_an_empty_account_lets_letters_wait_and_says_what_to_do(rig: ElksRig, elks: Channel) -> None:
    rig.balance = 0

    with pytest.raises(TemporaryFailure, match="Fyll på") as told:
        await elks.send(a_letter("Hej"))

    assert not told.value.in_doubt


async def test_the_check_tells_what_is_left_and_where_the_number_leads(rig: ElksRig, elks: Channel) -> None:
    assert await elks.check() == [
        "46elks: nyckeln godtas och numret leder hit",
        "46elks: 500 SEK kvar på kontot",
    ]
    rig.balance = 40_000
    assert (await elks.check())[1] == "46elks: 4 SEK kvar på kontot. Fyll på snart, annars stannar breven"
    rig.sms_url = "https://example.org/gammal"

    with pytest.raises(PermanentFailure, match="sms_url leder inte hit") as told:
        await elks.check()

    assert SECRET not in str(told.value)


async def test_what_was_never_posted_is_found_in_the_list_but_not_what_has_no_words(
    rig: ElksRig, ear: Ear
) -> None:
    shelf = Shelf()
    channel = rig.channel(given(shelf))
    for number in range(5):
        rig.noted(f"s{number}", f"Nummer {number}", PEOPLE["asa"])
        rig.records[f"s{number}"]["created"] = f"2026-11-23T08:3{number}:00"
    del rig.records["s2"]["message"]
    rig.records["s3"]["direction"] = "outgoing"

    await _listened(channel, ear, shelf)

    assert ear.texts() == ["Nummer 0", "Nummer 1", "Nummer 4"]
    assert ear.heard[0].received_at == NOW.replace(hour=8, minute=30)


async def test_a_key_that_counts_no_more_ends_the_listening(rig: ElksRig, ear: Ear) -> None:
    channel = rig.channel(given())
    rig.fail(Fault.LOCKED)

    with pytest.raises(TemporaryFailure, match="nyckeln godtas inte"):
        await asyncio.wait_for(channel.listen(ear), 5)
    with pytest.raises(ChannelFailure):
        await channel.check()
    assert isinstance(channel, Closing)
    await channel.close()


async def _listened(channel: Channel, ear: Receive, shelf: Shelf) -> None:
    listening = asyncio.ensure_future(channel.listen(ear))
    async with asyncio.timeout(5):
        while not listening.done() and not shelf.kept:  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.01)
    listening.cancel()
    assert isinstance((await asyncio.gather(listening, return_exceptions=True))[0], asyncio.CancelledError)
    assert isinstance(channel, Closing)
    await channel.close()


@pytest.mark.parametrize(
    ("changed", "secret", "words"),
    [
        ({}, "", "hook_secret ska vara minst 16 tecken"),
        ({}, "kort", "hook_secret ska vara minst 16 tecken"),
        ({}, "har ett mellanslag i sig", "hook_secret ska vara minst 16 tecken"),
        ({"hook_username": "elks"}, SECRET, "hör ihop"),
        ({"hook_password": "env:C"}, SECRET, "hör ihop"),
        ({"hook_username": "el:ks", "hook_password": "env:C"}, SECRET, "får bara ha"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_in_words(
    changed: dict[str, object], secret: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        build(settings(**changed), given(secret=secret))


def test_without_pages_nothing_can_come() -> None:
    with pytest.raises(ValueError, match="public_url"):
        build(settings(), given(public_url=""))


@pytest.mark.parametrize("number", ["0701740699", "Kommunen", "+46 70 174 06 99"])
def test_our_number_is_written_in_full(number: str) -> None:
    with pytest.raises(ValueError, match="landskod"):
        settings(number=number)


def test_one_that_does_not_send_serves_no_road() -> None:
    silent, sending = build(settings(sends=False), given()), build(settings(), given())

    assert isinstance(silent, ManyRoads)
    assert isinstance(sending, ManyRoads)
    assert (dict(silent.roads), list(sending.roads)) == ({}, ["sms"])
    assert silent.capabilities.hears


FORMS = st.dictionaries(
    st.sampled_from(["id", "from", "to", "message", "direction", "image", "created", "status", "x"]),
    st.text(max_size=20) | st.sampled_from(["s1", PEOPLE["asa"], OURS, "incoming", "delivered"]),
).map(lambda fields: urlencode(fields, errors="replace").encode())
PATHS = st.sampled_from(["", SECRET, f"{SECRET}/dlr", f"{SECRET}/x", "fel", "fel/dlr"]) | st.text(max_size=40)


@how(max_examples=150, deadline=None)
@over(path=PATHS, body=st.binary(max_size=300) | FORMS)
def test_whatever_is_posted_no_sms_is_kept_that_46elks_has_not_shown_us(path: str, body: bytes) -> None:
    ear = Ear()
    channel = build(settings(), given())
    assert isinstance(channel, Hooked)

    try:
        answer = asyncio.run(_posted(channel, path, body, ear))
    except NotKeptError:
        answer = 503

    assert answer in {204, 403, 503}
    assert (answer == 204) == bool(ear.heard)
    assert [one for one in ear.heard if one.said is None or one.said.event is Event.NEW] == []
    assert answer == 403 or path.partition("/")[0] == SECRET


async def _posted(channel: Hooked, path: str, body: bytes, ear: Ear) -> int:
    try:
        answer = await channel.hook(a_post(path, body), ear)
    finally:
        assert isinstance(channel, Closing)
        await channel.close()
    assert answer.body == b""
    return answer.status
