"""What all SMS services share: who can be answered, what is a command, how a letter is cut."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.channel import Form, NotKeptError, PermanentFailure, TemporaryFailure
from bots.wire import sms
from store.domain import Address, Automatic, Command, Delivered, Event, Source
from templates.sms import fitted, segments
from tests.bots.channels.sms_house import Shelf

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LINE = sms.Line(channel="elks", number="+46701740699", clock=lambda: NOW)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+46701740605", "+46701740605"),
        ("070-174 06 05", "+46701740605"),
        ("0046701740605", "+46701740605"),
        ("+46 (0)70-174 06 05", "+46701740605"),
        ("71700", ""),
        ("Region", ""),
        ("Bank 070", ""),
        ("whatsapp:+46701740605", ""),
        ("", ""),
    ],
)
def test_a_number_is_written_as_e164_and_what_is_none_is_empty(written: str, number: str) -> None:
    assert sms.number_of(written) == number


# The landline is one of those that PTS keeps for fiction.
@pytest.mark.parametrize("sender", ["Region", "71700", "+46846500400", ""])
def test_who_cannot_get_an_sms_is_shown_but_never_answered(sender: str) -> None:
    heard = LINE.heard(sms.Sms(id="s1", sender=sender, to="+46701740699", text="Hej"), b"")

    assert heard.sender is None
    assert heard.sender_name == (sender or "dolt nummer")
    assert heard.said is not None
    assert heard.said.conversation == f"sms:{sender or 'dolt nummer'}"


def test_an_sms_is_told_with_its_number_its_text_and_its_road() -> None:
    at = NOW - timedelta(minutes=3)
    told = sms.Sms(id="s1", sender="+46701740605", to="+46701740699", text=" Hej 🙂\u200b ", at=at)

    heard = LINE.heard(told, b"id=s1")

    assert (heard.channel, heard.account, heard.external_id) == ("elks", "+46701740699", "s1")
    assert heard.sender == Address(channel="sms", handle="+46701740605")
    assert heard.sender_name == ""
    assert heard.text == " Hej 🙂\u200b "
    assert heard.received_at == at
    assert heard.said is not None
    assert heard.said.conversation == "sms:+46701740605"
    assert (heard.said.event, heard.said.source) == (Event.NEW, Source.SMS)
    assert heard.said.command is None


def test_a_time_to_come_is_not_believed() -> None:
    told = sms.Sms(id="s1", sender="+46701740605", to="", text="", at=NOW + timedelta(hours=1))

    assert LINE.heard(told, b"").received_at == NOW


def test_parts_that_are_delivered_apart_are_one_group_of_their_sender() -> None:
    parts = [
        LINE.heard(sms.Sms(id=f"s{number}", sender=sender, to="", text="", part_of="17"), b"").said
        for number, sender in enumerate(["+46701740605", "+46701740605", "+46701740606"])
    ]

    groups = [part.group for part in parts if part is not None]
    assert groups == ["+46701740605:17", "+46701740605:17", "+46701740606:17"]


def test_what_our_own_number_writes_is_our_own_loop() -> None:
    heard = LINE.heard(sms.Sms(id="s1", sender="+46701740699", to="+46701740699", text="Tack"), b"")

    assert heard.said is not None
    assert heard.said.automatic is Automatic.OWN_LOOP


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOPP", Command.STOP),
        ("stop.", Command.STOP),
        ("Start", Command.RESUME),
        (" HJÄLP! ", Command.HELP),
        ("hjalp", Command.HELP),
        ("Status?", Command.STATUS),
        ("”lopeta”", Command.STOP),
        ("Anonym", Command.ANONYMOUS),
        ("Stopp för bussen vid skolan saknas", None),
        ("Hjälp mig med gatlyset", None),
        ("", None),
    ],
)
def test_a_command_is_all_that_is_said(text: str, command: Command | None) -> None:
    assert sms.asked_for(text) is command


def test_six_sms_are_one_letter_and_seven_are_two_that_are_numbered() -> None:
    assert sms.cut("a" * 918) == ["a" * 918]
    assert [part[:6] for part in sms.cut("ord " * 300)] == ["(1/2) ", "(2/2) "]


def test_a_dash_or_a_curly_mark_does_not_double_the_price() -> None:
    assert sms.cut("Öppet 8–16, ”välkommen”") == ['Öppet 8-16, "välkommen"']


def test_another_alphabet_is_sent_as_it_is_written() -> None:
    assert sms.cut("مرحبا – 🙂") == ["مرحبا – 🙂"]


@given(text=st.text(min_size=1, max_size=2500).filter(lambda text: text.strip() != ""))
def test_no_letter_takes_more_than_six_sms_and_no_sign_is_lost(text: str) -> None:
    parts = sms.cut(text)

    assert all(segments(part)[1] <= sms.MOST_SEGMENTS for part in parts)
    bare = parts if len(parts) == 1 else [re.sub(r"^\(\d+/\d+\) ?", "", part) for part in parts]
    plain = fitted(text, most=len(text))
    expected = plain if segments(plain.strip())[0] == "GSM-7" else text
    assert re.sub(r"\s", "", "".join(bare)) == re.sub(r"\s", "", expected)


def test_a_letter_of_only_signs_that_take_two_places_is_cut_to_fit() -> None:
    parts = sms.cut("€" * 918)

    assert "".join(part.partition(" ")[2] for part in parts) == "€" * 918
    assert all(segments(part)[1] <= 6 for part in parts)


class Post:
    """Sends by a list of what happens."""

    def __init__(self, *happens: Exception | None) -> None:
        self.happens = list(happens)
        self.sent: list[str] = []

    async def __call__(self, text: str) -> str:
        happening = self.happens.pop(0) if self.happens else None
        if happening is not None:
            raise happening
        self.sent.append(text)
        return f"id{len(self.sent)}"


LONG = "ord " * 300
BUSY = TemporaryFailure("för många", again_after=timedelta(0))


async def test_the_id_of_the_last_part_is_that_of_the_letter() -> None:
    post = Post()

    assert await sms.send_cut(LONG, post) == "id2"
    assert len(post.sent) == 2


async def test_too_many_at_the_first_part_lets_the_whole_letter_wait() -> None:
    with pytest.raises(TemporaryFailure) as told:
        await sms.send_cut(LONG, Post(BUSY))

    assert told.value is BUSY


async def test_too_many_at_a_later_part_waits_and_goes_on() -> None:
    post = Post(None, BUSY, BUSY)

    assert await sms.send_cut(LONG, post) == "id2"
    assert [part[:5] for part in post.sent] == ["(1/2)", "(2/2)"]


@pytest.mark.parametrize(
    "failure",
    [
        PermanentFailure("nej"),
        TemporaryFailure("borta", in_doubt=True),
        TemporaryFailure("borta"),
        TemporaryFailure("för många", again_after=timedelta(hours=1)),
    ],
)
async def test_a_letter_of_which_a_part_has_gone_is_in_doubt(failure: Exception) -> None:
    with pytest.raises(TemporaryFailure) as told:
        await sms.send_cut(LONG, Post(None, failure), patience=0.0)

    assert told.value.in_doubt


@given(body=st.binary(max_size=400))
def test_any_bytes_are_read_as_fields_or_as_none(body: bytes) -> None:
    for name, value in sms.fields_of(body):
        assert (name + value).encode("utf-8").decode("utf-8") == name + value


def test_a_form_of_too_many_fields_is_no_form() -> None:
    assert sms.fields_of(b"a=1&" * 300) == []


@given(told=st.text(max_size=60) | st.datetimes().map(str) | st.from_regex(r"\d{1,2} \w{3} \d{4} .{0,14}"))
def test_any_text_is_a_time_with_a_zone_or_none(told: str) -> None:
    found = sms.time_of(told)

    assert found is None or found.utcoffset() == timedelta(0)


def test_times_are_read_as_both_services_write_them() -> None:
    assert sms.time_of("2018-07-13T13:57:23.741000") == datetime(2018, 7, 13, 13, 57, 23, 741000, UTC)
    assert sms.time_of("Fri, 13 Jul 2018 15:57:23 +0200") == datetime(2018, 7, 13, 13, 57, 23, tzinfo=UTC)


def test_a_clock_that_differs_is_told_with_what_to_do() -> None:
    answer = httpx.Response(200, headers={"date": "Mon, 23 Nov 2026 08:50:00 GMT"})

    assert sms.skew("46elks", answer, NOW) == [
        "46elks: klockan här går 600 s fel mot tjänstens. Låt den ställas av NTP."
    ]
    assert sms.skew("46elks", answer, NOW - timedelta(minutes=10)) == []


def test_reports_of_one_letter_are_told_apart_and_only_the_end_is_a_delivery() -> None:
    sent = LINE.report("s9", "sent", b"", how=None)
    failed = LINE.report("s9", "failed", b"", how=Delivered.FAILED, because="Telefonen är avstängd.")

    assert sent.said is not None
    assert failed.said is not None
    assert (sent.said.event, sent.said.version) == (Event.OTHER, "sent")
    assert (failed.said.event, failed.said.about) == (Event.DELIVERY, "s9")
    assert failed.said.because == "Telefonen är avstängd."


def test_an_sms_road_is_no_mail() -> None:
    assert sms.capabilities(sends=True).form is Form.SMS
    assert sms.capabilities(sends=True).reports_delivery


async def until_looked(shelf: Shelf, look: Callable[[datetime], Awaitable[None]]) -> None:
    """Fill gaps until the place has been kept, or it fails."""
    filling = asyncio.ensure_future(sms.fill_gaps(LINE, shelf, look, pause=0.01))
    async with asyncio.timeout(5):
        while not filling.done() and NOW.isoformat() not in shelf.kept.values():  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.01)
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)


async def test_the_time_that_we_were_away_is_looked_through() -> None:
    asked: list[datetime] = []

    async def look(since: datetime) -> None:
        asked.append(since)

    fresh = Shelf()
    await until_looked(fresh, look)
    week = Shelf(kept={("elks:+46701740699", "filled"): (NOW - timedelta(days=7)).isoformat()})
    await until_looked(week, look)

    assert asked[0] == NOW - timedelta(hours=1)
    assert asked[-1] == NOW - timedelta(days=7, hours=1)
    assert fresh.kept == {("elks:+46701740699", "filled"): NOW.isoformat()}


async def test_a_place_is_kept_only_when_all_before_it_is() -> None:
    shelf, places = Shelf(), []

    async def look(since: datetime) -> None:
        places.append(dict(shelf.kept))
        if len(places) < 3:
            raise NotKeptError("the store is away")

    await until_looked(shelf, look)

    assert places[:3] == [{}, {}, {}]
    assert shelf.kept
