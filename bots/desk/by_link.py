"""What is done through a signed link, by somebody who has not logged in. Links are made in `links`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bots.desk.acts import Acts
from bots.desk.errands import Errands
from bots.desk.letters import Writing
from bots.desk.links import LinkAct, Ticket
from store import acts as store_acts
from store import cases, drafts, life
from store import links as used
from store.domain import Act, Factor, Handler, Kind, Outcome, PromiseKind, Status, Way
from store.engine import Joined, Row, Transaction
from templates import Rendered

_OWNERS = frozenset({life.HANDLER, life.MANAGER})
_INSIDE = _OWNERS | {life.TRIAGE, life.REGISTRATOR}
_ROLES = dict.fromkeys(LinkAct, _OWNERS) | {
    LinkAct.CONFIRM: _INSIDE,
    LinkAct.PASS_ON: _INSIDE,
    LinkAct.APPROVE: frozenset({life.MANAGER}),
}
_TO_ANSWER = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.REOPENED, Status.AWAITING_SENDER})
_UNANSWERED = _TO_ANSWER | {Status.AT_PROVIDER, Status.AT_OTHER_BOARD}
# The citizen's words are shown to whoever must read them to act, and to nobody else.
_READS = frozenset(set(LinkAct) - {LinkAct.MORE_TIME, LinkAct.CHOOSE_OUTCOME})


class Trouble(StrEnum):
    """Why a link does nothing now."""

    FORGED = "okänd"
    EXPIRED = "för gammal"
    USED = "använd"
    NOT_YOURS = "inte din"
    BARRED = "jäv"
    RESTRICTED = "skyddad"
    DONE = "redan gjort"
    NOT_NOW = "inte nu"


class NoLinkError(Exception):
    """The link does nothing now; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(str(trouble))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A link, and the case that it leads to, at one moment. With a `trouble` there may be neither."""

    trouble: Trouble | None
    ticket: Ticket | None = None
    case: Row | None = None
    person: Handler | None = None
    messages: Sequence[Row] = ()
    answer: Row | None = None
    answer_by: date | None = None
    draft: str = ""
    renewable: bool = False  # a fresh link would do something


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as its writer has filled it in."""

    text: str
    outcome: Outcome
    act_on: date | None = None
    explanation: str = ""
    measure: str = ""
    despite: str = ""  # as in `Acts.answer`


@dataclass(frozen=True, kw_only=True)
class ByLink:
    """Blocking: call it from a thread. Looking changes nothing, however often; each act uses its link up.

    The acts raise `NoLinkError`, `IllegalActError` and `StaleCaseError`, and then change nothing.
    """

    acts: Acts

    def look(self, token: str) -> Seen:
        """Return what a link leads to, and why it does nothing if so."""
        with self.acts.store.read() as transaction:
            return self._seen(transaction, token)

    def confirm(self, token: str, *, version: int) -> None:
        """Confirm the proposal that stood in the letter."""

        def do(inside: Acts, ticket: Ticket, _transaction: Transaction) -> None:
            kind, factor = (Kind(ticket.about[0]), Factor(ticket.about[1]))
            inside.confirm(ticket.case_id, kind=kind, factor=factor, by=ticket.person, version=version)

        self._do(token, LinkAct.CONFIRM, do)

    def pass_on(self, token: str, *, handler: str, unit: str | None, reason: str, version: int) -> None:
        """Give the case to somebody else."""

        def do(inside: Acts, ticket: Ticket, _transaction: Transaction) -> None:
            inside.assign(
                ticket.case_id, handler=handler, unit=unit, by=ticket.person, reason=reason, version=version
            )

        self._do(token, LinkAct.PASS_ON, do)

    def more_time(self, token: str, *, reason: str, answer_on: date, version: int, despite: str = "") -> None:
        """Tell the sender a later day, and why."""

        def do(inside: Acts, ticket: Ticket, _transaction: Transaction) -> None:
            told = {"by": ticket.person, "despite": despite}
            inside.delay(ticket.case_id, reason, answer_on=answer_on, version=version, **told)

        self._do(token, LinkAct.MORE_TIME, do)

    def approve(self, token: str, *, version: int) -> None:
        """Stand behind doing nothing."""

        def do(inside: Acts, ticket: Ticket, _transaction: Transaction) -> None:
            inside.approve(ticket.case_id, by=ticket.person, version=version)

        self._do(token, LinkAct.APPROVE, do)

    def choose_outcome(self, token: str, reply: Reply, *, version: int) -> None:
        """Say what came of a case that was answered by mail."""

        def do(inside: Acts, ticket: Ticket, _transaction: Transaction) -> None:
            inside.choose_outcome(
                ticket.case_id,
                reply.outcome,
                measure=reply.measure,
                explanation=reply.explanation,
                act_on=reply.act_on,
                by=ticket.person,
                version=version,
            )

        self._do(token, LinkAct.CHOOSE_OUTCOME, do)

    def answer(self, token: str, reply: Reply, *, version: int) -> None:
        """Answer the sender, with a draft or without one."""

        def do(inside: Acts, ticket: Ticket, transaction: Transaction) -> None:
            if ticket.act is LinkAct.SEND_DRAFT and not drafts.use(
                transaction, int(ticket.about[0]), now=self.acts.clock()
            ):
                raise NoLinkError(Trouble.DONE)
            inside.answer(
                ticket.case_id,
                reply.text,
                reply.outcome,
                measure=reply.measure,
                explanation=reply.explanation,
                act_on=reply.act_on,
                by=ticket.person,
                version=version,
                despite=reply.despite,
            )

        self._do(token, None, do)

    def preview(self, seen: Seen, reply: Reply) -> Rendered | None:
        """Write the letter that `answer` would send, or None where nobody can be written to."""
        case, person = seen.case, seen.person
        if case is None or person is None or not case["sender_handle"]:
            return None
        return self.acts.work.letters.preview(
            case, outcome=reply.outcome, text=reply.text, explanation=reply.explanation, handler=person
        )

    def ask_anew(self, token: str) -> bool:
        """Mail a fresh link to whoever the old one was for, at most one an hour; False if none was sent."""
        now = self.acts.clock()
        with self.acts.store.write() as transaction:
            seen = self._seen(transaction, token)
            if not seen.renewable or seen.ticket is None or seen.case is None or seen.person is None:
                return False
            sent = Errands(letters=self.acts.work.letters).fresh_link(
                transaction,
                self._about(transaction, seen.case),
                handler=seen.person,
                ticket=seen.ticket,
                now=now,
            )
        self.acts.acted()
        return sent

    def _do(self, token: str, act: LinkAct | None, do: Callable[[Acts, Ticket, Transaction], None]) -> None:
        answers = {LinkAct.ANSWER, LinkAct.SEND_DRAFT}
        with self.acts.store.write() as transaction:
            seen = self._seen(transaction, token)
            ticket = seen.ticket
            if seen.trouble is not None or ticket is None:
                raise NoLinkError(seen.trouble or Trouble.FORGED)
            if ticket.act not in ({act} if act else answers):
                raise NoLinkError(Trouble.FORGED)
            used.use(
                transaction,
                ticket.id,
                case_id=ticket.case_id,
                act=ticket.act,
                by=ticket.person,
                now=self.acts.clock(),
            )
            # The acts join this transaction, so that a link is used up just when its act is done.
            store = Joined(self.acts.store.engine, transaction=transaction)
            do(replace(self.acts, store=store, acted=_later), ticket, transaction)
        self.acts.acted()

    def _seen(self, transaction: Transaction, token: str) -> Seen:
        house = self.acts.work.house
        ticket = self.acts.work.letters.links.read(token)
        case = cases.find(transaction, ticket.case_id) if ticket else None
        if ticket is None or case is None:
            return Seen(trouble=Trouble.FORGED)
        person = house.handlers.get(ticket.person)
        seen = Seen(trouble=None, ticket=ticket, case=case, person=person)
        if ticket.person in case["barred"]:
            return Seen(trouble=Trouble.BARRED)
        if person is None or not house.actor(ticket.person, case).roles & _ROLES[ticket.act]:
            return Seen(trouble=Trouble.NOT_YOURS)
        if case["restricted"] or case["protected"]:
            return replace(seen, trouble=Trouble.RESTRICTED)
        trouble = self._not_now(transaction, ticket, case)
        if trouble is not None:
            return replace(seen, trouble=trouble)
        if used.is_used(transaction, ticket.id):
            return replace(seen, trouble=Trouble.USED, renewable=True)
        if ticket.expires_at <= self.acts.clock():
            return replace(seen, trouble=Trouble.EXPIRED, renewable=True)
        return self._filled(transaction, seen, ticket, case)

    def _not_now(self, transaction: Transaction, ticket: Ticket, case: Row) -> Trouble | None:
        """Say why the act itself can not be done, whatever the link, or None if it can."""
        status = Status(case["status"])
        answer = store_acts.answer_of(transaction, case["id"], case["round"])
        match ticket.act:
            case LinkAct.CONFIRM:
                return Trouble.DONE if case["kind"] and case["factor"] else _among(status, cases.OPEN)
            case LinkAct.PASS_ON:
                return _among(status, [step.source for step in life.TABLE if step.act is Act.ASSIGN])
            case LinkAct.MORE_TIME:
                return _among(status, _UNANSWERED)
            case LinkAct.APPROVE:
                if answer is None or answer["outcome"] != Outcome.NO_ACTION:
                    return Trouble.NOT_NOW
                approvable = [step.source for step in life.TABLE if step.act is Act.APPROVE]
                return Trouble.DONE if answer["approved_by"] else _among(status, approvable)
            case LinkAct.CHOOSE_OUTCOME:
                if answer is None or answer["way"] != Way.OWN_MAIL:
                    return Trouble.NOT_NOW
                choosable = [step.source for step in life.TABLE if step.act is Act.CHOOSE_OUTCOME]
                return Trouble.DONE if answer["outcome"] else _among(status, choosable)
            case LinkAct.SEND_DRAFT:
                draft = drafts.find(transaction, int(ticket.about[0]))
                if draft is None or draft["used_at"] is not None:
                    return Trouble.DONE
        facts = store_acts.facts_of(transaction, case)
        return Trouble.DONE if facts.is_answer_on_its_way else _among(status, _TO_ANSWER)

    def _filled(self, transaction: Transaction, seen: Seen, ticket: Ticket, case: Row) -> Seen:
        replies = {row["message_id"] for row in drafts.of_case(transaction, case["id"])}
        messages = cases.of_case(transaction, case["id"])["messages"] if ticket.act in _READS else ()
        is_draft = ticket.act is LinkAct.SEND_DRAFT
        draft = drafts.find(transaction, int(ticket.about[0])) if is_draft else None
        return replace(
            seen,
            messages=[row for row in messages if not row["automatic"] and row["id"] not in replies],
            answer=store_acts.answer_of(transaction, case["id"], case["round"]),
            answer_by=self._about(transaction, case).due(PromiseKind.ANSWER),
            draft=draft["text"] if draft else "",
        )

    def _about(self, transaction: Transaction, case: Row) -> Writing:
        return Writing(
            case_id=case["id"],
            number=case["number"],
            received_at=case["received_at"],
            language="sv",
            promises=cases.owed(transaction, case["id"]),
        )


def _among(status: Status, allowed: Sequence[Status] | frozenset[Status]) -> Trouble | None:
    return None if status in allowed else Trouble.NOT_NOW


def _later() -> None:
    """Ring nobody yet: what is written can not be seen before the commit."""
