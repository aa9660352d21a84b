"""Closes cases: when somebody says so, or when the answer is there and its writer wished it."""

from dataclasses import dataclass
from datetime import datetime

from bots.desk.cases import CaseWork
from bots.desk.letters import writing
from store import acts, cases, journal
from store.cases import StaleCaseError
from store.domain import Act, Entry, Outgoing, Purpose, Status
from store.engine import Row, Transaction
from store.life import Actor, IllegalActError

_CHANGED = "Någon ändrade ärendet just då. Se efter att det stämmer, och avsluta sedan."
_WRITTEN_SINCE = "Avsändaren har skrivit igen. Läs det, och avsluta sedan."


@dataclass(frozen=True, kw_only=True)
class Closing:
    """Works in the transaction that is handed in."""

    work: CaseWork

    def close(
        self, transaction: Transaction, case: Row, *, actor: Actor, version: int, now: datetime
    ) -> None:
        """Close a case, if nothing is missing; ask its sender how it went, if the policy does (row T17)."""
        house = self.work.house
        acts.move(
            transaction, case["id"], Act.CLOSE, actor=actor, now=now, version=version, rules=house.rules
        )
        sender = self.work.sender(transaction, case) if house.policy.workflow.survey else None
        if sender is not None and sender.address.channel == "email":
            self.work.letters.close(transaction, writing(transaction, case), sender, now=now)

    def after(self, transaction: Transaction, letter: Outgoing) -> None:
        """Close the case of an answer that has gone, if its writer wished it.

        It stays open where somebody else must do something first, or the sender has written since; the
        journal says so, and the case is among the answered ones, as if nobody had wished anything.
        """
        answer = acts.carried_by(transaction, letter.key) if letter.purpose is Purpose.ANSWER else None
        case = cases.find(transaction, answer["case_id"]) if answer else None
        if answer is None or case is None or not answer["then_closed_by"]:
            return
        if case["status"] != Status.ANSWERED:
            return
        now, by = self.work.clock(), answer["then_closed_by"]
        try:
            if self._has_written_since(transaction, case, answer["written_at"]):
                raise IllegalActError(Act.CLOSE, Status.ANSWERED, [_WRITTEN_SINCE])
            actor = self.work.house.actor(by, case)
            self.close(transaction, case, actor=actor, version=case["version"], now=now)
        except (IllegalActError, StaleCaseError) as error:
            because = error.missing if isinstance(error, IllegalActError) else [_CHANGED]
            details = {"varför": " ".join(because)}
            entry = Entry(actor=by, act="avslutades inte", case_id=case["id"], details=details)
            journal.write(transaction, now, entry)

    def _has_written_since(self, transaction: Transaction, case: Row, moment: datetime) -> bool:
        messages = cases.of_case(transaction, case["id"])["messages"]
        return any(row["kept_at"] > moment and not row["automatic"] for row in messages)
