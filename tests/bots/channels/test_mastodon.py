"""Mastodon: what is heard, from whom, and how letters reach one reader and no other."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bots.channel import ChannelFailure, Given, NotKeptError, PermanentFailure, TemporaryFailure
from bots.channels.mastodon import OPENLY, Mastodon, Settings, build
from bots.channels.mastodon_server import About, Server, about_of
from bots.channels.mastodon_status import told_in
from bots.channels.mastodon_text import cut, defused, text_of, without_greeting
from bots.wire.http import wait_of
from store.domain import (
    Address,
    Automatic,
    Command,
    Event,
    Inbound,
    Outgoing,
    Purpose,
    Receipt,
    Source,
    Visibility,
)
from tests.bots.channels.rig import Fault
from tests.bots.channels.rigs.mastodon import DOMAIN, OURS, MastodonRig, handle_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PICTURE = b"\x89PNG\r\n\x1a\n of a swing"


@dataclass
class Ledger:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, account: str, name: str) -> str:
        return self.kept.get((account, name), "")

    def keep_place(self, account: str, name: str, value: str) -> None:
        self.kept[account, name] = value


@dataclass
class Desk:
    """Who hears. `refuses` messages are not kept."""

    rig: MastodonRig
    channel: Mastodon
    ledger: Ledger
    heard: list[Inbound] = field(default_factory=list)
    refuses: int = 0

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.refuses > 0:
            self.refuses -= 1
            raise NotKeptError
        self.heard.append(inbound)
        return Receipt(message_id=len(self.heard))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.channel.listen(self.receive))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def hears(self, count: int = 1) -> list[Inbound]:
        async with self.listening():
            await until(lambda: len(self.heard) >= count)
        return self.heard


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell here
            await asyncio.sleep(0.02)


def given(ledger: Ledger, now: datetime = NOW) -> Given:
    return Given(
        clock=lambda: now + timedelta(hours=1),
        secret=lambda _: "hemlighet-for-tester-0123456789",
        places=ledger,
    )


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    rig, ledger = MastodonRig(), Ledger()
    await rig.open(NOW)
    channel = rig.channel(given(ledger))
    assert isinstance(channel, Mastodon)
    yield Desk(rig, channel, ledger)
    await channel.close()
    await rig.close()


def letter(
    body: str = "Tack för din synpunkt.", *, to: str = "asa", reply_to: str = "", key: str = "a"
) -> Outgoing:
    return Outgoing(
        key=key,
        purpose=Purpose.ANSWER,
        recipient=Address(channel="mastodon", handle=handle_of(to)),
        subject="Svar",
        body=body,
        in_reply_to=reply_to,
    )


def openly(status: str, body: str = "Tack! Vi har skrivit till dig privat.") -> Outgoing:
    return replace(letter(body), recipient=Address(channel=OPENLY, handle=status))


async def test_a_private_mention_tells_who_wrote_what_and_where_an_answer_goes(desk: Desk) -> None:
    status = await desk.rig.say("Gungan är trasig.\n\nSe https://www.lillkommun.example/lekplats/storgatan/7")

    (one,) = await desk.hears()

    assert one.said is not None
    assert one.text == "Gungan är trasig.\n\nSe https://www.lillkommun.example/lekplats/storgatan/7"
    assert (one.channel, one.account, one.external_id) == ("mastodon", OURS, status)
    assert one.sender == Address(channel="mastodon", handle="asa@social.example")
    assert one.sender_name == "Asa"
    assert one.said.conversation == "mastodon:asa@social.example"
    assert (one.said.event, one.said.visibility) == (Event.NEW, Visibility.PRIVATE)
    assert (one.said.source, one.said.automatic) == (Source.SOCIAL_MEDIA, None)
    assert NOW - timedelta(minutes=1) < one.received_at < NOW + timedelta(minutes=30)
    assert json.loads(json.loads(one.raw)["payload"])["status"]["id"] == status


async def test_who_lives_on_our_own_server_is_named_with_it_and_reached_there(desk: Desk) -> None:
    await desk.rig.say("Hej", person="bo")

    (one,) = await desk.hears()
    await desk.channel.send(letter(to="bo"))

    assert one.sender == Address(channel="mastodon", handle=f"bo@{DOMAIN}")
    assert [(sent.to, sent.public) for sent in desk.rig.letters()] == [("bo", False)]


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
async def test_what_others_can_read_is_public_and_answered_no_wider(desk: Desk, visibility: str) -> None:
    status = await desk.rig.comment("Varför är det mörkt vid skolan?", visibility=visibility)
    (one,) = await desk.hears()

    await desk.channel.send(openly(status))

    assert one.said is not None
    assert one.said.visibility == Visibility.PUBLIC
    assert one.said.link.endswith(status)
    (posted,) = desk.rig.posted
    assert (posted["visibility"], posted["in_reply_to_id"]) == (visibility, status)


async def test_a_private_mention_is_not_answered_openly_even_on_the_public_road(desk: Desk) -> None:
    status = await desk.rig.say("Bara för er.")

    await desk.channel.send(openly(status))

    assert desk.rig.posted[0]["visibility"] == "direct"


async def test_a_comment_that_is_gone_gets_no_public_answer(desk: Desk) -> None:
    status = await desk.rig.comment("Hej")
    await desk.rig.remove(status)

    for handle in (status, "<a1@lillkommun.example>"):
        with pytest.raises(PermanentFailure, match="finns inte längre"):
            await desk.channel.send(openly(handle))

    assert desk.rig.posted == []


async def test_an_answer_to_our_own_status_says_which(desk: Desk) -> None:
    ours = await desk.channel.send(letter())
    await desk.rig.say("Tack själva!", in_reply_to_id=ours)

    (one,) = await desk.hears()

    assert one.said is not None
    assert one.said.about == ours


async def test_a_warning_stands_before_the_text_and_pictures_come_with_their_words(desk: Desk) -> None:
    await desk.rig.say("Titta.", photo=PICTURE, description="En gunga utan sits", spoiler_text="Olycka")

    (one,) = await desk.hears()

    assert one.text == "Olycka\n\nTitta.\n\n[Bildtext: En gunga utan sits]"
    assert [(file.media_type, file.size) for file in one.files] == [("image/png", len(PICTURE))]
    assert [file["media_type"] for file in json.loads(one.raw)["files"]] == ["image/png"]


async def test_a_picture_that_does_not_come_is_waited_for_twice(desk: Desk) -> None:
    desk.rig.files_fail = 2
    await desk.rig.say("Titta.", photo=PICTURE)

    (one,) = await desk.hears()

    assert len(one.files) == 1


async def test_a_picture_that_never_comes_is_told_of_and_the_words_are_kept(desk: Desk) -> None:
    desk.rig.files_fail = 99
    await desk.rig.say("Titta.", photo=PICTURE)

    (one,) = await desk.hears()

    assert one.said is not None
    assert one.text == "Titta."
    assert one.files == ()
    assert len(one.said.lacks) == 1


async def test_a_machine_is_marked_as_one(desk: Desk) -> None:
    await desk.rig.echo("Väderrapport")

    (one,) = await desk.hears()

    assert one.said is not None
    assert one.said.automatic == Automatic.OTHER


async def test_a_command_is_one_only_in_private(desk: Desk) -> None:
    await desk.rig.say("/hjälp")
    await desk.rig.comment("/hjälp")

    heard = await desk.hears(2)

    assert [one.said.command for one in heard if one.said] == [Command.HELP, None]


async def test_the_place_is_kept_only_after_the_message(desk: Desk) -> None:
    desk.refuses = 2
    await desk.rig.say("Ett")
    await desk.rig.say("Två")

    heard = await desk.hears(2)
    before = list(desk.ledger.kept.values())
    await desk.rig.say("Tre")
    await desk.hears(3)

    assert [one.text for one in heard] == ["Ett", "Två", "Tre"]
    assert len(before) == 1
    assert desk.ledger.kept != dict.fromkeys(desk.ledger.kept, before[0])


async def test_all_that_waits_is_read_oldest_first_page_by_page(desk: Desk) -> None:
    for number in range(45):  # a page of mastodon-mock is 40
        await desk.rig.say(f"Nummer {number}")

    heard = await desk.hears(45)

    assert [one.text for one in heard] == [f"Nummer {number}" for number in range(45)]


async def test_at_the_first_start_what_is_old_is_left_alone(desk: Desk) -> None:
    await desk.rig.say("Gammalt")
    later = replace(desk.channel.given, clock=lambda: NOW + timedelta(days=31))
    desk.channel.given = later
    async with desk.listening():
        await until(lambda: bool(desk.ledger.kept))
    assert desk.heard == []
    desk.channel.given = given(desk.ledger)

    await desk.rig.say("Nytt")

    assert [one.text for one in await desk.hears()] == ["Nytt"]


async def test_the_stream_rings_long_before_the_poll(desk: Desk) -> None:
    desk.channel.poll_seconds = 3600
    async with desk.listening():
        await until(lambda: "GET /api/v1/streaming/user/notification" in desk.rig.asked)
        await until(lambda: bool(desk.ledger.kept))
        await desk.rig.say("Hör ni?")
        await until(lambda: len(desk.heard) == 1)

    assert desk.heard[0].text == "Hör ni?"


async def test_without_a_stream_the_poll_hears(desk: Desk) -> None:
    desk.rig.streams = False
    await desk.rig.say("Hör ni?")

    (one,) = await desk.hears()

    assert one.text == "Hör ni?"
    assert "GET /api/v1/streaming/user/notification" not in desk.rig.asked


async def test_what_the_servers_filter_lays_aside_is_heard_all_the_same(desk: Desk) -> None:
    await desk.rig.policy(for_private_mentions="filter", for_not_following="filter")
    await desk.rig.say("Från en främling")

    (one,) = await desk.hears()

    assert one.text == "Från en främling"


async def test_a_status_that_is_untouched_is_nothing_new(desk: Desk) -> None:
    status = await desk.rig.say("Gungan är trasig.")

    assert await desk.channel.reread(status) is None
    assert await desk.channel.reread("<a1@lillkommun.example>") is None


async def test_a_status_that_its_writer_changed_is_a_version_and_one_removed_is_said_to_be(
    desk: Desk,
) -> None:
    status = await desk.rig.say("Gungan är trasig.")
    await desk.rig.edit(status, "Gungan och bänken är trasiga.")

    edited = await desk.channel.reread(status)
    await desk.rig.remove(status)
    removed = await desk.channel.reread(status)

    assert edited is not None
    assert edited.said is not None
    assert (edited.said.event, edited.text) == (Event.EDITED, "Gungan och bänken är trasiga.")
    assert edited.said.version.startswith("2026-03-02T")
    assert (edited.external_id, edited.said.about) == (status, status)
    assert removed is not None
    assert removed.said is not None
    assert (removed.said.event, removed.said.about) == (Event.DELETED, status)


async def test_a_letter_reaches_its_reader_alone_whoever_it_speaks_of(desk: Desk) -> None:
    status = await desk.rig.say("Grannen @cilla@annan.example vet mer.")

    sent = await desk.channel.send(
        letter("Du skrev om @cilla@annan.example och @bo. Svara till a@b.example.", reply_to=status)
    )

    (posted,) = desk.rig.posted
    assert posted["id"] == sent
    assert (posted["visibility"], posted["in_reply_to_id"]) == ("direct", status)
    assert re.findall(r"(?<!\w)@\w+", posted["status"]) == ["@asa"]


async def test_the_same_letter_twice_is_one_status(desk: Desk) -> None:
    desk.rig.fail(Fault.SILENT)
    with pytest.raises(TemporaryFailure) as told:
        await desk.channel.send(letter())

    again = await desk.channel.send(letter())

    assert not told.value.in_doubt
    assert [one["id"] for one in desk.rig.posted] == [again]


async def test_when_what_is_answered_is_gone_the_letter_goes_without_it(desk: Desk) -> None:
    status = await desk.rig.say("Hej")
    await desk.rig.remove(status)

    await desk.channel.send(letter(reply_to=status))
    await desk.channel.send(letter(reply_to="<a1@lillkommun.example>", key="b"))

    assert ["in_reply_to_id" in one for one in desk.rig.posted] == [False, False]


async def test_a_long_letter_is_a_thread_and_too_many_at_once_is_waited_for_inside_it(desk: Desk) -> None:
    status = await desk.rig.say("Hej")
    desk.rig.busy_seconds = 0
    desk.rig.fail_after(1, Fault.BUSY)
    words = " ".join(f"ord{number}" for number in range(190))

    last = await desk.channel.send(letter(words, reply_to=status))

    posted = desk.rig.posted
    assert len(posted) == 3
    assert [one["in_reply_to_id"] for one in posted] == [status, posted[0]["id"], posted[1]["id"]]
    assert last == posted[2]["id"]
    assert desk.rig.asked.count("POST /api/v1/statuses") == 4
    assert all(len(one["status"]) <= 500 for one in posted)


async def test_a_letter_broken_off_goes_on_where_it_stopped(desk: Desk) -> None:
    words = " ".join(f"ord{number}" for number in range(190))
    desk.rig.fail_after(1, Fault.AWAY)
    with pytest.raises(TemporaryFailure):
        await desk.channel.send(letter(words))
    before = [one["id"] for one in desk.rig.posted]

    await desk.channel.send(letter(words))

    assert len(before) == 1
    assert len(desk.rig.posted) == 3


async def test_a_letter_to_an_account_that_is_gone_is_taken_away_again(desk: Desk) -> None:
    lost = replace(letter(), recipient=Address(channel="mastodon", handle="ingen@annan.example"))

    with pytest.raises(PermanentFailure, match="finns inte längre"):
        await desk.channel.send(lost)

    (posted,) = desk.rig.posted
    assert f"DELETE /api/v1/statuses/{posted['id']}" in desk.rig.asked


@pytest.mark.parametrize("handle", ["asa", "asa@social.example @bo", "<a@b.example>", ""])
async def test_a_place_that_is_no_account_is_refused_before_anything_is_sent(desk: Desk, handle: str) -> None:
    with pytest.raises(PermanentFailure):
        await desk.channel.send(replace(letter(), recipient=Address(channel="mastodon", handle=handle)))

    assert desk.rig.posted == []


async def test_the_servers_own_length_counts(desk: Desk) -> None:
    desk.rig.most = 100

    await desk.channel.send(letter(" ".join(["ord"] * 60)))

    assert len(desk.rig.posted) > 2
    assert all(len(one["status"]) <= 100 for one in desk.rig.posted)


async def test_a_server_that_finds_a_letter_wrong_is_not_asked_again(desk: Desk) -> None:
    desk.rig.most = 9000  # more than mastodon-mock takes

    with pytest.raises(PermanentFailure, match="422"):
        await desk.channel.send(letter("x" * 600))


async def test_too_many_at_once_tells_how_long_to_wait(desk: Desk) -> None:
    desk.rig.fail(Fault.BUSY)

    with pytest.raises(TemporaryFailure) as told:
        await desk.channel.send(letter())

    assert told.value.again_after == timedelta(seconds=7)


def test_a_moment_is_counted_by_the_services_own_clock_and_other_ways_of_writing_it_are_left_alone() -> None:
    def answer(**headers: str) -> httpx.Response:
        return httpx.Response(429, headers={name.replace("_", "-"): value for name, value in headers.items()})

    date = "Mon, 02 Mar 2026 09:00:00 GMT"

    assert wait_of(answer(date=date, x_ratelimit_reset="2026-03-02T09:04:30.5Z")) == timedelta(seconds=270.5)
    assert wait_of(answer(date=date, x_ratelimit_reset="2026-03-02T08:00:00Z")) == timedelta(0)
    assert wait_of(answer(date=date, x_ratelimit_reset="1772442000")) is None
    assert wait_of(answer(date=date, retry_after="9", x_ratelimit_reset="2026-03-02T09:04:30Z")) == timedelta(
        seconds=9
    )


async def test_check_proves_the_account_and_names_its_longest_status(desk: Desk) -> None:
    lines = await desk.channel.check()

    assert f"@{OURS}" in lines[0]
    assert "500" in lines[0]
    assert any("klockorna" in line for line in lines)  # the clock of this test stands in March


async def test_check_says_what_a_token_lacks(desk: Desk) -> None:
    desk.rig.scopes = ["read"]

    with pytest.raises(PermanentFailure, match=r"saknar write:statuses\."):
        await desk.channel.check()


async def test_check_refuses_a_filter_that_loses_strangers_and_tells_of_one_that_hides_them(
    desk: Desk,
) -> None:
    await desk.rig.policy(for_private_mentions="filter")
    lines = await desk.channel.check()
    await desk.rig.policy(for_not_following="drop")

    with pytest.raises(PermanentFailure, match="personer du inte följer") as told:
        await desk.channel.check()

    assert any("oönskade privata omnämnanden" in line for line in lines)
    assert "Acceptera" in str(told.value)


async def test_check_knows_a_token_of_another_account_and_another_name_of_the_server(desk: Desk) -> None:
    for account, words in (
        ("annan@mock.local", "annat konto"),
        ("tycktill@fel.example", "mock.local i adresser"),
    ):
        settings = desk.rig.settings().model_copy(update={"account": account})
        other = build(settings, given(desk.ledger))
        assert isinstance(other, Mastodon)
        with pytest.raises(ChannelFailure, match=words):
            await other.check()
        await other.close()


async def test_a_token_that_counts_no_more_is_said_in_words_that_hold_no_token(desk: Desk) -> None:
    desk.rig.fail(Fault.LOCKED)

    with pytest.raises(TemporaryFailure, match="token pekar på") as told:
        await desk.channel.send(letter())
    with pytest.raises(TemporaryFailure):
        await desk.channel.listen(desk.receive)

    assert "hemlighet" not in str(told.value)


@pytest.mark.parametrize(
    ("secret", "account", "words"),
    [
        ("", OURS, "token"),
        ("två\nrader", OURS, "token"),
        ("hemlighet", "tycktill", "account"),
        ("hemlighet", "tyck till@mock.local", "account"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(secret: str, account: str, words: str) -> None:
    settings = Settings(server="https://mock.local", account=account, token="env:X")

    with pytest.raises(ValueError, match=words):
        build(settings, replace(given(Ledger()), secret=lambda _: secret))


def test_a_server_that_says_nothing_of_itself_is_taken_as_usual() -> None:
    assert about_of({}) == about_of([]) == about_of({"configuration": {"statuses": {"max_characters": "x"}}})
    assert about_of({"configuration": {"urls": {"streaming": "wss://strom.example/"}}}).streaming == (
        "https://strom.example"
    )
    assert about_of({"configuration": {"urls": {"streaming": "wss://strom.example:x"}}}).streaming == ""


async def test_a_stream_in_clear_is_not_used_where_the_server_is_not() -> None:
    server = Server(base_url="https://mock.local", token="hemlighet")
    server._about = About(streaming="http://strom.example")

    assert (await server.about()).streaming == ""


def test_a_page_is_read_sign_by_sign_and_in_order() -> None:
    told = told_in('[ {"id": "10", "x": "å"},\n{"id":"9"}, 7 ]')

    assert told is not None
    assert [(one.id, one.payload) for one in told] == [("9", '{"id":"9"}'), ("10", '{"id": "10", "x": "å"}')]
    assert told_in('{"error": "truncated') is None
    assert told_in('[{"id": "1"}') is None
    assert told_in("[") is None
    assert told_in("[]") == []


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Ett</p><p>Två<br />tre</p>", "Ett\n\nTvå\ntre"),
        ('<p>Se <a href="https://a.example/x">här</a></p>', "Se här (https://a.example/x)"),
        (
            '<p><a href="https://a.example/tags/Gunga" class="mention hashtag">#<span>Gunga</span></a></p>',
            "#Gunga",
        ),
        ('<p>Hej <span class="invisible">dolt</span>du</p>', "Hej du"),
        ('<p>Bra <img src="x" alt=":tumme:"> där :hjarta:</p>', "Bra :tumme: där :hjarta:"),
        ("<ul><li>ett</li><li>två</li></ul>", "- ett\n- två"),
        ("<script>x</script><textarea><p></textarea>kvar", "kvar"),
        ("", ""),
    ],
)
def test_html_is_what_its_reader_sees(html: str, text: str) -> None:
    assert text_of(html) == text


def test_only_our_own_name_at_the_beginning_is_taken_away() -> None:
    assert without_greeting(f"@tycktill @{OURS}: Hej @tycktill", OURS) == "Hej @tycktill"
    assert without_greeting("@tycktillsammans hej", OURS) == "@tycktillsammans hej"
    assert without_greeting("@tycktill@annan.example hej", OURS) == "@tycktill@annan.example hej"


WORDS = st.text(st.characters(exclude_characters="<>&\x00", exclude_categories=["Cs"]), max_size=30)
TAGS = st.sampled_from(["p", "span", "a", "b", "ul", "li", "div", "blockquote", "pre", "h1", "em"])
PIECES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@for_all(html=st.text(max_size=400))
def test_no_html_breaks_the_reading(html: str) -> None:
    assert isinstance(text_of(html), str)


@for_all(html=PIECES)
def test_no_tag_is_left_and_no_word_is_lost(html: str) -> None:
    text = text_of(html)

    assert "<" not in text
    letters = re.sub(r"<[^>]*>", "", html)
    assert [sign for sign in letters if sign.isalnum()] == [sign for sign in text if sign.isalnum()]


@for_all(text=st.text(st.sampled_from("ab @.\n/="), max_size=60))
def test_nobody_is_mentioned_in_what_is_defused(text: str) -> None:
    assert re.search(r"(?<![=/\w])@\w", defused(text)) is None
    assert defused(text).replace("\u2060", "") == text


def test_an_address_counts_as_23_and_is_never_cut() -> None:
    address = "https://www.lillkommun.example/" + "x" * 300
    text = f"Läs mer på {address} eller ring."

    assert cut(text, 60) == [text]
    assert address in " ".join(cut(f"{text} {text} {text}", 90))
    assert len(cut("https://a.se " * 5, 100)) == 2
