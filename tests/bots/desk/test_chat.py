"""Chats, SMS and comments on the desk: what becomes a case, what joins one, what the assistant answers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest

from bots.channel import Capabilities, ChannelFailure, Form, PermanentFailure, TemporaryFailure
from bots.channels.memory import Memory
from bots.wire.kept import MEDIA_TYPE, kept
from store import conversations, inbox
from store.domain import (
    Address,
    Automatic,
    Command,
    Delivered,
    Event,
    Factor,
    Inbound,
    Kind,
    LetterState,
    MessageState,
    Outcome,
    Purpose,
    Receipt,
    Said,
    Source,
    Status,
    Visibility,
)
from store.engine import Row
from tests.house import ANNA, House, Scripted, a_suggestion

Make = Callable[..., House]
ASA = "4711"
TEXT = "Gungan i parken är trasig sedan två veckor."
_ids = count(1)


def chat(**more: object) -> Memory:
    can: dict[str, object] = {"form": Form.CHAT, "buttons": True, "reports_delivery": True}
    return Memory(name="chatt", capabilities=Capabilities(**(can | more)))  # type: ignore[arg-type]


def said(
    house: House, text: str = TEXT, *, sender: str = ASA, road: str = "chatt", **more: object
) -> Inbound:
    """Make what a chat hands on. Fields of `Said` and of `Inbound` may be given alike."""
    own = {name: more.pop(name) for name in list(more) if name in Said.__dataclass_fields__}
    given: dict[str, object] = {
        "channel": road,
        "account": "boten",
        "received_at": house.clock(),
        "raw": kept(text.encode()),
        "media_type": MEDIA_TYPE,
        "external_id": f"m{next(_ids)}",
        "sender": Address(channel=road, handle=sender),
        "sender_name": "Åsa",
        "text": text,
        "said": Said(conversation=f"{road}:{sender}", source=Source.CHAT, **own),  # type: ignore[arg-type]
    }
    return Inbound(**(given | more))  # type: ignore[arg-type]


@pytest.fixture
def talk(make_house: Make) -> House:
    return make_house(others=[chat()])


def letters(house: House, purpose: Purpose) -> list[Row]:
    return [row for row in house.outbox(purpose=purpose) if row["channel"] == "chatt"]


def answer(house: House, text: str = "Gungan är lagad nu.") -> None:
    case = house.case()
    house.acts.answer(
        case["id"], text, Outcome.DONE, measure="lagad", by=case["handler"], version=case["version"]
    )


def of_chat(house: House) -> Memory:
    found = house.delivery.channels["chatt"]
    assert isinstance(found, Memory)
    return found


async def test_a_chat_message_is_thanked_in_words_for_a_chat(talk: House) -> None:
    await talk.hear(said(talk))

    case = talk.case()
    assert (case["sender_channel"], case["source"], case["handler"]) == ("chatt", Source.CHAT, "anna")
    (thanks,) = letters(talk, Purpose.ACKNOWLEDGEMENT)
    assert thanks["subject"] == ""
    for words in (case["number"], ANNA.name, "automatiskt", "070-174 06 10"):
        assert words in thanks["body"]


async def test_the_receipt_goes_before_the_question_and_silence_blocks_nothing(talk: House) -> None:
    await talk.hear(said(talk))

    assert [one.purpose for one in of_chat(talk).letters] == [
        Purpose.ACKNOWLEDGEMENT,
        Purpose.FOLLOW_UP_QUESTION,
    ]
    assert [one.value for one in of_chat(talk).letters[1].buttons] == [
        "typ:beröm",
        "typ:förslag",
        "typ:klagomål",
    ]
    answer(talk)
    await talk.deliver()
    assert talk.case()["status"] == Status.ANSWERED


async def test_at_most_two_questions_are_asked(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "", command=Command.CHOICE, choice="typ:förslag"))
    await talk.hear(said(talk, "", command=Command.CHOICE, choice="väg:här"))
    await talk.hear(said(talk, "", command=Command.CHOICE, choice="typ:beröm"))

    asked = [one for one in of_chat(talk).letters if one.buttons]
    assert len(asked) == 2
    assert talk.case()["chosen_kind"] == Kind.PRAISE
    assert talk.case()["suggested_kind"] == Kind.PRAISE


async def test_a_further_message_joins_the_case_and_is_told_of_once_an_hour(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "Det är den närmast lekstugan."))
    await talk.hear(said(talk, "Och kedjan hänger löst."))

    assert len(talk.cases()) == 1
    assert len(letters(talk, Purpose.ACKNOWLEDGEMENT)) == 1
    assert len(letters(talk, Purpose.ADDED)) == 1
    assert len(talk.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)) == 2


async def test_after_the_word_new_the_next_message_is_another_case(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "/ny", command=Command.NEW_MATTER))
    await talk.hear(said(talk, "Skolmaten är god i år, tack för det!"))
    await talk.hear(said(talk, "Särskilt soppan."))

    assert [row["title"] for row in talk.cases()] == [TEXT, "Skolmaten är god i år, tack för det!"]
    assert [row["case_id"] for row in talk.messages() if row["text"] == "Särskilt soppan."] == [2]


async def test_words_after_a_command_are_no_command(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "/ny Skolmaten är för kall", command=Command.NEW_MATTER))

    assert [row["title"] for row in talk.cases()] == [TEXT, "Skolmaten är för kall"]


async def test_a_closed_case_is_not_continued(talk: House) -> None:
    await talk.hear(said(talk))
    answer(talk)
    await talk.deliver()
    case = talk.case()
    talk.acts.confirm(
        case["id"],
        kind=Kind.COMPLAINT,
        factor=Factor.SAFETY,
        by=case["handler"],
        version=case["version"],
    )
    talk.acts.close(case["id"], by=case["handler"], version=talk.case()["version"])
    await talk.hear(said(talk, "Nu är bänken sönder i parken."))

    assert len(talk.cases()) == 2


async def test_what_somebody_else_writes_never_joins(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "Jag ser också gungan.", sender="4712", about="m1"))

    assert len(talk.cases()) == 2


async def test_a_reply_to_a_letter_finds_its_case_though_another_is_newer(talk: House) -> None:
    await talk.hear(said(talk))
    first = letters(talk, Purpose.ACKNOWLEDGEMENT)[0]["service_id"]
    await talk.hear(said(talk, "/ny", command=Command.NEW_MATTER))
    await talk.hear(said(talk, "Skolmaten är för kall."))

    await talk.hear(said(talk, "Kedjan också.", about=first))

    assert [row["case_id"] for row in talk.messages() if row["text"] == "Kedjan också."] == [1]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (Command.START, "assistent"),
        (Command.HELP, "skriv"),
        (Command.ANONYMOUS, "namn"),
        (Command.STATUS, "070-174 06 10"),
    ],
)
async def test_a_command_is_answered_kept_and_opens_no_case(talk: House, command: Command, word: str) -> None:
    await talk.hear(said(talk, f"/{command}", command=command))

    assert talk.cases() == []
    (row,) = talk.messages()
    assert (row["state"], row["text"]) == (MessageState.ASIDE, f"/{command}")
    (letter,) = letters(talk, Purpose.ASSISTANT)
    assert word in letter["body"].casefold()


async def test_a_language_that_was_chosen_is_kept_to(talk: House) -> None:
    await talk.hear(said(talk, "", command=Command.CHOICE, choice="språk:fi"))
    await talk.hear(said(talk))

    assert talk.case()["language"] == "fi"
    assert letters(talk, Purpose.ACKNOWLEDGEMENT)[0]["language"] == "fi"


async def test_who_says_stop_gets_one_last_word_and_the_answer_by_another_road(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(said(talk, "asa@example.org"))
    await talk.hear(said(talk, "STOPP", command=Command.STOP))
    before = len(of_chat(talk).letters)
    await talk.hear(said(talk, "Gungan har börjat gnissla också."))
    answer(talk)
    await talk.deliver()

    assert of_chat(talk).letters[before:] == []
    assert [one.recipient.handle for one in talk.memory.letters if one.purpose is Purpose.ANSWER] == [
        "asa@example.org"
    ]
    assert "vill inte ha brev på den vägen" in talk.journal(talk.case()["id"])


async def test_our_own_echo_is_kept_and_nothing_else(talk: House) -> None:
    await talk.hear(said(talk, "Tack!", automatic=Automatic.OWN_LOOP))

    assert (talk.cases(), talk.outbox()) == ([], [])
    assert [row["state"] for row in talk.messages()] == [MessageState.ASIDE]


async def test_another_machine_is_never_thanked(talk: House) -> None:
    await talk.hear(said(talk, automatic=Automatic.OTHER))

    assert talk.case()["status"] == Status.QUARANTINED
    assert of_chat(talk).letters == []


async def test_a_change_lies_beside_what_it_changed(talk: House) -> None:
    first = said(talk)
    await talk.hear(first)
    changed = said(talk, "Gungan OCH bänken.", event=Event.EDITED, version="1", external_id=first.external_id)
    await talk.hear(changed)
    await talk.hear(changed)

    assert [row["text"] for row in talk.messages()] == [TEXT, "Gungan OCH bänken."]
    assert {row["case_id"] for row in talk.messages()} == {talk.case()["id"]}
    assert talk.journal(talk.case()["id"]).count("ändrat av avsändaren") == 1


@dataclass(kw_only=True)
class Quiet(Memory):
    """A channel that tells of no change: it must be looked at again."""

    now: Inbound | ChannelFailure | None = None
    asked: list[str] = field(default_factory=list)

    async def reread(self, external_id: str) -> Inbound | None:
        self.asked.append(external_id)
        if isinstance(self.now, ChannelFailure):
            raise self.now
        return self.now


async def a_quiet_talk(make_house: Make) -> tuple[House, Quiet, Inbound]:
    """Let somebody write, and a handler answer, on a channel that tells of no change."""
    quiet = Quiet(name="chatt", capabilities=Capabilities(form=Form.CHAT))
    house = make_house(others=[quiet])

    async def receive(inbound: Inbound) -> Receipt:
        (receipt,) = await house.receive(inbound)
        return receipt

    house.delivery.receive = receive
    first = said(house)
    await house.hear(first)
    await house.deliver()
    answer(house)
    return house, quiet, first


async def test_an_answer_to_what_was_changed_meanwhile_waits_for_its_writer(make_house: Make) -> None:
    house, quiet, first = await a_quiet_talk(make_house)
    words = "Jag menade tvärtom."
    quiet.now = said(house, words, event=Event.EDITED, version="1", external_id=first.external_id)

    await house.deliver()
    house.judge()

    (letter,) = letters(house, Purpose.ANSWER)
    assert letter["state"] == LetterState.HELD
    assert "ändrat eller tagit bort" in letter["state_because"]
    assert [row["text"] for row in house.messages()] == [TEXT, words]
    assert "ändrat av avsändaren" in house.journal(house.case()["id"])
    assert quiet.asked == [first.external_id]  # not before a receipt: the message was new then

    assert house.acts.send(letter["id"], by=house.case()["handler"])
    await house.deliver()

    assert letters(house, Purpose.ANSWER)[0]["state"] == LetterState.SENT


@pytest.mark.parametrize("now", [None, TemporaryFailure("trasigt")])
async def test_an_answer_goes_at_once_where_nothing_has_changed_or_nobody_can_say(
    make_house: Make, now: TemporaryFailure | None
) -> None:
    house, quiet, _ = await a_quiet_talk(make_house)
    quiet.now = now

    await house.deliver()

    assert len(quiet.asked) == 1
    assert letters(house, Purpose.ANSWER)[0]["state"] == LetterState.SENT


async def test_a_change_of_what_we_never_got_is_a_message(talk: House) -> None:
    await talk.hear(said(talk, event=Event.EDITED, version="1"))

    assert talk.case()["title"] == TEXT


async def test_what_is_removed_before_it_was_read_is_kept_all_the_same(talk: House) -> None:
    first = said(talk)
    gone = said(talk, "", event=Event.DELETED, external_id=first.external_id)
    await talk.receive(first, gone)
    talk.judge()

    assert talk.messages()[0]["text"] == TEXT
    assert "borttaget av avsändaren" in talk.journal(talk.case()["id"])


@pytest.mark.parametrize("channel", ["chatt", "torget"])
async def test_a_report_that_comes_before_we_noted_that_it_was_sent_counts_all_the_same(
    talk: House, channel: str
) -> None:
    report = {"event": Event.DELIVERY, "about": "chatt-1", "delivered": Delivered.ARRIVED}
    # A channel may serve several roads, none of its own name.
    await talk.receive(said(talk, "", channel=channel, **report))
    talk.judge()
    await talk.hear(said(talk))

    assert letters(talk, Purpose.ACKNOWLEDGEMENT)[0]["delivered_at"] == talk.clock()


async def test_a_report_of_a_letter_that_is_not_ours_changes_nothing(talk: House) -> None:
    await talk.hear(said(talk))
    await talk.hear(
        said(
            talk, "", event=Event.DELIVERY, about="någon-annans", delivered=Delivered.FAILED, because="okänd"
        )
    )

    assert {row["state"] for row in letters(talk, Purpose.ACKNOWLEDGEMENT)} == {LetterState.SENT}


async def test_a_public_comment_waits_unless_the_opinion_is_sure(make_house: Make) -> None:
    sure = replace(a_suggestion(confidence=0.97))
    scripted = Scripted(a_suggestion(confidence=0.7), said={"soporna": sure})
    house = make_house(others=[chat()], suggester=scripted)

    await house.hear(said(house, "Hej på er", visibility=Visibility.PUBLIC))
    await house.hear(said(house, "Ni tömmer aldrig soporna på Ekgatan", visibility=Visibility.PUBLIC))

    assert [row["state"] for row in house.messages()] == [MessageState.CANDIDATE, MessageState.READ]
    assert house.case()["title"] == "Ni tömmer aldrig soporna på Ekgatan"
    with house.store.read() as transaction:
        assert inbox.count_candidates(transaction) == 1


async def test_where_one_letter_can_go_the_receipt_is_that_letter(make_house: Make) -> None:
    comment = chat(once=True, buttons=False)
    below = Memory(name="chatt_offentligt", capabilities=Capabilities(form=Form.CHAT, public=True))
    house = make_house(others=[comment, below])
    await house.hear(said(house, visibility=Visibility.PUBLIC, taken_up="anna"))
    answer(house)
    await house.deliver()

    assert [one.purpose for one in comment.letters] == [Purpose.ACKNOWLEDGEMENT]
    assert house.outbox(purpose=Purpose.ANSWER) == []
    (line,) = below.letters
    assert line.purpose is Purpose.PUBLIC_NOTE
    for secret in (house.case()["number"], "Gungan", ANNA.name, "Åsa"):
        assert secret not in line.body


async def test_a_window_shorter_than_the_promise_asks_for_an_address(make_house: Make) -> None:
    short = chat(human_window=timedelta(days=7), automatic_window=timedelta(hours=24))
    house = make_house(others=[short])
    await house.hear(said(house))

    (asked,) = letters(house, Purpose.FOLLOW_UP_QUESTION)
    assert "7" in asked["body"]
    assert "e-post" in asked["body"]


async def test_when_the_window_has_closed_a_machine_writes_nothing_there(make_house: Make) -> None:
    short = chat(human_window=timedelta(days=7), automatic_window=timedelta(hours=24))
    house = make_house(others=[short])
    late = said(house)
    house.clock.forward(hours=25)
    await house.hear(late)

    assert short.letters == []
    assert house.case()["status"] == Status.ASSIGNED


async def test_a_number_that_got_a_receipt_within_the_hour_gets_no_second(make_house: Make) -> None:
    sms = Memory(name="sms", capabilities=Capabilities(form=Form.SMS))
    house = make_house(others=[sms])
    number = "+46701740633"
    await house.hear(said(house, road="sms", sender=number))
    with house.store.write() as transaction:
        conversations.note(transaction, f"sms:{number}", starts_anew=True)
    await house.hear(said(house, "Lampan vid bron är släckt.", road="sms", sender=number))

    states = [row["state"] for row in house.acknowledgements()]
    assert states == [LetterState.SENT, LetterState.HELD]


async def test_a_blocked_reader_is_no_reason_to_write_again(talk: House) -> None:
    of_chat(talk).refused[ASA] = PermanentFailure("Mottagaren har blockerat oss.")
    await talk.hear(said(talk))

    assert [row["state"] for row in letters(talk, Purpose.ACKNOWLEDGEMENT)] == [LetterState.FAILED]
    assert len(talk.outbox(purpose=Purpose.UNDELIVERED_NOTICE)) == 1
