"""Twilio: what is signed is kept, what is not is refused, and what was never posted is found."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from hypothesis import given as over
from hypothesis import settings as how
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from bots.channel import Channel, Closing, Hooked, PermanentFailure, TemporaryFailure
from bots.channels.twilio import Door, Settings, build
from store.domain import Command, Delivered, Event
from tests.bots.channels.rig import Fault
from tests.bots.channels.rigs.twilio import ACCOUNT, HOOK, OURS, PEOPLE, TOKEN, TwilioRig
from tests.bots.channels.sms_house import NOW, PUBLIC_URL, SECRET, Ear, Shelf, a_letter, a_post, given, pages

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def rig() -> AsyncIterator[TwilioRig]:
    rig = TwilioRig()
    await rig.open(NOW)
    try:
        yield rig
    finally:
        await rig.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def twilio(rig: TwilioRig, ear: Ear, shelf: Shelf) -> AsyncIterator[Channel]:
    channel = rig.channel(given(shelf))
    rig.ours = pages(channel, ear)
    try:
        yield channel
    finally:
        await rig.ours.aclose()
        assert isinstance(channel, Closing)
        await channel.close()


def settings(**changed: object) -> Settings:
    told: dict[str, object] = {
        "account_sid": ACCOUNT,
        "auth_token": "env:A",
        "number": OURS,
        "base_url": "http://127.0.0.1:9",  # nobody listens there
        **changed,
    }
    return Settings.model_validate(told)


async def test_every_answer_to_twilio_sends_nothing(rig: TwilioRig, twilio: Channel, ear: Ear) -> None:
    await rig.say("Gungan är trasig.")
    await rig.odd()
    ear.refuses = 1
    await rig.say("Bänken också.")

    assert [(answer.status_code, answer.content) for answer in rig.answers] == [
        (200, b"<Response/>"),
        (200, b"<Response/>"),
        (503, b""),
    ]
    assert rig.answers[0].headers["content-type"].startswith("text/xml")


async def test_a_post_signed_by_the_shared_key_is_believed_when_there_is_one(ear: Ear) -> None:
    rig = TwilioRig()
    channel = build(settings(shared_key="env:B"), given())
    body = urlencode(rig.noted("Gungan är trasig.", PEOPLE["asa"])).encode()
    headers = tuple(rig.signed(HOOK, body, "HMAC_SHA256").items())
    unknown = tuple((name, value.replace("SHA256", "MD5")) for name, value in headers)
    assert isinstance(channel, Hooked)

    answers = [await channel.hook(a_post("", body, one), ear) for one in (headers, unknown)]

    assert [answer.status for answer in answers] == [200, 403]
    assert ear.texts() == ["Gungan är trasig."]


async def test_a_post_is_proved_by_the_address_that_the_world_knows(ear: Ear) -> None:
    door = Door(public_url=PUBLIC_URL, token=TOKEN)
    fields = {"MessageSid": "SM1", "Body": "hej"}
    signature = RequestValidator(TOKEN).compute_signature("http://127.0.0.1:8080/hooks/twilio", fields)
    post = a_post("", urlencode(fields).encode(), [("x-twilio-signature", signature)])

    assert not door.opens(post, list(fields.items()))


async def test_what_twilio_has_understood_as_stop_is_a_stop(
    rig: TwilioRig, twilio: Channel, ear: Ear
) -> None:
    await rig.post(HOOK, {**rig.noted("Cancel", PEOPLE["asa"]), "OptOutType": "STOP"})

    (heard,) = ear.heard
    assert heard.said is not None
    assert heard.said.command is Command.STOP


async def test_a_report_says_why_a_letter_did_not_arrive(rig: TwilioRig, twilio: Channel, ear: Ear) -> None:
    letter_id = await twilio.send(a_letter("Gungan är lagad."))
    assert isinstance(letter_id, str)

    for status in ("sent", "undelivered"):
        await rig.tell_of(letter_id, status)

    told = [
        (one.said.event, one.said.about, one.said.delivered, one.said.because)
        for one in ear.heard
        if one.said
    ]
    assert told == [
        (Event.OTHER, letter_id, None, ""),
        (Event.DELIVERY, letter_id, Delivered.FAILED, "Telefonen är avstängd eller utan täckning."),
    ]
    assert rig.forms[0]["StatusCallback"] == f"{PUBLIC_URL}/hooks/twilio/status"


@pytest.mark.parametrize("code", [21211, 21610, 21614, 21999])
async def test_a_place_that_never_takes_an_sms_is_told_of_at_once(
    rig: TwilioRig, twilio: Channel, code: int
) -> None:
    rig.error = code

    with pytest.raises(PermanentFailure, match=str(code)) as told:
        await twilio.send(a_letter("Hej"))

    assert "+46" not in str(told.value)


async def test_a_fault_of_ours_lets_letters_wait(rig: TwilioRig, twilio: Channel) -> None:
    rig.error = 21606

    with pytest.raises(TemporaryFailure, match="Rätta number") as told:
        await twilio.send(a_letter("Hej"))

    assert not told.value.in_doubt


async def test_too_many_in_the_middle_of_a_letter_waits_and_sends_each_part_once(
    rig: TwilioRig, twilio: Channel
) -> None:
    rig.busy_after = 1

    await twilio.send(a_letter("ord " * 300))

    assert [one.text[:5] for one in rig.letters()] == ["(1/2)", "(2/2)"]


async def test_a_silence_after_a_letter_is_a_doubt(rig: TwilioRig, twilio: Channel) -> None:
    rig.fail(Fault.SILENT)

    with pytest.raises(TemporaryFailure) as told:
        await twilio.send(a_letter("Hej"))

    assert told.value.in_doubt
    assert len(rig.letters()) == 1


async def test_what_was_never_posted_is_found_with_its_picture_and_is_the_same_message(
    rig: TwilioRig, twilio: Channel, ear: Ear, shelf: Shelf
) -> None:
    await rig.say("Den första")
    rig.noted("Den andra", PEOPLE["bo"], PNG)
    rig.noted("Den tredje", "Region")
    rig.listed.insert(0, {**rig.listed[0], "sid": "SMut", "direction": "outbound-api"})
    rig.listed.append({**rig.listed[-1], "sid": "SMold", "date_sent": "Mon, 02 Nov 2026 09:00:00 +0000"})

    await _listened(twilio, ear, shelf)

    assert ear.texts() == ["Den första", "Den första", "Den andra", "Den tredje"]
    assert ear.heard[0].external_id == ear.heard[1].external_id
    assert [(one.media_type, one.size) for one in ear.heard[2].files] == [("image/png", 8)]
    assert ear.heard[3].sender is None


async def _listened(channel: Channel, ear: Ear, shelf: Shelf) -> None:
    listening = asyncio.ensure_future(channel.listen(ear))
    async with asyncio.timeout(5):
        while not listening.done() and not shelf.kept:  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.01)
    listening.cancel()
    assert isinstance((await asyncio.gather(listening, return_exceptions=True))[0], asyncio.CancelledError)


async def test_the_check_tells_what_is_wrong_with_account_and_number(rig: TwilioRig, twilio: Channel) -> None:
    assert await twilio.check() == ["Twilio: nyckeln godtas och numret leder hit"]
    rig.sms_url = f"{PUBLIC_URL}/hooks/twilio#rc=3&rp=all"
    assert await twilio.check() == ["Twilio: nyckeln godtas och numret leder hit"]
    rig.sms_url = "https://example.org/gammal"
    with pytest.raises(PermanentFailure, match=f"Sätt den till {PUBLIC_URL}/hooks/twilio med HTTP POST"):
        await twilio.check()
    rig.account_status = "suspended"
    with pytest.raises(PermanentFailure, match="kontot är avstängt"):
        await twilio.check()
    rig.fail(Fault.LOCKED)
    with pytest.raises(TemporaryFailure, match="auth_token godtas inte"):
        await twilio.check()


def test_a_token_that_is_empty_proves_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match="auth_token och shared_key"):
        build(settings(), given(secret=" "))


def test_without_pages_nothing_can_come() -> None:
    with pytest.raises(ValueError, match="public_url"):
        build(settings(), given(public_url=""))


@pytest.mark.parametrize("account", ["", "AC123", "SM" + "0" * 32])
def test_an_account_is_written_as_twilio_writes_it(account: str) -> None:
    with pytest.raises(ValueError, match="account_sid"):
        settings(account_sid=account)


NAMES = ["MessageSid", "SmsSid", "From", "To", "Body", "SmsStatus", "MessageStatus", "ErrorCode"]
VALUES = st.text(max_size=20) | st.sampled_from(["SM1", "received", "delivered", "+4670"])
FORMS = st.dictionaries(st.sampled_from(NAMES), VALUES)


@how(max_examples=150, deadline=None)
@over(
    path=st.sampled_from(["", "status"]) | st.text(max_size=20),
    body=st.binary(max_size=300) | FORMS.map(lambda one: urlencode(one, errors="replace").encode()),
    signature=st.text(max_size=40),
    told=st.sampled_from(["", "key=x,algorithm=HMAC_SHA256", "algorithm=x", "=,,="]),
)
def test_whatever_is_posted_unsigned_is_refused(path: str, body: bytes, signature: str, told: str) -> None:
    ear = Ear()
    channel = build(settings(), given())
    assert isinstance(channel, Hooked)
    headers = [("x-twilio-signature", signature), ("x-twilio-webhooks-signature-settings", told)]

    answer = asyncio.run(channel.hook(a_post(path, body, headers), ear))

    assert answer.status == 403
    assert ear.heard == []


@how(max_examples=150, deadline=None)
@over(fields=FORMS)
def test_whatever_is_signed_is_kept_once(fields: dict[str, str]) -> None:
    ear = Ear()
    channel = build(settings(), given())
    assert isinstance(channel, Hooked)
    told = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    signature = RequestValidator(SECRET).compute_signature(f"{PUBLIC_URL}/hooks/twilio", told)
    post = a_post("", urlencode(told).encode(), [("x-twilio-signature", signature)])

    answer = asyncio.run(channel.hook(post, ear))

    assert answer.status == 200
    assert len(ear.heard) == 1
