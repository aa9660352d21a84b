"""What becomes of what comes by chat, SMS and social media: words, commands, changes, reports, comments."""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bots.channel import Form
from bots.desk import assistant, wishes
from bots.desk.assistant import Assistant, Spoken
from bots.desk.heard import Heard
from bots.desk.house import House
from bots.desk.letters import CERTAIN, Letters, writing
from bots.desk.roads import Roads
from store import cases, conversations, inbox, journal, outbox
from store.domain import (
    Address,
    Automatic,
    Command,
    Delivered,
    Entry,
    Event,
    Guess,
    Handler,
    Kind,
    Lane,
    LetterState,
    MessageState,
    Outgoing,
    PromiseKind,
    Said,
    Status,
    Suggestion,
    Visibility,
)
from store.engine import Row, Transaction

# In these nobody is asked whether the type is right.
_NOT_ASKED = frozenset({Status.QUARANTINED})
_BEFORE_WORDS = frozenset({Command.NEW_MATTER, Command.ANONYMOUS, Command.HELP})
_WORDS_ENOUGH = 3


class Work(Protocol):
    """What opens and continues cases: `bots.desk.cases`."""

    @property
    def house(self) -> House:
        """Return the organisation."""

    @property
    def letters(self) -> Letters:
        """Return the writing desk."""

    @property
    def ways(self) -> Roads:
        """Return what chooses roads."""

    def now(self) -> datetime:
        """Return the time."""

    def open(self, transaction: Transaction, heard: Heard, suggestion: Suggestion | None) -> None:
        """Open a case."""

    def join(
        self, transaction: Transaction, heard: Heard, case_id: int, suggestion: Suggestion | None
    ) -> None:
        """Add a message to its case."""

    def attach(self, transaction: Transaction, heard: Heard, case_id: int, *, act: str) -> bool:
        """Lay a message in a case, and nothing more; False if it was there already."""

    def holder(self, case: Row) -> Handler:
        """Return who hears of a case."""

    def tell_undelivered(self, transaction: Transaction, letter: Outgoing) -> None:
        """Try the next road for a letter, or tell who must know that there is none."""


@dataclass(frozen=True, kw_only=True)
class Chat:
    """Works in the transaction that is handed in. Nothing that a service tells is dropped."""

    work: Work

    @property
    def assistant(self) -> Assistant:
        """Return the one who answers commands."""
        return Assistant(letters=self.work.letters)

    def case_of(self, transaction: Transaction, heard: Heard, said: Said) -> int | None:
        """Return the case that a message continues; None for what opens one, or belongs to none.

        That is the case of what it answers, of its album, or the one that goes on in the conversation.
        """
        if said.event is not Event.NEW:
            first = conversations.original(transaction, heard.channel, heard.account, heard.header_id)
            return first["case_id"] if first is not None else None
        if said.visibility is Visibility.PUBLIC:
            return None
        if (found := inbox.of_album(transaction, said.conversation, said.group)) is not None:
            return found
        if (known := conversations.of(transaction, said.conversation)) is not None and known["starts_anew"]:
            return None
        return (
            self._of_what_is_answered(transaction, said)
            or conversations.case_going_on(transaction, said.conversation)
            or outbox.case_of_conversation(transaction, said.conversation)
        )

    def settle(
        self, transaction: Transaction, heard: Heard, said: Said, suggestion: Suggestion | None
    ) -> None:
        """Give a message its case, or lay it aside."""
        if said.event is Event.DELIVERY:
            self._note_delivery(transaction, heard, said)
        elif said.event in {Event.EDITED, Event.DELETED}:
            self._change(transaction, heard, said, suggestion)
        elif said.automatic is Automatic.OWN_LOOP:
            self._lay_aside(transaction, heard)
        elif said.command in _BEFORE_WORDS and (words := _rest(heard.text)):
            # "/ny gungan är trasig": what comes after the command is no command.
            self._obey(transaction, heard, said, said.command)
            self._take_in(transaction, replace(heard, text=words, full_text=words), said, suggestion)
        elif said.command is not None:
            self._lay_aside(transaction, heard)
            self._obey(transaction, heard, said, said.command)
        elif said.event is Event.OTHER:
            self._lay_aside(transaction, heard)
        elif said.visibility is Visibility.PUBLIC and not said.taken_up and not _is_sure(suggestion):
            inbox.lay_aside(transaction, heard.message_id, MessageState.CANDIDATE, read=heard.columns())
        else:
            self._take_in(transaction, heard, said, suggestion)

    def _take_in(
        self, transaction: Transaction, heard: Heard, said: Said, suggestion: Suggestion | None
    ) -> None:
        now = self.work.now()
        conversations.begin(transaction, said.conversation, now=now)
        heard = self._in_chosen_language(transaction, heard, said)
        case_id = self.case_of(transaction, heard, said)
        if case_id is None:
            conversations.note(transaction, said.conversation, starts_anew=False)
            self.work.open(transaction, heard, suggestion)
            self._ask_more(transaction, heard, said, suggestion, now)
            return
        if inbox.of_album(transaction, said.conversation, said.group) == case_id:
            self.work.attach(transaction, heard, case_id, act="bild till i samma meddelande")
            return
        before = cases.find(transaction, case_id)
        self.work.join(transaction, heard, case_id, suggestion)
        after = cases.find(transaction, case_id)
        if before is None or after is None:
            return
        self._remember_road(transaction, heard, before)
        self._tell_added(transaction, heard, before, after, now)

    def _in_chosen_language(self, transaction: Transaction, heard: Heard, said: Said) -> Heard:
        known = conversations.of(transaction, said.conversation)
        return replace(heard, language=known["language"]) if known and known["language"] else heard

    def _of_what_is_answered(self, transaction: Transaction, said: Said) -> int | None:
        """Return the case of the letter or message that is answered, if it was in this very conversation."""
        if not said.about:
            return None
        letter = outbox.of_service(transaction, said.conversation.partition(":")[0], said.about)
        if letter is not None and f"{letter['channel']}:{letter['handle']}" == said.conversation:
            return letter["case_id"]  # type: ignore[no-any-return]  # an id, or None
        return conversations.case_of_message(transaction, said.conversation, said.about)

    def _remember_road(self, transaction: Transaction, heard: Heard, case: Row) -> None:
        """Go on where the sender goes on, when they wrote first where only one letter can go."""
        can = self.work.ways.of(case["sender_channel"])
        if can is None or not can.once or heard.answer_to is None or case["answer_handle"]:
            return
        wished = heard.answer_to
        cases.note(transaction, case["id"], answer_channel=wished.channel, answer_handle=wished.handle)

    def _tell_added(
        self, transaction: Transaction, heard: Heard, before: Row, after: Row, now: datetime
    ) -> None:
        if heard.automatic is not None or not self._may_write(transaction, heard):
            return
        to = self._spoken(heard, after["language"])
        new = after["answer_channel"], after["answer_handle"]
        if new != (before["answer_channel"], before["answer_handle"]) and wishes.contact_given(heard.text):
            self.assistant.road_noted(transaction, to, after, road=new[0], now=now)
        elif self._chats(to.to):
            self.assistant.tell_added(transaction, to, after, now=now)

    def _ask_more(
        self,
        transaction: Transaction,
        heard: Heard,
        said: Said,
        suggestion: Suggestion | None,
        now: datetime,
    ) -> None:
        """Ask, after the receipt, what would help. At most two questions, and nothing waits for an answer."""
        case_id = conversations.case_going_on(transaction, said.conversation)
        case = cases.find(transaction, case_id) if case_id is not None else None
        if (
            case is None
            or case["status"] in _NOT_ASKED
            or heard.automatic is not None
            or not heard.answer_to
            or not self._may_write(transaction, heard)
        ):
            return
        to = self._spoken(heard, case["language"])
        can = self.work.ways.of(to.to.channel)
        if can is None or can.once:
            return  # the receipt was the only letter that could go there
        asked = 0
        if not heard.text.strip() and heard.attachments:
            self.assistant.ask_for_words(transaction, to, case, now=now)
            asked += 1
        window, due = can.reply_window, cases.due_on(transaction, case["id"], PromiseKind.ANSWER)
        closes = now + window if window is not None else None
        closes_too_soon = closes is not None and (due is None or closes.date() < due)
        if window is not None and closes_too_soon and not case["answer_handle"]:
            days = max(1, math.floor(window.total_seconds() / 86400))
            self.assistant.tell_of_window(transaction, to, case, days=days, now=now)
            asked += 1
        is_grave = bool(suggestion and {*suggestion.lanes} - {Lane.QUESTION, Lane.NAMED_EMPLOYEE})
        if can.buttons and asked == 0 and heard.chosen_kind is None and not is_grave:
            kind = Kind(suggestion.kind.value) if suggestion and suggestion.kind.sure else None
            self.assistant.ask_kind(transaction, to, case, kind=kind, now=now)

    def _change(
        self, transaction: Transaction, heard: Heard, said: Said, suggestion: Suggestion | None
    ) -> None:
        """Lay a new version beside the old one, or note that the sender has removed what we keep."""
        first = conversations.original(transaction, heard.channel, heard.account, heard.header_id)
        if first is None and said.event is Event.EDITED and said.automatic is None:
            self.settle(transaction, heard, replace(said, event=Event.NEW), suggestion)
            return
        case = cases.find(transaction, first["case_id"]) if first and first["case_id"] else None
        if case is None:
            self._lay_aside(transaction, heard)
            return
        is_removed = said.event is Event.DELETED
        act = "borttaget av avsändaren" if is_removed else "ändrat av avsändaren"
        if self.work.attach(transaction, heard, case["id"], act=act):
            self.work.letters.notify_changed(
                transaction,
                writing(transaction, case),
                handler=self.work.holder(case),
                message_id=heard.message_id,
                removed=is_removed,
                now=self.work.now(),
            )

    def _note_delivery(self, transaction: Transaction, heard: Heard, said: Said) -> None:
        self._lay_aside(transaction, heard)
        road = said.conversation.partition(":")[0]
        row = outbox.of_service(transaction, road, said.about)
        if row is None or said.delivered is None:
            return  # of no letter of ours, or told before we noted that it was sent: see `outbox.sent`
        now = self.work.now()
        if said.delivered is not Delivered.FAILED:
            outbox.note_arrival(transaction, row["id"], said.delivered, at=heard.received_at, now=now)
            return
        if row["state"] == LetterState.UNDELIVERED:
            return
        returned = outbox.undelivered(transaction, row["id"], because=said.because, now=now)
        if returned is not None:
            self.work.tell_undelivered(transaction, returned)

    def _lay_aside(self, transaction: Transaction, heard: Heard) -> None:
        inbox.lay_aside(transaction, heard.message_id, MessageState.ASIDE, read=heard.columns())

    def _obey(self, transaction: Transaction, heard: Heard, said: Said, command: Command) -> None:
        """Do what the sender asks of the assistant, and answer there and then."""
        now = self.work.now()
        conversations.begin(transaction, said.conversation, now=now)
        if command is Command.STOP:
            self._stop(transaction, heard, said, now)
            return
        if command in {Command.RESUME, Command.START} and conversations.is_stopped(
            transaction, said.conversation
        ):
            conversations.note(transaction, said.conversation, stopped_at=None)
        if heard.answer_to is None or not self._may_write(transaction, heard):
            return
        known = conversations.of(transaction, said.conversation)
        to = self._spoken(heard, (known["language"] if known else "") or heard.language or "sv")
        if command is Command.CHOICE:
            self._choose(transaction, said, to, now)
        elif command is Command.START:
            self.assistant.greet(transaction, to, abroad=self._abroad(to), now=now)
        elif command is Command.HELP:
            self.assistant.help(transaction, to, abroad=self._abroad(to), now=now)
        elif command is Command.ANONYMOUS:
            self.assistant.about_names(transaction, to, now=now)
        elif command is Command.STATUS:
            found = conversations.cases_of(transaction, said.conversation)
            self.assistant.tell_standing(transaction, to, found, now=now)
        elif command is Command.NEW_MATTER:
            conversations.note(transaction, said.conversation, starts_anew=True)
            self.assistant.promise_new(transaction, to, now=now)
        else:
            self.assistant.resumed(transaction, to, now=now)

    def _stop(self, transaction: Transaction, heard: Heard, said: Said, now: datetime) -> None:
        if conversations.is_stopped(transaction, said.conversation):
            return
        is_reachable = said.event is Event.NEW and heard.answer_to is not None
        if is_reachable and heard.answer_to is not None:
            known = conversations.of(transaction, said.conversation)
            to = self._spoken(heard, (known["language"] if known else "") or heard.language or "sv")
            self.assistant.stopped(transaction, to, now=now)
        conversations.note(transaction, said.conversation, stopped_at=now)
        for case in conversations.cases_of(transaction, said.conversation):
            entry = Entry(actor="avsändaren", act="vill inte ha brev på den vägen", case_id=case["id"])
            journal.write(transaction, now, entry)

    def _choose(self, transaction: Transaction, said: Said, to: Spoken, now: datetime) -> None:
        what, _, value = said.choice.partition(":")
        if what == assistant.LANGUAGE:
            conversations.note(transaction, said.conversation, language=value[:8])
            to = replace(to, language=value[:8])
            self.assistant.help(transaction, to, abroad=self._abroad(to), now=now)
            return
        case_id = self._of_what_is_answered(transaction, said) or conversations.case_going_on(
            transaction, said.conversation
        )
        case = cases.find(transaction, case_id) if case_id is not None else None
        if case is None:
            return
        if what == assistant.KIND and value in set(Kind):
            self._choose_kind(transaction, case, Kind(value), to, now)
        elif what == assistant.ROAD:
            self._choose_road(transaction, case, value, to, now)

    def _choose_kind(
        self, transaction: Transaction, case: Row, kind: Kind, to: Spoken, now: datetime
    ) -> None:
        """Let the sender's own word stand beside the proposal: it outranks the model's (C5:2)."""
        cases.note(transaction, case["id"], chosen_kind=kind)
        newest = cases.latest_suggestion(transaction, case["id"])
        if newest is not None and not case["kind"]:
            told = Guess(value=kind, confidence=1.0, sure=True)
            suggestion = replace(cases.suggestion_of(newest), kind=told)
            cases.suggest(transaction, case["id"], newest["message_id"], suggestion, now=now)
        entry = Entry(actor="avsändaren", act="valde typ", case_id=case["id"], details={"typ": kind})
        journal.write(transaction, now, entry)
        to = replace(to, language=case["language"])
        self.assistant.thank_for_kind(transaction, to, case, kind=kind, now=now)
        if not case["answer_handle"]:
            known = [assistant.HERE, assistant.EMAIL, assistant.SMS, assistant.PHONE]
            here = [one for one in known if one != assistant.SMS or "sms" in self.work.ways.capabilities]
            self.assistant.ask_road(transaction, to, case, roads=here, now=now)

    def _choose_road(self, transaction: Transaction, case: Row, road: str, to: Spoken, now: datetime) -> None:
        to = replace(to, language=case["language"])
        if road == assistant.HERE:
            cases.note(transaction, case["id"], answer_channel=to.to.channel, answer_handle=to.to.handle)
            self.assistant.road_noted(transaction, to, case, road=road, now=now)
        elif road in {assistant.EMAIL, assistant.SMS, assistant.PHONE}:
            self.assistant.ask_address(transaction, to, case, road=road, now=now)

    def _may_write(self, transaction: Transaction, heard: Heard) -> bool:
        to = heard.answer_to
        return to is not None and self.work.ways.is_open(transaction, to, by_human=False)

    def _chats(self, to: Address) -> bool:
        can = self.work.ways.of(to.channel)
        return can is not None and can.form is Form.CHAT and not can.once

    def _abroad(self, to: Spoken) -> str:
        """Name who else gets to know what is written there."""
        can = self.work.ways.of(to.to.channel)
        return can.abroad if can is not None else ""

    def _spoken(self, heard: Heard, language: str) -> Spoken:
        if heard.answer_to is None:
            raise ValueError("nobody to speak to")
        return Spoken(
            to=heard.answer_to,
            language=language,
            in_reply_to=heard.header_id,
            mark=str(heard.message_id),
        )


def reroute(
    transaction: Transaction,
    letter: Outgoing,
    case: Row,
    *,
    ways: Roads,
    letters: Letters,
    now: datetime,
) -> Address | None:
    """Send a letter that could not be delivered by the next road, and return it; None if there is none.

    The journal has each step. What the letter says stays as it is; an answer is still the same answer.
    """
    to = ways.reach(transaction, case)
    if to is None or to == letter.recipient:
        return None
    new = replace(
        letter,
        key=f"{letter.key}>{to.channel}"[:120],
        recipient=to,
        in_reply_to="",
        references=(),
        external_id=letters.identity.message_id(case["id"]),
        subject=letter.subject or letters.house.service_name,
        buttons=(),
    )
    if outbox.put(transaction, new, now=now) is None:
        return None
    outbox.take_over(transaction, letter.key, new.key)
    details = {"brev": letter.key, "från": letter.recipient.channel, "till": to.channel}
    entry = Entry(actor="synpunkt", act="brev går en annan väg", case_id=case["id"], details=details)
    journal.write(transaction, now, entry)
    return to


def point_elsewhere(
    transaction: Transaction, case: Row, *, ways: Roads, letters: Letters, now: datetime
) -> bool:
    """Write one public line under the comment that a case began with; False if it did not, or has one."""
    first = inbox.first_of_case(transaction, case["id"])
    said = first["given"].get("said") if first is not None else None
    if first is None or not said or said["visibility"] != Visibility.PUBLIC:
        return False
    sender = Address(channel=case["sender_channel"], handle=case["sender_handle"])
    road = ways.beside(sender)
    can = ways.of(sender.channel)
    if not road or can is None:
        return False
    handle = sender.handle if can.once else first["external_id"]
    to = Spoken(
        to=Address(channel=road, handle=handle),
        language=case["language"],
        in_reply_to=first["external_id"],
        mark="1",
    )
    Assistant(letters=letters).point_elsewhere(transaction, to, case, now=now)
    return True


def _rest(text: str) -> str:
    """Return what a message says after its command, if that is more than a slip."""
    words = text.strip().partition(" ")[2].strip()
    return words if len(words.split()) >= _WORDS_ENOUGH else ""


def _is_sure(suggestion: Suggestion | None) -> bool:
    """Tell whether a public comment is a synpunkt without anybody's word: rarely (channels.md, finding 8)."""
    return (
        suggestion is not None
        and suggestion.kind.sure
        and suggestion.factor.sure
        and suggestion.kind.confidence >= CERTAIN
        and not suggestion.lanes
    )
