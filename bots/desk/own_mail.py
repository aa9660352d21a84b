"""What handlers write with their own mail program: an answer to the sender, or a draft of one (row N17)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bots.desk import threads
from bots.desk.errands import Errands
from bots.desk.heard import Heard
from bots.desk.letters import Letters, Writing
from store import acts, cases, drafts, journal, life
from store.deadlines import day_of
from store.domain import Act, Contact, Entry, Handler, Status, Verdict
from store.engine import Row, Transaction
from store.life import Actor

Resume = Callable[[Transaction, Row, Actor, datetime], None]  # goes on with a case that waited

_LINK = re.compile(r"\S*/l/[\w.-]{20,1000}")  # in a quote that no rule took away
_OWNERS = frozenset({life.HANDLER, life.MANAGER})
_STRAIGHT = frozenset({Status.IN_PROGRESS, Status.AT_PROVIDER, Status.AT_OTHER_BOARD})
# What must be done to a case first; a registrator who answers what is to be sorted has taken it.
_BEFORE = {
    Status.SORTING: (Act.ASSIGN, Act.BEGIN),
    Status.ASSIGNED: (Act.BEGIN,),
    Status.REOPENED: (Act.BEGIN,),
}
_UNANSWERED = _STRAIGHT | _BEFORE.keys() | {Status.AWAITING_SENDER}


@dataclass(frozen=True, kw_only=True)
class OwnMail:
    """Tells a handler's mail in a case from the sender's, and does what it says."""

    letters: Letters
    resume: Resume

    def take(
        self, transaction: Transaction, heard: Heard, case: Row, about: Writing, *, now: datetime
    ) -> bool:
        """Take a message that has joined a case as the answer or a draft of it; False if it is neither.

        Automatic mail and spam are the caller's to leave out. What may be forged is nobody's answer.
        """
        is_sender = heard.from_addr.casefold() == case["sender_handle"].casefold()
        if Verdict.DMARC_FAILED in heard.verdicts or is_sender or not heard.text.strip():
            return False
        if case["status"] not in _UNANSWERED:
            return False
        answered_by = self._who_answered(heard, case)
        if answered_by is not None:
            return self._answer(transaction, heard, case, about, answered_by, now)
        written_by = self._who_replied(transaction, heard, case)
        if written_by is None or not self.letters.links.base:
            return False
        self._keep(transaction, heard, about, written_by, now)
        return True

    def _who_answered(self, heard: Heard, case: Row) -> Handler | None:
        """Return the handler who has written to the sender with us in copy, or None."""
        reached = {address.casefold() for address in heard.recipients}
        if not case["sender_handle"] or case["sender_handle"].casefold() not in reached:
            return None
        return next((one for one in self._by_mail(heard.from_addr) if self._owns(one, case)), None)

    def _who_replied(self, transaction: Transaction, heard: Heard, case: Row) -> Handler | None:
        """Return the handler whose secret address, or whose own letter, this answers."""
        house, identity = self.letters.house, self.letters.identity
        people = [
            one
            for one in house.handlers.values()
            if threads.was_written_to(identity, one.email, case["id"], heard.recipients)
        ]
        if not people and threads.answers_letter_to(
            transaction, identity, heard.from_addr, case["id"], heard.references
        ):
            people = self._by_mail(heard.from_addr)
        return next((one for one in people if self._owns(one, case)), None)

    def _by_mail(self, address: str) -> list[Handler]:
        wanted = address.strip().casefold()
        return [one for one in self.letters.house.handlers.values() if one.email.casefold() == wanted]

    def _owns(self, person: Handler, case: Row) -> bool:
        return bool(self.letters.house.actor(person.id, case).roles & _OWNERS)

    def _answer(
        self,
        transaction: Transaction,
        heard: Heard,
        case: Row,
        about: Writing,
        person: Handler,
        now: datetime,
    ) -> bool:
        house = self.letters.house
        actor = house.actor(person.id, case)
        for act in _BEFORE.get(Status(case["status"]), ()):
            if act is Act.ASSIGN and not actor.roles & {life.MANAGER, life.TRIAGE, life.REGISTRATOR}:
                return False
            learned = {"handler": person.id, "assigned_at": now} if act is Act.ASSIGN else None
            acts.move(transaction, case["id"], act, actor=actor, now=now, rules=house.rules, learned=learned)
        if case["status"] == Status.AWAITING_SENDER:
            self.resume(transaction, case, actor, now)
            then = cases.find(transaction, case["id"])
            if then is None or then["status"] != Status.IN_PROGRESS:
                return False  # an earlier answer had arrived while the case waited for its sender
        acts.answer_by_mail(
            transaction,
            case["id"],
            text=heard.text,
            has_contact=names_contact(heard.full_text, house.contact_for(case["unit"])),
            actor=actor,
            at=heard.received_at,
            now=now,
            rules=house.rules,
        )
        Errands(letters=self.letters).answered_by_mail(
            transaction,
            about,
            handler=person,
            message_id=heard.message_id,
            sent_on=day_of(heard.received_at),
            now=now,
        )
        return True

    def _keep(
        self, transaction: Transaction, heard: Heard, about: Writing, person: Handler, now: datetime
    ) -> None:
        """Keep a draft, without its writer's own links, and tell them; once for the same words."""
        text = _LINK.sub("", heard.text).strip()
        known = drafts.of_case(transaction, about.case_id)
        if any((one["text"], one["written_by"]) == (text, person.id) for one in known):
            # A machine that answers each of our letters in the same words, with no header that tells.
            return
        draft_id = drafts.keep(transaction, about.case_id, heard.message_id, text, by=person.id, now=now)
        entry = Entry(
            actor=person.id, act="utkast sparat", case_id=about.case_id, message_id=heard.message_id
        )
        journal.write(transaction, now, entry)
        Errands(letters=self.letters).draft_kept(
            transaction,
            about,
            handler=person,
            message_id=heard.message_id,
            draft_id=draft_id,
            now=now,
        )


def names_contact(text: str, contact: Contact | None) -> bool:
    """Tell whether a text gives name, address and phone of whom to turn to next (row N4)."""
    if contact is None:
        return False
    words, figures = " ".join(text.casefold().split()), re.sub(r"\D", "", text)
    told = (" ".join(part.casefold().split()) for part in (contact.name, contact.address))
    phone = re.sub(r"\D", "", contact.phone)
    return all(part and part in words for part in told) and bool(phone) and phone in figures
