"""Writes every letter and puts it in the outbox. The words are in `templates`; `delivery` sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bots.desk.house import House
from bots.mail.identity import Identity
from store import outbox
from store.deadlines import day_of
from store.domain import (
    Address,
    Contact,
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
from store.engine import Transaction
from templates import render
from templates.facts import (
    AcknowledgementFacts,
    AnswerFacts,
    FollowUpFacts,
    NewCaseFacts,
    Paragraphs,
    Person,
    StatementRequestFacts,
    UndeliveredFacts,
)

# Requirements C3, M01k: only a choice of the sender's own, or this much certainty, lets us assume the mood.
CERTAIN = 0.90
URGENT = frozenset({Lane.EMERGENCY, Lane.CONCERN_REPORT})
_SAME_TITLE_WITHIN = timedelta(hours=24)
_HOUR = timedelta(hours=1)
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

    def due(self, kind: PromiseKind) -> date | None:
        """Return the day of a promise, or None if none was given."""
        return next((promise.due_on for promise in self.promises if promise.kind is kind), None)


@dataclass(frozen=True, kw_only=True)
class Letters:
    """The writing desk. Everything goes into the outbox of the transaction that is handed in."""

    house: House
    identity: Identity
    guard: Guard

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
    ) -> str:
        """Thank the sender, once per case; return why the letter is held, or an empty text if it goes.

        `handler` is None until somebody has sorted the case. `mood` is the type when it is certain enough
        to thank or be sorry by, otherwise None.
        """
        held = held_because or self._suspicion(transaction, to, title, now)
        facts: AcknowledgementFacts = {
            "service_name": self.house.service_name,
            "municipality": self.house.municipality,
            "case_number": about.number,
            "received_on": day_of(about.received_at),
            "handler": None if handler is None else Person(name=handler.name, title=handler.title),
            "handler_by": about.due(PromiseKind.FIRST_FEEDBACK),
            "answer_by": about.due(PromiseKind.ANSWER),
            "phone": self.house.phone,
            "phone_hours": self.house.phone_hours,
            "privacy_url": self.house.privacy_url,
            "marker": to.channel == "email",
        }
        written = render(_acknowledgement(mood, about.lanes), language=about.language, **facts)
        letter = Outgoing(
            key=f"{about.case_id}:{Purpose.ACKNOWLEDGEMENT}",
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
    ) -> str:
        """Answer the sender, and return the letter's key. The words are the handler's (letters M20-M24)."""
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
            "marker": to.channel == "email",
        }
        name = _answer(kind, outcome)
        more = {"explanation": _paragraphs(explanation)} if outcome is Outcome.NO_ACTION else {}
        written = render(name, language=about.language, **facts, **more)
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
        outbox.put(transaction, letter, now=now)
        return letter.key

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
    ) -> None:
        """Tell the handler of a new case: number, proposal, dates, link; never the citizen's words (B20)."""
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
            "links": (),
            "reply_is_draft": False,
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.HANDLER_NOTICE}"
        self._to_handler(
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
            "link": self._link(about.number),
        }
        key = f"{about.case_id}:{Purpose.FOLLOW_UP_NOTICE}:{message_id}"
        purpose = Purpose.FOLLOW_UP_NOTICE
        self._to_handler(transaction, about, handler, purpose, key, "handler_follow_up", facts, now)

    def notify_undelivered(
        self, transaction: Transaction, about: Writing, *, handler: Handler, returned: Outgoing, now: datetime
    ) -> None:
        """Tell the handler that a letter to the sender came back."""
        facts: UndeliveredFacts = {
            "service_name": self.house.service_name,
            "case_number": about.number,
            "sent_on": day_of(returned.created_at or now),
            "returned_on": day_of(now),
            "answer_by": about.due(PromiseKind.ANSWER),
            "link": self._link(about.number),
        }
        key = f"{returned.key}:{Purpose.UNDELIVERED_NOTICE}"
        purpose = Purpose.UNDELIVERED_NOTICE
        self._to_handler(transaction, about, handler, purpose, key, "handler_undelivered", facts, now)

    def _to_handler(
        self,
        transaction: Transaction,
        about: Writing,
        handler: Handler,
        purpose: Purpose,
        key: str,
        template: str,
        facts: NewCaseFacts | FollowUpFacts | UndeliveredFacts,
        now: datetime,
    ) -> None:
        written = render(template, language="sv", **facts)
        letter = Outgoing(
            key=key,
            purpose=purpose,
            recipient=Address(channel="email", handle=handler.email),
            recipient_name=handler.name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=about.case_id,
            external_id=self.identity.message_id(about.case_id),
        )
        most = self.guard.per_handler_and_hour
        count = outbox.sent_to(transaction, letter.recipient, since=now - _HOUR, most=most)
        held = f"handläggaren har fått {most} besked den senaste timmen" if count >= most else ""
        outbox.put(transaction, letter, now=now, held_because=held)

    def _suspicion(self, transaction: Transaction, to: Address, title: str, now: datetime) -> str:
        """Say why an acknowledgement might feed a mail loop that no header gave away, or an empty text."""
        titles = outbox.acknowledged(transaction, to, since=now - _SAME_TITLE_WITHIN)
        if title in titles:
            return "samma adress och ämne har redan fått ett kvitto det senaste dygnet"
        if len(titles) >= self.guard.per_address_and_day:
            return f"adressen har fått {len(titles)} kvitton det senaste dygnet"
        return ""

    def _link(self, number: str) -> str:
        return f"{self.house.console_url.rstrip('/')}/arenden/{number}"


def _acknowledgement(mood: Kind | None, lanes: Sequence[Lane]) -> str:
    # Rows B27 and C5:4: whoever may be in danger is told of 112 first; a false alarm costs little.
    if URGENT & set(lanes):
        return "citizen_acknowledgement_urgent"
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


def _paragraphs(text: str) -> Paragraphs:
    """Divide somebody's words at empty lines."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return tuple(tuple(paragraph) for paragraph in found if paragraph)
