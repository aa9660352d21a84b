"""Writes every letter and puts it in the outbox. The words are in `templates`; `delivery` sends."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bots.channel import Form
from bots.desk import doors
from bots.desk.house import House
from bots.desk.links import LinkAct, Links
from bots.mail.identity import Identity
from store import acts, cases, outbox
from store.deadlines import day_of
from store.domain import (
    Address,
    Contact,
    Door,
    Factor,
    Handler,
    Kind,
    Lane,
    Outcome,
    Outgoing,
    Promise,
    PromiseKind,
    Purpose,
    Suggestion,
)
from store.engine import Row, Transaction
from templates import Rendered, TemplateError, is_short, is_written, render
from templates.facts import (
    AcknowledgementFacts,
    AnswerFacts,
    CitizenFacts,
    CitizenReopenedFacts,
    ClosedFacts,
    DelayFacts,
    DuplicateFacts,
    FollowUpFacts,
    HandedOverFacts,
    HandlerChangedFacts,
    HandlerNamedFacts,
    Link,
    NewCaseFacts,
    Paragraphs,
    Person,
    QuestionFacts,
    ReopenedNoticeFacts,
    SentOnFacts,
    SplitFacts,
    SplitPart,
    StatementRequestFacts,
    UndeliveredFacts,
    WaitsFacts,
)
from templates.roads import road_name

log = logging.getLogger(__name__)

# Requirements C3, M01k: only a choice of the sender's own, or this much certainty, lets us assume the mood.
CERTAIN = 0.90
# What is said instead to who wishes to be anonymous; urgent and official matters have more to say.
_ABOUT_ANONYMITY = {
    "citizen_acknowledgement": "citizen_acknowledgement_anonymity",
    "citizen_acknowledgement_praise": "citizen_acknowledgement_anonymity",
    "citizen_acknowledgement_complaint": "citizen_acknowledgement_complaint_anonymity",
}
_SAME_TITLE_WITHIN = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_PLAIN = "citizen_acknowledgement"
_FORMS = MappingProxyType({"sms": Form.SMS})
_REFERENCES_KEPT = 20


@dataclass(frozen=True, kw_only=True)
class Guard:
    """How many letters an address may get before we suspect that a machine is answering us.

    `per_address_and_day` counts acknowledgements, `per_handler_and_hour` notices to one handler.
    """

    per_address_and_day: int = 5
    per_handler_and_hour: int = 200


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What a letter about a case needs to know of it."""

    case_id: int
    number: str
    received_at: datetime
    language: str
    promises: Sequence[Promise]
    lanes: tuple[Lane, ...] = ()
    restricted: bool = False  # no link without a login opens it
    delayed_to: date | None = None  # the day that the sender was told when the promised one would not hold

    def due(self, kind: PromiseKind) -> date | None:
        """Return the day of a promise, or None if none was given."""
        return next((promise.due_on for promise in self.promises if promise.kind is kind), None)

    def answer_to_come(self, now: datetime) -> date | None:
        """Return the day to tell the sender now; None if it has been, since nobody can promise that."""
        return _to_come(self.delayed_to or self.due(PromiseKind.ANSWER), now)


def writing(transaction: Transaction, case: Row) -> Writing:
    """Gather what a letter to the sender of a case needs to know, in the language that they wrote in."""
    return Writing(
        case_id=case["id"],
        number=case["number"],
        received_at=case["received_at"],
        language=case["language"],
        promises=cases.owed(transaction, case["id"]),
        restricted=case["restricted"] or case["protected"],
        delayed_to=cases.delayed_to(transaction, case),
    )


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Whom a letter about a case goes to, and the message that it answers."""

    address: Address
    name: str = ""
    in_reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Letters:
    """The writing desk. Everything goes into the outbox of the transaction that is handed in."""

    house: House
    identity: Identity
    guard: Guard
    forms: Mapping[str, Form] = field(default_factory=lambda: _FORMS)  # of the roads that are not mail

    @property
    def links(self) -> Links:
        """Return what makes and reads the links of letters to staff; there are none without pages."""
        return Links(secret=self.identity.secret, base=self.house.console_url)

    def acknowledge(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        to: Address,
        to_name: str,
        title: str,
        handler: Handler | None,
        mood: Kind | None,
        in_reply_to: str,
        references: Sequence[str],
        now: datetime,
        held_because: str = "",
        keeps: tuple[PromiseKind, ...] = (PromiseKind.RECEIPT,),
        wants_anonymity: bool = False,
        by_hand: bool = False,
        mark: str = "",
    ) -> str:
        """Thank the sender, once per case and `mark`; return why the letter is held, or "" if it goes.

        `handler` is None until somebody has sorted the case. `mood` is the type when it is certain enough
        to thank or be sorry by, otherwise None. Who `wants_anonymity` is told that their address can be read
        (rows T4, X9), and never that they are anonymous. What is taken down
        `by_hand` is no machine's, so nothing is suspected. If it is late, no past day is promised.
        """
        held = held_because or ("" if by_hand else self._suspicion(transaction, to, title, now))
        facts: AcknowledgementFacts = {
            "service_name": self.house.service_name,
            "municipality": self.house.municipality,
            "case_number": about.number,
            "received_on": day_of(about.received_at),
            "handler": None if handler is None else Person(name=handler.name, title=handler.title),
            "handler_by": _to_come(about.due(PromiseKind.FIRST_FEEDBACK), now),
            "answer_by": about.answer_to_come(now),
            "phone": self.house.phone,
            "phone_hours": self.house.phone_hours,
            "privacy_url": self.house.privacy_url,
            "marker": to.channel == "email",
        }
        name = _acknowledgement(mood, about.lanes)
        more = self._of_the_flags(name, about)
        if wants_anonymity and name in _ABOUT_ANONYMITY:
            name, more = _ABOUT_ANONYMITY[name], {"form_url": self.house.form_url}
        written = self._written(self._spoken(name, about.language), about, to, {**facts, **more})
        letter = Outgoing(
            key=f"{about.case_id}:{Purpose.ACKNOWLEDGEMENT}" + (f":{mark}" if mark else ""),
            purpose=Purpose.ACKNOWLEDGEMENT,
            recipient=to,
            recipient_name=to_name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=about.case_id,
            in_reply_to=in_reply_to,
            references=tuple(references)[-_REFERENCES_KEPT:],
            external_id=self.identity.message_id(about.case_id),
            keeps=keeps,
        )
        outbox.put(transaction, letter, now=now, held_because=held)
        return held

    def answer(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        answer_id: int,
        to: Address,
        to_name: str,
        kind: Kind | None,
        outcome: Outcome,
        text: str,
        explanation: str,
        handler: Handler,
        contact: Contact | None,
        in_reply_to: str,
        now: datetime,
    ) -> None:
        """Answer the sender, and note which letter does. The words are the handler's (letters M20-M24)."""
        written = self.answer_words(
            about,
            by_mail=to.channel == "email",
            kind=kind,
            outcome=outcome,
            text=text,
            explanation=explanation,
            handler=handler,
            contact=contact,
        )
        letter = Outgoing(
            key=f"{about.case_id}:{Purpose.ANSWER}:{answer_id}",
            purpose=Purpose.ANSWER,
            recipient=to,
            recipient_name=to_name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=about.case_id,
            in_reply_to=in_reply_to,
            references=(in_reply_to,) if in_reply_to else (),
            external_id=self.identity.message_id(about.case_id),
        )
        # Before it is put: on our own page it is there at once, and its answer with it.
        acts.goes_by(transaction, answer_id, letter.key)
        outbox.put(transaction, letter, now=now)

    def answer_words(
        self,
        about: Writing,
        *,
        by_mail: bool,
        kind: Kind | None,
        outcome: Outcome,
        text: str,
        explanation: str,
        handler: Handler,
        contact: Contact | None,
    ) -> Rendered:
        """Write the answer as the sender will read it, and send nothing."""
        facts: AnswerFacts = {
            "service_name": self.house.service_name,
            "municipality": self.house.municipality,
            "case_number": about.number,
            "received_on": day_of(about.received_at),
            "answer": _paragraphs(text),
            "handler": Person(name=handler.name, title=handler.title),
            "contact": contact,
            "phone": self.house.phone,
            "phone_hours": self.house.phone_hours,
            "marker": by_mail,
        }
        name = _answer(kind, outcome)
        more = {"explanation": _paragraphs(explanation)} if outcome is Outcome.NO_ACTION else {}
        return render(name, language=about.language, **facts, **more)

    def preview(
        self, case: Row, *, outcome: Outcome, text: str, explanation: str, handler: Handler
    ) -> Rendered:
        """Write the answer in a case as its sender will read it, and send nothing."""
        about = Writing(
            case_id=case["id"],
            number=case["number"],
            received_at=case["received_at"],
            language=case["language"],
            promises=(),
        )
        return self.answer_words(
            about,
            by_mail=case["sender_channel"] == "email",
            kind=Kind(case["kind"]) if case["kind"] else None,
            outcome=outcome,
            text=text,
            explanation=explanation,
            handler=handler,
            contact=self.house.contact_for(case["unit"]),
        )

    def _of_the_flags(self, name: str, about: Writing) -> dict[str, object]:
        """Return what the acknowledgement of a flagged message tells besides the rest."""
        if name == "citizen_acknowledgement_appeal":
            return {"received_at": about.received_at}  # to the minute: it may decide if it is in time (L4)
        if name == "citizen_acknowledgement_whistleblowing":
            return {"whistleblowing_url": self.house.doors.whistleblowing_url}
        return {}

    def hand_over(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        door: Door,
        handed_to: str,
        link: str,
        now: datetime,
    ) -> None:
        """Tell the sender who has it instead, once for each door and receiver (letters M09-M18)."""
        facts: HandedOverFacts = {
            **self._common(about, to),
            "received_at": about.received_at,
            "handed_to": handed_to,
            "link": link,
        }
        name = doors.DOORS[door].letter
        mark = f"{door}:{hashlib.sha256(handed_to.encode()).hexdigest()[:12]}"
        self._to_sender(transaction, about, to, name, Purpose.HANDED_OVER, mark, facts, now)

    def tie(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        original_number: str,
        handler: Handler,
        now: datetime,
    ) -> None:
        """Tell the sender of a duplicate where the answer comes; of the other case its number alone."""
        facts: DuplicateFacts = {
            **self._common(about, to),
            "original_number": original_number,
            "handler": Person(name=handler.name, title=handler.title),
        }
        purpose = Purpose.DUPLICATE
        self._to_sender(transaction, about, to, "citizen_duplicate", purpose, original_number, facts, now)

    def tell_split(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        parts: tuple[SplitPart, ...],
        mark: str,
        now: datetime,
    ) -> None:
        """Tell the sender of a divided message which cases it became, and who has each (C5:1)."""
        facts: SplitFacts = {**self._common(about, to), "parts": parts}
        keeps = (PromiseKind.FIRST_FEEDBACK,)  # of those that somebody has
        self._to_sender(transaction, about, to, "citizen_split", Purpose.SPLIT, mark, facts, now, keeps)

    def name_handler(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        handler: Handler,
        instead: bool,
        mark: str,
        now: datetime,
    ) -> None:
        """Tell the sender who has the case (letter M05); that is the first feedback (row G9)."""
        facts: HandlerNamedFacts = {
            **self._common(about, to),
            "handler": Person(name=handler.name, title=handler.title),
            "answer_by": about.answer_to_come(now),
            "instead_of": instead,
        }
        keeps = (PromiseKind.FIRST_FEEDBACK,)
        purpose = Purpose.HANDLER_NAMED
        self._to_sender(transaction, about, to, "citizen_handler_named", purpose, mark, facts, now, keeps)

    def ask(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        question: str,
        reply_by: date,
        handler: Handler,
        mark: str,
        now: datetime,
    ) -> None:
        """Ask the sender something that the answer needs (letter M06). Silence does no harm (row G19)."""
        facts: QuestionFacts = {
            **self._common(about, to),
            "question": _paragraphs(question),
            "handler": Person(name=handler.name, title=handler.title),
            "reply_by": reply_by,
        }
        self._to_sender(transaction, about, to, "citizen_question", Purpose.QUESTION, mark, facts, now)

    def delay(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        reason: str,
        promised_by: date,
        answer_by: date,
        handler: Handler,
        mark: str,
        now: datetime,
    ) -> None:
        """Tell the sender that the answer is late, why, and when it comes (letter M07, row B4)."""
        facts: DelayFacts = {
            **self._common(about, to),
            "reason": _paragraphs(reason),
            "promised_by": promised_by,
            "answer_by": answer_by,
            "handler": Person(name=handler.name, title=handler.title),
        }
        self._to_sender(transaction, about, to, "citizen_delay", Purpose.DELAY, mark, facts, now)

    def waits(self, transaction: Transaction, case: Row, *, mark: str, now: datetime) -> None:
        """Tell the sender that something waits on our page, and not what (row B20); once for each `mark`."""
        about = writing(transaction, case)
        address = Address(channel=case["sender_channel"], handle=case["sender_handle"])
        to = Sender(address=address, name=case["sender_name"])
        facts: WaitsFacts = {**self._common(about, to), "link": f"{self.house.form_url}svar"}
        self._to_sender(transaction, about, to, "citizen_waits", Purpose.WAITS, mark, facts, now)

    def sent_on(
        self, transaction: Transaction, about: Writing, to: Sender, *, sent_to: str, mark: str, now: datetime
    ) -> None:
        """Tell the sender who has been asked what happened; the case stays ours (letter M08)."""
        facts: SentOnFacts = {
            **self._common(about, to),
            "sent_to": sent_to,
            "answer_by": about.answer_to_come(now),
        }
        self._to_sender(transaction, about, to, "citizen_sent_on", Purpose.SENT_ON, mark, facts, now)

    def close(self, transaction: Transaction, about: Writing, to: Sender, *, now: datetime) -> None:
        """Tell the sender that the case is closed, and ask once how it went (letter M25, row T17)."""
        link = self.links.survey(about.case_id, now=now) if self.links.base else ""
        facts: ClosedFacts = {**self._common(about, to), "survey_link": link}
        self._to_sender(transaction, about, to, "citizen_closed", Purpose.CLOSED, "1", facts, now)

    def reopened(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        *,
        handler: Handler,
        mark: str,
        now: datetime,
    ) -> None:
        """Tell the sender that the case is open again, and with whom (letter M26, row N5)."""
        facts: CitizenReopenedFacts = {
            **self._common(about, to),
            "handler": Person(name=handler.name, title=handler.title),
            "answer_by": about.due(PromiseKind.ANSWER),
        }
        self._to_sender(transaction, about, to, "citizen_reopened", Purpose.REOPENED, mark, facts, now)

    def _written(self, name: str, about: Writing, to: Address, facts: Mapping[str, object]) -> Rendered:
        return self.words(name, about.language, to, facts)

    def words(self, name: str, language: str, to: Address, facts: Mapping[str, object]) -> Rendered:
        """Write a letter to a citizen: shortly where each sign costs, and in a draft if it is switched on."""
        switched_on = self.house.policy.language.letters
        form = self.forms.get(to.channel, Form.MAIL)
        if form is Form.SMS and is_short(name):
            try:
                return render(name, language=language, short=True, drafts=switched_on, **facts)
            except TemplateError:
                # Long names do not fit two SMS; a long one is better than none.
                log.info("no short form: letter=%s", name)
        is_chat = form is not Form.MAIL
        return render(name, language=language, chat=is_chat, drafts=switched_on, **facts)

    def notify_changed(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        message_id: int,
        removed: bool,
        now: datetime,
    ) -> None:
        """Tell the handler that the sender has changed or removed what they wrote. Our copy stays."""
        facts: HandlerChangedFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "removed": removed,
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.FOLLOW_UP_NOTICE}:{message_id}"
        purpose = Purpose.FOLLOW_UP_NOTICE
        self.to_handler(transaction, about, handler, purpose, key, "handler_changed", facts, now)

    def _spoken(self, name: str, language: str) -> str:
        """Return the plain acknowledgement where a language has no other; urgent ones are in all of them."""
        switched_on = self.house.policy.language.letters
        if is_written(name, language=language, drafts=switched_on):
            return name
        return _PLAIN if is_written(_PLAIN, language=language, drafts=switched_on) else name

    def _common(self, about: Writing, to: Sender) -> CitizenFacts:
        return {
            "service_name": self.house.service_name,
            "municipality": self.house.municipality,
            "case_number": about.number,
            "phone": self.house.phone,
            "phone_hours": self.house.phone_hours,
            "marker": to.address.channel == "email",
        }

    def _to_sender(
        self,
        transaction: Transaction,
        about: Writing,
        to: Sender,
        template: str,
        purpose: Purpose,
        mark: str,
        facts: Mapping[str, object],
        now: datetime,
        keeps: tuple[PromiseKind, ...] = (),
    ) -> None:
        written = self._written(template, about, to.address, facts)
        letter = Outgoing(
            key=f"{about.case_id}:{purpose}:{mark}",
            purpose=purpose,
            recipient=to.address,
            recipient_name=to.name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=about.case_id,
            in_reply_to=to.in_reply_to,
            references=(to.in_reply_to,) if to.in_reply_to else (),
            external_id=self.identity.message_id(about.case_id),
            keeps=keeps,
        )
        outbox.put(transaction, letter, now=now)

    def ask_statement(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        to: Address,
        question: str,
        due_on: date,
        handler: Handler,
        now: datetime,
    ) -> None:
        """Ask a provider or another board what happened (row N20, letter I04)."""
        facts: StatementRequestFacts = {
            "municipality": self.house.municipality,
            "case_number": about.number,
            "due_on": due_on,
            "question": _paragraphs(question),
            "handler": Person(name=handler.name, title=handler.title),
            "phone": handler.phone or self.house.phone,
        }
        written = render("handler_statement_request", language="sv", **facts)
        letter = Outgoing(
            key=f"{about.case_id}:{Purpose.STATEMENT_REQUEST}:{now.isoformat()}",
            purpose=Purpose.STATEMENT_REQUEST,
            recipient=to,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=about.case_id,
            external_id=self.identity.message_id(about.case_id),
        )
        outbox.put(transaction, letter, now=now)

    def notify_new_case(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        unit: str,
        suggestion: Suggestion | None,
        now: datetime,
        mark: str = "",
        is_sorted: bool = True,
    ) -> None:
        """Tell the handler of a new case: number, proposal, dates, link; never the citizen's words (B20).

        Once for each `mark`: one for each time that the case is given to somebody.
        """
        facts: NewCaseFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "received_on": day_of(about.received_at),
            "kind": suggestion.kind if suggestion else None,
            "factor": suggestion.factor if suggestion else None,
            "lanes": about.lanes,
            "unit": unit,
            "first_feedback_by": about.due(PromiseKind.FIRST_FEEDBACK),
            "answer_by": about.due(PromiseKind.ANSWER),
            "links": self._at_hand(about, handler, suggestion, now, is_sorted=is_sorted),
            "reply_is_draft": bool(self.links.base) and is_sorted and not about.restricted,
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.HANDLER_NOTICE}" + (f":{mark}" if mark else "")
        self.to_handler(
            transaction, about, handler, Purpose.HANDLER_NOTICE, key, "handler_new_case", facts, now
        )

    def notify_follow_up(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        message_id: int,
        now: datetime,
        answered: bool = False,
    ) -> None:
        """Tell the handler that the sender has written again; `about.lanes` are the new message's own.

        In an `answered` case it is proposed to open it again: that is a human's to do.
        """
        facts: FollowUpFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "received_on": day_of(about.received_at),
            "lanes": about.lanes,
            "answered": answered,
            "answer_by": about.due(PromiseKind.ANSWER),
            "links": () if answered else self._doing(about, handler, now, {LinkAct.ANSWER: "Skriv svaret"}),
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.FOLLOW_UP_NOTICE}:{message_id}"
        purpose = Purpose.FOLLOW_UP_NOTICE
        self.to_handler(transaction, about, handler, purpose, key, "handler_follow_up", facts, now)

    def notify_reopened(
        self, transaction: Transaction, about: Writing, *, handler: Handler, turn: int, now: datetime
    ) -> None:
        """Tell whoever the answer named that its reader is not satisfied, and the case theirs (row N5)."""
        facts: ReopenedNoticeFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "objected_on": day_of(now),
            "answer_by": about.due(PromiseKind.ANSWER),
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.TASK}:{Purpose.REOPENED}:{turn}"
        self.to_handler(transaction, about, handler, Purpose.TASK, key, "handler_reopened", facts, now)

    def notify_undelivered(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        returned: Outgoing,
        now: datetime,
        next_road: str = "",
    ) -> None:
        """Tell the handler that a letter to the sender, or to who was to tell what happened, came back.

        `next_road` is the one that it goes by instead, if there was one.
        """
        facts: UndeliveredFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "to_sender": returned.purpose is not Purpose.STATEMENT_REQUEST,
            "next_road": road_name(next_road) if next_road else "",
            "sent_on": day_of(returned.created_at or now),
            "returned_on": day_of(now),
            "answer_by": about.due(PromiseKind.ANSWER),
            "link": self._link(about.number),
        }
        # One that a human let go again may come back again.
        key = f"{returned.key}:{Purpose.UNDELIVERED_NOTICE}:{returned.attempts}"
        purpose = Purpose.UNDELIVERED_NOTICE
        self.to_handler(transaction, about, handler, purpose, key, "handler_undelivered", facts, now)

    def _at_hand(
        self,
        about: Writing,
        handler: Handler,
        suggestion: Suggestion | None,
        now: datetime,
        *,
        is_sorted: bool,
    ) -> tuple[Link, ...]:
        """Offer what can be done straight from the notice. Only somebody who has the case can answer it."""
        confirm: tuple[Link, ...] = ()
        if suggestion and suggestion.kind.value in set(Kind) and suggestion.factor.value in set(Factor):
            kind, factor = suggestion.kind.value, suggestion.factor.value
            label = f"Bekräfta förslaget ({kind}, {factor})"
            confirm = self._doing(about, handler, now, {LinkAct.CONFIRM: label}, what=(kind, factor))
        offered = {LinkAct.PASS_ON: "Lämna vidare ärendet"}
        if is_sorted:
            offered[LinkAct.ANSWER] = "Skriv svaret"
        if is_sorted and about.due(PromiseKind.ANSWER):
            offered[LinkAct.MORE_TIME] = "Behöver mer tid"
        return (*confirm, *self._doing(about, handler, now, offered))

    def _doing(
        self,
        about: Writing,
        handler: Handler,
        now: datetime,
        offered: Mapping[LinkAct, str],
        what: tuple[str, ...] = (),
    ) -> tuple[Link, ...]:
        if not self.links.base or about.restricted:
            return ()
        return tuple(
            Link(
                label=label,
                url=self.links.make(act, case_id=about.case_id, person=handler.id, now=now, about=what),
            )
            for act, label in offered.items()
        )

    def to_handler(
        self,
        transaction: Transaction,
        about: Writing | None,
        handler: Handler,
        purpose: Purpose,
        key: str,
        template: str,
        facts: Mapping[str, object],
        now: datetime,
    ) -> bool:
        """Write a letter to a handler, of a case or none; False if one with that key was written before."""
        case_id = about.case_id if about is not None else None
        written = render(template, language="sv", **facts)
        letter = Outgoing(
            key=key,
            purpose=purpose,
            recipient=Address(channel="email", handle=handler.email),
            recipient_name=handler.name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=case_id,
            external_id=self.identity.message_id(case_id),
        )
        most = self.guard.per_handler_and_hour
        count = outbox.sent_to(transaction, letter.recipient, since=now - _HOUR, most=most)
        held = f"handläggaren har fått {most} besked den senaste timmen" if count >= most else ""
        return outbox.put(transaction, letter, now=now, held_because=held) is not None

    def _suspicion(self, transaction: Transaction, to: Address, title: str, now: datetime) -> str:
        """Say why an acknowledgement might feed a mail loop that no header gave away, or an empty text."""
        if self.forms.get(to.channel) is Form.SMS and outbox.acknowledged(transaction, to, since=now - _HOUR):
            return "numret har fått ett kvitto den senaste timmen"
        titles = outbox.acknowledged(transaction, to, since=now - _SAME_TITLE_WITHIN)
        if title in titles:
            return "samma adress och ämne har redan fått ett kvitto det senaste dygnet"
        if len(titles) >= self.guard.per_address_and_day:
            return f"adressen har fått {len(titles)} kvitton det senaste dygnet"
        return ""

    def _link(self, number: str) -> str:
        return self.house.link(number)


def _acknowledgement(mood: Kind | None, lanes: Sequence[Lane]) -> str:
    # Rows B27 and C5:4: whoever may be in danger is told of 112 first; a false alarm costs little.
    if flagged := doors.acknowledgement(lanes):
        return flagged
    if mood is Kind.COMPLAINT:
        return "citizen_acknowledgement_complaint"
    if mood is Kind.PRAISE:
        return "citizen_acknowledgement_praise"
    return "citizen_acknowledgement"


def _answer(kind: Kind | None, outcome: Outcome) -> str:
    if outcome is Outcome.NO_ACTION:
        return "citizen_answer_no_action"
    letters = {
        Kind.COMPLAINT: "citizen_answer_complaint",
        Kind.SUGGESTION: "citizen_answer_suggestion",
        Kind.PRAISE: "citizen_answer_praise",
    }
    return "citizen_answer" if kind is None else letters[kind]


def _to_come(day: date | None, now: datetime) -> date | None:
    return day if day is not None and day >= day_of(now) else None


def _paragraphs(text: str) -> Paragraphs:
    """Divide somebody's words at empty lines."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return tuple(tuple(paragraph) for paragraph in found if paragraph)
