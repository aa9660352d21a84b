"""Writes to handlers what they can do straight from their mail: drafts, answers, fresh links."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bots.desk.letters import Letters, Writing
from bots.desk.links import LinkAct, Ticket
from store.deadlines import day_of
from store.domain import Handler, PromiseKind, Purpose
from store.engine import Transaction
from templates.facts import Link, Person

LABELS: Mapping[LinkAct, str] = {
    LinkAct.CONFIRM: "Bekräfta förslaget",
    LinkAct.PASS_ON: "Lämna vidare ärendet",
    LinkAct.MORE_TIME: "Behöver mer tid",
    LinkAct.ANSWER: "Skriv svaret",
    LinkAct.APPROVE: "Ta ställning till att ingen åtgärd görs",
    LinkAct.SEND_DRAFT: "Läs utkastet och skicka det",
    LinkAct.CHOOSE_OUTCOME: "Bekräfta svaret och välj utfall",
}


@dataclass(frozen=True, kw_only=True)
class Errands:
    """The writing desk for letters whose links do something."""

    letters: Letters

    def draft_kept(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        message_id: int,
        draft_id: int,
        now: datetime,
    ) -> None:
        """Tell a handler that a reply to our notice is a draft, with the link that shows and sends it."""
        links = self._one(LinkAct.SEND_DRAFT, about, handler, now, what=(str(draft_id),))
        facts = {"answer_by": about.due(PromiseKind.ANSWER), "links": links}
        key = f"{about.case_id}:{Purpose.DRAFT_NOTICE}:{message_id}"
        self._write(
            transaction, about, handler, Purpose.DRAFT_NOTICE, key, "handler_answer_draft", facts, now
        )

    def answered_by_mail(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        handler: Handler,
        message_id: int,
        sent_on: date,
        now: datetime,
    ) -> None:
        """Tell a handler that their mail was taken as the answer, and ask for its outcome."""
        facts = {"sent_on": sent_on, "links": self._one(LinkAct.CHOOSE_OUTCOME, about, handler, now)}
        key = f"{about.case_id}:{Purpose.TASK}:{message_id}"
        self._write(transaction, about, handler, Purpose.TASK, key, "handler_answer_by_mail", facts, now)

    def ask_approval(
        self,
        transaction: Transaction,
        about: Writing,
        *,
        manager: Handler,
        handler: Handler,
        answer_id: int,
        now: datetime,
    ) -> None:
        """Ask a manager to stand behind doing nothing (row N12)."""
        facts = {
            "handler": Person(name=handler.name, title=handler.title),
            "answer_by": about.due(PromiseKind.ANSWER),
            "links": self._one(LinkAct.APPROVE, about, manager, now),
        }
        key = f"{about.case_id}:{Purpose.TASK}:godkänn:{answer_id}:{_short(manager.id)}"
        self._write(transaction, about, manager, Purpose.TASK, key, "handler_approve", facts, now)

    def register(self, transaction: Transaction, about: Writing, *, handler: Handler, now: datetime) -> None:
        """Tell the registrator that a manager has been given a new case (row N16)."""
        house = self.letters.house
        facts = {
            "received_on": day_of(about.received_at),
            "handler": Person(name=handler.name, title=handler.title),
        }
        key = f"{about.case_id}:{Purpose.TASK}:register"
        reader = house.person(house.registrator)
        self._write(transaction, about, reader, Purpose.TASK, key, "handler_registered", facts, now)

    def fresh_link(
        self, transaction: Transaction, about: Writing, *, handler: Handler, ticket: Ticket, now: datetime
    ) -> bool:
        """Mail a fresh link to the address we know; False if one was mailed within the hour."""
        link = Link(label=LABELS[ticket.act], url=self.letters.links.again(ticket, now=now))
        same = _short(f"{ticket.person}\0{ticket.act}\0{ticket.about}")
        key = f"{about.case_id}:{Purpose.TASK}:länk:{same}:{now:%Y%m%d%H}"
        facts = {"links": (link,)}
        return self._write(transaction, about, handler, Purpose.TASK, key, "handler_new_link", facts, now)

    def _one(
        self, act: LinkAct, about: Writing, handler: Handler, now: datetime, *, what: tuple[str, ...] = ()
    ) -> tuple[Link, ...]:
        links = self.letters.links
        if not links.base or about.restricted:
            return ()
        url = links.make(act, case_id=about.case_id, person=handler.id, now=now, about=what)
        return (Link(label=LABELS[act], url=url),)

    def _write(
        self,
        transaction: Transaction,
        about: Writing,
        handler: Handler,
        purpose: Purpose,
        key: str,
        template: str,
        facts: Mapping[str, object],
        now: datetime,
    ) -> bool:
        common = {
            "service_name": self.letters.house.service_name,
            "case_number": about.number,
            "link": self.letters.house.link(about.number),
        }
        return self.letters.to_handler(
            transaction, about, handler, purpose, key, template, {**common, **facts}, now
        )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
