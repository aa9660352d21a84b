"""What people do to a case: confirm, release, answer, close. What is legal is said in `store.life`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bots.desk.cases import CaseWork
from bots.desk.heard import Heard
from bots.desk.letters import Writing
from bots.desk.triage import Route
from store import acts, cases, inbox, outbox
from store.deadlines import due, promises
from store.domain import (
    Act,
    Address,
    Factor,
    Kind,
    Lane,
    MessageState,
    Outcome,
    PromiseKind,
    Status,
    Way,
)
from store.engine import Row, Store, StoreError, Transaction
from store.life import Rules


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Blocking: call it from a thread. Every act is journaled with who did it."""

    store: Store
    work: CaseWork
    clock: Callable[[], datetime]
    acted: Callable[[], None]  # called when letters may have been written; from the caller's thread

    @property
    def rules(self) -> Rules:
        """Return what the policy demands before a case may be answered and closed."""
        return self.work.house.rules

    def confirm(self, case_id: int, *, kind: Kind, factor: Factor, by: str, version: int) -> bool:
        """Store a human's word on type and factor, and return whether it differs from the proposal.

        Raises `StaleCaseError` when somebody changed the case after `version` was looked at.
        """
        with self.store.write() as transaction:
            return cases.confirm(
                transaction, case_id, kind=kind, factor=factor, by=by, version=version, now=self.clock()
            )

    def release(self, case_id: int, *, by: str, version: int) -> None:
        """Let a case out of quarantine: thank its sender and tell the handler. R stands (row B7).

        Automatic mail is not answered even now, since nobody waits for it. Raises `StaleCaseError`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._case(transaction, case_id)
            status = Status.ASSIGNED if case["unit"] else Status.SORTING
            actor = self.work.house.actor(by, case)
            acts.release(transaction, case_id, to=status, actor=actor, version=version, now=now)
            stored = cases.latest_suggestion(transaction, case_id)
            lanes = tuple(Lane(lane) for lane in case["lanes"])
            about = Writing(
                case_id=case_id,
                number=case["number"],
                received_at=case["received_at"],
                language=case["language"],
                promises=cases.owed(transaction, case_id),
                lanes=lanes,
            )
            first = inbox.first_of_case(transaction, case_id)
            if first is None:
                raise StoreError(f"case {case_id} has no message")
            sender = case["sender_handle"]
            heard = Heard(
                message_id=first["id"],
                channel=case["channel"],
                received_at=case["received_at"],
                recipients=(),
                from_addr=first["from_addr"],
                from_name=case["sender_name"],
                answer_to=Address(channel=case["sender_channel"], handle=sender) if sender else None,
                subject=case["title"],
                text=first["text"],
                full_text=first["full_text"],
                header_id=first["message_id"],
                state=MessageState(first["state"]),
            )
            self.work.announce(
                transaction,
                heard,
                about,
                Route(
                    unit=case["unit"],
                    handler=self.work.house.person(case["handler"]),
                    status=status,
                    because=case["routed_because"],
                ),
                cases.suggestion_of(stored) if stored else None,
                kind_chosen=Kind(case["chosen_kind"]) if case["chosen_kind"] else None,
            )
        self.acted()

    def answer(
        self,
        case_id: int,
        text: str,
        outcome: Outcome,
        *,
        by: str,
        version: int,
        measure: str = "",
        improvement: str = "",
        explanation: str = "",
        act_on: date | None = None,
        way: Way | None = None,
    ) -> None:
        """Answer the sender: by letter where they can be written to, otherwise as a note of what was done.

        The case is answered, and the promise kept, when the letter is delivered. `explanation` says why
        there is no action, and stands in the letter; `measure` and `improvement` stand in the case alone.
        This, and the acts below, raise `IllegalActError` and `StaleCaseError`, and then change nothing.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._case(transaction, case_id)
            actor = self.work.house.actor(by, case)
            way = way or (Way.LETTER if case["sender_handle"] else Way.NOTE)
            contact = self.work.house.contact_for(case["unit"])
            version = self._take_in_hand(transaction, case, by=by, version=version, now=now)
            answer_id = acts.answer(
                transaction,
                case_id,
                text=text,
                way=way,
                outcome=outcome,
                measure=measure,
                improvement=improvement,
                explanation=explanation,
                act_on=act_on,
                has_contact=contact is not None
                and all(part.strip() for part in (contact.name, contact.address, contact.phone)),
                actor=actor,
                now=now,
                version=version,
                rules=self.rules,
            )
            if way is Way.LETTER:
                first = inbox.first_of_case(transaction, case_id)
                key = self.work.letters.answer(
                    transaction,
                    self._writing(transaction, case),
                    answer_id=answer_id,
                    to=Address(channel=case["sender_channel"], handle=case["sender_handle"]),
                    to_name=case["sender_name"],
                    kind=Kind(case["kind"]) if case["kind"] else None,
                    outcome=outcome,
                    text=text,
                    explanation=explanation,
                    handler=self.work.house.person(by),
                    contact=contact,
                    in_reply_to=first["message_id"] if first else "",
                    now=now,
                )
                acts.goes_by(transaction, answer_id, key)
        self.acted()

    def approve(self, case_id: int, *, by: str, version: int) -> None:
        """Store that a manager stands behind doing nothing (row N12)."""
        with self.store.write() as transaction:
            actor = self.work.house.actor(by, self._case(transaction, case_id))
            acts.approve(
                transaction, case_id, actor=actor, now=self.clock(), version=version, rules=self.rules
            )

    def note_down(
        self,
        case_id: int,
        *,
        by: str,
        version: int,
        service_note: str | None = None,
        serious: bool | None = None,
        diary_number: str | None = None,
    ) -> None:
        """Store what closing may ask for (rows K11, K13); what is None is left as it is."""
        with self.store.write() as transaction:
            acts.note_down(
                transaction,
                case_id,
                actor=self.work.house.actor(by, self._case(transaction, case_id)),
                now=self.clock(),
                version=version,
                service_note=service_note,
                serious=serious,
                diary_number=diary_number,
            )

    def give_back(self, case_id: int, *, by: str, version: int) -> None:
        """Give an answered case back to Medborgarcenter, who closes it (row K12)."""
        self._move(case_id, Act.RETURN, by=by, version=version)

    def close(self, case_id: int, *, by: str, version: int) -> None:
        """Close a case, if nothing is missing."""
        self._move(case_id, Act.CLOSE, by=by, version=version)

    def reopen(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Open a case again for a sender who is not satisfied, with a new day to answer (row N5).

        It goes to the one whom the answer named, if that is a person here.
        """
        now = self.clock()
        house = self.work.house
        with self.store.write() as transaction:
            case = self._case(transaction, case_id)
            contact = house.contact_for(case["unit"])
            named = contact.handler if contact and contact.handler in house.handlers else case["handler"]
            turn = case["round"] + 1
            acts.move(
                transaction,
                case_id,
                Act.REOPEN,
                actor=house.actor(by, case),
                now=now,
                reason=reason,
                version=version,
                rules=self.rules,
                learned={"handler": named, "round": turn},
            )
            kind = Kind(case["kind"]) if case["kind"] else None
            owed = [
                one
                for one in promises(now, kind, house.days_for(case["unit"]))
                if one.kind is PromiseKind.ANSWER
            ]
            cases.promise(transaction, case_id, owed, turn=turn)

    def ask_statement(
        self,
        case_id: int,
        *,
        of: str,
        question: str,
        by: str,
        version: int,
        address: str = "",
        other_board: bool = False,
    ) -> None:
        """Ask a provider, or another board, what happened (rows N20, N21); by mail if `address` is given."""
        now = self.clock()
        with self.store.write() as transaction:
            case = self._case(transaction, case_id)
            due_on = due(now, self.work.house.policy.deadlines.redogorelse_days, self.work.house.days.closed)
            version = self._take_in_hand(transaction, case, by=by, version=version, now=now)
            acts.move(
                transaction,
                case_id,
                Act.ASK_BOARD if other_board else Act.ASK_PROVIDER,
                actor=self.work.house.actor(by, case),
                now=now,
                reason=of,
                version=version,
                rules=self.rules,
                learned={
                    "statement_of": of,
                    "statement_asked_at": now,
                    "statement_due_on": due_on,
                    "statement_received_at": None,
                },
            )
            if address:
                self.work.letters.ask_statement(
                    transaction,
                    self._writing(transaction, case),
                    to=Address(channel="email", handle=address),
                    question=question,
                    due_on=due_on,
                    handler=self.work.house.person(by),
                    now=now,
                )
        self.acted()

    def record_statement(self, case_id: int, text: str, *, by: str, version: int) -> None:
        """Store what a provider or another board told, by mail or in a call."""
        learned = {"statement": text, "statement_received_at": self.clock()} if text.strip() else {}
        self._move(case_id, Act.RECORD_STATEMENT, by=by, version=version, learned=learned)

    def to_sorting(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Let the registrator say what a case is: it came in by the wrong door."""
        self._move(case_id, Act.SORT, by=by, reason=reason, version=version)

    def hand_over(self, case_id: int, *, to: str, by: str, reason: str, version: int) -> None:
        """Hand a case over to who should have had it from the start: it was no synpunkt."""
        learned = {"handed_to": to}
        self._move(case_id, Act.HAND_OVER, by=by, reason=reason, version=version, learned=learned)

    def duplicate(self, case_id: int, original_id: int, *, by: str, version: int) -> None:
        """Tie a case to the one that it repeats."""
        if original_id == case_id:
            raise StoreError(f"case {case_id} cannot be its own duplicate")
        with self.store.read() as transaction:
            number = self._case(transaction, original_id)["number"]
        learned = {"refers_to": original_id}
        self._move(case_id, Act.DUPLICATE, by=by, reason=number, version=version, learned=learned)

    def _move(
        self,
        case_id: int,
        act: Act,
        *,
        by: str,
        version: int,
        reason: str = "",
        learned: dict[str, Any] | None = None,
    ) -> None:
        with self.store.write() as transaction:
            acts.move(
                transaction,
                case_id,
                act,
                actor=self.work.house.actor(by, self._case(transaction, case_id)),
                now=self.clock(),
                reason=reason,
                version=version,
                rules=self.rules,
                learned=learned,
            )

    def _take_in_hand(
        self, transaction: Transaction, case: Row, *, by: str, version: int, now: datetime
    ) -> int:
        """Begin, or go on, with a case that waits for just that; return its version afterwards."""
        waiting = {
            Status.ASSIGNED: Act.BEGIN,
            Status.REOPENED: Act.BEGIN,
            Status.AWAITING_SENDER: Act.RESUME,
        }
        act = waiting.get(Status(case["status"]))
        if act is None:
            return version
        actor = self.work.house.actor(by, case)
        acts.move(transaction, case["id"], act, actor=actor, now=now, version=version, rules=self.rules)
        return version + 1

    def _writing(self, transaction: Transaction, case: Row) -> Writing:
        return Writing(
            case_id=case["id"],
            number=case["number"],
            received_at=case["received_at"],
            language=case["language"],
            promises=cases.owed(transaction, case["id"]),
        )

    def _case(self, transaction: Transaction, case_id: int) -> Row:
        case = cases.find(transaction, case_id)
        if case is None:
            raise StoreError(f"there is no case {case_id}")
        return case

    def send(self, letter_id: int, *, by: str) -> bool:
        """Let a held, failed or unknown letter go out; False if it is not waiting for that."""
        with self.store.write() as transaction:
            gone = outbox.let_go(transaction, letter_id, by=by, now=self.clock())
        self.acted()
        return gone
